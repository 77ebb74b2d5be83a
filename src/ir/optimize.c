/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A better program for the same hook: verified, made a graph, the passes run
 * until they find nothing more, written again, verified. What comes out is
 * never worse in what was asked for (the longest way through it, what it
 * executes over packets that are given, or its length), or the input is handed
 * back, with the reason.
 */
#include <string.h>

#include "base/diag.h"
#include "base/options.h"
#include "ir/ir.h"
#include "prog/prog.h"

#define LARGE	       1024 /* blocks */
#define ROUNDS_MAX     16   /* the passes, one after another, again */
#define MANY_BLOCKS    40   /* most are of lists, which one pass makes few */
#define MANY_INSNS     100 /* it takes its time to be read, so it is worth more */
#define LOWERED_ROUNDS 1   /* for native code, which is to be made at once */

struct optimizer {
	struct cbpf_optimize_opts opts;
	struct cbpf_mem mem;
	struct cbpf_optimized *report;
	struct cbpf_insn *made; /* the program that was made */
	size_t n_made;
};

/* ---- cost --------------------------------------------------------------- */

/* Instructions executed on the longest way; programs jump forward only. */
static enum cbpf_err longest_way(const struct cbpf_prog *prog,
				 const struct cbpf_mem *mem, uint32_t *longest)
{
	struct arena arena = arena_new(mem);
	uint32_t *way = arena_take(&arena, (size_t)prog->n + 1, sizeof(*way));

	if (!way)
		return CBPF_E_NOMEM;
	for (uint32_t pc = prog->n; pc-- > 0;) {
		uint32_t to[2];
		unsigned n = ir_leads_to(&prog->ops[pc], pc, to);

		for (unsigned i = 0; i < n; i++)
			if (way[pc] < way[to[i]])
				way[pc] = way[to[i]];
		way[pc]++;
	}
	*longest = prog->n ? way[0] : 0;
	arena_free(&arena);
	return CBPF_OK;
}

/* Instructions executed over the profile. */
static uint64_t count_executed(const struct optimizer *o,
			       const struct cbpf_prog *prog)
{
	uint64_t executed = 0;

	for (size_t i = 0; i < o->opts.n_profile; i++) {
		struct cbpf_result result;

		cbpf_run(prog, &o->opts.profile[i], &result);
		executed += result.steps;
	}
	return executed;
}

/* Below 0: a is less, above: b is. */
static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static bool is_better(const struct optimizer *o)
{
	const struct cbpf_optimized *r = o->report;
	int length = order(r->n_after, r->n_before);
	int way = order(r->longest_after, r->longest_before);
	int executed = order(r->executed_after, r->executed_before);
	int quick = executed ? executed : way;

	if (o->opts.is_small)
		return length < 0 || (length == 0 && quick < 0);
	if (o->opts.n_profile > 0)
		return executed < 0 || (executed == 0 && length < 0);
	return way < 0 || (way == 0 && length < 0);
}

/* ---- the graph ---------------------------------------------------------- */

static void dump(const struct optimizer *o, const struct ir *ir,
		 const char *pass)
{
	struct buf buf;
	char *text;
	size_t len;

	if (!o->opts.dump)
		return;
	buf = buf_new(&o->mem);
	ir_print(ir, &buf);
	text = buf_take(&buf, &len);
	if (!text)
		return;
	o->opts.dump(o->opts.dump_ctx, pass, text);
	mem_free(&o->mem, text, len + 1);
}

/* A number made of all that is reached: another one, and something was found.
 */
static uint64_t number_of(const struct ir *ir)
{
	uint64_t h = 0;

	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		if (!ir_is_reached(ir, id))
			continue;
		h = ir_mix(h, (uint64_t)id << 32 | (uint64_t)block->end << 16 |
				      block->test);
		h = ir_mix(h, (uint64_t)block->a << 32 | block->b);
		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next)
			h = ir_mix(h, (uint64_t)i << 32 | ir->insns[i].k);
		for (uint32_t i = 0; i < block->n_edges; i++)
			h = ir_mix(h, ir->edges[block->edges + i].to);
		if (block->end == IR_SWITCH)
			h = ir_mix(h, block->n_ranges);
	}
	return h;
}

/* Until nothing is found any more, or so many rounds; the late ones only if
 * asked for. */
