/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Searches: see search.h. Each level has half of the numbers, or of what is met
 * by them, so that the recursion is log n deep.
 */
#include "ir/search.h"

#define NONE UINT32_MAX

bool search_take(struct search *s, struct arena *arena, uint32_t most)
{
	s->most = most;
	s->items = arena_take(arena, most, sizeof(*s->items));
	s->tests = arena_take(arena, most, sizeof(*s->tests));
	s->is_single = arena_take(arena, most, sizeof(*s->is_single));
	s->begins = arena_take(arena, most, sizeof(*s->begins));
	s->rest = arena_take(arena, most, sizeof(*s->rest));
	return s->items && s->tests && s->is_single && s->begins && s->rest;
}

static uint32_t add_test(struct search *s, bool is_equal, uint32_t k)
{
	cbpf_assert(s->n_tests < s->most);
	s->tests[s->n_tests].is_equal = is_equal;
	s->tests[s->n_tests].k = k;
	return s->n_tests++;
}

/* Where the first range of more than one number goes, or NONE. */
static uint32_t first_range(const struct search *s, uint32_t low, uint32_t high)
{
	for (uint32_t i = low; i <= high; i++)
		if (s->items[i].first != s->items[i].last)
			return s->items[i].to;
	return NONE;
}

/*
 * Which of the items are asked for by themselves: single numbers, if they do
 * not go where what is left before them does. The others are joined in rest,
 * which has one at the least. What was asked for before goes anywhere.
 */
static uint32_t find_singles(struct search *s, uint32_t low, uint32_t high,
			     uint32_t *n_rest)
{
	uint32_t n = 0, to = first_range(s, low, high), last = high;

	*n_rest = 0;
	while (last > low && s->items[last].is_asked)
		last--;
	for (uint32_t i = low; i <= high; i++) {
		const struct search_item *item = &s->items[i];
		bool is_like_rest = item->to == to;

		s->begins[i] = s->is_single[i] = false;
		if (item->is_asked && i != last)
			continue;
		s->is_single[i] = item->first == item->last && !is_like_rest &&
				  (i < last || *n_rest);
		if (s->is_single[i]) {
			n++;
		} else if (*n_rest && is_like_rest) {
			s->rest[*n_rest - 1].last = item->last;
		} else {
			s->begins[i] = *n_rest > 0;
			s->rest[(*n_rest)++] = *item;
			to = item->to;
		}
	}
	return n;
}

/* Tests that tell n ranges in a row apart; where they begin. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t plan_rest(struct search *s, const struct search_item *rest,
			  uint32_t n)
{
	uint32_t mid = n / 2, test;

	if (n == 1)
		return rest[0].to;
	test = add_test(s, false, rest[mid].first);
	s->tests[test].no = plan_rest(s, rest, mid);
	s->tests[test].yes = plan_rest(s, rest + mid, n - mid);
	return s->first + test;
}

/* The single number to be asked for next, or NONE: the first, or most met. */
static uint32_t next_single(const struct search *s, uint32_t low, uint32_t high)
{
	uint32_t next = NONE;

	for (uint32_t i = low; i <= high; i++) {
		if (!s->is_single[i])
			continue;
		if (!s->is_counted)
			return i;
		if (next == NONE || s->items[i].count > s->items[next].count)
			next = i;
	}
	return next;
}

/* One number after another, then what is left. */
static uint32_t plan_row(struct search *s, uint32_t low, uint32_t high,
			 uint32_t n_rest)
{
	uint32_t begin, last = NONE, first = s->n_tests;
	uint32_t i = next_single(s, low, high);

	for (; i != NONE; i = next_single(s, s->is_counted ? low : i, high)) {
		s->is_single[i] = false;
		if (last != NONE)
			s->tests[last].no = s->first + s->n_tests;
		last = add_test(s, true, s->items[i].first);
		s->tests[last].yes = s->items[i].to;
	}
	begin = plan_rest(s, s->rest, n_rest);
	if (last == NONE)
		return begin;
	s->tests[last].no = begin;
	return s->first + first;
}

