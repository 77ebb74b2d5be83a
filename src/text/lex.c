/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lexer of the bpf_asm language (Linux tools/bpf/bpf_exp.l).
 *
 * White space and line ends are alike. Comments: `;` to the end of the line,
 * C comments, and `#` in the first column; a `#` elsewhere may start an
 * operand or, as an extension, a comment: only the grammar knows. Numbers are
 * decimal (the only ones with a sign), 0x, 0b, and octal with a leading 0.
 * More than bpf_asm takes: carriage returns, words with dots.
 */
#include <ctype.h>

#include "text/lex.h"

struct lexer lex_new(const char *text, size_t size)
{
	struct lexer lex = { text, text + size, text, 1, 0, 0 };

	return lex;
}

static void take_newline(struct lexer *lex)
{
	lex->at++;
	lex->line++;
	lex->line_start = lex->at;
}

void lex_skip_line(struct lexer *lex)
{
	while (lex->at < lex->end && *lex->at != '\n')
		lex->at++;
}

static char peek(const struct lexer *lex, size_t ahead)
{
	if ((size_t)(lex->end - lex->at) <= ahead)
		return '\0';
	return lex->at[ahead];
}

/* At the opening of a C comment; one that never ends is remembered. */
static void skip_comment(struct lexer *lex)
{
	uint32_t line = lex->line;
	uint32_t column = (uint32_t)(lex->at - lex->line_start) + 1;

	lex->at += 2;
	while (lex->at < lex->end) {
		if (lex->at[0] == '*' && peek(lex, 1) == '/') {
			lex->at += 2;
			return;
		}
		if (*lex->at == '\n')
			take_newline(lex);
		else
			lex->at++;
	}
	lex->open_line = line;
	lex->open_column = column;
}

static void skip_space(struct lexer *lex)
{
	while (lex->at < lex->end) {
		char c = *lex->at;

		if (c == '\n')
			take_newline(lex);
		else if (c == ' ' || c == '\t' || c == '\r')
			lex->at++;
		else if (c == ';' || (c == '#' && lex->at == lex->line_start))
			lex_skip_line(lex);
		else if (c == '/' && peek(lex, 1) == '*')
			skip_comment(lex);
		else
			return;
	}
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/*
 * The digits at text in a base, cut to 32 bits as bpf_asm does: strtol() for
 * all but hexadecimal, which saturates at 63 bits and a sign, strtoul() for
 * that.
 */
static void read_number(struct token *token, const char *text, const char *end,
			unsigned base, bool is_negative)
{
	uint64_t most =
		base == 16 ? UINT64_MAX : INT64_MAX + (uint64_t)is_negative;
	uint64_t value = 0;

	token->kind = text < end ? TOKEN_NUMBER : TOKEN_BROKEN;
	for (; text < end; text++) {
		unsigned digit = (unsigned)digit_value(*text);

		value = value > (most - digit) / base ? most
						      : value * base + digit;
	}
	token->is_cut = is_negative ? value > 0x80000000 : value > UINT32_MAX;
	token->value = (uint32_t)(is_negative ? 0 - value : value);
}

/*
 * A number ends where its digits do: `ret #1ret a` is two instructions. But a
 * digit that its base does not have, as in 08, makes it no number.
 */
static void take_number(struct lexer *lex, struct token *token)
{
	const char *digits = lex->at;
	bool is_negative = *digits == '-';
	unsigned base = 10;

	if (*digits == '-' || *digits == '+') {
		token->is_signed = true;
		digits++;
	} else if (*digits == '0' && (peek(lex, 1) | 0x20) == 'x') {
		base = 16;
		digits += 2;
	} else if (*digits == '0' && (peek(lex, 1) | 0x20) == 'b') {
		base = 2;
		digits += 2;
	} else if (*digits == '0' && isdigit((unsigned char)peek(lex, 1))) {
		base = 8;
		digits += 1;
	}
	lex->at = digits;
	while (lex->at < lex->end && digit_value(*lex->at) < (int)base)
		lex->at++;
	read_number(token, digits, lex->at, base, is_negative);
	if (lex->at < lex->end &&
	    (isdigit((unsigned char)*lex->at) || token->kind == TOKEN_BROKEN)) {
		token->kind = TOKEN_BROKEN;
		while (lex->at < lex->end && is_word_char(*lex->at))
			lex->at++;
	}
}

struct token lex_next(struct lexer *lex)
{
	struct token token = { .kind = TOKEN_END };
	char c;

	skip_space(lex);
	token.text = lex->at;
	token.line = lex->line;
	token.column = (uint32_t)(lex->at - lex->line_start) + 1;
	if (lex->at == lex->end)
		return token;
	c = *lex->at;
	if (isdigit((unsigned char)c) ||
	    ((c == '+' || c == '-') && peek(lex, 1) >= '1' &&
	     peek(lex, 1) <= '9')) {
		take_number(lex, &token);
	} else if (is_word_char(c)) {
		token.kind = TOKEN_WORD;
		while (lex->at < lex->end && is_word_char(*lex->at))
			lex->at++;
	} else {
		token.kind = TOKEN_PUNCT;
		token.value = (unsigned char)c;
		lex->at++;
	}
	token.len = (size_t)(lex->at - token.text);
	return token;
}
