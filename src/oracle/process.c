/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clone(2) through libc's wrapper, which, unlike fork(), calls no handler of
 * libraries and takes a stack.
 */
#ifdef __linux__

#include "oracle/process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

pid_t process_start(int (*run)(void *arg), void *arg, char *stack, int flags)
{
	sigset_t all, before;
	pid_t pid;
	int sys_errno;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = clone(run, stack + PROCESS_STACK, flags, arg);
	sys_errno = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = sys_errno;
	return pid;
}

void process_wait(pid_t pid)
{
	while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR)
		;
}

void process_exit(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

void process_close_others(int keep)
{
	const unsigned last = ~0u;
	bool is_done;

	is_done = keep == 0 ||
		  syscall(SYS_close_range, 0, (unsigned)keep - 1, 0) == 0;
	is_done = syscall(SYS_close_range, (unsigned)keep + 1, last, 0) == 0 &&
		  is_done;
	/* before Linux 5.9: those that are likely */
	for (int fd = 0; !is_done && fd < 1024; fd++)
		if (fd != keep)
			close(fd);
}

#endif
