/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawing numbers for what is generated: splitmix64, whose state is one
 * number, so that a case can be named by its seed and made again from it.
 */
#ifndef CBPF_ORACLE_DRAW_H
#define CBPF_ORACLE_DRAW_H

#include "interp/packet.h"

/* A number below n, which is not 0. */
CBPF_INLINE uint32_t draw_below(uint64_t *seed, uint32_t n)
{
	return (uint32_t)((uint64_t)pk_rand(seed) * n >> 32);
}

CBPF_INLINE bool draw_one_in(uint64_t *seed, uint32_t n)
{
	return draw_below(seed, n) == 0;
}

/* A constant at which some machine might change its mind, or any other. */
CBPF_INTERNAL uint32_t draw_constant(uint64_t *seed);

#endif
