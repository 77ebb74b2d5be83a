/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One job of cbpf fuzz. Engines take turns of some programs each; a program is
 * generated, offered to engine and verifier, and run over packets derived from
 * it on both. Every case is named by the seed it was made from: the same seed
 * and options make it again.
 *
 * What is covered is told by watching the twin's runs. Watching takes longer
 * than running, so it is done for one program of some.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hunt.h"

#define TURN	    32	 /* programs */
#define WATCHED_ALL 4096 /* programs at first, */
#define WATCHED_ONE 16	 /* then one of so many */
#define BUSY	    8	 /* instructions */
#define BYTES	    160

struct job {
	const struct hunt *hunt;
	struct shared *shared;
	struct board *board;
	uint64_t seed;
	double deadline;
	pid_t parent;
	struct cbpf_judge *judges[ENGINES_MAX];

	/* the program at hand */
	struct cbpf_insn insns[HUNT_INSNS_MAX];
	size_t n;
	uint8_t data[HUNT_PACKETS_MAX][BYTES];
	struct cbpf_packet packets[HUNT_PACKETS_MAX];
	struct cbpf_judged judged[HUNT_PACKETS_MAX];

	/* a watched run */
	struct tally *tally;
	uint32_t last; /* instruction, or NO_PC */

	/* filters attached in this epoch and in the one before */
	uint64_t epoch, attached[2];
	uint64_t filters; /* of the program at hand; the engines count them */
};

double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- coverage ----------------------------------------------------------- */

static bool is_branch(uint16_t code)
{
	return (code & 7) == 5 && code != CBPF_JA;
}

/* A load from the packet, or a division by X: it may end the run. */
static bool may_end(uint16_t code)
{
	uint16_t mode = code & 0xe0;

	return code == CBPF_DIV_X || code == CBPF_MOD_X ||
	       ((code & 7) < 2 &&
		(mode == 0x20 || mode == 0x40 || mode == 0xa0));
}

/* The instruction before was not the last: where did it lead? */
static void note_edge(struct job *j, uint32_t pc)
{
	const struct cbpf_insn *insn = &j->insns[j->last];
	uint8_t *seen = &j->tally->codes[insn->code & 0xff];

	/* where both ways are one, which was gone does not show */
	if (is_branch(insn->code) && insn->jt != insn->jf)
		*seen |= pc == j->last + 1 + insn->jt ? SEEN_TRUE : SEEN_FALSE;
	else
		*seen |= SEEN_ON;
}

static bool note_step(void *ctx, const struct cbpf_state *state)
{
	struct job *j = ctx;
	const struct cbpf_insn *insn = &j->insns[state->pc];

	if (state->pc == 0)
		j->last = CBPF_NO_PC;
	if (j->last != CBPF_NO_PC)
		note_edge(j, state->pc);
	j->last = state->pc;
	j->tally->codes[insn->code & 0xff] |= SEEN;
	if (insn->k >= CBPF_EXT_PROTO && insn->k <= CBPF_EXT_VLAN_TPID &&
	    (insn->code & 0xe7) == 0x20)
		j->tally->exts |= 1u << (insn->k - CBPF_EXT_PROTO) / 4;
	return true;
}

static void note_end(struct job *j, const struct cbpf_result *twin)
{
	j->tally->ends |= 1u << twin->end;
	if (twin->end != CBPF_RETURNED && twin->pc < j->n)
		j->tally->codes[j->insns[twin->pc].code & 0xff] |= SEEN_ENDED;
}

void coverage_of(const struct tally *t, enum cbpf_dialect dialect,
		 struct coverage *c)
{
	uint32_t rules = cbpf_dialect_rules(dialect);
	size_t at = 0;

