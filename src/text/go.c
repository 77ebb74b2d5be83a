/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the instructions of golang.org/x/net/bpf print (instructions.go,
 * String()), a line each: numbers are decimal and unsigned, jumps say how
 * many instructions they skip, and there is no blank behind a comma.
 *
 *	jeq #2048,0,5		ja 3		ldx 4*([14]&0xf)
 *
 * An instruction is printed as RawInstruction.Disassemble() reads it, which
 * loses much: the size of ancillary loads, X as the destination of `ldx len`,
 * code bits above the first eight. What it cannot read is printed as a Go
 * structure, {85 1 2 10}, and nothing of that is lost.
 */
#include <string.h>

#include "text/listing.h"

/* A jump whose true branch falls through is printed as its negation. */
static const struct {
	const char *text, *mnemonic;
} negations[] = {
	{ "jneq", "jeq" },
	{ "jle", "jgt" },
	{ "jlt", "jge" },
};

static const char *negation_of(const char *mnemonic)
{
	for (size_t i = 0; i < CBPF_COUNT(negations); i++)
		if (strcmp(negations[i].mnemonic, mnemonic) == 0)
			return negations[i].text;
	return NULL;
}

static void write_branch(struct buf *out, const struct cbpf_insn *insn,
			 enum isa_op op)
{
	const char *mnemonic = isa_rows[op].mnemonic;
	const char *negation = negation_of(mnemonic);
	bool is_negated = insn->jt == 0 && negation;

	buf_print(out, "%s ", is_negated ? negation : mnemonic);
	if (isa_rows[op].form == FORM_JX)
		buf_print(out, "x,");
	else
		buf_print(out, "#%u,", insn->k);
	if (is_negated)
		buf_print(out, "%u\n", insn->jf);
	else if (insn->jf > 0)
		buf_print(out, "%u,%u\n", insn->jt, insn->jf);
	else
		buf_print(out, "%u\n", insn->jt);
}

/* Go's names are bpf_asm's; for a number without one it prints a structure. */
static void write_ext(struct buf *out, uint32_t number)
{
	const struct isa_ext_row *ext = isa_ext_of(number);

	if (ext && ext->text)
		buf_print(out, "ld #%s\n", ext->text);
	else
		buf_print(out,
			  "unknown instruction: bpf.LoadExtension{Num:%u}\n",
			  number);
}

/* What Disassemble() makes of it; it knows NEG, which the VM does not. */
static enum isa_op go_op(const struct cbpf_insn *insn, uint32_t *k)
{
	*k = insn->k;
	if (CODE_CLASS(insn->code) == CLASS_ALU &&
	    CODE_OP(insn->code) == ALU_NEG)
		return OP_NEG;
	return isa_decode(insn, CBPF_GO, k);
}

static void write_insn(struct buf *out, const struct cbpf_insn *insn)
{
	uint32_t k;
	enum isa_op op = go_op(insn, &k);
	const char *mnemonic = op < OP_ROWS ? isa_rows[op].mnemonic : NULL;

	if (op == OP_LD_EXT) {
		write_ext(out, k);
		return;
	}
	if (!mnemonic) {
		buf_print(out, "{%u %u %u %u}\n", insn->code, insn->jt,
			  insn->jf, insn->k);
		return;
	}
	switch (isa_rows[op].form) {
	case FORM_NONE:
		buf_print(out, "%s\n", mnemonic);
		break;
	case FORM_K:
		buf_print(out, "%s #%u\n", mnemonic, k);
		break;
	case FORM_X:
		buf_print(out, "%s x\n", mnemonic);
		break;
	case FORM_A:
		buf_print(out, "%s a\n", mnemonic);
		break;
	case FORM_ABS:
		buf_print(out, "%s [%u]\n", mnemonic, k);
		break;
	case FORM_IND:
		buf_print(out, "%s [x + %u]\n", mnemonic, k);
		break;
	case FORM_MEM:
		buf_print(out, "%s M[%u]\n", mnemonic, k);
		break;
	case FORM_LEN:
		buf_print(out, "ld #len\n");
		break;
	case FORM_MSH:
		buf_print(out, "ldx 4*([%u]&0xf)\n", k);
		break;
	case FORM_JA:
		buf_print(out, "ja %u\n", k);
		break;
	case FORM_JK:
	case FORM_JX:
		write_branch(out, insn, op);
		break;
	}
}

void go_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		write_insn(out, &insns[i]);
}

/* ---- reading ----------------------------------------------------------- */

/* `{85 1 2 10}` */
static bool scan_structure(struct scan *s, struct cbpf_insn *insn)
{
	return scan_insn(s, insn) && scan_expect(s, "}") &&
	       listing_line_ends(s);
}

static bool scan_skip(struct scan *s, uint8_t *skip)
{
	uint32_t n;

	if (!scan_number(s, false, false, UINT8_MAX, &n))
		return false;
	*skip = (uint8_t)n;
	return true;
}

/* `jeq #10,1,2`, `jeq #10,3`, and the negations, whose one skip is jf. */
static bool scan_branch(struct scan *s, struct scan *start, size_t len,
			enum isa_form form, struct cbpf_insn *insn)
{
	const char *mnemonic = NULL;

	for (size_t i = 0; i < CBPF_COUNT(negations); i++)
		if (scan_is_word(start, negations[i].text))
			mnemonic = negations[i].mnemonic;
	if (mnemonic)
		insn->code = isa_rows[isa_find_text(mnemonic, strlen(mnemonic),
						    form == FORM_X ? FORM_JX
								   : FORM_JK)]
				     .code;
	else if (!listing_op(start, len, form, insn))
		return false;
	if (!scan_accept(s, ","))
		return scan_fail(s, ", and how many instructions are skipped");
	if (mnemonic)
		return scan_skip(s, &insn->jf) && listing_line_ends(s);
	return scan_skip(s, &insn->jt) &&
	       (!scan_accept(s, ",") || scan_skip(s, &insn->jf)) &&
	       listing_line_ends(s);
}

static bool scan_line(struct scan *s, struct cbpf_insn *insn, size_t pc)
{
	struct scan start = *s;
	enum isa_form form;
	size_t len = scan_word(s);

	(void)pc;
	if (scan_accept(s, "{"))
		return scan_structure(s, insn);
	if (scan_is_word(s, "unknown"))
		return scan_report(s, CBPF_E_LOSSY, 0, 0);
	s->at += len;
	scan_space(s, false);
	if (!listing_operand(s, insn, &form))
		return false;
	if (*start.at == 'j' && (form == FORM_K || form == FORM_X))
		return scan_branch(s, &start, len, form, insn);
	if (form == FORM_MSH && scan_is_word(&start, "ldx"))
		insn->code = isa_rows[OP_LDX_MSH].code;
	else if (!listing_op(&start, len, form, insn))
		return false;
	return listing_line_ends(s);
}

void go_read(struct reading *r)
{
	listing_read(r, scan_line, "an instruction as Go prints it");
}
