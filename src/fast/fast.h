/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program for the threaded machine: its graph, optimized, as steps that each
 * do what several instructions did: ask for bytes, load them, compare, and go
 * on. A step knows where the code for it is (machine.c), so nothing is decoded
 * while it runs. It is for hosts where no native code may be made, and works
 * wherever C does.
 */
#ifndef CBPF_FAST_FAST_H
#define CBPF_FAST_FAST_H

#include "fast/ops.def"
#include "interp/packet.h"
#include "ir/table.h"
#include "prog/prog.h"

#define FAST_SLOTS 256 /* values that can be kept */

#define FAST_TEST_NAME(source, test) \
	FAST_##source##_##test, FAST_##source##_##test##_RET,
#define FAST_STEP_NAME(name) FAST_##name,
enum fast_op {
	FAST_SOURCES(FAST_TEST_NAME) FAST_STEPS(FAST_STEP_NAME) FAST_OPS
};
#undef FAST_TEST_NAME
#undef FAST_STEP_NAME

struct fast_step {
	int32_t go;    /* where its code is, from the first; or enum fast_op */
	uint32_t need; /* bytes that the packet has, or 0 is returned */
	uint32_t off, k;
	uint32_t yes, no; /* bytes from this step on; verdicts of NAME_RET */
	union {
		struct {
			uint16_t a, to;
		};
		uint32_t third; /* bytes from this step on, of TWO */
	};
	union {
		uint32_t span; /* of a range, or another number */
		uint16_t b;
	};
};

/* An instruction that is kept whole: its operands and result are slots. */
struct fast_other {
	struct ir_insn insn;
	uint32_t to;
};

struct fast_code {
	const struct isa_dialect *row;
	struct fast_step *steps;
	struct fast_other *others;
	struct table *tables;
	uint32_t n_steps, n_others, n_tables;
};

/* Steps in memory of the arena. UNAVAILABLE: it wants more slots than there
 * are, more moves at once than MOVES_MAX, or random numbers; NOMEM. */
CBPF_INTERNAL enum cbpf_err fast_make(const struct ir *ir, struct arena *arena,
				      struct fast_code *code);
/* By operation: where its code is, or NULL: steps are told by operation. */
CBPF_INTERNAL const int32_t *fast_places(bool has_others);

/* A packet that quick machines leave to the interpreter: longer than they
 * count, or none of the structures that the dialect runs over. */
CBPF_INLINE bool fast_is_odd(const struct isa_dialect *row,
			     const struct cbpf_packet *packet)
{
	if (packet->caplen > INT32_MAX)
		return true;
	return row->space == SPACE_DATA &&
	       (packet->caplen != SECCOMP_DATA_SIZE ||
		(packet->ctx && packet->ctx->order != CBPF_NATIVE));
}

#endif
