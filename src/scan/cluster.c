/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters over many captures by many processes.
 *
 *	rank 0		which files there are, the journal	-> all
 *	all		units, until none is due:
 *			  take the next number, scan that unit, note it
 *			  everybody's results			-> all
 *	all		what counts, the same everywhere (units.c)
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/options.h"
#include "prog/prog.h"
#include "scan/cluster.h"
#include "scan/journal.h"
#include "scan/merge.h"
#include "scan/ranks.h"
#include "scan/scanner.h"

#define UNIT (64u << 20) /* bytes */

struct cluster {
	struct cbpf_mem mem;
	struct arena arena;
	struct units units;
	struct journal journal;
	char journal_path[JOURNAL_PATH];
	struct cbpf_scan_count *seen, *hits; /* by file; by file and filter */
	uint32_t *first;  /* by file: of what counts, the first that is its */
	bool was_writing; /* the job was ended when it wrote its outputs */
	bool (*is_stopped)(void *ctx);
	void *stop_ctx;
};

static bool is_started;

enum cbpf_err cluster_start(int *argc, char ***argv, struct cbpf_diag *diag)
{
	is_started = ranks_start(argc, argv);
	return is_started ? CBPF_OK : dg_fail(diag, CBPF_E_UNAVAILABLE);
}

void cluster_stop(void)
{
	ranks_stop();
	is_started = false;
}

unsigned cluster_rank(void)
{
	return ranks_own();
}

unsigned cluster_size(void)
{
	return ranks_all();
}

bool cluster_agree(bool own)
{
	return !is_started || ranks_sum(!own) == 0;
}

/* ---- files -------------------------------------------------------------- */

static char *copy_path(struct arena *arena, const char *directory,
		       const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = arena_take(arena, size, 1);

	if (path)
		snprintf(path, size, "%s%s%s", directory,
			 directory[strlen(directory) - 1] == '/' ? "" : "/",
			 name);
	return path;
}

