/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_dbg's disassembly (Linux tools/bpf/bpf_dbg.c, bpf_disasm()): each line
 * begins with its number, conditional jumps name lines, and `ja` an absolute
 * number without the l. An ancillary load is its negative offset. `nosup` has
 * lost everything but the code; fields that mean nothing are lost as well.
 *
 *	l1:	jeq #0x800, l2, l5
 *
 * When read, the l1: in front may be missing, since people cut it off.
 */
#include <ctype.h>
#include <stdio.h>

#include "text/listing.h"

static const struct listing_style dbg_style = {
	.indirect = "+",
	.length = "#len",
	.a = "a",
	.ret_is_hex = true,
	.is_c_hex = true,
};

static bool is_known(enum isa_op op)
{
	return op != OP_BAD && op != OP_LDX_LEN && op != OP_LD_RND;
}

void dbg_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	char operand[LISTING_OPERAND];

	for (size_t pc = 0; pc < n; pc++) {
		const struct cbpf_insn *insn = &insns[pc];
		enum isa_op op = isa_find_code(insn->code);

		if (is_known(op))
			listing_print_operand(operand, &dbg_style, op, insn,
					      (uint32_t)pc);
		else
			snprintf(operand, sizeof(operand), "%#x", insn->code);
		buf_print(out, "l%zu:\t%s %s", pc,
			  is_known(op) ? isa_rows[op].mnemonic : "nosup",
			  operand);
		if (isa_is_branch(insn->code))
			buf_print(out, ", l%zu, l%zu", pc + 1 + insn->jt,
				  pc + 1 + insn->jf);
		buf_print(out, "\n");
	}
}

/* ---- reading ----------------------------------------------------------- */

static bool is_label(const struct scan *s)
{
	size_t len = scan_word(s);

	return len > 1 && *s->at == 'l' && isdigit((unsigned char)s->at[1]) &&
	       s->at + len < s->end && s->at[len] == ':';
}

/* `l3:`: lines come in order, or something is missing. */
static bool scan_label(struct scan *s, size_t pc)
{
	struct scan start = *s;
	uint32_t index;

	s->at++;
	if (!scan_number(s, false, false, UINT32_MAX, &index))
		return false;
	if (index != pc)
		return scan_report(&start, CBPF_E_ORDER, index, pc);
	scan_accept(s, ":");
	scan_space(s, false);
	return true;
}

/* `, l5` */
static bool scan_target(struct scan *s, size_t pc, uint8_t *distance)
{
	struct scan start;
	uint32_t target;

	scan_space(s, false);
	if (!scan_accept(s, ","))
		return scan_fail(s, ", and a line");
	scan_space(s, false);
	start = *s;
	if (!scan_accept(s, "l"))
		return scan_fail(s, "l and the number of a line");
	return scan_number(s, false, false, UINT32_MAX, &target) &&
	       listing_distance(&start, target, pc, distance);
}

static bool scan_line(struct scan *s, struct cbpf_insn *insn, size_t pc)
{
	struct scan start;
	enum isa_form form;
	size_t len;

	if (is_label(s) && !scan_label(s, pc))
		return false;
	start = *s;
	len = scan_word(s);
	if (scan_is_word(s, "nosup"))
		return scan_report(s, CBPF_E_LOSSY, 0, 0);
	s->at += len;
	scan_space(s, false);
	if (!listing_operand(s, insn, &form) ||
	    !listing_op(&start, len, form, insn))
		return false;
	if (form == FORM_JA)
		insn->k -= (uint32_t)pc + 1;
	if (isa_is_branch(insn->code) &&
	    (!scan_target(s, pc, &insn->jt) || !scan_target(s, pc, &insn->jf)))
		return false;
	return listing_line_ends(s);
}

/* Whether all jumps stay inside, as those of a whole listing do. */
static bool is_whole(const struct reading *r)
{
	const struct cbpf_insn *insns = (void *)r->insns.at;
	size_t n = reading_count(r);

	for (size_t pc = 0; pc < n; pc++)
		if (isa_is_branch(insns[pc].code) &&
		    (pc + 1 + insns[pc].jt >= n || pc + 1 + insns[pc].jf >= n))
			return false;
	return true;
}

/*
 * Where nobody said that it is this form, l9 is more likely a label that is
 * missing than a line past the end.
 */
void dbg_read(struct reading *r)
{
	struct cbpf_diag diag = dg_make(CBPF_E_LABEL, 0, 0);

	listing_read(r, scan_line, "l0: and an instruction");
	if (!r->is_guess || r->first != CBPF_OK || is_whole(r))
		return;
	dg_wordf(&diag, "as a line past the end");
	r->n_understood = 0;
	reading_note(r, &diag);
}
