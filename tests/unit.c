/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's calls by themselves: options, limits that no vector can ask
 * for, captures cut at every byte, hostile text.
 *
 *	unit DIRECTORY-OF-CAPTURES
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cbpf/capture.h"
#include "cbpf/cbpf.h"
#include "tap.h"

static uint64_t seed = 42;

static uint32_t next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

/* ---- options ------------------------------------------------------------ */

static void test_options(void)
{
	struct {
		struct cbpf_prog_opts opts;
		char tail[16];
	} newer = { .opts = { .size = sizeof(newer) } };
	size_t only_size = sizeof(only_size);
	struct cbpf_insn ret = { 6, 0, 0, 1 };
	struct cbpf_prog *prog;

	tap_ok(cbpf_prog_new(&ret, 1, &newer.opts, &prog, NULL) == CBPF_OK,
	       "options of a newer version, unused, are taken");
	cbpf_prog_free(prog);
	newer.tail[3] = 1;
	tap_ok(cbpf_prog_new(&ret, 1, &newer.opts, &prog, NULL) ==
			       CBPF_E_ARGUMENT &&
		       !prog,
	       "options of a newer version, used, are refused");
	tap_ok(cbpf_prog_new(&ret, 1, (void *)&only_size, &prog, NULL) ==
		       CBPF_OK,
	       "options of an older version leave the rest at its default");
	cbpf_prog_free(prog);
	cbpf_prog_free(NULL);
	cbpf_builder_free(NULL);
	cbpf_code_free(NULL);
	cbpf_judge_free(NULL);
	cbpf_capture_close(NULL);
	tap_ok(true, "every free takes NULL");
}

/* Options that no version has: refused with a diagnosis, where there is one. */
static void test_wrong_options(void)
{
	const struct cbpf_insn ret = { 6, 0, 0, 1 };
	struct cbpf_prog_opts nowhere = { .size = sizeof(nowhere),
					  .dialect = CBPF_ANY_DIALECT };
	struct {
		struct cbpf_check_opts opts;
		char tail[16];
	} wrong[3] = {
		{ { .size = sizeof(wrong[0]) }, { 1 } },
		{ { .size = sizeof(wrong[0]), .dialect = CBPF_ANY_DIALECT },
		  { 0 } },
		{ { .size = sizeof(wrong[0]), .hook = CBPF_HOOKS }, { 0 } },
	};
	const enum cbpf_format none[] = { CBPF_FORMATS, CBPF_FORMAT_AUTO };
	struct cbpf_prog *prog;
	struct cbpf_code code;
	unsigned bad = 0;
	size_t size;
	char *text;

	bad += cbpf_prog_new(&ret, 1, &nowhere, &prog, NULL) != CBPF_E_ARGUMENT;
	for (int i = 0; i < 3; i++) {
		struct cbpf_diag diag = { .code = CBPF_OK };
		struct cbpf_report report = { &diag, 1, 0, 0 };

		bad += cbpf_check(&ret, 1, &wrong[i].opts, &report) !=
			       CBPF_E_ARGUMENT ||
		       diag.code != CBPF_E_ARGUMENT || !*diag.word;
	}
	bad += cbpf_text_read(CBPF_FORMATS, "", 0, NULL, &code, NULL) !=
	       CBPF_E_ARGUMENT;
	for (int i = 0; i < 2; i++) {
		bad += cbpf_text_write(none[i], &ret, 1, NULL, &text, &size) !=
		       CBPF_E_ARGUMENT;
		bad += cbpf_text_losses(none[i], &ret, 1, NULL, NULL) !=
		       CBPF_E_ARGUMENT;
	}
	tap_ok(bad == 0, "no dialect, no hook, no format: ARGUMENT");
}

/* The line of the first complaint where nobody knows lines. */
static uint32_t check_plainly(const struct cbpf_insn insns[2],
			      enum cbpf_dialect dialect)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = dialect };
	struct cbpf_diag diag = { .line = 7 };
	struct cbpf_report report = { .diags = &diag, .cap = 1 };

	cbpf_check(insns, 2, &opts, &report);
	return diag.line;
}

