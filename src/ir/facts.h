/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of values at a place of the graph: between which numbers they
 * lie, which bits are known, and which single numbers they are not. A walk down
 * the tree of dominators learns on the way down and forgets on the way up.
 */
#ifndef CBPF_IR_FACTS_H
#define CBPF_IR_FACTS_H

#include "ir/ir.h"

struct ir_known {
	uint32_t low, high;   /* both included */
	uint32_t ones, zeros; /* bits that are known to be that */
};

struct ir_facts {
	const struct ir *ir;
	struct ir_known *known; /* by value, of the n_known there were */
	uint32_t n_known;
	/* what was known before, to be known again */
	struct {
		uint32_t value;
		struct ir_known known;
	} * log;
	uint32_t n_log, cap_log;
	/* numbers that values are not, and of which they have some bits: tests
	 * that came out so; the last first in each list */
	struct {
		uint32_t value, k, next;
		unsigned test;
	} * outcomes;
	uint32_t n_outcomes, cap_outcomes;
	uint32_t *left_by; /* by value: by what edge a switch of it was left */
	struct {
		uint32_t value, edge;
	} * lefts; /* what that was, to be that again */
	uint32_t n_lefts, cap_lefts;
	uint32_t *lists; /* by hash of value and number */
	uint32_t n_lists;
	struct arena *arena;
	bool is_broken; /* memory was refused: what was learned may be missing
			 */
};

/* What operations alone say of their values. False: no memory. */
CBPF_INTERNAL bool ir_facts_new(const struct ir *ir, struct arena *arena,
				struct ir_facts *facts);
/* A place to go back to. */
struct ir_mark {
	uint32_t n_log, n_outcomes, n_lefts;
};
CBPF_INTERNAL struct ir_mark ir_mark(const struct ir_facts *facts);
CBPF_INTERNAL void ir_forget(struct ir_facts *facts, struct ir_mark mark);
/* The test of a value and k, JMP_*, came out so. */
CBPF_INTERNAL void ir_learn(struct ir_facts *facts, unsigned test,
			    uint32_t value, uint32_t k, bool outcome);
/* Whether the outcome of a test is known; then *outcome is it. */
CBPF_INTERNAL bool ir_knows(const struct ir_facts *facts, unsigned test,
			    uint32_t value, uint32_t k, bool *outcome);

/* A switch was left by one of its edges. */
CBPF_INTERNAL void ir_learn_switch(struct ir_facts *facts,
				   const struct ir_block *block, uint32_t edge);
/* The edge by which a switch is left, or IR_NONE: that is not known. */
CBPF_INTERNAL uint32_t ir_knows_switch(const struct ir_facts *facts,
				       const struct ir_block *block);

#endif
