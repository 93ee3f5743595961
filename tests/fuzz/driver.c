/* Runs a fuzz target without a fuzzer: over the files and folders it is given, or over
 * $srcdir/tests/fuzz/corpus/NAME for a program fuzz-NAME. Each input also cut at every length and with
 * single bytes changed, always the same way. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_ROOM (1U << 20)
#define MAX_CUTS 2048U
#define CHANGES 256U

static unsigned n_inputs, n_runs;

/* On the heap at its exact size, so that a sanitizer or valgrind sees a byte read too far. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, data, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	n_runs++;
}

/* xorshift64: the same numbers everywhere. */
static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void run_changed(uint8_t *data, size_t n)
{
	static const uint8_t values[] = { 0,   '"', '{', '}', '[',  ']',  ',',	':',
					  '-', '.', '9', 'e', '\n', 0x1e, 0x80, 0xff };
	size_t step = n / MAX_CUTS + 1;
	uint64_t x = 88172645463325252U;

	for (size_t i = 0; i < n; i += step)
		run(data, i);
	for (unsigned i = 0; i < CHANGES && n > 0; i++) {
		uint64_t r = next_random(&x);
		size_t at = (size_t)(r % n);
		uint8_t was = data[at];

		data[at] = values[(r >> 32) % sizeof(values)];
		run(data, n);
		data[at] = was;
	}
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_ROOM);
	size_t n;

	if (!f || !data) {
		perror(path);
		if (f)
			fclose(f);
		free(data);
		return -1;
	}
	n = fread(data, 1, INPUT_ROOM, f);
	fclose(f);
	n_inputs++;
	run(data, n);
	run_changed(data, n);
	free(data);
	return 0;
}

static int run_path(const char *path);

static int run_folder(const char *path)
{
	struct dirent **entries;
	int n, r = 0;

	n = scandir(path, &entries, NULL, alphasort);
	if (n < 0) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		char name[4096];

		if (entries[i]->d_name[0] != '.' && r == 0) {
			(void)snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
			r = run_path(name);
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int run_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	return S_ISDIR(st.st_mode) ? run_folder(path) : run_file(path);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"), *name = strstr(argv[0], "fuzz-");
	char corpus[4096];

	for (int i = 1; i < argc; i++)
		if (run_path(argv[i]) < 0)
			return 1;
	if (argc == 1) {
		if (!name)
			return 2;
		(void)snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
			       name + 5);
		if (run_path(corpus) < 0)
			return 1;
	}
	printf("%u inputs, %u runs\n", n_inputs, n_runs);
	return n_inputs > 0 ? 0 : 1;
}
