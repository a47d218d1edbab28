/* libhako: OCI containers from C. This header includes all the others. */
#ifndef HAKO_HAKO_H
#define HAKO_HAKO_H

#include <hako/check.h>
#include <hako/checkpoint.h>
#include <hako/container.h>
#include <hako/doctor.h>
#include <hako/error.h>
#include <hako/events.h>
#include <hako/exec.h>
#include <hako/features.h>
#include <hako/plan.h>
#include <hako/process.h>
#include <hako/runtime.h>
#include <hako/spec.h>
#include <hako/timeline.h>
#include <hako/update.h>
#include <hako/version.h>

#endif
