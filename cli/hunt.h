/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hunting for disagreement: what cbpf fuzz asks for, what one of its jobs does
 * (hunt.c), and what comes of it. A job is a process; its board lies in memory
 * that the parent reads while it works.
 */
#ifndef CBPF_CLI_HUNT_H
#define CBPF_CLI_HUNT_H

#include "cli.h"

#define HUNT_PACKETS_MAX CBPF_BATCH_MAX
#define HUNT_INSNS_MAX	 4200 /* more than any kernel takes */

/* What is done where no option says otherwise. */
#define HUNT_PACKETS 16
#define HUNT_INSNS   24

/* Names of enum cbpf_random_kind; NULL ends them. */
extern const char *const hunt_kinds[];
/* A mix of kinds, in place of an enum cbpf_random_kind. */
#define KIND_MIXED (-1)

struct hunt {
	struct engines engines;
	enum cbpf_dialect dialect; /* of engines that speak any */
	uint64_t seed;
	unsigned jobs, jobs_a_processor;
	double seconds;		  /* 0: no limit */
	uint64_t pairs, programs; /* an engine; 0: no limit */
	uint32_t packets;	  /* a program; 0: loading alone */
	uint32_t max_insns;
	int kind;
	bool keeps_going;
	const char *save; /* directory for what is found */
	bool is_json;
};

/* What was seen of a code: bits of coverage. */
enum {
	SEEN = 1,
	SEEN_TRUE = 2, /* a branch taken */
	SEEN_FALSE = 4,
	SEEN_ON = 8,	 /* a load that hit, a division */
	SEEN_ENDED = 16, /* one that ended the run */
};

/* What one job has done with one engine. */
struct tally {
	uint64_t offered;  /* programs; of them: */
	uint64_t programs; /* that both take */
	uint64_t refused;  /* by both */
	uint64_t passed;   /* which an outside machine was not to be asked */
	uint64_t busy;	   /* of programs: 8 instructions or more executed */
	uint64_t pairs, skipped, plain;
	uint64_t
		foreseen; /* pairs that would crash it, or never end: not run */
	uint64_t differences;
	double seconds;
	uint8_t codes[256];	    /* SEEN* */
	uint32_t exts, rules, ends; /* sets of bits */
};

struct board {
	struct tally tallies[ENGINES_MAX];
	uint64_t seed;	 /* of the program at hand, */
	unsigned engine; /* for this engine */
	bool has_trouble;
};

/* Jobs that a processor can share without being let wait for ever (hunt.c). */
#define SHARE_MAX 8u
#define JOBS_MAX  256

/* In memory that all jobs share with their parent. */
struct shared {
	volatile bool stop;
	/* counts grace periods of the kernel: what was detached before the one
	 * before the last began is gone */
	volatile uint64_t epoch;
	struct board boards[JOBS_MAX];
};

/*
 * Works until the limits are reached, until it is to stop, or until something
 * is found; what is found goes to stdout and into a file.
 */
void hunt_job(const struct hunt *hunt, unsigned job, struct shared *shared);

/* Adds what a job did to a total. */
void tally_add(struct tally *to, const struct tally *from);
/* Seconds of a clock that only goes forward. */
double clock_now(void);

/* How much there is to see of a dialect, and how much was seen. */
struct coverage {
	unsigned codes, codes_of, edges, edges_of, exts, exts_of, rules,
		rules_of;
	char missed[1200]; /* names, with blanks before */
};
void coverage_of(const struct tally *tally, enum cbpf_dialect dialect,
		 struct coverage *coverage);

#endif
