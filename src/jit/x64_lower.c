/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph as x86-64 code: a function of the packet (RDI), its captured length
 * (ESI), its length on the wire (EDX) and the context (RCX), as the System V
 * ABI passes them; its result is in EAX.
 *
 *	need.bytes 24			cmp esi, 24
 *					jb zero
 *	v1 = load.2 [12]
 *	branch v1 == 0x800, b1, b2	cmp word [rdi+12], 0x0008
 *					jne b2
 *
 * One walk, from the last instruction of the last block to the first: code is
 * written backward (asmbuf.h), and registers are given out where a value is
 * used last, which is met first, and taken back where it is made (linear scan,
 * the other way round). A value has one register from there to there, so that
 * blocks agree on it; only arguments move, on their edges.
 *
 * A load that is only compared with constants for being equal, or for bits, is
 * compared in memory, the constant in the packet's byte order. What is rare and
 * long (offsets that wrap, or lead into the headroom) ends this run and starts
 * the interpreter's: a run changes nothing, so it can be begun anew.
 */
#include <stddef.h>

#include "ir/moves.h"
#include "ir/search.h"
#include "jit/lower.h"
#include "ir/table.h"
#include "jit/x64_enc.h"

#define CALLER_SAVED                                                 \
	(1u << X64_CX | 1u << X64_DX | 1u << X64_R8 | 1u << X64_R9 | \
	 1u << X64_R10 | 1u << X64_R11)
#define CALLEE_SAVED                                                   \
	(1u << X64_BX | 1u << X64_BP | 1u << X64_R12 | 1u << X64_R13 | \
	 1u << X64_R14 | 1u << X64_R15)

#define FETCH 64 /* bytes, aligned so, whose decoding is kept together */
#define FEW   4	 /* ranges of a set that are searched all the same */

struct lowerer {
	const struct ir *ir;
	const struct lower_opts *opts;
	struct asmbuf *b;
	uint8_t *reg;	      /* by value */
	uint32_t *uses;	      /* by value */
	bool *is_wanted;      /* by value: as a number, in a register */
	uint32_t *at;	      /* by block: its place */
	uint32_t *edge_at;    /* by edge of a switch: where it begins */
	uint32_t *test_at;    /* by test of the search at hand */
	struct table *tables; /* by block: of its switch */
	uint32_t *table_at;   /* by block: where that is */
	struct search search;
	uint32_t free, all;   /* registers, by bit */
	uint8_t wirelen, ctx; /* registers, or NONE */
	bool has_frame;	      /* registers of the caller's are used */
	bool has_scratch;     /* CX and DX are not given out */
	bool has_bail, reads_length, reads_ctx;
	uint32_t zero, bail; /* places */
	bool is_refused;
};

/* ---- what there is in the graph ----------------------------------------- */

/* Fields of a context: where, how wide. */
static const struct field {
	uint8_t size;
	uint8_t offset;
} fields[] = {
#define FIELD(name)                                     \
	{                                               \
		sizeof(((struct cbpf_ctx *)0)->name),   \
			offsetof(struct cbpf_ctx, name) \
	}
	[EXT_PROTO / 4] = FIELD(proto),
	[EXT_TYPE / 4] = FIELD(pkt_type),
	[EXT_IFIDX / 4] = FIELD(ifindex),
	[EXT_MARK / 4] = FIELD(mark),
	[EXT_QUEUE / 4] = FIELD(queue),
	[EXT_HATYPE / 4] = FIELD(hatype),
	[EXT_RXHASH / 4] = FIELD(rxhash),
	[EXT_CPU / 4] = FIELD(cpu),
	[EXT_VLAN_TCI / 4] = FIELD(vlan_tci),
	[EXT_VLAN_AVAIL / 4] = FIELD(has_vlan),
	[EXT_VLAN_TPID / 4] = FIELD(vlan_tpid),
#undef FIELD
};

static bool is_const(const struct lowerer *l, uint32_t value, uint32_t *k)
{
	return ir_is_const(l->ir, value, k);
}

static void want(struct lowerer *l, uint32_t value)
{
	if (value == IR_NONE)
		return;
	l->uses[value]++;
	l->is_wanted[value] = true;
}

/* False: not done in line. */
static bool look_at_insn(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t k;

	want(l, insn->a);
	want(l, insn->b);
	switch ((enum ir_op)insn->op) {
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
	case IR_NEED_ANY:
		l->reads_ctx = l->has_scratch = l->has_bail = true;
		return insn->k >= LINK_BASE;
	case IR_EXT_NLA:
	case IR_RAND:
		return false;
	case IR_EXT:
		l->reads_ctx = true;
		return insn->k / 4 < CBPF_COUNT(fields) &&
		       fields[insn->k / 4].size > 0;
	case IR_NEED_DEVICE:
		l->reads_ctx = true;
		return true;
	case IR_LEN:
		l->reads_length |= !l->ir->row->length_is_caplen;
		return true;
	case IR_NEED_IND:
		l->has_bail |= !ir_is_near(l->ir, insn);
		return true;
	case IR_DIV:
	case IR_MOD:
		l->has_scratch = true;
		return true;
	case IR_LSH:
	case IR_RSH:
		l->has_scratch |= !is_const(l, insn->b, &k);
		return true;
	default:
		return true;
	}
}

