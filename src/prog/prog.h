/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A verified program. Only cbpf_prog_new() makes one, after the verifier let
 * it through; engines take nothing else. It keeps the instructions as given,
 * and decoded: the same structure with code replaced by an enum isa_op and k
 * by the constant that op works on, so that running asks no dialect again
 * what an instruction is.
 */
#ifndef CBPF_PROG_PROG_H
#define CBPF_PROG_PROG_H

#include "isa/isa.h"

struct cbpf_prog {
	const struct isa_dialect *row;
	enum cbpf_dialect dialect;
	struct cbpf_traits traits;
	bool may_end_at_once; /* before a step: no instruction, or seccomp */
	struct cbpf_mem mem;
	uint32_t n;
	struct cbpf_insn *ops;	 /* decoded, n of them, behind the structure */
	struct cbpf_insn *given; /* n more */
};

/*
 * The rules of a dialect without limits of the machine, but for a length of
 * max_len (0: any): every one that is broken goes to the report. Returns the
 * first error.
 */
CBPF_INTERNAL enum cbpf_err vfy_rules(const struct cbpf_insn *insns, size_t n,
				      uint32_t max_len,
				      const struct cbpf_check_opts *opts,
				      struct cbpf_report *report);
/* The first read of an M[] that may not be written yet, or NO_PC; NOMEM. */
CBPF_INTERNAL enum cbpf_err vfy_scratch(const struct cbpf_insn *insns, size_t n,
					const struct cbpf_mem *mem,
					uint32_t *pc);
/* What the kernel refuses beyond the rules; insns has passed them. */
CBPF_INTERNAL enum cbpf_err vfy_limits(const struct cbpf_insn *insns, size_t n,
				       const struct cbpf_check_opts *opts,
				       struct cbpf_report *report);
/* The longest program of a dialect at a hook; 0: no limit. */
CBPF_INTERNAL uint32_t vfy_max_len(enum cbpf_dialect dialect,
				   enum cbpf_hook hook);

#endif
