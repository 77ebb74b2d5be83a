/* SPDX-License-Identifier: BSD-2-Clause */
/* cbpf count: how many packets of captures match, file by file. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cbpf/scan.h"
#include "cli.h"
#include "json.h"

#define FILTERS_MAX 64

/* A filter: the program, or an expression with a name. */
struct counted {
	char *name; /* NULL: the program */
	struct source source;
	enum cbpf_dialect dialect;
	bool is_said; /* what is wrong with it */
};

struct count {
	struct counted filters[FILTERS_MAX];
	size_t n;
	struct cbpf_scan_opts opts;
	struct cbpf_scan *scan;
	bool is_json;
	bool has_trouble; /* a file that could not be read, or not to its end */
};

static void print_help(void)
{
	puts("usage: cbpf count [OPTIONS] [PROGRAM] CAPTURES...\n\n"
	     "How many packets of captures a filter lets through: each file, "
	     "and all of them.\n\n"
	     "      --split NAME=EXPR  a filter of its own, in the same pass; can "
	     "be given\n"
	     "                         64 times, and then no program need be\n"
	     "      --invert           what the filter rejects\n"
	     "      --max-count N      no more than N; the rest is not read\n"
	     "      --from-time TIME   packets from then on: seconds since 1970 "
	     "(1706702400.5)\n"
	     "                         or UTC (2024-01-31T12:00:00.5Z)\n"
	     "      --to-time TIME     packets before then\n"
	     "  -d, --dialect NAME     the program's meaning (default libpcap)\n"
	     "  -e, --expression EXPR  the capture filter language\n"
	     "  -F, --expression-file FILE\n"
	     "      --from FORMAT      what PROGRAM is, where it is not "
	     "recognised\n"
	     "      --link TYPE        link type of -e (default: each packet's)\n"
	     "      --json             one object a line");
}

/* ---- filters ------------------------------------------------------------ */

/* Whether an expression became loads that only a live interface answers:
 * libpcap makes them of `inbound`, and refuses it for files. */
static bool asks_interface(const struct cbpf_code *code)
{
	for (size_t i = 0; i < code->n; i++)
		if ((code->insns[i].code & 0xe7) == (CBPF_LD_W & 0xe7) &&
		    code->insns[i].k >= 0xfffff000)
			return true;
	return false;
}

/* The source's code for a link type, legal; else says what is wrong. */
static int load(struct counted *f, uint16_t link)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = f->dialect,
				       .has_any_length = true };
	const struct cbpf_code *code = &f->source.code;
	struct cbpf_prog *prog;
	struct cbpf_diag diag;

	if (source_load_for(&f->source, link) != EXIT_YES)
		return EXIT_TROUBLE;
	if (f->source.expr && asks_interface(code))
		return say_trouble("%s: it asks for what a capture does not "
				   "keep: direction, or what only an "
				   "interface knows",
				   source_name(&f->source));
	if (cbpf_prog_new(code->insns, code->n, &opts, &prog, &diag) != CBPF_OK)
		return say_illegal(source_name(&f->source), f->dialect, &diag);
	cbpf_prog_free(prog);
	return EXIT_YES;
}

/* cbpf_scan's: a copy of that. */
static enum cbpf_err compile(void *ctx, uint16_t link, struct cbpf_code *code,
			     struct cbpf_diag *diag)
{
	struct counted *f = ctx;
	size_t size;

	(void)diag;
	f->is_said = load(f, link) != EXIT_YES;
	if (f->is_said)
		return CBPF_E_EXPR;
	size = f->source.code.n * sizeof(*code->insns);
	code->insns = malloc(size ? size : 1);
	if (!code->insns)
		return CBPF_E_NOMEM;
	memcpy(code->insns, f->source.code.insns, size);
	code->n = f->source.code.n;
	return CBPF_OK;
}

