/* Whole files of the host. */
#ifndef HK_BASE_FILE_H
#define HK_BASE_FILE_H

/* All of a text file of at most 16 MiB, such as /proc has, whatever fstat(2) says of its size. The
 * caller frees. 0 or a negative errno. */
int hk_read_file(const char *path, char **ret);

#endif