/* The first complaint about two instructions: place, line, errno, sentence. */
static void test_complaints(void)
{
	static const struct {
		enum cbpf_dialect dialect;
		struct cbpf_insn first;
		const char *sentence;
	} rows[] = {
		{ CBPF_LINUX,
		  { CBPF_JA, 0, 0, 7 },
		  "the jump leads to instruction 8, past the end of a program "
		  "of 2" },
		{ CBPF_LINUX,
		  { CBPF_JEQ_K, 9, 0, 0 },
		  "the jump leads to instruction 10, past the end of a program "
		  "of 2" },
		{ CBPF_LINUX,
		  { CBPF_JEQ_K, 0, 8, 0 },
		  "the jump leads to instruction 9, past the end of a program "
		  "of 2" },
		{ CBPF_LINUX,
		  { CBPF_DIV_K, 0, 0, 0 },
		  "division by the constant 0" },
		{ CBPF_LINUX,
		  { CBPF_LSH_K, 0, 0, 40 },
		  "shift by 40, and a constant shift must be below 32" },
		{ CBPF_LINUX,
		  { CBPF_LD_W, 0, 0, 0xfffff001 },
		  "offset 0xfffff001 is not the number of an ancillary load" },
		{ CBPF_SECCOMP,
		  { CBPF_LD_W, 0, 0, 3 },
		  "offset 3 is not a word of struct seccomp_data: a multiple of "
		  "4 below 64" },
		{ CBPF_OPENBSD,
		  { CBPF_LD_W, 0, 0, 2097152 },
		  "offset 2097152 is at or above the largest buffer, 2097152" },
		{ CBPF_LINUX,
		  { CBPF_LD_MEM, 0, 0, 16 },
		  "scratch word M[16] does not exist, they go from 0 to 15" },
		{ CBPF_LINUX,
		  { CBPF_ST, 0, 0, 17 },
		  "scratch word M[17] does not exist, they go from 0 to 15" },
		{ CBPF_LINUX,
		  { CBPF_LDX_MEM, 0, 0, 3 },
		  "M[3] is read here and a path leads here on which it was not "
		  "written" },
		{ CBPF_LINUX,
		  { 0xff, 0, 0, 0 },
		  "code 0xff is not an instruction of this dialect" },
		{ CBPF_FREEBSD,
		  { 0xff, 0, 0, 0 },
		  "code 0xff is not an instruction of this dialect" },
		{ CBPF_GO,
		  { CBPF_LD_W, 0, 0, 0xfffff008 },
		  "ancillary load 8 is not implemented by this machine, only "
		  "the length is" },
	};
	const uint32_t lines[] = { 5, 6 };
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cbpf_insn insns[] = { rows[i].first,
						   { CBPF_RET_K, 0, 0, 0 } };
		struct cbpf_check_opts opts = { .size = sizeof(opts),
						.dialect = rows[i].dialect,
						.lines = lines };
		struct cbpf_diag diag = { 0 };
		struct cbpf_report report = { .diags = &diag, .cap = 1 };
		char sentence[256];

		cbpf_check(insns, 2, &opts, &report);
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		bad += check_plainly(insns, rows[i].dialect) != 0;
		if (strcmp(sentence, rows[i].sentence) == 0 && diag.pc == 0 &&
		    diag.line == 5 && diag.sys_errno == EINVAL)
			continue;
		printf("# %s (pc %u, line %u, errno %d)\n", sentence, diag.pc,
		       diag.line, diag.sys_errno);
		bad++;
	}
	tap_ok(bad == 0, "each rule's sentence has its numbers, place and "
			 "errno");
}

/* 0 stands for no other length than what was captured; 1 does not. */
static void test_lengths(void)
{
	static const struct cbpf_insn insns[] = { { CBPF_LD_LEN, 0, 0, 0 },
						  { CBPF_RET_A, 0, 0, 0 } };
	static const uint8_t data[5];
	struct cbpf_packet packet = { .data = data, .caplen = 5 };
	struct cbpf_result none, one, many;
	struct cbpf_prog *prog;

	if (cbpf_prog_new(insns, 2, NULL, &prog, NULL) != CBPF_OK) {
		tap_ok(false, "a length is returned");
		return;
	}
	cbpf_run(prog, &packet, &none);
	packet.wirelen = 1;
	cbpf_run(prog, &packet, &one);
	packet.wirelen = 1500;
	cbpf_run(prog, &packet, &many);
	cbpf_prog_free(prog);
	tap_ok(none.value == 5 && one.value == 1 && many.value == 1500,
	       "a length on the wire of 0 is that of what was captured");
}

static void test_names(void)
{
	unsigned bad = 0;

	for (int e = 0; e < 100; e++) {
		struct cbpf_diag diag = { .code = (enum cbpf_err)e };
		char sentence[256];

		if (!cbpf_err_name((enum cbpf_err)e))
			continue;
		bad += cbpf_diag_format(&diag, sentence, sizeof(sentence)) !=
		       strlen(sentence);
		cbpf_diag_format(&diag, sentence, 5);
		bad += strlen(sentence) > 4;
	}
	tap_ok(bad == 0, "every error makes a sentence, cut to size");
	bad += cbpf_err_is_rule(CBPF_OK) || !cbpf_err_is_rule(CBPF_E_EMPTY) ||
	       !cbpf_err_is_rule(CBPF_E_PATH) ||
	       !cbpf_err_is_rule(CBPF_E_JUMP_LATE) ||
	       cbpf_err_is_rule(CBPF_E_UNSOUND);
	tap_ok(bad == 0, "rules and limits are told from other errors");
	for (int f = 1; f < CBPF_FORMATS; f++)
		bad += cbpf_format_find(cbpf_format_name(
			       (enum cbpf_format)f)) != (enum cbpf_format)f;
	for (int d = 0; d < CBPF_DIALECTS; d++)
		bad += cbpf_dialect_find(cbpf_dialect_name(
			       (enum cbpf_dialect)d)) != (enum cbpf_dialect)d;
	for (int h = 0; h < CBPF_HOOKS; h++)
		bad += cbpf_hook_find(cbpf_hook_name((enum cbpf_hook)h)) !=
		       (enum cbpf_hook)h;
	tap_ok(bad == 0,
	       "formats, dialects and hooks are found by their names");
	tap_ok(!cbpf_format_name(CBPF_FORMATS) &&
		       cbpf_format_find("nonsense") == CBPF_FORMATS &&
		       !cbpf_format_is_binary(CBPF_FORMATS) &&
		       !cbpf_hook_name(CBPF_HOOKS) &&
		       cbpf_hook_find("nonsense") == CBPF_HOOKS &&
		       !cbpf_dialect_name((enum cbpf_dialect)99) &&
		       cbpf_dialect_find("nonsense") == CBPF_DIALECTS &&
		       !cbpf_dialect_was_run(CBPF_ANY_DIALECT) &&
		       !cbpf_dialect_has_wirelen(CBPF_ANY_DIALECT) &&
		       !strcmp(cbpf_end_name((enum cbpf_end)99), "?"),
	       "what is past an enumeration's end has no name and no property");
	tap_ok(cbpf_dialect_has_wirelen(CBPF_LINUX) &&
		       !cbpf_dialect_has_wirelen(CBPF_GO),
	       "Go knows the captured length only");
	tap_ok(cbpf_dialect_executes(CBPF_LINUX, CBPF_LD_W) &&
		       !cbpf_dialect_executes(CBPF_SECCOMP, CBPF_LD_H) &&
		       !cbpf_dialect_executes(CBPF_DIALECTS, CBPF_LD_W) &&
		       !cbpf_dialect_executes(CBPF_LINUX, 0x120),
	       "a dialect executes its codes, and what is none has no code");
	tap_ok(cbpf_dialect_rules(CBPF_GO) &&
		       !cbpf_dialect_rules(CBPF_DIALECTS),
	       "what is no dialect has no rules");
	tap_ok(cbpf_link_find("en10mb") == 1 && cbpf_link_find("101") == 101 &&
		       cbpf_link_find("nonsense") < 0 &&
		       cbpf_link_find("99999") < 0,
	       "link types are found by name and number");
}

