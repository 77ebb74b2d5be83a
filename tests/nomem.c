/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refused memory. Scenarios that together make every public call are run with
 * their first allocation refused, then the second, and so on until one runs
 * through: each time the outcome is NOMEM, what a call hands out is empty, and
 * nothing is left behind. All of it twice: with an allocator that is handed
 * in, and with libc's, which is wrapped (meson.build, --wrap) because calls
 * without a mem take scratch memory from there. tests/source.sh sees that no
 * public function is missing here.
 *
 * Not refused: what libpcap and libc allocate for themselves.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbpf/scan.h"
#include "oracles.h"

/* ---- the allocator ------------------------------------------------------ */

static struct {
	long left;     /* allocations that still succeed */
	long n_asked;  /* for */
	long n_alive;  /* blocks not freed yet */
	bool is_libcs; /* the scenario hands in no allocator of its own */
} memory;

static unsigned n_filled; /* results of failed calls that are not empty */

void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static void *stingy_realloc(void *ctx, void *p, size_t old, size_t size)
{
	(void)ctx;
	(void)old;
	if (size == 0) {
		memory.n_alive -= p != NULL;
		__real_free(p);
		return NULL;
	}
	memory.n_asked++;
	if (memory.left-- <= 0)
		return NULL;
	memory.n_alive += p == NULL;
	return __real_realloc(p, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return memory.is_libcs ? stingy_realloc(NULL, p, 0, size)
			       : __real_realloc(p, size);
}

void __wrap_free(void *p)
{
	if (memory.is_libcs)
		stingy_realloc(NULL, p, 0, 0);
	else
		__real_free(p);
}

/* What a call that failed handed out. */
static void want_empty(enum cbpf_err err, const void *object)
{
	n_filled += err != CBPF_OK && object != NULL;
}

static enum cbpf_err empty_code_if(enum cbpf_err err,
				   const struct cbpf_code *code)
{
	n_filled += err != CBPF_OK && (code->insns || code->lines || code->n);
	return err;
}

/* Out pointers hold this before the call: one left as it was shows. */
#define JUNK ((void *)8)

/* ---- scenarios ---------------------------------------------------------- */

static const char program[] = "ldh [12]\njeq #0x800, ok\nret #0\n"
			      "ok: ld #1\nst M[0]\nld M[0]\nret a\n";

static enum cbpf_err read_program(const struct cbpf_mem *mem,
				  struct cbpf_code *code)
{
	memset(code, 0xff, sizeof(*code));
	return empty_code_if(cbpf_text_read(CBPF_FORMAT_ASM, program,
					    strlen(program), mem, code, NULL),
			     code);
}

static enum cbpf_err use_forms(const struct cbpf_mem *mem)
{
	struct cbpf_code code, again;
	enum cbpf_err err = read_program(mem, &code);

	for (int f = CBPF_FORMAT_ASM; !err && f < CBPF_FORMATS; f++) {
		enum cbpf_format format = (enum cbpf_format)f;
		char *text = JUNK;
		size_t size;

		err = cbpf_text_write(format, code.insns, code.n, mem, &text,
				      &size);
		want_empty(err, text);
		if (err)
			break;
		memset(&again, 0xff, sizeof(again));
		err = empty_code_if(
			cbpf_text_read(format, text, size, mem, &again, NULL),
			&again);
		cbpf_code_free(&again);
		cbpf_text_free(text, size, mem);
		if (!err)
			err = cbpf_text_losses(format, code.insns, code.n, mem,
					       NULL);
		if (err == CBPF_E_LOST) /* bpf_dbg's forms say less */
			err = CBPF_OK;
	}
	cbpf_code_free(&code);
	return err;
}

/* Recognising tries every form; a text in none of them has diagnoses too. */
/*
 * Builders of all sizes up to some: of each of their tables there is one in
 * which its growing is the last thing that asks for memory.
 */
static enum cbpf_err use_builders(const struct cbpf_mem *mem)
{
	enum cbpf_err err = CBPF_OK;

	for (int size = 1; err == CBPF_OK && size < 48; size++) {
		struct cbpf_builder *b = JUNK;
		struct cbpf_code code;

		err = cbpf_builder_new(mem, &b);
		want_empty(err, b);
		if (err != CBPF_OK)
			return err;
		/* now the instructions come last, now the jumps */
		for (int i = 0; size % 2 == 0 && i < size; i++)
			cbpf_builder_add(b, CBPF_TAX, 0);
		for (int i = 0; i < size; i++)
			cbpf_builder_jump(b, CBPF_JEQ_K, 1, "end", NULL);
		for (int i = 0; size % 2 == 1 && i < size * size; i++)
			cbpf_builder_add(b, CBPF_TAX, 0);
		cbpf_builder_label(b, "end");
		cbpf_builder_add(b, CBPF_RET_K, 0);
		memset(&code, 0xff, sizeof(code));
		err = empty_code_if(cbpf_builder_finish(b, NULL, &code, NULL),
				    &code);
		cbpf_code_free(&code);
		cbpf_builder_free(b);
	}
	return err;
}

/* Many labels with long names, and many lines of hexadecimal digits. */
static enum cbpf_err use_long_texts(const struct cbpf_mem *mem)
{
	static char text[40000];
	struct cbpf_code code;
	enum cbpf_err err;
	int at = 0;

	for (int i = 0; i < 700; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			       "a_label_of_some_length_%d: ld #%d\n", i, i);
	at += snprintf(text + at, sizeof(text) - (size_t)at, "ret a\n");
	memset(&code, 0xff, sizeof(code));
	err = empty_code_if(cbpf_text_read(CBPF_FORMAT_ASM, text, (size_t)at,
					   mem, &code, NULL),
			    &code);
	cbpf_code_free(&code);
	if (err != CBPF_OK)
		return err;
	at = 0;
	for (int i = 0; i < 900; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			       "06 00 00 00 00 00 00 00\n");
	memset(&code, 0xff, sizeof(code));
	err = empty_code_if(cbpf_text_read(CBPF_FORMAT_HEX, text, (size_t)at,
					   mem, &code, NULL),
			    &code);
	cbpf_code_free(&code);
	return err;
}

static enum cbpf_err use_recognition(const struct cbpf_mem *mem)
{
	struct cbpf_diag diags[2];
	struct cbpf_report report = CBPF_REPORT(diags);
	struct cbpf_code code;
	enum cbpf_err err;

	err = empty_code_if(cbpf_text_read(CBPF_FORMAT_AUTO, program,
					   strlen(program), mem, &code, NULL),
			    &code);
	cbpf_code_free(&code);
	if (err)
		return err;
	err = empty_code_if(cbpf_text_read(CBPF_FORMAT_AUTO, "nonsense", 8, mem,
					   &code, &report),
			    &code);
	cbpf_code_free(&code);
	return err == CBPF_E_NOMEM ? err : CBPF_OK;
}

static enum cbpf_err use_builder(const struct cbpf_mem *mem)
{
	struct cbpf_builder *b = JUNK;
	struct cbpf_code code;
	enum cbpf_err err = cbpf_builder_new(mem, &b);
	char name[8];

	want_empty(err, b);
	if (err != CBPF_OK)
		return err;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		cbpf_builder_label(b, name);
		cbpf_builder_jump(b, CBPF_JEQ_K, 1, "end", NULL);
	}
	cbpf_builder_label(b, "end");
	cbpf_builder_add(b, CBPF_RET_K, 0);
	memset(&code, 0xff, sizeof(code));
	err = empty_code_if(cbpf_builder_finish(b, NULL, &code, NULL), &code);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	return err;
}

