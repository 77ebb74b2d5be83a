/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf fuzz: random programs and packets on machines that we did not write,
 * each beside its twin, until they disagree or the time is over. The work is
 * done by jobs, which are processes (hunt.c); here they are started, watched
 * and added up.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#ifdef __linux__
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hunt.h"
#include "json.h"

#define SECONDS_DEFAULT	 10
#define PROGRESS_SECONDS 0.5

static struct shared *shared; /* for the signal handler */

static void print_help(void)
{
	fputs("usage: cbpf fuzz [OPTIONS]\n\n"
	      "Makes random programs, legal, almost legal and wild, and packets "
	      "of what they read;\noffers them to each engine and to the "
	      "verifier, runs them on the engine and on\nits twin, and accepts "
	      "nothing but agreement. What differs is made small, printed\nand "
	      "kept as a test vector. Exit status 0: all agree, 1: a machine "
	      "differs, 2: trouble.\n\n",
	      stdout);
	engines_print_help("default: all that can run, but interp");
	fputs("  -d, --dialect NAME     for a machine that speaks any (default "
	      "user)\n"
	      "      --exact            linux-unix: compare all 32 bits, not "
	      "accepted bytes\n"
	      "  -t, --time SECONDS     how long (default 10, without another "
	      "limit)\n"
	      "      --pairs N          until so many pairs an engine were "
	      "judged\n"
	      "      --programs N       until so many programs an engine were "
	      "offered\n"
	      "      --packets N        packets a program, 0 to 32 (default "
	      "16); 0: loading alone\n"
	      "      --max-insns N      instructions of a program (default "
	      "24)\n"
	      "      --kind KIND        legal, almost, wild, long (default: a "
	      "mix)\n"
	      "  -s, --seed N           start here (default: the clock); a "
	      "case says with which\n"
	      "                         options it is made again\n"
	      "  -j, --jobs N           processes (default: one a processor)\n"
	      "  -k, --keep-going       do not stop at the first that differs\n"
	      "      --save DIR         where vectors are kept (default .)\n"
	      "      --json             one object an engine, and one of "
	      "totals\n\n",
	      stdout);
	engines_print_names();
}

/* ---- jobs --------------------------------------------------------------- */

static void stop_all(int number)
{
	(void)number;
	shared->stop = true;
}

/*
 * A job keeps to a processor: engines that ask processes are quicker so, and
 * what waits there can be counted (hunt.c). Other hunts start elsewhere.
 */
static void stay_on(unsigned job)
{
#ifdef __linux__
	cpu_set_t may, one;
	int at, left;

	if (sched_getaffinity(0, sizeof(may), &may) != 0)
		return;
	left = (int)((job + (unsigned)getppid()) % (unsigned)CPU_COUNT(&may));
	for (at = 0; !CPU_ISSET(at, &may) || left-- > 0; at++)
		;
	CPU_ZERO(&one);
	CPU_SET(at, &one);
	sched_setaffinity(0, sizeof(one), &one);
#else
	(void)job;
#endif
}

static pid_t start_job(const struct hunt *hunt, unsigned job)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	/* the terminal's signals are the parent's business */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	stay_on(job);
	hunt_job(hunt, job, shared);
	fflush(stdout);
	_exit(0);
}

static void print_progress(const struct hunt *hunt, double begun)
{
	uint64_t pairs = 0, programs = 0;
	double seconds = clock_now() - begun;

	for (unsigned i = 0; i < hunt->jobs; i++)
		for (size_t e = 0; e < hunt->engines.n; e++) {
			pairs += shared->boards[i].tallies[e].pairs;
			programs += shared->boards[i].tallies[e].programs +
				    shared->boards[i].tallies[e].refused;
		}
	fprintf(stderr, "\r%.0f s", seconds);
	if (hunt->seconds > 0)
		fprintf(stderr, " of %.0f", hunt->seconds);
	fprintf(stderr, ": %llu programs, %llu pairs, %.0f pairs a second   ",
		(unsigned long long)programs, (unsigned long long)pairs,
		seconds > 0 ? (double)pairs / seconds : 0);
}

/* A job that did not come back: its board still says over what. */
static void tell_death(const struct hunt *hunt, unsigned job, int status)
{
	const struct board *board = &shared->boards[job];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	say_trouble("a job was ended by %s %d over seed 0x%llx, engine %s",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status),
		    (unsigned long long)board->seed,
		    hunt->engines.list[board->engine]->name);
	shared->boards[job].has_trouble = true;
	shared->stop = true;
}

