/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions of any size: the layer of and, or, not and parentheses is read
 * here, what stands between, primitives, is compiled by libpcap one at a time,
 * and the programs are joined by jumps, to be optimized:
 *
 *	host a or host b	program of `host a`, ret #n -> ja yes,
 *				ret #0 -> ja next
 *			next:	program of `host b`, ret #n -> ja yes,
 *				ret #0 -> ja no
 *			yes:	ret #n
 *			no:	ret #0
 *
 * As in libpcap's grammar (grammar.y) and and or bind alike, from the left, not
 * more tightly; an id without qualifiers has those of the primitive before it.
 * Terms are run in their order, so that a load outside the packet ends the run
 * where libpcap's own program would.
 *
 * What is not understood, or changes what stands behind it (`vlan`), is given
 * to libpcap whole.
 */
#include <stdio.h>
#include <string.h>
#include <pcap/pcap.h>

#include "expr/compile.h"
#include "expr/tokens.h"

#define DEPTH_MAX 256 /* parentheses in each other: what recursion there is */
#define PART	  200 /* comparisons that share a jump to a hit */
#define NONE	  UINT32_MAX

/* One term of a row: a primitive, or a row of its own in parentheses. */
struct term {
	bool is_not, is_or;    /* by or to what stands before; else by and */
	uint32_t row;	       /* NONE: a primitive */
	uint32_t first, last;  /* tokens of a primitive; last not included */
	uint32_t head, n_head; /* words that stand before them, if any */
	uint32_t next;	       /* term of the row */
};

struct row {
	uint32_t first, last;
};

struct joiner {
	struct tokens tokens;
	struct arena *arena;
	struct term *terms;
	struct row *rows;
	uint32_t n_terms, cap_terms, n_rows, cap_rows;
	uint32_t at;	       /* the token at hand */
	uint32_t head, n_head; /* qualifiers that an id may inherit */
	bool takes_ids;	       /* in the parentheses of a head: ids alone */
	bool is_strange;       /* libpcap must say what it is */
	bool is_broken;	       /* memory was refused */
	struct compiler compiler;
	struct cbpf_diag refused; /* the last primitive, if one was */

	/* the program */
	struct cbpf_insn *insns;
	uint32_t *target; /* by instruction: the label it jumps to, or NONE */
	uint32_t n, cap;
	uint32_t *at_label;
	uint32_t n_labels, cap_labels;
	uint32_t pass; /* what is returned for a packet */
};

/* Room for one more; without memory for it, is_broken. */
static void *room_for_one(struct joiner *j, void *items, uint32_t n,
			  uint32_t *cap, size_t size)
{
	void *room = arena_grow(j->arena, items, n, 1, cap, size);

	j->is_broken |= !room;
	return room;
}

/* ---- words -------------------------------------------------------------- */

static bool is_one_of(const struct token *token, const char *const *words,
		      size_t n)
{
	while (n > 0 && !token_is(token, words[n - 1]))
		n--;
	return n > 0;
}

/* Words that change what primitives behind them mean, or make loops. */
static bool changes_rest(const struct token *token)
{
	static const char *const words[] = {
		"vlan", "mpls", "pppoes", "geneve",	"vxlan",
		"gre",	"lane", "llc",	  "protochain",
	};

	return is_one_of(token, words, CBPF_COUNT(words));
}

/* Words of the language, which are no ids. */
static bool is_qualifier(const struct token *token)
{
	static const char *const words[] = {
		"src",	  "dst",  "host",  "net",   "port",  "portrange",
		"proto",  "link", "ether", "ppp",   "slip",  "fddi",
		"tr",	  "wlan", "ip",	   "ip6",   "arp",   "rarp",
		"decnet", "tcp",  "udp",   "sctp",  "icmp",  "gateway",
		"ra",	  "ta",	  "addr1", "addr2", "addr3", "addr4",
		"icmp6",  "igmp", "igrp",  "pim",   "vrrp",  "carp",
		"ah",	  "esp",  "iso",
	};

	return is_one_of(token, words, CBPF_COUNT(words));
}

