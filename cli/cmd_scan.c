/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf count: how many packets of captures match, file by file; cbpf filter:
 * those packets, written.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbpf/scan.h"
#include "cli.h"
#include "json.h"

#define FILTERS_MAX 65

/* A filter: the program, or an expression with a name. */
struct scanned {
	char *name; /* NULL: the program */
	struct source source;
	enum cbpf_dialect dialect;
	bool is_said;		    /* what is wrong with it */
	struct cbpf_writer *writer; /* or NULL: it is counted */
};

struct job {
	const char *verb;
	bool is_filter; /* cbpf filter: what matches is written */
	struct scanned filters[FILTERS_MAX];
	size_t n;
	struct cbpf_scan_opts opts;
	struct cbpf_writer_opts how;
	const char *output;
	struct cbpf_scan *scan;
	const char *name; /* of the file at hand */
	size_t n_opened;
	double began, told; /* seconds: the file, the last progress */
	uint64_t size;	    /* of the file; 0: not known */
	bool is_followed;   /* it grows */
	bool is_json;
	bool has_trouble; /* a file that could not be read, or not to its end */
};

static void print_help(const struct job *j)
{
	if (j->is_filter)
		puts("usage: cbpf filter [OPTIONS] [PROGRAM] CAPTURES... -o "
		     "FILE\n\n"
		     "The packets of captures that a filter lets through, "
		     "written whole, with all that\nthe captures say of "
		     "them.\n\n"
		     "  -o, --output FILE      where to; - for stdout\n"
		     "      --split FILE=EXPR  a filter and a file of its own, in "
		     "the same pass; can\n"
		     "                         be given 64 times, and then no "
		     "program need be\n"
		     "      --write FORMAT     pcap or pcapng (default: what the "
		     "first capture is)\n"
		     "      --snap N           at most N bytes of each packet");
	else
		puts("usage: cbpf count [OPTIONS] [PROGRAM] CAPTURES...\n\n"
		     "How many packets of captures a filter lets through: each "
		     "file, and all of them.\n\n"
		     "      --split NAME=EXPR  a filter of its own, in the same "
		     "pass; can be given\n"
		     "                         64 times, and then no program "
		     "need be");
	puts("      --invert           what the filter rejects\n"
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
	     "  -j, --jobs N           threads (default: one a processor)\n"
	     "      --keep-going       past what is broken in a capture, to the "
	     "next record\n"
	     "                         that seems to be one\n"
	     "      --follow           a file that grows, until a signal ends "
	     "it\n"
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
static int load(struct scanned *f, uint16_t link)
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
	struct scanned *f = ctx;
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

static int add_split(struct job *j, const char *argument)
{
	const char *equals = strchr(argument, '=');
	struct scanned *f = &j->filters[j->n];

	if (!equals || equals == argument)
		return say_usage(j->verb, "--split is %s=EXPR, not %s",
				 j->is_filter ? "FILE" : "NAME", argument);
	if (j->n == FILTERS_MAX)
		return say_usage(j->verb, "--split can be given %d times",
				 FILTERS_MAX - 1);
	*f = (struct scanned){ .source = { .link = -1, .is_joined = true } };
	f->name = strndup(argument, (size_t)(equals - argument));
	source_option(j->verb, &f->source, 'e', equals + 1);
	j->n++;
	return f->name ? EXIT_YES : say_trouble("out of memory");
}

/* ---- signals ------------------------------------------------------------ */

static volatile sig_atomic_t stopped; /* the signal, or 0 */

static void stop(int number)
{
	stopped = number;
}

static bool is_stopped(void *ctx)
{
	(void)ctx;
	return stopped;
}

/* What is being written is to end with a whole packet. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction on_stop = { .sa_handler = stop };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction before;

		sigaction(signals[i], NULL, &before);
		if (before.sa_handler != SIG_IGN)
			sigaction(signals[i], &on_stop, NULL);
	}
}

/* ---- outputs ------------------------------------------------------------ */

static const char *output_of(const struct job *j, size_t i)
{
	return j->filters[i].name ? j->filters[i].name : j->output;
}

static int open_outputs(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct scanned *f = &j->filters[i];
		const char *path = output_of(j, i);
		struct cbpf_diag diag;

		for (size_t k = 0; k < i; k++)
			if (strcmp(path, output_of(j, k)) == 0)
				return say_usage(j->verb,
						 "two filters cannot write %s",
						 path);
		if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
			return say_trouble("stdout is a terminal: -o FILE, or "
					   "a pipe");
		if (cbpf_writer_open(path, &j->how, &f->writer, &diag) !=
		    CBPF_OK)
			return say_diag(path, &diag);
		cbpf_scan_write(j->scan, i, f->writer);
	}
	return EXIT_YES;
}

/* Where what could be written lies, if it is anything. */
static void say_part(struct cbpf_writer *w)
{
	const char *name = cbpf_writer_name(w);
	struct stat st;

	cbpf_writer_flush(w, NULL);
	if (strcmp(name, "-") != 0 && stat(name, &st) == 0 && st.st_size > 0)
		say_trouble("%s is what was written, a capture as far as it "
			    "goes",
			    name);
}

/* Whole, they get their names; else it is said where what there is lies. */
static int finish_outputs(struct job *j, bool is_whole)
{
	int status = EXIT_YES;

	for (size_t i = 0; i < j->n; i++) {
		struct cbpf_writer *w = j->filters[i].writer;
		struct cbpf_diag diag;

		struct stat st;
		bool is_kept;

		if (!w)
			continue;
		/* what there was is worth more than a part */
		is_kept = !is_whole || j->n_opened == 0 ||
			  (j->has_trouble && stat(output_of(j, i), &st) == 0 &&
			   S_ISREG(st.st_mode));
		if (!is_kept && cbpf_writer_finish(w, &diag) != CBPF_OK) {
			status = say_diag(cbpf_writer_name(w), &diag);
			is_kept = true;
		}
		if (is_kept && j->n_opened > 0)
			say_part(w);
		cbpf_writer_close(w);
		j->filters[i].writer = NULL;
	}
	return status;
}

/* ---- what came of it ---------------------------------------------------- */

static struct cbpf_scan_count less(struct cbpf_scan_count a,
				   struct cbpf_scan_count b)
{
	return (struct cbpf_scan_count){ a.packets - b.packets,
					 a.bytes - b.bytes };
}

/* To stdout; beside packets that go there to stderr. */
static void print(const struct job *j, const char *file,
		  const struct scanned *f, struct cbpf_scan_count hit,
		  struct cbpf_scan_count seen)
{
	FILE *to = j->is_filter ? stderr : stdout;
	struct json *line;

	if (!j->is_json) {
		fprintf(to, "%" PRIu64 " of %" PRIu64 " packets  %s%s%s\n",
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
	js_print(line, to);
}

/* cbpf_scan's: of what is passed over. */
static void on_lost(void *ctx, const struct cbpf_diag *diag, uint64_t lost)
{
	struct job *j = ctx;

	j->has_trouble = true;
	say_diag(j->name, diag);
	say_trouble("%s: %" PRIu64 " bytes are passed over", j->name, lost);
}

/* ---- the time it takes -------------------------------------------------- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* cbpf_scan's: on a terminal, twice a second, over what was said before. */
static void on_progress(void *ctx, uint64_t offset)
{
	struct job *j = ctx;
	double now = seconds(), rate;

	if (now - j->told < 0.5)
		return;
	j->told = now;
	rate = (double)offset / (now - j->began);
	fprintf(stderr, "\r%s: %.1f MB", j->name, (double)offset * 1e-6);
	if (j->size > offset)
		fprintf(stderr, " of %.1f", (double)j->size * 1e-6);
	fprintf(stderr, ", %.0f MB/s", rate * 1e-6);
	if (j->size > offset)
		fprintf(stderr, ", %.0f s left",
			(double)(j->size - offset) / rate);
	fputs("\033[K", stderr);
}

static void start_clock(struct job *j, const char *path)
{
	struct stat st;

	j->began = j->told = seconds();
	j->size = strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
				  S_ISREG(st.st_mode)
			  ? (uint64_t)st.st_size
			  : 0;
}

static void stop_clock(struct job *j)
{
	if (j->told > j->began)
		fputs("\r\033[K", stderr);
}

/* cbpf_capture's. Of a file that grows what was written is to be seen. */
static bool goes_on(void *ctx, bool is_end)
{
	static const struct timespec some = { 0, 100000000 };
	struct job *j = ctx;

	if (!is_end || !j->is_followed)
		return !is_end && !stopped;
	for (size_t i = 0; i < j->n; i++)
		if (j->filters[i].writer)
			cbpf_writer_flush(j->filters[i].writer, NULL);
	if (!stopped)
		nanosleep(&some, NULL);
	return !stopped;
}

/* ---- scanning ----------------------------------------------------------- */

static bool is_said(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->filters[i].is_said)
			return true;
	return false;
}

/* What the scan ended for: an input's end, however it is; else it is said. */
static int judge_end(struct job *j, const char *name, enum cbpf_err err,
		     const struct cbpf_diag *diag)
{
	struct cbpf_writer *failed = cbpf_scan_failed(j->scan);

	if (is_said(j))
		return EXIT_TROUBLE;
	/* a file that grows ends where it is */
	if (err == CBPF_OK ||
	    (j->is_followed && stopped && err == CBPF_E_CAP_CUT))
		return EXIT_YES;
	if (failed)
		return say_diag(cbpf_writer_name(failed), diag);
	j->has_trouble = true;
	say_diag(name, diag);
	return EXIT_YES;
}

/* Whether standard output is the file, and goes there. */
static bool writes_onto(const struct job *j, const char *path)
{
	struct stat in, out;

	for (size_t i = 0; j->is_filter && i < j->n; i++)
		if (strcmp(output_of(j, i), "-") == 0)
			return stat(path, &in) == 0 &&
			       fstat(STDOUT_FILENO, &out) == 0 &&
			       S_ISREG(out.st_mode) &&
			       in.st_dev == out.st_dev &&
			       in.st_ino == out.st_ino;
	return false;
}

/* One file, also where it is sound to some packet only; EXIT_TROUBLE ends the
 * job. */
static int scan_file(struct job *j, const char *path)
{
	const char *name = strcmp(path, "-") ? path : "<stdin>";
	struct cbpf_scan_count before[FILTERS_MAX] = { { 0, 0 } };
	struct cbpf_scan_count seen = cbpf_scan_seen(j->scan);
	struct cbpf_capture *capture;
	struct cbpf_diag diag = { 0 };
	enum cbpf_err err = cbpf_capture_open(path, NULL, &capture, &diag);

	if (err != CBPF_OK) {
		j->has_trouble = true;
		say_diag(name, &diag);
		return EXIT_YES;
	}
	j->name = name;
	for (size_t i = 0; i < j->n; i++)
		before[i] = cbpf_scan_hit(j->scan, i);
	if (writes_onto(j, path)) {
		cbpf_capture_close(capture);
		return say_trouble("%s is read and written", name);
	}
	j->n_opened++;
	cbpf_capture_wait(capture, goes_on, j);
	start_clock(j, path);
	err = cbpf_scan_capture(
		j->scan, capture,
		strcmp(path, "-") == 0 || j->is_followed ? NULL : path, &diag);
	stop_clock(j);
	cbpf_capture_close(capture);
	for (size_t i = 0; i < j->n && !is_said(j); i++)
		print(j, name, &j->filters[i],
		      less(cbpf_scan_hit(j->scan, i), before[i]),
		      less(cbpf_scan_seen(j->scan), seen));
	if (stopped && !j->is_followed && !is_said(j))
		return say_trouble("stopped in %s", name);
	return judge_end(j, name, err, &diag);
}

static int scan_all(struct job *j, char **paths, size_t n)
{
	uint64_t hits = 0;
	int status = EXIT_YES;

	for (size_t i = 0; i < j->n; i++) {
		j->filters[i].dialect = j->opts.dialect;
		if (cbpf_scan_add(j->scan, compile, &j->filters[i], NULL) !=
		    CBPF_OK)
			return say_trouble("out of memory");
	}
	if (j->is_filter)
		status = open_outputs(j);
	for (size_t i = 0; i < n && status == EXIT_YES; i++)
		if (!cbpf_scan_is_full(j->scan))
			status = scan_file(j, paths[i]);
	if (finish_outputs(j, status == EXIT_YES) != EXIT_YES)
		status = EXIT_TROUBLE;
	if (status != EXIT_YES)
		return status;
	for (size_t i = 0; i < j->n; i++) {
		hits += cbpf_scan_hit(j->scan, i).packets;
		if (n > 1)
			print(j, "total", &j->filters[i],
			      cbpf_scan_hit(j->scan, i),
			      cbpf_scan_seen(j->scan));
	}
	if (j->has_trouble)
		return EXIT_TROUBLE;
	return hits > 0 ? EXIT_YES : EXIT_NO;
}

/* ---- the verbs ---------------------------------------------------------- */

static int take_output_option(struct job *j, int option, char *argument)
{
	switch (option) {
	case 'o':
		j->output = argument;
		return EXIT_YES;
	case 'S':
		if (!parse_u32(argument, &j->how.snap) || j->how.snap == 0)
			return say_usage(j->verb,
					 "--snap is a number from 1, not %s",
					 argument);
		return EXIT_YES;
	default: /* --write */
		if (strcmp(argument, "pcap") == 0)
			j->how.format = CBPF_CAPTURE_PCAP;
		else if (strcmp(argument, "pcapng") == 0)
			j->how.format = CBPF_CAPTURE_PCAPNG;
		else
			return say_usage(j->verb,
					 "--write is pcap or pcapng, not %s",
					 argument);
		return EXIT_YES;
	}
}

static int take_option(struct job *j, int option, char *argument)
{
	uint32_t jobs;

	switch (option) {
	case 's':
		return add_split(j, argument);
	case 'v':
		j->opts.is_inverted = true;
		return EXIT_YES;
	case 'n':
		if (!parse_u64(argument, &j->opts.most) || j->opts.most == 0)
			return say_usage(j->verb,
					 "--max-count is a number from 1, not "
					 "%s",
					 argument);
		return EXIT_YES;
	case 'a':
	case 'b':
		if (parse_time(argument, option == 'a' ? &j->opts.from_ns
						       : &j->opts.to_ns))
			return EXIT_YES;
		return say_usage(j->verb,
				 "a time is 1706702400.5 or "
				 "2024-01-31T12:00:00.5Z, not %s",
				 argument);
	case 'j':
		if (!parse_u32(argument, &jobs) || jobs == 0 || jobs > 256)
			return say_usage(j->verb,
					 "--jobs is a number from 1 to 256, "
					 "not %s",
					 argument);
		j->opts.jobs = jobs;
		return EXIT_YES;
	case 'f':
		j->is_followed = true;
		return EXIT_YES;
	case 'k':
		j->opts.on_lost = on_lost;
		j->opts.lost_ctx = j;
		return EXIT_YES;
	case 'O':
		j->is_json = true;
		return js_is_built() ? EXIT_YES : js_refuse();
	case 'd':
		j->opts.dialect = cbpf_dialect_find(argument);
		if (j->opts.dialect == CBPF_DIALECTS ||
		    j->opts.dialect == CBPF_SECCOMP)
			return say_usage(j->verb,
					 "there is no dialect %s for packets",
					 argument);
		return EXIT_YES;
	case 'o':
	case 'S':
	case 'w':
		return take_output_option(j, option, argument);
	default:
		return source_option(j->verb, &j->filters[0].source, option,
				     argument)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

/* The program is filter 0; without one, and with others, there is none. */
static int take_program(struct job *j, char **argv, int argc)
{
	struct source *source = &j->filters[0].source;

	if (!source->expr && j->n == 1 && optind < argc)
		source->path = argv[optind++];
	if (!source->expr && !source->path && j->n > 1) {
		if (j->output)
			return say_usage(j->verb,
					 "-o %s has no filter: -e "
					 "EXPR, or a --split more",
					 j->output);
		j->n--;
		memmove(j->filters, j->filters + 1,
			j->n * sizeof(j->filters[0]));
		return EXIT_YES;
	}
	if (!source_is_given(j->verb, source))
		return EXIT_TROUBLE;
	if (j->is_filter && !j->output)
		return say_usage(j->verb,
				 "-o FILE is missing, or - for stdout");
	return EXIT_YES;
}

static int run(struct job *j, char **argv, int argc)
{
	struct packets packets = { .paths = argv + optind,
				   .n_paths = (size_t)(argc - optind) };
	struct cbpf_diag diag;
	int status;

	if (packets.n_paths == 0)
		return say_usage(j->verb, "captures are missing: files, or - "
					  "for stdin");
	if (j->is_followed && packets.n_paths > 1)
		return say_usage(j->verb, "--follow is of one capture");
	status = stdin_is_free(j->verb, &j->filters[0].source, &packets);
	if (status != EXIT_YES)
		return status;
	if (isatty(STDERR_FILENO)) {
		j->opts.on_progress = on_progress;
		j->opts.progress_ctx = j;
	}
	if (cbpf_scan_new(&j->opts, &j->scan, &diag) != CBPF_OK)
		return say_diag(j->verb, &diag);
	catch_signals();
	status = scan_all(j, packets.paths, packets.n_paths);
	cbpf_scan_free(j->scan);
	return status;
}

static int scan(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "split", required_argument, NULL, 's' },
		{ "invert", no_argument, NULL, 'v' },
		{ "max-count", required_argument, NULL, 'n' },
		{ "from-time", required_argument, NULL, 'a' },
		{ "to-time", required_argument, NULL, 'b' },
		{ "dialect", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'O' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		/* of filter: */
		{ "output", required_argument, NULL, 'o' },
		{ "snap", required_argument, NULL, 'S' },
		{ "write", required_argument, NULL, 'w' },
		{ 0 }
	};
	struct option own[sizeof(options) / sizeof(options[0])];
	int option, status = EXIT_YES;

	memcpy(own, options, sizeof(own));
	for (size_t i = 0; !j->is_filter && own[i].name; i++)
		if (strcmp(own[i].name, "output") == 0)
			memset(&own[i], 0, sizeof(own[i]));
	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv,
				     j->is_filter ? "d:e:F:j:o:h" : "d:e:F:j:h",
				     own, NULL)) != -1) {
		if (option == 'h') {
			print_help(j);
			return EXIT_YES;
		}
		if (option == '?')
			return say_option(j->verb, argv);
		status = take_option(j, option, optarg);
	}
	if (status == EXIT_YES)
		status = take_program(j, argv, argc);
	if (status == EXIT_YES)
		status = run(j, argv, argc);
	for (size_t i = 0; i < j->n; i++) {
		source_free(&j->filters[i].source);
		free(j->filters[i].name);
	}
	return status;
}

/* So many threads can run at once. */
static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 256 ? 256 : n > 1 ? (unsigned)n : 1;
}

static int scan_as(const char *verb, bool is_filter, int argc, char **argv)
{
	static struct job j;

	j = (struct job){
		.verb = verb,
		.is_filter = is_filter,
		.filters = { { .source = { .link = -1, .is_joined = true } } },
		.n = 1,
		.opts = { .size = sizeof(j.opts),
			  .dialect = CBPF_LIBPCAP,
			  .jobs = processors(),
			  .is_stopped = is_stopped },
		.how = { .size = sizeof(j.how) }
	};
	return scan(&j, argc, argv);
}

int cmd_count(int argc, char **argv)
{
	return scan_as("count", false, argc, argv);
}

int cmd_filter(int argc, char **argv)
{
	return scan_as("filter", true, argc, argv);
}
