/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One file by many threads. It is cut into parts; each thread takes the next,
 * finds where a record seems to begin in it, and counts from there up to the
 * next part. The parts are put together in order, and one counts only if it
 * began where the one before it ended: then its begin was no guess. Else, and
 * where it is broken, it is scanned again from the right place.
 *
 *	threads		part 0	part 1	part 2 ...
 *	in order	begins at the first record; 1 began where 0 ended; ...
 *
 * Hits that are written lie in memory until their part's turn.
 *
 * What records of pcapng mean depends on sections and interfaces before them:
 * from a part on in which there are more of those, one thread goes on.
 */
#include <string.h>

#include "scan/scanner.h"

#define PART	 (4u << 20) /* bytes */
#define AHEAD	 4 /* parts that wait for their turn, for each thread */
#define JOBS_MAX 256

struct part {
	uint64_t start,
		end; /* offsets, of the first and behind the last record */
	struct cbpf_scan_count seen;
	struct cbpf_scan_count *hits; /* by filter */
	struct cbpf_writer **outputs; /* of hits, by filter; NULL: none */
	bool is_sound;		      /* nothing wrong, nothing new described */
	bool is_done;
};

struct job {
	struct cbpf_scan *scan;
	const char *path;
	uint64_t part, n_parts; /* bytes of one, how many */
	uint64_t described;	/* by the head of the file */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t next, turn; /* parts: to be taken, to be put in order */
	struct part *ring;
	uint64_t n_ring;
	bool is_over; /* no more parts are to be taken */
};

/* Where a part ends; the last with the file, which may have grown. */
static uint64_t end_of(const struct job *j, uint64_t part)
{
	return part + 1 < j->n_parts ? (part + 1) * j->part : 0;
}

/* ---- a thread ----------------------------------------------------------- */

struct worker {
	struct job *job;
	pthread_t thread;
	struct scanner scanner;
};

/* Where a record seems to begin, up to the next part. */
static bool scan_some(struct job *j, struct scanner *s,
		      struct cbpf_capture *capture, uint64_t i, struct part *p)
{
	if (cbpf_capture_find(capture, i * j->part, end_of(j, i), NULL) !=
	    CBPF_OK)
		return false;
	p->start = cbpf_capture_offset(capture);
	if (scan_rest(s, capture, NULL) != CBPF_OK)
		return false;
	p->end = cbpf_capture_offset(capture);
	return cbpf_capture_described(capture) == j->described;
}

/* The part, by a scanner that begins anew. */
static bool scan_part(struct job *j, struct scanner *s,
		      struct cbpf_capture *capture, uint64_t i, struct part *p)
{
	size_t n = j->scan->n;
	bool is_sound = true;

	memset(&s->seen, 0, sizeof(s->seen));
	for (size_t k = 0; k < n; k++) {
		memset(&s->results[k].hit, 0, sizeof(s->results[k].hit));
		s->results[k].writer = p->outputs[k];
		if (p->outputs[k])
			is_sound &= cbpf_writer_follow(p->outputs[k], capture,
						       NULL) == CBPF_OK;
	}
	is_sound = is_sound && scan_some(j, s, capture, i, p);
	p->seen = s->seen;
	for (size_t k = 0; k < n; k++) {
		p->hits[k] = s->results[k].hit;
		/* the next to follow with it is another thread's */
		if (p->outputs[k])
			cbpf_writer_follow(p->outputs[k], NULL, NULL);
	}
	return is_sound;
}

/* The next part that may be taken; false: there is none any more. */
static bool take_part(struct job *j, uint64_t *i)
{
	bool has_one;

	pthread_mutex_lock(&j->lock);
	while (!j->is_over && j->next < j->n_parts &&
	       j->next >= j->turn + j->n_ring)
		pthread_cond_wait(&j->changed, &j->lock);
	has_one = !j->is_over && j->next < j->n_parts;
	*i = j->next;
	j->next += has_one;
	pthread_mutex_unlock(&j->lock);
	return has_one;
}

