/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of what is done: see journal.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scan/journal.h"

#define HEAD "journal 1 "

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
uint64_t journal_sum(uint64_t sum, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	if (sum == 0)
		sum = 0xcbf29ce484222325u;
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ p[i]) * 0x100000001b3u;
	return sum;
}

static bool join(char *path, const char *directory, const char *name)
{
	return snprintf(path, JOURNAL_PATH, "%s/%s", directory, name) <
	       JOURNAL_PATH;
}

static enum cbpf_err too_long(struct cbpf_diag *diag)
{
	return dg_system(diag, "journal", ENAMETOOLONG);
}

/* ---- the job ------------------------------------------------------------ */

/* What it is, as text. */
static void describe(struct buf *to, const struct units *u, const char *words,
		     uint64_t code, bool keeps_hits)
{
	buf_put(to, words, strlen(words));
	buf_print(to,
		  "\n" HEAD "code %016" PRIx64 " hits %d unit %" PRIu64 "\n",
		  code, keeps_hits, u->bytes);
	for (uint32_t i = 0; i < u->n_files; i++) {
		const struct unit_file *f = &u->files[i];

		buf_print(to, "%" PRIu64 " %" PRIu64 " %d ", f->size, f->mtime,
			  f->has_parts);
		buf_put(to, f->path, strlen(f->path));
		buf_put(to, "\n", 1);
	}
}

/* Whether a file has these bytes and no others. */
static bool has_bytes(int fd, const char *bytes, size_t size)
{
	char some[4096];
	ssize_t n;

	while ((n = read(fd, some, sizeof(some))) > 0) {
		if ((size_t)n > size || memcmp(some, bytes, (size_t)n) != 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return n == 0 && size == 0;
}

static enum cbpf_err write_job(const char *path, const char *text, size_t size,
			       struct cbpf_diag *diag)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	enum cbpf_err err = CBPF_OK;

	if (fd < 0)
		return dg_system(diag, "journal", errno);
	while (size > 0 && err == CBPF_OK) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			err = dg_system(diag, "journal", errno);
		if (n > 0) {
			text += n;
			size -= (size_t)n;
		}
	}
	close(fd);
	return err;
}

/* The name of the job appears when all of it is there. */
static enum cbpf_err put_job(const struct journal *j, const char *path,
			     const char *text, size_t size,
			     struct cbpf_diag *diag)
{
	char partial[JOURNAL_PATH];
	enum cbpf_err err;

	if (!join(partial, j->path, "job.partial"))
		return too_long(diag);
	unlink(partial);
	err = write_job(partial, text, size, diag);
	if (err == CBPF_OK && rename(partial, path) != 0)
		err = dg_system(diag, "journal", errno);
	return err;
}

/* Whether nothing is in a directory, or a job that was not begun. */
static bool is_free(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	bool is_free = directory != NULL;

	while (directory && (entry = readdir(directory)))
		is_free &= strcmp(entry->d_name, ".") == 0 ||
			   strcmp(entry->d_name, "..") == 0 ||
			   strcmp(entry->d_name, "job.partial") == 0;
	if (directory)
		closedir(directory);
	return is_free;
}

/* A directory of its own; ARGUMENT: of somebody else. */
static enum cbpf_err make_directory(const struct journal *j, const char *job,
				    struct cbpf_diag *diag)
{
	if (mkdir(j->path, 0777) != 0 && errno != EEXIST)
		return dg_system(diag, "journal", errno);
	if (access(job, F_OK) == 0 || is_free(j->path))
		return CBPF_OK;
	return dg_say(diag, CBPF_E_ARGUMENT,
		      "a directory that has other things than a journal in it");
}

/* One job at a time uses it; what is in `job` is known by its lock too. */
static enum cbpf_err take_job(struct journal *j, const char *path,
			      const char *text, size_t size,
			      struct cbpf_diag *diag)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	j->lock = open(path, O_RDWR | O_CLOEXEC);
	if (j->lock < 0)
		return dg_system(diag, "journal", errno);
	if (fcntl(j->lock, F_SETLK, &all) != 0 &&
	    (errno == EAGAIN || errno == EACCES))
		return dg_say(diag, CBPF_E_ARGUMENT,
			      "a journal that a job is using");
	if (has_bytes(j->lock, text, size))
		return CBPF_OK;
	return dg_say(diag, CBPF_E_ARGUMENT,
		      "a journal of another job, or its files have changed");
}

enum cbpf_err journal_make(struct journal *j, const struct units *u,
			   const char *words, uint64_t code, bool *was_writing,
			   struct cbpf_diag *diag)
{
	struct buf buf = buf_new(&u->arena->mem);
	char path[JOURNAL_PATH], mark[JOURNAL_PATH], *text;
	enum cbpf_err err;
	size_t size;

