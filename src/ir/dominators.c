/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which block stands on every way to another: blocks are in an order in which
 * edges lead forward, so that one pass finds it; the dominator of a block is
 * the nearest that those of all ways here have in common. That is looked for
 * with leaps up the tree (Myers, "An applicative random-access stack"), for a
 * return that a thousand tests lead to. The tree is numbered so that asking
 * takes two comparisons: what a block dominates has the numbers behind its own.
 */
#include "ir/ir.h"

uint32_t ir_common_dominator(const struct ir_dominators *d, uint32_t a,
			     uint32_t b)
{
	if (d->depth[a] < d->depth[b]) {
		uint32_t deeper = b;

		b = a;
		a = deeper;
	}
	while (d->depth[a] > d->depth[b])
		a = d->depth[d->leap[a]] >= d->depth[b] ? d->leap[a]
							: d->idom[a];
	while (a != b) {
		bool leaps = d->leap[a] != d->leap[b];

		a = leaps ? d->leap[a] : d->idom[a];
		b = leaps ? d->leap[b] : d->idom[b];
	}
	return a;
}

/* Leaps are of lengths such that any ancestor is log n steps away. */
static void hang(struct ir_dominators *d, uint32_t id, uint32_t parent)
{
	uint32_t leap = d->leap[parent];
	uint32_t far = d->depth[parent] - d->depth[leap];

	d->idom[id] = parent;
	d->depth[id] = d->depth[parent] + 1;
	d->leap[id] = far == d->depth[leap] - d->depth[d->leap[leap]]
			      ? d->leap[leap]
			      : parent;
}

static void find_idoms(const struct ir *ir, struct ir_dominators *d)
{
	d->idom[0] = d->leap[0] = d->depth[0] = 0;
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
		d->idom[id] = IR_NONE;
		if (idom != IR_NONE)
			hang(d, id, idom);
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
	d->depth = arena_take(arena, ir->n_blocks, sizeof(*d->depth));
	d->leap = arena_take(arena, ir->n_blocks, sizeof(*d->leap));
	if (!next || !d->idom || !d->number || !d->size || !d->depth ||
	    !d->leap)
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
