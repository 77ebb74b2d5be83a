/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier against the real ones, exhaustively: every code in both
 * positions, and the longest program of every instruction that a socket takes.
 * And the views of the UDP engines, byte by byte.
 *
 *	kernel [--require ENGINES]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracles.h"

#define LONGEST 4096

/* ---- every code --------------------------------------------------------- */

/* Offers [code, ret #0] or [code] to engine and verifier. */
static bool offer_agrees(struct cbpf_judge *judge, uint16_t code, uint32_t k,
			 bool is_last)
{
	struct cbpf_insn insns[2] = { { code, 0, 0, k }, { 6, 0, 0, 0 } };
	struct cbpf_diag diag;
	enum cbpf_err err =
		cbpf_judge_load(judge, insns, is_last ? 1 : 2, &diag);

	if (err != CBPF_E_DIFFERS && err != CBPF_E_SYSTEM)
		return true;
	printf("# code 0x%04x k 0x%x %s: %s\n", code, k,
	       is_last ? "last" : "first", diag.word);
	return false;
}

static void test_codes(const struct cbpf_engine *engine)
{
	/* constants that different rules ask about */
	static const uint32_t ks[] = {
		0, 1, 15, 16, 31, 32, 0xfffff004, 0xfffff005, 64, 2097152
	};
	struct cbpf_judge *judge;
	unsigned n = 0, n_bad = 0;

	if (cbpf_judge_new(engine, CBPF_LINUX, NULL, &judge) != CBPF_OK) {
		tap_ok(false, "out of memory");
		return;
	}
	for (unsigned code = 0; code <= UINT16_MAX && n_bad < 20; code++) {
		/* codes above 255 differ in nothing but that */
		size_t n_ks = code <= 0xff ? sizeof(ks) / sizeof(ks[0]) : 1;

		for (size_t i = 0; i < n_ks; i++) {
			n += 2;
			n_bad += !offer_agrees(judge, (uint16_t)code, ks[i],
					       false);
			n_bad += !offer_agrees(judge, (uint16_t)code, ks[i],
					       true);
		}
	}
	tap_ok(n_bad == 0,
	       "%s: all 65536 codes, first and last: %u programs, %u verdicts "
	       "of the verifier's own",
	       engine->name, n, n_bad);
	cbpf_judge_free(judge);
}

/* ---- limits ------------------------------------------------------------- */

static size_t fill(struct cbpf_insn *insns, const struct cbpf_insn *insn,
		   size_t n)
{
	for (size_t i = 0; i < n; i++)
		insns[i] = *insn;
	insns[n] = (struct cbpf_insn){ 6, 0, 0, 0 };
	return n + 1;
}

static bool kernel_takes(const struct cbpf_insn *insns, size_t n)
{
	int fds[2];
	bool takes;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return false;
	takes = cbpf_attach(fds[0], insns, n, NULL) == CBPF_OK;
	close(fds[0]);
	close(fds[1]);
	return takes;
}

static bool verifier_takes(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX,
					.optmem_max = cbpf_optmem_max() };

	return cbpf_check(insns, n, &opts, NULL) == CBPF_OK;
}

/* How many of an instruction and a ret are taken: by bisection. */
static size_t find_most(const struct cbpf_insn *insn,
			bool (*takes)(const struct cbpf_insn *insns, size_t n))
{
	static struct cbpf_insn insns[LONGEST + 1];
	size_t low = 0, high = LONGEST;

	while (high - low > 1) {
		size_t n = (low + high) / 2;

		if (takes(insns, fill(insns, insn, n)))
			low = n;
		else
			high = n;
	}
	return low;
}

static void test_limit(const struct cbpf_insn *insn)
{
	size_t most = find_most(insn, kernel_takes);
	size_t foretold = find_most(insn, verifier_takes);
	char text[96];

	cbpf_insn_format(insn, 0, text, sizeof(text));
	tap_ok(most == foretold,
	       "limit: %s (%u,%u): a socket takes %zu of it, foretold %zu",
	       text, insn->jt, insn->jf, most, foretold);
}

