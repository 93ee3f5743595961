/*
 * The rules of what goes wrong: setting, listing, picking. What a fault does to an answer is in deliver.c.
 */
#include <errno.h>
#include <strings.h>

#include "tests/sandbox/faults.h"
#include "tests/sandbox/handlers.h"
#include "tests/sandbox/hub.h"

enum { RULES_MAX = 100, PATH_MAX_BYTES = 200, DELAY_MS_MAX = 600 * 1000 };

struct rule {
	char path[PATH_MAX_BYTES + 1];
	char kind_text[80];
	double probability;
	int64_t count; /* how often still; -1: always */
	int64_t hits;
	struct effect effect;
};

struct faults {
	struct rule rules[RULES_MAX];
	size_t n;
};

static const struct {
	const char *name;
	enum fault_kind kind;
} kinds[] = {
	{ "latency", FAULT_LATENCY },
	{ "reset", FAULT_RESET },
	{ "reset-after", FAULT_RESET_AFTER },
	{ "truncate", FAULT_TRUNCATE },
	{ "damage", FAULT_DAMAGE },
	{ "slow", FAULT_SLOW },
	{ "stall", FAULT_STALL },
	{ "expire-tokens", FAULT_EXPIRE_TOKENS },
	{ "drop-push", FAULT_DROP_PUSH },
	{ "duplicate-push", FAULT_DUPLICATE_PUSH },
};

static const struct {
	const char *name;
	enum garbage garbage;
} garbages[] = {
	{ "garbage", GARBAGE_HTML },
	{ "garbage:html", GARBAGE_HTML },
	{ "garbage:bytes", GARBAGE_BYTES },
	{ "garbage:huge", GARBAGE_HUGE },
	{ "garbage:deep", GARBAGE_DEEP },
};

const char *faults_kind_name(enum fault_kind kind)
{
	static const char *const others[] = {
		[FAULT_STATUS] = "status",
		[FAULT_STATUS_AFTER] = "status-after",
		[FAULT_GARBAGE] = "garbage",
		[FAULT_EXCEPTION] = "exception",
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return (size_t)kind < COUNT_OF(others) ? others[kind] : NULL;
}

static const struct {
	const char *name;
	enum exception exception;
} exceptions[] = {
	{ "exception", EXCEPTION_MESSAGE },
	{ "exception:workflow", EXCEPTION_WORKFLOW },
	{ "exception:text", EXCEPTION_TEXT },
};

struct faults *faults_new(void)
{
	return xcalloc(1, sizeof(struct faults));
}

void faults_free(struct faults *f)
{
	free(f);
}

/* "status:503", "status:409:price-changed", "status-after:500" */
static int parse_status(const char *text, struct effect *ret)
{
	const char *colon = strchr(text, ':');
	int n = 0;

	if (strncmp(text, "status:", 7) == 0)
		ret->kind = FAULT_STATUS;
	else if (strncmp(text, "status-after:", 13) == 0)
		ret->kind = FAULT_STATUS_AFTER;
	else
		return -EINVAL;
	if (sscanf(colon + 1, "%3d%n", &ret->status, &n) != 1 || ret->status < 200 || ret->status > 599)
		return -EINVAL;
	if (colon[1 + n] == ':')
		snprintf(ret->code, sizeof(ret->code), "%s", colon + 2 + n);
	else if (colon[1 + n])
		return -EINVAL;
	return 0;
}

static int parse_kind(const char *text, struct effect *ret)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i].name, text) == 0) {
			ret->kind = kinds[i].kind;
			return 0;
		}
	for (size_t i = 0; i < COUNT_OF(garbages); i++)
		if (strcmp(garbages[i].name, text) == 0) {
			ret->kind = FAULT_GARBAGE;
			ret->garbage = garbages[i].garbage;
			return 0;
		}
	for (size_t i = 0; i < COUNT_OF(exceptions); i++)
		if (strcmp(exceptions[i].name, text) == 0) {
			ret->kind = FAULT_EXCEPTION;
			ret->exception = exceptions[i].exception;
			return 0;
		}
	return parse_status(text, ret);
}

/* Equal, or equal up to a "*" at the end, or the last part of the path alone. */
static bool matches(const struct rule *r, const char *path)
{
	size_t n = strlen(r->path);
	const char *last = strrchr(path, '/');

	if (n > 0 && r->path[n - 1] == '*')
		return strncmp(r->path, path, n - 1) == 0;
	return strcmp(r->path, path) == 0 || (last && strcmp(r->path, last + 1) == 0);
}

static bool fires(struct sandbox *s, struct rule *r)
{
	if (r->count == 0 || rng_unit(&s->rng) >= r->probability)
		return false;
	if (r->count > 0)
		r->count--;
	r->hits++;
	return true;
}

static bool is_push(enum fault_kind kind)
{
	return kind == FAULT_DROP_PUSH || kind == FAULT_DUPLICATE_PUSH;
}

