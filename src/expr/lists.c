/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists in files: an entry a line, # begins a comment. An entry of hosts is an
 * address, a network in CIDR form or a range of IPv4 addresses; of nets the
 * same; of ports a number or a range. Each becomes a term of its own:
 *
 *	192.0.2.1			host 192.0.2.1
 *	198.51.100.0/24			net 198.51.100.0/24
 *	192.0.2.8-192.0.2.11		net 192.0.2.8/30
 *	8000-8010			portrange 8000-8010
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include "expr/tokens.h"

#define LINE_MAX_LEN 256

struct list {
	struct tokens *tokens;
	const struct token *head, *name;
	uint32_t n_head; /* the last is host, net or port */
	uint32_t n_entries;
	uint32_t line;
	char path[1024];
	struct cbpf_diag *diag;
};

static bool fail(struct list *l, const char *words)
{
	char sentence[1200];

	if (l->line)
		snprintf(sentence, sizeof(sentence), "%.100s:%u: %s", l->path,
			 l->line, words);
	else
		snprintf(sentence, sizeof(sentence), "%.100s: %s", l->path,
			 words);
	return tokens_fail(l->tokens, l->name->offset, CBPF_E_EXPR, sentence,
			   l->diag);
}

/* ---- terms -------------------------------------------------------------- */

static void add_word(struct list *l, const char *word, size_t len,
		     enum token_kind kind)
{
	char *copy = arena_take(l->tokens->arena, len + 1, 1);

	if (!copy) {
		l->tokens->is_broken = true;
		return;
	}
	memcpy(copy, word, len);
	tokens_add(l->tokens, (struct token){ kind, copy, (uint32_t)len,
					      l->name->offset });
}

/* The list's own qualifiers, with another kind of id, and the id. */
static void add_term(struct list *l, const char *kind, const char *id)
{
	if (l->n_entries++)
		add_word(l, "or", 2, TOKEN_OR);
	for (uint32_t i = 0; i + 1 < l->n_head; i++)
		tokens_add(l->tokens, l->head[i]);
	add_word(l, kind, strlen(kind), TOKEN_WORD);
	add_word(l, id, strlen(id), TOKEN_WORD);
}

/* ---- addresses ---------------------------------------------------------- */

static bool parse_ip4(const char *text, uint32_t *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

static bool is_ip6(const char *text)
{
	struct in6_addr in;

	return inet_pton(AF_INET6, text, &in) == 1;
}

/* The largest networks that make up a range. */
static bool add_range(struct list *l, uint32_t low, uint32_t high)
{
	uint64_t at = low;

	if (low > high)
		return fail(l, "the range ends before it begins");
	while (at <= high) {
		unsigned bits = 0;
		char id[40];

		while (bits < 32 && !(at & ((2ull << bits) - 1)) &&
		       at + (2ull << bits) - 1 <= high)
			bits++;
		snprintf(id, sizeof(id), "%u.%u.%u.%u/%u", (unsigned)(at >> 24),
			 (unsigned)(at >> 16 & 255), (unsigned)(at >> 8 & 255),
			 (unsigned)(at & 255), 32 - bits);
		if (bits == 0)
			*strchr(id, '/') = '\0';
		add_term(l, bits ? "net" : "host", id);
		at += 1ull << bits;
	}
	return true;
}

/* An address, ADDRESS/BITS, or FIRST-LAST. */
static bool add_address(struct list *l, char *entry)
{
	char *slash = strchr(entry, '/'), *dash = strchr(entry, '-'), *end;
	uint32_t low, high;
	unsigned long bits;
	char id[64];

	if (dash) {
		*dash = '\0';
		return parse_ip4(entry, &low) && parse_ip4(dash + 1, &high)
			       ? add_range(l, low, high)
			       : fail(l, "a range is of two IPv4 addresses");
	}
	if (!slash) {
		if (!parse_ip4(entry, &low) && !is_ip6(entry))
			return fail(l, "an address, a network or a range of "
				       "addresses is expected");
		add_term(l, "host", entry);
		return true;
	}
	*slash = '\0';
	bits = isdigit((unsigned char)slash[1]) ? strtoul(slash + 1, &end, 10)
						: 129;
	if (bits > 128 || *end ||
	    !(is_ip6(entry) || (parse_ip4(entry, &low) && bits <= 32)))
		return fail(l, "a network is ADDRESS/BITS");
	/* in decimal: to libpcap a 0 before it makes it octal */
	snprintf(id, sizeof(id), "%s/%lu", entry, bits);
	add_term(l, "net", id);
	return true;
}

/* ---- ports -------------------------------------------------------------- */

static bool parse_port(const char *text, unsigned long *port)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	*port = strtoul(text, &end, 10);
	return *end == '\0' && *port <= 65535;
}

