/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed captures: bytes are unpacked in a thread of their own, by
 * libarchive, and come through a socket, so that reading goes on meanwhile.
 */
#ifndef CBPF_CAPTURE_UNPACK_H
#define CBPF_CAPTURE_UNPACK_H

#include "base/diag.h"
#include "base/memory.h"

struct unpacker;

/*
 * Unpacks what fd gives behind n bytes that were read of it. fd becomes the
 * unpacker's; *out is read, and belongs to it as well. CAP_VARIANT: built
 * without libarchive; NOMEM, SYSTEM.
 */
CBPF_INTERNAL enum cbpf_err unpack_start(const struct cbpf_mem *mem, int fd,
					 const void *begun, size_t n,
					 struct unpacker **unpacker, int *out,
					 struct cbpf_diag *diag);
/* Behind the last byte: CAP_PACKED where there should have been more. */
CBPF_INTERNAL enum cbpf_err unpack_check(struct unpacker *unpacker,
					 struct cbpf_diag *diag);
/* Wherever it is; NULL too. */
CBPF_INTERNAL void unpack_stop(struct unpacker *unpacker);

#endif
