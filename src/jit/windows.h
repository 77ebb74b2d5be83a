/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bytes of many packets are read together: a read of many packets is one
 * load for each of them, whatever its width, so what is near is read at once.
 *
 *	row	16 bytes from a fixed offset, as four columns of 4; of every
 *		packet, before anything is asked: what many tests look at
 *	window	4 bytes around the loads of a place, which may depend on a
 *		value; of the packets that come there
 *
 * A window ends where its last load ends, so that it begins in the packet too;
 * packets that have the load and not the window are for other code.
 */
#ifndef CBPF_JIT_WINDOWS_H
#define CBPF_JIT_WINDOWS_H

#include "ir/ir.h"

#define ROWS_MAX   3
#define ROW_BYTES  16
#define ROWS_END   42 /* of the shortest frames: Ethernet and ARP (RFC 826) */
#define COLUMN_MAX (ROWS_MAX * ROW_BYTES / 4)

enum read_kind { READ_NONE, READ_COLUMN, READ_WINDOW };

/* Where the number of a load is: from byte `at` of a column or window on. */
struct read {
	uint8_t kind, at;
	uint32_t which;
};

struct window {
	uint32_t leader; /* the load with which it is read */
	uint32_t a;	 /* value it counts from, or NONE */
	uint32_t low, end;
	bool is_guarded; /* who may load may read it all */
};

struct windows {
	struct read *reads; /* by value */
	struct window *windows;
	uint32_t n_windows;
	uint32_t rows[ROWS_MAX], n_rows; /* offsets */
	bool has_column[COLUMN_MAX];
};

/* Of a graph without dead code; false: memory was refused. */
CBPF_INTERNAL bool windows_plan(const struct ir *ir, struct arena *arena,
				struct windows *windows);
/* What the packets of the rows have at least. */
CBPF_INLINE uint32_t windows_rows_end(const struct windows *w)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < w->n_rows; i++)
		if (w->rows[i] + ROW_BYTES > end)
			end = w->rows[i] + ROW_BYTES;
	return end;
}

#endif