/* Whether a test can be of bytes where they are. */
static bool is_in_memory(const struct lowerer *l, const struct ir_block *block)
{
	unsigned op = l->ir->insns[block->a].op;
	uint32_t k;

	return (op == IR_LOAD || op == IR_LOAD_IND || op == IR_DATA) &&
	       is_const(l, block->b, &k) &&
	       (block->test == JMP_JEQ || block->test == JMP_JSET);
}

static void look_at_end(struct lowerer *l, const struct ir_block *block)
{
	if (block->end == IR_BRANCH && is_in_memory(l, block)) {
		l->uses[block->a]++;
	} else {
		want(l, block->a);
		want(l, block->b);
	}
	l->has_scratch |= block->end == IR_SWITCH;
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0;
		     i < l->ir->blocks[l->ir->edges[e].to].n_params; i++)
			want(l, l->ir->args[l->ir->edges[e].args + i]);
}

/* Uses are counted from the last on, so that what is not used uses nothing. */
static bool look_at(struct lowerer *l)
{
	for (uint32_t id = l->ir->n_blocks; id-- > 0;) {
		const struct ir_block *block = &l->ir->blocks[id];

		if (!ir_is_reached(l->ir, id))
			continue;
		look_at_end(l, block);
		for (uint32_t i = block->last; i != IR_NONE;
		     i = l->ir->insns[i].prev) {
			const struct ir_insn *insn = &l->ir->insns[i];

			if (!l->uses[i] && ir_rows[insn->op].does != IR_GUARD)
				continue;
			if (!look_at_insn(l, insn))
				return false;
		}
	}
	return true;
}

/* ---- registers ---------------------------------------------------------- */

/* One that is free, `hint` if it is. */
static unsigned take(struct lowerer *l, unsigned hint, uint32_t but)
{
	uint32_t free = l->free & ~but;
	unsigned reg = 0;

	if (hint != X64_NONE && free >> hint & 1) {
		reg = hint;
	} else {
		if (!free) {
			l->is_refused = true;
			return X64_AX;
		}
		while (!(free >> reg & 1))
			reg++;
	}
	l->free &= ~(1u << reg);
	return reg;
}

/* The register of a value, which is no constant. */
static unsigned use(struct lowerer *l, uint32_t value, unsigned hint,
		    uint32_t but)
{
	if (l->reg[value] == X64_NONE)
		l->reg[value] = (uint8_t)take(l, hint, but);
	return l->reg[value];
}

/* The register that a value is made in, free from here on. */
static unsigned def(struct lowerer *l, uint32_t value)
{
	unsigned reg = l->reg[value] & 15u;

	l->free |= 1u << reg;
	return reg;
}

static struct x64_mem in_packet(unsigned index, uint32_t k)
{
	return (struct x64_mem){ X64_DI, (uint8_t)index, (int32_t)k };
}

/* ---- instructions ------------------------------------------------------- */

static void mov_if(struct lowerer *l, unsigned to, unsigned from)
{
	if (to != from)
		x64_mov(l->b, to, from);
}

/* A value, or a constant, into a register; nothing if it is there. */
static void mov_value(struct lowerer *l, unsigned to, uint32_t value)
{
	uint32_t k;

	if (is_const(l, value, &k))
		x64_mov_imm(l->b, to, k);
	else
		mov_if(l, to, l->reg[value]);
}

/* In the order of the packet's bytes. */
static void swap(struct lowerer *l, unsigned size, unsigned reg)
{
	if (size == 4)
		x64_bswap(l->b, reg);
	else if (size == 2)
		x64_swap16(l->b, reg);
}

static uint32_t swapped(unsigned size, uint32_t k)
{
	if (size == 4)
		return __builtin_bswap32(k);
	return size == 2 ? __builtin_bswap16((uint16_t)k) : k;
}

/* to = to op b, where a was brought to `to` before. */
static void lower_alu(struct lowerer *l, uint32_t id, enum x64_alu op)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id);
	uint32_t k;

	if (!is_const(l, insn->a, &k))
		use(l, insn->a, to, 0);
	if (is_const(l, insn->b, &k))
		x64_alu_imm(l->b, op, to, k);
	else
		x64_alu(l->b, op, to, use(l, insn->b, X64_NONE, 1u << to));
	mov_value(l, to, insn->a);
}

static void lower_mul(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id);
	uint32_t k;

	if (!is_const(l, insn->a, &k))
		use(l, insn->a, to, 0);
	if (is_const(l, insn->b, &k))
		x64_imul_imm(l->b, to, to, k);
	else
		x64_imul(l->b, to, use(l, insn->b, X64_NONE, 1u << to));
	mov_value(l, to, insn->a);
}

