/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: the rules of each dialect's own checker, read from its row.
 *
 * Takes raw instructions, gives every broken rule in instruction order, then
 * those of the whole program. It accepts exactly what the real checker
 * accepts; that one stops at its first complaint and gives one errno for all
 * of them, so going on costs nothing in agreement.
 *
 * Dialects look at a code in three ways (enum isa_codes). Under EXACT and GO
 * a code is first mapped to the row it means and the rules are asked of that
 * row; under FIELDS they are asked of the fields of the raw code, most of
 * whose combinations no machine executes.
 */
#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/options.h"
#include "prog/prog.h"

#define SCRATCH_WORDS 16 /* BPF_MEMWORDS, the same everywhere */

struct verifier {
	const struct isa_dialect *row;
	const struct cbpf_check_opts *opts;
	const struct cbpf_insn *insns;
	size_t n;
	struct cbpf_report *report;
	enum cbpf_err first;
};

/* The sentence of code has no number, or `what`, or it and its limit. */
static void complain_limit(struct verifier *v, size_t pc, enum cbpf_err code,
			   uint64_t what, uint64_t limit)
{
	struct cbpf_diag diag = dg_make(code, what, limit);

	diag.sys_errno = code == CBPF_E_NOMEM ? ENOMEM : EINVAL;
	if (pc != CBPF_NO_PC) {
		diag.pc = (uint32_t)pc;
		diag.line = v->opts->lines ? v->opts->lines[pc] : 0;
	}
	dg_add(v->report, &diag);
	if (v->first == CBPF_OK)
		v->first = code;
}

static void complain_of(struct verifier *v, size_t pc, enum cbpf_err code,
			uint64_t what)
{
	complain_limit(v, pc, code, what, 0);
}

static void complain(struct verifier *v, size_t pc, enum cbpf_err code)
{
	complain_of(v, pc, code, 0);
}

static void check_jump(struct verifier *v, size_t pc, uint16_t code)
{
	const struct cbpf_insn *insn = &v->insns[pc];
	uint64_t next = (uint64_t)pc + 1;

	if (isa_is_ja(code)) {
		uint64_t target = next + insn->k;

		if (v->row->jumps == JUMPS_WRAP)
			target = (uint32_t)target;
		if (target >= v->n)
			complain_limit(v, pc, CBPF_E_JUMP_OUT, target, v->n);
		return;
	}
	if (next + insn->jt >= v->n)
		complain_limit(v, pc, CBPF_E_JUMP_OUT, next + insn->jt, v->n);
	if (next + insn->jf >= v->n && insn->jf != insn->jt)
		complain_limit(v, pc, CBPF_E_JUMP_OUT, next + insn->jf, v->n);
}

static void check_alu(struct verifier *v, size_t pc, uint16_t code)
{
	uint32_t k = v->insns[pc].k;

	if (CODE_SRC(code) != 0) /* works on X */
		return;
	switch (CODE_OP(code)) {
	case ALU_DIV:
	case ALU_MOD:
		if (k == 0)
			complain(v, pc, CBPF_E_DIV_ZERO);
		break;
	case ALU_LSH:
	case ALU_RSH:
		if (k > 31 && v->row->checks_shift)
			complain_of(v, pc, CBPF_E_SHIFT, k);
		break;
	}
}

static void check_offset(struct verifier *v, size_t pc, uint16_t code)
{
	uint32_t k = v->insns[pc].k;

	switch (v->row->abs) {
	case ABS_EXT:
		if (CODE_MODE(code) == MODE_ABS && k >= EXT_BASE &&
		    !isa_ext_of(k - EXT_BASE))
			complain_of(v, pc, CBPF_E_EXT, k);
		break;
	case ABS_DATA:
		/* the one load from data that seccomp takes is ABS */
		if (k % 4 != 0 || k >= SECCOMP_DATA_SIZE)
			complain_of(v, pc, CBPF_E_DATA_OFFSET, k);
		break;
	case ABS_LIMIT:
		if (k >= OPENBSD_BUFSIZE)
			complain_limit(v, pc, CBPF_E_OFFSET_LIMIT, k,
				       OPENBSD_BUFSIZE);
		break;
	default: /* ANY; GO is asked of the decoded instruction */
		break;
	}
}

static void check_load(struct verifier *v, size_t pc, uint16_t code)
{
	switch (CODE_MODE(code)) {
	case MODE_MEM:
		if (v->insns[pc].k >= SCRATCH_WORDS)
			complain_of(v, pc, CBPF_E_MEM_INDEX, v->insns[pc].k);
		break;
	case MODE_ABS:
	case MODE_IND:
	case MODE_MSH:
		check_offset(v, pc, code);
		break;
	}
}

