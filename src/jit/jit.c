/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as native code: its graph, optimized, lowered for this machine, in
 * code memory. What this machine's code does not do, and any program where it
 * makes none, is run by the interpreter behind the same entry.
 */
#include <string.h>

#include "base/options.h"
#include "jit/code.h"
#include "jit/lower.h"
#include "prog/prog.h"

struct cbpf_jit {
	const struct cbpf_prog *prog;
	struct cbpf_mem mem;
	struct code code;
	cbpf_jit_fn *entry;
	bool is_native;
};

/* What the entry does where code does not: the reading of reference. */
static uint32_t interpret(const void *prog, const uint8_t *packet,
			  uint32_t caplen, uint32_t wirelen,
			  const struct cbpf_ctx *ctx)
{
	const struct cbpf_packet whole = { packet, caplen, wirelen, ctx };
	struct cbpf_result result;

	cbpf_run(prog, &whole, &result);
	return result.value;
}

#if defined(__x86_64__) && defined(__linux__)

/* Code for the program in buf; false in *is_native: the fallback alone. */
static enum cbpf_err make(const struct cbpf_prog *prog, bool is_quick,
			  struct asmbuf *buf, bool *is_native)
{
	const struct lower_opts opts = { interpret, prog };
	struct ir ir;
	enum cbpf_err err = ir_prepare(prog, buf->arena, is_quick, &ir);

	if (err == CBPF_OK)
		err = lower_x64(&ir, &opts, buf);
	*is_native = err == CBPF_OK;
	if (err == CBPF_OK || err == CBPF_E_NOMEM)
		return err;
	buf->left = buf->cap;
	lower_fallback_x64(&opts, buf);
	return buf->is_broken ? CBPF_E_NOMEM : CBPF_OK;
}

#else

static enum cbpf_err make(const struct cbpf_prog *prog, bool is_quick,
			  struct asmbuf *buf, bool *is_native)
{
	(void)prog;
	(void)is_quick;
	(void)buf;
	(void)is_native;
	return CBPF_E_UNAVAILABLE;
}

#endif

/* The code to where it can be run. */
static enum cbpf_err install(struct cbpf_jit *jit, const struct asmbuf *buf,
			     struct cbpf_diag *diag)
{
	size_t size = buf->cap - buf->left;
	const uint8_t *run;
	enum cbpf_err err = code_take(size, &jit->code, diag);

	if (err != CBPF_OK)
		return err;
	/* at the end of the block, from which its writer counts */
	memcpy(jit->code.write + jit->code.size - size, buf->bytes + buf->left,
	       size);
	run = jit->code.run + jit->code.size - size;
	memcpy(&jit->entry, &run, sizeof(run));
	return CBPF_OK;
}

enum cbpf_err cbpf_jit_new(const struct cbpf_prog *prog,
			   const struct cbpf_jit_opts *opts,
			   struct cbpf_jit **jit, struct cbpf_diag *diag)
{
	struct cbpf_jit_opts own;
	struct cbpf_jit made = { .prog = prog };
	struct arena arena;
	struct asmbuf buf = { .arena = &arena };
	enum cbpf_err err;

	*jit = NULL;
	if (!opts_take(&own, sizeof(own), opts))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	made.mem = mem_or_libc(own.mem);
	arena = arena_new(&made.mem);
	err = make(prog, own.is_quick, &buf, &made.is_native);
	if (err == CBPF_E_UNAVAILABLE)
		dg_say(diag, err, "there is no native code for this machine");
	else if (err != CBPF_OK)
		dg_fail(diag, err);
	else
		err = install(&made, &buf, diag);
	arena_free(&arena);
	if (err != CBPF_OK)
		return err;
	*jit = mem_copy(&made.mem, &made, sizeof(made));
	if (*jit)
		return CBPF_OK;
	code_give(&made.code);
	return dg_fail(diag, CBPF_E_NOMEM);
}

void cbpf_jit_free(struct cbpf_jit *jit)
{
	struct cbpf_mem mem;

	if (!jit)
		return;
	mem = jit->mem;
	code_give(&jit->code);
	mem_free(&mem, jit, sizeof(*jit));
}

cbpf_jit_fn *cbpf_jit_entry(const struct cbpf_jit *jit)
{
	return jit->entry;
}

bool cbpf_jit_is_native(const struct cbpf_jit *jit)
{
	return jit->is_native;
}

/* What the entry does not ask: the machine's limits of a packet. */
static bool is_odd(const struct cbpf_jit *jit, const struct cbpf_packet *packet)
{
	if (packet->caplen > INT32_MAX)
		return true;
	return jit->prog->row->space == SPACE_DATA &&
	       (packet->caplen != SECCOMP_DATA_SIZE ||
		(packet->ctx && packet->ctx->order != CBPF_NATIVE));
}

uint32_t cbpf_jit_run(const struct cbpf_jit *jit,
		      const struct cbpf_packet *packet)
{
	if (cbpf_unlikely(is_odd(jit, packet)))
		return interpret(jit->prog, packet->data, packet->caplen,
				 packet->wirelen, packet->ctx);
	return jit->entry(packet->data, packet->caplen, packet->wirelen,
			  packet->ctx);
}
