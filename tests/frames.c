/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-packet at its four points: incoming and outgoing, from the
 * link header and from the network header on. Programs that return each thing
 * a filter can ask run over crafted frames, all lengths and tags among them,
 * and must give what interp gives on the view. TAP. Random programs are cbpf
 * fuzz's business.
 *
 *	frames [--require LIST]
 */
#include "cbpf/cbpf.h"
#include "tap.h"

#define FRAME 200

static uint64_t seed = 1;

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* To the device itself. */
static void put_address(uint8_t *frame)
{
	static const uint8_t own[] = { 0x02, 0x63, 0x62, 0x70, 0x66, 0x01 };

	memcpy(frame, own, sizeof(own));
}

static uint32_t make_frame(const struct cbpf_judge *judge, uint8_t *frame)
{
	return (uint32_t)cbpf_random_packet(&seed, cbpf_judge_prog(judge),
					    cbpf_engine_linux_packet.link,
					    frame, FRAME);
}

/* ---- questions ---------------------------------------------------------- */

/*
 * A program whose verdict tells bits of a value in A: a frame that passes
 * shows min(verdict, length), so 6 bits at a time and one for being there.
 */
static size_t ask(struct cbpf_insn *insns, uint32_t load, unsigned shift)
{
	insns[0] = (struct cbpf_insn){ CBPF_LD_W, 0, 0, load };
	insns[1] = (struct cbpf_insn){ CBPF_RSH_K, 0, 0, shift };
	insns[2] = (struct cbpf_insn){ CBPF_AND_K, 0, 0, 7 };
	insns[3] = (struct cbpf_insn){ CBPF_ADD_K, 0, 0, 1 };
	insns[4] = (struct cbpf_insn){ CBPF_RET_A, 0, 0, 0 };
	return 5;
}

static void print_case(const struct cbpf_insn *insns, size_t n,
		       const uint8_t *frame, uint32_t len,
		       const struct cbpf_judged *judged)
{
	char *text;
	size_t size;

	if (cbpf_text_write(CBPF_FORMAT_ASM, insns, n, NULL, &text, &size))
		return;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %s\n", line);
	cbpf_text_free(text, size, NULL);
	printf("#  ");
	for (uint32_t i = 0; i < len; i++)
		printf(" %02x", frame[i]);
	printf("\n# wanted %d %u, got %d %u\n", judged->expected.is_passed,
	       judged->expected.value, judged->answer.is_passed,
	       judged->answer.value);
}

struct point {
	const char *name;
	bool is_outgoing, is_dgram;
};

static const struct point points[] = {
	{ "incoming, RAW", false, false },
	{ "incoming, DGRAM", false, true },
	{ "outgoing, RAW", true, false },
	{ "outgoing, DGRAM", true, true },
};

struct counts {
	unsigned long n, skipped, bad;
};

/* One frame under the program that is loaded. */
static void run_one(struct cbpf_judge *judge, const struct cbpf_insn *insns,
		    size_t n, const uint8_t *frame, uint32_t len,
		    const struct cbpf_ctx *ctx, struct counts *c)
{
	struct cbpf_packet packet = { frame, len, 0, ctx };
	struct cbpf_judged judged;

	if (cbpf_judge_run(judge, &packet, &judged) != CBPF_OK) {
		char sentence[200];

		cbpf_diag_format(&judged.diag, sentence, sizeof(sentence));
		printf("# %s\n", sentence);
		c->bad++;
		return;
	}
	c->n += judged.is_run;
	c->skipped += !judged.is_run;
	if (judged.is_run && !judged.agrees && c->bad++ < 3)
		print_case(insns, n, frame, len, &judged);
}

static void test_question(struct cbpf_judge *judge, const char *point,
			  const char *name, uint32_t load, unsigned bits,
			  int frames)
{
	struct counts c = { 0 };
	uint8_t frame[FRAME];
	struct cbpf_insn insns[5];

	for (unsigned shift = 0; shift < bits; shift += 3) {
		size_t n = ask(insns, load, shift);
		struct cbpf_ctx ctx = { .mark = 0x5a5a1234 };

		if (cbpf_judge_load(judge, insns, n, NULL) != CBPF_OK)
			c.bad++;
		for (int i = 0; i < frames; i++) {
			uint32_t len = make_frame(judge, frame);

			run_one(judge, insns, n, frame, len, &ctx, &c);
		}
	}
	tap_ok(c.bad == 0 && c.n > 0, "%s: %s, %lu frames, %lu skipped", point,
	       name, c.n, c.skipped);
}

