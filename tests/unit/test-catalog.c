/* catalog.db: what changes, lists by pages, and the search as people type it. */
#include "testing-store.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/catalog.h"

static struct catalog *catalog_at(const char *folder)
{
	_cleanup_free_ char *aside = NULL;
	struct catalog *c;

	assert_int_equal(catalog_open(folder, &c, &aside), 0);
	assert_null(aside);
	return c;
}

static struct product product_of(uint64_t id, uint64_t category, const char *name, const char *description)
{
	return (struct product){
		.id = id, .category = category, .name = (char *)name, .description = (char *)description, .price = 100,
		.currency = "EUR", .rating = 4.1, .changed = 1,
	};
}

static void put(struct catalog *c, uint64_t id, uint64_t category, const char *name, const char *description)
{
	struct product p = product_of(id, category, name, description);

	assert_int_equal(catalog_put_product(c, &p), 1);
}

static int write_id(const struct product *p, void *userdata)
{
	char *text = userdata;

	(void)sprintf(text + strlen(text), "%" PRIu64 " ", p->id);
	return 0;
}

static void assert_found(struct catalog *c, const char *text, const char *ids)
{
	char found[4096] = "";

	assert_int_equal(catalog_search(c, text, 50, write_id, found), 0);
	if (!streq(found, ids))
		fail_msg("\"%s\" found \"%s\", not \"%s\"", text, found, ids);
}

/* FTS5 compares its index with the products it was made from. */
static void assert_index_is_whole(const char *folder)
{
	_cleanup_free_ char *path = path_in(folder, "catalog.db");
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO products_fts(products_fts, rank) VALUES('integrity-check', 1)", NULL,
				      NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int write_category(const struct category *category, void *userdata)
{
	char *text = userdata;

	(void)sprintf(text + strlen(text), "%" PRIu64 ":%s:%s:%s;", category->id, category->name,
		      category->description, category->picture_url);
	return 0;
}

static void test_categories(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	const struct category three[] = {
		{ 9, (char *)"Soups", (char *)"Hot", NULL }, { 1, (char *)"Pizza", NULL, (char *)"/p.png" },
		{ 9, (char *)"The same again", NULL, NULL },
	};
	char text[256] = "";

	assert_int_equal(catalog_put_categories(c, NULL, 0), 0);
	assert_int_equal(catalog_put_categories(c, three, 3), 1);
	assert_int_equal(catalog_put_categories(c, three, 3), 0);
	assert_int_equal(catalog_each_category(c, write_category, text), 0);
	assert_string_equal(text, "9:Soups:Hot:;1:Pizza::/p.png;");
	assert_int_equal(catalog_put_categories(c, three + 1, 1), 1);
	text[0] = '\0';
	assert_int_equal(catalog_each_category(c, write_category, text), 0);
	assert_string_equal(text, "1:Pizza::/p.png;");
	assert_int_equal(catalog_put_categories(c, NULL, 0), 1);
	text[0] = '\0';
	assert_int_equal(catalog_each_category(c, write_category, text), 0);
	assert_string_equal(text, "");
}

static void change_nothing(struct product *p)
{
	p->changed = 99;
}

static void change_name(struct product *p)
{
	p->name = (char *)"Bread";
}

static void change_description(struct product *p)
{
	p->description = NULL;
}

static void change_price(struct product *p)
{
	p->price++;
}

static void change_currency(struct product *p)
{
	(void)strcpy(p->currency, "USD");
}

static void change_quantity(struct product *p)
{
	p->limited = true;
	p->quantity = 3;
}

static void change_quantity_to_none(struct product *p)
{
	p->quantity = 0;
}

static void change_rating(struct product *p)
{
	p->rating = 4.2;
}

static void change_category(struct product *p)
{
	p->category = 12;
}

static void change_picture(struct product *p)
{
	p->picture_url = (char *)"/new.png";
}

static void change_tags(struct product *p)
{
	static char *tags[] = { (char *)"vegan", (char *)"halal", NULL };

	p->dietary_tags = tags;
}

static void test_what_counts_as_a_change(void **state)
{
	static const struct {
		void (*change)(struct product *p);
		int r;
	} cases[] = {
		{ change_nothing, 0 },		{ change_name, 1 },
		{ change_description, 1 },	{ change_price, 1 },
		{ change_currency, 1 },		{ change_quantity, 1 },
		{ change_quantity_to_none, 1 }, { change_rating, 1 },
		{ change_category, 1 },		{ change_picture, 1 },
		{ change_tags, 1 },
	};
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	struct product p = product_of(1, 2, "Rolls", "With butter");

	assert_int_equal(catalog_put_product(c, &p), 1);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		_cleanup_(product_done) struct product got = {};

		cases[i].change(&p);
		assert_int_equal(catalog_put_product(c, &p), cases[i].r);
		assert_int_equal(catalog_put_product(c, &p), 0);
		assert_int_equal(catalog_get_product(c, 1, &got), 0);
		assert_string_equal(got.name, p.name);
		assert_string_equal(strempty(got.description), strempty(p.description));
		assert_int_equal(got.price, p.price);
		assert_string_equal(got.currency, p.currency);
		assert_int_equal(got.limited, p.limited);
		assert_int_equal(got.quantity, p.quantity);
		assert_int_equal(got.category, p.category);
		assert_string_equal(strempty(got.picture_url), strempty(p.picture_url));
		assert_int_equal(strv_length(got.dietary_tags), strv_length(p.dietary_tags));
		for (size_t t = 0; t < strv_length(p.dietary_tags); t++)
			assert_string_equal(got.dietary_tags[t], p.dietary_tags[t]);
	}
	assert_found(c, "bread", "1 ");
	assert_found(c, "rolls", "");
	assert_found(c, "butter", "");
	assert_found(c, "vegan", "1 ");
	p.deleted = true;
	assert_int_equal(catalog_put_product(c, &p), 1);
	assert_int_equal(catalog_put_product(c, &p), 0);
	assert_found(c, "bread", "");
	assert_int_equal(catalog_get_product(c, 1, &p), -ENOENT);
	assert_index_is_whole(*state);
}

