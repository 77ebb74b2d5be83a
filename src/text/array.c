/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C arrays of instructions: tcpdump -dd, bpf_asm -c, bpf_dbg's dump, and what
 * people write by hand, with or without the declaration around it.
 *
 *	{ 0x28, 0, 0, 0x0000000c },
 *	{ .code = BPF_RET | BPF_K, .k = 0 },
 *	BPF_STMT(BPF_LD + BPF_H + BPF_ABS, 12),
 *	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x800, 0, 3),
 *
 * Values are constant expressions as C has them (decimal, hexadecimal, octal;
 * operators by precedence with two stacks, Dijkstra's shunting yard), over the
 * names of constants.def and offsetof(struct seccomp_data, ...). What is not
 * known here, as __NR_read, depends on a machine and is refused.
 */
#include <ctype.h>
#include <string.h>

#include "text/scan.h"

void dd_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_print(out, "{ 0x%x, %u, %u, 0x%08x },\n", insns[i].code,
			  insns[i].jt, insns[i].jf, insns[i].k);
}

/* Zero has no 0x: the # flag leaves it out. */
void c_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_print(out, "{ %#04x, %2u, %2u, %#010x },\n", insns[i].code,
			  insns[i].jt, insns[i].jf, insns[i].k);
}

void dbg_dump_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	buf_print(out, "/* { op, jt, jf, k }, */\n");
	c_write(out, insns, n);
}

/* ---- constant expressions ---------------------------------------------- */

static const struct {
	const char *name;
	uint32_t value;
} constants[] = {
#define CONSTANT(name, value) { #name, value },
#include "text/constants.def"
#undef CONSTANT
#define ACTION(name, value) { "SECCOMP_RET_" #name, value },
#include "isa/actions.def"
#undef ACTION
};

#define DEPTH_MAX 32 /* of parentheses and pending operators */

/*
 * n is the minus of one operand; < and > are << and >>; b, h and w are casts
 * to unsigned types of 8, 16 and 32 bits, i to int, l to long.
 */
struct expression {
	int64_t values[DEPTH_MAX];
	unsigned n_values;
	char operators[DEPTH_MAX];
	unsigned n_operators;
	bool is_too_large; /* of 64 bits, on the way */
};

/* Higher binds tighter; 0 is a parenthesis. */
static int precedence(char op)
{
	static const char *const levels[] = { "|",  "^", "&",	   "<>",
					      "+-", "*", "n~bhwil" };

	for (size_t i = 0; i < CBPF_COUNT(levels); i++)
		if (strchr(levels[i], op))
			return (int)i + 1;
	return 0;
}

static bool is_unary(char op)
{
	return strchr("n~bhwil", op) != NULL;
}

/* Shifts by what C leaves undefined count as too large. */
static int64_t compute(struct expression *e, char op, int64_t a, int64_t b)
{
	int64_t value = 0;
	bool is_wrong = false;

	switch (op) {
	case '*':
		is_wrong = __builtin_mul_overflow(a, b, &value);
		break;
	case '+':
		is_wrong = __builtin_add_overflow(a, b, &value);
		break;
	case 'n':
		/* of what is no int the result is unsigned too */
		return b > INT32_MAX ? (int64_t)(uint32_t)-b : -b;
	case '-':
		is_wrong = __builtin_sub_overflow(a, b, &value);
		break;
	case '~':
		return b > INT32_MAX ? (int64_t)(uint32_t)~b : ~b;
	case 'i':
		return (int32_t)(uint32_t)b;
	case 'l':
		return b;
	case 'b':
		return b & UINT8_MAX;
	case 'h':
		return b & UINT16_MAX;
	case 'w':
		return b & UINT32_MAX;
	case '<':
	case '>':
		is_wrong = a < 0 || a > UINT32_MAX || b < 0 || b > 31;
		if (!is_wrong)
			value = op == '<' ? a << b : a >> b;
		break;
	case '&':
		return a & b;
	case '^':
		return a ^ b;
	default:
		return a | b;
	}
	e->is_too_large |= is_wrong;
	return value;
}

static void apply_last(struct expression *e)
{
	char op = e->operators[--e->n_operators];
	int64_t b = e->values[--e->n_values];
	int64_t a = is_unary(op) ? 0 : e->values[--e->n_values];

	e->values[e->n_values++] = compute(e, op, a, b);
}

static bool push_operator(struct scan *s, struct expression *e, char op)
{
	if (e->n_operators == DEPTH_MAX)
		return scan_fail(s, "a simpler expression");
	e->operators[e->n_operators++] = op;
	return true;
}

static bool push_value(struct scan *s, struct expression *e, int64_t value)
{
	if (e->n_values == DEPTH_MAX)
		return scan_fail(s, "a simpler expression");
	e->values[e->n_values++] = value;
	return true;
}

