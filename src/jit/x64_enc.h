/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64 instructions, as bytes before those that are written (asmbuf.h): Intel
 * 64 and IA-32 Architectures Software Developer's Manual, volume 2. Operands
 * are 32 bits wide unless a name says otherwise; what is written to a register
 * clears its upper half.
 */
#ifndef CBPF_JIT_X64_ENC_H
#define CBPF_JIT_X64_ENC_H

#include "jit/asmbuf.h"

enum x64_reg {
	X64_AX,
	X64_CX,
	X64_DX,
	X64_BX,
	X64_SP,
	X64_BP,
	X64_SI,
	X64_DI,
	X64_R8,
	X64_R9,
	X64_R10,
	X64_R11,
	X64_R12,
	X64_R13,
	X64_R14,
	X64_R15,
	X64_REGS,
	X64_NONE = 255
};

/* The number in ModRM.reg of the group 81, and in opcodes. */
enum x64_alu {
	X64_ADD,
	X64_OR,
	X64_ADC,
	X64_SBB,
	X64_AND,
	X64_SUB,
	X64_XOR,
	X64_CMP
};

enum x64_shift { X64_ROL = 0, X64_SHL = 4, X64_SHR = 5 };

/* Conditions, as in Jcc and CMOVcc. */
enum x64_cc {
	X64_B = 2,
	X64_AE = 3,
	X64_E = 4,
	X64_NE = 5,
	X64_BE = 6,
	X64_A = 7,
	X64_S = 8
};

CBPF_INLINE enum x64_cc x64_not(enum x64_cc cc)
{
	return (enum x64_cc)(cc ^ 1);
}

/* [base + (index << scale) + disp]; index NONE: none. */
struct x64_mem {
	uint8_t base, index;
	int32_t disp;
	uint8_t scale;
};

/* ---- parts -------------------------------------------------------------- */

/* REX, if one of its bits is set; low: a byte register that wants one. */
CBPF_INLINE void x64_rex(struct asmbuf *b, unsigned w, unsigned reg,
			 unsigned index, unsigned base)
{
	unsigned rex = w << 3 | reg >> 3 << 2 | index >> 3 << 1 | base >> 3;

	if (rex)
		ab_u8(b, 0x40 | rex);
}

CBPF_INLINE void x64_modrm(struct asmbuf *b, unsigned mod, unsigned reg,
			   unsigned rm)
{
	ab_u8(b, mod << 6 | (reg & 7) << 3 | (rm & 7));
}

/* ModRM, SIB and displacement of an operand in memory. */
CBPF_INLINE void x64_operand(struct asmbuf *b, unsigned reg, struct x64_mem m)
{
	bool has_sib = m.index != X64_NONE || (m.base & 7) == X64_SP;
	unsigned mod = m.disp == 0 && (m.base & 7) != X64_BP ? 0
		       : m.disp >= -128 && m.disp < 128	     ? 1
							     : 2;

	if (mod == 1)
		ab_u8(b, (unsigned)m.disp);
	else if (mod == 2)
		ab_u32(b, (uint32_t)m.disp);
	if (has_sib)
		x64_modrm(b, m.scale, m.index == X64_NONE ? 4 : m.index,
			  m.base);
	x64_modrm(b, mod, reg, has_sib ? 4 : m.base);
}

CBPF_INLINE void x64_rex_mem(struct asmbuf *b, unsigned w, unsigned reg,
			     struct x64_mem m)
{
	x64_rex(b, w, reg, m.index == X64_NONE ? 0 : m.index, m.base);
}

/* ---- moves and arithmetic ----------------------------------------------- */

CBPF_INLINE void x64_mov(struct asmbuf *b, unsigned to, unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0x8b);
	x64_rex(b, 0, to, 0, from);
}

CBPF_INLINE void x64_mov64(struct asmbuf *b, unsigned to, unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0x8b);
	x64_rex(b, 1, to, 0, from);
}

CBPF_INLINE void x64_alu(struct asmbuf *b, enum x64_alu op, unsigned to,
			 unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, op << 3 | 3);
	x64_rex(b, 0, to, 0, from);
}