static int add_split(struct count *c, const char *argument)
{
	const char *equals = strchr(argument, '=');
	struct counted *f = &c->filters[c->n];

	if (!equals || equals == argument)
		return say_usage("count", "--split is NAME=EXPR, not %s",
				 argument);
	if (c->n == FILTERS_MAX)
		return say_usage("count", "--split can be given %d times",
				 FILTERS_MAX - 1);
	*f = (struct counted){ .source = { .link = -1, .is_joined = true } };
	f->name = strndup(argument, (size_t)(equals - argument));
	source_option("count", &f->source, 'e', equals + 1);
	c->n++;
	return f->name ? EXIT_YES : say_trouble("out of memory");
}

/* ---- counting ----------------------------------------------------------- */

static struct cbpf_scan_count less(struct cbpf_scan_count a,
				   struct cbpf_scan_count b)
{
	return (struct cbpf_scan_count){ a.packets - b.packets,
					 a.bytes - b.bytes };
}

static void print(const struct count *c, const char *file,
		  const struct counted *f, struct cbpf_scan_count hit,
		  struct cbpf_scan_count seen)
{
	struct json *line;

	if (!c->is_json) {
		printf("%" PRIu64 " of %" PRIu64 " packets  %s%s%s\n",
		       hit.packets, seen.packets, file, f->name ? "  " : "",
		       f->name ? f->name : "");
		return;
	}
	line = js_new();
	js_set_text(line, "file", file);
	if (f->name)
		js_set_text(line, "name", f->name);
	js_set_int(line, "matched", hit.packets);
	js_set_int(line, "matched_bytes", hit.bytes);
	js_set_int(line, "packets", seen.packets);
	js_set_int(line, "bytes", seen.bytes);
	js_print(line, stdout);
}

/* The filter that the scan ended for, or none. */
static bool is_said(const struct count *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->filters[i].is_said)
			return true;
	return false;
}

/* Counts of one file, also where it is sound to some packet only; EXIT_TROUBLE
 * ends the job. */
static int count_file(struct count *c, const char *path)
{
	const char *name = strcmp(path, "-") ? path : "<stdin>";
	struct cbpf_scan_count before[FILTERS_MAX];
	struct cbpf_scan_count seen = cbpf_scan_seen(c->scan);
	struct cbpf_capture *capture;
	struct cbpf_diag diag = { 0 };
	enum cbpf_err err = cbpf_capture_open(path, NULL, &capture, &diag);

	if (err != CBPF_OK) {
		c->has_trouble = true;
		say_diag(name, &diag);
		return EXIT_YES;
	}
	for (size_t i = 0; i < c->n; i++)
		before[i] = cbpf_scan_hit(c->scan, i);
	err = cbpf_scan_capture(c->scan, capture, &diag);
	cbpf_capture_close(capture);
	if (is_said(c))
		return EXIT_TROUBLE;
	for (size_t i = 0; i < c->n; i++)
		print(c, name, &c->filters[i],
		      less(cbpf_scan_hit(c->scan, i), before[i]),
		      less(cbpf_scan_seen(c->scan), seen));
	if (err != CBPF_OK) {
		c->has_trouble = true;
		say_diag(name, &diag);
	}
	return EXIT_YES;
}

static int count_all(struct count *c, char **paths, size_t n)
{
	uint64_t hits = 0;
	int status = EXIT_YES;

	for (size_t i = 0; i < c->n; i++)
		c->filters[i].dialect = c->opts.dialect;
	for (size_t i = 0; i < c->n; i++)
		if (cbpf_scan_add(c->scan, compile, &c->filters[i], NULL) !=
		    CBPF_OK)
			return say_trouble("out of memory");
	for (size_t i = 0; i < n && status == EXIT_YES; i++)
		if (!cbpf_scan_is_full(c->scan))
			status = count_file(c, paths[i]);
	if (status != EXIT_YES)
		return status;
	for (size_t i = 0; i < c->n; i++) {
		hits += cbpf_scan_hit(c->scan, i).packets;
		if (n > 1)
			print(c, "total", &c->filters[i],
			      cbpf_scan_hit(c->scan, i),
			      cbpf_scan_seen(c->scan));
	}
	if (c->has_trouble)
		return EXIT_TROUBLE;
	return hits > 0 ? EXIT_YES : EXIT_NO;
}

