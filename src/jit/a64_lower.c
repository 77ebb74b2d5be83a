/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph as arm64 code: a function of the packet (X0), its captured length
 * (W1), its length on the wire (W2) and the context (X3), as AAPCS64 passes
 * them; its result is in W0.
 *
 *	need.bytes 24			cmp w1, #24
 *					b.lo zero
 *	v1 = load.2 [12]
 *	branch v1 == 0x800, b1, b2	ldrh w15, [x0, #12]
 *					cmp w15, #8
 *					b.ne b2
 *
 * A load that is only compared with constants for being equal, or for bits, is
 * not turned round: the constant is, into the packet's byte order.
 */
#include "jit/a64_enc.h"
#include "jit/lowerer.h"

enum { PACKET, CAPLEN, WIRELEN, CTX };

/* Of the machine's own: numbers, sums, tables. */
enum { T2 = 15, T0, T1 };

#define FIRST_SAVED	  19 /* to X28: the caller's, two by two */
#define LAST_SAVED	  28
#define BITS(first, last) ((2u << (last)) - (1u << (first)))
#define CALLER_SAVED	  BITS(4, 14)
#define CALLEE_SAVED	  BITS(FIRST_SAVED, LAST_SAVED)

static enum a64_cc cc_of(enum lw_cond cond)
{
	static const uint8_t cc[] = {
		[LW_EQUAL] = A64_EQ, [LW_OTHER] = A64_NE,
		[LW_BELOW] = A64_LO, [LW_ABOVE_EQ] = A64_HS,
		[LW_ABOVE] = A64_HI, [LW_BELOW_EQ] = A64_LS
	};

	return (enum a64_cc)cc[cond];
}

/* ---- values ------------------------------------------------------------- */

/* Where a value is read: a constant in `t`, where put_const() brings it. */
static unsigned reg_of(struct lowerer *l, uint32_t value, unsigned hint,
		       unsigned t)
{
	uint32_t k;

	return lw_is_const(l, value, &k) ? t : lw_use(l, value, hint, 0);
}

static void put_const(struct lowerer *l, uint32_t value, unsigned t)
{
	uint32_t k;

	if (lw_is_const(l, value, &k))
		a64_number(l->b, t, k);
}

/* d = n + k, n - k; or flags alone, d ZR. t: for a number that does not fit. */
static void put_sum(struct lowerer *l, bool is_sub, bool has_flags, unsigned d,
		    unsigned n, uint32_t k, unsigned t)
{
	uint32_t kind = (uint32_t)is_sub << 30 | (uint32_t)has_flags << 29;

	if (a64_is_imm12(k)) {
		a64_sum(l->b, A64_ADD_IMM | kind, d, n, k);
		return;
	}
	if (a64_is_imm12(0 - k)) { /* the carry is the same: k is not 0 */
		a64_sum(l->b, A64_ADD_IMM | (kind ^ 1u << 30), d, n, 0 - k);
		return;
	}
	a64_three(l->b, A64_ADD | kind, d, n, t);
	a64_number(l->b, t, k);
}

/* d = n op k, of bits. */
static void put_bits(struct lowerer *l, uint32_t with_imm, uint32_t with_reg,
		     unsigned d, unsigned n, uint32_t k)
{
	uint32_t fields;

	if (a64_is_bits(k, &fields)) {
		a64_logic(l->b, with_imm, d, n, k);
		return;
	}
	a64_three(l->b, with_reg, d, n, T1);
	a64_number(l->b, T1, k);
}

static void put_compare(struct lowerer *l, unsigned reg, uint32_t k)
{
	put_sum(l, true, true, A64_ZR, reg, k, T0);
}

/* ---- operations --------------------------------------------------------- */

static void put_three(struct lowerer *l, uint32_t id, uint32_t op)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);
	unsigned a = reg_of(l, insn->a, to, T0);
	unsigned b = reg_of(l, insn->b, LW_NONE, T1);

	a64_three(l->b, op, to, a, b);
	put_const(l, insn->a, T0);
	put_const(l, insn->b, T1);
}