/*
 * `(unsigned int)`, `(__u8)`: of several words, unsigned outweighs long, and
 * long int. Signed types narrower than int are not taken: nobody means what
 * they do. Behind a parenthesis; gives the cast's operator, or the parenthesis.
 */
static char accept_cast(struct scan *s)
{
	static const struct {
		const char *name;
		char op;
	} types[] = { { "unsigned", 'w' },  { "int", 'i' },
		      { "long", 'l' },	    { "u_int", 'w' },
		      { "u_int32_t", 'w' }, { "uint32_t", 'w' },
		      { "__u32", 'w' },	    { "bpf_u_int32", 'w' },
		      { "u_short", 'h' },   { "u_int16_t", 'h' },
		      { "uint16_t", 'h' },  { "__u16", 'h' },
		      { "u_char", 'b' },    { "u_int8_t", 'b' },
		      { "uint8_t", 'b' },   { "__u8", 'b' } };
	struct scan ahead = *s;
	size_t i, n_words = 0;
	char op = '(';

	for (;; n_words++) {
		scan_space(&ahead, true);
		for (i = 0; i < CBPF_COUNT(types); i++)
			if (scan_is_word(&ahead, types[i].name))
				break;
		if (i == CBPF_COUNT(types))
			break;
		if (n_words == 0 || op == 'i' || types[i].op == 'w')
			op = types[i].op;
		ahead.at += scan_word(&ahead);
	}
	if (op == 'w' && scan_accept(&ahead, "char"))
		op = 'b';
	else if (op == 'w' && scan_accept(&ahead, "short"))
		op = 'h';
	scan_space(&ahead, true);
	if (n_words == 0 || !scan_accept(&ahead, ")"))
		return '(';
	*s = ahead;
	return op;
}

/* offsetof(struct seccomp_data, args[1]), include/uapi/linux/seccomp.h. */
static bool scan_offsetof(struct scan *s, int64_t *value)
{
	static const char *const before[] = { "offsetof", "(", "struct",
					      "seccomp_data", "," };
	static const struct {
		const char *name;
		uint32_t offset;
	} members[] = { { "nr", CBPF_DATA_NR },
			{ "arch", CBPF_DATA_ARCH },
			{ "instruction_pointer", CBPF_DATA_IP } };
	uint32_t arg;

	for (size_t i = 0; i < CBPF_COUNT(before); i++) {
		scan_space(s, true);
		if (!scan_accept(s, before[i]))
			return scan_fail(
				s, "offsetof(struct seccomp_data, MEMBER)");
	}
	scan_space(s, true);
	*value = -1;
	for (size_t i = 0; i < CBPF_COUNT(members); i++)
		if (scan_is_word(s, members[i].name))
			*value = members[i].offset;
	if (*value >= 0) {
		s->at += scan_word(s);
	} else if (scan_accept(s, "args[")) {
		if (!scan_number(s, true, false, 5, &arg))
			return false;
		*value = CBPF_DATA_ARGS + 8 * (int64_t)arg;
		if (!scan_expect(s, "]"))
			return false;
	} else {
		return scan_fail(s, "a member of struct seccomp_data");
	}
	scan_space(s, true);
	return scan_expect(s, ")");
}

/* A number and its suffix, or a name. */
static bool scan_primary(struct scan *s, int64_t *value)
{
	size_t len = scan_word(s);
	uint32_t number;

	if (len > 0 && isdigit((unsigned char)*s->at)) {
		struct scan digits = *s;

		/* the suffix is no part of the number */
		digits.end = s->at + len;
		while (digits.end > s->at + 1 && strchr("uUlL", digits.end[-1]))
			digits.end--;
		if (!scan_number(&digits, true, false, UINT32_MAX, &number))
			return false;
		s->at += len;
		*value = number;
		return true;
	}
	if (scan_is_word(s, "offsetof"))
		return scan_offsetof(s, value);
	for (size_t i = 0; i < CBPF_COUNT(constants); i++) {
		if (!scan_is_word(s, constants[i].name))
			continue;
		s->at += len;
		*value = constants[i].value;
		return true;
	}
	return scan_fail(s, "a number, or a constant known here");
}

/* An operand with what may stand before it; opening parentheses are kept. */
static bool scan_operand(struct scan *s, struct expression *e)
{
	int64_t value = 0;

	for (;;) {
		scan_space(s, true);
		if (scan_accept(s, "(")) {
			if (!push_operator(s, e, accept_cast(s)))
				return false;
		} else if (scan_accept(s, "-")) {
			if (!push_operator(s, e, 'n'))
				return false;
		} else if (scan_accept(s, "~")) {
			if (!push_operator(s, e, '~'))
				return false;
		} else if (!scan_accept(s, "+")) {
			return scan_primary(s, &value) &&
			       push_value(s, e, value);
		}
	}
}

