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
 * A load that is only compared with constants for being equal, or for bits, is
 * compared in memory, or where it is brought without turning it round, the
 * constant in the packet's byte order.
 */
#include "jit/lowerer.h"
#include "jit/x64_enc.h"

_Static_assert((int)X64_NONE == LW_NONE, "no register");

#define CALLER_SAVED                                                 \
	(1u << X64_CX | 1u << X64_DX | 1u << X64_R8 | 1u << X64_R9 | \
	 1u << X64_R10 | 1u << X64_R11)
#define CALLEE_SAVED                                                   \
	(1u << X64_BX | 1u << X64_BP | 1u << X64_R12 | 1u << X64_R13 | \
	 1u << X64_R14 | 1u << X64_R15)

static enum x64_cc cc_of(enum lw_cond cond)
{
	static const uint8_t cc[] = {
		[LW_EQUAL] = X64_E, [LW_OTHER] = X64_NE,
		[LW_BELOW] = X64_B, [LW_ABOVE_EQ] = X64_AE,
		[LW_ABOVE] = X64_A, [LW_BELOW_EQ] = X64_BE
	};

	return (enum x64_cc)cc[cond];
}

static struct x64_mem in_packet(unsigned index, uint32_t k)
{
	return (struct x64_mem){ X64_DI, (uint8_t)index, (int32_t)k };
}

static struct x64_mem in_context(const struct lowerer *l, size_t offset)
{
	return (struct x64_mem){ l->ctx, X64_NONE, (int32_t)offset };
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

	if (lw_is_const(l, value, &k))
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

/* to = to op b, where a was brought to `to` before. */
static void lower_alu(struct lowerer *l, uint32_t id, enum x64_alu op)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);
	uint32_t k;

	lw_touch(l, insn->a, to);
	if (lw_is_const(l, insn->b, &k))
		x64_alu_imm(l->b, op, to, k);
	else
		x64_alu(l->b, op, to, lw_use(l, insn->b, X64_NONE, 1u << to));
	mov_value(l, to, insn->a);
}

static void lower_mul(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);
	uint32_t k;

	lw_touch(l, insn->a, to);
	if (lw_is_const(l, insn->b, &k))
		x64_imul_imm(l->b, to, to, k);
	else
		x64_imul(l->b, to, lw_use(l, insn->b, X64_NONE, 1u << to));
	mov_value(l, to, insn->a);
}

static void lower_shift(struct lowerer *l, uint32_t id, enum x64_shift op)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	bool clears = l->ir->row->shift_x_clears;
	unsigned to = lw_def(l, id);
	uint32_t by;

	lw_touch(l, insn->a, to);
	if (lw_is_const(l, insn->b, &by)) {
		if (by > 31 && clears) {
			x64_mov_imm(l->b, to, 0);
			return;
		}
		if (by & 31)
			x64_shift_imm(l->b, op, to, by & 31);
	} else {
		by = lw_use(l, insn->b, X64_NONE, 1u << to);
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
	unsigned to = lw_def(l, id), by = X64_CX;
	uint32_t k;

	lw_touch(l, insn->a, to);
	if (!lw_is_const(l, insn->b, &k))
		by = lw_use(l, insn->b, X64_NONE, 0);
	x64_mov(l->b, to, is_mod ? X64_DX : X64_AX);
	x64_div(l->b, by);
	if (lw_is_const(l, insn->b, &k))
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
	if (lw_is_const(l, insn->a, &k))
		return in_packet(X64_NONE, k + insn->k);
	return in_packet(lw_use(l, insn->a, hint, 0), insn->k);
}

/* The sum of a and k modulo 2^32 into AX, where it may be anywhere. */
static void put_sum(struct lowerer *l, const struct ir_insn *insn)
{
	if (ir_is_near(l->ir, insn))
		return;
	if (insn->k)
		x64_alu_imm(l->b, X64_ADD, X64_AX, insn->k);
	lw_touch(l, insn->a, X64_NONE);
	mov_value(l, X64_AX, insn->a);
}

static void lower_load(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);

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
	uint32_t more;
	size_t field = lw_base_of(insn->k, &more);

	if (more)
		x64_alu_imm(l->b, X64_ADD, X64_AX, more);
	x64_load(l->b, 4, X64_AX, in_context(l, field));
}

/* In the headroom, below 0, the interpreter looks. */
static void put_need_any(struct lowerer *l, const struct ir_insn *insn)
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
	x64_cmp_mem(l->b, 1, in_context(l, offsetof(struct cbpf_ctx, has_link)),
		    0);
}

static void lower_load_any(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);

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
	unsigned to = lw_def(l, id);
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

