/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets as tables: see table.h. */
#include <string.h>

#include "ir/table.h"

#define SPAN_MAX   (1u << 17) /* bits: half of a first cache */
#define HASH_MAX   (1u << 22) /* numbers */
#define TRIES_MAX  8	      /* factors, for each size of the table */
#define SIZES	   3	      /* each twice the one before */
#define MOVES_MOST 500	      /* of numbers, until one more has its place */

/* Ranges of the set, and the numbers in them. */
struct members {
	const struct ir_range *ranges;
	uint32_t n_ranges, yes;
	uint32_t n, low,
		high; /* ranges of the set; the first, the last number */
	uint64_t numbers;
};

/* Of the two edges, those of the one that fewer numbers take. */
static bool count_members(const struct ir *ir, const struct ir_block *block,
			  struct members *m)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;
	struct members by_edge[2] = { { .yes = 0 }, { .yes = 1 } };

	if (block->n_edges != 2)
		return false;
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		struct members *of = &by_edge[ranges[i].edge];

		if (of->n++ == 0)
			of->low = ranges[i].first;
		of->high = ir_last_of(ranges, block->n_ranges, i);
		of->numbers += (uint64_t)of->high - ranges[i].first + 1;
	}
	*m = by_edge[by_edge[1].numbers < by_edge[0].numbers];
	m->ranges = ranges;
	m->n_ranges = block->n_ranges;
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

/* Numbers as they are put in: one that finds its place taken goes there, and
 * what was there goes to its other place. */
struct cuckoo {
	struct table *table;
	uint8_t *is_taken; /* by place */
};

static uint32_t place_of(const struct table *t, uint32_t number, unsigned which)
{
	return number * t->factors[which] >> t->shift;
}

/* False: it goes on and on. */
static bool put_number(void *ctx, uint32_t number)
{
	struct cuckoo *c = ctx;
	struct table *t = c->table;
	uint32_t place = place_of(t, number, 0);

	for (unsigned moves = 0; moves < MOVES_MOST; moves++) {
		uint32_t other = t->words[place];

		t->words[place] = number;
		if (!c->is_taken[place]) {
			c->is_taken[place] = 1;
			return true;
		}
		number = other;
		place = place_of(t, number, 0) == place
				? place_of(t, number, 1)
				: place_of(t, number, 0);
	}
	return false;
}

/* By some odd numbers; what is left free holds a member, which may be found. */
static bool fill(const struct members *m, struct cuckoo *c)
{
	struct table *t = c->table;
	uint32_t factor = 0x9e3779b1;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		for (unsigned which = 0; which < 2; which++) {
			factor = factor * 1664525 + 1013904223;
			t->factors[which] = factor | 1;
		}
		memset(c->is_taken, 0, t->n);
		if (!each_member(m, put_number, c))
			continue;
		for (uint32_t k = 0; k < t->n; k++)
			if (!c->is_taken[k])
				t->words[k] = m->low;
		return true;
	}
	return false;
}

/* At most two places of five are taken. */
static bool make_hash(const struct members *m, struct arena *arena,
		      struct table *t)
{
	struct cuckoo c = { t, NULL };

	t->shift = 31;
	while (((uint64_t)1 << (32 - t->shift)) < m->numbers * 5 / 2)
		t->shift--;
	for (unsigned times = 0; times < SIZES; times++, t->shift--) {
		t->n = (uint32_t)1 << (32 - t->shift);
		t->words = arena_take(arena, t->n, sizeof(*t->words));
		c.is_taken = arena_take(arena, t->n, 1);
		if (!t->words || !c.is_taken)
			return false;
		if (fill(m, &c)) {
			t->kind = TABLE_HASH;
			return true;
		}
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
