/* SPDX-License-Identifier: BSD-2-Clause */
/* cbpf translate: a program in another language. */
#include <getopt.h>
#include <string.h>

#include "cli.h"

static void print_help(void)
{
	fputs("usage: cbpf translate --to c [OPTIONS] [PROGRAM]\n\n"
	      "Writes a program as a file of C11 that needs nothing else: a "
	      "function of a packet,\nand of the fields beside it that the "
	      "program reads. What it promises stands at its\ntop.\n\n"
	      "      --to LANGUAGE      c\n"
	      "      --name NAME        of the function (default filter)\n"
	      "  -d, --dialect NAME     whose program it is (default user)\n"
	      "  -e, --expression EXPR  the capture filter language\n"
	      "  -F, --expression-file FILE\n"
	      "      --from FORMAT      what PROGRAM is, where it is not "
	      "recognised\n"
	      "      --link TYPE        link type of -e (default EN10MB)\n"
	      "  -o, --output FILE      where to (default stdout)\n",
	      stdout);
}

struct translate {
	struct source source;
	struct cbpf_translate_opts opts;
	enum cbpf_dialect dialect;
	const char *to, *output;
};

static int translate(const struct translate *t)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = t->dialect };
	const struct cbpf_code *code = &t->source.code;
	struct cbpf_prog *prog;
	struct cbpf_diag diag;
	char *text;
	size_t len;
	int status;

	if (cbpf_prog_new(code->insns, code->n, &opts, &prog, &diag) != CBPF_OK)
		return say_illegal(source_name(&t->source), t->dialect, &diag);
	if (cbpf_translate_c(prog, &t->opts, &text, &len, &diag) == CBPF_OK) {
		status = write_out(t->output, text, len);
		cbpf_text_free(text, len, NULL);
	} else {
		status = say_diag(source_name(&t->source), &diag);
	}
	cbpf_prog_free(prog);
	return status;
}

static int take_option(struct translate *t, int option, char *argument)
{
	switch (option) {
	case 't':
		t->to = argument;
		break;
	case 'n':
		t->opts.name = argument;
		break;
	case 'd':
		t->dialect = cbpf_dialect_find(argument);
		if (t->dialect == CBPF_DIALECTS)
			return say_usage("translate", "there is no dialect %s",
					 argument);
		break;
	case 'o':
		t->output = argument;
		break;
	default:
		if (!source_option("translate", &t->source, option, argument))
			return EXIT_TROUBLE;
	}
	return EXIT_YES;
}

int cmd_translate(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "to", required_argument, NULL, 't' },
		{ "name", required_argument, NULL, 'n' },
		{ "dialect", required_argument, NULL, 'd' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct translate t = { .source = { .link = -1 },
			       .opts = { .size = sizeof(t.opts) } };
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "d:e:F:o:h", options, NULL)) !=
		       -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		if (option == '?')
			return say_option("translate", argv);
		status = take_option(&t, option, optarg);
	}
	if (status != EXIT_YES)
		return status;
	if (!t.to || strcmp(t.to, "c") != 0)
		return say_usage("translate", "--to c is all there is%s%s",
				 t.to ? ", not " : "", t.to ? t.to : "");
	if (!t.source.expr && optind < argc)
		t.source.path = argv[optind++];
	if (optind < argc)
		return say_usage("translate",
				 "one program is enough, %s is another",
				 argv[optind]);
	if (!source_is_given("translate", &t.source))
		return EXIT_TROUBLE;
	status = source_load(&t.source);
	if (status == EXIT_YES)
		status = translate(&t);
	source_free(&t.source);
	return status;
}
