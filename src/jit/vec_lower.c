/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph as code for many packets at a time, a group: eight by AVX2, sixteen
 * by AVX-512. A function of packets (RDI), verdicts (RSI), how many groups there
 * are (RDX) and a word for each (RCX), in which bits are set for the packets
 * whose verdict is left to the code for one.
 *
 *	need.bytes 24			vpcmpud k1{k1}, CAP, [24]{1to16}, GE
 *	v1 = load.1 [23]		vpshufb zmm8, COLUMN, [picks byte 3]
 *	branch v1 == 6, b1, b2		vpcmpud k2{k1}, zmm8, [6]{1to16}, EQ
 *					kandnw k3, k2, k1
 *
 * Control flow is predicated: every block has a mask of the packets that are
 * there, made by the edges that lead to it, and the blocks follow each other; a
 * block that reads packets is jumped over, with what it alone leads to, where
 * its mask is empty. Packets that return 0 are in no mask any more.
 *
 * Code is written backward, and registers are given out as in x64_lower.c; where
 * there is none a value lives in the frame, which is quick enough here: what is
 * done once is done for all of a group. What bytes are read together is
 * windows.c's to say. Packets are told by 32-bit distances from the first one,
 * for gathers: groups that are spread wider than that, or have a packet shorter
 * than what is read of all, are left to the code for one.
 */
#include <stddef.h>

#include "jit/lower.h"
#include "jit/windows.h"
#include "jit/x64_vec.h"

/* Vector registers; the scratch masks are of AVX2, whose masks are vectors. */
enum { T0, T1, T2, RESULT = 7, FIRST_FREE = 8 };
enum { MASKS = 4 }; /* scratch masks: k4 to k7, or registers 3 to 6 */

enum { IN_NOTHING, IN_REGISTER, IN_FRAME };

struct spot {
	uint8_t kind, reg;
	uint32_t slot;
};

/* A constant, or what a shuffle picks: four words, over and over. */
struct constant {
	uint32_t words[4];
	uint32_t at;
	bool is_one; /* the word, once */
};

struct vectorizer {
	const struct ir *ir;
	struct asmbuf *b;
	enum vx_width width;
	unsigned lanes;
	struct windows w;
	struct spot *values; /* by value; then windows, columns, the rest */
	struct spot *masks;  /* by block */
	uint32_t *at;	     /* by block: its place */
	uint32_t *first;     /* by block: the edge that leads there first */
	uint32_t *behind;    /* by block: the first that is not its alone */
	uint32_t *reads;     /* by block: its first load that is a gather */
	bool *is_emptied;    /* by block: its mask, at the begin of a group */
	uint32_t free, free_masks, n_slots;
	struct constant *constants;
	uint32_t n_constants, cap_constants, pool_size;
	bool is_refused;
};

/* Values that are none of the graph's. */
static uint32_t window_value(const struct vectorizer *v, uint32_t i)
{
	return v->ir->n_insns + i;
}

static uint32_t column_value(const struct vectorizer *v, uint32_t i)
{
	return v->ir->n_insns + v->w.n_windows + i;
}

enum { DISTANCE, HIGH, CAPLEN, WIRELEN, SPECIALS };

static uint32_t special(const struct vectorizer *v, uint32_t which)
{
	return column_value(v, COLUMN_MAX) + which;
}

static bool is_wide(const struct vectorizer *v)
{
	return v->width == VX_512;
}

/* ---- constants ---------------------------------------------------------- */

/* Where a constant is, from R8. */
static struct vx_rm constant(struct vectorizer *v, const uint32_t words[4],
			     bool is_one)
{
	struct constant *c;
	uint32_t i = 0;

	is_one = is_one && is_wide(v);
	while (i < v->n_constants &&
	       (v->constants[i].is_one != is_one ||
		memcmp(v->constants[i].words, words,
		       sizeof(v->constants[i].words)) != 0))
		i++;
	if (i == v->n_constants) {
		c = arena_grow(v->b->arena, v->constants, i, 1,
			       &v->cap_constants, sizeof(*c));
		if (!c) {
			v->b->is_broken = true;
			return vx_at(X64_R8, 0);
		}
		v->constants = c;
		memcpy(c[i].words, words, sizeof(c[i].words));
		c[i].is_one = is_one;
		c[i].at = v->pool_size;
		v->pool_size += is_one ? 4 : 4 * v->lanes;
		v->n_constants++;
	}
	return is_one ? vx_each(X64_R8, v->constants[i].at)
		      : vx_at(X64_R8, v->constants[i].at);
}

static struct vx_rm number(struct vectorizer *v, uint32_t k)
{
	const uint32_t words[4] = { k, k, k, k };

	return constant(v, words, true);
}

/* What a shuffle picks: the number of size bytes, the first the highest, from
 * byte `at` of each word on. */
static struct vx_rm picks(struct vectorizer *v, unsigned at, unsigned size)
{
	uint32_t words[4];

	for (unsigned word = 0; word < 4; word++) {
		words[word] = 0;
		for (unsigned i = 0; i < 4; i++) {
			uint32_t from = i < size ? 4 * word + at + size - 1 - i
						 : 0x80; /* a zero */

			words[word] |= from << 8 * i;
		}
	}
	return constant(v, words, false);
}

/* ---- where values are --------------------------------------------------- */

static uint32_t take_slot(struct vectorizer *v)
{
	return v->n_slots++;
}

static struct vx_rm slot(const struct vectorizer *v, uint32_t n)
{
	return vx_at(X64_SP, n * 4 * v->lanes);
}

static void give_spot(struct vectorizer *v, struct spot *spot, uint32_t *free)
{
	unsigned reg = 0;

	if (spot->kind != IN_NOTHING)
		return;
	if (!*free) {
		*spot = (struct spot){ IN_FRAME, 0, take_slot(v) };
		return;
	}
	while (!(*free >> reg & 1))
		reg++;
	*free &= ~(1u << reg);
	*spot = (struct spot){ IN_REGISTER, (uint8_t)reg, 0 };
}