static bool add_port(struct list *l, char *entry)
{
	char *dash = strchr(entry, '-');
	unsigned long low, high;
	char id[32];

	if (dash)
		*dash = '\0';
	if (!parse_port(entry, &low) || (dash && !parse_port(dash + 1, &high)))
		return fail(l, "a port is a number up to 65535, or two with a "
			       "- between");
	if (!dash) {
		snprintf(id, sizeof(id), "%lu", low);
		add_term(l, "port", id);
		return true;
	}
	if (low > high)
		return fail(l, "the range ends before it begins");
	snprintf(id, sizeof(id), "%lu-%lu", low, high);
	add_term(l, "portrange", id);
	return true;
}

/* ---- files -------------------------------------------------------------- */

static bool read_line(struct list *l, char *line)
{
	char *at = line, *end;

	line[strcspn(line, "#\r\n")] = '\0';
	while (isspace((unsigned char)*at))
		at++;
	end = at + strlen(at);
	while (end > at && isspace((unsigned char)end[-1]))
		*--end = '\0';
	if (!*at)
		return true;
	return token_is(&l->head[l->n_head - 1], "port") ? add_port(l, at)
							 : add_address(l, at);
}

/* The bytes up to the next newline, as text; false: none, or said why not. */
static bool next_line(struct list *l, FILE *in, char *line, bool *is_bad)
{
	size_t n = 0;
	int byte = getc(in);

	if (byte == EOF)
		return false;
	l->line++;
	for (; byte != EOF && byte != '\n'; byte = getc(in)) {
		*is_bad = true;
		if (byte == '\0')
			return fail(l, "a list has no byte 0");
		if (n == LINE_MAX_LEN - 1)
			return fail(l, "the line is too long");
		*is_bad = false;
		line[n++] = (char)byte;
	}
	line[n] = '\0';
	return true;
}

static bool read_lines(struct list *l, FILE *in)
{
	char line[LINE_MAX_LEN];
	bool is_bad = false;

	while (next_line(l, in, line, &is_bad))
		if (!read_line(l, line))
			return false;
	if (is_bad)
		return false;
	l->line = 0;
	if (ferror(in))
		return fail(l, strerror(errno));
	return l->n_entries > 0 || fail(l, "the list is empty");
}

bool tokens_add_list(struct tokens *tokens, const struct token *head,
		     uint32_t n_head, const struct token *name,
		     struct cbpf_diag *diag)
{
	struct list l = { .tokens = tokens,
			  .head = head,
			  .name = name,
			  .n_head = n_head,
			  .diag = diag };
	bool is_read;
	FILE *in;

	if (name->len >= sizeof(l.path))
		return tokens_fail(tokens, name->offset, CBPF_E_EXPR,
				   "the name of the list is too long", diag);
	memcpy(l.path, name->at, name->len);
	in = fopen(l.path, "re");
	if (!in) {
		char sentence[1200];

		snprintf(sentence, sizeof(sentence), "%.100s: %s", l.path,
			 strerror(errno));
		return tokens_fail(tokens, name->offset, CBPF_E_EXPR, sentence,
				   diag);
	}
	add_word(&l, "(", 1, TOKEN_OPEN);
	is_read = read_lines(&l, in);
	add_word(&l, ")", 1, TOKEN_CLOSE);
	fclose(in);
	return is_read;
}
