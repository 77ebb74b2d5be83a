/* SPDX-License-Identifier: BSD-2-Clause */
/* Options, filters, outputs and results of a job over captures: scan_job.h. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "scan_job.h"

/* The tool's name, in front of a verb. */
static const char *tool_of(const struct job *j)
{
	return j->is_many ? "mpirun [...] cbpf-mpi" : "cbpf";
}

static void print_many(const struct job *j)
{
	puts("      --keep-going       past what is broken in a capture, to the "
	     "next record\n"
	     "                         that seems to be one\n"
	     "      --journal DIR      where what is done is kept, until all of "
	     "it is (default\n"
	     "                         cbpf-mpi.*, here): the same command goes "
	     "on there\n"
	     "      --part BYTES       what a process takes of a file at a time "
	     "(default 64 MiB)");
	if (j->is_filter)
		puts("      --merge            one FILE, of pcap, in the order of "
		     "times (default: a part\n"
		     "                         by each process, FILE.0, FILE.1, "
		     "..., in the order of files)");
	puts("      --json             one object a line");
}

static void print_help(const struct job *j)
{
	if (j->is_filter)
		printf("usage: %s filter [OPTIONS] [PROGRAM] CAPTURES... -o "
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
		       "      --snap N           at most N bytes of each packet\n",
		       tool_of(j));
	else
		printf("usage: %s count [OPTIONS] [PROGRAM] CAPTURES...\n\n"
		       "How many packets of captures a filter lets through: each "
		       "file, and all of them.\n\n"
		       "      --split NAME=EXPR  a filter of its own, in the same "
		       "pass; can be given\n"
		       "                         64 times, and then no program "
		       "need be\n",
		       tool_of(j));
	puts("      --invert           what the filter rejects\n"
	     "      --from-time TIME   packets from then on: seconds since 1970 "
	     "(1706702400.5)\n"
	     "                         or UTC (2024-01-31T12:00:00.5Z)\n"
	     "      --to-time TIME     packets before then\n"
	     "  -d, --dialect NAME     the program's meaning (default libpcap)\n"
	     "  -e, --expression EXPR  the capture filter language\n"
	     "  -F, --expression-file FILE\n"
	     "      --from FORMAT      what PROGRAM is, where it is not "
	     "recognised\n"
	     "      --link TYPE        link type of -e (default: each packet's)");
	if (j->is_many) {
		print_many(j);
		return;
	}
	puts("      --max-count N      no more than N; the rest is not read\n"
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

enum cbpf_err job_compile(void *ctx, uint16_t link, struct cbpf_code *code,
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

bool job_is_said(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->filters[i].is_said)
			return true;
	return false;
}

/* ---- signals ------------------------------------------------------------ */

static volatile sig_atomic_t stopped; /* the signal, or 0 */

static void stop(int number)
{
	stopped = number;
}

bool job_is_stopped(void)
{
	return stopped;
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

/* Of many processes each has a file of its own; NULL: no memory. */
static char *own_path(const struct job *j, size_t i)
{
	const char *path = output_of(j, i);
	size_t size = strlen(path) + 16;
	char *own = malloc(size);

	if (own)
		snprintf(own, size,
			 j->is_many && !j->is_merged ? "%s.%u" : "%s", path,
			 j->rank);
	return own;
}

/* Whether no filter before it writes the same. */
static int check_name(const struct job *j, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(output_of(j, i), output_of(j, k)) == 0)
			return say_usage(j->verb, "two filters cannot write %s",
					 output_of(j, i));
	return EXIT_YES;
}

/* The path of an output, which no other has. */
static int name_output(struct job *j, size_t i)
{
	struct scanned *f = &j->filters[i];

	if (check_name(j, i) != EXIT_YES)
		return EXIT_TROUBLE;
	free(f->path);
	f->path = own_path(j, i);
	return f->path ? EXIT_YES : say_trouble("out of memory");
}

/* Whether there is a share of a process that there is not. */
static int check_shares(const struct job *j, size_t i, unsigned n_ranks)
{
	char path[4096];

	if (j->is_merged ||
	    snprintf(path, sizeof(path), "%s.%u", output_of(j, i), n_ranks) >=
		    (int)sizeof(path) ||
	    access(path, F_OK) != 0)
		return EXIT_YES;
	return say_trouble("%s is there, of a job of more processes: remove "
			   "it, or give -o another",
			   path);
}

int job_check_outputs(const struct job *j, unsigned n_ranks)
{
	for (size_t i = 0; i < j->n; i++) {
		const char *path = output_of(j, i);
		const char *name = strrchr(path, '/');
		char directory[4096];

		if (strcmp(path, "-") == 0)
			return say_usage(j->verb,
					 "stdout is of one process: -o FILE");
		if (check_name(j, i) != EXIT_YES)
			return EXIT_TROUBLE;
		snprintf(directory, sizeof(directory), "%.*s",
			 name ? (int)(name - path) + 1 : 1, name ? path : ".");
		if (access(directory, W_OK) != 0)
			return say_trouble("%s: %s", path, strerror(errno));
		if (check_shares(j, i, n_ranks) != EXIT_YES)
			return EXIT_TROUBLE;
	}
	return EXIT_YES;
}

void job_drop_partials(struct job *j)
{
	for (size_t i = 0; i < j->n; i++) {
		char path[4096];

		if (name_output(j, i) == EXIT_YES &&
		    snprintf(path, sizeof(path), "%s.partial",
			     j->filters[i].path) < (int)sizeof(path))
			unlink(path);
	}
}

/* What there was is worth more than a part. */
static bool keeps_old(const struct job *j, size_t i)
{
	const char *path = j->filters[i].path;
	struct stat st;

	return j->has_trouble && path && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

bool job_keeps_old(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (keeps_old(j, i))
			return true;
	return false;
}

static int open_output(struct job *j, struct scanned *f)
{
	struct cbpf_diag diag;

	if (strcmp(f->path, "-") == 0 && isatty(STDOUT_FILENO))
		return say_trouble("stdout is a terminal: -o FILE, or a pipe");
	if (cbpf_writer_open(f->path, &j->how, &f->writer, &diag) != CBPF_OK)
		return say_diag(f->path, &diag);
	return EXIT_YES;
}

int job_open_outputs(struct job *j, bool is_scanned)
{
	int status = EXIT_YES;

	for (size_t i = 0; i < j->n && status == EXIT_YES; i++) {
		struct scanned *f = &j->filters[i];

		if (name_output(j, i) != EXIT_YES)
			return EXIT_TROUBLE;
		status = open_output(j, f);
		if (status == EXIT_YES && is_scanned)
			cbpf_scan_write(j->scan, i, f->writer);
	}
	return status;
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

int job_finish_outputs(struct job *j, bool is_whole)
{
	int status = EXIT_YES;

	for (size_t i = 0; i < j->n; i++) {
		struct cbpf_writer *w = j->filters[i].writer;
		struct cbpf_diag diag;
		bool is_kept;

		if (!w)
			continue;
		is_kept = !is_whole || j->n_opened == 0 || keeps_old(j, i);
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

void job_print(const struct job *j, const char *file, const struct scanned *f,
	       struct cbpf_scan_count hit, struct cbpf_scan_count seen)
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

int job_sum_up(const struct job *j, size_t n_files,
	       const struct cbpf_scan_count *hits, struct cbpf_scan_count seen)
{
	uint64_t packets = 0;

	for (size_t i = 0; i < j->n; i++) {
		packets += hits[i].packets;
		if (n_files > 1)
			job_print(j, "total", &j->filters[i], hits[i], seen);
	}
	if (j->has_trouble)
		return EXIT_TROUBLE;
	return packets > 0 ? EXIT_YES : EXIT_NO;
}

/* cbpf_scan's: of what is passed over. */
static void on_lost(void *ctx, const struct cbpf_diag *diag, uint64_t lost)
{
	struct job *j = ctx;

	j->has_trouble = true;
	say_diag(j->name, diag);
	say_trouble("%s: %" PRIu64 " bytes are passed over", j->name, lost);
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
	case 'J':
		j->journal = argument;
		return EXIT_YES;
	case 'P':
		if (parse_u64(argument, &j->unit) && j->unit > 0)
			return EXIT_YES;
		return say_usage(j->verb, "--part is a number from 1, not %s",
				 argument);
	case 'm':
		j->is_merged = true;
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
	if (cbpf_scan_new(&j->opts, &j->scan, &diag) != CBPF_OK)
		return say_diag(j->verb, &diag);
	catch_signals();
	for (size_t i = 0; i < j->n && status == EXIT_YES; i++) {
		j->filters[i].dialect = j->opts.dialect;
		if (cbpf_scan_add(j->scan, job_compile, &j->filters[i], NULL) !=
		    CBPF_OK)
			status = say_trouble("out of memory");
	}
	if (status == EXIT_YES)
		status = j->scan_all(j, packets.paths, packets.n_paths);
	cbpf_scan_free(j->scan);
	return status;
}

/* An option, and whose it is. */
enum { OF_COUNT = 1, OF_FILTER = 2, OF_ONE = 4, OF_MANY = 8 };

static const struct {
	struct option option;
	unsigned of; /* not taken by others */
} own_options[] = {
	{ { "split", required_argument, NULL, 's' }, 0 },
	{ { "invert", no_argument, NULL, 'v' }, 0 },
	{ { "from-time", required_argument, NULL, 'a' }, 0 },
	{ { "to-time", required_argument, NULL, 'b' }, 0 },
	{ { "dialect", required_argument, NULL, 'd' }, 0 },
	{ { "json", no_argument, NULL, 'O' }, 0 },
	{ { "keep-going", no_argument, NULL, 'k' }, 0 },
	{ { "help", no_argument, NULL, 'h' }, 0 },
	{ { "max-count", required_argument, NULL, 'n' }, OF_ONE },
	{ { "jobs", required_argument, NULL, 'j' }, OF_ONE },
	{ { "follow", no_argument, NULL, 'f' }, OF_ONE },
	{ { "output", required_argument, NULL, 'o' }, OF_FILTER },
	{ { "snap", required_argument, NULL, 'S' }, OF_FILTER },
	{ { "write", required_argument, NULL, 'w' }, OF_FILTER },
	{ { "journal", required_argument, NULL, 'J' }, OF_MANY },
	{ { "part", required_argument, NULL, 'P' }, OF_MANY },
	{ { "merge", no_argument, NULL, 'm' }, OF_MANY | OF_FILTER },
};

#define OPTIONS (sizeof(own_options) / sizeof(own_options[0]))

/* The options of the verb at hand, and their letters. */
static const char *take_options(const struct job *j,
				struct option options[OPTIONS + 5])
{
	static const struct option of_source[] = { SOURCE_OPTIONS };
	unsigned is = (j->is_filter ? OF_FILTER : OF_COUNT) |
		      (j->is_many ? OF_MANY : OF_ONE);
	size_t n = sizeof(of_source) / sizeof(of_source[0]);

	memcpy(options, of_source, sizeof(of_source));
	for (size_t i = 0; i < OPTIONS; i++)
		if ((own_options[i].of & is) == own_options[i].of)
			options[n++] = own_options[i].option;
	options[n] = (struct option){ 0 };
	if (j->is_many)
		return j->is_filter ? "d:e:F:o:h" : "d:e:F:h";
	return j->is_filter ? "d:e:F:j:o:h" : "d:e:F:j:h";
}

static int scan(struct job *j, int argc, char **argv)
{
	struct option options[OPTIONS + 5];
	const char *letters = take_options(j, options);
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, letters, options, NULL)) !=
		       -1) {
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
		free(j->filters[i].path);
	}
	return status;
}

int job_run(const struct job *how, int argc, char **argv)
{
	static struct job j;

	j = *how;
	j.filters[0] =
		(struct scanned){ .source = { .link = -1, .is_joined = true } };
	j.n = 1;
	j.opts.size = sizeof(j.opts);
	j.opts.dialect = CBPF_LIBPCAP;
	j.opts.is_stopped = is_stopped;
	j.opts.progress_ctx = &j;
	j.how.size = sizeof(j.how);
	return scan(&j, argc, argv);
}
