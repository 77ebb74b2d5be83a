/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guard elimination: how many bytes the packet is known to have flows down the
 * graph, and a guard that asks for no more is dropped.
 *
 *	b0:	need.bytes 34			b0:	need.bytes 34
 *		branch v1 == 6, b1, b2			branch v1 == 6, b1, b2
 *	b1:	need.bytes 14		->	b1:	v4 = load.2 [12]
 *		v4 = load.2 [12]
 *
 * Where ways meet, what all of them know is known. Guards of other kinds, which
 * ask the same or not, are value numbering's (repeats.c). One pass in the order
 * of the blocks.
 */
#include "ir/ir.h"

/* What is known at the begin of a block: the least that a way brings. */
static uint32_t known_before(const struct ir *ir, const uint32_t *known,
			     uint32_t id)
{
	uint32_t least = UINT32_MAX;

	if (id == 0)
		return 0;
	for (uint32_t e = ir->blocks[id].in; e != IR_NONE;
	     e = ir->edges[e].next_in)
		if (known[ir->edges[e].from] < least)
			least = known[ir->edges[e].from];
	return least;
}

void ir_guards(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	uint32_t *known = arena_take(&arena, ir->n_blocks, sizeof(*known));

	if (!known)
		ir->is_broken = true;
	for (uint32_t id = 0; known && id < ir->n_blocks; id++) {
		uint32_t bytes = known_before(ir, known, id), next;

		for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
		     i = next) {
			const struct ir_insn *insn = &ir->insns[i];

			next = insn->next;
			if (insn->op != IR_NEED_BYTES)
				continue;
			if (insn->k <= bytes)
				ir_drop(ir, i);
			else
				bytes = insn->k;
		}
		known[id] = bytes;
	}
	arena_free(&arena);
}