/* The rules that depend on what the instruction does; code is legal. */
static void check_operands(struct verifier *v, size_t pc, uint16_t code)
{
	switch (CODE_CLASS(code)) {
	case CLASS_LD:
	case CLASS_LDX:
		check_load(v, pc, code);
		break;
	case CLASS_ST:
	case CLASS_STX:
		if (v->insns[pc].k >= SCRATCH_WORDS)
			complain_of(v, pc, CBPF_E_MEM_INDEX, v->insns[pc].k);
		break;
	case CLASS_ALU:
		check_alu(v, pc, code);
		break;
	case CLASS_JMP:
		check_jump(v, pc, code);
		break;
	default:
		break;
	}
}

/* FIELDS: the fields that a checker of this kind looks at. */
static bool fields_are_legal(const struct isa_dialect *row, uint16_t code)
{
	switch (CODE_CLASS(code)) {
	case CLASS_LD:
	case CLASS_LDX:
		return row->modes >> (CODE_MODE(code) >> 5) & 1;
	case CLASS_ALU:
		return CODE_OP(code) <= row->alu_last;
	case CLASS_JMP:
		return CODE_OP(code) <= JMP_JSET;
	case CLASS_MISC:
		/* NetBSD's coprocessor calls, COP 0x20 and COPX 0x40 */
		return !(row->rejects_cop &&
			 ((code & 0xf8) == 0x20 || (code & 0xf8) == 0x40));
	default: /* stores and returns: any bits */
		return true;
	}
}

static void check_insn(struct verifier *v, size_t pc)
{
	const struct cbpf_insn *insn = &v->insns[pc];
	enum isa_op op;
	uint32_t k;

	if (v->row->codes == CODES_FIELDS) {
		if (fields_are_legal(v->row, insn->code))
			check_operands(v, pc, insn->code);
		else
			complain_of(v, pc, CBPF_E_CODE, insn->code);
		return;
	}
	op = isa_decode(insn, v->opts->dialect, &k);
	if (op < OP_ROWS)
		check_operands(v, pc, isa_rows[op].code);
	else if (op != OP_BAD && v->row->abs == ABS_GO)
		complain_of(v, pc, CBPF_E_EXT_GO, k);
	else if (op != OP_BAD)
		check_load(v, pc, insn->code);
	else if (v->row->codes == CODES_EXACT)
		complain_of(v, pc, CBPF_E_CODE, insn->code);
}

static bool is_last(const struct isa_dialect *row, uint16_t code)
{
	if (row->last == LAST_RET_ANY)
		return CODE_CLASS(code) == CLASS_RET;
	return code == isa_rows[OP_RET_K].code ||
	       code == isa_rows[OP_RET_A].code;
}

/* What is written when a jump leads to `to`; outside, it is refused anyway. */
static void narrow(uint16_t *at_target, size_t n, uint32_t to, uint16_t written)
{
	if (to < n)
		at_target[to] &= written;
}

/*
 * Linux's one pass over scratch words (net/core/filter.c,
 * check_load_and_stores): a set of words written so far flows down the
 * instructions, is narrowed into every jump target, and is full again after
 * a jump. It flows past a ret too, so a program whose every path stores
 * first can be refused all the same; that is part of the rule.
 */
static uint32_t find_unset(const struct cbpf_insn *insns, size_t n,
			   uint16_t *at_target)
{
	uint16_t written = 0;

	memset(at_target, 0xff, n * sizeof(*at_target));
	for (size_t pc = 0; pc < n; pc++) {
		const struct cbpf_insn *insn = &insns[pc];
		uint32_t next;

		written &= at_target[pc];
		switch (CODE_CLASS(insn->code)) {
		case CLASS_ST:
		case CLASS_STX:
			written |= (uint16_t)(1 << (insn->k & 15));
			break;
		case CLASS_LD:
		case CLASS_LDX:
			if (CODE_MODE(insn->code) == MODE_MEM &&
			    !(written >> (insn->k & 15) & 1))
				return (uint32_t)pc;
			break;
		case CLASS_JMP:
			next = (uint32_t)pc + 1;
			if (isa_is_ja(insn->code)) {
				narrow(at_target, n, next + insn->k, written);
			} else {
				narrow(at_target, n, next + insn->jt, written);
				narrow(at_target, n, next + insn->jf, written);
			}
			written = 0xffff;
			break;
		}
	}
	return CBPF_NO_PC;
}

enum cbpf_err vfy_scratch(const struct cbpf_insn *insns, size_t n,
			  const struct cbpf_mem *mem, uint32_t *pc)
{
	struct arena arena = arena_new(mem);
	uint16_t *at_target = arena_take(&arena, n, sizeof(*at_target));

	if (!at_target)
		return CBPF_E_NOMEM;
	*pc = find_unset(insns, n, at_target);
	arena_free(&arena);
	return CBPF_OK;
}

