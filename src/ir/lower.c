/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph as a classic program again.
 *
 *	v2 = load.2 [12]			ldh [12]
 *	branch v2 == 0x800, b1, b2	->	jeq #0x800, b1, b2
 *
 * Blocks are written in their order, instructions in theirs, which is the order
 * of some program that ran. A value is made when its instruction comes, and
 * stays in A; loads at constant offsets, constants and the like are made where
 * they are used, as often as that is, and loads behind X where X is still the
 * same. What A and X hold is known at each place, and where ways meet, what
 * they hold alike. Of a block's parameters those that it uses first come in A
 * and X, the others in words of M[].
 *
 * A value that is wanted when it is in neither gets a word of M[]: it is stored
 * when it is made. Which those are is found by writing the program: what is
 * missed is noted, and the program written again, until nothing is. More than
 * sixteen at a time do not fit, and the graph is not lowered.
 *
 * A guard costs nothing where a load that must be there does what it asks for,
 * before the block is left; else a load is written for it.
 */
#include <string.h>

#include "ir/ir.h"
#include "ir/search.h"
#include "isa/link.h"

#define WORDS	   16
#define ROUNDS_MAX 64

struct lowerer {
	const struct ir *ir;
	struct arena *arena;
	bool *is_homed;	       /* by value: it gets a word of M[] */
	uint8_t *word;	       /* by value that is homed and made */
	uint32_t *last_use;    /* by value: the last block that uses it */
	uint32_t *n_uses;      /* by value */
	uint32_t owner[WORDS]; /* the value in a word, or IR_NONE */
	struct state {
		uint32_t a, x;	/* values, or IR_NONE */
		uint32_t bytes; /* that the packet is known to have */
	} * in;			/* by block, where a way has led there */
	struct state *takes; /* by block: the parameters that come in A and X */
	bool *is_reached;
	/* places that jumps may name: blocks, edges, and tests of searches */
	uint32_t *at; /* by place: where it begins in out */
	uint32_t n_places;
	struct search search; /* of the switch at hand */

	uint32_t *order; /* blocks as they are written */
	uint32_t *place; /* by block: in that order */
	uint32_t n_order;

	struct state now;
	uint32_t block;
	uint32_t wanted; /* bytes that a guard of the block asks for */
	struct link_insn *out;
	uint32_t n_out, cap_out;
	bool uses_words;
	bool misses; /* a value was wanted that was nowhere */
	enum cbpf_err err;
};

/* ---- writing ------------------------------------------------------------ */

/* Whether the dialect's machine takes the instruction for that operation. */
static bool can_say(const struct lowerer *l, enum isa_op op, uint32_t k)
{
	const struct cbpf_insn insn = { isa_rows[op].code, 0, 0, k };
	enum isa_op meant = isa_decode(
		&insn, (enum cbpf_dialect)(l->ir->row - isa_dialects), &k);

	return meant == op ||
	       (op == OP_LD_W && (meant == OP_LD_DATA || meant == OP_LD_EXT));
}

static void put(struct lowerer *l, enum isa_op op, uint32_t k)
{
	void *room;

	if (!can_say(l, op, k)) {
		l->err = CBPF_E_CODE;
		return;
	}
	room = arena_grow(l->arena, l->out, l->n_out, 1, &l->cap_out,
			  sizeof(*l->out));
	if (!room) {
		l->err = CBPF_E_NOMEM;
		return;
	}
	l->out = room;
	l->out[l->n_out++] =
		(struct link_insn){ .insn = { isa_rows[op].code, 0, 0, k } };
}

/* A jump to blocks; their places are filled in at the end. */
static void put_jump(struct lowerer *l, enum isa_op op, uint32_t k, uint32_t t,
		     uint32_t f)
{
	put(l, op, k);
	if (l->err != CBPF_OK)
		return;
	l->out[l->n_out - 1].has_targets = true;
	l->out[l->n_out - 1].t = t;
	l->out[l->n_out - 1].f = f;
}