static char accept_operator(struct scan *s)
{
	static const char *const texts[] = { "<<", ">>", "+", "-",
					     "*",  "|",	 "&", "^" };

	scan_space(s, true);
	for (size_t i = 0; i < CBPF_COUNT(texts); i++)
		if (scan_accept(s, texts[i]))
			return texts[i][0];
	return '\0';
}

/* Closing parentheses that belong to the expression, not to what is around. */
static void close_parentheses(struct scan *s, struct expression *e)
{
	unsigned open = 0;

	for (unsigned i = 0; i < e->n_operators; i++)
		open += e->operators[i] == '(';
	for (scan_space(s, true); open && scan_accept(s, ")");
	     scan_space(s, true), open--) {
		while (e->operators[e->n_operators - 1] != '(')
			apply_last(e);
		e->n_operators--;
	}
}

static bool scan_value(struct scan *s, uint32_t max, uint32_t *out)
{
	struct expression e = { .n_values = 0 };
	struct scan start;
	int64_t value;
	char op = '\0';

	scan_space(s, true);
	start = *s;
	do {
		if (!scan_operand(s, &e))
			return false;
		close_parentheses(s, &e);
		op = accept_operator(s);
		while (e.n_operators &&
		       precedence(e.operators[e.n_operators - 1]) >=
			       (op ? precedence(op) : 1))
			apply_last(&e);
	} while (op && push_operator(s, &e, op));
	if (op)
		return false;
	if (e.n_operators)
		return scan_fail(s, ") or an operator");
	value = e.values[0];
	/* a negative k is what its 32 bits say */
	if (e.is_too_large || value > max ||
	    value < (max == UINT32_MAX ? INT32_MIN : 0)) {
		start.end = s->at;
		return scan_report(&start, CBPF_E_RANGE, max, 0);
	}
	*out = (uint32_t)value;
	return true;
}

/* ---- instructions ------------------------------------------------------ */

/* ` = `, value: behind the dot of a designated initialiser. */
static bool scan_designated(struct scan *s, uint32_t field[4])
{
	static const char *const names[4] = { "code", "jt", "jf", "k" };
	int i = 0;

	while (i < 4 && !scan_is_word(s, names[i]))
		i++;
	if (i == 4)
		return scan_fail(s, "code, jt, jf or k");
	s->at += strlen(names[i]);
	scan_space(s, true);
	return scan_expect(s, "=") &&
	       scan_value(s, text_field_max[i], &field[i]);
}

/* Behind {: four values, or named ones, of which the missing are 0. */
static bool scan_braces(struct scan *s, struct cbpf_insn *insn)
{
	uint32_t field[4] = { 0 };
	int n = 0;

	scan_space(s, true);
	if (scan_accept(s, ".")) {
		do {
			if (!scan_designated(s, field))
				return false;
			if (!scan_accept(s, ","))
				break;
			scan_space(s, true);
		} while (scan_accept(s, "."));
	} else {
		while (n < 4) {
			if (n > 0 && !scan_accept(s, ","))
				return scan_fail(s, ", and code, jt, jf, k");
			if (!scan_value(s, text_field_max[n], &field[n]))
				return false;
			n++;
		}
		scan_accept(s, ",");
	}
	scan_space(s, true);
	*insn = text_insn(field);
	return scan_expect(s, "}");
}

/* BPF_STMT(code, k) and BPF_JUMP(code, k, jt, jf): another order. */
static bool scan_macro(struct scan *s, struct cbpf_insn *insn)
{
	static const unsigned char order[4] = { 0, 3, 1, 2 };
	int n = scan_is_word(s, "BPF_JUMP") ? 4 : 2;
	uint32_t field[4] = { 0 };

	s->at += scan_word(s);
	scan_space(s, true);
	if (!scan_accept(s, "("))
		return scan_fail(s, "( and values");
	for (int i = 0; i < n; i++) {
		if (i > 0 && !scan_accept(s, ","))
			return scan_fail(s, ", and another value");
		if (!scan_value(s, text_field_max[order[i]], &field[order[i]]))
			return false;
	}
	*insn = text_insn(field);
	return scan_expect(s, ")");
}

static bool is_macro(const struct scan *s)
{
	return scan_is_word(s, "BPF_STMT") || scan_is_word(s, "BPF_JUMP");
}

static bool scan_element(struct scan *s, struct cbpf_insn *insn)
{
	if (is_macro(s))
		return scan_macro(s, insn);
	if (!scan_accept(s, "{"))
		return scan_fail(s, "{, BPF_STMT or BPF_JUMP");
	return scan_braces(s, insn);
}

/* ---- the array --------------------------------------------------------- */

