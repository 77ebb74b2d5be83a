/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a Linux socket says of its memory and its drops: SO_MEMINFO (include/
 * uapi/linux/sock_diag.h, SK_MEMINFO_*), for libcs that do not name it.
 */
#ifndef CBPF_KERNEL_MEMINFO_H
#define CBPF_KERNEL_MEMINFO_H

#include <stdint.h>
#include <sys/socket.h>

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
static inline uint32_t meminfo_read(int fd, enum meminfo which)
{
	uint32_t words[MEMINFO_WORDS] = { 0 };
	socklen_t size = sizeof(words);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, words, &size) < 0)
		return 0;
	return words[which];
}

#endif
