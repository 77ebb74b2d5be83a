/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code memory: see code.h. A chunk is cut into blocks whose sizes are powers of
 * two; freed blocks of a size wait in a list of their chunk. One lock for all.
 */
#include <stdatomic.h>
#include <string.h>

#ifdef __linux__
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "jit/code.h"

#define CHUNK	  (1 << 20)
#define LEAST	  6 /* of 2: a block of 64 bytes, a line of the cache */
#define CLASSES	  20
#define APART	  (256u << 20) /* from the library, which stays together so */
#define NEAR	  (2048u << 20)
#define SIZE_MOST ((size_t)1 << (LEAST + CLASSES - 1))

/* Whether what one address of a page writes, another runs (code.h). */
#ifdef __x86_64__
#define SEES_CODE true
#else
#define SEES_CODE false
#endif

struct free_block {
	struct free_block *next;
};

struct code_chunk {
	struct code_chunk *next;
	uint8_t *write;
	uint8_t *run;
	size_t size, used; /* used: from the begin, cut into blocks */
	size_t n_blocks;   /* taken */
	bool is_frozen;
	struct free_block *free[CLASSES];
};

#ifdef __linux__

static atomic_flag lock = ATOMIC_FLAG_INIT;
static struct code_chunk *chunks;
static size_t mapped;

static void take_lock(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		;
}