	describe(&buf, u, words, code, j->keeps_hits);
	text = buf_take(&buf, &size);
	if (!text)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (!join(path, j->path, "job") || !join(mark, j->path, "outputs"))
		err = too_long(diag);
	else
		err = make_directory(j, path, diag);
	if (err == CBPF_OK && access(path, F_OK) != 0)
		err = put_job(j, path, text, size, diag);
	if (err == CBPF_OK)
		err = take_job(j, path, text, size, diag);
	*was_writing = err == CBPF_OK && access(mark, F_OK) == 0;
	mem_free(&u->arena->mem, text, size + 1);
	return err;
}

enum cbpf_err journal_mark(const struct journal *j, struct cbpf_diag *diag)
{
	char path[JOURNAL_PATH];
	int fd;

	if (!join(path, j->path, "outputs"))
		return too_long(diag);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return dg_system(diag, "journal", errno);
	close(fd);
	return CBPF_OK;
}

enum cbpf_err journal_sync(const char *path, struct cbpf_diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum cbpf_err err = CBPF_OK;

	if (fd < 0 || fsync(fd) != 0)
		err = dg_system(diag, "journal", errno);
	if (fd >= 0)
		close(fd);
	return err;
}

/* ---- what is done ------------------------------------------------------- */

/* The numbers of a line, in this order. */
#define FIELDS 10 /* and two for what was seen, and for each filter */

static void to_fields(const struct unit_result *r, uint64_t *f)
{
	const uint64_t fields[FIELDS] = { r->unit.file, r->unit.from,
					  r->unit.to,	r->unit.is_exact,
					  r->unit.but,	r->start,
					  r->end,	r->is_described,
					  r->lost,	r->n_lost };

	memcpy(f, fields, sizeof(fields));
}

static void of_fields(struct unit_result *r, const uint64_t *f)
{
	r->unit = (struct unit){ .file = (uint32_t)f[0],
				 .from = f[1],
				 .to = f[2],
				 .is_exact = f[3],
				 .but = (uint32_t)f[4] };
	r->start = f[5];
	r->end = f[6];
	r->is_described = f[7];
	r->lost = f[8];
	r->n_lost = f[9];
	r->is_open = true; /* or it would have failed */
}

/* Now and then: a line that is lost is done again. */
static bool sync_lines(struct journal *j)
{
	struct timespec now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
	if (seconds - j->synced < 1)
		return true;
	j->synced = seconds;
	return fdatasync(j->fd) == 0;
}

enum cbpf_err journal_note(struct journal *j, const struct units *u,
			   const struct unit_result *r, struct cbpf_diag *diag)
{
	struct buf buf = buf_new(&u->arena->mem);
	uint64_t fields[FIELDS];
	enum cbpf_err err = CBPF_OK;
	size_t size;
	ssize_t n;
	char *text;

	to_fields(r, fields);
	for (size_t i = 0; i < FIELDS; i++)
		buf_print(&buf, "%" PRIu64 " ", fields[i]);
	buf_print(&buf, "%" PRIu64 " %" PRIu64, r->seen.packets, r->seen.bytes);
	for (size_t i = 0; i < u->n_filters; i++)
		buf_print(&buf, " %" PRIu64 " %" PRIu64, r->hits[i].packets,
			  r->hits[i].bytes);
	if (!buf.is_broken)
		buf_print(&buf, " %016" PRIx64 "\n",
			  journal_sum(0, buf.at, buf.len));
	text = buf_take(&buf, &size);
	if (!text)
		return dg_fail(diag, CBPF_E_NOMEM);
	/* in one piece: a line is there whole, or is cut */
	n = write(j->fd, text, size);
	if (n != (ssize_t)size)
		err = dg_system(diag, "journal", n < 0 ? errno : ENOSPC);
	else if (!sync_lines(j))
		err = dg_system(diag, "journal", errno);
	mem_free(&u->arena->mem, text, size + 1);
	return err;
}

/* A line, without its end; false: it is none, or of no unit that there is. */
static bool read_line(const struct units *u, char *line, size_t size,
		      struct unit_result *r)
{
	size_t n = FIELDS + 2 * (u->n_filters + 1);
	char *sum = size > 17 ? line + size - 17 : line, *at = line;
	uint64_t fields[FIELDS] = { 0 };

	if (*sum != ' ' || strtoull(sum, NULL, 16) !=
				   journal_sum(0, line, (size_t)(sum - line)))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint64_t number = strtoull(at, &at, 10);
		struct cbpf_scan_count *count =
			i < FIELDS + 2 ? &r->seen
				       : &r->hits[(i - FIELDS) / 2 - 1];

