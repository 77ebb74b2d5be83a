/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf optimize: a better program for the same hook. What the library makes is
 * not trusted: it is compared with the program given, over packets that take
 * the ways of both, and what differs anywhere is not handed out.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct optimize {
	struct source source;
	struct cbpf_optimize_opts opts;
	const char *pass; /* --dump-ir */
	bool was_dumped;
	int form;
	const char *output;
	char *profile; /* a capture */
	struct cbpf_packet *packets;
	size_t n_packets, cap_packets;
	uint16_t link;	 /* of the packets that count, the first's */
	uint64_t others; /* packets of other link types */
	bool is_cut;	 /* there are more than PROFILE_MOST */
};

#define PROFILE_MOST 100000 /* packets */

static void print_help(void)
{
	fputs("usage: cbpf optimize [OPTIONS] [PROGRAM]\n\n"
	      "Writes a program with the same verdict for every packet that is "
	      "quicker, or\nshorter; the one given where none is found. Says "
	      "on stderr what it came to.\n\n"
	      "      --for NAME         a dialect, or a hook of Linux's "
	      "(default linux)\n"
	      "      --fast             fewer instructions on the longest way "
	      "(the default)\n"
	      "      --small            fewer instructions\n"
	      "      --profile CAPTURE  --fast: fewer instructions executed over "
	      "its packets\n"
	      "      --dump-ir PASS     the graph, as it is after PASS, on "
	      "stderr; `build`:\n"
	      "                         before any, `all`: after each\n"
	      "  -e, --expression EXPR  the capture filter language\n"
	      "  -F, --expression-file FILE\n"
	      "      --from FORMAT      what PROGRAM is, where it is not "
	      "recognised\n"
	      "      --link TYPE        link type of -e (default EN10MB)\n"
	      "  -f, --format FORMAT    what to write (default asm)\n"
	      "  -o, --output FILE\n",
	      stdout);
}

/* ---- the profile -------------------------------------------------------- */

static int add_packet(struct optimize *o, const struct cbpf_record *record)
{
	size_t cap = o->cap_packets ? 2 * o->cap_packets : 1024;
	struct cbpf_packet *packet;
	uint8_t *data;

	if (o->n_packets == 0)
		o->link = o->source.link < 0 ? record->link
					     : (uint16_t)o->source.link;
	if (record->link != o->link) {
		o->others++;
		return EXIT_YES;
	}
	if (o->n_packets == PROFILE_MOST) {
		o->is_cut = true;
		return EXIT_NO;
	}
	if (o->n_packets == o->cap_packets) {
		packet = realloc(o->packets, cap * sizeof(*packet));
		if (!packet)
			return say_trouble("out of memory");
		o->packets = packet;
		o->cap_packets = cap;
	}
	data = malloc(record->caplen ? record->caplen : 1);
	if (!data)
		return say_trouble("out of memory");
	memcpy(data, record->data, record->caplen);
	o->packets[o->n_packets++] =
		(struct cbpf_packet){ .data = data,
				      .caplen = record->caplen,
				      .wirelen = record->wirelen };
	return EXIT_YES;
}

static int read_profile(struct optimize *o)
{
	struct packets packets = { .paths = &o->profile, .n_paths = 1 };
	struct cbpf_record record;
	int status;

	if (o->opts.dialect == CBPF_SECCOMP)
		return say_usage("optimize",
				 "a seccomp program sees no packets "
				 "that %s could be of",
				 o->profile);
	status = stdin_is_free("optimize", &o->source, &packets);
	while (status == EXIT_YES) {
		status = packets_next(&packets, &record);
		if (status == EXIT_YES)
			status = add_packet(o, &record);
	}
	packets_free(&packets);
	o->opts.profile = o->packets;
	o->opts.n_profile = o->n_packets;
	if (status == EXIT_TROUBLE)
		return status;
	if (o->n_packets == 0)
		return say_trouble("%s has no packets%s", o->profile,
				   o->others ? " of that link type" : "");
	if (o->others)
		say_trouble("%s: warning: %" PRIu64 " packets of other link "
			    "types do not count",
			    o->profile, o->others);
	if (o->is_cut)
		say_trouble("%s: warning: the first %d packets count",
			    o->profile, PROFILE_MOST);
	return EXIT_YES;
}

static void free_profile(struct optimize *o)
{
	for (size_t i = 0; i < o->n_packets; i++)
		free((void *)o->packets[i].data);
	free(o->packets);
}

/* ---- the two compared --------------------------------------------------- */

/* EXIT_NO: they do not agree, which is a bug of ours. */
static int compare(const struct optimize *o, const struct cbpf_code *better,
		   struct cbpf_compared *compared)
{
	const struct cbpf_code *given = &o->source.code;
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = o->opts.dialect,
				       .has_any_length = true };
	struct cbpf_prog *a = NULL, *b = NULL;
	enum cbpf_err err;
	int status;

	err = cbpf_prog_new(given->insns, given->n, &opts, &a, NULL);
	if (err == CBPF_OK)
		err = cbpf_prog_new(better->insns, better->n, &opts, &b, NULL);
	if (err == CBPF_OK)
		err = cbpf_compare(a, b, NULL, compared);
	if (err == CBPF_OK)
		status = compared->is_same ? EXIT_YES : EXIT_NO;
	else
		status = say_trouble("%s: it cannot be compared: %s",
				     source_name(&o->source),
				     cbpf_err_name(err));
	cbpf_prog_free(a);
	cbpf_prog_free(b);
	return status;
}

/* ---- the report --------------------------------------------------------- */

