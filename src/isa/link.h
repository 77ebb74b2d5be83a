/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From instructions whose jumps name other instructions to final ones: the
 * last step of whoever makes code. A conditional jump reaches 255 instructions;
 * what is farther it reaches by a `ja`, which others share.
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
 * Links n instructions. A target past the end stays as far past it. With
 * copies_ret a jump to a return is that return, which Linux's check of M[]
 * takes to go on to what follows it. *out and *lines are new memory of mem,
 * *n_out long each. JUMP_BACK: a conditional jump goes backward, *at says
 * which; NOMEM.
 */
CBPF_INTERNAL enum cbpf_err link_insns(const struct link_insn *insns, size_t n,
				       bool copies_ret,
				       const struct cbpf_mem *mem,
				       struct cbpf_insn **out, uint32_t **lines,
				       size_t *n_out, size_t *at);

#endif
