/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms a program is written in, as rows; and telling which of them a
 * text is. That is found by reading it: a text means one thing if all readers
 * that take it give the same instructions. A form more is a row more.
 */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "text/text.h"

static const struct {
	const char *name;
	bool is_binary;
	void (*read)(struct reading *r);
	void (*write)(struct buf *out, const struct cbpf_insn *insns, size_t n);
} formats[CBPF_FORMATS] = {
	/* clang-format off */
	[CBPF_FORMAT_AUTO]     = { "auto",     false, NULL,        NULL },
	[CBPF_FORMAT_ASM]      = { "asm",      false, asm_read,    asm_write },
	[CBPF_FORMAT_BPFASM]   = { "bpfasm",   false, list_read,   bpfasm_write },
	[CBPF_FORMAT_C]        = { "c",        false, array_read,  c_write },
	[CBPF_FORMAT_D]        = { "d",        false, image_read,  image_write },
	[CBPF_FORMAT_D110]     = { "d110",     false, image_read,  image_110_write },
	[CBPF_FORMAT_DD]       = { "dd",       false, array_read,  dd_write },
	[CBPF_FORMAT_DDD]      = { "ddd",      false, list_read,   ddd_write },
	[CBPF_FORMAT_DBG]      = { "dbg",      false, dbg_read,    dbg_write },
	[CBPF_FORMAT_DBG_DUMP] = { "dbg-dump", false, array_read,  dbg_dump_write },
	[CBPF_FORMAT_GO]       = { "go",       false, go_read,     go_write },
	[CBPF_FORMAT_XT]       = { "xt",       false, list_read,   bytecode_write },
	[CBPF_FORMAT_TC]       = { "tc",       false, list_read,   bytecode_write },
	[CBPF_FORMAT_RAW]      = { "raw",      true,  raw_read,    raw_write },
	[CBPF_FORMAT_RAW_BE]   = { "raw-be",   true,  raw_be_read, raw_be_write },
	[CBPF_FORMAT_HEX]      = { "hex",      false, hex_read,    hex_write },
	/* clang-format on */
};

const char *cbpf_format_name(enum cbpf_format format)
{
	return (unsigned)format < CBPF_FORMATS ? formats[format].name : NULL;
}

enum cbpf_format cbpf_format_find(const char *name)
{
	int i;

	for (i = 0; i < CBPF_FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			break;
	return (enum cbpf_format)i;
}

bool cbpf_format_is_binary(enum cbpf_format format)
{
	return (unsigned)format < CBPF_FORMATS && formats[format].is_binary;
}

/* ---- recognising ------------------------------------------------------- */

static enum cbpf_format refuse(struct reading *r, const char *candidates)
{
	struct cbpf_diag diag = dg_make(CBPF_E_FORMAT_MANY, 0, 0);

	dg_wordf(&diag, "%s", candidates);
	reading_note(r, &diag);
	return CBPF_FORMAT_AUTO;
}

static enum cbpf_format recognise_bytes(struct reading *r)
{
	if (r->size % sizeof(struct cbpf_insn) != 0)
		return CBPF_FORMAT_RAW; /* whose reader says what is wrong */
	switch (raw_order(r->text, r->size)) {
	case RAW_LITTLE:
		return CBPF_FORMAT_RAW;
	case RAW_BIG:
		return CBPF_FORMAT_RAW_BE;
	default:
		return raw_is_both(r->text, r->size) ? CBPF_FORMAT_RAW
						     : refuse(r, "raw, raw-be");
	}
}

/*
 * Of an instruction, one byte of the code at least is 0: what begins with eight
 * bytes of text is text, whatever comes later.
 */
static bool is_binary(const struct reading *r)
{
	for (size_t i = 0; i < r->size && i < sizeof(struct cbpf_insn); i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c < 9 || (c > 13 && c < 32))
			return true;
	}
	return false;
}

/* A mark that some editors put in front of UTF-8. */
static void skip_byte_order_mark(struct reading *r)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (r->size >= sizeof(mark) - 1 &&
	    memcmp(r->text, mark, sizeof(mark) - 1) == 0) {
		r->text += sizeof(mark) - 1;
		r->size -= sizeof(mark) - 1;
	}
}

/* One for each reader of text; where several read it alike, the first. */
static const enum cbpf_format guesses[] = {
	CBPF_FORMAT_ASM, CBPF_FORMAT_D,	  CBPF_FORMAT_C,   CBPF_FORMAT_DDD,
	CBPF_FORMAT_GO,	 CBPF_FORMAT_DBG, CBPF_FORMAT_HEX,
};

static struct reading try_reading(const struct reading *r,
				  enum cbpf_format format)
{
	struct reading attempt = *r;

	attempt.report = NULL;
	formats[format].read(&attempt);
	return attempt;
}

/* Without memory nothing is known of a form: neither yes nor no. */
static bool is_starved(const struct reading *r)
{
	return r->first == CBPF_E_NOMEM || r->insns.is_broken ||
	       r->lines.is_broken;
}

