/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What engine rows share, and the plainest row: interp itself, whose view is
 * the packet as given and whose answers show everything.
 */
#ifdef __linux__
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include <string.h>

#include "base/options.h"
#include "interp/packet.h"
#include "oracle/oracle.h"

/* ---- answers ----------------------------------------------------------- */

/* Bytes of the view that a socket keeps, those of a pulled header aside. */
static uint32_t accepted_bytes(const struct cbpf_view *view, uint32_t verdict)
{
	uint32_t kept;

	cbpf_verdict_trim(verdict, view->packet.caplen, view->header, &kept);
	return kept > view->header ? kept - view->header : 0;
}

struct cbpf_answer ora_foretell(const struct cbpf_view *view,
				const struct cbpf_result *result,
				enum cbpf_shows shows)
{
	struct cbpf_answer answer = { shows, result->end, result->value != 0,
				      result->value };

	if (shows == CBPF_SHOWS_BYTES)
		answer.value = answer.is_passed
				       ? accepted_bytes(view, result->value)
				       : 0;
	if (shows == CBPF_SHOWS_BYTES || shows == CBPF_SHOWS_VALUE)
		answer.end = CBPF_RETURNED;
	return answer;
}

bool ora_agree(const struct cbpf_answer *a, const struct cbpf_answer *b)
{
	return a->shows == b->shows && a->end == b->end &&
	       a->is_passed == b->is_passed && a->value == b->value;
}

uint32_t ora_cpu(void)
{
#ifdef __linux__
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (uint32_t)cpu;
#else
	return 0;
#endif
}

/* ---- probing ----------------------------------------------------------- */

static enum cbpf_err probe_with(const struct cbpf_engine *engine,
				uint32_t verdict, bool *is_passed,
				struct cbpf_diag *diag)
{
	const struct cbpf_insn insn = { isa_rows[OP_RET_K].code, 0, 0,
					verdict };
	const uint8_t data[16] = { 0 };
	const struct cbpf_packet packet = { data, sizeof(data), sizeof(data),
					    NULL };
	struct cbpf_engine_opts opts = { .size = sizeof(opts) };
	struct cbpf_answer answer = { 0 };
	struct cbpf_view view;
	void *handle = NULL;
	enum cbpf_err err;

	err = engine->load(engine, &opts, engine->dialect, &insn, 1, &handle,
			   diag);
	if (err == CBPF_OK)
		err = engine->view(handle, &packet, &view, diag);
	if (err == CBPF_OK)
		err = engine->run(handle, &view, NULL, &answer, diag);
	*is_passed = answer.is_passed;
	if (engine->free)
		engine->free(handle);
	return err;
}

enum cbpf_err ora_probe(const struct cbpf_engine *engine,
			struct cbpf_diag *diag)
{
	bool takes, leaves;
	enum cbpf_err err = probe_with(engine, UINT32_MAX, &takes, diag);

	if (err == CBPF_OK)
		err = probe_with(engine, 0, &leaves, diag);
	if (err == CBPF_OK && !(takes && !leaves))
		return dg_say(diag, CBPF_E_UNAVAILABLE,
			      "a program that takes all %s and one that takes "
			      "nothing %s here",
			      takes ? "works" : "does not work",
			      leaves ? "does not work" : "works");
	return err;
}

/* Of the thousand from which on the kernel stops, and others attach as well. */
#define REST_AFTER 200

struct ora_pace ora_pace_new(const struct cbpf_engine_opts *opts)
{
	return (struct ora_pace){ opts ? opts->filters : NULL, 0 };
}

void ora_count(struct ora_pace *pace)
{
	if (pace->filters)
		++*pace->filters;
	else if (++pace->n % REST_AFTER == 0)
		ora_rest();
}

void ora_rest(void)
{
#ifdef __linux__
	/* twice, because the first may have begun before */
	for (int i = 0; i < 2; i++)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
#endif
}

/* What is charged for was compiled before: a refusal for want of room too. */
static enum cbpf_err attach_once(int fd, const struct cbpf_insn *insns,
				 size_t n, struct ora_pace *pace,
				 struct cbpf_diag *diag)
{
	enum cbpf_err err = cbpf_attach(fd, insns, n, diag);

	if (err == CBPF_OK || err == CBPF_E_OPTMEM)
		ora_count(pace);
	return err;
}

enum cbpf_err ora_attach(int fd, const struct cbpf_insn *insns, size_t n,
			 struct ora_pace *pace, struct cbpf_diag *diag)
{
	enum cbpf_err err = attach_once(fd, insns, n, pace, diag);

	/* the filter being replaced is charged for until it is gone */
	if (err == CBPF_E_OPTMEM && cbpf_detach(fd, NULL) == CBPF_OK)
		err = attach_once(fd, insns, n, pace, diag);
	return err;
}

enum cbpf_err ora_load_elsewhere(const struct cbpf_engine *engine,
				 const struct cbpf_engine_opts *opts,
				 enum cbpf_dialect dialect,
				 const struct cbpf_insn *insns, size_t n,
				 void **handle, struct cbpf_diag *diag)
{
	(void)engine, (void)opts, (void)dialect, (void)insns, (void)n;
	(void)handle;
	return dg_say(diag, CBPF_E_UNAVAILABLE, "this is not Linux");
}

/* ---- interp ------------------------------------------------------------ */

static enum cbpf_err probe_interp(const struct cbpf_engine *engine,
				  struct cbpf_diag *diag)
{
	(void)engine;
	(void)diag;
	return CBPF_OK;
}

static void free_interp(void *handle)
{
	cbpf_prog_free(handle);
}

static enum cbpf_err load_interp(const struct cbpf_engine *engine,
				 const struct cbpf_engine_opts *opts,
				 enum cbpf_dialect dialect,
				 const struct cbpf_insn *insns, size_t n,
				 void **handle, struct cbpf_diag *diag)
{
	struct cbpf_prog_opts own = { .size = sizeof(own),
				      .dialect = dialect,
				      .mem = opts ? opts->mem : NULL };
	struct cbpf_prog *prog;
	enum cbpf_err err = cbpf_prog_new(insns, n, &own, &prog, diag);

	(void)engine;
	if (err == CBPF_OK) {
		free_interp(*handle);
		*handle = prog;
	}
	return err;
}

static enum cbpf_err view_interp(void *handle, const struct cbpf_packet *packet,
				 struct cbpf_view *view, struct cbpf_diag *diag)
{
	const struct cbpf_prog *prog = handle;

	if (prog->row->space == SPACE_DATA &&
	    packet->caplen != SECCOMP_DATA_SIZE) {
		struct cbpf_diag why =
			dg_make(CBPF_E_DATA_SIZE, packet->caplen, 0);

		dg_give(diag, &why);
		return CBPF_E_SKIP;
	}
	memset(view, 0, sizeof(*view));
	view->packet = *packet;
	return CBPF_OK;
}

static enum cbpf_err run_interp(void *handle, const struct cbpf_view *view,
				const struct cbpf_result *expect,
				struct cbpf_answer *answer,
				struct cbpf_diag *diag)
{
	struct cbpf_result result;

	(void)expect;
	(void)diag;
	cbpf_run(handle, &view->packet, &result);
	*answer = ora_foretell(view, &result, CBPF_SHOWS_ALL);
	return CBPF_OK;
}

const struct cbpf_engine cbpf_engine_interp = {
	.name = "interp",
	.about = "the reading of reference, any dialect",
	.dialect = CBPF_ANY_DIALECT,
	.probe = probe_interp,
	.load = load_interp,
	.view = view_interp,
	.run = run_interp,
	.free = free_interp,
};
