/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of an expression as tokens, each with its place.
 *
 *	tcp dst port 80 or 443	->	word word word word, or, word
 *	host in servers.txt	->	( host 192.0.2.1 or host 192.0.2.7 )
 */
#include <ctype.h>
#include <string.h>

#include "cbpf/expr.h"
#include "expr/tokens.h"

/* What words are made of: addresses, names, numbers, paths, escaped names. */
static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.:-/\\@~,$", c));
}

void tokens_add(struct tokens *t, struct token token)
{
	void *room = arena_grow(t->arena, t->list, t->n, 1, &t->cap,
				sizeof(*t->list));

	if (!room) {
		t->is_broken = true;
		return;
	}
	t->list = room;
	t->list[t->n++] = token;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->len == strlen(word) &&
	       memcmp(token->at, word, token->len) == 0;
}

static bool is_direction(const struct token *token)
{
	return token_is(token, "src") || token_is(token, "dst");
}

bool tokens_are_directions(const struct token *three)
{
	return is_direction(&three[0]) &&
	       (three[1].kind == TOKEN_AND || three[1].kind == TOKEN_OR) &&
	       is_direction(&three[2]);
}

bool tokens_fail(const struct tokens *t, uint32_t offset, enum cbpf_err err,
		 const char *words, struct cbpf_diag *diag)
{
	struct cbpf_diag made = dg_make(err, 0, 0);

	made.line = 1;
	made.column = offset + 1;
	for (uint32_t i = 0; i < offset; i++)
		if (t->text[i] == '\n') {
			made.line++;
			made.column = offset - i;
		}
	dg_word(&made, words, strlen(words));
	dg_give(diag, &made);
	return false;
}

/* ---- one token ---------------------------------------------------------- */

static struct token word_at(const char *text, const char *at)
{
	struct token token = { TOKEN_WORD, at, 1, (uint32_t)(at - text) };

	while (is_word_char(at[token.len]))
		token.len++;
	if (token_is(&token, "and"))
		token.kind = TOKEN_AND;
	else if (token_is(&token, "or"))
		token.kind = TOKEN_OR;
	else if (token_is(&token, "not"))
		token.kind = TOKEN_NOT;
	return token;
}

static struct token next_token(const char *text, const char *at)
{
	static const char *const pairs[] = { "&&", "||", "!=", "<=",
					     ">=", "==", "<<", ">>" };
	struct token token = { TOKEN_OPERATOR, at, 1, (uint32_t)(at - text) };

	if (!*at) {
		token.kind = TOKEN_END;
		token.len = 0;
		return token;
	}
	if ((is_word_char(*at) && *at != ':' && *at != '-' && *at != '/') ||
	    strncmp(at, "::", 2) == 0)
		return word_at(text, at);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (strncmp(at, pairs[i], 2) == 0)
			token.len = 2;
	if (strncmp(at, "&&", 2) == 0)
		token.kind = TOKEN_AND;
	else if (strncmp(at, "||", 2) == 0)
		token.kind = TOKEN_OR;
	else if (token.len == 1 && *at == '!')
		token.kind = TOKEN_NOT;
	else if (*at == '(')
		token.kind = TOKEN_OPEN;
	else if (*at == ')')
		token.kind = TOKEN_CLOSE;
	return token;
}

/* ---- lists -------------------------------------------------------------- */

/* What a name of a file may be: a word, or anything in quotes. */
static bool is_name(const char *at, struct token *name)
{
	const char *end;

	*name = (struct token){ TOKEN_WORD, at, 0, 0 };
	if (*at == '"' && (end = strchr(at + 1, '"'))) {
		name->at = at + 1;
		name->len = (uint32_t)(end - at - 1);
		return true;
	}
	while (is_word_char(at[name->len]))
		name->len++;
	return name->len > 0 && word_at(at, at).kind == TOKEN_WORD;
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* The words that stand before, back to a connective, or what encloses them. */
static uint32_t count_head(const struct tokens *t)
{
	uint32_t n = 0;

	while (n < t->n && t->list[t->n - 1 - n].kind == TOKEN_WORD)
		n++;
	if (n > 0 && n + 2 <= t->n &&
	    tokens_are_directions(&t->list[t->n - n - 2])) {
		n += 2;
		while (n < t->n && t->list[t->n - 1 - n].kind == TOKEN_WORD)
			n++;
	}
	return n;
}

/* Whether `in FILE` stands at a place behind a word that takes it. */
static bool is_list(const struct token *before, const char *at,
		    struct token *name)
{
	return (token_is(before, "host") || token_is(before, "net") ||
		token_is(before, "port")) &&
	       strncmp(at, "in", 2) == 0 && !is_word_char(at[2]) &&
	       is_name(skip_space(at + 2), name);
}

/* `in FILE`, if that is what stands here; *at goes behind it. */
static bool read_list(struct tokens *t, const char **at, bool *was_list,
		      struct cbpf_diag *diag)
{
	struct token head[16], name;
	const char *from;
	uint32_t n;

	*was_list = t->n > 0 && is_list(&t->list[t->n - 1], *at, &name);
	if (!*was_list)
		return true;
	from = skip_space(*at + 2);
	name.offset = (uint32_t)(from - t->text);
	*at = name.at + name.len + (*from == '"');
	n = count_head(t);
	if (n > sizeof(head) / sizeof(*head))
		return tokens_fail(t, name.offset, CBPF_E_EXPR,
				   "too many qualifiers stand before a list",
				   diag);
	memcpy(head, t->list + t->n - n, n * sizeof(*head));
	t->n -= n;
	return tokens_add_list(t, head, n, &name, diag);
}

bool tokens_read(struct tokens *t, struct arena *arena, const char *text,
		 struct cbpf_diag *diag)
{
	const char *at = text;
	struct token token;

	*t = (struct tokens){ .arena = arena, .text = text };
	do {
		bool was_list;

		at = skip_space(at);
		if (!read_list(t, &at, &was_list, diag))
			return false;
		if (was_list)
			at = skip_space(at);
		token = next_token(text, at);
		at += token.len;
		/* behind a list another word may not stand: libpcap says so */
		tokens_add(t, token);
	} while (token.kind != TOKEN_END && !t->is_broken);
	if (!t->is_broken)
		return true;
	dg_fail(diag, CBPF_E_NOMEM);
	return false;
}

bool cbpf_expr_has_list(const char *text)
{
	struct token before = { .kind = TOKEN_END }, name;
	const char *at = skip_space(text);

	while (*at) {
		if (is_list(&before, at, &name))
			return true;
		before = next_token(text, at);
		at = skip_space(at + before.len);
	}
	return false;
}
