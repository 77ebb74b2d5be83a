/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a job of many processes is made of: parts of files, what came of each,
 * and whether that fits together. All processes know the same results, and so
 * come to the same answers; nothing here talks to another.
 *
 * A part that begins anywhere begins where a record seems to: that counts only
 * if the part before it ended there, as in one process (parts.c). Else it is to
 * be done once more, from the right place; so is one that failed, elsewhere.
 */
#ifndef CBPF_SCAN_UNITS_H
#define CBPF_SCAN_UNITS_H

#include "base/diag.h"
#include "base/memory.h"
#include "cbpf/scan.h"

/* A part of a file: struct cbpf_scan_part's bytes. */
struct unit {
	uint64_t from, to;
	uint32_t file;
	uint32_t
		but; /* the rank that has failed with it, plus 1; 0: none has */
	bool is_exact;
};

/* What came of one. In memory, in messages and in journals. */
struct unit_result {
	struct unit unit;
	uint32_t rank; /* whose it is */
	uint64_t start, end;
	struct cbpf_diag failed;
	bool is_open, is_described;
	uint64_t lost, n_lost; /* bytes passed over, and how often */
	struct cbpf_scan_count seen;
	struct cbpf_scan_count hits[]; /* by filter */
};

struct unit_file {
	const char *path;
	uint64_t size;	/* bytes of it */
	uint64_t mtime; /* nanoseconds */
	bool has_parts; /* it can be read from anywhere */
};

struct units {
	struct arena *arena;
	struct unit_file *files;
	uint32_t n_files, cap_files;
	size_t n_filters;
	uint64_t bytes; /* of a unit */
	const struct unit_result **results;
	uint32_t n_results, cap_results;
	uint32_t *slots;  /* results by a hash of the unit: their number, +1 */
	uint32_t n_slots; /* a power of 2, or 0 */
	/* what counts, in the order of the files, once nothing is due */
	const struct unit_result **counted;
	uint32_t n_counted, cap_counted;
	bool is_broken; /* memory was refused */
};

struct unit_list {
	struct unit *list;
	uint32_t n, cap;
};

CBPF_INLINE size_t units_result_size(const struct units *u)
{
	return sizeof(struct unit_result) +
	       u->n_filters * sizeof(struct cbpf_scan_count);
}

/* A copy of it; the first of a unit counts. */
CBPF_INTERNAL void units_note(struct units *u,
			      const struct unit_result *result);
/* NULL: it is not done. */
CBPF_INTERNAL const struct unit_result *units_find(const struct units *u,
						   const struct unit *unit);
/*
 * What is to be done next, the largest first; nothing, and all is counted. What
 * is guessed is asked for at once, the rest when it is known where it begins.
 */
CBPF_INTERNAL void units_due(struct units *u, struct unit_list *due);

#endif
