/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of tests of encoders: what they write, beside what an assembler wrote.
 *
 *	encode-MACHINE --print	the forms, for scripts/make-encodings
 *	encode-MACHINE FILE	FILE has a form and its bytes a line
 */
#ifndef CBPF_TESTS_ENCODE_H
#define CBPF_TESTS_ENCODE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/asmbuf.h"
#include "tap.h"

static struct arena arena;
static struct asmbuf buf;
static FILE *golden; /* NULL: print */
static unsigned n_forms, n_bad;
static size_t behind; /* bytes at the end that are no part of the form */

/* What was written since the last form is this; of a displacement of 0 there is
 * nothing, whatever a form asks for. */
static void form(const char *text)
{
	static const char prefix[] = "{disp32} ";

	char line[1000], bytes[800] = "", want[1000], without[128];
	const char *at = strstr(text, prefix);

	if (at && strstr(text, "+0]")) {
		snprintf(without, sizeof(without), "%.*s%s", (int)(at - text),
			 text, at + strlen(prefix));
		text = without;
	}
	for (size_t i = buf.left; i < buf.cap - behind; i++)
		snprintf(bytes + strlen(bytes), 3, "%02x", buf.bytes[i]);
	buf.left = buf.cap;
	behind = 0;
	n_forms++;
	if (!golden) {
		printf("%s\n", text);
		return;
	}
	snprintf(want, sizeof(want), "%s\t%s\n", text, bytes);
	if (!fgets(line, sizeof(line), golden))
		line[0] = '\0';
	if (strcmp(line, want) != 0) {
		printf("# ours %s# as   %s", want, line[0] ? line : "-\n");
		n_bad++;
	}
}

static int encode_main(int argc, char **argv, void (*try_all)(void))
{
	const struct cbpf_mem mem = mem_or_libc(NULL);

	if (argc != 2) {
		fprintf(stderr, "usage: %s --print | FILE\n", argv[0]);
		return 2;
	}
	arena = arena_new(&mem);
	buf.arena = &arena;
	if (strcmp(argv[1], "--print") != 0 &&
	    !(golden = fopen(argv[1], "r"))) {
		perror(argv[1]);
		return 2;
	}
	try_all();
	arena_free(&arena);
	if (!golden)
		return 0;
	fclose(golden);
	tap_ok(n_bad == 0 && n_forms > 300,
	       "%u forms, %u not as GNU as has them", n_forms, n_bad);
	return tap_done();
}

#endif
