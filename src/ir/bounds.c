/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bounds of values, as far as their making shows them: what a load of few bytes
 * can be, masked, shifted and added to. Where an indirect load is known to be
 * near, its offset cannot wrap, and no machine's rule for that is asked.
 */
#include "ir/ir.h"

#define STEPS 6 /* instructions looked at, one behind another */

/* The most that a value can be, as far as is plain. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t bound_of(const struct ir *ir, uint32_t value, unsigned depth)
{
	const struct ir_insn *insn = &ir->insns[value];
	uint32_t k = 0, bound;

	if (depth == 0)
		return UINT32_MAX;
	switch (insn->op) {
	case IR_CONST:
		return insn->k;
	case IR_LOAD:
	case IR_LOAD_IND:
	case IR_LOAD_ZERO:
		return insn->size == 4 ? UINT32_MAX
				       : ((uint32_t)1 << 8 * insn->size) - 1;
	case IR_AND:
		if (!ir_is_const(ir, insn->b, &k))
			return UINT32_MAX;
		bound = bound_of(ir, insn->a, depth - 1);
		return bound < k ? bound : k;
	case IR_LSH:
		bound = bound_of(ir, insn->a, depth - 1);
		if (!ir_is_const(ir, insn->b, &k) || k > 31 ||
		    bound > UINT32_MAX >> k)
			return UINT32_MAX;
		return bound << k;
	case IR_RSH:
		bound = bound_of(ir, insn->a, depth - 1);
		return ir_is_const(ir, insn->b, &k) && k < 32 ? bound >> k
							      : bound;
	case IR_ADD:
		bound = bound_of(ir, insn->a, depth - 1);
		k = bound_of(ir, insn->b, depth - 1);
		return bound > UINT32_MAX - k ? UINT32_MAX : bound + k;
	default:
		return UINT32_MAX;
	}
}

bool ir_is_near(const struct ir *ir, const struct ir_insn *insn)
{
	return (uint64_t)bound_of(ir, insn->a, STEPS) + insn->k + insn->size <
	       INT32_MAX;
}
