/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the bpf_asm language, with their places.
 */
#ifndef CBPF_TEXT_LEX_H
#define CBPF_TEXT_LEX_H

#include "base/compiler.h"
#include "cbpf/cbpf.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* mnemonic, register, extension, label */
	TOKEN_NUMBER, /* value is set */
	TOKEN_BROKEN, /* starts like a number and is none */
	TOKEN_PUNCT,  /* one character, in value */
};

struct token {
	enum token_kind kind;
	const char *text;
	size_t len;
	uint32_t line, column;
	uint32_t value;
	bool is_signed; /* the number was written with + or - */
	bool is_cut;	/* it did not fit 32 bits */
};

struct lexer {
	const char *at, *end;
	const char *line_start;
	uint32_t line;
	uint32_t open_line,
		open_column; /* of a comment that never ends, or 0 */
};

CBPF_INTERNAL struct lexer lex_new(const char *text, size_t size);
CBPF_INTERNAL struct token lex_next(struct lexer *lex);
/* To the end of the line: for a comment that only the grammar can tell. */
CBPF_INTERNAL void lex_skip_line(struct lexer *lex);

#endif