/* Every dialect's rules, and both costs. */
static enum cbpf_err use_check(const struct cbpf_mem *mem)
{
	struct cbpf_code code;
	enum cbpf_err err = read_program(mem, &code);

	for (int d = 0; !err && d < CBPF_DIALECTS; d++) {
		struct cbpf_check_opts opts = { .size = sizeof(opts),
						.dialect = (enum cbpf_dialect)d,
						.mem = mem };

		err = cbpf_check(code.insns, code.n, &opts, NULL);
		if (err != CBPF_E_NOMEM) /* ldh is none of seccomp's */
			err = CBPF_OK;
		cbpf_check_cost(code.insns, code.n, (enum cbpf_dialect)d);
	}
	cbpf_code_free(&code);
	return err;
}

static void see_graph(void *ctx, const char *pass, const char *graph)
{
	(void)ctx, (void)pass, (void)graph;
}

/* That program, verified; its instructions are freed. */
static enum cbpf_err make_program(const struct cbpf_mem *mem,
				  struct cbpf_prog **prog)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts), .mem = mem };
	struct cbpf_code code;
	enum cbpf_err err = read_program(mem, &code);

	*prog = JUNK;
	if (err)
		return err;
	err = cbpf_prog_new(code.insns, code.n, &opts, prog, NULL);
	want_empty(err, *prog);
	cbpf_code_free(&code);
	return err;
}

/* To shorten, and to quicken with the graphs looked at. */
static enum cbpf_err use_optimize(const struct cbpf_mem *mem)
{
	struct cbpf_code code;
	enum cbpf_err err = read_program(mem, &code);

