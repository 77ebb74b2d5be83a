/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf check: whether a program is legal, every rule it breaks, how to mend
 * it, and under which dialects it would pass as it is.
 */
#include <getopt.h>
#include <string.h>

#include "cli.h"
#include "json.h"

#define ERRORS_SHOWN 20

struct check {
	struct source source;
	struct cbpf_check_opts opts;
	bool is_json;
};

static void print_help(void)
{
	fputs("usage: cbpf check [OPTIONS] [PROGRAM]\n\n"
	      "Says whether a program is legal: each rule it breaks, how to "
	      "mend it, and which\ndialects take it as it is. Exit status 0 "
	      "legal, 1 illegal, 2 trouble.\n\n"
	      "  -d, --dialect NAME     whose rules (default linux)\n"
	      "      --hook NAME        where it is to be attached: socket, xt, "
	      "tc,\n"
	      "                         reuseport or fanout\n"
	      "      --optmem BYTES     net.core.optmem_max (default: this "
	      "machine's)\n"
	      "      --held N           what is charged already: bytes of a "
	      "socket, or\n"
	      "                         converted instructions of a task's "
	      "seccomp filters\n"
	      "  -e, --expression EXPR  the capture filter language\n"
	      "  -F, --expression-file FILE\n"
	      "      --from FORMAT      what PROGRAM is, where it is not "
	      "recognised\n"
	      "      --link TYPE        link type of -e (default EN10MB)\n"
	      "      --json             one object\n\n"
	      "Dialects:",
	      stdout);
	for (int d = 0; d < CBPF_DIALECTS; d++)
		printf(" %s%s", cbpf_dialect_name((enum cbpf_dialect)d),
		       cbpf_dialect_was_run((enum cbpf_dialect)d) ? "" : "*");
	puts("\n(* read from source, not run)");
}

static void list_dialects(char *buf, size_t size, uint32_t set)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int d = 0; d < CBPF_DIALECTS; d++)
		if (set >> d & 1)
			len += (size_t)snprintf(
				buf + len, size - len, "%s%s%s",
				len ? ", " : "",
				cbpf_dialect_name((enum cbpf_dialect)d),
				cbpf_dialect_was_run((enum cbpf_dialect)d)
					? ""
					: "*");
	if (!len)
		snprintf(buf, size, "none");
}

static void print_diag(const struct check *c, const struct cbpf_diag *diag)
{
	char sentence[320], insn[96];

	sentence_of(diag, sentence, sizeof(sentence));
	printf("%s:", source_name(&c->source));
	if (diag->line)
		printf("%u:", diag->line);
	if (diag->pc != CBPF_NO_PC) {
		cbpf_insn_format(&c->source.code.insns[diag->pc], diag->pc,
				 insn, sizeof(insn));
		printf(" instruction %u: %s\n    (%03u) %s\n", diag->pc,
		       sentence, diag->pc, insn);
	} else {
		printf(" %s\n", sentence);
	}
	printf("    rule %s, errno %s", cbpf_err_name(diag->code),
	       diag->sys_errno ? strerror(diag->sys_errno) : "none");
	if (*cbpf_err_advice(diag->code))
		printf("; %s", cbpf_err_advice(diag->code));
	putchar('\n');
}

static void print_text(const struct check *c, const struct cbpf_report *report,
		       uint32_t passes)
{
	enum cbpf_dialect dialect = c->opts.dialect;
	const struct cbpf_code *code = &c->source.code;
	size_t shown = report->n < report->cap ? report->n : report->cap;
	struct cbpf_cost cost;
	char names[160];

	list_dialects(names, sizeof(names), passes);
	for (size_t i = 0; i < shown; i++)
		print_diag(c, &report->diags[i]);
	if (report->n > shown)
		printf("and %zu more\n", report->n - shown);
	if (report->n) {
		printf("illegal under %s; it passes under: %s\n",
		       cbpf_dialect_name(dialect), names);
		return;
	}
	printf("legal under %s: %zu instructions", cbpf_dialect_name(dialect),
	       code->n);
	cost = cbpf_check_cost(code->insns, code->n, dialect);
	if (cost.converted)
		printf(", %llu once converted, %llu bytes",
		       (unsigned long long)cost.converted,
		       (unsigned long long)cost.optmem);
	printf("\nit passes under: %s\n", names);
}

