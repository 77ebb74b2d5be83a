/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Facts of values: ranges, known bits, and how some tests came out.
 *
 *	v = load.1 [23]			v is 0 .. 255
 *	behind v == 6 failed		and it is not 6
 *	behind v >= 17 failed		it is 0 .. 16, and not 6
 *	v & 1 held			its lowest bit is 1
 *
 * Each is O(1) to learn, to ask and to forget: ranges and bits are kept by
 * value, with a log of what they were; outcomes of tests in lists by hash,
 * off which they are taken in the opposite order.
 */
#include <string.h>

#include "ir/facts.h"

/* ---- the beginning ------------------------------------------------------ */

/* Bits above the highest that a number up to high can have. */
static uint32_t zeros_above(uint32_t high)
{
	if (high == 0)
		return UINT32_MAX;
	return ~(uint32_t)(((uint64_t)2 << (31 - __builtin_clz(high))) - 1);
}

/* Range and bits each say something of the other. */
static void agree(struct ir_known *known)
{
	known->zeros |= zeros_above(known->high) & ~known->ones;
	if (known->low < known->ones)
		known->low = known->ones;
	if (known->high > ~known->zeros)
		known->high = ~known->zeros;
}

/* What the operation says, given what its operands are. */
static struct ir_known by_operation(const struct ir_facts *f, uint32_t id)
{
	const struct ir_insn *insn = &f->ir->insns[id];
	const struct ir_known anything = { 0, UINT32_MAX, 0, 0 };
	struct ir_known known = anything;
	struct ir_known a = insn->a == IR_NONE ? anything : f->known[insn->a];
	uint32_t k = 0;
	bool is_const = ir_is_const(f->ir, insn->b, &k);

	switch ((enum ir_op)insn->op) {
	case IR_CONST:
		known = (struct ir_known){ insn->k, insn->k, insn->k,
					   ~insn->k };
		break;
	case IR_LOAD:
	case IR_LOAD_ANY:
	case IR_LOAD_IND:
	case IR_LOAD_ZERO:
		if (insn->size < 4)
			known.high = (1u << 8 * insn->size) - 1;
		break;
	case IR_MSH_ANY:
		known.high = 60;
		known.zeros = 3;
		break;
	case IR_AND:
		if (!is_const)
			break;
		known.zeros = ~k | a.zeros;
		known.ones = k & a.ones;
		break;
	case IR_OR:
		if (!is_const)
			break;
		known.zeros = ~k & a.zeros;
		known.ones = k | a.ones;
		break;
	case IR_LSH:
		if (!is_const || k > 31)
			break;
		known.zeros = a.zeros << k | ((1u << k) - 1);
		known.ones = a.ones << k;
		break;
	case IR_RSH:
		if (!is_const || k > 31)
			break;
		known.zeros = a.zeros >> k | ~(UINT32_MAX >> k);
		known.ones = a.ones >> k;
		break;
	default:
		break;
	}
	agree(&known);
	return known;
}

bool ir_facts_new(const struct ir *ir, struct arena *arena, struct ir_facts *f)
{
	memset(f, 0, sizeof(*f));
	f->ir = ir;
	f->arena = arena;
	f->n_known = ir->n_insns;
	f->n_lists = 64;
	while (f->n_lists < ir->n_blocks)
		f->n_lists *= 2;
	f->known = arena_take(arena, ir->n_insns, sizeof(*f->known));
	f->lists = arena_ones(arena, f->n_lists);
	f->left_by = arena_ones(arena, ir->n_insns);
	if (!f->known || !f->lists || !f->left_by)
		return false;
	/* operands stand before what uses them, and so they are visited */
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
		     i = ir->insns[i].next)
			f->known[i] = by_operation(f, i);
	return true;
}

/* ---- learning and forgetting -------------------------------------------- */

struct ir_mark ir_mark(const struct ir_facts *f)
{
	return (struct ir_mark){ f->n_log, f->n_outcomes, f->n_lefts };
}

static uint32_t *list_of(const struct ir_facts *f, uint32_t value, uint32_t k)
{
	uint64_t h = ((uint64_t)value << 32 | k) * 0x9e3779b97f4a7c15u;

	return &f->lists[(h >> 32) & (f->n_lists - 1)];
}

