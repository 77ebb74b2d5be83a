/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A verified program as IR.
 *
 *	ldxb 4*([14]&0xf)	b0:	need.bytes 15
 *	ldh [x + 16]			v1 = load.1 [14]
 *	jeq #80, yes, no		v3 = and v1, 15
 *					v5 = lsh v3, 2
 *					need.ind.2 [v5 + 16]
 *					v6 = load.ind.2 [v5 + 16]
 *					branch v6 == 80, b1, b2
 *
 * A program without loops jumps forward only, so that the order of its
 * instructions is one in which all that leads to a block has been seen before
 * it: SSA form is made in one pass, without dominance frontiers. Where the ways
 * that meet hold the same value no parameter is made, nor for what is not read
 * any more (liveness, one pass backwards).
 *
 * What differs by dialect is settled here, as far as it can be: offsets that
 * are nowhere end the run, shifts by constants are reduced, a code that the
 * machine does not know returns 0.
 */
#include <string.h>

#include "base/sort.h"
#include "ir/ir.h"
#include "isa/eval.h"
#include "prog/prog.h"

enum { REG_A, REG_X, REG_M, REGS = REG_M + 16 };

struct builder {
	const struct cbpf_prog *prog;
	struct ir *ir;
	uint32_t *live;	   /* bits of registers read at pc or behind it */
	uint32_t *behind;  /* by pc: where it leads, if it is a jump; itself */
	uint32_t *numbers; /* of a row of tests, and room for as many */
	uint32_t *edge_at; /* by pc: an edge that leads there, or IR_NONE */
	uint32_t *edge_next; /* by edge: another that leads to the same pc */
	uint32_t *held;	 /* by edge, n_regs each: what registers hold there */
	unsigned n_regs; /* A, X and the words of M[] that there are */

	/* the block at hand */
	uint32_t block;
	uint32_t regs[REGS];
	bool is_open;  /* it has not ended */
	uint32_t zero; /* the constant */
};

static const struct isa_row *row_of(const struct cbpf_insn *insn)
{
	return insn->code < OP_ROWS ? &isa_rows[insn->code] : NULL;
}

static bool is_branch_op(enum isa_op op)
{
	return op >= OP_JEQ_K && op <= OP_JSET_X;
}

static bool is_last_op(enum isa_op op)
{
	return op == OP_RET_K || op == OP_RET_A || op == OP_RET_X ||
	       op == OP_BAD;
}

/* ---- liveness ----------------------------------------------------------- */

#define BIT(reg) (1u << (reg))

/* Registers that an instruction reads, and those it writes. */
static void registers_of(const struct cbpf_insn *insn, uint32_t *reads,
			 uint32_t *writes)
{
	const struct isa_row *row = row_of(insn);

	*reads = *writes = 0;
	if (insn->code == OP_LD_EXT) {
		*writes = BIT(REG_A);
		switch (insn->k) {
		case EXT_NLA:
		case EXT_NLAN:
		case EXT_XOR_X:
			*reads = BIT(REG_A) | BIT(REG_X);
			break;
		case EXT_IFIDX: /* what it ends with */
		case EXT_HATYPE:
			*reads = BIT(REG_A);
			break;
		default:
			break;
		}
		return;
	}
	if (insn->code == OP_LD_DATA)
		*writes = BIT(REG_A);
	if (!row)
		return;
	*reads |= row->reads & USES_A ? BIT(REG_A) : 0;
	*reads |= row->reads & USES_X ? BIT(REG_X) : 0;
	*reads |= row->reads & USES_M ? BIT(REG_M + insn->k) : 0;
	*writes |= row->writes & USES_A ? BIT(REG_A) : 0;
	*writes |= row->writes & USES_X ? BIT(REG_X) : 0;
	*writes |= row->writes & USES_M ? BIT(REG_M + insn->k) : 0;
}

unsigned ir_leads_to(const struct cbpf_insn *insn, uint32_t pc, uint32_t to[2])
{
	enum isa_op op = (enum isa_op)insn->code;

	to[0] = to[1] = pc + 1;
	if (is_last_op(op))
		return 0;
	if (op == OP_JA)
		to[0] += insn->k;
	if (!is_branch_op(op))
		return 1;
	to[0] += insn->jt;
	to[1] += insn->jf;
	return to[0] == to[1] ? 1 : 2;
}