	for (int times = 0; !err && times < 3; times++) {
		static const uint8_t bytes[64] = { [12] = 8 };
		const struct cbpf_packet packet = { .data = bytes,
						    .caplen = sizeof(bytes) };
		struct cbpf_optimize_opts opts = {
			.size = sizeof(opts),
			.is_small = times == 0,
			.mem = mem,
			.dump = times == 0 ? NULL : see_graph,
			.profile = &packet,
			.n_profile = times == 2,
		};
		struct cbpf_optimized report;
		struct cbpf_code better;

		err = cbpf_optimize(code.insns, code.n, &opts, &better, &report,
				    NULL);
		cbpf_code_free(&better);
	}
	cbpf_code_free(&code);
	return err;
}

static enum cbpf_err use_translate(const struct cbpf_mem *mem)
{
	struct cbpf_translate_opts how = { .size = sizeof(how), .mem = mem };
	struct cbpf_prog *prog;
	enum cbpf_err err = make_program(mem, &prog);
	size_t len = 1;
	char *text = JUNK;

	if (err)
		return err;
	err = cbpf_translate_c(prog, &how, &text, &len, NULL);
	want_empty(err, text);
	if (!err)
		cbpf_text_free(text, len, mem);
	cbpf_prog_free(prog);
	return err;
}

static enum cbpf_err use_threaded(const struct cbpf_mem *mem)
{
	struct cbpf_threaded_opts how = { .size = sizeof(how), .mem = mem };
	const uint8_t bytes[14] = { [12] = 8 };
	const struct cbpf_packet packet = { .data = bytes, .caplen = 14 };
	struct cbpf_prog *prog;
	struct cbpf_threaded *threaded = JUNK;
	enum cbpf_err err = make_program(mem, &prog);

	if (err)
		return err;
	err = cbpf_threaded_new(prog, &how, &threaded, NULL);
	want_empty(err, threaded);
	if (!err && !cbpf_threaded_is_fast(threaded))
		err = CBPF_E_ARGUMENT;
	if (!err)
		cbpf_threaded_run(threaded, &packet);
	cbpf_threaded_free(threaded);
	cbpf_prog_free(prog);
	return err;
}

/* A list: its graph is made small before anything else. */
static enum cbpf_err use_list(const struct cbpf_mem *mem)
{
	enum { NUMBERS = 200 };
	struct cbpf_prog_opts opts = { .size = sizeof(opts), .mem = mem };
	struct cbpf_jit_opts native = { .size = sizeof(native),
					.lanes = 16,
					.mem = mem };
	struct cbpf_threaded_opts quick = { .size = sizeof(quick), .mem = mem };
	struct cbpf_insn insns[2 * NUMBERS + 2] = { { CBPF_LD_W, 0, 0, 26 } };
	struct cbpf_threaded *threaded = NULL;
	struct cbpf_jit *jit = NULL;
	struct cbpf_prog *prog;
	enum cbpf_err err;

	for (uint32_t i = 0; i < NUMBERS; i++) {
		insns[1 + 2 * i] = (struct cbpf_insn){ CBPF_JEQ_K, 0, 1,
						       1 + i * 97777771 };
		insns[2 + 2 * i] = (struct cbpf_insn){ CBPF_RET_K, 0, 0, 7 };
	}
	insns[2 * NUMBERS + 1].code = CBPF_RET_K;
	err = cbpf_prog_new(insns, 2 * NUMBERS + 2, &opts, &prog, NULL);
	if (err)
		return err;
	err = cbpf_jit_new(prog, &native, &jit, NULL);
	want_empty(err, jit);
	cbpf_jit_free(jit);
	if (!err) {
		err = cbpf_threaded_new(prog, &quick, &threaded, NULL);
		want_empty(err, threaded);
		cbpf_threaded_free(threaded);
	}
	cbpf_prog_free(prog);
	return err;
}

/* Code memory is none of the caller's. */
static enum cbpf_err use_jit(const struct cbpf_mem *mem)
{
	struct cbpf_jit_opts how = { .size = sizeof(how),
				     .lanes = 16,
				     .mem = mem };
	const uint8_t bytes[14] = { [12] = 8 };
	const struct cbpf_packet packet = { .data = bytes, .caplen = 14 };
	struct cbpf_prog *prog;
	struct cbpf_jit *jit = JUNK;
	uint32_t verdict;
	enum cbpf_err err = make_program(mem, &prog);

	if (err)
		return err;
	err = cbpf_jit_new(prog, &how, &jit, NULL);
	want_empty(err, jit);
	if (!err && cbpf_jit_is_native(jit) != !!cbpf_jit_entry(jit))
		err = CBPF_E_ARGUMENT;
	if (!err && cbpf_jit_lanes(jit) > 0) {
		cbpf_jit_run(jit, &packet);
		cbpf_jit_run_batch(jit, &packet, 1, &verdict);
	}
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	return err;
}