static void give_lock(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

/* ---- chunks ------------------------------------------------------------- */

/* In both processes, behind a fork: what is shared is not written any more. */
static void freeze(void)
{
	for (struct code_chunk *c = chunks; c; c = c->next)
		c->is_frozen = true;
	give_lock();
}

static void watch_forks(void)
{
	static bool is_watched;

	if (!is_watched)
		is_watched = pthread_atfork(take_lock, freeze, freeze) == 0;
}

static void unmap(struct code_chunk *chunk)
{
	munmap(chunk->write, chunk->size);
	munmap(chunk->run, chunk->size);
	mapped -= chunk->size;
	munmap(chunk, sizeof(*chunk));
}

/*
 * An address for a chunk that is to be run: below this library's own code, or
 * below what is there already. Processors foretell calls that are not far
 * better: one of 4 GiB and more costs a cycle, on those that were measured
 * (bench/native). It is a wish: what is not free there is mapped elsewhere.
 */
static void *near_code(size_t size)
{
	static const char here;
	uintptr_t first = (uintptr_t)&here, at;

	at = first > 2 * (uintptr_t)APART ? first - APART : first;
	for (const struct code_chunk *c = chunks; c; c = c->next)
		if ((uintptr_t)c->run < at && first - (uintptr_t)c->run < NEAR)
			at = (uintptr_t)c->run;
	if (at <= size)
		return NULL;
	return (void *)((at - size) & ~(uintptr_t)(CHUNK - 1));
}

/* Maps the pages of a file twice; errno says why not. */
static bool map_twice(struct code_chunk *chunk, int file)
{
	void *write, *run;

	if (file < 0 || ftruncate(file, (off_t)chunk->size) != 0)
		return false;
	write = mmap(NULL, chunk->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		     file, 0);
	if (write == MAP_FAILED)
		return false;
	run = mmap(near_code(chunk->size), chunk->size, PROT_READ | PROT_EXEC,
		   MAP_SHARED, file, 0);
	if (run == MAP_FAILED) {
		int why = errno;

		munmap(write, chunk->size);
		errno = why;
		return false;
	}
	chunk->write = write;
	chunk->run = run;
	return true;
}

static struct code_chunk *map_chunk(size_t size, struct cbpf_diag *diag)
{
	/* a page, zeroed: no allocator is asked, which a host may watch */
	struct code_chunk *chunk =
		mmap(NULL, sizeof(*chunk), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int file, why;
	bool is_mapped;

	if (chunk == MAP_FAILED) {
		dg_fail(diag, CBPF_E_NOMEM);
		return NULL;
	}
	chunk->size = size;
	file = memfd_create("cbpf code", MFD_CLOEXEC);
	is_mapped = map_twice(chunk, file);
	why = errno;
	if (file >= 0)
		close(file);
	if (!is_mapped) {
		munmap(chunk, sizeof(*chunk));
		dg_say(diag, CBPF_E_UNAVAILABLE,
		       "no memory for code can be had here: %s", strerror(why));
		return NULL;
	}
	watch_forks();
	mapped += size;
	chunk->next = chunks;
	chunks = chunk;
	return chunk;
}

/* ---- blocks ------------------------------------------------------------- */

static unsigned class_of(size_t bytes)
{
	unsigned class = 0;

	while ((size_t)1 << (LEAST + class) < bytes)
		class ++;
	return class;
}

/* A block of a chunk, as its offset; false: it has none. */
static bool take_block(struct code_chunk *chunk, unsigned class, size_t *offset)
{
	size_t size = (size_t)1 << (LEAST + class);
	struct free_block *block = chunk->free[class];

	if (chunk->is_frozen)
		return false;
	if (block && SEES_CODE) {
		chunk->free[class] = block->next;
		*offset = (size_t)((uint8_t *)block - chunk->write);
		return true;
	}
	*offset = (chunk->used + size - 1) & ~(size - 1);
	if (*offset + size > chunk->size)
		return false;
	chunk->used = *offset + size;
	return true;
}

/* Unmaps chunks of which nothing is used any more, but was. */
static void drop_spent(void)
{
	struct code_chunk **link = &chunks;

	while (*link) {
		struct code_chunk *chunk = *link;

		if (chunk->n_blocks == 0 && chunk->used > 0) {
			*link = chunk->next;
			unmap(chunk);
		} else {
			link = &chunk->next;
		}
	}
}

enum cbpf_err code_take(size_t bytes, struct code *code, struct cbpf_diag *diag)
{
	unsigned class = class_of(bytes);
	struct code_chunk *chunk;
	size_t offset = 0;

	memset(code, 0, sizeof(*code));
	if (bytes > SIZE_MOST)
		return dg_fail(diag, CBPF_E_NOMEM);
	take_lock();
	for (chunk = chunks; chunk; chunk = chunk->next)
		if (take_block(chunk, class, &offset))
			break;
	if (!chunk) {
		size_t size = (size_t)1 << (LEAST + class);

		drop_spent();
		chunk = map_chunk(size > CHUNK ? size : CHUNK, diag);
		if (!chunk) {
			give_lock();
			return CBPF_E_UNAVAILABLE;
		}
		take_block(chunk, class, &offset);
	}
	chunk->n_blocks++;
	code->chunk = chunk;
	code->write = chunk->write + offset;
	code->run = chunk->run + offset;
	code->size = (uint32_t)1 << (LEAST + class);
	give_lock();
	return CBPF_OK;
}

void code_is_written(const struct code *code)
{
	char *begin;

	memcpy(&begin, &code->run, sizeof(begin));
	__builtin___clear_cache(begin, begin + code->size);
}

/* One empty chunk stays, so that a program that comes and goes maps nothing. */
static bool is_spare(const struct code_chunk *chunk)
{
	if (chunk->n_blocks > 0)
		return false;
	for (const struct code_chunk *c = chunks; c; c = c->next)
		if (c != chunk && c->n_blocks == 0 && !c->is_frozen)
			return true;
	return chunk->is_frozen || chunk->size > CHUNK;
}

void code_give(struct code *code)
{
	struct code_chunk *chunk = code->chunk, **link;

	if (!chunk)
		return;
	take_lock();
	chunk->n_blocks--;
	if (!chunk->is_frozen && SEES_CODE) {
		struct free_block *block = (struct free_block *)code->write;
		unsigned class = class_of(code->size);

		block->next = chunk->free[class];
		chunk->free[class] = block;
	}
	if (is_spare(chunk)) {
		for (link = &chunks; *link; link = &(*link)->next)
			if (*link == chunk) {
				*link = chunk->next;
				break;
			}
		unmap(chunk);
	} else if (chunk->n_blocks == 0 && SEES_CODE) { /* whole again */
		chunk->used = 0;
		memset(chunk->free, 0, sizeof(chunk->free));
	}
	give_lock();
	memset(code, 0, sizeof(*code));
}

size_t code_mapped(void)
{
	size_t now;

	take_lock();
	now = mapped;
	give_lock();
	return now;
}

#else

enum cbpf_err code_take(size_t bytes, struct code *code, struct cbpf_diag *diag)
{
	(void)bytes;
	memset(code, 0, sizeof(*code));
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "there is no native code on this system");
}

void code_is_written(const struct code *code)
{
	(void)code;
}

void code_give(struct code *code)
{
	(void)code;
}

size_t code_mapped(void)
{
	return 0;
}

#endif
