/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ALU and jump instructions mean, stated once: interpreters and constant
 * folding call these. Values are unsigned, 32 bits, and wrap. Which operand
 * is which: a is A, b is k or X.
 *
 * Division by zero never gets here: a constant 0 is refused by every checker,
 * X == 0 ends the run before the operation.
 *
 * A machine's word has 32 bits. The width is named, because the same text is
 * tried at 8 bits on all operands there are, and on symbols of 32 bits
 * (tests/meaning.c, tests/meaning32.cc).
 */
#ifndef CBPF_ISA_EVAL_H
#define CBPF_ISA_EVAL_H

#include "isa/isa.h"

#ifndef EV_BITS
#define EV_BITS 32
typedef uint32_t ev_word;
#endif

/*
 * Shifts by 32 or more: Linux uses the low five bits, and so does what the
 * compiler makes of the C of libpcap and the BSDs for a constant on amd64 and
 * arm64 (undefined there); libpcap (by X) and Go give 0.
 */
/*@ terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE ev_word ev_shift_left(ev_word a, ev_word b, bool clears)
{
	return b > EV_BITS - 1 && clears ? 0 : a << (b % EV_BITS);
}

/*@ terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE ev_word ev_shift_right(ev_word a, ev_word b, bool clears)
{
	return b > EV_BITS - 1 && clears ? 0 : a >> (b % EV_BITS);
}

/* operation is CODE_OP() of an ALU code; clears is the dialect's shift rule. */
/*@ requires operation <= ALU_XOR && operation % 16 == 0;
    requires operation == ALU_DIV || operation == ALU_MOD ==> b != 0;
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE ev_word ev_alu(unsigned operation, ev_word a, ev_word b,
			   bool clears)
{
	switch (operation) {
	case ALU_ADD:
		return a + b;
	case ALU_SUB:
		return a - b;
	case ALU_MUL:
		return a * b;
	case ALU_DIV:
		return a / b;
	case ALU_MOD:
		return a % b;
	case ALU_OR:
		return a | b;
	case ALU_AND:
		return a & b;
	case ALU_XOR:
		return a ^ b;
	case ALU_LSH:
		return ev_shift_left(a, b, clears);
	case ALU_RSH:
		return ev_shift_right(a, b, clears);
	case ALU_NEG:
		return 0 - a;
	default:
		cbpf_never("an ALU operation");
		return 0;
	}
}

/* operation is CODE_OP() of a conditional jump. */
/*@ requires JMP_JEQ <= operation <= JMP_JSET && operation % 16 == 0;
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE bool ev_test(unsigned operation, ev_word a, ev_word b)
{
	switch (operation) {
	case JMP_JEQ:
		return a == b;
	case JMP_JGT:
		return a > b;
	case JMP_JGE:
		return a >= b;
	case JMP_JSET:
		return (a & b) != 0;
	default:
		cbpf_never("a conditional jump");
		return false;
	}
}

#endif
