/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IR of random programs, as built, after each pass alone and after all: it
 * is in order (ir_check()), and run over packets it returns what the program
 * returns, under every dialect; so does the program that is made of it again,
 * and what cbpf_optimize() makes.
 * And what is no graph is found to be none.
 *
 *	ir [PROGRAMS]
 */
#include <stdlib.h>

#include "ir/ir.h"
#include "prog/prog.h"
#include "tap.h"

#define INSNS	60
#define PACKETS 8
#define LONG	4096

static struct arena arena;

/* ---- random programs ---------------------------------------------------- */

/* What is beside a packet: every other time there is no device. */
static struct cbpf_ctx some_ctx(uint32_t draw)
{
	struct cbpf_ctx ctx = { 0 };

	ctx.has_device = draw & 1;
	ctx.ifindex = 7;
	ctx.hatype = 1;
	ctx.mark = draw;
	ctx.vlan_tci = (uint16_t)draw;
	ctx.has_link = draw >> 1 & 1;
	ctx.net_off = draw >> 2 & 1 ? 14 : 0;
	ctx.seed = draw;
	ctx.order = draw >> 3 & 1 ? CBPF_BIG : CBPF_LITTLE;
	return ctx;
}

/* Packets over which IR and program do not agree. */
static unsigned differing(const struct cbpf_prog *prog, const struct ir *ir,
			  uint64_t *seed)
{
	uint32_t *values = malloc((ir->n_insns + 1) * sizeof(*values));
	uint8_t data[CBPF_RANDOM_MOST];
	unsigned bad = 0;

	for (int i = 0; values && i < PACKETS; i++) {
		struct cbpf_packet packet = { .data = data };
		struct cbpf_result result;
		struct cbpf_ctx ctx;

		packet.caplen = packet.wirelen = (uint32_t)cbpf_random_packet(
			seed, prog, 0, data, sizeof(data));
		ctx = some_ctx((uint32_t)*seed);
		packet.ctx = &ctx;
		cbpf_run(prog, &packet, &result);
		bad += result.value != ir_run(ir, &packet, values, NULL);
	}
	free(values);
	return bad + !values;
}

/* The graph as a program again: packets over which the two do not agree. */
static unsigned differing_lowered(const struct cbpf_prog *prog,
				  const struct ir *ir, uint64_t *seed,
				  uint64_t *length)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = prog->dialect };
	struct cbpf_mem mem = mem_or_libc(NULL);
	struct cbpf_diag diag;
	struct cbpf_prog *other;
	struct cbpf_insn *insns;
	unsigned bad = 0;
	enum cbpf_err err;
	size_t n;

	err = ir_lower(ir, &mem, &insns, &n);
	*length += err == CBPF_OK ? n : prog->n;
	if (err != CBPF_OK)
		return err != CBPF_E_TOO_LONG && err != CBPF_E_CODE;
	err = cbpf_prog_new(insns, n, &opts, &other, &diag);
	mem_free(&mem, insns, n * sizeof(*insns));
	/* Linux's check of M[] follows the lines of a program, not its ways */
	if (err == CBPF_E_MEM_UNSET) {
		*length += prog->n - n;
		return 0;
	}
	if (err != CBPF_OK) {
		printf("# %s at %u\n", cbpf_err_name(err), diag.pc);
		return 1;
	}
	for (int i = 0; i < PACKETS; i++) {
		uint8_t data[CBPF_RANDOM_MOST];
		struct cbpf_packet packet = { .data = data };
		struct cbpf_result want, got;
		struct cbpf_ctx ctx;

		packet.caplen = packet.wirelen = (uint32_t)cbpf_random_packet(
			seed, i % 2 ? prog : other, 0, data, sizeof(data));
		ctx = some_ctx((uint32_t)*seed);
		packet.ctx = &ctx;
		cbpf_run(prog, &packet, &want);
		cbpf_run(other, &packet, &got);
		bad += want.value != got.value;
	}
	cbpf_prog_free(other);
	return bad;
}

/* What one or all of the passes made of random programs. */
struct outcome {
	unsigned programs, refused, differing, disorder;
	uint64_t before, after;	 /* instructions of graphs */
	uint64_t given, lowered; /* of programs */
	unsigned wrong; /* packets that lowered programs take otherwise */
};

