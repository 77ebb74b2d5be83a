/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native code, for one packet and for many, and threaded code: random programs
 * of every dialect return what the interpreter returns, for packets before a
 * page that cannot be read, and behind one; made quickly and well. Code memory
 * is given back, and what a fork shares is not written again.
 *
 *	native [PROGRAMS]
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit/code.h"
#include "jit/match.h"
#include "tap.h"

#define INSNS	60
#define PACKETS 43 /* groups of 16 and of 8, and some that are left over */
#define PAGE	4096

static struct cbpf_ctx some_ctx(uint64_t draw)
{
	return (struct cbpf_ctx){ .has_device = draw & 1,
				  .has_link = draw >> 1 & 1,
				  .has_vlan = draw >> 2 & 1,
				  .net_off = draw >> 3 & 1 ? 14 : 0,
				  .order = draw >> 4 & 1 ? CBPF_BIG
							 : CBPF_NATIVE,
				  .ifindex = (uint32_t)(draw >> 4 & 7),
				  .hatype = (uint16_t)(draw >> 7 & 3),
				  .mark = (uint32_t)draw,
				  .rxhash = (uint32_t)(draw >> 9),
				  .proto = (uint16_t)draw,
				  .queue = (uint16_t)(draw >> 3),
				  .vlan_tci = (uint16_t)(draw >> 5),
				  .vlan_tpid = 0x8100,
				  .seed = draw,
				  .pkt_type = (uint8_t)(draw >> 6 & 7) };
}

/* Whether code is made for this machine at all. */
#if defined(__x86_64__) || defined(__AARCH64EL__)
#define IS_MADE true
#else
#define IS_MADE false
#endif

static bool has_code; /* made for this machine, and memory for it */

#define ALL_PAGES ((size_t)(2 * PACKETS + 1) * PAGE)

/* A page for each packet, two pages apart; what is between cannot be touched.
 * NULL: none. */