static void run_passes(const struct optimizer *o, struct ir *ir, bool late,
		       int rounds)
{
	uint64_t before = rounds > 1 ? number_of(ir) : 0, after;

	for (int left = rounds; left > 0 && !ir->is_broken; left--) {
		for (int i = 0; ir_passes[i].name && !ir->is_broken; i++) {
			if (ir_passes[i].is_late && !late)
				continue;
			ir_passes[i].run(ir);
			cbpf_assert(ir->is_broken || !ir_check(ir));
			if (!ir->is_broken)
				dump(o, ir, ir_passes[i].name);
		}
		ir_compact(ir);
		if (left == 1)
			return; /* nobody asks whether there is more */
		after = number_of(ir);
		if (after == before)
			return;
		before = after;
	}
}

/* ---- the program -------------------------------------------------------- */

/* Whether a program is legal at the hook, limits included. */
static enum cbpf_err check_hook(const struct optimizer *o,
				const struct cbpf_insn *insns, size_t n,
				struct cbpf_report *report)
{
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = o->opts.dialect,
					 .hook = o->opts.hook,
					 .mem = &o->mem };

	return cbpf_check(insns, n, &check, report);
}

/* Whether what was made is legal at the hook, and what it costs. */
static enum cbpf_err weigh(struct optimizer *o)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = o->opts.dialect,
				       .mem = &o->mem };
	struct cbpf_prog *prog;
	enum cbpf_err err = check_hook(o, o->made, o->n_made, NULL);

	if (err == CBPF_OK)
		err = cbpf_prog_new(o->made, o->n_made, &opts, &prog, NULL);
	if (err != CBPF_OK)
		return err;
	o->report->n_after = (uint32_t)o->n_made;
	o->report->executed_after = count_executed(o, prog);
	err = longest_way(prog, &o->mem, &o->report->longest_after);
	cbpf_prog_free(prog);
	return err;
}

/*
 * How programs are made, each after another, until one keeps the limits of its
 * hook: quick ones with a search's tests in short rows, then with parts merged,
 * at a cost, and longer and longer rows. What is to be short begins where that
 * ends.
 */
static const struct way {
	bool is_small;
	uint32_t bucket;
} ways[] = {
	{ false, 2 }, { true, 2 },	    { true, 4 },
	{ true, 16 }, { true, UINT32_MAX },
};

static bool is_too_long(enum cbpf_err err)
{
	return err == CBPF_E_TOO_LONG || err == CBPF_E_PATH ||
	       err == CBPF_E_OPTMEM || err == CBPF_E_JUMP_FAR;
}

static void drop_made(struct optimizer *o)
{
	if (o->made)
		mem_free(&o->mem, o->made, o->n_made * sizeof(*o->made));
	o->made = NULL;
}

/* The graph as a program, with rows as a way has them; legal, and weighed. */
static enum cbpf_err try_way(struct optimizer *o, struct ir *ir,
			     const struct way *way)
{
	enum cbpf_err err;

	/* a graph that was made quick can be made short, not the other way */
	if (way->is_small && !ir->is_small) {
		ir->is_small = true;
		run_passes(o, ir, true, ROUNDS_MAX);
	}
	drop_made(o);
	if (ir->is_broken)
		return CBPF_E_NOMEM;
	ir->bucket = way->bucket;
	err = ir_lower(ir, &o->mem, &o->made, &o->n_made);
	return err == CBPF_OK ? weigh(o) : err;
}

/* How often the profile's packets leave switches by each of their ranges. */
static void count_ranges(const struct optimizer *o, struct ir *ir)
{
	uint64_t *counts = arena_take(ir->arena, (size_t)ir->n_ranges + 1,
				      sizeof(*counts));
	uint32_t *values =
		arena_take(ir->arena, (size_t)ir->n_insns + 1, sizeof(*values));

	ir->is_broken |= !counts || !values;
	for (size_t i = 0; i < o->opts.n_profile && !ir->is_broken; i++)
		ir_run(ir, &o->opts.profile[i], values, counts);
	ir->counts = counts;
}

/*
 * Once more with searches by what is met. It is kept if it executes less, and
 * dropped without a word where it is refused.
 */
static enum cbpf_err try_profile(struct optimizer *o, struct ir *ir,
				 const struct way *way)
{
	struct cbpf_insn *made = o->made;
	size_t n_made = o->n_made;
	struct cbpf_optimized report = *o->report;
	enum cbpf_err err;

	o->made = NULL;
	count_ranges(o, ir);
	err = try_way(o, ir, way);
	if (err != CBPF_OK ||
	    o->report->executed_after >= report.executed_after) {
		drop_made(o);
		o->made = made;
		o->n_made = n_made;
		*o->report = report;
	} else {
		mem_free(&o->mem, made, n_made * sizeof(*made));
	}
	ir->counts = NULL;
	return err == CBPF_E_NOMEM ? err : CBPF_OK;
}