/* And where jumps lead. */
static void find_live(struct builder *b)
{
	const struct cbpf_prog *prog = b->prog;

	for (uint32_t pc = prog->n; pc-- > 0;) {
		uint32_t to[2], reads, writes, live = 0;
		unsigned n = ir_leads_to(&prog->ops[pc], pc, to);

		b->behind[pc] =
			prog->ops[pc].code == OP_JA ? b->behind[to[0]] : pc;
		for (unsigned i = 0; i < n; i++)
			live |= b->live[to[i]];
		registers_of(&prog->ops[pc], &reads, &writes);
		b->live[pc] = (live & ~writes) | reads;
	}
}

/* ---- values ------------------------------------------------------------- */

static uint32_t add(struct builder *b, enum ir_op op, uint32_t a, uint32_t c,
		    uint32_t k)
{
	return ir_add(
		b->ir, b->block,
		(struct ir_insn){ .op = (uint8_t)op, .a = a, .b = c, .k = k });
}

static uint32_t add_load(struct builder *b, enum ir_op op, uint32_t a,
			 uint32_t k, unsigned size)
{
	return ir_add(b->ir, b->block,
		      (struct ir_insn){ .op = (uint8_t)op,
					.size = (uint8_t)size,
					.a = a,
					.b = IR_NONE,
					.k = k });
}

static uint32_t constant(struct builder *b, uint32_t k)
{
	return ir_const(b->ir, k);
}

/* ---- instructions ------------------------------------------------------- */

static void end_block(struct builder *b, enum ir_end end, uint32_t a)
{
	struct ir_block *block = &b->ir->blocks[b->block];

	block->end = (uint8_t)end;
	block->a = a;
	b->is_open = false;
}

/* A load at a constant offset, its guard before it; the run may end there. */
static uint32_t load_at(struct builder *b, uint32_t k, unsigned size)
{
	if (b->ir->row->space == SPACE_LINUX && k > INT32_MAX) {
		add_load(b, IR_NEED_ANY, IR_NONE, k, size);
		return add_load(b, IR_LOAD_ANY, IR_NONE, k, size);
	}
	/* no packet is longer */
	if ((uint64_t)k + size > INT32_MAX) {
		uint32_t zero = constant(b, 0);

		end_block(b, IR_RET, zero);
		return zero;
	}
	add(b, IR_NEED_BYTES, IR_NONE, IR_NONE, k + size);
	return add_load(b, IR_LOAD, IR_NONE, k, size);
}

static uint32_t load_behind_x(struct builder *b, uint32_t k, unsigned size)
{
	add_load(b, IR_NEED_IND, b->regs[REG_X], k, size);
	return add_load(b, IR_LOAD_IND, b->regs[REG_X], k, size);
}

static uint32_t load_half(struct builder *b, uint32_t k)
{
	if (b->ir->row->ldh_reads_zero)
		return add_load(b, IR_LOAD_ZERO, IR_NONE, k, 2);
	return load_at(b, k, 2);
}

static uint32_t header_length(struct builder *b, uint32_t k)
{
	uint32_t byte;

	/* the numbers of ancillary loads are offsets here: no ldb says that */
	if (b->ir->row->space == SPACE_LINUX && k > INT32_MAX) {
		add_load(b, IR_NEED_ANY, IR_NONE, k, 1);
		return add_load(b, IR_MSH_ANY, IR_NONE, k, 1);
	}
	byte = load_at(b, k, 1);

	if (!b->is_open)
		return byte;
	byte = add(b, IR_AND, byte, constant(b, 15), 0);
	return add(b, IR_LSH, byte, constant(b, 2), 0);
}

static uint32_t ancillary(struct builder *b, uint32_t k)
{
	switch (k) {
	case EXT_XOR_X:
		return add(b, IR_XOR, b->regs[REG_A], b->regs[REG_X], 0);
	case EXT_NLA:
	case EXT_NLAN:
		return add(b, IR_EXT_NLA, b->regs[REG_A], b->regs[REG_X], k);
	case EXT_RAND:
		return add(b, IR_RAND, IR_NONE, IR_NONE, k);
	case EXT_IFIDX:
	case EXT_HATYPE:
		add(b, IR_NEED_DEVICE, b->regs[REG_A], IR_NONE, k);
		return add(b, IR_EXT, IR_NONE, IR_NONE, k);
	default:
		return add(b, IR_EXT, IR_NONE, IR_NONE, k);
	}
}

static uint32_t shift(struct builder *b, enum ir_op op, uint32_t k)
{
	bool clears = b->ir->row->shift_k_clears;

	/* one that a constant makes is what it is for any machine */
	if (k > 31 && clears)
		return constant(b, 0);
	return add(b, op, b->regs[REG_A], constant(b, k & 31), 0);
}