static void lower_shift(struct lowerer *l, uint32_t id, enum x64_shift op)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	bool clears = l->ir->row->shift_x_clears;
	unsigned to = def(l, id);
	uint32_t k, by;

	if (!is_const(l, insn->a, &k))
		use(l, insn->a, to, 0);
	if (is_const(l, insn->b, &by)) {
		if (by > 31 && clears) {
			x64_mov_imm(l->b, to, 0);
			return;
		}
		if (by & 31)
			x64_shift_imm(l->b, op, to, by & 31);
	} else {
		by = use(l, insn->b, X64_NONE, 1u << to);
		if (clears) {
			x64_cmov(l->b, X64_A, to, X64_AX);
			x64_alu_imm(l->b, X64_CMP, X64_CX, 31);
			x64_mov_imm(l->b, X64_AX, 0);
		}
		x64_shift_cl(l->b, op, to);
		x64_mov(l->b, X64_CX, by);
	}
	mov_value(l, to, insn->a);
}

static void lower_div(struct lowerer *l, uint32_t id, bool is_mod)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id), by = X64_CX;
	uint32_t k;

	if (!is_const(l, insn->a, &k))
		use(l, insn->a, to, 0);
	if (!is_const(l, insn->b, &k))
		by = use(l, insn->b, X64_NONE, 0);
	x64_mov(l->b, to, is_mod ? X64_DX : X64_AX);
	x64_div(l->b, by);
	if (is_const(l, insn->b, &k))
		x64_mov_imm(l->b, X64_CX, k);
	x64_alu(l->b, X64_XOR, X64_DX, X64_DX);
	mov_value(l, X64_AX, insn->a);
}

/* The register to index by: a + k is at [rdi + it + the rest of k]. */
static struct x64_mem indirect(struct lowerer *l, const struct ir_insn *insn,
			       unsigned hint)
{
	uint32_t k;

	if (!ir_is_near(l->ir, insn)) { /* the guard has left the sum in AX */
		return in_packet(X64_AX, 0);
	}
	if (is_const(l, insn->a, &k))
		return in_packet(X64_NONE, k + insn->k);
	return in_packet(use(l, insn->a, hint, 0), insn->k);
}

/* The sum of a and k modulo 2^32 into AX, where it may be anywhere. */
static void put_sum(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t k;

	if (ir_is_near(l->ir, insn))
		return;
	if (insn->k)
		x64_alu_imm(l->b, X64_ADD, X64_AX, insn->k);
	if (!is_const(l, insn->a, &k))
		use(l, insn->a, X64_NONE, 0);
	mov_value(l, X64_AX, insn->a);
}

static void lower_load(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id);

	swap(l, insn->size, to);
	if (insn->op == IR_LOAD_IND) {
		x64_load(l->b, insn->size, to, indirect(l, insn, to));
		put_sum(l, insn);
		return;
	}
	x64_load(l->b, insn->size, to, in_packet(X64_NONE, insn->k));
}

/* Where k counts from: AX, by the field of the context that says so. */
static void put_base(struct lowerer *l, const struct ir_insn *insn)
{
	bool is_net = insn->k >= NET_BASE;
	uint32_t more = insn->k - (is_net ? NET_BASE : LINK_BASE);
	int32_t field = is_net ? (int32_t)offsetof(struct cbpf_ctx, net_off)
			       : (int32_t)offsetof(struct cbpf_ctx, link_off);

	if (more)
		x64_alu_imm(l->b, X64_ADD, X64_AX, more);
	x64_load(l->b, 4, X64_AX, (struct x64_mem){ l->ctx, X64_NONE, field });
}

/* In the headroom, below 0, the interpreter looks. */
static void lower_need_any(struct lowerer *l, const struct ir_insn *insn)
{
	x64_jcc(l->b, X64_A, l->zero);
	x64_alu(l->b, X64_CMP, X64_AX, X64_CX);
	x64_jcc(l->b, X64_B, l->zero);
	x64_alu_imm(l->b, X64_SUB, X64_CX, insn->size);
	x64_mov(l->b, X64_CX, X64_SI);
	x64_jcc(l->b, X64_S, l->bail);
	x64_test(l->b, X64_AX, X64_AX);
	put_base(l, insn);
	if (insn->k >= NET_BASE)
		return;
	x64_jcc(l->b, X64_E, l->zero);
	x64_cmp_mem(l->b, 1,
		    (struct x64_mem){ l->ctx, X64_NONE,
				      offsetof(struct cbpf_ctx, has_link) },
		    0);
}

static void lower_load_any(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id);

	if (insn->op == IR_MSH_ANY) {
		x64_shift_imm(l->b, X64_SHL, to, 2);
		x64_alu_imm(l->b, X64_AND, to, 15);
		x64_load(l->b, 1, to, in_packet(X64_AX, 0));
	} else {
		swap(l, insn->size, to);
		x64_load(l->b, insn->size, to, in_packet(X64_AX, 0));
	}
	put_base(l, insn);
}

/* 0 where it is outside. */
static void lower_load_zero(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = def(l, id);
	uint32_t behind;

	if (insn->k > (uint32_t)INT32_MAX - 4) {
		x64_mov_imm(l->b, to, 0);
		return;
	}
	behind = ab_here(l->b);
	swap(l, insn->size, to);
	x64_load(l->b, insn->size, to, in_packet(X64_NONE, insn->k));
	x64_jcc(l->b, X64_B, behind);
	x64_alu_imm(l->b, X64_CMP, X64_SI, insn->k + insn->size);
	x64_mov_imm(l->b, to, 0);
}

