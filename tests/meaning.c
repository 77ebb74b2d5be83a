/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the operations of eval.h mean, against statements that share nothing
 * with them. Its text is compiled for words of 8 bits, where all operands can
 * be tried: every operation on all 65,536 pairs, under both rules of shifting,
 * against arithmetic done digit by digit. And at 32 bits the machines that are
 * here are asked, in all bits of the verdict, over the pairs of a grid of
 * values at which something might change. TAP.
 *
 *	meaning [--require ENGINES]
 */
#include <stdint.h>

#define EV_BITS 8
typedef uint8_t ev_word;
#include "isa/eval.h"

#include "oracles.h"

/* ---- digit by digit ----------------------------------------------------- */

static unsigned bit(unsigned v, unsigned i)
{
	return v / (1u << i) % 2;
}

/* a + b + carry, by full adders. */
static unsigned add_bits(unsigned a, unsigned b, unsigned carry)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned ones = bit(a, i) + bit(b, i) + carry;

		sum += ones % 2 * (1u << i);
		carry = ones / 2;
	}
	return sum;
}

static unsigned flip_bits(unsigned a)
{
	return 255 - a;
}

static unsigned multiply(unsigned a, unsigned b)
{
	unsigned product = 0;

	for (unsigned i = 0; i < b; i++)
		product = add_bits(product, a, 0);
	return product;
}

/* How often b can be taken away, and what is left. */
static unsigned divide(unsigned a, unsigned b, unsigned *left)
{
	unsigned times = 0;

	while (a >= b) {
		a -= b;
		times++;
	}
	*left = a;
	return times;
}

static unsigned shift(unsigned a, unsigned by, bool is_left, bool clears)
{
	if (!clears)
		by %= 8;
	for (; by > 0; by--)
		a = is_left ? add_bits(a, a, 0) : a / 2;
	return a;
}

static unsigned combine(unsigned a, unsigned b, const char *truth)
{
	unsigned v = 0;

	for (unsigned i = 0; i < 8; i++)
		if (truth[2 * bit(a, i) + bit(b, i)] == '1')
			v += 1u << i;
	return v;
}

static unsigned say_alu(unsigned operation, unsigned a, unsigned b, bool clears)
{
	unsigned times, left;

	switch (operation) {
	case 0x00:
		return add_bits(a, b, 0);
	case 0x10:
		return add_bits(a, flip_bits(b), 1);
	case 0x20:
		return multiply(a, b);
	case 0x30:
		times = divide(a, b, &left);
		return times;
	case 0x40:
		return combine(a, b, "0111");
	case 0x50:
		return combine(a, b, "0001");
	case 0x60:
		return shift(a, b, true, clears);
	case 0x70:
		return shift(a, b, false, clears);
	case 0x80:
		return add_bits(flip_bits(a), 0, 1);
	case 0x90:
		divide(a, b, &left);
		return left;
	default:
		return combine(a, b, "0110");
	}
}

/* The highest bit in which they differ decides. */
static int order(unsigned a, unsigned b)
{
	for (unsigned i = 8; i-- > 0;)
		if (bit(a, i) != bit(b, i))
			return bit(a, i) ? 1 : -1;
	return 0;
}

static bool say_test(unsigned operation, unsigned a, unsigned b)
{
	switch (operation) {
	case 0x10:
		return order(a, b) == 0;
	case 0x20:
		return order(a, b) > 0;
	case 0x30:
		return order(a, b) >= 0;
	default:
		return combine(a, b, "0001") != 0;
	}
}

static void test_alu(unsigned operation)
{
	unsigned n = 0, bad = 0;

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			for (int clears = 0; clears < 2; clears++) {
				/* a division by 0 is never asked for */
				if (b == 0 &&
				    (operation == 0x30 || operation == 0x90))
					continue;
				n++;
				bad += ev_alu(operation, (ev_word)a, (ev_word)b,
					      clears) !=
				       say_alu(operation, a, b, clears);
			}
	tap_ok(bad == 0,
	       "ALU operation 0x%02x at 8 bits: %u cases, all there are",
	       operation, n);
}

