/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf asm and cbpf dump: a program from one form to another. They differ in
 * what they write when not told: bytes, and text.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static void print_help(const char *verb, const char *what, const char *format)
{
	printf("usage: cbpf %s [OPTIONS] [PROGRAM]\n\n"
	       "%s\n\n"
	       "  -e, --expression EXPR  the capture filter language\n"
	       "      --from FORMAT      what PROGRAM is, where it is not "
	       "recognised\n"
	       "      --link TYPE        link type of -e (default EN10MB)\n"
	       "  -f, --format FORMAT    what to write (default %s)\n"
	       "  -o, --output FILE      where to (default stdout)\n\n"
	       "Formats:",
	       verb, what, format);
	for (int i = CBPF_FORMAT_AUTO + 1; i < CBPF_FORMATS; i++)
		printf(" %s", cbpf_format_name((enum cbpf_format)i));
	printf("; see cbpf(5).\n");
}

static int write_out(const char *path, const char *text, size_t size)
{
	FILE *file = path && strcmp(path, "-") ? fopen(path, "wb") : stdout;
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

/* A listing that keeps less than the instructions say. */
static void warn_of_loss(enum cbpf_format format, const struct cbpf_code *code,
			 const char *text, size_t size)
{
	struct cbpf_code back;

	if (format != CBPF_FORMAT_D && format != CBPF_FORMAT_D110)
		return;
	if (cbpf_text_read(format, text, size, NULL, &back, NULL) == CBPF_OK &&
	    back.n == code->n &&
	    memcmp(back.insns, code->insns, code->n * sizeof(*code->insns)) ==
		    0) {
		cbpf_code_free(&back);
		return;
	}
	cbpf_code_free(&back);
	say_trouble("warning: this listing does not keep every field of the "
		    "program; -f dd does");
}

static int convert(const char *verb, struct source *source,
		   enum cbpf_format format, const char *output)
{
	char *text;
	size_t size;
	int status;

	if (!source_is_given(verb, source))
		return EXIT_TROUBLE;
	if (cbpf_format_is_binary(format) &&
	    (!output || !strcmp(output, "-")) && isatty(STDOUT_FILENO))
		return say_usage(verb,
				 "%s is not for a terminal: -o FILE, or "
				 "-f dd",
				 cbpf_format_name(format));
	status = source_load(source);
	if (status != EXIT_YES)
		return status;
	if (cbpf_text_write(format, source->code.insns, source->code.n, NULL,
			    &text, &size) != CBPF_OK)
		return say_trouble("out of memory");
	warn_of_loss(format, &source->code, text, size);
	status = write_out(output, text, size);
	cbpf_text_free(text, size, NULL);
	return status;
}

static int run_verb(const char *verb, const char *what, enum cbpf_format format,
		    int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *usual = cbpf_format_name(format);
	struct source source = { .link = -1 };
	const char *output = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "e:f:o:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'f':
			format = cbpf_format_find(optarg);
			if (format == CBPF_FORMATS ||
			    format == CBPF_FORMAT_AUTO)
				return say_usage(verb,
						 "there is no format %s to "
						 "write",
						 optarg);
			break;
		case 'o':
			output = optarg;
			break;
		case 'h':
			print_help(verb, what, usual);
			return EXIT_YES;
		case '?':
			return say_option(verb, argv);
		default:
			if (!source_option(verb, &source, option, optarg))
				return EXIT_TROUBLE;
		}
	}
	if (!source.expr && optind < argc)
		source.path = argv[optind++];
	if (optind < argc)
		return say_usage(verb, "one program is enough, %s is another",
				 argv[optind]);
	status = convert(verb, &source, format, output);
	source_free(&source);
	return status;
}

int cmd_asm(int argc, char **argv)
{
	return run_verb("asm", "Assembles a program: text to bytes.",
			CBPF_FORMAT_RAW, argc, argv);
}

int cmd_dump(int argc, char **argv)
{
	return run_verb("dump", "Writes a program as text, in any form.",
			CBPF_FORMAT_ASM, argc, argv);
}