static void lower_need_ind(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t k;

	if (ir_is_near(l->ir, insn)) {
		x64_jcc(l->b, X64_A, l->zero);
		x64_alu(l->b, X64_CMP, X64_AX, X64_SI);
		x64_alu_imm(l->b, X64_ADD, X64_AX, insn->k + insn->size);
		if (!is_const(l, insn->a, &k))
			use(l, insn->a, X64_NONE, 0);
		mov_value(l, X64_AX, insn->a);
		return;
	}
	/*
	 * The end, in 64 bits, against caplen; outside, the interpreter knows
	 * whether that wraps, counts from elsewhere, or ends.
	 */
	x64_jcc(l->b, X64_A, l->bail);
	x64_cmp64(l->b, X64_AX, X64_SI);
	x64_lea(l->b, 1, X64_AX,
		(struct x64_mem){ X64_AX, X64_NONE, insn->size });
	if (insn->k) {
		/* a sum of more than 32 bits */
		if (!l->ir->row->ind_wraps)
			x64_jcc(l->b, X64_B, l->bail);
		x64_alu_imm(l->b, X64_ADD, X64_AX, insn->k);
	}
	if (!is_const(l, insn->a, &k))
		use(l, insn->a, X64_NONE, 0);
	mov_value(l, X64_AX, insn->a);
}

static void lower_ext(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	const struct field *field = &fields[insn->k / 4];
	unsigned to = def(l, id);

	if (insn->k == EXT_TYPE)
		x64_alu_imm(l->b, X64_AND, to, 7);
	x64_load(l->b, field->size, to,
		 (struct x64_mem){ l->ctx, X64_NONE, field->offset });
}

static void lower_need_device(struct lowerer *l, const struct ir_insn *insn);

static void lower_guard(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t k;

	switch ((enum ir_op)insn->op) {
	case IR_NEED_BYTES:
		if (insn->k > INT32_MAX) {
			x64_jmp(l->b, l->zero);
			break;
		}
		x64_jcc(l->b, X64_B, l->zero);
		x64_alu_imm(l->b, X64_CMP, X64_SI, insn->k);
		break;
	case IR_NEED_IND:
		lower_need_ind(l, insn);
		break;
	case IR_NEED_ANY:
		lower_need_any(l, insn);
		break;
	case IR_NEED_VALUE:
		if (is_const(l, insn->a, &k)) {
			if (k == 0)
				x64_jmp(l->b, l->zero);
			break;
		}
		x64_jcc(l->b, X64_E, l->zero);
		use(l, insn->a, X64_NONE, 0);
		x64_test(l->b, l->reg[insn->a], l->reg[insn->a]);
		break;
	default:
		lower_need_device(l, insn);
	}
}

static void lower_insn(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];

	if (ir_rows[insn->op].does == IR_GUARD) {
		lower_guard(l, insn);
		return;
	}
	/* nobody reads it, or from memory: comparisons of loads */
	if (l->reg[id] == X64_NONE)
		return;
	switch ((enum ir_op)insn->op) {
	case IR_PARAM:
		def(l, id);
		break;
	case IR_ADD:
		lower_alu(l, id, X64_ADD);
		break;
	case IR_SUB:
		lower_alu(l, id, X64_SUB);
		break;
	case IR_AND:
		lower_alu(l, id, X64_AND);
		break;
	case IR_OR:
		lower_alu(l, id, X64_OR);
		break;
	case IR_XOR:
		lower_alu(l, id, X64_XOR);
		break;
	case IR_MUL:
		lower_mul(l, id);
		break;
	case IR_DIV:
		lower_div(l, id, false);
		break;
	case IR_MOD:
		lower_div(l, id, true);
		break;
	case IR_LSH:
		lower_shift(l, id, X64_SHL);
		break;
	case IR_RSH:
		lower_shift(l, id, X64_SHR);
		break;
	case IR_LEN:
		x64_mov(l->b, def(l, id),
			l->ir->row->length_is_caplen ? X64_SI : l->wirelen);
		break;
	case IR_LOAD:
	case IR_LOAD_IND:
		lower_load(l, id);
		break;
	case IR_LOAD_ZERO:
		lower_load_zero(l, id);
		break;
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
		lower_load_any(l, id);
		break;
	case IR_DATA:
		x64_load(l->b, 4, def(l, id), in_packet(X64_NONE, insn->k));
		break;
	case IR_EXT:
		lower_ext(l, id);
		break;
	default:
		l->is_refused = true;
	}
}

/* ---- ends --------------------------------------------------------------- */

static const uint8_t saved[] = { X64_BX,  X64_BP,  X64_R12,
				 X64_R13, X64_R14, X64_R15 };

/* Back to the caller; what was saved, in reverse. */
static void put_return(struct lowerer *l)
{
	x64_ret(l->b);
	for (size_t i = 0; l->has_frame && i < sizeof(saved); i++)
		x64_pop(l->b, saved[i]);
}

static void put_return_of(struct lowerer *l, uint32_t value)
{
	uint32_t k;

	put_return(l);
	if (is_const(l, value, &k)) {
		x64_set(l->b, X64_AX, k);
		return;
	}
	use(l, value, X64_NONE, 0);
	mov_value(l, X64_AX, value);
}