	memset(c, 0, sizeof(*c));
	for (unsigned code = 0; code < 256; code++) {
		uint8_t due = 0, got = t->codes[code];

		if (!t->pairs ||
		    !cbpf_dialect_executes(dialect, (uint16_t)code))
			continue;
		c->codes_of++;
		c->codes += got & SEEN;
		if (is_branch((uint16_t)code))
			due = SEEN_TRUE | SEEN_FALSE;
		else if (may_end((uint16_t)code))
			due = SEEN_ON | SEEN_ENDED;
		/* no load from struct seccomp_data misses */
		if (dialect == CBPF_SECCOMP && code == CBPF_LD_W)
			due = SEEN_ON;
		c->edges_of += (unsigned)__builtin_popcount(due);
		c->edges += (unsigned)__builtin_popcount(due & got);
		if ((due | SEEN) & ~got)
			at += (size_t)snprintf(c->missed + at,
					       sizeof(c->missed) - at,
					       " 0x%02x", code);
		if (at >= sizeof(c->missed))
			at = sizeof(c->missed) - 1;
	}
	for (unsigned bit = 0; bit < 32; bit++) {
		if (!(rules >> bit & 1))
			continue;
		c->rules_of++;
		c->rules += t->rules >> bit & 1;
		if (t->rules >> bit & 1)
			continue;
		at += (size_t)snprintf(
			c->missed + at, sizeof(c->missed) - at, " %s",
			cbpf_err_name((enum cbpf_err)(CBPF_E_EMPTY + bit)));
		if (at >= sizeof(c->missed))
			at = sizeof(c->missed) - 1;
	}
	c->exts = (unsigned)__builtin_popcount(t->exts);
	c->exts_of = dialect == CBPF_USER || dialect == CBPF_LINUX ? 16 : 0;
}

void tally_add(struct tally *to, const struct tally *from)
{
	to->offered += from->offered;
	to->programs += from->programs;
	to->passed += from->passed;
	to->foreseen += from->foreseen;
	to->refused += from->refused;
	to->busy += from->busy;
	to->pairs += from->pairs;
	to->skipped += from->skipped;
	to->plain += from->plain;
	to->differences += from->differences;
	to->seconds += from->seconds;
	for (int i = 0; i < 256; i++)
		to->codes[i] |= from->codes[i];
	to->exts |= from->exts;
	to->rules |= from->rules;
	to->ends |= from->ends;
}

/* ---- what is found ------------------------------------------------------ */

static enum cbpf_dialect dialect_of(const struct hunt *hunt, size_t engine)
{
	return engine_dialect(hunt->engines.list[engine], hunt->dialect);
}

const char *const hunt_kinds[] = {
	[CBPF_RANDOM_LEGAL] = "legal",
	[CBPF_RANDOM_ALMOST] = "almost",
	[CBPF_RANDOM_WILD] = "wild",
	[CBPF_RANDOM_LONG] = "long",
	NULL,
};

/* A word as a shell takes it. */
static void print_quoted(FILE *to, const char *word)
{
	fputc('\'', to);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", to);
		else
			fputc(*word, to);
	fputc('\'', to);
}

/* The command that makes the case at hand again. */
static void print_command(FILE *to, const struct job *j, size_t e)
{
	const struct hunt *hunt = j->hunt;
	const struct cbpf_engine *engine = hunt->engines.list[e];
	const struct cbpf_engine_opts *opts = &hunt->engines.opts;

	fprintf(to, "cbpf fuzz %s ",
		engine_is_outside(engine) ? "--cmd" : "-E");
	if (engine_is_outside(engine))
		print_quoted(to, engine->about);
	else
		fputs(engine->name, to);
	if (engine->dialect == CBPF_ANY_DIALECT)
		fprintf(to, " -d %s", cbpf_dialect_name(hunt->dialect));
	fprintf(to, "%s%s%s", opts->is_exact ? " --exact" : "",
		opts->is_dgram ? " --dgram" : "",
		opts->is_outgoing ? " --outgoing" : "");
	if (hunt->packets != HUNT_PACKETS)
		fprintf(to, " --packets %u", hunt->packets);
	if (hunt->max_insns != HUNT_INSNS)
		fprintf(to, " --max-insns %u", hunt->max_insns);
	if (hunt->kind != KIND_MIXED)
		fprintf(to, " --kind %s", hunt_kinds[hunt->kind]);
	fprintf(to, " -s 0x%llx -j 1 --programs 1",
		(unsigned long long)j->board->seed);
}

