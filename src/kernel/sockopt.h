/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the options of Linux sockets, and the numbers (of the generic ABI)
 * of those that not every libc names; SO_MEMINFO's words are those of include/
 * uapi/linux/sock_diag.h, SK_MEMINFO_*.
 */
#ifndef CBPF_KERNEL_SOCKOPT_H
#define CBPF_KERNEL_SOCKOPT_H

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "cbpf/cbpf.h"

#ifndef SO_LOCK_FILTER
#define SO_LOCK_FILTER 44
#endif
#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif
#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

enum meminfo {
	MEMINFO_OPTMEM =
		6, /* charged for options and filters, the old one too */
	MEMINFO_DROPS = 8,
	MEMINFO_WORDS = 9,
};

/* 0 where the socket does not say. */
static inline int sockopt_read(int fd, int level, int option)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, option, &value, &size) == 0 ? value : 0;
}

/* 0 where the socket does not say. */
static inline uint32_t meminfo_read(int fd, enum meminfo which)
{
	uint32_t words[MEMINFO_WORDS] = { 0 };
	socklen_t size = sizeof(words);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, words, &size) < 0)
		return 0;
	return words[which];
}

/*
 * Reads a filter into *n instructions and says in *n how many it has; NULL and
 * 0 ask for their number only. The option's length counts instructions, which
 * MemorySanitizer takes for bytes. Returns 0 or an errno.
 */
static inline int filter_read(int fd, struct cbpf_insn *insns, socklen_t *n)
{
	if (getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, insns, n) < 0)
		return errno;
	if (insns)
		cbpf_is_written(insns, *n * sizeof(*insns));
	return 0;
}

#endif
