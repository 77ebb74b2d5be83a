/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-seccomp: the kernel's machine as a task's system calls run
 * it. A packet is a struct seccomp_data; a task that has the program installed
 * makes that very call (keeper.c), and what comes back tells the verdict.
 *
 * No judged call is ever executed. Each return of the program is rewritten
 * before it is installed, so that every end of it is SECCOMP_RET_ERRNO:
 *
 *	ret #k		->	ret #ERRNO(520 + number of k)
 *	ret a		->	ja tail
 *			  tail:	jeq #expected, ret #ERRNO(519)
 *				rsh, and, or #ERRNO(2048)	a piece of A
 *				ret a
 *
 * 12 bits come back of a call: a constant by its number; A, which has 32, by
 * whether it is what the twin says, else in three pieces, from tasks whose
 * filters ask for one each. In front stands a test of the instruction pointer:
 * the task's calls that are not the judged one (it must talk to us) are let
 * by. What no return ends, a division by zero, kills the task: that is seen as
 * well, unless a filter that was here before us kills for that call, which is
 * found by asking once more under a filter that answers everything. Two calls
 * that kernels do not show to filters at all (uretprobe, uprobe) are not made.
 */
#include "oracle/keeper.h"
#include "oracle/oracle.h"

#ifdef KEEPER_ARCH

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "base/bytes.h"
#include "kernel/refusal.h"

#define FROM_A 2048 /* errnos from here on hold a piece of A */
/* those of constants: not 512 to 517, by which calls are restarted */
#define IS_EXPECTED   519 /* A is */
#define FROM_CONSTANT 520
#define CONSTANT_MAX  (FROM_A - FROM_CONSTANT)
#define PIECES	      3
#define PIECE_BITS    11

/* kernel/seccomp.c, seccomp_uprobe_exception() */
#ifdef __x86_64__
#define URETPROBE 335
#define UPROBE	  336
#endif

/* What a filter asks of A. */
struct question {
	uint32_t expected;
	unsigned piece;
};

struct calls_handle {
	struct cbpf_mem mem;
	struct keeper keeper;
	struct ora_pace pace;
	bool reads_ip;
	struct cbpf_insn filter[FILTER_MAX]; /* the program rewritten */
	uint32_t n;			     /* 0: it became too long */
	bool is_installed; /* a filter of this program is, and asks: */
	struct question question;
	uint32_t constants[CONSTANT_MAX]; /* by number */
	uint32_t n_constants;
	struct seccomp_data data; /* as the filter sees it */
};

static void free_calls(void *handle)
{
	struct calls_handle *h = handle;
	struct cbpf_mem mem;

	if (!h)
		return;
	keeper_end(&h->keeper);
	mem = h->mem;
	mem_free(&mem, h, sizeof(*h));
}

static enum cbpf_err new_handle(const struct cbpf_engine_opts *opts,
				struct calls_handle **out,
				struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct calls_handle *h = mem_new(&mem, 1, sizeof(*h));
	enum cbpf_err err;

	if (!h)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(h, 0, sizeof(*h));
	h->mem = mem;
	h->pace = ora_pace_new(opts);
	err = keeper_start(&h->keeper, diag);
	if (err != CBPF_OK) {
		free_calls(h);
		return err;
	}
	*out = h;
	return CBPF_OK;
}

/* ---- rewriting ---------------------------------------------------------- */

#define FRONT 6 /* instructions of put_front(), */
#define TAIL  6 /* and of put_tail() */

static void put(struct calls_handle *h, enum isa_op op, uint8_t jt, uint8_t jf,
		uint32_t k)
{
	h->filter[h->n++] = (struct cbpf_insn){ isa_rows[op].code, jt, jf, k };
}

/* Calls from elsewhere are our own, and let by; then A is 0 again. */
static void put_front(struct calls_handle *h)
{
	uint64_t site = keeper_site();
	uint32_t high = CBPF_DATA_IP + (by_host_is_big() ? 0 : 4);
	uint32_t low = CBPF_DATA_IP + (by_host_is_big() ? 4 : 0);

	put(h, OP_LD_W, 0, 0, high);
	put(h, OP_JEQ_K, 0, 2, (uint32_t)(site >> 32));
	put(h, OP_LD_W, 0, 0, low);
	put(h, OP_JEQ_K, 1, 0, (uint32_t)site);
	put(h, OP_RET_K, 0, 0, SECCOMP_RET_ALLOW);
	put(h, OP_LD_IMM, 0, 0, 0);
}