static bool is_used(const struct vectorizer *v, uint32_t value)
{
	return v->values[value].kind != IN_NOTHING;
}

static bool is_number(const struct vectorizer *v, uint32_t value, uint32_t *k)
{
	return value < v->ir->n_insns && ir_is_const(v->ir, value, k);
}

/* A value as the last operand of an instruction. */
static struct vx_rm operand(struct vectorizer *v, uint32_t value)
{
	struct spot *spot = &v->values[value];
	uint32_t k;

	if (is_number(v, value, &k))
		return number(v, k);
	give_spot(v, spot, &v->free);
	return spot->kind == IN_REGISTER ? vx_reg(spot->reg)
					 : slot(v, spot->slot);
}

/* The register of a value; scratch if it is in none, to be filled before. */
static unsigned in_register(struct vectorizer *v, uint32_t value,
			    unsigned scratch)
{
	struct vx_rm rm = operand(v, value);

	return rm.is_mem ? scratch : rm.reg;
}

static void put_load(struct vectorizer *v, unsigned to, struct vx_rm rm)
{
	if (!rm.is_mem && rm.reg == to)
		return;
	if (rm.is_each) {
		rm.is_each = false;
		vx_put(v->b, v->width, &vx_spread, to, 0, rm);
		return;
	}
	vx_put(v->b, v->width, &vx_load, to, 0, rm);
}

static void fill(struct vectorizer *v, unsigned reg, uint32_t value)
{
	struct vx_rm rm = operand(v, value);

	if (rm.is_mem)
		put_load(v, reg, rm);
}

/* The register that a value is made in, free before; scratch: it goes on to
 * the frame. */
static unsigned made_in(struct vectorizer *v, uint32_t value, unsigned scratch)
{
	struct spot *spot = &v->values[value];

	if (spot->kind == IN_REGISTER) {
		v->free |= 1u << spot->reg;
		return spot->reg;
	}
	vx_put(v->b, v->width, &vx_store, scratch, 0, slot(v, spot->slot));
	return scratch;
}

/* ---- masks -------------------------------------------------------------- */

static unsigned scratch_mask(const struct vectorizer *v, unsigned i)
{
	return is_wide(v) ? 4 + i : 3 + i;
}

static uint32_t *free_masks(struct vectorizer *v)
{
	return is_wide(v) ? &v->free_masks : &v->free;
}

static struct vx_rm mask_slot(const struct vectorizer *v,
			      const struct spot *spot)
{
	return slot(v, spot->slot);
}

/* The register of a block's mask; scratch, to be filled before. */
static unsigned mask_of(struct vectorizer *v, uint32_t block, unsigned scratch)
{
	struct spot *spot = &v->masks[block];

	give_spot(v, spot, free_masks(v));
	return spot->kind == IN_REGISTER ? spot->reg : scratch;
}

static void fill_mask(struct vectorizer *v, unsigned reg, uint32_t block)
{
	const struct spot *spot = &v->masks[block];

	if (spot->kind != IN_FRAME)
		return;
	if (is_wide(v))
		vx_mask(v->b, &vx_kload, reg, mask_slot(v, spot));
	else
		vx_vex(v->b, v->width, &vx_load, reg, 0, mask_slot(v, spot));
}

static void spill_mask(struct vectorizer *v, unsigned reg, uint32_t block)
{
	const struct spot *spot = &v->masks[block];

	if (spot->kind != IN_FRAME)
		return;
	if (is_wide(v))
		vx_mask(v->b, &vx_kstore, reg, mask_slot(v, spot));
	else
		vx_vex(v->b, v->width, &vx_store, reg, 0, mask_slot(v, spot));
}

static void put_masks(struct vectorizer *v, const struct vx_row *wide,
		      const struct vx_row *narrow, unsigned to, unsigned a,
		      unsigned b)
{
	if (is_wide(v))
		vx_masks(v->b, wide, to, a, b);
	else
		vx_vex(v->b, v->width, narrow, to, a, vx_reg(b));
}

static void put_or(struct vectorizer *v, unsigned to, unsigned a, unsigned b)
{
	put_masks(v, &vx_kor, &vx_or, to, a, b);
}

/* to = b without a. */
static void put_without(struct vectorizer *v, unsigned to, unsigned a,
			unsigned b)
{
	put_masks(v, &vx_kandn, &vx_andn, to, a, b);
}

static void put_same(struct vectorizer *v, unsigned to, unsigned from)
{
	if (to == from)
		return;
	if (is_wide(v))
		vx_mask(v->b, &vx_kload, to, vx_reg(from));
	else
		vx_vex(v->b, v->width, &vx_load, to, 0, vx_reg(from));
}

static void put_none(struct vectorizer *v, unsigned to)
{
	put_masks(v, &vx_kxor, &vx_xor, to, to, to);
}

static void put_every(struct vectorizer *v, unsigned to)
{
	put_masks(v, &vx_kxnor, &vx_equal, to, to, to);
}

/* The bits of a mask in R10. */
static void put_bits(struct vectorizer *v, unsigned mask)
{
	if (is_wide(v))
		vx_mask(v->b, &vx_kget, X64_R10, vx_reg(mask));
	else
		vx_vex(v->b, v->width, &vx_signs, X64_R10, 0, vx_reg(mask));
}

static void put_jump_if_none(struct vectorizer *v, unsigned mask,
			     uint32_t place)
{
	x64_jcc(v->b, X64_E, place);
	if (is_wide(v)) {
		vx_mask(v->b, &vx_kortest, mask, vx_reg(mask));
		return;
	}
	x64_test(v->b, X64_R10, X64_R10);
	put_bits(v, mask);
}

/* ---- tests -------------------------------------------------------------- */

enum test { EQ, NE, GE, LT, LE, GT, BITS, NO_BITS };

static enum test not_test(enum test test)
{
	return (enum test)(test ^ 1);
}

