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

enum cbpf_err journal_make(const struct journal *j, const struct units *u,
			   const char *words, uint64_t code,
			   struct cbpf_diag *diag)
{
	struct buf buf = buf_new(&u->arena->mem);
	char path[JOURNAL_PATH], *text;
	enum cbpf_err err;
	size_t size;
	int fd;

	describe(&buf, u, words, code, j->keeps_hits);
	text = buf_take(&buf, &size);
	if (!text)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (!join(path, j->path, "job"))
		err = too_long(diag);
	else if (mkdir(j->path, 0777) != 0 && errno != EEXIST)
		err = dg_system(diag, "journal", errno);
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		err = errno == ENOENT ? put_job(j, path, text, size, diag)
				      : dg_system(diag, "journal", errno);
	else {
		err = has_bytes(fd, text, size)
			      ? CBPF_OK
			      : dg_say(diag, CBPF_E_ARGUMENT,
				       "a journal of another job, or its files "
				       "have changed");
		close(fd);
	}
	mem_free(&u->arena->mem, text, size + 1);
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

enum cbpf_err journal_note(const struct journal *j, const struct units *u,
			   const struct unit_result *r, struct cbpf_diag *diag)
{
	struct buf buf = buf_new(&u->arena->mem);
	uint64_t fields[FIELDS];
	enum cbpf_err err = CBPF_OK;
	size_t size;
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
	if (write(j->fd, text, size) != (ssize_t)size || fdatasync(j->fd) != 0)
		err = dg_system(diag, "journal", errno ? errno : ENOSPC);
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

static bool is_done(const char *name)
{
	return strncmp(name, "done.", 5) == 0;
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

void journal_remove(const struct journal *j)
{
	DIR *directory = opendir(j->path);
	const struct dirent *entry;
	char path[JOURNAL_PATH];

	while (directory && (entry = readdir(directory)))
		if ((is_done(entry->d_name) ||
		     strncmp(entry->d_name, "hits.", 5) == 0 ||
		     strcmp(entry->d_name, "job") == 0) &&
		    join(path, j->path, entry->d_name))
			unlink(path);
	if (directory)
		closedir(directory);
	rmdir(j->path);
}
