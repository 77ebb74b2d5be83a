/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our own language: that of Linux's bpf_asm (tools/bpf/bpf_exp.y), a little
 * wider where bpf_asm merely trips.
 *
 * An instruction is a mnemonic and an operand whose shape (enum isa_form) is
 * read without asking the mnemonic; (mnemonic, form) is then looked up in the
 * opcode table. Line ends are white space, so an instruction ends where its
 * grammar does. After an error reading goes on at the next line.
 *
 * Wider than bpf_asm: `[x+14]`; any word as a label, several in a row;
 * `#` comments behind an instruction; `+n` (and for ja `-n`) as a target,
 * counted from the next instruction; `ld rnd`, `ld xor_x` and tcpdump's names
 * of ancillary loads; `.raw code, jt, jf, k` for what has no text; branches
 * further than 255, relaxed. As bpf_asm does, numbers are cut to 32 bits and
 * the first of two equal labels counts, but we warn.
 */
#include <string.h>
#include <strings.h>

#include "isa/labels.h"
#include "isa/link.h"
#include "text/lex.h"
#include "text/text.h"

/* A target still by name: which of an instruction's two, and where it stood. */
struct reference {
	uint32_t insn;
	bool is_false;
	struct token token;
};

struct parser {
	struct reading *r;
	struct lexer lex;
	struct token token; /* the one at hand */
	struct labels labels;
	struct buf insns;      /* struct link_insn */
	struct buf references; /* struct reference */
	bool is_panicking;     /* the rest of panic_line is passed over */
	uint32_t panic_line;
};

/* A target as it was read. */
struct target {
	bool is_given;
	bool is_relative;
	int64_t distance;
	struct token token;
};

struct operand {
	enum isa_form form;
	uint32_t k;
	struct target t, f;
};

/* ---- tokens and errors ------------------------------------------------- */

static void advance(struct parser *p)
{
	p->token = lex_next(&p->lex);
}

static struct cbpf_diag diag_at(const struct token *token, enum cbpf_err code)
{
	struct cbpf_diag diag = dg_make(code, token->value, 0);

	diag.line = token->line;
	diag.column = token->column;
	if (token->kind == TOKEN_END)
		dg_wordf(&diag, "the end of the text");
	else
		dg_word(&diag, token->text, token->len);
	return diag;
}

static bool fail_at(struct parser *p, const struct token *token,
		    enum cbpf_err code, const char *expected)
{
	struct cbpf_diag diag = diag_at(token, code);

	diag.expected = expected;
	reading_note(p->r, &diag);
	p->is_panicking = true;
	p->panic_line = token->line;
	return false;
}

static bool fail(struct parser *p, const char *expected)
{
	enum cbpf_err code =
		p->token.kind == TOKEN_BROKEN ? CBPF_E_NUMBER : CBPF_E_SYNTAX;

	return fail_at(p, &p->token, code, expected);
}

static void warn_at(struct parser *p, const struct token *token,
		    enum cbpf_err code)
{
	struct cbpf_diag diag = diag_at(token, code);

	diag.is_warning = true;
	reading_note(p->r, &diag);
}

static bool is_punct(const struct parser *p, char c)
{
	return p->token.kind == TOKEN_PUNCT &&
	       p->token.value == (unsigned char)c;
}

static bool accept_punct(struct parser *p, char c)
{
	if (!is_punct(p, c))
		return false;
	advance(p);
	return true;
}

static bool expect_punct(struct parser *p, char c, const char *expected)
{
	return accept_punct(p, c) || fail(p, expected);
}

static bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strlen(word) == token->len &&
	       strncasecmp(word, token->text, token->len) == 0;
}

static bool is_word(const struct parser *p, const char *word)
{
	return token_is(&p->token, word);
}

static bool accept_word(struct parser *p, const char *word)
{
	if (!is_word(p, word))
		return false;
	advance(p);
	return true;
}

