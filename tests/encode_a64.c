/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of src/jit/a64_enc.h beside those of GNU as, form by form and for
 * low and high registers: see encode.h.
 */
#include <stdarg.h>

#include "jit/a64_enc.h"
#include "encode.h"

static const unsigned some[] = { 0, 3, 15, 16, 19, 30 };

#define SOME (sizeof(some) / sizeof(some[0]))

__attribute__((format(printf, 1, 2))) static void formf(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	form(text);
}

static void try_registers(void)
{
	static const struct {
		const char *name;
		uint32_t op;
	} ops[] = { { "add", A64_ADD },	 { "adds", A64_ADDS },
		    { "sub", A64_SUB },	 { "subs", A64_SUBS },
		    { "and", A64_AND },	 { "orr", A64_ORR },
		    { "eor", A64_EOR },	 { "ands", A64_ANDS },
		    { "mul", A64_MUL },	 { "udiv", A64_UDIV },
		    { "lsl", A64_LSLV }, { "lsr", A64_LSRV } };

	for (size_t i = 0; i < SOME; i++) {
		unsigned d = some[i], n = some[(i + 1) % SOME],
			 m = some[(i + 3) % SOME];

		for (size_t k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
			a64_three(&buf, ops[k].op, d, n, m);
			formf("%s w%u, w%u, w%u", ops[k].name, d, n, m);
		}
		a64_three(&buf, A64_ADD | A64_X, d, n, m);
		formf("add x%u, x%u, x%u", d, n, m);
		a64_three(&buf, A64_AND | A64_X, d, n, m);
		formf("and x%u, x%u, x%u", d, n, m);
		a64_three(&buf, A64_SUBS | A64_X, A64_ZR, n, m);
		formf("cmp x%u, x%u", n, m);
		a64_three(&buf, A64_ADD_UXTW | A64_X, d, n, m);
		formf("add x%u, x%u, w%u, uxtw", d, n, m);
		a64_three(&buf, A64_SUBS_UXTW | A64_X, A64_ZR, n, m);
		formf("cmp x%u, w%u, uxtw", n, m);
		a64_three(&buf, A64_SUBS, A64_ZR, n, m);
		formf("cmp w%u, w%u", n, m);
		a64_msub(&buf, d, n, m, some[(i + 4) % SOME]);
		formf("msub w%u, w%u, w%u, w%u", d, n, m, some[(i + 4) % SOME]);
		a64_mov(&buf, d, m);
		formf("mov w%u, w%u", d, m);
		a64_mov64(&buf, d, m);
		formf("mov x%u, x%u", d, m);
		a64_rev(&buf, d, n);
		formf("rev w%u, w%u", d, n);
		a64_rev16(&buf, d, n);
		formf("rev16 w%u, w%u", d, n);
		a64_csel(&buf, A64_LS, d, n, m);
		formf("csel w%u, w%u, w%u, ls", d, n, m);
		a64_csel64(&buf, A64_EQ, d, n, m);
		formf("csel x%u, x%u, x%u, eq", d, n, m);
		a64_ccmp_or_equal(&buf, A64_NE, n, m);
		formf("ccmp w%u, w%u, #4, ne", n, m);
		a64_push(&buf, d, m);
		formf("stp x%u, x%u, [sp, #-16]!", d, m);
		a64_pop(&buf, d, m);
		formf("ldp x%u, x%u, [sp], #16", d, m);
		a64_jump_reg(&buf, n);
		formf("br x%u", n);
	}
	a64_return(&buf);
	form("ret");
}

/* ---- numbers ------------------------------------------------------------ */

static void try_sums(void)
{
	static const uint32_t numbers[] = {
		0, 1, 14, 0xfff, 0x1000, 0xabc000, 0x800000, 0xfff000
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		unsigned d = some[i % SOME], n = some[(i + 2) % SOME];
		uint32_t k = numbers[i];

		a64_sum(&buf, A64_ADD_IMM, d, n, k);
		formf("add w%u, w%u, #%u", d, n, k);
		a64_sum(&buf, A64_ADDS_IMM, d, n, k);
		formf("adds w%u, w%u, #%u", d, n, k);
		a64_sum(&buf, A64_SUB_IMM, d, n, k);
		formf("sub w%u, w%u, #%u", d, n, k);
		a64_sum(&buf, A64_SUBS_IMM, A64_ZR, n, k);
		formf("cmp w%u, #%u", n, k);
		a64_sum(&buf, A64_ADDS_IMM, A64_ZR, n, k);
		formf("cmn w%u, #%u", n, k);
		a64_sum(&buf, A64_ADD_IMM | A64_X, d, n, k);
		formf("add x%u, x%u, #%u", d, n, k);
		a64_sum(&buf, A64_SUBS_IMM | A64_X, A64_ZR, n, k);
		formf("cmp x%u, #%u", n, k);
	}
}

/* Runs of ones, turned, in parts of every size; and what is none of them. */
static void try_bits(void)
{
	static const uint32_t none[] = { 0, UINT32_MAX, 0x12345678, 5,
					 0x00f00001 };

	unsigned bad = 0;
	uint32_t fields;

	for (unsigned size = 2; size <= 32; size *= 2)
		for (unsigned ones = 1; ones < size; ones += 1 + size / 5)
			for (unsigned turn = 0; turn < size; turn += 1 + ones) {
				unsigned d = some[(ones + turn) % SOME];
				uint32_t k = 0;

				for (unsigned i = 0; i < 32; i++)
					if ((i + size - turn) % size < ones)
						k |= (uint32_t)1 << i;
				bad += !a64_is_bits(k, &fields);
				a64_logic(&buf, A64_AND_IMM, d, 7, k);
				formf("and w%u, w7, #0x%x", d, k);
				a64_logic(&buf, A64_ANDS_IMM, A64_ZR, d, k);
				formf("tst w%u, #0x%x", d, k);
			}
	a64_logic(&buf, A64_ORR_IMM, 3, 16, 0xff00);
	form("orr w3, w16, #0xff00");
	a64_logic(&buf, A64_EOR_IMM, 3, 16, 0xffff0000);
	form("eor w3, w16, #0xffff0000");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		bad += a64_is_bits(none[i], &fields);
	if (golden)
		tap_ok(bad == 0, "what is a run of ones, and what is none");
}

