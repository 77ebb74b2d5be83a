/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory: one allocation function (struct cbpf_mem), the arena of a public
 * call, and a buffer of bytes that grows.
 */
#ifndef CBPF_BASE_MEMORY_H
#define CBPF_BASE_MEMORY_H

#include <stdarg.h>

#include "base/compiler.h"
#include "cbpf/cbpf.h"

/* The given allocator, or libc's where mem is NULL. */
CBPF_INTERNAL struct cbpf_mem mem_or_libc(const struct cbpf_mem *mem);
/* NULL where count * size overflows or memory is refused. */
CBPF_INTERNAL void *mem_new(const struct cbpf_mem *mem, size_t count,
			    size_t size);
CBPF_INTERNAL void *mem_copy(const struct cbpf_mem *mem, const void *from,
			     size_t size);
CBPF_INTERNAL void mem_free(const struct cbpf_mem *mem, void *p, size_t size);

/*
 * Scratch memory of one call: given piece by piece, zeroed, freed at once.
 */
struct arena {
	struct cbpf_mem mem;
	struct arena_block *blocks;
};

CBPF_INTERNAL struct arena arena_new(const struct cbpf_mem *mem);
CBPF_INTERNAL void *arena_take(struct arena *arena, size_t count, size_t size);
/* So many numbers of which each bit is set; NULL: memory was refused. */
CBPF_INTERNAL uint32_t *arena_ones(struct arena *arena, size_t count);
/*
 * An array with room for `more` items behind its n: itself, or a copy twice as
 * large, *cap items; NULL where memory is refused or 32 bits cannot count them.
 * What is behind the n is not zeroed: room that is not used is never touched.
 */
CBPF_INTERNAL void *arena_grow_now(struct arena *arena, const void *items,
				   uint32_t n, uint32_t more, uint32_t *cap,
				   size_t size);
CBPF_INLINE void *arena_grow(struct arena *arena, void *items, uint32_t n,
			     uint32_t more, uint32_t *cap, size_t size)
{
	if (cbpf_likely(items && (uint64_t)n + more <= *cap))
		return items;
	return arena_grow_now(arena, items, n, more, cap, size);
}
CBPF_INTERNAL void arena_free(struct arena *arena);

/*
 * Bytes that grow. An allocation that fails sticks: later writes do nothing,
 * and the owner asks is_broken once at the end.
 */
struct buf {
	struct cbpf_mem mem;
	char *at;
	size_t len, cap;
	bool is_broken;
};

CBPF_INTERNAL struct buf buf_new(const struct cbpf_mem *mem);
CBPF_INTERNAL void buf_put(struct buf *buf, const void *from, size_t size);
CBPF_INTERNAL void buf_print(struct buf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Shrinks to len bytes and a NUL, and hands them over; NULL if broken. */
CBPF_INTERNAL char *buf_take(struct buf *buf, size_t *len);
CBPF_INTERNAL void buf_free(struct buf *buf);

#endif