static uint8_t *make_pages(void)
{
	uint8_t *pages = mmap(NULL, ALL_PAGES, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	for (unsigned i = 0; i < PACKETS; i++)
		if (mprotect(pages + ((size_t)2 * i + 1) * PAGE, PAGE,
			     PROT_READ | PROT_WRITE) != 0)
			return NULL;
	return pages + PAGE;
}

/* Packets for which code, by itself or for many, and interpreter do not agree.
 */
static unsigned differing(const struct cbpf_prog *prog,
			  const struct cbpf_jit *jit,
			  const struct cbpf_threaded *threaded, uint8_t *pages,
			  uint64_t *seed)
{
	struct cbpf_packet packets[PACKETS];
	struct cbpf_ctx ctxs[PACKETS];
	uint32_t verdicts[PACKETS + 1];
	unsigned bad = 0, n = (unsigned)(*seed >> 8) % (PACKETS + 1);

	for (unsigned i = 0; i < PACKETS; i++) {
		uint8_t *page = pages + (size_t)2 * i * PAGE;
		uint8_t data[CBPF_RANDOM_MOST];
		uint32_t len = (uint32_t)cbpf_random_packet(seed, prog, 0, data,
							    sizeof(data));

		uint32_t headroom = i % 3 && len > 8 && *seed >> 21 & 1 ? 8 : 0;

		ctxs[i] = some_ctx(*seed);
		ctxs[i].headroom = headroom;
		if (headroom)
			ctxs[i].net_off = -4;
		packets[i] = (struct cbpf_packet){
			.data = (i & 1 ? page : page + PAGE - len) + headroom,
			.caplen = len - headroom,
			.wirelen = i % 5 ? len - headroom + i % 3 : 0,
			.ctx = i % 3 ? &ctxs[i] : NULL,
		};
		memcpy(i & 1 ? page : page + PAGE - len, data, len);
	}
	verdicts[n] = 1234567;
	cbpf_jit_run_batch(jit, packets, n, verdicts);
	bad = verdicts[n] != 1234567;
	for (unsigned i = 0; i < PACKETS; i++) {
		struct cbpf_result result;

		cbpf_run(prog, &packets[i], &result);
		bad += cbpf_jit_run(jit, &packets[i]) != result.value ||
		       cbpf_threaded_run(threaded, &packets[i]) !=
			       result.value ||
		       (i < n && verdicts[i] != result.value);
	}
	return bad;
}

static void test_random(enum cbpf_dialect dialect, bool is_quick,
			uint32_t lanes, unsigned programs)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = dialect,
					   .max_insns = INSNS };
	struct cbpf_jit_opts how = { .size = sizeof(how),
				     .is_quick = is_quick,
				     .lanes = lanes };
	uint8_t *pages = make_pages();
	uint64_t seed = 21 + (uint64_t)dialect;
	struct cbpf_threaded_opts quick = { .size = sizeof(quick),
					    .is_quick = is_quick };
	unsigned made = 0, native = 0, wide = 0, fast = 0, bad = 0;

	for (unsigned i = 0; pages && i < programs; i++) {
		struct cbpf_insn insns[INSNS];
		size_t len = cbpf_random_program(&seed, &random, insns);
		struct cbpf_prog *prog;
		struct cbpf_threaded *threaded;
		struct cbpf_jit *jit;

		if (cbpf_prog_new(insns, len, &opts, &prog, NULL) != CBPF_OK)
			continue;
		if (cbpf_threaded_new(prog, &quick, &threaded, NULL) ==
			    CBPF_OK &&
		    cbpf_jit_new(prog, &how, &jit, NULL) == CBPF_OK) {
			made++;
			fast += cbpf_threaded_is_fast(threaded);
			native += cbpf_jit_is_native(jit);
			wide += cbpf_jit_lanes(jit) > 1;
			bad += differing(prog, jit, threaded, pages, &seed);
			cbpf_jit_free(jit);
		}
		cbpf_threaded_free(threaded);
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0 && made > programs / 4 &&
		       (native > made / 3 || !has_code) && fast > made / 2,
	       "%s%s: %u programs, %u of them code, %u for %u packets, %u "
	       "threaded, %u packets differ",
	       cbpf_dialect_name(dialect), is_quick ? ", quick" : "", made,
	       native, wide, lanes, fast, bad);
	if (pages)
		munmap(pages - PAGE, ALL_PAGES);
}

/* ---- sets --------------------------------------------------------------- */

static uint32_t draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 32);
}

/*
 * A program that asks of a word or half of a packet whether it is one of n
 * numbers, one by one: what becomes a table. What is found returns 7, else 0;
 * or, with_ways, the number, else the length: values that edges bring.
 */
struct set {
	struct cbpf_insn *insns;
	struct cbpf_prog *prog;
	uint32_t n;
	bool is_word;
	bool has_ends; /* 0 and the last number there is are in it */
};

static bool make_set(struct set *set, uint32_t mask, uint32_t times,
		     bool with_ways)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP,
				       .has_any_length = true };
	uint32_t n = set->n;
	uint64_t seed = n;

	struct cbpf_insn *insns = calloc((size_t)2 * n + 3, sizeof(*insns));

	if (!insns)
		return false;
	insns[0].code = set->is_word ? CBPF_LD_W : CBPF_LD_H;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = (draw(&seed) & mask) * times;

		if (set->has_ends && i < 2)
			k = i ? UINT32_MAX : 0;
		insns[1 + 2 * i] = (struct cbpf_insn){ CBPF_JEQ_K, 0, 1, k };
		insns[2 + 2 * i] =
			(struct cbpf_insn){ with_ways ? CBPF_RET_A : CBPF_RET_K,
					    0, 0, 7 };
	}
	insns[2 * n + 1].code = CBPF_LD_LEN;
	insns[2 * n + 2].code = with_ways ? CBPF_RET_A : CBPF_RET_K;
	if (cbpf_prog_new(insns, (size_t)2 * n + 3, &opts, &set->prog, NULL) !=
	    CBPF_OK) {
		free(insns);
		return false;
	}
	set->insns = insns;
	return true;
}

