/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf asm and cbpf dump: a program from one form to another. They differ in
 * what they write when not told: bytes, and text.
 */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static void print_help(const char *verb, const char *what, const char *format)
{
	printf("usage: cbpf %s [OPTIONS] [PROGRAM]\n\n"
	       "%s\n\n"
	       "  -e, --expression EXPR  the capture filter language\n"
	       "  -F, --expression-file FILE\n"
	       "      --from FORMAT      what PROGRAM is, where it is not "
	       "recognised\n"
	       "      --link TYPE        link type of -e (default EN10MB)\n"
	       "  -f, --format FORMAT    what to write (default %s)\n"
	       "  -o, --output FILE      where to (default stdout)\n\n"
	       "Formats:",
	       verb, what, format);
	for (int i = CBPF_FORMAT_AUTO + 1; i < FORMS; i++)
		printf(" %s", form_name(i));
	printf("; see cbpf(5).\n");
}

#define LOSSES_SHOWN 5

/* A listing may keep less than the instructions say. */
static void warn_of_loss(const struct source *source, int form)
{
	struct cbpf_diag diags[LOSSES_SHOWN];
	struct cbpf_report report = CBPF_REPORT(diags);

	if (form == FORM_JSON)
		return;
	cbpf_text_losses((enum cbpf_format)form, source->code.insns,
			 source->code.n, NULL, &report);
	say_report(stderr, source_name(source), NULL, 0, &report);
}

/* A list that its tool will not take for its length. */
static void warn_of_length(const struct source *source, int form)
{
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = CBPF_LINUX,
					 .hook = form == CBPF_FORMAT_XT
							 ? CBPF_HOOK_XT
							 : CBPF_HOOK_TC };
	struct cbpf_diag diag;
	struct cbpf_report report = { &diag, 1, 0, 0 };
	char sentence[320];

	if (form != CBPF_FORMAT_XT && form != CBPF_FORMAT_TC)
		return;
	if (cbpf_check(source->code.insns, source->code.n, &check, &report) ==
	    CBPF_E_TOO_LONG)
		say_trouble("%s: warning: for %s %s", source_name(source),
			    form_name(form),
			    sentence_of(&diag, sentence, sizeof(sentence)));
}

static int convert(const char *verb, struct source *source, int form,
		   const char *output)
{
	int status;

	if (!source_is_given(verb, source))
		return EXIT_TROUBLE;
	if (form != FORM_JSON &&
	    cbpf_format_is_binary((enum cbpf_format)form) &&
	    (!output || !strcmp(output, "-")) && isatty(STDOUT_FILENO))
		return say_usage(verb,
				 "%s is not for a terminal: -o FILE, or "
				 "-f dd",
				 form_name(form));
	status = source_load(source);
	if (status != EXIT_YES)
		return status;
	warn_of_loss(source, form);
	warn_of_length(source, form);
	return form_write(&source->code, form, output);
}

static int run_verb(const char *verb, const char *what, int form, int argc,
		    char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *usual = form_name(form);
	struct source source = { .link = -1 };
	const char *output = NULL;
	int option, status;

	while ((option = getopt_long(argc, argv, "e:F:f:o:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'f':
			form = form_find(optarg);
			if (form <= CBPF_FORMAT_AUTO)
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
	status = convert(verb, &source, form, output);
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
