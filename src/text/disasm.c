/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own language, written: the inverse of asm.c, one instruction a line,
 * labels L and the number of the instruction. What the text of an instruction
 * would not say (junk in fields that mean nothing, codes without a mnemonic,
 * jumps out of the program or backward) is written as .raw, so that reading
 * gives back the same bytes.
 */
#include "text/text.h"

/* Whether the text of an instruction says all of it. */
static bool is_plain(const struct cbpf_insn *insn, size_t pc, size_t n)
{
	enum isa_op op = isa_find_code(insn->code);
	uint64_t next = (uint64_t)pc + 1;

	if (op == OP_BAD)
		return false;
	switch (isa_rows[op].form) {
	case FORM_JK:
	case FORM_JX:
		return next + insn->jt < n && next + insn->jf < n &&
		       (isa_rows[op].form == FORM_JK || insn->k == 0);
	case FORM_JA:
		return next + insn->k < n && !insn->jt && !insn->jf;
	case FORM_NONE:
	case FORM_X:
	case FORM_A:
	case FORM_LEN:
	case FORM_RND:
		return !insn->jt && !insn->jf && insn->k == 0;
	default:
		return !insn->jt && !insn->jf;
	}
}

/* A constant as a reader would write it: bits in hex, amounts in decimal. */
static void write_constant(struct buf *out, enum isa_op op, uint32_t k)
{
	switch (op) {
	case OP_RET_K:
		buf_print(out, "#%d", (int32_t)k);
		break;
	case OP_ADD_K:
	case OP_SUB_K:
	case OP_MUL_K:
	case OP_DIV_K:
	case OP_MOD_K:
	case OP_LSH_K:
	case OP_RSH_K:
		buf_print(out, "#%u", k);
		break;
	default:
		buf_print(out, k < 10 ? "#%u" : "#0x%x", k);
	}
}

static void write_offset(struct buf *out, uint32_t k)
{
	buf_print(out, k >= 0x80000000 ? "0x%x" : "%u", k);
}

static void write_jump(struct buf *out, const struct cbpf_insn *insn,
		       enum isa_op op, size_t pc)
{
	static const char *const negated[] = { [JMP_JEQ >> 4] = "jne",
					       [JMP_JGT >> 4] = "jle",
					       [JMP_JGE >> 4] = "jlt" };
	bool is_negated = insn->jt == 0 && insn->jf != 0 &&
			  CODE_OP(insn->code) != JMP_JSET;
	size_t next = pc + 1;

	buf_print(out, "%s ",
		  is_negated ? negated[CODE_OP(insn->code) >> 4]
			     : isa_rows[op].mnemonic);
	if (isa_rows[op].form == FORM_JX)
		buf_print(out, "x");
	else
		write_constant(out, op, insn->k);
	if (is_negated) {
		buf_print(out, ", L%zu", next + insn->jf);
		return;
	}
	buf_print(out, ", L%zu", next + insn->jt);
	if (insn->jf != 0)
		buf_print(out, ", L%zu", next + insn->jf);
}

static void write_insn(struct buf *out, const struct cbpf_insn *insn, size_t pc)
{
	enum isa_op op = isa_find_code(insn->code);
	const struct isa_row *row = &isa_rows[op];
	const struct isa_ext_row *ext = isa_ext_of(insn->k - EXT_BASE);

	if (row->form == FORM_JK || row->form == FORM_JX) {
		write_jump(out, insn, op, pc);
		return;
	}
	buf_print(out, row->form == FORM_NONE ? "%s" : "%s ", row->mnemonic);
	switch (row->form) {
	case FORM_K:
		write_constant(out, op, insn->k);
		break;
	case FORM_X:
		buf_print(out, "x");
		break;
	case FORM_A:
		buf_print(out, "a");
		break;
	case FORM_LEN:
		buf_print(out, "len");
		break;
	case FORM_RND:
		buf_print(out, "rnd");
		break;
	case FORM_ABS:
		if (ext && ext->text) {
			buf_print(out, "%s", ext->text);
			break;
		}
		buf_print(out, "[");
		write_offset(out, insn->k);
		buf_print(out, "]");
		break;
	case FORM_IND:
		buf_print(out, "[x + ");
		write_offset(out, insn->k);
		buf_print(out, "]");
		break;
	case FORM_MEM:
		buf_print(out, "M[%u]", insn->k);
		break;
	case FORM_MSH:
		buf_print(out, "4*([");
		write_offset(out, insn->k);
		buf_print(out, "]&0xf)");
		break;
	case FORM_JA:
		buf_print(out, "L%zu", pc + 1 + insn->k);
		break;
	}
}

void asm_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	struct arena arena = arena_new(&out->mem);
	bool *is_target = arena_take(&arena, n + 1, sizeof(*is_target));

	if (!is_target) {
		out->is_broken = true;
		return;
	}
	for (size_t pc = 0; pc < n; pc++) {
		if (!is_plain(&insns[pc], pc, n))
			continue;
		if (isa_is_ja(insns[pc].code)) {
			is_target[pc + 1 + insns[pc].k] = true;
		} else if (isa_is_branch(insns[pc].code)) {
			is_target[pc + 1 + insns[pc].jf] |= insns[pc].jf != 0;
			is_target[pc + 1 + insns[pc].jt] |=
				insns[pc].jt != 0 || insns[pc].jf == 0 ||
				CODE_OP(insns[pc].code) == JMP_JSET;
		}
	}
	for (size_t pc = 0; pc < n; pc++) {
		if (is_target[pc])
			buf_print(out, "L%zu:", pc);
		buf_print(out, "\t");
		if (is_plain(&insns[pc], pc, n))
			write_insn(out, &insns[pc], pc);
		else
			buf_print(out, ".raw 0x%x, %u, %u, 0x%x",
				  insns[pc].code, insns[pc].jt, insns[pc].jf,
				  insns[pc].k);
		buf_print(out, "\n");
	}
	arena_free(&arena);
}
