/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which block stands on every way to another (Cooper, Harvey and Kennedy, "A
 * Simple, Fast Dominance Algorithm"): blocks are in an order in which edges
 * lead forward, so that one pass finds it. The tree is numbered so that asking
 * takes two comparisons: what a block dominates has the numbers behind its own.
 */
#include "ir/ir.h"

uint32_t ir_common_dominator(const struct ir_dominators *d, uint32_t a,
			     uint32_t b)
{
	/* a dominator has a smaller number than what it dominates */
	while (a != b)
		if (a > b)
			a = d->idom[a];
		else
			b = d->idom[b];
	return a;
}

static void find_idoms(const struct ir *ir, struct ir_dominators *d)
{
	d->idom[0] = 0;
	for (uint32_t id = 1; id < ir->n_blocks; id++) {
		uint32_t idom = IR_NONE;

		for (uint32_t e = ir->blocks[id].in; e != IR_NONE;
		     e = ir->edges[e].next_in) {
			uint32_t from = ir->edges[e].from;

			if (d->idom[from] == IR_NONE)
				continue;
			idom = idom == IR_NONE
				       ? from
				       : ir_common_dominator(d, idom, from);
		}
		d->idom[id] = idom;
	}
}

/* Sizes of subtrees from the leaves up, then numbers from the root down. */
static void number_tree(const struct ir *ir, struct ir_dominators *d,
			uint32_t *next)
{
	for (uint32_t id = ir->n_blocks; id-- > 0;) {
		d->size[id]++;
		if (id > 0 && d->idom[id] != IR_NONE)
			d->size[d->idom[id]] += d->size[id];
	}
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		if (id > 0 && d->idom[id] != IR_NONE) {
			d->number[id] = next[d->idom[id]];
			next[d->idom[id]] += d->size[id];
		}
		next[id] = d->number[id] + 1;
	}
}

bool ir_find_dominators(const struct ir *ir, struct arena *arena,
			struct ir_dominators *d)
{
	uint32_t *next = arena_take(arena, ir->n_blocks, sizeof(*next));

	d->idom = arena_take(arena, ir->n_blocks, sizeof(*d->idom));
	d->number = arena_take(arena, ir->n_blocks, sizeof(*d->number));
	d->size = arena_take(arena, ir->n_blocks, sizeof(*d->size));
	if (!next || !d->idom || !d->number || !d->size)
		return false;
	find_idoms(ir, d);
	number_tree(ir, d, next);
	return true;
}

bool ir_dominates(const struct ir_dominators *d, uint32_t a, uint32_t b)
{
	return d->idom[a] != IR_NONE && d->idom[b] != IR_NONE &&
	       d->number[b] - d->number[a] < d->size[a];
}
