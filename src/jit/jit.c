/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as native code: its graph, optimized, lowered for this machine, in
 * code memory. What this machine's code does not do is run by the interpreter
 * behind the same entry; where no code can be made or kept, by threaded code.
 */
#include <string.h>

#include "base/options.h"
#include "fast/fast.h"
#include "jit/code.h"
#include "jit/lower.h"
#include "prog/prog.h"

#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define HAS_AVX2   CPU_FEATURE_ACTIVE(AVX2)
#define HAS_AVX512 (CPU_FEATURE_ACTIVE(AVX512F) && CPU_FEATURE_ACTIVE(AVX512BW))
#else
#define HAS_AVX2   false
#define HAS_AVX512 false
#endif

struct cbpf_jit {
	const struct cbpf_prog *prog;
	struct cbpf_mem mem;
	struct code code;
	cbpf_jit_fn *entry; /* or NULL, and this runs it: */
	struct cbpf_threaded *threaded;
	lower_group_fn *groups; /* or NULL */
	unsigned lanes;		/* packets of a group; 1: there are none */
	bool is_native;
};

/* What is written, and where from the end. */
struct made {
	struct asmbuf buf;
	uint32_t entry, groups;
	unsigned lanes;
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

#if defined(__linux__) && defined(__x86_64__)
#define MACHINE (&lower_x64)
#elif defined(__linux__) && defined(__AARCH64EL__) && defined(__LP64__)
#define MACHINE (&lower_a64)
#endif

#ifdef MACHINE

/* Code for groups as well, as wide as is asked for and the machine has. */
static enum cbpf_err add_groups(const struct ir *ir,
				const struct lower_tables *tables,
				uint32_t lanes, struct made *m)
{
	uint32_t used = ab_here(&m->buf);
	enum cbpf_err err;

	if (lanes >= 16 && HAS_AVX512)
		m->lanes = 16;
	else if (lanes >= 8 && HAS_AVX2)
		m->lanes = 8;
	if (m->lanes == 1 || ir->row->space == SPACE_DATA) {
		m->lanes = 1; /* nobody has many of a task's calls at hand */
		return CBPF_OK;
	}
	err = lower_group_x64(ir, tables, m->lanes, &m->buf, &m->groups);
	if (err != CBPF_E_UNAVAILABLE)
		return err;
	m->buf.left = m->buf.cap - used; /* without what was begun */
	m->lanes = 1;
	return CBPF_OK;
}

static enum cbpf_err make(const struct cbpf_prog *prog,
			  const struct cbpf_jit_opts *opts, struct made *m)
{
	const struct lower_opts lower = { interpret, prog };
	struct lower_tables tables;
	struct ir ir;
	enum cbpf_err err = ir_prepare(prog, m->buf.arena, opts->is_quick, &ir);

	if (err == CBPF_OK)
		err = lower_one(MACHINE, &ir, &lower, &m->buf, &tables);
	m->is_native = err == CBPF_OK;
	if (err == CBPF_E_NOMEM)
		return err;
	if (!m->is_native) {
		m->buf.left = m->buf.cap;
		lower_fallback(MACHINE, &lower, &m->buf);
	}
	m->entry = ab_here(&m->buf);
	if (m->is_native)
		return add_groups(&ir, &tables, opts->lanes, m);
	return m->buf.is_broken ? CBPF_E_NOMEM : CBPF_OK;
}

#else

static enum cbpf_err make(const struct cbpf_prog *prog,
			  const struct cbpf_jit_opts *opts, struct made *m)
{
	(void)prog;
	(void)opts;
	(void)m;
	return CBPF_E_UNAVAILABLE;
}

#endif

/* The code to where it can be run. */
static enum cbpf_err install(struct cbpf_jit *jit, const struct made *m,
			     struct cbpf_diag *diag)
{
	size_t size = ab_here(&m->buf);
	const uint8_t *run;
	enum cbpf_err err = code_take(size, &jit->code, diag);

	if (err != CBPF_OK)
		return err;
	/* at the end of the block, from which its writer counts */
	memcpy(jit->code.write + jit->code.size - size,
	       m->buf.bytes + m->buf.left, size);
	code_is_written(&jit->code);
	run = jit->code.run + jit->code.size - m->entry;
	memcpy(&jit->entry, &run, sizeof(run));
	run = jit->code.run + jit->code.size - m->groups;
	if (m->lanes > 1)
		memcpy(&jit->groups, &run, sizeof(run));
	jit->lanes = m->lanes;
	jit->is_native = m->is_native;
	return CBPF_OK;
}

static void give(struct cbpf_jit *jit)
{
	if (jit->entry)
		code_give(&jit->code);
	cbpf_threaded_free(jit->threaded);
}

enum cbpf_err cbpf_jit_new(const struct cbpf_prog *prog,
			   const struct cbpf_jit_opts *opts,
			   struct cbpf_jit **jit, struct cbpf_diag *diag)
{
	struct cbpf_threaded_opts threaded = { .size = sizeof(threaded) };
	struct cbpf_jit_opts own;
	struct cbpf_jit made = { .prog = prog, .lanes = 1 };
	struct arena arena;
	struct made m = { .buf = { .arena = &arena }, .lanes = 1 };
	enum cbpf_err err;

