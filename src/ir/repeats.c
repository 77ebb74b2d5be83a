/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Value numbering: an operation that was done before, on every way here, with
 * the same operands is not done again. Loads and ancillary values too: a packet
 * does not change.
 *
 *	b0:	v1 = load.2 [12]		b0:	v1 = load.2 [12]
 *		branch v1 == 0x800, b1, b2		branch v1 == 0x800, b1,
 *b2 b2:	v5 = load.2 [12]	->	b2:	branch v1 == 0x806, b3,
 *b4 branch v5 == 0x806, b3, b4
 *
 * A table by operation and operands has the instructions met so far; one
 * stands for another where its block dominates the other's (numbered on the way
 * down and up the tree of dominators). Blocks in order, each instruction once.
 */
#include <string.h>

#include "ir/ir.h"

struct table {
	struct ir *ir;
	struct ir_dominators doms;
	uint32_t *same;	 /* by value: what stands for it */
	uint32_t *first; /* by hash: an instruction, */
	uint32_t *next;	 /* and the one with that hash before it */
	uint32_t n_slots;
};

static uint32_t hash_of(const struct table *t, const struct ir_insn *insn)
{
	uint64_t h = (uint64_t)insn->op << 8 | insn->size;

	h = (h ^ insn->a) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 29) ^ insn->b) * 0x9e3779b97f4a7c15u;
	h = (h ^ (h >> 29) ^ insn->k) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32) & (t->n_slots - 1);
}

static bool is_same(const struct ir_insn *a, const struct ir_insn *b)
{
	return a->op == b->op && a->size == b->size && a->a == b->a &&
	       a->b == b->b && a->k == b->k;
}

/* The instruction that did the same on every way here; IR_NONE: none did. */
static uint32_t find(const struct table *t, uint32_t slot, uint32_t id)
{
	const struct ir_insn *insn = &t->ir->insns[id];

	for (uint32_t i = t->first[slot]; i != IR_NONE; i = t->next[i])
		if (is_same(&t->ir->insns[i], insn) &&
		    ir_dominates(&t->doms, t->ir->insns[i].block, insn->block))
			return i;
	return IR_NONE;
}

static void number_insn(struct table *t, uint32_t id)
{
	struct ir_insn *insn = &t->ir->insns[id];
	uint32_t slot, before;

	ir_rename_insn(insn, t->same);
	if (insn->op == IR_PARAM || insn->op == IR_CONST ||
	    ir_rows[insn->op].does == IR_ONCE)
		return;
	slot = hash_of(t, insn);
	before = find(t, slot, id);
	if (before == IR_NONE) {
		t->next[id] = t->first[slot];
		t->first[slot] = id;
		return;
	}
	/* of a guard that has held there is nothing left to ask */
	t->same[id] = before;
	ir_drop(t->ir, id);
}

static void number_block(struct table *t, uint32_t id)
{
	uint32_t next;

	for (uint32_t i = t->ir->blocks[id].first; i != IR_NONE; i = next) {
		next = t->ir->insns[i].next;
		number_insn(t, i);
	}
	ir_rename_end(t->ir, id, t->same);
}

void ir_repeats(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct table t = { .ir = ir, .n_slots = 64 };

	while (t.n_slots < ir->n_insns)
		t.n_slots *= 2;
	t.same = ir_identity(ir, &arena);
	t.first = arena_take(&arena, t.n_slots, sizeof(*t.first));
	t.next = arena_take(&arena, ir->n_insns, sizeof(*t.next));
	if (!t.same || !t.first || !t.next ||
	    !ir_find_dominators(ir, &arena, &t.doms)) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	memset(t.first, 0xff, t.n_slots * sizeof(*t.first));
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		number_block(&t, id);
	arena_free(&arena);
}
