/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures of hits put together: see merge.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scan/merge.h"

#define BATCH_MOST 1024 /* packets of a capture's batch */
#define WAYS	   128	/* captures that are read at once */

/* All of what is kept. */
static const uint32_t *keep_all(void)
{
	static uint32_t keep[BATCH_MOST];

	if (!keep[0])
		memset(keep, 1, sizeof(keep));
	return keep;
}

static enum cbpf_err put(struct cbpf_writer *writer, size_t at, size_t n,
			 struct cbpf_diag *diag)
{
	enum cbpf_err err = CBPF_OK;

	while (n > 0 && err == CBPF_OK) {
		size_t some = n < BATCH_MOST ? n : BATCH_MOST;

		err = cbpf_writer_put(writer, at, some, keep_all(), diag);
		at += some;
		n -= some;
	}
	return err;
}

static enum cbpf_err open_hits(const struct journal *j, const struct unit *unit,
			       size_t filter, const struct cbpf_mem *mem,
			       struct cbpf_capture **capture,
			       struct cbpf_diag *diag)
{
	char path[JOURNAL_PATH];

	if (!journal_hits(j, unit, filter, path))
		return dg_system(diag, "journal", ENAMETOOLONG);
	return cbpf_capture_open(path, mem, capture, diag);
}

enum cbpf_err copy_hits(const struct journal *j, const struct unit_result *r,
			size_t filter, struct cbpf_writer *writer,
			const struct cbpf_mem *mem, struct cbpf_diag *diag)
{
	struct cbpf_batch batch = { .n = 1 };
	struct cbpf_capture *capture;
	enum cbpf_err err;

	if (!r->is_open)
		return CBPF_OK;
	err = open_hits(j, &r->unit, filter, mem, &capture, diag);
	if (err != CBPF_OK)
		return err;
	err = cbpf_writer_follow(writer, capture, diag);
	while (err == CBPF_OK && batch.n > 0) {
		err = cbpf_capture_batch(capture, &batch, diag);
		if (err == CBPF_OK)
			err = put(writer, 0, batch.n, diag);
	}
	cbpf_writer_follow(writer, NULL, NULL);
	cbpf_capture_close(capture);
	return err;
}

enum cbpf_err begin_hits(const struct journal *j, const struct units *u,
			 size_t filter, struct cbpf_writer *writer,
			 struct cbpf_diag *diag)
{
	struct cbpf_capture *capture;
	enum cbpf_err err;
	uint32_t i = 0;

	while (i < u->n_counted && !u->counted[i]->is_open)
		i++;
	if (i == u->n_counted)
		return CBPF_OK;
	err = open_hits(j, &u->counted[i]->unit, filter, &u->arena->mem,
			&capture, diag);
	if (err != CBPF_OK)
		return err;
	err = cbpf_writer_follow(writer, capture, diag);
	cbpf_writer_follow(writer, NULL, NULL);
	cbpf_capture_close(capture);
	return err;
}

/* ---- in the order of times ---------------------------------------------- */

/* Captures that follow each other, or one that was merged. */
struct stream {
	const struct unit_result *const *results;
	uint32_t n_results;
	const char *path; /* of the merged one, or NULL */
	/* where it is: */
	struct cbpf_capture *capture;
	struct cbpf_batch batch;
	size_t at; /* in the batch; its packet is at `time` */
	uint64_t time;
};

struct merger {
	const struct journal *journal;
	size_t filter;
	const struct cbpf_mem *mem;
	struct cbpf_writer *writer;
	bool (*is_stopped)(void *ctx);
	void *stop_ctx;
	struct cbpf_diag *diag;
	bool is_nano; /* what is written has nanoseconds */
	struct stream *streams;
	uint32_t *heap,
		n; /* streams, the earliest first, those that have one */
};

static bool is_earlier(const struct merger *m, uint32_t a, uint32_t b)
{
	uint64_t time_a = m->streams[a].time, time_b = m->streams[b].time;

	return time_a != time_b ? time_a < time_b : a < b;
}

