/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf bench: how long machines take for a packet of a program's, and to be
 * made. All machines take turns on one processor, and what counts is the median
 * of their samples, so that ratios are of one run; docs/performance.md.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "json.h"
#include "traffic.h"

const char *const bench_mode_names[BENCH_MODES] = { "cached", "unpredictable",
						    "streaming" };

/* Packets of each mode, and bytes of each, 0: all. */
static const struct {
	size_t n;
	uint32_t cut;
} shapes[BENCH_MODES] = { { 1000, 0 }, { 12000, 64 }, { 100000, 0 } };

struct bench {
	struct source source;
	struct packets packets;
	enum cbpf_dialect dialect;
	bool modes[BENCH_MODES];
	bool is_json, is_verbose;
	const char *chart;
	char *peers[8];
	size_t n_peers;
	uint32_t samples;

	struct bench_program program;
	struct bench_packets given; /* of captures */
	struct subject subjects[SUBJECTS_MAX];
	size_t n;
};

static void print_help(void)
{
	puts("usage: cbpf bench [OPTIONS] [PROGRAM] [CAPTURE...]\n\n"
	     "Nanoseconds a packet, of this library's machines and of others "
	     "that are here:\nlibpcap's, the program as C through gcc and "
	     "clang, and other programs.\nWithout a CAPTURE packets are made: "
	     "Ethernet, IPv4 mostly, TCP, UDP, ICMP.\n\n"
	     "      --mode LIST        of cached (1,000 packets, over and "
	     "over), unpredictable\n"
	     "                         (12,000, cut to 64 bytes), streaming "
	     "(100,000, whole);\n"
	     "                         default all\n"
	     "      --peer NAME=CMD    another program, which measures itself "
	     "(cbpf(1));\n"
	     "                         can be given 8 times\n"
	     "      --samples N        of each, medians count (default 9)\n"
	     "      --ms N             a sample takes at least (default 20)\n"
	     "      --chart FILE       a picture, SVG\n"
	     "  -v, --verbose          how each does it, and what is not here\n"
	     "  -d, --dialect NAME     the program's meaning (default libpcap)\n"
	     "  -e, --expression EXPR  the capture filter language\n"
	     "  -F, --expression-file FILE\n"
	     "      --from FORMAT      what PROGRAM is, where it is not "
	     "recognised\n"
	     "      --link TYPE        link type of -e (default EN10MB)\n"
	     "      --json             one object a line");
}

/* ---- packets ------------------------------------------------------------ */

static bool take_room(struct bench_packets *p, size_t n, size_t bytes)
{
	p->list = calloc(n ? n : 1, sizeof(*p->list));
	p->bytes = malloc(bytes ? bytes : 1);
	return p->list && p->bytes;
}

static void free_packets(struct bench_packets *p)
{
	free(p->list);
	free(p->bytes);
	*p = (struct bench_packets){ 0 };
}

static void add_packet(struct bench_packets *p, const uint8_t *data,
		       uint32_t caplen, uint32_t wirelen)
{
	uint8_t *at = p->bytes + p->n_bytes;

	memcpy(at, data, caplen);
	p->list[p->n++] = (struct cbpf_packet){ .data = at,
						.caplen = caplen,
						.wirelen = wirelen };
	p->n_bytes += caplen;
}

/* The captures' packets, again and again up to n; of one link type. */
static bool shape_given(const struct bench *b, struct bench_packets *p,
			size_t n, uint32_t cut)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += b->given.list[i % b->given.n].caplen;
	if (!take_room(p, n, bytes))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct cbpf_packet *one = &b->given.list[i % b->given.n];
		bool is_cut = cut && one->caplen > cut;

		add_packet(p, one->data, is_cut ? cut : one->caplen,
			   one->wirelen);
	}
	return true;
}

static bool shape_made(struct bench_packets *p, size_t n, uint32_t cut)
{
	struct traffic traffic = TRAFFIC_NEW;
	uint8_t one[TRAFFIC_MOST];

	if (!take_room(p, n, n * (cut ? cut : sizeof(one))))
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t size = cut ? cut : traffic_size(&traffic);

		traffic_packet(&traffic, one, size);
		add_packet(p, one, size, size);
	}
	return true;
}

