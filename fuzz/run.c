/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program and a packet, both hostile, under every dialect: what the verifier
 * takes is run to its end within the packet, whole, stepped and watched alike.
 * Bytes: the number of instructions, flags of the context, the headroom, two
 * offsets, then the instructions (8 bytes each) and the packet.
 */
#include <string.h>

#include "cbpf/cbpf.h"
#include "fuzz.h"

#define HEAD	  8
#define INSNS	  64
#define STEPS_MAX 5000 /* of a loop; the rest would be more of the same */

static bool goes_on(void *ctx, const struct cbpf_state *state)
{
	(void)state;
	return ++*(uint64_t *)ctx <= STEPS_MAX;
}

static struct cbpf_result step_through(const struct cbpf_prog *prog,
				       const struct cbpf_packet *packet)
{
	struct cbpf_result result = { 0 };
	struct cbpf_state state = cbpf_state_init(packet);
	int64_t offset, headroom = packet->ctx->headroom;
	uint32_t size;

	do {
		if (!cbpf_step_reads(prog, packet, &state, &offset, &size))
			continue;
		fuzz_must(!size || (offset >= -headroom &&
				    offset + size <= packet->caplen));
	} while (cbpf_step(prog, packet, &state, &result));
	return result;
}

static bool is_alike(const struct cbpf_result *a, const struct cbpf_result *b)
{
	return a->end == b->end && a->why == b->why && a->value == b->value &&
	       a->pc == b->pc && a->steps == b->steps;
}

static void run(const struct cbpf_prog *prog, const struct cbpf_packet *packet)
{
	uint64_t n_seen = 0;
	struct cbpf_watch watch = { .size = sizeof(watch),
				    .before = goes_on,
				    .ctx = &n_seen };
	struct cbpf_result whole, other;

	cbpf_run_watched(prog, packet, &watch, &other);
	if (other.end == CBPF_ENDLESS)
		return;
	cbpf_run(prog, packet, &whole);
	fuzz_must(is_alike(&whole, &other));
	fuzz_must(whole.pc < cbpf_prog_length(prog) ||
		  cbpf_prog_length(prog) == 0);
	fuzz_must(whole.end == CBPF_NO_DEVICE || whole.end == CBPF_RETURNED ||
		  whole.value == 0);
	other = step_through(prog, packet);
	fuzz_must(is_alike(&whole, &other));
}

static void go_round(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_code code;
	char *text;
	size_t size;

	if (n == 0)
		return;
	fuzz_must(!cbpf_text_write(CBPF_FORMAT_ASM, insns, n, NULL, &text,
				   &size));
	fuzz_must(!cbpf_text_read(CBPF_FORMAT_ASM, text, size, NULL, &code,
				  NULL));
	fuzz_must(code.n == n &&
		  !memcmp(code.insns, insns, n * sizeof(*insns)));
	cbpf_code_free(&code);
	cbpf_text_free(text, size, NULL);
}

static struct cbpf_ctx make_context(const uint8_t *head, uint32_t len)
{
	struct cbpf_ctx ctx = {
		.headroom = head[2] % 64 > len ? len : head[2] % 64,
		.has_link = head[1] & 1,
		.has_device = head[1] & 2,
		.is_paged = head[1] & 4,
		.has_vlan = head[1] & 8,
		.order = (enum cbpf_order)(head[1] >> 4 & 3) % 3,
		.proto = (uint16_t)(head[5] << 8 | head[6]),
		.hatype = 1,
		.mark = 0xdeadbeef,
		.seed = head[7],
	};

	/* anywhere from the headroom on, behind the end too */
	ctx.link_off = head[3] - (int32_t)ctx.headroom;
	ctx.net_off = head[4] - (int32_t)ctx.headroom;
	return ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cbpf_insn insns[INSNS];
	struct cbpf_packet packet = { 0 };
	struct cbpf_ctx ctx;
	size_t n;

	if (size < HEAD)
		return 0;
	n = bytes[0] % (INSNS + 1);
	if (n > (size - HEAD) / sizeof(*insns))
		n = (size - HEAD) / sizeof(*insns);
	memcpy(insns, bytes + HEAD, n * sizeof(*insns));
	packet.data = bytes + HEAD + n * sizeof(*insns);
	packet.caplen = (uint32_t)(size - HEAD - n * sizeof(*insns));
	ctx = make_context(bytes, packet.caplen);
	packet.data += ctx.headroom;
	packet.caplen -= ctx.headroom;
	packet.wirelen = packet.caplen + bytes[7];
	packet.ctx = &ctx;
	go_round(insns, n);
	for (int d = 0; d < CBPF_DIALECTS; d++) {
		struct cbpf_prog_opts opts = { .size = sizeof(opts),
					       .dialect =
						       (enum cbpf_dialect)d };
		struct cbpf_check_opts check = { .size = sizeof(check),
						 .dialect =
							 (enum cbpf_dialect)d };
		enum cbpf_err legal = cbpf_check(insns, n, &check, NULL);
		struct cbpf_prog *prog;
		enum cbpf_err err = cbpf_prog_new(insns, n, &opts, &prog, NULL);

		fuzz_must(legal == err); /* too short for any limit */
		fuzz_must((err == CBPF_OK) == (prog != NULL));
		cbpf_check_cost(insns, n, (enum cbpf_dialect)d);
		if (prog)
			run(prog, &packet);
		cbpf_prog_free(prog);
	}
	return 0;
}
