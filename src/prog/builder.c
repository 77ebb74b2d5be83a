/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The builder: what the assembler is to text, for programs that make filters.
 * Calls note instructions and names; nothing is looked up before
 * cbpf_builder_finish(), so a label may be used before it is placed. The first
 * thing that is wrong is kept, and told at the end: no call in between fails.
 */
#include <string.h>

#include "base/diag.h"
#include "base/options.h"
#include "isa/labels.h"
#include "isa/link.h"

#define OP(name, value, ...) \
	_Static_assert(CBPF_##name == (value), "the header's code of " #name);
#include "isa/opcodes.def"
#undef OP
#define EXT(name, number, ...) \
	_Static_assert(CBPF_EXT_##name == EXT_BASE + (number), #name);
#include "isa/ext.def"
#undef EXT

/* A target still by name. */
struct use {
	const char *name;
	size_t len;
	uint32_t insn;
	bool is_false; /* the other of the two */
};

struct cbpf_builder {
	struct cbpf_mem mem;
	struct labels labels; /* its arena has the names as well */
	struct buf insns;     /* struct link_insn */
	struct buf uses;      /* struct use */
	struct cbpf_diag first;
};

enum cbpf_err cbpf_builder_new(const struct cbpf_mem *mem,
			       struct cbpf_builder **out)
{
	struct cbpf_mem own = mem_or_libc(mem);
	struct cbpf_builder *b = mem_new(&own, 1, sizeof(*b));

	*out = NULL;
	if (!b)
		return CBPF_E_NOMEM;
	memset(b, 0, sizeof(*b));
	b->mem = own;
	b->labels = labels_new(&own);
	b->insns = b->uses = buf_new(&own);
	if (!b->labels.buckets) {
		cbpf_builder_free(b);
		return CBPF_E_NOMEM;
	}
	*out = b;
	return CBPF_OK;
}

void cbpf_builder_free(struct cbpf_builder *b)
{
	struct cbpf_mem mem;

	if (!b)
		return;
	labels_free(&b->labels);
	buf_free(&b->insns);
	buf_free(&b->uses);
	mem = b->mem;
	mem_free(&mem, b, sizeof(*b));
}

static uint32_t count_insns(const struct cbpf_builder *b)
{
	return (uint32_t)(b->insns.len / sizeof(struct link_insn));
}

/* Keeps the first error, at the instruction that is being made. */
static void fail(struct cbpf_builder *b, enum cbpf_err code, const char *word)
{
	if (b->first.code != CBPF_OK)
		return;
	b->first = dg_make(code, 0, 0);
	b->first.line = count_insns(b) + 1;
	dg_word(&b->first, word, strlen(word));
}

/* A name for good: the caller's may be gone before the end. */
static const char *keep_name(struct cbpf_builder *b, const char *name)
{
	size_t size = strlen(name) + 1;
	char *copy = arena_take(&b->labels.arena, size, 1);

	if (!copy) {
		fail(b, CBPF_E_NOMEM, "");
		return NULL;
	}
	return memcpy(copy, name, size);
}

/* ---- instructions ------------------------------------------------------ */

static void add_insn(struct cbpf_builder *b, enum cbpf_op op, uint32_t k,
		     bool has_targets)
{
	uint32_t at = count_insns(b);
	struct link_insn insn = { .insn = { (uint16_t)op, 0, 0, k },
				  .has_targets = has_targets,
				  .t = at + 1,
				  .f = at + 1,
				  .line = at + 1 };

	buf_put(&b->insns, &insn, sizeof(insn));
}

void cbpf_builder_add(struct cbpf_builder *b, enum cbpf_op op, uint32_t k)
{
	if (isa_find_code((uint16_t)op) == OP_BAD)
		fail(b, CBPF_E_ARGUMENT, "there is no such instruction");
	else if (CODE_CLASS(op) == CLASS_JMP)
		fail(b, CBPF_E_ARGUMENT,
		     "a jump has targets: cbpf_builder_jump() adds it");
	add_insn(b, op, k, false);
}

static void use_label(struct cbpf_builder *b, const char *name, bool is_false)
{
	struct use use = { .insn = count_insns(b), .is_false = is_false };

	if (!name) /* the next instruction */
		return;
	use.name = keep_name(b, name);
	if (!use.name)
		return;
	use.len = strlen(name);
	buf_put(&b->uses, &use, sizeof(use));
}

void cbpf_builder_jump(struct cbpf_builder *b, enum cbpf_op op, uint32_t k,
		       const char *if_true, const char *if_false)
{
	if (CODE_CLASS(op) != CLASS_JMP ||
	    isa_find_code((uint16_t)op) == OP_BAD)
		fail(b, CBPF_E_ARGUMENT, "there is no such jump");
	if (op == CBPF_JA && if_false)
		fail(b, CBPF_E_ARGUMENT, "ja has one target");
	use_label(b, if_true, false);
	use_label(b, if_false, true);
	add_insn(b, op, op == CBPF_JA ? 0 : k, true);
}

void cbpf_builder_label(struct cbpf_builder *b, const char *name)
{
	const char *kept = keep_name(b, name);
	enum cbpf_err err;

	if (!kept)
		return;
	err = labels_define(&b->labels, kept, strlen(kept), count_insns(b));
	if (err == CBPF_E_LABEL_TWICE)
		err = CBPF_E_LABEL_TAKEN;
	if (err != CBPF_OK)
		fail(b, err, name);
}

/* ---- the end ----------------------------------------------------------- */

static enum cbpf_err tell(const struct use *use, enum cbpf_err code,
			  struct cbpf_diag *out)
{
	struct cbpf_diag diag = dg_make(code, 0, 0);

	diag.line = use->insn + 1;
	dg_word(&diag, use->name, use->len);
	return dg_give(out, &diag);
}

static enum cbpf_err resolve(struct cbpf_builder *b, struct cbpf_diag *diag)
{
	struct link_insn *insns = (void *)b->insns.at;
	const struct use *uses = (void *)b->uses.at;
	size_t n_uses = b->uses.len / sizeof(*uses);

	for (size_t i = 0; i < n_uses; i++) {
		const struct use *use = &uses[i];
		const struct label *label =
			labels_find(&b->labels, use->name, use->len);

		if (!label)
			return tell(use, CBPF_E_LABEL, diag);
		if (label->at <= use->insn)
			return tell(use, CBPF_E_JUMP_BACK, diag);
		if (label->at == count_insns(b))
			return tell(use, CBPF_E_LABEL_LAST, diag);
		if (use->is_false)
			insns[use->insn].f = label->at;
		else
			insns[use->insn].t = label->at;
	}
	return CBPF_OK;
}

/* Links into *code and says what the dialect thinks of it. */
static enum cbpf_err link_and_check(struct cbpf_builder *b,
				    const struct cbpf_check_opts *opts,
				    struct cbpf_code *code,
				    struct cbpf_diag *diag)
{
	struct cbpf_check_opts own;
	struct cbpf_diag why = dg_make(CBPF_OK, 0, 0);
	struct cbpf_report report = { &why, 1, 0, 0 };
	enum cbpf_err err;
	size_t at;

	if (!opts_take(&own, sizeof(own), opts))
		return dg_say(diag, CBPF_E_ARGUMENT,
			      "these options are of a newer library");
	err = link_insns((void *)b->insns.at, count_insns(b), false, &b->mem,
			 &code->insns, &code->lines, &code->n, &at);
	if (err != CBPF_OK)
		return dg_fail(diag, err);
	own.size = sizeof(own);
	own.lines = code->lines;
	if (!own.mem)
		own.mem = &b->mem;
	err = cbpf_check(code->insns, code->n, &own, &report);
	if (err == CBPF_OK)
		return CBPF_OK;
	cbpf_code_free(code);
	return dg_give(diag, &why);
}

enum cbpf_err cbpf_builder_finish(struct cbpf_builder *b,
				  const struct cbpf_check_opts *opts,
				  struct cbpf_code *code,
				  struct cbpf_diag *diag)
{
	enum cbpf_err err;

	memset(code, 0, sizeof(*code));
	code->mem = b->mem;
	if (b->first.code != CBPF_OK)
		return dg_give(diag, &b->first);
	if (b->insns.is_broken || b->uses.is_broken)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (count_insns(b) == 0)
		return dg_fail(diag, CBPF_E_EMPTY);
	err = resolve(b, diag);
	return err == CBPF_OK ? link_and_check(b, opts, code, diag) : err;
}
