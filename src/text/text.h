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
	struct buf insns;    /* struct cbpf_insn */
	struct buf lines;    /* uint32_t; empty for forms without lines */
};

/* Notes a diagnosis; the first error is kept as the reading's outcome. */
CBPF_INTERNAL void reading_note(struct reading *r, struct cbpf_diag *diag);
CBPF_INTERNAL void reading_add(struct reading *r, const struct cbpf_insn *insn,
			       uint32_t line);
CBPF_INTERNAL size_t reading_count(const struct reading *r);

/* More than any machine loads; what keeps a hostile file from our memory. */
#define TEXT_INSNS_MAX 16777216

/* asm.c */
CBPF_INTERNAL void asm_read(struct reading *r);
/* disasm.c */
CBPF_INTERNAL void asm_write(struct buf *out, const struct cbpf_insn *insns,
			     size_t n);
/* image.c: tcpdump -d */
CBPF_INTERNAL void image_read(struct reading *r);
CBPF_INTERNAL void image_write(struct buf *out, const struct cbpf_insn *insns,
			       size_t n);
CBPF_INTERNAL void image_write_110(struct buf *out,
				   const struct cbpf_insn *insns, size_t n);
/* numbers.c: listings of bare numbers */
CBPF_INTERNAL void dd_read(struct reading *r);
CBPF_INTERNAL void dd_write(struct buf *out, const struct cbpf_insn *insns,
			    size_t n);
CBPF_INTERNAL void ddd_read(struct reading *r);
CBPF_INTERNAL void ddd_write(struct buf *out, const struct cbpf_insn *insns,
			     size_t n);
CBPF_INTERNAL void raw_read(struct reading *r);
CBPF_INTERNAL void raw_write(struct buf *out, const struct cbpf_insn *insns,
			     size_t n);
CBPF_INTERNAL void raw_be_read(struct reading *r);
CBPF_INTERNAL void raw_be_write(struct buf *out, const struct cbpf_insn *insns,
				size_t n);

#endif
