/* catalog.db: categories and products of one service, with full-text search (FTS5: prefix, accents and case ignored).
 * A cache: may be deleted. */
#pragma once

#include "base/records.h"
#include "store/store.h"

struct catalog;

int catalog_open(const char *folder, struct catalog **ret, char **ret_set_aside);
void catalog_close(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_close);
/* After -EUCLEAN: see store_reopen(). */
int catalog_reopen(struct catalog *c, char **ret_set_aside);
/* Whether it is still there and sound: see store_check(). */
int catalog_check(struct catalog *c);
const char *catalog_error(struct catalog *c);
int catalog_begin(struct catalog *c);
int catalog_commit(struct catalog *c);
void catalog_rollback(struct catalog *c);

/* Replaces all categories. Returns 1 when that changed anything. */
int catalog_put_categories(struct catalog *c, const struct category *categories, size_t n);
/* Inserts, updates, or (deleted) removes. Returns 1 when that changed anything; a new `changed` alone does not count.
 * Each call is its own transaction unless one is open; a page belongs into one. */
int catalog_put_product(struct catalog *c, const struct product *p);
int catalog_clear_products(struct catalog *c);

/* In the order in which they were put. A row function that returns other than 0 ends the walk with that; this holds
 * for all of them. */
int catalog_each_category(struct catalog *c, int (*row)(const struct category *category, void *userdata),
			  void *userdata);
/* By category, name (case ignored), id; category 0: all. limit is not 0. *ret_next is "" at the end; caller frees;
 * NULL pointer: not wanted. A cursor that is not one of ours: -EINVAL; NULL or "" is the start. Rows of lists are
 * without dietary tags. */
int catalog_each_product(struct catalog *c, uint64_t category, unsigned limit, const char *cursor,
			 int (*row)(const struct product *p, void *userdata), void *userdata, char **ret_next);
/* Best first: names before tags before descriptions. What the person typed goes to FTS5 as quoted terms, each a
 * prefix, all of which must be found; words beyond CATALOG_SEARCH_WORDS are ignored. Text without a letter or digit
 * finds nothing. */
#define CATALOG_SEARCH_WORDS 16
int catalog_search(struct catalog *c, const char *text, unsigned limit,
		   int (*row)(const struct product *p, void *userdata), void *userdata);
int catalog_get_product(struct catalog *c, uint64_t id, struct product *ret); /* -ENOENT; description, tags and all */
/* What a product costs in that currency. -ENOENT: it is not sold, or for other money. */
int catalog_get_price(struct catalog *c, uint64_t id, const char *currency, int64_t *ret);
bool product_is_available(const struct product *p);

/* Small values that belong to the cache: cursors, ETags. */
int catalog_meta_get(struct catalog *c, const char *key, char **ret); /* -ENOENT */
int catalog_meta_put(struct catalog *c, const char *key, const char *value); /* NULL removes */

/* Pictures, by their absolute URL; the oldest go when all together are over the limit. -ENOENT; type and data are
 * the caller's to free. */
#define CATALOG_PICTURES_MAX (64 * 1024 * 1024)
int catalog_picture_get(struct catalog *c, const char *url, char **ret_type, void **ret_data, size_t *ret_size);
int catalog_picture_put(struct catalog *c, const char *url, const char *type, const void *data, size_t size);
