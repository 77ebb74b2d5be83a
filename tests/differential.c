/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs and packets on every engine beside its twin.
 *
 *	differential [--require ENGINES] [--pairs N] [--seed N]
 *
 * At most 16 packets a program, and half the accepted programs must execute 8
 * instructions or more, or the run counts as failed: easy pairs prove little.
 */
#include <stdlib.h>
#include <string.h>

#include "oracles.h"

#define PACKETS 16
#define INSNS	40
#define BYTES	128

struct counts {
	unsigned long pairs, programs, refused, skipped, plain, busy;
};

static void print_case(const struct cbpf_engine *engine,
		       const struct cbpf_insn *insns, size_t n,
		       const struct cbpf_packet *packet)
{
	char *text;
	size_t size;

	if (cbpf_text_write(CBPF_FORMAT_ASM, insns, n, NULL, &text, &size))
		return;
	printf("# %s, the smallest that still differs:\n", engine->name);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %s\n", line);
	printf("#   packet:");
	for (uint32_t i = 0; packet && i < packet->caplen; i++)
		printf(" %02x", packet->data[i]);
	putchar('\n');
	cbpf_text_free(text, size, NULL);
}

/* One program and its packets; false after printing a disagreement. */
static bool run_program(struct cbpf_judge *judge,
			const struct cbpf_engine *engine,
			struct cbpf_insn *insns, size_t n, uint64_t *seed,
			struct counts *c)
{
	uint8_t data[BYTES];
	struct cbpf_packet packet = { data, 0, 0, NULL };
	struct cbpf_judged judged;
	struct cbpf_diag diag;
	uint64_t most = 0;
	enum cbpf_err err = cbpf_judge_load(judge, insns, n, &diag);

	if (err == CBPF_E_DIFFERS || err == CBPF_E_SYSTEM) {
		printf("# %s: %s\n", engine->name, diag.word);
		print_case(engine, insns, n, NULL);
		return false;
	}
	if (err != CBPF_OK) {
		c->refused++;
		return true;
	}
	for (int i = 0; i < PACKETS; i++) {
		packet.caplen = packet.wirelen = (uint32_t)cbpf_random_packet(
			seed, insns, n, data, sizeof(data));
		if (cbpf_judge_run(judge, &packet, &judged) != CBPF_OK) {
			printf("# %s cannot be asked\n", engine->name);
			return false;
		}
		c->skipped += !judged.is_run;
		c->pairs += judged.is_run;
		c->plain += judged.is_plain;
		if (judged.is_run && !judged.agrees) {
			cbpf_judge_shrink(judge, insns, &n, &packet, data);
			print_case(engine, insns, n, &packet);
			return false;
		}
		if (judged.twin.steps > most)
			most = judged.twin.steps;
	}
	c->programs++;
	c->busy += most >= 8;
	return true;
}

static void test_engine(const struct cbpf_engine *engine, const char *required,
			unsigned long pairs, uint64_t seed, bool is_wild)
{
	struct cbpf_engine_opts opts = { .size = sizeof(opts),
					 .is_exact = true };
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = engine->dialect,
					   .max_insns = INSNS,
					   .is_wild = is_wild };
	struct cbpf_insn insns[INSNS];
	struct cbpf_judge *judge;
	struct counts c = { 0 };
	bool is_ok = true;

	if (!oracle_can_run(engine, required))
		return;
	if (cbpf_judge_new(engine, engine->dialect, &opts, &judge)) {
		tap_ok(false, "out of memory");
		return;
	}
	while (is_ok && c.pairs < pairs) {
		uint64_t before = seed;
		size_t n = cbpf_random_program(&seed, &random, insns);

		is_ok = run_program(judge, engine, insns, n, &seed, &c);
		if (!is_ok)
			printf("# seed 0x%llx\n", (unsigned long long)before);
	}
	tap_ok(is_ok,
	       "%s: %lu pairs of %lu %sprograms agree, %lu programs refused by "
	       "both, %lu pairs skipped, %lu in plain mode",
	       engine->name, c.pairs, c.programs, is_wild ? "wild " : "",
	       c.refused, c.skipped, c.plain);
	if (is_ok && !is_wild)
		tap_ok(c.busy * 2 >= c.programs,
		       "%s: %lu of %lu programs executed 8 instructions or more",
		       engine->name, c.busy, c.programs);
	cbpf_judge_free(judge);
}

int main(int argc, char **argv)
{
	unsigned long pairs = 220000;
	uint64_t seed = 1;
	const char *required = "";

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--require") == 0)
			required = argv[i + 1];
		else if (strcmp(argv[i], "--pairs") == 0)
			pairs = strtoul(argv[i + 1], NULL, 0);
		else if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 0);
	}
	for (size_t i = 0; i < N_ORACLES; i++) {
		bool is_udp = strncmp(oracles[i]->name, "linux-udp", 9) == 0;

		/* their packets are made with more care: frames.c, calls.c */
		if (oracles[i] == &cbpf_engine_linux_packet ||
		    oracles[i] == &cbpf_engine_linux_seccomp)
			continue;
		/* datagrams over loopback are slower; a tenth of them */
		test_engine(oracles[i], required, is_udp ? pairs / 10 : pairs,
			    seed, false);
		test_engine(oracles[i], required, pairs / 10, seed, true);
	}
	return tap_done();
}
