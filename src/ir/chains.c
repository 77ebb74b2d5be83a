/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chains of blocks: a block to which one jump alone leads is part of the block
 * that jumps.
 *
 *	b1:	v4 = load.1 [23]	b1:	v4 = load.1 [23]
 *		jump b2(v4)		->	branch v4 == 6, b3, b4
 *	b2(v5):	branch v5 == 6, b3, b4
 *
 * From the last block to the first, so that each is joined to one that is whole
 * already. Each joining takes a block away: it ends.
 */
#include "ir/ir.h"

/* The arguments of an edge stand for the parameters of where it leads. */
static void name_params(struct ir *ir, uint32_t edge, uint32_t *same)
{
	const struct ir_edge *e = &ir->edges[edge];
	uint32_t param = ir->blocks[e->to].first;

	for (uint32_t i = 0; i < ir->blocks[e->to].n_params; i++) {
		same[param] = ir->args[e->args + i];
		param = ir->insns[param].next;
	}
	while (ir->blocks[e->to].n_params)
		ir_drop_param(ir, e->to, 0);
}

static void join(struct ir *ir, uint32_t id, uint32_t *same)
{
	uint32_t edge = ir->blocks[id].edges, next = ir->edges[edge].to;

	name_params(ir, edge, same);
	ir_drop_edges(ir, id);
	ir_move_end(ir, id, next);
}

/* What stands for a value may have been renamed itself. */
static void follow_names(const struct ir *ir, uint32_t *same)
{
	for (uint32_t value = 0; value < ir->n_insns; value++)
		while (same[same[value]] != same[value])
			same[value] = same[same[value]];
}

void ir_chains(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	uint32_t zero = ir_const(ir, 0);
	uint32_t *same = ir_identity(ir, &arena);

	if (!same || zero == IR_NONE) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	for (uint32_t id = ir->n_blocks; id-- > 0;)
		while (ir->blocks[id].end == IR_JUMP && ir_is_reached(ir, id) &&
		       ir_only_edge_to(ir, ir->edges[ir->blocks[id].edges].to))
			join(ir, id, same);
	follow_names(ir, same);
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		ir_rename_block(ir, id, same);
	arena_free(&arena);
}