static uint32_t divide(struct builder *b, enum ir_op op)
{
	add(b, IR_NEED_VALUE, b->regs[REG_X], IR_NONE, 0);
	return add(b, op, b->regs[REG_A], b->regs[REG_X], 0);
}

static void branch(struct builder *b, const struct cbpf_insn *insn)
{
	const struct isa_row *row = row_of(insn);
	uint32_t other =
		row->form == FORM_JX ? b->regs[REG_X] : constant(b, insn->k);
	struct ir_block *block = &b->ir->blocks[b->block];

	block->test = CODE_OP(row->code);
	block->b = other;
	end_block(b, IR_BRANCH, b->regs[REG_A]);
}

static void translate(struct builder *b, const struct cbpf_insn *insn)
{
	static const uint8_t alu[16] = {
		[ALU_ADD >> 4] = IR_ADD, [ALU_SUB >> 4] = IR_SUB,
		[ALU_MUL >> 4] = IR_MUL, [ALU_DIV >> 4] = IR_DIV,
		[ALU_OR >> 4] = IR_OR,	 [ALU_AND >> 4] = IR_AND,
		[ALU_LSH >> 4] = IR_LSH, [ALU_RSH >> 4] = IR_RSH,
		[ALU_MOD >> 4] = IR_MOD, [ALU_XOR >> 4] = IR_XOR,
	};
	const uint32_t k = insn->k;
	const struct isa_row *row = row_of(insn);
	uint32_t *a = &b->regs[REG_A], *x = &b->regs[REG_X];

	switch ((enum isa_op)insn->code) {
	case OP_LD_IMM:
		*a = constant(b, k);
		break;
	case OP_LD_W:
		*a = load_at(b, k, 4);
		break;
	case OP_LD_H:
		*a = load_half(b, k);
		break;
	case OP_LD_B:
		*a = load_at(b, k, 1);
		break;
	case OP_LD_WX:
		*a = load_behind_x(b, k, 4);
		break;
	case OP_LD_HX:
		*a = load_behind_x(b, k, 2);
		break;
	case OP_LD_BX:
		*a = load_behind_x(b, k, 1);
		break;
	case OP_LD_MEM:
		*a = b->regs[REG_M + k];
		break;
	case OP_LD_LEN:
		*a = add(b, IR_LEN, IR_NONE, IR_NONE, 0);
		break;
	case OP_LD_RND:
		*a = add(b, IR_RAND, IR_NONE, IR_NONE, 0);
		break;
	case OP_LD_DATA:
		*a = add_load(b, IR_DATA, IR_NONE, k, 4);
		break;
	case OP_LD_EXT:
		*a = ancillary(b, k);
		break;
	case OP_LDX_IMM:
		*x = constant(b, k);
		break;
	case OP_LDX_MEM:
		*x = b->regs[REG_M + k];
		break;
	case OP_LDX_LEN:
		*x = add(b, IR_LEN, IR_NONE, IR_NONE, 0);
		break;
	case OP_LDX_MSH:
		*x = header_length(b, k);
		break;
	case OP_ST:
		b->regs[REG_M + k] = *a;
		break;
	case OP_STX:
		b->regs[REG_M + k] = *x;
		break;
	case OP_TAX:
		*x = *a;
		break;
	case OP_TXA:
		*a = *x;
		break;
	case OP_NEG:
		*a = add(b, IR_SUB, constant(b, 0), *a, 0);
		break;
	case OP_LSH_K:
		*a = shift(b, IR_LSH, k);
		break;
	case OP_RSH_K:
		*a = shift(b, IR_RSH, k);
		break;
	case OP_DIV_X:
		*a = divide(b, IR_DIV);
		break;
	case OP_MOD_X:
		*a = divide(b, IR_MOD);
		break;
	case OP_RET_K:
		end_block(b, IR_RET, constant(b, k));
		break;
	case OP_RET_A:
		end_block(b, IR_RET, *a);
		break;
	case OP_RET_X:
	case OP_BAD:
		end_block(b, IR_RET, constant(b, 0));
		break;
	case OP_JA:
		end_block(b, IR_JUMP, IR_NONE);
		break;
	default:
		if (is_branch_op((enum isa_op)insn->code))
			branch(b, insn);
		else
			*a = add(b, (enum ir_op)alu[CODE_OP(row->code) >> 4],
				 *a, row->form == FORM_X ? *x : constant(b, k),
				 0);
		break;
	}
}

/* ---- blocks ------------------------------------------------------------- */

