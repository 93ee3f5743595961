/* One target per parser of what comes from outside: it must take any bytes without a fault, and hold what
 * it promises of what it accepts (FUZZ_CHECK). Linked with libFuzzer (--enable-fuzzers), or with
 * driver.c, which runs the corpus and small changes of it as an ordinary test. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FUZZ_CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)
