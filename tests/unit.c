/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library's calls by themselves: options, round trips through every form,
 * captures cut at every byte, refused memory, hostile text, attaching.
 *
 *	unit DIRECTORY-OF-CAPTURES
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
	cbpf_code_free(NULL);
	cbpf_judge_free(NULL);
	cbpf_capture_close(NULL);
	tap_ok(true, "every free takes NULL");
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
	for (int f = 1; f < CBPF_FORMATS; f++)
		bad += cbpf_format_find(cbpf_format_name(
			       (enum cbpf_format)f)) != (enum cbpf_format)f;
	for (int d = 0; d < CBPF_DIALECTS; d++)
		bad += cbpf_dialect_find(cbpf_dialect_name(
			       (enum cbpf_dialect)d)) != (enum cbpf_dialect)d;
	tap_ok(bad == 0, "formats and dialects are found by their names");
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

			if (size + strlen(word) + 1 > sizeof(text))
				break;
			memcpy(text + size, word, strlen(word));
			size += strlen(word);
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

/* ---- builder ------------------------------------------------------------ */

static enum cbpf_err build_bad(int kind, struct cbpf_diag *diag)
{
	static const char *const far[] = { "accept" };
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX };
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
	case 10:
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
		{ CBPF_E_EMPTY, 0, "" },
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

static enum cbpf_err use_builder(const struct cbpf_mem *mem)
{
	struct cbpf_builder *b;
	struct cbpf_code code;
	enum cbpf_err err = cbpf_builder_new(mem, &b);
	char name[8];

	if (err != CBPF_OK)
		return err;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		cbpf_builder_label(b, name);
		cbpf_builder_jump(b, CBPF_JEQ_K, 1, "end", NULL);
	}
	cbpf_builder_label(b, "end");
	cbpf_builder_add(b, CBPF_RET_K, 0);
	err = cbpf_builder_finish(b, NULL, &code, NULL);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	return err;
}

/* Every public call that takes memory, in one go. NOMEM, or it all worked. */
static enum cbpf_err use_everything(const struct cbpf_mem *mem,
				    const uint8_t *file, size_t file_size)
{
	static const char text[] = "ldh [12]\njeq #0x800, ok\nret #0\n"
				   "ok: ld #1\nst M[0]\nld M[0]\nret a\n";
	struct cbpf_prog_opts prog_opts = { .size = sizeof(prog_opts),
					    .mem = mem };
	struct cbpf_engine_opts engine = { .size = sizeof(engine),
					   .is_exact = true,
					   .mem = mem };
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = CBPF_LINUX,
					 .mem = mem };
	struct cbpf_packet packet = { file, 40, 40, NULL };
	struct cbpf_capture *capture = NULL;
	struct cbpf_judge *judge = NULL;
	struct cbpf_prog *prog = NULL;
	struct cbpf_judged judged;
	struct cbpf_record record;
	struct cbpf_code code, raw;
	char *out = NULL;
	size_t size = 0;
	enum cbpf_err err;

	memset(&raw, 0, sizeof(raw));
	err = cbpf_text_read(CBPF_FORMAT_ASM, text, strlen(text), mem, &code,
			     NULL);
	if (err == CBPF_OK)
		err = cbpf_text_write(CBPF_FORMAT_ASM, code.insns, code.n, mem,
				      &out, &size);
	if (err == CBPF_OK)
		err = cbpf_text_read(CBPF_FORMAT_AUTO, out, size, mem, &raw,
				     NULL);
	if (err == CBPF_OK)
		err = use_builder(mem);
	for (int f = CBPF_FORMAT_ASM; err == CBPF_OK && f < CBPF_FORMATS; f++)
		err = cbpf_text_losses((enum cbpf_format)f, code.insns, code.n,
				       mem, NULL);
	if (err == CBPF_OK)
		err = cbpf_check(code.insns, code.n, &check, NULL);
	if (err == CBPF_OK)
		err = cbpf_prog_new(code.insns, code.n, &prog_opts, &prog,
				    NULL);
	if (err == CBPF_OK)
		err = cbpf_judge_new(&cbpf_engine_linux_unix, CBPF_LINUX,
				     &engine, &judge);
	if (err == CBPF_OK)
		err = cbpf_judge_load(judge, code.insns, code.n, NULL);
	if (err == CBPF_OK)
		err = cbpf_judge_run(judge, &packet, &judged);
	if (err == CBPF_OK)
		err = cbpf_capture_open_memory(file, file_size, mem, &capture,
					       NULL);
	do {
		if (err == CBPF_OK)
			err = cbpf_capture_next(capture, &record, NULL);
	} while (err == CBPF_OK && !record.is_end);
	cbpf_capture_close(capture);
	cbpf_judge_free(judge);
	cbpf_prog_free(prog);
	if (out)
		cbpf_text_free(out, size, mem);
	cbpf_code_free(&raw);
	cbpf_code_free(&code);
	return err;
}

