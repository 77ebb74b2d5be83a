/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions on many 32-bit numbers at a time, as bytes before those that are
 * written (asmbuf.h): AVX2 on eight (VEX), AVX-512 on sixteen (EVEX; the same
 * manual as x64_enc.h, volume 2, sections 2.3 and 2.7). Most are the same
 * opcode in both; a row says which. AVX-512's masks are registers k1 to k7.
 *
 *	vpaddd zmm1, zmm2, [r8+4]{1to16}
 *	vx_put(b, VX_512, &vx_add, 1, 2, vx_each(R8, 4), 0)
 */
#ifndef CBPF_JIT_X64_VEC_H
#define CBPF_JIT_X64_VEC_H

#include "jit/x64_enc.h"

enum vx_width { VX_128, VX_256, VX_512 }; /* L of VEX, L'L of EVEX */

/* An opcode: its map (1: 0F, 2: 0F 38, 3: 0F 3A), its prefix (1: 66, 2: F3, 3:
 * F2), W of EVEX. */
struct vx_row {
	uint8_t opcode, map, prefix, w;
};

#define VX_ROW(name, opcode, map, prefix, w) \
	static const struct vx_row vx_##name = { opcode, map, prefix, w }

/* clang-format off */
VX_ROW(add,       0xfe, 1, 1, 0); /* VPADDD */
VX_ROW(sub,       0xfa, 1, 1, 0); /* VPSUBD */
VX_ROW(sub64,     0xfb, 1, 1, 1); /* VPSUBQ */
VX_ROW(and,       0xdb, 1, 1, 0); /* VPAND, VPANDD */
VX_ROW(andn,      0xdf, 1, 1, 0); /* VPANDN, VPANDND */
VX_ROW(or,        0xeb, 1, 1, 0); /* VPOR, VPORD */
VX_ROW(xor,       0xef, 1, 1, 0); /* VPXOR, VPXORD */
VX_ROW(mul,       0x40, 2, 1, 0); /* VPMULLD */
VX_ROW(max,       0x3f, 2, 1, 0); /* VPMAXUD */
VX_ROW(min,       0x3b, 2, 1, 0); /* VPMINUD */
VX_ROW(equal,     0x76, 1, 1, 0); /* VPCMPEQD; EVEX: into a mask */
VX_ROW(shuffle,   0x00, 2, 1, 0); /* VPSHUFB */
VX_ROW(shift,     0x72, 1, 1, 0); /* VPSLLD 6, VPSRLD 2, VPSRAD 4, imm8 */
VX_ROW(sllv,      0x47, 2, 1, 0); /* VPSLLVD */
VX_ROW(srlv,      0x45, 2, 1, 0); /* VPSRLVD */
VX_ROW(low32,     0x62, 1, 1, 0); /* VPUNPCKLDQ */
VX_ROW(high32,    0x6a, 1, 1, 0); /* VPUNPCKHDQ */
VX_ROW(low64,     0x6c, 1, 1, 1); /* VPUNPCKLQDQ */
VX_ROW(high64,    0x6d, 1, 1, 1); /* VPUNPCKHQDQ */
VX_ROW(load,      0x6f, 1, 2, 0); /* VMOVDQU, VMOVDQU32 */
VX_ROW(store,     0x7f, 1, 2, 0); /* the same, to memory */
VX_ROW(load64,    0x7e, 1, 2, 0); /* VMOVQ, VEX alone; zeros above */
VX_ROW(spread,    0x58, 2, 1, 0); /* VPBROADCASTD */
VX_ROW(insert,    0x38, 3, 1, 0); /* VINSERTI128, VINSERTI32X4, imm8 */
VX_ROW(gather,    0x90, 2, 1, 0); /* VPGATHERDD */
VX_ROW(blend,     0x4c, 3, 1, 0); /* VPBLENDVB, VEX alone, is4 */
VX_ROW(signs,     0x50, 1, 0, 0); /* VMOVMSKPS, VEX alone */
VX_ROW(compare,   0x1e, 3, 1, 0); /* VPCMPUD, EVEX alone, imm8 */
VX_ROW(bits,      0x27, 2, 1, 0); /* VPTESTMD, EVEX alone */
VX_ROW(no_bits,   0x27, 2, 2, 0); /* VPTESTNMD, EVEX alone */
VX_ROW(kand,      0x41, 1, 0, 0); /* KANDW */
VX_ROW(kandn,     0x42, 1, 0, 0); /* KANDNW */
VX_ROW(kor,       0x45, 1, 0, 0); /* KORW */
VX_ROW(kxnor,     0x46, 1, 0, 0); /* KXNORW */
VX_ROW(kxor,      0x47, 1, 0, 0); /* KXORW */
VX_ROW(kload,     0x90, 1, 0, 0); /* KMOVW from a mask or memory */
VX_ROW(kstore,    0x91, 1, 0, 0); /* KMOVW to memory */
VX_ROW(kget,      0x93, 1, 0, 0); /* KMOVW to a register */
VX_ROW(kortest,   0x98, 1, 0, 0); /* KORTESTW */
/* clang-format on */

