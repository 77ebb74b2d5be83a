/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets as tables: see table.h. */
#include <string.h>

#include "ir/table.h"

#define SPAN_MAX  (1u << 17) /* bits: half of a first cache */
#define HASH_MAX  (1u << 22) /* numbers */
#define TRIES_MAX 40	     /* factors, for each size of the table */
#define SIZES	  3	     /* each twice the one before */

/* Ranges of the set, and the numbers in them. */
struct members {
	const struct ir_range *ranges;
	uint32_t n_ranges, yes;
	uint32_t n, low,
		high; /* ranges of the set; the first, the last number */
	uint64_t numbers;
};

static bool count_members(const struct ir *ir, const struct ir_block *block,
			  struct members *m)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;
	uint32_t no = ranges[0].edge;

	*m = (struct members){ ranges, block->n_ranges, !no, 0, 0, 0, 0 };
	if (block->n_edges != 2 || ranges[block->n_ranges - 1].edge != no)
		return false;
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		uint32_t last = ir_last_of(ranges, block->n_ranges, i);

		if (ranges[i].edge == no)
			continue;
		if (m->n++ == 0)
			m->low = ranges[i].first;
		m->high = last;
		m->numbers += (uint64_t)last - ranges[i].first + 1;
	}
	return true;
}

/* Calls with each number of the set, in order, until that says false. */
static bool each_member(const struct members *m,
			bool (*each)(void *ctx, uint32_t number), void *ctx)
{
	for (uint32_t i = 0; i < m->n_ranges; i++) {
		uint64_t last = ir_last_of(m->ranges, m->n_ranges, i);

		if (m->ranges[i].edge != m->yes)
			continue;
		for (uint64_t v = m->ranges[i].first; v <= last; v++)
			if (!each(ctx, (uint32_t)v))
				return false;
	}
	return true;
}

/* ---- bitmaps ------------------------------------------------------------ */

static bool set_bit(void *ctx, uint32_t number)
{
	struct table *t = ctx;
	uint32_t bit = number - t->low;

	t->words[bit / 32] |= (uint32_t)1 << bit % 32;
	return true;
}

static bool make_bitmap(const struct members *m, struct arena *arena,
			struct table *t)
{
	t->kind = TABLE_BITMAP;
	t->low = m->low;
	t->span = m->high - m->low;
	t->n = t->span / 32 + 1;
	t->words = arena_take(arena, t->n, sizeof(*t->words));
	return t->words && each_member(m, set_bit, t);
}

/* ---- hashes ------------------------------------------------------------- */

struct buckets {
	struct table *table;
	uint8_t *counts; /* numbers in each */
	uint32_t n;
};

static uint32_t bucket_of(const struct buckets *b, uint32_t number)
{
	return number * b->table->factor >> b->table->shift;
}

/* False: a bucket has more than it holds. */
static bool count_number(void *ctx, uint32_t number)
{
	struct buckets *b = ctx;

	return b->counts[bucket_of(b, number)]++ < TABLE_BUCKET;
}

static bool put_number(void *ctx, uint32_t number)
{
	struct buckets *b = ctx;
	uint32_t bucket = bucket_of(b, number);

	b->table->words[bucket * TABLE_BUCKET + b->counts[bucket]++] = number;
	return true;
}

/* What is left free holds a number that is never looked for there: a member,
 * whose own bucket it is found in. */
static bool fill(const struct members *m, struct arena *arena,
		 struct buckets *b)
{
	struct table *t = b->table;

	t->kind = TABLE_HASH;
	t->n = b->n * TABLE_BUCKET;
	t->words = arena_take(arena, t->n, sizeof(*t->words));
	if (!t->words)
		return false;
	for (uint32_t k = 0; k < t->n; k++)
		t->words[k] = m->low;
	memset(b->counts, 0, b->n);
	return each_member(m, put_number, b);
}

/* Multiplied by some odd number, and the highest bits: one that spreads. */
static bool find_factor(const struct members *m, struct buckets *b)
{
	uint32_t factor = 0x9e3779b1;

	b->table->shift = 32;
	for (uint32_t n = b->n; n > 1; n /= 2)
		b->table->shift--;
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		factor = factor * 1664525 + 1013904223;
		b->table->factor = factor | 1;
		memset(b->counts, 0, b->n);
		if (each_member(m, count_number, b))
			return true;
	}
	return false;
}

static bool make_hash(const struct members *m, struct arena *arena,
		      struct table *t)
{
	struct buckets b = { .table = t, .n = 2 };

	while (b.n < m->numbers / 2)
		b.n *= 2;
	for (unsigned times = 0; times < SIZES; times++, b.n *= 2) {
		b.counts = arena_take(arena, b.n, 1);
		if (!b.counts)
			return false;
		if (find_factor(m, &b))
			return fill(m, arena, &b);
	}
	return true; /* a search, then */
}

/* ---- which -------------------------------------------------------------- */

bool table_make(const struct ir *ir, const struct ir_block *block, uint32_t few,
		struct arena *arena, struct table *table)
{
	struct members m;

	*table = (struct table){ .kind = TABLE_NONE };
	if (!count_members(ir, block, &m) || m.n <= few)
		return true;
	table->yes = m.yes;
	table->no = !m.yes;
	if (m.high - m.low < SPAN_MAX)
		return make_bitmap(&m, arena, table);
	if (m.numbers > 4 * (uint64_t)m.n || m.numbers > HASH_MAX)
		return true;
	return make_hash(&m, arena, table);
}