static enum cbpf_err use_compare(const struct cbpf_mem *mem)
{
	struct cbpf_compare_opts compare = { .size = sizeof(compare),
					     .mem = mem };
	struct cbpf_prog *prog;
	struct cbpf_compared report;
	enum cbpf_err err = make_program(mem, &prog);

	if (err)
		return err;
	err = cbpf_compare(prog, prog, &compare, &report);
	if (!err && (!report.is_same || report.taken_a != report.taken_b))
		err = CBPF_E_ARGUMENT;
	cbpf_prog_free(prog);
	return err;
}

/* It gives no error: a dialect that could not be checked is not in the set. */
static enum cbpf_err use_check_dialects(const struct cbpf_mem *mem)
{
	static const struct cbpf_insn ret = { CBPF_RET_K, 0, 0, 1 };
	const uint32_t all = (1u << CBPF_DIALECTS) - 1;
	uint32_t legal = cbpf_check_dialects(&ret, 1);

	(void)mem;
	return legal == all ? CBPF_OK : CBPF_E_NOMEM;
}

static bool goes_on(void *ctx, const struct cbpf_state *state)
{
	(void)ctx;
	(void)state;
	return true;
}

/* A program is made in memory; running takes none. */
static enum cbpf_err use_program(const struct cbpf_mem *mem)
{
	static const uint8_t bytes[14] = { [12] = 8 };
	struct cbpf_packet packet = { .data = bytes, .caplen = sizeof(bytes) };
	struct cbpf_watch watch = { .size = sizeof(watch), .before = goes_on };
	struct cbpf_state state = cbpf_state_init(&packet);
	struct cbpf_result result = { 0 };
	struct cbpf_prog *prog;
	uint8_t random[64];
	uint64_t seed = 1;
	int64_t offset;
	uint32_t size;
	long n_before;
	enum cbpf_err err = make_program(mem, &prog);

	if (err)
		return err;
	n_before = memory.n_asked;
	cbpf_random_packet(&seed, prog, 0, random, sizeof(random));
	cbpf_run(prog, &packet, &result);
	cbpf_run_watched(prog, &packet, &watch, &result);
	cbpf_step_reads(prog, &packet, &state, &offset, &size);
	result.steps = 0;
	while (cbpf_step(prog, &packet, &state, &result))
		;
	cbpf_prog_traits(prog);
	if (memory.n_asked != n_before ||
	    cbpf_prog_dialect(prog) != CBPF_USER ||
	    cbpf_prog_length(prog) != 7 || !cbpf_prog_insns(prog))
		err = CBPF_E_ARGUMENT;
	cbpf_prog_free(prog);
	return err;
}

/* An engine, loaded, run, and loaded again; what its options know of memory. */
static enum cbpf_err use_engine(const struct cbpf_engine *engine,
				const struct cbpf_mem *mem)
{
	static const uint8_t bytes[64] = { [12] = 8 };
	static const struct cbpf_insn insns[] = { { CBPF_LD_LEN, 0, 0, 0 },
						  { CBPF_RET_A, 0, 0, 0 } };
	struct cbpf_packet packet = { .data = bytes, .caplen = sizeof(bytes) };
	struct cbpf_engine_opts opts = { .size = sizeof(opts),
					 .is_exact = true,
					 .mem = mem };
	const struct cbpf_packet packets[] = { packet, packet };
	struct cbpf_judge *judge = JUNK;
	struct cbpf_judged judged, both[2];
	enum cbpf_err err;

	err = cbpf_judge_new(engine,
			     engine->dialect == CBPF_ANY_DIALECT
				     ? CBPF_LINUX
				     : engine->dialect,
			     &opts, &judge);
	want_empty(err, judge);
	if (err)
		return err;
	for (int i = 0; !err && i < 2; i++) {
		err = cbpf_judge_load(judge, insns, 2, NULL);
		if (!err)
			err = cbpf_judge_run(judge, &packet, &judged);
		if (!err && judged.is_run && !judged.agrees)
			err = CBPF_E_DIFFERS;
	}
	cbpf_judge_watch(judge, goes_on, NULL);
	if (!err)
		err = cbpf_judge_run_batch(judge, packets, 2, both);
	if (!err && !cbpf_judge_prog(judge))
		err = CBPF_E_ARGUMENT;
	/* nothing parts, nothing shrinks; both load programs of their own */
	if (!err)
		cbpf_judge_parting(judge, insns, 2, &packet);
	cbpf_judge_free(judge);
	return err;
}

static enum cbpf_err use_interp(const struct cbpf_mem *mem)
{
	struct cbpf_engine engine = cbpf_engine_interp;

	engine.dialect = CBPF_LINUX;
	return use_engine(&engine, mem);
}