static void add_file(struct units *u, const char *path, const struct stat *st)
{
	struct unit_file *room = arena_grow(u->arena, u->files, u->n_files, 1,
					    &u->cap_files, sizeof(*u->files));

	if (!room) {
		u->is_broken = true;
		return;
	}
	u->files = room;
	room[u->n_files++] =
		(struct unit_file){ .path = path,
				    .size = (uint64_t)st->st_size,
				    .mtime = (uint64_t)st->st_mtim.tv_sec *
						     1000000000u +
					     (uint64_t)st->st_mtim.tv_nsec };
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_journal(const struct journal *journal, const struct stat *st)
{
	struct stat own;

	return stat(journal->path, &own) == 0 && own.st_dev == st->st_dev &&
	       own.st_ino == st->st_ino;
}

#define DEPTH 64 /* of directories in each other */

/* A file, or the files of a directory, by name, and of those in it. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static enum cbpf_err add_path(struct units *u, const struct journal *journal,
			      const char *path, unsigned depth,
			      struct cbpf_diag *diag)
{
	struct stat st = { 0 };
	struct dirent **entries;
	enum cbpf_err err = CBPF_OK;
	int n;

	/* what is not there is said when it is to be read */
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		if (depth == DEPTH || S_ISREG(st.st_mode))
			add_file(u, path, &st);
		return CBPF_OK;
	}
	if (is_journal(journal, &st))
		return CBPF_OK;
	if (depth == 0)
		return dg_system(diag, path, ELOOP);
	n = scandir(path, &entries, is_shown, by_name);
	if (n < 0)
		return dg_system(diag, path, errno);
	for (int i = 0; i < n; i++) {
		const char *name =
			copy_path(u->arena, path, entries[i]->d_name);

		u->is_broken |= !name;
		if (name && err == CBPF_OK)
			err = add_path(u, journal, name, depth - 1, diag);
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* Whether filters have code for what a file has first. */
static enum cbpf_err try_filters(struct cbpf_scan *s, int link,
				 struct cbpf_diag *diag)
{
	enum cbpf_err err = CBPF_OK;

	for (size_t i = 0; i < s->n && err == CBPF_OK; i++)
		err = scan_prepare(s, i, (uint16_t)link, diag);
	return err;
}

static enum cbpf_err look_at(struct units *u, struct cbpf_scan *s, uint32_t i,
			     struct cbpf_diag *diag)
{
	struct cbpf_capture *capture;
	struct cbpf_batch head;
	struct stat st;
	enum cbpf_err err = CBPF_OK;
	int link;

	/* what is wrong with it is said when it is to be read */
	if (stat(u->files[i].path, &st) != 0 || !S_ISREG(st.st_mode) ||
	    cbpf_capture_open(u->files[i].path, &s->mem, &capture, NULL) !=
		    CBPF_OK)
		return CBPF_OK;
	u->files[i].has_parts = cbpf_capture_size(capture) > 0;
	/* pcapng has its interfaces before its first packet */
	link = cbpf_capture_link(capture);
	if (link < 0) {
		cbpf_capture_batch(capture, &head, NULL);
		link = cbpf_capture_link(capture);
	}
	err = try_filters(s, link < 0 ? CBPF_LINK_EN10MB : link, diag);
	cbpf_capture_close(capture);
	return err;
}

static enum cbpf_err find_files(struct units *u, struct cbpf_scan *s,
				const struct journal *journal,
				const char *const *paths, size_t n,
				struct cbpf_diag *diag)
{
	enum cbpf_err err = CBPF_OK;

	for (size_t i = 0; i < n && err == CBPF_OK; i++)
		err = add_path(u, journal, paths[i], DEPTH, diag);
	for (uint32_t i = 0; i < u->n_files && err == CBPF_OK; i++)
		err = look_at(u, s, i, diag);
	if (err == CBPF_OK && u->n_files == 0)
		err = try_filters(s, CBPF_LINK_EN10MB, diag);
	return err == CBPF_OK && u->is_broken ? dg_fail(diag, CBPF_E_NOMEM)
					      : err;
}

/* What rank 0 has found, to the others: numbers, then names. */
static bool tell_files(struct units *u)
{
	uint64_t head[2] = { u->n_files, 0 };
	char *names;

	for (uint32_t i = 0; i < u->n_files; i++)
		head[1] += strlen(u->files[i].path) + 1;
	ranks_tell(head, sizeof(head));
	names = arena_take(u->arena, (size_t)head[1] + 1, 1);
	if (ranks_own() != 0)
		u->files = arena_take(u->arena, (size_t)head[0] + 1,
				      sizeof(*u->files));
	if (ranks_sum(!names || !u->files) != 0 || !names || !u->files)
		return head[0] == 0;
	for (uint32_t i = 0, at = 0; ranks_own() == 0 && i < u->n_files; i++) {
		size_t size = strlen(u->files[i].path) + 1;

		memcpy(names + at, u->files[i].path, size);
		at += (uint32_t)size;
	}
	u->n_files = (uint32_t)head[0];
	ranks_tell(u->files, head[0] * sizeof(*u->files));
	ranks_tell(names, head[1]);
	for (uint32_t i = 0; i < u->n_files; i++) {
		u->files[i].path = names;
		names += strlen(names) + 1;
	}
	return true;
}

/* ---- units -------------------------------------------------------------- */

struct job {
	struct cluster *cluster;
	struct cbpf_scan *scan;
	struct cbpf_scan_opts given;  /* the scan's own */
	struct cbpf_writer **writers; /* by filter */
	uint64_t lost, n_lost;	      /* of the unit at hand */
	bool is_stopped;
};

static struct cbpf_scan_count less(struct cbpf_scan_count a,
				   struct cbpf_scan_count b)
{
	return (struct cbpf_scan_count){ a.packets - b.packets,
					 a.bytes - b.bytes };
}

static void close_hits(struct job *j)
{
	for (size_t i = 0; i < j->scan->n; i++) {
		cbpf_scan_write(j->scan, i, NULL);
		cbpf_writer_close(j->writers[i]);
		j->writers[i] = NULL;
	}
}

/* Where the unit's hits are kept, new files. */
static enum cbpf_err open_hits(struct job *j, const struct unit *unit,
			       struct cbpf_diag *diag)
{
	char path[JOURNAL_PATH], partial[JOURNAL_PATH + 16];
	enum cbpf_err err = CBPF_OK;

	for (size_t i = 0; i < j->scan->n && err == CBPF_OK; i++) {
		if (!journal_hits(&j->cluster->journal, unit, i, path))
			return dg_system(diag, "journal", ENAMETOOLONG);
		/* of a process that was ended */
		snprintf(partial, sizeof(partial), "%s.partial", path);
		unlink(partial);
		unlink(path);
		err = cbpf_writer_open(path, NULL, &j->writers[i], diag);
		if (err == CBPF_OK)
			cbpf_scan_write(j->scan, i, j->writers[i]);
	}
	return err;
}

static enum cbpf_err finish_hits(struct job *j, struct cbpf_diag *diag)
{
	enum cbpf_err err = CBPF_OK;

	for (size_t i = 0; i < j->scan->n && err == CBPF_OK; i++) {
		err = cbpf_writer_finish(j->writers[i], diag);
		/* they are there before the journal says so */
		if (err == CBPF_OK)
			err = journal_sync(cbpf_writer_name(j->writers[i]),
					   diag);
	}
	return err;
}

/* Of a file that cannot be read, or not to its end: no error of the job. */
static bool is_of_file(const struct cbpf_scan *s, enum cbpf_err err)
{
	return !s->failed &&
	       (err == CBPF_E_SYSTEM ||
		(err >= CBPF_E_CAP_MAGIC && err <= CBPF_E_CAP_PACKED));
}

/* What the scan of a unit came to. */
static enum cbpf_err scan_unit(struct job *j, const struct unit *unit,
			       struct unit_result *r)
{
	struct cbpf_scan *s = j->scan;
	struct cbpf_scan_count seen = s->own.seen;
	struct cbpf_scan_part part = { .from = unit->from,
				       .to = unit->to,
				       .is_exact = unit->is_exact };
	struct cbpf_capture *capture;
	enum cbpf_err err =
		cbpf_capture_open(j->cluster->units.files[unit->file].path,
				  &s->mem, &capture, &r->failed);

	s->failed = NULL;
	for (size_t i = 0; i < s->n; i++)
		r->hits[i] = s->own.results[i].hit;
	r->is_open = err == CBPF_OK;
	if (r->is_open) {
		err = cbpf_scan_some(s, capture, &part, &r->failed);
		cbpf_capture_close(capture);
	}
	r->start = part.start;
	r->end = part.end;
	r->is_described = part.is_described;
	r->lost = j->lost;
	r->n_lost = j->n_lost;
	r->seen = less(s->own.seen, seen);
	for (size_t i = 0; i < s->n; i++)
		r->hits[i] = less(s->own.results[i].hit, r->hits[i]);
	return is_of_file(s, err) ? CBPF_OK : err;
}

static enum cbpf_err do_unit(struct job *j, const struct unit *unit,
			     struct unit_result *r, struct cbpf_diag *diag)
{
	struct cluster *c = j->cluster;
	enum cbpf_err err = CBPF_OK;

	memset(r, 0, units_result_size(&c->units));
	r->unit = *unit;
	r->rank = ranks_own();
	j->lost = j->n_lost = 0;
	if (c->journal.keeps_hits)
		err = open_hits(j, unit, diag);
	if (err == CBPF_OK) {
		err = scan_unit(j, unit, r);
		if (err != CBPF_OK)
			dg_give(diag, &r->failed);
	}
	j->is_stopped |= scan_is_stopped(j->scan);
	if (err == CBPF_OK && c->journal.keeps_hits && !j->is_stopped)
		err = finish_hits(j, diag);
	close_hits(j);
	if (err == CBPF_OK && r->failed.code == CBPF_OK && !j->is_stopped)
		err = journal_note(&c->journal, &c->units, r, diag);
	r->failed.expected = NULL; /* static text of this process */
	return err;
}

/* A unit done, and what came of it kept for the others. */
static enum cbpf_err do_and_keep(struct job *j, const struct unit *unit,
				 struct unit_result *r, struct buf *own,
				 struct cbpf_diag *diag)
{
	enum cbpf_err err = do_unit(j, unit, r, diag);

	if (err == CBPF_OK && !j->is_stopped)
		buf_put(own, r, units_result_size(&j->cluster->units));
	return err == CBPF_OK && own->is_broken ? dg_fail(diag, CBPF_E_NOMEM)
						: err;
}

/* What another has failed with is for the one behind it; of all else each takes
 * the next. */
static enum cbpf_err do_own(struct job *j, const struct unit_list *due,
			    struct buf *own, struct cbpf_diag *diag)
{
	struct units *u = &j->cluster->units;
	struct unit_result *r = arena_take(u->arena, 1, units_result_size(u));
	enum cbpf_err err = r ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
	uint64_t at;

	for (uint32_t i = 0; i < due->n && err == CBPF_OK; i++) {
		const struct unit *unit = &due->list[i];

		if (unit->but && unit->but % ranks_all() == ranks_own() &&
		    !j->is_stopped)
			err = do_and_keep(j, unit, r, own, diag);
	}
	while (err == CBPF_OK && !j->is_stopped && (at = ranks_next()) < due->n)
		if (!due->list[at].but)
			err = do_and_keep(j, &due->list[at], r, own, diag);
	return err;
}

/* One round: all units that are due, by all; then each has all results. */
static enum cbpf_err do_units(struct job *j, const struct unit_list *due,
			      struct cbpf_diag *diag)
{
	struct units *u = &j->cluster->units;
	struct buf own = buf_new(&u->arena->mem);
	enum cbpf_err err;
	uint64_t size;
	char *all;

	ranks_count();
	err = do_own(j, due, &own, diag);
	if (err != CBPF_OK || j->is_stopped)
		ranks_run_out(); /* for the others it is over as well */
	if (ranks_sum(err != CBPF_OK || j->is_stopped) != 0) {
		buf_free(&own);
		return err == CBPF_OK ? dg_fail(diag, CBPF_E_UNAVAILABLE) : err;
	}
	all = ranks_gather(own.at, own.len, &size, u->arena);
	buf_free(&own);
	for (uint64_t i = 0; all && i < size; i += units_result_size(u))
		units_note(u, (const struct unit_result *)(all + i));
	return all && !u->is_broken ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
}

static enum cbpf_err do_all(struct job *j, struct cbpf_diag *diag)
{
	struct units *u = &j->cluster->units;
	struct unit_list due = { NULL, 0, 0 };
	enum cbpf_err err = CBPF_OK;

	for (;;) {
		units_due(u, &due);
		if (ranks_sum(u->is_broken) != 0)
			return dg_fail(diag, CBPF_E_NOMEM);
		if (due.n == 0)
			return err;
		err = do_units(j, &due, diag);
		if (err != CBPF_OK)
			return err;
	}
}

/* ---- a job -------------------------------------------------------------- */

/* Between batches: others may wait for the counter, which is here. */
static bool poll_and_ask(void *ctx)
{
	const struct cbpf_scan_opts *given = ctx;

	if (ranks_own() == 0)
		ranks_poll();
	return given->is_stopped && given->is_stopped(given->stop_ctx);
}

/* cbpf_scan's: of what is passed over. */
static void note_lost(void *ctx, const struct cbpf_diag *diag, uint64_t lost)
{
	struct job *j = ctx;

	(void)diag;
	j->lost += lost;
	j->n_lost++;
}

/* Of all code that the filters have so far: for what the files begin with. */
static uint64_t sum_code(const struct cbpf_scan *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->filters[i].n_machines; k++) {
			const struct scan_machine *m =
				&s->filters[i].machines[k];

			sum = journal_sum(sum, &m->link, sizeof(m->link));
			sum = journal_sum(sum, m->prog->given,
					  m->prog->n * sizeof(*m->prog->given));
		}
	return sum;
}

