/* videos, videos play: what there is to watch, played by the person's own player. */
#include <inttypes.h>
#include <sys/wait.h>

#include "base/uuid.h"
#include "clients/cli/open.h"
#include "clients/cli/player.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

#define ID_MIN 8 /* characters of a uid that are shown, or more where these are not unique */

struct video {
	char *uid, *title, *description, *genre;
	uint32_t seconds;
	bool stored;
};

struct videos {
	struct video *list;
	size_t n;
};

static void videos_done(struct videos *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].uid);
		free(v->list[i].title);
		free(v->list[i].description);
		free(v->list[i].genre);
	}
	free(v->list);
}
#define _cleanup_videos_ _cleanup_(videos_done)

static void videos_add(struct videos *v, const char *uid, const char *title, const char *description, const char *genre,
		       uint32_t seconds, bool stored)
{
	v->list = xcheck(reallocarray(v->list, v->n + 1, sizeof(*v->list)));
	v->list[v->n++] = (struct video){
		.uid = xstrdup(uid),
		.title = xstrdup(title),
		.description = xstrdup(description),
		.genre = xstrdup(genre),
		.seconds = seconds,
		.stored = stored,
	};
}

static int videos_read(struct cli *cli, struct videos *v)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *uid, *title, *description, *genre;
	uint32_t seconds;
	int stored, r;

	r = cli_read(cli, CC_IFACE_VIDEOS, "List", &reply, NULL);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', CC_SIG_VIDEO);
	while (r >= 0 && (r = sd_bus_message_read(reply, CC_SIG_VIDEO, &uid, &title, &description, &genre, &seconds,
						  &stored)) > 0)
		videos_add(v, uid, title, description, genre, seconds, stored);
	return r < 0 ? cli_bad_reply(cli, r, "Videos.List") : 0;
}

/* How many characters of its uid tell it from all others. */
static size_t id_length(const struct videos *v, const struct video *one)
{
	size_t length = ID_MIN;

	for (size_t i = 0; i < v->n; i++)
		while (&v->list[i] != one && length < strlen(one->uid) &&
		       strncasecmp(v->list[i].uid, one->uid, length) == 0)
			length++;
	return length;
}

static char *length_text(uint32_t seconds)
{
	unsigned hours = seconds / 3600, minutes = seconds / 60 % 60, rest = seconds % 60;

	if (seconds == 0)
		return xstrdup("");
	return hours > 0 ? xprintf("%u:%02u:%02u", hours, minutes, rest) : xprintf("%u:%02u", minutes, rest);
}

static json_object *video_json(const struct video *v)
{
	json_object *o = xcheck(json_object_new_object());

	json_object_object_add(o, "uid", json_object_new_string(v->uid));
	json_object_object_add(o, "title", json_object_new_string(v->title));
	if (*v->description)
		json_object_object_add(o, "description", json_object_new_string(v->description));
	if (*v->genre)
		json_object_object_add(o, "genre", json_object_new_string(v->genre));
	if (v->seconds > 0)
		json_object_object_add(o, "seconds", json_object_new_int64(v->seconds));
	json_object_object_add(o, "stored-here", json_object_new_boolean(v->stored));
	return o;
}

static int print_list_json(struct cli *cli, const struct videos *v)
{
	json_object *array = xcheck(json_object_new_array());

	for (size_t i = 0; i < v->n; i++)
		json_object_array_add(array, video_json(&v->list[i]));
	return cli_print_json(cli, array);
}

int verb_videos(struct cli *cli, const struct args *args)
{
	static const struct column columns[] = { { "ID" }, { "TITLE", .flexible = true }, { "LENGTH", .right = true },
						 { "GENRE", .optional = true },
						 { "DESCRIPTION", .flexible = true, .optional = true }, { "WHERE" } };
	_cleanup_videos_ struct videos v = { 0 };
	struct table *t;
	int r;

	(void)args;
	r = videos_read(cli, &v);
	if (r < 0)
		return r;
	if (cli->json)
		return print_list_json(cli, &v);
	if (v.n == 0)
		cli_note("There are no videos.");
	t = table_new(columns, ELEMENTSOF(columns));
	for (size_t i = 0; i < v.n; i++) {
		const struct video *one = &v.list[i];
		_cleanup_free_ char *id = xprintf("%.*s", (int)id_length(&v, one), one->uid);
		_cleanup_free_ char *length = length_text(one->seconds);

		table_add(t, (const char *[]){ id, one->title, length, one->genre, one->description,
					       one->stored ? "here" : "web" });
	}
	cli_print_table(cli, t);
	return 0;
}

/* ---- play ---- */

/* A uid, its unique beginning, or the title. */
static int find(struct cli *cli, const struct videos *v, const char *text, const struct video **ret)
{
	const struct video *found = NULL;
	unsigned n = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct video *one = &v->list[i];

		if (strcasecmp(one->uid, text) == 0) {
			*ret = one;
			return 0;
		}
		if (strcasecmp(one->title, text) == 0 || (*text && strncasecmp(one->uid, text, strlen(text)) == 0)) {
			found = one;
			n++;
		}
	}
	if (n > 1)
		return cli_usage(cli, "'%s' fits %u videos; give more of the ID that 'customerclient videos' shows", text, n);
	if (!found)
		return cli_fail(cli, CC_EXIT_NOT_FOUND, CC_ERROR("NotFound"),
				"There is no video '%s'; 'customerclient videos' shows which there are", text);
	*ret = found;
	return 0;
}

