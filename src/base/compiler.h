/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler is asked for, beyond C11: visibility, inlining, branch
 * weights, and an assertion for what only a bug of our own can break.
 *
 * Frama-C (scripts/prove) is told no more than C says, and what compilers are
 * promised it has to prove: that an assertion holds, that a place is never
 * reached.
 */
#ifndef CBPF_BASE_COMPILER_H
#define CBPF_BASE_COMPILER_H

#include <assert.h>

/* Declared in a header, used by other files, not exported. */
#define CBPF_INTERNAL __attribute__((visibility("hidden")))

#define CBPF_INLINE static inline __attribute__((always_inline))
#define CBPF_COLD   __attribute__((noinline, cold))

#define CBPF_NORETURN __attribute__((noreturn))

#ifdef __FRAMAC__
#define cbpf_likely(x)	 (x)
#define cbpf_unlikely(x) (x)
#define cbpf_assert(x)	 cbpf_must_hold((x) != 0)
#define cbpf_never(what) cbpf_unreachable()

/*@ requires is_true: holds != 0;
    terminates \true;
    exits \false;
    assigns \nothing; */
static inline void cbpf_must_hold(int holds)
{
	(void)holds;
}

/*@ requires never_reached: \false;
    terminates \true;
    exits \false;
    assigns \nothing; */
static inline void cbpf_unreachable(void)
{
}
#else
#define cbpf_likely(x)	   __builtin_expect(!!(x), 1)
#define cbpf_unlikely(x)   __builtin_expect(!!(x), 0)
#define cbpf_assert(x)	   assert(x)
#define cbpf_never(what)   assert(!(what))
#define cbpf_unreachable() __builtin_unreachable()
#define cbpf_prefetch(at)  __builtin_prefetch(at)
#endif

/* Of memory that the kernel or native code wrote where MemorySanitizer cannot
 * see it. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define cbpf_is_written(p, size) __msan_unpoison(p, size)
#endif
#endif
#ifndef cbpf_is_written
#define cbpf_is_written(p, size) ((void)(p), (void)(size))
#endif

#define CBPF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
