/* UUIDs (RFC 9562) in their lower-case text form. */
#pragma once

#include <stdbool.h>

#define UUID_SIZE 37

void uuid_new(char ret[static UUID_SIZE]); /* version 4 */
/* Version 8, whose bits are ours to choose: a digest of the text, the same for the same text wherever it is made. */
int uuid_from_text(const char *text, char ret[static UUID_SIZE]);
/* Any version, either case, with its four hyphens. */
bool uuid_is_valid(const char *s);
