/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A count and as many instructions in decimal: tcpdump -ddd, bpf_asm's line,
 * the --bytecode of iptables -m bpf, the bytecode of tc. They differ in what
 * stands between the instructions and behind the last:
 *
 *	ddd	line ends		2\n0 0 0 7\n6 0 0 1\n
 *	bpfasm	a comma behind each	2,0 0 0 7,6 0 0 1,\n
 *	xt, tc	commas between		2,0 0 0 7,6 0 0 1
 *
 * All are read alike, with commas or line ends: the tools themselves read
 * with %hu %hhu %hhu %u, so a number that does not fit wraps there, 0x10 is 0
 * and what follows is passed over; here each of these is an error. A list may
 * stand in what iptables-save or `tc filter show` print around it.
 */
#include <string.h>

#include "text/scan.h"

static void write_list(struct buf *out, const struct cbpf_insn *insns, size_t n,
		       const char *between, const char *end)
{
	buf_print(out, "%zu%s", n, n ? between : "");
	for (size_t i = 0; i < n; i++)
		buf_print(out, "%u %u %u %u%s", insns[i].code, insns[i].jt,
			  insns[i].jf, insns[i].k, i + 1 < n ? between : "");
	buf_print(out, "%s", end);
}

void ddd_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_list(out, insns, n, "\n", "\n");
}

void bpfasm_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_list(out, insns, n, ",", ",\n");
}

void bytecode_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_list(out, insns, n, ",", "\n");
}

/* ---- reading ----------------------------------------------------------- */

/* Goes to the quoted list behind `bytecode`, if there is one. */
static bool find_bytecode(struct scan *s)
{
	static const char word[] = "bytecode";

	for (; !scan_is_end(s); s->at++) {
		struct scan ahead = *s;

		if (*s->at == '\n') {
			s->line_start = s->at + 1;
			s->line++;
		}
		if (!scan_accept(&ahead, word))
			continue;
		scan_space(&ahead, false);
		if (!scan_is_end(&ahead) &&
		    (*ahead.at == '"' || *ahead.at == '\'')) {
			*s = ahead;
			return true;
		}
	}
	return false;
}

/*
 * Narrows the text to the list: all of it, or what is in quotes. Two lists
 * would be two programs; what a tool prints around its list is passed over.
 */
static bool find_list(struct scan *s)
{
	struct scan begin, rest;
	const char *close;
	bool is_bare;

	scan_blank(s);
	begin = *s;
	if (!scan_is_end(s) && *s->at >= '0' && *s->at <= '9')
		return true;
	is_bare = !scan_is_end(s) && (*s->at == '"' || *s->at == '\'');
	if (!is_bare && !find_bytecode(s))
		return scan_fail(&begin, "the number of instructions");
	close = memchr(s->at + 1, *s->at, (size_t)(s->end - s->at - 1));
	if (!close)
		return scan_fail(s, "a closing quote behind the list");
	rest = *s;
	rest.at = close + 1;
	if (is_bare) {
		scan_blank(&rest);
		if (!scan_is_end(&rest))
			return scan_fail(&rest, "the end of the text");
	} else if (find_bytecode(&rest)) {
		return scan_fail(&rest, "one program, and this is another");
	}
	s->at++;
	s->end = close;
	return true;
}

/* A comma, a line end, or both, and blanks: false at the end. */
static bool next_item(struct scan *s)
{
	bool has_comma;

	scan_space(s, false);
	if (scan_is_end(s))
		return false;
	has_comma = scan_accept(s, ",");
	scan_space(s, false);
	if (!has_comma && *s->at != '\n')
		return scan_fail(s, "a comma or the end of the line");
	scan_blank(s);
	return !scan_is_end(s);
}

void list_read(struct reading *r)
{
	struct scan s = scan_new(r), count_at;
	struct cbpf_insn insn;
	uint32_t count, line;

	if (!find_list(&s))
		return;
	scan_blank(&s);
	count_at = s;
	if (!scan_number(&s, false, false, UINT32_MAX, &count))
		return;
	if (count == 0) {
		scan_fail(&count_at, "a number of instructions, at least one");
		return;
	}
	while (r->first == CBPF_OK && next_item(&s)) {
		line = s.line;
		if (scan_insn(&s, &insn))
			reading_add(r, &insn, line);
	}
	if (r->first == CBPF_OK && reading_count(r) != count)
		scan_report(&count_at, CBPF_E_COUNT, count, reading_count(r));
}