/* No device: the run ends with A. */
static void lower_need_device(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t behind = ab_here(l->b);

	put_return_of(l, insn->a);
	x64_jcc(l->b, X64_NE, behind);
	x64_cmp_mem(l->b, 1,
		    (struct x64_mem){ l->ctx, X64_NONE,
				      offsetof(struct cbpf_ctx, has_device) },
		    0);
}

/* Registers for arguments, those of their parameters where they are free. */
static bool take_arguments(struct lowerer *l, const struct ir_edge *e)
{
	const struct ir_block *to = &l->ir->blocks[e->to];
	uint32_t param = to->first, k;
	bool has_moves = false;

	for (uint32_t i = 0; i < to->n_params;
	     i++, param = l->ir->insns[param].next) {
		uint32_t arg = l->ir->args[e->args + i];

		if (l->reg[param] == X64_NONE)
			continue;
		has_moves |= is_const(l, arg, &k) ||
			     use(l, arg, l->reg[param], 0) != l->reg[param];
	}
	return has_moves;
}

/* Arguments become parameters: registers first, since constants read none. */
static void lower_arguments(struct lowerer *l, const struct ir_edge *e)
{
	const struct ir_block *to = &l->ir->blocks[e->to];
	struct moves m;
	uint32_t param = to->first, k;

	if (to->n_params > MOVES_MAX) {
		l->is_refused = true;
		return;
	}
	m.n = m.n_steps = 0;
	for (uint32_t i = 0; i < to->n_params;
	     i++, param = l->ir->insns[param].next) {
		uint32_t arg = l->ir->args[e->args + i];

		if (l->reg[param] == X64_NONE)
			continue;
		if (is_const(l, arg, &k)) {
			x64_mov_imm(l->b, l->reg[param], k);
		} else if (l->reg[arg] != l->reg[param]) {
			moves_add(&m, l->reg[param], l->reg[arg]);
		}
	}
	moves_order(&m, X64_AX);
	for (unsigned i = m.n_steps; i-- > 0;)
		x64_mov(l->b, m.steps[i].to, m.steps[i].from);
}

/* Where an edge begins: its moves, written here, or the block itself. */
static uint32_t place_edge(struct lowerer *l, uint32_t edge)
{
	const struct ir_edge *e = &l->ir->edges[edge];

	if (!take_arguments(l, e))
		return l->at[e->to];
	x64_jmp(l->b, l->at[e->to]);
	lower_arguments(l, e);
	return ab_here(l->b);
}

/* Compares in memory; what no load of that size can be is not asked here. */
static void put_test_mem(struct lowerer *l, const struct ir_block *block,
			 uint32_t k)
{
	const struct ir_insn *a = &l->ir->insns[block->a];
	unsigned size = a->op == IR_DATA ? 4 : a->size;
	struct x64_mem m = a->op == IR_LOAD_IND ? indirect(l, a, X64_NONE)
						: in_packet(X64_NONE, a->k);

	if (a->op != IR_DATA)
		k = swapped(size, k);
	if (block->test == JMP_JSET)
		x64_test_mem(l->b, size, m, k);
	else
		x64_cmp_mem(l->b, size, m, k);
	if (a->op == IR_LOAD_IND)
		put_sum(l, a);
}

static void put_test(struct lowerer *l, const struct ir_block *block)
{
	bool is_bits = block->test == JMP_JSET;
	unsigned a = X64_AX, b;
	uint32_t k, value = 0;

	if (is_in_memory(l, block) && !l->is_wanted[block->a]) {
		is_const(l, block->b, &k);
		put_test_mem(l, block, k);
		return;
	}
	if (!is_const(l, block->a, &value))
		a = use(l, block->a, X64_NONE, 0);
	if (!is_const(l, block->b, &k)) {
		b = use(l, block->b, X64_NONE, 0);
		if (is_bits)
			x64_test(l->b, a, b);
		else
			x64_alu(l->b, X64_CMP, a, b);
	} else if (is_bits) {
		x64_test_imm(l->b, a, k);
	} else {
		x64_alu_imm(l->b, X64_CMP, a, k);
	}
	if (a == X64_AX)
		x64_mov_imm(l->b, X64_AX, value);
}

/* Whether a load of few bytes can never be equal to a number. */
static bool is_never_equal(const struct lowerer *l,
			   const struct ir_block *block)
{
	const struct ir_insn *a = &l->ir->insns[block->a];
	uint32_t k;

	return block->test == JMP_JEQ && is_const(l, block->b, &k) &&
	       (a->op == IR_LOAD || a->op == IR_LOAD_IND) && a->size < 4 &&
	       k >> 8 * a->size;
}

/* `yes` where the condition holds, else `no`; one of them may follow here. */
static void put_choice(struct lowerer *l, enum x64_cc cc, uint32_t yes,
		       uint32_t no)
{
	if (yes == ab_here(l->b)) {
		x64_jcc(l->b, x64_not(cc), no);
		return;
	}
	x64_jmp(l->b, no);
	x64_jcc(l->b, cc, yes);
}

static enum x64_cc condition(unsigned test)
{
	switch (test) {
	case JMP_JEQ:
		return X64_E;
	case JMP_JGT:
		return X64_A;
	case JMP_JGE:
		return X64_AE;
	default: /* JSET */
		return X64_NE;
	}
}