/* ---- hostile text ------------------------------------------------------- */

static void test_hostile_text(void)
{
	static const char *const words[] = {
		"ld",	     "ldx",	"#",
		"0x",	     "[",	"]",
		"x",	     "+",	"-",
		"4",	     "*",	"(",
		"&",	     "0xf",	")",
		"jeq",	     ",",	"a:",
		"a",	     "ret",	"M",
		".raw",	     "\n",	";",
		"/*",	     "*/",	"99999999999999999999",
		"08",	     "(000) ",	"jt ",
		"jf ",	     "{",	"}",
		"\t",	     "\r",	"\x01",
		"\xff",	     "len",	"ja",
		"+300",	     "-5",	"BPF_STMT(",
		"BPF_JUMP(", "BPF_LD",	"|",
		"~",	     "<<",	"offsetof(",
		"struct",    "= {",	".code =",
		"(int)",     "};",	"seccomp_data",
		"l0:",	     "l1",	"unknown",
		"1,",	     "6 0 0 0", "bytecode '",
		"'",	     "//",	"4*([",
		"jneq #1,",  ":",	"#len",
	};
	char text[400];
	unsigned n = 0;

	for (int i = 0; i < 60000; i++) {
		size_t size = 0;
		int count = (int)(next_random() % 30);
		enum cbpf_format format =
			(enum cbpf_format)(next_random() % CBPF_FORMATS);
		struct cbpf_diag diags[3];
		struct cbpf_report report = CBPF_REPORT(diags);
		struct cbpf_code code;

		while (count-- > 0) {
			const char *word =
				words[next_random() %
				      (sizeof(words) / sizeof(words[0]))];

			size_t len = strlen(word);

			if (size + len + 1 > sizeof(text))
				break;
			while (len--)
				text[size++] = *word++;
			if (next_random() % 2)
				text[size++] = ' ';
		}
		/* exactly as long as it is: a sanitizer sees one byte more */
		char *exact = malloc(size ? size : 1);

		if (!exact)
			break;
		memcpy(exact, text, size);
		if (cbpf_text_read(format, exact, size, NULL, &code, &report) ==
		    CBPF_OK)
			n++;
		else if (report.n_errors == 0)
			break;
		cbpf_code_free(&code);
		free(exact);
		if (i == 59999)
			n |= 1u << 31;
	}
	tap_ok(n >> 31, "60000 texts of scrambled words: read, or an error "
			"that says why");
}

/* ---- memory ------------------------------------------------------------- */

struct stingy {
	long left;  /* allocations that still succeed */
	long alive; /* blocks not freed yet */
};

static void *stingy_realloc(void *ctx, void *p, size_t old, size_t size)
{
	struct stingy *s = ctx;

	(void)old;
	if (size == 0) {
		s->alive -= p != NULL;
		free(p);
		return NULL;
	}
	if (s->left-- <= 0)
		return NULL;
	s->alive += p == NULL;
	return realloc(p, size);
}

/* ---- builder ------------------------------------------------------------ */

