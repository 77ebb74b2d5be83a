/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the targets share. Each is one file that turns bytes into calls and
 * ends the process where something that must hold does not. libFuzzer calls
 * it with bytes of its own making (scripts/fuzz), replay.c with those of a
 * corpus.
 */
#ifndef CBPF_FUZZ_FUZZ_H
#define CBPF_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Not assert(): it holds in every build. */
#define fuzz_must(claim)                                                 \
	do {                                                             \
		if (!(claim)) {                                          \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
				__LINE__, #claim);                       \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