/* Packet NULL: they disagree on whether to take the program. */
static char *write_case(struct job *j, size_t e, const struct cbpf_diag *diag,
			const struct cbpf_packet *packet,
			const struct cbpf_judged *judged)
{
	const struct cbpf_engine *engine = j->hunt->engines.list[e];
	enum cbpf_dialect dialect = dialect_of(j->hunt, e);
	char answer[64], expected[64], sentence[320];
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fputs("# ", to);
	print_command(to, j, e);
	fputs(": ", to);
	if (!packet) {
		fprintf(to, "%s\n",
			sentence_of(diag, sentence, sizeof(sentence)));
		narrow_load(to, j->judges[e], &j->hunt->engines, dialect,
			    j->insns, j->n);
	} else {
		fprintf(to, "%s gives %s, its twin %s\n", engine->name,
			answer_text(&judged->answer, answer, sizeof(answer)),
			answer_text(&judged->expected, expected,
				    sizeof(expected)));
		/* a machine that does not answer takes its time for that */
		if (judged->answer.end == CBPF_ENDLESS)
			print_vector(to, dialect, &j->hunt->engines.opts,
				     j->insns, j->n, packet, &judged->twin);
		else
			narrow_packet(to, j->judges[e], &j->hunt->engines,
				      engine, dialect, j->insns, j->n, packet);
	}
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Shows it first: what cannot be kept is not lost. */
static void save_case(struct job *j, size_t e, const char *text)
{
	FILE *shown = j->hunt->is_json ? stderr : stdout;
	char path[4096];
	FILE *file;

	fputs(text, shown);
	snprintf(path, sizeof(path), "%s/fuzz-%s-%llx.t", j->hunt->save,
		 j->hunt->engines.list[e]->name,
		 (unsigned long long)j->board->seed);
	file = fopen(path, "w");
	if (!file || fputs(text, file) == EOF || fclose(file) != 0) {
		say_trouble("cannot write %s", path);
		j->board->has_trouble = true;
	} else {
		fprintf(shown, "# kept in %s\n", path);
	}
	fflush(shown);
}

static void found(struct job *j, size_t e, const struct cbpf_diag *diag,
		  const struct cbpf_packet *packet,
		  const struct cbpf_judged *judged)
{
	char *text;

	j->tally->differences++;
	if (!j->hunt->keeps_going && j->shared->stop) {
		/* another job has something already, or it was interrupted */
		say_trouble("seed 0x%llx: %s differs too, and is not narrowed",
			    (unsigned long long)j->board->seed,
			    j->hunt->engines.list[e]->name);
		return;
	}
	text = write_case(j, e, diag, packet, judged);
	if (text)
		save_case(j, e, text);
	else
		say_trouble("seed 0x%llx: %s differs; out of memory",
			    (unsigned long long)j->board->seed,
			    j->hunt->engines.list[e]->name);
	free(text);
	if (!j->hunt->keeps_going)
		j->shared->stop = true;
}

static void trouble(struct job *j, size_t e, const struct cbpf_diag *diag)
{
	char sentence[320];

	say_trouble("seed 0x%llx: %s cannot be asked: %s",
		    (unsigned long long)j->board->seed,
		    j->hunt->engines.list[e]->name,
		    sentence_of(diag, sentence, sizeof(sentence)));
	j->board->has_trouble = true;
	j->shared->stop = true;
}

/* ---- the kernel's pace -------------------------------------------------- */

/*
 * A filter that is taken off gives its native code back later, after a grace
 * period, by a work item of its own. Where a thousand of those wait on one
 * processor while another filter needs a new page for code, Linux 6.18 waits
 * for itself, for ever, and no filter can be attached any more until it is
 * booted again (docs/kernel.md). So no more than these are let wait on one
 * processor, which jobs share where there are more of them.
 */
#define WAITING_MAX 200	   /* of 1024, for there may be another such process */
#define LONG_ONE    64	   /* instructions of code that count as one more */
#define EPOCH_WAIT  500000 /* ns */

/* Whether its programs are attached to the kernel. */
static bool is_kernel(const struct cbpf_engine *engine)
{
	return engine->is_oracle && !engine_is_outside(engine) &&
	       (engine->dialect == CBPF_LINUX ||
		engine->dialect == CBPF_SECCOMP);
}

/* What a filter of the program at hand counts, long ones as several. */
static uint32_t weight_of(const struct job *j)
{
	return 1 + (uint32_t)j->n / LONG_ONE;
}

/* How many filters the kernel may be given for it, at most. */
static uint32_t most_filters(const struct job *j,
			     const struct cbpf_engine *engine)
{
	/* these ask with another filter for each verdict */
	if (engine->dialect == CBPF_SECCOMP ||
	    (j->hunt->engines.opts.is_exact && engine->has_exact))
		return 1 + j->hunt->packets;
	return 1;
}

static void see_epoch(struct job *j)
{
	uint64_t now = j->shared->epoch;

	if (now == j->epoch)
		return;
	j->attached[1] = now == j->epoch + 1 ? j->attached[0] : 0;
	j->attached[0] = 0;
	j->epoch = now;
}

static bool is_over(const struct job *j)
{
	return j->shared->stop ||
	       (j->deadline > 0 && clock_now() >= j->deadline);
}

/* Without the parent nobody counts grace periods: all jobs end. */
static void see_parent(struct job *j)
{
	if (getppid() != j->parent)
		j->shared->stop = true;
}

/* Waits until the filters of the program at hand can be let wait. */
static void keep_pace(struct job *j, size_t e)
{
	const struct cbpf_engine *engine = j->hunt->engines.list[e];
	const struct timespec moment = { 0, EPOCH_WAIT };
	uint64_t most = WAITING_MAX / j->hunt->jobs_a_processor, more;

	if (!is_kernel(engine))
		return;
	more = (uint64_t)most_filters(j, engine) * weight_of(j);
	see_epoch(j);
	/* what is more than all by itself waits until nothing else does */
	while (!is_over(j) && j->attached[0] + j->attached[1] > 0 &&
	       j->attached[0] + j->attached[1] + more > most) {
		nanosleep(&moment, NULL);
		see_epoch(j);
		see_parent(j);
	}
	j->filters = 0;
}

/* Notes those that the program came to. */
static void note_filters(struct job *j)
{
	see_epoch(j);
	j->attached[0] += j->filters * weight_of(j);
}

/* ---- a program ---------------------------------------------------------- */

/* Of sixteen programs twelve are legal; of a thousand one is long. */
static enum cbpf_random_kind pick_kind(const struct job *j, uint64_t draw)
{
	if (j->hunt->kind != KIND_MIXED)
		return (enum cbpf_random_kind)j->hunt->kind;
	draw = draw * 0x9e3779b97f4a7c15u >> 32;
	if (draw % 1024 == 0)
		return CBPF_RANDOM_LONG;
	switch (draw >> 10 & 15) {
	case 0:
	case 1:
		return CBPF_RANDOM_ALMOST;
	case 2:
	case 3:
		return CBPF_RANDOM_WILD;
	default:
		return CBPF_RANDOM_LEGAL;
	}
}

static void generate(struct job *j, size_t e)
{
	struct cbpf_random_opts opts = {
		.size = sizeof(opts),
		.dialect = dialect_of(j->hunt, e),
		.max_insns = j->hunt->max_insns,
	};

	j->board->seed = j->seed;
	opts.kind = pick_kind(j, j->seed);
	if (opts.kind == CBPF_RANDOM_LONG)
		opts.max_insns = HUNT_INSNS_MAX;
	j->n = cbpf_random_program(&j->seed, &opts, j->insns);
}

/* Counts what was judged; returns the steps of the longest run. */
static uint64_t count_packets(struct job *j, size_t e, uint32_t n)
{
	uint64_t longest = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct cbpf_judged *judged = &j->judged[i];

		if (judged->twin.steps > longest)
			longest = judged->twin.steps;
		if (!judged->is_run) {
			j->tally->skipped++;
			continue;
		}
		if (judged->answer.shows == CBPF_SHOWS_FORESEEN) {
			j->tally->foreseen++;
			continue;
		}
		note_end(j, &judged->twin);
		j->tally->pairs++;
		j->tally->plain += judged->is_plain;
		if (!judged->agrees) {
			found(j, e, NULL, &j->packets[i], judged);
			break;
		}
	}
	return longest;
}