static unsigned count_insns(const struct ir *ir)
{
	unsigned n = 0;

	for (uint32_t id = 0; id < ir->n_blocks; id++)
		for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
		     i = ir->insns[i].next)
			n += ir->insns[i].op != IR_CONST;
	return n;
}

/* In place of the number of a row of ir_passes. */
enum { ALL = -1, NONE = -2, SMALL = -3 };

static void try_program(const struct cbpf_prog *prog, int pass, uint64_t *seed,
			struct outcome *o)
{
	const char *wrong;
	struct ir ir;

	arena = arena_new(NULL);
	if (ir_build(prog, &arena, &ir) != CBPF_OK) {
		o->refused++;
		arena_free(&arena);
		return;
	}
	o->programs++;
	o->before += count_insns(&ir);
	ir.is_small = pass == SMALL;
	ir.bucket = pass == SMALL ? UINT32_MAX : 2;
	wrong = ir_check(&ir);
	for (int i = 0; ir_passes[i].name && !wrong; i++)
		if (pass == ALL || pass == SMALL || pass == i) {
			ir_passes[i].run(&ir);
			wrong = ir.is_broken ? "no memory" : ir_check(&ir);
		}
	o->after += count_insns(&ir);
	if (wrong && !o->disorder++) {
		struct buf buf = buf_new(NULL);
		size_t len;
		char *text;

		ir_print(&ir, &buf);
		text = buf_take(&buf, &len);
		printf("# %s\n%s", wrong, text ? text : "");
		free(text);
	}
	if (!wrong) {
		o->differing += differing(prog, &ir, seed);
		o->given += prog->n;
		o->wrong += differing_lowered(prog, &ir, seed, &o->lowered);
	}
	arena_free(&arena);
}

static void test_random(enum cbpf_dialect dialect, int pass, uint64_t programs)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = dialect,
					   .max_insns = INSNS };
	struct outcome o = { 0 };
	uint64_t seed = 1 + (uint64_t)dialect;

	for (uint64_t i = 0; i < programs; i++) {
		struct cbpf_insn insns[INSNS];
		struct cbpf_prog *prog;
		size_t len;

		random.kind = i % 4 ? CBPF_RANDOM_LEGAL : CBPF_RANDOM_WILD;
		len = cbpf_random_program(&seed, &random, insns);
		if (cbpf_prog_new(insns, len, &opts, &prog, NULL) != CBPF_OK)
			continue;
		try_program(prog, pass, &seed, &o);
		cbpf_prog_free(prog);
	}
	tap_ok(o.programs > programs / 4 && !o.differing && !o.disorder &&
		       !o.wrong,
	       "%s, %s: %u programs (%u that the IR cannot say), %u packets "
	       "differ, %u out of order; %llu instructions, %llu before; "
	       "lowered: %llu, %llu before, %u packets differ",
	       cbpf_dialect_name(dialect),
	       pass == ALL     ? "all passes"
	       : pass == SMALL ? "all passes, to be short"
	       : pass == NONE  ? "as built"
			       : ir_passes[pass].name,
	       o.programs, o.refused, o.differing, o.disorder,
	       (unsigned long long)o.after, (unsigned long long)o.before,
	       (unsigned long long)o.lowered, (unsigned long long)o.given,
	       o.wrong);
}

/* ---- the optimizer ------------------------------------------------------ */

/* Whether what was made is worse in what was asked for. */
static bool is_worse(const struct cbpf_optimize_opts *how,
		     const struct cbpf_optimized *r)
{
	if (!r->is_better)
		return false;
	if (how->is_small)
		return r->n_after > r->n_before;
	if (how->n_profile > 0)
		return r->executed_after > r->executed_before;
	return r->longest_after > r->longest_before;
}

/*
 * Whether what is made of a program is worse, or not the same. Every other
 * program has a profile.
 */
