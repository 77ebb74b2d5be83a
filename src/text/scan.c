/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cursor that readers of listings share. Unlike the tools that wrote the
 * listings, it takes no number that does not fit its field.
 */
#include <ctype.h>
#include <string.h>

#include "text/scan.h"

struct scan scan_new(struct reading *r)
{
	struct scan s = { r, r->text, r->text + r->size, r->text, 1 };

	return s;
}

bool scan_is_end(const struct scan *s)
{
	return s->at == s->end;
}

void scan_skip_line(struct scan *s)
{
	while (s->at < s->end && *s->at != '\n')
		s->at++;
	if (s->at < s->end) {
		s->line_start = ++s->at;
		s->line++;
	}
}

static bool skip_c_comment(struct scan *s)
{
	struct scan start = *s;

	if (scan_accept(s, "//")) {
		scan_skip_line(s);
		return true;
	}
	if (!scan_accept(s, "/*"))
		return false;
	while (!scan_is_end(s)) {
		if (scan_accept(s, "*/"))
			return true;
		if (*s->at == '\n')
			scan_skip_line(s);
		else
			s->at++;
	}
	scan_fail(&start, "*/ somewhere behind");
	return true;
}

void scan_space(struct scan *s, bool is_lines)
{
	while (s->at < s->end) {
		if (*s->at == ' ' || *s->at == '\t' || *s->at == '\r')
			s->at++;
		else if (!is_lines)
			return;
		else if (*s->at == '\n')
			scan_skip_line(s);
		else if (!skip_c_comment(s))
			return;
	}
}

void scan_blank(struct scan *s)
{
	for (scan_space(s, false); s->at < s->end && *s->at == '\n';
	     scan_space(s, false))
		scan_skip_line(s);
}

bool scan_accept(struct scan *s, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, literal, len) != 0)
		return false;
	s->at += len;
	return true;
}

size_t scan_word(const struct scan *s)
{
	const char *p = s->at;

	while (p < s->end && (isalnum((unsigned char)*p) || *p == '_'))
		p++;
	return (size_t)(p - s->at);
}

bool scan_is_word(const struct scan *s, const char *word)
{
	size_t len = scan_word(s);

	return len == strlen(word) && memcmp(s->at, word, len) == 0;
}

bool scan_report(struct scan *s, enum cbpf_err code, uint64_t a, uint64_t b)
{
	struct cbpf_diag diag = dg_make(code, a, b);
	const char *p = s->at;

	diag.line = s->line;
	diag.column = (uint32_t)(s->at - s->line_start) + 1;
	while (p < s->end && *p != '\n' && *p != '\r' && *p != '\t')
		p++;
	dg_word(&diag, s->at, (size_t)(p - s->at));
	reading_note(s->r, &diag);
	return false;
}

bool scan_fail(struct scan *s, const char *expected)
{
	struct cbpf_diag diag = dg_make(CBPF_E_SYNTAX, 0, 0);
	size_t len = scan_word(s);

	diag.line = s->line;
	diag.column = (uint32_t)(s->at - s->line_start) + 1;
	diag.expected = expected;
	if (scan_is_end(s))
		dg_wordf(&diag, "the end of the text");
	else if (*s->at == '\n')
		dg_wordf(&diag, "the end of the line");
	else
		dg_word(&diag, s->at, len ? len : 1);
	reading_note(s->r, &diag);
	return false;
}

bool scan_expect(struct scan *s, const char *literal)
{
	return scan_accept(s, literal) || scan_fail(s, literal);
}

bool scan_number(struct scan *s, bool is_c, bool is_signed, uint32_t max,
		 uint32_t *value)
{
	struct scan start = *s;
	bool is_negative = is_signed && scan_accept(s, "-");
	unsigned base = 10;
	uint64_t v = 0;
	size_t len;

	if (is_c && (scan_accept(s, "0x") || scan_accept(s, "0X")))
		base = 16;
	else if (is_c && s->at < s->end && *s->at == '0')
		base = 8;
	len = scan_word(s);
	if (len == 0) {
		*s = start;
		return scan_fail(s, "a number");
	}
	for (; len; len--, s->at++) {
		unsigned char c = (unsigned char)*s->at;
		unsigned digit = isdigit(c)    ? c - (unsigned)'0'
				 : isxdigit(c) ? (c | 0x20u) - 'a' + 10
					       : 99;

		if (digit >= base) {
			*s = start;
			return scan_fail(s, "a number");
		}
		v = v > UINT32_MAX ? v : v * base + digit;
	}
	if (v > (is_negative ? (uint64_t)0x80000000 : max)) {
		size_t size = (size_t)(s->at - start.at);
		struct cbpf_diag diag = dg_make(CBPF_E_RANGE, max, 0);

		diag.line = start.line;
		diag.column = (uint32_t)(start.at - start.line_start) + 1;
		dg_word(&diag, start.at, size);
		reading_note(s->r, &diag);
		return false;
	}
	*value = (uint32_t)(is_negative ? 0 - v : v);
	return true;
}

bool scan_insn(struct scan *s, struct cbpf_insn *insn)
{
	uint32_t field[4];

	for (int i = 0; i < 4; i++) {
		scan_space(s, false);
		/* a minus is what %u takes for k */
		if (!scan_number(s, false, i == 3, text_field_max[i],
				 &field[i]))
			return false;
	}
	*insn = text_insn(field);
	return true;
}