static bool take_number(struct parser *p, uint32_t *k, const char *expected)
{
	if (p->token.kind != TOKEN_NUMBER)
		return fail(p, expected);
	if (p->token.is_cut)
		warn_at(p, &p->token, CBPF_E_NUMBER_CUT);
	*k = p->token.value;
	advance(p);
	return true;
}

/* ---- labels ------------------------------------------------------------ */

static size_t count_insns(const struct parser *p)
{
	return p->insns.len / sizeof(struct link_insn);
}

static void define_label(struct parser *p, const struct token *token)
{
	switch (labels_define(&p->labels, token->text, token->len,
			      (uint32_t)count_insns(p))) {
	case CBPF_E_LABEL_TWICE:
		warn_at(p, token, CBPF_E_LABEL_TWICE);
		break;
	case CBPF_E_NOMEM:
		fail_at(p, token, CBPF_E_NOMEM, NULL);
		break;
	default:
		break;
	}
}

static bool take_target(struct parser *p, struct target *target)
{
	static const char expected[] = "a target: a label, or + and a number";
	bool has_sign = is_punct(p, '+');

	target->is_given = true;
	target->token = p->token;
	if (p->token.kind == TOKEN_WORD) {
		advance(p);
		return true;
	}
	if (has_sign)
		advance(p);
	if (p->token.kind != TOKEN_NUMBER || p->token.is_cut ||
	    has_sign == p->token.is_signed)
		return fail(p, expected);
	target->is_relative = true;
	target->distance = *target->token.text == '-' ? (int32_t)p->token.value
						      : (int64_t)p->token.value;
	advance(p);
	return true;
}

/* Notes where a target of the instruction at `at` leads. */
static void refer(struct parser *p, struct link_insn *insn, uint32_t at,
		  const struct target *target, bool is_false)
{
	uint32_t *to = is_false ? &insn->f : &insn->t;
	int64_t absolute = (int64_t)at + 1 + target->distance;
	struct reference reference = { at, is_false, target->token };

	if (!target->is_given)
		*to = at + 1;
	else if (!target->is_relative)
		buf_put(&p->references, &reference, sizeof(reference));
	else if (target->distance < 0 && !isa_is_ja(insn->insn.code))
		fail_at(p, &target->token, CBPF_E_SYNTAX,
			"a target further down");
	else if (absolute < 0 || absolute > UINT32_MAX)
		fail_at(p, &target->token, CBPF_E_SYNTAX,
			"a target inside the program");
	else
		*to = (uint32_t)absolute;
}

/* ---- operands ---------------------------------------------------------- */

/* After `[`: a number, or x and a distance. */
static bool take_offset(struct parser *p, struct operand *o)
{
	static const char expected[] = "an offset: [number] or [x + number]";

	o->form = FORM_ABS;
	if (!accept_punct(p, '%') && !is_word(p, "x"))
		return take_number(p, &o->k, expected) &&
		       expect_punct(p, ']', "]");
	if (!is_word(p, "x"))
		return fail(p, "x");
	advance(p);
	o->form = FORM_IND;
	/* `[x+14]`: the sign belongs to the number already */
	if (!(p->token.kind == TOKEN_NUMBER && p->token.is_signed) &&
	    !expect_punct(p, '+', "+ and a number"))
		return false;
	if (!take_number(p, &o->k, "a number"))
		return false;
	return expect_punct(p, ']', "]");
}

/* At the 4 of 4*([k]&0xf), whose * was seen. */
static bool take_msh(struct parser *p, struct operand *o)
{
	static const char expected[] = "an operand of the form 4*([k]&0xf)";
	struct token first = p->token;
	uint32_t mask;

	o->form = FORM_MSH;
	advance(p); /* the 4 */
	advance(p); /* the * */
	if (!expect_punct(p, '(', expected) ||
	    !expect_punct(p, '[', expected) ||
	    !take_number(p, &o->k, expected) ||
	    !expect_punct(p, ']', expected) || !expect_punct(p, '&', expected))
		return false;
	if (first.value != 4)
		return fail_at(p, &first, CBPF_E_SYNTAX, "4");
	first = p->token;
	if (!take_number(p, &mask, expected))
		return false;
	if (mask != 15)
		return fail_at(p, &first, CBPF_E_SYNTAX, "15");
	return expect_punct(p, ')', expected);
}

