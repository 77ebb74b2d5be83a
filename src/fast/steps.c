/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graph as steps of the threaded machine, from its last instruction to its
 * first, as native code is made: where a step leads to is there already, and a
 * value gets a slot where it is used last, which is met first.
 *
 *	need.bytes 24			P1_EQ	need 24, off 23, k 6,
 *	v1 = load.1 [23]			yes 1, no 7
 *	branch v1 == 6, b1, b2
 *
 * A load that is used by the test behind it alone is done by that; a guard is
 * done by the load behind it.
 */
#include <string.h>

#include "fast/fast.h"
#include "ir/moves.h"
#include "ir/search.h"

#define NO_SLOT UINT16_MAX
#define SPARE	0 /* the slot that is never given out */
#define FEW	1 /* ranges of a set that are searched all the same */
#define IN_ROW	3 /* numbers of a search that are asked for one by one */

struct writer {
	const struct ir *ir;
	struct arena *arena;
	struct fast_step *steps; /* the last first */
	uint32_t n_steps, cap_steps;
	uint32_t begin;	 /* of the block at hand: steps before it was begun */
	uint16_t *slots; /* by value */
	uint32_t *uses;	 /* by value */
	bool *is_done;	 /* by value: a step behind it does it */
	uint32_t *at;	 /* by block: steps from the end */
	uint32_t *edge_at, *test_at;
	struct search search;
	struct table *tables;
	struct fast_other *others;
	uint32_t n_tables, n_others, cap_others;
	uint16_t free[FAST_SLOTS], n_free;
	bool is_refused, is_broken;
};

/* ---- slots and steps ---------------------------------------------------- */

static uint16_t take_slot(struct writer *w)
{
	if (w->n_free == 0) {
		w->is_refused = true;
		return SPARE;
	}
	return w->free[--w->n_free];
}

static void give_slot(struct writer *w, uint16_t slot)
{
	if (slot != SPARE)
		w->free[w->n_free++] = slot;
}

static bool is_const(const struct writer *w, uint32_t value, uint32_t *k)
{
	return ir_is_const(w->ir, value, k);
}

/* Before all that there is. */
static void put(struct writer *w, struct fast_step step)
{
	struct fast_step *steps = arena_grow(w->arena, w->steps, w->n_steps, 1,
					     &w->cap_steps, sizeof(*steps));

	if (!steps) {
		w->is_broken = true;
		return;
	}
	w->steps = steps;
	steps[w->n_steps++] = step;
}

/* How far it is from the step that is put next, in bytes. */
static uint32_t distance(const struct writer *w, uint32_t place)
{
	return (w->n_steps + 1 - place) * (uint32_t)sizeof(struct fast_step);
}

/* The slot of an operand; a number's is to be filled before. */
static uint16_t use(struct writer *w, uint32_t value)
{
	uint32_t k;

	if (is_const(w, value, &k))
		return take_slot(w);
	if (w->slots[value] == NO_SLOT)
		w->slots[value] = take_slot(w);
	return w->slots[value];
}

static void fill(struct writer *w, uint32_t value, uint16_t slot)
{
	uint32_t k;

	if (!is_const(w, value, &k))
		return;
	put(w, (struct fast_step){ .go = FAST_SET, .k = k, .to = slot });
	give_slot(w, slot);
}

/* The slot that a value is made in, free before. */
static uint16_t made_in(struct writer *w, uint32_t value)
{
	give_slot(w, w->slots[value]);
	return w->slots[value];
}

/* ---- instructions ------------------------------------------------------- */

/* B, H and W of a family of operations that are in this order. */
static enum fast_op of_size(enum fast_op first, enum fast_op second,
			    unsigned size)
{
	unsigned step = (unsigned)second - (unsigned)first;

	return (enum fast_op)(first + step * (size == 4 ? 2 : size - 1));
}

static void put_load(struct writer *w, uint32_t id)
{
	const struct ir_insn *insn = &w->ir->insns[id];
	struct fast_step step = { .off = insn->k, .to = made_in(w, id) };

	if (insn->op == IR_LOAD_IND) {
		step.go = (int32_t)of_size(FAST_LOAD_I1, FAST_LOAD_I2,
					   insn->size);
		step.a = use(w, insn->a);
		put(w, step);
		fill(w, insn->a, step.a);
		return;
	}
	step.go = (int32_t)of_size(FAST_LOAD_P1, FAST_LOAD_P2, insn->size);
	put(w, step);
}

