/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do with a disagreement: say where it began, and make it small.
 *
 * Parting. A program without loops runs an instruction at most once, so the
 * state before step i is what the program returns when that instruction is
 * replaced by a return of A, of X, or of M[j]. Each such program is judged
 * like any other; the first that disagrees convicts the step before it.
 *
 * Shrinking. Changes that make program or packet simpler are tried one at a
 * time and kept where engine and twin still disagree, until a whole round
 * keeps none. Every candidate is verified and loaded like a fresh program,
 * so whatever is left is a legal program that fails by itself.
 */
#include <string.h>

#include "oracle/oracle.h"

/* ---- parting ----------------------------------------------------------- */

#define REST_EVERY 16	/* programs: in exact mode each is many filters */
#define TRACE_MAX  4096 /* no kernel's program runs longer */
#define WORDS	   16

struct trace {
	uint32_t *pcs;
	size_t n;
};

static bool note_step(void *ctx, const struct cbpf_state *state)
{
	struct trace *trace = ctx;

	if (trace->n < TRACE_MAX)
		trace->pcs[trace->n++] = state->pc;
	return true;
}

/* What is asked of the state: A, X, or a word of M[]. */
enum { ASK_A = -2, ASK_X = -1 };

/* That nothing was learned by asking, and no more will be. */
static bool is_unasked(enum cbpf_err err)
{
	return err == CBPF_E_NOMEM || err == CBPF_E_SYSTEM;
}

/*
 * Whether the program cut at pc, returning what is asked, is agreed on; *err
 * is set where that could not be asked.
 */
static bool agrees_cut(struct cbpf_judge *judge, struct cbpf_insn *cut,
		       const struct cbpf_insn *insns, size_t n, uint32_t pc,
		       int what, const struct cbpf_packet *packet,
		       enum cbpf_err *err)
{
	const struct cbpf_insn ret_a = { isa_rows[OP_RET_A].code, 0, 0, 0 };
	struct cbpf_judged judged;
	size_t len = n;

	memcpy(cut, insns, n * sizeof(*insns));
	if (what == ASK_A) {
		cut[pc] = ret_a;
	} else {
		cut[pc] = (struct cbpf_insn){ isa_rows[OP_JA].code, 0, 0,
					      (uint32_t)(n - pc - 1) };
		cut[len++] = (struct cbpf_insn){
			isa_rows[what == ASK_X ? OP_TXA : OP_LD_MEM].code, 0, 0,
			what == ASK_X ? 0 : (uint32_t)what
		};
		cut[len++] = ret_a;
	}
	/* a cut program that is legal to neither says nothing */
	*err = cbpf_judge_load(judge, cut, len, NULL);
	if (*err != CBPF_OK)
		return *err != CBPF_E_DIFFERS;
	*err = cbpf_judge_run(judge, packet, &judged);
	if (*err != CBPF_OK)
		return true;
	return !judged.is_run || judged.agrees;
}

static uint32_t find_parting(struct cbpf_judge *judge, struct arena *arena,
			     const struct trace *trace,
			     const struct cbpf_insn *insns, size_t n,
			     const struct cbpf_packet *packet)
{
	struct cbpf_insn *cut = arena_take(arena, n + 2, sizeof(*cut));
	uint32_t written = 0;
	unsigned asked = 0;
	enum cbpf_err err;

	if (!cut)
		return CBPF_NO_PC;
	for (size_t i = 1; i < trace->n; i++) {
		const struct cbpf_insn *before = &insns[trace->pcs[i - 1]];
		uint32_t pc = trace->pcs[i];

		if (CODE_CLASS(before->code) == CLASS_ST ||
		    CODE_CLASS(before->code) == CLASS_STX)
			written |= 1u << (before->k & (WORDS - 1));
		for (int what = ASK_A; what < WORDS; what++) {
			if (what >= 0 && !(written >> what & 1))
				continue;
			if (++asked % REST_EVERY == 0 && ora_attaches(judge))
				ora_rest();
			if (!agrees_cut(judge, cut, insns, n, pc, what, packet,
					&err))
				return trace->pcs[i - 1];
			if (is_unasked(err))
				return CBPF_NO_PC;
		}
	}
	return trace->n ? trace->pcs[trace->n - 1] : CBPF_NO_PC;
}

/* A backward jump: an instruction may run more than once. */
static bool may_loop(const struct cbpf_insn *insns, size_t n)
{
	for (size_t pc = 0; pc < n; pc++)
		if (isa_goes_back(insns[pc].code, insns[pc].k, pc))
			return true;
	return false;
}

uint32_t cbpf_judge_parting(struct cbpf_judge *judge,
			    const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_packet *packet)
{
	struct arena arena = arena_new(ora_mem(judge));
	struct trace trace = {
		arena_take(&arena, TRACE_MAX, sizeof(*trace.pcs)), 0
	};
	uint32_t pc = CBPF_NO_PC;

	if (trace.pcs && !may_loop(insns, n) &&
	    cbpf_judge_load(judge, insns, n, NULL) == CBPF_OK &&
	    ora_trace(judge, packet, note_step, &trace))
		pc = find_parting(judge, &arena, &trace, insns, n, packet);
	arena_free(&arena);
	return pc;
}

/* ---- shrinking --------------------------------------------------------- */

#define TRIES_MAX 20000