/* A word of a packet. */
static void put_word(uint8_t data[8], uint32_t k)
{
	data[0] = (uint8_t)(k >> 24);
	data[1] = (uint8_t)(k >> 16);
	data[2] = (uint8_t)(k >> 8);
	data[3] = (uint8_t)k;
}

/* Of n packets that begin with a word each, those for which one of the quick
 * machines does not return what interp does; n, if none was made. */
static unsigned lost(const struct cbpf_prog *prog, uint32_t lanes,
		     const uint32_t *words, uint32_t n)
{
	struct cbpf_jit_opts how = { .size = sizeof(how), .lanes = lanes };
	uint8_t(*data)[8] = calloc(n, sizeof(*data));
	struct cbpf_packet *packets = calloc(n, sizeof(*packets));
	uint32_t *verdicts = calloc(n, sizeof(*verdicts));
	struct cbpf_threaded *threaded = NULL;
	struct cbpf_jit *jit = NULL;
	unsigned bad = n;

	if (data && packets && verdicts &&
	    cbpf_jit_new(prog, &how, &jit, NULL) == CBPF_OK &&
	    cbpf_threaded_new(prog, NULL, &threaded, NULL) == CBPF_OK) {
		for (uint32_t i = 0; i < n; i++) {
			put_word(data[i], words[i]);
			packets[i].data = data[i];
			packets[i].caplen = 8;
		}
		cbpf_jit_run_batch(jit, packets, n, verdicts);
		bad = cbpf_jit_is_native(jit) != has_code ||
		      !cbpf_threaded_is_fast(threaded);
		for (uint32_t i = 0; i < n; i++) {
			struct cbpf_result result;

			cbpf_run(prog, &packets[i], &result);
			bad += cbpf_jit_run(jit, &packets[i]) != result.value ||
			       cbpf_threaded_run(threaded, &packets[i]) !=
				       result.value ||
			       verdicts[i] != result.value;
		}
	}
	cbpf_jit_free(jit);
	cbpf_threaded_free(threaded);
	free(verdicts);
	free(packets);
	free(data);
	return bad;
}

/* Each number and those beside it. */
static uint32_t *words_of(const struct set *set)
{
	uint32_t *words = calloc(set->n, 3 * sizeof(*words));

	for (uint32_t i = 0; words && i < 3 * set->n; i++) {
		words[i] = set->insns[1 + 2 * (i / 3)].k + i % 3 - 1;
		if (!set->is_word)
			words[i] <<= 16;
	}
	return words;
}

static void test_set(const char *what, bool is_word, uint32_t mask,
		     uint32_t times, uint32_t n)
{
	static const uint32_t widths[] = { 0, 8, 16 };

	for (unsigned ways = 0; ways < 2; ways++) {
		struct set set = { .n = n,
				   .is_word = is_word,
				   .has_ends = mask == UINT32_MAX };
		bool is_made = make_set(&set, mask, times, ways == 1);
		uint32_t *words = is_made ? words_of(&set) : NULL;
		unsigned bad = 0;

		for (unsigned i = 0; words && i < 3; i++)
			bad += lost(set.prog, widths[i], words, 3 * n);
		tap_ok(words && bad == 0, "%s%s: %u numbers, %u lost", what,
		       ways ? ", by two ways" : "", n, bad);
		free(words);
		cbpf_prog_free(set.prog);
		free(set.insns);
	}
}

/* ---- rows --------------------------------------------------------------- */

#define ROW_MOST 100

/*
 * Tests of one word, one behind the other, which lead to one place; or seldom
 * to another, into the row, or on by another way where they do not hold.
 */
