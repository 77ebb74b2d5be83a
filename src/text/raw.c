/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs as bytes: struct sock_filter one after another, in either byte
 * order, and the little-endian ones as hexadecimal digits.
 */
#include <ctype.h>

#include "base/bytes.h"
#include "text/scan.h"

#define INSN_SIZE 8

static void get_insn(struct cbpf_insn *insn, const uint8_t *p, bool is_big)
{
	insn->code = is_big ? by_be16(p) : by_le16(p);
	insn->jt = p[2];
	insn->jf = p[3];
	insn->k = is_big ? by_be32(p + 4) : by_le32(p + 4);
}

static void put_insn(uint8_t *p, const struct cbpf_insn *insn, bool is_big)
{
	p[2] = insn->jt;
	p[3] = insn->jf;
	if (is_big) {
		by_put_be16(p, insn->code);
		by_put_be32(p + 4, insn->k);
	} else {
		by_put_le16(p, insn->code);
		by_put_le32(p + 4, insn->k);
	}
}

static void read_raw(struct reading *r, bool is_big)
{
	const uint8_t *p = (const uint8_t *)r->text;
	struct cbpf_diag diag = dg_make(CBPF_E_RAW_SIZE, r->size, 0);
	struct cbpf_insn insn;

	if (r->size % INSN_SIZE != 0 || r->size == 0) {
		reading_note(r, &diag);
		return;
	}
	for (size_t i = 0; i < r->size; i += INSN_SIZE) {
		get_insn(&insn, p + i, is_big);
		reading_add(r, &insn, 0);
	}
}

static void write_raw(struct buf *out, const struct cbpf_insn *insns, size_t n,
		      bool is_big)
{
	uint8_t p[INSN_SIZE];

	for (size_t i = 0; i < n; i++) {
		put_insn(p, &insns[i], is_big);
		buf_put(out, p, sizeof(p));
	}
}

void raw_read(struct reading *r)
{
	read_raw(r, false);
}

void raw_be_read(struct reading *r)
{
	read_raw(r, true);
}

void raw_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_raw(out, insns, n, false);
}

void raw_be_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	write_raw(out, insns, n, true);
}

/*
 * Codes are below 256, so one of the two bytes of each is 0: which one it is
 * tells the byte order.
 */
enum raw_order raw_order(const char *bytes, size_t size)
{
	bool may_be_little = true, may_be_big = true;

	for (size_t i = 0; i + 1 < size; i += INSN_SIZE) {
		may_be_little &= bytes[i + 1] == 0;
		may_be_big &= bytes[i] == 0;
	}
	if (may_be_little == may_be_big)
		return RAW_UNKNOWN;
	return may_be_little ? RAW_LITTLE : RAW_BIG;
}

bool raw_is_both(const char *bytes, size_t size)
{
	for (size_t i = 0; i + INSN_SIZE <= size; i += INSN_SIZE)
		if (bytes[i] != bytes[i + 1] || bytes[i + 4] != bytes[i + 7] ||
		    bytes[i + 5] != bytes[i + 6])
			return false;
	return true;
}

/* ---- hexadecimal digits ------------------------------------------------- */

static int digit_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* Two digits; between bytes stand blanks, line ends or colons, or nothing. */
static bool scan_byte(struct scan *s, uint8_t *byte)
{
	int high = digit_of(*s->at), low;

	if (high < 0)
		return scan_fail(s, "two hexadecimal digits");
	s->at++;
	low = scan_is_end(s) ? -1 : digit_of(*s->at);
	if (low < 0)
		return scan_fail(s, "the second digit of a byte");
	s->at++;
	*byte = (uint8_t)(high << 4 | low);
	return true;
}

static void skip_separators(struct scan *s)
{
	do
		scan_blank(s);
	while (scan_accept(s, ":"));
}

/* All bytes, and the line on which each instruction begins. */
static void collect_bytes(struct scan *s, struct buf *bytes, struct buf *lines)
{
	uint8_t byte;

	for (skip_separators(s); !scan_is_end(s); skip_separators(s)) {
		if (bytes->len % INSN_SIZE == 0)
			buf_put(lines, &s->line, sizeof(s->line));
		if (!scan_byte(s, &byte))
			return;
		buf_put(bytes, &byte, sizeof(byte));
		s->r->insns.is_broken |= bytes->is_broken || lines->is_broken;
	}
	if (bytes->len % INSN_SIZE != 0 || bytes->len == 0)
		scan_report(s, CBPF_E_RAW_SIZE, bytes->len, 0);
}

/*
 * The bytes of `raw`. Where nobody said that they are, digits that can only
 * be big-endian instructions are taken for those.
 */
void hex_read(struct reading *r)
{
	struct scan s = scan_new(r);
	struct buf bytes = buf_new(&r->insns.mem), lines = bytes;
	struct cbpf_insn insn;
	bool is_big;

	collect_bytes(&s, &bytes, &lines);
	is_big = r->is_guess && raw_order(bytes.at, bytes.len) == RAW_BIG;
	for (size_t i = 0; i < bytes.len / INSN_SIZE; i++) {
		if (r->insns.is_broken)
			break;
		get_insn(&insn, (uint8_t *)bytes.at + i * INSN_SIZE, is_big);
		reading_add(r, &insn, ((uint32_t *)(void *)lines.at)[i]);
	}
	buf_free(&bytes);
	buf_free(&lines);
}

void hex_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	uint8_t p[INSN_SIZE];

	for (size_t i = 0; i < n; i++) {
		put_insn(p, &insns[i], false);
		for (size_t b = 0; b < INSN_SIZE; b++)
			buf_print(out, "%02x", p[b]);
		buf_print(out, "\n");
	}
}