/* 4 * (load.1 & 15), if that is all that the load and the rest are for. */
static bool put_msh(struct writer *w, uint32_t id)
{
	const struct ir_insn *insn = &w->ir->insns[id], *mask, *load;
	uint32_t k;

	if (insn->op != IR_LSH || !is_const(w, insn->b, &k) || k != 2)
		return false;
	mask = &w->ir->insns[insn->a];
	if (mask->op != IR_AND || w->uses[insn->a] != 1 ||
	    mask->block != insn->block || !is_const(w, mask->b, &k) || k != 15)
		return false;
	load = &w->ir->insns[mask->a];
	if (load->op != IR_LOAD || load->size != 1 || w->uses[mask->a] != 1 ||
	    load->block != insn->block)
		return false;
	w->is_done[insn->a] = w->is_done[mask->a] = true;
	put(w, (struct fast_step){ .go = FAST_LOAD_MSH,
				   .off = load->k,
				   .to = made_in(w, id) });
	return true;
}

static const uint16_t alu[IR_OPS][2] = {
	[IR_ADD] = { FAST_ADD, FAST_ADD_K },
	[IR_SUB] = { FAST_SUB, FAST_SUB_K },
	[IR_MUL] = { FAST_MUL, FAST_MUL_K },
	[IR_AND] = { FAST_AND, FAST_AND_K },
	[IR_OR] = { FAST_OR, FAST_OR_K },
	[IR_XOR] = { FAST_XOR, FAST_XOR_K },
	[IR_LSH] = { FAST_LSH, FAST_LSH_K },
	[IR_RSH] = { FAST_RSH, FAST_RSH_K },
};

static void put_alu(struct writer *w, uint32_t id)
{
	const struct ir_insn *insn = &w->ir->insns[id];
	uint32_t k;
	bool is_k = is_const(w, insn->b, &k);
	struct fast_step step = { .go = alu[insn->op][is_k],
				  .to = made_in(w, id) };

	step.need = w->ir->row->shift_x_clears; /* of shifts */
	step.a = use(w, insn->a);
	if (is_k)
		step.k = k;
	else
		step.b = use(w, insn->b);
	put(w, step);
	if (!is_k)
		fill(w, insn->b, step.b);
	fill(w, insn->a, step.a);
}

/* What is rare, as the graph's own machine does it. */
static void put_other(struct writer *w, uint32_t id)
{
	struct fast_other *others, other = { w->ir->insns[id], SPARE };

	if (other.insn.op == IR_RAND) {
		w->is_refused = true;
		return;
	}
	if (ir_rows[other.insn.op].does != IR_GUARD)
		other.to = made_in(w, id);
	if (other.insn.a != IR_NONE)
		other.insn.a = use(w, w->ir->insns[id].a);
	if (other.insn.b != IR_NONE)
		other.insn.b = use(w, w->ir->insns[id].b);
	others = arena_grow(w->arena, w->others, w->n_others, 1, &w->cap_others,
			    sizeof(*others));
	if (!others) {
		w->is_broken = true;
		return;
	}
	w->others = others;
	put(w, (struct fast_step){ .go = FAST_OTHER, .k = w->n_others });
	others[w->n_others++] = other;
	if (other.insn.b != IR_NONE)
		fill(w, w->ir->insns[id].b, (uint16_t)other.insn.b);
	if (other.insn.a != IR_NONE)
		fill(w, w->ir->insns[id].a, (uint16_t)other.insn.a);
}

static bool asks_for_bytes(unsigned op)
{
	return op < FAST_I1_EQ || (op >= FAST_LOAD_P1 && op <= FAST_LOAD_P4) ||
	       (op >= FAST_TWO_P1 && op <= FAST_TWO_P4) ||
	       op == FAST_LOAD_MSH || op == FAST_NEED;
}

/* The step behind a guard asks for the bytes, if it can. */
static void put_need(struct writer *w, uint32_t bytes)
{
	struct fast_step *behind =
		w->n_steps > w->begin ? &w->steps[w->n_steps - 1] : NULL;

	if (!behind || !asks_for_bytes((unsigned)behind->go))
		put(w, (struct fast_step){ .go = FAST_NEED, .need = bytes });
	else if (behind->need < bytes)
		behind->need = bytes;
}