void ir_forget(struct ir_facts *f, struct ir_mark mark)
{
	while (f->n_log > mark.n_log) {
		f->n_log--;
		f->known[f->log[f->n_log].value] = f->log[f->n_log].known;
	}
	while (f->n_lefts > mark.n_lefts) {
		f->n_lefts--;
		f->left_by[f->lefts[f->n_lefts].value] =
			f->lefts[f->n_lefts].edge;
	}
	while (f->n_outcomes > mark.n_outcomes) {
		f->n_outcomes--;
		*list_of(f, f->outcomes[f->n_outcomes].value,
			 f->outcomes[f->n_outcomes].k) =
			f->outcomes[f->n_outcomes].next;
	}
}

/* Room for one more; without memory for it nothing new is noted. */
static void *room_for_one(struct ir_facts *f, void *items, uint32_t n,
			  uint32_t *cap, size_t size)
{
	void *room = arena_grow(f->arena, items, n, 1, cap, size);

	f->is_broken |= !room;
	return room;
}

static void set(struct ir_facts *f, uint32_t value, struct ir_known known)
{
	void *room;

	agree(&known);
	if (memcmp(&known, &f->known[value], sizeof(known)) == 0)
		return;
	room = room_for_one(f, f->log, f->n_log, &f->cap_log, sizeof(*f->log));
	if (!room)
		return;
	f->log = room;
	f->log[f->n_log].value = value;
	f->log[f->n_log].known = f->known[value];
	f->n_log++;
	f->known[value] = known;
}

static void note(struct ir_facts *f, unsigned test, uint32_t value, uint32_t k)
{
	uint32_t *list = list_of(f, value, k);
	void *room;

	room = room_for_one(f, f->outcomes, f->n_outcomes, &f->cap_outcomes,
			    sizeof(*f->outcomes));
	if (!room)
		return;
	f->outcomes = room;
	f->outcomes[f->n_outcomes].value = value;
	f->outcomes[f->n_outcomes].k = k;
	f->outcomes[f->n_outcomes].test = test;
	f->outcomes[f->n_outcomes].next = *list;
	*list = f->n_outcomes++;
}

/* v & m is k, m a constant: bits of v. */
static void learn_of_operand(struct ir_facts *f, uint32_t value, uint32_t k)
{
	const struct ir_insn *insn = &f->ir->insns[value];
	struct ir_known known;
	uint32_t mask;

	if (insn->op != IR_AND || !ir_is_const(f->ir, insn->b, &mask))
		return;
	known = f->known[insn->a];
	known.ones |= k & mask;
	known.zeros |= ~k & mask;
	set(f, insn->a, known);
}

static void learn_not_equal(struct ir_facts *f, uint32_t value, uint32_t k)
{
	struct ir_known known = f->known[value];

	if (known.low == k && k < known.high)
		known.low++;
	if (known.high == k && k > known.low)
		known.high--;
	note(f, JMP_JEQ, value, k);
	set(f, value, known);
}

void ir_learn(struct ir_facts *f, unsigned test, uint32_t value, uint32_t k,
	      bool outcome)
{
	struct ir_known known = f->known[value];

	switch (test) {
	case JMP_JEQ:
		if (!outcome) {
			learn_not_equal(f, value, k);
			return;
		}
		known = (struct ir_known){ k, k, k, ~k };
		learn_of_operand(f, value, k);
		break;
	case JMP_JGT:
		if (outcome && known.low <= k && k < UINT32_MAX)
			known.low = k + 1;
		if (!outcome && known.high > k)
			known.high = k;
		break;
	case JMP_JGE:
		if (outcome && known.low < k)
			known.low = k;
		if (!outcome && known.high >= k && k > 0)
			known.high = k - 1;
		break;
	default:
		if (!outcome)
			known.zeros |= k;
		else if (k & (k - 1))
			note(f, test, value, k);
		else
			known.ones |= k;
		break;
	}
	set(f, value, known);
}

/* Of a switch with many edges the ranges would be gone through many times. */
#define EDGES_MAX  8
#define RANGES_MAX 256

static void note_left(struct ir_facts *f, uint32_t value, uint32_t edge)
{
	void *room;

	room = room_for_one(f, f->lefts, f->n_lefts, &f->cap_lefts,
			    sizeof(*f->lefts));
	if (!room)
		return;
	f->lefts = room;
	f->lefts[f->n_lefts].value = value;
	f->lefts[f->n_lefts++].edge = f->left_by[value];
	f->left_by[value] = edge;
}

