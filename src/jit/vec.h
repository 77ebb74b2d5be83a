/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code for many packets at a time, under way: where its values and masks are,
 * and the instructions that are written of both widths alike. Code is written
 * backward (asmbuf.h), and registers are given out where a value is used last,
 * which is met first; where there is none a value lives in the frame, which is
 * quick enough: what is done once is done for all of a group.
 */
#ifndef CBPF_JIT_VEC_H
#define CBPF_JIT_VEC_H

#include "jit/lower.h"
#include "jit/windows.h"
#include "jit/x64_vec.h"

/* Vector registers: three of scratch, then AVX2's scratch masks. */
enum { T0, T1, T2, RESULT = 7, FIRST_FREE = 8 };

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
	const struct lower_tables *tables;
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

/* Values of a packet that are none of the graph's. */
enum { DISTANCE, HIGH, CAPLEN, WIRELEN, SPECIALS };

enum test { EQ, NE, GE, LT, LE, GT, BITS, NO_BITS };

/* Their numbers, and those of what is read, behind the graph's. */
CBPF_INLINE uint32_t vec_window_value(const struct vectorizer *v, uint32_t i)
{
	return v->ir->n_insns + i;
}

CBPF_INLINE uint32_t vec_column_value(const struct vectorizer *v, uint32_t i)
{
	return v->ir->n_insns + v->w.n_windows + i;
}

CBPF_INLINE uint32_t vec_special(const struct vectorizer *v, uint32_t which)
{
	return vec_column_value(v, COLUMN_MAX) + which;
}

CBPF_INLINE bool vec_is_wide(const struct vectorizer *v)
{
	return v->width == VX_512;
}

CBPF_INLINE struct vx_rm vec_slot(const struct vectorizer *v, uint32_t n)
{
	return vx_at(X64_SP, n * 4 * v->lanes);
}

CBPF_INLINE bool vec_is_used(const struct vectorizer *v, uint32_t value)
{
	return v->values[value].kind != IN_NOTHING;
}

/* Four of scratch: k4 to k7; of AVX2, whose masks are vectors, 3 to 6. */
CBPF_INLINE unsigned vec_scratch_mask(const struct vectorizer *v, unsigned i)
{
	return vec_is_wide(v) ? 4 + i : 3 + i;
}

CBPF_INLINE uint32_t *vec_free_masks(struct vectorizer *v)
{
	return vec_is_wide(v) ? &v->free_masks : &v->free;
}

/* A constant, from R8 on. */
CBPF_INTERNAL struct vx_rm vec_number(struct vectorizer *v, uint32_t k);
/* What a shuffle picks: the number of size bytes, the first the highest, from
 * byte `at` of each word on. */
CBPF_INTERNAL struct vx_rm vec_picks(struct vectorizer *v, unsigned at,
				     unsigned size);
CBPF_INTERNAL bool vec_is_number(const struct vectorizer *v, uint32_t value,
				 uint32_t *k);
/* A value as the last operand of an instruction. */
CBPF_INTERNAL struct vx_rm vec_operand(struct vectorizer *v, uint32_t value);
/* The register of a value; scratch if it is in none, to be filled before. */
CBPF_INTERNAL unsigned vec_in_register(struct vectorizer *v, uint32_t value,
				       unsigned scratch);
CBPF_INTERNAL void vec_put_load(struct vectorizer *v, unsigned to,
				struct vx_rm rm);
CBPF_INTERNAL void vec_fill(struct vectorizer *v, unsigned reg, uint32_t value);
/* The register that a value is made in, free before; scratch: it goes on to
 * the frame. */
CBPF_INTERNAL unsigned vec_made_in(struct vectorizer *v, uint32_t value,
				   unsigned scratch);
/* The register of a block's mask; scratch, to be filled before. */
CBPF_INTERNAL unsigned vec_mask_of(struct vectorizer *v, uint32_t block,
				   unsigned scratch);
CBPF_INTERNAL void vec_fill_mask(struct vectorizer *v, unsigned reg,
				 uint32_t block);
CBPF_INTERNAL void vec_spill_mask(struct vectorizer *v, unsigned reg,
				  uint32_t block);
CBPF_INTERNAL void vec_put_or(struct vectorizer *v, unsigned to, unsigned a,
			      unsigned b);
/* to = b without a. */
CBPF_INTERNAL void vec_put_without(struct vectorizer *v, unsigned to,
				   unsigned a, unsigned b);
CBPF_INTERNAL void vec_put_same(struct vectorizer *v, unsigned to,
				unsigned from);
CBPF_INTERNAL void vec_put_none(struct vectorizer *v, unsigned to);
CBPF_INTERNAL void vec_put_every(struct vectorizer *v, unsigned to);
/* The bits of a mask in R10. */
CBPF_INTERNAL void vec_put_bits(struct vectorizer *v, unsigned mask);
CBPF_INTERNAL void vec_put_jump_if_none(struct vectorizer *v, unsigned mask,
					uint32_t place);
/* Which of the packets of `in` (NONE: of all, for EQ, GE and LE) pass. */
CBPF_INTERNAL void vec_put_test(struct vectorizer *v, enum test test,
				unsigned to, unsigned a, struct vx_rm b,
				unsigned in);
/* to = what rm has, where the mask has it. */
CBPF_INTERNAL void vec_put_where(struct vectorizer *v, unsigned to,
				 struct vx_rm rm, unsigned mask);
CBPF_INTERNAL void vec_lower_blocks(struct vectorizer *v);
/* Which edges come first, and what is jumped over. */
CBPF_INTERNAL void vec_look_at_flow(struct vectorizer *v);

#endif
