/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filters over many captures by many processes, which MPI starts on
 * one machine or on many. All of them read the files by the same names.
 *
 *	cluster_start(&argc, &argv);
 *	cbpf_scan_new(NULL, &scan, NULL);
 *	cbpf_scan_add(scan, compile_for_link, NULL, NULL);
 *	err = cluster_scan(scan, paths, n, &opts, &cluster, &diag);
 *	if (err == CBPF_OK && cluster_rank() == 0)
 *		print(cluster_hit(cluster, CLUSTER_ALL, 0).packets);
 *	cluster_free(cluster);
 *	cluster_stop();
 *
 * Files are cut into parts, the largest are taken first, each by whoever is
 * free; what came of each is kept in a journal, so that a job that was ended
 * goes on where it was.
 */
#ifndef CBPF_SCAN_CLUSTER_H
#define CBPF_SCAN_CLUSTER_H

#include "base/compiler.h"
#include "cbpf/scan.h"

/* MPI begins, and ends; before and behind all else. UNAVAILABLE. */
CBPF_INTERNAL enum cbpf_err cluster_start(int *argc, char ***argv,
					  struct cbpf_diag *diag);
CBPF_INTERNAL void cluster_stop(void);

/* Which process this is, from 0, and how many there are. */
CBPF_INTERNAL unsigned cluster_rank(void);
CBPF_INTERNAL unsigned cluster_size(void);

/* A job, done; the same in all processes. */
struct cluster;

struct cluster_opts {
	size_t size;
	uint64_t unit; /* bytes of a file that are taken at once; 0: 64 MiB */
	/* a directory, of this job alone: made, and gone on with if it is of a
	 * job with the same words, files and sizes; ARGUMENT if of another */
	const char *journal;
	const char *words; /* what is asked of the packets, to be known by */
	bool keeps_hits;   /* there, for cluster_write() */
	const struct cbpf_mem *mem;
};

/*
 * Scans files, and those that are in directories, by all processes at once,
 * each of which calls this with the same arguments and a scan of its own with
 * the same filters. What is wrong with a file is no error: it has been tried
 * twice then, by two processes, and cluster_file() tells. Errors: of the
 * compiler, which says more (in one process, or several); SYSTEM: a journal
 * cannot be written, or a directory not read; UNAVAILABLE: another process has
 * failed, or it was stopped; NOMEM, ARGUMENT.
 */
CBPF_INTERNAL enum cbpf_err cluster_scan(struct cbpf_scan *scan,
					 const char *const *paths, size_t n,
					 const struct cluster_opts *opts,
					 struct cluster **cluster,
					 struct cbpf_diag *diag);

struct cluster_file {
	const char *path;
	struct cbpf_scan_count seen;
	struct cbpf_diag
		failed;	       /* why it was read to some packet only; or OK */
	bool is_open;	       /* it is a capture */
	uint64_t lost, n_lost; /* bytes passed over, and how often */
};

/* How many files there are, in the order in which they were given. */
CBPF_INTERNAL size_t cluster_files(const struct cluster *cluster);
CBPF_INTERNAL void cluster_file(const struct cluster *cluster, size_t i,
				struct cluster_file *file);

#define CLUSTER_ALL SIZE_MAX /* files */

/* What a filter let through of a file, or of all. */
CBPF_INTERNAL struct cbpf_scan_count cluster_hit(const struct cluster *cluster,
						 size_t file, size_t filter);

/*
 * Writes a filter's hits that were kept: this process's share, which follows
 * that of the process before it; or, merged, all of them in the order of their
 * times, to a writer of pcap, which one process does; packets of a file stay in
 * the order that they have in it. Errors of cbpf_writer_put(), of reading.
 */
CBPF_INTERNAL enum cbpf_err cluster_write(const struct cluster *cluster,
					  size_t filter, bool is_merged,
					  struct cbpf_writer *writer,
					  struct cbpf_diag *diag);

/* Whether all processes say yes: each is to ask. */
CBPF_INTERNAL bool cluster_agree(bool own);

/* Whether an earlier run of the job was ended while it wrote its outputs: what
 * it left of them is this job's. */
CBPF_INTERNAL bool cluster_was_writing(const struct cluster *cluster);
/* By one process, before outputs are written. */
CBPF_INTERNAL enum cbpf_err cluster_writes(const struct cluster *cluster,
					   struct cbpf_diag *diag);
/* The name of a journal, the same for the same words and files. */
CBPF_INTERNAL void cluster_name(const char *words, const char *const *paths,
				size_t n, char *name, size_t size);

/* Takes the journal away, by one process, when its results are safe. */
CBPF_INTERNAL void cluster_forget(const struct cluster *cluster);
CBPF_INTERNAL void cluster_free(struct cluster *cluster);

#endif
