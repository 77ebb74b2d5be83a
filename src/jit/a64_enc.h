/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A64 instructions of arm64, as words before those that are written (asmbuf.h):
 * Arm Architecture Reference Manual for A-profile, C6.2. Operands are 32 bits
 * wide unless a name says otherwise; what is written to a register clears its
 * upper half.
 */
#ifndef CBPF_JIT_A64_ENC_H
#define CBPF_JIT_A64_ENC_H

#include "jit/asmbuf.h"

/* Register 31: zero, but for the stack's pointer where addresses are made, and
 * what a sum without flags, or logic without, is made with a number. */
enum { A64_ZR = 31, A64_SP = 31 };

enum a64_cc { A64_EQ, A64_NE, A64_HS, A64_LO, A64_MI, A64_HI = 8, A64_LS = 9 };

CBPF_INLINE enum a64_cc a64_not(enum a64_cc cc)
{
	return (enum a64_cc)(cc ^ 1);
}

/* ---- of registers ------------------------------------------------------- */

/* d = n op m; of subs and ands to ZR flags remain. */
enum a64_op {
	A64_ADD = 0x0b000000,
	A64_ADDS = 0x2b000000,
	A64_SUB = 0x4b000000,
	A64_SUBS = 0x6b000000,
	A64_AND = 0x0a000000,
	A64_ORR = 0x2a000000,
	A64_EOR = 0x4a000000,
	A64_ANDS = 0x6a000000,
	A64_MUL = 0x1b007c00,
	A64_UDIV = 0x1ac00800,
	A64_LSLV = 0x1ac02000, /* by m modulo 32 */
	A64_LSRV = 0x1ac02400,
	A64_ADD_UXTW = 0x0b204000, /* m of 32 bits, with A64_X */
	A64_SUBS_UXTW = 0x6b204000
};

#define A64_X (1u << 31) /* with an operation: of 64 bits */

CBPF_INLINE void a64_three(struct asmbuf *b, uint32_t op, unsigned d,
			   unsigned n, unsigned m)
{
	ab_u32(b, op | m << 16 | n << 5 | d);
}

/* d = a - n * m */
CBPF_INLINE void a64_msub(struct asmbuf *b, unsigned d, unsigned n, unsigned m,
			  unsigned a)
{
	ab_u32(b, 0x1b008000 | m << 16 | a << 10 | n << 5 | d);
}

CBPF_INLINE void a64_mov(struct asmbuf *b, unsigned d, unsigned m)
{
	a64_three(b, A64_ORR, d, A64_ZR, m);
}

CBPF_INLINE void a64_mov64(struct asmbuf *b, unsigned d, unsigned m)
{
	a64_three(b, A64_ORR | A64_X, d, A64_ZR, m);
}

/* The order of four bytes, of two in each half, is turned round. */
CBPF_INLINE void a64_rev(struct asmbuf *b, unsigned d, unsigned n)
{
	ab_u32(b, 0x5ac00800 | n << 5 | d);
}

CBPF_INLINE void a64_rev16(struct asmbuf *b, unsigned d, unsigned n)
{
	ab_u32(b, 0x5ac00400 | n << 5 | d);
}

/* d = n where the condition holds, else m. */
CBPF_INLINE void a64_csel(struct asmbuf *b, enum a64_cc cc, unsigned d,
			  unsigned n, unsigned m)
{
	ab_u32(b, 0x1a800000 | m << 16 | (unsigned)cc << 12 | n << 5 | d);
}

CBPF_INLINE void a64_csel64(struct asmbuf *b, enum a64_cc cc, unsigned d,
			    unsigned n, unsigned m)
{
	ab_u32(b, 0x9a800000 | m << 16 | (unsigned)cc << 12 | n << 5 | d);
}

/* Compares where the condition holds; else they are equal. */
CBPF_INLINE void a64_ccmp_or_equal(struct asmbuf *b, enum a64_cc cc, unsigned n,
				   unsigned m)
{
	ab_u32(b, 0x7a400000 | m << 16 | (unsigned)cc << 12 | n << 5 | 4);
}

/* ---- with numbers ------------------------------------------------------- */

