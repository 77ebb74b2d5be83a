/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The judge: one engine beside its honest twin, which is interp running the
 * same program under the engine's dialect on the engine's view. What the twin
 * returns is put in the terms of what the engine shows, and nothing but that
 * answer is agreement; there is no list of allowed differences.
 *
 * Loading is judged first: engine and verifier must both take a program, or
 * both refuse it and for the same errno.
 */
#include <string.h>

#include "base/options.h"
#include "oracle/oracle.h"
#include "prog/prog.h"

#define CPU_TRIES 100 /* runs until none of them moved to another processor */

struct cbpf_judge {
	struct cbpf_mem mem;
	const struct cbpf_engine *engine;
	enum cbpf_dialect dialect;
	struct cbpf_engine_opts opts;
	void *handle;
	struct cbpf_prog *twin;	 /* NULL: nothing is loaded */
	struct cbpf_watch watch; /* of its runs; before NULL: none */
	uint32_t optmem_max;
};

enum cbpf_err cbpf_judge_new(const struct cbpf_engine *engine,
			     enum cbpf_dialect dialect,
			     const struct cbpf_engine_opts *opts,
			     struct cbpf_judge **out)
{
	struct cbpf_engine_opts own;
	struct cbpf_judge *judge;
	struct cbpf_mem mem;

	*out = NULL;
	if (!opts_take(&own, sizeof(own), opts))
		return CBPF_E_ARGUMENT;
	if (engine->dialect != CBPF_ANY_DIALECT)
		dialect = engine->dialect;
	if ((unsigned)dialect >= CBPF_DIALECTS)
		return CBPF_E_ARGUMENT;
	mem = mem_or_libc(own.mem);
	judge = mem_new(&mem, 1, sizeof(*judge));
	if (!judge)
		return CBPF_E_NOMEM;
	memset(judge, 0, sizeof(*judge));
	judge->mem = mem;
	judge->engine = engine;
	judge->dialect = dialect;
	judge->opts = own;
	judge->opts.mem = &judge->mem;
	judge->optmem_max = cbpf_optmem_max();
	judge->watch.size = sizeof(judge->watch);
	*out = judge;
	return CBPF_OK;
}

void cbpf_judge_free(struct cbpf_judge *judge)
{
	struct cbpf_mem mem;

	if (!judge)
		return;
	if (judge->engine->free)
		judge->engine->free(judge->handle);
	cbpf_prog_free(judge->twin);
	mem = judge->mem;
	mem_free(&mem, judge, sizeof(*judge));
}

/* ---- loading ------------------------------------------------------------ */

/* Whether a code is a rule that a program broke, and not a call that failed. */
static bool is_verdict(enum cbpf_err err)
{
	return cbpf_err_is_rule(err) || err == CBPF_E_UNEXPLAINED;
}

/* What the verifier says: rules, then the limits of an empty socket. */
static enum cbpf_err load_twin(struct cbpf_judge *judge,
			       const struct cbpf_insn *insns, size_t n,
			       struct cbpf_diag *diag)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = judge->dialect,
				       .mem = &judge->mem };
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = judge->dialect,
					 .optmem_max = judge->optmem_max,
					 .mem = &judge->mem };
	struct cbpf_report report = { diag, 1, 0, 0 };
	enum cbpf_err err;

	cbpf_prog_free(judge->twin);
	judge->twin = NULL;
	err = cbpf_prog_new(insns, n, &opts, &judge->twin, diag);
	if (err == CBPF_OK && judge->engine->is_oracle) {
		err = vfy_limits(insns, n, &check, &report);
		if (err != CBPF_OK) {
			cbpf_prog_free(judge->twin);
			judge->twin = NULL;
		}
	}
	return err;
}

enum cbpf_err cbpf_judge_load(struct cbpf_judge *judge,
			      const struct cbpf_insn *insns, size_t n,
			      struct cbpf_diag *diag)
{
	struct cbpf_diag ours = { .code = CBPF_OK }, theirs = ours;
	enum cbpf_err err = load_twin(judge, insns, n, &ours);
	enum cbpf_err theirs_err;
	char sentence[160];

	if (err != CBPF_OK && !is_verdict(err))
		return dg_give(diag, &ours);
	theirs_err =
		judge->engine->load(judge->engine, &judge->opts, judge->dialect,
				    insns, n, &judge->handle, &theirs);
	if (theirs_err != CBPF_OK && !is_verdict(theirs_err))
		return dg_give(diag, &theirs);
	if (err == CBPF_OK && theirs_err == CBPF_OK)
		return CBPF_OK;
	if (err != CBPF_OK && theirs_err != CBPF_OK &&
	    (!theirs.sys_errno || theirs.sys_errno == ours.sys_errno))
		return dg_give(diag, &ours);
	cbpf_prog_free(judge->twin);
	judge->twin = NULL;
	cbpf_diag_format(err == CBPF_OK ? &theirs : &ours, sentence,
			 sizeof(sentence));
	if (err == CBPF_OK)
		return dg_say(diag, CBPF_E_DIFFERS,
			      "%s refuses what the verifier takes: %s",
			      judge->engine->name, sentence);
	if (theirs_err == CBPF_OK)
		return dg_say(diag, CBPF_E_DIFFERS,
			      "%s takes what the verifier refuses: %s",
			      judge->engine->name, sentence);
	return dg_say(diag, CBPF_E_DIFFERS,
		      "%s refuses with errno %d where %d was due: %s",
		      judge->engine->name, theirs.sys_errno, ours.sys_errno,
		      sentence);
}

/* ---- running ------------------------------------------------------------ */

void cbpf_judge_watch(struct cbpf_judge *judge,
		      bool (*before)(void *ctx, const struct cbpf_state *state),
		      void *ctx)
{
	judge->watch.before = before;
	judge->watch.ctx = ctx;
}

