/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graph on its way to native code: what the walk of it (lowerer.c) and the
 * machine that the code is for know of each other. The walk gives registers out
 * and says where ways lead; the machine has the instructions.
 *
 * Code is written from its end to its begin (asmbuf.h): what a function puts
 * last is run first. A constant has no register; a machine takes one of its own
 * for it, which the walk never gives out.
 */
#ifndef CBPF_JIT_LOWERER_H
#define CBPF_JIT_LOWERER_H

#include <stddef.h>

#include "ir/search.h"
#include "ir/table.h"
#include "jit/lower.h"
#include "jit/match.h"

#define LW_NONE 255 /* no register */

/* What was found of two numbers without sign; the opposite is beside it. */
enum lw_cond {
	LW_EQUAL,
	LW_OTHER, /* not equal; or: some bits are set */
	LW_BELOW,
	LW_ABOVE_EQ,
	LW_ABOVE,
	LW_BELOW_EQ
};

CBPF_INLINE enum lw_cond lw_not(enum lw_cond cond)
{
	return (enum lw_cond)(cond ^ 1);
}

struct lowerer {
	const struct lower_machine *machine;
	const struct ir *ir;
	const struct lower_opts *opts;
	struct asmbuf *b;
	uint8_t *reg;	       /* by value */
	bool *is_wanted;       /* by value: as a number, in a register */
	uint32_t *at;	       /* by block: its place */
	uint32_t *edge_at;     /* by edge of a switch: where it begins */
	uint32_t *test_at;     /* by test of the search at hand */
	struct match *matches; /* by block: how it ends */
	struct table *tables;  /* by block: of its switch */
	uint32_t *table_at;    /* by block: where that is */
	struct search search;
	uint32_t free;	      /* registers, by bit */
	uint8_t wirelen, ctx; /* registers, or NONE */
	bool has_frame;	      /* registers of the caller's are used */
	bool has_scratch;     /* divides, shifts by a value, looks into sets or
			   * counts from another base: x86-64's two */
	bool has_bail, reads_length, reads_ctx;
	uint32_t zero, bail; /* places */
	bool is_refused;
};

struct lower_machine {
	uint8_t result, caplen; /* registers */
	uint8_t spare;		/* never given out: for moves in a circle */
	enum lw_cond in_bitmap, in_hash; /* what put_bitmap, put_hash find */
	/* Sets free, wirelen and ctx. */
	void (*choose_registers)(struct lowerer *l);
	/* What makes a value that has a register. */
	void (*put_value)(struct lowerer *l, uint32_t id);
	void (*put_need_ind)(struct lowerer *l, const struct ir_insn *insn);
	void (*put_need_any)(struct lowerer *l, const struct ir_insn *insn);
	/* EQUAL: the context has no device. */
	void (*put_device)(struct lowerer *l);
	/* The test of a branch. */
	void (*put_test)(struct lowerer *l, const struct ir_block *block);
	/* EQUAL: the packet's bytes are those of a match. */
	void (*put_match)(struct lowerer *l, const struct match *match);
	void (*put_compare)(struct lowerer *l, unsigned reg, uint32_t k);
	/* BELOW_EQ: it is from first to last. */
	void (*put_range)(struct lowerer *l, unsigned reg, uint32_t first,
			  uint32_t last);
	/* Where a number is outside of the bitmap, to `no` at once. */
	void (*put_bitmap)(struct lowerer *l, const struct table *t,
			   uint32_t place, unsigned reg, uint32_t no);
	void (*put_hash)(struct lowerer *l, const struct table *t,
			 uint32_t place, unsigned reg);
	void (*put_jump)(struct lowerer *l, uint32_t place);
	void (*put_jump_if)(struct lowerer *l, enum lw_cond cond,
			    uint32_t place);
	/* What was found is lost by put_number(). */
	void (*put_move)(struct lowerer *l, unsigned to, unsigned from);
	void (*put_number)(struct lowerer *l, unsigned to, uint32_t k);
	void (*put_return)(struct lowerer *l);
	/* Returns yes where the condition holds, else no, without a jump. */
	void (*put_answer)(struct lowerer *l, enum lw_cond cond, uint32_t yes,
			   uint32_t no);
	/* Before all blocks: arguments are brought to where they are kept. */
	void (*put_begin)(struct lowerer *l);
	/* Calls the interpreter in place of what was begun. */
	void (*put_bail)(struct lowerer *l);
	/* The same, of a function that does nothing else. */
	void (*put_fallback)(const struct lower_opts *opts, struct asmbuf *b);
};

/* ---- registers ---------------------------------------------------------- */

CBPF_INLINE bool lw_is_const(const struct lowerer *l, uint32_t value,
			     uint32_t *k)
{
	return ir_is_const(l->ir, value, k);
}

/* One that is free and not among `but`, `hint` if that is. */
CBPF_INTERNAL unsigned lw_take(struct lowerer *l, unsigned hint, uint32_t but);
/* The register of a value, which is no constant. */
CBPF_INTERNAL unsigned lw_use(struct lowerer *l, uint32_t value, unsigned hint,
			      uint32_t but);
/* The same; a constant has none, and needs none. */
CBPF_INLINE void lw_touch(struct lowerer *l, uint32_t value, unsigned hint)
{
	uint32_t k;

	if (!lw_is_const(l, value, &k))
		lw_use(l, value, hint, 0);
}

/* The register that a value is made in, free from here on. */
CBPF_INLINE unsigned lw_def(struct lowerer *l, uint32_t value)
{
	unsigned reg = l->reg[value] & 31u;

	l->free |= (uint32_t)1 << reg;
	return reg;
}

/* ---- what machines ask of the graph ------------------------------------- */

/* A field of the context: where, how wide. */
struct lw_field {
	uint8_t size, offset;
};

/* The one that an ancillary load is of; size 0: none. */
CBPF_INTERNAL struct lw_field lw_field_of(uint32_t k);
/* The one that the base of a load at k is in; *more counts from there. */
CBPF_INTERNAL size_t lw_base_of(uint32_t k, uint32_t *more);

#endif
