/* UUIDs in their text form. */
#include "base/uuid.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/util.h"

void uuid_new(char ret[static UUID_SIZE])
{
	uint64_t high = random_u64(), low = random_u64();

	high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);     /* version 4 */
	low = (low & ~(UINT64_C(3) << 62)) | (UINT64_C(2) << 62); /* variant of RFC 9562 */
	(void)snprintf(ret, UUID_SIZE, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
		       high >> 32, (high >> 16) & 0xffff, high & 0xffff, low >> 48, low & UINT64_C(0xffffffffffff));
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_is_valid(const char *s)
{
	if (!s)
		return false;
	for (size_t i = 0; i < UUID_SIZE - 1; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s[i] != '-' : !is_hex(s[i]))
			return false;
	}
	return s[UUID_SIZE - 1] == '\0';
}