static void put_add_sub(struct lowerer *l, uint32_t id, bool is_sub)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to;
	uint32_t k;

	if (!lw_is_const(l, insn->b, &k)) {
		put_three(l, id, is_sub ? A64_SUB : A64_ADD);
		return;
	}
	to = lw_def(l, id);
	put_sum(l, is_sub, false, to, reg_of(l, insn->a, to, T0), k, T1);
	put_const(l, insn->a, T0);
}

static void put_logic(struct lowerer *l, uint32_t id, uint32_t with_imm,
		      uint32_t with_reg)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to;
	uint32_t k;

	if (!lw_is_const(l, insn->b, &k)) {
		put_three(l, id, with_reg);
		return;
	}
	to = lw_def(l, id);
	put_bits(l, with_imm, with_reg, to, reg_of(l, insn->a, to, T0), k);
	put_const(l, insn->a, T0);
}

static void put_mod(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	unsigned to = lw_def(l, id);
	unsigned a = reg_of(l, insn->a, to, T0);
	unsigned b = reg_of(l, insn->b, LW_NONE, T1);

	a64_msub(l->b, to, T2, b, a);
	a64_three(l->b, A64_UDIV, T2, a, b);
	put_const(l, insn->a, T0);
	put_const(l, insn->b, T1);
}

/* More than 31 places leave nothing, or are taken modulo 32. */
static void put_shift(struct lowerer *l, uint32_t id, bool is_left)
{
	const struct ir_insn *insn = &l->ir->insns[id];
	bool clears = l->ir->row->shift_x_clears;
	unsigned to = lw_def(l, id);
	unsigned a = reg_of(l, insn->a, to, T0), b;
	uint32_t k;

	if (lw_is_const(l, insn->b, &k)) {
		if (k > 31 && clears)
			a64_number(l->b, to, 0);
		else if (is_left)
			a64_lsl(l->b, to, a, k & 31);
		else
			a64_lsr(l->b, to, a, k & 31);
	} else {
		b = lw_use(l, insn->b, LW_NONE, 0);
		if (clears) {
			a64_csel(l->b, A64_LS, to, T1, A64_ZR);
			put_compare(l, b, 31);
		}
		a64_three(l->b, is_left ? A64_LSLV : A64_LSRV, clears ? T1 : to,
			  a, b);
	}
	put_const(l, insn->a, T0);
}

/* ---- loads -------------------------------------------------------------- */

/* In the order of the packet's bytes. */
static void put_swap(struct lowerer *l, unsigned size, unsigned reg)
{
	if (size == 4)
		a64_rev(l->b, reg, reg);
	else if (size == 2)
		a64_rev16(l->b, reg, reg);
}

/* size bytes at [base + k]. */
static void put_load(struct lowerer *l, unsigned size, unsigned to,
		     unsigned base, uint32_t k)
{
	if (a64_reaches(size, k)) {
		a64_load(l->b, size, to, base, k);
		return;
	}
	a64_load_at(l->b, size, to, base, T1);
	a64_number(l->b, T1, k);
}

/* The sum of a and k modulo 2^32 into T0, with the carry if that is asked. */
static void put_place(struct lowerer *l, const struct ir_insn *insn, uint32_t k,
		      bool has_carry)
{
	put_sum(l, false, has_carry, T0, reg_of(l, insn->a, LW_NONE, T0), k,
		T1);
	put_const(l, insn->a, T0);
}

static void put_load_ind(struct lowerer *l, const struct ir_insn *insn,
			 unsigned to)
{
	uint32_t k;
	unsigned a;

	if (!ir_is_near(l->ir, insn)) {
		a64_load_at(l->b, insn->size, to, PACKET, T0);
		put_place(l, insn, insn->k, false);
	} else if (lw_is_const(l, insn->a, &k)) {
		put_load(l, insn->size, to, PACKET, insn->k + k);
	} else if (insn->k == 0) {
		a = lw_use(l, insn->a, to == T2 ? LW_NONE : to, 0);
		a64_load_at(l->b, insn->size, to, PACKET, a);
	} else {
		a = lw_use(l, insn->a, to == T2 ? LW_NONE : to, 0);
		put_load(l, insn->size, to, T0, insn->k);
		a64_three(l->b, A64_ADD_UXTW | A64_X, T0, PACKET, a);
	}
}