/* ---- values ------------------------------------------------------------- */

/* One instruction makes it in A, anywhere. */
static bool is_cheap(const struct ir_insn *insn)
{
	switch ((enum ir_op)insn->op) {
	case IR_CONST:
	case IR_LEN:
	case IR_LOAD:
	case IR_LOAD_ZERO:
	case IR_DATA:
	case IR_EXT:
		return true;
	default:
		return false;
	}
}

static enum isa_op load_op(unsigned size, bool is_ind)
{
	if (is_ind)
		return size == 4 ? OP_LD_WX : size == 2 ? OP_LD_HX : OP_LD_BX;
	return size == 4 ? OP_LD_W : size == 2 ? OP_LD_H : OP_LD_B;
}

static void make_cheap(struct lowerer *l, const struct ir_insn *insn)
{
	switch ((enum ir_op)insn->op) {
	case IR_CONST:
		put(l, OP_LD_IMM, insn->k);
		break;
	case IR_LEN:
		put(l, OP_LD_LEN, 0);
		break;
	case IR_DATA:
		put(l, OP_LD_W, insn->k);
		break;
	case IR_EXT:
		put(l, OP_LD_W, EXT_BASE + insn->k);
		break;
	default:
		put(l, load_op(insn->size, false), insn->k);
		if (insn->op == IR_LOAD && l->now.bytes < insn->k + insn->size)
			l->now.bytes = insn->k + insn->size;
		break;
	}
}

/* A value that is in neither register and in no word: next time it will be. */
static void miss(struct lowerer *l, uint32_t value)
{
	l->is_homed[value] = true;
	l->misses = true;
}

static void to_a(struct lowerer *l, uint32_t value)
{
	const struct ir_insn *insn = &l->ir->insns[value];

	if (l->now.a == value)
		return;
	if (l->now.x == value)
		put(l, OP_TXA, 0);
	else if (is_cheap(insn))
		make_cheap(l, insn);
	else if (insn->op == IR_LOAD_IND && l->now.x == insn->a)
		put(l, load_op(insn->size, true), insn->k);
	else if (l->is_homed[value])
		put(l, OP_LD_MEM, l->word[value]);
	else
		miss(l, value);
	l->now.a = value;
}

static void to_x(struct lowerer *l, uint32_t value)
{
	const struct ir_insn *insn = &l->ir->insns[value];

	if (l->now.x == value)
		return;
	if (insn->op == IR_CONST)
		put(l, OP_LDX_IMM, insn->k);
	else if (insn->op == IR_LEN && can_say(l, OP_LDX_LEN, 0))
		put(l, OP_LDX_LEN, 0);
	else if (l->now.a == value)
		put(l, OP_TAX, 0);
	else if (l->is_homed[value])
		put(l, OP_LDX_MEM, l->word[value]);
	else {
		to_a(l, value);
		put(l, OP_TAX, 0);
	}
	l->now.x = value;
}

/* a in A and b in X. */
static void to_both(struct lowerer *l, uint32_t a, uint32_t b)
{
	/* making b may take A */
	to_x(l, b);
	to_a(l, a);
}

/* ---- words of M[] ------------------------------------------------------- */

static void take_word(struct lowerer *l, uint32_t value)
{
	l->uses_words = true;
	for (unsigned i = 0; i < WORDS; i++) {
		/* a way here may still lead to the last block that uses it */
		if (l->owner[i] != IR_NONE &&
		    l->place[l->last_use[l->owner[i]]] >= l->place[l->block])
			continue;
		l->owner[i] = value;
		l->word[value] = (uint8_t)i;
		return;
	}
	l->err = CBPF_E_TOO_LONG;
}

/* A has just been made. */
static void keep(struct lowerer *l, uint32_t value)
{
	l->now.a = value;
	if (!l->is_homed[value])
		return;
	take_word(l, value);
	put(l, OP_ST, l->word[value]);
}

