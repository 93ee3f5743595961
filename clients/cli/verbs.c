/* The table of verbs and of their options. */
#include "clients/cli/verbs.h"

#include "clients/cli/stats.h"

const struct option_def global_options[] = {
	{ "json", 0, NULL, NULL, "print one JSON document, in failure too" },
	{ "no-legend", 0, NULL, NULL, "no column titles and headings" },
	{ "no-pager", 0, NULL, NULL, "do not use a pager" },
	{ "no-input", 0, NULL, NULL, "never ask: fail and name the option that is missing" },
	{ "verbose", 'v', NULL, NULL, "say which calls are made, on stderr" },
	{ "color", 0, "WHEN", "auto always never", "colour (auto: on a terminal, unless NO_COLOR is set)" },
	{ "call-timeout", 0, "SEC", NULL, "how long to wait for an answer of the daemon (30)" },
	{ "help", 'h', NULL, NULL, "show this help, or that of the command" },
	{ "version", 0, NULL, NULL, "show the version" },
	{},
};

static const struct option_def status_options[] = {
	{ "format", 0, "FORMAT", "plain waybar", "waybar: one line of JSON for a status bar" },
	{},
};

#define PASSWORD_FILE { "password-file", 0, "F", NULL, "read the password from a file, - is stdin" }

static const struct option_def sign_up_options[] = {
	{ "login", 0, "LOGIN", NULL, "the login, 3 to 50 of A-Z a-z 0-9 . _ -" },
	{ "email", 0, "ADDRESS", NULL, "where the code is sent" },
	{ "phone", 0, "PHONE", NULL, "with country code, as +14155550100" },
	PASSWORD_FILE,
	{},
};

static const struct option_def sign_in_options[] = {
	{ "keep", 0, "yes|no", "yes no", "stay signed in after the daemon ends (yes)" },
	PASSWORD_FILE,
	{},
};

static const struct option_def sign_out_options[] = {
	{ "forget", 0, NULL, NULL, "delete what is stored here of this account" },
	{},
};

static const struct option_def passwd_options[] = {
	{ "password-file", 0, "F", NULL, "read the old and the new password, a line each, - is stdin" },
	{},
};

static const struct option_def menu_options[] = {
	{ "search", 0, "TEXT", NULL, "products that have these words, best first" },
	{},
};

#define YES { "yes", 'y', NULL, NULL, "do not ask" }

static const struct option_def order_options[] = {
	{ "address", 0, "A", NULL, "street and number (as in the settings)" },
	{ "city", 0, "C", NULL, "city (as in the settings)" },
	{ "phone", 0, "P", NULL, "phone for the courier (that of the account)" },
	{ "pay", 0, "HOW", "cash pos qr card", "how it is paid (as in the settings, else cash)" },
	{ "comment", 0, "T", NULL, "a word to the kitchen or the courier" },
	{ "recipient", 0, "R", NULL, "who takes it" },
	{ "at", 0, "TIME", NULL, "when: 19:30, 'tomorrow 12:00' or ISO 8601 (as soon as possible)" },
	{ "max-total", 0, "A", NULL, "refuse when the total is over this" },
	{ "over-limit", 0, NULL, NULL, "also when it is over the monthly limit" },
	{ "yes", 'y', NULL, NULL, "do not ask; only the total that is shown is agreed to" },
	{},
};

static const struct option_def reorder_options[] = { YES, {} };

static const struct option_def orders_options[] = {
	{ "status", 0, "S", NULL, "pending, or of these statuses, with commas between" },
	{ "since", 0, "D", NULL, "from 2025, 2025-03, 2025-03-14, yesterday, 'last year' on" },
	{ "until", 0, "D", NULL, "to the end of that" },
	{ "limit", 0, "N", NULL, "at most so many (50)" },
	{ "all", 0, NULL, NULL, "all there are" },
	{ "format", 0, "FORMAT", "table json csv", "table, json or csv" },
	{},
};

static const struct option_def export_options[] = {
	{ "format", 0, "FORMAT", "csv json ledger ics",
	  "csv, json, ledger (plain text accounting) or ics (a calendar); as the file's name ends" },
	{ "output", 'o', "F", NULL, "to this file, - is stdout (stdout)" },
	{ "status", 0, "S", NULL, "pending, or of these statuses, with commas between" },
	{ "since", 0, "D", NULL, "from 2025, 2025-03, 2025-03-14, yesterday, 'last year' on" },
	{ "until", 0, "D", NULL, "to the end of that" },
	{},
};