/* Of readings without an error, which have an instruction at least. */
static bool is_same(const struct reading *a, const struct reading *b)
{
	return a->insns.len == b->insns.len &&
	       memcmp(a->insns.at, b->insns.at, a->insns.len) == 0;
}

static bool is_further(const struct reading *a, const struct reading *b)
{
	if (a->n_understood != b->n_understood)
		return a->n_understood > b->n_understood;
	if (a->first_line != b->first_line)
		return a->first_line > b->first_line;
	return a->first_column > b->first_column;
}

/* The form that a text is, or, where it is none, the likeliest. */
static enum cbpf_format recognise(struct reading *r)
{
	enum cbpf_format found = CBPF_FORMAT_AUTO, likely = CBPF_FORMAT_ASM;
	struct reading first = *r, furthest = *r;
	bool is_many = false, is_short = false;
	char names[80] = "";

	if (is_binary(r))
		return recognise_bytes(r);
	for (size_t i = 0; i < CBPF_COUNT(guesses); i++) {
		struct reading attempt = try_reading(r, guesses[i]);

		is_short |= is_starved(&attempt);
		if (is_further(&attempt, &furthest)) {
			furthest = attempt;
			likely = guesses[i];
		}
		if (attempt.first == CBPF_OK) {
			is_many |= found != CBPF_FORMAT_AUTO &&
				   !is_same(&first, &attempt);
			snprintf(names + strlen(names),
				 sizeof(names) - strlen(names), "%s%s",
				 *names ? ", " : "", formats[guesses[i]].name);
		}
		if (attempt.first == CBPF_OK && found == CBPF_FORMAT_AUTO) {
			found = guesses[i];
			first = attempt;
			continue;
		}
		buf_free(&attempt.insns);
		buf_free(&attempt.lines);
	}
	if (found != CBPF_FORMAT_AUTO) {
		buf_free(&first.insns);
		buf_free(&first.lines);
	}
	if (is_short) {
		struct cbpf_diag diag = dg_make(CBPF_E_NOMEM, 0, 0);

		reading_note(r, &diag);
		return CBPF_FORMAT_AUTO;
	}
	if (is_many)
		return refuse(r, names);
	return found != CBPF_FORMAT_AUTO ? found : likely;
}

/* ---- reading and writing ----------------------------------------------- */

const uint32_t text_field_max[4] = { UINT16_MAX, UINT8_MAX, UINT8_MAX,
				     UINT32_MAX };

struct cbpf_insn text_insn(const uint32_t field[4])
{
	return (struct cbpf_insn){ (uint16_t)field[0], (uint8_t)field[1],
				   (uint8_t)field[2], field[3] };
}

void reading_note(struct reading *r, struct cbpf_diag *diag)
{
	/* instructions that had no room are not missing from the text */
	if (is_starved(r))
		*diag = dg_make(CBPF_E_NOMEM, 0, 0);
	dg_add(r->report, diag);
	if (diag->is_warning || r->first != CBPF_OK)
		return;
	r->first = diag->code;
	r->first_line = diag->line;
	r->first_column = diag->column;
}

void reading_add(struct reading *r, const struct cbpf_insn *insn, uint32_t line)
{
	if (reading_count(r) == TEXT_INSNS_MAX) {
		struct cbpf_diag diag =
			dg_make(CBPF_E_TOO_MANY, TEXT_INSNS_MAX, 0);

		if (r->first != CBPF_E_TOO_MANY)
			reading_note(r, &diag);
		return;
	}
	r->n_understood++;
	buf_put(&r->insns, insn, sizeof(*insn));
	if (line)
		buf_put(&r->lines, &line, sizeof(line));
}

size_t reading_count(const struct reading *r)
{
	return r->insns.len / sizeof(struct cbpf_insn);
}

/* Hands over what was read; the buffers are empty afterwards. */
static enum cbpf_err take_code(struct reading *r, struct cbpf_code *code)
{
	struct cbpf_diag diag = dg_make(CBPF_E_NOMEM, 0, 0);
	size_t n = reading_count(r);
	bool has_lines = r->lines.len != 0;

	if (!r->insns.is_broken && !r->lines.is_broken) {
		code->insns = mem_copy(&code->mem, r->insns.at, r->insns.len);
		if (has_lines)
			code->lines =
				mem_copy(&code->mem, r->lines.at, r->lines.len);
		if (code->insns && (code->lines || !has_lines)) {
			code->n = n;
			return CBPF_OK;
		}
	}
	mem_free(&code->mem, code->insns, r->insns.len);
	mem_free(&code->mem, code->lines, r->lines.len);
	code->insns = NULL;
	code->lines = NULL;
	reading_note(r, &diag);
	return CBPF_E_NOMEM;
}

enum cbpf_err cbpf_text_read(enum cbpf_format format, const void *text,
			     size_t size, const struct cbpf_mem *mem,
			     struct cbpf_code *code, struct cbpf_report *report)
{
	struct reading r = { .text = text,
			     .size = size,
			     .report = report,
			     .is_guess = format == CBPF_FORMAT_AUTO,
			     .insns = buf_new(mem),
			     .lines = buf_new(mem) };
	struct cbpf_diag diag = dg_make(CBPF_E_ARGUMENT, 0, 0);
	enum cbpf_err err;

