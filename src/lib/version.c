/* Which versions this library is made of. */
#include "plan/seccomp.h"
#include "spec/spec.h"

#include <hako/runtime.h>
#include <hako/version.h>

#ifndef HAKO_COMMIT
#define HAKO_COMMIT "" /* a build that is not from a git tree */
#endif

const char *hako_version(void)
{
	return HAKO_VERSION;
}

const char *hako_commit(void)
{
	return HAKO_COMMIT;
}

const char *hako_spec_version(void)
{
	return HK_SPEC_VERSION;
}

const char *hako_libseccomp_version(void)
{
	/* One per thread: the version is a number that has to be spelled out. */
	static _Thread_local char version[16];

	return hk_seccomp_version(version, sizeof(version));
}
