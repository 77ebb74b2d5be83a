/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searches (src/ir/search.h): random ranges, of which many are single numbers,
 * with and without counts, to be quick and to be short: each number gets to
 * where it is to go, tests lead behind themselves, and there are fewer of them
 * than ranges.
 *
 *	search [TIMES]
 */
#include <stdlib.h>

#include "ir/search.h"
#include "tap.h"

#define MOST  300
#define PLACE 8 /* places that numbers go to */

static uint64_t seed = 3;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

static uint32_t make_items(struct search_item *items)
{
	uint32_t n = 1 + below(below(2) ? 12 : MOST), places = 2 + below(3);
	uint32_t at = 0;

	for (uint32_t i = 0; i < n; i++) {
		bool is_last = i + 1 == n;
		uint32_t more = below(3) ? 0 : below(1000000);

		items[i] = (struct search_item){ at, at + more, below(places),
						 below(4) ? 0 : below(10), 0 };
		if (below(8) == 0)
			items[i].count = (uint64_t)1 << below(30);
		if (is_last)
			items[i].last = UINT32_MAX;
		at = items[i].last + 1;
	}
	return n;
}

/* Where a number gets to; PLACE: tests lead nowhere. */
static uint32_t find(const struct search *s, uint32_t begin, uint32_t number)
{
	uint32_t at = begin, before = 0;

	while (at >= PLACE) {
		const struct search_test *test;

		if (at - PLACE >= s->n_tests || at < before)
			return PLACE;
		before = at + 1;
		test = &s->tests[at - PLACE];
		at = (test->is_equal ? number == test->k : number >= test->k)
			     ? test->yes
			     : test->no;
	}
	return at;
}

static unsigned count_lost(struct search *s, const struct search_item *items,
			   uint32_t n)
{
	uint32_t begin = search_plan(s, n, PLACE);
	unsigned lost = s->n_tests >= n && n > 1;

	for (uint32_t i = 0; i < n; i++) {
		lost += find(s, begin, items[i].first) != items[i].to;
		lost += find(s, begin, items[i].last) != items[i].to;
	}
	return lost;
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 4000;
	struct arena arena;
	const struct cbpf_mem mem = mem_or_libc(NULL);
	static struct search_item items[MOST];

	arena = arena_new(&mem);
	for (int how = 0; how < 4; how++) {
		struct search s = { .is_counted = how & 1,
				    .is_small = how >> 1 & 1 };
		unsigned lost = 0;

		if (!search_take(&s, &arena, MOST))
			return 2;
		for (int i = 0; i < times; i++) {
			uint32_t n = make_items(items);

			s.row = below(2) ? 2 : 2 + below(20);
			for (uint32_t k = 0; k < n; k++)
				s.items[k] = items[k];
			lost += count_lost(&s, items, n);
		}
		tap_ok(lost == 0, "%s, %s: %d searches, %u numbers lost",
		       s.is_counted ? "counted" : "not counted",
		       s.is_small ? "short" : "quick", times, lost);
	}
	arena_free(&arena);
	return tap_done();
}