/* ---- the verb ----------------------------------------------------------- */

static int take_option(struct count *c, int option, char *argument)
{
	switch (option) {
	case 's':
		return add_split(c, argument);
	case 'v':
		c->opts.is_inverted = true;
		return EXIT_YES;
	case 'n':
		if (!parse_u64(argument, &c->opts.most) || c->opts.most == 0)
			return say_usage("count",
					 "--max-count is a number from 1, not "
					 "%s",
					 argument);
		return EXIT_YES;
	case 'a':
	case 'b':
		if (parse_time(argument, option == 'a' ? &c->opts.from_ns
						       : &c->opts.to_ns))
			return EXIT_YES;
		return say_usage("count",
				 "a time is 1706702400.5 or "
				 "2024-01-31T12:00:00.5Z, not %s",
				 argument);
	case 'j':
		c->is_json = true;
		return js_is_built() ? EXIT_YES : js_refuse();
	case 'd':
		c->opts.dialect = cbpf_dialect_find(argument);
		if (c->opts.dialect == CBPF_DIALECTS ||
		    c->opts.dialect == CBPF_SECCOMP)
			return say_usage("count",
					 "there is no dialect %s for packets",
					 argument);
		return EXIT_YES;
	default:
		return source_option("count", &c->filters[0].source, option,
				     argument)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

/* The program is filter 0; without one, and with others, there is none. */
static int take_program(struct count *c, char **argv, int argc)
{
	struct source *source = &c->filters[0].source;

	if (!source->expr && c->n == 1 && optind < argc)
		source->path = argv[optind++];
	if (!source->expr && !source->path && c->n > 1) {
		c->n--;
		memmove(c->filters, c->filters + 1,
			c->n * sizeof(c->filters[0]));
		return EXIT_YES;
	}
	return source_is_given("count", source) ? EXIT_YES : EXIT_TROUBLE;
}

static int run(struct count *c, char **argv, int argc)
{
	struct packets packets = { .paths = argv + optind,
				   .n_paths = (size_t)(argc - optind) };
	struct cbpf_diag diag;
	int status;

	if (packets.n_paths == 0)
		return say_usage("count", "captures are missing: files, or - "
					  "for stdin");
	status = stdin_is_free("count", &c->filters[0].source, &packets);
	if (status != EXIT_YES)
		return status;
	if (cbpf_scan_new(&c->opts, &c->scan, &diag) != CBPF_OK)
		return say_diag("count", &diag);
	status = count_all(c, packets.paths, packets.n_paths);
	cbpf_scan_free(c->scan);
	return status;
}

int cmd_count(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "split", required_argument, NULL, 's' },
		{ "invert", no_argument, NULL, 'v' },
		{ "max-count", required_argument, NULL, 'n' },
		{ "from-time", required_argument, NULL, 'a' },
		{ "to-time", required_argument, NULL, 'b' },
		{ "dialect", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static struct count c;
	int option, status = EXIT_YES;

	c = (struct count){
		.filters = { { .source = { .link = -1, .is_joined = true } } },
		.n = 1,
		.opts = { .size = sizeof(c.opts), .dialect = CBPF_LIBPCAP }
	};
	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "d:e:F:h", options, NULL)) !=
		       -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		if (option == '?')
			return say_option("count", argv);
		status = take_option(&c, option, optarg);
	}
	if (status == EXIT_YES)
		status = take_program(&c, argv, argc);
	if (status == EXIT_YES)
		status = run(&c, argv, argc);
	for (size_t i = 0; i < c.n; i++) {
		source_free(&c.filters[i].source);
		free(c.filters[i].name);
	}
	return status;
}