/* The item at which to halve: near the middle; low: nowhere. */
static uint32_t find_middle(const struct search *s, uint32_t low, uint32_t high,
			    uint32_t tests)
{
	uint32_t mid = low + (high - low + 1) / 2, most = mid - low;

	if (!s->is_small)
		most /= 2;
	for (uint32_t i = 0; i <= most; i++) {
		if (mid - i > low && s->begins[mid - i])
			return mid - i;
		if (mid + i <= high && s->begins[mid + i])
			return mid + i;
	}
	return tests > s->row ? mid : low;
}

static uint64_t count_of(const struct search *s, uint32_t low, uint32_t high)
{
	uint64_t count = 0;

	for (uint32_t i = low; i <= high; i++)
		count += s->items[i].count;
	return count;
}

/* The item at which what is met is halved, at no cost where there is such. */
static uint32_t find_heavy_middle(const struct search *s, uint32_t low,
				  uint32_t high, uint32_t tests)
{
	uint64_t all = count_of(s, low, high), below = 0, best = UINT64_MAX;
	uint32_t mid = low;
	bool has_free = false, has_below = false;

	for (uint32_t i = low + 1; i <= high; i++)
		has_free |= s->begins[i];
	if (!has_free && tests <= s->row)
		return low;
	for (uint32_t i = low + 1; i <= high; i++) {
		uint64_t apart;

		below += s->items[i - 1].count;
		has_below |= !s->items[i - 1].is_asked;
		apart = 2 * below > all ? 2 * below - all : all - 2 * below;
		if (apart < best && has_below && !s->items[i].is_asked &&
		    (s->begins[i] || !has_free)) {
			best = apart;
			mid = i;
		}
	}
	return mid;
}

/* The single number that is met more often than all others, or NONE. */
static uint32_t find_most(const struct search *s, uint32_t low, uint32_t high)
{
	uint64_t all = count_of(s, low, high);

	for (uint32_t i = low; i <= high; i++)
		if (s->is_single[i] && 2 * s->items[i].count > all)
			return i;
	return NONE;
}

static uint32_t plan(struct search *s, uint32_t low, uint32_t high);

/* Asks for one number, then for the others, among which it may go anywhere. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t plan_most(struct search *s, uint32_t low, uint32_t high,
			  uint32_t most)
{
	uint32_t test = add_test(s, true, s->items[most].first);

	s->tests[test].yes = s->items[most].to;
	s->items[most].is_asked = true;
	s->items[most].count = 0;
	s->tests[test].no = plan(s, low, high);
	return s->first + test;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t plan(struct search *s, uint32_t low, uint32_t high)
{
	uint32_t n_rest, n = find_singles(s, low, high, &n_rest), mid = low;
	uint32_t test, most;

	if (n + n_rest > 3) {
		most = s->is_counted ? find_most(s, low, high) : NONE;
		if (most != NONE)
			return plan_most(s, low, high, most);
		mid = s->is_counted
			      ? find_heavy_middle(s, low, high, n + n_rest - 1)
			      : find_middle(s, low, high, n + n_rest - 1);
	}
	if (mid == low)
		return plan_row(s, low, high, n_rest);
	test = add_test(s, false, s->items[mid].first);
	s->tests[test].no = plan(s, low, mid - 1);
	s->tests[test].yes = plan(s, mid, high);
	return s->first + test;
}

/*
 * Each item a share of what is met, so that numbers that are met as seldom are
 * halved, too: an eighth of it all together.
 */
static void share_counts(struct search *s, uint32_t n)
{
	uint64_t all = count_of(s, 0, n - 1) + 1;

	for (uint32_t i = 0; i < n; i++)
		s->items[i].count = (uint64_t)8 * n * s->items[i].count + all;
}

uint32_t search_plan(struct search *s, uint32_t n, uint32_t first)
{
	s->n_tests = 0;
	s->first = first;
	for (uint32_t i = 0; i < n; i++)
		s->items[i].is_asked = false;
	if (s->is_counted)
		share_counts(s, n);
	return plan(s, 0, n - 1);
}

uint32_t search_plan_switch(struct search *s, const struct ir *ir,
			    const struct ir_block *block)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;

	for (uint32_t i = 0; i < block->n_ranges; i++)
		s->items[i] = (struct search_item){
			ranges[i].first, ir_last_of(ranges, block->n_ranges, i),
			ranges[i].edge, 0
		};
	return search_plan(s, block->n_ranges, block->n_edges);
}