static enum test test_of(unsigned jump)
{
	switch (jump) {
	case JMP_JEQ:
		return EQ;
	case JMP_JGT:
		return GT;
	case JMP_JGE:
		return GE;
	default: /* JSET */
		return BITS;
	}
}

static void put_test_wide(struct vectorizer *v, enum test test, unsigned to,
			  unsigned a, struct vx_rm b, unsigned in)
{
	static const uint8_t codes[] = { VX_EQ, VX_NE, VX_GE,
					 VX_LT, VX_LE, VX_GT };

	if (test == BITS || test == NO_BITS)
		vx_evex(v->b, v->width, test == BITS ? &vx_bits : &vx_no_bits,
			to, a, b, in);
	else
		vx_compare_mask(v->b, (enum vx_test)codes[test], to, a, b, in);
}

/* AVX2 compares for equal alone: a >= b where the greater of them is a. */
static void put_test_narrow(struct vectorizer *v, enum test test, unsigned to,
			    unsigned a, struct vx_rm b, unsigned in)
{
	bool is_not = test == NE || test == LT || test == GT || test == BITS;

	if (in != X64_NONE)
		vx_vex(v->b, v->width, is_not ? &vx_andn : &vx_and, to, T2,
		       vx_reg(in));
	else
		put_same(v, to, T2);
	if (test == EQ || test == NE) {
		vx_vex(v->b, v->width, &vx_equal, T2, a, b);
		return;
	}
	if (test == BITS || test == NO_BITS) {
		vx_vex(v->b, v->width, &vx_equal, T2, T2, number(v, 0));
		vx_vex(v->b, v->width, &vx_and, T2, a, b);
		return;
	}
	vx_vex(v->b, v->width, &vx_equal, T2, T2, vx_reg(a));
	vx_vex(v->b, v->width, test == GE || test == LT ? &vx_max : &vx_min, T2,
	       a, b);
}

/* Which of the packets of `in` (NONE: of all, for EQ, GE and LE) pass. */
static void put_test(struct vectorizer *v, enum test test, unsigned to,
		     unsigned a, struct vx_rm b, unsigned in)
{
	if (is_wide(v))
		put_test_wide(v, test, to, a, b, in == X64_NONE ? 0 : in);
	else
		put_test_narrow(v, test, to, a, b, in);
}

/* to = what rm has, where the mask has it. */
static void put_where(struct vectorizer *v, unsigned to, struct vx_rm rm,
		      unsigned mask)
{
	if (!is_wide(v)) {
		vx_choose(v->b, to, to, rm, mask);
		return;
	}
	if (rm.is_each) {
		rm.is_each = false;
		vx_evex(v->b, v->width, &vx_spread, to, 0, rm, mask);
		return;
	}
	vx_evex(v->b, v->width, &vx_load, to, 0, rm, mask);
}

/* ---- instructions ------------------------------------------------------- */

static void lower_two(struct vectorizer *v, uint32_t id,
		      const struct vx_row *row)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	unsigned to = made_in(v, id, T0);
	struct vx_rm b = operand(v, insn->b);
	unsigned a = in_register(v, insn->a, T1);

	vx_put(v->b, v->width, row, to, a, b);
	fill(v, a, insn->a);
}

static void lower_shift(struct vectorizer *v, uint32_t id, bool is_left)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	bool clears = v->ir->row->shift_x_clears;
	unsigned to = made_in(v, id, T0);
	unsigned a = in_register(v, insn->a, T1), b;
	uint32_t by;

	if (is_number(v, insn->b, &by)) {
		if (by > 31 && clears)
			vx_put(v->b, v->width, &vx_xor, to, to, vx_reg(to));
		else
			vx_shift_imm(v->b, v->width, is_left ? 6 : 2, to, a,
				     by & 31);
		fill(v, a, insn->a);
		return;
	}
	if (clears) {
		vx_put(v->b, v->width, is_left ? &vx_sllv : &vx_srlv, to, a,
		       operand(v, insn->b));
		fill(v, a, insn->a);
		return;
	}
	vx_put(v->b, v->width, is_left ? &vx_sllv : &vx_srlv, to, a,
	       vx_reg(T2));
	fill(v, a, insn->a);
	b = in_register(v, insn->b, T2);
	vx_put(v->b, v->width, &vx_and, T2, b, number(v, 31));
	fill(v, b, insn->b);
}

/* The wire's, or what was captured where that is 0. */
static void lower_length(struct vectorizer *v, uint32_t id)
{
	unsigned zero = scratch_mask(v, 0);
	struct vx_rm caplen = operand(v, special(v, CAPLEN)), wirelen;
	unsigned to;

	if (v->ir->row->length_is_caplen) {
		put_load(v, made_in(v, id, T0), caplen);
		return;
	}
	wirelen = operand(v, special(v, WIRELEN));
	to = made_in(v, id, T0);
	put_where(v, to, caplen, zero);
	put_load(v, to, vx_reg(T1));
	put_test(v, EQ, zero, T1, number(v, 0), X64_NONE);
	put_load(v, T1, wirelen);
}

/* The number of a load out of what was read. */
static void put_picked(struct vectorizer *v, uint32_t id, uint32_t from)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	unsigned to, source;

	if (!is_used(v, id))
		return;
	to = made_in(v, id, T0);
	source = in_register(v, from, T1);
	vx_put(v->b, v->width, &vx_shuffle, to, source,
	       picks(v, v->w.reads[id].at, insn->size));
	fill(v, source, from);
}

/* Packets that may load and have less than the window: not here. */
static void put_odd(struct vectorizer *v, unsigned fits, unsigned in)
{
	unsigned odd = scratch_mask(v, 1);

	x64_alu(v->b, X64_OR, X64_R9, X64_R10);
	put_bits(v, odd);
	put_without(v, odd, fits, in);
}

