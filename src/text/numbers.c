/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs as bare numbers: tcpdump -dd (C initialisers), tcpdump -ddd (a
 * count and decimal lines), and raw bytes in either order.
 */
#include "base/bytes.h"
#include "text/scan.h"

#define INSN_SIZE 8

/* ---- dd ---------------------------------------------------------------- */

/* Four numbers with separators between: an instruction of a listing. */
static bool scan_fields(struct scan *s, struct cbpf_insn *insn, bool is_c)
{
	static const uint32_t max[4] = { UINT16_MAX, UINT8_MAX, UINT8_MAX,
					 UINT32_MAX };
	uint32_t field[4];

	for (int i = 0; i < 4; i++) {
		scan_space(s, is_c);
		if (i > 0 && is_c) {
			if (!scan_accept(s, ","))
				return scan_fail(s, ", and code, jt, jf, k");
			scan_space(s, is_c);
		}
		if (!scan_number(s, is_c, is_c && i == 3, max[i], &field[i]))
			return false;
	}
	insn->code = (uint16_t)field[0];
	insn->jt = (uint8_t)field[1];
	insn->jf = (uint8_t)field[2];
	insn->k = field[3];
	return true;
}

void dd_read(struct reading *r)
{
	struct scan s = scan_new(r);
	struct cbpf_insn insn;

	for (scan_space(&s, true); !scan_is_end(&s); scan_space(&s, true)) {
		uint32_t line = s.line;
		bool is_whole;

		is_whole = scan_accept(&s, "{") || scan_fail(&s, "{");
		is_whole = is_whole && scan_fields(&s, &insn, true);
		if (is_whole) {
			scan_space(&s, true);
			if (scan_accept(&s, ","))
				scan_space(&s, true);
			is_whole = scan_accept(&s, "}") || scan_fail(&s, "}");
		}
		if (!is_whole) {
			scan_skip_line(&s);
			continue;
		}
		reading_add(r, &insn, line);
		scan_space(&s, true);
		scan_accept(&s, ",");
	}
	if (reading_count(r) == 0 && r->first == CBPF_OK)
		scan_fail(&s, "{");
}

void dd_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_print(out, "{ 0x%x, %u, %u, 0x%08x },\n", insns[i].code,
			  insns[i].jt, insns[i].jf, insns[i].k);
}

/* ---- ddd --------------------------------------------------------------- */

void ddd_read(struct reading *r)
{
	struct scan s = scan_new(r);
	struct cbpf_insn insn;
	uint32_t count;

	scan_space(&s, true);
	if (!scan_number(&s, false, false, UINT32_MAX, &count))
		return;
	for (scan_space(&s, true); !scan_is_end(&s); scan_space(&s, true)) {
		uint32_t line = s.line;

		if (!scan_fields(&s, &insn, false)) {
			scan_skip_line(&s);
			continue;
		}
		reading_add(r, &insn, line);
		scan_space(&s, false);
		if (!scan_is_end(&s) && *s.at != '\n') {
			scan_fail(&s, "the end of the line");
			scan_skip_line(&s);
		}
	}
	if (r->first == CBPF_OK && reading_count(r) != count) {
		s = scan_new(r);
		scan_report(&s, CBPF_E_COUNT, count, reading_count(r));
	}
}

void ddd_write(struct buf *out, const struct cbpf_insn *insns, size_t n)
{
	buf_print(out, "%zu\n", n);
	for (size_t i = 0; i < n; i++)
		buf_print(out, "%u %u %u %u\n", insns[i].code, insns[i].jt,
			  insns[i].jf, insns[i].k);
}

/* ---- raw --------------------------------------------------------------- */

static void read_raw(struct reading *r, bool is_big)
{
	const uint8_t *p = (const uint8_t *)r->text;
	struct cbpf_diag diag = dg_make(CBPF_E_RAW_SIZE, r->size, 0);

	if (r->size % INSN_SIZE != 0 || r->size == 0) {
		reading_note(r, &diag);
		return;
	}
	for (size_t i = 0; i < r->size; i += INSN_SIZE, p += INSN_SIZE) {
		struct cbpf_insn insn = { is_big ? by_be16(p) : by_le16(p),
					  p[2], p[3],
					  is_big ? by_be32(p + 4)
						 : by_le32(p + 4) };

		reading_add(r, &insn, 0);
	}
}

static void write_raw(struct buf *out, const struct cbpf_insn *insns, size_t n,
		      bool is_big)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t p[INSN_SIZE] = { 0, 0, insns[i].jt, insns[i].jf };

		if (is_big) {
			by_put_be16(p, insns[i].code);
			by_put_be32(p + 4, insns[i].k);
		} else {
			by_put_le16(p, insns[i].code);
			by_put_le32(p + 4, insns[i].k);
		}
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