static enum cbpf_err build_bad(int kind, struct cbpf_diag *diag)
{
	static const char *const far[] = { "accept" };
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX };
	struct {
		struct cbpf_check_opts opts;
		char tail[16];
	} newer = { .opts = opts };
	struct stingy plenty = { 1000, 0 };
	struct cbpf_mem libc = { &plenty, stingy_realloc };
	struct cbpf_builder *b;
	struct cbpf_code code;
	enum cbpf_err err;
	char name[] = "out";

	if (cbpf_builder_new(NULL, &b) != CBPF_OK)
		return CBPF_E_NOMEM;
	switch (kind) {
	case 0: /* a label that is nowhere */
		cbpf_builder_add(b, CBPF_LD_IMM, 1);
		cbpf_builder_jump(b, CBPF_JEQ_K, 1, "nowhere", NULL);
		break;
	case 1: /* backward, and to itself */
		cbpf_builder_label(b, name);
		memset(name, 'x', sizeof(name) - 1); /* the name is copied */
		cbpf_builder_jump(b, CBPF_JA, 0, "out", NULL);
		break;
	case 2: /* twice */
		cbpf_builder_label(b, "a");
		cbpf_builder_add(b, CBPF_LD_IMM, 1);
		cbpf_builder_label(b, "a");
		break;
	case 3: /* behind the end */
		cbpf_builder_add(b, CBPF_LD_IMM, 1);
		cbpf_builder_jump(b, CBPF_JEQ_X, 1, NULL, "end");
		cbpf_builder_label(b, "end");
		break;
	case 4: /* too long for the dialect */
		for (int i = 0; i < 5000; i++)
			cbpf_builder_add(b, CBPF_LD_IMM, 1);
		break;
	case 5:
		cbpf_builder_add(b, CBPF_JA, 1);
		break;
	case 6:
		cbpf_builder_add(b, (enum cbpf_op)0x99, 1);
		break;
	case 7:
		cbpf_builder_jump(b, CBPF_RET_K, 1, far[0], NULL);
		break;
	case 8:
		cbpf_builder_jump(b, CBPF_JA, 0, NULL, far[0]);
		break;
	case 9: /* a rule of the dialect, behind a branch that grew */
		cbpf_builder_jump(b, CBPF_JEQ_K, 7, far[0], NULL);
		for (int i = 0; i < 300; i++)
			cbpf_builder_add(b, CBPF_LD_IMM, 1);
		cbpf_builder_add(b, CBPF_LSH_K, 40);
		cbpf_builder_label(b, far[0]);
		break;
	case 10: /* of two mistakes the first is told */
		cbpf_builder_jump(b, (enum cbpf_op)0x95, 1, far[0], NULL);
		cbpf_builder_jump(b, CBPF_JA, 0, "nowhere", NULL);
		cbpf_builder_label(b, "a");
		cbpf_builder_label(b, "a");
		break;
	case 11: /* a dialect of another version; memory of its own */
		opts.mem = &libc;
		opts.dialect = CBPF_ANY_DIALECT;
		break;
	case 12:
		opts.size = sizeof(newer);
		newer.opts = opts;
		newer.tail[0] = 1;
		cbpf_builder_add(b, CBPF_RET_K, 0);
		err = cbpf_builder_finish(b, &newer.opts, &code, diag);
		cbpf_builder_free(b);
		return err;
	case 13:
		cbpf_builder_free(b);
		return cbpf_builder_new(NULL, &b) == CBPF_OK
			       ? (err = cbpf_builder_finish(b, NULL, &code,
							    diag),
				  cbpf_builder_free(b), err)
			       : CBPF_E_NOMEM;
	}
	if (kind != 3)
		cbpf_builder_add(b, CBPF_RET_K, 0);
	err = cbpf_builder_finish(b, &opts, &code, diag);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	return err;
}

static void test_builder(void)
{
	static const struct {
		enum cbpf_err err;
		uint32_t line;
		const char *word;
	} want[] = {
		{ CBPF_E_LABEL, 2, "nowhere" }, { CBPF_E_JUMP_BACK, 1, "out" },
		{ CBPF_E_LABEL_TAKEN, 2, "a" }, { CBPF_E_LABEL_LAST, 2, "end" },
		{ CBPF_E_TOO_LONG, 0, "" },	{ CBPF_E_ARGUMENT, 1, NULL },
		{ CBPF_E_ARGUMENT, 1, NULL },	{ CBPF_E_ARGUMENT, 1, NULL },
		{ CBPF_E_ARGUMENT, 1, NULL },	{ CBPF_E_SHIFT, 302, "" },
		{ CBPF_E_ARGUMENT, 1, NULL },	{ CBPF_E_ARGUMENT, 0, NULL },
		{ CBPF_E_ARGUMENT, 0, NULL },	{ CBPF_E_EMPTY, 0, "" },
	};

	for (int i = 0; i < (int)(sizeof(want) / sizeof(want[0])); i++) {
		struct cbpf_diag diag = { .code = CBPF_OK };
		enum cbpf_err err = build_bad(i, &diag);
		char sentence[200];

		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		tap_ok(err == want[i].err && diag.code == err &&
			       diag.line == want[i].line &&
			       (!want[i].word ||
				!strcmp(diag.word, want[i].word)),
		       "the builder says: %u: %s", diag.line, sentence);
	}
}

/* ---- running ------------------------------------------------------------ */

static bool count_steps(void *ctx, const struct cbpf_state *state)
{
	unsigned *n = ctx;

	(void)state;
	(*n)++;
	return true;
}

static bool stop_at_third(void *ctx, const struct cbpf_state *state)
{
	return count_steps(ctx, state) && *(unsigned *)ctx < 3;
}

static void test_steps(void)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts) };
	struct cbpf_insn insns[40];
	uint8_t data[128];
	unsigned bad = 0;

	for (int i = 0; i < 20000; i++) {
		size_t n = cbpf_random_program(&seed, &opts, insns);
		struct cbpf_packet packet = { data, 0, 0, NULL };
		struct cbpf_result whole, stepped = { 0 }, watched;
		struct cbpf_state state;
		unsigned counted = 0;
		struct cbpf_watch watch = { .size = sizeof(watch),
					    .before = count_steps,
					    .ctx = &counted };
		struct cbpf_prog *prog;

		if (cbpf_prog_new(insns, n, NULL, &prog, NULL) != CBPF_OK)
			continue;
		packet.caplen = (uint32_t)cbpf_random_packet(
			&seed, prog, 0, data, sizeof(data));
		state = cbpf_state_init(&packet);
		cbpf_run(prog, &packet, &whole);
		while (cbpf_step(prog, &packet, &state, &stepped))
			;
		cbpf_run_watched(prog, &packet, &watch, &watched);
		bad += memcmp(&whole, &stepped, sizeof(whole)) != 0;
		bad += memcmp(&whole, &watched, sizeof(whole)) != 0;
		bad += counted != whole.steps;
		state.pc = 0x7fffffff;
		bad += cbpf_step(prog, &packet, &state, &stepped);
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0, "whole, stepped and watched runs are the same");
}

