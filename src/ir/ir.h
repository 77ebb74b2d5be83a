/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The intermediate representation: a program without loops as a graph of basic
 * blocks in static single assignment form. What A, X and M[] hold is a value,
 * named by a number; a value is the instruction that makes it.
 *
 *	b0:	need.bytes 14
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
	IR_SWITCH, /* by the range that a is in */
};

/* Numbers from `first` on, to where the next of a switch begins. */
struct ir_range {
	uint32_t first; /* of the first range 0 */
	uint32_t edge;	/* of the block's, from 0 */
};

struct ir_block {
	uint32_t first, last; /* instructions */
	uint32_t n_params;    /* so many PARAM come first */
	uint8_t end;	      /* enum ir_end */
	uint8_t test;	      /* CODE_OP() of a jump: JMP_JEQ, ... */
	uint32_t a, b;
	uint32_t edges; /* the first; n_edges in a row */
	uint32_t n_edges;
	uint32_t ranges, n_ranges; /* of a switch, in ranges[], in order */
	uint32_t in;		   /* the first that leads here, by next_in */
};

struct ir_edge {
	uint32_t from, to;
	uint32_t prev_in, next_in; /* in the list of block `to` */
	uint32_t args; /* in args[]: one for each parameter of block `to` */
};

struct ir {
	const struct isa_dialect *row;
	struct arena *arena;
	struct ir_insn *insns;
	struct ir_block *blocks;
	struct ir_edge *edges;
	uint32_t *args;
	struct ir_range *ranges;
	uint32_t *constants; /* values, by a hash of the constant */
	uint32_t n_insns, n_blocks, n_edges, n_args, n_ranges, n_constants;
	uint32_t cap_insns, cap_blocks, cap_edges, cap_args, cap_ranges;
	uint32_t cap_constants;
	bool is_small;	 /* short is better than quick */
	uint32_t bucket; /* tests in a row, at most, where a number is searched
			  */
	const uint64_t *counts; /* by range: how often it is met; or NULL */
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
/* The constant k, one instruction for all; at the head of block 0. */
CBPF_INTERNAL uint32_t ir_const(struct ir *ir, uint32_t k);
/* Whether a value, or IR_NONE, is a constant; then *k is it. */
CBPF_INLINE bool ir_is_const(const struct ir *ir, uint32_t value, uint32_t *k)
{
	if (value == IR_NONE || ir->insns[value].op != IR_CONST)
		return false;
	*k = ir->insns[value].k;
	return true;
}

/* Whether an operation takes two numbers and makes one. */
CBPF_INLINE bool ir_is_alu(unsigned op)
{
	return op >= IR_ADD && op <= IR_RSH;
}

/* Of a hash: one number more. */
CBPF_INLINE uint64_t ir_mix(uint64_t hash, uint64_t more)
{
	hash = (hash ^ more) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

/* Whether a way leads to a block: it is the first, or an edge does. */
CBPF_INLINE bool ir_is_reached(const struct ir *ir, uint32_t block)
{
	return block == 0 || ir->blocks[block].in != IR_NONE;
}

/* Whether a block does nothing but return a constant; then *k is it. */
CBPF_INLINE bool ir_is_answer(const struct ir *ir, uint32_t block, uint32_t *k)
{
	uint32_t i = ir->blocks[block].first;

	if (ir->blocks[block].end != IR_RET ||
	    !ir_is_const(ir, ir->blocks[block].a, k))
		return false;
	while (i != IR_NONE && ir_rows[ir->insns[i].op].does != IR_GUARD)
		i = ir->insns[i].next;
	return i == IR_NONE;
}

/* Whether one edge leads to a block, and no other. */
CBPF_INLINE bool ir_only_edge_to(const struct ir *ir, uint32_t block)
{
	uint32_t in = ir->blocks[block].in;

	return in != IR_NONE && ir->edges[in].next_in == IR_NONE;
}

/* n edges in a row, the block's own; they lead nowhere yet. */
CBPF_INTERNAL void ir_add_edges(struct ir *ir, uint32_t block, uint32_t n);
/* Leads an edge to a block, away from another; args has one value for each of
 * its parameters. */
CBPF_INTERNAL void ir_lead(struct ir *ir, uint32_t edge, uint32_t to,
			   const uint32_t *args);

/* ---- changing (graph.c) ------------------------------------------------- */

/* Takes an instruction to the begin of a block, behind the parameters. */
CBPF_INTERNAL void ir_move_to_head(struct ir *ir, uint32_t insn,
				   uint32_t block);
/* Takes an instruction out of its block; nobody must use its value. */
CBPF_INTERNAL void ir_drop(struct ir *ir, uint32_t insn);
/* Takes a block's edges away: it leads nowhere. */
CBPF_INTERNAL void ir_drop_edges(struct ir *ir, uint32_t block);
/* The block goes on by one of its edges alone. */
CBPF_INTERNAL void ir_keep_edge(struct ir *ir, uint32_t block, uint32_t edge);
/* Leads an edge, or one that leads nowhere, to where another leads, with that
 * one's arguments. */
CBPF_INTERNAL void ir_follow(struct ir *ir, uint32_t edge, uint32_t other);
/* The two edges of a block lead each to where the other led. */
CBPF_INTERNAL void ir_swap_edges(struct ir *ir, uint32_t block);
/* Room for n ranges behind those that there are; false: memory was refused. */
CBPF_INTERNAL bool ir_take_ranges(struct ir *ir, uint32_t n);
/*
 * The block goes on by the range that a value is in: n of them, whose edges are
 * numbers of edges that there are; the block gets edges of its own that lead
 * where those do, one for each place, in place of those that it had.
 */
CBPF_INTERNAL void ir_switch(struct ir *ir, uint32_t block, uint32_t value,
			     const struct ir_range *ranges, uint32_t n);
/* Edges of a switch that are the same become one. */
CBPF_INTERNAL void ir_join_ranges(struct ir *ir, uint32_t block,
				  struct arena *arena);
/* The range of a switch that a number is in. */
CBPF_INLINE uint32_t ir_range_of(const struct ir *ir,
				 const struct ir_block *block, uint32_t k)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;
	uint32_t low = 0, high = block->n_ranges;

	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;

		if (ranges[mid].first <= k)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* The last number of range i, of n. */
CBPF_INLINE uint32_t ir_last_of(const struct ir_range *ranges, uint32_t n,
				uint32_t i)
{
	return i + 1 < n ? ranges[i + 1].first - 1 : UINT32_MAX;
}

/* The edge of a switch by which a number leaves it. */
CBPF_INLINE uint32_t ir_edge_of(const struct ir *ir,
				const struct ir_block *block, uint32_t k)
{
	return block->edges +
	       ir->ranges[block->ranges + ir_range_of(ir, block, k)].edge;
}

/* Whether a switch has two edges, of which one is that of a single range. */
CBPF_INTERNAL bool ir_is_range(const struct ir *ir,
			       const struct ir_block *block, uint32_t *edge,
			       uint32_t *first, uint32_t *last);
/* Whether an indirect load or its guard is of a place that no machine wraps
 * (bounds.c). */
CBPF_INTERNAL bool ir_is_near(const struct ir *ir, const struct ir_insn *insn);
/* Whether two edges lead to the same place with the same arguments. */
CBPF_INTERNAL bool ir_is_same_edge(const struct ir *ir, uint32_t a, uint32_t b);
/* The block returns the value, in place of how it ended. */
CBPF_INTERNAL void ir_return(struct ir *ir, uint32_t block, uint32_t value);
/*
 * The instructions, the end and the edges of a block, to which nothing leads
 * and which has no parameters, go to the end of one without edges. There must
 * be a constant 0.
 */
CBPF_INTERNAL void ir_move_end(struct ir *ir, uint32_t block, uint32_t other);
/*
 * A parameter more, for which each edge that leads there brings the value;
 * IR_NONE where memory is refused.
 */
CBPF_INTERNAL uint32_t ir_add_param(struct ir *ir, uint32_t block,
				    uint32_t value);
/* Blocks to which no way leads lead nowhere: they return the value. */
CBPF_INTERNAL void ir_cut_unreached(struct ir *ir, uint32_t value);
/*
 * Blocks become two, of which one jumps to the other: at[] names, by block, the
 * instruction with which the other begins; IR_NONE: there is none of that
 * block; IR_END: it has the end alone. Blocks get new numbers.
 */
#define IR_END (IR_NONE - 1)
CBPF_INTERNAL void ir_split(struct ir *ir, const uint32_t *at,
			    struct arena *arena);
/* Takes parameter i of a block away, and its arguments. */
CBPF_INTERNAL void ir_drop_param(struct ir *ir, uint32_t block, uint32_t i);
/* An instruction's operands by what stands for the values. */
CBPF_INLINE void ir_rename_insn(struct ir_insn *insn, const uint32_t *same)
{
	if (insn->a != IR_NONE)
		insn->a = same[insn->a];
	if (insn->b != IR_NONE)
		insn->b = same[insn->b];
}

/* How a block ends, and its arguments, by what stands for the values. */
CBPF_INTERNAL void ir_rename_end(struct ir *ir, uint32_t block,
				 const uint32_t *same);
/*
 * Takes what no way leads to out of the arrays, if that is half of it: all that
 * is numbered gets new numbers (compact.c).
 */
CBPF_INTERNAL void ir_compact(struct ir *ir);
/* Makes the table of constants of those that block 0 has. */
CBPF_INTERNAL void ir_note_constants(struct ir *ir);
/* All of a block by what stands for the values. */
CBPF_INTERNAL void ir_rename_block(struct ir *ir, uint32_t block,
				   const uint32_t *same);
/* By value: what stands for it, to begin with itself; NULL: no memory. */
CBPF_INTERNAL uint32_t *ir_identity(const struct ir *ir, struct arena *arena);

/* ---- a program as IR (build.c) ------------------------------------------ */

/*
 * NOMEM; or the program is none that the IR can say: STEPS (it loops), CRASH
 * (its machine may abort), EMPTY.
 */
CBPF_INTERNAL enum cbpf_err ir_build(const struct cbpf_prog *prog,
				     struct arena *arena, struct ir *ir);
/* Where a decoded instruction may lead: so many different places, in to[]. */
CBPF_INTERNAL unsigned ir_leads_to(const struct cbpf_insn *insn, uint32_t pc,
				   uint32_t to[2]);

/* ---- dominance (dominators.c) ------------------------------------------- */

struct ir_dominators {
	uint32_t *idom;	  /* of a block: the nearest that stands on every way to
			   * it; IR_NONE: nothing leads there */
	uint32_t *number; /* in a walk down the tree, a block before its own */
	uint32_t *size;	  /* of what it dominates, itself too */
	uint32_t *depth, *leap; /* below block 0; a block above, some way off */
};
/* False: no memory. */
CBPF_INTERNAL bool ir_find_dominators(const struct ir *ir, struct arena *arena,
				      struct ir_dominators *dominators);
/* Whether block a is on every way to block b; itself too. */
CBPF_INTERNAL bool ir_dominates(const struct ir_dominators *dominators,
				uint32_t a, uint32_t b);
/* The nearest block on every way to two. */
CBPF_INTERNAL uint32_t ir_common_dominator(
	const struct ir_dominators *dominators, uint32_t a, uint32_t b);

/* ---- bytes that a packet has (guards.c) --------------------------------- */

/* How many of them each way through a block needs, so that it returns 0 where
 * there are fewer; by what the blocks behind it need. UINT32_MAX: it returns 0
 * always. */
CBPF_INTERNAL uint32_t ir_need(const struct ir *ir, const uint32_t *need,
			       uint32_t block);
/* How many are there at its end, the least that a way brings or what its own
 * guards ask for; by what is known at the ends of the blocks before it. */
CBPF_INTERNAL uint32_t ir_known(const struct ir *ir, const uint32_t *known,
				uint32_t block);

/* ---- passes ------------------------------------------------------------- */

/*
 * Each takes a graph that ir_check() has nothing against and leaves one that
 * returns the same for every packet. The rows are in the order in which they
 * are run; NULL ends the list (passes.c). Those that are not late are run by
 * themselves until they find nothing more, then all of them.
 */
struct ir_pass {
	const char *name, *does;
	void (*run)(struct ir *ir);
	bool is_late;
};
extern CBPF_INTERNAL const struct ir_pass ir_passes[];

CBPF_INTERNAL void ir_algebra(struct ir *ir);
CBPF_INTERNAL void ir_repeats(struct ir *ir);
CBPF_INTERNAL void ir_jumpthread(struct ir *ir);
CBPF_INTERNAL void ir_chains(struct ir *ir);
CBPF_INTERNAL void ir_sink(struct ir *ir);
CBPF_INTERNAL void ir_sets(struct ir *ir);
CBPF_INTERNAL void ir_ifconv(struct ir *ir);
CBPF_INTERNAL void ir_tails(struct ir *ir);
CBPF_INTERNAL void ir_guards(struct ir *ir);
CBPF_INTERNAL void ir_deadcode(struct ir *ir);

/* ---- a program again (lower.c) ------------------------------------------ */

/*
 * Instructions in new memory of mem, for the graph's dialect. TOO_LONG: more
 * values are wanted at a time than M[] has words; CODE: its machine has no
 * instruction for an operation; NOMEM.
 */
CBPF_INTERNAL enum cbpf_err ir_lower(const struct ir *ir,
				     const struct cbpf_mem *mem,
				     struct cbpf_insn **insns, size_t *n);

/*
 * A program as a graph to be lowered for a machine: built, and the passes run;
 * none, if that is to be quick, but for the sets of large ones. Errors of
 * ir_build().
 */
CBPF_INTERNAL enum cbpf_err ir_prepare(const struct cbpf_prog *prog,
				       struct arena *arena, bool is_quick,
				       struct ir *ir);

/* ---- looking at it ------------------------------------------------------ */

/*
 * What is wrong with it, a sentence; NULL: nothing, or memory for looking was
 * refused, which breaks it. For debug builds.
 */
CBPF_INTERNAL const char *ir_check(struct ir *ir);
/* As text. */
CBPF_INTERNAL void ir_print(const struct ir *ir, struct buf *buf);
/*
 * What it returns for a packet: a run that a guard ends has returned 0, but for
 * want of a device. `values` has room for n_insns; rand_seed is the context's.
 * counts, or NULL: by range, how often a switch was left by it; one is added.
 */
CBPF_INTERNAL uint32_t ir_run(const struct ir *ir,
			      const struct cbpf_packet *packet,
			      uint32_t *values, uint64_t *counts);
/* One instruction; its operands name words of `values`. False: the run has
 * ended, with `verdict`. */
struct ir_machine {
	const struct isa_dialect *row;
	const struct cbpf_packet *packet;
	uint32_t *values;
	uint64_t rand;
	uint32_t verdict;
};
CBPF_INTERNAL bool ir_do(struct ir_machine *machine, const struct ir_insn *insn,
			 uint32_t *value);
/* What an operation of two operands, ADD to RSH, gives; b is not 0 to divide.
 */
CBPF_INTERNAL uint32_t ir_alu(const struct ir *ir, enum ir_op op, uint32_t a,
			      uint32_t b);

#endif
