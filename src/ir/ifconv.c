/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * If-conversion: a test of one bit that does no more than choose between two
 * numbers is computed, where that takes no more than the branch and the loading
 * of a number: two operations.
 *
 *	b1:	branch v1 & 0x10, b2(v5), b2(v6)	v5 = 4, v6 = 0
 *	b2:	v7 = param
 *						->
 *	b1:	v8 = and v1, 0x10
 *		v9 = rsh v8, 2
 *		jump b2(v9)
 *
 * One walk over the blocks; each that is changed has lost its branch.
 */
#include "ir/ir.h"

#define COST_MAX 2 /* operations */

struct chooser {
	struct ir *ir;
	uint32_t block;
	uint32_t cost;
	bool is_dry; /* counts alone */
};

/* The operation of a value and a number, at the end of the block. */
static uint32_t add(struct chooser *c, enum ir_op op, uint32_t a, uint32_t k)
{
	const struct ir_insn insn = { .op = (uint8_t)op,
				      .a = a,
				      .b = c->is_dry ? IR_NONE
						     : ir_const(c->ir, k) };

	c->cost++;
	return c->is_dry ? a : ir_add(c->ir, c->block, insn);
}

static bool is_one_bit(uint32_t k)
{
	return k && !(k & (k - 1));
}

static uint32_t place_of(uint32_t bit)
{
	uint32_t place = 0;

	while (bit >>= 1)
		place++;
	return place;
}

/* yes where the bit of a value is set, else no; IR_NONE: no way to say that. */
static uint32_t choose(struct chooser *c, uint32_t value, uint32_t bit,
		       uint32_t yes, uint32_t no)
{
	uint32_t apart = yes ^ no;
	bool has_xor = isa_rows[OP_XOR_K].on >> (c->ir->row - isa_dialects) & 1;

	if (!is_one_bit(apart) || (no & apart && !has_xor))
		return IR_NONE;
	value = add(c, IR_AND, value, bit);
	if (apart > bit)
		value = add(c, IR_LSH, value, place_of(apart) - place_of(bit));
	else if (apart < bit)
		value = add(c, IR_RSH, value, place_of(bit) - place_of(apart));
	if (no & apart)
		value = add(c, IR_XOR, value, no);
	else if (no)
		value = add(c, IR_OR, value, no);
	return value;
}

/* The one parameter in which the two edges of a block differ, or IR_NONE. */
static uint32_t find_choice(const struct ir *ir, const struct ir_block *block)
{
	const struct ir_edge *yes = &ir->edges[block->edges], *no = yes + 1;
	uint32_t found = IR_NONE;

	if (yes->to != no->to)
		return IR_NONE;
	for (uint32_t i = 0; i < ir->blocks[yes->to].n_params; i++) {
		if (ir->args[yes->args + i] == ir->args[no->args + i])
			continue;
		if (found != IR_NONE)
			return IR_NONE;
		found = i;
	}
	return found;
}

static void convert_block(struct ir *ir, uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	struct chooser c = { .ir = ir, .block = id, .is_dry = true };
	uint32_t edge = block->edges, value = block->a;
	uint32_t bit, yes, no, param;

	if (block->end != IR_BRANCH || block->test != JMP_JSET ||
	    !ir_is_const(ir, block->b, &bit) || !is_one_bit(bit))
		return;
	param = find_choice(ir, block);
	if (param == IR_NONE ||
	    !ir_is_const(ir, ir->args[ir->edges[edge].args + param], &yes) ||
	    !ir_is_const(ir, ir->args[ir->edges[edge + 1].args + param], &no) ||
	    choose(&c, value, bit, yes, no) == IR_NONE || c.cost > COST_MAX)
		return;
	c.is_dry = false;
	value = choose(&c, value, bit, yes, no);
	if (ir->is_broken)
		return;
	ir_keep_edge(ir, id, edge);
	ir->args[ir->edges[edge].args + param] = value;
}

void ir_ifconv(struct ir *ir)
{
	for (uint32_t id = 0; id < ir->n_blocks && !ir->is_broken; id++)
		if (ir_is_reached(ir, id))
			convert_block(ir, id);
}