/* The last byte of the largest packet there is, and the one behind it. */
static void test_largest(void)
{
	static const struct cbpf_insn insns[] = {
		{ CBPF_LDX_IMM, 0, 0, INT32_MAX - 2 },
		{ CBPF_LD_BX, 0, 0, 1 },
		{ CBPF_LD_BX, 0, 0, 2 },
		{ CBPF_RET_K, 0, 0, 7 },
	};
	struct cbpf_prog_opts empty = { .size = sizeof(empty),
					.dialect = CBPF_FREEBSD };
	struct cbpf_packet largest = { .caplen = INT32_MAX };
	struct cbpf_result result;
	struct cbpf_prog *prog;
	void *data = mmap(NULL, INT32_MAX, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED) {
		tap_skip("a packet of 2147483647 bytes is read to its end",
			 "no such many addresses in a row here");
		return;
	}
	largest.data = data;
	if (cbpf_prog_new(insns, 4, NULL, &prog, NULL) == CBPF_OK) {
		cbpf_run(prog, &largest, &result);
		tap_ok(result.why == CBPF_E_LOAD_OUT && result.pc == 2,
		       "a packet of 2147483647 bytes is read to its end");
		cbpf_prog_free(prog);
	}
	if (cbpf_prog_new(insns, 0, &empty, &prog, NULL) == CBPF_OK) {
		cbpf_run(prog, &largest, &result);
		tap_ok(result.end == CBPF_RETURNED,
		       "and taken by FreeBSD without a filter");
		cbpf_prog_free(prog);
	}
	munmap(data, INT32_MAX);
}

/* Words of M[] that a program has not written are 0, whatever ran before. */
static void test_words(void)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	const struct cbpf_packet none = { NULL, 0, 0, NULL };
	struct cbpf_insn fill[18] = { { CBPF_LD_IMM, 0, 0, UINT32_MAX } };
	struct cbpf_insn look[] = { { CBPF_LD_MEM, 0, 0, 0 },
				    { CBPF_RET_A, 0, 0, 0 } };
	struct cbpf_prog *filler, *prog;
	struct cbpf_result result;
	unsigned bad = 0;

	for (uint32_t i = 0; i < 16; i++)
		fill[1 + i] = (struct cbpf_insn){ CBPF_ST, 0, 0, i };
	fill[17] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 1 };
	if (cbpf_prog_new(fill, 18, &opts, &filler, NULL) != CBPF_OK)
		return;
	for (uint32_t i = 0; i < 16; i++) {
		look[0].k = i;
		if (cbpf_prog_new(look, 2, &opts, &prog, NULL) != CBPF_OK) {
			bad++;
			continue;
		}
		cbpf_run(filler, &none, &result);
		cbpf_run(prog, &none, &result);
		bad += result.value != 0;
		cbpf_prog_free(prog);
	}
	cbpf_prog_free(filler);
	tap_ok(bad == 0, "words that are read before they are written are 0");
}

static bool is_nothing(const struct cbpf_result *r)
{
	return r->value == 0 && r->pc == 0 && r->steps == 0;
}

/* What a run that ended oddly leaves beside its reason: nothing of others'. */
static void test_odd_ends(void)
{
	static const struct cbpf_insn ret = { CBPF_RET_K, 0, 0, 7 };
	const struct cbpf_packet huge = { NULL, 1u << 31, 1u << 31, NULL };
	const struct cbpf_packet none = { NULL, 0, 0, NULL };
	struct cbpf_prog_opts opts = { .size = sizeof(opts) };
	struct cbpf_result result;
	struct cbpf_prog *prog;
	unsigned crashes = 0, bad = 0;

	for (int d = 0; d < CBPF_DIALECTS; d++) {
		opts.dialect = (enum cbpf_dialect)d;
		if (cbpf_prog_new(&ret, 1, &opts, &prog, NULL) != CBPF_OK)
			continue;
		memset(&result, 0xff, sizeof(result));
		cbpf_run(prog, &huge, &result);
		bad += !is_nothing(&result);
		memset(&result, 0xff, sizeof(result));
		cbpf_run(prog, &none, &result);
		bad += d == CBPF_SECCOMP ? !is_nothing(&result)
					 : result.steps != 1;
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0, "packets too large, and data too small");
	opts.dialect = CBPF_FREEBSD;
	if (cbpf_prog_new(&ret, 0, &opts, &prog, NULL) == CBPF_OK) {
		memset(&result, 0xff, sizeof(result));
		cbpf_run(prog, &none, &result);
		tap_ok(result.value == UINT32_MAX && result.pc == 0 &&
			       result.steps == 0,
		       "no filter, no step");
		cbpf_prog_free(prog);
	}
	opts.dialect = CBPF_LIBPCAP;
	for (unsigned code = 0; code < 256; code++) {
		const struct cbpf_insn insns[] = { { (uint16_t)code, 0, 0, 1 },
						   ret };

		if (cbpf_prog_new(insns, 2, &opts, &prog, NULL) != CBPF_OK)
			continue;
		memset(&result, 0xff, sizeof(result));
		cbpf_run(prog, &none, &result);
		crashes += result.end == CBPF_CRASHED;
		bad += result.end == CBPF_CRASHED &&
		       (result.value || result.pc);
		cbpf_prog_free(prog);
	}
	tap_ok(crashes > 0 && bad == 0, "%u codes that libpcap aborts at",
	       crashes);
}

/* An attribute that is in memory behind the packet, from where on one asks. */
static void test_attribute_behind(void)
{
	const struct cbpf_insn insns[] = { { CBPF_LD_IMM, 0, 0, 12 },
					   { CBPF_LDX_IMM, 0, 0, 2 },
					   { CBPF_LD_W, 0, 0, CBPF_EXT_NLA },
					   { CBPF_RET_A, 0, 0, 0 } };
	static const uint8_t data[32] = { [12] = 4, [14] = 2, [16] = 16 };
	struct cbpf_ctx ctx = { .order = CBPF_LITTLE };
	struct cbpf_packet packet = { data, 32, 32, &ctx };
	struct cbpf_result all, cut;
	struct cbpf_prog *prog;

	if (cbpf_prog_new(insns, 4, NULL, &prog, NULL) != CBPF_OK) {
		tap_ok(false, "an attribute is asked for");
		return;
	}
	cbpf_run(prog, &packet, &all);
	packet.caplen = packet.wirelen = 10;
	cbpf_run(prog, &packet, &cut);
	cbpf_prog_free(prog);
	tap_ok(all.value == 12 && cut.value == 0,
	       "an attribute behind the packet is none");
}

