/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf_compare(): programs that differ for one packet in 2^32 or fewer are told
 * apart, by aiming; the packet that is shown does show it; of programs that are
 * the same each way is met that can be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbpf/cbpf.h"
#include "tap.h"

/* A program as assembly; ends the test where it is none. */
static struct cbpf_prog *assemble(enum cbpf_dialect dialect, const char *text)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_prog *prog;
	struct cbpf_code code;

	if (cbpf_text_read(CBPF_FORMAT_ASM, text, strlen(text), NULL, &code,
			   NULL) != CBPF_OK ||
	    cbpf_prog_new(code.insns, code.n, &opts, &prog, NULL) != CBPF_OK) {
		printf("Bail out! %s\n", text);
		exit(1);
	}
	cbpf_code_free(&code);
	return prog;
}

/* Whether the packet of a report gives the two what the report says. */
static bool is_shown(const struct cbpf_prog *a, const struct cbpf_prog *b,
		     const struct cbpf_compared *r)
{
	struct cbpf_packet packet = { .data = r->data,
				      .caplen = r->caplen,
				      .wirelen = r->wirelen,
				      .ctx = &r->ctx };
	struct cbpf_result of_a, of_b;

	cbpf_run(a, &packet, &of_a);
	cbpf_run(b, &packet, &of_b);
	return of_a.value == r->value_a && of_b.value == r->value_b &&
	       of_a.value != of_b.value;
}

/* `one` with another number in it; none is found by drawing. */
static void test_apart(enum cbpf_dialect dialect, const char *what,
		       const char *one, const char *other)
{
	struct cbpf_prog *a = assemble(dialect, one);
	struct cbpf_prog *b = assemble(dialect, other);
	struct cbpf_compared r;
	enum cbpf_err err = cbpf_compare(a, b, NULL, &r);

	tap_ok(err == CBPF_OK && !r.is_same && is_shown(a, b, &r),
	       "told apart: %s", what);
	cbpf_prog_free(a);
	cbpf_prog_free(b);
}

static void test_met(enum cbpf_dialect dialect, const char *what,
		     const char *text, uint32_t taken, uint32_t ways)
{
	struct cbpf_prog *a = assemble(dialect, text);
	struct cbpf_compared r;
	enum cbpf_err err = cbpf_compare(a, a, NULL, &r);

	tap_ok(err == CBPF_OK && r.is_same && r.taken_a == taken &&
		       r.ways_a == ways && r.taken_b == taken &&
		       r.ways_b == ways,
	       "%s: %u of %u ways met, %u of %u wanted", what, r.taken_a,
	       r.ways_a, taken, ways);
	cbpf_prog_free(a);
}

/* jeq #N, one, behind a load and what is done with it */
#define ASKS(LOAD, N)                  \
	LOAD "\njeq #" N ", one, no\n" \
	     "one: ret #1\nno: ret #0\n"

#define DEEP(N)                                                   \
	"ld [0]\njeq #0x12345678, b, no\n"                        \
	"b: ld [4]\ntax\nld [8]\nsub #77\nst M[3]\nxor #0xffff\n" \
	"jeq #0x87654321, c, no\n"                                \
	"c: ld M[3]\njgt x, d, no\n"                              \
	"d: ldb [12]\nand #0xf0\nrsh #4\njeq #5, e, no\n"         \
	"e: ldx 4*([13]&0xf)\ntxa\njeq #24, f, no\n"              \
	"f: ld [x+20]\njset #" N ", one, no\n"                    \
	"one: ret #1\nno: ret #0\n"

int main(void)
{
	struct cbpf_compare_opts opts = { .size = 1 };
	struct cbpf_prog *empty = assemble(CBPF_USER, "ret #1\n");
	struct cbpf_compared r;

	test_apart(CBPF_USER, "a word", ASKS("ld [4]", "0x12345678"),
		   ASKS("ld [4]", "0x12345679"));
	test_apart(CBPF_USER, "a word that is added to",
		   ASKS("ld [4]\nadd #5", "0x12345678"),
		   ASKS("ld [4]\nadd #5", "0x12345679"));
	test_apart(CBPF_USER, "a word with some bits set",
		   ASKS("ld [4]\nor #0xf0f0f0f0", "0xf1f2f3f4"),
		   ASKS("ld [4]\nor #0xf0f0f0f0", "0xf1f2f3f5"));
	test_apart(CBPF_USER, "a word that is moved",
		   ASKS("ld [4]\nlsh #3", "0x12345678"),
		   ASKS("ld [4]\nlsh #3", "0x12345680"));
	test_apart(CBPF_USER, "a length", ASKS("ld #len", "77777"),
		   ASKS("ld #len", "77778"));
	test_apart(CBPF_USER, "six branches down", DEEP("0x40000000"),
		   DEEP("0x20000000"));
	test_apart(CBPF_SECCOMP, "an argument", ASKS("ld [16]", "0x12345678"),
		   ASKS("ld [16]", "0x12345679"));
	test_apart(CBPF_SECCOMP, "an architecture",
		   ASKS("ld [4]", "0x12345678"), ASKS("ld [4]", "0x12345679"));
	test_apart(CBPF_USER, "one jump the other way",
		   "ld [0]\njgt #9999, a, b\na: ret #1\nb: ret #0\n",
		   "ld [0]\njge #9999, a, b\na: ret #1\nb: ret #0\n");
	test_met(CBPF_USER, "six branches", DEEP("1"), 12, 12);
	test_met(CBPF_USER, "one that cannot be",
		 "ldb [0]\njgt #255, a, b\na: ret #1\nb: ret #0\n", 1, 2);
	test_met(CBPF_USER, "both ways lead to one place",
		 "ldb [0]\njgt #255, a, a\na: ret #1\n", 2, 2);
	test_met(CBPF_SECCOMP, "another machine's call",
		 "ld [4]\njeq #0x12345678, a, b\na: ret #0\nb: ret #0\n", 2, 2);
	tap_ok(cbpf_compare(empty, empty, &opts, &r) == CBPF_E_ARGUMENT,
	       "options of no size are refused");
	cbpf_prog_free(empty);
	return tap_done();
}