/* One of 2^32 is seldom met, and a processor foretells that well. */
static bool is_foretold(const struct lowerer *l, const struct ir_block *block)
{
	const struct ir_insn *a = &l->ir->insns[block->a];

	return is_never_equal(l, block) ||
	       (block->test == JMP_JEQ && a->op == IR_LOAD && a->size == 4);
}

/* The last test of a way: its outcome is not foretold, but moved. */
static void put_answer(struct lowerer *l, enum x64_cc cc, uint32_t yes,
		       uint32_t no)
{
	unsigned reg = take(l, X64_NONE, 0);

	put_return(l);
	x64_cmov(l->b, cc, X64_AX, reg);
	x64_mov_imm(l->b, reg, yes);
	x64_mov_imm(l->b, X64_AX, no);
	l->free |= 1u << (reg & 15);
}

/* On by an edge where the condition holds, else by the other: its place. */
static uint32_t put_outcome(struct lowerer *l, enum x64_cc cc,
			    uint32_t yes_edge, uint32_t no_edge)
{
	uint32_t yes, no;

	if (ir_is_answer(l->ir, l->ir->edges[yes_edge].to, &yes) &&
	    ir_is_answer(l->ir, l->ir->edges[no_edge].to, &no)) {
		put_answer(l, cc, yes, no);
		return l->at[l->ir->edges[no_edge].to];
	}
	no = place_edge(l, no_edge);
	yes = place_edge(l, yes_edge);
	put_choice(l, cc, yes, no);
	return no;
}

static void lower_branch(struct lowerer *l, const struct ir_block *block)
{
	uint32_t yes, no;

	if (!is_foretold(l, block)) {
		put_outcome(l, condition(block->test), block->edges,
			    block->edges + 1);
		put_test(l, block);
		return;
	}
	no = place_edge(l, block->edges + 1);
	yes = place_edge(l, block->edges);
	if (is_never_equal(l, block)) {
		x64_jmp(l->b, no);
		return;
	}
	put_choice(l, condition(block->test), yes, no);
	put_test(l, block);
}

/* The place of an edge or of a test of a search, which are numbered behind. */
static uint32_t place_in_search(const struct lowerer *l,
				const struct ir_block *block, uint32_t to)
{
	return to < block->n_edges ? l->edge_at[block->edges + to]
				   : l->test_at[to - block->n_edges];
}

/* The carry: whether a number is in a bitmap; outside of that, to `no`. */
static void put_bitmap(struct lowerer *l, const struct table *t, uint32_t place,
		       unsigned a, uint32_t no)
{
	x64_bt(l->b, X64_CX, X64_AX);
	x64_load(l->b, 4, X64_CX, (struct x64_mem){ X64_DX, X64_CX, 0, 2 });
	x64_lea_rip(l->b, X64_DX, place);
	x64_shift_imm(l->b, X64_SHR, X64_CX, 5);
	x64_mov(l->b, X64_CX, X64_AX);
	x64_jcc(l->b, X64_A, no);
	x64_alu_imm(l->b, X64_CMP, X64_AX, t->span);
	if (t->low)
		x64_alu_imm(l->b, X64_SUB, X64_AX, t->low);
	x64_mov(l->b, X64_AX, a);
}

/* Equal: a number is in the one of its places; in CX which that is. */
static void put_look(struct lowerer *l, const struct table *t, unsigned which,
		     unsigned a)
{
	x64_cmp_load(l->b, a, (struct x64_mem){ X64_DX, X64_CX, 0, 2 });
	x64_shift_imm(l->b, X64_SHR, X64_CX, t->shift);
	x64_imul_imm(l->b, X64_CX, a, t->factors[which]);
}

/* Not zero: it is in one of its places. */
static void put_hash(struct lowerer *l, const struct table *t, uint32_t place,
		     unsigned a)
{
	x64_or8(l->b, X64_AX, X64_CX);
	x64_setcc(l->b, X64_E, X64_CX);
	put_look(l, t, 1, a);
	x64_setcc(l->b, X64_E, X64_AX);
	put_look(l, t, 0, a);
	x64_lea_rip(l->b, X64_DX, place);
}

static void lower_set(struct lowerer *l, const struct ir_block *block,
		      const struct table *t, uint32_t place)
{
	uint32_t yes = block->edges + t->yes, no = block->edges + t->no;
	unsigned a;

	if (t->kind == TABLE_BITMAP) {
		no = put_outcome(l, X64_B, yes, no);
		a = use(l, block->a, X64_NONE, 0);
		put_bitmap(l, t, place, a, no);
	} else {
		put_outcome(l, X64_NE, yes, no);
		a = use(l, block->a, X64_NONE, 0);
		put_hash(l, t, place, a);
	}
}

/* Whether a number is in one range: one test. */
static void lower_range(struct lowerer *l, const struct ir_block *block,
			uint32_t edge, uint32_t first, uint32_t last)
{
	unsigned a;

	put_outcome(l, X64_BE, block->edges + edge, block->edges + !edge);
	a = use(l, block->a, X64_NONE, 0);
	if (first == 0) {
		x64_alu_imm(l->b, X64_CMP, a, last);
		return;
	}
	x64_alu_imm(l->b, X64_CMP, X64_AX, last - first);
	x64_alu_imm(l->b, X64_SUB, X64_AX, first);
	x64_mov(l->b, X64_AX, a);
}