/* Whether the step behind loads, or tests, what a guard asks for, and so asks
 * for it itself. */
static bool is_asked_behind(const struct writer *w, const struct ir_insn *guard)
{
	const struct fast_step *behind;
	uint32_t k;

	if (!ir_is_near(w->ir, guard) || w->n_steps == w->begin ||
	    is_const(w, guard->a, &k))
		return false;
	behind = &w->steps[w->n_steps - 1];
	if ((unsigned)behind->go ==
		    of_size(FAST_LOAD_I1, FAST_LOAD_I2, guard->size) ||
	    ((unsigned)behind->go >=
		     of_size(FAST_I1_EQ, FAST_I2_EQ, guard->size) &&
	     (unsigned)behind->go <=
		     of_size(FAST_I1_HASH_RET, FAST_I2_HASH_RET, guard->size)))
		return behind->a == w->slots[guard->a] &&
		       behind->off == guard->k;
	return false;
}

static void put_insn(struct writer *w, uint32_t id)
{
	const struct ir_insn *insn = &w->ir->insns[id];

	if (insn->op == IR_NEED_BYTES) {
		put_need(w, insn->k);
		return;
	}
	if (insn->op == IR_NEED_IND && is_asked_behind(w, insn))
		return;
	if (ir_rows[insn->op].does == IR_GUARD) {
		put_other(w, id);
		return;
	}
	if (w->slots[id] == NO_SLOT || w->is_done[id])
		return;
	if (insn->op == IR_PARAM)
		made_in(w, id);
	else if (insn->op == IR_LOAD ||
		 (insn->op == IR_LOAD_IND && ir_is_near(w->ir, insn)))
		put_load(w, id);
	else if (alu[insn->op][0] == 0)
		put_other(w, id);
	else if (!put_msh(w, id))
		put_alu(w, id);
}

/* ---- edges -------------------------------------------------------------- */

/* Where an edge begins: its moves, written here, or the block itself. */
static uint32_t place_edge(struct writer *w, uint32_t edge)
{
	const struct ir_edge *e = &w->ir->edges[edge];
	const struct ir_block *to = &w->ir->blocks[e->to];
	uint32_t param = to->first, before = w->n_steps, k;
	struct moves m;

	if (to->n_params > MOVES_MAX) {
		w->is_refused = true;
		return w->at[e->to];
	}
	m.n = m.n_steps = 0;
	put(w, (struct fast_step){ .go = FAST_JUMP,
				   .yes = distance(w, w->at[e->to]) });
	/* numbers last, and so put first: they read nothing */
	for (uint32_t i = 0; i < to->n_params;
	     i++, param = w->ir->insns[param].next) {
		uint32_t arg = w->ir->args[e->args + i];

		if (w->slots[param] == NO_SLOT)
			continue;
		if (is_const(w, arg, &k))
			put(w, (struct fast_step){ .go = FAST_SET,
						   .k = k,
						   .to = w->slots[param] });
		else if (use(w, arg) != w->slots[param])
			moves_add(&m, w->slots[param], w->slots[arg]);
	}
	moves_order(&m, SPARE);
	for (unsigned i = m.n_steps; i-- > 0;)
		put(w, (struct fast_step){ .go = FAST_MOVE,
					   .to = m.steps[i].to,
					   .a = m.steps[i].from });
	if (w->n_steps != before + 1)
		return w->n_steps;
	w->n_steps = before; /* nothing is moved */
	return w->at[e->to];
}

/* ---- tests -------------------------------------------------------------- */

/* Tests as they are in the families of ops.def. */
enum { EQ, BITS, GT, GE, IN, BITMAP, HASH };

/* A test, to be put: what it reads, and what it asks of that. */
struct asked {
	uint32_t value;
	unsigned test;
	struct fast_step step; /* k, or a range, or a table */
	uint32_t yes, no;      /* edges, from the block's first */
};

/* The number that size bytes are as they lie in a packet, the highest first. */
static uint32_t raw(unsigned size, uint32_t k)
{
	uint16_t half = (uint16_t)k;

	if (size == 1)
		return k;
	return size == 2 ? by_be16((const uint8_t *)&half)
			 : by_be32((const uint8_t *)&k);
}

