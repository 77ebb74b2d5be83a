/* SPDX-License-Identifier: BSD-2-Clause */
/* Open MPI: see ranks.h. What fails in it ends the job, as is its default. */
#include <mpi.h>
#include <string.h>

#include "scan/ranks.h"

#define MOST (1u << 30) /* bytes of one message: MPI counts in int */

static MPI_Win window = MPI_WIN_NULL;
static uint64_t *counter; /* rank 0's */
static int own, all = 1;

bool ranks_start(int *argc, char ***argv)
{
	int provided;

	if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided) !=
		    MPI_SUCCESS ||
	    provided < MPI_THREAD_FUNNELED)
		return false;
	MPI_Comm_rank(MPI_COMM_WORLD, &own);
	MPI_Comm_size(MPI_COMM_WORLD, &all);
	MPI_Win_allocate(own == 0 ? sizeof(*counter) : 0, sizeof(*counter),
			 MPI_INFO_NULL, MPI_COMM_WORLD, &counter, &window);
	MPI_Win_lock_all(0, window);
	return true;
}

void ranks_stop(void)
{
	if (window == MPI_WIN_NULL)
		return;
	MPI_Win_unlock_all(window);
	MPI_Win_free(&window);
	MPI_Finalize();
}

unsigned ranks_own(void)
{
	return (unsigned)own;
}

unsigned ranks_all(void)
{
	return (unsigned)all;
}

/* What a rank has, to the others. */
static void tell_from(int rank, char *bytes, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += MOST) {
		uint64_t n = size - at < MOST ? size - at : MOST;

		MPI_Bcast(bytes + at, (int)n, MPI_BYTE, rank, MPI_COMM_WORLD);
	}
}

void ranks_tell(void *bytes, uint64_t size)
{
	tell_from(0, bytes, size);
}

uint64_t ranks_sum(uint64_t number)
{
	uint64_t sum = 0;

	MPI_Allreduce(&number, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
	return sum;
}

void *ranks_gather(const void *bytes, uint64_t size, uint64_t *all_size,
		   struct arena *arena)
{
	char *gathered, *at;
	bool has_room;

	*all_size = ranks_sum(size);
	gathered = arena_take(arena, (size_t)*all_size + 1, 1);
	has_room = ranks_sum(!gathered) == 0;
	at = gathered;
	for (int rank = 0; has_room && rank < all; rank++) {
		uint64_t theirs = size;

		MPI_Bcast(&theirs, 1, MPI_UINT64_T, rank, MPI_COMM_WORLD);
		if (rank == own && bytes && gathered)
			memcpy(at, bytes, (size_t)size);
		tell_from(rank, at, theirs);
		at += theirs;
	}
	return has_room ? gathered : NULL;
}

void ranks_count(void)
{
	MPI_Barrier(MPI_COMM_WORLD);
	if (own == 0) {
		*counter = 0;
		MPI_Win_sync(window);
	}
	MPI_Barrier(MPI_COMM_WORLD);
}

static uint64_t add(uint64_t more)
{
	uint64_t got = 0;

	MPI_Fetch_and_op(&more, &got, MPI_UINT64_T, 0, 0, MPI_SUM, window);
	MPI_Win_flush(0, window);
	return got;
}

uint64_t ranks_next(void)
{
	return add(1);
}

void ranks_run_out(void)
{
	add((uint64_t)1 << 48);
}

void ranks_poll(void)
{
	int is_there;

	MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there,
		   MPI_STATUS_IGNORE);
}
