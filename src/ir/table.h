/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set of numbers as a table: of the two ways out of a switch, which one a
 * number takes is one look into it.
 *
 *	bitmap	numbers near each other: bit v - low of the table
 *	hash	numbers far apart: one of two places, of which each is told by a
 *		multiplication (Pagh and Rodler, "Cuckoo hashing")
 */
#ifndef CBPF_IR_TABLE_H
#define CBPF_IR_TABLE_H

#include "ir/ir.h"

enum table_kind {
	TABLE_NONE, /* of few or wide ranges: a search does better */
	TABLE_BITMAP,
	TABLE_HASH
};

struct table {
	enum table_kind kind;
	uint32_t yes, no;    /* edges of the block, from 0: in the set, not */
	uint32_t low, span;  /* bitmap: outside low to low + span: no */
	uint32_t factors[2]; /* hash: places (v * factor mod 2^32) >> shift */
	unsigned shift;
	uint32_t *words; /* the table; the first has the lowest address */
	uint32_t n;
};

/* Of a block that ends with a switch, if its set has more ranges than `few`;
 * false: memory was refused. */
CBPF_INTERNAL bool table_make(const struct ir *ir, const struct ir_block *block,
			      uint32_t few, struct arena *arena,
			      struct table *table);

#endif
