/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constant folding and algebra: what can be computed is, and what stands for a
 * simpler value becomes it.
 *
 *	v3 = add v1, 4			v5 = add v1, 6
 *	v5 = add v3, 2		->	branch v1 == 74, b1, b2
 *	branch v5 == 80, b1, b2
 *
 * A constant operand stands second, subtracting one is adding another, and so
 * are the other forms one form: passes behind this one look for that alone. A
 * test whose outcome is known becomes a jump, a guard that always holds is
 * dropped, one that never does ends the block.
 *
 * One pass in the order of the blocks, operands before what uses them. Each
 * rewriting makes the operation cheaper or an operand earlier in the order of
 * definitions, and tries again no more than once an operand: it ends.
 */
#include "ir/facts.h"
#include "isa/eval.h"

struct folder {
	struct ir *ir;
	struct ir_facts facts; /* of the values that there were at first */
	uint32_t *same;	       /* by value: what stands for it */
};

static bool commutes(unsigned op)
{
	return op == IR_ADD || op == IR_MUL || op == IR_AND || op == IR_OR ||
	       op == IR_XOR;
}

/* ---- one operation ------------------------------------------------------ */

/* Both operands are constants: the value, or IR_NONE (of a division by 0). */
static uint32_t compute(struct folder *f, unsigned op, uint32_t a, uint32_t b)
{
	if ((op == IR_DIV || op == IR_MOD) && b == 0)
		return IR_NONE;
	return ir_const(f->ir, ir_alu(f->ir, (enum ir_op)op, a, b));
}

/* a op a. */
static uint32_t with_itself(struct folder *f, unsigned op, uint32_t a)
{
	switch (op) {
	case IR_SUB:
	case IR_XOR:
		return ir_const(f->ir, 0);
	case IR_AND:
	case IR_OR:
		return a;
	default:
		return IR_NONE;
	}
}

/* a op k where that is a, or a constant whatever a is. */
static uint32_t with_neutral(struct folder *f, unsigned op, uint32_t a,
			     uint32_t k)
{
	switch (op) {
	case IR_ADD:
	case IR_XOR:
	case IR_LSH:
	case IR_RSH:
		return k == 0 ? a : IR_NONE;
	case IR_OR:
		if (k == UINT32_MAX)
			return ir_const(f->ir, k);
		return k == 0 ? a : IR_NONE;
	case IR_AND:
		if (k == 0)
			return ir_const(f->ir, 0);
		return k == UINT32_MAX ? a : IR_NONE;
	case IR_MUL:
		if (k == 0)
			return ir_const(f->ir, 0);
		return k == 1 ? a : IR_NONE;
	case IR_DIV:
		return k == 1 ? a : IR_NONE;
	case IR_MOD:
		return k == 1 ? ir_const(f->ir, 0) : IR_NONE;
	default:
		return IR_NONE;
	}
}

static unsigned log_of(uint32_t k)
{
	unsigned log = 0;

	while (k >> log != 1)
		log++;
	return log;
}

/* Multiplying by a power of two is shifting, and so on. */
static void make_cheap(struct folder *f, struct ir_insn *insn, uint32_t k)
{
	bool is_power = k && !(k & (k - 1));

	if (insn->op == IR_SUB) {
		insn->op = IR_ADD;
		insn->b = ir_const(f->ir, 0 - k);
	} else if (insn->op == IR_MUL && is_power) {
		insn->op = IR_LSH;
		insn->b = ir_const(f->ir, log_of(k));
	} else if (insn->op == IR_DIV && is_power) {
		insn->op = IR_RSH;
		insn->b = ir_const(f->ir, log_of(k));
	} else if (insn->op == IR_MOD && is_power) {
		insn->op = IR_AND;
		insn->b = ir_const(f->ir, k - 1);
	}
}

