/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Jump relaxation. Every instruction starts at its own size of one; a branch
 * one of whose targets is more than 255 away grows by a `ja` for that target.
 * Growing moves others apart, so it is repeated until nothing grows: sizes
 * only ever grow and are at most three, hence it ends.
 *
 *	jeq #1, far, near	->	jeq #1, +0, near
 *					ja far
 */
#include "isa/link.h"

struct layout {
	const struct link_insn *insns;
	size_t n;
	uint32_t *at; /* n + 1 final positions */
	uint8_t *far; /* FAR_T, FAR_F */
};

enum { FAR_T = 1, FAR_F = 2 };

static uint64_t place_of(const struct layout *l, uint32_t target)
{
	if (target <= l->n)
		return l->at[target];
	return (uint64_t)l->at[l->n] + (target - l->n);
}

static void place_all(struct layout *l)
{
	uint32_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		l->at[i] = at;
		at += 1u + !!(l->far[i] & FAR_T) + !!(l->far[i] & FAR_F);
	}
	l->at[l->n] = at;
}

static bool is_branch(const struct link_insn *insn)
{
	return insn->has_targets && isa_is_branch(insn->insn.code);
}

/* True while some branch grew. */
static bool grow(struct layout *l)
{
	bool grew = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct link_insn *insn = &l->insns[i];
		uint64_t next = (uint64_t)l->at[i] + 1;
		uint8_t far = l->far[i];

		if (!is_branch(insn))
			continue;
		if (place_of(l, insn->t) - next > 255)
			far |= FAR_T;
		if (place_of(l, insn->f) - next > 255)
			far |= FAR_F;
		grew |= far != l->far[i];
		l->far[i] = far;
	}
	return grew;
}

static struct cbpf_insn make_ja(const struct layout *l, uint32_t from,
				uint32_t target)
{
	struct cbpf_insn ja = { isa_rows[OP_JA].code, 0, 0, 0 };

	/* modulo 2^32: backward too, for machines that take it */
	ja.k = (uint32_t)(place_of(l, target) - from - 1);
	return ja;
}

/* One instruction and its ja's, at out[l->at[i]]. */
static void emit(const struct layout *l, size_t i, struct cbpf_insn *out)
{
	const struct link_insn *insn = &l->insns[i];
	uint32_t at = l->at[i], next = at + 1;
	struct cbpf_insn *o = &out[at];

	*o = insn->insn;
	if (!insn->has_targets)
		return;
	if (isa_is_ja(o->code)) {
		o->k = make_ja(l, at, insn->t).k;
		return;
	}
	if (l->far[i] & FAR_T) {
		o->jt = 0;
		out[next] = make_ja(l, next, insn->t);
		next++;
	} else {
		o->jt = (uint8_t)(place_of(l, insn->t) - at - 1);
	}
	if (l->far[i] & FAR_F) {
		o->jf = (uint8_t)(next - at - 1);
		out[next] = make_ja(l, next, insn->f);
	} else {
		o->jf = (uint8_t)(place_of(l, insn->f) - at - 1);
	}
}

enum cbpf_err link_insns(const struct link_insn *insns, size_t n,
			 const struct cbpf_mem *mem, struct cbpf_insn **out,
			 uint32_t **lines, size_t *n_out, size_t *at)
{
	struct arena arena = arena_new(mem);
	struct layout l = { insns, n, NULL, NULL };
	enum cbpf_err err = CBPF_E_NOMEM;
	size_t total;

	for (size_t i = 0; i < n; i++) {
		if (is_branch(&insns[i]) &&
		    (insns[i].t <= i || insns[i].f <= i)) {
			*at = i;
			return CBPF_E_JUMP_BACK;
		}
	}
	l.at = arena_take(&arena, n + 1, sizeof(*l.at));
	l.far = arena_take(&arena, n, sizeof(*l.far));
	if (!l.at || !l.far)
		goto out;
	do {
		place_all(&l);
	} while (grow(&l));
	total = l.at[n];
	*out = mem_new(&arena.mem, total, sizeof(**out));
	*lines = mem_new(&arena.mem, total, sizeof(**lines));
	if (!*out || !*lines) {
		mem_free(&arena.mem, *out, total * sizeof(**out));
		mem_free(&arena.mem, *lines, total * sizeof(**lines));
		*out = NULL;
		*lines = NULL;
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		emit(&l, i, *out);
		for (uint32_t p = l.at[i]; p < l.at[i + 1]; p++)
			(*lines)[p] = insns[i].line;
	}
	*n_out = total;
	err = CBPF_OK;
out:
	arena_free(&arena);
	return err;
}
