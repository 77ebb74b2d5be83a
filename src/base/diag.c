/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnoses: made from a code and two numbers, turned into a sentence by the
 * templates of errors.def. The structure has a fixed size and no pointer to
 * free, so a failure can always be told, out of memory included.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"

static const struct {
	enum cbpf_err code;
	const char *name, *sentence, *advice;
} errors[] = {
	{ CBPF_OK, "OK", "no error", "" },
#define E(name, sentence, advice) { CBPF_E_##name, #name, sentence, advice },
#include "base/errors.def"
#undef E
};

static int find_row(enum cbpf_err err)
{
	for (size_t i = 0; i < CBPF_COUNT(errors); i++)
		if (errors[i].code == err)
			return (int)i;
	return -1;
}

const char *cbpf_err_name(enum cbpf_err err)
{
	int row = find_row(err);

	return row < 0 ? NULL : errors[row].name;
}

bool cbpf_err_is_rule(enum cbpf_err err)
{
	return err >= CBPF_E_EMPTY && err <= CBPF_E_JUMP_LATE &&
	       err != CBPF_E_UNSOUND;
}

const char *cbpf_err_advice(enum cbpf_err err)
{
	int row = find_row(err);

	return row < 0 ? "" : errors[row].advice;
}

/* The libc of an embedder may lack strerror_r in the form we want. */
static void write_errno(char *buf, size_t size, int sys_errno)
{
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
	char text[128];

	snprintf(buf, size, "%s", strerror_r(sys_errno, text, sizeof(text)));
#else
	if (strerror_r(sys_errno, buf, size) != 0)
		snprintf(buf, size, "errno %d", sys_errno);
#endif
}

/* What %c of a template stands for. */
static void write_operand(const struct cbpf_diag *diag, char c, char *buf,
			  size_t size)
{
	switch (c) {
	case 'a':
		snprintf(buf, size, "%llu", (unsigned long long)diag->a);
		break;
	case 'b':
		snprintf(buf, size, "%llu", (unsigned long long)diag->b);
		break;
	case 'x':
		snprintf(buf, size, "0x%llx", (unsigned long long)diag->a);
		break;
	case 'y':
		snprintf(buf, size, "0x%llx", (unsigned long long)diag->b);
		break;
	case 's':
		write_errno(buf, size, diag->sys_errno);
		break;
	case 'w':
		snprintf(buf, size, "%s", diag->word);
		break;
	case 'e':
		snprintf(buf, size, "%s", diag->expected ? diag->expected : "");
		break;
	default:
		snprintf(buf, size, "%%%c", c);
	}
}

size_t cbpf_diag_format(const struct cbpf_diag *diag, char *buf, size_t size)
{
	int row = find_row(diag->code);
	const char *p;
	char piece[256];
	size_t len = 0;

	if (row < 0) {
		int n = snprintf(buf, size, "error %d", (int)diag->code);

		return (size_t)n;
	}
	for (p = errors[row].sentence; *p; p++) {
		size_t n;

		if (*p == '%' && p[1]) {
			write_operand(diag, *++p, piece, sizeof(piece));
		} else {
			piece[0] = *p;
			piece[1] = '\0';
		}
		n = strlen(piece);
		if (len < size)
			snprintf(buf + len, size - len, "%s", piece);
		len += n;
	}
	return len;
}

struct cbpf_diag dg_make(enum cbpf_err code, uint64_t a, uint64_t b)
{
	struct cbpf_diag diag;

	memset(&diag, 0, sizeof(diag));
	diag.code = code;
	diag.pc = CBPF_NO_PC;
	diag.a = a;
	diag.b = b;
	return diag;
}

void dg_word(struct cbpf_diag *diag, const char *word, size_t len)
{
	size_t out = 0, cap = sizeof(diag->word) - 5;
	size_t i;

	for (i = 0; i < len && out < cap; i++) {
		unsigned char c = (unsigned char)word[i];

		if (c >= 0x20 && c != 0x7f)
			diag->word[out++] = (char)c;
		else
			out += (size_t)snprintf(diag->word + out, 5, "\\x%02x",
						c);
		if (out > cap)
			out = cap;
	}
	if (i < len)
		out += (size_t)snprintf(diag->word + out, 4, "...");
	diag->word[out] = '\0';
}

static void set_word(struct cbpf_diag *diag, const char *format, va_list ap)
{
	vsnprintf(diag->word, sizeof(diag->word), format, ap);
}

void dg_wordf(struct cbpf_diag *diag, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	set_word(diag, format, ap);
	va_end(ap);
}

enum cbpf_err dg_add(struct cbpf_report *report, const struct cbpf_diag *diag)
{
	if (report) {
		if (report->n < report->cap)
			report->diags[report->n] = *diag;
		report->n++;
		report->n_errors += !diag->is_warning;
	}
	return diag->code;
}

enum cbpf_err dg_give(struct cbpf_diag *out, const struct cbpf_diag *diag)
{
	if (out)
		*out = *diag;
	return diag->code;
}

enum cbpf_err dg_fail(struct cbpf_diag *out, enum cbpf_err code)
{
	struct cbpf_diag diag = dg_make(code, 0, 0);

	return dg_give(out, &diag);
}

enum cbpf_err dg_say(struct cbpf_diag *out, enum cbpf_err code,
		     const char *format, ...)
{
	struct cbpf_diag diag = dg_make(code, 0, 0);
	va_list ap;

	va_start(ap, format);
	set_word(&diag, format, ap);
	va_end(ap);
	return dg_give(out, &diag);
}

enum cbpf_err dg_system(struct cbpf_diag *out, const char *what, int sys_errno)
{
	struct cbpf_diag diag = dg_make(CBPF_E_SYSTEM, 0, 0);

	diag.sys_errno = sys_errno;
	dg_wordf(&diag, "%s", what);
	return dg_give(out, &diag);
}
