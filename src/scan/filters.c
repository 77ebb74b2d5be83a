/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters over captures: a batch of packets of one link type is given to each
 * filter's code for that, and what comes back is counted.
 *
 *	capture -> batch -> verdicts of filter 0 -> which are hits -> counts
 *			 -> verdicts of filter 1 -> ...
 */
#include <string.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/options.h"
#include "cbpf/scan.h"

#define PART \
	256 /* packets that are judged at once: what they have stays near */
#define LANES 16 /* packets at once, where the machine has that */

/* A filter's code for a link type. */
struct machine {
	uint16_t link;
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
};

struct filter {
	cbpf_scan_compile *compile;
	void *ctx;
	struct machine *machines;
	size_t n_machines, cap_machines;
	struct cbpf_scan_count hit;
	struct cbpf_writer *writer; /* or NULL */
};

struct cbpf_scan {
	struct cbpf_scan_opts opts;
	struct cbpf_mem mem;
	struct filter *filters;
	size_t n, cap;
	struct cbpf_scan_count seen;
	struct cbpf_writer *failed; /* or NULL */
	/* of the part at hand */
	uint32_t verdicts[PART];
	struct cbpf_packet packets[PART]; /* with contexts */
	struct cbpf_ctx ctxs[PART];
};

/* ---- filters ------------------------------------------------------------ */

/* Room for one more; NULL: no memory. */
static void *room_for_one(const struct cbpf_mem *mem, void *items, size_t n,
			  size_t *cap, size_t size)
{
	size_t wider = *cap ? 2 * *cap : 4;
	void *room = items;

	if (n < *cap)
		return items;
	room = mem->realloc(mem->ctx, items, *cap * size, wider * size);
	if (room)
		*cap = wider;
	return room;
}

enum cbpf_err cbpf_scan_new(const struct cbpf_scan_opts *given,
			    struct cbpf_scan **scan, struct cbpf_diag *diag)
{
	struct cbpf_scan_opts opts;
	struct cbpf_mem mem;
	struct cbpf_scan *s;

	*scan = NULL;
	if (!opts_take(&opts, sizeof(opts), given))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	if (!given)
		opts.dialect = CBPF_LIBPCAP;
	if (opts.dialect == CBPF_SECCOMP)
		return dg_fail(diag, CBPF_E_ARGUMENT);
	mem = mem_or_libc(opts.mem);
	s = mem_new(&mem, 1, sizeof(*s));
	if (!s)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(s, 0, sizeof(*s));
	s->opts = opts;
	s->mem = mem;
	*scan = s;
	return CBPF_OK;
}

static void free_filter(const struct cbpf_mem *mem, struct filter *f)
{
	for (size_t i = 0; i < f->n_machines; i++) {
		cbpf_jit_free(f->machines[i].jit);
		cbpf_prog_free(f->machines[i].prog);
	}
	mem_free(mem, f->machines, f->cap_machines * sizeof(*f->machines));
}

void cbpf_scan_free(struct cbpf_scan *s)
{
	struct cbpf_mem mem;

	if (!s)
		return;
	mem = s->mem;
	for (size_t i = 0; i < s->n; i++)
		free_filter(&mem, &s->filters[i]);
	mem_free(&mem, s->filters, s->cap * sizeof(*s->filters));
	mem_free(&mem, s, sizeof(*s));
}

enum cbpf_err cbpf_scan_add(struct cbpf_scan *s, cbpf_scan_compile *compile,
			    void *ctx, struct cbpf_diag *diag)
{
	struct filter *room = room_for_one(&s->mem, s->filters, s->n, &s->cap,
					   sizeof(*s->filters));

	if (!room)
		return dg_fail(diag, CBPF_E_NOMEM);
	s->filters = room;
	s->filters[s->n++] = (struct filter){ .compile = compile, .ctx = ctx };
	return CBPF_OK;
}

void cbpf_scan_write(struct cbpf_scan *s, size_t i, struct cbpf_writer *writer)
{
	s->filters[i].writer = writer;
}

struct cbpf_writer *cbpf_scan_failed(const struct cbpf_scan *s)
{
	return s->failed;
}

/* ---- code --------------------------------------------------------------- */

static enum cbpf_err make_machine(const struct cbpf_scan *s, struct filter *f,
				  struct machine *m, struct cbpf_diag *diag)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = s->opts.dialect,
				       .has_any_length = true,
				       .mem = &s->mem };
	struct cbpf_jit_opts how = { .size = sizeof(how),
				     .lanes = LANES,
				     .mem = &s->mem };
	struct cbpf_code code = { .mem = s->mem };
	enum cbpf_err err = f->compile(f->ctx, m->link, &code, diag);

	if (err != CBPF_OK)
		return err;
	err = cbpf_prog_new(code.insns, code.n, &opts, &m->prog, diag);
	cbpf_code_free(&code);
	if (err != CBPF_OK)
		return err;
	err = cbpf_jit_new(m->prog, &how, &m->jit, diag);
	if (err != CBPF_OK)
		cbpf_prog_free(m->prog);
	return err;
}

/* A filter's code for a link type, made where there is none; NULL: diag. */
static const struct machine *machine_for(const struct cbpf_scan *s,
					 struct filter *f, uint16_t link,
					 struct cbpf_diag *diag,
					 enum cbpf_err *err)
{
	struct machine made = { .link = link };
	struct machine *room;

	for (size_t i = 0; i < f->n_machines; i++)
		if (f->machines[i].link == link)
			return &f->machines[i];
	room = room_for_one(&s->mem, f->machines, f->n_machines,
			    &f->cap_machines, sizeof(*f->machines));
	if (!room) {
		*err = dg_fail(diag, CBPF_E_NOMEM);
		return NULL;
	}
	f->machines = room;
	*err = make_machine(s, f, &made, diag);
	if (*err != CBPF_OK)
		return NULL;
	f->machines[f->n_machines] = made;
	return &f->machines[f->n_machines++];
}