/* X has just been made. */
static void keep_x(struct lowerer *l, uint32_t value)
{
	l->now.x = value;
	if (!l->is_homed[value])
		return;
	take_word(l, value);
	put(l, OP_STX, l->word[value]);
}

/* ---- instructions ------------------------------------------------------- */

static enum isa_op alu_op(unsigned op, bool by_x)
{
	static const struct {
		uint8_t k, x;
	} ops[] = {
		[IR_ADD] = { OP_ADD_K, OP_ADD_X },
		[IR_SUB] = { OP_SUB_K, OP_SUB_X },
		[IR_MUL] = { OP_MUL_K, OP_MUL_X },
		[IR_DIV] = { OP_DIV_K, OP_DIV_X },
		[IR_MOD] = { OP_MOD_K, OP_MOD_X },
		[IR_AND] = { OP_AND_K, OP_AND_X },
		[IR_OR] = { OP_OR_K, OP_OR_X },
		[IR_XOR] = { OP_XOR_K, OP_XOR_X },
		[IR_LSH] = { OP_LSH_K, OP_LSH_X },
		[IR_RSH] = { OP_RSH_K, OP_RSH_X },
	};

	return (enum isa_op)(by_x ? ops[op].x : ops[op].k);
}

/* Constants that the instruction cannot have: by X, shifts of 32 or more. */
static bool fits_k(unsigned op, uint32_t k)
{
	if (op == IR_LSH || op == IR_RSH)
		return k < 32;
	return (op != IR_DIV && op != IR_MOD) || k != 0;
}

static void lower_alu(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	uint32_t k;

	if (insn->op == IR_SUB && ir_is_const(l->ir, insn->a, &k) && k == 0 &&
	    can_say(l, OP_NEG, 0)) {
		to_a(l, insn->b);
		put(l, OP_NEG, 0);
	} else if (ir_is_const(l->ir, insn->b, &k) && fits_k(insn->op, k)) {
		to_a(l, insn->a);
		put(l, alu_op(insn->op, false), k);
	} else {
		to_both(l, insn->a, insn->b);
		put(l, alu_op(insn->op, true), 0);
	}
	keep(l, id);
}

/* lsh (and (load.1 [k]), 15), 2 has an instruction of its own, to X. */
static bool is_header_length(const struct lowerer *l, uint32_t id, uint32_t *k)
{
	const struct ir_insn *shift = &l->ir->insns[id], *mask, *load;
	uint32_t two, fifteen;

	if (shift->op != IR_LSH || !ir_is_const(l->ir, shift->b, &two) ||
	    two != 2)
		return false;
	mask = &l->ir->insns[shift->a];
	if (mask->op != IR_AND || !ir_is_const(l->ir, mask->b, &fifteen) ||
	    fifteen != 15)
		return false;
	load = &l->ir->insns[mask->a];
	*k = load->k;
	return load->op == IR_LOAD && load->size == 1;
}

/* The mask in it, which then nobody makes. */
static bool is_part_of_header_length(const struct lowerer *l, uint32_t id)
{
	uint32_t next = l->ir->insns[id].next, k;

	return l->n_uses[id] == 1 && next != IR_NONE &&
	       l->ir->insns[next].a == id && is_header_length(l, next, &k);
}

