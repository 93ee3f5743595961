/* The text of a search, as typed: never an error, and nothing in it is an operator. The catalog has one product with
 * the letters "needle"; where that word stands alone in the text it is found. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "store/catalog.h"

static struct catalog *catalog_once(void)
{
	static struct catalog *c;
	static char folder[] = "/tmp/fuzz-search-XXXXXX";
	const struct product products[] = {
		{ .id = 1, .name = (char *)"needle", .description = (char *)"Crème brûlée AND OR NOT NEAR", .currency = "EUR" },
		{ .id = 2, .name = (char *)"name tags", .description = (char *)"a b c", .currency = "EUR" },
	};

	if (c)
		return c;
	FUZZ_CHECK(mkdtemp(folder) && catalog_open(folder, &c, NULL) == 0);
	for (size_t i = 0; i < ELEMENTSOF(products); i++)
		FUZZ_CHECK(catalog_put_product(c, &products[i]) == 1);
	/* The open database needs no names any more. */
	for (const char *const *name = (const char *const[]){ "catalog.db", "catalog.db-wal", "catalog.db-shm", NULL }; *name;
	     name++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", folder, *name);
		(void)unlink(path);
	}
	(void)rmdir(folder);
	return c;
}

static int note(const struct product *p, void *userdata)
{
	*(unsigned *)userdata |= 1U << p->id;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct catalog *c = catalog_once();
	char *text = strndup((const char *)data, n);
	unsigned found = 0;

	FUZZ_CHECK(text);
	FUZZ_CHECK(catalog_search(c, text, 10, note, &found) == 0);
	FUZZ_CHECK((found & ~6U) == 0);
	if (strcasecmp(text, "needle") == 0)
		FUZZ_CHECK(found == 2);
	free(text);
	return 0;
}