static void lower_switch(struct lowerer *l, const struct ir_block *block)
{
	struct search *s = &l->search;
	unsigned a;
	uint32_t begin, edge, first, last;

	if (l->tables[block - l->ir->blocks].kind != TABLE_NONE) {
		lower_set(l, block, &l->tables[block - l->ir->blocks],
			  l->table_at[block - l->ir->blocks]);
		return;
	}
	if (ir_is_range(l->ir, block, &edge, &first, &last) && first < last) {
		lower_range(l, block, edge, first, last);
		return;
	}
	for (uint32_t e = block->n_edges; e-- > 0;)
		l->edge_at[block->edges + e] = place_edge(l, block->edges + e);
	a = use(l, block->a, X64_NONE, 0);
	begin = search_plan_switch(s, l->ir, block);
	for (uint32_t i = s->n_tests; i-- > 0;) {
		const struct search_test *test = &s->tests[i];

		put_choice(l, test->is_equal ? X64_E : X64_AE,
			   place_in_search(l, block, test->yes),
			   place_in_search(l, block, test->no));
		x64_alu_imm(l->b, X64_CMP, a, test->k);
		l->test_at[i] = ab_here(l->b);
	}
	x64_jmp(l->b, place_in_search(l, block, begin));
}

static void lower_end(struct lowerer *l, const struct ir_block *block)
{
	switch ((enum ir_end)block->end) {
	case IR_RET:
		put_return_of(l, block->a);
		break;
	case IR_JUMP:
		take_arguments(l, &l->ir->edges[block->edges]);
		x64_jmp(l->b, l->at[l->ir->edges[block->edges].to]);
		lower_arguments(l, &l->ir->edges[block->edges]);
		break;
	case IR_BRANCH:
		lower_branch(l, block);
		break;
	case IR_SWITCH:
		lower_switch(l, block);
		break;
	}
}

/* ---- all of it ---------------------------------------------------------- */

static void lower_block(struct lowerer *l, uint32_t id)
{
	const struct ir_block *block = &l->ir->blocks[id];
	uint32_t k;

	if (ir_is_answer(l->ir, id, &k) && k == 0) {
		l->at[id] = l->zero;
		return;
	}
	lower_end(l, block);
	for (uint32_t i = block->last; i != IR_NONE; i = l->ir->insns[i].prev)
		lower_insn(l, i);
	l->at[id] = ab_here(l->b);
}

/* The interpreter's run in place of this one, with what was passed. */
static void put_fallback(const struct lower_opts *opts, struct asmbuf *b,
			 unsigned wirelen, unsigned ctx)
{
	uint64_t function;

	memcpy(&function, &opts->fallback, sizeof(function));
	x64_jmp_reg(b, X64_AX);
	x64_mov_imm64(b, X64_AX, function);
	x64_mov_imm64(b, X64_DI, (uintptr_t)opts->fallback_ctx);
	x64_mov64(b, X64_SI, X64_DI);
	x64_mov(b, X64_DX, X64_SI);
	if (wirelen == X64_R8) {
		x64_mov64(b, X64_R8, ctx);
		x64_mov(b, X64_CX, wirelen);
	} else {
		x64_mov(b, X64_CX, wirelen);
		x64_mov64(b, X64_R8, ctx);
	}
}

void lower_fallback_x64(const struct lower_opts *opts, struct asmbuf *buf)
{
	put_fallback(opts, buf, X64_DX, X64_CX);
}

/* A block before this one with the same table; the block: there is none. */
static uint32_t find_table(const struct lowerer *l, uint32_t id)
{
	const struct table *t = &l->tables[id];
	uint32_t before = 0;

	while (before < id && (l->tables[before].kind != t->kind ||
			       l->tables[before].n != t->n ||
			       memcmp(l->tables[before].words, t->words,
				      (size_t)4 * t->n) != 0))
		before++;
	return before;
}

/* The tables of sets, at places where 32 bytes are aligned. */
static void put_tables(struct lowerer *l)
{
	for (uint32_t id = 0; id < l->ir->n_blocks; id++) {
		const struct table *t = &l->tables[id];
		uint32_t same;

		if (t->kind == TABLE_NONE)
			continue;
		same = find_table(l, id);
		if (same < id) {
			l->table_at[id] = l->table_at[same];
			continue;
		}
		while ((ab_here(l->b) + 4 * t->n) % 32 && !l->b->is_broken)
			ab_u8(l->b, 0);
		ab_put(l->b, t->words, (size_t)4 * t->n);
		l->table_at[id] = ab_here(l->b);
	}
}

/* What stands behind all blocks. */
static void put_ends(struct lowerer *l)
{
	put_tables(l);
	if (l->has_bail) {
		put_fallback(l->opts, l->b, l->wirelen, l->ctx);
		for (size_t i = 0; l->has_frame && i < sizeof(saved); i++)
			x64_pop(l->b, saved[i]);
		l->bail = ab_here(l->b);
	}
	put_return(l);
	x64_set(l->b, X64_AX, 0);
	l->zero = ab_here(l->b);
}