/* Of VPCMPUD. */
enum vx_test {
	VX_EQ = 0,
	VX_LT = 1,
	VX_LE = 2,
	VX_NE = 4,
	VX_GE = 5,
	VX_GT = 6
};

/* The last operand: a register, or memory; is_each: one number there for all
 * (EVEX alone). */
struct vx_rm {
	struct x64_mem mem;
	uint8_t reg;
	bool is_mem, is_each;
};

CBPF_INLINE struct vx_rm vx_reg(unsigned reg)
{
	return (struct vx_rm){ .reg = (uint8_t)reg };
}

CBPF_INLINE struct vx_rm vx_at(unsigned base, uint32_t disp)
{
	return (struct vx_rm){ .mem = { (uint8_t)base, X64_NONE, (int32_t)disp,
					0 },
			       .is_mem = true };
}

CBPF_INLINE struct vx_rm vx_each(unsigned base, uint32_t disp)
{
	struct vx_rm rm = vx_at(base, disp);

	rm.is_each = true;
	return rm;
}

/*
 * ModRM, and memory: with no displacement or one of 32 bits, since EVEX counts
 * shorter ones in units of what is loaded. An index is a vector's (of gathers).
 */
CBPF_INLINE void vx_operand(struct asmbuf *b, unsigned reg,
			    const struct vx_rm *rm)
{
	const struct x64_mem *m = &rm->mem;
	bool has_sib = m->index != X64_NONE || (m->base & 7) == X64_SP;
	bool has_disp = m->disp != 0 || (m->base & 7) == X64_BP;

	if (!rm->is_mem) {
		x64_modrm(b, 3, reg, rm->reg);
		return;
	}
	if (has_disp)
		ab_u32(b, (uint32_t)m->disp);
	if (has_sib)
		x64_modrm(b, m->scale, m->index == X64_NONE ? 4 : m->index,
			  m->base);
	x64_modrm(b, has_disp ? 2 : 0, reg, has_sib ? 4 : m->base);
}

/* Bits that name registers above 7: B, X, and the fifth of a vector's number. */
CBPF_INLINE unsigned vx_high_base(const struct vx_rm *rm)
{
	return (rm->is_mem ? rm->mem.base : rm->reg) >> 3 & 1;
}

CBPF_INLINE unsigned vx_index(const struct vx_rm *rm)
{
	return rm->is_mem && rm->mem.index != X64_NONE ? rm->mem.index : 0;
}

/*
 * VEX, three bytes: [C4] [R X B inverted, map] [W, vvvv inverted, L, prefix].
 */
CBPF_INLINE void vx_vex(struct asmbuf *b, enum vx_width width,
			const struct vx_row *row, unsigned reg, unsigned source,
			struct vx_rm rm)
{
	vx_operand(b, reg, &rm);
	ab_u8(b, row->opcode);
	ab_u8(b, (~source & 15) << 3 | (unsigned)width << 2 | row->prefix);
	ab_u8(b, (~reg >> 3 & 1) << 7 | (~vx_index(&rm) >> 3 & 1) << 6 |
			 (~vx_high_base(&rm) & 1) << 5 | row->map);
	ab_u8(b, 0xc4);
}

