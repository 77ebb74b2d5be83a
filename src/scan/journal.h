/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a job of many processes has done, in a directory that outlives it:
 *
 *	job		what the job is: its words, its files, their sizes
 *	done.RANK	a line for each unit, with a checksum: one that was cut
 *			when its process ended is none
 *	hits.*		what was let through of a unit, a capture a filter
 *
 * Units that failed are not in it: they are tried again.
 */
#ifndef CBPF_SCAN_JOURNAL_H
#define CBPF_SCAN_JOURNAL_H

#include "scan/units.h"

#define JOURNAL_PATH 4096

struct journal {
	const char *path;
	int fd; /* of done.RANK, or -1 */
	bool keeps_hits;
};

/* By rank 0: makes it, or finds that it is of this job; ARGUMENT: of another.
 * code: a number that is another for other filters. */
CBPF_INTERNAL enum cbpf_err journal_make(const struct journal *journal,
					 const struct units *units,
					 const char *words, uint64_t code,
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
CBPF_INTERNAL enum cbpf_err journal_note(const struct journal *journal,
					 const struct units *units,
					 const struct unit_result *result,
					 struct cbpf_diag *diag);
/* Where a unit's hits are; path has JOURNAL_PATH bytes. False: too long. */
CBPF_INTERNAL bool journal_hits(const struct journal *journal,
				const struct unit *unit, size_t filter,
				char *path);
CBPF_INTERNAL void journal_close(struct journal *journal);
/* All of it goes, but for what is no part of one. */
CBPF_INTERNAL void journal_remove(const struct journal *journal);

#endif