static bool take_memory(struct parser *p, struct operand *o)
{
	o->form = FORM_MEM;
	advance(p);
	return expect_punct(p, '[', "[") && take_number(p, &o->k, "a number") &&
	       expect_punct(p, ']', "]");
}

/* A word that is an operand: len, rnd, or an ancillary load; false if none. */
static bool accept_name(struct parser *p, struct operand *o)
{
	const struct isa_ext_row *ext;

	if (accept_word(p, "len") || accept_word(p, "pktlen")) {
		o->form = FORM_LEN;
		return true;
	}
	if (accept_word(p, "rnd")) {
		o->form = FORM_RND;
		return true;
	}
	if (p->token.kind != TOKEN_WORD)
		return false;
	ext = isa_ext_named(p->token.text, p->token.len);
	if (!ext)
		return false;
	advance(p);
	o->form = FORM_ABS;
	o->k = EXT_BASE + ext->number;
	return true;
}

/* Whatever operand is written here; is_bare allows a number without `#`. */
static bool take_operand(struct parser *p, struct operand *o, bool is_bare,
			 const char *expected)
{
	if (accept_punct(p, '[')) {
		return take_offset(p, o);
	} else if (accept_punct(p, '#')) {
		o->form = FORM_K;
		if (p->token.kind == TOKEN_WORD)
			return accept_name(p, o) || fail(p, expected);
		return take_number(p, &o->k, "a number behind #");
	} else if (is_bare && p->token.kind == TOKEN_NUMBER) {
		o->form = FORM_K;
		return take_number(p, &o->k, "a number");
	} else if (p->token.kind == TOKEN_NUMBER) {
		struct lexer ahead = p->lex;
		struct token next = lex_next(&ahead);

		if (next.kind == TOKEN_PUNCT && next.value == '*')
			return take_msh(p, o);
		return fail(p, expected);
	} else if (is_word(p, "m")) {
		return take_memory(p, o);
	}
	accept_punct(p, '%');
	o->form = FORM_NONE;
	if (accept_word(p, "x"))
		o->form = FORM_X;
	else if (accept_word(p, "a"))
		o->form = FORM_A;
	else if (!accept_name(p, o))
		return fail(p, expected);
	return true;
}

/* ---- instructions ------------------------------------------------------ */

/* A mnemonic: its row in the table, and what its spelling adds. */
struct mnemonic {
	const char *text;
	const char *row; /* the table's mnemonic */
	bool is_bare;	 /* a number needs no # */
	bool is_negated; /* jt and jf change places */
	const char
		*expected; /* the operands it takes; NULL: none, or targets */
};

#define OPERAND_LD   "an operand: [k], [x + k], #k, M[k], len or an extension"
#define OPERAND_LDX  "an operand: #k, M[k], len or 4*([k]&0xf)"
#define OPERAND_PART "an operand: [k], [x + k] or an extension"
#define OPERAND_ALU  "an operand: #k or x"
#define OPERAND_NEG  "an operand: #k or x, then one target"
#define OPERAND_MEM  "an operand: M[k]"