const struct cbpf_prog *cbpf_judge_prog(const struct cbpf_judge *judge)
{
	return judge->twin;
}

/* The view of a packet, and what the twin says of it. */
static enum cbpf_err run_twin(struct cbpf_judge *judge,
			      const struct cbpf_packet *packet,
			      struct cbpf_view *view,
			      struct cbpf_judged *judged)
{
	enum cbpf_err err =
		judge->engine->view(judge->handle, packet, view, &judged->diag);

	if (err != CBPF_OK)
		return err;
	if (judge->watch.before)
		cbpf_run_watched(judge->twin, &view->packet, &judge->watch,
				 &judged->twin);
	else
		cbpf_run(judge->twin, &view->packet, &judged->twin);
	return CBPF_OK;
}

static enum cbpf_err run_both(struct cbpf_judge *judge,
			      const struct cbpf_packet *packet,
			      struct cbpf_view *view,
			      struct cbpf_judged *judged)
{
	enum cbpf_err err = run_twin(judge, packet, view, judged);

	if (err != CBPF_OK)
		return err;
	return judge->engine->run(judge->handle, view, &judged->twin,
				  &judged->answer, &judged->diag);
}

static void clear(struct cbpf_judged *judged)
{
	memset(judged, 0, sizeof(*judged));
	judged->diag.pc = CBPF_NO_PC;
}

/* The engine has answered: does it agree? */
static void compare(struct cbpf_judge *judge, const struct cbpf_view *view,
		    struct cbpf_judged *judged)
{
	judged->is_run = true;
	judged->is_plain = judge->opts.is_exact && judge->engine->has_exact &&
			   judged->answer.shows == CBPF_SHOWS_BYTES;
	judged->expected = judged->answer.shows == CBPF_SHOWS_FORESEEN
				   ? judged->answer
				   : ora_foretell(view, &judged->twin,
						  judged->answer.shows);
	judged->agrees = ora_agree(&judged->answer, &judged->expected);
}

enum cbpf_err cbpf_judge_run(struct cbpf_judge *judge,
			     const struct cbpf_packet *packet,
			     struct cbpf_judged *judged)
{
	struct cbpf_traits traits;
	struct cbpf_view view;
	enum cbpf_err err;
	int tries = 0;

	clear(judged);
	if (!judge->twin)
		return dg_say(&judged->diag, CBPF_E_ARGUMENT,
			      "no program is loaded");
	traits = cbpf_prog_traits(judge->twin);
	if (traits.reads_random && judge->engine->is_oracle) {
		dg_say(&judged->diag, CBPF_E_SKIP,
		       "the program reads random numbers");
		return CBPF_OK;
	}
	do {
		err = run_both(judge, packet, &view, judged);
	} while (err == CBPF_OK && traits.reads_cpu &&
		 judge->engine->is_oracle && view.ctx.cpu != ora_cpu() &&
		 ++tries < CPU_TRIES);
	if (err == CBPF_E_SKIP)
		return CBPF_OK;
	if (err == CBPF_OK)
		compare(judge, &view, judged);
	return err;
}

/* SKIP: not at once. */
static enum cbpf_err run_at_once(struct cbpf_judge *judge,
				 const struct cbpf_packet *packets, size_t n,
				 struct cbpf_judged *judged)
{
	struct cbpf_answer answers[CBPF_BATCH_MAX];
	struct cbpf_view views[CBPF_BATCH_MAX];
	enum cbpf_err err = CBPF_OK;

	if (!judge->twin || !judge->engine->run_batch || n == 0 ||
	    n > CBPF_BATCH_MAX || judge->twin->traits.reads_random ||
	    judge->twin->traits.reads_cpu)
		return CBPF_E_SKIP;
	for (size_t i = 0; i < n && err == CBPF_OK; i++) {
		clear(&judged[i]);
		err = run_twin(judge, &packets[i], &views[i], &judged[i]);
	}
	if (err == CBPF_OK)
		err = judge->engine->run_batch(judge->handle, views, n, answers,
					       &judged[0].diag);
	if (err != CBPF_OK)
		return err;
	for (size_t i = 0; i < n; i++) {
		judged[i].answer = answers[i];
		compare(judge, &views[i], &judged[i]);
	}
	return CBPF_OK;
}

enum cbpf_err cbpf_judge_run_batch(struct cbpf_judge *judge,
				   const struct cbpf_packet *packets, size_t n,
				   struct cbpf_judged *judged)
{
	enum cbpf_err err = run_at_once(judge, packets, n, judged);

	if (err != CBPF_E_SKIP)
		return err;
	err = CBPF_OK;
	for (size_t i = 0; i < n && err == CBPF_OK; i++)
		err = cbpf_judge_run(judge, &packets[i], &judged[i]);
	return err;
}

bool ora_trace(struct cbpf_judge *judge, const struct cbpf_packet *packet,
	       bool (*before)(void *ctx, const struct cbpf_state *state),
	       void *ctx)
{
	struct cbpf_watch watch = { .size = sizeof(watch),
				    .before = before,
				    .ctx = ctx };
	struct cbpf_result result;
	struct cbpf_view view;

	if (judge->engine->view(judge->handle, packet, &view, NULL) != CBPF_OK)
		return false;
	cbpf_run_watched(judge->twin, &view.packet, &watch, &result);
	return true;
}

bool ora_attaches(const struct cbpf_judge *judge)
{
	return judge->engine->is_oracle &&
	       (judge->dialect == CBPF_LINUX || judge->dialect == CBPF_SECCOMP);
}

const struct cbpf_mem *ora_mem(const struct cbpf_judge *judge)
{
	return &judge->mem;
}