/* Which packets of a block have all of a window, in `fits`. */
static void put_fits(struct vectorizer *v, const struct window *w,
		     unsigned fits, unsigned in)
{
	unsigned a, caplen;

	if (w->a == IR_NONE) {
		caplen = in_register(v, special(v, CAPLEN), T0);
		put_test(v, GE, fits, caplen, number(v, w->end), in);
		fill(v, caplen, special(v, CAPLEN));
		return;
	}
	put_test(v, LE, fits, T0, operand(v, special(v, CAPLEN)), in);
	a = in_register(v, w->a, T1);
	vx_put(v->b, v->width, &vx_add, T0, a, number(v, w->end));
	fill(v, a, w->a);
}

/* to = the words that are there, where the mask (which is lost) has it. */
static void put_gather(struct vectorizer *v, unsigned to, unsigned base,
		       unsigned index, unsigned scale, uint32_t disp,
		       unsigned mask)
{
	struct vx_rm at = { .mem = { (uint8_t)base, (uint8_t)index,
				     (int32_t)disp, (uint8_t)scale },
			    .is_mem = true };

	if (is_wide(v))
		vx_evex(v->b, v->width, &vx_gather, to, 0, at, mask);
	else
		vx_vex(v->b, v->width, &vx_gather, to, mask, at);
	vx_put(v->b, v->width, &vx_xor, to, to, vx_reg(to));
}

static void put_window(struct vectorizer *v, uint32_t which)
{
	const struct window *w = &v->w.windows[which];
	const struct ir_insn *leader = &v->ir->insns[w->leader];
	unsigned fits = scratch_mask(v, 0);
	/* not where the window will be: it is there until that is */
	unsigned distance = in_register(v, special(v, DISTANCE), T1);
	unsigned to = made_in(v, window_value(v, which), T0);
	unsigned index, in;

	index = w->a == IR_NONE ? distance : T1;
	put_gather(v, to, X64_AX, index, 0, w->low, fits);
	if (w->a != IR_NONE)
		vx_put(v->b, v->width, &vx_add, T1, distance, operand(v, w->a));
	fill(v, distance, special(v, DISTANCE));
	in = mask_of(v, leader->block, scratch_mask(v, 2));
	if (leader->op == IR_LOAD_ZERO) {
		put_fits(v, w, fits, in);
	} else if (w->is_guarded) {
		put_same(v, fits, in);
	} else {
		put_odd(v, fits, in);
		put_fits(v, w, fits, in);
	}
	fill_mask(v, in, leader->block);
}

static void lower_load(struct vectorizer *v, uint32_t id)
{
	const struct read *read = &v->w.reads[id];
	uint32_t block = v->ir->insns[id].block;
	unsigned in;

	if (read->kind == READ_COLUMN) {
		put_picked(v, id, column_value(v, read->which));
		return;
	}
	put_picked(v, id, window_value(v, read->which));
	if (v->w.windows[read->which].leader != id ||
	    !is_used(v, window_value(v, read->which)))
		return;
	put_window(v, read->which);
	if (v->reads[block] != id)
		return;
	in = mask_of(v, block, scratch_mask(v, 2));
	put_jump_if_none(v, in, v->at[v->behind[block]]);
	fill_mask(v, in, block);
}

/* The mask of the block less those that do not pass. */
static void lower_guard(struct vectorizer *v, const struct ir_insn *insn)
{
	unsigned in, a;
	uint32_t k;

	if (insn->op == IR_NEED_BYTES && insn->k <= windows_rows_end(&v->w))
		return;
	if (insn->op == IR_NEED_VALUE && is_number(v, insn->a, &k) && k != 0)
		return;
	in = mask_of(v, insn->block, scratch_mask(v, 0));
	spill_mask(v, in, insn->block);
	if (insn->op == IR_NEED_BYTES) {
		a = in_register(v, special(v, CAPLEN), T1);
		put_test(v, GE, in, a, number(v, insn->k), in);
		fill(v, a, special(v, CAPLEN));
	} else if (insn->op == IR_NEED_IND) {
		put_test(v, LE, in, T0, operand(v, special(v, CAPLEN)), in);
		a = in_register(v, insn->a, T1);
		vx_put(v->b, v->width, &vx_add, T0, a,
		       number(v, insn->k + insn->size));
		fill(v, a, insn->a);
	} else {
		a = in_register(v, insn->a, T1);
		put_test(v, NE, in, a, number(v, 0), in);
		fill(v, a, insn->a);
	}
	fill_mask(v, in, insn->block);
}

static void lower_insn(struct vectorizer *v, uint32_t id)
{
	static const struct vx_row *const rows[IR_OPS] = {
		[IR_ADD] = &vx_add, [IR_SUB] = &vx_sub, [IR_MUL] = &vx_mul,
		[IR_AND] = &vx_and, [IR_OR] = &vx_or,	[IR_XOR] = &vx_xor,
	};
	const struct ir_insn *insn = &v->ir->insns[id];

	if (ir_rows[insn->op].does == IR_GUARD) {
		lower_guard(v, insn);
		return;
	}
	if (v->w.reads[id].kind != READ_NONE) {
		lower_load(v, id);
		return;
	}
	if (!is_used(v, id) || insn->op == IR_PARAM)
		return;
	if (insn->op == IR_LEN)
		lower_length(v, id);
	else if (insn->op == IR_LSH || insn->op == IR_RSH)
		lower_shift(v, id, insn->op == IR_LSH);
	else if (rows[insn->op])
		lower_two(v, id, rows[insn->op]);
	else
		v->is_refused = true;
}

/* ---- edges -------------------------------------------------------------- */

static uint32_t target(const struct vectorizer *v, uint32_t edge)
{
	return v->ir->edges[edge].to;
}

/* Whether anyone asks which packets go there. */
static bool is_asked(const struct vectorizer *v, uint32_t edge)
{
	return v->masks[target(v, edge)].kind != IN_NOTHING;
}

/* Parameters become the arguments, where the mask has it; all of them by the
 * edge that is met first. */