static const struct mnemonic mnemonics[] = {
	/* clang-format off */
	{ "ld",   "ld",   false, false, OPERAND_LD },
	{ "ldi",  "ld",   true,  false, "an operand: #k" },
	{ "ldh",  "ldh",  false, false, OPERAND_PART },
	{ "ldb",  "ldb",  false, false, OPERAND_PART },
	{ "ldx",  "ldx",  false, false, OPERAND_LDX },
	{ "ldxi", "ldx",  true,  false, "an operand: #k" },
	{ "ldxb", "ldxb", false, false, "an operand: 4*([k]&0xf)" },
	{ "st",   "st",   false, false, OPERAND_MEM },
	{ "stx",  "stx",  false, false, OPERAND_MEM },
	{ "add",  "add",  false, false, OPERAND_ALU },
	{ "sub",  "sub",  false, false, OPERAND_ALU },
	{ "mul",  "mul",  false, false, OPERAND_ALU },
	{ "div",  "div",  false, false, OPERAND_ALU },
	{ "mod",  "mod",  false, false, OPERAND_ALU },
	{ "and",  "and",  false, false, OPERAND_ALU },
	{ "or",   "or",   false, false, OPERAND_ALU },
	{ "xor",  "xor",  false, false, OPERAND_ALU },
	{ "lsh",  "lsh",  false, false, OPERAND_ALU },
	{ "rsh",  "rsh",  false, false, OPERAND_ALU },
	{ "neg",  "neg",  false, false, NULL },
	{ "tax",  "tax",  false, false, NULL },
	{ "txa",  "txa",  false, false, NULL },
	{ "ja",   "ja",   false, false, NULL },
	{ "jmp",  "ja",   false, false, NULL },
	{ "jeq",  "jeq",  false, false, OPERAND_ALU },
	{ "jgt",  "jgt",  false, false, OPERAND_ALU },
	{ "jge",  "jge",  false, false, OPERAND_ALU },
	{ "jset", "jset", false, false, OPERAND_ALU },
	{ "jne",  "jeq",  false, true,  OPERAND_NEG },
	{ "jneq", "jeq",  false, true,  OPERAND_NEG },
	{ "jlt",  "jge",  false, true,  OPERAND_NEG },
	{ "jle",  "jgt",  false, true,  OPERAND_NEG },
	{ "ret",  "ret",  false, false, "an operand: #k, a or x" },
	/* clang-format on */
};

static const struct mnemonic *find_mnemonic(const struct token *token)
{
	for (size_t i = 0; i < CBPF_COUNT(mnemonics); i++)
		if (token_is(token, mnemonics[i].text))
			return &mnemonics[i];
	return NULL;
}

static bool is_jump(const struct mnemonic *m)
{
	return m->row[0] == 'j';
}

/* The rest of a jump: `#k, t, f`, with f left out, or only t for ja. */
static bool take_jump(struct parser *p, const struct mnemonic *m,
		      struct operand *o)
{
	struct token operand = p->token;

	if (m->row[1] == 'a') {
		o->form = FORM_JA;
		return take_target(p, &o->t);
	}
	if (!take_operand(p, o, false, m->expected))
		return false;
	if (o->form != FORM_K && o->form != FORM_X)
		return fail_at(p, &operand, CBPF_E_SYNTAX, m->expected);
	o->form = o->form == FORM_K ? FORM_JK : FORM_JX;
	if (!expect_punct(p, ',', ", and a target") || !take_target(p, &o->t))
		return false;
	if (m->is_negated) {
		o->f = o->t;
		o->t.is_given = false;
		return !is_punct(p, ',') ||
		       fail(p, "the end: jne, jlt and jle have one target");
	}
	return !accept_punct(p, ',') || take_target(p, &o->f);
}

static void add_insn(struct parser *p, enum isa_op op, const struct operand *o,
		     uint32_t line)
{
	uint32_t at = (uint32_t)count_insns(p);
	struct link_insn insn = { .line = line };

	insn.insn.code = isa_rows[op].code;
	insn.insn.k = o->k;
	if (CODE_CLASS(insn.insn.code) == CLASS_JMP) {
		insn.has_targets = true;
		refer(p, &insn, at, &o->t, false);
		if (o->form != FORM_JA)
			refer(p, &insn, at, &o->f, true);
	}
	buf_put(&p->insns, &insn, sizeof(insn));
}

