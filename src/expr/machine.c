/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine libpcap: bpf_filter() as installed. It calls abort() at a code it
 * does not know and runs backward jumps for ever, so the twin is asked first
 * and such a packet is never given to it. It shows a verdict of 32 bits, in
 * which an abort is a 0.
 */
#include <stdlib.h>
#include <string.h>
#include <pcap/pcap.h>

#include "base/diag.h"
#include "base/memory.h"
#include "cbpf/expr.h"

struct machine {
	struct cbpf_mem mem;
	struct cbpf_prog *foresight;
	struct bpf_insn *insns;
	size_t n;
	bool has_stale_mem;
};

/* M[] starts as what the stack held, before 1.11. */
static bool version_zeroes_mem(void)
{
	char text[32];
	char *end;
	unsigned long major, minor = 0;

	cbpf_expr_version(text, sizeof(text));
	major = strtoul(text, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > 1 || (major == 1 && minor >= 11);
}

static enum cbpf_err probe_libpcap(const struct cbpf_engine *engine,
				   struct cbpf_diag *diag)
{
	(void)engine;
	(void)diag;
	return CBPF_OK;
}

static void unload(struct machine *m)
{
	cbpf_prog_free(m->foresight);
	mem_free(&m->mem, m->insns, m->n * sizeof(*m->insns));
	m->foresight = NULL;
	m->insns = NULL;
	m->n = 0;
}

static void free_libpcap(void *handle)
{
	struct machine *m = handle;
	struct cbpf_mem mem;

	if (!m)
		return;
	unload(m);
	mem = m->mem;
	mem_free(&mem, m, sizeof(*m));
}

static enum cbpf_err load_libpcap(const struct cbpf_engine *engine,
				  const struct cbpf_engine_opts *opts,
				  enum cbpf_dialect dialect,
				  const struct cbpf_insn *insns, size_t n,
				  void **handle, struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct cbpf_prog_opts prog = { .size = sizeof(prog),
				       .dialect = CBPF_LIBPCAP,
				       .mem = &mem };
	struct machine *m = *handle;
	struct bpf_insn *copy;
	enum cbpf_err err;

	(void)engine;
	(void)dialect;
	if (!m) {
		m = mem_new(&mem, 1, sizeof(*m));
		if (!m)
			return dg_fail(diag, CBPF_E_NOMEM);
		memset(m, 0, sizeof(*m));
		m->mem = mem;
		*handle = m;
	}
	unload(m);
	copy = mem_copy(&mem, insns, n * sizeof(*insns));
	if (!copy)
		return dg_fail(diag, CBPF_E_NOMEM);
	m->insns = copy;
	m->n = n;
	/* bpf_validate() says 1 or 0; the verifier's twin says which rule */
	if (n > INT32_MAX || !bpf_validate(copy, (int)n)) {
		struct cbpf_diag made = dg_make(CBPF_E_UNEXPLAINED, 0, 0);

		return dg_give(diag, &made);
	}
	err = cbpf_prog_new(insns, n, &prog, &m->foresight, diag);
	if (err == CBPF_E_NOMEM)
		return err;
	if (err != CBPF_OK) /* it did take it; the judge sees who errs */
		return CBPF_OK;
	m->has_stale_mem = !version_zeroes_mem() &&
			   cbpf_prog_traits(m->foresight).reads_unset_mem;
	return CBPF_OK;
}

static enum cbpf_err view_libpcap(void *handle,
				  const struct cbpf_packet *packet,
				  struct cbpf_view *view,
				  struct cbpf_diag *diag)
{
	const struct machine *m = handle;

	if (!m->foresight)
		return dg_say(diag, CBPF_E_SKIP,
			      "what it would do cannot be foreseen");
	if (m->has_stale_mem)
		return dg_say(diag, CBPF_E_SKIP,
			      "the program reads M[] before it writes it, and "
			      "libpcap before 1.11 leaves it unset");
	memset(view, 0, sizeof(*view));
	view->packet.data = packet->data;
	view->packet.caplen = packet->caplen;
	view->packet.wirelen =
		packet->wirelen ? packet->wirelen : packet->caplen;
	return CBPF_OK;
}

static enum cbpf_err run_libpcap(void *handle, const struct cbpf_view *view,
				 const struct cbpf_result *expect,
				 struct cbpf_answer *answer,
				 struct cbpf_diag *diag)
{
	const struct machine *m = handle;
	struct cbpf_result own;

	(void)diag;
	if (!expect) {
		cbpf_run(m->foresight, &view->packet, &own);
		expect = &own;
	}
	answer->end = expect->end;
	if (expect->end == CBPF_CRASHED || expect->end == CBPF_ENDLESS) {
		answer->shows = CBPF_SHOWS_FORESEEN;
		answer->value = 0;
		answer->is_passed = false;
		return CBPF_OK;
	}
	answer->shows = CBPF_SHOWS_VALUE;
	answer->end = CBPF_RETURNED;
	answer->value = bpf_filter(m->insns, view->packet.data,
				   view->packet.wirelen, view->packet.caplen);
	answer->is_passed = answer->value != 0;
	return CBPF_OK;
}

const struct cbpf_engine cbpf_engine_libpcap = {
	.name = "libpcap",
	.about = "bpf_filter() of the installed libpcap",
	.dialect = CBPF_LIBPCAP,
	.is_oracle = true,
	.probe = probe_libpcap,
	.load = load_libpcap,
	.view = view_libpcap,
	.run = run_libpcap,
	.free = free_libpcap,
};

uint32_t cbpf_libpcap_run(const struct cbpf_insn *insns,
			  const struct cbpf_packet *packet)
{
	/* the same eight bytes: cbpf.h pins them */
	return bpf_filter((const struct bpf_insn *)(const void *)insns,
			  packet->data, packet->wirelen, packet->caplen);
}
