/* SPDX-License-Identifier: BSD-2-Clause */
/* What vec.h tells of: operands, masks and tests, of both widths. */
#include "jit/vec.h"

/* ---- constants ---------------------------------------------------------- */

/* Where a constant is, from R8. */
static struct vx_rm constant(struct vectorizer *v, const uint32_t words[4],
			     bool is_one)
{
	struct constant *c;
	uint32_t i = 0;

	is_one = is_one && vec_is_wide(v);
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

struct vx_rm vec_number(struct vectorizer *v, uint32_t k)
{
	const uint32_t words[4] = { k, k, k, k };

	return constant(v, words, true);
}

struct vx_rm vec_picks(struct vectorizer *v, unsigned at, unsigned size)
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

bool vec_is_number(const struct vectorizer *v, uint32_t value, uint32_t *k)
{
	return value < v->ir->n_insns && ir_is_const(v->ir, value, k);
}

struct vx_rm vec_operand(struct vectorizer *v, uint32_t value)
{
	struct spot *spot = &v->values[value];
	uint32_t k;

	if (vec_is_number(v, value, &k))
		return vec_number(v, k);
	give_spot(v, spot, &v->free);
	return spot->kind == IN_REGISTER ? vx_reg(spot->reg)
					 : vec_slot(v, spot->slot);
}

unsigned vec_in_register(struct vectorizer *v, uint32_t value, unsigned scratch)
{
	struct vx_rm rm = vec_operand(v, value);

	return rm.is_mem ? scratch : rm.reg;
}

void vec_put_load(struct vectorizer *v, unsigned to, struct vx_rm rm)
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

void vec_fill(struct vectorizer *v, unsigned reg, uint32_t value)
{
	struct vx_rm rm = vec_operand(v, value);

	if (rm.is_mem)
		vec_put_load(v, reg, rm);
}

unsigned vec_made_in(struct vectorizer *v, uint32_t value, unsigned scratch)
{
	struct spot *spot = &v->values[value];

	if (spot->kind == IN_REGISTER) {
		v->free |= 1u << spot->reg;
		return spot->reg;
	}
	vx_put(v->b, v->width, &vx_store, scratch, 0, vec_slot(v, spot->slot));
	return scratch;
}

/* ---- masks -------------------------------------------------------------- */

static struct vx_rm mask_slot(const struct vectorizer *v,
			      const struct spot *spot)
{
	return vec_slot(v, spot->slot);
}

unsigned vec_mask_of(struct vectorizer *v, uint32_t block, unsigned scratch)
{
	struct spot *spot = &v->masks[block];

	give_spot(v, spot, vec_free_masks(v));
	return spot->kind == IN_REGISTER ? spot->reg : scratch;
}

void vec_fill_mask(struct vectorizer *v, unsigned reg, uint32_t block)
{
	const struct spot *spot = &v->masks[block];

	if (spot->kind != IN_FRAME)
		return;
	if (vec_is_wide(v))
		vx_mask(v->b, &vx_kload, reg, mask_slot(v, spot));
	else
		vx_vex(v->b, v->width, &vx_load, reg, 0, mask_slot(v, spot));
}

void vec_spill_mask(struct vectorizer *v, unsigned reg, uint32_t block)
{
	const struct spot *spot = &v->masks[block];

	if (spot->kind != IN_FRAME)
		return;
	if (vec_is_wide(v))
		vx_mask(v->b, &vx_kstore, reg, mask_slot(v, spot));
	else
		vx_vex(v->b, v->width, &vx_store, reg, 0, mask_slot(v, spot));
}

static void put_masks(struct vectorizer *v, const struct vx_row *wide,
		      const struct vx_row *narrow, unsigned to, unsigned a,
		      unsigned b)
{
	if (vec_is_wide(v))
		vx_masks(v->b, wide, to, a, b);
	else
		vx_vex(v->b, v->width, narrow, to, a, vx_reg(b));
}

void vec_put_or(struct vectorizer *v, unsigned to, unsigned a, unsigned b)
{
	put_masks(v, &vx_kor, &vx_or, to, a, b);
}

void vec_put_without(struct vectorizer *v, unsigned to, unsigned a, unsigned b)
{
	put_masks(v, &vx_kandn, &vx_andn, to, a, b);
}

void vec_put_same(struct vectorizer *v, unsigned to, unsigned from)
{
	if (to == from)
		return;
	if (vec_is_wide(v))
		vx_mask(v->b, &vx_kload, to, vx_reg(from));
	else
		vx_vex(v->b, v->width, &vx_load, to, 0, vx_reg(from));
}

void vec_put_none(struct vectorizer *v, unsigned to)
{
	put_masks(v, &vx_kxor, &vx_xor, to, to, to);
}

void vec_put_every(struct vectorizer *v, unsigned to)
{
	put_masks(v, &vx_kxnor, &vx_equal, to, to, to);
}

void vec_put_bits(struct vectorizer *v, unsigned mask)
{
	if (vec_is_wide(v))
		vx_mask(v->b, &vx_kget, X64_R10, vx_reg(mask));
	else
		vx_vex(v->b, v->width, &vx_signs, X64_R10, 0, vx_reg(mask));
}

void vec_put_jump_if_none(struct vectorizer *v, unsigned mask, uint32_t place)
{
	x64_jcc(v->b, X64_E, place);
	if (vec_is_wide(v)) {
		vx_mask(v->b, &vx_kortest, mask, vx_reg(mask));
		return;
	}
	x64_test(v->b, X64_R10, X64_R10);
	vec_put_bits(v, mask);
}

/* ---- tests -------------------------------------------------------------- */

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
		vec_put_same(v, to, T2);
	if (test == EQ || test == NE) {
		vx_vex(v->b, v->width, &vx_equal, T2, a, b);
		return;
	}
	if (test == BITS || test == NO_BITS) {
		vx_vex(v->b, v->width, &vx_equal, T2, T2, vec_number(v, 0));
		vx_vex(v->b, v->width, &vx_and, T2, a, b);
		return;
	}
	vx_vex(v->b, v->width, &vx_equal, T2, T2, vx_reg(a));
	vx_vex(v->b, v->width, test == GE || test == LT ? &vx_max : &vx_min, T2,
	       a, b);
}

void vec_put_test(struct vectorizer *v, enum test test, unsigned to, unsigned a,
		  struct vx_rm b, unsigned in)
{
	if (vec_is_wide(v))
		put_test_wide(v, test, to, a, b, in == X64_NONE ? 0 : in);
	else
		put_test_narrow(v, test, to, a, b, in);
}

void vec_put_where(struct vectorizer *v, unsigned to, struct vx_rm rm,
		   unsigned mask)
{
	if (!vec_is_wide(v)) {
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