/* ---- packets ------------------------------------------------------------ */

/* Whether programs of a dialect can ask for more than the bytes. */
static bool has_contexts(enum cbpf_dialect dialect)
{
	return dialect == CBPF_LINUX || dialect == CBPF_USER;
}

/* The packets of a part, each with the context that an interface gave it. */
static const struct cbpf_packet *with_contexts(struct cbpf_scan *s,
					       const struct cbpf_capture *c,
					       size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cbpf_record r;

		cbpf_capture_record(c, at + i, &r);
		cbpf_link_context(&r, &s->ctxs[i]);
		s->packets[i] = (struct cbpf_packet){ r.data, r.caplen,
						      r.wirelen, &s->ctxs[i] };
	}
	return s->packets;
}

/* Packets outside the time that is asked for are no hits. */
static void cut_times(struct cbpf_scan *s, const struct cbpf_capture *c,
		      size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cbpf_record r;

		cbpf_capture_record(c, at + i, &r);
		if (r.time_ns < s->opts.from_ns ||
		    (s->opts.to_ns && r.time_ns >= s->opts.to_ns))
			s->verdicts[i] = 0;
	}
}

/* No more hits than a filter may have. */
static void cut_hits(struct cbpf_scan *s, const struct filter *f, size_t n)
{
	uint64_t left = s->opts.most - f->hit.packets;

	for (size_t i = 0; i < n; i++)
		if (s->verdicts[i] && left-- == 0) {
			memset(s->verdicts + i, 0,
			       (n - i) * sizeof(*s->verdicts));
			return;
		}
}

static void count(struct cbpf_scan_count *count,
		  const struct cbpf_packet *packets, const uint32_t *verdicts,
		  size_t n)
{
	uint32_t hits = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t is_hit = verdicts[i] != 0;

		hits += is_hit;
		bytes += packets[i].caplen & (0 - is_hit);
	}
	count->packets += hits;
	count->bytes += bytes;
}

/* n packets, from `at` of the batch on. */
static void judge(struct cbpf_scan *s, struct filter *f,
		  const struct machine *m, const struct cbpf_capture *c,
		  const struct cbpf_packet *packets, size_t at, size_t n)
{
	cbpf_jit_run_batch(m->jit, packets, n, s->verdicts);
	for (size_t i = 0; s->opts.is_inverted && i < n; i++)
		s->verdicts[i] = !s->verdicts[i];
	if (s->opts.from_ns || s->opts.to_ns)
		cut_times(s, c, at, n);
	if (s->opts.most)
		cut_hits(s, f, n);
	count(&f->hit, packets, s->verdicts, n);
}

bool cbpf_scan_is_full(const struct cbpf_scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->opts.most || s->filters[i].hit.packets < s->opts.most)
			return false;
	return s->n > 0;
}

static enum cbpf_err scan_part(struct cbpf_scan *s,
			       const struct cbpf_capture *c,
			       const struct cbpf_batch *batch, size_t at,
			       size_t n, struct cbpf_diag *diag)
{
	const struct cbpf_packet *packets = has_contexts(s->opts.dialect)
						    ? with_contexts(s, c, at, n)
						    : batch->packets + at;

	for (size_t i = 0; i < s->n; i++) {
		enum cbpf_err err = CBPF_OK;
		const struct machine *m =
			machine_for(s, &s->filters[i], batch->link, diag, &err);

		if (!m)
			return err;
		judge(s, &s->filters[i], m, c, packets, at, n);
		if (!s->filters[i].writer)
			continue;
		err = cbpf_writer_put(s->filters[i].writer, at, n, s->verdicts,
				      diag);
		if (err != CBPF_OK) {
			s->failed = s->filters[i].writer;
			return err;
		}
	}
	for (size_t i = 0; i < n; i++)
		s->seen.bytes += packets[i].caplen;
	s->seen.packets += n;
	return CBPF_OK;
}

enum cbpf_err cbpf_scan_capture(struct cbpf_scan *s,
				struct cbpf_capture *capture,
				struct cbpf_diag *diag)
{
	struct cbpf_batch batch = { .n = 1 };
	enum cbpf_err err = CBPF_OK;
	int link = cbpf_capture_link(capture);

	s->failed = NULL;
	/* what is wrong with a filter is said where there are no packets, too */
	for (size_t i = 0; link >= 0 && i < s->n; i++)
		if (!machine_for(s, &s->filters[i], (uint16_t)link, diag, &err))
			return err;
	for (size_t i = 0; i < s->n; i++) {
		if (!s->filters[i].writer)
			continue;
		err = cbpf_writer_follow(s->filters[i].writer, capture, diag);
		if (err != CBPF_OK) {
			s->failed = s->filters[i].writer;
			return err;
		}
	}
	while (err == CBPF_OK && batch.n > 0 && !cbpf_scan_is_full(s) &&
	       !(s->opts.is_stopped && s->opts.is_stopped(s->opts.stop_ctx))) {
		err = cbpf_capture_batch(capture, &batch, diag);
		for (size_t at = 0; err == CBPF_OK && at < batch.n;
		     at += PART) {
			size_t n = batch.n - at < PART ? batch.n - at : PART;

			err = scan_part(s, capture, &batch, at, n, diag);
		}
	}
	return err;
}

struct cbpf_scan_count cbpf_scan_seen(const struct cbpf_scan *s)
{
	return s->seen;
}

struct cbpf_scan_count cbpf_scan_hit(const struct cbpf_scan *s, size_t i)
{
	return s->filters[i].hit;
}