/* A machine that takes `ret #1` for `ret #2`: it is convicted and shrunk. */
static enum cbpf_err load_wrong(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	struct cbpf_insn wrong[32];

	if (n > sizeof(wrong) / sizeof(wrong[0]))
		return CBPF_E_ARGUMENT;
	memcpy(wrong, insns, n * sizeof(*wrong));
	for (size_t i = 0; i < n; i++)
		if (wrong[i].code == CBPF_RET_K && wrong[i].k == 1)
			wrong[i].k = 2;
	return cbpf_engine_interp.load(engine, opts, dialect, wrong, n, handle,
				       diag);
}

static enum cbpf_err use_wrong_engine(const struct cbpf_mem *mem)
{
	struct cbpf_insn insns[] = { { CBPF_LD_B, 0, 0, 0 },
				     { CBPF_TAX, 0, 0, 0 },
				     { CBPF_RET_K, 0, 0, 1 } };
	uint8_t bytes[4] = { 1, 2, 3, 4 };
	struct cbpf_packet packet = { .data = bytes, .caplen = 4 };
	struct cbpf_engine engine = cbpf_engine_interp;
	struct cbpf_engine_opts opts = { .size = sizeof(opts), .mem = mem };
	struct cbpf_judge *judge = JUNK;
	struct cbpf_judged judged;
	size_t n = 3;
	enum cbpf_err err;

	engine.dialect = CBPF_USER;
	engine.load = load_wrong;
	err = cbpf_judge_new(&engine, CBPF_USER, &opts, &judge);
	want_empty(err, judge);
	if (err)
		return err;
	err = cbpf_judge_load(judge, insns, n, NULL);
	if (!err)
		err = cbpf_judge_run(judge, &packet, &judged);
	if (!err && judged.agrees)
		err = CBPF_E_ARGUMENT;
	/* without memory it says that it does not know */
	if (!err && cbpf_judge_parting(judge, insns, n, &packet) != 2)
		err = CBPF_E_NOMEM;
	if (!err)
		err = cbpf_judge_shrink(judge, insns, &n, &packet, bytes);
	if (!err && n >= 3)
		err = CBPF_E_ARGUMENT;
	cbpf_judge_free(judge);
	return err;
}

/* pcap with one packet, and pcapng with two interfaces and none. */
/* cbpf_scan's: all packets. */
static enum cbpf_err compile_all(void *ctx, uint16_t link,
				 struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_report report = { diag, 1, 0, 0 };

	(void)link;
	return cbpf_text_read(CBPF_FORMAT_ASM, "ret #1", 6, ctx, code,
			      diag ? &report : NULL);
}

/* The second half of a file, of 14 packets. */
static enum cbpf_err use_part(struct cbpf_scan *scan,
			      const struct cbpf_mem *mem)
{
	struct cbpf_scan_part part = { .from = 400 };
	uint64_t before = cbpf_scan_seen(scan).packets, some;
	struct cbpf_capture *capture;
	enum cbpf_err err = cbpf_capture_open("tests/packets/fragments.pcap",
					      mem, &capture, NULL);

	if (err)
		return err;
	cbpf_scan_write(scan, 4, NULL);
	err = cbpf_scan_some(scan, capture, &part, NULL);
	cbpf_capture_close(capture);
	some = cbpf_scan_seen(scan).packets - before;
	if (!err && (some == 0 || some >= 14 || part.start < 400))
		err = CBPF_E_SYSTEM;
	return err;
}

static enum cbpf_err use_scan(const struct cbpf_mem *mem)
{
	struct cbpf_scan_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LINUX,
				       .mem = mem };
	struct cbpf_writer_opts how = { .size = sizeof(how),
					.snap = 30,
					.mem = mem };
	struct cbpf_capture *capture = NULL;
	struct cbpf_writer *writer = NULL, *part = NULL;
	struct cbpf_scan *scan = JUNK;
	char path[64];
	enum cbpf_err err = cbpf_scan_new(&opts, &scan, NULL);

	snprintf(path, sizeof(path), "/tmp/cbpf-nomem.%d", (int)getpid());
	want_empty(err, scan);
	for (unsigned i = 0; !err && i < 5; i++)
		err = cbpf_scan_add(scan, compile_all, (void *)(uintptr_t)mem,
				    NULL);
	if (!err)
		err = cbpf_capture_open("tests/packets/mixed.pcapng", mem,
					&capture, NULL);
	if (!err)
		err = cbpf_writer_open(path, &how, &writer, NULL);
	if (!err && cbpf_capture_is_nano(capture))
		cbpf_writer_nano(writer);
	if (!err)
		err = cbpf_writer_follow(writer, capture, NULL);
	if (!err)
		cbpf_capture_wait(capture, NULL, NULL);
	if (!err) {
		cbpf_scan_write(scan, 4, writer);
		err = cbpf_scan_capture(scan, capture, NULL, NULL);
	}
	if (!err) /* the scan has written them: none more */
		err = cbpf_writer_put(writer, 0, 0, NULL, NULL);
	if (!err)
		err = cbpf_writer_part(writer, &part, NULL);
	if (!err)
		err = cbpf_writer_append(writer, part, NULL);
	if (!err)
		err = cbpf_writer_flush(writer, NULL);
	if (!err)
		cbpf_writer_drop(part);
	cbpf_writer_close(part);
	if (!err)
		err = cbpf_writer_finish(writer, NULL);
	if (!err && (cbpf_scan_failed(scan) ||
		     cbpf_writer_format(writer) != CBPF_CAPTURE_PCAPNG ||
		     strcmp(cbpf_writer_name(writer), path) != 0))
		err = CBPF_E_SYSTEM;
	if (!err && (cbpf_scan_seen(scan).packets != 4 ||
		     cbpf_scan_hit(scan, 4).packets != 4 ||
		     cbpf_capture_link(capture) < 0 || cbpf_scan_is_full(scan)))
		err = CBPF_E_SYSTEM;
	cbpf_writer_close(writer);
	unlink(path);
	snprintf(path, sizeof(path), "/tmp/cbpf-nomem.%d.partial",
		 (int)getpid());
	unlink(path);
	cbpf_capture_close(capture);
	if (!err)
		err = use_part(scan, mem);
	cbpf_scan_free(scan);
	return err;
}