static struct cbpf_prog *make_row(uint64_t *seed)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	struct cbpf_insn insns[ROW_MOST + 6] = { { CBPF_LD_W, 0, 0, 0 } };
	uint32_t n = 10 + draw(seed) % (ROW_MOST - 10);
	uint32_t inside = draw(seed) % 8 ? 0 : draw(seed) % n;
	struct cbpf_prog *prog = NULL;

	for (uint32_t i = 0; i < n; i++) {
		uint8_t left = (uint8_t)(n - 1 - i); /* tests behind */
		uint32_t what = draw(seed) % 64, k = draw(seed) % 40;
		struct cbpf_insn *insn = &insns[1 + i];

		*insn = (struct cbpf_insn){ CBPF_JEQ_K, (uint8_t)(left + 1), 0,
					    k == 39 ? UINT32_MAX : k };
		if (i < inside) /* all of these to one of the row */
			insn->jt = (uint8_t)(inside - 1 - i);
		else if (what == 0)
			insn->jt = (uint8_t)(left + 2);
		else if (what == 1)
			insn->jt = left / 2;
		else if (what == 2)
			insn->jf = (uint8_t)(left + 3);
		else if (what == 3)
			insn->jf = left / 3;
	}
	/* the way on; a jump to a return, that, and another */
	insns[n + 1] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 1 };
	insns[n + 2] = (struct cbpf_insn){ CBPF_JA, 0, 0, 1 };
	insns[n + 3] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 3 };
	insns[n + 4] = (struct cbpf_insn){ CBPF_RET_A, 0, 0, 0 };
	insns[n + 5] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 0 };
	cbpf_prog_new(insns, n + 6, &opts, &prog, NULL);
	return prog;
}

static void test_rows(unsigned programs)
{
	uint32_t words[44];
	uint64_t seed = 5;
	unsigned bad = 0;

	for (uint32_t i = 0; i < 44; i++)
		words[i] = i - 2;
	for (unsigned i = 0; i < programs; i++) {
		struct cbpf_prog *prog = make_row(&seed);

		bad += prog ? lost(prog, 16, words, 44) : 1;
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0, "%u rows of tests, %u words lost", programs, bad);
}

/* ---- all registers, and long ways ---------------------------------------- */

#define HELD 12

/* ---- tests of bytes that are beside each other -------------------------- */

/* Programs, how many of their tests are asked by the one before, and the bytes
 * of the widest compare. */
static const struct row {
	enum cbpf_dialect dialect;
	const char *does, *text;
	unsigned joined, widest;
} rows[] = {
	{ CBPF_USER, "fragments and protocol",
	  "ldb [23]\njne #6, no\nldh [20]\njset #0x1fff, no\nret #1\n"
	  "no: ret #0\n",
	  1, 4 },
	{ CBPF_USER, "an address of 16 bytes",
	  "ld [22]\njne #1, no\nld [26]\njne #2, no\nld [30]\njne #3, no\n"
	  "ld [34]\njne #4, no\nret #1\nno: ret #0\n",
	  2, 8 },
	{ CBPF_USER, "ports behind X",
	  "ldxb 4*([14]&0xf)\nldh [x + 14]\njne #80, no\nldh [x + 16]\n"
	  "jne #443, no\nret #1\nno: ret #0\n",
	  1, 4 },
	{ CBPF_USER, "bits of a tag, and what it carries",
	  "ldh [14]\nand #0xfff\njne #100, no\nldh [16]\njne #0x800, no\n"
	  "ret #1\nno: ret #0\n",
	  1, 4 },
	{ CBPF_SECCOMP, "an argument of 64 bits",
	  "ld [16]\njne #1, no\nld [20]\njne #2, no\nret #0x7fff0000\n"
	  "no: ret #0\n",
	  1, 8 },
	{ CBPF_USER, "nine bytes",
	  "ldh [12]\njne #0x86dd, no\nldb [20]\njne #6, no\nret #1\n"
	  "no: ret #0\n",
	  0, 2 },
	{ CBPF_USER, "where short packets would fail otherwise",
	  "ldh [12]\njne #0x800, no\nldh [14]\njne #1, no\nret #1\n"
	  "no: ret #2\n",
	  0, 2 },
	{ CBPF_USER, "other ways where they fail",
	  "ldh [12]\njne #0x800, no\nldh [14]\njne #1, other\nret #1\n"
	  "no: ret #0\nother: ret #2\n",
	  0, 2 },
	{ CBPF_USER, "six bytes of which four are seldom met",
	  "ld [8]\njne #1, no\nldh [6]\njne #2, no\nret #1\nno: ret #0\n", 0,
	  4 },
};

