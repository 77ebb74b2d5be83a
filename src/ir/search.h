/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a number is found among ranges: in a tree of comparisons, at whose leaves
 * numbers are asked for one after another.
 *
 *	0-6 no, 7 yes, 8-22 no, 23 yes, 24-79 no, 80 yes, 81- no
 *
 *	>= 80 ? L : next	the half with 80 in it, the other
 *	== 7 ? yes : next
 *	== 23 ? yes : no
 * L:	== 80 ? yes : no
 *
 * A single number between two ranges that go the same way costs one test for
 * being equal; every other boundary costs one for order, wherever that stands
 * in the tree, so those halve the numbers at no cost. In the middle of single
 * numbers alone one more test does, unless there are few of them.
 *
 * Where it is known how often numbers are asked for, what is met most is near
 * the begin: the tree is halved by how often, and a single number that is met
 * more often than all others together is asked for first.
 */
#ifndef CBPF_IR_SEARCH_H
#define CBPF_IR_SEARCH_H

#include "ir/ir.h"

/* Numbers first to last, in order, without a gap, from 0 to the highest. */
struct search_item {
	uint32_t first, last;
	uint32_t to;	/* a place of the caller's, below the tests' */
	uint64_t count; /* how often it is met, if is_counted */
	bool is_asked;	/* its own: a test before has taken it out */
};

struct search_test {
	bool is_equal; /* to k; else not below it */
	uint32_t k;
	uint32_t yes, no; /* places; of a test: behind this one */
};

struct search {
	bool is_counted;
	bool is_small; /* few tests altogether, rather than on each way */
	uint32_t row;  /* so many single numbers are not halved any more */
	struct search_item *items;
	struct search_test *tests; /* in the order in which they can stand */
	uint32_t n_tests;	   /* fewer than items */

	/* its own */
	uint32_t most;		  /* items there is room for */
	uint32_t first;		  /* the place of the first test */
	bool *is_single;	  /* by item: asked for by itself */
	bool *begins;		  /* by item: compared with in any case */
	struct search_item *rest; /* the others, joined */
};

/* Room for so many items; false: memory was refused. */
CBPF_INTERNAL bool search_take(struct search *search, struct arena *arena,
			       uint32_t most);
/*
 * Makes the tests for n items, at places from `first` on; where the search
 * begins: at `first`, or, without a test, where each number goes.
 */
CBPF_INTERNAL uint32_t search_plan(struct search *search, uint32_t n,
				   uint32_t first);
/* The same for a switch: where each number goes is its edge, of the block's,
 * and the tests' places are behind those. */
CBPF_INTERNAL uint32_t search_plan_switch(struct search *search,
					  const struct ir *ir,
					  const struct ir_block *block);

#endif