static enum cbpf_err use_capture(const struct cbpf_mem *mem)
{
	static const char path[] = "tests/packets/mixed.pcapng";
	struct cbpf_capture *capture = JUNK;
	struct cbpf_batch batch = { .n = 1 };
	struct cbpf_record record;
	struct cbpf_ctx ctx;
	static uint8_t bytes[1 << 16];
	uint64_t lost;
	size_t size;
	FILE *file = fopen(path, "rb");
	enum cbpf_err err;

	if (!file)
		return CBPF_E_SYSTEM;
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	err = cbpf_capture_open(path, mem, &capture, NULL);
	want_empty(err, capture);
	while (!err && batch.n) {
		err = cbpf_capture_batch(capture, &batch, NULL);
		if (!err && batch.n)
			cbpf_capture_record(capture, batch.n - 1, &record);
	}
	if (!err && cbpf_capture_size(capture) > 100 &&
	    cbpf_capture_described(capture) > 0)
		err = cbpf_capture_seek(capture, 0, 0, 0, NULL);
	if (!err)
		err = cbpf_capture_find(capture, 50, 0, NULL);
	if (!err) /* nothing is broken */
		err = cbpf_capture_skip(capture, &lost, NULL);
	if (!err && cbpf_capture_offset(capture) < 50)
		err = CBPF_E_SYSTEM;
	if (capture != JUNK)
		cbpf_capture_close(capture);
	if (err)
		return err;
	capture = JUNK;
	err = cbpf_capture_open_memory(bytes, size, mem, &capture, NULL);
	want_empty(err, capture);
	do {
		if (!err)
			err = cbpf_capture_next(capture, &record, NULL);
		if (!err)
			cbpf_link_context(&record, &ctx);
	} while (!err && !record.is_end);
	cbpf_capture_close(capture);
	return err;
}

static bool look_on(void *ctx, const struct cbpf_socket *socket)
{
	(void)ctx;
	(void)socket;
	return true;
}

static enum cbpf_err use_sockets(const struct cbpf_mem *mem)
{
	struct cbpf_sockets_seen seen;
	enum cbpf_err err = cbpf_sockets(mem, look_on, NULL, &seen, NULL);

	return err == CBPF_E_NOMEM ? err : CBPF_OK;
}

/* A legal program is attached without memory, an illegal one explained. */
static enum cbpf_err use_attaching(const struct cbpf_mem *mem)
{
	static const struct cbpf_insn ret = { CBPF_RET_K, 0, 0, 1 };
	static const struct cbpf_insn bad = { CBPF_ST, 0, 0, 99 };
	struct cbpf_code code;
	int fds[2], own = -1;
	enum cbpf_err err;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return CBPF_E_SYSTEM;
	err = cbpf_attach(fds[0], &ret, 1, NULL);
	memset(&code, 0xff, sizeof(code));
	if (!err)
		err = empty_code_if(cbpf_attached(fds[0], mem, &code, NULL),
				    &code);
	if (!err) {
		cbpf_code_free(&code);
		err = cbpf_attach(fds[0], &bad, 1, NULL);
		err = err == CBPF_E_NOMEM ? err : CBPF_OK;
	}
	if (!err)
		err = cbpf_detach(fds[0], NULL);
	if (!err)
		err = cbpf_lock(fds[0], NULL);
	if (!err && cbpf_borrow(getpid(), fds[0], &own, NULL) == CBPF_OK)
		close(own);
	close(fds[0]);
	close(fds[1]);
	return err;
}

