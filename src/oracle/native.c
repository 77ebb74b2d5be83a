/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quick machines as engines, native code for one packet and for many, and
 * threaded code: what they give is a value of 32 bits, no more.
 */
#include <string.h>

#include "isa/isa.h"
#include "oracle/oracle.h"
#include "prog/prog.h"

struct native {
	struct cbpf_mem mem;
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
	struct cbpf_threaded *threaded; /* or this */
};

/* Packets that an engine runs at once; 0: one. */
static uint32_t lanes_of(const struct cbpf_engine *engine)
{
	if (engine == &cbpf_engine_jit_x16)
		return 16;
	return engine == &cbpf_engine_jit_x8 ? 8 : 0;
}

static enum cbpf_err probe_jit(const struct cbpf_engine *engine,
			       struct cbpf_diag *diag)
{
	const struct cbpf_insn ret = { isa_rows[OP_RET_K].code, 0, 0, 1 };
	const struct cbpf_jit_opts opts = { .size = sizeof(opts),
					    .lanes = lanes_of(engine) };
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
	enum cbpf_err err = cbpf_prog_new(&ret, 1, NULL, &prog, diag);

	if (err != CBPF_OK)
		return err;
	err = cbpf_jit_new(prog, &opts, &jit, diag);
	if (err == CBPF_OK && !cbpf_jit_is_native(jit))
		err = CBPF_E_UNAVAILABLE; /* and diag says why */
	else if (err == CBPF_OK && opts.lanes > cbpf_jit_lanes(jit))
		err = dg_say(diag, CBPF_E_UNAVAILABLE,
			     "this processor has no %s",
			     opts.lanes == 16 ? "AVX-512" : "AVX2");
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	return err;
}

static void free_native(void *handle)
{
	struct native *own = handle;
	struct cbpf_mem mem;

	if (!own)
		return;
	mem = own->mem;
	cbpf_jit_free(own->jit);
	cbpf_threaded_free(own->threaded);
	cbpf_prog_free(own->prog);
	mem_free(&mem, own, sizeof(*own));
}

static enum cbpf_err load_native(const struct cbpf_engine *engine,
				 const struct cbpf_engine_opts *opts,
				 enum cbpf_dialect dialect,
				 const struct cbpf_insn *insns, size_t n,
				 void **handle, struct cbpf_diag *diag)
{
	struct cbpf_prog_opts how = { .size = sizeof(how),
				      .dialect = dialect,
				      .mem = opts ? opts->mem : NULL };
	struct cbpf_jit_opts jit = { .size = sizeof(jit),
				     .lanes = lanes_of(engine),
				     .mem = how.mem };
	struct cbpf_threaded_opts threaded = { .size = sizeof(threaded),
					       .mem = how.mem };
	struct native made = { .mem = mem_or_libc(how.mem) }, *own;
	enum cbpf_err err = cbpf_prog_new(insns, n, &how, &made.prog, diag);

	if (err == CBPF_OK && engine == &cbpf_engine_threaded)
		err = cbpf_threaded_new(made.prog, &threaded, &made.threaded,
					diag);
	else if (err == CBPF_OK)
		err = cbpf_jit_new(made.prog, &jit, &made.jit, diag);
	if (err == CBPF_OK) {
		own = mem_copy(&made.mem, &made, sizeof(made));
		if (own) {
			free_native(*handle);
			*handle = own;
			return CBPF_OK;
		}
		err = dg_fail(diag, CBPF_E_NOMEM);
	}
	cbpf_jit_free(made.jit);
	cbpf_threaded_free(made.threaded);
	cbpf_prog_free(made.prog);
	return err;
}

static enum cbpf_err view_native(void *handle, const struct cbpf_packet *packet,
				 struct cbpf_view *view, struct cbpf_diag *diag)
{
	const struct native *own = handle;

	return cbpf_engine_interp.view(own->prog, packet, view, diag);
}

static enum cbpf_err run_native(void *handle, const struct cbpf_view *view,
				const struct cbpf_result *expect,
				struct cbpf_answer *answer,
				struct cbpf_diag *diag)
{
	const struct native *own = handle;
	const struct cbpf_result result = {
		.end = CBPF_RETURNED,
		.value = own->threaded ? cbpf_threaded_run(own->threaded,
							   &view->packet)
				       : cbpf_jit_run(own->jit, &view->packet),
	};

	(void)expect;
	(void)diag;
	*answer = ora_foretell(view, &result, CBPF_SHOWS_VALUE);
	return CBPF_OK;
}

/* Groups that are full, the last with what it ends with over and over: so all
 * of them are run by the code for many. */
static enum cbpf_err run_batch_jit(void *handle, const struct cbpf_view *views,
				   size_t n, struct cbpf_answer *answers,
				   struct cbpf_diag *diag)
{
	const struct native *own = handle;
	struct cbpf_packet packets[CBPF_BATCH_MAX];
	uint32_t verdicts[CBPF_BATCH_MAX];

	static_assert(CBPF_BATCH_MAX % 16 == 0, "groups are full");
	(void)diag;
	for (size_t i = 0; i < CBPF_BATCH_MAX; i++)
		packets[i] = views[i < n ? i : n - 1].packet;
	cbpf_jit_run_batch(own->jit, packets, CBPF_BATCH_MAX, verdicts);
	for (size_t i = 0; i < n; i++) {
		const struct cbpf_result result = { .end = CBPF_RETURNED,
						    .value = verdicts[i] };

		answers[i] = ora_foretell(&views[i], &result, CBPF_SHOWS_VALUE);
	}
	return CBPF_OK;
}

static enum cbpf_err run_one_jit(void *handle, const struct cbpf_view *view,
				 const struct cbpf_result *expect,
				 struct cbpf_answer *answer,
				 struct cbpf_diag *diag)
{
	(void)expect;
	return run_batch_jit(handle, view, 1, answer, diag);
}

static enum cbpf_err probe_threaded(const struct cbpf_engine *engine,
				    struct cbpf_diag *diag)
{
	(void)engine;
	(void)diag;
	return CBPF_OK;
}

#define NATIVE_ROW(called, what, probe_it, run_it, run_many)               \
	{                                                                  \
		.name = (called), .about = (what),                         \
		.dialect = CBPF_ANY_DIALECT, .probe = (probe_it),          \
		.load = load_native, .view = view_native, .run = (run_it), \
		.free = free_native, .run_batch = (run_many)               \
	}

const struct cbpf_engine cbpf_engine_threaded =
	NATIVE_ROW("threaded",
		   "the quick interpreter, of the optimized program, any "
		   "dialect",
		   probe_threaded, run_native, NULL);
const struct cbpf_engine cbpf_engine_jit = NATIVE_ROW(
	"jit", "native code made of the optimized program, any dialect",
	probe_jit, run_native, NULL);
const struct cbpf_engine cbpf_engine_jit_x8 =
	NATIVE_ROW("jit-x8", "native code for 8 packets at once, any dialect",
		   probe_jit, run_one_jit, run_batch_jit);
const struct cbpf_engine cbpf_engine_jit_x16 =
	NATIVE_ROW("jit-x16", "native code for 16 packets at once, any dialect",
		   probe_jit, run_one_jit, run_batch_jit);