static void lower_value(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	uint32_t k;

	if (insn->op == IR_PARAM && id == l->takes[l->block].a)
		keep(l, id);
	if (insn->op == IR_PARAM && id == l->takes[l->block].x)
		keep_x(l, id);
	/* in A it is what a guard has loaded */
	if (is_cheap(insn) || insn->op == IR_PARAM || l->now.a == id ||
	    is_part_of_header_length(l, id))
		return;
	if (insn->op == IR_MSH_ANY || is_header_length(l, id, &k)) {
		put(l, OP_LDX_MSH, insn->op == IR_MSH_ANY ? insn->k : k);
		if (insn->op != IR_MSH_ANY && l->now.bytes < k + 1)
			l->now.bytes = k + 1;
		keep_x(l, id);
		return;
	}
	switch ((enum ir_op)insn->op) {
	case IR_LOAD_ANY:
		put(l, load_op(insn->size, false), insn->k);
		break;
	case IR_LOAD_IND:
		to_x(l, insn->a);
		put(l, load_op(insn->size, true), insn->k);
		break;
	case IR_EXT_NLA:
		to_both(l, insn->a, insn->b);
		put(l, OP_LD_W, EXT_BASE + insn->k);
		break;
	case IR_RAND:
		if (insn->k)
			put(l, OP_LD_W, EXT_BASE + insn->k);
		else
			put(l, OP_LD_RND, 0);
		break;
	default:
		lower_alu(l, id);
		return;
	}
	keep(l, id);
}

/* ---- guards ------------------------------------------------------------- */

/* A load of the block that ends where the guard does, or IR_NONE. */
static uint32_t load_to(const struct lowerer *l, uint32_t bytes)
{
	const struct ir *ir = l->ir;

	for (uint32_t i = ir->blocks[l->block].last; i != IR_NONE;
	     i = ir->insns[i].prev)
		if (ir->insns[i].op == IR_LOAD &&
		    ir->insns[i].k + ir->insns[i].size == bytes)
			return i;
	return IR_NONE;
}

/* Before something is returned that is not 0, what was asked for is loaded. */
static void load_wanted(struct lowerer *l)
{
	uint32_t value;

	if (l->wanted <= l->now.bytes)
		return;
	value = load_to(l, l->wanted);
	if (value == IR_NONE)
		put(l, OP_LD_B, l->wanted - 1);
	else
		make_cheap(l, &l->ir->insns[value]);
	l->now.a = value;
	l->now.bytes = l->wanted;
}

/* Whether the next instruction is a load, or a division, that asks the same. */
static bool is_asked_next(const struct lowerer *l, const struct ir_insn *guard)
{
	const struct ir_insn *next;

	if (guard->next == IR_NONE)
		return false;
	next = &l->ir->insns[guard->next];
	switch ((enum ir_op)guard->op) {
	case IR_NEED_ANY:
		return (next->op == IR_LOAD_ANY || next->op == IR_MSH_ANY) &&
		       next->k == guard->k && next->size == guard->size;
	case IR_NEED_IND:
		return next->op == IR_LOAD_IND && next->a == guard->a &&
		       next->k == guard->k && next->size == guard->size;
	default:
		return (next->op == IR_DIV || next->op == IR_MOD) &&
		       next->b == guard->a;
	}
}

static void lower_guard(struct lowerer *l, const struct ir_insn *guard)
{
	if (guard->op == IR_NEED_BYTES) {
		if (l->wanted < guard->k)
			l->wanted = guard->k;
		return;
	}
	if (guard->op == IR_NEED_DEVICE) {
		load_wanted(l);
		to_a(l, guard->a);
		put(l, OP_LD_W, EXT_BASE + guard->k);
		l->now.a = IR_NONE;
		return;
	}
	if (is_asked_next(l, guard))
		return;
	switch ((enum ir_op)guard->op) {
	case IR_NEED_ANY:
		if (guard->k < EXT_BASE) {
			put(l, load_op(guard->size, false), guard->k);
			break;
		}
		put(l, OP_LDX_MSH, guard->k);
		l->now.x = IR_NONE;
		return;
	case IR_NEED_IND:
		to_x(l, guard->a);
		put(l, load_op(guard->size, true), guard->k);
		break;
	default:
		to_x(l, guard->a);
		put(l, OP_DIV_X, 0);
		break;
	}
	l->now.a = IR_NONE;
}

/* ---- blocks ------------------------------------------------------------- */

