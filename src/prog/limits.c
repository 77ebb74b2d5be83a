/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux refuses beyond the classic rules: a program is converted to
 * eBPF, and the converted length decides. A jump may come out longer than
 * eBPF's 16-bit displacement, or stand where the kernel's first pass, which
 * takes every jump to lead to the beginning, finds it too long (EINVAL); a
 * socket is charged for the result (ENOMEM, net.core.optmem_max), seccomp
 * limits the sum over a task's filters (ENOMEM).
 *
 * The costs are those of net/core/filter.c, bpf_convert_filter(), on a
 * machine with unaligned access; each was confirmed by finding the longest
 * program a 6.18 kernel takes (tests/kernel.c finds them again).
 */
#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "prog/prog.h"

#define OPTMEM_DEFAULT 131072 /* net.core.optmem_max since Linux 6.7 */
#define PROG_HEADER    96     /* sizeof(struct bpf_prog) before its insns */
#define EBPF_INSN      8
#define PATH_LIMIT     32768 /* kernel/seccomp.c, MAX_INSNS_PER_PATH */
#define PATH_PENALTY   4     /* added there for each installed filter */
#define JUMP_LIMIT     32767
#define PROLOGUE       3  /* A, X and the context */
#define PROLOGUE_LOADS 4  /* more, where the packet is read */
#define COST_MOST      21 /* of one instruction: MSH beyond 32767 */

/* What a hook asks beyond the rules of the dialect. */
static const struct {
	const char *name;
	uint32_t max_len; /* 0: the dialect's */
	enum { FREE, CHARGED, MEASURED } optmem;
} hooks[CBPF_HOOKS] = {
	[CBPF_HOOK_NONE] = { "none", 0, CHARGED },
	[CBPF_HOOK_SOCKET] = { "socket", 0, CHARGED },
	[CBPF_HOOK_XT] = { "xt", 64, FREE }, /* XT_BPF_MAX_NUM_INSTR */
	[CBPF_HOOK_TC] = { "tc", 0, FREE },
	/* net/core/filter.c, sk_reuseport_attach_filter() */
	[CBPF_HOOK_REUSEPORT] = { "reuseport", 0, MEASURED },
	[CBPF_HOOK_FANOUT] = { "fanout", 0, FREE },
};

const char *cbpf_hook_name(enum cbpf_hook hook)
{
	return (unsigned)hook < CBPF_HOOKS ? hooks[hook].name : NULL;
}

enum cbpf_hook cbpf_hook_find(const char *name)
{
	int i;

	for (i = 0; i < CBPF_HOOKS; i++)
		if (strcmp(hooks[i].name, name) == 0)
			break;
	return (enum cbpf_hook)i;
}

uint32_t vfy_max_len(enum cbpf_dialect dialect, enum cbpf_hook hook)
{
	return hooks[hook].max_len ? hooks[hook].max_len
				   : isa_dialects[dialect].max_len;
}

/* A load from the packet at a constant offset. */
static unsigned cost_abs(uint32_t k, bool is_byte)
{
	if (k >= 0x80000000)
		return 8;
	return (k == 0 ? 13 : k <= 32767 ? 14 : 16) - is_byte;
}

static unsigned cost_branch(const struct cbpf_insn *insn)
{
	/* an immediate that would be sign-extended is loaded first */
	unsigned extra = CODE_SRC(insn->code) == 0 && insn->k >= 0x80000000;

	if (insn->jf == 0)
		return 1 + extra;
	if (insn->jt == 0 && CODE_OP(insn->code) != JMP_JSET)
		return 1 + extra;
	return 2 + extra;
}

/*
 * *loads is set where the program reads the packet. In an array not checked
 * yet, what is no instruction costs 1.
 */
static unsigned cost_insn(const struct cbpf_insn *insn,
			  enum cbpf_dialect dialect, bool *loads)
{
	const struct isa_ext_row *ext;
	uint32_t k;
	enum isa_op op = isa_decode(insn, dialect, &k);

	switch (op) {
	case OP_LD_W:
	case OP_LD_H:
	case OP_LD_B:
		*loads = true;
		return cost_abs(k, op == OP_LD_B);
	case OP_LD_WX:
	case OP_LD_HX:
	case OP_LD_BX:
		*loads = true;
		return k == 0 ? 8 : 9;
	case OP_LDX_MSH:
		*loads = true;
		return cost_abs(k, true) + 6;
	case OP_LD_EXT:
		ext = isa_ext_of(k);
		return ext ? ext->cost : 1;
	case OP_DIV_X:
	case OP_MOD_X:
		return 5;
	case OP_RET_K:
		return 2;
	default:
		return isa_is_branch(insn->code) ? cost_branch(insn) : 1;
	}
}

/* The length once converted, of which *prologue come first. */
static uint64_t converted_length(const struct cbpf_insn *insns, size_t n,
				 enum cbpf_dialect dialect, uint64_t *prologue)
{
	uint64_t length = 0;
	bool loads = false;

