/* The search over the catalog: from what a person typed to an FTS5 query, and its answers. */
#include <ctype.h>
#include <stdio.h>

#include "store/catalog-private.h"

/* A word is worth asking for when it has a letter or digit; of what is not ASCII FTS5 judges itself. */
static bool is_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80 || isalnum((unsigned char)s[i]))
			return true;
	return false;
}

/* "creme bru" becomes "creme"* "bru"*: nothing that was typed is an operator. *ret is NULL when there is no word. */
static int query_build(const char *text, char **ret)
{
	static const char blank[] = " \t\n\v\f\r";
	_cleanup_free_ char *query = NULL;
	unsigned words = 0;
	size_t size, n;
	FILE *f = open_memstream(&query, &size);

	if (!f)
		return -ENOMEM;
	for (const char *s = text + strspn(text, blank); *s && words < CATALOG_SEARCH_WORDS;
	     s += n, s += strspn(s, blank)) {
		n = strcspn(s, blank);
		if (!is_word(s, n))
			continue;
		(void)fputs("\"", f);
		for (size_t i = 0; i < n; i++)
			(void)fprintf(f, s[i] == '"' ? "\"\"" : "%c", s[i]);
		(void)fputs("\"* ", f);
		words++;
	}
	if (fclose(f) != 0)
		return -ENOMEM;
	*ret = words > 0 ? TAKE_PTR(query) : NULL;
	return 0;
}

int catalog_search(struct catalog *c, const char *text, unsigned limit,
		   int (*row)(const struct product *p, void *userdata), void *userdata)
{
	_cleanup_free_ char *query = NULL;
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r, k;

	r = query_build(text, &query);
	if (r < 0 || !query)
		return r;
	/* The weights are of name, description and tags: however often a description has a word, a name weighs
	 * more. Only the best are looked up among the products. */
	r = store_query(c->store, &st,
			"SELECT " PRODUCT_COLUMNS " FROM (SELECT rowid AS id, bm25(products_fts, 1000.0, 1.0, 10.0) AS weight "
			"FROM products_fts WHERE products_fts MATCH ?1 ORDER BY weight, rowid LIMIT ?2) best "
			"CROSS JOIN products p ON p.id = best.id ORDER BY best.weight, p.sort, p.id",
			"tu", query, (uint64_t)limit);
	for (; r > 0; r = store_next(c->store, st)) {
		struct product one = product_row_read(st);

		k = row(&one, userdata);
		if (k != 0)
			return k;
	}
	return r;
}
