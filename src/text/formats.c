/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms a program is written in, as rows; and telling which of them a
 * text is. A text is recognised only where it can mean one thing.
 */
#include <ctype.h>
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
	[CBPF_FORMAT_AUTO]   = { "auto",   false, NULL,        NULL },
	[CBPF_FORMAT_ASM]    = { "asm",    false, asm_read,    asm_write },
	[CBPF_FORMAT_D]      = { "d",      false, image_read,  image_write },
	[CBPF_FORMAT_D110]   = { "d110",   false, image_read,  image_write_110 },
	[CBPF_FORMAT_DD]     = { "dd",     false, dd_read,     dd_write },
	[CBPF_FORMAT_DDD]    = { "ddd",    false, ddd_read,    ddd_write },
	[CBPF_FORMAT_RAW]    = { "raw",    true,  raw_read,    raw_write },
	[CBPF_FORMAT_RAW_BE] = { "raw-be", true,  raw_be_read, raw_be_write },
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

/* Codes are below 256, so one of the two bytes of each is 0. */
static enum cbpf_format recognise_bytes(struct reading *r)
{
	bool may_be_little = true, may_be_big = true;
	struct cbpf_diag diag = dg_make(CBPF_E_FORMAT_MANY, 0, 0);

	if (r->size % 8 != 0) {
		diag = dg_make(CBPF_E_RAW_SIZE, r->size, 0);
		reading_note(r, &diag);
		return CBPF_FORMAT_AUTO;
	}
	for (size_t i = 0; i < r->size; i += 8) {
		may_be_little &= r->text[i + 1] == 0;
		may_be_big &= r->text[i] == 0;
	}
	if (may_be_little != may_be_big)
		return may_be_little ? CBPF_FORMAT_RAW : CBPF_FORMAT_RAW_BE;
	dg_wordf(&diag, "raw, raw-be");
	reading_note(r, &diag);
	return CBPF_FORMAT_AUTO;
}

static bool is_binary(const struct reading *r)
{
	for (size_t i = 0; i < r->size; i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c < 9 || (c > 13 && c < 32))
			return true;
	}
	return false;
}

/* The first line is a number and nothing else. */
static bool is_count(const char *p, const char *end)
{
	if (p == end || !isdigit((unsigned char)*p))
		return false;
	while (p < end && isdigit((unsigned char)*p))
		p++;
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p == end || *p == '\n';
}

static enum cbpf_format recognise(struct reading *r)
{
	const char *p = r->text, *end = r->text + r->size;

	if (is_binary(r))
		return recognise_bytes(r);
	while (p < end && isspace((unsigned char)*p))
		p++;
	if (p < end && *p == '(')
		return CBPF_FORMAT_D;
	if (p < end && *p == '{')
		return CBPF_FORMAT_DD;
	return is_count(p, end) ? CBPF_FORMAT_DDD : CBPF_FORMAT_ASM;
}

/* ---- reading and writing ----------------------------------------------- */

void reading_note(struct reading *r, struct cbpf_diag *diag)
{
	dg_add(r->report, diag);
	if (!diag->is_warning && r->first == CBPF_OK)
		r->first = diag->code;
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
	struct reading r = { text,    size,	    report,
			     CBPF_OK, buf_new(mem), buf_new(mem) };
	struct cbpf_diag diag = dg_make(CBPF_E_ARGUMENT, 0, 0);
	enum cbpf_err err;

	memset(code, 0, sizeof(*code));
	code->mem = mem_or_libc(mem);
	if ((unsigned)format >= CBPF_FORMATS) {
		dg_wordf(&diag, "there is no format %d", (int)format);
		return dg_add(report, &diag);
	}
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

void cbpf_text_free(char *text, size_t size, const struct cbpf_mem *mem)
{
	struct cbpf_mem own = mem_or_libc(mem);

	mem_free(&own, text, size + 1);
}