static const struct option_def wait_options[] = {
	{ "for", 0, "STATUS", STATUSES, "the status to wait for" },
	{ "timeout", 0, "SEC", NULL, "wait no longer: then exit 124" },
	{},
};

static const struct option_def pay_options[] = {
	{ "card", 0, NULL, NULL, "by card: asked for, or JSON from --card-file or a pipe" },
	{ "qr", 0, NULL, NULL, "by QR code, drawn here for the bank's app" },
	{ "cash", 0, NULL, NULL, "in cash when it comes" },
	{ "pos", 0, NULL, NULL, "by card at the door" },
	{ "card-file", 0, "F", NULL, "read the card from a file, - is stdin" },
	{ "yes", 'y', NULL, NULL, "do not ask before the card is charged" },
	{},
};

static const struct option_def cancel_options[] = {
	{ "reason", 0, "T", NULL, "why" },
	{},
};

static const struct option_def rate_options[] = {
	{ "comment", 0, "T", NULL, "a few words" },
	{ "photo", 0, "F", NULL, "send this picture along; may be given up to 10 times" },
	{},
};

static const struct option_def notifications_options[] = {
	{ "unread", 0, NULL, NULL, "only those not read yet" },
	{ "mark-read", 0, NULL, NULL, "mark what is listed as read" },
	{ "mute", 0, "[2h]", NULL, "no bubbles, for ever or for so long" },
	{ "unmute", 0, NULL, NULL, "bubbles again" },
	{},
};

static const struct option_def monitor_options[] = {
	{ "since", 0, "SEQ", NULL, "begin after this event instead of now" },
	{},
};

static const struct option_def recommend_options[] = {
	{ "limit", 0, "N", NULL, "at most so many (10)" },
	{},
};

static const struct option_def report_options[] = {
	{ "format", 0, "FORMAT", "pdf png html", "pdf, png or html (pdf)" },
	{ "output", 'o', "F", NULL, "to this file, - is stdout (as the service calls it, in this folder)" },
	{ "email", 0, "ADDRESS", NULL, "send it there instead; '' is the address of the account" },
	{ "open", 0, NULL, NULL, "open it with what the desktop has" },
	{},
};

static const struct option_def doctor_options[] = {
	{ "bundle", 0, "F", NULL, "write what a bug report needs to a file, without what is personal" },
	{ "replace", 0, NULL, NULL, "also over a file that is there" },
	{},
};

static const struct option_def stats_options[] = {
	{ "period", 0, "P", STATS_PERIODS, "by day, week, month, year or all together (as fits)" },
	{ "year", 0, "Y", NULL, "of that year" },
	{ "since", 0, "D", NULL, "from 2025, 2025-03, 2025-03-14, yesterday, 'last year' on" },
	{ "until", 0, "D", NULL, "to the end of that" },
	{ "status", 0, "S", NULL, "only pending ones, or of these statuses, with commas between" },
	{ "place", 0, "TEXT", NULL, "only to this place; may be given more than once" },
	{ "chart", 0, "KIND", STATS_CHARTS, "line, bar, histogram or scatter (as fits)" },
	{ "svg", 0, "F", NULL, "draw it to a file, - is stdout" },
	{ "png", 0, "F", NULL, "the same" },
	{ "pdf", 0, "F", NULL, "the same, a page of A4" },
	{ "html", 0, "F", NULL, "a page with all of it, for a browser; needs no network" },
	{ "ascii", 0, NULL, NULL, "draw with plain characters" },
	{},
};

static const struct option_def videos_play_options[] = {
	{ "player", 0, "P", NULL, "this program plays it, given the address as its last argument (mpv, else xdg-open)" },
	{},
};

#define ORDER_TEXT "ORDER is a uid, a number, a unique beginning, or 'last'."