static void put_tail(struct calls_handle *h)
{
	put(h, OP_JEQ_K, 0, 1, 0); /* the question says what, */
	put(h, OP_RET_K, 0, 0, SECCOMP_RET_ERRNO | IS_EXPECTED);
	put(h, OP_RSH_K, 0, 0, 0); /* and by how much */
	put(h, OP_AND_K, 0, 0, (1u << PIECE_BITS) - 1);
	put(h, OP_OR_K, 0, 0, SECCOMP_RET_ERRNO | FROM_A);
	put(h, OP_RET_A, 0, 0, 0);
}

/* The filter for the calls to come. */
static void set_filter(struct calls_handle *h, const struct cbpf_insn *insns,
		       size_t n)
{
	keeper_set_filter(&h->keeper, insns, n);
	ora_count(&h->pace);
}

/* Makes the filter that asks this the one to be installed. */
static void set_question(struct calls_handle *h, struct question question)
{
	if (h->is_installed && h->question.expected == question.expected &&
	    h->question.piece == question.piece)
		return;
	h->filter[h->n - TAIL].k = question.expected;
	h->filter[h->n - TAIL + 2].k = question.piece * PIECE_BITS;
	set_filter(h, h->filter, h->n);
	h->is_installed = true;
	h->question = question;
}

/* The number of a constant; CONSTANT_MAX where there are too many. */
static uint32_t number_of(struct calls_handle *h, uint32_t k)
{
	uint32_t i = 0;

	while (i < h->n_constants && h->constants[i] != k)
		i++;
	if (i == h->n_constants && i < CONSTANT_MAX)
		h->constants[h->n_constants++] = k;
	return i;
}

/* The program as it is installed, or none where that is too long. */
static void rewrite(struct calls_handle *h, const struct cbpf_insn *insns,
		    size_t n)
{
	bool fits = n + FRONT + TAIL <= FILTER_MAX;

	h->n = h->n_constants = 0;
	if (!fits)
		return;
	put_front(h);
	for (size_t pc = 0; pc < n; pc++) {
		const struct cbpf_insn *insn = &insns[pc];
		enum isa_op op = isa_find_code(insn->code);

		if (op == OP_RET_K) {
			uint32_t number = number_of(h, insn->k);

			fits &= number < CONSTANT_MAX;
			put(h, op, 0, 0,
			    SECCOMP_RET_ERRNO | (FROM_CONSTANT + number));
		} else if (op == OP_RET_A) {
			put(h, OP_JA, 0, 0, (uint32_t)(n - pc - 1));
		} else {
			put(h, op, insn->jt, insn->jf, insn->k);
		}
	}
	put_tail(h);
	if (!fits)
		h->n = 0;
}

/* ---- loading ------------------------------------------------------------ */

static bool reads_ip(const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == isa_rows[OP_LD_W].code &&
		    (insns[i].k == CBPF_DATA_IP ||
		     insns[i].k == CBPF_DATA_IP + 4))
			return true;
	return false;
}

static enum cbpf_err load_calls(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	struct calls_handle *h = *handle;
	enum cbpf_err err;
	int sys_errno;

	(void)engine;
	(void)dialect;
	if (!h) {
		err = new_handle(opts, &h, diag);
		if (!h)
			return err;
		*handle = h;
	}
	if (n > UINT16_MAX)
		return refusal_of_seccomp(insns, n, EINVAL, diag);
	err = keeper_check(&h->keeper, insns, n, &sys_errno, diag);
	if (err != CBPF_OK)
		return err;
	if (sys_errno == 0)
		ora_count(&h->pace);
	if (sys_errno)
		return refusal_of_seccomp(insns, n, sys_errno, diag);
	h->is_installed = false;
	h->reads_ip = reads_ip(insns, n);
	rewrite(h, insns, n);
	return CBPF_OK;
}

/* ---- the view: the call that a task can make ---------------------------- */

static bool is_foreign(enum cbpf_order order)
{
	return order != CBPF_NATIVE && (order == CBPF_BIG) != by_host_is_big();
}

/* False where newer kernels execute a call without asking a filter. */
static bool is_filtered(int nr)
{
#ifdef URETPROBE
	return nr != URETPROBE && nr != UPROBE;
#else
	(void)nr;
	return true;
#endif
}

static enum cbpf_err view_calls(void *handle, const struct cbpf_packet *packet,
				struct cbpf_view *view, struct cbpf_diag *diag)
{
	struct calls_handle *h = handle;
	struct seccomp_data *data = &h->data;