static void test_test(unsigned operation)
{
	unsigned bad = 0;

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			bad += ev_test(operation, (ev_word)a, (ev_word)b) !=
			       say_test(operation, a, b);
	tap_ok(bad == 0,
	       "jump operation 0x%02x at 8 bits: 65536 cases, all there are",
	       operation);
}

/* ---- the machines that are here ----------------------------------------- */

static const uint32_t values[] = {
	0,	    1,		2,	    3,		7,	    8,
	31,	    32,		33,	    63,		64,	    127,
	128,	    255,	256,	    0x7fff,	0x8000,	    0xffff,
	0x10000,    0x12345678, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
	0xedcba987, 0xfffffffe, 0xffffffff,
};

#define N_VALUES (sizeof(values) / sizeof(values[0]))

/* ld #a; ldx #b; the operation; what shows of it. */
static size_t put_program(struct cbpf_insn *insns, uint16_t code, uint32_t a,
			  uint32_t b)
{
	size_t n = 0;

	insns[n++] = (struct cbpf_insn){ CBPF_LD_IMM, 0, 0, a };
	insns[n++] = (struct cbpf_insn){ CBPF_LDX_IMM, 0, 0, b };
	insns[n++] = (struct cbpf_insn){ code, 0, 1, code & 8 ? 0 : b };
	if ((code & 7) == 5)
		insns[n++] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 1 };
	insns[n++] = (struct cbpf_insn){ CBPF_RET_A, 0, 0, 0 };
	return n;
}

static void ask_machine(struct cbpf_judge *judge,
			const struct cbpf_engine *engine, uint16_t code)
{
	const uint8_t none[1] = { 0 };
	const struct cbpf_packet packet = { none, 1, 0, NULL };
	unsigned n = 0, bad = 0;
	struct cbpf_insn insns[5];

	for (size_t i = 0; i < N_VALUES * N_VALUES; i++) {
		uint32_t a = values[i / N_VALUES], b = values[i % N_VALUES];
		size_t length = put_program(insns, code, a, b);
		struct cbpf_judged judged;
		enum cbpf_err err = cbpf_judge_load(judge, insns, length, NULL);

		/* refused by both: a constant that divides or shifts wrongly */
		if (err != CBPF_OK) {
			bad += err == CBPF_E_DIFFERS || err == CBPF_E_SYSTEM;
			continue;
		}
		err = cbpf_judge_run(judge, &packet, &judged);
		n++;
		bad += err != CBPF_OK || !judged.is_run || !judged.agrees ||
		       judged.is_plain;
	}
	tap_ok(bad == 0 && n > 100, "%s: code 0x%02x over %u pairs of operands",
	       engine->name, code, n);
}

static void ask_machines(const char *required)
{
	struct cbpf_engine_opts exact = { .size = sizeof(exact),
					  .is_exact = true };

	for (size_t i = 0; i < N_ORACLES; i++) {
		const struct cbpf_engine *engine = oracles[i];
		struct cbpf_judge *judge;

		/* those that show all of a verdict, to any program */
		if (engine->dialect == CBPF_SECCOMP ||
		    (engine->dialect == CBPF_LINUX && !engine->has_exact) ||
		    !oracle_can_run(engine, required))
			continue;
		if (cbpf_judge_new(engine, engine->dialect, &exact, &judge)) {
			tap_ok(false, "out of memory");
			continue;
		}
		for (unsigned code = 0; code < 256; code++)
			if (((code & 7) == 4 || (code & 0xf7) == 0x15 ||
			     (code & 0xf7) == 0x25 || (code & 0xf7) == 0x35 ||
			     (code & 0xf7) == 0x45) &&
			    cbpf_dialect_executes(engine->dialect,
						  (uint16_t)code))
				ask_machine(judge, engine, (uint16_t)code);
		cbpf_judge_free(judge);
	}
}

int main(int argc, char **argv)
{
	for (unsigned operation = 0x00; operation <= 0xa0; operation += 0x10)
		test_alu(operation);
	for (unsigned operation = 0x10; operation <= 0x40; operation += 0x10)
		test_test(operation);
	ask_machines(argc > 2 ? argv[2] : "");
	return tap_done();
}
