/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls under a filter, made by processes of our own: a keeper, and for
 * each filter a runner, since a filter stays until its task ends. What is to
 * be installed must answer every call from keeper_site() by itself.
 */
#ifndef CBPF_ORACLE_KEEPER_H
#define CBPF_ORACLE_KEEPER_H

#if defined(__linux__) && defined(__LP64__) && \
	(defined(__x86_64__) || defined(__aarch64__))

#include <linux/audit.h>
#include <sys/types.h>

#include "base/diag.h"

#ifdef __x86_64__
#define KEEPER_ARCH AUDIT_ARCH_X86_64
#else
#define KEEPER_ARCH AUDIT_ARCH_AARCH64
#endif

#define FILTER_MAX 4096 /* BPF_MAXINSNS */

struct keeper {
	struct keeper_shared *shared;
	int socket;	  /* our end */
	unsigned char at; /* number of the last request */
	pid_t pid;
};

/* How a call ended. */
struct keeper_answer {
	bool is_killed; /* the filter, or another outside, ended the task */
	long result; /* else: as the kernel returns it, -errno for an error */
};

/* The instruction pointer that the filter of a call sees. */
CBPF_INTERNAL uint64_t keeper_site(void);
CBPF_INTERNAL enum cbpf_err keeper_start(struct keeper *keeper,
					 struct cbpf_diag *diag);
CBPF_INTERNAL void keeper_end(struct keeper *keeper);
/* What the kernel says of a program (at most 65535 instructions): 0 or errno.
 */
CBPF_INTERNAL enum cbpf_err keeper_check(struct keeper *keeper,
					 const struct cbpf_insn *insns,
					 size_t n, int *sys_errno,
					 struct cbpf_diag *diag);
/* The filter under which the next calls are made. */
CBPF_INTERNAL void keeper_set_filter(struct keeper *keeper,
				     const struct cbpf_insn *insns, size_t n);
/* Makes the call words[0] with the arguments words[1..6]. */
CBPF_INTERNAL enum cbpf_err keeper_call(struct keeper *keeper,
					const uint64_t words[7],
					struct keeper_answer *answer,
					struct cbpf_diag *diag);

#endif
#endif