void ir_learn_switch(struct ir_facts *f, const struct ir_block *block,
		     uint32_t edge)
{
	const struct ir_range *ranges = f->ir->ranges + block->ranges;
	uint32_t low = 0, high = block->n_ranges - 1;

	if (block->n_edges > EDGES_MAX)
		return;
	while (low < high && block->edges + ranges[low].edge != edge)
		low++;
	while (high > low && block->edges + ranges[high].edge != edge)
		high--;
	ir_learn(f, JMP_JGE, block->a, ranges[low].first, true);
	if (high + 1 < block->n_ranges)
		ir_learn(f, JMP_JGE, block->a, ranges[high + 1].first, false);
	if (block->n_ranges <= RANGES_MAX)
		note_left(f, block->a, edge);
}

/* ---- asking ------------------------------------------------------------- */

static bool is_noted(const struct ir_facts *f, unsigned test, uint32_t value,
		     uint32_t k)
{
	for (uint32_t i = *list_of(f, value, k); i != IR_NONE;
	     i = f->outcomes[i].next)
		if (f->outcomes[i].value == value && f->outcomes[i].k == k &&
		    f->outcomes[i].test == test)
			return true;
	return false;
}

/*
 * What is known of a value: between low and high, and of that, if it left a
 * switch, what goes by that edge. Calls each() with parts of it until that says
 * that it is enough.
 */
static bool each_part(const struct ir_facts *f, uint32_t value,
		      bool (*each)(void *ctx, uint32_t low, uint32_t high),
		      void *ctx)
{
	const struct ir_known *known = &f->known[value];
	const struct ir_block *block;
	const struct ir_range *ranges;

	if (f->left_by[value] == IR_NONE)
		return each(ctx, known->low, known->high);
	block = &f->ir->blocks[f->ir->edges[f->left_by[value]].from];
	ranges = f->ir->ranges + block->ranges;
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		uint32_t low = ranges[i].first;
		uint32_t high = ir_last_of(ranges, block->n_ranges, i);

		if (block->edges + ranges[i].edge != f->left_by[value] ||
		    high < known->low || low > known->high)
			continue;
		if (!each(ctx, low > known->low ? low : known->low,
			  high < known->high ? high : known->high))
			return false;
	}
	return true;
}

struct asked_switch {
	const struct ir *ir;
	const struct ir_block *block;
	uint32_t edge; /* by which all parts leave so far, or IR_NONE */
};

static bool leaves_alike(void *ctx, uint32_t low, uint32_t high)
{
	struct asked_switch *asked = ctx;
	const struct ir_range *ranges =
		asked->ir->ranges + asked->block->ranges;
	uint32_t i = ir_range_of(asked->ir, asked->block, low);

	for (; i < asked->block->n_ranges && ranges[i].first <= high; i++) {
		uint32_t edge = asked->block->edges + ranges[i].edge;

		if (asked->edge != IR_NONE && asked->edge != edge)
			return false;
		asked->edge = edge;
	}
	return true;
}

uint32_t ir_knows_switch(const struct ir_facts *f, const struct ir_block *block)
{
	struct asked_switch asked = { f->ir, block, IR_NONE };

	return each_part(f, block->a, leaves_alike, &asked) ? asked.edge
							    : IR_NONE;
}

struct asked_test {
	unsigned test;
	uint32_t k;
	bool can_hold, can_fail;
};

/* Whether the test can come out so, and otherwise, in a part. */
static bool test_part(void *ctx, uint32_t low, uint32_t high)
{
	struct asked_test *asked = ctx;
	uint32_t k = asked->k;

	switch (asked->test) {
	case JMP_JEQ:
		asked->can_hold |= low <= k && k <= high;
		asked->can_fail |= low != high || low != k;
		break;
	case JMP_JGT:
		asked->can_hold |= high > k;
		asked->can_fail |= low <= k;
		break;
	case JMP_JGE:
		asked->can_hold |= high >= k;
		asked->can_fail |= low < k;
		break;
	default:
		asked->can_hold |= low != high || low & k;
		asked->can_fail |= low != high || !(low & k);
		break;
	}
	return !asked->can_hold || !asked->can_fail;
}

bool ir_knows(const struct ir_facts *f, unsigned test, uint32_t value,
	      uint32_t k, bool *outcome)
{
	const struct ir_known *known = &f->known[value];
	struct asked_test asked = { test, k, false, false };
	bool is_bits = test == JMP_JSET;

	/* of no part: no way leads here, and anything is right */
	if (each_part(f, value, test_part, &asked)) {
		*outcome = asked.can_hold;
		return true;
	}
	*outcome = is_bits && (known->ones & k || is_noted(f, test, value, k));
	if (is_bits)
		return *outcome || (known->zeros & k) == k;
	return test == JMP_JEQ && ((known->ones & ~k) || (known->zeros & k) ||
				   is_noted(f, test, value, k));
}