static void test_limits(void)
{
	static const struct cbpf_insn insns[] = {
		/* one of each class of cost */
		{ 0x00, 0, 0, 1 },	    { 0x20, 0, 0, 0 },
		{ 0x20, 0, 0, 1 },	    { 0x20, 0, 0, 32767 },
		{ 0x20, 0, 0, 32768 },	    { 0x28, 0, 0, 0 },
		{ 0x28, 0, 0, 1 },	    { 0x28, 0, 0, 40000 },
		{ 0x30, 0, 0, 0 },	    { 0x30, 0, 0, 1 },
		{ 0x30, 0, 0, 40000 },	    { 0x20, 0, 0, 0xfff00000 },
		{ 0x30, 0, 0, 0xffe00000 }, { 0x28, 0, 0, 0x80000000 },
		{ 0x40, 0, 0, 0 },	    { 0x40, 0, 0, 1 },
		{ 0x48, 0, 0, 0 },	    { 0x50, 0, 0, 9 },
		{ 0x48, 0, 0, 0xfff00000 }, { 0xb1, 0, 0, 0 },
		{ 0xb1, 0, 0, 1 },	    { 0xb1, 0, 0, 40000 },
		{ 0xb1, 0, 0, 0xfff00000 }, { 0xb1, 0, 0, 0xfffff004 },
		{ 0x80, 0, 0, 0 },	    { 0x81, 0, 0, 0 },
		{ 0x02, 0, 0, 0 },	    { 0x03, 0, 0, 15 },
		{ 0x04, 0, 0, 1 },	    { 0x0c, 0, 0, 0 },
		{ 0x34, 0, 0, 3 },	    { 0x3c, 0, 0, 0 },
		{ 0x94, 0, 0, 3 },	    { 0x9c, 0, 0, 0 },
		{ 0x84, 0, 0, 0 },	    { 0x07, 0, 0, 0 },
		{ 0x87, 0, 0, 0 },	    { 0x05, 0, 0, 0 },
		{ 0x06, 0, 0, 0 },	    { 0x16, 0, 0, 0 },
		{ 0x15, 0, 0, 1 },	    { 0x15, 0, 0, 0x80000000 },
		{ 0x1d, 0, 0, 0x80000000 }, { 0x45, 0, 0, 1 },
	};

	for (size_t i = 0; i < sizeof(insns) / sizeof(insns[0]); i++)
		test_limit(&insns[i]);
	for (uint32_t ext = 0; ext <= 60; ext += 4) {
		struct cbpf_insn insn = { 0x20, 0, 0, 0xfffff000 + ext };

		test_limit(&insn);
	}
}

/* Jumps with targets: the cost depends on which side falls through. */
static void test_branch_costs(void)
{
	static const uint16_t codes[] = { 0x15, 0x1d, 0x25, 0x2d,
					  0x35, 0x3d, 0x45, 0x4d };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		for (int side = 0; side < 3; side++) {
			for (int high = 0; high < 2; high++) {
				struct cbpf_insn insn = { codes[i], side != 1,
							  side != 0,
							  high ? 0x80000000
							       : 5 };
				static struct cbpf_insn insns[LONGEST];
				struct cbpf_cost cost;
				size_t n = 4000;

				/* two rets, so that +1 stays inside */
				n = fill(insns, &insn, n);
				insns[n] = insns[n - 1];
				n++;
				cost = cbpf_check_cost(insns, n, CBPF_LINUX);
				tap_ok(kernel_takes(insns, n) ==
					       verifier_takes(insns, n),
				       "branch cost: code 0x%02x jt %u jf %u k "
				       "0x%x: %llu converted",
				       codes[i], insn.jt, insn.jf, insn.k,
				       (unsigned long long)cost.converted);
			}
		}
	}
}

static int errno_of_kernel(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_diag diag = { 0 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return -1;
	cbpf_attach(fds[0], insns, n, &diag);
	close(fds[0]);
	close(fds[1]);
	return diag.sys_errno;
}

static int errno_of_verifier(const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX,
					.optmem_max = cbpf_optmem_max() };
	struct cbpf_diag diag = { 0 };
	struct cbpf_report report = { .diags = &diag, .cap = 1 };

	cbpf_check(insns, n, &opts, &report);
	return diag.sys_errno;
}

/*
 * A jump about as far from the beginning as any may be: EINVAL from one place
 * on, which is each shape's own, and before it ENOMEM.
 */
#define LOADS 2335 /* of 14 each, behind a prologue of 7: 32,697 */
#define FIRST 66   /* of 1 each: to 5 before the last place for a jump */
#define TRIED 8

static void test_late_jump(const struct cbpf_insn *jump)
{
	const struct cbpf_insn load = { 0x28, 0, 0, 1 },
			       one = { 0x07, 0, 0, 0 }, ret = { 0x06, 0, 0, 0 };
	static struct cbpf_insn insns[LONGEST];
	unsigned bad = 0, n_late = 0;

	for (size_t last = LOADS + FIRST; last < LOADS + FIRST + TRIED;
	     last++) {
		size_t n = 0;
		int due;

		while (n < last) {
			insns[n] = n < LOADS ? load : one;
			n++;
		}
		insns[n++] = *jump;
		insns[n++] = ret;
		insns[n++] = ret;
		due = errno_of_kernel(insns, n);
		n_late += due == EINVAL;
		bad += due != errno_of_verifier(insns, n);
	}
	tap_ok(bad == 0 && n_late > 0 && n_late < TRIED,
	       "late jump: code 0x%02x jt %u jf %u k 0x%x: %u of %u places are "
	       "too late",
	       jump->code, jump->jt, jump->jf, jump->k, n_late, TRIED);
}

