/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graph as native code.
 */
#ifndef CBPF_JIT_LOWER_H
#define CBPF_JIT_LOWER_H

#include "ir/table.h"
#include "jit/asmbuf.h"

/* What code is made for and with. */
struct lower_opts {
	/* called as fallback(ctx of it, packet, caplen, wirelen, context), for
	 * what is not done in line: gives the verdict of the whole run */
	uint32_t (*fallback)(const void *fallback_ctx, const uint8_t *packet,
			     uint32_t caplen, uint32_t wirelen,
			     const struct cbpf_ctx *ctx);
	const void *fallback_ctx;
};

/* The tables of switches, by block, and where they are behind the code. */
struct lower_tables {
	const struct table *tables;
	const uint32_t *at; /* bytes from the end */
};

/* Instructions of a machine, and how it passes arguments (lowerer.h). */
struct lower_machine;
extern CBPF_INTERNAL const struct lower_machine lower_x64, lower_a64;

/*
 * The code, at the end of buf, independent of its place, and its tables.
 * UNAVAILABLE: something in the graph is not done by the machine's code, or
 * wants more registers than it has; NOMEM.
 */
CBPF_INTERNAL enum cbpf_err lower_one(const struct lower_machine *machine,
				      const struct ir *ir,
				      const struct lower_opts *opts,
				      struct asmbuf *buf,
				      struct lower_tables *tables);
/* A function that does nothing but call the fallback. */
CBPF_INTERNAL void lower_fallback(const struct lower_machine *machine,
				  const struct lower_opts *opts,
				  struct asmbuf *buf);

/*
 * Code for groups of 8 (AVX2) or 16 packets (AVX-512), before what buf has; it
 * begins at *place, bytes from the end. Bits are set in left[], one word a
 * group, for packets whose verdict is not there: the code for one has it.
 * UNAVAILABLE: something in the graph is not done so, or it would not be quick.
 */
typedef void lower_group_fn(const struct cbpf_packet *packets,
			    uint32_t *verdicts, size_t n_groups,
			    uint32_t *left);
CBPF_INTERNAL enum cbpf_err lower_group_x64(const struct ir *ir,
					    const struct lower_tables *tables,
					    unsigned lanes, struct asmbuf *buf,
					    uint32_t *place);

#endif
