/* An allocator of size classes over mappings of its own. Freed blocks are kept for the next of their size; what is large
 * has a mapping to itself and goes back to the kernel. */
#include "base/arena.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/secret.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_MALLOC 1
#endif
#endif

#define CHUNK (512U << 10)
#define ALIGNMENT 16U
#define FINE_MAX 256U  /* blocks up to here differ by ALIGNMENT, then there are four sizes to a power of two */
#define SMALL_MAX (128U << 10)
#define FINE_CLASSES (FINE_MAX / ALIGNMENT - 1)
#define CLASSES (FINE_CLASSES + 4 * 9)
#define LARGE CLASSES
#define LOCK_MAX (4U << 20) /* of the RLIMIT_MEMLOCK no more than this, and than half: struct secret needs some too */

enum { IN_USE = 0x5ec7e7u, IS_FREE = 0xf7eeu };

struct block {
	unsigned state, class;
	size_t mapped; /* of a large one: all of it */
	char data[];
};
_Static_assert(sizeof(struct block) == ALIGNMENT, "blocks are aligned");

struct arena {
	pthread_mutex_t mutex; /* curl looks names up in a thread */
	bool lock;
	size_t locked;
	struct block *free[CLASSES]; /* each holds the next at its beginning, and is zero behind */
	char *at;                    /* what is left of the newest chunk */
	size_t left;
};

struct arena arena_secret = { .mutex = PTHREAD_MUTEX_INITIALIZER, .lock = true };
struct arena arena_store = { .mutex = PTHREAD_MUTEX_INITIALIZER };

#ifdef WITH_MALLOC

/* Under AddressSanitizer its own allocator sees more than ours. */
void *arena_alloc(struct arena *a, size_t n)
{
	(void)a;
	return n > PTRDIFF_MAX ? NULL : calloc(1, n > 0 ? n : 1);
}

size_t arena_usable(const void *p)
{
	return malloc_usable_size((void *)(uintptr_t)p);
}

size_t arena_round(size_t n)
{
	return n;
}

void arena_free(struct arena *a, void *p)
{
	(void)a;
	if (!p)
		return;
	wipe(p, malloc_usable_size(p));
	free(p);
}

#else

static unsigned class_of(size_t block)
{
	unsigned shift;

	if (block <= FINE_MAX)
		return (unsigned)((block + ALIGNMENT - 1) / ALIGNMENT) - 2;
	shift = 63U - (unsigned)__builtin_clzll(block - 1);
	return FINE_CLASSES + 4 * (shift - 8) + (unsigned)((block - 1 - ((size_t)1 << shift)) >> (shift - 2));
}

static size_t class_size(unsigned class)
{
	unsigned shift;

	if (class < FINE_CLASSES)
		return (class + 2) * ALIGNMENT;
	shift = 8 + (class - FINE_CLASSES) / 4;
	return ((size_t)1 << shift) + ((size_t)((class - FINE_CLASSES) % 4 + 1) << (shift - 2));
}

static size_t lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return 0;
	return limit.rlim_cur / 2 < LOCK_MAX ? (size_t)(limit.rlim_cur / 2) : LOCK_MAX;
}

/* Zeroed. Called with the mutex held. */
static void *map(struct arena *a, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, n, MADV_DONTDUMP);
	/* What cannot be locked is wiped all the same. Pages that nobody touches take nothing. */
	if (a->lock && a->locked + n <= lock_limit() && mlock2(p, n, MLOCK_ONFAULT) == 0)
		a->locked += n;
	return p;
}

static void *map_large(struct arena *a, size_t block)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (block + page - 1) / page * page, before = a->locked;
	struct block *b = map(a, n);

	if (!b)
		return NULL;
	b->state = IN_USE;
	b->class = LARGE + (a->locked != before);
	b->mapped = n;
	return b->data;
}

static void push(struct arena *a, struct block *b, unsigned class)
{
	b->state = IS_FREE;
	b->class = class;
	*(struct block **)(void *)b->data = a->free[class];
	a->free[class] = b;
}

/* What is left of the chunk goes to the lists, a new one takes its place. */
static int new_chunk(struct arena *a)
{
	void *fresh = map(a, CHUNK);

	if (!fresh)
		return -ENOMEM;
	while (a->left >= class_size(0)) {
		unsigned class = class_of(a->left < SMALL_MAX ? a->left : SMALL_MAX);

		if (class_size(class) > a->left)
			class--;
		push(a, (struct block *)(void *)a->at, class);
		a->at += class_size(class);
		a->left -= class_size(class);
	}
	a->at = fresh;
	a->left = CHUNK;
	return 0;
}

static void *take(struct arena *a, unsigned class)
{
	struct block *b = a->free[class];

	if (b) {
		a->free[class] = *(struct block **)(void *)b->data;
		*(struct block **)(void *)b->data = NULL;
	} else {
		if (a->left < class_size(class) && new_chunk(a) < 0)
			return NULL;
		b = (struct block *)(void *)a->at;
		a->at += class_size(class);
		a->left -= class_size(class);
	}
	b->state = IN_USE;
	b->class = class;
	return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t block = sizeof(struct block) + (n < ALIGNMENT ? ALIGNMENT : n);
	void *p;

	if (n > PTRDIFF_MAX)
		return NULL;
	(void)pthread_mutex_lock(&a->mutex);
	p = block > SMALL_MAX ? map_large(a, block) : take(a, class_of(block));
	(void)pthread_mutex_unlock(&a->mutex);
	return p;
}

static struct block *block_of(const void *p)
{
	struct block *b = (struct block *)(void *)((char *)(uintptr_t)p - sizeof(struct block));

	/* Freed twice, or never ours: going on would do worse. */
	if (b->state != IN_USE)
		abort();
	return b;
}

size_t arena_usable(const void *p)
{
	const struct block *b = block_of(p);

	return (b->class >= LARGE ? b->mapped : class_size(b->class)) - sizeof(*b);
}

size_t arena_round(size_t n)
{
	size_t block = sizeof(struct block) + (n < ALIGNMENT ? ALIGNMENT : n);

	return block > SMALL_MAX ? n : class_size(class_of(block)) - sizeof(struct block);
}

void arena_free(struct arena *a, void *p)
{
	struct block *b;

	if (!p)
		return;
	b = block_of(p);
	wipe(p, arena_usable(p));
	(void)pthread_mutex_lock(&a->mutex);
	if (b->class < LARGE)
		push(a, b, b->class);
	else if (b->class > LARGE)
		a->locked -= b->mapped;
	(void)pthread_mutex_unlock(&a->mutex);
	if (b->class >= LARGE)
		(void)munmap(b, b->mapped);
}

#endif

/* Never in place but where little is wasted: what is left behind by a move is wiped. */
void *arena_realloc(struct arena *a, void *p, size_t n)
{
	size_t old;
	void *fresh;

	if (!p)
		return arena_alloc(a, n);
	old = arena_usable(p);
	if (n <= old && n >= old / 2)
		return p;
	fresh = arena_alloc(a, n);
	if (!fresh)
		return NULL;
	memcpy(fresh, p, n < old ? n : old);
	arena_free(a, p);
	return fresh;
}
