/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jobs of many processes without processes: files are made of records whose
 * places are known, units are "done" as a scan would do them, with begins that
 * are guessed wrong, ranks that fail, and interfaces that are described late;
 * what counts in the end is each record once.
 */
#include <string.h>

#include "scan/units.h"
#include "tap.h"

#define FILES	4
#define RECORDS 400

/* The places of the records of a file, and its end. */
static uint64_t places[FILES][RECORDS + 1];
static uint64_t described[FILES]; /* a record that describes more, or 0 */
static uint64_t broken[FILES];	  /* nothing is read from it on; or 0 */

static uint64_t state = 1;

static uint32_t draw(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % n;
}

static void make_files(void)
{
	for (unsigned f = 0; f < FILES; f++) {
		uint64_t at = 24;

		for (unsigned i = 0; i < RECORDS; i++) {
			places[f][i] = at;
			/* now and then one is longer than units are */
			at += 20 + (draw(40) ? draw(100) : draw(4000));
		}
		places[f][RECORDS] = at;
		described[f] = f == 1 ? 150 + draw(100) : 0;
		broken[f] = f == 2 ? 300 : 0;
	}
}

/* What of a unit is guessed wrong: one in so many. */
struct trouble {
	uint32_t wrong, failing; /* 0: none */
};

/* What a scan of the unit finds: each record is a packet of so many bytes. */
static void scan(const struct units *u, const struct unit *unit,
		 const struct trouble *t, uint32_t rank, struct unit_result *r)
{
	const uint64_t *at = places[unit->file];
	unsigned i = 0;

	memset(r, 0, units_result_size(u));
	r->unit = *unit;
	r->rank = rank;
	r->is_open = true;
	while (i < RECORDS && at[i] < unit->from)
		i++;
	r->start = r->end = at[i];
	if (t->wrong && unit->from > 0 && !unit->is_exact &&
	    draw(t->wrong) == 0) {
		r->start -= 3;
		r->seen.packets = 1000000; /* which must not count */
	}
	if (t->failing && !unit->but && draw(t->failing) == 0) {
		r->failed.code = CBPF_E_SYSTEM;
		r->seen.packets = 1000000;
		return;
	}
	for (; i < RECORDS && (!unit->to || at[i] < unit->to); i++) {
		if (broken[unit->file] && i >= broken[unit->file]) {
			r->failed.code = CBPF_E_CAP_SIZE;
			return;
		}
		r->is_described |= described[unit->file] == i && i > 0 &&
				   !(unit->from == 0 && unit->to == 0);
		/* without what was described, its meaning is another */
		r->seen.packets++;
		r->seen.bytes += described[unit->file] && unit->to &&
						 i > described[unit->file]
					 ? 1000000
					 : i;
		r->end = at[i + 1];
	}
}

/* All rounds; how many. A unit that has failed must be another rank's. */
static unsigned do_job(struct units *u, const struct trouble *t, uint32_t ranks,
		       unsigned *by_same)
{
	struct unit_result *r = arena_take(u->arena, 1, units_result_size(u));
	struct unit_list due = { NULL, 0, 0 };
	unsigned rounds = 0;

	for (;;) {
		units_due(u, &due);
		if (due.n == 0 || u->is_broken || rounds > 2000)
			return rounds;
		rounds++;
		for (uint32_t i = 0; i < due.n; i++) {
			uint32_t rank = due.list[i].but
						? due.list[i].but % ranks
						: draw(ranks);

			*by_same += due.list[i].but == rank + 1 && ranks > 1;
			if (units_find(u, &due.list[i]))
				rounds = 10000; /* it is done already */
			scan(u, &due.list[i], t, rank, r);
			units_note(u, r);
		}
	}
}

static void test(const char *what, const struct trouble *t, uint64_t bytes,
		 uint32_t ranks)
{
	struct arena arena = arena_new(NULL);
	struct unit_file files[FILES];
	struct units u = { .arena = &arena,
			   .files = files,
			   .n_files = FILES,
			   .bytes = bytes };
	struct cbpf_scan_count seen[FILES] = { { 0, 0 } };
	unsigned bad = 0, by_same = 0, rounds;

	for (unsigned f = 0; f < FILES; f++)
		files[f] = (struct unit_file){ .path = "",
					       .size = places[f][RECORDS],
					       .has_parts = f != 3 };
	rounds = do_job(&u, t, ranks, &by_same);
	for (uint32_t i = 0; i < u.n_counted; i++) {
		uint32_t f = u.counted[i]->unit.file;

		seen[f].packets += u.counted[i]->seen.packets;
		seen[f].bytes += u.counted[i]->seen.bytes;
		bad += i > 0 && u.counted[i - 1]->unit.file > f;
	}
	for (unsigned f = 0; f < FILES; f++) {
		uint64_t n = broken[f] ? broken[f] : RECORDS;

		bad += seen[f].packets != n || seen[f].bytes != n * (n - 1) / 2;
	}
	tap_ok(bad == 0 && by_same == 0 && rounds < 2000,
	       "%s, units of %u bytes: %u rounds, %u wrong, %u tried again by "
	       "the same",
	       what, (unsigned)bytes, rounds, bad, by_same);
	arena_free(&arena);
}

int main(void)
{
	static const uint64_t sizes[] = { 50, 777, 5000, 1000000 };

	make_files();
	for (size_t i = 0; i < CBPF_COUNT(sizes); i++) {
		test("as guessed", &(struct trouble){ 0, 0 }, sizes[i], 3);
		test("wrong guesses", &(struct trouble){ 3, 0 }, sizes[i], 3);
		test("nothing but wrong guesses", &(struct trouble){ 1, 0 },
		     sizes[i], 3);
		test("ranks that fail", &(struct trouble){ 0, 4 }, sizes[i], 2);
		test("all of that", &(struct trouble){ 5, 5 }, sizes[i], 5);
	}
	return tap_done();
}
