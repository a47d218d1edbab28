/* tmpcopyup: a tmpfs that begins with what its mount point held. */
#ifndef HK_STEP_COPYUP_H
#define HK_STEP_COPYUP_H

/* Copy what is in one directory into the other: files, directories, links, fifos and nodes, with
 * owner and mode. No link is followed, no other mount is entered. 0 or a negative errno. */
int hk_copy_tree(int from, int to);

#endif