/* Behind the last instruction there is none that reads. */
static void test_reads_behind(void)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	static const uint8_t data[64];
	const struct cbpf_packet packet = { data, 64, 64, NULL };
	unsigned asked = 0, bad = 0;

	for (unsigned code = 0; code < 256; code++) {
		const struct cbpf_insn insns[] = { { (uint16_t)code, 0, 0, 1 },
						   { CBPF_RET_K, 0, 0, 7 } };
		struct cbpf_state state = cbpf_state_init(&packet);
		struct cbpf_result result = { 0 };
		struct cbpf_prog *prog;
		int64_t offset;
		uint32_t size;

		if (cbpf_prog_new(insns, 2, &opts, &prog, NULL) != CBPF_OK)
			continue;
		state.pc = 2;
		bad += cbpf_step(prog, &packet, &state, &result) ||
		       result.why != CBPF_E_ARGUMENT || result.pc != 2;
		for (; state.pc < 4; state.pc++, asked++)
			bad += cbpf_step_reads(prog, &packet, &state, &offset,
					       &size) ||
			       size != 0;
		cbpf_prog_free(prog);
	}
	tap_ok(asked > 0 && bad == 0,
	       "behind a program no step is made and nothing is read");
	for (int end = CBPF_ENDLESS + 1; end < 20; end++)
		bad += strcmp(cbpf_end_name((enum cbpf_end)end), "?") != 0;
	tap_ok(bad == 0, "an end that is none has no name");
}

/* Loops of any length end where they go back, watched or not. */
static void test_loops(void)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	const struct cbpf_packet none = { NULL, 0, 0, NULL };
	unsigned bad = 0;

	for (uint32_t n = 0; n <= 5; n++) {
		struct cbpf_insn insns[7] = { { 0 } };
		struct cbpf_result ran, watched;
		struct cbpf_prog *prog;

		for (uint32_t i = 0; i < n; i++)
			insns[i] = (struct cbpf_insn){ CBPF_LD_IMM, 0, 0, i };
		insns[n] = (struct cbpf_insn){ CBPF_JA, 0, 0, 0 - n - 1 };
		insns[n + 1] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 7 };
		if (cbpf_prog_new(insns, n + 2, &opts, &prog, NULL) !=
		    CBPF_OK) {
			bad++;
			continue;
		}
		cbpf_run(prog, &none, &ran);
		cbpf_run_watched(prog, &none, NULL, &watched);
		bad += ran.steps != watched.steps || ran.pc != watched.pc ||
		       ran.value || watched.value ||
		       ran.steps < CBPF_STEP_LIMIT ||
		       ran.steps > CBPF_STEP_LIMIT + n;
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0, "loops of 1 to 6 instructions end where they go back");
}

/* What no packet of a vector can be, and limits that end a run early. */
static void test_run_limits(void)
{
	static const struct cbpf_insn body[] = { { CBPF_LD_IMM, 0, 0, 1 },
						 { CBPF_JA, 0, 0, 0xfffffffe },
						 { CBPF_RET_K, 0, 0, 7 } };
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	struct cbpf_packet huge = { NULL, 1u << 31, 1u << 31, NULL };
	struct cbpf_packet none = { NULL, 0, 0, NULL };
	struct cbpf_watch five = { .size = sizeof(five), .max_steps = 5 };
	unsigned counted = 0;
	struct cbpf_watch stop = { .size = sizeof(stop),
				   .before = stop_at_third,
				   .ctx = &counted };
	struct cbpf_result result;
	struct cbpf_prog *prog;

	if (cbpf_prog_new(&body[2], 1, &opts, &prog, NULL) != CBPF_OK)
		return;
	cbpf_run(prog, &huge, &result);
	tap_ok(result.end == CBPF_ABORTED && result.why == CBPF_E_PACKET_SIZE,
	       "a packet of 2 GiB is no packet");
	cbpf_run_watched(prog, &none, NULL, &result);
	tap_ok(result.end == CBPF_RETURNED && result.value == 7,
	       "a watched run without a watch is a run");
	cbpf_prog_free(prog);
	if (cbpf_prog_new(body, 3, &opts, &prog, NULL) != CBPF_OK)
		return;
	cbpf_run_watched(prog, &none, &five, &result);
	tap_ok(result.end == CBPF_ENDLESS && result.steps == 5,
	       "five steps, and no more");
	cbpf_run_watched(prog, &none, &stop, &result);
	tap_ok(result.end == CBPF_ENDLESS && result.steps == 2 && counted == 3,
	       "who watches may end the run");
	cbpf_run_watched(prog, &none, NULL, &result);
	tap_ok(result.end == CBPF_ENDLESS && result.steps == CBPF_STEP_LIMIT,
	       "a loop that is watched ends as one that is not");
	cbpf_run(prog, &none, &result);
	tap_ok(result.end == CBPF_ENDLESS && result.value == 0 &&
		       result.steps == CBPF_STEP_LIMIT,
	       "and that one at the limit, no step behind it");
	cbpf_prog_free(prog);
}

