/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TAP (https://testanything.org): a line a test, the plan at the end. A test
 * program calls tap_ok() and tap_skip() and returns tap_done().
 */
#ifndef CBPF_TESTS_TAP_H
#define CBPF_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_n, tap_failed;

__attribute__((format(printf, 2, 3))) static inline bool tap_ok(
	bool is_ok, const char *format, ...)
{
	va_list ap;

	printf("%sok %u - ", is_ok ? "" : "not ", ++tap_n);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	tap_failed += !is_ok;
	return is_ok;
}

__attribute__((format(printf, 2, 3))) static inline void tap_skip(
	const char *name, const char *format, ...)
{
	va_list ap;

	printf("ok %u - %s # SKIP ", ++tap_n, name);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_n);
	fflush(stdout);
	return tap_failed != 0;
}

/* Whether a name stands in "a,b,c". */
static inline bool tap_lists(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list && *list) {
		size_t next = strcspn(list, ",");

		if (next == len && memcmp(list, name, len) == 0)
			return true;
		list += next + (list[next] == ',');
	}
	return false;
}

#endif