	for (size_t pc = 0; pc < n; pc++)
		length += cost_insn(&insns[pc], dialect, &loads);
	*prologue = PROLOGUE + (loads ? PROLOGUE_LOADS : 0);
	return length + *prologue;
}

struct cbpf_cost cbpf_check_cost(const struct cbpf_insn *insns, size_t n,
				 enum cbpf_dialect dialect)
{
	struct cbpf_cost cost = { 0, 0, 0 };
	uint64_t prologue;

	if ((unsigned)dialect >= CBPF_DIALECTS ||
	    isa_dialects[dialect].charge == CHARGE_NONE)
		return cost;
	cost.converted = converted_length(insns, n, dialect, &prologue);
	cost.optmem = EBPF_INSN * cost.converted + PROG_HEADER;
	cost.path = cost.converted + PATH_PENALTY;
	return cost;
}

static void limit_at(struct cbpf_diag *diag, size_t pc,
		     const struct cbpf_check_opts *opts)
{
	diag->pc = (uint32_t)pc;
	diag->line = opts->lines ? opts->lines[pc] : 0;
}

/* How far a jump leads once converted; only ja can lead too far, the others
 * reach 255 instructions. */
static uint64_t distance_of(const struct cbpf_insn *insns, size_t pc,
			    enum cbpf_dialect dialect)
{
	uint64_t distance = 0;
	bool loads;

	if (!isa_is_ja(insns[pc].code) ||
	    (uint64_t)insns[pc].k * COST_MOST <= JUMP_LIMIT)
		return 0;
	for (size_t i = pc + 1; i < pc + 1 + insns[pc].k; i++)
		distance += cost_insn(&insns[i], dialect, &loads);
	return distance;
}

/* Both rules are of the same function of the kernel and the same errno. */
static enum cbpf_err check_jumps(const struct cbpf_insn *insns, size_t n,
				 const struct cbpf_check_opts *opts,
				 struct cbpf_report *report)
{
	enum cbpf_err first = CBPF_OK;
	uint64_t end; /* of what was passed, once converted */
	bool loads;

	if (converted_length(insns, n, opts->dialect, &end) <= JUMP_LIMIT)
		return CBPF_OK;
	for (size_t pc = 0; pc < n; pc++) {
		uint64_t distance = distance_of(insns, pc, opts->dialect);
		struct cbpf_diag diag;

		end += cost_insn(&insns[pc], opts->dialect, &loads);
		if (distance > JUMP_LIMIT)
			diag = dg_make(CBPF_E_JUMP_FAR, distance, 0);
		else if (end - 1 > JUMP_LIMIT &&
			 CODE_CLASS(insns[pc].code) == CLASS_JMP)
			diag = dg_make(CBPF_E_JUMP_LATE, end - 1, 0);
		else
			continue;
		diag.sys_errno = EINVAL;
		limit_at(&diag, pc, opts);
		dg_add(report, &diag);
		if (first == CBPF_OK)
			first = diag.code;
	}
	return first;
}

static enum cbpf_err check_optmem(const struct cbpf_cost *cost,
				  const struct cbpf_check_opts *opts,
				  struct cbpf_report *report)
{
	uint64_t max = opts->optmem_max ? opts->optmem_max : OPTMEM_DEFAULT;
	/* measured only: all of the limit is its own, the last byte too */
	uint64_t room = hooks[opts->hook].optmem == MEASURED ? max + 1
			: max > opts->optmem_held ? max - opts->optmem_held
						  : 0;
	struct cbpf_diag diag = dg_make(CBPF_E_OPTMEM, cost->optmem, room);

	if (cost->optmem < room)
		return CBPF_OK;
	diag.sys_errno = ENOMEM;
	return dg_add(report, &diag);
}

static enum cbpf_err check_path(const struct cbpf_cost *cost,
				const struct cbpf_check_opts *opts,
				struct cbpf_report *report)
{
	uint64_t sum = opts->path_held + cost->converted;
	struct cbpf_diag diag = dg_make(CBPF_E_PATH, sum, PATH_LIMIT);

	if (sum <= PATH_LIMIT)
		return CBPF_OK;
	diag.sys_errno = ENOMEM;
	return dg_add(report, &diag);
}

enum cbpf_err vfy_limits(const struct cbpf_insn *insns, size_t n,
			 const struct cbpf_check_opts *opts,
			 struct cbpf_report *report)
{
	struct cbpf_cost cost;
	enum cbpf_err err;

	if (isa_dialects[opts->dialect].charge == CHARGE_NONE)
		return CBPF_OK;
	err = check_jumps(insns, n, opts, report);
	if (err != CBPF_OK)
		return err;
	cost = cbpf_check_cost(insns, n, opts->dialect);
	if (isa_dialects[opts->dialect].charge == CHARGE_PATH)
		return check_path(&cost, opts, report);
	if (hooks[opts->hook].optmem == FREE)
		return CBPF_OK;
	return check_optmem(&cost, opts, report);
}