static void test_late_jumps(void)
{
	static const struct cbpf_insn jumps[] = {
		{ 0x05, 0, 0, 0 },	    { 0x05, 0, 0, 1 },
		{ 0x15, 0, 0, 5 },	    { 0x15, 1, 0, 5 },
		{ 0x15, 0, 1, 5 },	    { 0x15, 1, 1, 5 },
		{ 0x15, 1, 0, 0x80000000 }, { 0x15, 1, 1, 0x80000000 },
		{ 0x45, 1, 0, 5 },	    { 0x45, 0, 1, 5 },
		{ 0x45, 0, 1, 0x80000000 }, { 0x3d, 1, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++)
		test_late_jump(&jumps[i]);
}

/* ---- the views of UDP --------------------------------------------------- */

static void test_headers(const struct cbpf_engine *engine, int header)
{
	static uint8_t payload[400];
	struct cbpf_packet packet = { payload, sizeof(payload), 0, NULL };
	struct cbpf_insn insns[] = { { 0x30, 0, 0, 0 },
				     { 0x04, 0, 0, 9 },
				     { 0x16, 0, 0, 0 } };
	struct cbpf_judge *judge;
	unsigned n = 0, n_bad = 0;

	if (cbpf_judge_new(engine, CBPF_LINUX, NULL, &judge) != CBPF_OK) {
		tap_ok(false, "out of memory");
		return;
	}
	/* Ethernet from the link base, IP from the network's, UDP at 0 */
	for (int i = 0; i < 14 + header + 8; i++) {
		struct cbpf_judged judged = { .is_run = false };

		insns[0].k = i < 14	       ? 0xffe00000u + (uint32_t)i
			     : i < 14 + header ? 0xfff00000u + (uint32_t)i - 14
					       : (uint32_t)(i - 14 - header);
		n++;
		if (cbpf_judge_load(judge, insns, 3, NULL) == CBPF_OK &&
		    cbpf_judge_run(judge, &packet, &judged) == CBPF_OK &&
		    judged.is_run && judged.agrees)
			continue;
		n_bad++;
		printf("# header byte %d: %u, foretold %u\n", i,
		       judged.answer.value, judged.expected.value);
	}
	tap_ok(n_bad == 0, "%s: %u header bytes are as the view says",
	       engine->name, n);
	cbpf_judge_free(judge);
}

/*
 * From which size on a datagram is not in one piece, where nla finds nothing:
 * around the border, byte by byte.
 */
static void test_pages(const struct cbpf_engine *engine)
{
	/* ld #8; ldx #5; ld nla; add #1; ret a */
	static const struct cbpf_insn insns[] = { { 0x00, 0, 0, 8 },
						  { 0x01, 0, 0, 5 },
						  { 0x20, 0, 0, 0xfffff00c },
						  { 0x04, 0, 0, 1 },
						  { 0x16, 0, 0, 0 } };
	/* two attributes behind what may be a UDP header */
	static uint8_t data[66000] = { [8] = 8, [10] = 1, [16] = 4, [18] = 5 };
	struct cbpf_engine_opts opts = { .size = sizeof(opts),
					 .udp_body = true };
	struct cbpf_judge *judge;
	unsigned n = 0, n_bad = 0;

	if (is_left_out("pages"))
		return;
	if (cbpf_judge_new(engine, CBPF_LINUX, &opts, &judge) != CBPF_OK ||
	    cbpf_judge_load(judge, insns, 5, NULL) != CBPF_OK) {
		tap_ok(false, "%s does not load", engine->name);
		return;
	}
	for (uint32_t size = 15900; size < 66000;
	     size += size < 16200 ? 1 : 997) {
		struct cbpf_packet packet = { data, size, 0, NULL };
		struct cbpf_judged judged;

		if (cbpf_judge_run(judge, &packet, &judged) != CBPF_OK)
			break;
		n += judged.is_run;
		n_bad += judged.is_run && !judged.agrees;
	}
	tap_ok(n > 300 && n_bad == 0,
	       "%s: of %u large datagrams, those in pages are known",
	       engine->name, n);
	cbpf_judge_free(judge);
}

int main(int argc, char **argv)
{
	const char *required = argc > 2 ? argv[2] : "";

#ifdef CBPF_HAVE_EXPR
	test_codes(&cbpf_engine_libpcap);
#endif
	if (oracle_can_run(&cbpf_engine_linux_unix, required)) {
		test_codes(&cbpf_engine_linux_unix);
		test_limits();
		test_branch_costs();
		test_late_jumps();
		test_pages(&cbpf_engine_linux_unix);
	}
	if (oracle_can_run(&cbpf_engine_linux_udp, required)) {
		test_headers(&cbpf_engine_linux_udp, 20);
		test_pages(&cbpf_engine_linux_udp);
	}
	if (oracle_can_run(&cbpf_engine_linux_udp6, required)) {
		test_headers(&cbpf_engine_linux_udp6, 40);
		test_pages(&cbpf_engine_linux_udp6);
	}
	return tap_done();
}