static void put_arguments(struct vectorizer *v, uint32_t edge, unsigned mask)
{
	const struct ir_edge *e = &v->ir->edges[edge];
	const struct ir_block *to = &v->ir->blocks[e->to];
	bool is_first = v->first[e->to] == edge;
	uint32_t param = to->first;

	for (uint32_t i = 0; i < to->n_params;
	     i++, param = v->ir->insns[param].next) {
		const struct spot *spot = &v->values[param];
		unsigned reg = spot->kind == IN_REGISTER ? spot->reg : T0;
		struct vx_rm arg;

		if (spot->kind == IN_NOTHING)
			continue;
		arg = operand(v, v->ir->args[e->args + i]);
		if (spot->kind == IN_FRAME)
			vx_put(v->b, v->width, &vx_store, reg, 0,
			       slot(v, spot->slot));
		if (is_first) {
			put_load(v, reg, arg);
			continue;
		}
		put_where(v, reg, arg, mask);
		if (spot->kind == IN_FRAME)
			put_load(v, reg, slot(v, spot->slot));
	}
	if (!is_first)
		return;
	param = to->first;
	for (uint32_t i = 0; i < to->n_params;
	     i++, param = v->ir->insns[param].next)
		if (v->values[param].kind == IN_REGISTER)
			v->free |= 1u << v->values[param].reg;
}

/* The mask in which to make those that go by an edge: that of where it leads,
 * if nothing is there yet. */
static unsigned made_for(struct vectorizer *v, uint32_t edge, unsigned scratch)
{
	const struct spot *spot = &v->masks[target(v, edge)];

	return v->first[target(v, edge)] == edge && spot->kind == IN_REGISTER
		       ? spot->reg
		       : scratch;
}

/* The packets of a mask go by an edge; spare is a scratch mask. */
static void put_edge(struct vectorizer *v, uint32_t edge, unsigned mask,
		     unsigned spare)
{
	uint32_t to = target(v, edge);
	struct spot *spot = &v->masks[to];
	unsigned there;

	put_arguments(v, edge, mask);
	if (v->first[to] == edge) {
		spill_mask(v, mask, to);
		if (spot->kind == IN_REGISTER)
			put_same(v, spot->reg, mask);
		return;
	}
	there = mask_of(v, to, spare);
	spill_mask(v, there, to);
	put_or(v, there, there, mask);
	fill_mask(v, there, to);
}

/* Going back, nothing is in a mask before the first edge; it is free, unless it
 * is emptied at the begin. */
static void end_edge(struct vectorizer *v, uint32_t edge)
{
	const struct spot *spot = &v->masks[target(v, edge)];

	if (v->first[target(v, edge)] == edge && spot->kind == IN_REGISTER &&
	    !v->is_emptied[target(v, edge)])
		*free_masks(v) |= 1u << spot->reg;
}

static void lower_branch(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	uint32_t yes_edge = block->edges, no_edge = block->edges + 1;
	bool has_yes = is_asked(v, yes_edge), has_no = is_asked(v, no_edge);
	enum test test = test_of(block->test);
	unsigned in, yes, no, a;
	struct vx_rm b;

	if (!has_yes && !has_no)
		return;
	in = mask_of(v, id, scratch_mask(v, 2));
	yes = made_for(v, yes_edge, scratch_mask(v, 0));
	no = made_for(v, no_edge, scratch_mask(v, 1));
	if (has_no)
		put_edge(v, no_edge, no, scratch_mask(v, 3));
	if (has_yes)
		put_edge(v, yes_edge, yes, scratch_mask(v, 3));
	if (has_no && has_yes)
		put_without(v, no, yes, in);
	b = operand(v, block->b);
	a = in_register(v, block->a, T1);
	if (has_yes)
		put_test(v, test, yes, a, b, in);
	else
		put_test(v, not_test(test), no, a, b, in);
	fill(v, a, block->a);
	fill_mask(v, in, id);
	end_edge(v, yes_edge);
	end_edge(v, no_edge);
}

/* Those whose number is in a range. */
static void put_range(struct vectorizer *v, unsigned to, unsigned a,
		      uint32_t first, uint32_t last, unsigned in)
{
	if (first == last) {
		put_test(v, EQ, to, a, number(v, first), in);
		return;
	}
	if (first == 0) {
		put_test(v, LE, to, a, number(v, last), in);
		return;
	}
	if (last == UINT32_MAX) {
		put_test(v, GE, to, a, number(v, first), in);
		return;
	}
	put_test(v, LE, to, a, number(v, last), to);
	put_test(v, GE, to, a, number(v, first), in);
}

/* Those that go by an edge of a switch, in `to`; the ranges from the last. */
static void put_ranges(struct vectorizer *v, const struct ir_block *block,
		       uint32_t edge, unsigned to, unsigned a, unsigned in)
{
	const struct ir_range *ranges = v->ir->ranges + block->ranges;
	unsigned one = scratch_mask(v, 1);
	uint32_t left = 0;

	for (uint32_t i = 0; i < block->n_ranges; i++)
		left += ranges[i].edge == edge;
	for (uint32_t i = block->n_ranges; i-- > 0;) {
		if (ranges[i].edge != edge)
			continue;
		left--;
		if (left)
			put_or(v, to, to, one);
		put_range(v, left ? one : to, a, ranges[i].first,
			  ir_last_of(ranges, block->n_ranges, i), in);
	}
}

/* The edge with most ranges: of those that no other takes. */
static uint32_t other_edge(const struct vectorizer *v,
			   const struct ir_block *block)
{
	const struct ir_range *ranges = v->ir->ranges + block->ranges;
	uint32_t best = 0, most = 0;

	for (uint32_t e = 0; e < block->n_edges; e++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < block->n_ranges; i++)
			n += ranges[i].edge == e;
		if (n > most) {
			most = n;
			best = e;
		}
	}
	return best;
}