static void test_match(const struct row *row)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = row->dialect };
	struct arena arena = arena_new(NULL);
	unsigned joined = 0, widest = 0;
	const struct match *matches = NULL;
	struct cbpf_prog *prog = NULL;
	struct cbpf_code code;
	struct ir ir;

	if (cbpf_text_read(CBPF_FORMAT_ASM, row->text, strlen(row->text), NULL,
			   &code, NULL) == CBPF_OK &&
	    cbpf_prog_new(code.insns, code.n, &opts, &prog, NULL) == CBPF_OK &&
	    ir_prepare(prog, &arena, false, &ir) == CBPF_OK)
		matches = match_plan(&ir, &arena);
	for (uint32_t id = 0; matches && id < ir.n_blocks; id++) {
		joined += matches[id].is_joined;
		if (matches[id].load.size > widest)
			widest = matches[id].load.size;
	}
	tap_ok(joined == row->joined && widest == row->widest,
	       "%s: %u joined, %u bytes at once", row->does, joined, widest);
	arena_free(&arena);
	cbpf_prog_free(prog);
	cbpf_code_free(&code);
}

/* Whether what a caller keeps in registers is there behind a call. */
static bool keeps_registers(cbpf_jit_fn *entry, const uint8_t *data,
			    uint32_t caplen, uint32_t *verdict)
{
	static volatile uint64_t from[HELD] = { 3, 1, 4, 1, 5, 9,
						2, 6, 5, 3, 5, 8 };
	uint64_t a = from[0], b = from[1], c = from[2], d = from[3],
		 e = from[4], f = from[5], g = from[6], h = from[7],
		 i = from[8], k = from[9], m = from[10], n = from[11];

	*verdict = entry(data, caplen, 0, NULL);
	return a == from[0] && b == from[1] && c == from[2] && d == from[3] &&
	       e == from[4] && f == from[5] && g == from[6] && h == from[7] &&
	       i == from[8] && k == from[9] && m == from[10] && n == from[11];
}

/*
 * So many words are held at once, more and more registers, then those of the
 * caller; then one is loaded behind X, from where it wraps: the interpreter
 * goes on. All are added up.
 */
static struct cbpf_prog *make_holder(uint32_t words)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_USER };
	struct cbpf_insn insns[100];
	struct cbpf_prog *prog = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < words; i++) {
		insns[n++] = (struct cbpf_insn){ CBPF_LD_W, 0, 0, 4 * i };
		insns[n++] = (struct cbpf_insn){ CBPF_ST, 0, 0, i };
	}
	insns[n++] = (struct cbpf_insn){ CBPF_LDX_MEM, 0, 0, 0 };
	insns[n++] = (struct cbpf_insn){ CBPF_LD_WX, 0, 0, 0xfffffff0 };
	for (uint32_t i = words; i-- > 0;) {
		insns[n++] = (struct cbpf_insn){ CBPF_LDX_MEM, 0, 0, i };
		insns[n++] = (struct cbpf_insn){ CBPF_ADD_X, 0, 0, 0 };
		insns[n++] = (struct cbpf_insn){ CBPF_MUL_K, 0, 0, 3 + i };
	}
	insns[n++] = (struct cbpf_insn){ CBPF_RET_A, 0, 0, 0 };
	cbpf_prog_new(insns, n, &opts, &prog, NULL);
	return prog;
}