/* An error of rank 0 is everybody's: it knows what is wrong. */
static enum cbpf_err agree(enum cbpf_err err, struct cbpf_diag *diag)
{
	if (ranks_sum(err != CBPF_OK) == 0)
		return CBPF_OK;
	return err == CBPF_OK ? dg_fail(diag, CBPF_E_UNAVAILABLE) : err;
}

/* What rank 0 has found in the journal, to the others. */
static enum cbpf_err tell_done(struct cluster *c, struct cbpf_diag *diag)
{
	struct units *u = &c->units;
	size_t size = units_result_size(u);
	uint64_t head[2] = { u->n_results, c->was_writing };
	struct unit_result *r = arena_take(u->arena, 1, size);

	if (ranks_sum(!r) != 0 || !r)
		return dg_fail(diag, CBPF_E_NOMEM);
	ranks_tell(head, sizeof(head));
	c->was_writing = head[1];
	for (uint64_t i = 0; i < head[0]; i++) {
		if (ranks_own() == 0)
			memcpy(r, u->results[i], size);
		ranks_tell(r, size);
		units_note(u, r);
	}
	return u->is_broken ? dg_fail(diag, CBPF_E_NOMEM) : CBPF_OK;
}

static enum cbpf_err begin(struct job *j, const char *const *paths, size_t n,
			   const struct cluster_opts *opts,
			   struct cbpf_diag *diag)
{
	struct cluster *c = j->cluster;
	enum cbpf_err err = CBPF_OK;