/* The bytes that each kind of load is about to read. */
static void test_step_reads(void)
{
	static const struct {
		struct cbpf_insn insn;
		enum cbpf_dialect dialect;
		bool reads;
		int64_t offset;
		uint32_t size;
	} loads[] = {
		{ { CBPF_LD_W, 0, 0, 4 }, CBPF_LINUX, true, 4, 4 },
		{ { CBPF_LD_H, 0, 0, 4 }, CBPF_LINUX, true, 4, 2 },
		{ { CBPF_LD_B, 0, 0, 4 }, CBPF_LINUX, true, 4, 1 },
		{ { CBPF_LD_WX, 0, 0, 4 }, CBPF_LINUX, true, 7, 4 },
		{ { CBPF_LD_HX, 0, 0, 4 }, CBPF_LINUX, true, 7, 2 },
		{ { CBPF_LD_BX, 0, 0, 4 }, CBPF_LINUX, true, 7, 1 },
		{ { CBPF_LDX_MSH, 0, 0, 4 }, CBPF_LINUX, true, 4, 1 },
		{ { CBPF_LD_W, 0, 0, 4 }, CBPF_SECCOMP, true, 4, 4 },
		{ { CBPF_LD_W, 0, 0, 61 }, CBPF_LINUX, false, 61, 4 },
		{ { CBPF_LD_W, 0, 0, 0xfff00002 }, CBPF_LINUX, true, 2, 4 },
		{ { CBPF_LD_LEN, 0, 0, 0 }, CBPF_LINUX, false, 0, 0 },
	};
	static const uint8_t data[64];
	struct cbpf_packet packet = { data, sizeof(data), sizeof(data), NULL };
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct cbpf_prog_opts opts = { .size = sizeof(opts),
					       .dialect = loads[i].dialect };
		struct cbpf_insn insns[2] = { loads[i].insn,
					      { CBPF_RET_K, 0, 0, 0 } };
		struct cbpf_state state = cbpf_state_init(&packet);
		struct cbpf_prog *prog;
		int64_t offset;
		uint32_t size;

		state.x = 3;
		if (cbpf_prog_new(insns, 2, &opts, &prog, NULL) != CBPF_OK) {
			bad++;
			continue;
		}
		bad += cbpf_step_reads(prog, &packet, &state, &offset, &size) !=
			       loads[i].reads ||
		       offset != loads[i].offset || size != loads[i].size;
		state.pc = 2;
		bad += cbpf_step_reads(prog, &packet, &state, &offset, &size) ||
		       size != 0;
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0, "each load says which bytes it is about to read");
}

/* What Linux converts each instruction to: build/tests/kernel found it. */
static void test_costs(void)
{
	static const struct {
		struct cbpf_insn insn;
		unsigned cost; /* the prologue of a program that loads too */
	} costs[] = {
		{ { CBPF_LD_IMM, 0, 0, 1 }, 1 },
		{ { CBPF_LD_W, 0, 0, 0 }, 4 + 13 },
		{ { CBPF_LD_H, 0, 0, 32767 }, 4 + 14 },
		{ { CBPF_LD_W, 0, 0, 32768 }, 4 + 16 },
		{ { CBPF_LD_B, 0, 0, 1 }, 4 + 13 },
		{ { CBPF_LD_W, 0, 0, 0xfff00000 }, 4 + 8 },
		{ { CBPF_LD_WX, 0, 0, 0 }, 4 + 8 },
		{ { CBPF_LD_HX, 0, 0, 1 }, 4 + 9 },
		{ { CBPF_LD_BX, 0, 0, 1 }, 4 + 9 },
		{ { CBPF_LDX_MSH, 0, 0, 1 }, 4 + 19 },
		{ { CBPF_DIV_X, 0, 0, 0 }, 5 },
		{ { CBPF_MOD_X, 0, 0, 0 }, 5 },
		{ { CBPF_JA, 0, 0, 0 }, 1 },
		{ { CBPF_JEQ_K, 1, 0, 1 }, 1 },
		{ { CBPF_JEQ_K, 0, 1, 1 }, 1 },
		{ { CBPF_JEQ_K, 1, 2, 1 }, 2 },
		{ { CBPF_JSET_K, 0, 1, 1 }, 2 },
		{ { CBPF_JEQ_K, 1, 2, 0x80000000 }, 3 },
		{ { CBPF_JEQ_X, 1, 2, 0x80000000 }, 2 },
		{ { CBPF_RET_K, 0, 0, 0 }, 2 },
	};

	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		struct cbpf_cost cost =
			cbpf_check_cost(&costs[i].insn, 1, CBPF_LINUX);

		tap_ok(cost.converted == 3 + costs[i].cost,
		       "code 0x%02x, k %#x costs %u", costs[i].insn.code,
		       costs[i].insn.k, costs[i].cost);
	}
}

