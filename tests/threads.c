/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the header says of threads: any number of them may run one program, and
 * everything else may be used by many at once where each has its own. The
 * answers are those of one thread alone; ThreadSanitizer (scripts/check --part
 * tsan) sees whether they came by luck.
 *
 *	threads [--require ENGINES]
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cbpf/capture.h"
#include "oracles.h"

#define THREADS	 8
#define PROGRAMS 40
#define PACKETS	 50
#define INSNS	 40
#define BYTES	 128

struct work {
	struct cbpf_prog *progs[PROGRAMS];
	uint8_t data[PACKETS][BYTES];
	struct cbpf_packet packets[PACKETS];
	struct cbpf_result alone[PROGRAMS][PACKETS];
	const struct cbpf_engine *engine;
};

/* One thread's share: each begins elsewhere and counts what is wrong. */
struct share {
	struct work *work;
	unsigned first, n_wrong, n_done;
	pthread_t thread;
};

static unsigned run_on_threads(struct work *work, void *(*run)(void *share),
			       unsigned *n_done)
{
	static struct share shares[THREADS];
	unsigned n_wrong = 0;

	*n_done = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		shares[i] = (struct share){ .work = work, .first = i };
		if (pthread_create(&shares[i].thread, NULL, run, &shares[i])) {
			tap_ok(false, "a thread cannot be made");
			exit(tap_done());
		}
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(shares[i].thread, NULL);
		n_wrong += shares[i].n_wrong;
		*n_done += shares[i].n_done;
	}
	return n_wrong;
}

/* ---- one program, many threads ------------------------------------------ */

static void make_programs(struct work *w)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts) };
	struct cbpf_insn insns[INSNS];
	uint64_t seed = 7;

	for (unsigned i = 0; i < PROGRAMS;) {
		size_t n = cbpf_random_program(&seed, &opts, insns);

		if (cbpf_prog_new(insns, n, NULL, &w->progs[i], NULL))
			continue;
		for (unsigned k = i; k < PACKETS; k += PROGRAMS)
			w->packets[k] = (struct cbpf_packet){
				.data = w->data[k],
				.caplen = (uint32_t)cbpf_random_packet(
					&seed, w->progs[i], 0, w->data[k],
					BYTES)
			};
		i++;
	}
	for (unsigned i = 0; i < PROGRAMS; i++)
		for (unsigned k = 0; k < PACKETS; k++)
			cbpf_run(w->progs[i], &w->packets[k], &w->alone[i][k]);
}

static bool is_alike(const struct cbpf_result *a, const struct cbpf_result *b)
{
	return a->end == b->end && a->why == b->why && a->value == b->value &&
	       a->pc == b->pc && a->steps == b->steps;
}

static bool goes_on(void *ctx, const struct cbpf_state *state)
{
	(void)state;
	++*(uint64_t *)ctx;
	return true;
}

static void *run_shared(void *arg)
{
	struct share *s = arg;
	struct work *w = s->work;

	for (unsigned i = 0; i < PROGRAMS * PACKETS; i++) {
		unsigned p = (i + s->first) % PROGRAMS, k = i / PROGRAMS;
		const struct cbpf_prog *prog = w->progs[p];
		struct cbpf_result whole, stepped = { 0 }, watched;
		struct cbpf_state state = cbpf_state_init(&w->packets[k]);
		uint64_t n_seen = 0;
		struct cbpf_watch watch = { .size = sizeof(watch),
					    .before = goes_on,
					    .ctx = &n_seen };

		cbpf_run(prog, &w->packets[k], &whole);
		while (cbpf_step(prog, &w->packets[k], &state, &stepped))
			;
		cbpf_run_watched(prog, &w->packets[k], &watch, &watched);
		s->n_wrong += !is_alike(&whole, &w->alone[p][k]) ||
			      !is_alike(&stepped, &w->alone[p][k]) ||
			      !is_alike(&watched, &w->alone[p][k]) ||
			      n_seen != whole.steps;
		cbpf_prog_traits(prog);
		s->n_done++;
	}
	return NULL;
}

/* ---- each its own ------------------------------------------------------- */

/* A program through a form and back, checked, priced and made anew. */
static bool goes_round(const struct cbpf_prog *prog, enum cbpf_format format)
{
	const struct cbpf_insn *insns = cbpf_prog_insns(prog);
	size_t n = cbpf_prog_length(prog), size;
	struct cbpf_prog *again = NULL;
	struct cbpf_code code;
	char *text;
	bool is_ok;

	if (cbpf_text_write(format, insns, n, NULL, &text, &size))
		return false;
	is_ok = cbpf_text_read(format, text, size, NULL, &code, NULL) ==
			CBPF_OK &&
		code.n == n &&
		cbpf_check(code.insns, code.n, NULL, NULL) == CBPF_OK &&
		cbpf_prog_new(code.insns, code.n, NULL, &again, NULL) ==
			CBPF_OK;
	cbpf_check_dialects(insns, n);
	cbpf_check_cost(insns, n, CBPF_LINUX);
	cbpf_prog_free(again);
	cbpf_code_free(&code);
	cbpf_text_free(text, size, NULL);
	return is_ok;
}

