/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only loads from packets and files. A read is asked for with by_fits()
 * first, whose form cannot overflow; the getters assemble bytes, so neither
 * alignment nor the machine's byte order matters (compilers make one load
 * and a swap of each).
 */
#ifndef CBPF_BASE_BYTES_H
#define CBPF_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* Whether size bytes at off lie inside len bytes. */
/*@ terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result <==> off + size <= len; */
CBPF_INLINE bool by_fits(uint64_t off, uint64_t size, uint64_t len)
{
	return off <= len && size <= len - off;
}

/*@ requires \valid_read(p + (0 .. 1));
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE uint16_t by_be16(const uint8_t *p)
{
	return (uint16_t)((uint32_t)p[0] << 8 | p[1]);
}

/*@ requires \valid_read(p + (0 .. 3));
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE uint32_t by_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/*@ requires \valid_read(p + (0 .. 1));
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE uint16_t by_le16(const uint8_t *p)
{
	return (uint16_t)((uint32_t)p[1] << 8 | p[0]);
}

/*@ requires \valid_read(p + (0 .. 3));
    terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE uint32_t by_le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/*@ terminates \true;
    exits \false;
    assigns \nothing; */
CBPF_INLINE bool by_host_is_big(void)
{
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/*@ requires \valid(p + (0 .. 1));
    terminates \true;
    exits \false;
    assigns p[0 .. 1]; */
CBPF_INLINE void by_put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/*@ requires \valid(p + (0 .. 3));
    terminates \true;
    exits \false;
    assigns p[0 .. 3]; */
CBPF_INLINE void by_put_be32(uint8_t *p, uint32_t v)
{
	by_put_be16(p, (uint16_t)(v >> 16));
	by_put_be16(p + 2, (uint16_t)v);
}

/*@ requires \valid(p + (0 .. 1));
    terminates \true;
    exits \false;
    assigns p[0 .. 1]; */
CBPF_INLINE void by_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

/*@ requires \valid(p + (0 .. 3));
    terminates \true;
    exits \false;
    assigns p[0 .. 3]; */
CBPF_INLINE void by_put_le32(uint8_t *p, uint32_t v)
{
	by_put_le16(p, (uint16_t)v);
	by_put_le16(p + 2, (uint16_t)(v >> 16));
}

#endif