/* Lets some time pass: a grace period of the kernel's, as it tells. */
static void let_pass(void)
{
	const struct timespec moment = { 0, 2000000 };
	/* where it does not tell: longer than any is */
	const struct timespec long_moment = { 0, 100000000 };
	bool is_told = false;

	nanosleep(&moment, NULL);
#ifdef __linux__
	is_told = syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0;
#endif
	if (!is_told)
		nanosleep(&long_moment, NULL);
	shared->epoch++;
}

static void wait_for_jobs(const struct hunt *hunt, pid_t *pids, double begun)
{
	bool is_shown = isatty(STDERR_FILENO);
	double shown = 0;
	unsigned left = 0;

	for (unsigned i = 0; i < hunt->jobs; i++)
		left += pids[i] > 0;
	while (left > 0) {
		int status;

		for (unsigned i = 0; i < hunt->jobs; i++) {
			if (pids[i] <= 0 ||
			    waitpid(pids[i], &status, WNOHANG) != pids[i])
				continue;
			tell_death(hunt, i, status);
			pids[i] = 0;
			left--;
		}
		if (left > 0)
			let_pass();
		if (is_shown && clock_now() - shown > PROGRESS_SECONDS) {
			shown = clock_now();
			print_progress(hunt, begun);
		}
	}
	if (is_shown)
		fputc('\n', stderr);
}

static void run_jobs(const struct hunt *hunt, double begun)
{
	pid_t pids[JOBS_MAX] = { 0 };
	struct sigaction action = { .sa_handler = stop_all };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGCHLD, SIG_DFL); /* else none can be waited for */
	for (unsigned i = 0; i < hunt->jobs; i++) {
		pids[i] = start_job(hunt, i);
		if (pids[i] < 0) {
			say_trouble("cannot start a job: %s", strerror(errno));
			shared->boards[i].has_trouble = true;
		}
	}
	wait_for_jobs(hunt, pids, begun);
}

/* ---- the report --------------------------------------------------------- */

static double rate_of(const struct tally *t)
{
	return t->seconds > 0 ? (double)t->pairs / t->seconds : 0;
}

static void print_tally(const struct hunt *hunt,
			const struct cbpf_engine *engine, const struct tally *t)
{
	struct coverage c;

	coverage_of(t, engine_dialect(engine, hunt->dialect), &c);
	printf("%s: %llu pairs of %llu programs judged, %llu disagreements; "
	       "%llu programs refused by both, %llu pairs skipped",
	       engine->name, (unsigned long long)t->pairs,
	       (unsigned long long)t->programs,
	       (unsigned long long)t->differences,
	       (unsigned long long)t->refused, (unsigned long long)t->skipped);
	if (t->foreseen)
		printf(", %llu foreseen and not run",
		       (unsigned long long)t->foreseen);
	if (t->passed)
		printf(", %llu programs not to be asked",
		       (unsigned long long)t->passed);
	if (t->plain)
		printf(", %llu in plain mode", (unsigned long long)t->plain);
	printf("\n  rules %u of %u", c.rules, c.rules_of);
	if (t->pairs) {
		printf(", opcodes %u of %u, edges %u of %u", c.codes,
		       c.codes_of, c.edges, c.edges_of);
		if (c.exts_of)
			printf(", ancillary loads %u of %u", c.exts, c.exts_of);
		printf(", ends");
		for (int end = 0; end <= CBPF_ENDLESS; end++)
			if (t->ends >> end & 1)
				printf(" %s",
				       cbpf_end_name((enum cbpf_end)end));
	}
	if (c.missed[0])
		printf("; not met:%s", c.missed);
	if (t->pairs)
		printf("\n  %.0f %% of the programs executed 8 instructions or "
		       "more; %.0f pairs a second and job",
		       t->programs
			       ? 100.0 * (double)t->busy / (double)t->programs
			       : 0,
		       rate_of(t));
	putchar('\n');
}

static void fill_tally(struct json *line, const struct hunt *hunt,
		       const struct cbpf_engine *engine, const struct tally *t)
{
	struct json *entry;
	struct coverage c;

	coverage_of(t, engine_dialect(engine, hunt->dialect), &c);
	js_set_text(line, "engine", engine->name);
	js_set_text(line, "dialect",
		    cbpf_dialect_name(engine_dialect(engine, hunt->dialect)));
	js_set_int(line, "pairs", t->pairs);
	js_set_int(line, "programs", t->programs);
	js_set_int(line, "disagreements", t->differences);
	js_set_int(line, "refused", t->refused);
	js_set_int(line, "skipped", t->skipped);
	js_set_int(line, "foreseen", t->foreseen);
	js_set_int(line, "passed", t->passed);
	js_set_int(line, "plain", t->plain);
	js_set_int(line, "busy", t->busy);
	js_set_int(line, "pairs_per_second", (uint64_t)rate_of(t));
	entry = js_set_object(line, "coverage");
	js_set_int(entry, "opcodes", c.codes);
	js_set_int(entry, "opcodes_of", c.codes_of);
	js_set_int(entry, "edges", c.edges);
	js_set_int(entry, "edges_of", c.edges_of);
	js_set_int(entry, "ancillary", c.exts);
	js_set_int(entry, "ancillary_of", c.exts_of);
	js_set_int(entry, "rules", c.rules);
	js_set_int(entry, "rules_of", c.rules_of);
	js_set_text(entry, "not_met", c.missed[0] ? c.missed + 1 : "");
}