	if (ranks_own() == 0)
		err = find_files(&c->units, j->scan, &c->journal, paths, n,
				 diag);
	err = agree(err, diag);
	if (err == CBPF_OK && !tell_files(&c->units))
		err = dg_fail(diag, CBPF_E_NOMEM);
	if (err == CBPF_OK && ranks_own() == 0)
		err = journal_make(&c->journal, &c->units, opts->words,
				   sum_code(j->scan), &c->was_writing, diag);
	if (err == CBPF_OK && ranks_own() == 0)
		err = journal_read(&c->journal, &c->units, diag);
	/* what one has read counts for all */
	err = agree(err, diag);
	if (err == CBPF_OK)
		err = tell_done(c, diag);
	err = agree(err, diag);
	if (err == CBPF_OK)
		err = journal_open(&c->journal, ranks_own(), diag);
	return agree(err, diag);
}

/* What counts, by file. */
static enum cbpf_err sum_up(struct cluster *c, struct cbpf_diag *diag)
{
	struct units *u = &c->units;

	c->seen =
		arena_take(&c->arena, (size_t)u->n_files + 1, sizeof(*c->seen));
	c->hits = arena_take(&c->arena, (size_t)u->n_files * u->n_filters + 1,
			     sizeof(*c->hits));
	c->first = arena_take(&c->arena, (size_t)u->n_files + 1,
			      sizeof(*c->first));
	if (!c->seen || !c->hits || !c->first)
		return dg_fail(diag, CBPF_E_NOMEM);
	for (uint32_t i = 0; i < u->n_counted; i++) {
		const struct unit_result *r = u->counted[i];
		uint32_t file = r->unit.file;

		c->first[file + 1] = i + 1;

		scan_add(&c->seen[file], r->seen);
		for (size_t k = 0; k < u->n_filters; k++)
			scan_add(&c->hits[file * u->n_filters + k], r->hits[k]);
	}
	for (uint32_t file = 1; file <= u->n_files; file++)
		if (c->first[file] < c->first[file - 1])
			c->first[file] = c->first[file - 1];
	return CBPF_OK;
}

