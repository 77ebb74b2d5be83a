/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installing a seccomp filter on this thread, or on all of the process, and
 * explaining a refusal as attach.c does. kernel/seccomp.c checks in this
 * order: the flags, the length, the rights, the program, the room that the
 * filters installed so far leave.
 */
#include "base/diag.h"
#include "isa/isa.h"
#include "kernel/refusal.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* "Seccomp_filters:" of /proc/thread-self/status, Linux 5.15 on; else 0. */
static unsigned long count_installed(void)
{
	static const char key[] = "\nSeccomp_filters:";
	char text[4096];
	const char *at;
	ssize_t len;
	int fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);

	len = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = '\0';
	at = strstr(text, key);
	return at ? strtoul(at + sizeof(key) - 1, NULL, 10) : 0;
}

/* What the filters installed before cost, nobody tells; only their number. */
enum cbpf_err refusal_of_seccomp(const struct cbpf_insn *insns, size_t n,
				 int sys_errno, struct cbpf_diag *out)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_SECCOMP };
	struct cbpf_diag diag = dg_make(CBPF_OK, 0, 0);
	struct cbpf_report report = { &diag, 1, 0, 0 };
	struct cbpf_cost cost;

	if (sys_errno == EACCES) {
		diag = dg_make(CBPF_E_NO_NEW_PRIVS, 0, 0);
	} else if (sys_errno == ENOSYS) {
		return dg_say(out, CBPF_E_UNAVAILABLE,
			      "this kernel has no seccomp filters");
	} else if (sys_errno != EINVAL && sys_errno != ENOMEM) {
		return dg_system(out, "seccomp SECCOMP_SET_MODE_FILTER",
				 sys_errno);
	} else if (cbpf_check(insns, n, &opts, &report) == CBPF_OK) {
		cost = cbpf_check_cost(insns, n, CBPF_SECCOMP);
		diag = sys_errno == ENOMEM
			       ? dg_make(CBPF_E_PATH_REST, cost.converted,
					 count_installed())
			       : dg_make(CBPF_E_UNEXPLAINED, 0, 0);
	}
	diag.sys_errno = sys_errno;
	return dg_give(out, &diag);
}

enum cbpf_err cbpf_attach_seccomp(const struct cbpf_insn *insns, size_t n,
				  unsigned flags, struct cbpf_diag *diag)
{
	struct sock_fprog fprog = { 0 };
	unsigned long own =
		flags & CBPF_SECCOMP_TSYNC ? SECCOMP_FILTER_FLAG_TSYNC : 0;
	long result;

	if (flags & ~(unsigned)(CBPF_SECCOMP_TSYNC | CBPF_SECCOMP_NO_NEW_PRIVS))
		return dg_say(diag, CBPF_E_ARGUMENT, "there is no flag 0x%x",
			      flags);
	if (n > UINT16_MAX)
		return refusal_of_seccomp(insns, n, EINVAL, diag);
	if (flags & CBPF_SECCOMP_NO_NEW_PRIVS &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return dg_system(diag, "prctl PR_SET_NO_NEW_PRIVS", errno);
	fprog.len = (unsigned short)n;
	fprog.filter = (void *)(uintptr_t)insns;
	result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, own, &fprog);
	if (result == 0)
		return CBPF_OK;
	if (result > 0) {
		/* the id of a thread that has filters which this one has not */
		struct cbpf_diag why =
			dg_make(CBPF_E_TSYNC, (uint64_t)result, 0);

		return dg_give(diag, &why);
	}
	return refusal_of_seccomp(insns, n, errno, diag);
}

#else

enum cbpf_err cbpf_attach_seccomp(const struct cbpf_insn *insns, size_t n,
				  unsigned flags, struct cbpf_diag *diag)
{
	(void)insns, (void)n, (void)flags;
	return dg_say(diag, CBPF_E_UNAVAILABLE, "seccomp exists on Linux only");
}

#endif
