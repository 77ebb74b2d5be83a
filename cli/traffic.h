/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets to measure with, the same for the same seed: IPv4 mostly, a tenth
 * IPv6, some ARP; TCP, UDP, ICMP; a quarter of them to well-known ports. All
 * else is random, so that no branch can be foretold that does not depend on
 * what packets have in common.
 */
#ifndef CBPF_CLI_TRAFFIC_H
#define CBPF_CLI_TRAFFIC_H

#include <stdint.h>

struct traffic {
	uint64_t state;
};

#define TRAFFIC_NEW                \
	{                          \
		88172645463325252u \
	}
#define TRAFFIC_LEAST 60 /* bytes of a packet, at least: an Ethernet frame */

/* xorshift (Marsaglia, "Xorshift RNGs"). */
static inline uint32_t traffic_random(struct traffic *t)
{
	t->state ^= t->state << 13;
	t->state ^= t->state >> 7;
	t->state ^= t->state << 17;
	return (uint32_t)(t->state >> 16);
}

/* Sizes as on the Internet (IMIX): 7 of 60, 4 of 590, 1 of 1514. */
#define TRAFFIC_MOST 1514

static inline uint32_t traffic_size(struct traffic *t)
{
	uint32_t draw = traffic_random(t) % 12;

	return draw < 7 ? TRAFFIC_LEAST : draw < 11 ? 590 : TRAFFIC_MOST;
}

static inline void traffic_packet(struct traffic *t, uint8_t *p, uint32_t len)
{
	static const uint16_t ports[] = { 53, 80, 443, 22, 123, 1500 };
	uint32_t kind = traffic_random(t) % 20;
	uint16_t port = traffic_random(t) % 4 ? (uint16_t)traffic_random(t)
					      : ports[traffic_random(t) % 6];

	for (uint32_t b = 0; b < len; b++)
		p[b] = (uint8_t)traffic_random(t);
	p[12] = kind < 2 ? 0x86 : 0x08;
	p[13] = kind < 2 ? 0xdd : kind == 2 ? 0x06 : 0x00;
	p[14] = kind < 2 ? 0x60 : 0x45;
	p[20] = kind < 2 ? (traffic_random(t) % 2 ? 6 : 17) : 0;
	p[21] = 0;
	if (kind >= 2)
		p[23] = kind < 12 ? 6 : kind < 18 ? 17 : 1;
	p[36] = (uint8_t)(port >> 8);
	p[37] = (uint8_t)port;
}

#endif