/* Whether a test does the load of what it reads. */
static bool does_load(const struct writer *w, const struct asked *t,
		      uint32_t block)
{
	const struct ir_insn *insn = &w->ir->insns[t->value];

	return w->uses[t->value] == 1 && insn->block == block &&
	       w->slots[t->value] == NO_SLOT &&
	       (insn->op == IR_LOAD ||
		(insn->op == IR_LOAD_IND && ir_is_near(w->ir, insn)));
}

/* The number that a load is compared with, as the bytes lie; no load of fewer
 * bytes than a number has is equal to it. */
static void compare_bytes(struct asked *t, unsigned size)
{
	if (t->test > BITS)
		return;
	if (size < 4 && t->step.k >> 8 * size) {
		if (t->test == EQ)
			t->step.yes = t->step.no;
		t->step.k &= ((uint32_t)1 << 8 * size) - 1;
	}
	t->step.k = raw(size, t->step.k);
}

static void put_test(struct writer *w, uint32_t id, struct asked *t)
{
	const struct ir_block *block = &w->ir->blocks[id];
	const struct ir_insn *insn = &w->ir->insns[t->value];
	uint32_t yes_edge = block->edges + t->yes, reads = t->value;
	uint32_t no_edge = block->edges + t->no;
	unsigned op = FAST_V_EQ;
	bool is_last =
		ir_is_answer(w->ir, w->ir->edges[yes_edge].to, &t->step.yes) &&
		ir_is_answer(w->ir, w->ir->edges[no_edge].to, &t->step.no);

	if (!is_last) {
		uint32_t no = place_edge(w, no_edge);
		uint32_t yes = place_edge(w, yes_edge);

		t->step.yes = distance(w, yes);
		t->step.no = distance(w, no);
	}
	if (does_load(w, t, id)) {
		w->is_done[t->value] = true;
		t->step.off = insn->k;
		op = insn->op == IR_LOAD
			     ? of_size(FAST_P1_EQ, FAST_P2_EQ, insn->size)
			     : of_size(FAST_I1_EQ, FAST_I2_EQ, insn->size);
		reads = insn->a;
		compare_bytes(t, insn->size);
	}
	if (reads != IR_NONE)
		t->step.a = use(w, reads);
	t->step.go = (int32_t)(op + 2 * t->test + is_last);
	put(w, t->step);
	if (reads != IR_NONE)
		fill(w, reads, t->step.a);
}

/* ---- ends --------------------------------------------------------------- */

static void put_compare(struct writer *w, const struct ir_block *block,
			enum fast_op op)
{
	struct fast_step step = { .go = op };
	uint32_t no = place_edge(w, block->edges + 1);
	uint32_t yes = place_edge(w, block->edges);

	step.a = use(w, block->a);
	step.b = use(w, block->b);
	step.yes = distance(w, yes);
	step.no = distance(w, no);
	put(w, step);
	fill(w, block->b, step.b);
	fill(w, block->a, step.a);
}

static void put_branch(struct writer *w, uint32_t id)
{
	const struct ir_block *block = &w->ir->blocks[id];
	struct asked t = { .value = block->a, .no = 1 };
	uint32_t k;
	unsigned test = block->test == JMP_JEQ	 ? EQ
			: block->test == JMP_JGT ? GT
			: block->test == JMP_JGE ? GE
						 : BITS;

	if (!is_const(w, block->b, &t.step.k) || is_const(w, block->a, &k)) {
		put_compare(w, block, (enum fast_op)(FAST_EQ + test));
		return;
	}
	t.test = test;
	put_test(w, id, &t);
}

/*
 * Two numbers go two ways and all others a third, as types of Ethernet do: one
 * step, if it loads the number too.
 */