static void run_packets(struct job *j, size_t e)
{
	struct cbpf_judge *judge = j->judges[e];
	bool has_loop = cbpf_prog_traits(cbpf_judge_prog(judge)).has_loop;
	/* what loops may take a million steps to show that it does */
	uint32_t n = has_loop ? 1 : j->hunt->packets;
	bool is_watched = !has_loop && (j->tally->programs < WATCHED_ALL ||
					j->tally->programs % WATCHED_ONE == 0);
	enum cbpf_err err;

	for (uint32_t i = 0; i < n; i++) {
		struct cbpf_packet *packet = &j->packets[i];

		packet->data = j->data[i];
		packet->caplen = (uint32_t)cbpf_random_packet(
			&j->seed, cbpf_judge_prog(judge),
			j->hunt->engines.list[e]->link, j->data[i], BYTES);
		packet->wirelen = packet->caplen;
		j->judged[i].diag.code = CBPF_OK;
	}
	cbpf_judge_watch(judge, is_watched ? note_step : NULL, j);
	err = cbpf_judge_run_batch(judge, j->packets, n, j->judged);
	cbpf_judge_watch(judge, NULL, NULL);
	if (err != CBPF_OK) {
		/* the last that was asked; those before may be skipped */
		size_t at = n - 1;

		while (at > 0 && j->judged[at].diag.code == CBPF_OK)
			at--;
		trouble(j, e, &j->judged[at].diag);
		return;
	}
	j->tally->busy += count_packets(j, e, n) >= BUSY;
}