/* A machine that refuses or passes over everything agrees with nothing. */
static bool was_judged(const struct hunt *hunt,
		       const struct cbpf_engine *engine,
		       const struct tally *total)
{
	if (total->differences)
		return true;
	if (!total->programs && !total->refused)
		say_trouble("%s: nothing was judged", engine->name);
	else if (hunt->packets && !total->pairs)
		say_trouble("%s: no pair was judged", engine->name);
	else
		return true;
	return false;
}

static int report(const struct hunt *hunt, double seconds)
{
	struct tally all = { .pairs = 0 };
	bool has_trouble = false;
	char seed[32];

	for (unsigned i = 0; i < hunt->jobs; i++)
		has_trouble |= shared->boards[i].has_trouble;
	for (size_t e = 0; e < hunt->engines.n; e++) {
		const struct cbpf_engine *engine = hunt->engines.list[e];
		struct tally total = { .pairs = 0 };

		for (unsigned i = 0; i < hunt->jobs; i++)
			tally_add(&total, &shared->boards[i].tallies[e]);
		tally_add(&all, &total);
		has_trouble |= !was_judged(hunt, engine, &total);
		if (hunt->is_json) {
			struct json *line = js_new();

			fill_tally(line, hunt, engine, &total);
			js_print(line, stdout);
		} else {
			print_tally(hunt, engine, &total);
		}
	}
	if (hunt->is_json) {
		struct json *line = js_new();
		struct json *totals = js_set_object(line, "totals");

		snprintf(seed, sizeof(seed), "0x%llx",
			 (unsigned long long)hunt->seed);
		js_set_text(totals, "seed", seed);
		js_set_int(totals, "jobs", hunt->jobs);
		js_set_int(totals, "milliseconds", (uint64_t)(seconds * 1e3));
		js_set_int(totals, "pairs", all.pairs);
		js_set_int(totals, "programs", all.programs + all.refused);
		js_set_int(totals, "disagreements", all.differences);
		js_print(line, stdout);
	} else {
		printf("seed 0x%llx, %u jobs, %.1f s: %llu pairs and %llu "
		       "loads judged, %llu disagreements\n",
		       (unsigned long long)hunt->seed, hunt->jobs, seconds,
		       (unsigned long long)all.pairs,
		       (unsigned long long)all.programs + all.refused,
		       (unsigned long long)all.differences);
	}
	if (has_trouble)
		return EXIT_TROUBLE;
	return all.differences ? EXIT_NO : EXIT_YES;
}

/* ---- options ------------------------------------------------------------ */

static int find_kind(const char *name)
{
	for (int i = 0; hunt_kinds[i]; i++)
		if (strcmp(hunt_kinds[i], name) == 0)
			return i;
	return KIND_MIXED;
}

static int take_number(const char *name, uint64_t least, uint64_t most,
		       uint64_t *value)
{
	if (parse_u64(optarg, value) && *value >= least && *value <= most)
		return EXIT_YES;
	return say_usage("fuzz", "--%s takes a number from %llu to %llu", name,
			 (unsigned long long)least, (unsigned long long)most);
}

