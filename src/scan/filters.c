/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters over captures: a batch of packets of one link type is given to each
 * filter's code for that, and what comes back is counted.
 *
 *	capture -> batch -> verdicts of filter 0 -> which are hits -> counts
 *			 -> verdicts of filter 1 -> ...
 */
#include <string.h>

#include "base/options.h"
#include "scan/scanner.h"

#define LANES 16 /* packets at once, where the machine has that */

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
	s->own.scan = s;
	pthread_mutex_init(&s->lock, NULL);
	*scan = s;
	return CBPF_OK;
}

static void free_filter(const struct cbpf_mem *mem, struct scan_filter *f)
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
	mem_free(&mem, s->own.results,
		 s->cap_results * sizeof(*s->own.results));
	pthread_mutex_destroy(&s->lock);
	mem_free(&mem, s, sizeof(*s));
}

enum cbpf_err cbpf_scan_add(struct cbpf_scan *s, cbpf_scan_compile *compile,
			    void *ctx, struct cbpf_diag *diag)
{
	struct scan_filter *room = room_for_one(&s->mem, s->filters, s->n,
						&s->cap, sizeof(*s->filters));
	struct scan_result *results;

	if (!room)
		return dg_fail(diag, CBPF_E_NOMEM);
	s->filters = room;
	results = room_for_one(&s->mem, s->own.results, s->n, &s->cap_results,
			       sizeof(*results));
	if (!results)
		return dg_fail(diag, CBPF_E_NOMEM);
	s->own.results = results;
	memset(&results[s->n], 0, sizeof(*results));
	s->filters[s->n++] =
		(struct scan_filter){ .compile = compile, .ctx = ctx };
	return CBPF_OK;
}

void cbpf_scan_write(struct cbpf_scan *s, size_t i, struct cbpf_writer *writer)
{
	s->own.results[i].writer = writer;
}

struct cbpf_writer *cbpf_scan_failed(const struct cbpf_scan *s)
{
	return s->failed;
}

/* ---- code --------------------------------------------------------------- */

static enum cbpf_err make_machine(const struct cbpf_scan *s,
				  struct scan_filter *f, struct scan_machine *m,
				  struct cbpf_diag *diag)
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

/* A filter's code for a link type, made where there is none, or UNAVAILABLE. */
static enum cbpf_err find_machine(struct cbpf_scan *s, struct scan_filter *f,
				  uint16_t link, bool may_make,
				  struct scan_machine *machine,
				  struct cbpf_diag *diag)
{
	struct scan_machine made = { .link = link };
	struct scan_machine *room;
	enum cbpf_err err;

	for (size_t i = 0; i < f->n_machines; i++)
		if (f->machines[i].link == link) {
			*machine = f->machines[i];
			return CBPF_OK;
		}
	if (!may_make)
		return dg_fail(diag, CBPF_E_UNAVAILABLE);
	room = room_for_one(&s->mem, f->machines, f->n_machines,
			    &f->cap_machines, sizeof(*f->machines));
	if (!room)
		return dg_fail(diag, CBPF_E_NOMEM);
	f->machines = room;
	err = make_machine(s, f, &made, diag);
	if (err != CBPF_OK)
		return err;
	f->machines[f->n_machines++] = made;
	*machine = made;
	return CBPF_OK;
}

/* The same, held by the scanner from then on. It is made by the thread that puts
 * parts in order, when it gets there: what is wrong with it is said then. */
static enum cbpf_err hold_machine(struct scanner *sc, size_t i, uint16_t link,
				  struct cbpf_diag *diag)
{
	struct scan_machine *held = &sc->results[i].held;
	struct cbpf_scan *s = sc->scan;
	enum cbpf_err err;

	if (held->jit && held->link == link)
		return CBPF_OK;
	pthread_mutex_lock(&s->lock);
	err = find_machine(s, &s->filters[i], link, sc == &s->own, held, diag);
	pthread_mutex_unlock(&s->lock);
	return err;
}

