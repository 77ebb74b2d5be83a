/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A cursor over listings that machines wrote: literals, numbers, line counts.
 */
#ifndef CBPF_TEXT_SCAN_H
#define CBPF_TEXT_SCAN_H

#include "text/text.h"

struct scan {
	struct reading *r;
	const char *at, *end, *line_start;
	uint32_t line;
};

CBPF_INTERNAL struct scan scan_new(struct reading *r);
CBPF_INTERNAL bool scan_is_end(const struct scan *s);
/* Blanks and, if is_lines, line ends; C comments with the latter. */
CBPF_INTERNAL void scan_space(struct scan *s, bool is_lines);
/* Blanks and line ends, nothing else. */
CBPF_INTERNAL void scan_blank(struct scan *s);
CBPF_INTERNAL void scan_skip_line(struct scan *s);
/* Passes a literal, or leaves the cursor. */
CBPF_INTERNAL bool scan_accept(struct scan *s, const char *literal);
/* Passes a literal, or reports that it is not here. */
CBPF_INTERNAL bool scan_expect(struct scan *s, const char *literal);
/* The word of letters and digits here, not passed. */
CBPF_INTERNAL size_t scan_word(const struct scan *s);
CBPF_INTERNAL bool scan_is_word(const struct scan *s, const char *word);
/*
 * A number not above max: decimal or, if is_c, as C writes it (0x, octal). A
 * minus is read where is_signed, modulo 2^32. An error is reported.
 */
CBPF_INTERNAL bool scan_number(struct scan *s, bool is_c, bool is_signed,
			       uint32_t max, uint32_t *value);
/* code, jt, jf, k: plain decimal numbers, blanks between. */
CBPF_INTERNAL bool scan_insn(struct scan *s, struct cbpf_insn *insn);
/* Reports SYNTAX here; always false. */
CBPF_INTERNAL bool scan_fail(struct scan *s, const char *expected);
/* Reports code here with operands, and the rest of the line as its word. */
CBPF_INTERNAL bool scan_report(struct scan *s, enum cbpf_err code, uint64_t a,
			       uint64_t b);

#endif