static bool put_two(struct writer *w, uint32_t id)
{
	const struct ir_block *block = &w->ir->blocks[id];
	const struct ir_range *ranges = w->ir->ranges + block->ranges;
	const struct ir_insn *insn = &w->ir->insns[block->a];
	struct asked t = { .value = block->a, .test = EQ };
	struct fast_step step = { .off = insn->k };
	uint32_t numbers[2], edges[2], n = 0, rest = ranges[0].edge;
	uint32_t third;

	if (insn->op != IR_LOAD || !does_load(w, &t, id))
		return false;
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		uint32_t last = ir_last_of(ranges, block->n_ranges, i);

		if (ranges[i].edge == rest)
			continue;
		if (n == 2 || last != ranges[i].first ||
		    (insn->size < 4 && last >> 8 * insn->size))
			return false;
		numbers[n] = last;
		edges[n++] = block->edges + ranges[i].edge;
	}
	if (n < 2)
		return false;
	third = place_edge(w, block->edges + rest);
	step.no = place_edge(w, edges[1]);
	step.yes = edges[0] == edges[1] ? step.no : place_edge(w, edges[0]);
	step.third = distance(w, third);
	step.no = distance(w, step.no);
	step.yes = distance(w, step.yes);
	step.k = raw(insn->size, numbers[0]);
	step.span = raw(insn->size, numbers[1]);
	step.go = (int32_t)of_size(FAST_TWO_P1, FAST_TWO_P2, insn->size);
	w->is_done[block->a] = true;
	put(w, step);
	return true;
}

static uint32_t place_in_search(const struct writer *w,
				const struct ir_block *block, uint32_t to)
{
	return to < block->n_edges ? w->edge_at[block->edges + to]
				   : w->test_at[to - block->n_edges];
}

/* Tests of a slot, one behind another. */
static void put_search(struct writer *w, const struct ir_block *block)
{
	struct search *s = &w->search;
	uint16_t slot;
	uint32_t begin;

	for (uint32_t e = block->n_edges; e-- > 0;)
		w->edge_at[block->edges + e] = place_edge(w, block->edges + e);
	slot = use(w, block->a);
	begin = search_plan_switch(s, w->ir, block);
	for (uint32_t i = s->n_tests; i-- > 0;) {
		const struct search_test *test = &s->tests[i];
		uint32_t yes = place_in_search(w, block, test->yes);
		uint32_t no = place_in_search(w, block, test->no);

		put(w, (struct fast_step){ .go = test->is_equal ? FAST_V_EQ
								: FAST_V_GE,
					   .k = test->k,
					   .a = slot,
					   .yes = distance(w, yes),
					   .no = distance(w, no) });
		w->test_at[i] = w->n_steps;
	}
	if (s->n_tests == 0)
		put(w, (struct fast_step){
			       .go = FAST_JUMP,
			       .yes = distance(
				       w, place_in_search(w, block, begin)) });
	fill(w, block->a, slot);
}

static void put_switch(struct writer *w, uint32_t id)
{
	const struct ir_block *block = &w->ir->blocks[id];
	struct asked t = { .value = block->a };
	struct table *table = &w->tables[w->n_tables];
	uint32_t k, last;

	if (is_const(w, block->a, &k)) {
		put_search(w, block);
		return;
	}
	if (ir_is_range(w->ir, block, &t.yes, &t.step.k, &last)) {
		t.no = !t.yes;
		t.step.span = last - t.step.k;
		t.test = t.step.span ? IN : EQ;
		put_test(w, id, &t);
		return;
	}
	if (put_two(w, id))
		return;
	if (!table_make(w->ir, block, FEW, w->arena, table)) {
		w->is_broken = true;
	} else if (table->kind == TABLE_NONE) {
		put_search(w, block);
	} else {
		t.test = table->kind == TABLE_BITMAP ? BITMAP : HASH;
		t.yes = table->yes;
		t.no = table->no;
		t.step.k = w->n_tables++;
		put_test(w, id, &t);
	}
}

static void put_end(struct writer *w, uint32_t id)
{
	const struct ir_block *block = &w->ir->blocks[id];
	uint32_t k, place;
	uint16_t slot;

	switch ((enum ir_end)block->end) {
	case IR_RET:
		if (is_const(w, block->a, &k)) {
			put(w, (struct fast_step){ .go = FAST_RETURN, .k = k });
			return;
		}
		slot = use(w, block->a);
		put(w, (struct fast_step){ .go = FAST_RETURN_V, .a = slot });
		return;
	case IR_JUMP:
		place = place_edge(w, block->edges);
		if (place != w->n_steps)
			put(w, (struct fast_step){ .go = FAST_JUMP,
						   .yes = distance(w, place) });
		return;
	case IR_BRANCH:
		put_branch(w, id);
		return;
	case IR_SWITCH:
		put_switch(w, id);
		return;
	}
}

