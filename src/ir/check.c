/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the IR is what ir.h says: lists that fit, values defined before they
 * are used on every way, as many arguments as parameters, and no value of a
 * guard. Debug and fuzz builds ask after every pass.
 */
#include "ir/ir.h"

struct checker {
	const struct ir *ir;
	struct ir_dominators doms;
	uint32_t *place; /* of an instruction in its block */
};

/* ---- lists -------------------------------------------------------------- */

static const char *check_insns(const struct checker *c, uint32_t id)
{
	const struct ir_block *block = &c->ir->blocks[id];
	uint32_t prev = IR_NONE, place = 0;

	for (uint32_t i = block->first; i != IR_NONE;
	     i = c->ir->insns[i].next) {
		const struct ir_insn *insn;

		if (i >= c->ir->n_insns || place > c->ir->n_insns)
			return "a list of instructions leads outside";
		insn = &c->ir->insns[i];
		if (insn->op >= IR_OPS)
			return "there is no such operation";
		if (insn->block != id || insn->prev != prev)
			return "an instruction is not where its list says";
		if ((insn->op == IR_PARAM) != (place < block->n_params) ||
		    (insn->op == IR_PARAM && insn->k != place))
			return "parameters do not come first, in order";
		c->place[i] = place++;
		prev = i;
	}
	if (block->last != prev)
		return "the last instruction of a block is not the last";
	return place < block->n_params ? "parameters are missing" : NULL;
}

/* Whether the ranges of a switch are all numbers, and their edges its own. */
static bool is_partition(const struct ir *ir, const struct ir_block *block)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;

	if (block->n_ranges < 2 || block->ranges > ir->n_ranges ||
	    block->n_ranges > ir->n_ranges - block->ranges ||
	    ranges[0].first != 0)
		return false;
	for (uint32_t i = 0; i < block->n_ranges; i++)
		if (ranges[i].edge >= block->n_edges ||
		    (i > 0 && (ranges[i].first <= ranges[i - 1].first ||
			       ranges[i].edge == ranges[i - 1].edge)))
			return false;
	return true;
}

static const char *check_edges(const struct checker *c, uint32_t id)
{
	static const uint32_t edges_of[] = {
		[IR_RET] = 0, [IR_JUMP] = 1, [IR_BRANCH] = 2
	};
	bool is_switch;
	const struct ir *ir = c->ir;
	const struct ir_block *block = &ir->blocks[id];

	is_switch = block->end == IR_SWITCH;
	if (block->end > IR_SWITCH ||
	    (!is_switch && block->n_edges != edges_of[block->end]))
		return "a block has not the edges of its end";
	if (is_switch && !is_partition(ir, block))
		return "the ranges of a switch are not in order";
	for (uint32_t e = block->edges; e < block->edges + block->n_edges;
	     e++) {
		if (e >= ir->n_edges || ir->edges[e].from != id)
			return "an edge does not come from its block";
		if (ir->edges[e].to >= ir->n_blocks || ir->edges[e].to <= id)
			return "an edge does not lead forward";
		if (ir->blocks[ir->edges[e].to].n_params >
		    ir->n_args - ir->edges[e].args)
			return "arguments are missing";
	}
	return NULL;
}

static const char *check_ins(const struct checker *c, uint32_t id)
{
	uint32_t n = 0;

	for (uint32_t e = c->ir->blocks[id].in; e != IR_NONE;
	     e = c->ir->edges[e].next_in)
		if (e >= c->ir->n_edges || c->ir->edges[e].to != id ||
		    n++ > c->ir->n_edges)
			return "an edge is in the list of another block";
	return id == 0 && n ? "an edge leads to the first block" : NULL;
}

/* ---- values ------------------------------------------------------------- */

/* Whether a value is there at a place of a block: IR_NONE, behind them all. */
static bool is_defined(const struct checker *c, uint32_t value, uint32_t block,
		       uint32_t place)
{
	uint32_t home;

	if (value >= c->ir->n_insns ||
	    ir_rows[c->ir->insns[value].op].does == IR_GUARD)
		return false;
	home = c->ir->insns[value].block;
	if (home == block)
		return c->place[value] < place;
	return home != IR_NONE && ir_dominates(&c->doms, home, block);
}

static const char *check_values(const struct checker *c, uint32_t id)
{
	const struct ir *ir = c->ir;
	const struct ir_block *block = &ir->blocks[id];

	for (uint32_t i = block->first; i != IR_NONE; i = ir->insns[i].next) {
		const struct ir_insn *insn = &ir->insns[i];
		unsigned n = ir_rows[insn->op].operands;

		if ((n > 0 && !is_defined(c, insn->a, id, c->place[i])) ||
		    (n > 1 && !is_defined(c, insn->b, id, c->place[i])))
			return "an operand is not defined where it is used";
	}
	if (block->end != IR_JUMP && !is_defined(c, block->a, id, IR_NONE))
		return "a block ends with what is not defined";
	if (block->end == IR_BRANCH && !is_defined(c, block->b, id, IR_NONE))
		return "a block tests what is not defined";
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0; i < ir->blocks[ir->edges[e].to].n_params;
		     i++)
			if (!is_defined(c, ir->args[ir->edges[e].args + i], id,
					IR_NONE))
				return "an argument is not defined";
	return NULL;
}

/* ---- all of it ---------------------------------------------------------- */

const char *ir_check(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct checker c = {
		.ir = ir,
		.place = arena_take(&arena, ir->n_insns, sizeof(*c.place)),
	};
	const char *wrong = ir->n_blocks ? NULL : "there is no block";

	ir->is_broken |= !c.place;
	for (uint32_t id = 0; id < ir->n_blocks && !wrong && c.place; id++) {
		wrong = check_insns(&c, id);
		if (!wrong)
			wrong = check_edges(&c, id);
		if (!wrong)
			wrong = check_ins(&c, id);
	}
	if (!wrong && !ir->is_broken)
		ir->is_broken = !ir_find_dominators(ir, &arena, &c.doms);
	for (uint32_t id = 0; id < ir->n_blocks && !wrong && !ir->is_broken;
	     id++)
		if (c.doms.idom[id] != IR_NONE)
			wrong = check_values(&c, id);
	arena_free(&arena);
	return wrong;
}