static void print_json(const struct check *c, const struct cbpf_report *report,
		       uint32_t passes)
{
	size_t shown = report->n < report->cap ? report->n : report->cap;
	struct json *line = js_new(), *list;

	js_set_text(line, "program", source_name(&c->source));
	js_set_text(line, "dialect", cbpf_dialect_name(c->opts.dialect));
	js_set_bool(line, "legal", report->n == 0);
	js_set_int(line, "instructions", c->source.code.n);
	list = js_set_array(line, "errors");
	for (size_t i = 0; i < shown; i++) {
		const struct cbpf_diag *diag = &report->diags[i];
		struct json *entry = js_push_object(list);
		char sentence[320];

		js_set_text(entry, "rule", cbpf_err_name(diag->code));
		js_set_text(entry, "sentence",
			    sentence_of(diag, sentence, sizeof(sentence)));
		js_set_text(entry, "advice", cbpf_err_advice(diag->code));
		if (diag->pc != CBPF_NO_PC)
			js_set_int(entry, "pc", diag->pc);
		if (diag->line)
			js_set_int(entry, "line", diag->line);
		js_set_int(entry, "errno", (uint64_t)diag->sys_errno);
	}
	list = js_set_array(line, "passes");
	for (int d = 0; d < CBPF_DIALECTS; d++)
		if (passes >> d & 1)
			js_push_text(list,
				     cbpf_dialect_name((enum cbpf_dialect)d));
	js_print(line, stdout);
}

static int check_program(struct check *c)
{
	struct cbpf_diag diags[ERRORS_SHOWN];
	struct cbpf_report report = CBPF_REPORT(diags);
	struct cbpf_code *code = &c->source.code;
	uint32_t passes;
	enum cbpf_err err;

	if (c->is_json && !js_is_built())
		return js_refuse();
	if (source_load(&c->source) != EXIT_YES)
		return EXIT_TROUBLE;
	c->opts.lines = code->lines;
	if (!c->opts.optmem_max)
		c->opts.optmem_max = cbpf_optmem_max();
	err = cbpf_check(code->insns, code->n, &c->opts, &report);
	if (err == CBPF_E_NOMEM)
		return say_trouble("out of memory");
	/* asked without a hook and with an empty socket, but for this one */
	passes = cbpf_check_dialects(code->insns, code->n);
	if (err != CBPF_OK)
		passes &= ~(1u << c->opts.dialect);
	if (c->is_json)
		print_json(c, &report, passes);
	else
		print_text(c, &report, passes);
	return err == CBPF_OK ? EXIT_YES : EXIT_NO;
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "dialect", required_argument, NULL, 'd' },
		{ "hook", required_argument, NULL, 'H' },
		{ "optmem", required_argument, NULL, 'm' },
		{ "held", required_argument, NULL, 'M' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct check c = { .source = { .link = -1 },
			   .opts = { .size = sizeof(c.opts),
				     .dialect = CBPF_LINUX } };
	uint32_t held = 0;
	int option, status;

	while ((option = getopt_long(argc, argv, "e:F:d:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'd':
			c.opts.dialect = cbpf_dialect_find(optarg);
			if (c.opts.dialect == CBPF_DIALECTS)
				return say_usage("check",
						 "there is no dialect %s",
						 optarg);
			break;
		case 'H':
			c.opts.hook = cbpf_hook_find(optarg);
			if (c.opts.hook == CBPF_HOOKS)
				return say_usage("check", "there is no hook %s",
						 optarg);
			break;
		case 'm':
			if (!parse_u32(optarg, &c.opts.optmem_max))
				return say_usage("check", "%s is no number",
						 optarg);
			break;
		case 'M':
			if (!parse_u32(optarg, &held))
				return say_usage("check", "%s is no number",
						 optarg);
			break;
		case 'j':
			c.is_json = true;
			break;
		case 'h':
			print_help();
			return EXIT_YES;
		case '?':
			return say_option("check", argv);
		default:
			if (!source_option("check", &c.source, option, optarg))
				return EXIT_TROUBLE;
		}
	}
	c.opts.optmem_held = c.opts.path_held = held;
	if (!c.source.expr && optind < argc)
		c.source.path = argv[optind++];
	if (optind < argc)
		return say_usage("check",
				 "one program is enough, %s is "
				 "another",
				 argv[optind]);
	if (!source_is_given("check", &c.source))
		return EXIT_TROUBLE;
	status = check_program(&c);
	source_free(&c.source);
	return status;
}