	memset(code, 0, sizeof(*code));
	code->mem = mem_or_libc(mem);
	if ((unsigned)format >= CBPF_FORMATS) {
		dg_wordf(&diag, "there is no format %d", (int)format);
		return dg_add(report, &diag);
	}
	if (!formats[format].is_binary)
		skip_byte_order_mark(&r);
	if (format == CBPF_FORMAT_AUTO)
		format = recognise(&r);
	code->format = format;
	if (format != CBPF_FORMAT_AUTO)
		formats[format].read(&r);
	err = r.first;
	if (err == CBPF_OK)
		err = take_code(&r, code);
	buf_free(&r.insns);
	buf_free(&r.lines);
	return err;
}

void cbpf_code_free(struct cbpf_code *code)
{
	if (!code)
		return;
	mem_free(&code->mem, code->insns, code->n * sizeof(*code->insns));
	mem_free(&code->mem, code->lines, code->n * sizeof(*code->lines));
	code->insns = NULL;
	code->lines = NULL;
	code->n = 0;
}

enum cbpf_err cbpf_text_write(enum cbpf_format format,
			      const struct cbpf_insn *insns, size_t n,
			      const struct cbpf_mem *mem, char **text,
			      size_t *size)
{
	struct buf out = buf_new(mem);

	*text = NULL;
	*size = 0;
	if ((unsigned)format >= CBPF_FORMATS || !formats[format].write)
		return CBPF_E_ARGUMENT;
	formats[format].write(&out, insns, n);
	*text = buf_take(&out, size);
	return *text ? CBPF_OK : CBPF_E_NOMEM;
}

/* The fields of an instruction that came back otherwise, in words. */
static void name_losses(struct cbpf_diag *diag, const struct cbpf_insn *was,
			const struct cbpf_insn *is)
{
	char fields[4][24] = { "" };

	if (!is) {
		dg_wordf(diag, "the instruction, code 0x%x", was->code);
		return;
	}
	if (was->code != is->code)
		snprintf(fields[0], sizeof(fields[0]), " code 0x%x", was->code);
	if (was->jt != is->jt)
		snprintf(fields[1], sizeof(fields[1]), " jt %u", was->jt);
	if (was->jf != is->jf)
		snprintf(fields[2], sizeof(fields[2]), " jf %u", was->jf);
	if (was->k != is->k)
		snprintf(fields[3], sizeof(fields[3]), " k 0x%x", was->k);
	dg_wordf(diag, "the instruction's%s%s%s%s", fields[0], fields[1],
		 fields[2], fields[3]);
}

/*
 * What was written against what could be read of it. Only listings lose
 * anything, and they have an instruction a line: the line tells which.
 */
static enum cbpf_err compare_lines(const struct reading *back,
				   const struct cbpf_insn *insns, size_t n,
				   struct cbpf_report *report)
{
	const struct cbpf_insn *read = (void *)back->insns.at;
	const uint32_t *lines = (void *)back->lines.at;
	size_t at = 0, n_read = reading_count(back);
	enum cbpf_err first = CBPF_OK;

	for (size_t pc = 0; pc < n; pc++) {
		struct cbpf_diag diag = dg_make(CBPF_E_LOST, 0, 0);
		const struct cbpf_insn *is = NULL;

		if (at < n_read && (!lines || lines[at] == pc + 1))
			is = &read[at++];
		if (is && memcmp(is, &insns[pc], sizeof(*is)) == 0)
			continue;
		diag.pc = (uint32_t)pc;
		diag.is_warning = true;
		name_losses(&diag, &insns[pc], is);
		first = dg_add(report, &diag);
	}
	return first;
}

enum cbpf_err cbpf_text_losses(enum cbpf_format format,
			       const struct cbpf_insn *insns, size_t n,
			       const struct cbpf_mem *mem,
			       struct cbpf_report *report)
{
	struct reading r = { .insns = buf_new(mem), .lines = buf_new(mem) };
	struct buf out = buf_new(mem);
	enum cbpf_err err = CBPF_OK;

	if ((unsigned)format >= CBPF_FORMATS || !formats[format].write)
		return CBPF_E_ARGUMENT;
	formats[format].write(&out, insns, n);
	r.text = out.at ? out.at : "";
	r.size = out.len;
	if (!out.is_broken)
		formats[format].read(&r);
	if (out.is_broken || r.insns.is_broken || r.lines.is_broken ||
	    r.first == CBPF_E_NOMEM)
		err = CBPF_E_NOMEM;
	else if (r.first != CBPF_OK || r.insns.len != n * sizeof(*insns) ||
		 memcmp(r.insns.at, insns, r.insns.len) != 0)
		err = compare_lines(&r, insns, n, report);
	buf_free(&out);
	buf_free(&r.insns);
	buf_free(&r.lines);
	return err;
}

void cbpf_text_free(char *text, size_t size, const struct cbpf_mem *mem)
{
	struct cbpf_mem own = mem_or_libc(mem);

	mem_free(&own, text, size + 1);
}
