/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jump relaxation. A conditional jump reaches 255 instructions; where a target
 * is farther, a `ja` to it stands behind the jump, for all that are before it
 * and near enough:
 *
 *	jeq #1, far, near	->	jeq #1, +0, near
 *					ja far
 *
 * The instructions are laid out from the last to the first: what stands behind
 * one is then final, and so is every distance, in one pass. A `ja` stands as
 * near to the beginning as it can, for as many as can be. Behind a conditional
 * jump nothing is fallen into, so that it is in nobody's way.
 */
#include <string.h>

#include "isa/link.h"

#define REACH 255 /* of jt and jf: 8 bits */

struct layout {
	const struct link_insn *insns;
	size_t n;
	bool copies_ret;
	/* places count from the end: the last instruction has 1 */
	uint32_t *place;   /* by instruction */
	uint32_t *landing; /* by target: the first place that leads there */
	struct step {
		uint32_t from; /* the instruction it is, or that needs it */
		uint32_t to;   /* of a `ja` that was added, else NONE */
	} * steps;	       /* the last instruction first */
	uint32_t n_steps;
};

#define NONE UINT32_MAX

static bool is_branch(const struct link_insn *insn)
{
	return insn->has_targets && isa_is_branch(insn->insn.code);
}

/* The distance of a jump at a place to another; past the end they go on. */
static int64_t distance(const struct layout *l, uint32_t from, uint32_t target,
			const uint32_t *place)
{
	int64_t to =
		target < l->n ? place[target] : (int64_t)l->n - (int64_t)target;

	return (int64_t)from - to - 1;
}

/* Whether a branch `added` places before all that is laid out gets there. */
static bool reaches(const struct layout *l, uint32_t target, uint32_t added)
{
	return distance(l, l->n_steps + added + 1, target, l->landing) <= REACH;
}

static void add_step(struct layout *l, uint32_t from, uint32_t to)
{
	l->steps[l->n_steps++] = (struct step){ from, to };
}

/* A `ja` that earlier branches may use, too. */
static void add_ja(struct layout *l, uint32_t from, uint32_t target)
{
	add_step(l, from, target);
	if (target < l->n)
		l->landing[target] = l->n_steps;
}

/* What of its two targets a branch does not reach, with what that adds. */
static void add_jas(struct layout *l, uint32_t i)
{
	uint32_t t = l->insns[i].t, f = l->insns[i].f;
	bool far_f = !reaches(l, f, 0), far_t = !reaches(l, t, far_f);

	far_f = far_f || !reaches(l, f, far_t);
	if (far_f)
		add_ja(l, i, f);
	if (far_t && t != f)
		add_ja(l, i, t);
}

static void lay_out(struct layout *l)
{
	for (size_t i = l->n; i-- > 0;) {
		if (is_branch(&l->insns[i]))
			add_jas(l, (uint32_t)i);
		add_step(l, (uint32_t)i, NONE);
		l->place[i] = l->landing[i] = l->n_steps;
	}
}

/* ---- the instructions --------------------------------------------------- */

static bool is_ret(const struct link_insn *insn)
{
	return CODE_CLASS(insn->insn.code) == CLASS_RET;
}

/* To go to a return is to return. */
static struct cbpf_insn make_ja(const struct layout *l, uint32_t place,
				uint32_t target)
{
	struct cbpf_insn ja = { isa_rows[OP_JA].code, 0, 0, 0 };

	if (l->copies_ret && target < l->n && is_ret(&l->insns[target]))
		return l->insns[target].insn;
	/* modulo 2^32: backward too, for machines that take it */
	ja.k = (uint32_t)distance(l, place, target, l->place);
	return ja;
}

/*
 * From a branch, step s, to the nearest place behind it that leads to a target:
 * the target itself, or a `ja` met on the way; landing[] is filled anew, from
 * the last on. What is past the end and far has a `ja` for this branch alone.
 */
static uint8_t offset_to(const struct layout *l, uint32_t s, uint32_t target)
{
	int64_t far = distance(l, s + 1, target, l->landing);

	if (far <= REACH)
		return (uint8_t)far;
	return l->steps[s - 1].to == target ? 0 : 1;
}

static void emit(struct layout *l, struct cbpf_insn *out, uint32_t *lines)
{
	memcpy(l->landing, l->place, l->n * sizeof(*l->landing));
	for (uint32_t s = 0; s < l->n_steps; s++) {
		const struct step *step = &l->steps[s];
		const struct link_insn *insn = &l->insns[step->from];
		struct cbpf_insn *o = &out[l->n_steps - 1 - s];

		lines[l->n_steps - 1 - s] = insn->line;
		if (step->to != NONE) {
			*o = make_ja(l, s + 1, step->to);
			if (step->to < l->n)
				l->landing[step->to] = s + 1;
			continue;
		}
		*o = insn->insn;
		if (!insn->has_targets)
			continue;
		if (isa_is_ja(o->code)) {
			*o = make_ja(l, s + 1, insn->t);
			continue;
		}
		o->jt = offset_to(l, s, insn->t);
		o->jf = offset_to(l, s, insn->f);
	}
}

/* ---- all of it ---------------------------------------------------------- */

static bool take_tables(struct layout *l, struct arena *arena)
{
	l->place = arena_take(arena, l->n, sizeof(*l->place));
	l->landing = arena_take(arena, l->n, sizeof(*l->landing));
	l->steps = arena_take(arena, 3 * l->n, sizeof(*l->steps));
	return l->place && l->landing && l->steps;
}

enum cbpf_err link_insns(const struct link_insn *insns, size_t n,
			 bool copies_ret, const struct cbpf_mem *mem,
			 struct cbpf_insn **out, uint32_t **lines,
			 size_t *n_out, size_t *at)
{
	struct arena arena = arena_new(mem);
	struct layout l = { .insns = insns, .n = n, .copies_ret = copies_ret };
	enum cbpf_err err = CBPF_E_NOMEM;

	for (size_t i = 0; i < n; i++) {
		if (is_branch(&insns[i]) &&
		    (insns[i].t <= i || insns[i].f <= i)) {
			*at = i;
			return CBPF_E_JUMP_BACK;
		}
	}
	if (!take_tables(&l, &arena))
		goto out;
	lay_out(&l);
	*out = mem_new(&arena.mem, l.n_steps, sizeof(**out));
	*lines = mem_new(&arena.mem, l.n_steps, sizeof(**lines));
	if (!*out || !*lines) {
		mem_free(&arena.mem, *out, l.n_steps * sizeof(**out));
		mem_free(&arena.mem, *lines, l.n_steps * sizeof(**lines));
		*out = NULL;
		*lines = NULL;
		goto out;
	}
	emit(&l, *out, *lines);
	*n_out = l.n_steps;
	err = CBPF_OK;
out:
	arena_free(&arena);
	return err;
}