	if (packet->caplen != sizeof(*data)) {
		struct cbpf_diag why =
			dg_make(CBPF_E_DATA_SIZE, packet->caplen, 0);

		dg_give(diag, &why);
		return CBPF_E_SKIP;
	}
	if (packet->ctx && is_foreign(packet->ctx->order))
		return dg_say(diag, CBPF_E_SKIP,
			      "the call is of a machine of the other byte "
			      "order");
	memcpy(data, packet->data, sizeof(*data));
	if (data->arch != KEEPER_ARCH)
		return dg_say(diag, CBPF_E_SKIP,
			      "architecture 0x%x is not this machine's",
			      data->arch);
	if (!is_filtered(data->nr))
		return dg_say(diag, CBPF_E_SKIP,
			      "newer kernels execute call %d without asking a "
			      "filter",
			      data->nr);
	if (h->reads_ip && data->instruction_pointer != 0 &&
	    data->instruction_pointer != keeper_site())
		return dg_say(diag, CBPF_E_SKIP,
			      "the program reads the instruction pointer, and "
			      "no task here has this one");
	data->instruction_pointer = keeper_site();
	memset(view, 0, sizeof(*view));
	view->packet.data = (const uint8_t *)data;
	view->packet.caplen = view->packet.wirelen = sizeof(*data);
	view->packet.ctx = &view->ctx;
	return CBPF_OK;
}

/* ---- running ------------------------------------------------------------ */

/* The call that the view tells of. */
static enum cbpf_err make_call(struct calls_handle *h,
			       struct keeper_answer *answer,
			       struct cbpf_diag *diag)
{
	uint64_t words[7] = { (uint32_t)h->data.nr };
	enum cbpf_err err;

	memcpy(words + 1, h->data.args, sizeof(h->data.args));
	err = keeper_call(&h->keeper, words, answer, diag);
	/* the next call is another task's, which installs it once more */
	if (err == CBPF_OK && answer->is_killed)
		ora_count(&h->pace);
	return err;
}

/* One call; *code is the errno that came back, 0: the task was killed. */
static enum cbpf_err call_once(struct calls_handle *h, uint32_t *code,
			       struct cbpf_diag *diag)
{
	struct keeper_answer answer;
	enum cbpf_err err = make_call(h, &answer, diag);

	if (err != CBPF_OK)
		return err;
	*code = answer.is_killed ? 0 : (uint32_t)-answer.result;
	if (answer.is_killed || *code == IS_EXPECTED ||
	    (*code >= FROM_CONSTANT &&
	     *code < FROM_CONSTANT + h->n_constants) ||
	    (*code >= FROM_A && *code < FROM_A + (1u << PIECE_BITS)))
		return CBPF_OK;
	/* no return of ours gives that: a filter from before us does */
	return dg_say(diag, CBPF_E_SKIP,
		      "a filter that was here before answers this call with "
		      "errno %u",
		      *code);
}

/* A kill that nobody foretold: whether any filter of ours would end so. */
static enum cbpf_err ask_others(struct calls_handle *h, struct cbpf_diag *diag)
{
	struct cbpf_insn filter[FRONT + 1];
	struct keeper_answer answer;
	enum cbpf_err err;

	memcpy(filter, h->filter, FRONT * sizeof(*filter));
	filter[FRONT] = (struct cbpf_insn){ isa_rows[OP_RET_K].code, 0, 0,
					    SECCOMP_RET_ERRNO | IS_EXPECTED };
	set_filter(h, filter, FRONT + 1);
	h->is_installed = false;
	err = make_call(h, &answer, diag);
	if (err == CBPF_OK && answer.is_killed)
		err = dg_say(diag, CBPF_E_SKIP,
			     "a filter that was here before kills for this "
			     "call");
	return err;
}

/* The rest of A, of which piece 0 is known. */
static enum cbpf_err spell_out(struct calls_handle *h, uint32_t *value,
			       struct cbpf_diag *diag)
{
	struct question question = h->question;
	enum cbpf_err err = CBPF_OK;
	uint32_t code;

	for (question.piece = 1; question.piece < PIECES; question.piece++) {
		set_question(h, question);
		err = call_once(h, &code, diag);
		if (err == CBPF_OK && code < FROM_A)
			err = dg_system(diag, "the pieces of a verdict",
					EBADMSG);
		if (err != CBPF_OK)
			break;
		*value |= (code - FROM_A) << (question.piece * PIECE_BITS);
	}
	return err;
}