struct shrink {
	struct cbpf_judge *judge;
	struct cbpf_insn *insns, *trial;
	size_t n;
	struct cbpf_packet *packet;
	uint8_t *data;
	bool is_load; /* they disagree on the program, not on a packet */
	unsigned tries;
	enum cbpf_err stopped; /* why nothing can be tried any more */
};

static bool still_differs(struct shrink *s, const struct cbpf_insn *insns,
			  size_t n)
{
	struct cbpf_judged judged;
	enum cbpf_err err;

	if (s->stopped || s->tries++ > TRIES_MAX)
		return false;
	if (s->tries % REST_EVERY == 0 && ora_attaches(s->judge))
		ora_rest();
	err = cbpf_judge_load(s->judge, insns, n, NULL);
	if (err == CBPF_OK && !s->is_load)
		err = cbpf_judge_run(s->judge, s->packet, &judged);
	if (is_unasked(err))
		s->stopped = err;
	if (s->is_load)
		return err == CBPF_E_DIFFERS;
	return err == CBPF_OK && judged.is_run && !judged.agrees;
}

/* A target after instruction `gone` has been taken out. */
static uint32_t move_target(uint32_t target, uint32_t gone)
{
	return target > gone ? target - 1 : target;
}

/* insns without one of them, jumps led to the same places; false: they break */
static bool remove_one(const struct shrink *s, uint32_t gone)
{
	size_t at = 0;

	for (uint32_t pc = 0; pc < s->n; pc++) {
		struct cbpf_insn insn = s->insns[pc];
		uint32_t next = move_target(pc, gone) + 1;

		if (pc == gone)
			continue;
		if (isa_is_ja(insn.code)) {
			insn.k = move_target(pc + 1 + insn.k, gone) - next;
		} else if (isa_is_branch(insn.code)) {
			insn.jt =
				(uint8_t)(move_target(pc + 1 + insn.jt, gone) -
					  next);
			insn.jf =
				(uint8_t)(move_target(pc + 1 + insn.jf, gone) -
					  next);
		}
		s->trial[at++] = insn;
	}
	return at > 0;
}

static bool drop_insns(struct shrink *s)
{
	bool any = false;

	for (uint32_t pc = (uint32_t)s->n; pc-- > 0;) {
		if (s->n < 2 || !remove_one(s, pc) ||
		    !still_differs(s, s->trial, s->n - 1))
			continue;
		s->n--;
		memcpy(s->insns, s->trial, s->n * sizeof(*s->insns));
		any = true;
	}
	return any;
}

static bool try_insn(struct shrink *s, uint32_t pc, struct cbpf_insn insn)
{
	struct cbpf_insn old = s->insns[pc];

	if (memcmp(&old, &insn, sizeof(old)) == 0)
		return false;
	s->insns[pc] = insn;
	if (still_differs(s, s->insns, s->n))
		return true;
	s->insns[pc] = old;
	return false;
}

/* Smaller constants and shorter jumps. */
static bool plain_insns(struct shrink *s)
{
	bool any = false;

	for (uint32_t pc = 0; pc < s->n; pc++) {
		for (int what = 0; what < 5; what++) {
			struct cbpf_insn insn = s->insns[pc];

			if (what == 0)
				insn.k = 0;
			else if (what == 1 && insn.k > 1)
				insn.k = 1;
			else if (what == 2 && insn.k > 1)
				insn.k /= 2;
			else if (what == 3)
				insn.jt = 0;
			else if (what == 4)
				insn.jf = 0;
			any |= try_insn(s, pc, insn);
		}
	}
	return any;
}

static bool cut_packet(struct shrink *s)
{
	bool any = false;

	for (uint32_t step = s->packet->caplen; step > 0; step /= 2) {
		while (s->packet->caplen >= step) {
			struct cbpf_packet old = *s->packet;

			s->packet->caplen -= step;
			s->packet->wirelen = s->packet->caplen;
			if (!still_differs(s, s->insns, s->n)) {
				*s->packet = old;
				break;
			}
			any = true;
		}
	}
	return any;
}

static bool clear_bytes(struct shrink *s)
{
	uint32_t len = s->packet->caplen;
	bool any = false;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t old = s->data[i];

		if (old == 0)
			continue;
		s->data[i] = 0;
		if (still_differs(s, s->insns, s->n))
			any = true;
		else
			s->data[i] = old;
	}
	return any;
}

enum cbpf_err cbpf_judge_shrink(struct cbpf_judge *judge,
				struct cbpf_insn *insns, size_t *n,
				struct cbpf_packet *packet, uint8_t *data)
{
	struct arena arena = arena_new(ora_mem(judge));
	struct shrink s = { .judge = judge,
			    .insns = insns,
			    .n = *n,
			    .packet = packet,
			    .data = data };
	enum cbpf_err err;
	bool any;

	s.trial = arena_take(&arena, *n, sizeof(*s.trial));
	if (!s.trial)
		return CBPF_E_NOMEM;
	err = cbpf_judge_load(judge, insns, *n, NULL);
	s.is_load = err == CBPF_E_DIFFERS;
	if (is_unasked(err))
		s.stopped = err;
	if (still_differs(&s, insns, *n)) {
		do {
			any = drop_insns(&s);
			any |= plain_insns(&s);
			any |= cut_packet(&s);
			any |= clear_bytes(&s);
		} while (any && s.tries < TRIES_MAX);
	}
	*n = s.n;
	arena_free(&arena);
	return s.stopped;
}
