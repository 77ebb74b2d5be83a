/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that talk to each other: all that is known of MPI (MPI 3.1,
 * chapters 5, 8 and 11). Calls that say "all" are made by all of them, in the
 * same order.
 */
#ifndef CBPF_SCAN_RANKS_H
#define CBPF_SCAN_RANKS_H

#include "base/compiler.h"
#include "base/memory.h"

CBPF_INTERNAL bool ranks_start(int *argc, char ***argv);
CBPF_INTERNAL void ranks_stop(void);
/* This one, from 0; how many there are. Before ranks_start() the only one. */
CBPF_INTERNAL unsigned ranks_own(void);
CBPF_INTERNAL unsigned ranks_all(void);

/* All: what rank 0 has, to the others. */
CBPF_INTERNAL void ranks_tell(void *bytes, uint64_t size);
/* All: the sum of a number over all. */
CBPF_INTERNAL uint64_t ranks_sum(uint64_t own);
/* All: what each has, one behind the other, in new memory of the arena; NULL:
 * no memory. */
CBPF_INTERNAL void *ranks_gather(const void *own, uint64_t size,
				 uint64_t *all_size, struct arena *arena);

/* All: a counter begins at 0. */
CBPF_INTERNAL void ranks_count(void);
/* The next number of it, each of which one rank gets. */
CBPF_INTERNAL uint64_t ranks_next(void);
/* From now on the next one is beyond all that there are. */
CBPF_INTERNAL void ranks_run_out(void);
/* Now and then while there is work: others may be waiting for the counter, which
 * is in rank 0's memory. */
CBPF_INTERNAL void ranks_poll(void);

#endif