/*
 * EVEX, four bytes: [62] [R X B R' inverted, 0, map] [W, vvvv inverted, 1,
 * prefix] [z, L'L, b, V' inverted, mask]. mask 0: all; what is not in the mask
 * keeps what it was.
 */
CBPF_INLINE void vx_evex(struct asmbuf *b, enum vx_width width,
			 const struct vx_row *row, unsigned reg,
			 unsigned source, struct vx_rm rm, unsigned mask)
{
	unsigned index = vx_index(&rm);
	unsigned x = rm.is_mem ? index >> 3 : rm.reg >> 4;
	unsigned v = rm.is_mem && rm.mem.index != X64_NONE ? index : source;

	vx_operand(b, reg, &rm);
	ab_u8(b, row->opcode);
	ab_u8(b, (unsigned)width << 5 | (unsigned)rm.is_each << 4 |
			 (~v >> 4 & 1) << 3 | mask);
	ab_u8(b, (unsigned)row->w << 7 | (~source & 15) << 3 | 4 | row->prefix);
	ab_u8(b, (~reg >> 3 & 1) << 7 | (~x & 1) << 6 |
			 (~vx_high_base(&rm) & 1) << 5 | (~reg >> 4 & 1) << 4 |
			 row->map);
	ab_u8(b, 0x62);
}

/* Of sixteen by EVEX, of eight by VEX. */
CBPF_INLINE void vx_put(struct asmbuf *b, enum vx_width width,
			const struct vx_row *row, unsigned to, unsigned source,
			struct vx_rm rm)
{
	if (width == VX_512)
		vx_evex(b, width, row, to, source, rm, 0);
	else
		vx_vex(b, width, row, to, source, rm);
}

CBPF_INLINE void vx_shift_imm(struct asmbuf *b, enum vx_width width,
			      unsigned which, unsigned to, unsigned from,
			      unsigned by)
{
	ab_u8(b, by);
	vx_put(b, width, &vx_shift, which, to, vx_reg(from));
}

/* 128 bits into lane `lane`; the others are those of the same register. */
CBPF_INLINE void vx_insert_lane(struct asmbuf *b, enum vx_width width,
				unsigned to, unsigned lane, struct vx_rm from)
{
	ab_u8(b, lane);
	vx_put(b, width, &vx_insert, to, to, from);
}

/* VPCMPUD into a mask, where `in` has it. */
CBPF_INLINE void vx_compare_mask(struct asmbuf *b, enum vx_test test,
				 unsigned to, unsigned a, struct vx_rm rm,
				 unsigned in)
{
	ab_u8(b, test);
	vx_evex(b, VX_512, &vx_compare, to, a, rm, in);
}

/* Masks: to = a op b. VEX.L is 1 of two-source instructions. */
CBPF_INLINE void vx_masks(struct asmbuf *b, const struct vx_row *row,
			  unsigned to, unsigned a, unsigned with)
{
	vx_vex(b, VX_256, row, to, a, vx_reg(with));
}

CBPF_INLINE void vx_mask(struct asmbuf *b, const struct vx_row *row,
			 unsigned to, struct vx_rm from)
{
	vx_vex(b, VX_128, row, to, 0, from);
}

/* to = where the highest bit of the mask is set, `one`, else `zero`. */
CBPF_INLINE void vx_choose(struct asmbuf *b, unsigned to, unsigned zero,
			   struct vx_rm one, unsigned mask)
{
	ab_u8(b, mask << 4);
	vx_vex(b, VX_256, &vx_blend, to, zero, one);
}

/* No upper halves are left to slow down what follows. */
CBPF_INLINE void vx_zeroupper(struct asmbuf *b)
{
	ab_u8(b, 0x77);
	ab_u8(b, 0xf8);
	ab_u8(b, 0xc5);
}

#endif
