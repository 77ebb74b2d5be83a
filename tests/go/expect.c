/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and packets for tests/go/vm.go on stdout, and what our go dialect
 * says of them, in the same words, in a file.
 *
 *	go-expect N SEED FILE
 *
 * First every code with some constants, in the middle and last; then N random
 * programs, half of them wild.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cbpf/cbpf.h"

#define PACKETS 4
#define INSNS	40

static FILE *expected;
static uint64_t seed;

static void put_packet(const uint8_t *data, size_t len)
{
	putchar(' ');
	if (len == 0)
		putchar('-');
	for (size_t i = 0; i < len; i++)
		printf("%02x", data[i]);
}

static void put_verdict(const struct cbpf_prog *prog, const uint8_t *data,
			size_t len)
{
	struct cbpf_packet packet = { data, (uint32_t)len, 0, NULL };
	struct cbpf_result result;

	cbpf_run(prog, &packet, &result);
	if (result.end == CBPF_ABORTED && result.why == CBPF_E_REACHED)
		fprintf(expected, " E");
	else
		fprintf(expected, " %u", result.value);
}

static void put_case(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_GO };
	struct cbpf_prog *prog;
	uint8_t data[128];

	for (size_t i = 0; i < n; i++)
		printf("%s%u,%u,%u,%u", i ? " " : "", insns[i].code,
		       insns[i].jt, insns[i].jf, insns[i].k);
	putchar('|');
	if (cbpf_prog_new(insns, n, &opts, &prog, NULL) != CBPF_OK)
		fprintf(expected, "reject");
	else
		fprintf(expected, "ok");
	for (int i = 0; i < PACKETS; i++) {
		size_t len;

		if (!prog)
			break;
		len = cbpf_random_packet(&seed, prog, 0, data, sizeof(data));
		put_packet(data, len);
		put_verdict(prog, data, len);
	}
	putchar('\n');
	fputc('\n', expected);
	cbpf_prog_free(prog);
}

static void put_codes(void)
{
	static const uint32_t ks[] = {
		0, 1, 15, 16, 33, 0xfffff000, 0xfffff001
	};

	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		/* above 255 a few will do: high bits are ignored, or are not */
		if (code > 0x1ff && code % 251 != 0)
			continue;
		for (size_t i = 0; i < sizeof(ks) / sizeof(ks[0]); i++) {
			struct cbpf_insn insns[] = { { (uint16_t)code, 0, 0,
						       ks[i] },
						     { 0x16, 0, 0, 0 } };

			put_case(insns, 1);
			put_case(insns, 2);
		}
	}
}

int main(int argc, char **argv)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts),
					 .dialect = CBPF_GO };
	struct cbpf_insn insns[INSNS];
	long n;

	if (argc != 4 || !(expected = fopen(argv[3], "w")))
		return 2;
	seed = strtoull(argv[2], NULL, 0);
	put_codes();
	for (n = strtol(argv[1], NULL, 0); n > 0; n--) {
		opts.kind = (enum cbpf_random_kind)(n % 3);
		put_case(insns, cbpf_random_program(&seed, &opts, insns));
	}
	return fclose(expected) != 0;
}
