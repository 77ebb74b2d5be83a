/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in ascending order, by merging runs of growing length, without memory
 * of its own: libc's qsort() may take some.
 */
#ifndef CBPF_BASE_SORT_H
#define CBPF_BASE_SORT_H

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* n of them; `other` has room for as many. */
CBPF_INLINE void sort_numbers(uint32_t *list, uint32_t *other, uint32_t n)
{
	for (uint32_t run = 1; run < n; run *= 2) {
		for (uint32_t at = 0; at < n; at += 2 * run) {
			uint32_t mid = at + run < n ? at + run : n;
			uint32_t end = mid + run < n ? mid + run : n;
			uint32_t i = at, j = mid;

			for (uint32_t to = at; to < end; to++)
				if (i < mid && (j == end || list[i] <= list[j]))
					other[to] = list[i++];
				else
					other[to] = list[j++];
		}
		memcpy(list, other, n * sizeof(*list));
	}
}

#endif