/* A block is led to with what the registers hold now. */
static void arrive(struct lowerer *l, uint32_t to, struct state state)
{
	struct state *in = &l->in[to];

	if (!l->is_reached[to]) {
		l->is_reached[to] = true;
		*in = state;
		return;
	}
	if (in->a != state.a)
		in->a = IR_NONE;
	if (in->x != state.x)
		in->x = IR_NONE;
	if (in->bytes > state.bytes)
		in->bytes = state.bytes;
}

/* The parameters of the block an edge leads to get what they are. */
static void pass_arguments(struct lowerer *l, uint32_t edge)
{
	const struct ir *ir = l->ir;
	const struct ir_edge *e = &ir->edges[edge];
	const struct state *takes = &l->takes[e->to];
	uint32_t param = ir->blocks[e->to].first;
	uint32_t for_a = IR_NONE, for_x = IR_NONE;

	for (uint32_t i = 0; i < ir->blocks[e->to].n_params; i++) {
		uint32_t arg = ir->args[e->args + i];

		if (param == takes->a) {
			for_a = arg;
		} else if (param == takes->x) {
			for_x = arg;
		} else {
			to_a(l, arg);
			l->is_homed[param] = true;
			if (l->word[param] == WORDS)
				take_word(l, param);
			put(l, OP_ST, l->word[param]);
		}
		param = ir->insns[param].next;
	}
	if (for_x != IR_NONE)
		to_x(l, for_x);
	if (for_a != IR_NONE)
		to_a(l, for_a);
	if (for_x != IR_NONE)
		l->now.x = takes->x;
	if (for_a != IR_NONE)
		l->now.a = takes->a;
}

/* Whether an edge needs no code of its own, what it brings being in place. */
static bool is_bare(const struct lowerer *l, uint32_t edge)
{
	const struct ir_edge *e = &l->ir->edges[edge];
	const struct state *takes = &l->takes[e->to];
	uint32_t param = l->ir->blocks[e->to].first;

	for (uint32_t i = 0; i < l->ir->blocks[e->to].n_params; i++) {
		uint32_t arg = l->ir->args[e->args + i];

		if (!(param == takes->a && arg == l->now.a) &&
		    !(param == takes->x && arg == l->now.x))
			return false;
		param = l->ir->insns[param].next;
	}
	return true;
}

/* What is written next; IR_NONE: nothing. */
static uint32_t next_block(const struct lowerer *l)
{
	uint32_t place = l->place[l->block] + 1;

	return place < l->n_order ? l->order[place] : IR_NONE;
}

/* The code of an edge: arguments, and on to the block, if that is not next. */
static void lower_edge(struct lowerer *l, uint32_t edge, bool is_last)
{
	uint32_t to = l->ir->edges[edge].to;

	pass_arguments(l, edge);
	arrive(l, to, l->now);
	if (!is_last || to != next_block(l))
		put_jump(l, OP_JA, 0, to, to);
}

static enum isa_op test_op(unsigned test, bool by_x)
{
	switch (test) {
	case JMP_JEQ:
		return by_x ? OP_JEQ_X : OP_JEQ_K;
	case JMP_JGT:
		return by_x ? OP_JGT_X : OP_JGT_K;
	case JMP_JGE:
		return by_x ? OP_JGE_X : OP_JGE_K;
	default:
		return by_x ? OP_JSET_X : OP_JSET_K;
	}
}

/*
 * Where an edge of the block is left to: the block it leads to, or, if it needs
 * code of its own, a place that its number makes.
 */
static uint32_t place_of_edge(const struct lowerer *l, uint32_t edge)
{
	return is_bare(l, edge) ? l->ir->edges[edge].to
				: l->ir->n_blocks + edge;
}

/*
 * Where edges lead, all with what the registers hold now; and the code of those
 * that need some, the last of which may be followed by where it leads.
 */
