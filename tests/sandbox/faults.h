/*
 * What goes wrong on purpose. Rules are set by POST /Sandbox/Faults and are forgotten at the end of the
 * program.
 */
#pragma once

#include "tests/sandbox/call.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_LATENCY,
	FAULT_STATUS,
	FAULT_STATUS_AFTER,
	FAULT_EXCEPTION,
	FAULT_RESET,
	FAULT_RESET_AFTER,
	FAULT_TRUNCATE,
	FAULT_DAMAGE,
	FAULT_GARBAGE,
	FAULT_SLOW,
	FAULT_STALL,
	FAULT_EXPIRE_TOKENS,
	FAULT_DROP_PUSH,
	FAULT_DUPLICATE_PUSH,
};

/* The platform's ways of saying in a 200 that it failed. */
enum exception { EXCEPTION_MESSAGE, EXCEPTION_WORKFLOW, EXCEPTION_TEXT };

enum garbage { GARBAGE_HTML, GARBAGE_BYTES, GARBAGE_HUGE, GARBAGE_DEEP };

/* What happens to one request. */
struct effect {
	enum fault_kind kind;  /* other than latency and expire-tokens, which go with any other */
	int64_t latency_ms;
	int64_t delay_ms;      /* of the rule; -1: not given */
	int status;
	char code[64];         /* of the problem; "" for none */
	enum garbage garbage;
	enum exception exception;
	bool expire_tokens;
};

struct faults;

/* "reset"; NULL for none. */
const char *faults_kind_name(enum fault_kind kind);
struct faults *faults_new(void);
void faults_free(struct faults *f);
void faults_pick(struct sandbox *s, const char *path, struct effect *ret);
/* For a push of the hub to a target: FAULT_DROP_PUSH, FAULT_DUPLICATE_PUSH or FAULT_NONE. */
enum fault_kind faults_pick_push(struct sandbox *s, const char *target);
