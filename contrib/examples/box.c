/* box: /bin/sh in a container, made without any JSON. The root file system is the directory
 * "rootfs" beside the program's working directory, unpacked from the tar of an exported image.
 *
 *     cc -o box box.c $(pkg-config --cflags --libs libhako)
 *     mkdir rootfs && tar -C rootfs -xf image.tar && sudo ./box
 */
#include <hako/hako.h>

#include <stdio.h>
#include <stdlib.h>

static const char *const capabilities[] = {"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD",
	"NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT",
	"KILL", "AUDIT_WRITE", NULL};

static const char *const namespaces[] = {"mount", "uts", "ipc", "pid", "network"};
static const char *const masked[] = {"/proc/kcore", "/sys/firmware"};
static const char *const readonly[] = {
	"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"};

static const struct {
	const char *destination, *type, *source, *options;
} mounts[] = {
	{"/proc", "proc", "proc", "noexec,nosuid,nodev"},
	{"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755"},
	{"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
	{"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
	{"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int fail(hako_error *error)
{
	fprintf(stderr, "box: %s\n", error ? hako_error_text(error) : "out of memory");
	hako_error_free(error);
	return EXIT_FAILURE;
}

/* The calls need no checking one by one: the first error is kept, and hako_run gives it. */
static void describe_system(hako_spec *spec)
{
	hako_spec_set_root(spec, "rootfs", false);
	hako_spec_set_hostname(spec, "testing");
	for (size_t i = 0; i < COUNT(namespaces); i++)
		hako_spec_add_namespace(spec, namespaces[i], NULL);
	for (size_t i = 0; i < COUNT(mounts); i++)
		hako_spec_add_mount(spec, mounts[i].destination, mounts[i].type, mounts[i].source,
			mounts[i].options);
	for (size_t i = 0; i < COUNT(masked); i++)
		hako_spec_add_masked_path(spec, masked[i]);
	for (size_t i = 0; i < COUNT(readonly); i++)
		hako_spec_add_readonly_path(spec, readonly[i]);
	hako_spec_set_cgroups_path(spec, "/system/test-container");
	hako_spec_allow_default_devices(spec);
}

static void describe_process(hako_spec *spec)
{
	static const char *const shell[] = {"/bin/sh", NULL};

	hako_spec_set_args(spec, shell);
	hako_spec_add_env(spec, "PATH", "/bin");
	hako_spec_set_cwd(spec, "/");
	hako_spec_set_user(spec, 0, 0);
	hako_spec_add_capabilities(spec, HAKO_CAP_ALL_SETS, capabilities);
	hako_spec_add_rlimit(spec, "RLIMIT_NOFILE", 1025, 1025);
}

int main(void)
{
	struct hako_create_options options = HAKO_CREATE_OPTIONS_INIT; /* our stdio is its stdio */
	hako_runtime *runtime = NULL;
	hako_container *container = NULL;
	hako_process *shell = NULL;
	hako_spec *spec = NULL;
	hako_error *error = NULL;
	int status = EXIT_FAILURE;

	if (hako_runtime_new(NULL, &runtime, &error) < 0 || hako_spec_new(&spec, &error) < 0)
		return fail(error);
	describe_system(spec);
	describe_process(spec);

	options.spec = spec;
	if (hako_run(runtime, "box", &options, &container, &error) < 0)
		return fail(error);
	if (hako_container_process(container, &shell, &error) < 0 ||
		hako_process_wait(shell, &status, &error) < 0)
		status = fail(error);
	error = NULL;
	if (hako_delete(container, true, &error) < 0)
		status = fail(error);

	hako_process_free(shell);
	hako_container_free(container);
	hako_spec_free(spec);
	hako_runtime_free(runtime);
	return status;
}
