/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From instructions whose jumps name other instructions to final ones: the
 * last step of whoever makes code (the assembler now). A conditional jump
 * reaches 255 instructions; one that must go further is given a `ja` behind
 * it, and all distances are counted again.
 */
#ifndef CBPF_ISA_LINK_H
#define CBPF_ISA_LINK_H

#include "base/memory.h"
#include "isa/isa.h"

struct link_insn {
	struct cbpf_insn insn;
	bool has_targets; /* else insn is final as it is */
	uint32_t t, f;	  /* indices in this list; ja uses t alone */
	uint32_t line;
};

/*
 * Links n instructions. A target past the end stays as far past it. *out and
 * *lines are new memory of mem, *n_out long each. JUMP_BACK: a conditional
 * jump goes backward, *at says which; NOMEM.
 */
CBPF_INTERNAL enum cbpf_err link_insns(const struct link_insn *insns, size_t n,
				       const struct cbpf_mem *mem,
				       struct cbpf_insn **out, uint32_t **lines,
				       size_t *n_out, size_t *at);

#endif
