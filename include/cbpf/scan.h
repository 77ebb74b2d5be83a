/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan.h - filters over whole captures: native code for each link type they
 * meet, packets in batches.
 *
 *	struct cbpf_scan *scan;
 *
 *	cbpf_scan_new(NULL, &scan, NULL);
 *	cbpf_scan_add(scan, compile_for_link, NULL, NULL);
 *	err = cbpf_scan_capture(scan, capture, NULL, &diag);
 *	printf("%llu of %llu packets\n",
 *	       (unsigned long long)cbpf_scan_hit(scan, 0).packets,
 *	       (unsigned long long)cbpf_scan_seen(scan).packets);
 *	cbpf_scan_free(scan);
 */
#ifndef CBPF_SCAN_H
#define CBPF_SCAN_H

#include "capture.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/** Filters and what they have let through; belongs to one thread at a time. */
struct cbpf_scan;

struct cbpf_scan_opts {
	size_t size;
	enum cbpf_dialect dialect; /* whose programs they are; CBPF_SECCOMP:
				      ARGUMENT */
	bool is_inverted;	   /* what a filter rejects is a hit */
	uint64_t from_ns;	   /* since 1970; earlier packets are no hits */
	uint64_t to_ns;		   /* nor those at or behind this; 0: all */
	uint64_t most;		   /* hits of each filter; 0: any number */
	unsigned jobs;		   /* threads; 0: one */
	uint32_t part; /* bytes that one takes at a time; 0: 4 MiB */
	/* NULL, or a broken record is passed over: the next that seems to be
	 * one is `lost` bytes farther */
	void (*on_lost)(void *lost_ctx, const struct cbpf_diag *diag,
			uint64_t lost);
	void *lost_ctx;
	/* NULL, or told how far it is in the file, bytes, now and then */
	void (*on_progress)(void *progress_ctx, uint64_t offset);
	void *progress_ctx;
	/* NULL, or asked now and then, by any of the threads */
	bool (*is_stopped)(void *stop_ctx);
	void *stop_ctx;
	const struct cbpf_mem *mem;
};

/** NOMEM, ARGUMENT. */
enum cbpf_err cbpf_scan_new(const struct cbpf_scan_opts *opts,
			    struct cbpf_scan **scan, struct cbpf_diag *diag);
void cbpf_scan_free(struct cbpf_scan *scan);

/**
 * Makes the program of a filter for packets of a link type, LINKTYPE_*: asked
 * once for each. The code is freed behind it with cbpf_code_free().
 */
typedef enum cbpf_err cbpf_scan_compile(void *ctx, uint16_t link,
					struct cbpf_code *code,
					struct cbpf_diag *diag);

/** One filter more: numbered from 0, as they are added. NOMEM. */
enum cbpf_err cbpf_scan_add(struct cbpf_scan *scan, cbpf_scan_compile *compile,
			    void *ctx, struct cbpf_diag *diag);

/** The hits of a filter go to a writer, too, which is the caller's. */
void cbpf_scan_write(struct cbpf_scan *scan, size_t i,
		     struct cbpf_writer *writer);

/**
 * Runs all filters over what is left of a capture, or until each has as many
 * hits as it may, or it is stopped. path, or NULL: where it can be opened once
 * more; a regular file that is not compressed is then scanned in parts by as
 * many threads as were asked for, unless hits have a number to stop at: the
 * counts, outputs and errors are those of one. The compiler is called by one
 * thread at a time. Errors of cbpf_capture_batch(), of the compiler, of
 * cbpf_prog_new(), of cbpf_writer_put(), which cbpf_scan_failed() tells; what
 * came before one is counted.
 */
enum cbpf_err cbpf_scan_capture(struct cbpf_scan *scan,
				struct cbpf_capture *capture, const char *path,
				struct cbpf_diag *diag);

/** Packets of a file whose records begin between two of its bytes. */
struct cbpf_scan_part {
	uint64_t from, to; /* to 0: the file's end; both 0: all of any file */
	/* a record begins at `from`; else the first that seems to begin there
	 * or behind it is a guess, right if the part before it ended there */
	bool is_exact;
	/* what came of it: */
	uint64_t start, end; /* where its first record begins, and the next */
	/* sections or interfaces are described in it that the head of the file
	 * has not: what is behind it is to be read with it */
	bool is_described;
};

/**
 * Runs all filters over a part of a capture that was just opened, by one
 * thread. A part that does not begin with the file is of one whose
 * cbpf_capture_size() is known. Errors of cbpf_scan_capture(), and of
 * cbpf_capture_seek().
 */
enum cbpf_err cbpf_scan_some(struct cbpf_scan *scan,
			     struct cbpf_capture *capture,
			     struct cbpf_scan_part *part,
			     struct cbpf_diag *diag);

/** The writer that the last scan ended for, or NULL. */
struct cbpf_writer *cbpf_scan_failed(const struct cbpf_scan *scan);

/** Packets, and the bytes captured of them. */
struct cbpf_scan_count {
	uint64_t packets, bytes;
};

/** What was looked at, so far. */
struct cbpf_scan_count cbpf_scan_seen(const struct cbpf_scan *scan);
/** What a filter let through of that. */
struct cbpf_scan_count cbpf_scan_hit(const struct cbpf_scan *scan, size_t i);
/** Whether each filter has as many hits as it may. */
bool cbpf_scan_is_full(const struct cbpf_scan *scan);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
