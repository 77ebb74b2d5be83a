/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job over captures, as count and filter are given it: on one machine
 * (cmd_scan.c), or on many (mpi.c).
 */
#ifndef CBPF_CLI_SCAN_JOB_H
#define CBPF_CLI_SCAN_JOB_H

#include "cbpf/scan.h"
#include "cli.h"

#define FILTERS_MAX 65

/* A filter: the program, or an expression with a name. */
struct scanned {
	char *name; /* NULL: the program */
	struct source source;
	enum cbpf_dialect dialect;
	bool is_said;		    /* what is wrong with it */
	char *path;		    /* where its packets go */
	struct cbpf_writer *writer; /* or NULL: it is counted */
};

struct job {
	const char *verb;
	bool is_filter; /* cbpf filter: what matches is written */
	bool is_many;	/* cbpf-mpi: by many processes */
	struct scanned filters[FILTERS_MAX];
	size_t n;
	struct cbpf_scan_opts opts;
	struct cbpf_writer_opts how;
	const char *output;
	struct cbpf_scan *scan;
	const char *name; /* of the file at hand */
	size_t n_opened;
	double began, told; /* seconds: the file, the last progress */
	uint64_t size;	    /* of the file; 0: not known */
	bool is_followed;   /* it grows */
	bool is_json;
	bool has_trouble; /* a file that could not be read, or not to its end */
	/* of many processes: */
	unsigned rank;
	const char *journal;
	uint64_t unit;	/* bytes of a file that one takes; 0: the library's */
	bool is_merged; /* one output, in the order of times */
	/* What is to be done, when all is known of it. */
	int (*scan_all)(struct job *j, char **paths, size_t n);
};

/* Takes a verb's command line, and does that. */
int job_run(const struct job *how, int argc, char **argv);

/* cbpf_scan's, for struct scanned: its code for a link type. */
enum cbpf_err job_compile(void *ctx, uint16_t link, struct cbpf_code *code,
			  struct cbpf_diag *diag);
/* Whether what is wrong with a filter was said. */
bool job_is_said(const struct job *j);
/* Whether a signal has ended the job. */
bool job_is_stopped(void);

/* Opens what is written, and tells the scan, if it is to know. */
int job_open_outputs(struct job *j, bool is_scanned);
/* Whether outputs can be what they are to be, by so many processes. */
int job_check_outputs(const struct job *j, unsigned n_ranks);
/* What an earlier run of the job left of them goes. */
void job_drop_partials(struct job *j);
/* Whether what is there under their names is worth more than a part. */
bool job_keeps_old(const struct job *j);
/* Whole, they get their names; else it is said where what there is lies. */
int job_finish_outputs(struct job *j, bool is_whole);

/* What came of a filter over a file: to stdout, of packets that go there to
 * stderr. */
void job_print(const struct job *j, const char *file, const struct scanned *f,
	       struct cbpf_scan_count hit, struct cbpf_scan_count seen);
/* Of all files: prints that, if there are several; the job's status. */
int job_sum_up(const struct job *j, size_t n_files,
	       const struct cbpf_scan_count *hits, struct cbpf_scan_count seen);

#endif