static struct cluster *make_cluster(const struct cluster_opts *opts,
				    size_t n_filters)
{
	struct cbpf_mem mem = mem_or_libc(opts->mem);
	struct cluster *c = mem_new(&mem, 1, sizeof(*c));

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->mem = mem;
	c->arena = arena_new(&mem);
	c->units = (struct units){ .arena = &c->arena,
				   .n_filters = n_filters,
				   .bytes = opts->unit ? opts->unit : UNIT };
	snprintf(c->journal_path, sizeof(c->journal_path), "%s", opts->journal);
	c->journal = (struct journal){ .path = c->journal_path,
				       .fd = -1,
				       .lock = -1,
				       .keeps_hits = opts->keeps_hits };
	return c;
}

enum cbpf_err cluster_scan(struct cbpf_scan *s, const char *const *paths,
			   size_t n, const struct cluster_opts *given,
			   struct cluster **cluster, struct cbpf_diag *diag)
{
	struct cluster_opts opts;
	struct job j = { .scan = s, .given = s->opts };
	enum cbpf_err err;

	*cluster = NULL;
	if (!is_started)
		return dg_fail(diag, CBPF_E_UNAVAILABLE);
	if (!opts_take(&opts, sizeof(opts), given) || !opts.journal ||
	    !opts.words || strlen(opts.journal) >= JOURNAL_PATH / 2)
		return dg_fail(diag, CBPF_E_ARGUMENT);
	j.cluster = make_cluster(&opts, s->n);
	if (j.cluster)
		j.writers =
			arena_take(&j.cluster->arena, s->n + 1, sizeof(void *));
	err = agree(j.writers ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM), diag);
	if (j.cluster) {
		j.cluster->is_stopped = j.given.is_stopped;
		j.cluster->stop_ctx = j.given.stop_ctx;
	}
	s->opts.is_stopped = poll_and_ask;
	s->opts.stop_ctx = &j.given;
	if (j.given.on_lost) {
		s->opts.on_lost = note_lost;
		s->opts.lost_ctx = &j;
	}
	if (err == CBPF_OK)
		err = begin(&j, paths, n, &opts, diag);
	if (err == CBPF_OK)
		err = do_all(&j, diag);
	if (j.cluster)
		journal_close(&j.cluster->journal);
	s->opts = j.given;
	if (err == CBPF_OK)
		err = agree(sum_up(j.cluster, diag), diag);
	if (err == CBPF_OK)
		*cluster = j.cluster;
	else
		cluster_free(j.cluster);
	return err;
}

