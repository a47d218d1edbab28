/* Runs containers from several threads at once through libhako, and checks that the library leaves
 * its caller alone. Arguments: state root, bundle, threads, containers a thread. */
#include <hako/hako.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static hako_runtime *runtime;
static const char *bundle;
static int rounds;

static int complain(hako_error *error)
{
	fprintf(stderr, "%s\n", hako_error_text(error));
	hako_error_free(error);
	return 1;
}

static int run_one(const char *id)
{
	struct hako_create_options options = HAKO_CREATE_OPTIONS_INIT;
	hako_container *container = NULL;
	hako_process *process = NULL;
	hako_error *error = NULL;
	int status = -1, failed = 0;

	options.bundle = bundle;
	if (hako_run(runtime, id, &options, &container, &error) < 0)
		return complain(error);
	if (hako_container_process(container, &process, &error) < 0 ||
		hako_process_wait(process, &status, &error) < 0)
		failed = complain(error);
	error = NULL;
	if (hako_delete(container, true, &error) < 0)
		failed = complain(error);
	hako_process_free(process);
	hako_container_free(container);
	if (status != 7)
		fprintf(stderr, "%s: status %d\n", id, status);
	return failed || status != 7;
}

static void *work(void *argument)
{
	const char *name = argument;
	long failures = 0;
	char id[64];

	for (int i = 0; i < rounds; i++) {
		snprintf(id, sizeof(id), "%s-%d", name, i);
		failures += run_one(id);
	}
	return (void *)failures;
}

/* What of ourselves the library must not change. */
struct manners {
	char cwd[4096];
	mode_t mask;
	sigset_t signals;
	struct sigaction handlers[64];
};

static void look(struct manners *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!getcwd(ret->cwd, sizeof(ret->cwd)))
		abort();
	ret->mask = umask(0);
	umask(ret->mask);
	pthread_sigmask(SIG_BLOCK, NULL, &ret->signals);
	for (int i = 1; i < 64; i++)
		sigaction(i, NULL, &ret->handlers[i]);
}

static int differs(const char *what, const void *before, const void *after, size_t size)
{
	if (memcmp(before, after, size) == 0)
		return 0;
	fprintf(stderr, "the library changed the %s of its caller\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	struct hako_runtime_options options = {.size = sizeof(options), .root = argv[1]};
	struct manners before, after;
	hako_error *error = NULL;
	pthread_t threads[32];
	char names[32][32];
	long failures = 0;
	int count = argc > 4 ? atoi(argv[3]) : 0;

	if (count < 1 || count > 32)
		return 2;
	bundle = argv[2];
	rounds = atoi(argv[4]);
	if (hako_runtime_new(&options, &runtime, &error) < 0)
		return complain(error);
	look(&before);
	for (int i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "hkthread-%d-%d", (int)getpid(), i);
		pthread_create(&threads[i], NULL, work, names[i]);
	}
	for (int i = 0; i < count; i++) {
		void *result;

		pthread_join(threads[i], &result);
		failures += (long)result;
	}
	look(&after);
	hako_runtime_free(runtime);
	failures += differs("working directory", before.cwd, after.cwd, sizeof(before.cwd));
	failures += differs("umask", &before.mask, &after.mask, sizeof(before.mask));
	failures += differs("signal mask", &before.signals, &after.signals, sizeof(before.signals));
	for (int i = 1; i < 32; i++) /* those above are the C library's own, or unused */
		failures += differs("signal handlers", &before.handlers[i].sa_handler,
			&after.handlers[i].sa_handler, sizeof(before.handlers[i].sa_handler));
	return failures ? 1 : 0;
}