void faults_pick(struct sandbox *s, const char *path, struct effect *ret)
{
	*ret = (struct effect){ .delay_ms = -1 };
	for (size_t i = 0; i < s->faults->n; i++) {
		struct rule *r = &s->faults->rules[i];
		bool alone = r->effect.kind != FAULT_LATENCY && r->effect.kind != FAULT_EXPIRE_TOKENS;
		int64_t latency_ms = ret->latency_ms;
		bool expire = ret->expire_tokens;

		if (is_push(r->effect.kind) || (alone && ret->kind) || !matches(r, path) || !fires(s, r))
			continue;
		if (r->effect.kind == FAULT_LATENCY)
			ret->latency_ms += r->effect.delay_ms < 0 ? 1000 : r->effect.delay_ms;
		else if (r->effect.kind == FAULT_EXPIRE_TOKENS)
			ret->expire_tokens = true;
		else {
			*ret = r->effect;
			ret->latency_ms = latency_ms;
			ret->expire_tokens = expire;
		}
	}
}

enum fault_kind faults_pick_push(struct sandbox *s, const char *target)
{
	for (size_t i = 0; i < s->faults->n; i++) {
		struct rule *r = &s->faults->rules[i];

		if (is_push(r->effect.kind) && (matches(r, target) || matches(r, HUB_PATH)) && fires(s, r))
			return r->effect.kind;
	}
	return FAULT_NONE;
}

static json_object *rules_to_json(const struct faults *f)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct rule *r = &f->rules[i];
		json_object *o = json_object_new_object();

		json_add_text(o, "path", r->path);
		json_add_text(o, "kind", r->kind_text);
		json_object_object_add(o, "probability", json_object_new_double(r->probability));
		json_object_object_add(o, "delayMs",
				       r->effect.delay_ms < 0 ? NULL
							      : json_object_new_int64(r->effect.delay_ms));
		json_object_object_add(o, "count", r->count < 0 ? NULL : json_object_new_int64(r->count));
		json_add_int(o, "hits", r->hits);
		json_object_array_add(a, o);
	}
	return a;
}

int control_faults_get(struct call *c)
{
	c->answer = rules_to_json(c->sandbox->faults);
	return 0;
}

/* Forgets the rules for a path; "*" forgets all. */
static void clear(struct faults *f, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++)
		if (strcmp(path, "*") != 0 && strcmp(path, f->rules[i].path) != 0)
			f->rules[kept++] = f->rules[i];
	f->n = kept;
}

static int read_rule(struct call *c, struct rule *r)
{
	json_object *probability = json_member(c->body, "probability");
	const char *kind;
	int r2;

	r2 = call_text(c, "kind", 1, sizeof(r->kind_text) - 1, &kind);
	if (r2 < 0)
		return r2;
	snprintf(r->kind_text, sizeof(r->kind_text), "%s", kind);
	if (strcmp(kind, "none") != 0 && parse_kind(kind, &r->effect) < 0)
		return call_fail(c, 422, "invalid-kind", "There is no fault \"%s\", see --help", kind);
	r->probability = probability ? json_object_get_double(probability) : 1;
	if ((probability && !json_object_is_type(probability, json_type_int) &&
	     !json_object_is_type(probability, json_type_double)) ||
	    !(r->probability >= 0 && r->probability <= 1))
		return call_fail(c, 422, "invalid-probability", "The probability is no number from 0 to 1");
	if (json_int_member(c->body, "delayMs", -1, &r->effect.delay_ms) < 0 ||
	    r->effect.delay_ms > DELAY_MS_MAX || r->effect.delay_ms < -1)
		return call_fail(c, 422, "invalid-delay-ms", "\"delayMs\" is no integer from 0 to %d",
				 DELAY_MS_MAX);
	if (json_int_member(c->body, "count", -1, &r->count) < 0 || r->count < -1)
		return call_fail(c, 422, "invalid-count", "\"count\" is no integer that is not negative");
	return 0;
}

int control_faults(struct call *c)
{
	struct faults *f = c->sandbox->faults;
	struct rule rule = { 0 };
	const char *path;
	int r;

	r = call_text(c, "path", 1, PATH_MAX_BYTES, &path);
	if (r < 0)
		return r;
	r = read_rule(c, &rule);
	if (r < 0)
		return r;
	snprintf(rule.path, sizeof(rule.path), "%s", path);
	if (strcmp(rule.kind_text, "none") == 0)
		clear(f, path);
	else if (f->n == RULES_MAX)
		return call_fail(c, 409, "too-many-faults", "There are %d faults already", RULES_MAX);
	else
		f->rules[f->n++] = rule;
	if (rule.effect.kind == FAULT_STALL && matches(&rule, HUB_PATH))
		hub_silence(c->sandbox);
	c->answer = rules_to_json(f);
	return 0;
}
