/* A container that runs while we wait for it. */
#ifndef CLI_ATTEND_H
#define CLI_ATTEND_H

#include "foreground.h"

/* Wait for the end of its init, a child of ours, and delete it unless it is to be kept. Returns its
 * status, or EXIT_FAILURE after an error. */
int attend(struct foreground *f, hako_container *container, bool keep);

#endif
