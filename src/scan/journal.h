/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a job of many processes has done, in a directory that outlives it:
 *
 *	job		what the job is: its words, its files, their sizes
 *	done.RANK	a line for each unit, with a checksum: one that was cut
 *			when its process ended is none
 *	hits.*		what was let through of a unit, a capture a filter
 *	outputs		they are being written
 *
 * Units that failed are not in it: they are tried again. What hits are of is
 * there before its line; lines go to the disk once a second, and what is lost
 * of them is done again.
 */
#ifndef CBPF_SCAN_JOURNAL_H
#define CBPF_SCAN_JOURNAL_H

#include "scan/units.h"

#define JOURNAL_PATH 4096

struct journal {
	const char *path;
	int fd;	       /* of done.RANK, or -1 */
	int lock;      /* of job, held by rank 0; or -1 */
	double synced; /* when lines went to the disk, seconds */
	bool keeps_hits;
};

/* By rank 0: makes it, or finds that it is of this job; ARGUMENT: it is of
 * another, or nobody's, or in use. code: a number that is another for other
 * filters. *was_writing: the mark is there. */
CBPF_INTERNAL enum cbpf_err journal_make(struct journal *journal,
					 const struct units *units,
					 const char *words, uint64_t code,
					 bool *was_writing,
					 struct cbpf_diag *diag);
/* The mark that outputs are being written. */
CBPF_INTERNAL enum cbpf_err journal_mark(const struct journal *journal,
					 struct cbpf_diag *diag);
/* A file's bytes to the disk. */
CBPF_INTERNAL enum cbpf_err journal_sync(const char *path,
					 struct cbpf_diag *diag);
/* A number of bytes, behind others; sum 0: it begins. */
CBPF_INTERNAL uint64_t journal_sum(uint64_t sum, const void *bytes,
				   size_t size);
/* What was done, of all ranks that there ever were. */
CBPF_INTERNAL enum cbpf_err journal_read(const struct journal *journal,
					 struct units *units,
					 struct cbpf_diag *diag);
/* By a rank, before its first unit. */
CBPF_INTERNAL enum cbpf_err journal_open(struct journal *journal, unsigned rank,
					 struct cbpf_diag *diag);
CBPF_INTERNAL enum cbpf_err journal_note(struct journal *journal,
					 const struct units *units,
					 const struct unit_result *result,
					 struct cbpf_diag *diag);
/* Where a unit's hits are; path has JOURNAL_PATH bytes. False: too long. */
CBPF_INTERNAL bool journal_hits(const struct journal *journal,
				const struct unit *unit, size_t filter,
				char *path);
CBPF_INTERNAL void journal_close(struct journal *journal);
/* The lock goes. */
CBPF_INTERNAL void journal_leave(struct journal *journal);
/* All of it goes, but for what is no part of one. */
CBPF_INTERNAL void journal_remove(const struct journal *journal);

#endif