CBPF_INLINE void x64_cmp64(struct asmbuf *b, unsigned a, unsigned with)
{
	x64_modrm(b, 3, a, with);
	ab_u8(b, X64_CMP << 3 | 3);
	x64_rex(b, 1, a, 0, with);
}

/* Group 81, and 83 where the number is short; w: of 64 bits. */
CBPF_INLINE void x64_group(struct asmbuf *b, unsigned w, enum x64_alu op,
			   unsigned to, uint32_t imm)
{
	bool is_short = imm + 128 < 256;

	if (is_short)
		ab_u8(b, imm);
	else
		ab_u32(b, imm);
	x64_modrm(b, 3, op, to);
	ab_u8(b, is_short ? 0x83 : 0x81);
	x64_rex(b, w, 0, 0, to);
}

CBPF_INLINE void x64_alu_imm(struct asmbuf *b, enum x64_alu op, unsigned to,
			     uint32_t imm)
{
	x64_group(b, 0, op, to, imm);
}

/* With 64 bits, of which imm is the sign-extended lower half. */
CBPF_INLINE void x64_alu64_imm(struct asmbuf *b, enum x64_alu op, unsigned to,
			       uint32_t imm)
{
	x64_group(b, 1, op, to, imm);
}

/* A constant; flags are kept. */
CBPF_INLINE void x64_mov_imm(struct asmbuf *b, unsigned to, uint32_t imm)
{
	ab_u32(b, imm);
	ab_u8(b, 0xb8 | (to & 7));
	x64_rex(b, 0, 0, 0, to);
}

/* The same, shorter where it is 0, and flags are lost. */
CBPF_INLINE void x64_set(struct asmbuf *b, unsigned to, uint32_t imm)
{
	if (imm == 0)
		x64_alu(b, X64_XOR, to, to);
	else
		x64_mov_imm(b, to, imm);
}

CBPF_INLINE void x64_mov_imm64(struct asmbuf *b, unsigned to, uint64_t imm)
{
	ab_u64(b, imm);
	ab_u8(b, 0xb8 | (to & 7));
	x64_rex(b, 1, 0, 0, to);
}

CBPF_INLINE void x64_test(struct asmbuf *b, unsigned a, unsigned with)
{
	x64_modrm(b, 3, with, a);
	ab_u8(b, 0x85);
	x64_rex(b, 0, with, 0, a);
}

CBPF_INLINE void x64_test64(struct asmbuf *b, unsigned a, unsigned with)
{
	x64_modrm(b, 3, with, a);
	ab_u8(b, 0x85);
	x64_rex(b, 1, with, 0, a);
}

CBPF_INLINE void x64_test_imm(struct asmbuf *b, unsigned a, uint32_t imm)
{
	ab_u32(b, imm);
	x64_modrm(b, 3, 0, a);
	ab_u8(b, 0xf7);
	x64_rex(b, 0, 0, 0, a);
}

CBPF_INLINE void x64_imul(struct asmbuf *b, unsigned to, unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0xaf);
	ab_u8(b, 0x0f);
	x64_rex(b, 0, to, 0, from);
}

CBPF_INLINE void x64_imul_imm(struct asmbuf *b, unsigned to, unsigned from,
			      uint32_t imm)
{
	ab_u32(b, imm);
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0x69);
	x64_rex(b, 0, to, 0, from);
}

/* DX:AX by a register: the quotient in AX, the rest in DX. */
CBPF_INLINE void x64_div(struct asmbuf *b, unsigned by)
{
	x64_modrm(b, 3, 6, by);
	ab_u8(b, 0xf7);
	x64_rex(b, 0, 0, 0, by);
}

CBPF_INLINE void x64_shift_imm(struct asmbuf *b, enum x64_shift op, unsigned to,
			       unsigned by)
{
	ab_u8(b, by);
	x64_modrm(b, 3, op, to);
	ab_u8(b, 0xc1);
	x64_rex(b, 0, 0, 0, to);
}

/* By CL, modulo 32. */
CBPF_INLINE void x64_shift_cl(struct asmbuf *b, enum x64_shift op, unsigned to)
{
	x64_modrm(b, 3, op, to);
	ab_u8(b, 0xd3);
	x64_rex(b, 0, 0, 0, to);
}