static void lower_switch(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	uint32_t other = other_edge(v, block), n_made = 0, made = 0;
	bool has_other = is_asked(v, block->edges + other);
	unsigned rest = scratch_mask(v, 3), one = scratch_mask(v, 0);
	unsigned in = mask_of(v, id, scratch_mask(v, 2));
	unsigned a = in_register(v, block->a, T1);

	for (uint32_t e = 0; e < block->n_edges; e++)
		n_made += e != other &&
			  (has_other || is_asked(v, block->edges + e));
	if (has_other) {
		put_edge(v, block->edges + other, one, scratch_mask(v, 1));
		put_without(v, one, rest, in);
	}
	for (uint32_t e = block->n_edges; e-- > 0;) {
		bool has = is_asked(v, block->edges + e);

		if (e == other || (!has && !has_other))
			continue;
		made++;
		if (has_other && made < n_made)
			put_or(v, rest, rest, one);
		else if (has_other)
			put_same(v, rest, one);
		if (has)
			put_edge(v, block->edges + e, one, scratch_mask(v, 1));
		put_ranges(v, block, e, one, a, in);
	}
	fill(v, a, block->a);
	fill_mask(v, in, id);
	for (uint32_t e = 0; e < block->n_edges; e++)
		end_edge(v, block->edges + e);
}

/* ---- blocks ------------------------------------------------------------- */

static void lower_end(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	unsigned in;
	uint32_t k;

	switch ((enum ir_end)block->end) {
	case IR_RET:
		if (is_number(v, block->a, &k) && k == 0)
			return; /* as they did all the time */
		in = mask_of(v, id, scratch_mask(v, 2));
		put_where(v, RESULT, operand(v, block->a), in);
		fill_mask(v, in, id);
		return;
	case IR_JUMP:
		if (!is_asked(v, block->edges))
			return;
		in = mask_of(v, id, scratch_mask(v, 2));
		put_edge(v, block->edges, in, scratch_mask(v, 3));
		fill_mask(v, in, id);
		end_edge(v, block->edges);
		return;
	case IR_BRANCH:
		lower_branch(v, id);
		return;
	case IR_SWITCH:
		lower_switch(v, id);
		return;
	}
}

static void lower_blocks(struct vectorizer *v)
{
	v->at[v->ir->n_blocks] = ab_here(v->b);
	for (uint32_t id = v->ir->n_blocks; id-- > 0;) {
		if (v->first[id] != IR_NONE || id == 0) {
			lower_end(v, id);
			for (uint32_t i = v->ir->blocks[id].last; i != IR_NONE;
			     i = v->ir->insns[i].prev)
				lower_insn(v, i);
		}
		v->at[id] = ab_here(v->b);
	}
}

/* ---- a group ------------------------------------------------------------ */

/*
 * 16 bytes of each packet as four vectors of a word each: register j has those
 * of packets j, j + 4, ... in its lanes, so that what is interleaved is in the
 * order of the packets. to[i] is NONE where nobody asks.
 */
static void put_transposed(struct vectorizer *v, const uint32_t to[4])
{
	static const struct vx_row *const rows[] = { &vx_low64, &vx_high64,
						     &vx_low64, &vx_high64 };
	bool has_low = to[0] != IR_NONE || to[1] != IR_NONE;
	bool has_high = to[2] != IR_NONE || to[3] != IR_NONE;

	for (unsigned i = 4; i-- > 0;)
		if (to[i] != IR_NONE)
			vx_put(v->b, v->width, rows[i], made_in(v, to[i], 6),
			       i < 2 ? 4 : 0, vx_reg(i < 2 ? 5 : 2));
	if (has_high) {
		vx_put(v->b, v->width, &vx_high32, 2, 2, vx_reg(3));
		vx_put(v->b, v->width, &vx_high32, 0, 0, vx_reg(1));
	}
	if (has_low) {
		vx_put(v->b, v->width, &vx_low32, 5, 2, vx_reg(3));
		vx_put(v->b, v->width, &vx_low32, 4, 0, vx_reg(1));
	}
}

static struct vx_rm packet(unsigned i)
{
	return vx_at(X64_DI, i * (uint32_t)sizeof(struct cbpf_packet));
}

/* A row of every packet, into columns. */
static void put_row(struct vectorizer *v, uint32_t row)
{
	uint32_t to[4];

	for (uint32_t i = 0; i < 4; i++) {
		to[i] = column_value(v, row * 4 + i);
		if (!is_used(v, to[i]))
			to[i] = IR_NONE;
	}
	put_transposed(v, to);
	for (unsigned i = v->lanes; i-- > 0;) {
		struct vx_rm bytes = vx_at(X64_R10, v->w.rows[row]);

		if (i < 4)
			vx_vex(v->b, VX_128, &vx_load, i % 4, 0, bytes);
		else
			vx_insert_lane(v->b, v->width, i % 4, i / 4, bytes);
		x64_load64(v->b, X64_R10, packet(i).mem);
	}
}

/* Distances and lengths, of the packets' structures. */
static void put_packets(struct vectorizer *v, bool has_distance)
{
	static_assert(sizeof(void *) < 8 ||
			      (offsetof(struct cbpf_packet, caplen) == 8 &&
			       offsetof(struct cbpf_packet, wirelen) == 12),
		      "words of a transposed row");
	const uint32_t specials[] = { DISTANCE, HIGH, CAPLEN, WIRELEN };
	uint32_t to[4];

	for (unsigned i = 0; i < 4; i++) {
		to[i] = special(v, specials[i]);
		if (!is_used(v, to[i]))
			to[i] = IR_NONE;
	}
	put_transposed(v, to);
	for (unsigned i = 4; has_distance && i-- > 0;)
		vx_put(v->b, v->width, &vx_sub64, i, i, slot(v, 0));
	for (unsigned i = v->lanes; i-- > 0;) {
		if (i < 4)
			vx_vex(v->b, VX_128, &vx_load, i, 0, packet(i));
		else
			vx_insert_lane(v->b, v->width, i % 4, i / 4, packet(i));
	}
}

