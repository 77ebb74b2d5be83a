/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graph without what is not reached any more: blocks, instructions, edges and
 * ranges get new numbers, in the same order, so that passes that go through all
 * of them go through what is left.
 */
#include <string.h>

#include "ir/ir.h"

struct compacter {
	struct ir *ir;
	uint32_t *block, *insn, *edge; /* by old number: the new one, or NONE */
	uint32_t n_blocks, n_insns, n_edges, n_args, n_ranges;
};

/* ---- numbers ------------------------------------------------------------ */

static void number_block(struct compacter *c, uint32_t id)
{
	const struct ir *ir = c->ir;
	const struct ir_block *block = &ir->blocks[id];

	c->block[id] = c->n_blocks++;
	for (uint32_t i = block->first; i != IR_NONE; i = ir->insns[i].next)
		c->insn[i] = c->n_insns++;
	for (uint32_t e = block->edges; e < block->edges + block->n_edges;
	     e++) {
		c->edge[e] = c->n_edges++;
		c->n_args += ir->blocks[ir->edges[e].to].n_params;
	}
	if (block->end == IR_SWITCH)
		c->n_ranges += block->n_ranges;
}

static uint32_t new_of(const uint32_t *numbers, uint32_t old)
{
	return old == IR_NONE ? IR_NONE : numbers[old];
}

/* ---- copies ------------------------------------------------------------- */

static void copy_insns(const struct compacter *c, struct ir *to,
		       const struct ir_block *block)
{
	for (uint32_t i = block->first; i != IR_NONE;
	     i = c->ir->insns[i].next) {
		struct ir_insn *insn = &to->insns[c->insn[i]];

		*insn = c->ir->insns[i];
		insn->block = new_of(c->block, insn->block);
		insn->prev = new_of(c->insn, insn->prev);
		insn->next = new_of(c->insn, insn->next);
		insn->a = new_of(c->insn, insn->a);
		insn->b = new_of(c->insn, insn->b);
	}
}

static void copy_edge(const struct compacter *c, struct ir *to, uint32_t e)
{
	struct ir_edge *edge = &to->edges[c->edge[e]];
	uint32_t n = c->ir->blocks[c->ir->edges[e].to].n_params;

	*edge = c->ir->edges[e];
	for (uint32_t i = 0; i < n; i++)
		to->args[to->n_args + i] = c->insn[c->ir->args[edge->args + i]];
	edge->args = to->n_args;
	to->n_args += n;
	edge->from = c->block[edge->from];
	edge->to = c->block[edge->to];
	edge->prev_in = new_of(c->edge, edge->prev_in);
	edge->next_in = new_of(c->edge, edge->next_in);
}

static void copy_block(const struct compacter *c, struct ir *to, uint32_t id)
{
	struct ir_block *block = &to->blocks[c->block[id]];

	*block = c->ir->blocks[id];
	copy_insns(c, to, block);
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		copy_edge(c, to, e);
	block->first = new_of(c->insn, block->first);
	block->last = new_of(c->insn, block->last);
	block->a = new_of(c->insn, block->a);
	block->b = new_of(c->insn, block->b);
	block->in = new_of(c->edge, block->in);
	if (block->n_edges)
		block->edges = c->edge[block->edges];
	if (block->end != IR_SWITCH)
		return;
	memcpy(to->ranges + to->n_ranges, c->ir->ranges + block->ranges,
	       block->n_ranges * sizeof(*to->ranges));
	block->ranges = to->n_ranges;
	to->n_ranges += block->n_ranges;
}

/* ---- all of it ---------------------------------------------------------- */

static bool take_tables(struct compacter *c, struct arena *arena)
{
	const struct ir *ir = c->ir;

	c->block = arena_ones(arena, ir->n_blocks);
	c->insn = arena_ones(arena, ir->n_insns);
	c->edge = arena_ones(arena, ir->n_edges);
	return c->block && c->insn && c->edge;
}

/* The arrays of the smaller graph, all of them full. */
static bool take_arrays(const struct compacter *c, struct ir *to)
{
	to->blocks = arena_take(to->arena, c->n_blocks, sizeof(*to->blocks));
	to->insns = arena_take(to->arena, c->n_insns, sizeof(*to->insns));
	to->edges = arena_take(to->arena, c->n_edges, sizeof(*to->edges));
	to->args = arena_take(to->arena, c->n_args, sizeof(*to->args));
	to->ranges = arena_take(to->arena, c->n_ranges, sizeof(*to->ranges));
	to->n_blocks = to->cap_blocks = c->n_blocks;
	to->n_insns = to->cap_insns = c->n_insns;
	to->n_edges = to->cap_edges = c->n_edges;
	to->cap_args = c->n_args;
	to->cap_ranges = c->n_ranges;
	return to->blocks && to->insns && to->edges && to->args && to->ranges;
}

void ir_compact(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct compacter c = { .ir = ir };
	struct ir to = ir_new(ir->row, ir->arena);
	uint32_t zero;

	if (ir->is_broken)
		return;
	zero = ir_const(ir, 0);
	to.is_small = ir->is_small;
	to.bucket = ir->bucket;
	if (zero == IR_NONE || !take_tables(&c, &arena)) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	ir_cut_unreached(ir, zero);
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		if (ir_is_reached(ir, id))
			number_block(&c, id);
	if (2 * (uint64_t)c.n_insns < ir->n_insns ||
	    2 * (uint64_t)c.n_blocks < ir->n_blocks) {
		bool has_room = take_arrays(&c, &to);

		for (uint32_t id = 0; has_room && id < ir->n_blocks; id++)
			if (c.block[id] != IR_NONE)
				copy_block(&c, &to, id);
		to.is_broken |= !has_room;
		if (!to.is_broken)
			ir_note_constants(&to);
		/* half of a graph is none: the old one stays, broken */
		if (to.is_broken)
			ir->is_broken = true;
		else
			*ir = to;
	}
	arena_free(&arena);
}
