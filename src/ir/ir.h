/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The intermediate representation: a program without loops as a graph of basic
 * blocks in static single assignment form. What A, X and M[] hold is a value,
 * named by a number; a value is the instruction that makes it.
 *
 *	b0:	v0 = const 12
 *		need.bytes 14
 *		v1 = load.2 [12]
 *		branch v1 == 0x800, b1, b2(v1)
 *	b2(v3):	...
 *
 * Where values of several ways meet, the block has parameters, and each edge
 * that leads there brings arguments (Appel, "SSA is functional programming"):
 * leading an edge elsewhere then touches that edge alone. A load outside the
 * packet ends the run; here a guard does that, which stands before the load, so
 * that the load is a value and the guard a fact. All is in one arena.
 *
 * Blocks are in an order in which edges lead forward only.
 */
#ifndef CBPF_IR_IR_H
#define CBPF_IR_IR_H

#include "base/memory.h"
#include "isa/isa.h"

#define IR_NONE UINT32_MAX

enum ir_op {
#define IROP(name, text, operands, does) IR_##name,
#include "ir/irops.def"
#undef IROP
	IR_OPS
};

enum ir_does { IR_VALUE, IR_BEHIND, IR_GUARD, IR_ONCE };

struct ir_row {
	const char *text;
	uint8_t operands, does;
};
extern CBPF_INTERNAL const struct ir_row ir_rows[IR_OPS];

struct ir_insn {
	uint8_t op;   /* enum ir_op */
	uint8_t size; /* of loads and their guards: 1, 2 or 4 bytes */
	uint32_t block;
	uint32_t prev, next; /* in the block; parameters first */
	uint32_t a, b;	     /* values */
	uint32_t k;
};

/* How a block ends. */
enum ir_end {
	IR_RET,	   /* with value a */
	IR_JUMP,   /* edge 0 */
	IR_BRANCH, /* test of a and b: edge 0 where it holds, 1 where not */
};

struct ir_block {
	uint32_t first, last; /* instructions */
	uint32_t n_params;    /* so many PARAM come first */
	uint8_t end;	      /* enum ir_end */
	uint8_t test;	      /* CODE_OP() of a jump: JMP_JEQ, ... */
	uint32_t a, b;
	uint32_t edges; /* the first; n_edges in a row */
	uint32_t n_edges;
	uint32_t in; /* the first that leads here, by next_in */
};

struct ir_edge {
	uint32_t from, to;
	uint32_t next_in;
	uint32_t args; /* in args[]: one for each parameter of block `to` */
};

struct ir {
	const struct isa_dialect *row;
	struct arena *arena;
	struct ir_insn *insns;
	struct ir_block *blocks;
	struct ir_edge *edges;
	uint32_t *args;
	uint32_t n_insns, n_blocks, n_edges, n_args;
	uint32_t cap_insns, cap_blocks, cap_edges, cap_args;
	bool is_broken; /* memory was refused; what was added is not there */
};

/* ---- making (graph.c) --------------------------------------------------- */

CBPF_INTERNAL struct ir ir_new(const struct isa_dialect *row,
			       struct arena *arena);
/* IR_NONE where memory is refused. */
CBPF_INTERNAL uint32_t ir_add_block(struct ir *ir);
/* At the end of a block; IR_NONE where memory is refused. */
CBPF_INTERNAL uint32_t ir_add(struct ir *ir, uint32_t block,
			      struct ir_insn insn);
/* n edges in a row, the block's own; they lead nowhere yet. */
CBPF_INTERNAL void ir_add_edges(struct ir *ir, uint32_t block, uint32_t n);
/* Leads an edge to a block; args has one value for each of its parameters. */
CBPF_INTERNAL void ir_lead(struct ir *ir, uint32_t edge, uint32_t to,
			   const uint32_t *args);

/* ---- a program as IR (build.c) ------------------------------------------ */

/*
 * NOMEM; or the program is none that the IR can say: STEPS (it loops), CRASH
 * (its machine may abort), EMPTY.
 */
CBPF_INTERNAL enum cbpf_err ir_build(const struct cbpf_prog *prog,
				     struct arena *arena, struct ir *ir);

/* ---- looking at it ------------------------------------------------------ */

/* What is wrong with it, a sentence; NULL: nothing. For debug builds. */
CBPF_INTERNAL const char *ir_check(const struct ir *ir);
/* As text. */
CBPF_INTERNAL void ir_print(const struct ir *ir, struct buf *buf);
/*
 * What it returns for a packet: a run that a guard ends has returned 0, but for
 * want of a device. `values` has room for n_insns; rand_seed is the context's.
 */
CBPF_INTERNAL uint32_t ir_run(const struct ir *ir,
			      const struct cbpf_packet *packet,
			      uint32_t *values);

#endif
