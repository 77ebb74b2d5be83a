/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside a scan: its filters, whose code all threads share, and what one thread
 * has found with them so far.
 */
#ifndef CBPF_SCAN_SCANNER_H
#define CBPF_SCAN_SCANNER_H

#include <pthread.h>

#include "base/diag.h"
#include "base/memory.h"
#include "cbpf/scan.h"

#define SCAN_PART \
	256 /* packets that are judged at once: they stay in a cache */

/* A filter's code for a link type. */
struct scan_machine {
	uint16_t link;
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
};

struct scan_filter {
	cbpf_scan_compile *compile;
	void *ctx;
	struct scan_machine *machines;
	size_t n_machines, cap_machines;
};

/* What is found with a filter. */
struct scan_result {
	struct cbpf_scan_count hit;
	struct scan_machine held; /* of the last link type; jit NULL: of none */
	struct cbpf_writer *writer; /* of hits, or NULL */
};

/* One thread's. */
struct scanner {
	struct cbpf_scan *scan;
	struct cbpf_scan_count seen;
	struct scan_result *results; /* by filter */
	uint32_t verdicts[SCAN_PART];
	struct cbpf_packet packets[SCAN_PART]; /* with contexts */
	struct cbpf_ctx ctxs[SCAN_PART];
};

struct cbpf_scan {
	struct cbpf_scan_opts opts;
	struct cbpf_mem mem;
	struct scan_filter *filters;
	size_t n, cap;
	pthread_mutex_t lock; /* of the filters' machines, and who makes them */
	struct scanner own;
	size_t cap_results;	    /* of own */
	struct cbpf_writer *failed; /* or NULL */
};

/* All that is left of the capture, or up to its limit. */
CBPF_INTERNAL enum cbpf_err scan_rest(struct scanner *scanner,
				      struct cbpf_capture *capture,
				      struct cbpf_diag *diag);
/* A filter's code for a link type is made, if there is none. */
CBPF_INTERNAL enum cbpf_err scan_prepare(struct cbpf_scan *scan, size_t i,
					 uint16_t link, struct cbpf_diag *diag);
CBPF_INTERNAL bool scan_is_stopped(const struct cbpf_scan *scan);
CBPF_INTERNAL void scan_progress(const struct cbpf_scan *scan, uint64_t offset);
/* More counts. */
CBPF_INTERNAL void scan_add(struct cbpf_scan_count *to,
			    struct cbpf_scan_count more);

/*
 * A file in parts, by so many threads (parts.c): the same counts and the same
 * errors as scan_rest() of the capture, which has begun at the first record.
 */
CBPF_INTERNAL enum cbpf_err scan_in_parts(struct cbpf_scan *scan,
					  struct cbpf_capture *capture,
					  const char *path, unsigned jobs,
					  struct cbpf_diag *diag);

#endif