static void test_registers(void)
{
	unsigned bad = 0, lost = 0, native = 0;

	for (uint32_t words = 1; words <= 16; words++) {
		struct cbpf_prog *prog = make_holder(words);
		struct cbpf_jit *jit = NULL;

		if (prog)
			cbpf_jit_new(prog, NULL, &jit, NULL);
		native += jit && cbpf_jit_is_native(jit);
		for (uint32_t i = 0; jit && i < 100; i++) {
			uint8_t data[64];
			struct cbpf_packet packet = { .data = data,
						      .caplen = 64 };
			struct cbpf_result result;
			uint32_t verdict;

			for (uint32_t k = 0; k < 64; k++)
				data[k] = (uint8_t)(i * 31 + k * 7);
			/* within, outside, and beyond 32 bits */
			put_word(data, i % 3 == 0   ? 20
				       : i % 3 == 1 ? 3
						    : 0xfffffff8);
			cbpf_run(prog, &packet, &result);
			lost += !keeps_registers(cbpf_jit_entry(jit), data, 64,
						 &verdict);
			bad += verdict != result.value;
		}
		cbpf_jit_free(jit);
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0 && lost == 0 && native > 8,
	       "all registers: %u programs are code, %u runs differ, %u lose "
	       "what the caller has",
	       native, bad, lost);
}

/*
 * More than a million bytes of code between a set at its begin and where that
 * leads, the table behind all of it; made quickly, or it would be none.
 */
static void test_long(void)
{
	enum { LONG = 220000, LISTED = 40 };
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_USER,
				       .has_any_length = true };
	struct cbpf_jit_opts how = { .size = sizeof(how), .is_quick = true };
	struct cbpf_insn *insns = calloc(LONG + 100, sizeof(*insns));
	struct cbpf_prog *prog = NULL;
	struct cbpf_jit *jit = NULL;
	uint64_t seed = 3;
	uint32_t n = 0, far;
	unsigned bad = 0;

	if (!insns)
		return;
	insns[n++] = (struct cbpf_insn){ CBPF_LD_W, 0, 0, 0 };
	for (uint32_t i = 0; i < LISTED; i++)
		insns[n++] =
			(struct cbpf_insn){ CBPF_JEQ_K, (uint8_t)(LISTED - i),
					    0, 1000 + 97 * i };
	insns[n++] = (struct cbpf_insn){ CBPF_JA, 0, 0, 1 };
	far = n++;
	insns[n++] = (struct cbpf_insn){ CBPF_TAX, 0, 0, 0 };
	while (n < LONG) {
		uint32_t k = 4 + draw(&seed) % 40;

		insns[n++] = (struct cbpf_insn){ CBPF_LD_W, 0, 0, k };
		insns[n++] = (struct cbpf_insn){ CBPF_XOR_X, 0, 0, 0 };
		insns[n++] =
			(struct cbpf_insn){ CBPF_MUL_K, 0, 0, draw(&seed) | 1 };
		insns[n++] = (struct cbpf_insn){ CBPF_TAX, 0, 0, 0 };
	}
	insns[far] = (struct cbpf_insn){ CBPF_JA, 0, 0, n - far - 1 };
	insns[n++] = (struct cbpf_insn){ CBPF_TXA, 0, 0, 0 };
	insns[n++] = (struct cbpf_insn){ CBPF_RET_A, 0, 0, 0 };
	cbpf_prog_new(insns, n, &opts, &prog, NULL);
	if (prog)
		cbpf_jit_new(prog, &how, &jit, NULL);
	for (uint32_t i = 0; jit && i < 200; i++) {
		uint8_t data[48];
		struct cbpf_packet packet = { .data = data,
					      .caplen = i % 7 ? 48 : i % 48 };
		struct cbpf_result result;

		for (uint32_t k = 0; k < 48; k++)
			data[k] = (uint8_t)draw(&seed);
		put_word(data, 1000 + 97 * (draw(&seed) % LISTED) + i % 2);
		cbpf_run(prog, &packet, &result);
		bad += cbpf_jit_run(jit, &packet) != result.value;
	}
	tap_ok(jit && bad == 0 && cbpf_jit_is_native(jit),
	       "%u instructions: %u runs differ", n, bad);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	free(insns);
}