static void put_need_ind(struct lowerer *l, const struct ir_insn *insn)
{
	if (ir_is_near(l->ir, insn)) {
		x64_jcc(l->b, X64_A, l->zero);
		x64_alu(l->b, X64_CMP, X64_AX, X64_SI);
		x64_alu_imm(l->b, X64_ADD, X64_AX, insn->k + insn->size);
		lw_touch(l, insn->a, X64_NONE);
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
	lw_touch(l, insn->a, X64_NONE);
	mov_value(l, X64_AX, insn->a);
}

static void lower_ext(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	struct lw_field field = lw_field_of(insn->k);
	unsigned to = lw_def(l, id);

	if (insn->k == EXT_TYPE)
		x64_alu_imm(l->b, X64_AND, to, 7);
	x64_load(l->b, field.size, to, in_context(l, field.offset));
}

static void put_value(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];

	switch ((enum ir_op)insn->op) {
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
		x64_mov(l->b, lw_def(l, id),
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
		x64_load(l->b, 4, lw_def(l, id), in_packet(X64_NONE, insn->k));
		break;
	case IR_EXT:
		lower_ext(l, id);
		break;
	default:
		l->is_refused = true;
	}
}

static void put_device(struct lowerer *l)
{
	x64_cmp_mem(l->b, 1,
		    in_context(l, offsetof(struct cbpf_ctx, has_device)), 0);
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

static void put_test(struct lowerer *l, const struct ir_block *block)
{
	bool is_bits = block->test == JMP_JSET;
	unsigned a = X64_AX, b;
	uint32_t k = 0, value = 0;

	if (!lw_is_const(l, block->a, &value))
		a = lw_use(l, block->a, X64_NONE, 0);
	if (!lw_is_const(l, block->b, &k)) {
		b = lw_use(l, block->b, X64_NONE, 0);
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

/* Eight bytes: what is asked of them is brought to AX, and compared there. */
static void put_match_wide(struct lowerer *l, const struct match *m,
			   struct x64_mem at)
{
	unsigned reg;

	if (match_is_whole(m)) {
		x64_alu64_load(l->b, X64_CMP, X64_AX, at);
		x64_mov_imm64(l->b, X64_AX, m->value);
		return;
	}
	reg = lw_take(l, X64_NONE, 0);
	x64_cmp64(l->b, X64_AX, reg);
	x64_mov_imm64(l->b, reg, m->value);
	x64_alu64_load(l->b, X64_AND, X64_AX, at);
	x64_mov_imm64(l->b, X64_AX, m->mask);
	l->free |= 1u << (reg & 15);
}

static void put_match(struct lowerer *l, const struct match *m)
{
	const struct ir_insn *load = &m->load;
	uint32_t mask = (uint32_t)m->mask, value = (uint32_t)m->value;
	struct x64_mem at = load->op == IR_LOAD_IND
				    ? indirect(l, load, X64_NONE)
				    : in_packet(X64_NONE, load->k);

	if (load->size == 8) {
		put_match_wide(l, m, at);
	} else if (match_is_whole(m)) {
		x64_cmp_mem(l->b, load->size, at, value);
	} else if (value == 0) {
		x64_test_mem(l->b, load->size, at, mask);
	} else {
		x64_alu_imm(l->b, X64_CMP, X64_AX, value);
		x64_alu_imm(l->b, X64_AND, X64_AX, mask);
		x64_load(l->b, load->size, X64_AX, at);
	}
	if (load->op == IR_LOAD_IND)
		put_sum(l, load);
}

static void put_answer(struct lowerer *l, enum lw_cond cond, uint32_t yes,
		       uint32_t no)
{
	unsigned reg = lw_take(l, X64_NONE, 0);

	put_return(l);
	x64_cmov(l->b, cc_of(cond), X64_AX, reg);
	x64_mov_imm(l->b, reg, yes);
	x64_mov_imm(l->b, X64_AX, no);
	l->free |= 1u << (reg & 15);
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

static void put_compare(struct lowerer *l, unsigned reg, uint32_t k)
{
	if (k == 0)
		x64_test(l->b, reg, reg);
	else
		x64_alu_imm(l->b, X64_CMP, reg, k);
}

static void put_range(struct lowerer *l, unsigned reg, uint32_t first,
		      uint32_t last)
{
	if (first == 0) {
		x64_alu_imm(l->b, X64_CMP, reg, last);
		return;
	}
	x64_alu_imm(l->b, X64_CMP, X64_AX, last - first);
	x64_alu_imm(l->b, X64_SUB, X64_AX, first);
	x64_mov(l->b, X64_AX, reg);
}

static void put_jump(struct lowerer *l, uint32_t place)
{
	x64_jmp(l->b, place);
}

static void put_jump_if(struct lowerer *l, enum lw_cond cond, uint32_t place)
{
	x64_jcc(l->b, cc_of(cond), place);
}

static void put_move(struct lowerer *l, unsigned to, unsigned from)
{
	x64_mov(l->b, to, from);
}

static void put_number(struct lowerer *l, unsigned to, uint32_t k)
{
	x64_set(l->b, to, k);
}

/* ---- all of it ---------------------------------------------------------- */

/* With what was passed. */
static void put_call(const struct lower_opts *opts, struct asmbuf *b,
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

static void put_fallback(const struct lower_opts *opts, struct asmbuf *b)
{
	put_call(opts, b, X64_DX, X64_CX);
}

static void put_bail(struct lowerer *l)
{
	put_call(l->opts, l->b, l->wirelen, l->ctx);
	for (size_t i = 0; l->has_frame && i < sizeof(saved); i++)
		x64_pop(l->b, saved[i]);
}

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

static void choose_registers(struct lowerer *l)
{
	bool keeps_wirelen = l->reads_length || l->has_bail;
	bool keeps_ctx = l->reads_ctx || l->has_bail;

	l->free = CALLER_SAVED | (l->has_frame ? CALLEE_SAVED : 0);
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

const struct lower_machine lower_x64 = {
	.result = X64_AX,
	.caplen = X64_SI,
	.spare = X64_AX,
	.in_bitmap = LW_BELOW, /* the carry */
	.in_hash = LW_OTHER,
	.choose_registers = choose_registers,
	.put_value = put_value,
	.put_need_ind = put_need_ind,
	.put_need_any = put_need_any,
	.put_device = put_device,
	.put_test = put_test,
	.put_match = put_match,
	.put_compare = put_compare,
	.put_range = put_range,
	.put_bitmap = put_bitmap,
	.put_hash = put_hash,
	.put_jump = put_jump,
	.put_jump_if = put_jump_if,
	.put_move = put_move,
	.put_number = put_number,
	.put_return = put_return,
	.put_answer = put_answer,
	.put_begin = put_begin,
	.put_bail = put_bail,
	.put_fallback = put_fallback,
};