/* What stands before them: arguments are brought to where they are kept. */
static void put_begin(struct lowerer *l)
{
	static const struct cbpf_ctx none;

	if (l->reads_ctx) {
		x64_cmov64(l->b, X64_E, l->ctx, X64_AX);
		x64_test64(l->b, l->ctx, l->ctx);
		x64_mov_imm64(l->b, X64_AX, (uintptr_t)&none);
	}
	if (l->reads_length) {
		x64_cmov(l->b, X64_E, l->wirelen, X64_SI);
		x64_test(l->b, l->wirelen, l->wirelen);
	}
	if (l->has_bail)
		x64_mov(l->b, X64_SI, X64_SI);
	if (l->ctx == X64_R9)
		x64_mov64(l->b, X64_R9, X64_CX);
	if (l->wirelen == X64_R8)
		x64_mov(l->b, X64_R8, X64_DX);
	for (size_t i = sizeof(saved); l->has_frame && i-- > 0;)
		x64_push(l->b, saved[i]);
}

static bool take_tables(struct lowerer *l, struct arena *arena)
{
	const struct ir *ir = l->ir;
	uint32_t most = 1;

	for (uint32_t id = 0; id < ir->n_blocks; id++)
		if (ir->blocks[id].end == IR_SWITCH &&
		    ir->blocks[id].n_ranges > most)
			most = ir->blocks[id].n_ranges;
	l->search.row = 3;
	l->reg = arena_take(arena, (size_t)ir->n_insns + 1, 1);
	l->uses = arena_take(arena, (size_t)ir->n_insns + 1, sizeof(*l->uses));
	l->is_wanted = arena_take(arena, (size_t)ir->n_insns + 1, 1);
	l->at = arena_take(arena, ir->n_blocks, sizeof(*l->at));
	l->edge_at =
		arena_take(arena, (size_t)ir->n_edges + 1, sizeof(*l->edge_at));
	l->test_at = arena_take(arena, most, sizeof(*l->test_at));
	l->table_at = arena_take(arena, ir->n_blocks, sizeof(*l->table_at));
	l->tables = arena_take(arena, ir->n_blocks, sizeof(*l->tables));
	for (uint32_t id = 0; l->tables && id < ir->n_blocks; id++)
		if (ir->blocks[id].end == IR_SWITCH &&
		    ir_is_reached(l->ir, id) &&
		    !table_make(ir, &ir->blocks[id], FEW, arena,
				&l->tables[id]))
			return false;
	return l->reg && l->uses && l->is_wanted && l->at && l->edge_at &&
	       l->test_at && l->table_at && l->tables &&
	       search_take(&l->search, arena, most);
}

/* Which registers there are, and where the arguments are kept. */
static void choose_registers(struct lowerer *l, bool has_frame)
{
	bool keeps_wirelen = l->reads_length || l->has_bail;
	bool keeps_ctx = l->reads_ctx || l->has_bail;

	l->has_frame = has_frame;
	l->free = CALLER_SAVED | (has_frame ? CALLEE_SAVED : 0);
	l->wirelen = l->ctx = X64_NONE;
	if (l->has_scratch)
		l->free &= ~(1u << X64_CX | 1u << X64_DX);
	if (keeps_wirelen) {
		l->wirelen = l->has_scratch ? X64_R8 : X64_DX;
		l->free &= ~(1u << l->wirelen);
	}
	if (keeps_ctx) {
		l->ctx = l->has_scratch ? X64_R9 : X64_CX;
		l->free &= ~(1u << l->ctx);
	}
}

static void write_code(struct lowerer *l, bool has_frame)
{
	memset(l->reg, X64_NONE, l->ir->n_insns);
	l->is_refused = false;
	choose_registers(l, has_frame);
	put_ends(l);
	for (uint32_t id = l->ir->n_blocks; id-- > 0 && !l->is_refused;)
		if (ir_is_reached(l->ir, id))
			lower_block(l, id);
	put_begin(l);
}

/* The entry at a place where a processor fetches from. */
static void align_entry(struct lowerer *l)
{
	uint32_t more = (0 - ab_here(l->b)) % FETCH;

	ab_behind(l->b, more);
	for (uint32_t id = 0; id < l->ir->n_blocks; id++)
		l->table_at[id] += more;
}

enum cbpf_err lower_x64(const struct ir *ir, const struct lower_opts *opts,
			struct asmbuf *buf, struct lower_tables *tables)
{
	struct lowerer l = { .ir = ir, .opts = opts, .b = buf };

	if (!take_tables(&l, buf->arena))
		return CBPF_E_NOMEM;
	if (!look_at(&l))
		return CBPF_E_UNAVAILABLE;
	write_code(&l, false);
	if (l.is_refused) {
		buf->left = buf->cap;
		write_code(&l, true);
	}
	align_entry(&l);
	*tables = (struct lower_tables){ l.tables, l.table_at };
	if (buf->is_broken)
		return CBPF_E_NOMEM;
	return l.is_refused ? CBPF_E_UNAVAILABLE : CBPF_OK;
}
