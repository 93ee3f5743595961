/* UUIDs (RFC 9562), version 4, in their lower-case text form. */
#pragma once

#include <stdbool.h>

#define UUID_SIZE 37

void uuid_new(char ret[static UUID_SIZE]);
/* Any version, either case, with its four hyphens. */
bool uuid_is_valid(const char *s);