/* ---- code memory -------------------------------------------------------- */

static struct cbpf_prog *make_prog(uint32_t k)
{
	const struct cbpf_insn insns[] = { { CBPF_LD_B, 0, 0, 0 },
					   { CBPF_ADD_K, 0, 0, k },
					   { CBPF_RET_A, 0, 0, 0 } };
	struct cbpf_prog *prog = NULL;

	cbpf_prog_new(insns, 3, NULL, &prog, NULL);
	return prog;
}

static uint32_t run_one(const struct cbpf_jit *jit)
{
	const uint8_t byte = 7;

	return cbpf_jit_entry(jit)(&byte, 1, 1, NULL);
}

/* Many at a time, then many one after another: mapped is what it was, but for
 * one chunk that is kept for those to come. */
static void test_memory(unsigned times)
{
	enum { AT_ONCE = 50000 };
	static struct cbpf_jit *jits[AT_ONCE];
	struct cbpf_prog *prog = make_prog(5);
	size_t before, most, after;
	unsigned bad = 0;

	cbpf_jit_new(prog, NULL, &jits[0], NULL);
	before = code_mapped();
	for (unsigned i = 1; i < AT_ONCE; i++)
		bad += cbpf_jit_new(prog, NULL, &jits[i], NULL) != CBPF_OK ||
		       run_one(jits[i]) != 12;
	most = code_mapped();
	for (unsigned i = 1; i < AT_ONCE; i++)
		cbpf_jit_free(jits[i]);
	after = code_mapped();
	for (unsigned i = 0; i < times; i++) {
		struct cbpf_jit *jit;

		bad += cbpf_jit_new(prog, NULL, &jit, NULL) != CBPF_OK;
		cbpf_jit_free(jit);
	}
	tap_ok(bad == 0 && most > 2 * before && after <= 2 * before &&
		       code_mapped() == after,
	       "%u made and freed: %zu bytes mapped before, %zu at most, %zu "
	       "after",
	       AT_ONCE + times, before, most, code_mapped());
	cbpf_jit_free(jits[0]);
	cbpf_prog_free(prog);
}

/* Where code lies: near the library; and where processors do not see by
 * themselves what is written, not where other code was. */
static void test_address(void)
{
	struct cbpf_prog *one = make_prog(1), *other = make_prog(2);
	struct cbpf_jit *jit = NULL;
	uintptr_t before = 0, after = 0;

	cbpf_jit_new(one, NULL, &jit, NULL);
	if (jit)
		before = (uintptr_t)cbpf_jit_entry(jit);
	cbpf_jit_free(jit);
	cbpf_jit_new(other, NULL, &jit, NULL);
	if (jit)
		after = (uintptr_t)cbpf_jit_entry(jit);
	cbpf_jit_free(jit);
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__) && !defined(__clang__)
	tap_ok(before == after && (uintptr_t)&make_prog - after < INT32_MAX,
	       "code is near the library, and where other code was");
#elif defined(__AARCH64EL__)
	tap_ok(before != after, "code is not where other code was");
#endif
	(void)before;
	(void)after;
	cbpf_prog_free(one);
	cbpf_prog_free(other);
}

