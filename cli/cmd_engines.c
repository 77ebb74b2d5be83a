/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf engines: what can run on this machine, and why the rest cannot.
 */
#include <getopt.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli.h"
#include "json.h"

static void print_row(const struct cbpf_engine *engine, const char *why,
		      bool is_json)
{
	struct json *line;

	if (!is_json) {
		printf("%-13s %-8s %-9s %s\n", engine->name,
		       cbpf_dialect_name(engine->dialect),
		       why ? "cannot" : "can run", why ? why : engine->about);
		return;
	}
	line = js_new();
	js_set_text(line, "engine", engine->name);
	js_set_text(line, "dialect", cbpf_dialect_name(engine->dialect));
	js_set_text(line, "about", engine->about);
	js_set_bool(line, "can_run", !why);
	if (why)
		js_set_text(line, "why", why);
	js_print(line, stdout);
}

int cmd_engines(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			is_json = true;
			break;
		case 'h':
			puts("usage: cbpf engines [--json]\n\n"
			     "Tries every engine: name, dialect, whether it "
			     "can run here, and why not.");
			return EXIT_YES;
		default:
			return say_option("engines", argv);
		}
	}
	if (optind < argc)
		return say_usage("engines", "it takes no %s", argv[optind]);
	if (is_json && !js_is_built())
		return js_refuse();
	for (size_t i = 0; engine_rows()[i]; i++) {
		const struct cbpf_engine *engine = engine_rows()[i];
		struct cbpf_diag diag;
		char sentence[320];
		bool can = engine->probe(engine, &diag) == CBPF_OK;

		print_row(engine,
			  can ? NULL
			      : sentence_of(&diag, sentence, sizeof(sentence)),
			  is_json);
	}
	return EXIT_YES;
}
