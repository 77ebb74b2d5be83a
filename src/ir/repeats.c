/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Value numbering: an operation that was done before, on every way here, with
 * the same operands is not done again. Loads and ancillary values too: a packet
 * does not change.
 *
 *	b0:	v1 = load.2 [12]	b0:	v1 = load.2 [12]
 *		branch v1 == 8, b1, b2		branch v1 == 8, b1, b2
 *	b2:	v5 = load.2 [12]   ->	b2:	branch v1 == 9, b3, b4
 *		branch v5 == 9, b3, b4
 *
 * A walk down the tree of dominators, with a table by operation and operands of
 * what was met on the way down; what was met in another branch of the tree is
 * thrown away when it is in the way, and is never wanted again. Each
 * instruction once.
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

	h = ir_mix(ir_mix(ir_mix(h, insn->a), insn->b), insn->k);
	return (uint32_t)(h >> 32) & (t->n_slots - 1);
}

static bool is_same(const struct ir_insn *a, const struct ir_insn *b)
{
	return a->op == b->op && a->size == b->size && a->a == b->a &&
	       a->b == b->b && a->k == b->k;
}

/* Throws away what is not on the way down to a block, which is all on top. */
static void drop_others(struct table *t, uint32_t slot, uint32_t block)
{
	while (t->first[slot] != IR_NONE &&
	       !ir_dominates(&t->doms, t->ir->insns[t->first[slot]].block,
			     block))
		t->first[slot] = t->next[t->first[slot]];
}

/* The instruction that did the same on every way here; IR_NONE: none did. */
static uint32_t find(const struct table *t, uint32_t slot, uint32_t id)
{
	uint32_t i = t->first[slot];

	while (i != IR_NONE && !is_same(&t->ir->insns[i], &t->ir->insns[id]))
		i = t->next[i];
	return i;
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
	drop_others(t, slot, insn->block);
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
	uint32_t *order;

	while (t.n_slots < ir->n_insns)
		t.n_slots *= 2;
	t.same = ir_identity(ir, &arena);
	t.first = arena_take(&arena, t.n_slots, sizeof(*t.first));
	t.next = arena_take(&arena, ir->n_insns, sizeof(*t.next));
	order = arena_take(&arena, ir->n_blocks, sizeof(*order));
	if (!t.same || !t.first || !t.next || !order ||
	    !ir_find_dominators(ir, &arena, &t.doms)) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	memset(t.first, 0xff, t.n_slots * sizeof(*t.first));
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		if (t.doms.idom[id] != IR_NONE)
			order[t.doms.number[id]] = id;
	for (uint32_t i = 0; i < t.doms.size[0]; i++)
		number_block(&t, order[i]);
	arena_free(&arena);
}