static void test_refused_memory(const uint8_t *file, size_t size)
{
	enum cbpf_err err = CBPF_E_NOMEM;
	long n, leaked = 0;

	for (n = 0; n < 1000 && err != CBPF_OK; n++) {
		struct stingy stingy = { n, 0 };
		struct cbpf_mem mem = { &stingy, stingy_realloc };

		err = use_everything(&mem, file, size);
		leaked += stingy.alive;
		if (err != CBPF_OK && err != CBPF_E_NOMEM)
			break;
	}
	tap_ok(err == CBPF_OK && n > 5 && leaked == 0,
	       "with the n-th allocation refused, for n up to %ld: NOMEM, and "
	       "nothing leaks (%ld blocks, last error %s)",
	       n, leaked, cbpf_err_name(err));
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
		for (uint32_t i = 0; i < record.caplen; i++)
			*sum = *sum * 31 + record.data[i];
		n++;
	}
	cbpf_capture_close(capture);
	return n;
}

static long count_batches(const char *path, uint64_t *sum)
{
	struct cbpf_capture *capture;
	struct cbpf_record records[7];
	size_t n = 1;
	long total = 0;

	*sum = 0;
	if (cbpf_capture_open(path, NULL, &capture, NULL) != CBPF_OK)
		return -1;
	while (n) {
		enum cbpf_err err =
			cbpf_capture_batch(capture, records, 7, &n, NULL);

		for (size_t k = 0; k < n; k++)
			for (uint32_t i = 0; i < records[k].caplen; i++)
				*sum = *sum * 31 + records[k].data[i];
		total += (long)n;
		if (err != CBPF_OK)
			break;
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
		if (strcmp(entry->d_name, "dns.pcap") == 0)
			test_refused_memory(bytes, size);
		free(bytes);
	}
	if (dir)
		closedir(dir);
	tap_ok(files > 20 && bad == 0,
	       "%u captures: batches are the packets; cut and turned at every "
	       "byte they do no harm",
	       files);
}

/* ---- attaching ---------------------------------------------------------- */

static void test_attach(void)
{
	const struct cbpf_insn ret = { 6, 0, 0, 1 };
	const struct cbpf_insn bad[] = { { 0x34, 0, 0, 0 }, { 6, 0, 0, 1 } };
	struct cbpf_diag diag;
	struct cbpf_insn *many;
	int fds[2], one = 1;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0) {
		tap_skip("attach", "no socket pair");
		return;
	}
	tap_ok(cbpf_detach(fds[0], &diag) == CBPF_E_NO_FILTER,
	       "detaching where nothing is attached");
	tap_ok(cbpf_attach(fds[0], &ret, 1, &diag) == CBPF_OK, "attach");
	tap_ok(cbpf_attach(fds[0], bad, 2, &diag) == CBPF_E_DIV_ZERO &&
		       diag.pc == 0 && diag.sys_errno,
	       "a refusal is explained by the rule");
	tap_ok(cbpf_attach(fds[0], NULL, 0, &diag) == CBPF_E_EMPTY,
	       "no instruction");
	many = calloc(70000, sizeof(*many));
	tap_ok(many && cbpf_attach(fds[0], many, 70000, &diag) ==
			       CBPF_E_TOO_LONG,
	       "a length beyond 16 bits is not taken for less");
	free(many);
	tap_ok(cbpf_detach(fds[0], &diag) == CBPF_OK, "detach");
	cbpf_attach(fds[0], &ret, 1, NULL);
	setsockopt(fds[0], SOL_SOCKET, 44 /* SO_LOCK_FILTER */, &one,
		   sizeof(one));
	tap_ok(cbpf_attach(fds[0], &ret, 1, &diag) == CBPF_E_LOCKED &&
		       cbpf_detach(fds[0], &diag) == CBPF_E_LOCKED,
	       "a locked filter stays");
	close(fds[0]);
	close(fds[1]);
	tap_ok(cbpf_attach(-1, &ret, 1, &diag) == CBPF_E_SYSTEM &&
		       diag.sys_errno,
	       "what is no socket");
}

int main(int argc, char **argv)
{
	test_options();
	test_names();
	test_hostile_text();
	test_builder();
	test_steps();
	test_captures(argc > 1 ? argv[1] : "tests/packets");
	test_attach();
	return tap_done();
}