/* (v op i) op k, of operations that associate: v op (i op k). */
static void join(struct folder *f, struct ir_insn *insn, uint32_t k)
{
	const struct ir_insn *inner = &f->ir->insns[insn->a];
	uint32_t i;

	if (inner->op != insn->op || !commutes(insn->op) ||
	    !ir_is_const(f->ir, inner->b, &i))
		return;
	insn->a = inner->a;
	insn->b = ir_const(f->ir, ir_alu(f->ir, (enum ir_op)insn->op, i, k));
}

/* What stands for an operation; IR_NONE: it does itself, in its one form. */
static uint32_t fold_alu(struct folder *f, uint32_t id)
{
	struct ir_insn insn = f->ir->insns[id];
	uint32_t a, b, same;

	if (commutes(insn.op) && ir_is_const(f->ir, insn.a, &a)) {
		uint32_t first = insn.a;

		insn.a = insn.b;
		insn.b = first;
	}
	if (ir_is_const(f->ir, insn.b, &b)) {
		if (ir_is_const(f->ir, insn.a, &a))
			return compute(f, insn.op, a, b);
		make_cheap(f, &insn, b);
		if (ir_is_const(f->ir, insn.b, &b))
			join(f, &insn, b);
		if (!ir_is_const(f->ir, insn.b, &b)) /* memory was refused */
			return IR_NONE;
		same = with_neutral(f, insn.op, insn.a, b);
	} else {
		same = insn.a == insn.b ? with_itself(f, insn.op, insn.a)
					: IR_NONE;
	}
	if (same == IR_NONE)
		f->ir->insns[id] = insn;
	return same;
}

/* ---- loads -------------------------------------------------------------- */

/* Where offsets end that a load can name. */
static uint32_t end_of_offsets(const struct ir *ir)
{
	return ir->row->abs == ABS_LIMIT ? OPENBSD_BUFSIZE : INT32_MAX;
}

static bool is_load_ind(const struct ir_insn *insn)
{
	return insn->op == IR_LOAD_IND || insn->op == IR_NEED_IND;
}

/* Behind v + k: behind v, at k more, where no sum can be too large. */
static void fold_base(struct folder *f, struct ir_insn *insn)
{
	const struct ir_insn *base = &f->ir->insns[insn->a];
	uint32_t k;

	if (base->op != IR_ADD || !ir_is_const(f->ir, base->b, &k) ||
	    base->a >= f->facts.n_known ||
	    (uint64_t)f->facts.known[base->a].high + k + insn->k + insn->size >
		    end_of_offsets(f->ir))
		return;
	insn->a = base->a;
	insn->k += k;
}

/*
 * A load behind a constant, and its guard, are at a constant offset; but where
 * that load would not end the run.
 */
static void fold_ind(struct folder *f, struct ir_insn *insn)
{
	uint32_t k;

	if (!ir_is_const(f->ir, insn->a, &k) ||
	    (uint64_t)k + insn->k + insn->size > end_of_offsets(f->ir) ||
	    (insn->size == 2 && f->ir->row->ldh_reads_zero))
		return;
	insn->a = IR_NONE;
	insn->k += k;
	if (insn->op == IR_LOAD_IND) {
		insn->op = IR_LOAD;
		return;
	}
	insn->op = IR_NEED_BYTES;
	insn->k += insn->size;
	insn->size = 0;
}

/* ---- blocks ------------------------------------------------------------- */

/* A guard: true if it always holds; *never: it never does. */
static bool holds(const struct folder *f, const struct ir_insn *insn,
		  bool *never)
{
	uint32_t k;

	*never = false;
	if (insn->op == IR_NEED_BYTES)
		return insn->k == 0;
	if (insn->op != IR_NEED_VALUE || !ir_is_const(f->ir, insn->a, &k))
		return false;
	*never = k == 0;
	return k != 0;
}

/* The block ends with an instruction, returning 0; the rest is dropped. */
static void end_at(struct folder *f, uint32_t block, uint32_t id)
{
	uint32_t next;

	for (; id != IR_NONE; id = next) {
		next = f->ir->insns[id].next;
		ir_drop(f->ir, id);
	}
	ir_return(f->ir, block, ir_const(f->ir, 0));
}