static void give_part(struct job *j, struct part *p)
{
	pthread_mutex_lock(&j->lock);
	p->is_done = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

/* Parts that a thread cannot scan are the other's. */
static void *work(void *ctx)
{
	struct worker *w = ctx;
	struct job *j = w->job;
	struct cbpf_batch head;
	struct cbpf_capture *capture = NULL;
	bool has_head;
	uint64_t i;

	/* up to its first packet, a file describes its interfaces */
	has_head = cbpf_capture_open(j->path, &j->scan->mem, &capture, NULL) ==
			   CBPF_OK &&
		   cbpf_capture_batch(capture, &head, NULL) == CBPF_OK;
	while (take_part(j, &i)) {
		struct part *p = &j->ring[i % j->n_ring];

		p->is_sound =
			has_head && scan_part(j, &w->scanner, capture, i, p);
		give_part(j, p);
	}
	cbpf_capture_close(capture);
	return NULL;
}

/* ---- in order ----------------------------------------------------------- */

static bool wait_for(struct job *j, uint64_t i)
{
	struct part *p = &j->ring[i % j->n_ring];
	bool is_done;

	pthread_mutex_lock(&j->lock);
	/* what nobody has taken nobody will, once the threads are gone */
	while (!p->is_done && !j->is_over)
		pthread_cond_wait(&j->changed, &j->lock);
	is_done = p->is_done;
	pthread_mutex_unlock(&j->lock);
	return is_done;
}

static void next_turn(struct job *j, uint64_t i)
{
	pthread_mutex_lock(&j->lock);
	j->ring[i % j->n_ring].is_done = false;
	j->turn = i + 1;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

/* What a part came to, if it counts; its outputs are empty then. */
static enum cbpf_err add_part(struct cbpf_scan *s, const struct part *p,
			      struct cbpf_diag *diag)
{
	scan_add(&s->own.seen, p->seen);
	for (size_t k = 0; k < s->n; k++) {
		struct scan_result *own = &s->own.results[k];
		enum cbpf_err err = CBPF_OK;

		scan_add(&own->hit, p->hits[k]);
		if (p->outputs[k])
			err = cbpf_writer_append(own->writer, p->outputs[k],
						 diag);
		if (err != CBPF_OK) {
			s->failed = own->writer;
			return err;
		}
	}
	return CBPF_OK;
}

static void drop_outputs(const struct cbpf_scan *s, const struct part *p)
{
	for (size_t k = 0; k < s->n; k++)
		if (p->outputs[k])
			cbpf_writer_drop(p->outputs[k]);
}

/*
 * From `at`, where a record begins, up to the end of the file: parts as they
 * come in, what they do not settle by the capture itself.
 */
static enum cbpf_err put_in_order(struct job *j, struct cbpf_capture *capture,
				  uint64_t at, uint64_t packets,
				  struct cbpf_diag *diag)
{
	struct scanner *own = &j->scan->own;
	uint64_t before = own->seen.packets;
	enum cbpf_err err;

	for (uint64_t i = j->turn; i < j->n_parts; i++) {
		const struct part *p = &j->ring[i % j->n_ring];
		uint64_t end = end_of(j, i);

		if (!wait_for(j, i) || scan_is_stopped(j->scan))
			return CBPF_OK;
		if (end && at >= end) {
			/* a record that is longer than the part */
		} else if (p->is_sound && p->start == at) {
			err = add_part(j->scan, p, diag);
			if (err != CBPF_OK)
				return err;
			at = p->end;
		} else {
			err = cbpf_capture_seek(
				capture, at, end,
				packets + own->seen.packets - before, diag);
			if (err == CBPF_OK)
				err = scan_rest(own, capture, diag);
			if (err != CBPF_OK)
				return err;
			at = cbpf_capture_offset(capture);
		}
		if (cbpf_capture_described(capture) != j->described) {
			err = cbpf_capture_seek(
				capture, at, 0,
				packets + own->seen.packets - before, diag);
			return err == CBPF_OK ? scan_rest(own, capture, diag)
					      : err;
		}
		scan_progress(j->scan, at);
		drop_outputs(j->scan, p);
		next_turn(j, i);
	}
	return CBPF_OK;
}

/* ---- all of it ---------------------------------------------------------- */

static bool take_room(struct job *j, struct worker **workers, unsigned jobs,
		      struct arena *arena)
{
	size_t n = j->scan->n;

	j->n_ring = (uint64_t)jobs * AHEAD;
	j->ring = arena_take(arena, j->n_ring, sizeof(*j->ring));
	*workers = arena_take(arena, jobs, sizeof(**workers));
	if (!j->ring || !*workers)
		return false;
	for (uint64_t i = 0; i < j->n_ring; i++) {
		struct part *p = &j->ring[i];

		p->hits = arena_take(arena, n + 1, sizeof(*p->hits));
		p->outputs = arena_take(arena, n + 1, sizeof(void *));
		if (!p->hits || !p->outputs)
			return false;
	}
	for (unsigned i = 0; i < jobs; i++) {
		struct scanner *s = &(*workers)[i].scanner;

		(*workers)[i].job = j;
		s->scan = j->scan;
		s->results = arena_take(arena, n + 1, sizeof(*s->results));
		if (!s->results)
			return false;
	}
	return true;
}

/* Writers of parts, where hits are written; what refuses them is in *err. */
static void open_outputs(struct job *j, enum cbpf_err *err)
{
	for (uint64_t i = 0; i < j->n_ring; i++)
		for (size_t k = 0; k < j->scan->n && *err == CBPF_OK; k++) {
			struct cbpf_writer *of = j->scan->own.results[k].writer;

			if (of)
				*err = cbpf_writer_part(
					of, &j->ring[i].outputs[k], NULL);
		}
}

static void close_outputs(struct job *j)
{
	for (uint64_t i = 0; i < j->n_ring; i++)
		for (size_t k = 0; k < j->scan->n; k++)
			cbpf_writer_close(j->ring[i].outputs[k]);
}

/* So many as can be had; without any the capture does it all. */
static unsigned start(struct worker *workers, unsigned jobs)
{
	unsigned n = 0;

	while (n < jobs &&
	       pthread_create(&workers[n].thread, NULL, work, &workers[n]) == 0)
		n++;
	return n;
}

static void finish(struct job *j, struct worker *workers, unsigned n)
{
	pthread_mutex_lock(&j->lock);
	j->is_over = true;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
	while (n > 0)
		pthread_join(workers[--n].thread, NULL);
}

enum cbpf_err scan_in_parts(struct cbpf_scan *s, struct cbpf_capture *capture,
			    const char *path, unsigned jobs,
			    struct cbpf_diag *diag)
{
	struct job j = { .scan = s,
			 .path = path,
			 .part = s->opts.part ? s->opts.part : PART,
			 .lock = PTHREAD_MUTEX_INITIALIZER,
			 .changed = PTHREAD_COND_INITIALIZER };
	struct arena arena = arena_new(&s->mem);
	uint64_t at = cbpf_capture_offset(capture);
	struct worker *workers;
	struct cbpf_batch head;
	unsigned n;
	enum cbpf_err err;

	if (jobs > JOBS_MAX)
		jobs = JOBS_MAX;
	j.n_parts = cbpf_capture_size(capture) / j.part + 1;
	if (j.n_parts < 2 || jobs < 2)
		return scan_rest(&s->own, capture, diag);
	/* what the file describes at its head, and back */
	err = cbpf_capture_batch(capture, &head, diag);
	j.described = cbpf_capture_described(capture);
	if (err == CBPF_OK && head.n > 0)
		at = head.offset;
	if (err != CBPF_OK || head.n == 0)
		return err;
	err = cbpf_capture_seek(capture, at, 0, 0, diag);
	if (err != CBPF_OK)
		return err;
	if (!take_room(&j, &workers, jobs, &arena)) {
		arena_free(&arena);
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	j.next = j.turn = at / j.part;
	open_outputs(&j, &err);
	n = err == CBPF_OK ? start(workers, jobs) : 0;
	err = n > 0 ? put_in_order(&j, capture, at, 0, diag)
		    : scan_rest(&s->own, capture, diag);
	finish(&j, workers, n);
	close_outputs(&j);
	pthread_cond_destroy(&j.changed);
	pthread_mutex_destroy(&j.lock);
	arena_free(&arena);
	return err;
}
