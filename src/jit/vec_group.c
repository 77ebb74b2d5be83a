/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph as a function for groups of packets, eight by AVX2 and sixteen by
 * AVX-512: of packets (RDI), verdicts (RSI), how many groups there are (RDX)
 * and a word for each (RCX), in which bits are set for the packets whose
 * verdict is left to the code for one.
 *
 * Packets are told by 32-bit distances from the first one, for gathers: groups
 * that are spread wider than that, or have a packet shorter than what is read
 * of all (windows.h), are left to the code for one.
 */
#include <stddef.h>

#include "jit/vec.h"

/* ---- a group ------------------------------------------------------------ */

/*
 * 16 bytes of each packet as four vectors of a word each: register j has those
 * of packets j, j + 4, ... in its lanes, so that what is interleaved is in the
 * order of the packets. to[i] is NONE where nobody asks.
 */
static void put_transposed(struct vectorizer *v, const uint32_t to[4])
{
	static const struct vx_row *const rows[] = { &vx_low64, &vx_high64,
						     &vx_low64, &vx_high64 };
	bool has_low = to[0] != IR_NONE || to[1] != IR_NONE;
	bool has_high = to[2] != IR_NONE || to[3] != IR_NONE;

	for (unsigned i = 4; i-- > 0;)
		if (to[i] != IR_NONE)
			vx_put(v->b, v->width, rows[i],
			       vec_made_in(v, to[i], 6), i < 2 ? 4 : 0,
			       vx_reg(i < 2 ? 5 : 2));
	if (has_high) {
		vx_put(v->b, v->width, &vx_high32, 2, 2, vx_reg(3));
		vx_put(v->b, v->width, &vx_high32, 0, 0, vx_reg(1));
	}
	if (has_low) {
		vx_put(v->b, v->width, &vx_low32, 5, 2, vx_reg(3));
		vx_put(v->b, v->width, &vx_low32, 4, 0, vx_reg(1));
	}
}

static struct vx_rm packet(unsigned i)
{
	return vx_at(X64_DI, i * (uint32_t)sizeof(struct cbpf_packet));
}

/* A row of every packet, into columns. */
static void put_row(struct vectorizer *v, uint32_t row)
{
	uint32_t to[4];

	for (uint32_t i = 0; i < 4; i++) {
		to[i] = vec_column_value(v, row * 4 + i);
		if (!vec_is_used(v, to[i]))
			to[i] = IR_NONE;
	}
	put_transposed(v, to);
	for (unsigned i = v->lanes; i-- > 0;) {
		struct vx_rm bytes = vx_at(X64_R10, v->w.rows[row]);

		if (i < 4)
			vx_vex(v->b, VX_128, &vx_load, i % 4, 0, bytes);
		else
			vx_insert_lane(v->b, v->width, i % 4, i / 4, bytes);
		x64_load64(v->b, X64_R10, packet(i).mem);
	}
}

/* Distances and lengths, of the packets' structures. */
static void put_packets(struct vectorizer *v, bool has_distance)
{
	static_assert(sizeof(void *) < 8 ||
			      (offsetof(struct cbpf_packet, caplen) == 8 &&
			       offsetof(struct cbpf_packet, wirelen) == 12),
		      "words of a transposed row");
	const uint32_t specials[] = { DISTANCE, HIGH, CAPLEN, WIRELEN };
	uint32_t to[4];

	for (unsigned i = 0; i < 4; i++) {
		to[i] = vec_special(v, specials[i]);
		if (!vec_is_used(v, to[i]))
			to[i] = IR_NONE;
	}
	put_transposed(v, to);
	for (unsigned i = 4; has_distance && i-- > 0;)
		vx_put(v->b, v->width, &vx_sub64, i, i, vec_slot(v, 0));
	for (unsigned i = v->lanes; i-- > 0;) {
		if (i < 4)
			vx_vex(v->b, VX_128, &vx_load, i, 0, packet(i));
		else
			vx_insert_lane(v->b, v->width, i % 4, i / 4, packet(i));
	}
}

/*
 * All to `next`, with every bit of R9 set, if one packet is none for this code:
 * shorter than the rows, longer than a gather's index, or too far off.
 */
