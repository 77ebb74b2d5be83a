/* SPDX-License-Identifier: BSD-2-Clause */
/* Native code as an engine: what it gives is a value of 32 bits, no more. */
#include <string.h>

#include "isa/isa.h"
#include "oracle/oracle.h"
#include "prog/prog.h"

struct native {
	struct cbpf_mem mem;
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
};

static enum cbpf_err probe_jit(const struct cbpf_engine *engine,
			       struct cbpf_diag *diag)
{
	const struct cbpf_insn ret = { isa_rows[OP_RET_K].code, 0, 0, 1 };
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
	enum cbpf_err err = cbpf_prog_new(&ret, 1, NULL, &prog, diag);

	(void)engine;
	if (err != CBPF_OK)
		return err;
	err = cbpf_jit_new(prog, NULL, &jit, diag);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	return err;
}

static void free_jit(void *handle)
{
	struct native *own = handle;
	struct cbpf_mem mem;

	if (!own)
		return;
	mem = own->mem;
	cbpf_jit_free(own->jit);
	cbpf_prog_free(own->prog);
	mem_free(&mem, own, sizeof(*own));
}

static enum cbpf_err load_jit(const struct cbpf_engine *engine,
			      const struct cbpf_engine_opts *opts,
			      enum cbpf_dialect dialect,
			      const struct cbpf_insn *insns, size_t n,
			      void **handle, struct cbpf_diag *diag)
{
	struct cbpf_prog_opts how = { .size = sizeof(how),
				      .dialect = dialect,
				      .mem = opts ? opts->mem : NULL };
	struct cbpf_jit_opts jit = { .size = sizeof(jit), .mem = how.mem };
	struct native made = { .mem = mem_or_libc(how.mem) }, *own;
	enum cbpf_err err = cbpf_prog_new(insns, n, &how, &made.prog, diag);

	(void)engine;
	if (err == CBPF_OK)
		err = cbpf_jit_new(made.prog, &jit, &made.jit, diag);
	if (err == CBPF_OK) {
		own = mem_copy(&made.mem, &made, sizeof(made));
		if (own) {
			free_jit(*handle);
			*handle = own;
			return CBPF_OK;
		}
		err = dg_fail(diag, CBPF_E_NOMEM);
	}
	cbpf_jit_free(made.jit);
	cbpf_prog_free(made.prog);
	return err;
}

static enum cbpf_err view_jit(void *handle, const struct cbpf_packet *packet,
			      struct cbpf_view *view, struct cbpf_diag *diag)
{
	const struct native *own = handle;

	return cbpf_engine_interp.view(own->prog, packet, view, diag);
}

static enum cbpf_err run_jit(void *handle, const struct cbpf_view *view,
			     const struct cbpf_result *expect,
			     struct cbpf_answer *answer, struct cbpf_diag *diag)
{
	const struct native *own = handle;
	const struct cbpf_result result = {
		.end = CBPF_RETURNED,
		.value = cbpf_jit_run(own->jit, &view->packet),
	};

	(void)expect;
	(void)diag;
	*answer = ora_foretell(view, &result, CBPF_SHOWS_VALUE);
	return CBPF_OK;
}

const struct cbpf_engine cbpf_engine_jit = {
	.name = "jit",
	.about = "native code made of the optimized program, any dialect",
	.dialect = CBPF_ANY_DIALECT,
	.probe = probe_jit,
	.load = load_jit,
	.view = view_jit,
	.run = run_jit,
	.free = free_jit,
};