/* A load of a place as it is in the packet. */
static void put_load_of(struct lowerer *l, const struct ir_insn *insn,
			unsigned to)
{
	if (insn->op == IR_LOAD_IND)
		put_load_ind(l, insn, to);
	else
		put_load(l, insn->size, to, PACKET, insn->k);
}

/* Where k counts from: T0, by the field of the context that says so. */
static void put_base(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t more;
	size_t field = lw_base_of(insn->k, &more);

	if (more)
		put_sum(l, false, false, T0, T0, more, T1);
	a64_load(l->b, 4, T0, l->ctx, (uint32_t)field);
}

static void put_load_any(struct lowerer *l, const struct ir_insn *insn,
			 unsigned to)
{
	if (insn->op == IR_MSH_ANY) {
		a64_lsl(l->b, to, to, 2);
		a64_logic(l->b, A64_AND_IMM, to, to, 15);
	} else {
		put_swap(l, insn->size, to);
	}
	a64_load_at(l->b, insn->size, to, PACKET, T0);
	put_base(l, insn);
}

/* 0 where it is outside. */
static void put_load_zero(struct lowerer *l, const struct ir_insn *insn,
			  unsigned to)
{
	uint32_t behind = ab_here(l->b);

	if (insn->k <= (uint32_t)INT32_MAX - 4) {
		put_swap(l, insn->size, to);
		put_load(l, insn->size, to, PACKET, insn->k);
		a64_jump_if(l->b, A64_LO, behind);
		put_compare(l, CAPLEN, insn->k + insn->size);
	}
	a64_number(l->b, to, 0);
}

static void put_ext(struct lowerer *l, const struct ir_insn *insn, unsigned to)
{
	struct lw_field field = lw_field_of(insn->k);

	if (insn->k == EXT_TYPE)
		a64_logic(l->b, A64_AND_IMM, to, to, 7);
	a64_load(l->b, field.size, to, l->ctx, field.offset);
}

static void put_value(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];

	switch ((enum ir_op)insn->op) {
	case IR_ADD:
	case IR_SUB:
		put_add_sub(l, id, insn->op == IR_SUB);
		break;
	case IR_AND:
		put_logic(l, id, A64_AND_IMM, A64_AND);
		break;
	case IR_OR:
		put_logic(l, id, A64_ORR_IMM, A64_ORR);
		break;
	case IR_XOR:
		put_logic(l, id, A64_EOR_IMM, A64_EOR);
		break;
	case IR_MUL:
		put_three(l, id, A64_MUL);
		break;
	case IR_DIV:
		put_three(l, id, A64_UDIV);
		break;
	case IR_MOD:
		put_mod(l, id);
		break;
	case IR_LSH:
	case IR_RSH:
		put_shift(l, id, insn->op == IR_LSH);
		break;
	case IR_LEN:
		a64_mov(l->b, lw_def(l, id),
			l->ir->row->length_is_caplen ? CAPLEN : l->wirelen);
		break;
	case IR_LOAD:
	case IR_LOAD_IND:
		put_swap(l, insn->size, l->reg[id]);
		put_load_of(l, insn, lw_def(l, id));
		break;
	case IR_DATA:
		put_load_of(l, insn, lw_def(l, id));
		break;
	case IR_LOAD_ZERO:
		put_load_zero(l, insn, lw_def(l, id));
		break;
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
		put_load_any(l, insn, lw_def(l, id));
		break;
	case IR_EXT:
		put_ext(l, insn, lw_def(l, id));
		break;
	default:
		l->is_refused = true;
	}
}

/* ---- guards ------------------------------------------------------------- */