static bool shape(const struct bench *b, enum bench_mode mode,
		  struct bench_packets *p)
{
	return b->given.n ? shape_given(b, p, shapes[mode].n, shapes[mode].cut)
			  : shape_made(p, shapes[mode].n, shapes[mode].cut);
}

#define GIVEN_MOST 100000

static int read_captures(struct bench *b)
{
	struct cbpf_record record;
	int status = EXIT_YES;
	int link = b->source.link; /* or that of the first packet */
	uint64_t others = 0;

	if (b->packets.n_paths == 0)
		return EXIT_YES;
	while (status == EXIT_YES && b->given.n < GIVEN_MOST) {
		struct bench_packets *g = &b->given;
		uint8_t *bytes;
		void *list;

		status = packets_next(&b->packets, &record);
		if (status != EXIT_YES)
			break;
		if (link < 0)
			link = record.link;
		if (record.link != link) {
			others++;
			continue;
		}
		bytes = malloc(record.caplen ? record.caplen : 1);
		list = realloc(g->list, (g->n + 1) * sizeof(*g->list));
		if (list)
			g->list = list;
		if (!bytes || !list) {
			free(bytes);
			return say_trouble("out of memory");
		}
		memcpy(bytes, record.data, record.caplen);
		g->list[g->n++] =
			(struct cbpf_packet){ .data = bytes,
					      .caplen = record.caplen,
					      .wirelen = record.wirelen };
	}
	if (status == EXIT_TROUBLE)
		return status;
	if (b->given.n == 0)
		return say_trouble("there are no packets%s to measure with",
				   others ? " of that link type" : "");
	if (others > 0)
		say_trouble("warning: %" PRIu64 " packets of other link types "
			    "do not count",
			    others);
	if (b->given.n == GIVEN_MOST)
		say_trouble("warning: the first %d packets count", GIVEN_MOST);
	return source_load_for(&b->source, (uint16_t)link);
}

/* ---- measuring ---------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare_samples(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *samples, uint32_t n)
{
	qsort(samples, n, sizeof(*samples), compare_samples);
	return n % 2 ? samples[n / 2]
		     : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

static double sample(struct subject *s, const struct bench_packets *p,
		     double least, uint32_t *sum)
{
	double start = now(), end, ns = 0;
	unsigned rounds = 0;

	do {
		*sum = s->run(s, p, &ns);
		rounds++;
		end = now();
	} while (ns == 0 && !s->why[0] && end - start < least);
	return ns > 0 ? ns : (end - start) / rounds / (double)p->n;
}

/* All take turns; the first turn warms up, and what they say is compared. */
static void measure(struct bench *b, enum bench_mode mode,
		    const struct bench_packets *p)
{
	uint32_t want = 0, sum;

	for (uint32_t k = 0; k <= b->samples; k++) {
		for (size_t i = 0; i < b->n; i++) {
			struct subject *s = &b->subjects[i];
			double ns;

			if (s->why[0])
				continue;
			ns = sample(s, p, k ? b->program.ms * 1e6 : 1, &sum);
			if (k > 0)
				s->samples[k - 1] = ns;
			if (k == 0 && i == 0)
				want = sum;
			if (sum != want && !s->why[0] && !s->is_none)
				s->differs = true;
		}
	}
	for (size_t i = 0; i < b->n; i++)
		if (!b->subjects[i].why[0])
			b->subjects[i].ns[mode] =
				median(b->subjects[i].samples, b->samples);
}

/* Microseconds to make each, all of it; false: memory was refused. */
static bool measure_load(struct bench *b)
{
	for (uint32_t k = 0; k < b->samples; k++) {
		for (size_t i = 0; i < b->n; i++) {
			struct subject *s = &b->subjects[i];
			double start = now(), end;
			unsigned times = 0;

			if (s->why[0] || !s->load)
				continue;
			do {
				if (!s->load(s))
					return false;
				times++;
				end = now();
			} while (end - start < b->program.ms * 1e5);
			s->samples[k] = (end - start) / times / 1e3;
			if (k + 1 == b->samples)
				s->load_us = -1; /* all of them are there */
		}
	}
	return true;
}

