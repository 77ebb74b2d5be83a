/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks of machines have in common: the packets, so that their
 * figures are of the same ones, the clock, the order of samples.
 */
#ifndef CBPF_BENCH_PACKETS_H
#define CBPF_BENCH_PACKETS_H

#include <stdint.h>
#include <time.h>

#define PACKETS 12000
#define BYTES	64

static uint8_t packets[PACKETS][BYTES];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t next_random(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

/* IPv4 mostly, IPv6, ARP; TCP, UDP, ICMP; a quarter to well-known ports. */
static void make_packets(void)
{
	static const uint16_t ports[] = { 53, 80, 443, 22, 123, 1500 };

	for (int i = 0; i < PACKETS; i++) {
		uint8_t *p = packets[i];
		uint32_t kind = next_random() % 20;
		uint16_t port = next_random() % 4 ? (uint16_t)next_random()
						  : ports[next_random() % 6];

		for (int b = 0; b < BYTES; b++)
			p[b] = (uint8_t)next_random();
		p[12] = kind < 2 ? 0x86 : 0x08;
		p[13] = kind < 2 ? 0xdd : kind == 2 ? 0x06 : 0x00;
		p[14] = kind < 2 ? 0x60 : 0x45;
		p[20] = kind < 2 ? (next_random() % 2 ? 6 : 17) : 0;
		p[21] = 0;
		if (kind >= 2)
			p[23] = kind < 12 ? 6 : kind < 18 ? 17 : 1;
		p[36] = (uint8_t)(port >> 8);
		p[37] = (uint8_t)port;
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

#endif