static void test_availability(void **state)
{
	static const struct {
		struct product p;
		bool available;
	} cases[] = {
		{ { .limited = false, .quantity = 0 }, true },
		{ { .limited = true, .quantity = 1 }, true },
		{ { .limited = true, .quantity = 0 }, false },
		{ { .deleted = true }, false },
	};

	(void)state;
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_int_equal(product_is_available(&cases[i].p), cases[i].available);
}

static void fill_menu(struct catalog *c)
{
	static const struct {
		uint64_t id;
		const char *name, *description;
	} menu[] = {
		{ 1, "Crème brûlée", "Custard under burnt sugar" },
		{ 2, "Pizza Margherita", "Tomato, mozzarella, basil" },
		{ 3, "Pizza Quattro Formaggi", "Four cheeses; the cheese pizza of the house: cheese, cheese, cheese" },
		{ 4, "Cheese plate", "Five kinds" },
		{ 5, "Борщ", "Суп со свёклой и сметаной" },
		{ 6, "Jalapeño \"Hot\" Burger", "AND it is hot, NOT mild" },
		{ 7, "7UP 0.5 l", "Lemonade" },
		{ 8, "寿司", "Rice and fish" },
		{ 9, "Fish & Chips", "Cod - fried" },
		{ 10, "Straße platter", "Ünlü döner, œufs" },
	};

	for (size_t i = 0; i < ELEMENTSOF(menu); i++)
		put(c, menu[i].id, 1, menu[i].name, menu[i].description);
}

