/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guards of a packet's length: asked for once, and where that costs least.
 *
 *	b0:	need.bytes 14		b0:	need.bytes 34
 *		v1 = load.2 [12]		v1 = load.2 [12]
 *		need.bytes 34		->	branch v1 == 6, b1, b2
 *		branch v1 == 6, b1, b2	b1:	v4 = load.2 [12]
 *	b1:	need.bytes 14
 *		v4 = load.2 [12]
 *
 * Backward: a guard asks for what the block will ask for later, as long as all
 * that may happen between is that the run ends with 0. Where each way on needs
 * bytes, or returns 0, and one of them has no load that brings them, the block
 * asks for all of them: that is shorter, and asked for only then. Forward: how
 * many bytes there are is known, the least of what the ways here know; a guard
 * that asks for no more is dropped. A block from which each way returns 0 does
 * that. Other guards are value numbering's (repeats.c). One pass backward, one
 * forward.
 */
#include "ir/ir.h"

struct guarder {
	struct ir *ir;
	uint32_t *need;	 /* by block: bytes that each way through it needs */
	uint32_t zero;	 /* the constant */
	bool *is_costly; /* by block: it needs them, and no load brings them */
	uint32_t *known; /* by block: bytes that are there at its end */
};

/* ---- backward ----------------------------------------------------------- */

static bool brings(const struct ir *ir, uint32_t id, uint32_t bytes)
{
	for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
	     i = ir->insns[i].next)
		if (ir->insns[i].op == IR_LOAD &&
		    ir->insns[i].k + ir->insns[i].size >= bytes)
			return true;
	return false;
}

/* What all ways on need. */
static uint32_t need_behind(const struct ir *ir, const uint32_t *need,
			    uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	uint32_t least = UINT32_MAX, k;

	if (block->end == IR_RET)
		return ir_is_const(ir, block->a, &k) && k == 0 ? UINT32_MAX : 0;
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		if (need[ir->edges[e].to] < least)
			least = need[ir->edges[e].to];
	return least;
}

uint32_t ir_need(const struct ir *ir, const uint32_t *need, uint32_t id)
{
	uint32_t own = need_behind(ir, need, id);

	for (uint32_t i = ir->blocks[id].last; i != IR_NONE;
	     i = ir->insns[i].prev) {
		const struct ir_insn *insn = &ir->insns[i];

		/* without a device it is not 0 that is returned */
		if (insn->op == IR_NEED_DEVICE)
			own = 0;
		else if (insn->op == IR_NEED_BYTES && insn->k > own)
			own = insn->k;
	}
	return own;
}

/* Whether a way on has no load for what it needs. */
static bool is_costly_behind(const struct guarder *g, uint32_t id)
{
	const struct ir_block *block = &g->ir->blocks[id];

	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		if (g->is_costly[g->ir->edges[e].to])
			return true;
	return false;
}

/* The block returns 0, whatever it asks for. */
static void return_zero(struct guarder *g, uint32_t id)
{
	uint32_t next;

	for (uint32_t i = g->ir->blocks[id].first; i != IR_NONE; i = next) {
		next = g->ir->insns[i].next;
		if (ir_rows[g->ir->insns[i].op].does == IR_GUARD)
			ir_drop(g->ir, i);
	}
	ir_return(g->ir, id, g->zero);
}

static void look_at(struct guarder *g, uint32_t id)
{
	struct ir *ir = g->ir;
	bool has_guard = false;
	uint32_t behind = need_behind(ir, g->need, id), need = 0;

	if (ir->is_small && is_costly_behind(g, id) && behind > 0 &&
	    behind < UINT32_MAX) {
		ir_add(ir, id,
		       (struct ir_insn){ .op = IR_NEED_BYTES,
					 .a = IR_NONE,
					 .b = IR_NONE,
					 .k = behind });
		need = behind;
	}
	for (uint32_t i = ir->blocks[id].last; i != IR_NONE;
	     i = ir->insns[i].prev) {
		struct ir_insn *insn = &ir->insns[i];

		if (insn->op == IR_NEED_DEVICE)
			behind = need = 0;
		if (insn->op != IR_NEED_BYTES)
			continue;
		if (insn->k < need)
			insn->k = need;
		need = insn->k;
		has_guard = true;
	}
	if (behind == UINT32_MAX) {
		return_zero(g, id);
		has_guard = false;
	}
	g->need[id] = ir_need(ir, g->need, id);
	g->is_costly[id] = has_guard && need && !brings(ir, id, need);
}

/* ---- forward ------------------------------------------------------------ */

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

uint32_t ir_known(const struct ir *ir, const uint32_t *known, uint32_t id)
{
	uint32_t bytes = known_before(ir, known, id);

	for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
	     i = ir->insns[i].next)
		if (ir->insns[i].op == IR_NEED_BYTES && ir->insns[i].k > bytes)
			bytes = ir->insns[i].k;
	return bytes;
}

static void drop_known(struct guarder *g, uint32_t id)
{
	struct ir *ir = g->ir;
	uint32_t bytes = known_before(ir, g->known, id), next;

	for (uint32_t i = ir->blocks[id].first; i != IR_NONE; i = next) {
		const struct ir_insn *insn = &ir->insns[i];

		next = insn->next;
		if (insn->op != IR_NEED_BYTES)
			continue;
		if (insn->k <= bytes)
			ir_drop(ir, i);
		else
			bytes = insn->k;
	}
	g->known[id] = bytes;
}

void ir_guards(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct guarder g = {
		.ir = ir,
		.zero = ir_const(ir, 0),
		.need = arena_take(&arena, ir->n_blocks, sizeof(*g.need)),
		.is_costly = arena_take(&arena, ir->n_blocks, 1),
		.known = arena_take(&arena, ir->n_blocks, sizeof(*g.known)),
	};

	if (g.zero == IR_NONE || !g.need || !g.is_costly || !g.known) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	for (uint32_t id = ir->n_blocks; id-- > 0;)
		look_at(&g, id);
	for (uint32_t id = 0; id < ir->n_blocks && !ir->is_broken; id++)
		drop_known(&g, id);
	arena_free(&arena);
}
