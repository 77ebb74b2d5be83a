/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What optimizing costs at worst: programs of 4,096 instructions that are made
 * to have many ways, many values and jumps to anywhere.
 *
 *	hostile [SEEDS]
 *
 * For each kind, of SEEDS (default 50) programs each, made quick and short: the
 * longest time and the most memory held at a time; how many were handed back as
 * they were given, and why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cbpf/cbpf.h"

#define LONG 4096
#define ENDS 256 /* returns, at the end: jumps reach no farther */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % n);
}

/* ---- memory that is counted --------------------------------------------- */

static size_t held, most;

static void *counted(void *ctx, void *p, size_t old_size, size_t new_size)
{
	void *made;

	(void)ctx;
	if (new_size == 0) {
		free(p);
		held -= old_size;
		return NULL;
	}
	made = realloc(p, new_size);
	if (made) {
		held += new_size - old_size;
		most = held > most ? held : most;
	}
	return made;
}

/* ---- programs ----------------------------------------------------------- */

static struct cbpf_insn jump(uint16_t code, uint32_t k)
{
	return (struct cbpf_insn){ code, (uint8_t)below(ENDS),
				   (uint8_t)below(ENDS), k };
}

/* 2^1000 ways: a diamond behind another, each adding to X. */
static struct cbpf_insn ladder(uint32_t at)
{
	switch (at % 4) {
	case 0:
		return (struct cbpf_insn){ CBPF_LD_B, 0, 0, at % 200 };
	case 1:
		return (struct cbpf_insn){ CBPF_JEQ_K, 0, 1, below(256) };
	case 2:
		return (struct cbpf_insn){ CBPF_ADD_X, 0, 0, 0 };
	default:
		return (struct cbpf_insn){ CBPF_TAX, 0, 0, 0 };
	}
}

/* Every jump to anywhere, registers changed between. */
static struct cbpf_insn everywhere(uint32_t at)
{
	static const uint16_t tests[] = { CBPF_JEQ_K,  CBPF_JGT_K, CBPF_JGE_K,
					  CBPF_JSET_K, CBPF_JEQ_X, CBPF_JGT_X };

	(void)at;
	switch (below(10)) {
	case 0:
	case 1:
		return (struct cbpf_insn){ CBPF_LD_B, 0, 0, below(60) };
	case 2:
		return (struct cbpf_insn){ CBPF_AND_K, 0, 0, below(65536) };
	case 3:
		return (struct cbpf_insn){
			(uint16_t)(below(2) ? CBPF_TAX : CBPF_TXA), 0, 0, 0
		};
	default:
		return jump(tests[below(6)], below(64));
	}
}

/* Tests of one value, to anywhere. */
static struct cbpf_insn one_value(uint32_t at)
{
	static const uint16_t tests[] = { CBPF_JEQ_K, CBPF_JGT_K, CBPF_JGE_K,
					  CBPF_JSET_K };

	if (at == 0)
		return (struct cbpf_insn){ CBPF_LD_H, 0, 0, 12 };
	return jump(tests[below(4)], below(65536));
}

/* Sixteen values in M[], tested in any order, with jumps over whole tests. */
static struct cbpf_insn many_values(uint32_t at)
{
	struct cbpf_insn insn;

	if (at < 32)
		return at % 2 == 0
			       ? (struct cbpf_insn){ CBPF_LD_B, 0, 0, at / 2 }
			       : (struct cbpf_insn){ CBPF_ST, 0, 0, at / 2 };
	if (at % 2 == 0)
		return (struct cbpf_insn){ CBPF_LD_MEM, 0, 0, below(16) };
	insn = jump(below(2) ? CBPF_JEQ_K : CBPF_JGE_K, below(256));
	insn.jt &= 0xfe;
	insn.jf &= 0xfe;
	return insn;
}

/* The same, and they are changed: each joins with itself everywhere. */
static struct cbpf_insn many_joins(uint32_t at)
{
	struct cbpf_insn insn;

	if (at < 32)
		return many_values(at);
	switch (at % 4) {
	case 0:
		return (struct cbpf_insn){ CBPF_LD_MEM, 0, 0, below(16) };
	case 1:
		insn = jump(CBPF_JEQ_K, below(256));
		insn.jt = (uint8_t)(insn.jt / 4 * 4 + 2 * (insn.jt & 1));
		insn.jf = (uint8_t)(insn.jf / 4 * 4 + 2 * (insn.jf & 1));
		return insn;
	case 2:
		return (struct cbpf_insn){ CBPF_ADD_K, 0, 0, below(9) };
	default:
		return (struct cbpf_insn){ CBPF_ST, 0, 0, below(16) };
	}
}

static const struct kind {
	const char *name;
	struct cbpf_insn (*insn)(uint32_t at);
} kinds[] = {
	{ "a ladder of diamonds", ladder },
	{ "jumps to anywhere", everywhere },
	{ "one value, tested to anywhere", one_value },
	{ "sixteen values", many_values },
	{ "sixteen values that change", many_joins },
};

static void make(const struct kind *kind, struct cbpf_insn *insns)
{
	for (uint32_t at = 0; at < LONG; at++) {
		insns[at] = kind->insn(at);
		if (at >= LONG - ENDS)
			insns[at] = (struct cbpf_insn){
				(uint16_t)(below(2) ? CBPF_RET_K : CBPF_RET_A),
				0, 0, below(3)
			};
	}
}

/* ---- all of it ---------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void measure(const struct kind *kind, bool is_small, int seeds)
{
	static struct cbpf_insn insns[LONG];
	const struct cbpf_mem mem = { NULL, counted };
	const struct cbpf_optimize_opts opts = { .size = sizeof(opts),
						 .dialect = CBPF_LIBPCAP,
						 .is_small = is_small,
						 .mem = &mem };
	double longest = 0;
	int better = 0, back[CBPF_E_COUNT] = { 0 };

	most = 0;
	for (int i = 0; i < seeds; i++) {
		struct cbpf_optimized report;
		struct cbpf_code code;
		double start, took;

		seed = (uint64_t)i;
		make(kind, insns);
		start = now();
		if (cbpf_optimize(insns, LONG, &opts, &code, &report, NULL) !=
		    CBPF_OK) {
			printf("seed %d: refused\n", i);
			continue;
		}
		took = now() - start;
		longest = took > longest ? took : longest;
		better += report.is_better;
		back[report.why] += !report.is_better;
		cbpf_code_free(&code);
	}
	printf("%-30s %-5s %7.1f ms %6.1f MB; %d better", kind->name,
	       is_small ? "short" : "quick", longest, (double)most / 1e6,
	       better);
	for (int e = 0; e < CBPF_E_COUNT; e++)
		if (back[e])
			printf(", %d handed back: %s", back[e],
			       cbpf_err_name((enum cbpf_err)e));
	printf("\n");
}

int main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : 50;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		measure(&kinds[i], false, seeds);
		measure(&kinds[i], true, seeds);
	}
	return 0;
}