static void parse_insn(struct parser *p)
{
	struct token first = p->token;
	const struct mnemonic *m = find_mnemonic(&first);
	struct operand o = { .form = FORM_NONE };
	const char *row;
	enum isa_op op;

	if (!m) {
		fail(p, "an instruction or a label");
		return;
	}
	row = m->row;
	advance(p);
	if (is_jump(m)) {
		if (!take_jump(p, m, &o))
			return;
	} else if (m->expected) {
		struct token operand = p->token;

		if (!take_operand(p, &o, m->is_bare, m->expected))
			return;
		if (o.form == FORM_MSH && strcmp(row, "ldx") == 0)
			row = "ldxb";
		op = isa_find_text(row, strlen(row), o.form);
		/* ldi and ldxi take nothing but a number */
		if (op == OP_BAD || (m->is_bare && o.form != FORM_K)) {
			fail_at(p, &operand, CBPF_E_SYNTAX, m->expected);
			return;
		}
		add_insn(p, op, &o, first.line);
		return;
	}
	op = isa_find_text(row, strlen(row), o.form);
	cbpf_assert(op != OP_BAD);
	add_insn(p, op, &o, first.line);
}

static bool take_field(struct parser *p, uint32_t *value, uint32_t max)
{
	struct token token = p->token;
	struct cbpf_diag diag;

	if (!take_number(p, value, "a number"))
		return false;
	if (*value <= max)
		return true;
	diag = diag_at(&token, CBPF_E_RANGE);
	diag.a = max;
	reading_note(p->r, &diag);
	p->is_panicking = true;
	p->panic_line = token.line;
	return false;
}

/* .raw code, jt, jf, k: an instruction as it is, junk included. */
static void parse_raw(struct parser *p)
{
	struct link_insn insn = { .line = p->token.line };
	uint32_t field[4] = { 0 };

	advance(p);
	for (int i = 0; i < 4; i++) {
		if (i > 0 && !expect_punct(p, ',', "code, jt, jf, k"))
			return;
		if (!take_field(p, &field[i], text_field_max[i]))
			return;
	}
	insn.insn = text_insn(field);
	buf_put(&p->insns, &insn, sizeof(insn));
}

static bool is_label_here(const struct parser *p)
{
	struct lexer ahead = p->lex;
	struct token next;

	if (p->token.kind != TOKEN_WORD)
		return false;
	next = lex_next(&ahead);
	return next.kind == TOKEN_PUNCT && next.value == ':';
}

static void skip_panic(struct parser *p)
{
	while (p->token.kind != TOKEN_END && p->token.line <= p->panic_line)
		advance(p);
	p->is_panicking = false;
}

/* `neg #5`: what looks like an operand is a comment, and maybe not meant. */
static void warn_of_operand(struct parser *p)
{
	struct lexer ahead = p->lex;
	struct token next = lex_next(&ahead);

	if (next.text != p->token.text + 1)
		return;
	if (next.kind == TOKEN_NUMBER ||
	    (next.kind == TOKEN_WORD && isa_ext_named(next.text, next.len))) {
		next.text--;
		next.len++;
		next.column--;
		warn_at(p, &next, CBPF_E_COMMENT);
	}
}

static void parse_statement(struct parser *p, struct token *last_label)
{
	if (is_punct(p, '#')) { /* a comment behind an instruction */
		warn_of_operand(p);
		lex_skip_line(&p->lex);
		advance(p);
	} else if (is_label_here(p)) {
		*last_label = p->token;
		define_label(p, &p->token);
		advance(p);
		advance(p);
	} else {
		last_label->kind = TOKEN_END;
		if (is_word(p, ".raw"))
			parse_raw(p);
		else
			parse_insn(p);
	}
	if (p->is_panicking)
		skip_panic(p);
}

/* ---- the whole --------------------------------------------------------- */