static void lower_edges(struct lowerer *l, const struct ir_block *block)
{
	const struct state after = l->now;
	uint32_t last = IR_NONE;

	for (uint32_t e = block->edges; e < block->edges + block->n_edges;
	     e++) {
		l->now = after;
		if (!is_bare(l, e)) {
			last = e;
			continue;
		}
		pass_arguments(l, e);
		arrive(l, l->ir->edges[e].to, l->now);
	}
	for (uint32_t e = block->edges; e < block->edges + block->n_edges;
	     e++) {
		l->now = after;
		if (is_bare(l, e))
			continue;
		l->at[l->ir->n_blocks + e] = l->n_out;
		lower_edge(l, e, e == last);
	}
}

static void lower_branch(struct lowerer *l, const struct ir_block *block)
{
	bool by_x;
	uint32_t k = 0;

	by_x = !ir_is_const(l->ir, block->b, &k);
	if (by_x)
		to_both(l, block->a, block->b);
	else
		to_a(l, block->a);
	put_jump(l, test_op(block->test, by_x), k,
		 place_of_edge(l, block->edges),
		 place_of_edge(l, block->edges + 1));
	lower_edges(l, block);
}

/* ---- searches ----------------------------------------------------------- */

static void lower_switch(struct lowerer *l, const struct ir_block *block)
{
	const struct ir_range *ranges = l->ir->ranges + block->ranges;
	struct search *s = &l->search;
	uint32_t first = l->n_places, begin;

	to_a(l, block->a);
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		s->items[i].first = ranges[i].first;
		s->items[i].last = ir_last_of(ranges, block->n_ranges, i);
		s->items[i].to =
			place_of_edge(l, block->edges + ranges[i].edge);
		if (s->is_counted)
			s->items[i].count = l->ir->counts[block->ranges + i];
	}
	begin = search_plan(s, block->n_ranges, first);
	l->n_places += s->n_tests;
	if (begin != first) /* edges that are not the same lead to one place */
		put_jump(l, OP_JA, 0, begin, begin);
	for (uint32_t i = 0; i < s->n_tests; i++) {
		const struct search_test *test = &s->tests[i];

		l->at[first + i] = l->n_out;
		put_jump(l, test->is_equal ? OP_JEQ_K : OP_JGE_K, test->k,
			 test->yes, test->no);
	}
	lower_edges(l, block);
}

/* ---- the ends of blocks ------------------------------------------------- */

/* Whether the load of what the block ends with is the one that is wanted. */
static bool brings_wanted(const struct lowerer *l, const struct ir_block *block)
{
	const struct ir_insn *insn;

	if (block->end == IR_JUMP || l->now.a == block->a ||
	    l->now.x == block->a)
		return false;
	insn = &l->ir->insns[block->a];
	return insn->op == IR_LOAD && insn->k + insn->size >= l->wanted;
}

static void lower_end(struct lowerer *l, const struct ir_block *block)
{
	uint32_t k;

	if (block->end == IR_RET && ir_is_const(l->ir, block->a, &k)) {
		if (k != 0)
			load_wanted(l);
		put(l, OP_RET_K, k);
		return;
	}
	if (!brings_wanted(l, block))
		load_wanted(l);
	if (block->end == IR_RET) {
		to_a(l, block->a);
		put(l, OP_RET_A, 0);
	} else if (block->end == IR_JUMP) {
		lower_edge(l, block->edges, true);
	} else if (block->end == IR_SWITCH) {
		lower_switch(l, block);
	} else {
		lower_branch(l, block);
	}
}

static void lower_block(struct lowerer *l, uint32_t id)
{
	const struct ir_block *block = &l->ir->blocks[id];

	l->block = id;
	l->now = l->in[id];
	l->wanted = 0;
	l->at[id] = l->n_out;
	for (uint32_t i = block->first; i != IR_NONE; i = l->ir->insns[i].next)
		if (ir_rows[l->ir->insns[i].op].does == IR_GUARD)
			lower_guard(l, &l->ir->insns[i]);
		else
			lower_value(l, i);
	lower_end(l, block);
}

