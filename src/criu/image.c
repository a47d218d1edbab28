/* Lists of strings in the image directory. */
#include "criu/image.h"

#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE ((size_t)1 << 20)

static char *make_text(const struct hk_strings *strings)
{
	struct hk_strbuf text = {0};
	struct hk_writer w;

	hk_writer_init(&w, &text, NULL);
	hk_write_array_begin(&w, NULL);
	for (size_t i = 0; i < strings->count; i++)
		hk_write_string(&w, NULL, strings->items[i]);
	hk_write_array_end(&w);
	return hk_strbuf_take(&text);
}

/* An earlier checkpoint's goes; what else has the name is not written through. */
static int write_new(int dir, const char *name, const char *text)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	HK_FD int fd = openat(dir, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
		fd = openat(dir, name, flags, 0600);
	return fd < 0 ? -errno : hk_write_full(fd, text, strlen(text));
}

int hk_image_write(int dir, const char *name, const struct hk_strings *strings, struct hk_err *err)
{
	HK_FREE char *text = make_text(strings);
	int r = text ? write_new(dir, name, text) : -ENOMEM;

	return r < 0 ? hk_fail(err, -r, "write '%s' into the image directory", name) : 0;
}

static int take_strings(const struct hk_node *root, size_t max, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_err *err)
{
	if (root->type != HK_NODE_ARRAY)
		return hk_refuse(err, EINVAL, "it is not an array");
	if (root->count > max)
		return hk_refuse(err, EINVAL, "it has more than %zu entries", max);
	ret->count = 0;
	ret->items = hk_arena_array(arena, (size_t)root->count + 1, sizeof(*ret->items));
	if (!ret->items)
		return hk_fail(err, ENOMEM, "read it");
	hk_node_each (child, root) {
		if (child->type != HK_NODE_STRING)
			return hk_refuse(err, EINVAL, "it holds something that is not a string");
		ret->items[ret->count++] = child->text;
	}
	return 0;
}

int hk_image_read(int dir, const char *name, size_t max, struct hk_arena *arena,
	struct hk_strings *ret, struct hk_err *err)
{
	const struct hk_node *root;
	char *text = NULL;
	size_t len = 0;
	int r = hk_read_beneath(dir, name, MAX_SIZE, arena, &text, &len);

	if (r == -ENOENT) {
		(void)hk_refuse(err, ENOENT, "there is no '%s' in the image directory", name);
		hk_err_hint(err, "hako restores what hako's checkpoint has written");
		return r;
	}
	if (r < 0)
		return hk_fail(err, -r, "read '%s' of the image directory", name);
	r = hk_json_read(text, len, name, arena, &root, err);
	if (r == 0)
		r = take_strings(root, max, arena, ret, err);
	if (r < 0)
		hk_err_prefix(err, "read '%s' of the image directory: ", name);
	return r;
}

static bool is_plain_path(const char *path)
{
	char clean[PATH_MAX];

	return path[0] == '/' && hk_path_clean(path, true, clean, sizeof(clean)) == 0 &&
	       strcmp(path, clean) == 0 && !strpbrk(path, "]:\n");
}

int hk_image_read_mounts(
	int dir, struct hk_arena *arena, struct hk_strings *ret, struct hk_err *err)
{
	char shown[128];
	int r = hk_image_read(dir, HK_IMAGE_MOUNTS, HK_IMAGE_MAX_MOUNTS, arena, ret, err);

	for (size_t i = 0; r == 0 && i < ret->count; i++)
		if (!is_plain_path(ret->items[i]))
			r = hk_refuse(err, EINVAL,
				"'%s' of the image directory: '%s' is no mount point",
				HK_IMAGE_MOUNTS, hk_printable(ret->items[i], shown, sizeof(shown)));
	return r;
}

const char *hk_image_mount_key(struct hk_arena *arena, size_t index)
{
	return hk_arena_printf(arena, "hako%zu", index);
}