	*jit = NULL;
	if (!opts_take(&own, sizeof(own), opts))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	made.mem = mem_or_libc(own.mem);
	arena = arena_new(&made.mem);
	err = make(prog, &own, &m);
	if (err == CBPF_E_UNAVAILABLE)
		dg_say(diag, err, "there is no native code for this machine");
	else if (err == CBPF_OK)
		err = install(&made, &m, diag);
	arena_free(&arena);
	if (err == CBPF_E_UNAVAILABLE) {
		threaded.is_quick = own.is_quick;
		threaded.mem = own.mem;
		err = cbpf_threaded_new(prog, &threaded, &made.threaded, NULL);
	}
	if (err != CBPF_OK)
		return dg_fail(diag, err);
	*jit = mem_copy(&made.mem, &made, sizeof(made));
	if (*jit)
		return CBPF_OK;
	give(&made);
	return dg_fail(diag, CBPF_E_NOMEM);
}

void cbpf_jit_free(struct cbpf_jit *jit)
{
	struct cbpf_mem mem;

	if (!jit)
		return;
	mem = jit->mem;
	give(jit);
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

uint32_t cbpf_jit_run(const struct cbpf_jit *jit,
		      const struct cbpf_packet *packet)
{
	if (cbpf_unlikely(fast_is_odd(jit->prog->row, packet)))
		return interpret(jit->prog, packet->data, packet->caplen,
				 packet->wirelen, packet->ctx);
	if (cbpf_unlikely(!jit->entry))
		return cbpf_threaded_run(jit->threaded, packet);
	return jit->entry(packet->data, packet->caplen, packet->wirelen,
			  packet->ctx);
}

unsigned cbpf_jit_lanes(const struct cbpf_jit *jit)
{
	return jit->lanes;
}

/* ---- many packets ------------------------------------------------------- */

#define CHUNK 64 /* packets of one call */
#define NEAR \
	128 /* bytes from packet to packet: fetched by the machine itself */

/* The lines that filters look at, of packets that come next. */
static void fetch(const struct cbpf_packet *packets, size_t n)
{
	uintptr_t from = (uintptr_t)packets[0].data;

	if ((uintptr_t)packets[n - 1].data - from < n * NEAR)
		return;
	for (size_t i = 0; i < n; i++) {
		uintptr_t at = (uintptr_t)packets[i].data; /* NULL too */

		cbpf_prefetch((const void *)at);
		cbpf_prefetch((const void *)(at + 63));
	}
}

static void run_one_by_one(const struct cbpf_jit *jit,
			   const struct cbpf_packet *packets, size_t n,
			   uint32_t *verdicts)
{
	for (size_t i = 0; i < n; i++)
		verdicts[i] = cbpf_jit_run(jit, &packets[i]);
}

/* Groups, and what they leave. */
static void run_groups(const struct cbpf_jit *jit,
		       const struct cbpf_packet *packets, size_t n_groups,
		       uint32_t *verdicts)
{
	uint32_t left[CHUNK / 8];

	jit->groups(packets, verdicts, n_groups, left);
	/* by code that no sanitizer sees */
	cbpf_is_written(left, n_groups * sizeof(*left));
	cbpf_is_written(verdicts, n_groups * jit->lanes * sizeof(*verdicts));
	for (size_t i = 0; i < n_groups; i++) {
		while (cbpf_unlikely(left[i])) {
			size_t k = i * jit->lanes +
				   (unsigned)__builtin_ctz(left[i]);

			verdicts[k] = cbpf_jit_run(jit, &packets[k]);
			left[i] &= left[i] - 1;
		}
	}
}

void cbpf_jit_run_batch(const struct cbpf_jit *jit,
			const struct cbpf_packet *packets, size_t n,
			uint32_t *verdicts)
{
	for (size_t i = 0; i < n;) {
		size_t size = n - i < CHUNK ? n - i : CHUNK;
		size_t next = n - i - size < CHUNK ? n - i - size : CHUNK;
		size_t in_groups = 0;

		if (next > 0)
			fetch(packets + i + size, next);
		if (jit->lanes > 1 && size >= jit->lanes) {
			in_groups = size / jit->lanes * jit->lanes;
			run_groups(jit, packets + i, size / jit->lanes,
				   verdicts + i);
		}
		run_one_by_one(jit, packets + i + in_groups, size - in_groups,
			       verdicts + i + in_groups);
		i += size;
	}
}
