/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks of machines have in common: the packets, so that their
 * figures are of the same ones, the clock, the order of samples.
 */
#ifndef CBPF_BENCH_PACKETS_H
#define CBPF_BENCH_PACKETS_H

#include <stdint.h>
#include <time.h>

#include "../cli/traffic.h"

#define PACKETS 12000
#define BYTES	64

static uint8_t packets[PACKETS][BYTES];

static struct traffic traffic = TRAFFIC_NEW;

static inline uint32_t next_random(void)
{
	return traffic_random(&traffic);
}

static void make_packets(void)
{
	for (int i = 0; i < PACKETS; i++)
		traffic_packet(&traffic, packets[i], BYTES);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

#endif
