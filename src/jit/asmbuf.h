/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code written from its end to its begin: a jump forward is written when what
 * it jumps to is there, so its distance is known, and its shortest form. Places
 * are told as bytes from the end.
 */
#ifndef CBPF_JIT_ASMBUF_H
#define CBPF_JIT_ASMBUF_H

#include <string.h>

#include "base/memory.h"

struct asmbuf {
	struct arena *arena;
	uint8_t *bytes;
	size_t cap, left; /* left: free bytes, before what is written */
	bool is_broken;	  /* memory was refused */
};

/* Where what was written last begins, in bytes from the end. */
CBPF_INLINE uint32_t ab_here(const struct asmbuf *b)
{
	return (uint32_t)(b->cap - b->left);
}

CBPF_INLINE bool ab_room(struct asmbuf *b, size_t size)
{
	size_t cap = b->cap ? b->cap : 512;
	size_t used = b->cap - b->left;
	uint8_t *bigger;

	if (b->left >= size)
		return true;
	while (cap < used + size)
		cap *= 2;
	bigger = b->is_broken ? NULL : arena_take(b->arena, cap, 1);
	if (!bigger) {
		b->is_broken = true;
		return false;
	}
	if (used)
		memcpy(bigger + cap - used, b->bytes + b->left, used);
	b->bytes = bigger;
	b->left = cap - used;
	b->cap = cap;
	return true;
}

/* Bytes before all that is written. */
CBPF_INLINE void ab_put(struct asmbuf *b, const void *from, size_t size)
{
	if (!ab_room(b, size))
		return;
	b->left -= size;
	memcpy(b->bytes + b->left, from, size);
}

/* Bytes behind all that is written: its places are so much farther away. */
CBPF_INLINE void ab_behind(struct asmbuf *b, size_t size)
{
	size_t used = b->cap - b->left;

	if (size == 0 || !ab_room(b, size))
		return;
	b->left -= size;
	memmove(b->bytes + b->left, b->bytes + b->left + size, used);
	memset(b->bytes + b->left + used, 0, size);
}

CBPF_INLINE void ab_u8(struct asmbuf *b, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	ab_put(b, &byte, 1);
}

/* Low byte first, as x86 and arm64 have it. */
CBPF_INLINE void ab_u32(struct asmbuf *b, uint32_t v)
{
	uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
			     (uint8_t)(v >> 24) };

	ab_put(b, bytes, 4);
}

CBPF_INLINE void ab_u64(struct asmbuf *b, uint64_t v)
{
	ab_u32(b, (uint32_t)(v >> 32));
	ab_u32(b, (uint32_t)v);
}

#endif
