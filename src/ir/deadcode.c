/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code: blocks to which nothing leads, values that nobody uses, parameters
 * that get the same value from everywhere.
 *
 *	b1:	v4 = load.2 [12]		b1:	ret v3
 *		jump b3(v3)		->
 *	b3(v7):	ret v7
 *
 * A guard stays: it may end the run. One pass forward over blocks, one
 * backward over instructions: what uses a value stands behind it.
 */
#include "ir/ir.h"

struct sweeper {
	struct ir *ir;
	uint32_t *same;	  /* by value: what stands for it */
	uint32_t *n_uses; /* by value */
};

/* ---- blocks ------------------------------------------------------------- */

/* The value that all edges bring for a parameter; IR_NONE: there are two. */
static uint32_t only_argument(const struct sweeper *s, uint32_t block,
			      uint32_t i)
{
	uint32_t only = IR_NONE;

	for (uint32_t e = s->ir->blocks[block].in; e != IR_NONE;
	     e = s->ir->edges[e].next_in) {
		uint32_t arg = s->ir->args[s->ir->edges[e].args + i];

		if (only != IR_NONE && only != arg)
			return IR_NONE;
		only = arg;
	}
	return only;
}

static void drop_params(struct sweeper *s, uint32_t block)
{
	uint32_t i = 0;

	while (i < s->ir->blocks[block].n_params) {
		uint32_t only = only_argument(s, block, i);
		uint32_t param = s->ir->blocks[block].first;

		for (uint32_t at = 0; at < i; at++)
			param = s->ir->insns[param].next;
		if (only == IR_NONE) {
			i++;
			continue;
		}
		s->same[param] = only;
		ir_drop_param(s->ir, block, i);
	}
}

static void empty_block(struct sweeper *s, uint32_t id)
{
	struct ir_block *block = &s->ir->blocks[id];
	uint32_t next;

	for (uint32_t i = block->first; i != IR_NONE; i = next) {
		next = s->ir->insns[i].next;
		ir_drop(s->ir, i);
	}
	block->n_params = 0;
	ir_return(s->ir, id, ir_const(s->ir, 0));
}

/* ---- values ------------------------------------------------------------- */

static void count(struct sweeper *s, uint32_t value)
{
	if (value != IR_NONE)
		s->n_uses[value]++;
}

static void count_end(struct sweeper *s, uint32_t id)
{
	const struct ir *ir = s->ir;
	const struct ir_block *block = &ir->blocks[id];

	count(s, block->a);
	count(s, block->b);
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0; i < ir->blocks[ir->edges[e].to].n_params;
		     i++)
			count(s, ir->args[ir->edges[e].args + i]);
}

/* From the last instruction on, what is used being known by then. */
static void sweep_block(struct sweeper *s, uint32_t id)
{
	uint32_t prev;

	count_end(s, id);
	for (uint32_t i = s->ir->blocks[id].last; i != IR_NONE; i = prev) {
		const struct ir_insn *insn = &s->ir->insns[i];

		prev = insn->prev;
		if (s->n_uses[i] || ir_rows[insn->op].does == IR_GUARD ||
		    ir_rows[insn->op].does == IR_ONCE || insn->op == IR_PARAM) {
			count(s, insn->a);
			count(s, insn->b);
		} else {
			ir_drop(s->ir, i);
		}
	}
}

/* Parameters that nobody uses: after a block is swept, before those that lead
 * to it are. */
static void drop_unused_params(struct sweeper *s, uint32_t id)
{
	uint32_t i = 0, next;

	for (uint32_t p = s->ir->blocks[id].first;
	     i < s->ir->blocks[id].n_params; p = next) {
		next = s->ir->insns[p].next;
		if (s->n_uses[p])
			i++;
		else
			ir_drop_param(s->ir, id, i);
	}
}

void ir_deadcode(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	uint32_t zero = ir_const(ir, 0);
	struct sweeper s = {
		.ir = ir,
		.same = ir_identity(ir, &arena),
		.n_uses = arena_take(&arena, ir->n_insns, sizeof(*s.n_uses)),
	};

	if (!s.same || !s.n_uses || zero == IR_NONE) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		if (!ir_is_reached(ir, id)) {
			empty_block(&s, id);
			continue;
		}
		drop_params(&s, id);
		ir_rename_block(ir, id, s.same);
	}
	for (uint32_t id = ir->n_blocks; id-- > 0;) {
		sweep_block(&s, id);
		drop_unused_params(&s, id);
	}
	arena_free(&arena);
}