static void test_search_as_typed(void **state)
{
	static const struct {
		const char *text, *ids;
	} cases[] = {
		/* accents, case, beginnings of words, several words in any order */
		{ "creme brulee", "1 " },
		{ "CRÈME", "1 " },
		{ "bru cre", "1 " },
		{ "jalapeno", "6 " },
		{ "борщ", "5 " },
		{ "БОР", "5 " },
		{ "свекл", "" }, /* ё is a letter of its own to FTS5's unicode61 */
		{ "унлу", "" },
		{ "unlu", "10 " },
		{ "寿司", "8 " },
		{ "寿", "8 " },
		{ "7up", "7 " },
		{ "0.5", "7 " },
		{ "marg pizz", "2 " },
		{ "pizza sushi", "" },
		/* names before descriptions, however often a description has it */
		{ "cheese", "4 3 " },
		{ "fish", "9 8 " },
		/* what FTS5 would take for its own language */
		{ "\"Hot\"", "6 " },
		{ "\"", "" },
		{ "\"\"\"", "" },
		{ "hot OR fish", "" },
		{ "hot AND it", "6 " },
		{ "NOT mild", "6 " },
		{ "NEAR(hot mild)", "" },
		{ "name:pizza", "" },
		{ "name : pizza", "" },
		{ "{name}", "" },
		{ "^fish", "9 8 " },
		{ "fish*", "9 8 " },
		{ "fish -", "9 8 " },
		{ "- fish", "9 8 " },
		{ "-fish", "9 8 " },
		{ "fish + chips", "9 " },
		{ "(fish", "9 8 " },
		{ "fish)", "9 8 " },
		{ "fish'; DROP TABLE products; --", "" },
		{ "fish & chips", "9 " },
		{ "\\", "" },
		{ "%", "" },
		{ "_", "" },
		/* nothing to look for */
		{ "", "" },
		{ " \t\n ", "" },
		{ "!?.,;:-*()[]{}\"'", "" },
		{ "— …", "" },
		{ "🍕", "" },
		{ "🍕 pizza", "2 3 " },
		{ "\xff\xfe", "" },
	};
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);

	fill_menu(c);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_found(c, cases[i].text, cases[i].ids);
}

static void test_search_is_bounded(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	_cleanup_free_ char *many = calloc(1, 600000), *one_word = calloc(1, 600001);
	char found[64] = "";

	assert_non_null(many);
	assert_non_null(one_word);
	fill_menu(c);
	for (size_t i = 0; i < 100000; i++)
		memcpy(many + i * 5, "fish ", 5);
	assert_found(c, many, "9 8 ");
	memset(one_word, 'x', 600000);
	assert_found(c, one_word, "");
	assert_int_equal(catalog_search(c, "p", 2, write_id, found), 0);
	assert_string_equal(found, "4 2 ");
	assert_int_equal(catalog_search(c, "p", 0, write_id, found), 0);
}

static int write_sorted(const struct product *p, void *userdata)
{
	char *text = userdata;

	(void)sprintf(text + strlen(text), "%" PRIu64 "/%s ", p->category, p->name);
	return 0;
}

static void test_list_order(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	char text[256] = "";

	put(c, 1, 2, "b", "");
	put(c, 2, 2, "A", "");
	put(c, 3, 1, "c", "");
	put(c, 4, 2, "b", "");
	put(c, 5, 2, "Éa", "");
	put(c, 6, 2, "éb", "");
	assert_int_equal(catalog_each_product(c, 0, 10, NULL, write_sorted, text, NULL), 0);
	assert_string_equal(text, "1/c 2/A 2/b 2/b 2/Éa 2/éb ");
	text[0] = '\0';
	assert_int_equal(catalog_each_product(c, 1, 10, "", write_sorted, text, NULL), 0);
	assert_string_equal(text, "1/c ");
	assert_int_equal(catalog_each_product(c, 7, 10, "", write_sorted, text, NULL), 0);
	assert_int_equal(catalog_each_product(c, 1, 0, "", write_sorted, text, NULL), -EINVAL);
}

#define MANY 1000

static int note_seen(const struct product *p, void *userdata)
{
	unsigned *seen = userdata;

	if (p->id < MANY)
		seen[p->id]++;
	return 0;
}

static void test_pages_show_each_once(void **state)
{
	for (uint64_t category = 0; category <= 3; category += 3) {
		for (unsigned limit = 1; limit < 2 * MANY; limit *= 7) {
			_cleanup_free_ char *folder = path_in(*state, "%u-%u", (unsigned)category, limit), *cursor = NULL;
			_cleanup_(catalog_closep) struct catalog *c = catalog_at(folder);
			static unsigned seen[MANY];
			uint64_t extra = MANY;
			char name[32];

			memset(seen, 0, sizeof(seen));
			assert_int_equal(catalog_begin(c), 0);
			for (unsigned i = 0; i < MANY; i++) {
				(void)snprintf(name, sizeof(name), "%u.%u", i % 17, i % 3);
				put(c, i, category ? category : i % 5, name, "");
			}
			assert_int_equal(catalog_commit(c), 0);
			do {
				_cleanup_free_ char *next = NULL;

				assert_int_equal(catalog_each_product(c, category, limit, cursor, note_seen, seen, &next), 0);
				/* Some come in meanwhile, before and behind. */
				if (extra < MANY + 20) {
					put(c, extra, 3, extra % 2 ? "0" : "zzz", "");
					extra++;
				}
				free(cursor);
				cursor = TAKE_PTR(next);
			} while (*cursor);
			for (unsigned i = 0; i < MANY; i++)
				assert_int_equal(seen[i], 1);
		}
	}
}

