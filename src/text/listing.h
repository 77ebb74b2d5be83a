/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the listings of tcpdump -d, bpf_dbg and Go have in common: a line is a
 * mnemonic and an operand, and the operand's shape says which instruction of
 * that mnemonic it is. Each form's own file knows what stands around them.
 */
#ifndef CBPF_TEXT_LISTING_H
#define CBPF_TEXT_LISTING_H

#include "text/scan.h"

/* Where the listings of tcpdump -d and bpf_dbg differ in their operands. */
struct listing_style {
	const char *indirect; /* between x and the offset */
	const char *length;
	const char *a;	 /* of `ret a` */
	bool has_names;	 /* of ancillary loads; else a number */
	bool ret_is_hex; /* as constants that are bits */
	bool is_c_hex;	 /* zero has no 0x: "%#x" */
};

#define LISTING_OPERAND 32 /* bytes of the longest, with its NUL */

/* Writes an operand, "" where there is none; jumps have theirs absolute. */
CBPF_INTERNAL void listing_print_operand(char *buf,
					 const struct listing_style *style,
					 enum isa_op op,
					 const struct cbpf_insn *insn,
					 uint32_t pc);
/*
 * Reads the operand here into insn->k, and its shape. A bare number has the
 * form of JA and is left as it is: what it counts from, the listing knows.
 */
CBPF_INTERNAL bool listing_operand(struct scan *s, struct cbpf_insn *insn,
				   enum isa_form *form);
/*
 * The instruction with this mnemonic and shape of operand, its code set in
 * insn. An error at `start` where there is none.
 */
CBPF_INTERNAL bool listing_op(struct scan *start, size_t len,
			      enum isa_form form, struct cbpf_insn *insn);
/*
 * How far the absolute target is from the next instruction. Reports JUMP_BACK
 * or RANGE at start.
 */
CBPF_INTERNAL bool listing_distance(struct scan *start, uint32_t target,
				    size_t pc, uint8_t *distance);
/* Passes blanks; an error where more than them is left of the line. */
CBPF_INTERNAL bool listing_line_ends(struct scan *s);
/*
 * Reads all lines that are not blank with `line`, which is told the number of
 * the instruction, and keeps what it takes.
 */
CBPF_INTERNAL void listing_read(struct reading *r,
				bool (*line)(struct scan *s,
					     struct cbpf_insn *insn, size_t pc),
				const char *expected);

#endif