/* Samples of all subjects lie apart, so each is asked for its median. */
static void settle_load(struct bench *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->subjects[i].load_us < 0)
			b->subjects[i].load_us =
				median(b->subjects[i].samples, b->samples);
}

static int measure_all(struct bench *b)
{
	if (!measure_load(b))
		return say_trouble("out of memory");
	settle_load(b);
	for (int mode = 0; mode < BENCH_MODES; mode++) {
		struct bench_packets packets = { 0 };
		bool is_shaped;

		if (!b->modes[mode])
			continue;
		is_shaped = shape(b, (enum bench_mode)mode, &packets) &&
			    subjects_show(b->subjects, b->n, &packets);
		if (is_shaped)
			measure(b, (enum bench_mode)mode, &packets);
		free_packets(&packets);
		if (!is_shaped)
			return say_trouble("the packets cannot be made: out "
					   "of memory or of disk");
	}
	return EXIT_YES;
}

/* ---- what came of it ---------------------------------------------------- */

static bool was_measured(const struct subject *s)
{
	double sum = 0;

	for (int mode = 0; mode < BENCH_MODES; mode++)
		sum += s->ns[mode];
	return sum > 0;
}

static void print_table(const struct bench *b)
{
	printf("%s: %zu instructions, ns a packet\n%-16s",
	       source_name(&b->source), b->program.code->n, "");
	for (int mode = 0; mode < BENCH_MODES; mode++)
		if (b->modes[mode])
			printf(" %13s   times", bench_mode_names[mode]);
	puts("   made in us");
	for (size_t i = 0; i < b->n; i++) {
		const struct subject *s = &b->subjects[i];

		if (s->why[0] && !was_measured(s)) {
			if (b->is_verbose)
				printf("%-16s not here: %s\n", s->name, s->why);
			continue;
		}
		printf("%-16s", s->name);
		for (int mode = 0; mode < BENCH_MODES; mode++)
			if (b->modes[mode] && s->ns[mode] > 0)
				printf(" %13.2f %7.2f", s->ns[mode],
				       b->subjects[0].ns[mode] / s->ns[mode]);
			else if (b->modes[mode])
				printf(" %13s %7s", "-", "-");
		if (s->load_us > 0)
			printf(" %12.1f", s->load_us);
		else if (s->note[0] || s->differs || s->why[0])
			printf(" %12s", "");
		if (b->is_verbose && s->note[0])
			printf("   %s", s->note);
		if (s->differs)
			fputs("   DIFFERS", stdout);
		if (s->why[0])
			printf("   %s", s->why);
		putchar('\n');
	}
	puts("times: as quick as interp");
}

static void print_json(const struct bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct subject *s = &b->subjects[i];
		struct json *line = js_new(), *ns;

		js_set_text(line, "program", source_name(&b->source));
		js_set_text(line, "machine", s->name);
		js_set_bool(line, "is_peer", s->is_peer);
		if (s->why[0])
			js_set_text(line, "why_not", s->why);
		if (s->why[0] && !was_measured(s)) {
			js_print(line, stdout);
			continue;
		}
		ns = js_set_object(line, "ns");
		for (int mode = 0; mode < BENCH_MODES; mode++)
			if (b->modes[mode] && s->ns[mode] > 0)
				js_set_real(ns, bench_mode_names[mode],
					    s->ns[mode]);
		if (s->load_us > 0)
			js_set_real(line, "load_us", s->load_us);
		if (s->note[0])
			js_set_text(line, "note", s->note);
		js_set_int(line, "samples", b->samples);
		js_set_bool(line, "agrees", !s->differs);
		js_print(line, stdout);
	}
}

