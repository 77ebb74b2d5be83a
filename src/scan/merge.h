/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hits that lie in a journal, unit by unit, as one capture: one behind the
 * other, or in the order of their times.
 */
#ifndef CBPF_SCAN_MERGE_H
#define CBPF_SCAN_MERGE_H

#include "scan/journal.h"

/* A unit's, to the end of what is written. */
CBPF_INTERNAL enum cbpf_err copy_hits(const struct journal *journal,
				      const struct unit_result *result,
				      size_t filter, struct cbpf_writer *writer,
				      const struct cbpf_mem *mem,
				      struct cbpf_diag *diag);
/* A writer begins as the first capture that was read has it to. */
CBPF_INTERNAL enum cbpf_err begin_hits(const struct journal *journal,
				       const struct units *units, size_t filter,
				       struct cbpf_writer *writer,
				       struct cbpf_diag *diag);
/*
 * All that count, UNAVAILABLE where it is stopped. Within a file packets stay
 * in its order, whatever their times are; of two of the same time the one of
 * the earlier file is first.
 */
CBPF_INTERNAL enum cbpf_err merge_hits(const struct journal *journal,
				       const struct units *units, size_t filter,
				       bool (*is_stopped)(void *ctx),
				       void *stop_ctx,
				       struct cbpf_writer *writer,
				       struct cbpf_diag *diag);

#endif
