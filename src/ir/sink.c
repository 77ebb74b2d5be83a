/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sinking: an operation is done where its value is used, not on ways that do
 * not need it. A register is free for longer.
 *
 *	b0:	v2 = load.1 [0]			b0:	v2 = load.1 [0]
 *		v4 = and v2, 0xfc			branch v2 & 1, b1, b2
 *		branch v2 & 1, b1, b2	->	b1:	v4 = and v2, 0xfc
 *	b1:	ret v4					ret v4
 *
 * The place is the nearest block that stands on every way to a use. One pass
 * from the last instruction to the first, so that operands follow what uses
 * them; each is moved once.
 */
#include "ir/ir.h"

struct sinker {
	struct ir *ir;
	struct ir_dominators doms;
	uint32_t *wanted; /* by value: on every way to its uses, or IR_NONE */
};

static void use(struct sinker *s, uint32_t value, uint32_t block)
{
	if (value == IR_NONE)
		return;
	s->wanted[value] = s->wanted[value] == IR_NONE
				   ? block
				   : ir_common_dominator(
					     &s->doms, s->wanted[value], block);
}

static void use_end(struct sinker *s, uint32_t id)
{
	const struct ir *ir = s->ir;
	const struct ir_block *block = &ir->blocks[id];

	use(s, block->a, id);
	use(s, block->b, id);
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0; i < ir->blocks[ir->edges[e].to].n_params;
		     i++)
			use(s, ir->args[ir->edges[e].args + i], id);
}

static void sink_block(struct sinker *s, uint32_t id)
{
	struct ir *ir = s->ir;
	uint32_t prev;

	use_end(s, id);
	for (uint32_t i = ir->blocks[id].last; i != IR_NONE; i = prev) {
		const struct ir_insn *insn = &ir->insns[i];
		uint32_t to = s->wanted[i];

		prev = insn->prev;
		if (ir_is_alu(insn->op) && to != IR_NONE && to != id)
			ir_move_to_head(ir, i, to);
		use(s, insn->a, insn->block);
		use(s, insn->b, insn->block);
	}
}

void ir_sink(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	uint32_t zero = ir_const(ir, 0);
	struct sinker s = { .ir = ir };

	s.wanted = arena_ones(&arena, ir->n_insns);
	if (zero == IR_NONE || !s.wanted) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	ir_cut_unreached(ir, zero);
	if (!ir_find_dominators(ir, &arena, &s.doms))
		ir->is_broken = true;
	for (uint32_t id = ir->n_blocks; id-- > 0 && !ir->is_broken;)
		if (ir_is_reached(ir, id))
			sink_block(&s, id);
	arena_free(&arena);
}
