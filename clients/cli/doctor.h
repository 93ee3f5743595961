/* What `doctor` finds: a verdict on one thing, what it is, and what to do about it. Each check has a time limit of its
 * own within that of the whole, and none depends on another having gone well. */
#pragma once

#include "clients/cli/cli.h"

/* All checks together; a bundle gathers for as long again. */
#define DOCTOR_LIMIT (10 * USEC_PER_SEC)

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_WRONG, _VERDICT_MAX };

struct finding {
	enum verdict verdict;
	const char *what; /* a word: "bus", "daemon"; static */
	char *text;
	char *todo; /* NULL: nothing */
};

/* GetStatus, as far as it is judged. Strings not known are NULL. */
struct doctor_status {
	int signed_in, online;
	char *version, *login, *push, *last_error, *unreached, *token_store, *keyring, *base_url, *tls, *tls_version, *state_db, *cache_db;
	uint64_t last_sync, state_size, cache_size;
	int64_t clock_skew;
	bool has_clock_skew;
	uint32_t pending_operations;
};

struct doctor {
	struct cli *cli;
	struct finding *findings;
	size_t n;
	uint64_t deadline; /* monotonic */

	char **names, **activatable; /* on the bus; NULL without one */
	bool has_status;
	struct doctor_status status;
	json_object *status_json; /* all of GetStatus */
	char *contact_error;  /* of a try just now; NULL: it went well, or none was made */
	bool contact_timeout; /* it did not end in its time */
	char *systemd_version;
};

const char *verdict_name(enum verdict v);
/* Takes text and todo. */
void doctor_add(struct doctor *d, enum verdict v, const char *what, char *text, char *todo);
void doctor_done(struct doctor *d);
/* Calls from here on may take so long, and no longer than what is left of the whole. */
void doctor_limit(struct doctor *d, uint64_t usec);
/* width: of the terminal, 0: none. */
void doctor_print(const struct doctor *d, FILE *f, const struct style *style, size_t width);
/* {"ok":…,"checks":[{"check":…,"result":…,"text":…,"todo":…}]} */
json_object *doctor_json(const struct doctor *d);
enum verdict doctor_worst(const struct doctor *d);

/* doctor-bus.c: bus, unit, daemon. False: there is no bus, and nothing more can be asked. */
bool doctor_check_bus(struct doctor *d);
void doctor_check_daemon(struct doctor *d);
bool doctor_has_name(const struct doctor *d, const char *name);
bool doctor_can_activate(const struct doctor *d, const char *name);

/* A user unit as systemd tells it. */
struct doctor_unit {
	char *load, *active, *enabled, *result, *text;
	int32_t status;
	uint32_t pid, restarts;
	int reload;
};
/* 1; 0: there is no systemd on this bus; negative: it did not answer. */
int doctor_read_unit(struct doctor *d, const char *name, struct doctor_unit *ret);
void doctor_unit_done(struct doctor_unit *u);
/* Why it failed, in the unit's own words where it has some. */
char *doctor_unit_reason(const struct doctor_unit *u);

/* doctor-status.c: what GetStatus says, judged. Calls nothing. */
int doctor_status_read(sd_bus_message *m, struct doctor_status *ret);
void doctor_status_done(struct doctor_status *s);
void doctor_judge_status(struct doctor *d, uint64_t now);

/* doctor-desktop.c: keyring, notification server, notifier. */
void doctor_check_desktop(struct doctor *d);