		if (i < FIELDS)
			fields[i] = number;
		else if ((i - FIELDS) % 2 == 0)
			count->packets = number;
		else
			count->bytes = number;
	}
	of_fields(r, fields);
	return at == sum && r->unit.file < u->n_files;
}

/* Whether what a unit let through is there, if it is wanted. */
static bool has_hits(const struct journal *j, const struct units *u,
		     const struct unit_result *r)
{
	char path[JOURNAL_PATH];

	for (size_t i = 0; j->keeps_hits && i < u->n_filters; i++)
		if (!journal_hits(j, &r->unit, i, path) ||
		    access(path, R_OK) != 0)
			return false;
	return true;
}

static enum cbpf_err read_done(const struct journal *j, struct units *u,
			       const char *path, struct unit_result *r,
			       struct cbpf_diag *diag)
{
	FILE *file = fopen(path, "re");
	enum cbpf_err err = CBPF_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!file)
		return dg_system(diag, "journal", errno);
	while ((n = getline(&line, &cap, file)) > 0)
		if (line[n - 1] == '\n' &&
		    read_line(u, line, (size_t)n - 1, r) && has_hits(j, u, r))
			units_note(u, r);
	if (ferror(file))
		err = dg_system(diag, "journal", errno);
	free(line);
	fclose(file);
	return err;
}

/* Whether a name is a prefix, and numbers with dots between them behind it. */
static bool is_named(const char *name, const char *prefix, unsigned numbers)
{
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	for (unsigned i = 0; i < numbers; i++) {
		size_t digits = strspn(name, "0123456789");

		if (digits == 0 || name[digits] != (i + 1 < numbers ? '.' : 0))
			return false;
		name += digits + 1;
	}
	return true;
}

static bool is_done(const char *name)
{
	return is_named(name, "done.", 1);
}

/* What may be in a journal: journal_hits(), merged hits, what was begun. */
static bool is_part(const char *entry)
{
	char name[256];
	size_t size = strlen(entry);

	if (size >= sizeof(name))
		return false;
	memcpy(name, entry, size + 1);
	if (size > 8 && strcmp(name + size - 8, ".partial") == 0)
		name[size - 8] = 0;
	return is_done(name) || is_named(name, "hits.", 5) ||
	       is_named(name, "hits.merged.", 2) || strcmp(name, "job") == 0 ||
	       strcmp(name, "outputs") == 0;
}

enum cbpf_err journal_read(const struct journal *j, struct units *u,
			   struct cbpf_diag *diag)
{
	struct unit_result *r = arena_take(u->arena, 1, units_result_size(u));
	DIR *directory = opendir(j->path);
	enum cbpf_err err = CBPF_OK;
	const struct dirent *entry;

	if (!directory)
		return dg_system(diag, "journal", errno);
	while (r && err == CBPF_OK && (entry = readdir(directory))) {
		char path[JOURNAL_PATH];

		if (!is_done(entry->d_name))
			continue;
		err = join(path, j->path, entry->d_name)
			      ? read_done(j, u, path, r, diag)
			      : too_long(diag);
	}
	closedir(directory);
	return r && !u->is_broken ? err : dg_fail(diag, CBPF_E_NOMEM);
}

/* A line that was cut is ended, so that the next is one. */
static void end_line(int fd)
{
	char last;
	off_t size = lseek(fd, 0, SEEK_END);

	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) != 1)
		return; /* the first line is lost, and done again */
}

enum cbpf_err journal_open(struct journal *j, unsigned rank,
			   struct cbpf_diag *diag)
{
	char path[JOURNAL_PATH];

	if (snprintf(path, sizeof(path), "%s/done.%u", j->path, rank) >=
	    JOURNAL_PATH)
		return too_long(diag);
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (j->fd < 0)
		return dg_system(diag, "journal", errno);
	end_line(j->fd);
	return CBPF_OK;
}

bool journal_hits(const struct journal *j, const struct unit *unit,
		  size_t filter, char *path)
{
	return snprintf(path, JOURNAL_PATH,
			"%s/hits.%u.%" PRIu64 ".%" PRIu64 ".%d%d.%zu", j->path,
			unit->file, unit->from, unit->to, unit->is_exact,
			unit->but != 0, filter) < JOURNAL_PATH;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

void journal_leave(struct journal *j)
{
	if (j->lock >= 0)
		close(j->lock);
	j->lock = -1;
}

void journal_remove(const struct journal *j)
{
	DIR *directory = opendir(j->path);
	const struct dirent *entry;
	char path[JOURNAL_PATH];

	while (directory && (entry = readdir(directory)))
		if (is_part(entry->d_name) &&
		    join(path, j->path, entry->d_name))
			unlink(path);
	if (directory)
		closedir(directory);
	rmdir(j->path);
}