static void test_cursors_that_are_not_ours(void **state)
{
	static const char *const cursors[] = {
		"x", "p", "p1", "p1.", "p1.2", "p1.x.name", "p1..name", "o1.uid", "n1.uid", "p.1.name", "P1.2.name",
		"p99999999999999999999.2.name", "p1.99999999999999999999.name", "p-1.2.name", "p1.-2.name", "p1.2.\xff",
	};
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	_cleanup_free_ char *next = NULL;
	unsigned seen[MANY];

	put(c, 1, 1, "a", "");
	for (size_t i = 0; i < ELEMENTSOF(cursors); i++) {
		assert_int_equal(catalog_each_product(c, 0, 5, cursors[i], note_seen, seen, &next), -EINVAL);
		assert_null(next);
	}
}

static int stop_here(const struct product *p, void *userdata)
{
	(void)p;
	++*(int *)userdata;
	return -ECANCELED;
}

static void test_walk_can_be_stopped(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	_cleanup_free_ char *next = NULL;
	int calls = 0;

	fill_menu(c);
	assert_int_equal(catalog_each_product(c, 0, 1, "", stop_here, &calls, &next), -ECANCELED);
	assert_null(next);
	assert_int_equal(catalog_search(c, "p", 5, stop_here, &calls), -ECANCELED);
	assert_int_equal(calls, 2);
}

static void test_index_follows_random_changes(void **state)
{
	static const char *const words[] = { "apple", "Bœuf", "crème", "dill", "eel", "fig" };
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	char found[256] = "";

	for (unsigned i = 0; i < 2000; i++) {
		struct product p = product_of(random_below(20), random_below(3), words[random_below(6)], words[random_below(6)]);

		p.deleted = random_below(4) == 0;
		p.price = (int64_t)random_below(2);
		assert_true(catalog_put_product(c, &p) >= 0);
	}
	assert_index_is_whole(*state);
	put(c, 100, 1, "xylophone", "");
	assert_int_equal(catalog_clear_products(c), 0);
	assert_index_is_whole(*state);
	for (size_t i = 0; i < ELEMENTSOF(words); i++)
		assert_found(c, words[i], "");
	assert_int_equal(catalog_each_product(c, 0, 5, "", write_id, found, NULL), 0);
	assert_string_equal(found, "");
	put(c, 100, 1, "xylophone", "");
	assert_found(c, "xyl", "100 ");
}

static void test_rollback_takes_back_the_index(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	_cleanup_free_ char *value = NULL;

	assert_int_equal(catalog_begin(c), 0);
	put(c, 1, 1, "apple", "");
	assert_int_equal(catalog_meta_put(c, "cursor", "1"), 0);
	catalog_rollback(c);
	assert_found(c, "apple", "");
	assert_int_equal(catalog_meta_get(c, "cursor", &value), -ENOENT);
	assert_int_equal(catalog_meta_put(c, "cursor", "1"), 0);
	assert_int_equal(catalog_meta_put(c, "cursor", "2"), 0);
	assert_int_equal(catalog_meta_get(c, "cursor", &value), 0);
	assert_string_equal(value, "2");
	assert_int_equal(catalog_meta_put(c, "cursor", NULL), 0);
	free(TAKE_PTR(value));
	assert_int_equal(catalog_meta_get(c, "cursor", &value), -ENOENT);
	assert_index_is_whole(*state);
}