/* A line of the preprocessor; one that goes on in the next is refused. */
static bool skip_directive(struct scan *s)
{
	struct scan start = *s;
	const char *end;

	while (!scan_is_end(s) && *s->at != '\n') {
		if (scan_accept(s, "/*"))
			return scan_fail(&start, "no comment in this line");
		s->at++;
	}
	end = s->at; /* behind the directive's name at least */
	while (end[-1] == '\r' || end[-1] == ' ')
		end--;
	if (end[-1] == '\\')
		return scan_fail(&start, "a line that ends where it ends");
	scan_skip_line(s);
	return true;
}

/*
 * Blanks, comments, and lines of the preprocessor that leave the program as it
 * stands. Of two branches of an #if, nobody here knows which counts.
 */
static bool skip_between(struct scan *s)
{
	static const char *const passed[] = { "include", "define", "pragma" };
	size_t i;

	for (scan_space(s, true); !scan_is_end(s) && *s->at == '#';
	     scan_space(s, true)) {
		struct scan start = *s;

		s->at++;
		scan_space(s, false);
		for (i = 0; i < CBPF_COUNT(passed); i++)
			if (scan_is_word(s, passed[i]))
				break;
		if (i == CBPF_COUNT(passed))
			return scan_fail(&start,
					 "a program that no #if changes");
		if (!skip_directive(s))
			return false;
	}
	return true;
}

/* Passes a declaration up to its brace; *bound is the array's, if it has one.
 */
static bool skip_declaration(struct scan *s, struct scan *bound)
{
	struct scan start = *s;

	while (!scan_is_end(s) && !strchr("={};", *s->at)) {
		if (*s->at == '[') {
			*bound = *s;
			bound->at++;
		}
		if (*s->at == '\n')
			scan_skip_line(s);
		else
			s->at++;
	}
	if (scan_accept(s, "=")) {
		scan_space(s, true);
		if (scan_accept(s, "{"))
			return true;
	}
	return scan_fail(&start, "an array of instructions");
}

/*
 * `struct sock_filter code[] = {`, or the outer brace alone, or nothing: then
 * *is_braced is false. False: an error.
 */
static bool open_array(struct scan *s, bool *is_braced, struct scan *bound)
{
	struct scan inner;

	*is_braced = false;
	if (!skip_between(s))
		return false;
	if (scan_is_end(s) || is_macro(s))
		return true;
	if (*s->at != '{') {
		*is_braced = true;
		return skip_declaration(s, bound);
	}
	inner = *s;
	inner.at++;
	if (!skip_between(&inner))
		return false;
	if (!scan_is_end(&inner) && (*inner.at == '{' || is_macro(&inner))) {
		*is_braced = true;
		*s = inner;
	}
	return true;
}

static bool is_end(const struct scan *s, bool is_braced)
{
	return scan_is_end(s) || (is_braced && *s->at == '}');
}

/*
 * `};` and nothing more; a bound in plain decimal is the array's length. The
 * digits of a bound end before the = behind it.
 */
static void close_array(struct scan *s, struct scan *bound)
{
	struct scan count = *bound;
	uint32_t n = 0;

	for (; bound->r && isdigit((unsigned char)*count.at); count.at++)
		n = n > TEXT_INSNS_MAX ? n
				       : n * 10 + (uint32_t)(*count.at - '0');
	if (count.at != bound->at && *bound->at != '0' &&
	    scan_accept(&count, "]") && n != reading_count(s->r))
		scan_report(bound, CBPF_E_COUNT, n, reading_count(s->r));
	if (!scan_accept(s, "}")) {
		scan_fail(s, "} behind the last instruction");
		return;
	}
	scan_space(s, true);
	scan_accept(s, ";");
	if (skip_between(s) && !scan_is_end(s))
		scan_fail(s, "the end of the text behind the array");
}

void array_read(struct reading *r)
{
	struct scan s = scan_new(r);
	struct cbpf_insn insn;
	struct scan bound = { .r = NULL };
	bool is_braced;

	if (!open_array(&s, &is_braced, &bound))
		return;
	while (skip_between(&s) && !is_end(&s, is_braced)) {
		uint32_t line = s.line;

		if (!scan_element(&s, &insn)) {
			scan_skip_line(&s);
			continue;
		}
		reading_add(r, &insn, line);
		scan_space(&s, true);
		if (!is_end(&s, is_braced) && !scan_accept(&s, ",")) {
			scan_fail(&s, "a comma between instructions");
			scan_skip_line(&s);
		}
	}
	if (is_braced && r->first == CBPF_OK)
		close_array(&s, &bound);
	if (reading_count(r) == 0 && r->first == CBPF_OK)
		scan_fail(&s, "{, BPF_STMT or BPF_JUMP");
}
