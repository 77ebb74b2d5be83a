/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing programs: a row a format (formats.c), each with a
 * function that reads and one that writes. A reader fills lists of
 * instructions and lines, and reports every error it can go on after.
 */
#ifndef CBPF_TEXT_TEXT_H
#define CBPF_TEXT_TEXT_H

#include "base/diag.h"
#include "base/memory.h"
#include "isa/isa.h"

/* What a reader is given and fills. */
struct reading {
	const char *text;
	size_t size;
	struct cbpf_report *report;
	enum cbpf_err first; /* the first error, warnings aside */
	bool is_guess;	     /* nobody said that this is its form */
	/* how far it came, for finding the likeliest form */
	size_t n_understood;		   /* instructions */
	uint32_t first_line, first_column; /* of the first error */
	struct buf insns;		   /* struct cbpf_insn */
	struct buf lines; /* uint32_t; empty for forms without lines */
};

/* Notes a diagnosis; the first error is kept as the reading's outcome. */
CBPF_INTERNAL void reading_note(struct reading *r, struct cbpf_diag *diag);
CBPF_INTERNAL void reading_add(struct reading *r, const struct cbpf_insn *insn,
			       uint32_t line);
CBPF_INTERNAL size_t reading_count(const struct reading *r);

/* The largest value of code, jt, jf and k, and an instruction of four such. */
extern CBPF_INTERNAL const uint32_t text_field_max[4];
CBPF_INTERNAL struct cbpf_insn text_insn(const uint32_t field[4]);

/* More than any machine loads; what keeps a hostile file from our memory. */
#define TEXT_INSNS_MAX 16777216

/* Which order raw instructions are in, where their codes tell. */
enum raw_order { RAW_UNKNOWN, RAW_LITTLE, RAW_BIG };
CBPF_INTERNAL enum raw_order raw_order(const char *bytes, size_t size);
/* Whether both orders give the same instructions. */
CBPF_INTERNAL bool raw_is_both(const char *bytes, size_t size);

/* clang-format off */
#define READS(name)  CBPF_INTERNAL void name##_read(struct reading *r)
#define WRITES(name) CBPF_INTERNAL void name##_write(struct buf *out, \
				const struct cbpf_insn *insns, size_t n)

READS(asm);	/* asm.c */
WRITES(asm);	/* disasm.c */
READS(array);	/* array.c: C arrays of any kind */
WRITES(dd);
WRITES(c);
WRITES(dbg_dump);
READS(list);	/* list.c: ddd, bpfasm, xt, tc */
WRITES(ddd);
WRITES(bpfasm);
WRITES(bytecode);
READS(image);	/* image.c: d, d110 */
WRITES(image);
WRITES(image_110);
READS(dbg);	/* dbg.c */
WRITES(dbg);
READS(go);	/* go.c */
WRITES(go);
READS(raw);	/* raw.c */
WRITES(raw);
READS(raw_be);
WRITES(raw_be);
READS(hex);
WRITES(hex);

#undef READS
#undef WRITES
/* clang-format on */

#endif