static enum cbpf_err make(struct optimizer *o, const struct cbpf_prog *prog)
{
	struct arena arena = arena_new(&o->mem);
	size_t i = o->opts.is_small ? CBPF_COUNT(ways) - 1 : 0;
	struct ir ir;
	enum cbpf_err err = ir_build(prog, &arena, &ir);

	if (err == CBPF_OK) {
		ir.is_small = ways[i].is_small;
		dump(o, &ir, "build");
		/* long rows of tests: a search each, before all else */
		if (ir.n_blocks > LARGE) {
			ir_sets(&ir);
			ir_compact(&ir);
		}
		run_passes(o, &ir, false, ROUNDS_MAX);
		run_passes(o, &ir, true, ROUNDS_MAX);
		do
			err = try_way(o, &ir, &ways[i]);
		while (is_too_long(err) && ++i < CBPF_COUNT(ways));
		if (err == CBPF_OK && o->opts.n_profile > 0 &&
		    !o->opts.is_small)
			err = try_profile(o, &ir, &ways[i]);
	}
	arena_free(&arena);
	return err;
}

/* The input, or what was made of it, whichever is better. */
static enum cbpf_err choose(struct optimizer *o, const struct cbpf_prog *prog,
			    struct cbpf_code *code, struct cbpf_report *report)
{
	struct cbpf_optimized *r = o->report;
	enum cbpf_err given;

	r->n_before = r->n_after = prog->n;
	/* of what loops there is no longest way */
	if (!prog->traits.has_loop) {
		r->executed_before = count_executed(o, prog);
		if (longest_way(prog, &o->mem, &r->longest_before) != CBPF_OK)
			return CBPF_E_NOMEM;
	}
	r->why = make(o, prog);
	if (r->why == CBPF_E_NOMEM)
		return CBPF_E_NOMEM;
	/* what the hook refuses is worse than anything */
	given = check_hook(o, prog->given, prog->n, report);
	if (given == CBPF_E_NOMEM)
		return CBPF_E_NOMEM;
	r->is_better = r->why == CBPF_OK && (given != CBPF_OK || is_better(o));
	if (r->is_better) {
		code->insns = o->made;
		code->n = o->n_made;
		o->made = NULL;
		return CBPF_OK;
	}
	if (given != CBPF_OK)
		return given;
	r->n_after = r->n_before;
	r->longest_after = r->longest_before;
	r->executed_after = r->executed_before;
	code->n = prog->n;
	code->insns = mem_copy(&o->mem, prog->given,
			       (prog->n ? prog->n : 1) * sizeof(*prog->given));
	return code->insns ? CBPF_OK : CBPF_E_NOMEM;
}

enum cbpf_err ir_prepare(const struct cbpf_prog *prog, struct arena *arena,
			 bool is_quick, struct ir *ir)
{
	const struct optimizer o = { .mem = arena->mem };
	enum cbpf_err err = ir_build(prog, arena, ir);
	int rounds = prog->n > MANY_INSNS ? ROUNDS_MAX : LOWERED_ROUNDS;

	if (err != CBPF_OK)
		return err;
	if (ir->n_blocks > MANY_BLOCKS) {
		ir_sets(ir);
		ir_compact(ir);
	}
	if (!is_quick) {
		run_passes(&o, ir, false, 1);
		run_passes(&o, ir, true, rounds);
	}
	return ir->is_broken ? CBPF_E_NOMEM : CBPF_OK;
}

enum cbpf_err cbpf_optimize(const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_optimize_opts *opts,
			    struct cbpf_code *code,
			    struct cbpf_optimized *report,
			    struct cbpf_diag *diag)
{
	struct cbpf_optimized unread;
	struct optimizer o = { .report = report ? report : &unread };
	struct cbpf_prog_opts own = { .size = sizeof(own) };
	struct cbpf_diag first = { 0 };
	struct cbpf_report refused = { &first, 1, 0, 0 };
	struct cbpf_prog *prog;
	enum cbpf_err err;

	memset(code, 0, sizeof(*code));
	memset(o.report, 0, sizeof(*o.report));
	if (!opts_take(&o.opts, sizeof(o.opts), opts))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	o.mem = mem_or_libc(o.opts.mem);
	own.dialect = o.opts.dialect;
	own.mem = &o.mem;
	own.has_any_length = true;
	err = cbpf_prog_new(insns, n, &own, &prog, diag);
	if (err != CBPF_OK)
		return err;
	code->mem = o.mem;
	err = choose(&o, prog, code, &refused);
	drop_made(&o);
	cbpf_prog_free(prog);
	if (err == CBPF_OK)
		return CBPF_OK;
	cbpf_code_free(code);
	return first.code == err ? dg_give(diag, &first) : dg_fail(diag, err);
}