static void put_need_ind(struct lowerer *l, const struct ir_insn *insn)
{
	if (ir_is_near(l->ir, insn)) {
		a64_jump_if(l->b, A64_HI, l->zero);
		a64_three(l->b, A64_SUBS, A64_ZR, T0, CAPLEN);
		put_place(l, insn, insn->k + insn->size, false);
		return;
	}
	/*
	 * The end, in 64 bits, against caplen; outside, the interpreter knows
	 * whether that wraps, counts from elsewhere, or ends.
	 */
	a64_jump_if(l->b, A64_HI, l->bail);
	a64_three(l->b, A64_SUBS_UXTW | A64_X, A64_ZR, T0, CAPLEN);
	a64_sum(l->b, A64_ADD_IMM | A64_X, T0, T0, insn->size);
	if (insn->k && !l->ir->row->ind_wraps) /* more than 32 bits */
		a64_jump_if(l->b, A64_HS, l->bail);
	put_place(l, insn, insn->k, true);
}

/* In the headroom, below 0, the interpreter looks. */
static void put_need_any(struct lowerer *l, const struct ir_insn *insn)
{
	a64_jump_if(l->b, A64_HI, l->zero);
	a64_three(l->b, A64_SUBS, A64_ZR, T0, T1);
	a64_jump_if(l->b, A64_LO, l->zero);
	a64_sum(l->b, A64_SUBS_IMM, T1, CAPLEN, insn->size);
	a64_jump_if(l->b, A64_MI, l->bail);
	put_compare(l, T0, 0);
	put_base(l, insn);
	if (insn->k >= NET_BASE)
		return;
	a64_jump_if(l->b, A64_EQ, l->zero);
	put_compare(l, T0, 0);
	a64_load(l->b, 1, T0, l->ctx, offsetof(struct cbpf_ctx, has_link));
}

static void put_device(struct lowerer *l)
{
	put_compare(l, T0, 0);
	a64_load(l->b, 1, T0, l->ctx, offsetof(struct cbpf_ctx, has_device));
}

/* ---- tests -------------------------------------------------------------- */

static void put_test(struct lowerer *l, const struct ir_block *block)
{
	bool is_bits = block->test == JMP_JSET;
	unsigned reg = reg_of(l, block->a, LW_NONE, T2), with;
	uint32_t k = 0;

	if (!lw_is_const(l, block->b, &k)) {
		with = lw_use(l, block->b, LW_NONE, 0);
		a64_three(l->b, is_bits ? A64_ANDS : A64_SUBS, A64_ZR, reg,
			  with);
	} else if (is_bits) {
		put_bits(l, A64_ANDS_IMM, A64_ANDS, A64_ZR, reg, k);
	} else {
		put_compare(l, reg, k);
	}
	put_const(l, block->a, T2);
}

static void put_match(struct lowerer *l, const struct match *m)
{
	bool is_whole = match_is_whole(m);
	uint32_t mask = (uint32_t)m->mask, value = (uint32_t)m->value;

	if (m->load.size == 8) {
		a64_three(l->b, A64_SUBS | A64_X, A64_ZR, T2, T0);
		a64_number64(l->b, T0, m->value);
		if (!is_whole) {
			a64_three(l->b, A64_AND | A64_X, T2, T2, T0);
			a64_number64(l->b, T0, m->mask);
		}
	} else if (is_whole) {
		put_compare(l, T2, value);
	} else if (value == 0) {
		put_bits(l, A64_ANDS_IMM, A64_ANDS, A64_ZR, T2, mask);
	} else {
		put_compare(l, T2, value);
		put_bits(l, A64_AND_IMM, A64_AND, T2, T2, mask);
	}
	put_load_of(l, &m->load, T2);
}

static void put_range(struct lowerer *l, unsigned reg, uint32_t first,
		      uint32_t last)
{
	put_sum(l, true, true, A64_ZR, T0, last - first, T1);
	put_sum(l, true, false, T0, reg, first, T1);
}

static void put_bitmap(struct lowerer *l, const struct table *t, uint32_t place,
		       unsigned reg, uint32_t no)
{
	a64_logic(l->b, A64_ANDS_IMM, A64_ZR, T1, 1);
	a64_three(l->b, A64_LSRV, T1, T1, T0);
	a64_load_word(l->b, T1, T2, T1);
	a64_lsr(l->b, T1, T0, 5);
	a64_address(l->b, T2, T1, place);
	a64_jump_if(l->b, A64_HI, no);
	put_range(l, reg, t->low, t->low + t->span);
}

