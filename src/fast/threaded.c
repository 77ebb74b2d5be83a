/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threaded machine: what its steps do (ops.def), its functions (machine.h),
 * and a program for it.
 */
#include <string.h>

#include "base/diag.h"
#include "base/options.h"
#include "fast/fast.h"
#include "isa/eval.h"

#if defined(__GNUC__) && !defined(CBPF_NO_COMPUTED_GOTO)
#define HAS_COMPUTED_GOTO 1
#else
#define HAS_COMPUTED_GOTO 0
#endif

static uint16_t raw16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t raw32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Whether a number is in a table. */
static bool is_in_bitmap(const struct table *t, uint32_t v)
{
	uint32_t bit = v - t->low;

	return bit <= t->span && t->words[bit / 32] >> bit % 32 & 1;
}

static bool is_in_hash(const struct table *t, uint32_t v)
{
	return (t->words[v * t->factors[0] >> t->shift] == v) |
	       (t->words[v * t->factors[1] >> t->shift] == v);
}

/* Bytes at an offset that a slot has part in; NULL: outside. */
static const uint8_t *indirect(const struct cbpf_packet *packet,
			       const struct fast_step *step,
			       const uint32_t *slots, unsigned size)
{
	uint64_t at = (uint64_t)slots[step->a] + step->off;

	return by_fits(at, size, packet->caplen) ? packet->data + at : NULL;
}

#if HAS_COMPUTED_GOTO
#define PLACE(name) \
	name:
#define GO __extension__({ goto *(void *)(first + step->go); })
/* two ways that no compiler makes one: a way is foretold, a number is not */
#define APART(way) __asm__ volatile("# " way)
#else
#define PLACE(name) case FAST_##name:
#define GO	    continue
#define APART(way)  (void)way
#endif

#define GO_TO(bytes)                                                         \
	step = (const struct fast_step *)(const void *)((const char *)step + \
							(bytes));            \
	GO
#define GO_BY(holds)              \
	if (holds) {              \
		APART("yes");     \
		GO_TO(step->yes); \
	}                         \
	APART("no");              \
	GO_TO(step->no)
#define GO_ON   \
	step++; \
	GO

/* Where the number of a test is: at `p` of so many bytes, or v. */
#define FETCH_P                          \
	if (packet->caplen < step->need) \
		return 0;                \
	p = data + step->off
#define FETCH_I(size)                            \
	p = indirect(packet, step, slots, size); \
	if (!p)                                  \
	return 0
#define FETCH_P1 FETCH_P
#define FETCH_P2 FETCH_P
#define FETCH_P4 FETCH_P
#define FETCH_I1 FETCH_I(1)
#define FETCH_I2 FETCH_I(2)
#define FETCH_I4 FETCH_I(4)
#define FETCH_V	 v = slots[step->a]

/* The number as it lies there, and as it is meant. */
#define RAW_P1	  *p
#define RAW_P2	  raw16(p)
#define RAW_P4	  raw32(p)
#define RAW_I1	  RAW_P1
#define RAW_I2	  RAW_P2
#define RAW_I4	  RAW_P4
#define RAW_V	  v
#define NUMBER_P1 *p
#define NUMBER_P2 by_be16(p)
#define NUMBER_P4 by_be32(p)
#define NUMBER_I1 NUMBER_P1
#define NUMBER_I2 NUMBER_P2
#define NUMBER_I4 NUMBER_P4
#define NUMBER_V  v

