/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of files put together again: see units.h. */
#include <stdlib.h>
#include <string.h>

#include "scan/units.h"

/* ---- results ------------------------------------------------------------ */

static bool is_same(const struct unit *a, const struct unit *b)
{
	return a->file == b->file && a->from == b->from && a->to == b->to &&
	       a->is_exact == b->is_exact && (a->but != 0) == (b->but != 0);
}

/* Where a unit's result is, or would be. */
static uint32_t slot_of(const struct units *u, const struct unit *unit)
{
	uint64_t h = unit->from * 2 + unit->is_exact + (unit->but != 0);
	uint32_t at;

	h = (h ^ unit->file * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;
	at = (uint32_t)(h >> 32) & (u->n_slots - 1);
	while (u->slots[at] &&
	       !is_same(&u->results[u->slots[at] - 1]->unit, unit))
		at = (at + 1) & (u->n_slots - 1);
	return at;
}

const struct unit_result *units_find(const struct units *u,
				     const struct unit *unit)
{
	uint32_t found = u->n_slots ? u->slots[slot_of(u, unit)] : 0;

	return found ? u->results[found - 1] : NULL;
}

/* Room for one item more; NULL: the job is broken. */
static void *room(struct units *u, void *items, uint32_t n, uint32_t *cap,
		  size_t size)
{
	void *wider = arena_grow(u->arena, items, n, 1, cap, size);

	u->is_broken |= !wider;
	return wider;
}

/* Slots, twice as many as results at least; false: no memory. */
static bool widen(struct units *u)
{
	if (u->n_slots > 2 * u->n_results)
		return true;
	u->n_slots = u->n_slots ? 4 * u->n_slots : 256;
	u->slots = arena_take(u->arena, u->n_slots, sizeof(*u->slots));
	u->is_broken |= !u->slots;
	if (!u->slots)
		u->n_slots = 0;
	for (uint32_t i = 0; u->slots && i < u->n_results; i++)
		u->slots[slot_of(u, &u->results[i]->unit)] = i + 1;
	return u->slots != NULL;
}

void units_note(struct units *u, const struct unit_result *result)
{
	size_t size = units_result_size(u);
	struct unit_result *copy;
	const struct unit_result **items;
	uint32_t at;

	if (u->is_broken || !widen(u))
		return;
	at = slot_of(u, &result->unit);
	if (u->slots[at])
		return;
	copy = arena_take(u->arena, 1, size);
	items = room(u, u->results, u->n_results, &u->cap_results,
		     sizeof(void *));
	if (!copy || !items) {
		u->is_broken = true;
		return;
	}
	memcpy(copy, result, size);
	u->results = items;
	u->results[u->n_results] = copy;
	u->slots[at] = ++u->n_results;
}

/* ---- what is due -------------------------------------------------------- */

struct counter {
	struct units *u;
	struct unit_list *due;
};

static void want(struct counter *c, const struct unit *unit)
{
	struct unit *items = room(c->u, c->due->list, c->due->n, &c->due->cap,
				  sizeof(*items));

	if (!items)
		return;
	c->due->list = items;
	items[c->due->n++] = *unit;
}

static void count(struct counter *c, const struct unit_result *result)
{
	struct units *u = c->u;
	const struct unit_result **items = room(
		u, u->counted, u->n_counted, &u->cap_counted, sizeof(void *));

	if (!items)
		return;
	u->counted = items;
	items[u->n_counted++] = result;
}

/* What came of a unit, of one that failed by another rank; NULL: it is due. */
static const struct unit_result *ask(struct counter *c, struct unit unit)
{
	const struct unit_result *result = units_find(c->u, &unit);

	if (result && result->failed.code != CBPF_OK) {
		unit.but = result->rank + 1;
		result = units_find(c->u, &unit);
	}
	if (!result)
		want(c, &unit);
	return result;
}

/* Part i of a file, which begins where a record seems to. */
static struct unit guess_of(const struct units *u, uint32_t file, uint64_t i)
{
	uint64_t from = i * u->bytes, size = u->files[file].size;

	return (struct unit){ .file = file,
			      .from = from,
			      .to = size - from > u->bytes ? from + u->bytes
							   : 0 };
}

/* All parts of a file that have not been done are due at once. */
static bool has_guesses(struct counter *c, uint32_t file)
{
	uint32_t before = c->due->n;
	struct unit unit;
	uint64_t i = 0;

	do {
		unit = guess_of(c->u, file, i++);
		if (!units_find(c->u, &unit))
			want(c, &unit);
	} while (unit.to);
	return c->due->n == before;
}

/* A part whose begin is known: what was guessed, if that was right, and did not
 * fail; else from there. */
static const struct unit_result *ask_from(struct counter *c,
					  const struct unit *guess, uint64_t at)
{
	const struct unit_result *result = units_find(c->u, guess);
	struct unit exact = *guess;

	if (guess->from == 0)
		return ask(c, *guess);
	if (result->start == at && result->failed.code == CBPF_OK)
		return result;
	exact.from = at;
	exact.is_exact = true;
	if (result->start == at)
		exact.but = result->rank + 1;
	return ask(c, exact);
}

/* What counts of a file, from part to part as long as each is done. */
static void count_parts(struct counter *c, uint32_t file)
{
	const struct unit_result *result = NULL;
	struct unit unit;
	uint64_t at = 0, i = 0;

	do {
		unit = guess_of(c->u, file, i++);
		if (unit.to && at >= unit.to)
			continue; /* a record that is longer than the part */
		result = ask_from(c, &unit, at);
		if (result && result->is_described) {
			/* from there on all of it, by one */
			unit.from = result->start;
			unit.to = 0;
			unit.is_exact = true;
			result = ask(c, unit);
		}
		if (!result)
			return;
		count(c, result);
		at = result->end;
	} while (unit.to && result->failed.code == CBPF_OK);
}

static uint64_t size_of(const struct units *u, const struct unit *unit)
{
	uint64_t end = unit->to ? unit->to : u->files[unit->file].size;

	return end > unit->from ? end - unit->from : 0;
}

static const struct units *sorted; /* by one thread */

static int by_size(const void *one, const void *other)
{
	const struct unit *a = one, *b = other;
	uint64_t size_a = size_of(sorted, a), size_b = size_of(sorted, b);

	if (size_a != size_b)
		return size_a < size_b ? 1 : -1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->from < b->from ? -1 : a->from > b->from;
}

void units_due(struct units *u, struct unit_list *due)
{
	struct counter c = { u, due };

	due->n = 0;
	u->n_counted = 0;
	for (uint32_t file = 0; file < u->n_files && !u->is_broken; file++) {
		struct unit all = { .file = file };
		const struct unit_result *result;

		if (u->files[file].has_parts) {
			if (has_guesses(&c, file))
				count_parts(&c, file);
			continue;
		}
		result = ask(&c, all);
		if (result)
			count(&c, result);
	}
	sorted = u;
	if (due->n > 1)
		qsort(due->list, due->n, sizeof(*due->list), by_size);
}