/* What is in the one of a number's places, into `to`. */
static void put_look(struct lowerer *l, const struct table *t, unsigned which,
		     unsigned reg, unsigned to)
{
	a64_load_word(l->b, to, T2, to);
	a64_lsr(l->b, to, to, t->shift);
	a64_three(l->b, A64_MUL, to, reg, to);
	a64_number(l->b, to, t->factors[which]);
}

static void put_hash(struct lowerer *l, const struct table *t, uint32_t place,
		     unsigned reg)
{
	a64_ccmp_or_equal(l->b, A64_NE, T1, reg);
	a64_three(l->b, A64_SUBS, A64_ZR, T0, reg);
	put_look(l, t, 1, reg, T1);
	put_look(l, t, 0, reg, T0);
	a64_address(l->b, T2, T1, place);
}

/* ---- ends --------------------------------------------------------------- */

static void put_jump(struct lowerer *l, uint32_t place)
{
	a64_jump(l->b, place);
}

static void put_jump_if(struct lowerer *l, enum lw_cond cond, uint32_t place)
{
	a64_jump_if(l->b, cc_of(cond), place);
}

static void put_move(struct lowerer *l, unsigned to, unsigned from)
{
	a64_mov(l->b, to, from);
}

static void put_number(struct lowerer *l, unsigned to, uint32_t k)
{
	a64_number(l->b, to, k);
}

static void put_saved(struct lowerer *l)
{
	for (unsigned reg = FIRST_SAVED; l->has_frame && reg < LAST_SAVED;
	     reg += 2)
		a64_pop(l->b, reg, reg + 1);
}

static void put_return(struct lowerer *l)
{
	a64_return(l->b);
	put_saved(l);
}

static void put_answer(struct lowerer *l, enum lw_cond cond, uint32_t yes,
		       uint32_t no)
{
	put_return(l);
	a64_csel(l->b, cc_of(cond), PACKET, T1, T0);
	a64_number(l->b, T1, yes);
	a64_number(l->b, T0, no);
}

/* With what was passed. */
static void put_fallback(const struct lower_opts *opts, struct asmbuf *b)
{
	uint64_t function;

	memcpy(&function, &opts->fallback, sizeof(function));
	a64_jump_reg(b, T0);
	a64_number64(b, T0, function);
	a64_number64(b, 0, (uintptr_t)opts->fallback_ctx);
	a64_mov64(b, 1, PACKET);
	a64_mov(b, 2, CAPLEN);
	a64_mov(b, 3, WIRELEN);
	a64_mov64(b, 4, CTX);
}

static void put_bail(struct lowerer *l)
{
	put_fallback(l->opts, l->b);
	put_saved(l);
}

static void put_begin(struct lowerer *l)
{
	static const struct cbpf_ctx none;

	if (l->reads_ctx) {
		a64_csel64(l->b, A64_EQ, CTX, T0, CTX);
		a64_sum(l->b, A64_SUBS_IMM | A64_X, A64_ZR, CTX, 0);
		a64_number64(l->b, T0, (uintptr_t)&none);
	}
	if (l->reads_length) {
		a64_csel(l->b, A64_EQ, WIRELEN, CAPLEN, WIRELEN);
		put_compare(l, WIRELEN, 0);
	}
	for (unsigned reg = LAST_SAVED; l->has_frame && reg > FIRST_SAVED;
	     reg -= 2)
		a64_push(l->b, reg - 1, reg);
}

static void choose_registers(struct lowerer *l)
{
	l->free = CALLER_SAVED | (l->has_frame ? CALLEE_SAVED : 0);
	if (l->reads_length || l->has_bail)
		l->wirelen = WIRELEN;
	else
		l->free |= 1u << WIRELEN;
	if (l->reads_ctx || l->has_bail)
		l->ctx = CTX;
	else
		l->free |= 1u << CTX;
}

const struct lower_machine lower_a64 = {
	.result = PACKET,
	.caplen = CAPLEN,
	.spare = T0,
	.in_bitmap = LW_OTHER,
	.in_hash = LW_EQUAL,
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