/* ---- all of it ---------------------------------------------------------- */

static void count_use(struct writer *w, uint32_t value)
{
	if (value != IR_NONE)
		w->uses[value]++;
}

static void count_uses(struct writer *w)
{
	const struct ir *ir = w->ir;

	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		if (!ir_is_reached(ir, id))
			continue;
		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next) {
			count_use(w, ir->insns[i].a);
			count_use(w, ir->insns[i].b);
		}
		count_use(w, block->a);
		count_use(w, block->b);
		for (uint32_t e = block->edges;
		     e < block->edges + block->n_edges; e++)
			for (uint32_t i = 0;
			     i < ir->blocks[ir->edges[e].to].n_params; i++)
				count_use(w, ir->args[ir->edges[e].args + i]);
	}
}

static bool take_tables(struct writer *w)
{
	const struct ir *ir = w->ir;
	struct arena *arena = w->arena;
	size_t values = (size_t)ir->n_insns + 1;
	uint32_t most = 1, n_switches = 1;

	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		if (ir->blocks[id].end != IR_SWITCH)
			continue;
		n_switches++;
		if (ir->blocks[id].n_ranges > most)
			most = ir->blocks[id].n_ranges;
	}
	w->search.row = IN_ROW;
	w->slots = arena_take(arena, values, sizeof(*w->slots));
	w->uses = arena_take(arena, values, sizeof(*w->uses));
	w->is_done = arena_take(arena, values, sizeof(*w->is_done));
	w->at = arena_take(arena, ir->n_blocks, sizeof(*w->at));
	w->edge_at =
		arena_take(arena, (size_t)ir->n_edges + 1, sizeof(*w->edge_at));
	w->test_at = arena_take(arena, most, sizeof(*w->test_at));
	w->tables = arena_take(arena, n_switches, sizeof(*w->tables));
	if (!w->slots || !w->uses || !w->is_done || !w->at || !w->edge_at ||
	    !w->test_at || !w->tables || !search_take(&w->search, arena, most))
		return false;
	memset(w->slots, 0xff, values * sizeof(*w->slots));
	for (uint16_t slot = FAST_SLOTS - 1; slot > SPARE; slot--)
		w->free[w->n_free++] = slot;
	return true;
}

static void write_steps(struct writer *w)
{
	for (uint32_t id = w->ir->n_blocks; id-- > 0;) {
		if (!ir_is_reached(w->ir, id) || w->is_refused || w->is_broken)
			continue;
		w->begin = w->n_steps;
		put_end(w, id);
		/* a guard can be part of the end's first step alone */
		if (w->n_steps > w->begin)
			w->begin = w->n_steps - 1;
		for (uint32_t i = w->ir->blocks[id].last; i != IR_NONE;
		     i = w->ir->insns[i].prev)
			put_insn(w, i);
		w->at[id] = w->n_steps;
	}
}

/* The first step first, each with its place. */
static void turn(struct writer *w)
{
	const int32_t *places = fast_places(w->n_others > 0);

	for (uint32_t i = 0; i < w->n_steps / 2; i++) {
		struct fast_step kept = w->steps[i];

		w->steps[i] = w->steps[w->n_steps - 1 - i];
		w->steps[w->n_steps - 1 - i] = kept;
	}
	for (uint32_t i = 0; places && i < w->n_steps; i++)
		w->steps[i].go = places[w->steps[i].go];
}

enum cbpf_err fast_make(const struct ir *ir, struct arena *arena,
			struct fast_code *code)
{
	struct writer w = { .ir = ir, .arena = arena };

	if (!take_tables(&w))
		return CBPF_E_NOMEM;
	count_uses(&w);
	write_steps(&w);
	if (w.is_broken)
		return CBPF_E_NOMEM;
	if (w.is_refused)
		return CBPF_E_UNAVAILABLE;
	turn(&w);
	*code = (struct fast_code){ ir->row,   w.steps,	   w.others,  w.tables,
				    w.n_steps, w.n_others, w.n_tables };
	return CBPF_OK;
}