/* ---- the program -------------------------------------------------------- */

static void use(struct lowerer *l, uint32_t value, uint32_t block)
{
	if (value == IR_NONE)
		return;
	l->n_uses[value]++;
	if (l->place[l->last_use[value]] < l->place[block])
		l->last_use[value] = block;
}

/*
 * Blocks that return come last: Linux's check of M[] takes what follows a ret
 * to be what the ret goes on to, and what follows a jump not.
 */
static void find_order(struct lowerer *l)
{
	const struct ir *ir = l->ir;

	l->is_reached[0] = true;
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		for (uint32_t i = 0; l->is_reached[id] && i < block->n_edges;
		     i++)
			l->is_reached[ir->edges[block->edges + i].to] = true;
	}
	for (int returns = 0; returns < 2; returns++)
		for (uint32_t id = 0; id < ir->n_blocks; id++) {
			if (!l->is_reached[id] ||
			    (ir->blocks[id].end == IR_RET) != returns)
				continue;
			l->place[id] = l->n_order;
			l->order[l->n_order++] = id;
		}
}

static void find_uses(struct lowerer *l)
{
	const struct ir *ir = l->ir;

	for (uint32_t place = 0; place < l->n_order; place++) {
		uint32_t id = l->order[place];
		const struct ir_block *block = &ir->blocks[id];

		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next) {
			use(l, ir->insns[i].a, id);
			use(l, ir->insns[i].b, id);
			/* a parameter's word is its own from before on */
			if (l->place[l->last_use[i]] < l->place[id])
				l->last_use[i] = id;
		}
		use(l, block->a, id);
		use(l, block->b, id);
		for (uint32_t e = block->edges;
		     e < block->edges + block->n_edges; e++)
			for (uint32_t i = 0;
			     i < ir->blocks[ir->edges[e].to].n_params; i++)
				use(l, ir->args[ir->edges[e].args + i], id);
	}
}

/* The values that a block wants in the registers first, or IR_NONE. */
static struct state first_wanted(const struct ir *ir, uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	struct state want = { IR_NONE, IR_NONE, 0 };
	uint32_t k;

	for (uint32_t i = block->first; i != IR_NONE; i = ir->insns[i].next) {
		const struct ir_insn *insn = &ir->insns[i];

		if (ir_rows[insn->op].operands == 0)
			continue;
		if (insn->op == IR_NEED_IND || insn->op == IR_LOAD_IND) {
			want.x = want.x == IR_NONE ? insn->a : want.x;
			if (insn->op == IR_LOAD_IND)
				return want;
			continue;
		}
		want.a = ir_is_const(ir, insn->a, &k) ? insn->b : insn->a;
		return want;
	}
	if (block->end != IR_JUMP)
		want.a = block->a;
	else if (ir->blocks[ir->edges[block->edges].to].n_params)
		want.a = ir->args[ir->edges[block->edges].args];
	return want;
}

static bool is_param_of(const struct ir *ir, uint32_t value, uint32_t block)
{
	return value != IR_NONE && ir->insns[value].op == IR_PARAM &&
	       ir->insns[value].block == block;
}

static void find_takes(struct lowerer *l)
{
	for (uint32_t id = 0; id < l->ir->n_blocks; id++) {
		struct state want = first_wanted(l->ir, id);

		if (!is_param_of(l->ir, want.a, id))
			want.a = IR_NONE;
		if (!is_param_of(l->ir, want.x, id) || want.x == want.a)
			want.x = IR_NONE;
		l->takes[id] = want;
	}
}

