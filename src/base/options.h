/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Option structures start with their own size and may grow from one version
 * to the next. What a caller gives is copied over a zeroed one of ours, so
 * fields a caller does not know have their default; a field that we do not
 * know must be zero, or the caller means something we would not do.
 */
#ifndef CBPF_BASE_OPTIONS_H
#define CBPF_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

/* False where given asks for what a structure of known bytes cannot say. */
static inline bool opts_take(void *own, size_t known, const void *given)
{
	const unsigned char *bytes = given;
	size_t size;

	memset(own, 0, known);
	if (!given)
		return true;
	size = *(const size_t *)given;
	if (size < sizeof(size))
		return false;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return false;
	memcpy(own, given, size < known ? size : known);
	return true;
}

#endif