/* Words that begin a primitive and are no qualifiers of an id. */
static bool is_other_word(const struct token *token)
{
	static const char *const words[] = {
		"less",	      "greater",     "len",	 "length",  "broadcast",
		"multicast",  "inbound",     "outbound", "ifname",  "on",
		"rset",	      "ruleset",     "rnr",	 "rulenum", "srnr",
		"subrulenum", "reason",	     "action",	 "type",    "subtype",
		"dir",	      "direction",   "byte",	 "atalk",   "aarp",
		"lat",	      "sca",	     "moprc",	 "mopdl",   "stp",
		"ipx",	      "netbeui",     "esis",	 "es-is",   "isis",
		"is-is",      "clnp",	     "l1",	 "l2",	    "iih",
		"lsp",	      "snp",	     "csnp",	 "psnp",    "pppoed",
		"vpi",	      "vci",	     "oam",	 "oamf4",   "oamf4ec",
		"oamf4sc",    "metac",	     "bcc",	 "sc",	    "ilmic",
		"connectmsg", "metaconnect", "fisu",	 "lssu",    "lsu",
		"msu",	      "hfisu",	     "hlssu",	 "hmsu",    "sio",
		"opc",	      "dpc",	     "sls",	 "hsio",    "hopc",
		"hdpc",	      "hsls",	     "ifindex",	 "radio",   "atm",
	};

	return is_one_of(token, words, CBPF_COUNT(words));
}

static bool has_other_word(const struct joiner *j, uint32_t i, uint32_t end)
{
	while (i < end && !is_other_word(&j->tokens.list[i]))
		i++;
	return i < end;
}

static const struct token *token_at(const struct joiner *j, uint32_t i)
{
	return &j->tokens.list[i];
}

/* ---- reading ------------------------------------------------------------ */

static uint32_t add_row(struct joiner *j)
{
	void *room;

	room = room_for_one(j, j->rows, j->n_rows, &j->cap_rows,
			    sizeof(*j->rows));
	if (!room)
		return NONE;
	j->rows = room;
	j->rows[j->n_rows] = (struct row){ NONE, NONE };
	return j->n_rows++;
}

static void add_term(struct joiner *j, uint32_t row, struct term term)
{
	void *room;

	room = room_for_one(j, j->terms, j->n_terms, &j->cap_terms,
			    sizeof(*j->terms));
	if (!room)
		return;
	j->terms = room;
	term.next = NONE;
	j->terms[j->n_terms] = term;
	if (j->rows[row].first == NONE)
		j->rows[row].first = j->n_terms;
	else
		j->terms[j->rows[row].last].next = j->n_terms;
	j->rows[row].last = j->n_terms++;
}

/* The token behind the parenthesis that closes the one at i. */
static uint32_t behind_close(struct joiner *j, uint32_t i)
{
	uint32_t depth = 0;

	for (; token_at(j, i)->kind != TOKEN_END; i++) {
		depth += token_at(j, i)->kind == TOKEN_OPEN;
		depth -= token_at(j, i)->kind == TOKEN_CLOSE;
		if (depth == 0)
			return i + 1;
	}
	j->is_strange = true;
	return i;
}

/*
 * Where a primitive that begins at i ends: at a connective or parenthesis that
 * is not part of it. *has_arithmetic: operators were met. *n_head: qualifiers
 * it begins with.
 */
static uint32_t end_of_primitive(struct joiner *j, uint32_t i,
				 bool *has_arithmetic, uint32_t *n_head)
{
	uint32_t first = i;
	bool in_head = true;

	*has_arithmetic = false;
	*n_head = 0;
	while (!j->is_strange) {
		const struct token *token = token_at(j, i);

		if (tokens_are_directions(token_at(j, i))) {
			i += 3;
		} else if (token->kind == TOKEN_WORD) {
			in_head = in_head && is_qualifier(token);
			i++;
		} else if (token->kind == TOKEN_OPERATOR) {
			*has_arithmetic = true;
			i++;
		} else if (token->kind == TOKEN_OPEN &&
			   (*has_arithmetic || i == first)) {
			i = behind_close(j, i);
			in_head = false;
		} else {
			break;
		}
		if (in_head)
			*n_head = i - first;
	}
	return i;
}

/* Whether a parenthesis at i is one of arithmetic. */
static bool is_arithmetic(struct joiner *j, uint32_t i)
{
	return token_at(j, behind_close(j, i))->kind == TOKEN_OPERATOR;
}

static uint32_t read_row(struct joiner *j, unsigned depth);

