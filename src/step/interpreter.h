/* What a program needs beside itself. */
#ifndef HK_STEP_INTERPRETER_H
#define HK_STEP_INTERPRETER_H

#include "step/step.h"

/* Are the interpreters there that the "#!" line and the ELF header of ctx->program name, and theirs? execve
 * would only say "no such file or directory", of a file that everybody can see. name: as the user wrote
 * it. What cannot be read is not judged. ctx->format: what there is to say if execve does not take it.
 * 0, or -ENOENT, -ENOTDIR or -EACCES with err. */
int hk_interpreter_check(struct hk_ctx *ctx, const char *name, struct hk_err *err);

#endif