/* Hooks on what is no socket, and a filter that seccomp does not take. */
static enum cbpf_err use_refused_hooks(const struct cbpf_mem *mem)
{
	static const struct cbpf_insn bad = { CBPF_ST, 0, 0, 99 };
	enum cbpf_err all[] = {
		cbpf_attach(-1, &bad, 1, NULL),
		cbpf_attach_reuseport(-1, &bad, 1, NULL),
		cbpf_attach_fanout(-1, &bad, 1, NULL),
		cbpf_detach_reuseport(-1, NULL),
		cbpf_attach_seccomp(&bad, 1, 0, NULL),
	};

	(void)mem;
	cbpf_optmem_max();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] == CBPF_E_NOMEM || all[i] == CBPF_OK)
			return all[i] ? all[i] : CBPF_E_ARGUMENT;
	return CBPF_OK;
}

#ifdef CBPF_HAVE_EXPR
static enum cbpf_err use_expression(const struct cbpf_mem *mem)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts), .mem = mem };
	struct cbpf_code code;
	const struct cbpf_insn ret = { CBPF_RET_K, 0, 0, 7 };
	const struct cbpf_packet none = { .caplen = 0 };
	char version[40];
	enum cbpf_err err;

	memset(&code, 0xff, sizeof(code));
	err = empty_code_if(
		cbpf_expr_compile("tcp port 80", &opts, &code, NULL), &code);
	cbpf_code_free(&code);
	if (err)
		return err;
	cbpf_expr_version(version, sizeof(version));
	if (cbpf_libpcap_run(&ret, &none) != 7)
		return CBPF_E_ARGUMENT;
	err = cbpf_expr_compile("tcp port", &opts, &code, NULL);
	cbpf_code_free(&code);
	return err == CBPF_E_EXPR ? CBPF_OK : err;
}

/* Joined: two of a family, a group, one that libpcap reads whole. */
static enum cbpf_err use_joining(const struct cbpf_mem *mem)
{
	static const char *const texts[] = {
		"host 192.0.2.1 or host 192.0.2.2 and not (port 80 or 443)",
		"vlan and tcp",
	};
	struct cbpf_expr_opts opts = { .size = sizeof(opts), .mem = mem };
	enum cbpf_err err = CBPF_OK;
	struct cbpf_code code;

	if (cbpf_expr_has_list(texts[0]))
		return CBPF_E_ARGUMENT;
	for (size_t i = 0; !err && i < sizeof(texts) / sizeof(*texts); i++) {
		memset(&code, 0xff, sizeof(code));
		err = empty_code_if(
			cbpf_expr_join(texts[i], &opts, &code, NULL), &code);
		cbpf_code_free(&code);
	}
	return err;
}
#endif

/* The rest: not one allocation. */
static enum cbpf_err use_names(const struct cbpf_mem *mem)
{
	static const struct cbpf_insn insns[] = { { CBPF_LD_B, 0, 0, 0 },
						  { CBPF_RET_A, 0, 0, 0 } };
	struct cbpf_diag diag = { .code = CBPF_E_JUMP_OUT };
	struct cbpf_random_opts opts = { .size = sizeof(opts) };
	struct cbpf_insn random[40];
	uint64_t seed = 1;
	char line[80];
	uint32_t number;
	uint16_t data;

	(void)mem;
	cbpf_diag_format(&diag, line, sizeof(line));
	cbpf_insn_format(insns, 0, line, sizeof(line));
	cbpf_random_program(&seed, &opts, random);
	cbpf_dialect_rules(CBPF_LINUX);
	cbpf_dialect_executes(CBPF_LINUX, CBPF_LD_W);
	cbpf_verdict_trim(1, 2, 0, &number);
	cbpf_verdict_class(1, 2, &number);
	cbpf_verdict_fanout(1, 2);
	cbpf_verdict_reuseport(1, 2, &number);
	cbpf_verdict_action(1, &data);
	cbpf_verdict_seccomp(&number, 1);
	cbpf_dialect_was_run(CBPF_LINUX);
	cbpf_dialect_has_wirelen(CBPF_LINUX);
	cbpf_format_is_binary(CBPF_FORMAT_RAW);
	cbpf_err_is_rule(CBPF_E_EMPTY);
	return cbpf_version() && cbpf_err_name(CBPF_OK) &&
			       cbpf_err_advice(CBPF_OK) &&
			       cbpf_dialect_name(CBPF_GO) &&
			       cbpf_dialect_find("go") == CBPF_GO &&
			       cbpf_format_name(CBPF_FORMAT_GO) &&
			       cbpf_format_find("go") == CBPF_FORMAT_GO &&
			       cbpf_hook_name(CBPF_HOOK_XT) &&
			       cbpf_hook_find("xt") == CBPF_HOOK_XT &&
			       cbpf_end_name(CBPF_RETURNED) &&
			       cbpf_action_name(CBPF_ACTION_TRAP) &&
			       cbpf_link_name(1) &&
			       cbpf_link_find("en10mb") == 1 &&
			       memory.n_asked == 0
		       ? CBPF_OK
		       : CBPF_E_ARGUMENT;
}

