/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler is asked for, beyond C11: visibility, inlining, branch
 * weights, and an assertion for what only a bug of our own can break.
 */
#ifndef CBPF_BASE_COMPILER_H
#define CBPF_BASE_COMPILER_H

#include <assert.h>

/* Declared in a header, used by other files, not exported. */
#define CBPF_INTERNAL __attribute__((visibility("hidden")))

#define CBPF_INLINE static inline __attribute__((always_inline))
#define CBPF_COLD   __attribute__((noinline, cold))

#define cbpf_likely(x)	 __builtin_expect(!!(x), 1)
#define cbpf_unlikely(x) __builtin_expect(!!(x), 0)
#define cbpf_assert(x)	 assert(x)

#define CBPF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
