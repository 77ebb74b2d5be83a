/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcpdump -d: one line an instruction, jump targets absolute (libpcap
 * bpf_image.c). libpcap 1.11 writes an instruction without operand bare and
 * knows `ldx #pktlen`; before, the mnemonic was padded and `ldx #pktlen` was
 * `unimp 0x81`. A line that says `unimp` has lost jt, jf and k, so it is
 * written and refused when read; junk in fields that mean nothing is lost
 * too, and comes back as zeros.
 *
 *	(001) jeq      #0x800           jt 2	jf 5
 */
#include <stdio.h>
#include <string.h>

#include "text/listing.h"

static const struct listing_style image_style = {
	.indirect = " + ",
	.length = "#pktlen",
	.a = "",
	.has_names = true,
};

/* What tcpdump of that age has a line for. */
static enum isa_op image_op(uint16_t code, bool is_110)
{
	enum isa_op op = isa_find_code(code);

	if (op == OP_RET_X || op == OP_LD_RND || (op == OP_LDX_LEN && is_110))
		return OP_BAD;
	return op;
}

static int image_line(char *buf, size_t size, const struct cbpf_insn *insn,
		      uint32_t pc, bool is_110)
{
	enum isa_op op = image_op(insn->code, is_110);
	const char *mnemonic = op == OP_BAD ? "unimp" : isa_rows[op].mnemonic;
	char operand[LISTING_OPERAND];

	if (op == OP_BAD)
		snprintf(operand, sizeof(operand), "0x%x", insn->code);
	else
		listing_print_operand(operand, &image_style, op, insn, pc);
	if (isa_is_branch(insn->code))
		return snprintf(buf, size, "%-8s %-16s jt %u\tjf %u", mnemonic,
				operand, pc + 1 + insn->jt, pc + 1 + insn->jf);
	if (operand[0] || is_110)
		return snprintf(buf, size, "%-8s %s", mnemonic, operand);
	return snprintf(buf, size, "%s", mnemonic);
}

size_t cbpf_insn_format(const struct cbpf_insn *insn, uint32_t pc, char *buf,
			size_t size)
{
	return (size_t)image_line(buf, size, insn, pc, false);
}

static void write_lines(struct buf *out, const struct cbpf_insn *insns,
			size_t n, bool is_110)
{
	char line[96];

	for (size_t pc = 0; pc < n; pc++) {
		image_line(line, sizeof(line), &insns[pc], (uint32_t)pc,
			   is_110);
		buf_print(out, "(%03zu) %s\n", pc, line);
	}
}

void image_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_lines(out, insns, n, false);
}

void image_110_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_lines(out, insns, n, true);
}

/* ---- reading ----------------------------------------------------------- */

/* `jt N` or `jf N`: an absolute target, kept as a distance. */
static bool scan_target(struct scan *s, const char *name, size_t pc,
			uint8_t *distance)
{
	struct scan start;
	uint32_t target;

	scan_space(s, false);
	if (!scan_expect(s, name))
		return false;
	start = *s;
	if (!scan_number(s, false, false, UINT32_MAX, &target))
		return false;
	return listing_distance(&start, target, pc, distance);
}

/* `(003) `: lines come in order, or something is missing. */
static bool scan_index(struct scan *s, size_t pc)
{
	struct scan start = *s;
	uint32_t index;

	if (!scan_accept(s, "("))
		return scan_fail(s, "( and the number of the instruction");
	if (!scan_number(s, false, false, UINT32_MAX, &index))
		return false;
	if (!scan_expect(s, ")"))
		return false;
	if (index != pc)
		return scan_report(&start, CBPF_E_ORDER, index, pc);
	scan_space(s, false);
	return true;
}

static bool scan_line(struct scan *s, struct cbpf_insn *insn, size_t pc)
{
	struct scan start;
	enum isa_form form;
	size_t len;

	if (!scan_index(s, pc))
		return false;
	start = *s;
	len = scan_word(s);
	if (scan_is_word(s, "unimp"))
		return scan_report(s, CBPF_E_LOSSY, 0, 0);
	s->at += len;
	scan_space(s, false);
	if (!listing_operand(s, insn, &form))
		return false;
	if (form == FORM_NONE && scan_is_word(&start, "ret"))
		form = FORM_A;
	if (!listing_op(&start, len, form, insn))
		return false;
	if (form == FORM_JA)
		insn->k -= (uint32_t)pc + 1;
	if (isa_is_branch(insn->code) &&
	    (!scan_target(s, "jt ", pc, &insn->jt) ||
	     !scan_target(s, "jf ", pc, &insn->jf)))
		return false;
	scan_space(s, false);
	/* libpcap's own tests print the code behind a semicolon */
	return (!scan_is_end(s) && *s->at == ';') || listing_line_ends(s);
}

void image_read(struct reading *r)
{
	listing_read(r, scan_line, "( and the number of the instruction");
}