/* clang-format off */
static const struct scenario {
	const char *name;
	enum cbpf_err (*use)(const struct cbpf_mem *mem);
	const char *needs; /* what WITHOUT may leave out */
} scenarios[] = {
	{ "every form, written and read",      use_forms,          NULL },
	{ "recognising a form",                use_recognition,    NULL },
	{ "the builder",                       use_builder,        NULL },
	{ "builders of all sizes",             use_builders,       NULL },
	{ "long texts",                        use_long_texts,     NULL },
	{ "checking under every dialect",      use_check,          NULL },
	{ "optimizing",                        use_optimize,       NULL },
	{ "the set of dialects",               use_check_dialects, NULL },
	{ "a program as C",                    use_translate,      NULL },
	{ "threaded code",                     use_threaded,       NULL },
	{ "code of a list",                    use_list,           NULL },
	{ "native code",                       use_jit,            NULL },
	{ "comparing two programs",            use_compare,        NULL },
	{ "a program made and run",            use_program,        NULL },
	{ "a judge of interp",                 use_interp,         NULL },
	{ "a wrong machine parted and shrunk", use_wrong_engine,   NULL },
	{ "captures, both ways",               use_capture,        NULL },
	{ "filters over a capture",            use_scan,           NULL },
	{ "the sockets of this machine",       use_sockets,        "sockets" },
	{ "attaching and reading back",        use_attaching,      "attaching" },
	{ "hooks that refuse",                 use_refused_hooks,  NULL },
#ifdef CBPF_HAVE_EXPR
	{ "expressions",                       use_expression,     NULL },
	{ "expressions, joined",               use_joining,        NULL },
#endif
	{ "what allocates nothing",            use_names,          NULL },
};
/* clang-format on */

/* ---- refusing ----------------------------------------------------------- */

static const struct cbpf_engine *engine_used;

static enum cbpf_err use_oracle(const struct cbpf_mem *mem)
{
	return use_engine(engine_used, mem);
}

static void refuse_each(const char *name,
			enum cbpf_err (*use)(const struct cbpf_mem *mem),
			bool is_libcs)
{
	struct cbpf_mem mem = { NULL, stingy_realloc };
	enum cbpf_err err = CBPF_E_NOMEM;
	long n_leaked = 0, n;

	n_filled = 0;
	for (n = 0; n < 2000; n++) {
		memset(&memory, 0, sizeof(memory));
		memory.left = n;
		memory.is_libcs = is_libcs;
		err = use(is_libcs ? NULL : &mem);
		memory.is_libcs = false;
		n_leaked += memory.n_alive;
		if (err != CBPF_E_NOMEM)
			break;
	}
	tap_ok(err == CBPF_OK && n_leaked == 0 && n_filled == 0,
	       "%s, %s memory: %ld allocations, each refused once, %ld leaked, "
	       "%u results not empty, in the end %s",
	       name, is_libcs ? "libc's" : "given", n, n_leaked, n_filled,
	       cbpf_err_name(err));
}

static void refuse_both(const char *name,
			enum cbpf_err (*use)(const struct cbpf_mem *mem))
{
	refuse_each(name, use, false);
	refuse_each(name, use, true);
}

static const struct cbpf_engine *const natives[] = { &cbpf_engine_threaded,
						     &cbpf_engine_jit,
						     &cbpf_engine_jit_x8,
						     &cbpf_engine_jit_x16 };

int main(int argc, char **argv)
{
	const char *required = argc > 2 ? argv[2] : "";
	bool may_attach = oracle_can_run(&cbpf_engine_linux_unix, required);

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct scenario *s = &scenarios[i];

		if (s->needs && is_left_out(s->needs))
			continue;
		if (!may_attach && s->use == use_attaching)
			tap_skip(s->name, "the kernel takes no filter");
		else
			refuse_both(s->name, s->use);
	}
	for (size_t i = 0; i < N_ORACLES; i++) {
		if (!oracle_can_run(oracles[i], required))
			continue;
		engine_used = oracles[i];
		refuse_both(engine_used->name, use_oracle);
	}
	for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
		if (!oracle_can_run(natives[i], required))
			continue;
		engine_used = natives[i];
		refuse_both(engine_used->name, use_oracle);
	}
	return tap_done();
}