/* A pcap file of no packets, little-endian, of Ethernet. */
static bool opens_capture(void)
{
	static const uint8_t file[24] = { 0xd4, 0xc3, 0xb2, 0xa1,	 2,
					  0,	4,    0,    [16] = 0xff, 0xff,
					  0,	0,    1 };
	struct cbpf_capture *capture;
	struct cbpf_record record;
	bool is_ok;

	if (cbpf_capture_open_memory(file, sizeof(file), NULL, &capture, NULL))
		return false;
	is_ok = cbpf_capture_next(capture, &record, NULL) == CBPF_OK &&
		record.is_end;
	cbpf_capture_close(capture);
	return is_ok;
}

static void *read_and_write(void *arg)
{
	static const enum cbpf_format whole[] = { CBPF_FORMAT_ASM,
						  CBPF_FORMAT_DDD,
						  CBPF_FORMAT_RAW,
						  CBPF_FORMAT_HEX };
	struct share *s = arg;

	for (unsigned i = 0; i < PROGRAMS * 4; i++) {
		unsigned p = (i + s->first) % PROGRAMS;

		s->n_wrong += !goes_round(s->work->progs[p], whole[i % 4]);
		s->n_wrong += !opens_capture();
		s->n_done++;
	}
	return NULL;
}

/* A judge of each thread's own, on an engine that all of them ask at once. */
static void *judge(void *arg)
{
	struct cbpf_engine_opts opts = { .size = sizeof(opts),
					 .is_exact = true };
	struct share *s = arg;
	const struct cbpf_engine *engine = s->work->engine;
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = engine->dialect };
	uint64_t seed = 100 + s->first;
	struct cbpf_insn insns[INSNS];
	struct cbpf_judged judged;
	struct cbpf_judge *own;

	if (cbpf_judge_new(engine, engine->dialect, &opts, &own)) {
		s->n_wrong++;
		return NULL;
	}
	for (unsigned i = 0; i < 60; i++) {
		size_t n = cbpf_random_program(&seed, &random, insns);
		enum cbpf_err err = cbpf_judge_load(own, insns, n, NULL);

		s->n_wrong += err == CBPF_E_DIFFERS || err == CBPF_E_SYSTEM;
		for (unsigned k = 0; err == CBPF_OK && k < 4; k++) {
			const struct cbpf_packet *packet =
				&s->work->packets[(i + k) % PACKETS];

			if (cbpf_judge_run(own, packet, &judged))
				s->n_wrong++;
			else if (judged.is_run)
				s->n_wrong += !judged.agrees;
			s->n_done += judged.is_run;
		}
	}
	cbpf_judge_free(own);
	return NULL;
}

#ifdef CBPF_HAVE_EXPR
static void *compile(void *arg)
{
	struct share *s = arg;

	for (unsigned i = 0; i < 100; i++) {
		char text[40];
		struct cbpf_code code;

		snprintf(text, sizeof(text), "udp port %u",
			 1 + s->first * 100 + i);
		s->n_wrong +=
			cbpf_expr_compile(text, NULL, &code, NULL) != CBPF_OK;
		cbpf_code_free(&code);
		s->n_done++;
	}
	return NULL;
}
#endif

int main(int argc, char **argv)
{
	static struct work work;
	const char *required = argc > 2 ? argv[2] : "";
	unsigned n_wrong, n_done;

	make_programs(&work);
	n_wrong = run_on_threads(&work, run_shared, &n_done);
	tap_ok(n_wrong == 0,
	       "%d threads run the same %d programs: %u runs, whole, stepped "
	       "and watched, are those of one thread",
	       THREADS, PROGRAMS, n_done);
	n_wrong = run_on_threads(&work, read_and_write, &n_done);
	tap_ok(n_wrong == 0,
	       "%d threads write, read and check: %u programs come back",
	       THREADS, n_done);
#ifdef CBPF_HAVE_EXPR
	n_wrong = run_on_threads(&work, compile, &n_done);
	tap_ok(n_wrong == 0, "%d threads compile %u expressions", THREADS,
	       n_done);
#endif
	for (size_t i = 0; i < N_ORACLES; i++) {
		if (!oracle_can_run(oracles[i], required))
			continue;
		work.engine = oracles[i];
		n_wrong = run_on_threads(&work, judge, &n_done);
		tap_ok(n_wrong == 0,
		       "%s: %d threads with a judge each: %u packets agree",
		       oracles[i]->name, THREADS, n_done);
	}
	for (unsigned i = 0; i < PROGRAMS; i++)
		cbpf_prog_free(work.progs[i]);
	return tap_done();
}