/* The low half of a register turned by 8: its two bytes change places. */
CBPF_INLINE void x64_swap16(struct asmbuf *b, unsigned reg)
{
	ab_u8(b, 8);
	x64_modrm(b, 3, X64_ROL, reg);
	ab_u8(b, 0xc1);
	x64_rex(b, 0, 0, 0, reg);
	ab_u8(b, 0x66);
}

CBPF_INLINE void x64_bswap(struct asmbuf *b, unsigned reg)
{
	ab_u8(b, 0xc8 | (reg & 7));
	ab_u8(b, 0x0f);
	x64_rex(b, 0, 0, 0, reg);
}

CBPF_INLINE void x64_cmov(struct asmbuf *b, enum x64_cc cc, unsigned to,
			  unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0x40 | cc);
	ab_u8(b, 0x0f);
	x64_rex(b, 0, to, 0, from);
}

CBPF_INLINE void x64_cmov64(struct asmbuf *b, enum x64_cc cc, unsigned to,
			    unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, 0x40 | cc);
	ab_u8(b, 0x0f);
	x64_rex(b, 1, to, 0, from);
}

CBPF_INLINE void x64_bt(struct asmbuf *b, unsigned a, unsigned bit)
{
	x64_modrm(b, 3, bit, a);
	ab_u8(b, 0xa3);
	ab_u8(b, 0x0f);
	x64_rex(b, 0, bit, 0, a);
}

/* ---- memory ------------------------------------------------------------- */

/* size bytes, zeros above: low byte first. */
CBPF_INLINE void x64_load(struct asmbuf *b, unsigned size, unsigned to,
			  struct x64_mem m)
{
	x64_operand(b, to, m);
	if (size == 4) {
		ab_u8(b, 0x8b);
	} else {
		ab_u8(b, size == 1 ? 0xb6 : 0xb7);
		ab_u8(b, 0x0f);
	}
	x64_rex_mem(b, 0, to, m);
}

CBPF_INLINE void x64_load64(struct asmbuf *b, unsigned to, struct x64_mem m)
{
	x64_operand(b, to, m);
	ab_u8(b, 0x8b);
	x64_rex_mem(b, 1, to, m);
}

CBPF_INLINE void x64_store(struct asmbuf *b, unsigned from, struct x64_mem m)
{
	x64_operand(b, from, m);
	ab_u8(b, 0x89);
	x64_rex_mem(b, 0, from, m);
}

CBPF_INLINE void x64_lea(struct asmbuf *b, unsigned w, unsigned to,
			 struct x64_mem m)
{
	x64_operand(b, to, m);
	ab_u8(b, 0x8d);
	x64_rex_mem(b, w, to, m);
}

#define X64_LEA_RIP 7 /* bytes that it takes */

/* What is at `place`, bytes from the end, by RIP. */
CBPF_INLINE void x64_lea_rip(struct asmbuf *b, unsigned to, uint32_t place)
{
	ab_u32(b, ab_here(b) - place);
	x64_modrm(b, 0, to, 5);
	ab_u8(b, 0x8d);
	x64_rex(b, 1, to, 0, 0);
}

/* Compares size bytes in memory with a constant, low byte first. */
CBPF_INLINE void x64_cmp_mem(struct asmbuf *b, unsigned size, struct x64_mem m,
			     uint32_t imm)
{
	bool is_short = size == 1 || imm + 128 < 256;

	if (is_short) {
		ab_u8(b, imm);
	} else if (size == 2) {
		ab_u8(b, imm >> 8);
		ab_u8(b, imm);
	} else {
		ab_u32(b, imm);
	}
	x64_operand(b, X64_CMP, m);
	ab_u8(b, size == 1 ? 0x80 : is_short ? 0x83 : 0x81);
	x64_rex_mem(b, 0, 0, m);
	if (size == 2)
		ab_u8(b, 0x66);
}

