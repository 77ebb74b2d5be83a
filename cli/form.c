/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms of programs that the tool knows: the library's, and json, the
 * `prog` of the exchange format, for which the tool has a library of its own.
 *
 *	[[40,0,0,12],[21,0,1,2054],[6,0,0,65535],[6,0,0,0]]
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

int form_find(const char *name)
{
	int form = cbpf_format_find(name);

	if (form != CBPF_FORMATS)
		return form;
	return strcmp(name, "json") == 0 ? FORM_JSON : -1;
}

const char *form_name(int form)
{
	return form == FORM_JSON ? "json"
				 : cbpf_format_name((enum cbpf_format)form);
}

/* ---- json --------------------------------------------------------------- */

/* An array, or an object with a member: no other form begins so. */
bool form_is_json(const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end && isspace((unsigned char)*text))
		text++;
	if (text == end || (*text != '[' && *text != '{'))
		return false;
	if (*text++ == '[')
		return true;
	while (text < end && isspace((unsigned char)*text))
		text++;
	return text < end && *text == '"';
}

bool form_insn(const struct json *value, struct cbpf_insn *insn)
{
	static const int64_t max[4] = { UINT16_MAX, UINT8_MAX, UINT8_MAX,
					UINT32_MAX };
	int64_t field[4];

	if (!js_is_array(value) || js_length(value) != 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!js_int(js_at(value, i), &field[i]) || field[i] < 0 ||
		    field[i] > max[i])
			return false;
	insn->code = (uint16_t)field[0];
	insn->jt = (uint8_t)field[1];
	insn->jf = (uint8_t)field[2];
	insn->k = (uint32_t)field[3];
	return true;
}

/* A program that grows, in memory of the tool's own. */
struct growing {
	const char *name; /* of the file, for messages */
	struct cbpf_insn *insns;
	size_t n, cap;
};

static bool add_insn(struct growing *g, const struct json *value)
{
	if (g->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 64;
		struct cbpf_insn *insns =
			realloc(g->insns, cap * sizeof(*insns));

		if (!insns) {
			say_trouble("%s: out of memory", g->name);
			return false;
		}
		g->insns = insns;
		g->cap = cap;
	}
	if (form_insn(value, &g->insns[g->n])) {
		g->n++;
		return true;
	}
	say_trouble("%s: instruction %zu is not [code, jt, jf, k], four "
		    "numbers that fit 16, 8, 8 and 32 bits",
		    g->name, g->n);
	return false;
}

/* An instruction of an array, or an object that holds a whole program. */
static bool add_value(struct growing *g, const struct json *value)
{
	const struct json *prog = js_get(value, "prog");

	if (!js_is_object(value))
		return add_insn(g, value);
	if (!js_is_array(prog)) {
		say_trouble("%s: the object has no member prog, a list of "
			    "instructions",
			    g->name);
		return false;
	}
	for (size_t i = 0; i < js_length(prog); i++)
		if (!add_insn(g, js_at(prog, i)))
			return false;
	return true;
}

static bool collect(struct growing *g, struct js_file *file)
{
	struct json *value;
	char error[256] = "";
	bool is_good = true;

	while (is_good && (value = js_next(file, error)) != NULL) {
		is_good = file->n_values == 1 && add_value(g, value);
		if (file->n_values > 1)
			say_trouble("%s: more than one program; cbpf conform "
				    "reads test vectors",
				    g->name);
		js_free(value);
	}
	if (*error)
		say_trouble("%s: %s", g->name, error);
	else if (is_good && g->n == 0)
		say_trouble("%s: there is no instruction in it", g->name);
	return is_good && !*error && g->n > 0;
}

/* To the library's own memory, by way of bytes. */
static bool hand_over(const struct growing *g, struct cbpf_code *code)
{
	char *raw;
	size_t size;
	bool is_good;

	if (cbpf_text_write(CBPF_FORMAT_RAW, g->insns, g->n, NULL, &raw,
			    &size) != CBPF_OK)
		return false;
	is_good = cbpf_text_read(CBPF_FORMAT_RAW, raw, size, NULL, code,
				 NULL) == CBPF_OK;
	cbpf_text_free(raw, size, NULL);
	return is_good;
}

int form_read_json(const char *name, const char *text, size_t size,
		   struct cbpf_code *code)
{
	struct growing g = { .name = name };
	struct js_file file;
	int status = EXIT_TROUBLE;

	if (!js_is_built())
		return js_refuse();
	if (!js_open(&file, text, size))
		return say_trouble("%s: out of memory", name);
	if (collect(&g, &file))
		status = hand_over(&g, code)
				 ? EXIT_YES
				 : say_trouble("%s: out of memory", name);
	js_close(&file);
	free(g.insns);
	return status;
}

char *form_write_json(const struct cbpf_insn *insns, size_t n, size_t *size)
{
	/* [65535,255,255,4294967295], */
	size_t cap = n * 28 + 4;
	char *text = malloc(cap);
	size_t at = 0;

	if (!text)
		return NULL;
	text[at++] = '[';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, cap - at, "%s[%u,%u,%u,%u]",
				       i ? "," : "", insns[i].code, insns[i].jt,
				       insns[i].jf, insns[i].k);
	at += (size_t)snprintf(text + at, cap - at, "]\n");
	*size = at;
	return text;
}

int write_out(const char *path, const char *text, size_t size)
{
	bool is_file = path && strcmp(path, "-") != 0;
	FILE *file = is_file ? fopen(path, "wb") : stdout;
	bool is_written;

	if (!file)
		return say_trouble("%s: %s", path, strerror(errno));
	is_written = fwrite(text, 1, size, file) == size;
	if (file != stdout)
		is_written = fclose(file) == 0 && is_written;
	if (!is_written)
		return say_trouble("%s: %s", path ? path : "<stdout>",
				   strerror(errno));
	return EXIT_YES;
}

int form_write(const struct cbpf_code *code, int form, const char *output)
{
	char *text = NULL;
	size_t size = 0;
	int status;

	if (form == FORM_JSON)
		text = form_write_json(code->insns, code->n, &size);
	else
		cbpf_text_write((enum cbpf_format)form, code->insns, code->n,
				NULL, &text, &size);
	if (!text)
		return say_trouble("out of memory");
	status = write_out(output, text, size);
	if (form == FORM_JSON)
		free(text);
	else
		cbpf_text_free(text, size, NULL);
	return status;
}