static bool is_wrong(const struct cbpf_prog *prog,
		     const struct cbpf_optimize_opts *asked, uint64_t seed,
		     uint64_t *better)
{
	uint8_t data[PACKETS][CBPF_RANDOM_MOST];
	struct cbpf_packet profile[PACKETS] = { 0 };
	struct cbpf_optimize_opts how = *asked;
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = prog->dialect };
	const struct cbpf_compare_opts compare = { .size = sizeof(compare),
						   .packets = 2 * PACKETS,
						   .seed = seed };
	struct cbpf_compared compared = { .is_same = true };
	struct cbpf_optimized report;
	struct cbpf_code code;
	struct cbpf_prog *other;
	bool bad;

	for (int i = 0; i < PACKETS; i++) {
		profile[i].data = data[i];
		profile[i].caplen = profile[i].wirelen =
			(uint32_t)cbpf_random_packet(&seed, prog, 0, data[i],
						     sizeof(data[i]));
	}
	how.profile = profile;
	how.n_profile = seed & 1 ? PACKETS : 0;
	if (cbpf_optimize(prog->given, prog->n, &how, &code, &report, NULL) !=
	    CBPF_OK)
		return true;
	*better += report.is_better;
	bad = is_worse(&how, &report);
	if (cbpf_prog_new(code.insns, code.n, &opts, &other, NULL) != CBPF_OK) {
		cbpf_code_free(&code);
		return true;
	}
	if (report.is_better &&
	    cbpf_compare(prog, other, &compare, &compared) != CBPF_OK)
		bad = true;
	cbpf_prog_free(other);
	cbpf_code_free(&code);
	return bad || !compared.is_same;
}

static void test_optimizer(enum cbpf_dialect dialect, bool is_small,
			   uint64_t programs)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = dialect,
					   .max_insns = INSNS };
	struct cbpf_optimize_opts how = { .size = sizeof(how),
					  .dialect = dialect,
					  .is_small = is_small };
	uint64_t seed = 77 + (uint64_t)dialect, better = 0;
	unsigned taken = 0, bad = 0;

	for (uint64_t i = 0; i < programs; i++) {
		struct cbpf_insn insns[INSNS];
		struct cbpf_prog *prog;
		size_t len = cbpf_random_program(&seed, &random, insns);

		if (cbpf_prog_new(insns, len, &opts, &prog, NULL) != CBPF_OK)
			continue;
		if (cbpf_check(insns, len,
			       &(struct cbpf_check_opts){
				       .size = sizeof(struct cbpf_check_opts),
				       .dialect = dialect },
			       NULL) == CBPF_OK) {
			taken++;
			bad += is_wrong(prog, &how, seed, &better);
		}
		cbpf_prog_free(prog);
	}
	tap_ok(taken > programs / 4 && bad == 0 && better > taken / 2,
	       "%s, %s: %u programs optimized, %llu better, %u differ",
	       cbpf_dialect_name(dialect), is_small ? "short" : "quick", taken,
	       (unsigned long long)better, bad);
}

/* One bit that chooses between two numbers: for each bit, numbers one apart. */
static void test_choice(enum cbpf_dialect dialect)
{
	struct cbpf_optimize_opts how = { .size = sizeof(how),
					  .dialect = dialect };
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	uint32_t place = dialect == CBPF_SECCOMP ? CBPF_DATA_ARGS : 0;
	uint64_t better = 0;
	unsigned bad = 0, tried = 0;

	for (uint32_t i = 0; i < 32 * 32 * 4; i++) {
		uint32_t bit = (uint32_t)1 << i % 32;
		uint32_t apart = (uint32_t)1 << i / 32 % 32;
		uint32_t both = i >> 10 & 1 ? 0x5a5a5a5a & ~apart : 0;
		bool is_set = i >> 11 & 1;
		const struct cbpf_insn insns[] = {
			{ CBPF_LD_W, 0, 0, place },
			{ CBPF_JSET_K, 0, 2, bit },
			{ CBPF_LD_IMM, 0, 0, both | (is_set ? apart : 0) },
			{ CBPF_JA, 0, 0, 1 },
			{ CBPF_LD_IMM, 0, 0, both | (is_set ? 0 : apart) },
			{ CBPF_ADD_K, 0, 0, 77 },
			{ CBPF_RET_A, 0, 0, 0 },
		};
		struct cbpf_prog *prog;

		if (cbpf_prog_new(insns, CBPF_COUNT(insns), &opts, &prog,
				  NULL) != CBPF_OK)
			continue;
		tried++;
		bad += is_wrong(prog, &how, i, &better);
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0 && tried > 4000 && better > 1000,
	       "%s, a bit that chooses: %u programs, %llu better, %u differ",
	       cbpf_dialect_name(dialect), tried, (unsigned long long)better,
	       bad);
}

/*
 * Long programs, whose jumps go far: tests of one value, each of which leads
 * anywhere, of many values, and random ones.
 */