/* The block's edges, with what the registers hold; where they lead waits. */
static void leave(struct builder *b, const uint32_t *to, unsigned n)
{
	uint32_t edge;

	ir_add_edges(b->ir, b->block, n);
	if (b->ir->is_broken)
		return;
	edge = b->ir->blocks[b->block].edges;
	for (unsigned i = 0; i < n; i++, edge++) {
		memcpy(b->held + (size_t)edge * b->n_regs, b->regs,
		       b->n_regs * sizeof(*b->regs));
		b->edge_next[edge] = b->edge_at[to[i]];
		b->edge_at[to[i]] = edge;
	}
}

static uint32_t held_at(const struct builder *b, uint32_t edge, unsigned reg)
{
	return b->held[(size_t)edge * b->n_regs + reg];
}

/* What a register holds where ways meet; IR_NONE: not the same on each. */
static uint32_t same_on_all(const struct builder *b, uint32_t pc, unsigned reg)
{
	uint32_t value = held_at(b, b->edge_at[pc], reg);

	for (uint32_t e = b->edge_at[pc]; e != IR_NONE; e = b->edge_next[e])
		if (held_at(b, e, reg) != value)
			return IR_NONE;
	return value;
}

/* Begins the block at pc, to which edges lead. */
static void enter(struct builder *b, uint32_t pc)
{
	uint32_t params[REGS], args[REGS], n = 0;

	b->block = ir_add_block(b->ir);
	if (b->block == IR_NONE)
		return;
	b->is_open = true;
	for (unsigned reg = 0; reg < b->n_regs; reg++) {
		/* what nobody reads may hold anything */
		b->regs[reg] = b->zero;
		if (!(b->live[pc] >> reg & 1))
			continue;
		b->regs[reg] = same_on_all(b, pc, reg);
		if (b->regs[reg] != IR_NONE)
			continue;
		b->regs[reg] = add(b, IR_PARAM, IR_NONE, IR_NONE, n);
		params[n++] = reg;
	}
	if (b->ir->is_broken)
		return;
	b->ir->blocks[b->block].n_params = n;
	for (uint32_t e = b->edge_at[pc]; e != IR_NONE; e = b->edge_next[e]) {
		for (uint32_t i = 0; i < n; i++)
			args[i] = held_at(b, e, params[i]);
		ir_lead(b->ir, e, b->block, args);
	}
}

/* The edges of a block that an instruction has ended. */
static void leave_at(struct builder *b, uint32_t pc)
{
	struct ir_block *block = &b->ir->blocks[b->block];
	uint32_t to[2];
	unsigned n = 0;

	if (block->end != IR_RET)
		n = ir_leads_to(&b->prog->ops[pc], pc, to);
	for (unsigned i = 0; i < n; i++)
		to[i] = b->behind[to[i]];
	if (n == 2 && to[0] == to[1])
		n = 1;
	if (block->end == IR_BRANCH && n == 1)
		block->end = IR_JUMP;
	leave(b, to, n);
}

/* ---- rows of tests ------------------------------------------------------ */

/*
 * Lists come as rows: tests of A for one number each, all with one place to go
 * to. A long one is read as the switch that it is; set formation (sets.c) would
 * make that of it too, one block for each test.
 */
#define ROW_LEAST 16

/* How many tests there are from pc on, of which nothing leads to the second or
 * to one behind it (the place is none of them: it is behind the last); 0: none.
 */
static uint32_t row_length(const struct builder *b, uint32_t pc)
{
	const struct cbpf_insn *ops = b->prog->ops;
	uint32_t n = 0, to = 0;

	for (uint32_t at = pc; ops[at].code == OP_JEQ_K; at++) {
		uint32_t yes = b->behind[at + 1 + ops[at].jt];

		if (n > 0 && (yes != to || b->edge_at[at] != IR_NONE))
			break;
		to = yes;
		n++;
		if (ops[at].jf > 0)
			break;
	}
	return n;
}

/* The switch's ranges: the numbers, in order, some more than once, by edge 0,
 * the rest by 1. */
static void put_ranges(struct ir *ir, struct ir_block *block,
		       const uint32_t *numbers, uint32_t n)
{
	struct ir_range *ranges = ir->ranges + ir->n_ranges;
	uint64_t next = 0; /* number that no range has */

	block->ranges = ir->n_ranges;
	for (uint32_t i = 0; i < n; i++) {
		if (numbers[i] > next)
			*ranges++ = (struct ir_range){ (uint32_t)next, 1 };
		if (i == 0 || numbers[i] > next)
			*ranges++ = (struct ir_range){ numbers[i], 0 };
		next = (uint64_t)numbers[i] + 1;
	}
	if (next <= UINT32_MAX)
		*ranges++ = (struct ir_range){ (uint32_t)next, 1 };
	ir->n_ranges = (uint32_t)(ranges - ir->ranges);
	block->n_ranges = ir->n_ranges - block->ranges;
}

