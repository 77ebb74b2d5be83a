/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that engines start. One is a copy of the caller on a stack of its
 * own; it may do nothing but system calls, since in a copy of a process with
 * threads no lock of libc can be counted on, and ends with process_exit().
 * All signals are blocked in it, so that no handler of the caller's runs
 * there, and its end sends none: wait() does not see it.
 */
#ifndef CBPF_ORACLE_PROCESS_H
#define CBPF_ORACLE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/compiler.h"

#define PROCESS_STACK 65536

/*
 * Starts one; flags of clone(2) besides. stack is PROCESS_STACK bytes, aligned
 * to 16. -1 with errno set: it could not be.
 */
CBPF_INTERNAL pid_t process_start(int (*run)(void *arg), void *arg, char *stack,
				  int flags);
CBPF_INTERNAL void process_wait(pid_t pid);
/*
 * Ends it. Not _exit(): what stands between us and libc (ThreadSanitizer) would
 * write the caller's unwritten output a second time.
 */
CBPF_INTERNAL CBPF_NORETURN void process_exit(int status);
/* Closes all descriptors but one. */
CBPF_INTERNAL void process_close_others(int keep);

#endif
