/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph of the IR: instructions, blocks and edges are numbered and lie in
 * arrays that grow by doubling, so that passes name them by number and nothing
 * moves under them. What memory is refused for is not added, and sticks: a
 * builder asks once, at the end.
 */
#include <string.h>

#include "ir/ir.h"

const struct ir_row ir_rows[IR_OPS] = {
#define IROP(name, text, operands, does) { text, operands, IR_##does },
#include "ir/irops.def"
#undef IROP
};

struct ir ir_new(const struct isa_dialect *row, struct arena *arena)
{
	struct ir ir = { .row = row, .arena = arena };

	return ir;
}

/* Room for `more` items behind n. */
static bool grow(struct ir *ir, void **items, uint32_t n, uint32_t more,
		 uint32_t *cap, size_t size)
{
	uint64_t want = (uint64_t)n + more, room = *cap ? *cap : 64;
	void *bigger;

	if (want <= *cap)
		return !ir->is_broken;
	while (room < want)
		room *= 2;
	bigger = room < IR_NONE && !ir->is_broken
			 ? arena_take(ir->arena, (size_t)room, size)
			 : NULL;
	if (!bigger) {
		ir->is_broken = true;
		return false;
	}
	if (n)
		memcpy(bigger, *items, n * size);
	*items = bigger;
	*cap = (uint32_t)room;
	return true;
}

uint32_t ir_add_block(struct ir *ir)
{
	void *items = ir->blocks;

	if (!grow(ir, &items, ir->n_blocks, 1, &ir->cap_blocks,
		  sizeof(*ir->blocks)))
		return IR_NONE;
	ir->blocks = items;
	ir->blocks[ir->n_blocks] = (struct ir_block){ .first = IR_NONE,
						      .last = IR_NONE,
						      .a = IR_NONE,
						      .b = IR_NONE,
						      .in = IR_NONE };
	return ir->n_blocks++;
}

uint32_t ir_add(struct ir *ir, uint32_t block, struct ir_insn insn)
{
	void *items = ir->insns;
	uint32_t id = ir->n_insns;

	if (!grow(ir, &items, id, 1, &ir->cap_insns, sizeof(*ir->insns)))
		return IR_NONE;
	ir->insns = items;
	insn.block = block;
	insn.prev = ir->blocks[block].last;
	insn.next = IR_NONE;
	if (insn.prev == IR_NONE)
		ir->blocks[block].first = id;
	else
		ir->insns[insn.prev].next = id;
	ir->blocks[block].last = id;
	ir->insns[id] = insn;
	ir->n_insns++;
	return id;
}

void ir_add_edges(struct ir *ir, uint32_t block, uint32_t n)
{
	void *items = ir->edges;

	if (!grow(ir, &items, ir->n_edges, n, &ir->cap_edges,
		  sizeof(*ir->edges)))
		return;
	ir->edges = items;
	ir->blocks[block].edges = ir->n_edges;
	ir->blocks[block].n_edges = n;
	for (uint32_t i = 0; i < n; i++)
		ir->edges[ir->n_edges++] =
			(struct ir_edge){ block, IR_NONE, IR_NONE, 0 };
}

void ir_lead(struct ir *ir, uint32_t edge, uint32_t to, const uint32_t *args)
{
	struct ir_edge *e = &ir->edges[edge];
	uint32_t n = ir->blocks[to].n_params;
	void *items = ir->args;

	cbpf_assert(e->to == IR_NONE);
	if (!grow(ir, &items, ir->n_args, n, &ir->cap_args, sizeof(*ir->args)))
		return;
	ir->args = items;
	if (n)
		memcpy(ir->args + ir->n_args, args, n * sizeof(*args));
	e->to = to;
	e->args = ir->n_args;
	ir->n_args += n;
	e->next_in = ir->blocks[to].in;
	ir->blocks[to].in = edge;
}
