/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A disagreement told so that it can be looked at: where engine and twin can
 * have parted, and the smallest program and packet on which they still differ,
 * as a test vector. Works on copies; the judge has another program loaded
 * afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static void print_parting(FILE *to, struct cbpf_judge *judge,
			  const struct cbpf_insn *insns, size_t n,
			  const struct cbpf_packet *packet)
{
	uint32_t pc = cbpf_judge_parting(judge, insns, n, packet);
	char insn[96];

	if (pc == CBPF_NO_PC)
		return;
	cbpf_insn_format(&insns[pc], pc, insn, sizeof(insn));
	fprintf(to, "# they can have parted at instruction %u of %zu: %s\n", pc,
		n, insn);
}

void narrow_packet(FILE *to, struct cbpf_judge *judge,
		   const struct engines *engines,
		   const struct cbpf_engine *engine, enum cbpf_dialect dialect,
		   const struct cbpf_insn *given, size_t n,
		   const struct cbpf_packet *packet)
{
	uint32_t headroom = packet->ctx ? packet->ctx->headroom : 0;
	struct cbpf_insn *insns = malloc((n + 1) * sizeof(*insns));
	uint8_t *data = malloc((size_t)headroom + packet->caplen + 1);
	struct cbpf_packet small = *packet;
	struct cbpf_judged judged;
	char text[64];

	if (insns && data) {
		memcpy(insns, given, n * sizeof(*insns));
		memcpy(data, packet->data - headroom,
		       (size_t)headroom + packet->caplen);
		small.data = data + headroom;
		print_parting(to, judge, insns, n, packet);
		cbpf_judge_shrink(judge, insns, &n, &small, data + headroom);
		if (cbpf_judge_load(judge, insns, n, NULL) == CBPF_OK &&
		    cbpf_judge_run(judge, &small, &judged) == CBPF_OK) {
			fprintf(to,
				"# the smallest that still differs, of %zu "
				"instructions; %s gives %s\n",
				n, engine->name,
				answer_text(&judged.answer, text,
					    sizeof(text)));
			print_vector(to, dialect, &engines->opts, insns, n,
				     &small, &judged.twin);
		}
	}
	free(insns);
	free(data);
}

void narrow_load(FILE *to, struct cbpf_judge *judge,
		 const struct engines *engines, enum cbpf_dialect dialect,
		 const struct cbpf_insn *given, size_t n)
{
	struct cbpf_insn *insns = malloc((n + 1) * sizeof(*insns));
	uint8_t none[1] = { 0 };
	struct cbpf_packet empty = { none, 0, 0, NULL };

	if (!insns)
		return;
	memcpy(insns, given, n * sizeof(*insns));
	cbpf_judge_shrink(judge, insns, &n, &empty, none);
	fprintf(to,
		"# the smallest on which they still differ, of %zu "
		"instructions\n",
		n);
	print_vector(to, dialect, &engines->opts, insns, n, NULL, NULL);
	free(insns);
}