static int take_option(struct hunt *hunt, int option, char **argv)
{
	uint64_t number = 0;
	int status = EXIT_YES;

	switch (option) {
	case 'd':
		hunt->dialect = cbpf_dialect_find(optarg);
		if (hunt->dialect == CBPF_DIALECTS)
			return say_usage("fuzz", "there is no dialect %s",
					 optarg);
		return EXIT_YES;
	case 'X':
		hunt->engines.opts.is_exact = true;
		return EXIT_YES;
	case 't':
		status = take_number("time", 1, 100000000, &number);
		hunt->seconds = (double)number;
		return status;
	case 'P':
		return take_number("pairs", 1, UINT64_MAX, &hunt->pairs);
	case 'R':
		return take_number("programs", 1, UINT64_MAX, &hunt->programs);
	case 'p':
		status = take_number("packets", 0, HUNT_PACKETS_MAX, &number);
		hunt->packets = (uint32_t)number;
		return status;
	case 'I':
		status = take_number("max-insns", 1, HUNT_INSNS_MAX, &number);
		hunt->max_insns = (uint32_t)number;
		return status;
	case 'K':
		hunt->kind = find_kind(optarg);
		if (hunt->kind == KIND_MIXED)
			return say_usage("fuzz", "there is no kind %s", optarg);
		return EXIT_YES;
	case 's':
		return take_number("seed", 0, UINT64_MAX, &hunt->seed);
	case 'j':
		status = take_number("jobs", 1, JOBS_MAX, &number);
		hunt->jobs = (unsigned)number;
		return status;
	case 'k':
		hunt->keeps_going = true;
		return EXIT_YES;
	case 'S':
		hunt->save = optarg;
		return EXIT_YES;
	case 'J':
		hunt->is_json = true;
		return EXIT_YES;
	case '?':
		return say_option("fuzz", argv);
	default:
		return engines_option("fuzz", &hunt->engines, option, optarg);
	}
}

/* The engines to hunt on; those named must be there. */
static int choose_engines(struct hunt *hunt)
{
	struct engines *engines = &hunt->engines;
	struct cbpf_diag diag;

	for (size_t i = 0; i < engines->n; i++) {
		if (engines->list[i] == &cbpf_engine_interp)
			return say_usage("fuzz", "interp is its own twin");
		if (!engine_can_run(engines->list[i]))
			return EXIT_TROUBLE;
	}
	if (engines->n && !engines->wants_all)
		return EXIT_YES;
	for (size_t i = 0; engine_rows()[i]; i++) {
		const struct cbpf_engine *engine = engine_rows()[i];

		if (engine->is_oracle &&
		    engine->probe(engine, &diag) == CBPF_OK)
			engines_add(engines, engine);
	}
	if (engines->n)
		return EXIT_YES;
	return say_trouble("no machine but interp can run here; `cbpf engines` "
			   "says why");
}

/* Those that this process may use. */
static unsigned count_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
	cpu_set_t may;

	if (sched_getaffinity(0, sizeof(may), &may) == 0)
		n = CPU_COUNT(&may);
#endif
	return n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (unsigned)n;
}

static int hunt_all(struct hunt *hunt)
{
	double begun = clock_now();
	int status = choose_engines(hunt);

	if (status != EXIT_YES)
		return status;
	if (hunt->is_json && !js_is_built())
		return js_refuse();
	if (!hunt->pairs && !hunt->programs && hunt->seconds <= 0)
		hunt->seconds = SECONDS_DEFAULT;
	if (hunt->pairs && !hunt->packets)
		return say_usage("fuzz", "--pairs needs packets");
	hunt->jobs_a_processor = 1 + (hunt->jobs - 1) / count_processors();
	if (hunt->jobs_a_processor > SHARE_MAX)
		return say_usage("fuzz",
				 "--jobs: at most %u for each processor",
				 SHARE_MAX);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return say_trouble("out of memory");
	run_jobs(hunt, begun);
	return report(hunt, clock_now() - begun);
}

int cmd_fuzz(int argc, char **argv)
{
	static const struct option options[] = {
		ENGINE_OPTIONS,
		{ "dialect", required_argument, NULL, 'd' },
		{ "exact", no_argument, NULL, 'X' },
		{ "time", required_argument, NULL, 't' },
		{ "pairs", required_argument, NULL, 'P' },
		{ "programs", required_argument, NULL, 'R' },
		{ "packets", required_argument, NULL, 'p' },
		{ "max-insns", required_argument, NULL, 'I' },
		{ "kind", required_argument, NULL, 'K' },
		{ "seed", required_argument, NULL, 's' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "keep-going", no_argument, NULL, 'k' },
		{ "save", required_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct hunt hunt = {
		.engines.opts.size = sizeof(hunt.engines.opts),
		.dialect = CBPF_USER,
		.seed = (uint64_t)time(NULL),
		.jobs = count_processors(),
		.packets = HUNT_PACKETS,
		.max_insns = HUNT_INSNS,
		.kind = KIND_MIXED,
		.save = ".",
	};
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "E:d:t:s:j:kh", options,
				     NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		status = take_option(&hunt, option, argv);
	}
	if (status == EXIT_YES && optind < argc)
		status = say_usage("fuzz", "%s is not expected", argv[optind]);
	if (status == EXIT_YES)
		status = hunt_all(&hunt);
	engines_free(&hunt.engines);
	return status;
}
