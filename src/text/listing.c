/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operands as tcpdump -d and bpf_dbg print them, and reading the lines of
 * listings. Operands are taken in any of the spellings that the three listings
 * use; the number of blanks does not matter.
 */
#include <stdio.h>
#include <string.h>

#include "text/listing.h"

/* ---- writing ----------------------------------------------------------- */

/* Constants that are bits and not amounts: printed in hexadecimal. */
static bool is_bits(enum isa_op op)
{
	switch (op) {
	case OP_LD_IMM:
	case OP_LDX_IMM:
	case OP_AND_K:
	case OP_OR_K:
	case OP_XOR_K:
		return true;
	default:
		return isa_rows[op].form == FORM_JK;
	}
}

static void print_constant(char *buf, const struct listing_style *style,
			   enum isa_op op, uint32_t k)
{
	if (!is_bits(op) && !(op == OP_RET_K && style->ret_is_hex))
		snprintf(buf, LISTING_OPERAND, "#%d", (int32_t)k);
	else
		snprintf(buf, LISTING_OPERAND,
			 style->is_c_hex ? "#%#x" : "#0x%x", k);
}

static void print_offset(char *buf, const struct listing_style *style,
			 uint32_t k)
{
	const struct isa_ext_row *ext = isa_ext_of(k - EXT_BASE);

	if (ext && style->has_names)
		snprintf(buf, LISTING_OPERAND, "[%s]", ext->image);
	else
		snprintf(buf, LISTING_OPERAND, "[%d]", (int32_t)k);
}

void listing_print_operand(char *buf, const struct listing_style *style,
			   enum isa_op op, const struct cbpf_insn *insn,
			   uint32_t pc)
{
	int32_t k = (int32_t)insn->k;

	buf[0] = '\0';
	switch (isa_rows[op].form) {
	case FORM_K:
	case FORM_JK:
		print_constant(buf, style, op, insn->k);
		break;
	case FORM_X:
	case FORM_JX:
		snprintf(buf, LISTING_OPERAND, "x");
		break;
	case FORM_A:
		snprintf(buf, LISTING_OPERAND, "%s", style->a);
		break;
	case FORM_ABS:
		print_offset(buf, style, insn->k);
		break;
	case FORM_IND:
		snprintf(buf, LISTING_OPERAND, "[x%s%d]", style->indirect, k);
		break;
	case FORM_MEM:
		snprintf(buf, LISTING_OPERAND, "M[%d]", k);
		break;
	case FORM_LEN:
		snprintf(buf, LISTING_OPERAND, "%s", style->length);
		break;
	case FORM_MSH:
		snprintf(buf, LISTING_OPERAND, "4*([%d]&0xf)", k);
		break;
	case FORM_JA:
		snprintf(buf, LISTING_OPERAND, "%d",
			 (int32_t)(pc + 1 + insn->k));
		break;
	}
}

/* ---- reading ----------------------------------------------------------- */

static bool scan_k(struct scan *s, struct cbpf_insn *insn)
{
	return scan_number(s, true, true, UINT32_MAX, &insn->k);
}

/* k, then what closes the operand. */
static bool scan_k_and(struct scan *s, struct cbpf_insn *insn,
		       const char *close)
{
	return scan_k(s, insn) && scan_expect(s, close);
}

/* Takes the name of an ancillary load. */
static bool accept_ext(struct scan *s, struct cbpf_insn *insn)
{
	size_t len = scan_word(s);
	const struct isa_ext_row *ext = isa_ext_named(s->at, len);

	if (!ext)
		return false;
	s->at += len;
	insn->k = EXT_BASE + ext->number;
	return true;
}

/* Behind "[": an offset, X and an offset, or a name. */
static bool scan_offset(struct scan *s, struct cbpf_insn *insn,
			enum isa_form *form)
{
	*form = FORM_ABS;
	if (accept_ext(s, insn))
		return scan_expect(s, "]");
	if (scan_accept(s, "x")) {
		*form = FORM_IND;
		scan_space(s, false);
		if (!scan_accept(s, "+"))
			return scan_fail(s, "+ and an offset");
		scan_space(s, false);
	}
	return scan_k_and(s, insn, "]");
}

/* Behind "#": the length, an ancillary load, or a constant. */
static bool scan_immediate(struct scan *s, struct cbpf_insn *insn,
			   enum isa_form *form)
{
	*form = FORM_LEN;
	if (scan_accept(s, "pktlen") || scan_accept(s, "len"))
		return true;
	*form = FORM_ABS;
	if (accept_ext(s, insn))
		return true;
	*form = FORM_K;
	return scan_k(s, insn);
}

static bool is_lone(const struct scan *s, char letter)
{
	return scan_word(s) == 1 && *s->at == letter;
}

bool listing_operand(struct scan *s, struct cbpf_insn *insn,
		     enum isa_form *form)
{
	if (scan_accept(s, "#"))
		return scan_immediate(s, insn, form);
	if (scan_accept(s, "4*([")) {
		*form = FORM_MSH;
		return scan_k_and(s, insn, "]&0xf)");
	}
	if (scan_accept(s, "M[")) {
		*form = FORM_MEM;
		return scan_k_and(s, insn, "]");
	}
	if (scan_accept(s, "["))
		return scan_offset(s, insn, form);
	if (is_lone(s, 'x') || is_lone(s, 'a')) {
		*form = *s->at++ == 'x' ? FORM_X : FORM_A;
		return true;
	}
	if (scan_is_end(s) || *s->at == '\n' || *s->at == ';') {
		*form = FORM_NONE;
		return true;
	}
	*form = FORM_JA;
	return scan_k(s, insn);
}

bool listing_op(struct scan *start, size_t len, enum isa_form form,
		struct cbpf_insn *insn)
{
	enum isa_op op;

	if (len > 0 && start->at[0] == 'j' && form == FORM_K)
		form = FORM_JK;
	else if (len > 0 && start->at[0] == 'j' && form == FORM_X)
		form = FORM_JX;
	op = isa_find_text(start->at, len, form);
	if (op == OP_BAD)
		return scan_fail(start, "an instruction of this listing");
	insn->code = isa_rows[op].code;
	return true;
}

bool listing_distance(struct scan *start, uint32_t target, size_t pc,
		      uint8_t *distance)
{
	if (target <= pc)
		return scan_report(start, CBPF_E_JUMP_BACK, 0, 0);
	if (target - pc - 1 > UINT8_MAX)
		return scan_report(start, CBPF_E_RANGE, pc + 1 + UINT8_MAX, 0);
	*distance = (uint8_t)(target - pc - 1);
	return true;
}

bool listing_line_ends(struct scan *s)
{
	scan_space(s, false);
	return scan_is_end(s) || *s->at == '\n' ||
	       scan_fail(s, "the end of the line");
}

void listing_read(struct reading *r,
		  bool (*line)(struct scan *s, struct cbpf_insn *insn,
			       size_t pc),
		  const char *expected)
{
	struct scan s = scan_new(r);
	size_t pc = 0;

	for (scan_blank(&s); !scan_is_end(&s); scan_blank(&s)) {
		struct cbpf_insn insn = { 0 };
		uint32_t at = s.line;

		if (line(&s, &insn, pc))
			reading_add(r, &insn, at);
		scan_skip_line(&s);
		pc++;
	}
	if (pc == 0)
		scan_fail(&s, expected);
}