#define HOLDS_EQ(source)   (RAW_##source == step->k)
#define HOLDS_BITS(source) ((RAW_##source & step->k) != 0)
#define HOLDS_GT(source)   (NUMBER_##source > step->k)
#define HOLDS_GE(source)   (NUMBER_##source >= step->k)
#define HOLDS_IN(source)   (NUMBER_##source - step->k <= step->span)
#define HOLDS_BITMAP(source) \
	is_in_bitmap(code->tables + step->k, NUMBER_##source)
#define HOLDS_HASH(source) is_in_hash(code->tables + step->k, NUMBER_##source)

#define TEST(source, test)                                          \
	PLACE(source##_##test)                                      \
	{                                                           \
		FETCH_##source;                                     \
		GO_BY(HOLDS_##test(source));                        \
	}                                                           \
	PLACE(source##_##test##_RET)                                \
	{                                                           \
		FETCH_##source;                                     \
		return HOLDS_##test(source) ? step->yes : step->no; \
	}

#define TWO(source)                       \
	PLACE(TWO_##source)               \
	{                                 \
		FETCH_##source;           \
		v = RAW_##source;         \
		if (v == step->span) {    \
			APART("second");  \
			GO_TO(step->no);  \
		}                         \
		if (v == step->k) {       \
			APART("first");   \
			GO_TO(step->yes); \
		}                         \
		APART("neither");         \
		GO_TO(step->third);       \
	}

#define LOAD(source)                               \
	PLACE(LOAD_##source)                       \
	{                                          \
		FETCH_##source;                    \
		slots[step->to] = NUMBER_##source; \
		GO_ON;                             \
	}

#define ALU(name)                                                             \
	PLACE(name)                                                           \
	{                                                                     \
		slots[step->to] = ev_alu(ALU_##name, slots[step->a],          \
					 slots[step->b], step->need);         \
		GO_ON;                                                        \
	}                                                                     \
	PLACE(name##_K)                                                       \
	{                                                                     \
		slots[step->to] = ev_alu(ALU_##name, slots[step->a], step->k, \
					 step->need);                         \
		GO_ON;                                                        \
	}

#define COMPARE(name, jump)                                           \
	PLACE(name)                                                   \
	{                                                             \
		GO_BY(ev_test(jump, slots[step->a], slots[step->b])); \
	}

/* Programs of which all is done in steps. */
#define MACHINE	 run_steps
#define DO_OTHER return 0
#include "fast/machine.h"

/* False: the run has ended, with *verdict. */
static bool do_other(const struct fast_code *code,
		     const struct cbpf_packet *packet, uint32_t *slots,
		     const struct fast_step *step, uint32_t *verdict)
{
	const struct fast_other *other = &code->others[step->k];
	/* random numbers are drawn by the interpreter alone */
	struct ir_machine whole = { code->row, packet, slots, 0, 0 };
	bool goes_on = ir_do(&whole, &other->insn, &slots[other->to]);

	*verdict = whole.verdict;
	return goes_on;
}

/* And those of which some is done by the graph's own machine. */
#define MACHINE run_with_others
#define DO_OTHER                                          \
	if (!do_other(code, packet, slots, step, &ended)) \
	return ended
#include "fast/machine.h"

const int32_t *fast_places(bool has_others)
{
	const int32_t *places = NULL;

	if (has_others)
		run_with_others(NULL, NULL, NULL, &places);
	else
		run_steps(NULL, NULL, NULL, &places);
	return places;
}

/* ---- a program ---------------------------------------------------------- */

struct cbpf_threaded {
	const struct cbpf_prog *prog;
	struct cbpf_mem mem;
	struct arena kept;
	struct fast_code code;
	enum { INTERPRETED, STEPS, WITH_OTHERS } how;
	bool is_of_data; /* packets are structures of the dialect's */
};

static void *keep(struct arena *arena, const void *from, uint32_t n,
		  size_t size)
{
	void *to = arena_take(arena, (size_t)n + 1, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

/* What is run, without what it was made of. */
static bool keep_code(struct fast_code *code, struct arena *arena)
{
	code->steps =
		keep(arena, code->steps, code->n_steps, sizeof(*code->steps));
	code->others = keep(arena, code->others, code->n_others,
			    sizeof(*code->others));
	code->tables = keep(arena, code->tables, code->n_tables,
			    sizeof(*code->tables));
	if (!code->steps || !code->others || !code->tables)
		return false;
	for (uint32_t i = 0; i < code->n_tables; i++) {
		struct table *t = &code->tables[i];

		t->words = keep(arena, t->words, t->n, sizeof(*t->words));
		if (!t->words)
			return false;
	}
	return true;
}

static enum cbpf_err make(struct cbpf_threaded *made, bool is_quick)
{
	struct arena scratch = arena_new(&made->mem);
	struct ir ir;
	enum cbpf_err err = ir_prepare(made->prog, &scratch, is_quick, &ir);

	if (err == CBPF_OK)
		err = fast_make(&ir, &scratch, &made->code);
	if (err == CBPF_OK)
		made->how = made->code.n_others ? WITH_OTHERS : STEPS;
	made->is_of_data = made->prog->row->space == SPACE_DATA;
	if (err == CBPF_OK && !keep_code(&made->code, &made->kept))
		err = CBPF_E_NOMEM;
	arena_free(&scratch);
	/* what it is not made for is run by the interpreter */
	return err == CBPF_E_NOMEM ? err : CBPF_OK;
}

enum cbpf_err cbpf_threaded_new(const struct cbpf_prog *prog,
				const struct cbpf_threaded_opts *opts,
				struct cbpf_threaded **threaded,
				struct cbpf_diag *diag)
{
	struct cbpf_threaded_opts own;
	struct cbpf_threaded made = { .prog = prog };
	enum cbpf_err err;

	*threaded = NULL;
	if (!opts_take(&own, sizeof(own), opts))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	made.mem = mem_or_libc(own.mem);
	made.kept = arena_new(&made.mem);
	err = make(&made, own.is_quick);
	if (err == CBPF_OK) {
		*threaded = mem_copy(&made.mem, &made, sizeof(made));
		if (*threaded)
			return CBPF_OK;
		err = CBPF_E_NOMEM;
	}
	arena_free(&made.kept);
	return dg_fail(diag, err);
}

void cbpf_threaded_free(struct cbpf_threaded *threaded)
{
	struct cbpf_mem mem;

	if (!threaded)
		return;
	mem = threaded->mem;
	arena_free(&threaded->kept);
	mem_free(&mem, threaded, sizeof(*threaded));
}

bool cbpf_threaded_is_fast(const struct cbpf_threaded *threaded)
{
	return threaded->how != INTERPRETED;
}

/* What is not the common case. */
static uint32_t run_odd(const struct cbpf_threaded *threaded,
			const struct cbpf_packet *packet)
{
	const struct fast_code *code = &threaded->code;
	struct cbpf_result result;

	if (threaded->how == INTERPRETED ||
	    fast_is_odd(threaded->prog->row, packet)) {
		cbpf_run(threaded->prog, packet, &result);
		return result.value;
	}
	return threaded->how == STEPS
		       ? run_steps(code->steps, packet, code, NULL)
		       : run_with_others(code->steps, packet, code, NULL);
}

uint32_t cbpf_threaded_run(const struct cbpf_threaded *threaded,
			   const struct cbpf_packet *packet)
{
	if (cbpf_unlikely(threaded->how != STEPS || threaded->is_of_data ||
			  packet->caplen > INT32_MAX))
		return run_odd(threaded, packet);
	return run_steps(threaded->code.steps, packet, &threaded->code, NULL);
}