const struct verb verbs[] = {
	{ "status", "", 0, 0, ARG_NONE, NULL, status_options, true, verb_status,
	  "who is signed in, the connection, unread notifications, pending orders", NULL,
	  "customerclient status" },
	{ "sign-up", "", 0, 0, ARG_NONE, NULL, sign_up_options, false, verb_sign_up, "make an account",
	  "On a terminal it asks for what is missing, for the code that was sent, and signs in at the end.",
	  "customerclient sign-up --login ana --email ana@example.org --phone +14155550100" },
	{ "verify", "CODE", 1, 1, ARG_OTHER, NULL, NULL, false, verb_verify, "give the code of a sign-up",
	  NULL, "customerclient verify 482913" },
	{ "sign-in", "LOGIN", 1, 1, ARG_OTHER, NULL, sign_in_options, false, verb_sign_in, "sign in",
	  "The password is asked without echo, or comes from --password-file or a pipe; never from an "
	  "argument.",
	  "customerclient sign-in ana" },
	{ "sign-out", "", 0, 0, ARG_NONE, NULL, sign_out_options, false, verb_sign_out, "sign out", NULL,
	  "customerclient sign-out --forget" },
	{ "account", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_account, "the account: login, e-mail, phone",
	  NULL, "customerclient account" },
	{ "account cards", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_account_cards,
	  "the cards that the service keeps, by brand and last digits", NULL,
	  "customerclient account cards" },
	{ "account remove-card", "UID", 1, 1, ARG_OTHER, NULL, NULL, false, verb_account_remove_card,
	  "remove a card that the service keeps", NULL,
	  "customerclient account remove-card 6f1c2f0e-0000-4000-8000-000000000001" },
	{ "passwd", "", 0, 0, ARG_NONE, NULL, passwd_options, false, verb_passwd, "change the password", NULL,
	  "customerclient passwd" },
	{ "menu", "[CATEGORY]", 0, 1, ARG_OTHER, NULL, menu_options, false, verb_menu,
	  "products with ids and prices", "CATEGORY is the number or the name of one.",
	  "customerclient menu --search 'pad thai'" },
	{ "cart", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_cart, "what is in the cart", NULL,
	  "customerclient cart" },
	{ "cart add", "ITEM...", 1, ARGS_MANY, ARG_OTHER, NULL, NULL, false, verb_cart_add,
	  "put something into the cart",
	  "ITEM is an id, an id with a quantity (12x2), or a name that fits one product.",
	  "customerclient cart add 12x2 'pad thai'" },
	{ "cart set", "ID N", 2, 2, ARG_OTHER, NULL, NULL, false, verb_cart_set, "set a quantity; 0 removes",
	  NULL, "customerclient cart set 12 3" },
	{ "cart note", "ID TEXT", 2, 2, ARG_OTHER, NULL, NULL, false, verb_cart_note,
	  "a word to the kitchen about one product; an empty text removes it", NULL,
	  "customerclient cart note 12 'no peanuts'" },
	{ "cart remove", "ID", 1, 1, ARG_OTHER, NULL, NULL, false, verb_cart_remove,
	  "take a product out of the cart", NULL, "customerclient cart remove 12" },
	{ "cart clear", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_cart_clear, "empty the cart", NULL,
	  "customerclient cart clear" },
	{ "recommend", "", 0, 0, ARG_NONE, NULL, recommend_options, false, verb_recommend,
	  "what you may like now, and why; nothing that is sold out or in the cart", NULL,
	  "customerclient recommend --limit=3" },
	{ "order", "", 0, 0, ARG_NONE, NULL, order_options, false, verb_order, "order what is in the cart",
	  "Shows the items, every fee and the total, asks, and places the order.",
	  "customerclient order --address 'Main St 1' --city Springfield --pay cash" },
	{ "reorder", "ORDER", 1, 1, ARG_ORDER, NULL, reorder_options, false, verb_reorder,
	  "fill the cart from an earlier order", "Shows what is gone and what changed in price. " ORDER_TEXT,
	  "customerclient reorder last" },
	{ "orders", "", 0, 0, ARG_NONE, NULL, orders_options, false, verb_orders, "all orders, newest first",
	  NULL, "customerclient orders --since 2025 --status delivered" },
	{ "orders export", "", 0, 0, ARG_NONE, NULL, export_options, false, verb_orders_export,
	  "the whole history, for other programs",
	  "A file is there whole or not at all. In CSV a text that a spreadsheet would run begins with an "
	  "apostrophe.",
	  "customerclient orders export --since 2025 -o orders.ledger --format=ledger" },
	{ "show", "ORDER", 1, 1, ARG_ORDER, NULL, NULL, false, verb_show,
	  "all there is to know about an order", ORDER_TEXT, "customerclient show last" },
	{ "pending", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_pending, "orders that are on their way",
	  NULL, "customerclient pending" },
	{ "track", "[ORDER]", 0, 1, ARG_ORDER, NULL, NULL, false, verb_track,
	  "follow an order live until it is delivered",
	  "Without ORDER: the newest pending one. Exit 0 = delivered, 8 = cancelled or not made. " ORDER_TEXT,
	  "customerclient track" },
	{ "wait", "ORDER", 1, 1, ARG_ORDER, NULL, wait_options, false, verb_wait,
	  "wait until an order is at or past a status",
	  "Exit 0 = it is, 8 = it can no longer get there, 124 = the time is over. " ORDER_TEXT,
	  "customerclient wait last --for=delivered --timeout=3600" },
	{ "pay", "ORDER", 1, 1, ARG_ORDER, NULL, pay_options, false, verb_pay,
	  "pay for an order",
	  "Without a way: as the order says. A card is asked for without echo, or comes as JSON "
	  "{\"number\":\"N\",\"holder\":\"H\",\"expiry\":\"MM/YY\",\"cvc\":\"C\"}, never from an argument. "
	  "A QR code is drawn, and waited for.\n"
	  "Exit 0 = paid, 10 = declined, cancelled or expired, 9 = not known yet. " ORDER_TEXT,
	  "customerclient pay last --qr" },
	{ "cancel", "ORDER", 1, 1, ARG_ORDER, NULL, cancel_options, false, verb_cancel,
	  "cancel an order", ORDER_TEXT, "customerclient cancel last --reason 'wrong address'" },
	{ "rate", "ORDER STARS", 2, 2, ARG_ORDER, NULL, rate_options, false, verb_rate,
	  "rate a delivered order with 1 to 5 stars", ORDER_TEXT,
	  "customerclient rate last 5 --comment 'still hot' --photo lunch.jpg" },
	{ "notifications", "", 0, 0, ARG_NONE, NULL, notifications_options, false, verb_notifications,
	  "notifications, newest first", NULL, "customerclient notifications --unread --mark-read" },
	{ "report", "ORDER", 1, 1, ARG_ORDER, NULL, report_options, false, verb_report,
	  "the report of an order, in a file or by e-mail", ORDER_TEXT,
	  "customerclient report last --format=pdf -o lunch.pdf" },
	{ "stats", "[METRIC]", 0, 1, ARG_WORDS, STATS_METRICS, stats_options, false, verb_stats,
	  "all orders in numbers and charts",
	  "Without METRIC: an overview, or with --year, --since, --until, --status or --place one line of what was spent. "
	  "In a pipe: a table of all points.",
	  "customerclient stats total-amount --year=2025 --period=month --svg=spent.svg" },
	{ "videos", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_videos, "videos to watch", NULL,
	  "customerclient videos" },
	{ "videos play", "ID", 1, 1, ARG_OTHER, NULL, videos_play_options, false, verb_videos_play,
	  "play a video, or open its web page",
	  "ID is what 'videos' shows, the beginning of a uid, or the title. Waits for the player, and reports how long "
	  "was watched: as mpv tells it; by the clock, pauses counted, with other players; not with xdg-open.",
	  "customerclient videos play 4c1f9a2e --player=vlc" },
	{ "settings", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_settings,
	  "what is set at the service: addresses, ways to be told and to pay", NULL,
	  "customerclient settings" },
	{ "settings set", "KEY=VALUE...", 1, ARGS_MANY, ARG_OTHER, NULL, NULL, false, verb_settings_set,
	  "change settings; offline they are queued",
	  "Keys: email, phone-number, whats-app, viber, telegram, telegram-nickname, default-city, default-address;\n"
	  "preferred-communication (email, phone, whatsapp, viber, telegram), preferred-payment-type (cash, pos, qr,\n"
	  "card), notification-policy (on, off), email-receipts (yes, no). An empty VALUE takes a setting away.",
	  "customerclient settings set default-city=Springfield preferred-payment-type=card" },
	{ "sync", "", 0, 0, ARG_NONE, NULL, NULL, false, verb_sync, "ask the service for what changed, now",
	  NULL, "customerclient sync" },
	{ "monitor", "", 0, 0, ARG_NONE, NULL, monitor_options, false, verb_monitor,
	  "print each change as one line of JSON", NULL, "customerclient monitor | jq .kind" },
	{ "doctor", "", 0, 0, ARG_NONE, NULL, doctor_options, true, verb_doctor,
	  "check bus, daemon, service, databases, keyring and bubbles",
	  "Each line is ok, a warning, or wrong, and then says what to do. It starts the daemon, as every command "
	  "does. Exit 0 = nothing is wrong.\n"
	  "The file of --bundle is text: read it before you send it. - is stdout.",
	  "customerclient doctor --bundle=report.txt" },
	{ "completion", "bash|zsh|fish", 1, 1, ARG_WORDS, "bash zsh fish", NULL, true, verb_completion,
	  "print a completion script for a shell", NULL, "source <(customerclient completion bash)" },
	{},
};

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (streq(v->name, name))
			return v;
	return NULL;
}
