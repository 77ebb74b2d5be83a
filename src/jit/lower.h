/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A graph as native code of this machine.
 */
#ifndef CBPF_JIT_LOWER_H
#define CBPF_JIT_LOWER_H

#include "ir/ir.h"
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

/*
 * The code, at the end of buf, independent of its place. UNAVAILABLE: something
 * in the graph is not done by this machine's code, or wants more registers than
 * it has; NOMEM.
 */
CBPF_INTERNAL enum cbpf_err lower_x64(const struct ir *ir,
				      const struct lower_opts *opts,
				      struct asmbuf *buf);
/* A function that does nothing but call the fallback. */
CBPF_INTERNAL void lower_fallback_x64(const struct lower_opts *opts,
				      struct asmbuf *buf);

#endif
