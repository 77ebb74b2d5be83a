/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for native code, never writable and executable at one address: the
 * same pages are mapped twice, once to be written and once to be run. Programs
 * share chunks of it, so that making one takes no system call.
 *
 * The pages are shared with a child of fork(), as all such are. So chunks from
 * before a fork are frozen in both: what is freed there is not used again, and
 * code that the other still runs stays what it is.
 *
 * Where processors are told of new code and do not see it by themselves, an
 * address that was run is not written again before it is mapped anew: another
 * processor may have its old code at hand still, and it is not asked.
 */
#ifndef CBPF_JIT_CODE_H
#define CBPF_JIT_CODE_H

#include "base/diag.h"

struct code_chunk;

struct code {
	uint8_t *write;	    /* size bytes, a power of two and aligned so */
	const uint8_t *run; /* the same bytes */
	uint32_t size;
	struct code_chunk *chunk;
};

/* Room for so many bytes. UNAVAILABLE: the system lets none be made; NOMEM. */
CBPF_INTERNAL enum cbpf_err code_take(size_t bytes, struct code *code,
				      struct cbpf_diag *diag);
/* Its bytes are there: they can be run. */
CBPF_INTERNAL void code_is_written(const struct code *code);
CBPF_INTERNAL void code_give(struct code *code);
/* Bytes of chunks that are mapped now, for tests. */
CBPF_INTERNAL size_t code_mapped(void);

#endif
