/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate between verifier and interpreter (src/prog/sound.h): it refuses
 * what no step survives, and nothing that the verifier lets through, over
 * every code, in both positions, under every dialect.
 */
#include "prog/sound.h"
#include "tap.h"

/* A program with one decoded instruction made wrong. */
static void plant(const char *what, uint32_t pc, enum isa_op op, uint8_t jt,
		  uint8_t jf, uint32_t k)
{
	static const struct cbpf_insn insns[] = { { CBPF_TAX, 0, 0, 0 },
						  { CBPF_RET_A, 0, 0, 0 } };
	struct cbpf_prog *prog;

	if (cbpf_prog_new(insns, 2, NULL, &prog, NULL) != CBPF_OK) {
		tap_ok(false, "no program for %s", what);
		return;
	}
	prog->ops[pc] = (struct cbpf_insn){ (uint16_t)op, jt, jf, k };
	tap_ok(!prog_is_sound(prog), "the gate refuses %s", what);
	cbpf_prog_free(prog);
}

static void test_all_codes(void)
{
	static const uint32_t ks[] = { 0,	   1,	       15,
				       16,	   31,	       32,
				       60,	   64,	       0xfffff000,
				       0xfffff001, 0xfffff03c, 0xfffff040,
				       0xfffffffe, UINT32_MAX };
	unsigned n_taken = 0, n_wrong = 0;

	for (uint32_t i = 0; i <= UINT16_MAX; i++)
		for (size_t j = 0; j < 2 * CBPF_COUNT(ks); j++) {
			struct cbpf_insn insns[2] = {
				{ (uint16_t)i, (uint8_t)(j % 3), 0, ks[j / 2] },
				{ CBPF_RET_K, 0, 0, 0 }
			};
			size_t n = 1 + j % 2;

			/* codes above 255 differ in nothing but that */
			if (i > 0xff && j > 1)
				break;
			for (int d = 0; d < CBPF_DIALECTS; d++) {
				struct cbpf_prog_opts opts = {
					.size = sizeof(opts),
					.dialect = (enum cbpf_dialect)d
				};
				struct cbpf_prog *prog;
				enum cbpf_err err = cbpf_prog_new(
					insns, n, &opts, &prog, NULL);

				n_taken += err == CBPF_OK;
				n_wrong += err == CBPF_E_UNSOUND;
				cbpf_prog_free(prog);
			}
		}
	tap_ok(n_taken > 0 && n_wrong == 0,
	       "the gate takes what the verifier takes: %u programs", n_taken);
}

int main(void)
{
	plant("M[16]", 0, OP_ST, 0, 0, 16);
	plant("M[16] into X", 0, OP_LDX_MEM, 0, 0, 16);
	plant("a division by 0", 0, OP_DIV_K, 0, 0, 0);
	plant("a remainder by 0", 0, OP_MOD_K, 0, 0, 0);
	plant("an ancillary number that is none", 0, OP_LD_EXT, 0, 0, 64);
	plant("one between two", 0, OP_LD_EXT, 0, 0, 1);
	plant("a jt to the end", 0, OP_JEQ_K, 1, 0, 0);
	plant("a jf to the end", 0, OP_JSET_X, 0, 1, 0);
	plant("a ja to the end", 0, OP_JA, 0, 0, 1);
	plant("a loop that is not noted", 0, OP_JA, 0, 0, UINT32_MAX);
	plant("a code that there is not", 0, (enum isa_op)(OP_BAD + 1), 0, 0,
	      0);
	plant("65535", 0, (enum isa_op)UINT16_MAX, 0, 0, 0);
	plant("a last instruction that is no end", 1, OP_TXA, 0, 0, 0);
	plant("a last one that stores", 1, OP_ST, 0, 0, 1);
	plant("a last one that divides", 1, OP_DIV_K, 0, 0, 1);
	plant("a last one that asks for what is beside", 1, OP_LD_EXT, 0, 0, 4);
	plant("a last one that jumps", 1, OP_JEQ_K, 0, 0, 0);
	test_all_codes();
	return tap_done();
}