/*
 * All to `next`, with every bit of R9 set, if one packet is none for this code:
 * shorter than the rows, longer than a gather's index, or too far off.
 */
static void put_checks(struct vectorizer *v, bool has_distance, uint32_t next)
{
	uint32_t end = windows_rows_end(&v->w);
	unsigned fine = scratch_mask(v, 0), caplen, distance;

	x64_alu(v->b, X64_XOR, X64_R9, X64_R9);
	if (is_wide(v)) {
		x64_jcc(v->b, X64_AE, next);
		vx_mask(v->b, &vx_kortest, fine, vx_reg(fine));
	} else {
		x64_jcc(v->b, X64_NE, next);
		x64_alu_imm(v->b, X64_CMP, X64_R10, (1u << v->lanes) - 1);
		put_bits(v, fine);
	}
	if (has_distance) {
		put_test(v, EQ, fine, T0, operand(v, special(v, HIGH)), fine);
		distance = in_register(v, special(v, DISTANCE), T1);
		vx_shift_imm(v->b, v->width, 4, T0, distance, 31);
		put_test(v, LE, fine, T0, number(v, (1u << 30) - 1), fine);
		vx_put(v->b, v->width, &vx_add, T0, distance,
		       number(v, 1u << 29));
		fill(v, distance, special(v, DISTANCE));
	}
	put_test(v, LE, fine, T0, number(v, (1u << 30) - end), X64_NONE);
	caplen = in_register(v, special(v, CAPLEN), T1);
	vx_put(v->b, v->width, &vx_sub, T0, caplen, number(v, end));
	fill(v, caplen, special(v, CAPLEN));
	x64_mov_imm(v->b, X64_R9, (1u << v->lanes) - 1);
}

/* Masks as a group begins: all are in block 0. */
static void put_first_masks(struct vectorizer *v)
{
	for (uint32_t id = v->ir->n_blocks; id-- > 0;) {
		unsigned mask;

		if (v->masks[id].kind == IN_NOTHING ||
		    (id > 0 && !v->is_emptied[id]))
			continue;
		mask = mask_of(v, id, scratch_mask(v, 0));
		spill_mask(v, mask, id);
		if (id == 0)
			put_every(v, mask);
		else
			put_none(v, mask);
		if (v->masks[id].kind == IN_REGISTER)
			*free_masks(v) |= 1u << mask;
	}
}

/* What a group ends with: the loop's jump, still to be led. */
static uint32_t put_next(struct vectorizer *v)
{
	uint32_t jump = x64_jcc_back(v->b, X64_NE);

	x64_alu64_imm(v->b, X64_SUB, X64_DX, 1);
	x64_alu64_imm(v->b, X64_ADD, X64_CX, 4);
	x64_alu64_imm(v->b, X64_ADD, X64_SI, 4 * v->lanes);
	x64_alu64_imm(v->b, X64_ADD, X64_DI,
		      v->lanes * (uint32_t)sizeof(struct cbpf_packet));
	x64_store(v->b, X64_R9, (struct x64_mem){ X64_CX, X64_NONE, 0, 0 });
	return jump;
}

/* Before the loop: the frame, and the first packet's place for distances. */
static void put_begin(struct vectorizer *v, bool has_distance)
{
	if (has_distance) {
		vx_vex(v->b, v->width == VX_512 ? VX_256 : v->width, &vx_store,
		       T0, 0, slot(v, 0));
		if (is_wide(v)) {
			struct vx_rm upper = slot(v, 0);

			upper.mem.disp += 32;
			vx_vex(v->b, VX_256, &vx_store, T0, 0, upper);
		}
		ab_u8(v->b, 1);
		vx_vex(v->b, VX_256, &vx_insert, T0, T0, vx_reg(T0));
		vx_vex(v->b, VX_128, &vx_load64, T0, 0, vx_at(X64_DI, 0));
		x64_load64(v->b, X64_AX, packet(0).mem);
	}
	x64_alu64_imm(v->b, X64_AND, X64_SP, (uint32_t)-64);
	x64_alu64_imm(v->b, X64_SUB, X64_SP, 4 * v->lanes * v->n_slots);
	x64_mov64(v->b, X64_BP, X64_SP);
	x64_push(v->b, X64_BP);
}

/* The constants, before the code, and R8 that tells where; the code's place. */
static uint32_t put_constants(struct vectorizer *v)
{
	uint32_t code = ab_here(v->b) + X64_LEA_RIP, total = v->pool_size;
	uint8_t *pool;

	while ((code + total) % 64 != 0)
		total++;
	pool = arena_take(v->b->arena, total, 1);
	if (!pool) {
		v->b->is_broken = true;
		return code;
	}
	for (uint32_t i = 0; i < v->n_constants; i++) {
		const struct constant *c = &v->constants[i];
		uint32_t words = c->is_one ? 1 : v->lanes;

		for (uint32_t word = 0; word < words; word++)
			memcpy(pool + c->at + 4 * word, &c->words[word % 4], 4);
	}
	x64_lea_rip(v->b, X64_R8, ab_here(v->b) + X64_LEA_RIP + total);
	ab_put(v->b, pool, total);
	return code;
}

/* ---- all of it ---------------------------------------------------------- */

/* Cycles of a group, about, on an Intel core; a packet by itself takes some
 * twenty. */
enum { GATHER = 14, ROW = 18, BLOCK = 4, WORTH = 36 };

static bool is_plain(const struct ir *ir, const struct ir_insn *insn)
{
	switch ((enum ir_op)insn->op) {
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
	case IR_NEED_ANY:
	case IR_EXT:
	case IR_EXT_NLA:
	case IR_NEED_DEVICE:
	case IR_RAND:
	case IR_DATA:
	case IR_DIV:
	case IR_MOD:
		return false;
	case IR_LOAD_ZERO: /* its window may not begin before the packet */
		return insn->k + insn->size >= 4 && insn->k < 1u << 29;
	case IR_LOAD:
	case IR_NEED_BYTES:
		return insn->k < 1u << 29;
	case IR_LOAD_IND:
	case IR_NEED_IND:
		return ir_is_near(ir, insn);
	default:
		return true;
	}
}

