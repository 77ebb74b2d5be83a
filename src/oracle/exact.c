/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact mode: a socket shows min(verdict, length) of a verdict, so the program
 * is asked another question, whose answer is pass or drop. Every `ret` becomes
 * "pass the whole packet if the verdict is so, else drop it":
 *
 *	ret #7		->	ret #0xffffffff or ret #0
 *	ret a		->	ja tail
 *			  tail:	jeq #value, +0, +1	(or jset #bit)
 *				ret #0xffffffff
 *				ret #0
 *
 * Nothing moves, so no jump changes; a ja in place of a ret can only make the
 * load-before-store check milder. An aborted run drops under every question,
 * a return passes under PASS_RETURNED: the two ends are told apart as well.
 */
#include "oracle/oracle.h"

static bool passes(struct exact_question question, uint32_t verdict)
{
	switch (question.pass) {
	case PASS_VALUE:
		return verdict == question.value;
	case PASS_BIT:
		return (verdict & question.value) != 0;
	default:
		return true;
	}
}

size_t exact_rewrite(const struct cbpf_insn *insns, size_t n,
		     struct exact_question question, struct cbpf_insn *out)
{
	const struct cbpf_insn pass = { isa_rows[OP_RET_K].code, 0, 0,
					UINT32_MAX };
	const struct cbpf_insn drop = { isa_rows[OP_RET_K].code, 0, 0, 0 };
	enum isa_op test = question.pass == PASS_VALUE ? OP_JEQ_K : OP_JSET_K;
	bool has_tail = false;

	for (size_t pc = 0; pc < n; pc++) {
		enum isa_op op = isa_find_code(insns[pc].code);

		out[pc] = insns[pc];
		if (op == OP_RET_K) {
			out[pc] = passes(question, insns[pc].k) ? pass : drop;
		} else if (op == OP_RET_A && question.pass == PASS_RETURNED) {
			out[pc] = pass;
		} else if (op == OP_RET_A) {
			out[pc].code = isa_rows[OP_JA].code;
			out[pc].k = (uint32_t)(n - pc - 1);
			has_tail = true;
		}
	}
	if (!has_tail)
		return n;
	out[n] =
		(struct cbpf_insn){ isa_rows[test].code, 0, 1, question.value };
	out[n + 1] = pass;
	out[n + 2] = drop;
	return n + EXACT_TAIL;
}
