/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the interpreter relies on, said once: that is all a program has to be
 * for a step never to read or write outside its objects, never to do what C
 * leaves undefined, and to go forward. The verifier's rules are the
 * dialects' own and many; this is the part of them that safety rests on.
 *
 * prog_is_sound() asks for it of every program that cbpf_prog_new() makes. The
 * annotations state the same for Frama-C: scripts/prove shows that what the
 * function lets through is sound_prog(), and that with sound_prog() the
 * interpreter is safe, so the verifier need not be trusted for it.
 */
#ifndef CBPF_PROG_SOUND_H
#define CBPF_PROG_SOUND_H

#include "prog/prog.h"

/*@ predicate ends(integer code) =
      code == OP_RET_K || code == OP_RET_A || code == OP_RET_X ||
      code == OP_BAD;

    predicate reads_or_writes_mem(integer code) =
      code == OP_LD_MEM || code == OP_LDX_MEM || code == OP_ST ||
      code == OP_STX;

    predicate branches(integer code) =
      code == OP_JEQ_K || code == OP_JEQ_X || code == OP_JGT_K ||
      code == OP_JGT_X || code == OP_JGE_K || code == OP_JGE_X ||
      code == OP_JSET_K || code == OP_JSET_X;

    predicate is_ext(integer k) = 0 <= k <= EXT_VLAN_TPID && k % 4 == 0;

    predicate jumps_well(integer pc, integer k, integer n, boolean has_loop) =
      (uint32_t)(pc + 1 + k) < n &&
      ((uint32_t)(pc + 1 + k) > pc || has_loop);

    predicate sound_insn(struct cbpf_insn *op, integer pc, integer n,
			 boolean has_loop) =
      op->code <= OP_BAD &&
      (reads_or_writes_mem(op->code) ==> op->k < 16) &&
      (op->code == OP_DIV_K || op->code == OP_MOD_K ==> op->k != 0) &&
      (op->code == OP_LD_EXT ==> is_ext(op->k)) &&
      (op->code == OP_JA ==> jumps_well(pc, op->k, n, has_loop)) &&
      (branches(op->code) ==> pc + 1 + op->jt < n && pc + 1 + op->jf < n) &&
      (!ends(op->code) && op->code != OP_JA ==> pc + 1 < n);

    predicate readable_prog(struct cbpf_prog *prog) =
      \valid_read(prog) && \valid_read(prog->row) &&
      \valid_read(prog->ops + (0 .. prog->n - 1));

    predicate sound_prog(struct cbpf_prog *prog) =
      readable_prog(prog) &&
      (prog->n == 0 ==> prog->may_end_at_once != 0) &&
      \forall integer pc; 0 <= pc < prog->n ==>
	sound_insn(prog->ops + pc, pc, prog->n, prog->traits.has_loop != 0);
*/

/*@ requires readable_prog(prog);
    terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result ==> sound_prog(prog); */
CBPF_INTERNAL bool prog_is_sound(const struct cbpf_prog *prog);

#endif
