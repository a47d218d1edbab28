/* The containers below a state root. */
#include "state/state.h"

#include "base/err.h"
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct ids {
	char **items;
	size_t count;
	size_t cap;
};

static void ids_done(struct ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->items[i]);
	free(ids->items);
}

static int add(struct ids *ids, const char *id)
{
	if (ids->count == ids->cap) {
		size_t cap = ids->cap ? 2 * ids->cap : 16;
		char **items = reallocarray(ids->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		ids->items = items;
		ids->cap = cap;
	}
	ids->items[ids->count] = strdup(id);
	if (!ids->items[ids->count])
		return -ENOMEM;
	ids->count++;
	return 0;
}

static bool is_container(DIR *root, const struct dirent *entry)
{
	struct stat st;

	if (hk_id_check(entry->d_name, NULL) < 0)
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dirfd(root), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static int collect(DIR *root, struct ids *ids)
{
	for (;;) {
		const struct dirent *entry;
		int r = 0;

		errno = 0;
		entry = readdir(root);
		if (!entry)
			return -errno;
		if (is_container(root, entry))
			r = add(ids, entry->d_name);
		if (r < 0)
			return r;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int hk_state_list(int root, char ***ret, size_t *ret_count, struct hk_err *err)
{
	/* root is an O_PATH descriptor: it cannot be read */
	HK_FD int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ids ids = {0};
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r;

	if (!dir)
		return hk_fail(err, errno, "list the state directory");
	(void)hk_take_fd(&fd); /* closedir closes it */
	r = collect(dir, &ids);
	(void)closedir(dir); /* of a directory that was only read */
	if (r < 0) {
		ids_done(&ids);
		return hk_fail(err, -r, "list the state directory");
	}
	if (ids.count > 0)
		qsort(ids.items, ids.count, sizeof(*ids.items), by_name);
	*ret = ids.items;
	*ret_count = ids.count;
	return 0;
}
