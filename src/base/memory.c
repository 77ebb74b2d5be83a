/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for the whole core. Every object and every scratch area comes
 * through struct cbpf_mem, so a host can count it, limit it, or refuse any
 * one request; nothing here keeps state of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void *call_libc(void *ctx, void *p, size_t old_size, size_t size)
{
	(void)ctx;
	(void)old_size;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

struct cbpf_mem mem_or_libc(const struct cbpf_mem *mem)
{
	struct cbpf_mem libc = { NULL, call_libc };

	return mem ? *mem : libc;
}

void *mem_new(const struct cbpf_mem *mem, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return mem->realloc(mem->ctx, NULL, 0, bytes ? bytes : 1);
}

void *mem_copy(const struct cbpf_mem *mem, const void *from, size_t size)
{
	void *p = mem_new(mem, size, 1);

	if (p && size)
		memcpy(p, from, size);
	return p;
}

void mem_free(const struct cbpf_mem *mem, void *p, size_t size)
{
	if (p)
		mem->realloc(mem->ctx, p, size ? size : 1, 0);
}

/* ---- arena ------------------------------------------------------------- */

#define ARENA_BLOCK 8192

struct arena_block {
	struct arena_block *next;
	size_t size; /* of the whole allocation */
	size_t used; /* this header included */
};

struct arena arena_new(const struct cbpf_mem *mem)
{
	struct arena arena = { mem_or_libc(mem), NULL };

	return arena;
}

/* Bytes as they are. */
static void *take_raw(struct arena *arena, size_t count, size_t size)
{
	struct arena_block *block = arena->blocks;
	size_t bytes, align = _Alignof(max_align_t);
	char *p;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + align - 1) / align * align;
	if (!block || block->size - block->used < bytes) {
		size_t head = (sizeof(*block) + align - 1) / align * align;
		size_t want = head + bytes;

		if (want < ARENA_BLOCK)
			want = ARENA_BLOCK;
		block = mem_new(&arena->mem, 1, want);
		if (!block)
			return NULL;
		block->next = arena->blocks;
		block->size = want;
		block->used = head;
		arena->blocks = block;
	}
	p = (char *)block + block->used;
	block->used += bytes;
	return p;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	void *p = take_raw(arena, count, size);

	return p ? memset(p, 0, count * size) : NULL;
}

uint32_t *arena_ones(struct arena *arena, size_t count)
{
	uint32_t *list = take_raw(arena, count, sizeof(*list));

	return list ? memset(list, 0xff, count * sizeof(*list)) : NULL;
}

void *arena_grow_now(struct arena *arena, const void *items, uint32_t n,
		     uint32_t more, uint32_t *cap, size_t size)
{
	uint64_t want = (uint64_t)n + more, room = *cap ? *cap : 64;
	void *bigger;

	while (room < want)
		room *= 2;
	if (room >= UINT32_MAX)
		return NULL;
	bigger = take_raw(arena, (size_t)room, size);
	if (!bigger)
		return NULL;
	if (items)
		memcpy(bigger, items, n * size);
	*cap = (uint32_t)room;
	return bigger;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;

		mem_free(&arena->mem, arena->blocks, arena->blocks->size);
		arena->blocks = next;
	}
}

/* ---- buffer ------------------------------------------------------------ */

struct buf buf_new(const struct cbpf_mem *mem)
{
	struct buf buf = { mem_or_libc(mem), NULL, 0, 0, false };

	return buf;
}

/* Room for size more bytes and a NUL. */
static bool buf_grow(struct buf *buf, size_t size)
{
	size_t cap = buf->cap ? buf->cap : 256;
	char *at;

	if (buf->is_broken)
		return false;
	if (size > SIZE_MAX / 4 - buf->len) {
		buf->is_broken = true;
		return false;
	}
	while (cap < buf->len + size + 1)
		cap *= 2;
	if (cap == buf->cap)
		return true;
	at = buf->mem.realloc(buf->mem.ctx, buf->at, buf->cap, cap);
	if (!at) {
		buf->is_broken = true;
		return false;
	}
	buf->at = at;
	buf->cap = cap;
	return true;
}

void buf_put(struct buf *buf, const void *from, size_t size)
{
	if (size && buf_grow(buf, size)) {
		memcpy(buf->at + buf->len, from, size);
		buf->len += size;
	}
}

void buf_print(struct buf *buf, const char *format, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	cbpf_assert(len >= 0);
	if ((size_t)len < sizeof(line)) {
		buf_put(buf, line, (size_t)len);
		return;
	}
	if (!buf_grow(buf, (size_t)len + 1))
		return;
	va_start(ap, format);
	vsnprintf(buf->at + buf->len, (size_t)len + 1, format, ap);
	va_end(ap);
	buf->len += (size_t)len;
}

char *buf_take(struct buf *buf, size_t *len)
{
	char *at;

	if (buf->is_broken || !buf_grow(buf, 0)) {
		buf_free(buf);
		return NULL;
	}
	at = buf->mem.realloc(buf->mem.ctx, buf->at, buf->cap, buf->len + 1);
	if (!at) {
		buf_free(buf);
		return NULL;
	}
	at[buf->len] = '\0';
	*len = buf->len;
	buf->at = NULL;
	buf->len = buf->cap = 0;
	return at;
}

void buf_free(struct buf *buf)
{
	mem_free(&buf->mem, buf->at, buf->cap);
	buf->at = NULL;
	buf->len = buf->cap = 0;
}