/* In parentheses: the token at hand is the one that opens. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void read_group(struct joiner *j, uint32_t row, struct term term,
		       unsigned depth)
{
	/* an id behind it has the qualifiers from before it (grammar.y) */
	uint32_t head = j->head, n_head = j->n_head;

	if (depth == DEPTH_MAX) {
		j->is_strange = true;
		return;
	}
	j->at++;
	term.row = read_row(j, depth + 1);
	if (j->is_strange || token_at(j, j->at)->kind != TOKEN_CLOSE) {
		j->is_strange = true;
		return;
	}
	j->at++;
	j->head = head;
	j->n_head = n_head;
	add_term(j, row, term);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void read_primitive(struct joiner *j, uint32_t row, struct term term,
			   unsigned depth)
{
	bool has_arithmetic;
	uint32_t n_head, first = j->at;
	uint32_t end = end_of_primitive(j, first, &has_arithmetic, &n_head);
	bool is_group = !has_arithmetic && end > first &&
			n_head == end - first &&
			token_at(j, end)->kind == TOKEN_OPEN;

	if (end == first || (j->takes_ids && (has_arithmetic || n_head > 0))) {
		j->is_strange = true;
		return;
	}
	if (is_group) { /* host (a or b) */
		j->head = first;
		j->n_head = n_head;
		j->at = end;
		j->takes_ids = true;
		read_group(j, row, term, depth);
		j->takes_ids = false;
		return;
	}
	term.row = NONE;
	term.first = first;
	term.last = end;
	if (has_arithmetic || n_head == end - first ||
	    has_other_word(j, first, end)) {
		j->n_head = 0; /* nothing that an id could inherit */
	} else if (n_head > 0) {
		j->head = first;
		j->n_head = n_head;
	} else if (j->n_head > 0) {
		term.head = j->head;
		term.n_head = j->n_head;
	} else if (first > 0) {
		/* an id alone is a host; behind another term it is an error */
		j->is_strange = true;
	}
	j->at = end;
	add_term(j, row, term);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void read_term(struct joiner *j, uint32_t row, bool is_or,
		      unsigned depth)
{
	struct term term = { .is_or = is_or, .row = NONE };

	for (; token_at(j, j->at)->kind == TOKEN_NOT; j->at++)
		term.is_not = !term.is_not;
	if (token_at(j, j->at)->kind == TOKEN_OPEN && !is_arithmetic(j, j->at))
		read_group(j, row, term, depth);
	else
		read_primitive(j, row, term, depth);
}

/* Terms and connectives, up to what closes the row. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t read_row(struct joiner *j, unsigned depth)
{
	uint32_t row = add_row(j);
	bool is_or = false;

	while (!j->is_strange && !j->is_broken) {
		enum token_kind kind;

		read_term(j, row, is_or, depth);
		kind = token_at(j, j->at)->kind;
		if (kind != TOKEN_AND && kind != TOKEN_OR)
			break;
		is_or = kind == TOKEN_OR;
		j->at++;
	}
	return row;
}

/* ---- writing ------------------------------------------------------------ */

static uint32_t add_label(struct joiner *j)
{
	void *room;

	room = room_for_one(j, j->at_label, j->n_labels, &j->cap_labels,
			    sizeof(*j->at_label));
	if (!room)
		return 0;
	j->at_label = room;
	j->at_label[j->n_labels] = NONE;
	return j->n_labels++;
}

static void put(struct joiner *j, struct cbpf_insn insn, uint32_t target)
{
	void *insns, *targets;
	uint32_t cap = j->cap;

	insns = room_for_one(j, j->insns, j->n, &cap, sizeof(*j->insns));
	targets = room_for_one(j, j->target, j->n, &j->cap, sizeof(*j->target));
	if (!insns || !targets)
		return;
	j->insns = insns;
	j->target = targets;
	j->insns[j->n] = insn;
	j->target[j->n++] = target;
}

static void put_ja(struct joiner *j, uint32_t label)
{
	put(j, (struct cbpf_insn){ CBPF_JA, 0, 0, 0 }, label);
}

static void put_word(struct buf *buf, const struct token *token)
{
	buf_put(buf, token->at, token->len);
	buf_put(buf, " ", 1);
}

/* The text of a primitive, as libpcap is to have it. */
static const char *text_of(struct joiner *j, const struct term *term)
{
	const struct token *list = j->tokens.list;
	struct buf *buf = &j->compiler.text;

	buf->len = 0;
	for (uint32_t i = 0; i < term->n_head; i++)
		put_word(buf, &list[term->head + i]);
	for (uint32_t i = term->first; i < term->last; i++)
		put_word(buf, &list[i]);
	buf_put(buf, "", 1);
	return buf->is_broken ? NULL : buf->at;
}

/* Compiles a primitive; false: libpcap refuses it, or there is no memory. */
static bool compile_primitive(struct joiner *j, const struct term *term,
			      struct bpf_program *program)
{
	const char *text = text_of(j, term);

	if (!text) {
		j->is_broken = true;
		return false;
	}
	if (compile_text(&j->compiler, text, program, &j->refused))
		return true;
	j->is_strange = true;
	tokens_fail(&j->tokens, token_at(j, term->first)->offset, CBPF_E_EXPR,
		    j->refused.word, &j->refused);
	return false;
}

/* A primitive's program, with jumps in place of its returns. */
static void write_primitive(struct joiner *j, const struct bpf_program *program,
			    uint32_t yes, uint32_t no)
{
	for (u_int i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (BPF_CLASS(insn->code) != BPF_RET) {
			put(j,
			    (struct cbpf_insn){ insn->code, insn->jt, insn->jf,
						insn->k },
			    NONE);
			continue;
		}
		if (insn->k)
			j->pass = insn->k;
		put_ja(j, insn->k ? yes : no);
	}
}

/* ---- families ----------------------------------------------------------- */

/*
 * Terms in a row with the same program but for numbers that a packet's are
 * compared with, each for a hit: `host a or host b or host c`. Behind the
 * first, which has failed, every load is inside the packet, and which tests are
 * reached is the same for all others. So they are written as one, if no way
 * leads to any of them but past the first; it compares with all numbers where
 * the program has one:
 *
 *	ld [26]			ld [26]
 *	jeq #a, hit, next	jeq #b, hit, L
 *			 ->  L: jeq #c, hit, next
 */
struct family {
	struct bpf_program program; /* the first's */
	uint32_t hit, miss;	    /* labels: of all; of the last so far */
	uint32_t n, cap;	    /* terms behind the first */
	uint32_t n_places;
	uint32_t *numbers; /* of term i at place p: numbers[i * n_places + p] */
	bool is_open;
};

/* A number that makes a hit, at once. */
static bool is_place(const struct bpf_program *program, u_int i)
{
	const struct bpf_insn *insn = &program->bf_insns[i];
	u_int to = i + 1 + insn->jt;

	return insn->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
	       to < program->bf_len &&
	       program->bf_insns[to].code == (BPF_RET | BPF_K) &&
	       program->bf_insns[to].k != 0;
}

static bool is_like(const struct bpf_program *a, const struct bpf_program *b)
{
	if (a->bf_len != b->bf_len)
		return false;
	for (u_int i = 0; i < a->bf_len; i++) {
		const struct bpf_insn *x = &a->bf_insns[i];
		const struct bpf_insn *y = &b->bf_insns[i];

		if (x->code != y->code || x->jt != y->jt || x->jf != y->jf ||
		    (x->k != y->k && !is_place(a, i)))
			return false;
	}
	return true;
}

/* A term's numbers join the family's. */
static void add_member(struct joiner *j, struct family *f,
		       const struct bpf_program *program)
{
	uint32_t *to;
	void *room;

	room = room_for_one(j, f->numbers, f->n, &f->cap,
			    f->n_places * sizeof(*f->numbers));
	if (!room)
		return;
	f->numbers = room;
	to = f->numbers + (size_t)f->n++ * f->n_places;
	for (u_int i = 0; i < program->bf_len; i++)
		if (is_place(program, i))
			*to++ = program->bf_insns[i].k;
}

/* Compares with the numbers of a place; jumps reach 255, so in parts. */
static void write_numbers(struct joiner *j, const struct family *f,
			  uint32_t place)
{
	for (uint32_t i = 0; i < f->n;) {
		uint32_t n = f->n - i < PART ? f->n - i : PART;

		for (uint32_t left = n; left-- > 0; i++)
			put(j,
			    (struct cbpf_insn){
				    CBPF_JEQ_K, (uint8_t)(left + 1), 0,
				    f->numbers[(size_t)i * f->n_places +
					       place] },
			    NONE);
		/* past the one that makes the hit */
		put(j, (struct cbpf_insn){ CBPF_JA, 0, 0, 1 }, NONE);
		put_ja(j, f->hit);
	}
}

/* The members behind the first as one; its instructions are far apart. */
static void write_members(struct joiner *j, const struct family *f)
{
	uint32_t first = j->n_labels, place = 0;

	for (u_int i = 0; i < f->program.bf_len; i++)
		add_label(j);
	for (u_int i = 0; i < f->program.bf_len && !j->is_broken; i++) {
		const struct bpf_insn *insn = &f->program.bf_insns[i];
		struct cbpf_insn copy = { insn->code, 0, 1, insn->k };

		j->at_label[first + i] = j->n;
		if (BPF_CLASS(insn->code) == BPF_RET) {
			put_ja(j, insn->k ? f->hit : f->miss);
		} else if (is_place(&f->program, i)) {
			write_numbers(j, f, place++);
			put_ja(j, first + i + 1 + insn->jf);
		} else if (insn->code == (BPF_JMP | BPF_JA)) {
			put_ja(j, first + i + 1 + insn->k);
		} else if (BPF_CLASS(insn->code) == BPF_JMP) {
			put(j, copy, NONE);
			put_ja(j, first + i + 1 + insn->jt);
			put_ja(j, first + i + 1 + insn->jf);
		} else {
			copy.jf = 0;
			put(j, copy, NONE);
		}
	}
}

static void close_family(struct joiner *j, struct family *f)
{
	if (!f->is_open)
		return;
	if (f->n)
		write_members(j, f);
	pcap_freecode(&f->program);
	f->is_open = false;
}

/*
 * A primitive of a row: of the family at hand, or the first of another. ways:
 * so many lead to its label.
 */
static void write_term(struct joiner *j, struct family *f, uint32_t label,
		       uint32_t ways, const struct bpf_program *program,
		       uint32_t hit, uint32_t miss)
{
	/* f->miss == label: it stands behind the last of them */
	if (f->is_open && ways == 1 && f->miss == label && f->hit == hit &&
	    is_like(&f->program, program)) {
		if (f->n == 0)
			j->at_label[label] = j->n;
		add_member(j, f, program);
		f->miss = miss;
		return;
	}
	close_family(j, f);
	j->at_label[label] = j->n;
	write_primitive(j, program, hit, miss);
	f->is_open = true;
	f->program = *program;
	f->hit = hit;
	f->miss = miss;
	f->n = f->n_places = 0;
	f->cap = 0;
	for (u_int i = 0; i < program->bf_len; i++)
		f->n_places += is_place(program, i);
}

/* ---- rows --------------------------------------------------------------- */

/* The first term behind one by the connective; its label, or `rest`. */
static void find_ways(const struct joiner *j, const uint32_t *order,
		      const uint32_t *labels, uint32_t n, uint32_t *next_or,
		      uint32_t *next_and, uint32_t yes, uint32_t no)
{
	for (uint32_t i = n; i-- > 0;) {
		next_or[i] = no;
		next_and[i] = yes;
		if (i + 1 == n)
			continue;
		if (j->terms[order[i + 1]].is_or) {
			next_or[i] = labels[i + 1];
			next_and[i] = next_and[i + 1];
		} else {
			next_and[i] = labels[i + 1];
			next_or[i] = next_or[i + 1];
		}
	}
}

/* Of a row's labels, which follow each other: how often each is named. */
static void count_ways(const uint32_t *labels, uint32_t n, const uint32_t *next,
		       uint32_t *ways)
{
	for (uint32_t i = 0; i < n; i++)
		if (next[i] >= labels[0] && next[i] - labels[0] < n)
			ways[next[i] - labels[0]]++;
}

/*
 * A row, whose value leads to one label or the other: once a term holds the
 * rest is asked for what stands behind the next `and`, once it fails behind
 * `or`.
 */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void write_row(struct joiner *j, uint32_t row, uint32_t yes, uint32_t no)
{
	uint32_t n = 0, *order, *labels, *next_or, *next_and, *ways;
	struct family family = { 0 };

	for (uint32_t t = j->rows[row].first; t != NONE; t = j->terms[t].next)
		n++;
	order = arena_take(j->arena, n, sizeof(*order));
	labels = arena_take(j->arena, n, sizeof(*labels));
	next_or = arena_take(j->arena, n, sizeof(*next_or));
	next_and = arena_take(j->arena, n, sizeof(*next_and));
	ways = arena_take(j->arena, n, sizeof(*ways));
	if (!order || !labels || !next_or || !next_and || !ways) {
		j->is_broken = true;
		return;
	}
	n = 0;
	for (uint32_t t = j->rows[row].first; t != NONE; t = j->terms[t].next) {
		order[n] = t;
		labels[n++] = add_label(j);
	}
	find_ways(j, order, labels, n, next_or, next_and, yes, no);
	count_ways(labels, n, next_or, ways);
	count_ways(labels, n, next_and, ways);
	for (uint32_t i = 0; i < n && !j->is_strange && !j->is_broken; i++) {
		const struct term term = j->terms[order[i]];
		uint32_t held = term.is_not ? next_or[i] : next_and[i];
		uint32_t failed = term.is_not ? next_and[i] : next_or[i];
		struct bpf_program program;

		if (term.row != NONE) {
			close_family(j, &family);
			j->at_label[labels[i]] = j->n;
			write_row(j, term.row, held, failed);
		} else if (compile_primitive(j, &term, &program)) {
			write_term(j, &family, labels[i], ways[i], &program,
				   held, failed);
			if (family.program.bf_insns != program.bf_insns)
				pcap_freecode(&program);
		}
	}
	close_family(j, &family);
}

static void write_program(struct joiner *j, uint32_t row)
{
	uint32_t yes = add_label(j), no = add_label(j);

	j->pass = j->compiler.snaplen;
	write_row(j, row, yes, no);
	if (j->is_strange || j->is_broken)
		return;
	j->at_label[yes] = j->n;
	put(j, (struct cbpf_insn){ CBPF_RET_K, 0, 0, j->pass }, NONE);
	j->at_label[no] = j->n;
	put(j, (struct cbpf_insn){ CBPF_RET_K, 0, 0, 0 }, NONE);
	for (uint32_t i = 0; i < j->n && !j->is_broken; i++)
		if (j->target[i] != NONE)
			j->insns[i].k = j->at_label[j->target[i]] - i - 1;
}

/* ---- whole -------------------------------------------------------------- */

/* The text with the lists in it, as one. */
static const char *whole_text(struct joiner *j)
{
	const struct token *list = j->tokens.list;
	struct term all = { .first = 0, .last = j->tokens.n - 1 };
	bool is_own = true;

	for (uint32_t i = 0; i < j->tokens.n; i++)
		is_own &= list[i].at == j->tokens.text + list[i].offset;
	return is_own ? j->tokens.text : text_of(j, &all);
}

static enum cbpf_err compile_whole(struct joiner *j, struct cbpf_code *code,
				   struct cbpf_diag *diag)
{
	const char *text = whole_text(j);
	struct bpf_program program;

	if (!text)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (!compile_text(&j->compiler, text, &program, diag))
		/* the place of the one primitive that is refused, if known */
		return j->refused.code == CBPF_E_EXPR
			       ? dg_give(diag, &j->refused)
			       : CBPF_E_EXPR;
	return take_program(&program, code, diag);
}

/* Whether this is libpcap's to read: link types with headers of any length. */
static bool is_whole(const struct joiner *j, int dlt)
{
	switch (dlt) {
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_IEEE802_11_RADIO_AVS:
	case DLT_PRISM_HEADER:
	case DLT_PPI:
	case DLT_SUNATM:
		return true;
	}
	for (uint32_t i = 0; i < j->tokens.n; i++)
		if (j->tokens.list[i].kind == TOKEN_WORD &&
		    changes_rest(&j->tokens.list[i]))
			return true;
	return false;
}

static enum cbpf_err join(struct joiner *j, struct cbpf_code *code,
			  struct cbpf_diag *diag)
{
	uint32_t row;

	if (is_whole(j, pcap_datalink(j->compiler.pcap)) ||
	    token_at(j, 0)->kind == TOKEN_END)
		return compile_whole(j, code, diag);
	row = read_row(j, 0);
	j->is_strange |= token_at(j, j->at)->kind != TOKEN_END;
	if (!j->is_strange && !j->is_broken)
		write_program(j, row);
	if (j->is_broken)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (j->is_strange)
		return compile_whole(j, code, diag);
	code->insns =
		mem_copy(&code->mem, j->insns, j->n * sizeof(*code->insns));
	code->n = code->insns ? j->n : 0;
	return code->insns ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
}

enum cbpf_err cbpf_expr_join(const char *text,
			     const struct cbpf_expr_opts *opts,
			     struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct joiner j = { 0 };
	struct arena arena;
	enum cbpf_err err = compiler_open(&j.compiler, opts, code, diag);

	if (err != CBPF_OK)
		return err;
	j.compiler.is_optimized = false;
	arena = arena_new(&code->mem);
	j.arena = &arena;
	if (!tokens_read(&j.tokens, &arena, text, &j.refused))
		err = dg_give(diag, &j.refused);
	else
		err = join(&j, code, diag);
	arena_free(&arena);
	compiler_close(&j.compiler);
	return err;
}
