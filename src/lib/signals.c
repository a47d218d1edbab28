/* Signal numbers by name. */
#include <hako/container.h>

#include "base/mem.h"
#include "base/str.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} signals[] = {
	{"ABRT", SIGABRT},
	{"ALRM", SIGALRM},
	{"BUS", SIGBUS},
	{"CHLD", SIGCHLD},
	{"CLD", SIGCHLD},
	{"CONT", SIGCONT},
	{"FPE", SIGFPE},
	{"HUP", SIGHUP},
	{"ILL", SIGILL},
	{"INT", SIGINT},
	{"IO", SIGIO},
	{"IOT", SIGABRT},
	{"KILL", SIGKILL},
	{"PIPE", SIGPIPE},
	{"POLL", SIGIO},
	{"PROF", SIGPROF},
	{"PWR", SIGPWR},
	{"QUIT", SIGQUIT},
	{"SEGV", SIGSEGV},
	{"STKFLT", SIGSTKFLT},
	{"STOP", SIGSTOP},
	{"SYS", SIGSYS},
	{"TERM", SIGTERM},
	{"TRAP", SIGTRAP},
	{"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},
	{"TTOU", SIGTTOU},
	{"URG", SIGURG},
	{"USR1", SIGUSR1},
	{"USR2", SIGUSR2},
	{"VTALRM", SIGVTALRM},
	{"WINCH", SIGWINCH},
	{"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ},
};

#define LAST_SIGNAL 64

/* "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n": as seen by a program inside, whose libc keeps the first
 * two of the kernel's real-time signals (32 and 33) for itself. */
static int real_time(const char *name)
{
	int base, sign;
	uint32_t n = 0;

	if (strncasecmp(name, "RTMIN", 5) == 0) {
		base = SIGRTMIN;
		sign = 1;
	} else if (strncasecmp(name, "RTMAX", 5) == 0) {
		base = SIGRTMAX;
		sign = -1;
	} else {
		return 0;
	}
	name += 5;
	if (*name == '\0')
		return base;
	if (*name != (sign > 0 ? '+' : '-') || hk_parse_u32(name + 1, &n) < 0)
		return 0;
	if (n > (uint32_t)(SIGRTMAX - SIGRTMIN))
		return 0;
	return base + sign * (int)n;
}

int hako_signal_number(const char *name)
{
	uint32_t number;

	if (hk_parse_u32(name, &number) == 0)
		return number >= 1 && number <= LAST_SIGNAL ? (int)number : 0;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < HK_COUNT(signals); i++)
		if (strcasecmp(signals[i].name, name) == 0)
			return signals[i].number;
	return real_time(name);
}
