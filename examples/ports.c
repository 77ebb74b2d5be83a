/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accepts TCP over IPv4 to any of the ports given, 300 of them for example:
 *
 *	ports $(seq 8000 8299) | cbpf check -
 *
 * The labels are further away than a branch reaches; the builder sees to it.
 */
#include <cbpf/cbpf.h>
#include <stdio.h>
#include <stdlib.h>

static void build(struct cbpf_builder *b, int n, char **ports)
{
	cbpf_builder_add(b, CBPF_LD_H, 12);
	cbpf_builder_jump(b, CBPF_JEQ_K, 0x800, NULL, "drop");
	cbpf_builder_add(b, CBPF_LD_B, 23);
	cbpf_builder_jump(b, CBPF_JEQ_K, 6, NULL, "drop");
	cbpf_builder_add(b, CBPF_LD_H, 20); /* a later fragment has no ports */
	cbpf_builder_jump(b, CBPF_JSET_K, 0x1fff, "drop", NULL);
	cbpf_builder_add(b, CBPF_LDX_MSH, 14); /* X: length of the IP header */
	cbpf_builder_add(b, CBPF_LD_HX, 16);
	for (int i = 0; i < n; i++)
		cbpf_builder_jump(b, CBPF_JEQ_K,
				  (uint32_t)strtoul(ports[i], NULL, 0),
				  "accept", NULL);
	cbpf_builder_label(b, "drop");
	cbpf_builder_add(b, CBPF_RET_K, 0);
	cbpf_builder_label(b, "accept");
	cbpf_builder_add(b, CBPF_RET_K, 262144);
}

int main(int argc, char **argv)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX };
	struct cbpf_builder *b;
	struct cbpf_code code;
	struct cbpf_diag diag;
	char sentence[256], *text;
	size_t size;

	if (cbpf_builder_new(NULL, &b) != CBPF_OK)
		return 2;
	build(b, argc - 1, argv + 1);
	if (cbpf_builder_finish(b, &opts, &code, &diag) != CBPF_OK) {
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		fprintf(stderr, "ports: %s\n", sentence);
		return 1;
	}
	if (cbpf_text_write(CBPF_FORMAT_DDD, code.insns, code.n, NULL, &text,
			    &size) != CBPF_OK)
		return 2;
	fputs(text, stdout);
	cbpf_text_free(text, size, NULL);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	return 0;
}