/* ---- what came of it ---------------------------------------------------- */

size_t cluster_files(const struct cluster *c)
{
	return c->units.n_files;
}

void cluster_file(const struct cluster *c, size_t i, struct cluster_file *file)
{
	uint64_t before = 0; /* packets, of other units */

	*file = (struct cluster_file){ .path = c->units.files[i].path,
				       .seen = c->seen[i] };
	for (uint32_t k = c->first[i]; k < c->first[i + 1]; k++) {
		const struct unit_result *r = c->units.counted[k];

		file->is_open |= r->is_open;
		file->lost += r->lost;
		file->n_lost += r->n_lost;
		if (r->failed.code != CBPF_OK)
			file->failed = r->failed;
		else
			before += r->seen.packets;
	}
	/* it counts from the begin of its unit */
	if (file->failed.code >= CBPF_E_CAP_CUT &&
	    file->failed.code <= CBPF_E_CAP_INTERFACE)
		file->failed.a += before;
}

struct cbpf_scan_count cluster_hit(const struct cluster *c, size_t file,
				   size_t filter)
{
	size_t n = c->units.n_filters;
	struct cbpf_scan_count sum = { 0, 0 };

	if (file != CLUSTER_ALL)
		return c->hits[file * n + filter];
	for (size_t i = 0; i < c->units.n_files; i++)
		scan_add(&sum, c->hits[i * n + filter]);
	return sum;
}

enum cbpf_err cluster_write(const struct cluster *c, size_t filter,
			    bool is_merged, struct cbpf_writer *writer,
			    struct cbpf_diag *diag)
{
	const struct units *u = &c->units;
	uint64_t all = ranks_all(), own = ranks_own();
	uint32_t from = (uint32_t)(u->n_counted * own / all);
	uint32_t to = (uint32_t)(u->n_counted * (own + 1) / all);
	enum cbpf_err err = CBPF_OK;

	if (!c->journal.keeps_hits ||
	    (is_merged && cbpf_writer_format(writer) != CBPF_CAPTURE_PCAP))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	if (is_merged)
		return merge_hits(&c->journal, u, filter, c->is_stopped,
				  c->stop_ctx, writer, diag);
	/* all shares begin as the first capture does */
	err = begin_hits(&c->journal, u, filter, writer, diag);
	for (uint32_t i = from; i < to && err == CBPF_OK; i++) {
		if (c->is_stopped && c->is_stopped(c->stop_ctx))
			return dg_fail(diag, CBPF_E_UNAVAILABLE);
		err = copy_hits(&c->journal, u->counted[i], filter, writer,
				&c->mem, diag);
	}
	return err;
}

bool cluster_was_writing(const struct cluster *c)
{
	return c->was_writing;
}

enum cbpf_err cluster_writes(const struct cluster *c, struct cbpf_diag *diag)
{
	return journal_mark(&c->journal, diag);
}

void cluster_name(const char *words, const char *const *paths, size_t n,
		  char *name, size_t size)
{
	uint64_t sum = journal_sum(0, words, strlen(words) + 1);

	for (size_t i = 0; i < n; i++)
		sum = journal_sum(sum, paths[i], strlen(paths[i]) + 1);
	snprintf(name, size, "cbpf-mpi.%016" PRIx64, sum);
}

void cluster_forget(const struct cluster *c)
{
	journal_remove(&c->journal);
}

void cluster_free(struct cluster *c)
{
	struct cbpf_mem mem;

	if (!c)
		return;
	mem = c->mem;
	journal_close(&c->journal);
	journal_leave(&c->journal);
	arena_free(&c->arena);
	mem_free(&mem, c, sizeof(*c));
}