struct playing {
	struct cli *cli;
	const struct video *video;
	const char *url, *kind, *player;
	uint32_t seconds;
	enum player_measure measure;
	bool reported;
};

static int tell(const struct playing *p)
{
	static const char *const how[] = { NULL, "clock", "player" };
	_cleanup_free_ char *length = length_text(p->seconds);
	json_object *o;

	if (p->cli->json) {
		o = video_json(p->video);
		json_object_object_add(o, "kind", json_object_new_string(p->kind));
		json_object_object_add(o, "player", json_object_new_string(p->player));
		if (p->measure != PLAYER_UNKNOWN) {
			json_object_object_add(o, "watched-seconds", json_object_new_int64(p->seconds));
			json_object_object_add(o, "measured-by", json_object_new_string(how[p->measure]));
		}
		json_object_object_add(o, "reported", json_object_new_boolean(p->reported));
		return cli_print_json(p->cli, o);
	}
	if (p->measure == PLAYER_UNKNOWN)
		printf("Opened with %s; for how long it is watched is not known, so nothing is reported.\n", p->player);
	else if (p->seconds == 0)
		puts("Nothing of it was watched.");
	else
		printf("Watched for %s%s.\n", length,
		       p->measure == PLAYER_CLOCK ? " (as long as the player was open; pauses are not known)" : "");
	return 0;
}

static int report(struct playing *p)
{
	int r;

	if (p->measure == PLAYER_UNKNOWN || p->seconds == 0)
		return 0;
	/* What was watched is told also when the player was ended by Ctrl-C. */
	p->cli->client->interrupted = NULL;
	r = cli_act(p->cli, CC_IFACE_VIDEOS, "ReportWatched", NULL, "su", p->video->uid, p->seconds);
	p->reported = r >= 0;
	return r;
}

static int run_player(struct playing *p)
{
	struct cli *cli = p->cli;
	struct player_result result = { 0 };
	int r;

	r = player_run(cli, p->player, p->video->title, p->url, &result);
	if (r < 0)
		return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "The player '%s' cannot be run: %s", p->player,
				strerror(-r));
	p->measure = result.measure;
	p->seconds = (uint32_t)((result.played + USEC_PER_SEC / 2) / USEC_PER_SEC);
	/* Of one that failed the clock says nothing. */
	if (p->measure == PLAYER_CLOCK && result.status != 0 && !cli_interrupted())
		p->measure = PLAYER_UNKNOWN;
	r = report(p);
	if (r < 0)
		return r;
	if (cli_interrupted())
		return tell(p) < 0 ? -1 : CC_EXIT_INTERRUPTED;
	if (result.status != 0)
		return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED, "The player '%s' ended with %s %d%s", p->player,
				WIFSIGNALED(result.status) ? "signal" : "status",
				WIFSIGNALED(result.status) ? WTERMSIG(result.status) : WEXITSTATUS(result.status),
				p->reported ? "; what was watched before is reported" : "");
	return tell(p);
}

/* Elsewhere: the person's browser, or the address to be opened by hand. */
static int show_web(struct playing *p)
{
	bool opened = open_possible(p->cli) && open_file(p->url) >= 0;
	json_object *o;

	if (p->cli->json) {
		o = video_json(p->video);
		json_object_object_add(o, "kind", json_object_new_string(p->kind));
		json_object_object_add(o, "url", json_object_new_string(p->url));
		json_object_object_add(o, "opened", json_object_new_boolean(opened));
		return cli_print_json(p->cli, o);
	}
	if (opened)
		printf("Opened %s\n", p->url);
	else
		puts(p->url);
	return 0;
}

static int choose_player(struct cli *cli, const char *wanted, const char **ret)
{
	*ret = wanted ? wanted : player_default(cli);
	if (!*ret)
		return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED,
				"There is no player here; install mpv, or name yours with --player=PROGRAM");
	if (isempty(*ret) || !player_exists(*ret))
		return cli_fail(cli, CC_EXIT_FAILURE, SD_BUS_ERROR_FAILED,
				"There is no program '%s'; install it, or mpv, or name another with --player=PROGRAM", *ret);
	return 0;
}

int verb_videos_play(struct cli *cli, const struct args *args)
{
	const char *wanted = args_option(args, "player");
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_videos_ struct videos v = { 0 };
	struct playing p = { .cli = cli };
	int r;

	r = videos_read(cli, &v);
	if (r >= 0)
		r = find(cli, &v, args->words[0], &p.video);
	/* Before anything is opened for it. */
	if (r >= 0 && (wanted || p.video->stored))
		r = choose_player(cli, wanted, &p.player);
	if (r >= 0)
		r = cli_read(cli, CC_IFACE_VIDEOS, "Open", &reply, "s", p.video->uid);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "ss", &p.url, &p.kind);
	if (r < 0)
		return cli_bad_reply(cli, r, "Videos.Open");
	return p.player ? run_player(&p) : show_web(&p);
}
