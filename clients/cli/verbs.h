/* The table of verbs: what the program can do. Help, completion and the reading of the command line come from
 * it. */
#pragma once

#include <stdio.h>

#include "clients/cli/args.h"

extern const struct option_def global_options[];
extern const struct verb verbs[]; /* ends with one without a name */

/* The words of docs/dbus-api.md, for help and completion. */
#define STATUSES \
	"submitting unknown requested awaiting-payment processing cooking ready-to-deliver in-delivery " \
	"delivered finished cancelled rejected"

const struct verb *verb_find(const char *name);

/* "-h" is the whole, or one verb's. */
void help_print(FILE *f);
void help_print_verb(FILE *f, const struct verb *verb);

/* The scripts of `completion`. */
void completion_bash(FILE *f);
void completion_zsh(FILE *f);
void completion_fish(FILE *f);

#define VERB(name) int verb_##name(struct cli *cli, const struct args *args)
VERB(account);
VERB(account_cards);
VERB(account_remove_card);
VERB(cancel);
VERB(cart);
VERB(cart_add);
VERB(cart_clear);
VERB(cart_note);
VERB(cart_remove);
VERB(cart_set);
VERB(completion);
VERB(doctor);
VERB(menu);
VERB(monitor);
VERB(notifications);
VERB(order);
VERB(orders);
VERB(orders_export);
VERB(passwd);
VERB(pay);
VERB(pending);
VERB(rate);
VERB(recommend);
VERB(reorder);
VERB(report);
VERB(settings);
VERB(settings_set);
VERB(show);
VERB(sign_in);
VERB(sign_out);
VERB(sign_up);
VERB(stats);
VERB(status);
VERB(sync);
VERB(track);
VERB(verify);
VERB(videos);
VERB(videos_play);
VERB(wait);