static void try_program(struct job *j, size_t e)
{
	struct cbpf_diag diag = { .code = CBPF_OK };
	enum cbpf_err err;

	err = cbpf_judge_load(j->judges[e], j->insns, j->n, &diag);
	j->tally->offered++;
	switch (err) {
	case CBPF_OK:
		if (j->hunt->packets)
			run_packets(j, e);
		j->tally->programs++;
		break;
	case CBPF_E_DIFFERS:
		found(j, e, &diag, NULL, NULL);
		break;
	case CBPF_E_UNAVAILABLE:
		j->tally->passed++;
		break;
	default:
		if (!cbpf_err_is_rule(err)) {
			trouble(j, e, &diag);
			break;
		}
		j->tally->refused++;
		j->tally->rules |= 1u << (err - CBPF_E_EMPTY);
		break;
	}
}

static void hunt_program(struct job *j, size_t e)
{
	generate(j, e);
	keep_pace(j, e);
	if (is_over(j))
		return;
	try_program(j, e);
	note_filters(j);
}

/* ---- a job -------------------------------------------------------------- */

/* This job's share of a limit. */
static bool is_reached(const struct hunt *hunt, uint64_t limit, uint64_t n)
{
	return limit && n >= limit / hunt->jobs + (limit % hunt->jobs != 0);
}

#define BARREN_MAX \
	20000 /* programs without a pair, where pairs are asked for */

static bool is_done(const struct job *j, size_t e)
{
	const struct tally *t = &j->board->tallies[e];

	return is_reached(j->hunt, j->hunt->pairs, t->pairs) ||
	       is_reached(j->hunt, j->hunt->programs, t->offered) ||
	       (j->hunt->packets && !t->pairs && t->offered >= BARREN_MAX);
}

/* False: the engine is done. */
static bool take_turn(struct job *j, size_t e)
{
	double begun = clock_now();

	see_parent(j);
	j->tally = &j->board->tallies[e];
	j->board->engine = (unsigned)e;
	for (int i = 0; i < TURN && !is_over(j) && !is_done(j, e); i++)
		hunt_program(j, e);
	j->tally->seconds += clock_now() - begun;
	return !is_done(j, e);
}

static bool make_judges(struct job *j)
{
	struct cbpf_engine_opts opts = j->hunt->engines.opts;

	opts.filters = &j->filters;
	for (size_t e = 0; e < j->hunt->engines.n; e++)
		if (cbpf_judge_new(j->hunt->engines.list[e],
				   dialect_of(j->hunt, e), &opts,
				   &j->judges[e]) != CBPF_OK)
			return false;
	return true;
}

void hunt_job(const struct hunt *hunt, unsigned job, struct shared *shared)
{
	struct board *board = &shared->boards[job];
	struct job *j = calloc(1, sizeof(*j));
	bool goes_on = true;

	if (!j) {
		board->has_trouble = true;
		return;
	}
	j->hunt = hunt;
	j->shared = shared;
	j->board = board;
	j->parent = getppid();
	/* job 0 starts at the seed itself: so a case is made again */
	j->seed = hunt->seed + job * 0xd1342543de82ef95u;
	if (hunt->seconds > 0)
		j->deadline = clock_now() + hunt->seconds;
	if (!make_judges(j)) {
		say_trouble("out of memory");
		board->has_trouble = true;
		goes_on = false;
	}
	while (goes_on && !is_over(j)) {
		goes_on = false;
		for (size_t e = 0; e < hunt->engines.n && !is_over(j); e++)
			goes_on |= is_done(j, e) ? false : take_turn(j, e);
	}
	for (size_t e = 0; e < hunt->engines.n; e++)
		cbpf_judge_free(j->judges[e]);
	free(j);
}