static void put_checks(struct vectorizer *v, bool has_distance, uint32_t next)
{
	uint32_t end = windows_rows_end(&v->w);
	unsigned fine = vec_scratch_mask(v, 0), caplen, distance;

	x64_alu(v->b, X64_XOR, X64_R9, X64_R9);
	if (vec_is_wide(v)) {
		x64_jcc(v->b, X64_AE, next);
		vx_mask(v->b, &vx_kortest, fine, vx_reg(fine));
	} else {
		x64_jcc(v->b, X64_NE, next);
		x64_alu_imm(v->b, X64_CMP, X64_R10, (1u << v->lanes) - 1);
		vec_put_bits(v, fine);
	}
	if (has_distance) {
		vec_put_test(v, EQ, fine, T0,
			     vec_operand(v, vec_special(v, HIGH)), fine);
		distance = vec_in_register(v, vec_special(v, DISTANCE), T1);
		vx_shift_imm(v->b, v->width, 4, T0, distance, 31);
		vec_put_test(v, LE, fine, T0, vec_number(v, (1u << 30) - 1),
			     fine);
		vx_put(v->b, v->width, &vx_add, T0, distance,
		       vec_number(v, 1u << 29));
		vec_fill(v, distance, vec_special(v, DISTANCE));
	}
	vec_put_test(v, LE, fine, T0, vec_number(v, (1u << 30) - end),
		     X64_NONE);
	caplen = vec_in_register(v, vec_special(v, CAPLEN), T1);
	vx_put(v->b, v->width, &vx_sub, T0, caplen, vec_number(v, end));
	vec_fill(v, caplen, vec_special(v, CAPLEN));
	x64_mov_imm(v->b, X64_R9, (1u << v->lanes) - 1);
}

/* Masks as a group begins: all are in block 0. */
static void put_first_masks(struct vectorizer *v)
{
	for (uint32_t id = v->ir->n_blocks; id-- > 0;) {
		unsigned mask;

		if (v->masks[id].kind == IN_NOTHING ||
		    (id > 0 && !v->is_emptied[id]))
			continue;
		mask = vec_mask_of(v, id, vec_scratch_mask(v, 0));
		vec_spill_mask(v, mask, id);
		if (id == 0)
			vec_put_every(v, mask);
		else
			vec_put_none(v, mask);
		if (v->masks[id].kind == IN_REGISTER)
			*vec_free_masks(v) |= 1u << mask;
	}
}

/* What a group ends with: the loop's jump, still to be led. */
static uint32_t put_next(struct vectorizer *v)
{
	uint32_t jump = x64_jcc_back(v->b, X64_NE);

	x64_alu64_imm(v->b, X64_SUB, X64_DX, 1);
	x64_alu64_imm(v->b, X64_ADD, X64_CX, 4);
	x64_alu64_imm(v->b, X64_ADD, X64_SI, 4 * v->lanes);
	x64_alu64_imm(v->b, X64_ADD, X64_DI,
		      v->lanes * (uint32_t)sizeof(struct cbpf_packet));
	x64_store(v->b, X64_R9, (struct x64_mem){ X64_CX, X64_NONE, 0, 0 });
	return jump;
}

/* Before the loop: the frame, and the first packet's place for distances. */
static void put_begin(struct vectorizer *v, bool has_distance)
{
	if (has_distance) {
		vx_vex(v->b, VX_256, &vx_store, T0, 0, vec_slot(v, 0));
		if (vec_is_wide(v)) {
			struct vx_rm upper = vec_slot(v, 0);

			upper.mem.disp += 32;
			vx_vex(v->b, VX_256, &vx_store, T0, 0, upper);
		}
		ab_u8(v->b, 1);
		vx_vex(v->b, VX_256, &vx_insert, T0, T0, vx_reg(T0));
		vx_vex(v->b, VX_128, &vx_load64, T0, 0, vx_at(X64_DI, 0));
		x64_load64(v->b, X64_AX, packet(0).mem);
	}
	x64_alu64_imm(v->b, X64_AND, X64_SP, (uint32_t)-64);
	x64_alu64_imm(v->b, X64_SUB, X64_SP, 4 * v->lanes * v->n_slots);
	x64_mov64(v->b, X64_BP, X64_SP);
	x64_push(v->b, X64_BP);
}

/* The constants, before the code, and R8 that tells where; the code's place. */
static uint32_t put_constants(struct vectorizer *v)
{
	uint32_t code = ab_here(v->b) + X64_LEA_RIP, total = v->pool_size;
	uint8_t *pool;

	while ((code + total) % 64 != 0)
		total++;
	pool = arena_take(v->b->arena, total, 1);
	if (!pool) {
		v->b->is_broken = true;
		return code;
	}
	for (uint32_t i = 0; i < v->n_constants; i++) {
		const struct constant *c = &v->constants[i];
		uint32_t words = c->is_one ? 1 : v->lanes;

		for (uint32_t word = 0; word < words; word++)
			memcpy(pool + c->at + (size_t)4 * word,
			       &c->words[word % 4], 4);
	}
	x64_lea_rip(v->b, X64_R8, ab_here(v->b) + X64_LEA_RIP + total);
	ab_put(v->b, pool, total);
	return code;
}

/* ---- all of it ---------------------------------------------------------- */

/* Cycles of a group, about, on an Intel core; a packet by itself takes some
 * twenty. */
