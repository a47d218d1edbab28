/* What this host offers: one item for each thing that hako uses, with what is lost without it and
 * how to get it. Nothing is changed on the host; a look that would have to change something says
 * so. */
#ifndef HK_DOCTOR_DOCTOR_H
#define HK_DOCTOR_DOCTOR_H

#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "plan/facts.h"

#include <stdbool.h>
#include <stddef.h>

enum hk_verdict {
	HK_VERDICT_OK,
	HK_VERDICT_LIMITED, /* there, but not all of it */
	HK_VERDICT_MISSING,
	HK_VERDICT_UNKNOWN, /* we may not look */
};

/* What does not depend on the host. */
struct hk_need {
	const char *name;
	bool essential; /* no container at all without it */
	const char *needed_for;
};

struct hk_doctor_item {
	const char *section;
	struct hk_need need;
	enum hk_verdict verdict;
	const char *found;
	const char *advice; /* "" where there is nothing to do */
};

/* What is looked at, and what was found. Strings live in the arena. */
struct hk_doctor {
	struct hk_arena arena;
	const char *root;      /* where state is kept */
	const char *directory; /* another one whose file system counts; NULL: none */
	const char *user;      /* our name */
	enum hk_cgroup_manager cgroup_manager;
	bool rootless; /* the runtime's: also root of a user namespace is */
	struct hk_facts facts;
	const char *section; /* of the items that are added now */
	struct hk_doctor_item *items;
	size_t count;
	size_t room;
	bool failed; /* memory ran out */
};

/* Look at everything. 0 or -ENOMEM. */
int hk_doctor_look(struct hk_doctor *doctor);
void hk_doctor_done(struct hk_doctor *doctor);

/* ---- for the sections ---- */

/* advice: NULL or "" for none; it is left out where the verdict is ok. fmt says what was found. */
void hk_doctor_add(struct hk_doctor *doctor, const struct hk_need *need, enum hk_verdict verdict,
	const char *advice, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* In the arena; "" where memory is out. */
const char *hk_doctor_text(struct hk_doctor *doctor, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *hk_doctor_errno(struct hk_doctor *doctor, int errnum);
/* Is name one of the words, which any of the separators divide? */
bool hk_doctor_has_word(const char *words, const char *name, const char *separators);
/* Do we have this capability? */
bool hk_doctor_can(const struct hk_doctor *doctor, int capability);
/* Of the kernel, from uname(2): 5012 for 5.12. */
unsigned int hk_doctor_kernel_version(void);

void hk_doctor_kernel(struct hk_doctor *doctor);
void hk_doctor_restrictions(struct hk_doctor *doctor);
void hk_doctor_cgroups(struct hk_doctor *doctor);
void hk_doctor_namespaces(struct hk_doctor *doctor);
void hk_doctor_ids(struct hk_doctor *doctor);
void hk_doctor_lsm(struct hk_doctor *doctor);
void hk_doctor_privileges(struct hk_doctor *doctor);
void hk_doctor_limits(struct hk_doctor *doctor);
void hk_doctor_storage(struct hk_doctor *doctor);
void hk_doctor_programs(struct hk_doctor *doctor);
void hk_doctor_systemd(struct hk_doctor *doctor);

#endif