static void test_long(bool is_small)
{
	const struct cbpf_optimize_opts how = { .size = sizeof(how),
						.dialect = CBPF_LIBPCAP,
						.is_small = is_small };
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	static struct cbpf_insn insns[LONG];
	uint64_t seed = 5, better = 0;
	unsigned bad = 0;

	for (int i = 0; i < 24; i++) {
		const uint32_t returns = 16, tests = LONG - returns;
		struct cbpf_prog *prog;

		for (uint32_t at = 0; at < LONG; at++) {
			uint32_t left = tests - at - 1;
			uint32_t reach = left + 15 < 255 ? left + 15 : 255;
			uint32_t draw = (uint32_t)(seed >> 33);

			seed = seed * 6364136223846793005u + 1;
			insns[at] = (struct cbpf_insn){
				CBPF_JEQ_K, (uint8_t)(draw % (reach + 1)),
				(uint8_t)((draw >> 9) % (reach + 1)),
				(draw >> 20) % 64
			};
			if (at >= tests)
				insns[at] = (struct cbpf_insn){ CBPF_RET_K, 0,
								0, at % 3 };
			else if (at == 0 || (i % 3 == 1 && draw % 4 == 0))
				insns[at] = (struct cbpf_insn){ CBPF_LD_B, 0, 0,
								draw % 40 };
			else if (i % 3 == 2)
				insns[at].code =
					draw & 1 ? CBPF_JGT_K : CBPF_JSET_K;
		}
		if (cbpf_prog_new(insns, LONG, &opts, &prog, NULL) != CBPF_OK) {
			bad++;
			continue;
		}
		bad += is_wrong(prog, &how, seed, &better);
		cbpf_prog_free(prog);
	}
	tap_ok(bad == 0 && better > 8, "long programs, %s: %u differ",
	       is_small ? "short" : "quick", bad);
}

/* ---- what is no graph --------------------------------------------------- */

static const struct cbpf_insn diamond[] = {
	{ CBPF_LD_W, 0, 0, 0 },	  { CBPF_JEQ_K, 0, 2, 5 },
	{ CBPF_LD_W, 0, 0, 4 },	  { CBPF_JA, 0, 0, 1 },
	{ CBPF_LD_IMM, 0, 0, 9 }, { CBPF_ADD_K, 0, 0, 1 },
	{ CBPF_RET_A, 0, 0, 0 },
};

static struct ir build_diamond(void)
{
	struct cbpf_prog *prog;
	struct ir ir = { 0 };

	arena = arena_new(NULL);
	if (cbpf_prog_new(diamond, CBPF_COUNT(diamond), NULL, &prog, NULL) !=
	    CBPF_OK)
		return ir;
	ir_build(prog, &arena, &ir);
	cbpf_prog_free(prog);
	return ir;
}

static void test_print(void)
{
	struct ir ir = build_diamond();
	struct buf buf = buf_new(NULL);
	const char *want = "b0:\n"
			   "\tneed.bytes 4\n"
			   "\tv2 = load.4 [0]\n"
			   "\tbranch v2 == 5, b1, b2\n"
			   "b1:\n"
			   "\tneed.bytes 8\n"
			   "\tv5 = load.4 [4]\n"
			   "\tjump b3(v5)\n"
			   "b2:\n"
			   "\tjump b3(9)\n"
			   "b3(v7):\n"
			   "\tv9 = add v7, 1\n"
			   "\tret v9\n";
	char *text;
	size_t len;

	ir_print(&ir, &buf);
	text = buf_take(&buf, &len);
	if (!tap_ok(text && strcmp(text, want) == 0, "IR as text"))
		printf("# %s", text ? text : "none");
	free(text);
	arena_free(&arena);
}