static void try_numbers(void)
{
	for (unsigned by = 0; by < 32; by += 1 + by / 3) {
		a64_lsl(&buf, some[by % SOME], 9, by);
		formf("lsl w%u, w9, #%u", some[by % SOME], by);
		a64_lsr(&buf, some[by % SOME], 9, by);
		formf("lsr w%u, w9, #%u", some[by % SOME], by);
	}
	a64_number(&buf, 16, 0);
	form("mov w16, #0");
	a64_number(&buf, 17, 0xffff);
	form("mov w17, #0xffff");
	a64_number(&buf, 4, 0x12340000);
	form("mov w4, #0x12340000");
	a64_number(&buf, 4, 0xffff1234);
	form("mov w4, #0xffff1234");
	a64_number(&buf, 28, 0x00ffff00);
	form("mov w28, #0x00ffff00");
	a64_number(&buf, 28, 0x9e3779b1);
	form("movz w28, #0x79b1; movk w28, #0x9e37, lsl #16");
	a64_number64(&buf, 28, 0x123456789abcdef0);
	form("movz x28, #0xdef0; movk x28, #0x9abc, lsl #16; "
	     "movk x28, #0x5678, lsl #32; movk x28, #0x1234, lsl #48");
	a64_number64(&buf, 4, 0x00ff0000ffff0000);
	form("movz x4, #0xffff, lsl #16; movk x4, #0xff, lsl #48");
	a64_number64(&buf, 4, 0x1200000000000000);
	form("movz x4, #0x1200, lsl #48");
	a64_number64(&buf, 4, 0);
	form("movz x4, #0");
}

/* ---- memory ------------------------------------------------------------- */

static void try_memory(void)
{
	static const char *const names[] = { "", "b", "h", "", "",
					     "", "",  "",  "" };
	static const uint32_t places[] = { 0,	  1,	 2,	12,    23,
					   36,	  255,	 256,	257,   258,
					   259,	  4095,	 4096,	4097,  8190,
					   8191,  8192,	 16380, 16383, 16384,
					   32760, 32764, 32768 };
	unsigned n_reached = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (unsigned size = 1; size <= 8; size *= 2) {
			unsigned d = some[i % SOME], n = some[(i + 1) % SOME];
			uint32_t k = places[i];

			if (!a64_reaches(size, k))
				continue;
			n_reached++;
			a64_load(&buf, size, d, n, k);
			formf("ld%sr%s %c%u, [x%u, #%u]", k % size ? "u" : "",
			      names[size], size == 8 ? 'x' : 'w', d, n, k);
		}
	/* bytes to 4,095, halves to 8,190, words to 16,380, eight bytes to
	 * 32,760, else below 256 */
	if (golden)
		tap_ok(n_reached == 46, "%u of %zu loads reach", n_reached,
		       4 * sizeof(places) / sizeof(places[0]));
	for (size_t i = 0; i < SOME; i++) {
		unsigned d = some[i], n = some[(i + 1) % SOME],
			 m = some[(i + 3) % SOME];

		for (unsigned size = 1; size <= 8; size *= 2) {
			a64_load_at(&buf, size, d, n, m);
			formf("ldr%s %c%u, [x%u, w%u, uxtw]", names[size],
			      size == 8 ? 'x' : 'w', d, n, m);
		}
		a64_load_word(&buf, d, n, m);
		formf("ldr w%u, [x%u, w%u, uxtw #2]", d, n, m);
	}
}

/* ---- places ------------------------------------------------------------- */

/* So many bytes that are no part of the form. */
static void put_behind(uint32_t bytes)
{
	static const uint8_t nothing[4096];

	behind = bytes;
	for (uint32_t left = bytes; left > 0;) {
		uint32_t now = left < 4096 ? left : 4096;

		ab_put(&buf, nothing, now);
		left -= now;
	}
}

static void try_places(void)
{
	static const uint32_t far[] = { 4, 256, A64_NEAR - 8, A64_NEAR - 4 };

	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		bool is_near = far[i] + 4 < A64_NEAR;
		unsigned d = some[i];

		put_behind(far[i]);
		a64_jump(&buf, 0);
		formf("b .+%u", far[i] + 4);
		put_behind(far[i]);
		a64_jump_if(&buf, A64_HS, 0);
		if (is_near)
			formf("b.hs .+%u", far[i] + 4);
		else
			formf("b.lo .+8; b .+%u", far[i] + 4);
		put_behind(far[i]);
		a64_address(&buf, d, 17, 0);
		if (is_near)
			formf("adr x%u, .+%u", d, far[i] + 4);
		else
			formf("adr x%u, .; movz w17, #%u; movk w17, #%u, "
			      "lsl #16; add x%u, x%u, x17",
			      d, (far[i] + 16) & 0xffff, (far[i] + 16) >> 16, d,
			      d);
	}
}

static void try_all(void)
{
	try_registers();
	try_sums();
	try_bits();
	try_numbers();
	try_memory();
	try_places();
}

int main(int argc, char **argv)
{
	return encode_main(argc, argv, try_all);
}