enum cbpf_err scan_prepare(struct cbpf_scan *s, size_t i, uint16_t link,
			   struct cbpf_diag *diag)
{
	return hold_machine(&s->own, i, link, diag);
}

/* ---- packets ------------------------------------------------------------ */

/* Whether programs of a dialect can ask for more than the bytes. */
static bool has_contexts(enum cbpf_dialect dialect)
{
	return dialect == CBPF_LINUX || dialect == CBPF_USER;
}

/* Packets of a batch, each with the context that an interface gave it. */
static const struct cbpf_packet *with_contexts(struct scanner *sc,
					       const struct cbpf_capture *c,
					       size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct cbpf_record r;

		cbpf_capture_record(c, at + i, &r);
		cbpf_link_context(&r, &sc->ctxs[i]);
		sc->packets[i] =
			(struct cbpf_packet){ r.data, r.caplen, r.wirelen,
					      &sc->ctxs[i] };
	}
	return sc->packets;
}

/* Packets outside the time that is asked for are no hits. */
static void cut_times(struct scanner *sc, const struct cbpf_capture *c,
		      size_t at, size_t n)
{
	const struct cbpf_scan_opts *opts = &sc->scan->opts;

	for (size_t i = 0; i < n; i++) {
		struct cbpf_record r;

		cbpf_capture_record(c, at + i, &r);
		if (r.time_ns < opts->from_ns ||
		    (opts->to_ns && r.time_ns >= opts->to_ns))
			sc->verdicts[i] = 0;
	}
}

/* No more hits than may be left; how many packets it took to find them. */
static size_t cut_hits(struct scanner *sc, uint64_t left, size_t n)
{
	size_t took = 0;

	for (size_t i = 0; i < n; i++) {
		if (!sc->verdicts[i])
			continue;
		if (left == 0) {
			memset(sc->verdicts + i, 0,
			       (n - i) * sizeof(*sc->verdicts));
			return took;
		}
		left--;
		took = i + 1;
	}
	return took;
}

void scan_add(struct cbpf_scan_count *to, struct cbpf_scan_count more)
{
	to->packets += more.packets;
	to->bytes += more.bytes;
}

static struct cbpf_scan_count count(const struct cbpf_packet *packets,
				    const uint32_t *verdicts, size_t n)
{
	uint32_t hits = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t is_hit = verdicts[i] != 0;

		hits += is_hit;
		bytes += packets[i].caplen & (0 - is_hit);
	}
	return (struct cbpf_scan_count){ hits, bytes };
}

/* n packets, from `at` of the batch on, by filter k; where the number of hits is
 * limited, how many it took to find them. */
static size_t judge(struct scanner *sc, size_t k, const struct cbpf_capture *c,
		    const struct cbpf_packet *packets, size_t at, size_t n)
{
	const struct cbpf_scan_opts *opts = &sc->scan->opts;
	struct scan_result *result = &sc->results[k];
	size_t took = 0;

	cbpf_jit_run_batch(result->held.jit, packets, n, sc->verdicts);
	for (size_t i = 0; opts->is_inverted && i < n; i++)
		sc->verdicts[i] = !sc->verdicts[i];
	if (opts->from_ns || opts->to_ns)
		cut_times(sc, c, at, n);
	if (opts->most)
		took = cut_hits(sc, opts->most - result->hit.packets, n);
	scan_add(&result->hit, count(packets, sc->verdicts, n));
	return took;
}

static enum cbpf_err put_hits(struct scanner *sc, size_t k, size_t at, size_t n,
			      struct cbpf_diag *diag)
{
	struct cbpf_writer *writer = sc->results[k].writer;
	enum cbpf_err err = CBPF_OK;

	if (writer)
		err = cbpf_writer_put(writer, at, n, sc->verdicts, diag);
	if (err != CBPF_OK && sc == &sc->scan->own)
		sc->scan->failed = writer;
	return err;
}

