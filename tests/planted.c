/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Wrong machines, planted: each must be caught by the judge, convicted at the
 * right instruction, and shrunk. A wrong machine here is interp running the
 * program after a fault has been put into it.
 */
#include <stdlib.h>
#include <string.h>

#include "cbpf/cbpf.h"
#include "tap.h"

/* ---- the faults --------------------------------------------------------- */

static void not_greater(struct cbpf_insn *insn) /* jgt is jge */
{
	if (insn->code == 0x25)
		insn->code = 0x35;
}

static void lost_tax(struct cbpf_insn *insn) /* tax does nothing */
{
	if (insn->code == 0x07)
		*insn = (struct cbpf_insn){ 0x04, 0, 0, 0 };
}

static void off_by_one(struct cbpf_insn *insn) /* half words one byte on */
{
	if (insn->code == 0x28 && insn->k < 0x80000000)
		insn->k++;
}

static void narrow_shift(struct cbpf_insn *insn) /* shifts modulo 16 */
{
	if (insn->code == 0x64)
		insn->k &= 15;
}

static void wrong_return(struct cbpf_insn *insn) /* one bit of a constant */
{
	if (insn->code == 0x06)
		insn->k ^= 0x10000;
}

/* ---- engines around them ------------------------------------------------ */

static void (*planted)(struct cbpf_insn *insn);

static enum cbpf_err load_wrong(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	struct cbpf_insn *copy = malloc((n + 1) * sizeof(*copy));
	enum cbpf_err err;

	if (!copy)
		return CBPF_E_NOMEM;
	memcpy(copy, insns, n * sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		planted(&copy[i]);
	err = cbpf_engine_interp.load(engine, opts, dialect, copy, n, handle,
				      diag);
	free(copy);
	return err;
}

static struct cbpf_engine wrong_engine(void)
{
	struct cbpf_engine engine = cbpf_engine_interp;

	engine.name = "planted";
	engine.dialect = CBPF_USER;
	engine.load = load_wrong;
	return engine;
}

/* ---- catching ----------------------------------------------------------- */

static void test_fault(const char *name, void (*fault)(struct cbpf_insn *insn),
		       uint16_t culprit, size_t largest)
{
	struct cbpf_engine engine = wrong_engine();
	struct cbpf_random_opts random = { .size = sizeof(random) };
	struct cbpf_insn insns[40];
	struct cbpf_judged judged;
	struct cbpf_judge *judge;
	uint8_t data[128];
	struct cbpf_packet packet = { data, 0, 0, NULL };
	uint64_t seed = 7;
	unsigned tries;
	size_t n = 0;
	uint32_t pc;
	bool is_caught = false;

	planted = fault;
	if (cbpf_judge_new(&engine, CBPF_USER, NULL, &judge) != CBPF_OK) {
		tap_ok(false, "out of memory");
		return;
	}
	for (tries = 0; tries < 20000 && !is_caught; tries++) {
		n = cbpf_random_program(&seed, &random, insns);
		if (cbpf_judge_load(judge, insns, n, NULL) != CBPF_OK)
			continue;
		for (int i = 0; i < 16 && !is_caught; i++) {
			packet.caplen = packet.wirelen =
				(uint32_t)cbpf_random_packet(
					&seed, insns, n, data, sizeof(data));
			is_caught = cbpf_judge_run(judge, &packet, &judged) ==
					    CBPF_OK &&
				    judged.is_run && !judged.agrees;
		}
	}
	tap_ok(is_caught, "%s: caught within %u programs", name, tries);
	if (is_caught) {
		pc = cbpf_judge_parting(judge, insns, n, &packet);
		tap_ok(pc < n && insns[pc].code == culprit,
		       "%s: parted at instruction %u, code 0x%x", name, pc,
		       pc < n ? insns[pc].code : 0);
		cbpf_judge_shrink(judge, insns, &n, &packet, data);
		tap_ok(cbpf_judge_load(judge, insns, n, NULL) == CBPF_OK &&
			       cbpf_judge_run(judge, &packet, &judged) ==
				       CBPF_OK &&
			       !judged.agrees && n <= largest,
		       "%s: shrunk to %zu instructions and %u bytes, and it "
		       "still differs",
		       name, n, packet.caplen);
	}
	cbpf_judge_free(judge);
}

int main(void)
{
	test_fault("jgt is jge", not_greater, 0x25, 5);
	test_fault("a lost tax", lost_tax, 0x07, 5);
	test_fault("a bound off by one", off_by_one, 0x28, 4);
	test_fault("a narrow shift", narrow_shift, 0x64, 5);
	test_fault("a wrong constant", wrong_return, 0x06, 2);
	return tap_done();
}