enum cbpf_err vfy_rules(const struct cbpf_insn *insns, size_t n,
			uint32_t max_len, const struct cbpf_check_opts *opts,
			struct cbpf_report *report)
{
	struct verifier v = {
		&isa_dialects[opts->dialect], opts, insns, n, report, CBPF_OK
	};
	uint32_t pc;

	if (n == 0) {
		if (!v.row->empty_accepts)
			complain(&v, CBPF_NO_PC, CBPF_E_EMPTY);
		return v.first;
	}
	if (max_len && n > max_len)
		complain_limit(&v, CBPF_NO_PC, CBPF_E_TOO_LONG, n, max_len);
	for (size_t i = 0; i < n; i++)
		check_insn(&v, i);
	if (!is_last(v.row, insns[n - 1].code))
		complain(&v, n - 1, CBPF_E_LAST);
	if (v.row->checks_scratch && v.first == CBPF_OK) {
		if (vfy_scratch(insns, n, opts->mem, &pc) != CBPF_OK)
			complain(&v, CBPF_NO_PC, CBPF_E_NOMEM);
		else if (pc != CBPF_NO_PC)
			complain_of(&v, pc, CBPF_E_MEM_UNSET, insns[pc].k);
	}
	return v.first;
}

uint32_t cbpf_dialect_rules(enum cbpf_dialect dialect)
{
#define RULE(name, is_there) \
	((uint32_t)(is_there) << (CBPF_E_##name - CBPF_E_EMPTY))
	const struct isa_dialect *row;

	if ((unsigned)dialect >= CBPF_DIALECTS)
		return 0;
	row = &isa_dialects[dialect];
	return RULE(EMPTY, !row->empty_accepts) |
	       RULE(TOO_LONG, row->max_len != 0) |
	       RULE(CODE, row->codes != CODES_GO) | RULE(JUMP_OUT, true) |
	       RULE(DIV_ZERO, true) | RULE(SHIFT, row->checks_shift) |
	       /* Go keeps what has no such word raw */
	       RULE(MEM_INDEX, row->codes != CODES_GO) |
	       RULE(MEM_UNSET, row->checks_scratch) | RULE(LAST, true) |
	       RULE(EXT, row->abs == ABS_EXT) |
	       RULE(EXT_GO, row->abs == ABS_GO) |
	       RULE(DATA_OFFSET, row->abs == ABS_DATA) |
	       RULE(OFFSET_LIMIT, row->abs == ABS_LIMIT) |
	       /* no program of seccomp's converts to that many */
	       RULE(JUMP_FAR, row->charge == CHARGE_OPTMEM) |
	       RULE(JUMP_LATE, row->charge == CHARGE_OPTMEM) |
	       RULE(OPTMEM, row->charge == CHARGE_OPTMEM) |
	       RULE(PATH, row->charge == CHARGE_PATH);
#undef RULE
}

static enum cbpf_err take_opts(struct cbpf_check_opts *own,
			       const struct cbpf_check_opts *given,
			       struct cbpf_report *report)
{
	struct cbpf_diag diag;

	dg_fail(&diag, CBPF_E_ARGUMENT);
	if (!opts_take(own, sizeof(*own), given))
		dg_wordf(&diag, "check options of a newer version");
	else if ((unsigned)own->dialect >= CBPF_DIALECTS)
		dg_wordf(&diag, "there is no dialect %d", (int)own->dialect);
	else if ((unsigned)own->hook >= CBPF_HOOKS)
		dg_wordf(&diag, "there is no hook %d", (int)own->hook);
	else
		return CBPF_OK;
	return dg_add(report, &diag);
}

enum cbpf_err cbpf_check(const struct cbpf_insn *insns, size_t n,
			 const struct cbpf_check_opts *opts,
			 struct cbpf_report *report)
{
	struct cbpf_check_opts own;
	enum cbpf_err err = take_opts(&own, opts, report);

	if (err == CBPF_OK)
		err = vfy_rules(insns, n, vfy_max_len(own.dialect, own.hook),
				&own, report);
	if (err == CBPF_OK)
		err = vfy_limits(insns, n, &own, report);
	return err;
}

uint32_t cbpf_check_dialects(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts) };
	uint32_t set = 0;

	for (int d = 0; d < CBPF_DIALECTS; d++) {
		opts.dialect = (enum cbpf_dialect)d;
		if (cbpf_check(insns, n, &opts, NULL) == CBPF_OK)
			set |= 1u << d;
	}
	return set;
}
