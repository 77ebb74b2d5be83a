/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Labels: names of instructions, for whoever writes code whose jumps name
 * their targets (the assembler, the builder).
 */
#ifndef CBPF_ISA_LABELS_H
#define CBPF_ISA_LABELS_H

#include "base/memory.h"

struct label {
	struct label *next; /* in its bucket */
	const char *text;   /* the definer's, not ended by a NUL */
	size_t len;
	uint32_t at; /* the instruction that it names */
};

struct labels {
	struct arena arena;
	struct label **buckets; /* NULL: there was no memory */
	size_t n_buckets, n;
};

CBPF_INTERNAL struct labels labels_new(const struct cbpf_mem *mem);
CBPF_INTERNAL void labels_free(struct labels *labels);
/* The label of that name, compared byte by byte, or NULL. */
CBPF_INTERNAL const struct label *labels_find(const struct labels *labels,
					      const char *text, size_t len);
/*
 * Defines one: LABEL_TWICE where there is one of that name, which stays;
 * NOMEM. The text must live as long as the table.
 */
CBPF_INTERNAL enum cbpf_err labels_define(struct labels *labels,
					  const char *text, size_t len,
					  uint32_t at);

#endif