/* As libpcap has `ip src a or ip src b`: each term asks for the type anew. */
static void test_threading(void)
{
	static const struct cbpf_insn insns[] = {
		{ CBPF_LD_H, 0, 0, 12 },  { CBPF_JEQ_K, 0, 2, 0x800 },
		{ CBPF_LD_W, 0, 0, 26 },  { CBPF_JEQ_K, 4, 0, 1 },
		{ CBPF_LD_H, 0, 0, 12 },  { CBPF_JEQ_K, 0, 3, 0x800 },
		{ CBPF_LD_W, 0, 0, 26 },  { CBPF_JEQ_K, 0, 1, 2 },
		{ CBPF_RET_K, 0, 0, 99 }, { CBPF_RET_K, 0, 0, 0 },
	};
	const char *want = "b0:\n"
			   "\tneed.bytes 14\n"
			   "\tv2 = load.2 [12]\n"
			   "\tbranch v2 == 0x800, b1, b5\n"
			   "b1:\n"
			   "\tneed.bytes 30\n"
			   "\tv5 = load.4 [26]\n"
			   "\tswitch v5, 0x0 b5, 0x1-0x2 b4, 0x3- b5\n"
			   "b4:\n"
			   "\tret 0x63\n"
			   "b5:\n"
			   "\tret 0\n";
	struct buf buf = buf_new(NULL);
	struct cbpf_prog *prog;
	struct ir ir;
	char *text;
	size_t len;

	arena = arena_new(NULL);
	if (cbpf_prog_new(insns, CBPF_COUNT(insns), NULL, &prog, NULL) !=
		    CBPF_OK ||
	    ir_build(prog, &arena, &ir) != CBPF_OK) {
		tap_ok(false, "the program is one");
		return;
	}
	cbpf_prog_free(prog);
	for (int times = 0; times < 2; times++)
		for (int i = 0; ir_passes[i].name; i++)
			ir_passes[i].run(&ir);
	ir_print(&ir, &buf);
	text = buf_take(&buf, &len);
	if (!tap_ok(text && strcmp(text, want) == 0,
		    "a type is asked for once"))
		printf("# %s", text ? text : "none");
	free(text);
	arena_free(&arena);
}

/* One thing of a graph made wrong, told by ir_check(). */
static void plant(const char *what, void (*spoil)(struct ir *ir))
{
	struct ir ir = build_diamond();
	const char *wrong = ir_check(&ir);

	if (wrong) {
		tap_ok(false, "the graph is in order: %s", wrong);
		return;
	}
	spoil(&ir);
	wrong = ir_check(&ir);
	tap_ok(wrong != NULL, "%s: %s", what, wrong ? wrong : "not found");
	arena_free(&arena);
}

static void spoil_edge(struct ir *ir)
{
	ir->edges[ir->blocks[1].edges].to = 0;
}

static void spoil_argument(struct ir *ir)
{
	/* the load of block 1, on the way by block 2 */
	ir->args[ir->edges[ir->blocks[2].edges].args] = ir->blocks[1].last;
}

static void spoil_operand(struct ir *ir)
{
	ir->insns[ir->blocks[3].last].a = ir->blocks[3].last;
}

static void spoil_guard(struct ir *ir)
{
	ir->insns[ir->blocks[3].last].a = ir->blocks[1].first;
}

static void spoil_list(struct ir *ir)
{
	ir->blocks[1].last = ir->blocks[1].first;
}

static void spoil_params(struct ir *ir)
{
	ir->blocks[3].n_params = 2;
}

static void spoil_end(struct ir *ir)
{
	ir->blocks[2].end = IR_BRANCH;
}

static void spoil_in(struct ir *ir)
{
	ir->blocks[2].in = ir->blocks[3].in;
}

int main(int argc, char **argv)
{
	uint64_t programs = argc > 1 ? strtoull(argv[1], NULL, 0) : 5000;

	for (int d = 0; d < CBPF_DIALECTS; d++) {
		test_random((enum cbpf_dialect)d, NONE, programs);
		test_random((enum cbpf_dialect)d, ALL, programs);
		test_random((enum cbpf_dialect)d, SMALL, programs);
		test_optimizer((enum cbpf_dialect)d, false, programs);
		test_optimizer((enum cbpf_dialect)d, true, programs);
	}
	for (int pass = 0; ir_passes[pass].name; pass++)
		test_random(CBPF_LINUX, pass, programs);
	test_choice(CBPF_LINUX);
	test_choice(CBPF_OPENBSD);
	test_choice(CBPF_SECCOMP);
	test_long(false);
	test_long(true);
	test_print();
	test_threading();
	plant("an edge back", spoil_edge);
	plant("an argument of another way", spoil_argument);
	plant("an operand before it is there", spoil_operand);
	plant("a guard as a value", spoil_guard);
	plant("a list that ends early", spoil_list);
	plant("a parameter too many", spoil_params);
	plant("an end without its edges", spoil_end);
	plant("an edge in another's list", spoil_in);
	return tap_done();
}