static void resolve_references(struct parser *p)
{
	struct link_insn *insns = (void *)p->insns.at;
	const struct reference *refs = (void *)p->references.at;
	size_t n = p->references.len / sizeof(*refs);

	for (size_t i = 0; i < n; i++) {
		const struct token *token = &refs[i].token;
		const struct label *label =
			labels_find(&p->labels, token->text, token->len);

		if (!label)
			fail_at(p, token, CBPF_E_LABEL, NULL);
		else if (refs[i].is_false)
			insns[refs[i].insn].f = label->at;
		else
			insns[refs[i].insn].t = label->at;
	}
}

/* The conditional jump `at` leads up: told at the label that it names. */
static void fail_back(struct parser *p, uint32_t at)
{
	const struct link_insn *insn =
		(const struct link_insn *)(void *)p->insns.at + at;
	const struct reference *refs = (void *)p->references.at;
	size_t n = p->references.len / sizeof(*refs);

	for (size_t i = 0; i < n; i++) {
		uint32_t to = refs[i].is_false ? insn->f : insn->t;

		if (refs[i].insn != at || to > at)
			continue;
		fail_at(p, &refs[i].token, CBPF_E_JUMP_BACK, NULL);
		return;
	}
	cbpf_never("only a label leads up");
}

static void link_all(struct parser *p)
{
	const struct link_insn *insns = (void *)p->insns.at;
	struct cbpf_insn *out;
	uint32_t *lines;
	size_t n, at;
	enum cbpf_err err = link_insns(insns, count_insns(p), false,
				       &p->r->insns.mem, &out, &lines, &n, &at);

	if (err != CBPF_OK) {
		struct cbpf_diag diag = dg_make(err, 0, 0);

		if (err == CBPF_E_JUMP_BACK)
			fail_back(p, (uint32_t)at);
		else
			reading_note(p->r, &diag);
		return;
	}
	for (size_t i = 0; i < n; i++)
		reading_add(p->r, &out[i], lines[i]);
	mem_free(&p->r->insns.mem, out, n * sizeof(*out));
	mem_free(&p->r->insns.mem, lines, n * sizeof(*lines));
}

void asm_read(struct reading *r)
{
	const struct cbpf_mem *mem = &r->insns.mem;
	struct parser p = { .r = r,
			    .lex = lex_new(r->text, r->size),
			    .labels = labels_new(mem),
			    .insns = buf_new(mem),
			    .references = buf_new(mem) };
	struct token last_label = { .kind = TOKEN_END };

	advance(&p);
	while (p.labels.buckets && p.token.kind != TOKEN_END &&
	       count_insns(&p) <= TEXT_INSNS_MAX)
		parse_statement(&p, &last_label);
	if (!p.labels.buckets || p.insns.is_broken || p.references.is_broken) {
		fail_at(&p, &p.token, CBPF_E_NOMEM, NULL);
	} else if (p.token.kind != TOKEN_END) {
		struct cbpf_diag diag =
			dg_make(CBPF_E_TOO_MANY, TEXT_INSNS_MAX, 0);

		reading_note(r, &diag);
	} else {
		if (last_label.kind != TOKEN_END)
			fail_at(&p, &last_label, CBPF_E_LABEL_LAST, NULL);
		if (count_insns(&p) == 0 && r->first == CBPF_OK)
			fail_at(&p, &p.token, CBPF_E_SYNTAX, "an instruction");
		if (p.lex.open_line) {
			struct token open = { .kind = TOKEN_PUNCT,
					      .text = "/*",
					      .len = 2,
					      .line = p.lex.open_line,
					      .column = p.lex.open_column };

			fail_at(&p, &open, CBPF_E_SYNTAX,
				"*/ somewhere behind");
		}
		resolve_references(&p);
		r->n_understood = count_insns(&p);
		if (r->first == CBPF_OK)
			link_all(&p);
	}
	buf_free(&p.insns);
	buf_free(&p.references);
	labels_free(&p.labels);
}
