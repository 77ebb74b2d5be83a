/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Aiming a packet at a way of a branch. The program is stepped over it, with
 * what each register was made of; then the bytes are changed from which the
 * branch had its number:
 *
 *	ldh [14]	A is 2 bytes at 14
 *	and #0xfff	A is those, and 0xfff
 *	jeq #5, t, f	for t: bytes 14 and 15 become 0x?005
 */
#ifndef CBPF_ORACLE_AIM_H
#define CBPF_ORACLE_AIM_H

#include "isa/isa.h"

/* A branch that a packet reaches, and how it is to go. */
struct aim {
	const struct cbpf_prog *prog;
	uint32_t pc;
	bool to_taken; /* else not taken */
};

/*
 * Changes a packet, whose bytes are data, cap of them. False: it does not reach
 * the branch, or nothing of the packet decides it. *steps grows by those that
 * were taken.
 */
CBPF_INTERNAL bool aim_packet(const struct aim *aim, struct cbpf_packet *packet,
			      uint8_t *data, uint32_t cap, uint64_t *seed,
			      uint64_t *steps);

#endif