/* Whether a number is one of 12 bits, or of 12 and as many zeros below. */
CBPF_INLINE bool a64_is_imm12(uint32_t k)
{
	return k < 0x1000 || (k & 0xff000fff) == 0;
}

enum a64_sum {
	A64_ADD_IMM = 0x11000000,
	A64_ADDS_IMM = 0x31000000,
	A64_SUB_IMM = 0x51000000,
	A64_SUBS_IMM = 0x71000000
};

/* d = n op k, which a64_is_imm12(). */
CBPF_INLINE void a64_sum(struct asmbuf *b, uint32_t op, unsigned d, unsigned n,
			 uint32_t k)
{
	cbpf_assert(a64_is_imm12(k));
	if (k < 0x1000)
		ab_u32(b, op | k << 10 | n << 5 | d);
	else
		ab_u32(b, op | 1 << 22 | k >> 12 << 10 | n << 5 | d);
}

enum a64_logic {
	A64_AND_IMM = 0x12000000,
	A64_ORR_IMM = 0x32000000,
	A64_EOR_IMM = 0x52000000,
	A64_ANDS_IMM = 0x72000000
};

/*
 * The fields imms and immr of a number that is a run of ones, turned, over and
 * over in parts of a power of two ("DecodeBitMasks"). False: it is none.
 */
CBPF_INLINE bool a64_is_bits(uint32_t k, uint32_t *fields)
{
	unsigned size = 32, ones, turn = 0;
	uint32_t part = k;

	if (k == 0 || k == UINT32_MAX)
		return false;
	while (size > 2 &&
	       part >> size / 2 == (part & UINT32_MAX >> (32 - size / 2))) {
		size /= 2;
		part >>= size;
	}
	ones = (unsigned)__builtin_popcount(part);
	/* the run at the bottom, so many turns to the left ago */
	while (part != UINT32_MAX >> (32 - ones)) {
		part = part >> 1 | (part & 1) << (size - 1);
		if (++turn == size)
			return false;
	}
	*fields = (size - turn) % size << 16 |
		  (((0 - 2 * size) & 0x3f) | (ones - 1)) << 10;
	return true;
}

/* d = n op k, which a64_is_bits(). */
CBPF_INLINE void a64_logic(struct asmbuf *b, uint32_t op, unsigned d,
			   unsigned n, uint32_t k)
{
	uint32_t fields = 0;

	cbpf_assert(a64_is_bits(k, &fields));
	a64_is_bits(k, &fields);
	ab_u32(b, op | fields | n << 5 | d);
}

CBPF_INLINE void a64_lsl(struct asmbuf *b, unsigned d, unsigned n, unsigned by)
{
	ab_u32(b, 0x53000000 | (32 - by) % 32 << 16 | (31 - by) << 10 | n << 5 |
			  d);
}

CBPF_INLINE void a64_lsr(struct asmbuf *b, unsigned d, unsigned n, unsigned by)
{
	ab_u32(b, 0x53007c00 | by << 16 | n << 5 | d);
}

/* A number, by one instruction or two; flags are kept. */
CBPF_INLINE void a64_number(struct asmbuf *b, unsigned d, uint32_t k)
{
	uint32_t fields;

	if (k < 0x10000) {
		ab_u32(b, 0x52800000 | k << 5 | d);
	} else if ((k & 0xffff) == 0) {
		ab_u32(b, 0x52a00000 | k >> 16 << 5 | d);
	} else if (~k < 0x10000) {
		ab_u32(b, 0x12800000 | ~k << 5 | d);
	} else if (a64_is_bits(k, &fields)) {
		a64_logic(b, A64_ORR_IMM, d, A64_ZR, k);
	} else {
		ab_u32(b, 0x72a00000 | k >> 16 << 5 | d);
		ab_u32(b, 0x52800000 | (k & 0xffff) << 5 | d);
	}
}

/* One of 64 bits: by one instruction for each 16 bits that are not 0, and by one
 * if it is 0. */
