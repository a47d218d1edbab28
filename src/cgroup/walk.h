/* A cgroup and all that a container has made below it. */
#ifndef HK_CGROUP_WALK_H
#define HK_CGROUP_WALK_H

typedef int hk_cgroup_visit(int dirfd, void *userdata);

/* visit the directory and all below, deepest first. A directory that goes away meanwhile is skipped; the
 * first visit that returns anything but 0 ends the walk, which returns the same. One that cannot be entered
 * is passed over, and the walk returns why if no visit has another answer. */
int hk_cgroup_walk(int dirfd, hk_cgroup_visit *visit, void *userdata);

/* One try at the directories below, at each of them: whether they are gone, the rmdir of this one tells. */
int hk_cgroup_remove_below(int dirfd);

#endif