/* The first of the heap to where it belongs. */
static void sink(struct merger *m)
{
	uint32_t i = 0, next;

	while ((next = 2 * i + 1) < m->n) {
		uint32_t top = m->heap[i];

		if (next + 1 < m->n &&
		    is_earlier(m, m->heap[next + 1], m->heap[next]))
			next++;
		if (!is_earlier(m, m->heap[next], top))
			return;
		m->heap[i] = m->heap[next];
		m->heap[next] = top;
		i = next;
	}
}

static void rise(struct merger *m, uint32_t stream)
{
	uint32_t i = m->n++;

	while (i > 0 && is_earlier(m, stream, m->heap[(i - 1) / 2])) {
		m->heap[i] = m->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	m->heap[i] = stream;
}

/* Its next capture; false: there is none, or an error. */
static bool open_next(struct merger *m, struct stream *s, enum cbpf_err *err)
{
	while (s->n_results > 0 && !(*s->results)->is_open) {
		s->results++;
		s->n_results--;
	}
	if (!s->path && s->n_results == 0)
		return false;
	if (s->path) {
		*err = cbpf_capture_open(s->path, m->mem, &s->capture, m->diag);
		s->path = NULL;
	} else {
		*err = open_hits(m->journal, &(*s->results)->unit, m->filter,
				 m->mem, &s->capture, m->diag);
		s->results++;
		s->n_results--;
	}
	/* what is written begins as the first capture does, if that is empty */
	if (*err == CBPF_OK)
		*err = cbpf_writer_follow(m->writer, s->capture, m->diag);
	return *err == CBPF_OK;
}

/* To its next packet; at its end the capture is NULL. */
static enum cbpf_err advance(struct merger *m, struct stream *s)
{
	enum cbpf_err err = CBPF_OK;
	struct cbpf_record r;

	while (err == CBPF_OK && (!s->capture || s->at == s->batch.n)) {
		if (!s->capture && !open_next(m, s, &err))
			return err;
		s->at = 0;
		err = cbpf_capture_batch(s->capture, &s->batch, m->diag);
		if (err != CBPF_OK || s->batch.n > 0)
			continue;
		cbpf_capture_close(s->capture);
		s->capture = NULL;
	}
	if (err != CBPF_OK)
		return err;
	cbpf_capture_record(s->capture, s->at, &r);
	s->time = r.time_ns;
	return CBPF_OK;
}

/* Packets of the earliest stream, as long as it is that. */
static enum cbpf_err put_run(struct merger *m)
{
	uint32_t which = m->heap[0];
	struct stream *s = &m->streams[which];
	size_t first = s->at;
	enum cbpf_err err = cbpf_writer_follow(m->writer, s->capture, m->diag);

	while (++s->at < s->batch.n) {
		struct cbpf_record r;

		cbpf_capture_record(s->capture, s->at, &r);
		s->time = r.time_ns;
		sink(m);
		if (m->heap[0] != which)
			break;
	}
	if (err == CBPF_OK)
		err = put(m->writer, first, s->at - first, m->diag);
	if (err != CBPF_OK || s->at < s->batch.n)
		return err;
	err = advance(m, s);
	if (!s->capture)
		m->heap[0] = m->heap[--m->n];
	sink(m);
	return err;
}

static void close_all(struct merger *m, uint32_t n)
{
	cbpf_writer_follow(m->writer, NULL, NULL);
	for (uint32_t i = 0; i < n; i++)
		cbpf_capture_close(m->streams[i].capture);
}

/* n streams, at most WAYS. */
static enum cbpf_err merge_some(struct merger *m, struct stream *streams,
				uint32_t n, struct cbpf_writer *writer)
{
	uint32_t heap[WAYS];
	enum cbpf_err err = CBPF_OK;

	m->writer = writer;
	m->streams = streams;
	m->heap = heap;
	m->n = 0;
	for (uint32_t i = 0; i < n && err == CBPF_OK; i++) {
		err = advance(m, &streams[i]);
		if (err == CBPF_OK && streams[i].capture)
			rise(m, i);
	}
	for (unsigned runs = 0; err == CBPF_OK && m->n > 0; runs++) {
		if (runs % 1024 == 0 && m->is_stopped &&
		    m->is_stopped(m->stop_ctx))
			err = dg_fail(m->diag, CBPF_E_UNAVAILABLE);
		else
			err = put_run(m);
	}
	close_all(m, n);
	m->heap = NULL;
	return err;
}

/* Many streams as one, a file in the journal. */
static enum cbpf_err merge_away(struct merger *m, struct arena *arena,
				struct stream *streams, uint32_t n,
				uint32_t number, struct stream *merged)
{
	struct cbpf_writer_opts opts = { .size = sizeof(opts),
					 .format = CBPF_CAPTURE_PCAP,
					 .mem = m->mem };
	struct cbpf_writer *writer;
	char *path = arena_take(arena, JOURNAL_PATH, 1);
	enum cbpf_err err;

	if (!path)
		return dg_fail(m->diag, CBPF_E_NOMEM);
	snprintf(path, JOURNAL_PATH, "%s/hits.merged.%u.%u.partial",
		 m->journal->path, (unsigned)m->filter, number);
	unlink(path); /* of a process that was ended */
	path[strlen(path) - strlen(".partial")] = '\0';
	err = cbpf_writer_open(path, &opts, &writer, m->diag);
	if (err != CBPF_OK)
		return err;
	if (m->is_nano)
		cbpf_writer_nano(writer);
	err = merge_some(m, streams, n, writer);
	if (err == CBPF_OK)
		err = cbpf_writer_finish(writer, m->diag);
	cbpf_writer_close(writer);
	*merged = (struct stream){ .path = path };
	return err;
}

/* A stream for each file; their number. */
static uint32_t make_streams(const struct units *u, struct stream *streams)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->n_counted; i++) {
		if (n > 0 &&
		    u->counted[i]->unit.file == u->counted[i - 1]->unit.file)
			streams[n - 1].n_results++;
		else
			streams[n++] =
				(struct stream){ .results = &u->counted[i],
						 .n_results = 1 };
	}
	return n;
}

