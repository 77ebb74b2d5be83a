/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the packet's bytes where they are: whether some bits of a few bytes
 * are those of a number. Tests in a row that lead to the same place where they
 * fail are one compare, of up to eight bytes:
 *
 *	b4:	need.bytes 24			mov eax, [rdi+20]
 *		v14 = load.1 [23]		and eax, 0xff00ff1f
 *		branch v14 == 6, b5, b8		cmp eax, 0x06000000
 *	b5:	v16 = load.2 [20]		jne b8
 *		branch v16 & 0x1fff, b8, b6
 *
 * What a test in the row asks of the packet's length is asked before all of
 * them, where one that fails leads to no other verdict for want of it.
 */
#ifndef CBPF_JIT_MATCH_H
#define CBPF_JIT_MATCH_H

#include "ir/ir.h"

struct match {
	/* The load of its bytes: its place, and so many of them, 1, 2, 4 or, of
	 * several tests, 8; 0: the block ends with no such test. */
	struct ir_insn load;
	uint64_t mask, value; /* of the bytes, read low byte first */
	uint32_t pass, fail;  /* edges */
	bool is_rare;	      /* seldom passed: a number of 32 bits */
	bool is_joined;	      /* the block before has asked this already */
	bool has_joined;      /* it asks what blocks behind it do */
	struct ir_insn guard; /* one more, before it; IR_PARAM: none */
};

/*
 * By block. Those that are joined are left by `pass`, and their guards with
 * them: the one that begins the row has what they need. NULL: no memory.
 */
CBPF_INTERNAL struct match *match_plan(const struct ir *ir,
				       struct arena *arena);
/* Whether no bytes are equal to it. */
CBPF_INLINE bool match_is_never(const struct match *match)
{
	return (match->value & ~match->mask) != 0;
}

/* Whether it is of each bit of its bytes. */
CBPF_INLINE bool match_is_whole(const struct match *match)
{
	return match->mask == UINT64_MAX >> (64 - 8 * match->load.size);
}

#endif
