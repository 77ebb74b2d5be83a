/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions as tokens: as much of the capture language as the layer of and,
 * or, not and parentheses needs; what stands between is libpcap's.
 */
#ifndef CBPF_EXPR_TOKENS_H
#define CBPF_EXPR_TOKENS_H

#include "base/diag.h"
#include "base/memory.h"

enum token_kind {
	TOKEN_WORD, /* names, numbers, addresses */
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_OPEN, /* ( */
	TOKEN_CLOSE,
	TOKEN_OPERATOR, /* of arithmetic: relations, [, ], : alone */
	TOKEN_END,
};

struct token {
	enum token_kind kind;
	const char *at; /* in the text, or in what a list was read into */
	uint32_t len;
	uint32_t offset; /* in the text: of the list's name, for its entries */
};

struct tokens {
	struct arena *arena;
	const char *text;
	struct token *list; /* TOKEN_END is the last */
	uint32_t n, cap;
	bool is_broken; /* memory was refused */
};

/*
 * Cuts a text into tokens, and puts in place of `in FILE`, behind host, net or
 * port, what the file lists: (host a or host b or ...). False: diag says why.
 */
CBPF_INTERNAL bool tokens_read(struct tokens *tokens, struct arena *arena,
			       const char *text, struct cbpf_diag *diag);
CBPF_INTERNAL void tokens_add(struct tokens *tokens, struct token token);
CBPF_INTERNAL bool token_is(const struct token *token, const char *word);
/* Whether three stand for one qualifier: `src or dst`, `dst and src`. */
CBPF_INTERNAL bool tokens_are_directions(const struct token *three);
/* A diagnosis with the place of a token in the text; false. */
CBPF_INTERNAL bool tokens_fail(const struct tokens *tokens, uint32_t offset,
			       enum cbpf_err err, const char *words,
			       struct cbpf_diag *diag);
/*
 * Reads the file of a list: the last of head is its host, net or port, and the
 * words before that are given to each entry.
 */
CBPF_INTERNAL bool tokens_add_list(struct tokens *tokens,
				   const struct token *head, uint32_t n_head,
				   const struct token *name,
				   struct cbpf_diag *diag);

#endif