CBPF_INLINE void x64_test_mem(struct asmbuf *b, unsigned size, struct x64_mem m,
			      uint32_t imm)
{
	if (size == 1) {
		ab_u8(b, imm);
	} else if (size == 2) {
		ab_u8(b, imm >> 8);
		ab_u8(b, imm);
	} else {
		ab_u32(b, imm);
	}
	x64_operand(b, 0, m);
	ab_u8(b, size == 1 ? 0xf6 : 0xf7);
	x64_rex_mem(b, 0, 0, m);
	if (size == 2)
		ab_u8(b, 0x66);
}

/* Compares a register with four bytes in memory. */
CBPF_INLINE void x64_cmp_load(struct asmbuf *b, unsigned a, struct x64_mem m)
{
	x64_operand(b, a, m);
	ab_u8(b, X64_CMP << 3 | 3);
	x64_rex_mem(b, 0, a, m);
}

/* to = to op eight bytes in memory; of CMP flags remain. */
CBPF_INLINE void x64_alu64_load(struct asmbuf *b, enum x64_alu op, unsigned to,
				struct x64_mem m)
{
	x64_operand(b, to, m);
	ab_u8(b, op << 3 | 3);
	x64_rex_mem(b, 1, to, m);
}

/* ---- bytes -------------------------------------------------------------- */

/* 1 where the condition holds, else 0, in the lowest byte of AX to DX. */
CBPF_INLINE void x64_setcc(struct asmbuf *b, enum x64_cc cc, unsigned to)
{
	x64_modrm(b, 3, 0, to);
	ab_u8(b, 0x90 | cc);
	ab_u8(b, 0x0f);
}

/* Of the lowest bytes of AX to DX. */
CBPF_INLINE void x64_or8(struct asmbuf *b, unsigned to, unsigned from)
{
	x64_modrm(b, 3, to, from);
	ab_u8(b, X64_OR << 3 | 2);
}

/* ---- jumps -------------------------------------------------------------- */

/* To a place behind, bytes from the end. */
CBPF_INLINE void x64_jcc(struct asmbuf *b, enum x64_cc cc, uint32_t place)
{
	uint32_t distance = ab_here(b) - place;

	if (distance < 128) {
		ab_u8(b, distance);
		ab_u8(b, 0x70 | cc);
		return;
	}
	ab_u32(b, distance);
	ab_u8(b, 0x80 | cc);
	ab_u8(b, 0x0f);
}

CBPF_INLINE void x64_jmp(struct asmbuf *b, uint32_t place)
{
	uint32_t distance = ab_here(b) - place;

	if (distance == 0)
		return;
	if (distance < 128) {
		ab_u8(b, distance);
		ab_u8(b, 0xeb);
		return;
	}
	ab_u32(b, distance);
	ab_u8(b, 0xe9);
}

/* To a place before, which is not there yet; x64_jcc_lead() with what this
 * returns tells it. */
CBPF_INLINE uint32_t x64_jcc_back(struct asmbuf *b, enum x64_cc cc)
{
	uint32_t behind = ab_here(b);

	ab_u32(b, 0);
	ab_u8(b, 0x80 | cc);
	ab_u8(b, 0x0f);
	return behind;
}

CBPF_INLINE void x64_jcc_lead(struct asmbuf *b, uint32_t behind, uint32_t place)
{
	uint32_t distance = behind - place;
	uint8_t *at = b->is_broken ? NULL : b->bytes + b->cap - behind - 4;

	for (unsigned i = 0; at && i < 4; i++)
		at[i] = (uint8_t)(distance >> 8 * i);
}

CBPF_INLINE void x64_jmp_reg(struct asmbuf *b, unsigned reg)
{
	x64_modrm(b, 3, 4, reg);
	ab_u8(b, 0xff);
	x64_rex(b, 0, 0, 0, reg);
}

CBPF_INLINE void x64_ret(struct asmbuf *b)
{
	ab_u8(b, 0xc3);
}

CBPF_INLINE void x64_push(struct asmbuf *b, unsigned reg)
{
	ab_u8(b, 0x50 | (reg & 7));
	x64_rex(b, 0, 0, 0, reg);
}

CBPF_INLINE void x64_pop(struct asmbuf *b, unsigned reg)
{
	ab_u8(b, 0x58 | (reg & 7));
	x64_rex(b, 0, 0, 0, reg);
}

#endif
