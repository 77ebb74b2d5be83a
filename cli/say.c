/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the tool says that something is wrong: one sentence on stderr, with the
 * place, and for text the source line with a caret under the word.
 */
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "cli.h"

int say_trouble(const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("cbpf: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_TROUBLE;
}

static const char *tool = "cbpf"; /* whose usage it is */

void say_usage_of(const char *name)
{
	tool = name;
}

int say_usage(const char *verb, const char *format, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s %s: ", tool, verb);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "; see `%s %s --help`\n", tool, verb);
	return EXIT_TROUBLE;
}

int say_illegal(const char *name, enum cbpf_dialect dialect,
		const struct cbpf_diag *diag)
{
	char sentence[320], place[32] = "";

	if (diag->pc != CBPF_NO_PC)
		snprintf(place, sizeof(place), "instruction %u: ", diag->pc);
	return say_trouble("%s: illegal under %s: %s%s (cbpf check says more)",
			   name, cbpf_dialect_name(dialect), place,
			   sentence_of(diag, sentence, sizeof(sentence)));
}

int say_option(const char *verb, char **argv)
{
	/* getopt gives a letter, or a long option's word */
	if (optopt > ' ' && optopt < 127 &&
	    strncmp(argv[optind - 1], "--", 2) != 0)
		return say_usage(verb,
				 "-%c is no option, or lacks its argument",
				 optopt);
	return say_usage(verb, "%s is no option, or lacks its argument",
			 argv[optind - 1]);
}

const char *sentence_of(const struct cbpf_diag *diag, char *buf, size_t size)
{
	cbpf_diag_format(diag, buf, size);
	return buf;
}

int say_diag(const char *name, const struct cbpf_diag *diag)
{
	char sentence[320];

	sentence_of(diag, sentence, sizeof(sentence));
	if (diag->code >= CBPF_E_CAP_MAGIC && diag->code < CBPF_E_LOCKED)
		return say_trouble("%s: at byte %llu: %s", name,
				   (unsigned long long)diag->offset, sentence);
	if (diag->line)
		return say_trouble("%s:%u:%u: %s", name, diag->line,
				   diag->column, sentence);
	return say_trouble("%s: %s", name, sentence);
}

const char *find_line(const char *text, size_t size, uint32_t line, size_t *len)
{
	const char *end = text + size;

	while (--line > 0) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		if (!next)
			return NULL;
		text = next + 1;
	}
	*len = 0;
	while (text + *len < end && text[*len] != '\n' && text[*len] != '\r')
		(*len)++;
	return text;
}

/* The source line, and a caret below the column; tabs stay tabs. */
static void print_source(FILE *to, const char *text, size_t size,
			 const struct cbpf_diag *diag)
{
	const char *line;
	size_t len;

	if (!text || !diag->line || !diag->column)
		return;
	line = find_line(text, size, diag->line, &len);
	if (!line || len > 400)
		return;
	fputs("    ", to);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		fputc(c < 32 && c != '\t' ? '?' : c, to);
	}
	fputs("\n    ", to);
	for (size_t i = 0; i + 1 < diag->column && i < len; i++)
		fputc(line[i] == '\t' ? '\t' : ' ', to);
	fputs("^\n", to);
}

void say_report(FILE *to, const char *name, const char *text, size_t size,
		const struct cbpf_report *report)
{
	size_t shown = report->n < report->cap ? report->n : report->cap;
	char sentence[320];

	fflush(stdout);
	for (size_t i = 0; i < shown; i++) {
		const struct cbpf_diag *diag = &report->diags[i];

		fprintf(to, diag->line ? "%s:" : "cbpf: %s:", name);
		if (diag->line)
			fprintf(to, "%u:", diag->line);
		if (diag->column)
			fprintf(to, "%u:", diag->column);
		if (diag->pc != CBPF_NO_PC && !diag->line)
			fprintf(to, " instruction %u:", diag->pc);
		fprintf(to, " %s%s", diag->is_warning ? "warning: " : "",
			sentence_of(diag, sentence, sizeof(sentence)));
		if (*cbpf_err_advice(diag->code))
			fprintf(to, "; %s", cbpf_err_advice(diag->code));
		fputc('\n', to);
		print_source(to, text, size, diag);
	}
	if (report->n > shown)
		fprintf(to, "%s: and %zu more\n", name, report->n - shown);
}

void reasons_add(struct reasons *reasons, const char *text, uint64_t n)
{
	int i = 0;

	while (i < REASONS_MAX - 1 && reasons->list[i].n &&
	       strcmp(reasons->list[i].text, text) != 0)
		i++;
	if (reasons->list[i].n == 0)
		snprintf(reasons->list[i].text, sizeof(reasons->list[i].text),
			 "%s", i < REASONS_MAX - 1 ? text : "other reasons");
	reasons->list[i].n += n;
}

uint64_t reasons_total(const struct reasons *reasons)
{
	uint64_t n = 0;

	for (int i = 0; i < REASONS_MAX; i++)
		n += reasons->list[i].n;
	return n;
}

void reasons_print(const struct reasons *reasons, const char *indent)
{
	for (int i = 0; i < REASONS_MAX && reasons->list[i].n; i++)
		printf("%s%llu skipped: %s\n", indent,
		       (unsigned long long)reasons->list[i].n,
		       reasons->list[i].text);
}
