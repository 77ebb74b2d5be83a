/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a verified program: the rules are checked, the instructions copied
 * and decoded, and what the program may do is noted once (struct
 * cbpf_traits), so that engines and the harness need not look again.
 */
#include <string.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/options.h"
#include "prog/prog.h"
#include "prog/sound.h"

const char *cbpf_version(void)
{
#define TEXT_(x) #x
#define TEXT(x)	 TEXT_(x)
	return TEXT(CBPF_VERSION_MAJOR) "." TEXT(CBPF_VERSION_MINOR) "." TEXT(
		CBPF_VERSION_PATCH);
#undef TEXT
#undef TEXT_
}

static void note_traits(struct cbpf_traits *traits, enum isa_op op, uint32_t k,
			size_t pc)
{
	switch (op) {
	case OP_LD_EXT:
		traits->reads_ext = true;
		traits->reads_random |= k == EXT_RAND;
		traits->reads_cpu |= k == EXT_CPU;
		break;
	case OP_LD_RND:
		traits->reads_random = true;
		break;
	case OP_LD_LEN:
	case OP_LDX_LEN:
		traits->reads_length = true;
		break;
	case OP_LD_MEM:
	case OP_LDX_MEM:
		/* until the scratch check says otherwise */
		traits->reads_unset_mem = true;
		break;
	case OP_JA:
		traits->has_loop |= isa_goes_back(isa_rows[OP_JA].code, k, pc);
		break;
	default:
		break;
	}
}

static size_t prog_size(size_t n)
{
	return sizeof(struct cbpf_prog) + 2 * n * sizeof(struct cbpf_insn);
}

enum cbpf_err cbpf_prog_new(const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_prog_opts *opts,
			    struct cbpf_prog **out, struct cbpf_diag *diag)
{
	struct cbpf_prog_opts own;
	struct cbpf_check_opts check = { .size = sizeof(check) };
	struct cbpf_diag first;
	struct cbpf_report report = { &first, 1, 0, 0 };
	struct cbpf_prog *prog;
	struct cbpf_mem mem;
	enum cbpf_err err;
	uint32_t unset;

	*out = NULL;
	if (!opts_take(&own, sizeof(own), opts) ||
	    (unsigned)own.dialect >= CBPF_DIALECTS)
		return dg_say(diag, CBPF_E_ARGUMENT, "unknown program options");
	check.dialect = own.dialect;
	check.mem = own.mem;
	err = vfy_rules(insns, n,
			own.has_any_length ? 0 : vfy_max_len(own.dialect, 0),
			&check, &report);
	if (err != CBPF_OK)
		return dg_give(diag, &first);

	mem = mem_or_libc(own.mem);
	/* no dialect takes a length that would overflow here */
	prog = n < UINT32_MAX / 64 ? mem_new(&mem, 1, prog_size(n)) : NULL;
	if (!prog)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(prog, 0, sizeof(*prog));
	prog->row = &isa_dialects[own.dialect];
	prog->dialect = own.dialect;
	prog->mem = mem;
	prog->n = (uint32_t)n;
	prog->ops = (struct cbpf_insn *)(prog + 1);
	prog->given = prog->ops + n;
	prog->may_end_at_once = n == 0 || prog->row->space == SPACE_DATA;
	for (size_t pc = 0; pc < n; pc++) {
		struct cbpf_insn *op = &prog->ops[pc];

		prog->given[pc] = insns[pc];
		*op = insns[pc];
		op->code =
			(uint16_t)isa_decode(&insns[pc], own.dialect, &op->k);
		note_traits(&prog->traits, (enum isa_op)op->code, op->k, pc);
	}
	err = vfy_scratch(insns, n, &mem, &unset);
	if (err != CBPF_OK) {
		cbpf_prog_free(prog);
		return dg_fail(diag, err);
	}
	/* the check is one pass down: a backward jump is beyond it */
	if (unset == CBPF_NO_PC && !prog->traits.has_loop)
		prog->traits.reads_unset_mem = false;
	if (!prog_is_sound(prog)) {
		cbpf_prog_free(prog);
		return dg_fail(diag, CBPF_E_UNSOUND);
	}
	*out = prog;
	return CBPF_OK;
}

void cbpf_prog_free(struct cbpf_prog *prog)
{
	if (prog) {
		struct cbpf_mem mem = prog->mem;

		mem_free(&mem, prog, prog_size(prog->n));
	}
}

enum cbpf_dialect cbpf_prog_dialect(const struct cbpf_prog *prog)
{
	return prog->dialect;
}

const struct cbpf_insn *cbpf_prog_insns(const struct cbpf_prog *prog)
{
	return prog->given;
}

size_t cbpf_prog_length(const struct cbpf_prog *prog)
{
	return prog->n;
}

struct cbpf_traits cbpf_prog_traits(const struct cbpf_prog *prog)
{
	return prog->traits;
}
