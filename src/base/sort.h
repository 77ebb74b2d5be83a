/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in ascending order, by merging, without memory of its own: libc's
 * qsort() may take some.
 */
#ifndef CBPF_BASE_SORT_H
#define CBPF_BASE_SORT_H

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

/* Where the run that begins at `at` ends. */
CBPF_INLINE uint32_t sort_run(const uint32_t *list, uint32_t at, uint32_t n)
{
	if (at < n)
		at++;
	while (at < n && list[at - 1] <= list[at])
		at++;
	return at;
}

/* n of them; `other` has room for as many. Runs that are there are merged two
 * by two, until there is one. */
CBPF_INLINE void sort_numbers(uint32_t *list, uint32_t *other, uint32_t n)
{
	while (sort_run(list, 0, n) < n) {
		for (uint32_t at = 0, mid, end; at < n; at = end) {
			uint32_t i = at, j;

			j = mid = sort_run(list, at, n);
			end = sort_run(list, mid, n);
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