CBPF_INLINE void a64_number64(struct asmbuf *b, unsigned d, uint64_t k)
{
	unsigned first = k ? (unsigned)__builtin_ctzll(k) / 16 : 0;

	for (unsigned part = 4; part-- > first;) {
		uint32_t bits = k >> 16 * part & 0xffff;

		if (part == first || bits)
			ab_u32(b, (part == first ? 0xd2800000 : 0xf2800000) |
					  part << 21 | bits << 5 | d);
	}
}

/* ---- memory ------------------------------------------------------------- */

/* The logarithm of a size, where an instruction has it. */
CBPF_INLINE uint32_t a64_size(unsigned size)
{
	return (uint32_t)__builtin_ctz(size) << 30;
}

/* Whether a load of size bytes can be at [n + k]. */
CBPF_INLINE bool a64_reaches(unsigned size, uint32_t k)
{
	return k < 256 || (k % size == 0 && k / size < 0x1000);
}

/* size bytes at [n + k], which it reaches, low byte first, zeros above. */
CBPF_INLINE void a64_load(struct asmbuf *b, unsigned size, unsigned d,
			  unsigned n, uint32_t k)
{
	cbpf_assert(a64_reaches(size, k));
	if (k % size == 0)
		ab_u32(b, 0x39400000 | a64_size(size) | k / size << 10 |
				  n << 5 | d);
	else
		ab_u32(b, 0x38400000 | a64_size(size) | k << 12 | n << 5 | d);
}

/* The same at [n + m]. */
CBPF_INLINE void a64_load_at(struct asmbuf *b, unsigned size, unsigned d,
			     unsigned n, unsigned m)
{
	ab_u32(b, 0x38604800 | a64_size(size) | m << 16 | n << 5 | d);
}

/* Word m of those at n. */
CBPF_INLINE void a64_load_word(struct asmbuf *b, unsigned d, unsigned n,
			       unsigned m)
{
	ab_u32(b, 0xb8605800 | m << 16 | n << 5 | d);
}

/* Two registers of 64 bits on the stack, and back. */
CBPF_INLINE void a64_push(struct asmbuf *b, unsigned one, unsigned two)
{
	ab_u32(b, 0xa9bf0000 | two << 10 | A64_SP << 5 | one);
}

CBPF_INLINE void a64_pop(struct asmbuf *b, unsigned one, unsigned two)
{
	ab_u32(b, 0xa8c10000 | two << 10 | A64_SP << 5 | one);
}

/* ---- places, in bytes from the end -------------------------------------- */

#define A64_NEAR (1u << 20) /* bytes: places of ADR and B.cond are nearer */

/* The address of a place behind; t: a register more, if that is far. */
CBPF_INLINE void a64_address(struct asmbuf *b, unsigned d, unsigned t,
			     uint32_t place)
{
	uint32_t distance = ab_here(b) + 4 - place;

	if (distance >= A64_NEAR) {
		a64_three(b, A64_ADD | A64_X, d, d, t);
		distance = ab_here(b) - place;
		ab_u32(b, 0x72a00000 | (distance + 12) >> 16 << 5 | t);
		ab_u32(b, 0x52800000 | ((distance + 12) & 0xffff) << 5 | t);
		distance = 0;
	}
	ab_u32(b, 0x10000000 | (distance & 3) << 29 | distance >> 2 << 5 | d);
}

CBPF_INLINE void a64_jump(struct asmbuf *b, uint32_t place)
{
	uint32_t distance = ab_here(b) + 4 - place;

	if (distance > 4)
		ab_u32(b, 0x14000000 | distance >> 2);
}

CBPF_INLINE void a64_jump_if(struct asmbuf *b, enum a64_cc cc, uint32_t place)
{
	uint32_t distance = ab_here(b) + 4 - place;

	if (distance >= A64_NEAR) {
		a64_jump(b, place);
		distance = 8;
		cc = a64_not(cc);
	}
	ab_u32(b, 0x54000000 | distance >> 2 << 5 | (unsigned)cc);
}

CBPF_INLINE void a64_jump_reg(struct asmbuf *b, unsigned n)
{
	ab_u32(b, 0xd61f0000 | n << 5);
}

CBPF_INLINE void a64_return(struct asmbuf *b)
{
	ab_u32(b, 0xd65f03c0);
}

#endif
