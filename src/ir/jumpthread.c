/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jump threading: an edge that leads to a test whose outcome is known on it
 * leads on to where that test leads, and a test that is known for all is none.
 *
 *	b1:	branch v1 == 8, b2, b5		b1:	branch v1 == 8, b2, b5
 *	b2:	branch v3 == 80, b8, b4		b2:	branch v3 == 80, b8, b6
 *	b4:	branch v1 == 8, b6, b7	   ->
 *	b6:	...				b6:	...
 *
 * What `host a or host b` asks for anew in each of its terms is known behind
 * the first (facts.h). An edge is led past blocks that do nothing but test or
 * jump: what they pass on is defined above them, and so above the edge.
 *
 * The tree of dominators is walked as it was at the beginning. That stays
 * right: an edge is led to where its own facts would have led it, so that what
 * is known at a block holds on each new way to it. Each edge moves forward
 * only, past a block at a time: it ends; blocks that nothing leads to any more
 * let go of their edges, so that no way is followed twice.
 */
#include "ir/facts.h"

/* Blocks that an edge is led past at a time: the next round goes on. */
#define STEPS_MAX 32

struct threader {
	struct ir *ir;
	struct ir_facts facts;
	struct ir_dominators doms;
	uint32_t *only_in; /* by block: the only edge that led there, or NONE */
	uint32_t *child, *sibling; /* the tree of dominators, in order */
	struct ir_mark *marks;	   /* by block: before it was entered */
};

/* What an edge of a branch says. */
static void learn_edge(struct threader *t, uint32_t edge)
{
	const struct ir_block *from = &t->ir->blocks[t->ir->edges[edge].from];
	uint32_t k;

	if (from->end == IR_SWITCH)
		ir_learn_switch(&t->facts, from, edge);
	else if (from->end == IR_BRANCH && ir_is_const(t->ir, from->b, &k))
		ir_learn(&t->facts, from->test, from->a, k,
			 edge == from->edges);
}

/* The edge by which a block is left, if that is known. */
static uint32_t known_exit(const struct threader *t, uint32_t id)
{
	const struct ir_block *block = &t->ir->blocks[id];
	bool outcome;
	uint32_t k;

	if (block->end == IR_JUMP)
		return block->edges;
	if (block->end == IR_SWITCH)
		return ir_knows_switch(&t->facts, block);
	if (block->end == IR_BRANCH && ir_is_const(t->ir, block->b, &k) &&
	    ir_knows(&t->facts, block->test, block->a, k, &outcome))
		return block->edges + !outcome;
	return IR_NONE;
}

/* Leads an edge past all that does nothing on its way. */
static void thread_edge(struct threader *t, uint32_t edge)
{
	struct ir *ir = t->ir;
	uint32_t last = IR_NONE, to = ir->edges[edge].to;

	for (int steps = 0;
	     steps < STEPS_MAX && ir->blocks[to].first == IR_NONE; steps++) {
		uint32_t exit = known_exit(t, to);

		if (exit == IR_NONE)
			break;
		last = exit;
		to = ir->edges[exit].to;
	}
	if (last != IR_NONE)
		ir_follow(ir, edge, last);
}

static void thread_block(struct threader *t, uint32_t id)
{
	struct ir_block *block = &t->ir->blocks[id];
	uint32_t exit;

	if (!ir_is_reached(t->ir, id)) {
		ir_return(t->ir, id, ir_const(t->ir, 0));
		return;
	}
	exit = known_exit(t, id);
	if (exit != IR_NONE)
		ir_keep_edge(t->ir, id, exit);
	for (uint32_t i = 0; i < block->n_edges; i++) {
		struct ir_mark mark = ir_mark(&t->facts);

		learn_edge(t, block->edges + i);
		thread_edge(t, block->edges + i);
		ir_forget(&t->facts, mark);
	}
	if (block->end == IR_BRANCH &&
	    ir_is_same_edge(t->ir, block->edges, block->edges + 1))
		ir_keep_edge(t->ir, id, block->edges);
}

/* Down the tree and up again; children in order, so after all that leads to
 * them. */
static void walk(struct threader *t)
{
	uint32_t id = 0;

	while (true) {
		t->marks[id] = ir_mark(&t->facts);
		if (t->only_in[id] != IR_NONE)
			learn_edge(t, t->only_in[id]);
		thread_block(t, id);
		if (t->child[id] != IR_NONE) {
			id = t->child[id];
			continue;
		}
		while (t->sibling[id] == IR_NONE) {
			ir_forget(&t->facts, t->marks[id]);
			if (id == 0)
				return;
			id = t->doms.idom[id];
		}
		ir_forget(&t->facts, t->marks[id]);
		id = t->sibling[id];
	}
}

static bool take_tables(struct threader *t, struct arena *arena)
{
	const struct ir *ir = t->ir;

	t->only_in = arena_take(arena, ir->n_blocks, sizeof(*t->only_in));
	t->child = arena_take(arena, ir->n_blocks, sizeof(*t->child));
	t->sibling = arena_take(arena, ir->n_blocks, sizeof(*t->sibling));
	t->marks = arena_take(arena, ir->n_blocks, sizeof(*t->marks));
	if (!t->only_in || !t->child || !t->sibling || !t->marks ||
	    !ir_find_dominators(ir, arena, &t->doms) ||
	    !ir_facts_new(ir, arena, &t->facts))
		return false;
	for (uint32_t id = ir->n_blocks; id-- > 0;) {
		uint32_t in = ir->blocks[id].in;

		t->child[id] = t->child[id] ? t->child[id] : IR_NONE;
		t->sibling[id] = IR_NONE;
		t->only_in[id] =
			in != IR_NONE && ir->edges[in].next_in == IR_NONE
				? in
				: IR_NONE;
		if (id == 0 || t->doms.idom[id] == IR_NONE)
			continue;
		/* 0 is nobody's child: that is none */
		t->sibling[id] = t->child[t->doms.idom[id]]
					 ? t->child[t->doms.idom[id]]
					 : IR_NONE;
		t->child[t->doms.idom[id]] = id;
	}
	return true;
}

void ir_jumpthread(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct threader t = { .ir = ir };

	/* what blocks end with when nothing leads to them: before the tables */
	ir_const(ir, 0);
	if (ir->is_broken || !take_tables(&t, &arena))
		ir->is_broken = true;
	else
		walk(&t);
	/* edges get new numbers here: when nothing is learned any more */
	for (uint32_t id = 0; id < ir->n_blocks && !ir->is_broken; id++)
		if (ir->blocks[id].end == IR_SWITCH)
			ir_join_ranges(ir, id, &arena);
	ir->is_broken |= t.facts.is_broken;
	arena_free(&arena);
}