/* Whether one of those that count tells nanoseconds; *err: it was not read. */
static bool has_nano(const struct merger *m, const struct units *u,
		     enum cbpf_err *err)
{
	bool is_nano = false;

	*err = CBPF_OK;
	for (uint32_t i = 0; i < u->n_counted && *err == CBPF_OK && !is_nano;
	     i++) {
		struct cbpf_capture *capture;
		struct cbpf_batch batch;

		if (!u->counted[i]->is_open)
			continue;
		*err = open_hits(m->journal, &u->counted[i]->unit, m->filter,
				 m->mem, &capture, m->diag);
		if (*err != CBPF_OK)
			break;
		*err = cbpf_capture_batch(capture, &batch, m->diag);
		is_nano = cbpf_capture_is_nano(capture);
		cbpf_capture_close(capture);
	}
	return is_nano;
}

enum cbpf_err merge_hits(const struct journal *j, const struct units *u,
			 size_t filter, bool (*is_stopped)(void *ctx),
			 void *stop_ctx, struct cbpf_writer *writer,
			 struct cbpf_diag *diag)
{
	struct merger m = { .journal = j,
			    .filter = filter,
			    .is_stopped = is_stopped,
			    .stop_ctx = stop_ctx,
			    .mem = &u->arena->mem,
			    .diag = diag };
	struct arena arena = arena_new(&u->arena->mem);
	struct stream *streams =
		arena_take(&arena, (size_t)u->n_files + 1, sizeof(*streams));
	enum cbpf_err err = streams ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
	uint32_t n = streams ? make_streams(u, streams) : 0, number = 0;

	if (err == CBPF_OK)
		m.is_nano = has_nano(&m, u, &err);
	if (m.is_nano)
		cbpf_writer_nano(writer);

	/* neighbours become one, so that the order of files stays */
	while (err == CBPF_OK && n > WAYS) {
		uint32_t left = 0;

		for (uint32_t i = 0; i < n && err == CBPF_OK; i += WAYS)
			err = merge_away(&m, &arena, &streams[i],
					 n - i < WAYS ? n - i : WAYS, number++,
					 &streams[left++]);
		n = left;
	}
	if (err == CBPF_OK)
		err = merge_some(&m, streams, n, writer);
	arena_free(&arena);
	return err;
}