static enum cbpf_err scan_some(struct scanner *sc, const struct cbpf_capture *c,
			       const struct cbpf_batch *batch, size_t at,
			       size_t n, struct cbpf_diag *diag)
{
	const struct cbpf_packet *packets =
		has_contexts(sc->scan->opts.dialect)
			? with_contexts(sc, c, at, n)
			: batch->packets + at;
	size_t most_took = 0;
	uint64_t bytes = 0;

	for (size_t k = 0; k < sc->scan->n; k++) {
		enum cbpf_err err = hold_machine(sc, k, batch->link, diag);
		size_t took;

		if (err != CBPF_OK)
			return err;
		took = judge(sc, k, c, packets, at, n);
		most_took = took > most_took ? took : most_took;
		err = put_hits(sc, k, at, n, diag);
		if (err != CBPF_OK)
			return err;
	}
	/* what is behind the last hit that there may be was not asked for */
	if (cbpf_scan_is_full(sc->scan))
		n = most_took;
	for (size_t i = 0; i < n; i++)
		bytes += packets[i].caplen;
	scan_add(&sc->seen, (struct cbpf_scan_count){ n, bytes });
	return CBPF_OK;
}

bool cbpf_scan_is_full(const struct cbpf_scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->opts.most ||
		    s->own.results[i].hit.packets < s->opts.most)
			return false;
	return s->n > 0;
}

bool scan_is_stopped(const struct cbpf_scan *s)
{
	return s->opts.is_stopped && s->opts.is_stopped(s->opts.stop_ctx);
}

void scan_progress(const struct cbpf_scan *s, uint64_t offset)
{
	if (s->opts.on_progress)
		s->opts.on_progress(s->opts.progress_ctx, offset);
}

enum cbpf_err scan_rest(struct scanner *sc, struct cbpf_capture *capture,
			struct cbpf_diag *diag)
{
	struct cbpf_batch batch = { .n = 1 };
	enum cbpf_err err = CBPF_OK;

	while (err == CBPF_OK && batch.n > 0 && !cbpf_scan_is_full(sc->scan) &&
	       !scan_is_stopped(sc->scan)) {
		err = cbpf_capture_batch(capture, &batch, diag);
		for (size_t at = 0; err == CBPF_OK && at < batch.n;
		     at += SCAN_PART) {
			size_t n = batch.n - at < SCAN_PART ? batch.n - at
							    : SCAN_PART;

			err = scan_some(sc, capture, &batch, at, n, diag);
		}
		if (sc == &sc->scan->own) /* of one thread */
			scan_progress(sc->scan, cbpf_capture_offset(capture));
	}
	return err;
}

/* That of a capture, if its first interface is known; or Ethernet's. */
static uint16_t link_of(const struct cbpf_capture *capture)
{
	int link = cbpf_capture_link(capture);

	return link < 0 ? CBPF_LINK_EN10MB : (uint16_t)link;
}

static enum cbpf_err begin(struct cbpf_scan *s, struct cbpf_capture *capture,
			   struct cbpf_diag *diag)
{
	int link = cbpf_capture_link(capture);
	enum cbpf_err err = CBPF_OK;

	s->failed = NULL;
	for (size_t i = 0; link >= 0 && i < s->n && err == CBPF_OK; i++)
		err = hold_machine(&s->own, i, (uint16_t)link, diag);
	for (size_t i = 0; i < s->n && err == CBPF_OK; i++) {
		struct cbpf_writer *writer = s->own.results[i].writer;

		if (!writer)
			continue;
		err = cbpf_writer_follow(writer, capture, diag);
		if (err != CBPF_OK)
			s->failed = writer;
	}
	return err;
}