/* Room for the largest switch. */
static bool take_search(struct lowerer *l)
{
	uint32_t most = 1;

	for (uint32_t id = 0; id < l->ir->n_blocks; id++)
		if (l->ir->blocks[id].end == IR_SWITCH &&
		    l->ir->blocks[id].n_ranges > most)
			most = l->ir->blocks[id].n_ranges;
	l->search.is_small = l->ir->is_small;
	l->search.is_counted = l->ir->counts != NULL;
	l->search.row = l->ir->bucket;
	return search_take(&l->search, l->arena, most);
}

static bool take_tables(struct lowerer *l)
{
	const struct ir *ir = l->ir;
	/* a search has fewer tests than ranges */
	size_t places = (size_t)ir->n_blocks + ir->n_edges + ir->n_ranges + 1;

	l->is_homed = arena_take(l->arena, ir->n_insns, sizeof(*l->is_homed));
	l->word = arena_take(l->arena, ir->n_insns, sizeof(*l->word));
	l->last_use = arena_take(l->arena, ir->n_insns, sizeof(*l->last_use));
	l->n_uses = arena_take(l->arena, ir->n_insns, sizeof(*l->n_uses));
	l->in = arena_take(l->arena, ir->n_blocks, sizeof(*l->in));
	l->is_reached =
		arena_take(l->arena, ir->n_blocks, sizeof(*l->is_reached));
	l->takes = arena_take(l->arena, ir->n_blocks, sizeof(*l->takes));
	l->at = arena_take(l->arena, places, sizeof(*l->at));
	l->order = arena_take(l->arena, ir->n_blocks, sizeof(*l->order));
	l->place = arena_take(l->arena, ir->n_blocks, sizeof(*l->place));
	return l->order && l->place && l->is_homed && l->word && l->last_use &&
	       l->n_uses && l->in && l->takes && l->is_reached && l->at &&
	       take_search(l);
}

/* Writes it all once. False: something was missed, or an error. */
static bool write_program(struct lowerer *l)
{
	const struct ir *ir = l->ir;

	l->n_out = 0;
	l->n_places = ir->n_blocks + ir->n_edges;
	l->misses = false;
	memset(l->word, WORDS, ir->n_insns);
	memset(l->owner, 0xff, sizeof(l->owner));
	memset(l->is_reached, 0, ir->n_blocks * sizeof(*l->is_reached));
	arrive(l, 0, (struct state){ IR_NONE, IR_NONE, 0 });
	for (uint32_t i = 0; i < l->n_order && l->err == CBPF_OK; i++)
		lower_block(l, l->order[i]);
	return !l->misses && l->err == CBPF_OK;
}

static enum cbpf_err link_program(struct lowerer *l, const struct cbpf_mem *mem,
				  struct cbpf_insn **insns, size_t *n)
{
	uint32_t *lines;
	enum cbpf_err err;
	size_t at;

	for (uint32_t i = 0; i < l->n_out; i++)
		if (l->out[i].has_targets) {
			l->out[i].t = l->at[l->out[i].t];
			l->out[i].f = l->at[l->out[i].f];
		}
	err = link_insns(l->out, l->n_out, !l->uses_words, mem, insns, &lines,
			 n, &at);
	if (err == CBPF_OK)
		mem_free(mem, lines, *n * sizeof(*lines));
	return err;
}

enum cbpf_err ir_lower(const struct ir *ir, const struct cbpf_mem *mem,
		       struct cbpf_insn **insns, size_t *n)
{
	struct arena arena = arena_new(mem);
	struct lowerer l = { .ir = ir, .arena = &arena };
	unsigned rounds = 0;

	if (!take_tables(&l))
		l.err = CBPF_E_NOMEM;
	else {
		find_order(&l);
		find_uses(&l);
		find_takes(&l);
	}
	while (l.err == CBPF_OK && !write_program(&l))
		if (++rounds == ROUNDS_MAX)
			l.err = CBPF_E_TOO_LONG;
	if (l.err == CBPF_OK)
		l.err = link_program(&l, mem, insns, n);
	arena_free(&arena);
	return l.err;
}