static int report(const struct bench *b)
{
	int status = EXIT_YES;

	if (b->is_json)
		print_json(b);
	else
		print_table(b);
	for (size_t i = 0; i < b->n; i++) {
		if (b->subjects[i].differs) {
			say_trouble("%s returns something else than interp",
				    b->subjects[i].name);
			status = EXIT_NO;
		}
	}
	if (b->chart && chart_write(b->chart, source_name(&b->source),
				    b->subjects, b->n, b->modes) != EXIT_YES)
		status = EXIT_TROUBLE;
	return status;
}

/* ---- the verb ----------------------------------------------------------- */

static int take_modes(struct bench *b, const char *list)
{
	bool has_more = true;

	memset(b->modes, 0, sizeof(b->modes));
	while (has_more) {
		size_t len = strcspn(list, ",");
		int mode = 0;

		while (mode < BENCH_MODES &&
		       (strlen(bench_mode_names[mode]) != len ||
			strncmp(bench_mode_names[mode], list, len) != 0))
			mode++;
		if (mode == BENCH_MODES)
			return say_usage("bench", "there is no mode '%.*s'",
					 (int)len, list);
		b->modes[mode] = true;
		has_more = list[len] == ',';
		list += len + has_more;
	}
	return EXIT_YES;
}

static int take_number(const char *name, const char *text, uint32_t most,
		       uint32_t *to)
{
	if (!parse_u32(text, to) || *to == 0 || *to > most)
		return say_usage("bench",
				 "--%s is a number from 1 to %u, not "
				 "%s",
				 name, most, text);
	return EXIT_YES;
}

static int take_peer(struct bench *b, char *named)
{
	const char *at = strchr(named, '=');

	if (!at || at == named || !at[1])
		return say_usage("bench", "--peer is NAME=COMMAND, not %s",
				 named);
	if (b->n_peers == sizeof(b->peers) / sizeof(b->peers[0]))
		return say_usage("bench", "--peer can be given 8 times");
	b->peers[b->n_peers++] = named;
	return EXIT_YES;
}

static int take_option(struct bench *b, int option, char *argument)
{
	switch (option) {
	case 'm':
		return take_modes(b, argument);
	case 'p':
		return take_peer(b, argument);
	case 'n':
		return take_number("samples", argument, SAMPLES_MAX,
				   &b->samples);
	case 't':
		return take_number("ms", argument, 10000, &b->program.ms);
	case 'c':
		b->chart = argument;
		return EXIT_YES;
	case 'v':
		b->is_verbose = true;
		return EXIT_YES;
	case 'j':
		b->is_json = true;
		return js_is_built() ? EXIT_YES : js_refuse();
	case 'd':
		b->dialect = cbpf_dialect_find(argument);
		if (b->dialect == CBPF_DIALECTS || b->dialect == CBPF_SECCOMP)
			return say_usage("bench",
					 "there is no dialect %s for packets",
					 argument);
		return EXIT_YES;
	default:
		return source_option("bench", &b->source, option, argument)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

/* One processor for all of it. */
static void stay(void)
{
#ifdef __linux__
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
#endif
}

/* ---- files -------------------------------------------------------------- */

static int watched = -1; /* as long as this is open, the directory is kept */
static pid_t watcher;

/*
 * A process that waits until we end, however that is; then it ends compilers,
 * which are of its group, and removes what there is.
 */
static void watch(const char *directory, int end)
{
	char byte;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (read(end, &byte, 1) > 0)
		;
	kill(-getpid(), SIGTERM);
	execl("/bin/rm", "rm", "-rf", "--", directory, (char *)NULL);
	_exit(127);
}

static void remove_files(void)
{
	if (watched >= 0)
		close(watched);
	if (watcher > 0)
		waitpid(watcher, NULL, 0);
	watched = -1;
	watcher = 0;
}

static bool start_watcher(struct bench_program *program)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	watcher = fork();
	if (watcher == 0) {
		setpgid(0, 0);
		close(ends[1]);
		watch(program->directory, ends[0]);
	}
	close(ends[0]);
	watched = ends[1];
	if (watcher > 0)
		setpgid(watcher, watcher);
	program->group = watcher;
	return watcher > 0;
}

static int make_directory(struct bench_program *program)
{
	const char *in = getenv("TMPDIR");
	size_t size;

	if (!in || !*in)
		in = "/tmp";
	size = (size_t)snprintf(program->directory, sizeof(program->directory),
				"%s/cbpf-bench.XXXXXX", in);
	if (size >= sizeof(program->directory) || !mkdtemp(program->directory))
		return say_trouble("no directory can be made in %s", in);
	if (start_watcher(program))
		return EXIT_YES;
	rmdir(program->directory);
	return say_trouble("no process can be started");
}

/* The directory, with signals kept away until somebody watches it. */
static int start_directory(struct bench_program *program)
{
	sigset_t all, before;
	int status;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	status = make_directory(program);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* Whether a picture can be written, said before it is measured for. */
static int try_chart(const char *path)
{
	bool is_there = access(path, F_OK) == 0;
	FILE *file = fopen(path, "a");

	if (!file)
		return say_trouble("%s: cannot be written", path);
	fclose(file);
	if (!is_there)
		unlink(path);
	return EXIT_YES;
}

/* ---- all of it ---------------------------------------------------------- */

static int run(struct bench *b)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = b->dialect,
				       .has_any_length = true };
	struct cbpf_diag diag;
	int status;

	b->program.code = &b->source.code;
	if (cbpf_prog_new(b->source.code.insns, b->source.code.n, &opts,
			  &b->program.prog, &diag) != CBPF_OK)
		return say_illegal(source_name(&b->source), b->dialect, &diag);
	if (cbpf_prog_traits(b->program.prog).has_loop)
		return say_trouble("%s: it loops, and may never end",
				   source_name(&b->source));
	status = start_directory(&b->program);
	if (status != EXIT_YES)
		return status;
	stay();
	b->n = subjects_make(b->subjects, &b->program, b->peers, b->n_peers);
	status = measure_all(b);
	if (status == EXIT_YES)
		status = report(b);
	subjects_free(b->subjects, b->n);
	return status;
}

