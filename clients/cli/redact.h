/* Takes out of a text what is a person's: what is known of them (names, addresses, numbers), and what looks like an
 * e-mail, a phone or card number, a uid, a token, a host. What is taken out leaves a word in angle brackets. */
#pragma once

#include "base/util.h"

struct redactor;

struct redactor *redact_new(void);
struct redactor *redact_free(struct redactor *r);
DEFINE_CLEANUP(struct redactor *, redact_free);

/* `text` and what it is, "address" (static). Any case is found, runs of spaces are alike, and short words only where
 * they stand alone. Shorter than 3 characters is passed over; NULL is fine. */
void redact_add(struct redactor *r, const char *tag, const char *text);
/* The same, but only as it is written and where it stands alone: a machine called "debian" is not the distribution. */
void redact_add_word(struct redactor *r, const char *tag, const char *text);
/* The parts of a text between commas, too: an address, or a name whose words are found by themselves. */
void redact_add_address(struct redactor *r, const char *text);
void redact_add_name(struct redactor *r, const char *text);
/* A number as people write it: its digits are found whatever stands between them. */
void redact_add_phone(struct redactor *r, const char *text);
/* The host of a URL, unless it is loopback. */
void redact_add_host(struct redactor *r, const char *url);

/* A copy for others to read. */
char *redact_text(const struct redactor *r, const char *text);
/* Lines of a configuration file: comments and what is not known are left out, addresses of services lose their host. */
char *redact_config(const struct redactor *r, const char *text);
/* The message of a log line up to its first ": ", which may begin words of a service; but for what is said of a
 * configuration file. For when nothing is known of the person. */
char *redact_cut(const char *line);
