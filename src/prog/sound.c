/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate between the verifier and the interpreter: one look at each decoded
 * instruction, asking only what safety rests on (sound.h). It refuses nothing
 * that the verifier lets through; if it does, the verifier or isa_decode() is
 * wrong, and the program is not run.
 */
#include "prog/sound.h"

/*@ terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result ==> is_ext(k); */
static bool is_known_ext(uint32_t k)
{
	switch (k) {
#define EXT(name, number, text, image, cost) case EXT_##name:
#include "isa/ext.def"
#undef EXT
		return true;
	default:
		return false;
	}
}

/*@ requires \valid_read(op) && pc < n;
    terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result ==> sound_insn(op, pc, n, has_loop != 0); */
static bool is_sound(const struct cbpf_insn *op, uint32_t pc, uint32_t n,
		     bool has_loop)
{
	const uint64_t next = (uint64_t)pc + 1;
	uint32_t target;

	if (op->code > OP_BAD)
		return false;
	switch (op->code) {
	case OP_RET_K:
	case OP_RET_X:
	case OP_RET_A:
	case OP_BAD:
		return true;
	case OP_JA:
		target = (uint32_t)(next + op->k);
		return target < n && (target > pc || has_loop);
	case OP_JEQ_K:
	case OP_JEQ_X:
	case OP_JGT_K:
	case OP_JGT_X:
	case OP_JGE_K:
	case OP_JGE_X:
	case OP_JSET_K:
	case OP_JSET_X:
		return next + op->jt < n && next + op->jf < n;
	case OP_LD_MEM:
	case OP_LDX_MEM:
	case OP_ST:
	case OP_STX:
		return op->k < 16 && next < n;
	case OP_DIV_K:
	case OP_MOD_K:
		return op->k != 0 && next < n;
	case OP_LD_EXT:
		return is_known_ext(op->k) && next < n;
	default:
		return next < n;
	}
}

bool prog_is_sound(const struct cbpf_prog *prog)
{
	if (prog->n == 0)
		return prog->may_end_at_once;
	/*@ loop invariant 0 <= pc <= prog->n;
	    loop invariant \forall integer i; 0 <= i < pc ==>
	      sound_insn(prog->ops + i, i, prog->n,
			 prog->traits.has_loop != 0);
	    loop assigns pc;
	    loop variant prog->n - pc; */
	for (uint32_t pc = 0; pc < prog->n; pc++)
		if (!is_sound(&prog->ops[pc], pc, prog->n,
			      prog->traits.has_loop))
			return false;
	return true;
}