static void test_pictures(void **state)
{
	_cleanup_(catalog_closep) struct catalog *c = catalog_at(*state);
	const size_t size = 4 * 1024 * 1024, many = CATALOG_PICTURES_MAX / size;
	_cleanup_free_ char *bytes = calloc(1, size), *type = NULL;
	_cleanup_free_ void *data = NULL;
	char url[32];
	size_t n;

	assert_non_null(bytes);
	assert_int_equal(catalog_picture_get(c, "/0.png", &type, &data, &n), -ENOENT);
	assert_int_equal(catalog_picture_put(c, "/empty", "image/gif", NULL, 0), 0);
	assert_int_equal(catalog_picture_get(c, "/empty", &type, &data, &n), 0);
	assert_int_equal(n, 0);
	free(TAKE_PTR(type));
	free(TAKE_PTR(data));
	for (size_t i = 0; i < many + 2; i++) {
		(void)snprintf(url, sizeof(url), "/%zu.png", i);
		(void)snprintf(bytes, size, "%zu", i);
		assert_int_equal(catalog_picture_put(c, url, "image/gif", bytes, size), 0);
		assert_int_equal(catalog_picture_put(c, url, "image/png", bytes, size), 0);
	}
	/* The newest are there, the oldest went. */
	for (size_t i = 0; i < many + 2; i++) {
		(void)snprintf(url, sizeof(url), "/%zu.png", i);
		assert_int_equal(catalog_picture_get(c, url, &type, &data, &n), i < 2 ? -ENOENT : 0);
		if (i < 2)
			continue;
		assert_string_equal(type, "image/png");
		assert_int_equal(n, size);
		assert_int_equal(atoi(data), i);
		free(TAKE_PTR(type));
		free(TAKE_PTR(data));
	}
	assert_int_equal(catalog_picture_put(c, "/huge", "image/png", bytes, CATALOG_PICTURES_MAX + 1), -E2BIG);
}

static void test_opens_version_1(void **state)
{
	_cleanup_free_ char *path = path_in(*state, "catalog.db"), *value = NULL, *type = NULL;
	_cleanup_(catalog_closep) struct catalog *c = NULL;
	_cleanup_free_ void *data = NULL;
	_cleanup_(product_done) struct product p = {};
	char text[256] = "";
	size_t n;

	database_from_sql(path, "catalog-v1.sql");
	c = catalog_at(*state);
	assert_int_equal(catalog_get_product(c, 11, &p), 0);
	assert_string_equal(p.name, "Crème brûlée");
	assert_true(strv_contains(p.dietary_tags, "gluten-free") && strv_length(p.dietary_tags) == 2);
	assert_true(p.limited && p.quantity == 4 && p.price == 650);
	assert_found(c, "sour", "12 ");
	assert_found(c, "creme", "11 ");
	assert_int_equal(catalog_each_category(c, write_category, text), 0);
	assert_string_equal(text, "2:Desserts:Sweet things:/p/2.png;1:Soups::;");
	assert_int_equal(catalog_meta_get(c, "cursor", &value), 0);
	assert_string_equal(value, "abc");
	assert_int_equal(catalog_picture_get(c, "/p/11.png", &type, &data, &n), 0);
	assert_string_equal(type, "image/png");
	assert_int_equal(n, 4);
	assert_memory_equal(data, "\x89PNG", 4);
}

static void test_schema_is_that_of_its_version(void **state)
{
	_cleanup_free_ char *old = path_in(*state, "old.db"), *new = path_in(*state, "catalog.db");
	_cleanup_free_ char *old_schema = NULL, *new_schema = NULL;

	database_from_sql(old, "catalog-v1.sql");
	catalog_close(catalog_at(*state));
	old_schema = database_schema(old);
	new_schema = database_schema(new);
	assert_string_equal(old_schema, new_schema);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_categories),
		TEST(test_what_counts_as_a_change),
		TEST(test_availability),
		TEST(test_search_as_typed),
		TEST(test_search_is_bounded),
		TEST(test_list_order),
		TEST(test_pages_show_each_once),
		TEST(test_cursors_that_are_not_ours),
		TEST(test_walk_can_be_stopped),
		TEST(test_index_follows_random_changes),
		TEST(test_rollback_takes_back_the_index),
		TEST(test_pictures),
		TEST(test_opens_version_1),
		TEST(test_schema_is_that_of_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