/* Limits of the kernel where no vector can say what a socket holds. */
static void test_kernel_limits(void)
{
	struct cbpf_insn far[2402] = { { CBPF_JA, 0, 0, 2400 } };
	uint32_t lines[2402] = { 77 };
	const struct cbpf_insn ret = { CBPF_RET_K, 0, 0, 1 };
	const struct cbpf_insn unknown = { CBPF_LD_W, 0, 0, 0xfffff0ff };
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX };
	struct cbpf_diag diag = { .code = CBPF_OK };
	struct cbpf_report report = { &diag, 1, 0, 0 };
	unsigned bad = 0;
	char *text;
	size_t size;

	far[1] = (struct cbpf_insn){ CBPF_JA, 0, 0, 2399 };
	for (int i = 2; i < 2401; i++)
		far[i] = (struct cbpf_insn){ CBPF_LD_W, 0, 0, 1 };
	far[2401] = ret;
	opts.lines = lines;
	tap_ok(cbpf_check(far, 2402, &opts, &report) == CBPF_E_JUMP_FAR &&
		       diag.pc == 0 && diag.line == 77 && report.n == 2,
	       "each jump that Linux cannot convert is told, with its line");
	opts.lines = NULL;
	/* 3 and 2 of ours, 8 bytes each, behind 96: docs/kernel.md */
	opts.optmem_max = 96 + 8 * 5;
	opts.hook = CBPF_HOOK_REUSEPORT;
	bad += cbpf_check(&ret, 1, &opts, NULL) != CBPF_OK;
	opts.hook = CBPF_HOOK_SOCKET;
	bad += cbpf_check(&ret, 1, &opts, NULL) != CBPF_E_OPTMEM;
	opts.optmem_max++;
	bad += cbpf_check(&ret, 1, &opts, NULL) != CBPF_OK;
	tap_ok(bad == 0, "a socket must stay below its limit, a reuseport "
			 "program may reach it");
	opts.optmem_max = 0;
	opts.optmem_held = 200000;
	diag.code = CBPF_OK;
	report.n = 0;
	tap_ok(cbpf_check(&ret, 1, &opts, &report) == CBPF_E_OPTMEM &&
		       diag.b == 0,
	       "a socket that holds more than its limit has no room");
	tap_ok(cbpf_check_cost(&unknown, 1, CBPF_LINUX).converted == 4 &&
		       cbpf_check_cost(&unknown, 1, CBPF_ANY_DIALECT)
				       .converted == 0,
	       "what no dialect knows has a cost all the same, or none");
	tap_ok(cbpf_text_write(CBPF_FORMAT_XT, NULL, 0, NULL, &text, &size) ==
			       CBPF_OK &&
		       strcmp(text, "0\n") == 0,
	       "an empty list is a list of none");
	cbpf_text_free(text, size, NULL);
}

/* ---- captures ----------------------------------------------------------- */

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	*size = file && bytes ? fread(bytes, 1, 1 << 20, file) : 0;
	if (file)
		fclose(file);
	return bytes;
}

/* All that is said of a packet. */
static void add_record(uint64_t *sum, const struct cbpf_record *r)
{
	for (uint32_t i = 0; i < r->caplen; i++)
		*sum = *sum * 31 + r->data[i];
	*sum = *sum * 31 + r->wirelen + r->number + r->offset;
	*sum = *sum * 31 + r->time_ns + r->link + r->interface;
}

/* Packets that come out, and a sum over them; -1 where it does not open. */
static long count_packets(const uint8_t *bytes, size_t size, uint64_t *sum)
{
	struct cbpf_capture *capture;
	struct cbpf_record record;
	long n = 0;

	*sum = 0;
	if (cbpf_capture_open_memory(bytes, size, NULL, &capture, NULL) !=
	    CBPF_OK)
		return -1;
	while (cbpf_capture_next(capture, &record, NULL) == CBPF_OK &&
	       !record.is_end) {
		add_record(sum, &record);
		n++;
	}
	cbpf_capture_close(capture);
	return n;
}

static long count_batches(const char *path, uint64_t *sum)
{
	struct cbpf_capture *capture;
	struct cbpf_batch batch = { .n = 1 };
	long total = 0;

	*sum = 0;
	if (cbpf_capture_open(path, NULL, &capture, NULL) != CBPF_OK)
		return -1;
	while (batch.n &&
	       cbpf_capture_batch(capture, &batch, NULL) == CBPF_OK) {
		for (size_t k = 0; k < batch.n; k++) {
			struct cbpf_record record;

			cbpf_capture_record(capture, k, &record);
			add_record(sum, &record);
		}
		total += (long)batch.n;
	}
	cbpf_capture_close(capture);
	return total;
}

/* Cut at every byte and with every byte turned: no crash, no more packets. */
static bool survives(const uint8_t *bytes, size_t size, long whole)
{
	uint64_t sum;
	bool is_ok = true;

	for (size_t cut = 0; cut < size && cut < 1200; cut++) {
		/* exactly as long as it is, for the sanitizer's sake */
		uint8_t *part = malloc(cut ? cut : 1);
		long n;

		if (!part)
			return false;
		memcpy(part, bytes, cut);
		n = count_packets(part, cut, &sum);
		is_ok &= n <= whole;
		if (cut > 0) {
			part[next_random() % cut] ^= (uint8_t)next_random();
			count_packets(part, cut, &sum);
		}
		free(part);
	}
	return is_ok;
}

static void test_captures(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	unsigned files = 0, bad = 0;

	while (dir && (entry = readdir(dir))) {
		char path[512];
		uint8_t *bytes;
		size_t size;
		uint64_t sum, batch_sum;
		long n;

		if (!strstr(entry->d_name, ".pcap"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		bytes = read_file(path, &size);
		n = count_packets(bytes, size, &sum);
		files++;
		if (count_batches(path, &batch_sum) != n || sum != batch_sum) {
			printf("# %s: batches are not the packets\n", path);
			bad++;
		}
		if (!survives(bytes, size, n)) {
			printf("# %s: cut, it has more packets\n", path);
			bad++;
		}
		free(bytes);
	}
	if (dir)
		closedir(dir);
	tap_ok(files > 20 && bad == 0,
	       "%u captures: batches are the packets; cut and turned at every "
	       "byte they do no harm",
	       files);
}

int main(int argc, char **argv)
{
	test_options();
	test_wrong_options();
	test_complaints();
	test_lengths();
	test_names();
	test_hostile_text();
	test_builder();
	test_steps();
	test_largest();
	test_words();
	test_odd_ends();
	test_loops();
	test_reads_behind();
	test_attribute_behind();
	test_run_limits();
	test_step_reads();
	test_costs();
	test_kernel_limits();
	test_captures(argc > 1 ? argv[1] : "tests/packets");
	return tap_done();
}
