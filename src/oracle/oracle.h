/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Engines and their comparison: what the kernel rows share, and how a
 * verdict is put in the terms of what an engine shows.
 */
#ifndef CBPF_ORACLE_ORACLE_H
#define CBPF_ORACLE_ORACLE_H

#include "base/diag.h"
#include "base/memory.h"
#include "isa/isa.h"

/*
 * AF_UNIX keeps what is longer than this in pages and not in one piece, UDP
 * what reaches it with its headers: SKB_MAX_ALLOC, four pages less struct
 * skb_shared_info (include/linux/skbuff.h; found on x86-64 by tests/kernel.c).
 */
#define SKB_LINEAR_MAX 16064

#define LINK_ETHERNET 1 /* LINKTYPE_ETHERNET (capture.h: linktypes.def) */

/* What a result on a view looks like through an engine that shows this. */
CBPF_INTERNAL struct cbpf_answer ora_foretell(const struct cbpf_view *view,
					      const struct cbpf_result *result,
					      enum cbpf_shows shows);
CBPF_INTERNAL bool ora_agree(const struct cbpf_answer *a,
			     const struct cbpf_answer *b);
/* The processor this thread is on; changes at any time. */
CBPF_INTERNAL uint32_t ora_cpu(void);
/*
 * A probe for any row: an accepting and a rejecting program, one packet each,
 * through the row's own functions.
 */
CBPF_INTERNAL enum cbpf_err ora_probe(const struct cbpf_engine *engine,
				      struct cbpf_diag *diag);
/* The load of an engine on a system that has no such machine. */
CBPF_INTERNAL enum cbpf_err ora_load_elsewhere(
	const struct cbpf_engine *engine, const struct cbpf_engine_opts *opts,
	enum cbpf_dialect dialect, const struct cbpf_insn *insns, size_t n,
	void **handle, struct cbpf_diag *diag);
/*
 * Writes v where a load of size bytes reads, as the program's machine has it (a
 * call's words in this machine's order); gives what it would read now.
 */
CBPF_INTERNAL uint32_t ora_plant(const struct cbpf_prog *prog, uint8_t *data,
				 int64_t at, uint32_t size, uint32_t v);
/* Filters that the kernel compiled, counted for the caller or by ourselves. */
struct ora_pace {
	uint64_t *filters; /* the caller's, or NULL */
	uint32_t n;
};
CBPF_INTERNAL struct ora_pace ora_pace_new(const struct cbpf_engine_opts *opts);
/* One more. May wait. */
CBPF_INTERNAL void ora_count(struct ora_pace *pace);
/*
 * Waits until the kernel can have given back what was taken off before: for two
 * of its grace periods.
 */
CBPF_INTERNAL void ora_rest(void);

/* Attaches where an older filter of the same socket may be in the way. */
CBPF_INTERNAL enum cbpf_err ora_attach(int fd, const struct cbpf_insn *insns,
				       size_t n, struct ora_pace *pace,
				       struct cbpf_diag *diag);

/* Whether the judge's engine attaches filters to the kernel. */
CBPF_INTERNAL bool ora_attaches(const struct cbpf_judge *judge);
/* The memory a judge was made with. */
CBPF_INTERNAL const struct cbpf_mem *ora_mem(const struct cbpf_judge *judge);
/*
 * Runs the loaded program's twin over the view of a packet with a call before
 * each step. False where there is no view.
 */
CBPF_INTERNAL bool ora_trace(
	struct cbpf_judge *judge, const struct cbpf_packet *packet,
	bool (*before)(void *ctx, const struct cbpf_state *state), void *ctx);

/* ---- exact mode --------------------------------------------------------- */

/* Which verdicts pass, once every ret is rewritten. */
enum exact_pass { PASS_VALUE, PASS_BIT, PASS_RETURNED };

struct exact_question {
	enum exact_pass pass;
	uint32_t value; /* the verdict, or the bit's mask */
};

#define EXACT_TAIL 3 /* instructions added at most */

/* Rewrites n instructions to out (n + EXACT_TAIL long); returns the length. */
CBPF_INTERNAL size_t exact_rewrite(const struct cbpf_insn *insns, size_t n,
				   struct exact_question question,
				   struct cbpf_insn *out);

#endif