enum { GATHER = 14, ROW = 18, BLOCK = 4, WORTH = 36 };

static bool is_plain(const struct ir *ir, const struct ir_insn *insn)
{
	switch ((enum ir_op)insn->op) {
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
	case IR_NEED_ANY:
	case IR_EXT:
	case IR_EXT_NLA:
	case IR_NEED_DEVICE:
	case IR_RAND:
	case IR_DATA:
	case IR_DIV:
	case IR_MOD:
		return false;
	case IR_LOAD_ZERO: /* its window may not begin before the packet */
		return insn->k + insn->size >= 4 && insn->k < 1u << 29;
	case IR_LOAD:
	case IR_NEED_BYTES:
		return insn->k < 1u << 29;
	case IR_LOAD_IND:
	case IR_NEED_IND:
		return ir_is_near(ir, insn);
	default:
		return true;
	}
}

/* Whether all of it can be done so; then *cost is that of its instructions. */
static bool is_all_plain(const struct vectorizer *v, uint64_t *cost)
{
	const struct ir *ir = v->ir;

	*cost = ROW; /* of the packets' structures */
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		if (!ir_is_reached(ir, id))
			continue;
		*cost += BLOCK;
		if (v->tables->tables[id].kind != TABLE_NONE)
			*cost += (uint64_t)2 * GATHER;
		else if (block->end == IR_SWITCH)
			*cost += block->n_ranges;
		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next) {
			if (!is_plain(ir, &ir->insns[i]))
				return false;
			*cost += ir->insns[i].op != IR_CONST;
		}
	}
	return true;
}

static bool take_tables(struct vectorizer *v, struct arena *arena)
{
	size_t blocks = (size_t)v->ir->n_blocks + 1;

	if (!windows_plan(v->ir, arena, &v->w))
		return false;
	v->values =
		arena_take(arena, vec_special(v, SPECIALS), sizeof(*v->values));
	v->masks = arena_take(arena, blocks, sizeof(*v->masks));
	v->at = arena_take(arena, blocks, sizeof(*v->at));
	v->first = arena_take(arena, blocks, sizeof(*v->first));
	v->behind = arena_take(arena, blocks, sizeof(*v->behind));
	v->reads = arena_take(arena, blocks, sizeof(*v->reads));
	v->is_emptied = arena_take(arena, blocks, sizeof(*v->is_emptied));
	return v->values && v->masks && v->at && v->first && v->behind &&
	       v->reads && v->is_emptied;
}

/* Where it begins. */
static uint32_t write_code(struct vectorizer *v)
{
	uint32_t jump, next;
	bool has_distance;

	x64_ret(v->b);
	x64_pop(v->b, X64_BP);
	x64_mov64(v->b, X64_SP, X64_BP);
	vx_zeroupper(v->b);
	jump = put_next(v);
	next = ab_here(v->b);
	vx_put(v->b, v->width, &vx_store, RESULT, 0, vx_at(X64_SI, 0));
	vec_lower_blocks(v);
	put_first_masks(v);
	vx_put(v->b, v->width, &vx_xor, RESULT, RESULT, vx_reg(RESULT));
	for (uint32_t row = v->w.n_rows; row-- > 0;)
		put_row(v, row);
	has_distance = vec_is_used(v, vec_special(v, DISTANCE));
	put_checks(v, has_distance, next);
	put_packets(v, has_distance);
	x64_jcc_lead(v->b, jump, ab_here(v->b));
	put_begin(v, has_distance);
	return put_constants(v);
}

enum cbpf_err lower_group_x64(const struct ir *ir,
			      const struct lower_tables *tables, unsigned lanes,
			      struct asmbuf *buf, uint32_t *place)
{
	struct vectorizer v = {
		.ir = ir,
		.tables = tables,
		.b = buf,
		.lanes = lanes,
		.width = lanes == 16 ? VX_512 : VX_256,
		.n_slots = 1, /* the first is put_begin()'s */
	};

	uint64_t cost, worth = (uint64_t)WORTH * lanes;

	if (!is_all_plain(&v, &cost) || cost > worth)
		return CBPF_E_UNAVAILABLE;
	if (!take_tables(&v, buf->arena))
		return CBPF_E_NOMEM;
	cost += (uint64_t)v.w.n_rows * ROW + (uint64_t)v.w.n_windows * GATHER;
	if (cost > worth)
		return CBPF_E_UNAVAILABLE;
	v.free = vec_is_wide(&v) ? ~((1u << FIRST_FREE) - 1) : 0xff00;
	v.free_masks = 0xe; /* k1 to k3 */
	vec_look_at_flow(&v);
	*place = write_code(&v);
	if (buf->is_broken)
		return CBPF_E_NOMEM;
	return v.is_refused ? CBPF_E_UNAVAILABLE : CBPF_OK;
}
