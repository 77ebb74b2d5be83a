/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the interpreter reads beside its registers: packet bytes by the
 * dialect's meaning of an offset, and Linux's ancillary values.
 */
#ifndef CBPF_INTERP_PACKET_H
#define CBPF_INTERP_PACKET_H

#include "base/bytes.h"
#include "prog/sound.h"

/*@ predicate readable_ctx(struct cbpf_ctx *ctx) =
      ctx == \null || \valid_read(ctx);

    logic integer headroom(struct cbpf_packet *packet) =
      packet->ctx == \null ? 0 : (integer)packet->ctx->headroom;

    predicate inside(struct cbpf_packet *packet, integer at, integer size) =
      -headroom(packet) <= at && at + size <= packet->caplen;

    predicate readable_packet(struct cbpf_packet *packet) =
      \valid_read(packet) && readable_ctx(packet->ctx) &&
      \object_pointer(packet->data) &&
      (packet->caplen <= INT32_MAX ==>
	\valid_read(packet->data +
		    (-headroom(packet) .. packet->caplen - 1)));

    predicate is_load_size(integer size) =
      size == 1 || size == 2 || size == 4;
*/

/* A value, or why there is none. Fits a register pair: no pointer escapes. */
struct pk_value {
	uint32_t value;
	uint32_t why; /* enum cbpf_err */
};

/*
 * Where size bytes at base + k really are, for offsets that are not simply
 * inside the packet: false and *why where the load ends the run. *at counts
 * from data and may be negative, into the headroom.
 */
/*@ requires readable_packet(packet);
    requires \valid_read(row) && is_load_size(size);
    requires \valid(at) && \valid(why) && \separated(at, why);
    requires \separated(at, packet) && \separated(at, packet->ctx);
    requires \separated(why, packet) && \separated(why, packet->ctx);
    requires \separated(at, row) && \separated(why, row);
    terminates \true;
    exits \false;
    assigns *at, *why;
    ensures \result ==> inside(packet, *at, size); */
CBPF_INTERNAL bool pk_locate(const struct isa_dialect *row,
			     const struct cbpf_packet *packet, uint32_t base,
			     uint32_t k, unsigned size, int64_t *at,
			     enum cbpf_err *why);
/* The load itself, once pk_locate() is needed. */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    requires \valid_read(row) && is_load_size(size);
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INTERNAL struct pk_value pk_load_far(const struct isa_dialect *row,
					  const struct cbpf_packet *packet,
					  uint32_t base, uint32_t k,
					  unsigned size);
/* A word of struct seccomp_data. */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INTERNAL struct pk_value pk_load_data(const struct cbpf_packet *packet,
					   uint32_t k);
/*
 * The ancillary value k (enum isa_ext) with these registers. NO_DEVICE is
 * its why where the load ends the run. *rand is the state of the generator.
 */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    requires is_ext(k) && \valid(rand);
    requires \separated(rand, packet, packet->ctx,
			packet->data +
			(-headroom(packet) .. packet->caplen - 1));
    terminates \true;
    exits \false;
    assigns *rand; */
CBPF_INTERNAL struct pk_value pk_ext(const struct cbpf_packet *packet,
				     uint32_t k, uint32_t a, uint32_t x,
				     uint64_t *rand);
/* The next number of the generator that `ld rand` reads. */
/*@ requires \valid(state);
    terminates \true;
    exits \false;
    assigns *state; */
CBPF_INTERNAL uint32_t pk_rand(uint64_t *state);
/* Offset of the transport payload (the kernel's flow dissector), or 0. */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INTERNAL uint32_t flow_payload_offset(const struct cbpf_packet *packet);

/*@ requires is_load_size(size) && \valid_read(p + (0 .. size - 1));
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE uint32_t pk_get(const uint8_t *p, unsigned size)
{
	return size == 1 ? *p : size == 2 ? by_be16(p) : by_be32(p);
}

/* base + k as the dialect's machine adds them, the common case in line. */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    requires \valid_read(row) && is_load_size(size);
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE struct pk_value pk_load(const struct isa_dialect *row,
				    const struct cbpf_packet *packet,
				    uint32_t base, uint32_t k, unsigned size)
{
	uint64_t off = (uint64_t)base + k;

	if (cbpf_likely(by_fits(off, size, packet->caplen)))
		return (struct pk_value){ pk_get(packet->data + off, size),
					  CBPF_OK };
	return pk_load_far(row, packet, base, k, size);
}

#endif
