/*
 * Pictures of products and categories: drawn from the name, so that every one is another and each is always
 * the same.
 */
#include <ctype.h>

#include "tests/sandbox/handlers.h"

#define NAME_MAX_LENGTH 40

static bool name_is_valid(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-')
			return false;
	return *name && strlen(name) <= NAME_MAX_LENGTH;
}

int picture_get(struct call *c)
{
	const char *name = call_query(c, "name");
	unsigned hash = 5381;

	if (!name || !name_is_valid(name))
		return call_fail(c, 400, "invalid-name", "The parameter \"name\" is no name of a picture");
	for (const char *p = name; *p; p++)
		hash = hash * 33 + (unsigned char)*p;
	c->content_type = "image/svg+xml";
	c->text = xprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"320\" height=\"240\">"
			  "<rect width=\"320\" height=\"240\" fill=\"hsl(%u,45%%,88%%)\"/>"
			  "<circle cx=\"160\" cy=\"120\" r=\"84\" fill=\"#fff\"/>"
			  "<circle cx=\"160\" cy=\"120\" r=\"%u\" fill=\"hsl(%u,60%%,52%%)\"/></svg>\n",
			  hash % 360, 40 + hash / 360 % 30, (hash / 7) % 360);
	return 0;
}