/* The verdict behind an errno, asking again where it does not tell all. */
static enum cbpf_err read_verdict(struct calls_handle *h, uint32_t code,
				  uint32_t expected, uint32_t *value,
				  struct cbpf_diag *diag)
{
	struct question question = { expected, 0 };
	enum cbpf_err err;

	if (code >= FROM_A && h->question.expected != expected) {
		set_question(h, question);
		err = call_once(h, &code, diag);
		if (err == CBPF_OK && code == 0) /* it lived a moment ago */
			err = dg_system(diag, "the task of a judged call",
					ECHILD);
		if (err != CBPF_OK)
			return err;
	}
	if (code == IS_EXPECTED) {
		*value = h->question.expected;
		return CBPF_OK;
	}
	if (code < FROM_A) {
		*value = h->constants[code - FROM_CONSTANT];
		return CBPF_OK;
	}
	*value = code - FROM_A;
	return spell_out(h, value, diag);
}

static enum cbpf_err run_calls(void *handle, const struct cbpf_view *view,
			       const struct cbpf_result *expect,
			       struct cbpf_answer *answer,
			       struct cbpf_diag *diag)
{
	struct calls_handle *h = handle;
	struct question first = { expect ? expect->value : 0, 0 };
	uint32_t code;
	enum cbpf_err err;

	if (h->n == 0)
		return dg_say(diag, CBPF_E_SKIP,
			      "rewritten so that no call is executed, the "
			      "program is too long");
	(void)view; /* it is h->data */
	/* constants come back by number whatever a filter asks of A */
	if (!h->is_installed || h->question.piece != 0)
		set_question(h, first);
	err = call_once(h, &code, diag);
	answer->shows = CBPF_SHOWS_ALL;
	answer->end = CBPF_RETURNED;
	answer->value = 0;
	if (err == CBPF_OK && code)
		err = read_verdict(h, code, first.expected, &answer->value,
				   diag);
	else if (err == CBPF_OK)
		answer->end = CBPF_ABORTED;
	if (err == CBPF_OK && answer->end == CBPF_ABORTED && expect &&
	    expect->end != CBPF_ABORTED)
		err = ask_others(h, diag);
	answer->is_passed = answer->value != 0;
	return err;
}

/* ---- probing ------------------------------------------------------------ */

/* A call that does not exist is answered: no harm if it were not. */
static enum cbpf_err probe_calls(const struct cbpf_engine *engine,
				 struct cbpf_diag *diag)
{
	const struct cbpf_insn insn = { isa_rows[OP_RET_K].code, 0, 0,
					SECCOMP_RET_ALLOW };
	const struct seccomp_data data = { .nr = -1, .arch = KEEPER_ARCH };
	struct cbpf_packet packet = { (const uint8_t *)&data, sizeof(data), 0,
				      NULL };
	struct cbpf_answer answer = { .value = 0 };
	struct cbpf_view view;
	void *handle = NULL;
	enum cbpf_err err;

	err = engine->load(engine, NULL, CBPF_SECCOMP, &insn, 1, &handle, diag);
	if (err == CBPF_OK)
		err = engine->view(handle, &packet, &view, diag);
	if (err == CBPF_OK)
		err = engine->run(handle, &view, NULL, &answer, diag);
	engine->free(handle);
	if (err == CBPF_OK && answer.value != SECCOMP_RET_ALLOW)
		return dg_say(diag, CBPF_E_UNAVAILABLE,
			      "a filter that allows gives 0x%x here",
			      answer.value);
	return err;
}

#else

static enum cbpf_err probe_calls(const struct cbpf_engine *engine,
				 struct cbpf_diag *diag)
{
	(void)engine;
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "judged calls are made on Linux, x86-64 and arm64");
}

static enum cbpf_err load_calls(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	(void)opts, (void)dialect, (void)insns, (void)n, (void)handle;
	return probe_calls(engine, diag);
}

#define view_calls NULL
#define run_calls  NULL
#define free_calls NULL

#endif

const struct cbpf_engine cbpf_engine_linux_seccomp = {
	.name = "linux-seccomp",
	.about = "the kernel, through system calls that are never executed",
	.dialect = CBPF_SECCOMP,
	.is_oracle = true,
	.probe = probe_calls,
	.load = load_calls,
	.view = view_calls,
	.run = run_calls,
	.free = free_calls,
};
