/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * src/base/bytes.h alone: each width and order, byte by byte, and that nothing
 * beside is written; bounds against arithmetic that cannot wrap.
 */
#include "base/bytes.h"
#include "tap.h"

#define GUARD 0xee

/* What was put stands at p, the first byte first, and nothing beside it. */
static bool is_put(const uint8_t *room, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < 12; i++)
		if (room[i] != (i >= 4 && i < 4 + size ? bytes[i - 4] : GUARD))
			return false;
	return true;
}

static void test_orders(void)
{
	static const uint8_t be[] = { 0x81, 0x92, 0xa3, 0xb4 };
	static const uint8_t le[] = { 0xb4, 0xa3, 0x92, 0x81 };
	uint8_t room[12];

	tap_ok(by_be16(be) == 0x8192 && by_be32(be) == 0x8192a3b4,
	       "big-endian numbers are read");
	tap_ok(by_le16(le) == 0xa3b4 && by_le32(le) == 0x8192a3b4,
	       "little-endian numbers are read");
	memset(room, GUARD, sizeof(room));
	by_put_be16(room + 4, 0x8192);
	tap_ok(is_put(room, be, 2), "16 bits are put big-endian");
	by_put_be32(room + 4, 0x8192a3b4);
	tap_ok(is_put(room, be, 4), "32 bits are put big-endian");
	memset(room, GUARD, sizeof(room));
	by_put_le16(room + 4, 0xa3b4);
	tap_ok(is_put(room, le, 2), "16 bits are put little-endian");
	by_put_le32(room + 4, 0x8192a3b4);
	tap_ok(is_put(room, le, 4), "32 bits are put little-endian");
}

/* Off, size and length from 0 to 8, and as far as 64 bits go. */
static void test_bounds(void)
{
	unsigned bad = 0;

	for (unsigned len = 0; len <= 8; len++)
		for (unsigned off = 0; off <= 9; off++)
			for (unsigned size = 0; size <= 9; size++)
				bad += by_fits(off, size, len) !=
				       (off + size <= len);
	tap_ok(bad == 0, "what fits is told");
	tap_ok(!by_fits(UINT64_MAX, 1, 8) && !by_fits(1, UINT64_MAX, 8) &&
		       !by_fits(UINT64_MAX, UINT64_MAX, UINT64_MAX) &&
		       by_fits(UINT64_MAX, 0, UINT64_MAX),
	       "sums that wrap do not fit");
}

int main(void)
{
	const uint16_t one = 1;
	uint8_t first;

	test_orders();
	test_bounds();
	memcpy(&first, &one, 1);
	tap_ok(by_host_is_big() == (first == 0),
	       "this machine's order is known");
	return tap_done();
}