static void report(const struct optimize *o, const struct cbpf_optimized *r,
		   const struct cbpf_compared *c)
{
	const char *name = source_name(&o->source);

	if (r->is_better)
		fprintf(stderr,
			"%s: %u instructions, longest way %u; given %u, "
			"longest way %u\nthe same for %" PRIu64
			" packets, which took %u of the %u ways of its "
			"branches, and %u of the %u there were\n",
			name, r->n_after, r->longest_after, r->n_before,
			r->longest_before, c->packets, c->taken_b, c->ways_b,
			c->taken_a, c->ways_a);
	else if (r->why == CBPF_OK)
		fprintf(stderr,
			"%s: nothing better was found than what was given: %u "
			"instructions, longest way %u\n",
			name, r->n_before, r->longest_before);
	else
		fprintf(stderr,
			"%s: as given, %u instructions; it is not optimized: "
			"%s\n",
			name, r->n_before, cbpf_err_name(r->why));
	if (r->is_better && c->reads_beyond)
		fprintf(stderr,
			"%s: warning: what it reads behind byte %d was not "
			"compared\n",
			name, CBPF_RANDOM_MOST);
	if (o->n_packets > 0 && r->executed_before > 0)
		fprintf(stderr,
			"executed over a packet of %s, mean of %zu: %.2f "
			"instructions; given %.2f\n",
			o->profile, o->n_packets,
			(double)r->executed_after / (double)o->n_packets,
			(double)r->executed_before / (double)o->n_packets);
}

static void dump(void *ctx, const char *pass, const char *graph)
{
	struct optimize *o = ctx;

	if (strcmp(o->pass, "all") != 0 && strcmp(o->pass, pass) != 0)
		return;
	o->was_dumped = true;
	fprintf(stderr, "; %s\n%s", pass, graph);
}

static int optimize(struct optimize *o)
{
	const struct cbpf_code *given = &o->source.code;
	struct cbpf_optimized r;
	struct cbpf_compared compared = { .is_same = true };
	struct cbpf_code better;
	struct cbpf_diag diag;
	enum cbpf_err err;
	int status;

	err = cbpf_optimize(given->insns, given->n, &o->opts, &better, &r,
			    &diag);
	if (err == CBPF_E_NOMEM)
		return say_trouble("out of memory");
	if (err != CBPF_OK)
		return say_illegal(source_name(&o->source), o->opts.dialect,
				   &diag);
	status = r.is_better ? compare(o, &better, &compared) : EXIT_YES;
	if (status == EXIT_NO)
		status = say_trouble("%s: the program that was made is not the "
				     "same; this is a bug of cbpf, please "
				     "report it with the program",
				     source_name(&o->source));
	else if (status == EXIT_YES && o->pass && !o->was_dumped)
		status = say_trouble("no pass called %s was run", o->pass);
	if (status == EXIT_YES) {
		report(o, &r, &compared);
		status = form_write(&better, o->form, o->output);
	}
	cbpf_code_free(&better);
	return status;
}

/* ---- options ------------------------------------------------------------ */

static bool take_target(struct optimize *o, const char *name)
{
	o->opts.hook = cbpf_hook_find(name);
	o->opts.dialect = CBPF_LINUX;
	if (o->opts.hook != CBPF_HOOKS)
		return true;
	o->opts.hook = CBPF_HOOK_NONE;
	o->opts.dialect = cbpf_dialect_find(name);
	return o->opts.dialect != CBPF_DIALECTS;
}

static int take_option(struct optimize *o, int option, char *argument)
{
	switch (option) {
	case 't':
		if (!take_target(o, argument))
			return say_usage("optimize",
					 "there is no dialect or hook %s",
					 argument);
		break;
	case 'S':
	case 'Q':
		o->opts.is_small = option == 'S';
		break;
	case 'P':
		o->profile = argument;
		break;
	case 'D':
		o->pass = argument;
		o->opts.dump = dump;
		o->opts.dump_ctx = o;
		break;
	case 'f':
		o->form = form_find(argument);
		if (o->form <= CBPF_FORMAT_AUTO)
			return say_usage("optimize",
					 "there is no format %s to write",
					 argument);
		break;
	case 'o':
		o->output = argument;
		break;
	default:
		if (!source_option("optimize", &o->source, option, argument))
			return EXIT_TROUBLE;
	}
	return EXIT_YES;
}

int cmd_optimize(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "for", required_argument, NULL, 't' },
		{ "fast", no_argument, NULL, 'Q' },
		{ "small", no_argument, NULL, 'S' },
		{ "profile", required_argument, NULL, 'P' },
		{ "dump-ir", required_argument, NULL, 'D' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct optimize o = { .source = { .link = -1, .is_joined = true },
			      .opts = { .size = sizeof(o.opts),
					.dialect = CBPF_LINUX },
			      .form = CBPF_FORMAT_ASM };
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "e:F:f:o:h", options, NULL)) !=
		       -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		if (option == '?')
			return say_option("optimize", argv);
		status = take_option(&o, option, optarg);
	}
	if (status != EXIT_YES)
		return status;
	if (!o.source.expr && optind < argc)
		o.source.path = argv[optind++];
	if (optind < argc)
		return say_usage("optimize",
				 "one program is enough, %s is another",
				 argv[optind]);
	if (!source_is_given("optimize", &o.source))
		return EXIT_TROUBLE;
	o.link = CBPF_LINK_EN10MB;
	if (o.profile)
		status = read_profile(&o);
	if (status == EXIT_YES)
		status = source_load_for(&o.source, o.link);
	if (status == EXIT_YES)
		status = optimize(&o);
	source_free(&o.source);
	free_profile(&o);
	return status;
}
