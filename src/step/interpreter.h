/* What a program needs beside itself. */
#ifndef HK_STEP_INTERPRETER_H
#define HK_STEP_INTERPRETER_H

struct hk_err;

/* Is the program's "#!" line's or its ELF header's interpreter there? execve would only say "no
 * such file or directory", of a file that everybody can see. What cannot be read is not judged. 0
 * or -ENOENT with err. */
int hk_interpreter_check(const char *name, const char *path, struct hk_err *err);

#endif
