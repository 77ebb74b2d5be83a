/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a capture of mixed traffic to measure with, the same each time: sizes
 * as on the Internet (IMIX), a packet a microsecond.
 *
 *	traffic MEGABYTES >FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cli/traffic.h"

static void put32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof(v));
}

int main(int argc, char **argv)
{
	static const uint16_t version[2] = { 2, 4 };
	double left = argc == 2 ? atof(argv[1]) * 1e6 : 0;
	struct traffic t = TRAFFIC_NEW;
	uint8_t record[16 + TRAFFIC_MOST], head[24] = { 0 };

	if (left <= 0) {
		fprintf(stderr, "usage: traffic MEGABYTES >FILE\n");
		return 2;
	}
	put32(head, 0xa1b2c3d4);
	memcpy(head + 4, version, sizeof(version));
	put32(head + 16, 262144);
	put32(head + 20, 1);
	fwrite(head, sizeof(head), 1, stdout);
	for (uint32_t n = 0; left > 0; n++) {
		uint32_t size = traffic_size(&t);

		put32(record, 1700000000 + n / 1000000);
		put32(record + 4, n % 1000000);
		put32(record + 8, size);
		put32(record + 12, size);
		traffic_packet(&t, record + 16, size);
		fwrite(record, 16 + size, 1, stdout);
		left -= 16.0 + size;
	}
	return fflush(stdout) != 0;
}