/* A test of a value that a constant was added to, or mixed with. */
static void fold_test(struct folder *f, struct ir_block *block)
{
	const struct ir_insn *insn = &f->ir->insns[block->a];
	uint32_t i, k;

	while (block->test == JMP_JEQ && ir_is_const(f->ir, block->b, &k) &&
	       (insn->op == IR_ADD || insn->op == IR_XOR) &&
	       ir_is_const(f->ir, insn->b, &i)) {
		uint32_t other = insn->op == IR_ADD ? k - i : k ^ i;
		uint32_t value = ir_const(f->ir, other);

		if (value == IR_NONE)
			return;
		/* ir_const() may have moved them */
		insn = &f->ir->insns[block->a];
		block->a = insn->a;
		block->b = value;
		insn = &f->ir->insns[block->a];
	}
}

/* v & m is 0, or is m, one bit: a test of bits. */
static void fold_mask(struct folder *f, uint32_t id)
{
	struct ir_block *block = &f->ir->blocks[id];
	const struct ir_insn *insn = &f->ir->insns[block->a];
	uint32_t m, k;

	if (block->test != JMP_JEQ || insn->op != IR_AND ||
	    !ir_is_const(f->ir, block->b, &k) ||
	    !ir_is_const(f->ir, insn->b, &m) ||
	    (k != 0 && (k != m || (m & (m - 1)))))
		return;
	block->test = JMP_JSET;
	block->a = insn->a;
	block->b = insn->b;
	if (k == 0)
		ir_swap_edges(f->ir, id);
}

/* Whether the outcome of a test is known, and which it is. */
static bool is_known(const struct folder *f, const struct ir_block *block,
		     bool *outcome)
{
	uint32_t a, b;

	if (block->a == block->b && block->test != JMP_JSET) {
		*outcome = block->test != JMP_JGT;
		return true;
	}
	if (!ir_is_const(f->ir, block->b, &b))
		return false;
	if (ir_is_const(f->ir, block->a, &a)) {
		*outcome = ev_test(block->test, a, b);
		return true;
	}
	*outcome = block->test == JMP_JGE;
	return (block->test == JMP_JGE && b == 0) ||
	       (block->test == JMP_JGT && b == UINT32_MAX) ||
	       (block->test == JMP_JSET && b == 0);
}

static void fold_end(struct folder *f, uint32_t id)
{
	struct ir_block *block = &f->ir->blocks[id];
	bool outcome;

	uint32_t k;

	ir_rename_end(f->ir, id, f->same);
	if (block->end == IR_SWITCH && ir_is_const(f->ir, block->a, &k))
		ir_keep_edge(f->ir, id, ir_edge_of(f->ir, block, k));
	if (block->end != IR_BRANCH)
		return;
	fold_test(f, block);
	fold_mask(f, id);
	if (is_known(f, block, &outcome))
		ir_keep_edge(f->ir, id, block->edges + !outcome);
}

static void fold_block(struct folder *f, uint32_t block)
{
	uint32_t id = f->ir->blocks[block].first, next;

	for (; id != IR_NONE; id = next) {
		struct ir_insn *insn = &f->ir->insns[id];
		bool never;

		next = insn->next;
		ir_rename_insn(insn, f->same);
		if (is_load_ind(insn))
			fold_base(f, insn);
		if (is_load_ind(insn))
			fold_ind(f, insn);
		if (ir_is_alu(insn->op)) {
			uint32_t same = fold_alu(f, id);

			if (same != IR_NONE)
				f->same[id] = same;
		} else if (holds(f, insn, &never)) {
			ir_drop(f->ir, id);
		} else if (never) {
			end_at(f, block, id);
			return;
		}
	}
	fold_end(f, block);
}

void ir_algebra(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct folder f = { .ir = ir, .same = ir_identity(ir, &arena) };

	if (!f.same || !ir_facts_new(ir, &arena, &f.facts))
		ir->is_broken = true;
	for (uint32_t id = 0; id < ir->n_blocks && !ir->is_broken; id++)
		fold_block(&f, id);
	arena_free(&arena);
}
