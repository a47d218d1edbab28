/* Numbers that many containers run into. */
#include "doctor/doctor.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define FEW_FILES     1024
#define FEW_PROCESSES 1024
#define FEW_PIDS      32768
#define FEW_KEYS      20 /* free ones: a container takes one or two */

static void look_at_rlimit(struct hk_doctor *d, __rlimit_resource_t resource, rlim_t few,
	const struct hk_need *need, const char *advice)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		hk_doctor_add(d, need, HK_VERDICT_UNKNOWN, NULL, "cannot be read");
	else if (limit.rlim_cur == RLIM_INFINITY)
		hk_doctor_add(d, need, HK_VERDICT_OK, NULL, "unlimited");
	else
		hk_doctor_add(d, need, limit.rlim_cur < few ? HK_VERDICT_LIMITED : HK_VERDICT_OK,
			advice, "%" PRIu64, (uint64_t)limit.rlim_cur);
}

static void look_at_pids(struct hk_doctor *d)
{
	static const struct hk_need need = {"pid_max", false, "many processes on this host"};
	int64_t most = hk_read_number("/proc/sys/kernel/pid_max", -1);

	if (most < 0)
		hk_doctor_add(d, &need, HK_VERDICT_UNKNOWN, NULL,
			"/proc/sys/kernel/pid_max cannot be read");
	else
		hk_doctor_add(d, &need, most < FEW_PIDS ? HK_VERDICT_LIMITED : HK_VERDICT_OK,
			"sysctl kernel.pid_max=4194304", "%" PRId64, most);
}

/* "1000:     2 2/2 2/200 25/20000": keys and bytes that count, of those that we may have. */
static bool read_key_users(uint32_t uid, uint64_t *ret_keys, uint64_t *ret_most,
	uint64_t *ret_bytes, uint64_t *ret_most_bytes)
{
	HK_FREE char *text = NULL;
	char *rest, *line;

	rest = hk_read_file("/proc/key-users", &text) < 0 ? NULL : text;
	while ((line = strsep(&rest, "\n"))) {
		uint32_t found;

		if (sscanf(line,
			    "%" SCNu32 ": %*u %*u/%*u %" SCNu64 "/%" SCNu64 " %" SCNu64 "/%" SCNu64,
			    &found, ret_keys, ret_most, ret_bytes, ret_most_bytes) == 5 &&
			found == uid)
			return true;
	}
	return false;
}

static void look_at_keys(struct hk_doctor *d)
{
	static const struct hk_need need = {"keys", false, "a session keyring for each container"};
	bool root = d->facts.euid == 0;
	uint64_t keys = 0, bytes = 0, most, most_bytes;

	if (!read_key_users(d->facts.euid, &keys, &most, &bytes, &most_bytes)) {
		int64_t of_all = hk_read_number(root ? "/proc/sys/kernel/keys/root_maxkeys"
						     : "/proc/sys/kernel/keys/maxkeys",
			-1);
		int64_t bytes_of_all = hk_read_number(root ? "/proc/sys/kernel/keys/root_maxbytes"
							   : "/proc/sys/kernel/keys/maxbytes",
			-1);

		if (of_all < 0 || bytes_of_all < 0) {
			hk_doctor_add(d, &need, HK_VERDICT_UNKNOWN, "use --no-new-keyring",
				"/proc/sys/kernel/keys cannot be read");
			return;
		}
		most = (uint64_t)of_all;
		most_bytes = (uint64_t)bytes_of_all;
	}
	hk_doctor_add(d, &need, keys + FEW_KEYS > most ? HK_VERDICT_LIMITED : HK_VERDICT_OK,
		hk_doctor_text(d,
			"raise sysctl kernel.keys.%smaxkeys and kernel.keys.%smaxbytes, "
			"or use --no-new-keyring",
			root ? "root_" : "", root ? "root_" : ""),
		"%" PRIu64 " of %" PRIu64 " keys, %" PRIu64 " of %" PRIu64 " bytes are in use",
		keys, most, bytes, most_bytes);
}

void hk_doctor_limits(struct hk_doctor *d)
{
	static const struct hk_need files = {
		"open files", false, "--preserve-fds, process.rlimits RLIMIT_NOFILE"};
	static const struct hk_need processes = {
		"processes", false, "many containers of one ordinary user"};

	look_at_rlimit(d, RLIMIT_NOFILE, FEW_FILES, &files, "ulimit -n 1024, or LimitNOFILE=");
	look_at_rlimit(d, RLIMIT_NPROC, FEW_PROCESSES, &processes, "ulimit -u, or LimitNPROC=");
	look_at_pids(d);
	look_at_keys(d);
}