/* The row of n at pc: the end of the block. */
static void read_row(struct builder *b, uint32_t pc, uint32_t n)
{
	const struct cbpf_insn *ops = b->prog->ops;
	const uint32_t last = pc + n - 1;
	const uint32_t to[] = { b->behind[last + 1 + ops[last].jt],
				b->behind[last + 1 + ops[last].jf] };
	struct ir_block *block = &b->ir->blocks[b->block];

	if (to[0] == to[1]) {
		end_block(b, IR_JUMP, IR_NONE);
		leave(b, to, 1);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		b->numbers[i] = ops[pc + i].k;
	sort_numbers(b->numbers, b->numbers + n, n);
	if (!ir_take_ranges(b->ir, 2 * n + 1))
		return;
	put_ranges(b->ir, block, b->numbers, n);
	end_block(b, IR_SWITCH, b->regs[REG_A]);
	leave(b, to, 2);
}

static void build_blocks(struct builder *b)
{
	uint32_t row;

	b->block = ir_add_block(b->ir);
	b->is_open = true;
	b->zero = b->block == IR_NONE ? IR_NONE : constant(b, 0);
	for (unsigned reg = 0; reg < REGS; reg++)
		b->regs[reg] = b->zero;
	for (uint32_t pc = 0; pc < b->prog->n && !b->ir->is_broken; pc++) {
		bool is_target = b->edge_at[pc] != IR_NONE;

		if (is_target && b->is_open) {
			end_block(b, IR_JUMP, IR_NONE);
			leave(b, &pc, 1);
		}
		if (is_target && !b->ir->is_broken)
			enter(b, pc);
		/* to what follows a jump nothing may lead */
		if (!b->is_open || b->ir->is_broken)
			continue;
		row = row_length(b, pc);
		if (row >= ROW_LEAST) {
			read_row(b, pc, row);
			pc += row - 1;
			continue;
		}
		translate(b, &b->prog->ops[pc]);
		if (!b->is_open && !b->ir->is_broken)
			leave_at(b, pc);
	}
}

/* ---- the program -------------------------------------------------------- */

static enum cbpf_err refuse(const struct cbpf_prog *prog)
{
	if (prog->n == 0)
		return CBPF_E_EMPTY;
	if (prog->traits.has_loop)
		return CBPF_E_STEPS;
	for (uint32_t pc = 0; pc < prog->n; pc++)
		if (prog->ops[pc].code == OP_BAD &&
		    prog->row->bad == BAD_CRASHES)
			return CBPF_E_CRASH;
	return CBPF_OK;
}

/* The tables: for each instruction, and for each of the edges there can be. */
static bool take_tables(struct builder *b, struct arena *arena)
{
	const struct cbpf_prog *prog = b->prog;
	size_t n_edges = 0;

	b->n_regs = REG_M;
	for (uint32_t pc = 0; pc < prog->n; pc++) {
		const struct isa_row *row = row_of(&prog->ops[pc]);
		uint32_t to[2];

		/* one more for falling into what others lead to */
		n_edges += 1 + ir_leads_to(&prog->ops[pc], pc, to);
		if (row && (row->reads | row->writes) & USES_M &&
		    REG_M + prog->ops[pc].k >= b->n_regs)
			b->n_regs = REG_M + prog->ops[pc].k + 1;
	}
	b->live = arena_take(arena, (size_t)prog->n + 1, sizeof(uint32_t));
	b->behind = arena_take(arena, prog->n, sizeof(uint32_t));
	b->numbers = arena_take(arena, 2 * (size_t)prog->n, sizeof(uint32_t));
	b->edge_at = arena_ones(arena, prog->n);
	b->edge_next = arena_ones(arena, n_edges);
	b->held = arena_take(arena, n_edges, b->n_regs * sizeof(*b->held));
	return b->live && b->behind && b->numbers && b->edge_at &&
	       b->edge_next && b->held;
}

enum cbpf_err ir_build(const struct cbpf_prog *prog, struct arena *arena,
		       struct ir *ir)
{
	struct builder b = { .prog = prog, .ir = ir };
	enum cbpf_err err = refuse(prog);

	if (err != CBPF_OK)
		return err;
	*ir = ir_new(prog->row, arena);
	if (!take_tables(&b, arena))
		return CBPF_E_NOMEM;
	find_live(&b);
	build_blocks(&b);
	return ir->is_broken ? CBPF_E_NOMEM : CBPF_OK;
}
