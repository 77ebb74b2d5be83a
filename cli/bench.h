/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `cbpf bench` measures: machines that run one program, and packets in the
 * ways in which they may lie before them.
 */
#ifndef CBPF_CLI_BENCH_H
#define CBPF_CLI_BENCH_H

#include <sys/types.h>

#include "cli.h"

/* Packets, one behind another in memory. */
struct bench_packets {
	struct cbpf_packet *list;
	uint8_t *bytes;
	size_t n, n_bytes;
};

enum bench_mode {
	BENCH_CACHED,	     /* 1,000, over and over: branches are learned */
	BENCH_UNPREDICTABLE, /* 12,000 cut to 64 bytes: hot, and not learned */
	BENCH_STREAMING,     /* 100,000 whole: from memory */
	BENCH_MODES
};

extern const char *const bench_mode_names[BENCH_MODES];

/* The program that is measured, and where what is compiled goes. */
struct bench_program {
	struct cbpf_prog *prog;
	const struct cbpf_code *code;
	char directory[256]; /* its own, removed at the end; "": none */
	pid_t group;	     /* of processes that end with us */
	uint32_t ms;	     /* a sample takes at least */
};

#define BENCH_PATH 288 /* bytes of the name of a file in the directory */

#define SUBJECTS_MAX 24
#define SAMPLES_MAX  101

struct subject {
	const char *name;
	char why[160]; /* it is not here, or no more: a sentence; else "" */
	char note[80]; /* how it does it, for -v; or "" */
	/* Runs n packets once: the sum of the verdicts; peers measure by
	 * themselves, *ns of a packet. */
	uint32_t (*run)(struct subject *subject,
			const struct bench_packets *packets, double *ns);
	/* Makes it once, and frees it; NULL: not measured. */
	bool (*load)(const struct subject *subject);
	const struct bench_program *program;
	struct cbpf_jit_opts how; /* of native code */
	cbpf_jit_fn *entry;
	void *library; /* that entry is in, or NULL */
	struct cbpf_jit *jit;
	struct cbpf_threaded *threaded;
	struct peer *peer;
	bool is_peer;
	bool is_none; /* no machine: its sum is none of verdicts */

	/* what was found; ns 0: nothing, in that mode */
	double ns[BENCH_MODES], load_us, samples[SAMPLES_MAX];
	bool differs; /* its verdicts are not interp's */
};

/* All that can be measured here, ours first; how many. peers: NAME=COMMAND. */
size_t subjects_make(struct subject *subjects,
		     const struct bench_program *program, char **peers,
		     size_t n_peers);
void subjects_free(struct subject *subjects, size_t n);
/* Other programs get the packets in a file, anew for each mode. */
bool subjects_show(struct subject *subjects, size_t n,
		   const struct bench_packets *packets);

/* A picture of what was found; EXIT_TROUBLE: said why it cannot be written. */
int chart_write(const char *path, const char *title,
		const struct subject *subjects, size_t n,
		const bool modes[BENCH_MODES]);

#endif