static void free_all(struct bench *b)
{
	remove_files();
	for (size_t i = 0; i < b->given.n; i++)
		free((void *)b->given.list[i].data);
	free(b->given.list);
	cbpf_prog_free(b->program.prog);
	packets_free(&b->packets);
	source_free(&b->source);
}

int cmd_bench(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "mode", required_argument, NULL, 'm' },
		{ "peer", required_argument, NULL, 'p' },
		{ "samples", required_argument, NULL, 'n' },
		{ "ms", required_argument, NULL, 't' },
		{ "chart", required_argument, NULL, 'c' },
		{ "dialect", required_argument, NULL, 'd' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static struct bench b;
	int option, status = EXIT_YES;

	b = (struct bench){ .source = { .link = -1 },
			    .dialect = CBPF_LIBPCAP,
			    .modes = { true, true, true },
			    .samples = 9,
			    .program.ms = 20 };
	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "d:e:F:hv", options, NULL)) !=
		       -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		if (option == '?')
			return say_option("bench", argv);
		status = take_option(&b, option, optarg);
	}
	if (status != EXIT_YES)
		return status;
	if (!b.source.expr && optind < argc)
		b.source.path = argv[optind++];
	b.packets.paths = argv + optind;
	b.packets.n_paths = (size_t)(argc - optind);
	if (!source_is_given("bench", &b.source))
		return EXIT_TROUBLE;
	status = stdin_is_free("bench", &b.source, &b.packets);
	if (status == EXIT_YES && b.packets.n_paths == 0 &&
	    b.source.link >= 0 && b.source.link != CBPF_LINK_EN10MB)
		status =
			say_usage("bench", "packets that are made are of link "
					   "type EN10MB; for --link of another "
					   "type give a CAPTURE");
	if (status == EXIT_YES && b.chart)
		status = try_chart(b.chart);
	if (status == EXIT_YES)
		status = source_load(&b.source);
	if (status == EXIT_YES)
		status = read_captures(&b);
	if (status == EXIT_YES)
		status = run(&b);
	free_all(&b);
	return status;
}
