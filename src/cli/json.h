/* The little JSON that the command line writes. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdio.h>

/* A string with its quotes; control characters are escaped. */
void json_string(FILE *out, const char *s);

#endif