static void test_questions(struct cbpf_judge *judge, const char *point)
{
	static const struct {
		const char *name;
		uint32_t load;
		unsigned bits;
	} questions[] = {
		{ "proto", CBPF_EXT_PROTO, 16 },
		{ "type", CBPF_EXT_TYPE, 3 },
		{ "ifidx", CBPF_EXT_IFIDX, 12 },
		{ "nla", CBPF_EXT_NLA, 12 },
		{ "nlan", CBPF_EXT_NLAN, 12 },
		{ "mark", CBPF_EXT_MARK, 32 },
		{ "queue", CBPF_EXT_QUEUE, 16 },
		{ "hatype", CBPF_EXT_HATYPE, 16 },
		{ "rxhash", CBPF_EXT_RXHASH, 32 },
		{ "cpu", CBPF_EXT_CPU, 6 },
		{ "xor_x", CBPF_EXT_XOR_X, 6 },
		{ "vlan_tci", CBPF_EXT_VLAN_TCI, 16 },
		{ "vlan_avail", CBPF_EXT_VLAN_AVAIL, 3 },
		{ "poff", CBPF_EXT_POFF, 12 },
		{ "vlan_tpid", CBPF_EXT_VLAN_TPID, 16 },
		{ "bytes behind the network header", 0xfff00000, 32 },
		{ "and before it", 0xfff00010, 32 },
		{ "bytes behind the link header", 0xffe00000, 32 },
		{ "the Ethertype there", 0xffe0000c, 32 },
		{ "data", 12, 32 },
	};

	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		test_question(judge, point, questions[i].name,
			      questions[i].load, questions[i].bits, 200);
}

/* MSH over both headers, and the length. */
static void test_msh(struct cbpf_judge *judge, const char *point)
{
	static const uint32_t at[] = { 0xfff00000, 0xfff00009, 0xffe0000e, 0,
				       14 };
	struct counts c = { 0 };
	uint8_t frame[FRAME];

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		const struct cbpf_insn insns[] = {
			{ CBPF_LDX_MSH, 0, 0, at[i] }, { CBPF_LD_LEN, 0, 0, 0 },
			{ CBPF_ADD_X, 0, 0, 0 },       { CBPF_AND_K, 0, 0, 15 },
			{ CBPF_RET_A, 0, 0, 0 },
		};

		cbpf_judge_load(judge, insns, 5, NULL);
		for (int f = 0; f < 300; f++)
			run_one(judge, insns, 5, frame,
				make_frame(judge, frame), NULL, &c);
	}
	tap_ok(c.bad == 0, "%s: MSH and the length, %lu frames", point, c.n);
}

static void test_sizes(struct cbpf_judge *judge, const char *point)
{
	static const struct cbpf_insn insns[] = { { CBPF_RET_K, 0, 0,
						    UINT32_MAX } };
	static uint8_t frame[70000];
	struct counts c = { 0 };

	put_address(frame);
	put16(frame + 12, 0x88b5);
	cbpf_judge_load(judge, insns, 1, NULL);
	for (uint32_t len = 0; len <= 1600; len++)
		run_one(judge, insns, 1, frame, len, NULL, &c);
	for (uint32_t len = 2000; len <= sizeof(frame); len += 977)
		run_one(judge, insns, 1, frame, len, NULL, &c);
	run_one(judge, insns, 1, frame, 65549, NULL, &c);
	run_one(judge, insns, 1, frame, 65550, NULL, &c);
	tap_ok(c.bad == 0, "%s: %lu sizes, %lu that no device carries", point,
	       c.n, c.skipped);
}

/* Netlink attributes are found in what is in one piece only. */
static void test_pieces(struct cbpf_judge *judge, const struct point *point)
{
	const struct cbpf_insn insns[] = {
		{ CBPF_LDX_IMM, 0, 0, 7 },
		{ CBPF_LD_IMM, 0, 0, point->is_dgram ? 2 : 16 },
		{ CBPF_LD_W, 0, 0, CBPF_EXT_NLA },
		{ CBPF_RET_A, 0, 0, 0 },
	};
	static uint8_t frame[9000];
	struct counts c = { 0 };

	put_address(frame);
	put16(frame + 12, 0x88b5);
	frame[16] = 4; /* little-endian: length 4, type 7 */
	frame[18] = 7;
	cbpf_judge_load(judge, insns, 4, NULL);
	for (uint32_t len = 1000; len < sizeof(frame); len++)
		run_one(judge, insns, 4, frame, len, NULL, &c);
	tap_ok(c.bad == 0, "%s: nla in %lu frames of up to 9000 bytes",
	       point->name, c.n);
}

int main(int argc, char **argv)
{
	const struct cbpf_engine *engine = &cbpf_engine_linux_packet;
	const char *required = argc > 2 ? argv[2] : "";
	struct cbpf_diag diag;
	char sentence[200];

	if (engine->probe(engine, &diag) != CBPF_OK) {
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		if (tap_lists(required, engine->name))
			tap_ok(false, "linux-packet is required: %s", sentence);
		else
			tap_skip(engine->name, "%s", sentence);
		return tap_done();
	}
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		struct cbpf_engine_opts opts = {
			.size = sizeof(opts),
			.is_outgoing = points[i].is_outgoing,
			.is_dgram = points[i].is_dgram,
		};
		struct cbpf_judge *judge;

		if (cbpf_judge_new(engine, CBPF_LINUX, &opts, &judge)) {
			tap_ok(false, "out of memory");
			continue;
		}
		test_questions(judge, points[i].name);
		test_msh(judge, points[i].name);
		test_sizes(judge, points[i].name);
		test_pieces(judge, &points[i]);
		cbpf_judge_free(judge);
	}
	return tap_done();
}
