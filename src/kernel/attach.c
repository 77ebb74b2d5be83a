/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaching to a socket, and turning the errno of a refusal into what was
 * wrong: the kernel says EINVAL or ENOMEM and nothing else, so the program is
 * checked by our verifier with the limits of this moment. Where the verifier
 * finds nothing, that is said too (UNEXPLAINED): it would be our defect.
 */
#include "base/diag.h"
#include "isa/isa.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/meminfo.h"

/* Values of the generic ABI, for libcs that do not name them. */
#ifndef SO_LOCK_FILTER
#define SO_LOCK_FILTER 44
#endif

_Static_assert(sizeof(struct sock_filter) == sizeof(struct cbpf_insn),
	       "the same layout");

uint32_t cbpf_optmem_max(void)
{
	char text[32];
	ssize_t len;
	int fd = open("/proc/sys/net/core/optmem_max", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return (uint32_t)strtoul(text, NULL, 10);
}

static bool is_locked(int fd)
{
	int lock = 0;
	socklen_t size = sizeof(lock);

	return getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock, &size) == 0 &&
	       lock;
}

static enum cbpf_err explain(int fd, const struct cbpf_insn *insns, size_t n,
			     int sys_errno, struct cbpf_diag *out)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX,
					.optmem_max = cbpf_optmem_max(),
					.optmem_held = meminfo_read(
						fd, MEMINFO_OPTMEM) };
	struct cbpf_diag diag;
	struct cbpf_report report = { &diag, 1, 0, 0 };

	if (sys_errno == EPERM && is_locked(fd)) {
		diag = dg_make(CBPF_E_LOCKED, 0, 0);
	} else if (sys_errno != EINVAL && sys_errno != ENOMEM) {
		return dg_system(out, "setsockopt SO_ATTACH_FILTER", sys_errno);
	} else if (cbpf_check(insns, n, &opts, &report) == CBPF_OK) {
		diag = dg_make(CBPF_E_UNEXPLAINED, 0, 0);
	}
	diag.sys_errno = sys_errno;
	return dg_give(out, &diag);
}

enum cbpf_err cbpf_attach(int fd, const struct cbpf_insn *insns, size_t n,
			  struct cbpf_diag *diag)
{
	struct sock_fprog fprog = { 0 };

	/* len has 16 bits: what does not fit would be taken for less */
	if (n > UINT16_MAX)
		return explain(fd, insns, n, EINVAL, diag);
	fprog.len = (unsigned short)n;
	/* the kernel copies it byte by byte; no object is read as another */
	fprog.filter = (void *)(uintptr_t)insns;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &fprog,
		       sizeof(fprog)) == 0)
		return CBPF_OK;
	return explain(fd, insns, n, errno, diag);
}

enum cbpf_err cbpf_detach(int fd, struct cbpf_diag *diag)
{
	int unused = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
		       sizeof(unused)) == 0)
		return CBPF_OK;
	if (errno == EPERM)
		return dg_fail(diag, CBPF_E_LOCKED);
	if (errno == ENOENT)
		return dg_fail(diag, CBPF_E_NO_FILTER);
	return dg_system(diag, "setsockopt SO_DETACH_FILTER", errno);
}

#else

uint32_t cbpf_optmem_max(void)
{
	return 0;
}

enum cbpf_err cbpf_attach(int fd, const struct cbpf_insn *insns, size_t n,
			  struct cbpf_diag *diag)
{
	(void)fd;
	(void)insns;
	(void)n;
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "SO_ATTACH_FILTER exists on Linux only");
}

enum cbpf_err cbpf_detach(int fd, struct cbpf_diag *diag)
{
	return cbpf_attach(fd, NULL, 0, diag);
}

#endif