/* Code from before a fork stays what it is, whatever the other frees. */
static void test_fork(void)
{
	struct cbpf_prog *one = make_prog(1), *other = make_prog(100);
	struct cbpf_jit *kept, *jit;
	int status = -1;
	pid_t child;

	cbpf_jit_new(one, NULL, &kept, NULL);
	child = fork();
	if (child == 0) {
		/* frees it, and makes others in its place */
		cbpf_jit_free(kept);
		for (int i = 0; i < 1000; i++)
			if (cbpf_jit_new(other, NULL, &jit, NULL) != CBPF_OK ||
			    run_one(jit) != 107)
				_exit(1);
		_exit(0);
	}
	tap_ok(child > 0 && waitpid(child, &status, 0) == child &&
		       status == 0 && run_one(kept) == 8,
	       "a child frees what it has with its parent: that runs on");
	cbpf_jit_free(kept);
	cbpf_jit_new(other, NULL, &jit, NULL);
	tap_ok(run_one(jit) == 107, "made behind a fork");
	cbpf_jit_free(jit);
	cbpf_prog_free(one);
	cbpf_prog_free(other);
}

/* A system that makes no memory files: threaded code, and a reason. */
static bool is_threaded_instead(void)
{
	const struct cbpf_insn insns[] = {
		{ CBPF_LD_W, 0, 0, offsetof(struct seccomp_data, nr) },
		{ CBPF_JEQ_K, 0, 1, SYS_memfd_create },
		{ CBPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | EPERM },
		{ CBPF_RET_K, 0, 0, SECCOMP_RET_ALLOW },
	};
	struct sock_fprog deny = { 4, (struct sock_filter *)insns };
	struct cbpf_prog *prog = make_prog(5);
	const uint8_t byte = 7;
	const struct cbpf_packet packet = { .data = &byte, .caplen = 1 };
	struct cbpf_diag diag = { 0 };
	struct cbpf_jit *jit;
	uint32_t verdict;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &deny) != 0)
		return true; /* then that cannot be tried */
	if (cbpf_jit_new(prog, NULL, &jit, &diag) != CBPF_OK)
		return false;
	cbpf_jit_run_batch(jit, &packet, 1, &verdict);
	return !cbpf_jit_is_native(jit) && !cbpf_jit_entry(jit) &&
	       diag.code == CBPF_E_UNAVAILABLE && verdict == 12 &&
	       cbpf_jit_run(jit, &packet) == 12 && cbpf_jit_lanes(jit) == 1;
}

static void test_refusal(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(!is_threaded_instead());
	tap_ok(child > 0 && waitpid(child, &status, 0) == child && status == 0,
	       "no memory for code: threaded code runs instead");
}

int main(int argc, char **argv)
{
	unsigned programs = argc > 1 ? (unsigned)atoi(argv[1]) : 2000;
	struct cbpf_prog *prog = make_prog(0);
	struct cbpf_diag diag;
	struct cbpf_jit *jit;

	if (cbpf_jit_new(prog, NULL, &jit, &diag) != CBPF_OK)
		return 1;
	has_code = cbpf_jit_is_native(jit);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	for (int d = 0; d < CBPF_DIALECTS; d++) {
		test_random((enum cbpf_dialect)d, false, 16, programs);
		test_random((enum cbpf_dialect)d, true, 8, programs);
	}
	test_rows(programs);
	for (size_t i = 0; i < CBPF_COUNT(rows); i++)
		test_match(&rows[i]);
	test_set("words anywhere", true, UINT32_MAX, 1, 2000);
	test_set("few words", true, UINT32_MAX, 1, 9);
	test_set("words near each other", true, 0xffff, 1, 2000);
	test_set("words with much in common", true, 0xffff, 0x10000, 2000);
	test_set("halves", false, 0xffff, 1, 2000);
	test_set("even halves", false, 0x7fff, 2, 1000);
	if (!has_code) {
		char sentence[200];

		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		if (IS_MADE && !strstr(sentence, "no memory"))
			tap_ok(false, "%s", sentence);
		else
			tap_skip("native code", "%s", sentence);
		return tap_done();
	}
	test_registers();
	test_long();
	test_address();
	test_memory(10 * programs);
	test_fork();
	test_refusal();
	return tap_done();
}