/* Past what is broken, if that is asked for and can be. */
static bool go_on(const struct cbpf_scan *s, struct cbpf_capture *capture,
		  const struct cbpf_diag *diag)
{
	uint64_t lost;

	if (!s->opts.on_lost || s->failed ||
	    cbpf_capture_skip(capture, &lost, NULL) != CBPF_OK)
		return false;
	s->opts.on_lost(s->opts.lost_ctx, diag, lost);
	return true;
}

/* To the part's first record; the head of the file is read for what it
 * describes. *has_some: there is one. */
static enum cbpf_err go_to(struct cbpf_capture *capture,
			   struct cbpf_scan_part *part, uint64_t *described,
			   bool *has_some, struct cbpf_diag *diag)
{
	struct cbpf_batch head;
	enum cbpf_err err = cbpf_capture_batch(capture, &head, diag);

	*described = cbpf_capture_described(capture);
	*has_some = err == CBPF_OK && head.n > 0;
	part->start = part->end = cbpf_capture_offset(capture);
	/* what is wrong with the head is the first part's */
	if (part->from > 0)
		*has_some = true;
	else if (!*has_some)
		return err;
	if (part->from > 0 && !part->is_exact)
		err = cbpf_capture_find(capture, part->from, part->to, diag);
	else
		err = cbpf_capture_seek(capture,
					part->from ? part->from : head.offset,
					part->to, 0, diag);
	part->start = part->end = cbpf_capture_offset(capture);
	return err;
}

enum cbpf_err cbpf_scan_some(struct cbpf_scan *s, struct cbpf_capture *capture,
			     struct cbpf_scan_part *part,
			     struct cbpf_diag *diag)
{
	struct cbpf_diag own = { 0 };
	uint64_t described = 0;
	bool is_all = part->from == 0 && part->to == 0, has_some = true;
	enum cbpf_err err = begin(s, capture, diag);

	part->is_described = false;
	if (err != CBPF_OK)
		return err;
	if (is_all)
		part->start = cbpf_capture_offset(capture);
	else
		err = go_to(capture, part, &described, &has_some, &own);
	if (err == CBPF_OK && has_some)
		err = scan_rest(&s->own, capture, &own);
	while (err != CBPF_OK && go_on(s, capture, &own)) {
		if (part->to)
			err = cbpf_capture_seek(capture,
						cbpf_capture_offset(capture),
						part->to, 0, &own);
		if (!part->to || err == CBPF_OK)
			err = scan_rest(&s->own, capture, &own);
	}
	part->end = cbpf_capture_offset(capture);
	part->is_described =
		!is_all && cbpf_capture_described(capture) != described;
	if (err != CBPF_OK) /* whose diagnosis the compiler may have kept */
		dg_give(diag, &own);
	return err;
}

enum cbpf_err cbpf_scan_capture(struct cbpf_scan *s,
				struct cbpf_capture *capture, const char *path,
				struct cbpf_diag *diag)
{
	/* up to a number they are counted in order */
	bool is_one = !path || s->opts.most;
	struct cbpf_diag own = { 0 };
	enum cbpf_err err = begin(s, capture, diag);

	if (err != CBPF_OK)
		return err;
	err = is_one ? scan_rest(&s->own, capture, &own)
		     : scan_in_parts(s, capture, path, s->opts.jobs, &own);
	while (err != CBPF_OK && go_on(s, capture, &own))
		err = scan_rest(&s->own, capture, &own);
	/* what is wrong with a filter is said where there are no packets, too */
	for (size_t i = 0; i < s->n && err == CBPF_OK; i++)
		if (s->filters[i].n_machines == 0)
			err = hold_machine(&s->own, i, link_of(capture), &own);
	if (err != CBPF_OK) /* whose diagnosis the compiler may have kept */
		dg_give(diag, &own);
	return err;
}

struct cbpf_scan_count cbpf_scan_seen(const struct cbpf_scan *s)
{
	return s->own.seen;
}

struct cbpf_scan_count cbpf_scan_hit(const struct cbpf_scan *s, size_t i)
{
	return s->own.results[i].hit;
}