/* Whether all of it can be done so; then *cost is that of its instructions. */
static bool is_all_plain(const struct ir *ir, uint64_t *cost)
{
	*cost = ROW; /* of the packets' structures */
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		if (id > 0 && block->in == IR_NONE)
			continue;
		*cost += BLOCK + block->n_ranges;
		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next, ++*cost)
			if (!is_plain(ir, &ir->insns[i]))
				return false;
	}
	return true;
}

/* The first block behind one to which not all ways lead through that one. */
static uint32_t find_behind(const struct ir *ir, uint32_t id)
{
	uint32_t next = id + 1;

	for (; next < ir->n_blocks; next++)
		for (uint32_t e = ir->blocks[next].in; e != IR_NONE;
		     e = ir->edges[e].next_in)
			if (ir->edges[e].from < id)
				return next;
	return next;
}

/* Whether packets go by edge a before they go by b, of those to one block. */
static bool comes_before(const struct vectorizer *v, uint32_t a, uint32_t b)
{
	uint32_t from = v->ir->edges[a].from;
	const struct ir_block *block = &v->ir->blocks[from];

	if (from != v->ir->edges[b].from)
		return from < v->ir->edges[b].from;
	if (block->end == IR_SWITCH) { /* the rest comes last */
		uint32_t rest = block->edges + other_edge(v, block);

		if (a == rest || b == rest)
			return b == rest;
	}
	return a < b;
}

/* Which edges come first, and what is jumped over. */
static void look_at_flow(struct vectorizer *v)
{
	const struct ir *ir = v->ir;

	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		v->first[id] = v->reads[id] = IR_NONE;
		for (uint32_t e = ir->blocks[id].in; e != IR_NONE;
		     e = ir->edges[e].next_in)
			if (v->first[id] == IR_NONE ||
			    comes_before(v, e, v->first[id]))
				v->first[id] = e;
		v->behind[id] = find_behind(ir, id);
	}
	for (uint32_t i = v->w.n_windows; i-- > 0;) {
		uint32_t leader = v->w.windows[i].leader;

		v->reads[ir->insns[leader].block] = leader;
	}
	for (uint32_t id = 1; id < ir->n_blocks; id++) {
		uint32_t from = v->first[id] == IR_NONE
					? id
					: ir->edges[v->first[id]].from;

		for (uint32_t over = 0; over <= from; over++)
			v->is_emptied[id] |= v->reads[over] != IR_NONE &&
					     from < v->behind[over] &&
					     v->behind[over] <= id;
	}
}

static bool take_tables(struct vectorizer *v, struct arena *arena)
{
	size_t blocks = (size_t)v->ir->n_blocks + 1;

	if (!windows_plan(v->ir, arena, &v->w))
		return false;
	v->values = arena_take(arena, special(v, SPECIALS), sizeof(*v->values));
	v->masks = arena_take(arena, blocks, sizeof(*v->masks));
	v->at = arena_take(arena, blocks, sizeof(*v->at));
	v->first = arena_take(arena, blocks, sizeof(*v->first));
	v->behind = arena_take(arena, blocks, sizeof(*v->behind));
	v->reads = arena_take(arena, blocks, sizeof(*v->reads));
	v->is_emptied = arena_take(arena, blocks, sizeof(*v->is_emptied));
	return v->values && v->masks && v->at && v->first && v->behind &&
	       v->reads && v->is_emptied;
}

/* Where it begins. */
static uint32_t write_code(struct vectorizer *v)
{
	uint32_t jump, next;
	bool has_distance;

	x64_ret(v->b);
	x64_pop(v->b, X64_BP);
	x64_mov64(v->b, X64_SP, X64_BP);
	vx_zeroupper(v->b);
	jump = put_next(v);
	next = ab_here(v->b);
	vx_put(v->b, v->width, &vx_store, RESULT, 0, vx_at(X64_SI, 0));
	lower_blocks(v);
	put_first_masks(v);
	vx_put(v->b, v->width, &vx_xor, RESULT, RESULT, vx_reg(RESULT));
	for (uint32_t row = v->w.n_rows; row-- > 0;)
		put_row(v, row);
	has_distance = is_used(v, special(v, DISTANCE));
	put_checks(v, has_distance, next);
	put_packets(v, has_distance);
	x64_jcc_lead(v->b, jump, ab_here(v->b));
	put_begin(v, has_distance);
	return put_constants(v);
}

enum cbpf_err lower_group_x64(const struct ir *ir, unsigned lanes,
			      struct asmbuf *buf, uint32_t *place)
{
	struct vectorizer v = {
		.ir = ir,
		.b = buf,
		.lanes = lanes,
		.width = lanes == 16 ? VX_512 : VX_256,
		.n_slots = 1, /* the first is put_begin()'s */
	};

	uint64_t cost, worth = (uint64_t)WORTH * lanes;

	if (!is_all_plain(ir, &cost) || cost > worth)
		return CBPF_E_UNAVAILABLE;
	if (!take_tables(&v, buf->arena))
		return CBPF_E_NOMEM;
	cost += v.w.n_rows * ROW + (uint64_t)v.w.n_windows * GATHER;
	if (cost > worth)
		return CBPF_E_UNAVAILABLE;
	v.free = is_wide(&v) ? ~((1u << FIRST_FREE) - 1) : 0xff00;
	v.free_masks = 0xe; /* k1 to k3 */
	look_at_flow(&v);
	*place = write_code(&v);
	if (buf->is_broken)
		return CBPF_E_NOMEM;
	return v.is_refused ? CBPF_E_UNAVAILABLE : CBPF_OK;
}
