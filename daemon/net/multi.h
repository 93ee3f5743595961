/* A curl multi handle on the loop: a set of connections that transfers share. Knows easy handles, not what they are
 * for. */
#pragma once

#include <curl/curl.h>
#include <event2/event.h>

#include "base/util.h"

struct multi;

/* `progress` is called after each turn in which curl did something, never from within the functions below and never
 * from within curl. It may drop the multi. */
int multi_new(struct event_base *base, void (*progress)(struct multi *m, void *userdata), void *userdata,
	      struct multi **ret);
/* At most so many connections to one host, and as many kept when idle. */
void multi_limit(struct multi *m, long connections, long idle);
struct multi *multi_ref(struct multi *m);
struct multi *multi_unref(struct multi *m); /* with the last reference its connections are closed */

int multi_add(struct multi *m, CURL *easy);
void multi_remove(struct multi *m, CURL *easy);
/* The next transfer that has ended; false when there is none. */
bool multi_take_ended(struct multi *m, CURL **ret_easy, CURLcode *ret_code);
