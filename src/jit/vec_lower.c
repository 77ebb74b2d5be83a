/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions and edges of a graph, for many packets at a time:
 *
 *	need.bytes 24			vpcmpud k1{k1}, CAP, [24]{1to16}, GE
 *	v1 = load.1 [23]		vpshufb zmm8, COLUMN, [picks byte 3]
 *	branch v1 == 6, b1, b2		vpcmpud k2{k1}, zmm8, [6]{1to16}, EQ
 *					kandnw k3, k2, k1
 *
 * Control flow is predicated: every block has a mask of the packets that are
 * there, made by the edges that lead to it, and the blocks follow each other; a
 * block that reads packets is jumped over, with what it alone leads to, where
 * its mask is empty. Packets that return 0 are in no mask any more.
 */
#include "jit/vec.h"

static enum test test_of(unsigned jump)
{
	switch (jump) {
	case JMP_JEQ:
		return EQ;
	case JMP_JGT:
		return GT;
	case JMP_JGE:
		return GE;
	default: /* JSET */
		return BITS;
	}
}

static enum test not_test(enum test test)
{
	return (enum test)(test ^ 1);
}

/* ---- instructions ------------------------------------------------------- */

static void lower_two(struct vectorizer *v, uint32_t id,
		      const struct vx_row *row)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	unsigned to = vec_made_in(v, id, T0);
	struct vx_rm b = vec_operand(v, insn->b);
	unsigned a = vec_in_register(v, insn->a, T1);

	vx_put(v->b, v->width, row, to, a, b);
	vec_fill(v, a, insn->a);
}

static void lower_shift(struct vectorizer *v, uint32_t id, bool is_left)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	bool clears = v->ir->row->shift_x_clears;
	unsigned to = vec_made_in(v, id, T0);
	unsigned a = vec_in_register(v, insn->a, T1), b;
	uint32_t by;

	if (vec_is_number(v, insn->b, &by)) {
		if (by > 31 && clears)
			vx_put(v->b, v->width, &vx_xor, to, to, vx_reg(to));
		else
			vx_shift_imm(v->b, v->width, is_left ? 6 : 2, to, a,
				     by & 31);
		vec_fill(v, a, insn->a);
		return;
	}
	if (clears) {
		vx_put(v->b, v->width, is_left ? &vx_sllv : &vx_srlv, to, a,
		       vec_operand(v, insn->b));
		vec_fill(v, a, insn->a);
		return;
	}
	vx_put(v->b, v->width, is_left ? &vx_sllv : &vx_srlv, to, a,
	       vx_reg(T2));
	vec_fill(v, a, insn->a);
	b = vec_in_register(v, insn->b, T2);
	vx_put(v->b, v->width, &vx_and, T2, b, vec_number(v, 31));
	vec_fill(v, b, insn->b);
}

/* The wire's, or what was captured where that is 0. */
static void lower_length(struct vectorizer *v, uint32_t id)
{
	unsigned zero = vec_scratch_mask(v, 0);
	struct vx_rm caplen = vec_operand(v, vec_special(v, CAPLEN)), wirelen;
	unsigned to;

	if (v->ir->row->length_is_caplen) {
		vec_put_load(v, vec_made_in(v, id, T0), caplen);
		return;
	}
	wirelen = vec_operand(v, vec_special(v, WIRELEN));
	to = vec_made_in(v, id, T0);
	vec_put_where(v, to, caplen, zero);
	vec_put_load(v, to, vx_reg(T1));
	vec_put_test(v, EQ, zero, T1, vec_number(v, 0), X64_NONE);
	vec_put_load(v, T1, wirelen);
}

/* The number of a load out of what was read. */
static void put_picked(struct vectorizer *v, uint32_t id, uint32_t from)
{
	const struct ir_insn *insn = &v->ir->insns[id];
	unsigned to, source;

	if (!vec_is_used(v, id))
		return;
	to = vec_made_in(v, id, T0);
	source = vec_in_register(v, from, T1);
	vx_put(v->b, v->width, &vx_shuffle, to, source,
	       vec_picks(v, v->w.reads[id].at, insn->size));
	vec_fill(v, source, from);
}

/* Packets that may load and have less than the window: not here. */
static void put_odd(struct vectorizer *v, unsigned fits, unsigned in)
{
	unsigned odd = vec_scratch_mask(v, 1);

	x64_alu(v->b, X64_OR, X64_R9, X64_R10);
	vec_put_bits(v, odd);
	vec_put_without(v, odd, fits, in);
}

/* Which packets of a block have all of a window, in `fits`. */
static void put_fits(struct vectorizer *v, const struct window *w,
		     unsigned fits, unsigned in)
{
	unsigned a, caplen;

	if (w->a == IR_NONE) {
		caplen = vec_in_register(v, vec_special(v, CAPLEN), T0);
		vec_put_test(v, GE, fits, caplen, vec_number(v, w->end), in);
		vec_fill(v, caplen, vec_special(v, CAPLEN));
		return;
	}
	vec_put_test(v, LE, fits, T0, vec_operand(v, vec_special(v, CAPLEN)),
		     in);
	a = vec_in_register(v, w->a, T1);
	vx_put(v->b, v->width, &vx_add, T0, a, vec_number(v, w->end));
	vec_fill(v, a, w->a);
}

/* to = the words that are there, where the mask (which is lost) has it. */
static void put_gather(struct vectorizer *v, unsigned to, unsigned base,
		       unsigned index, unsigned scale, uint32_t disp,
		       unsigned mask)
{
	struct vx_rm at = { .mem = { (uint8_t)base, (uint8_t)index,
				     (int32_t)disp, (uint8_t)scale },
			    .is_mem = true };

	if (vec_is_wide(v))
		vx_evex(v->b, v->width, &vx_gather, to, 0, at, mask);
	else
		vx_vex(v->b, v->width, &vx_gather, to, mask, at);
	vx_put(v->b, v->width, &vx_xor, to, to, vx_reg(to));
}

static void put_window(struct vectorizer *v, uint32_t which)
{
	const struct window *w = &v->w.windows[which];
	const struct ir_insn *leader = &v->ir->insns[w->leader];
	unsigned fits = vec_scratch_mask(v, 0);
	/* not where the window will be: it is there until that is */
	unsigned distance = vec_in_register(v, vec_special(v, DISTANCE), T1);
	unsigned to = vec_made_in(v, vec_window_value(v, which), T0);
	unsigned index, in;

	index = w->a == IR_NONE ? distance : T1;
	put_gather(v, to, X64_AX, index, 0, w->low, fits);
	if (w->a != IR_NONE)
		vx_put(v->b, v->width, &vx_add, T1, distance,
		       vec_operand(v, w->a));
	vec_fill(v, distance, vec_special(v, DISTANCE));
	in = vec_mask_of(v, leader->block, vec_scratch_mask(v, 2));
	if (leader->op == IR_LOAD_ZERO) {
		put_fits(v, w, fits, in);
	} else if (w->is_guarded) {
		vec_put_same(v, fits, in);
	} else {
		put_odd(v, fits, in);
		put_fits(v, w, fits, in);
	}
	vec_fill_mask(v, in, leader->block);
}

static void lower_load(struct vectorizer *v, uint32_t id)
{
	const struct read *read = &v->w.reads[id];
	uint32_t block = v->ir->insns[id].block;
	unsigned in;

	if (read->kind == READ_COLUMN) {
		put_picked(v, id, vec_column_value(v, read->which));
		return;
	}
	put_picked(v, id, vec_window_value(v, read->which));
	if (v->w.windows[read->which].leader != id ||
	    !vec_is_used(v, vec_window_value(v, read->which)))
		return;
	put_window(v, read->which);
	if (v->reads[block] != id)
		return;
	in = vec_mask_of(v, block, vec_scratch_mask(v, 2));
	vec_put_jump_if_none(v, in, v->at[v->behind[block]]);
	vec_fill_mask(v, in, block);
}

/* The mask of the block less those that do not pass. */
static void lower_guard(struct vectorizer *v, const struct ir_insn *insn)
{
	unsigned in, a;
	uint32_t k;

	if (insn->op == IR_NEED_BYTES && insn->k <= windows_rows_end(&v->w))
		return;
	if (insn->op == IR_NEED_VALUE && vec_is_number(v, insn->a, &k) &&
	    k != 0)
		return;
	in = vec_mask_of(v, insn->block, vec_scratch_mask(v, 0));
	vec_spill_mask(v, in, insn->block);
	if (insn->op == IR_NEED_BYTES) {
		a = vec_in_register(v, vec_special(v, CAPLEN), T1);
		vec_put_test(v, GE, in, a, vec_number(v, insn->k), in);
		vec_fill(v, a, vec_special(v, CAPLEN));
	} else if (insn->op == IR_NEED_IND) {
		vec_put_test(v, LE, in, T0,
			     vec_operand(v, vec_special(v, CAPLEN)), in);
		a = vec_in_register(v, insn->a, T1);
		vx_put(v->b, v->width, &vx_add, T0, a,
		       vec_number(v, insn->k + insn->size));
		vec_fill(v, a, insn->a);
	} else {
		a = vec_in_register(v, insn->a, T1);
		vec_put_test(v, NE, in, a, vec_number(v, 0), in);
		vec_fill(v, a, insn->a);
	}
	vec_fill_mask(v, in, insn->block);
}

static void lower_insn(struct vectorizer *v, uint32_t id)
{
	static const struct vx_row *const rows[IR_OPS] = {
		[IR_ADD] = &vx_add, [IR_SUB] = &vx_sub, [IR_MUL] = &vx_mul,
		[IR_AND] = &vx_and, [IR_OR] = &vx_or,	[IR_XOR] = &vx_xor,
	};
	const struct ir_insn *insn = &v->ir->insns[id];

	if (ir_rows[insn->op].does == IR_GUARD) {
		lower_guard(v, insn);
		return;
	}
	if (v->w.reads[id].kind != READ_NONE) {
		lower_load(v, id);
		return;
	}
	if (!vec_is_used(v, id) || insn->op == IR_PARAM)
		return;
	if (insn->op == IR_LEN)
		lower_length(v, id);
	else if (insn->op == IR_LSH || insn->op == IR_RSH)
		lower_shift(v, id, insn->op == IR_LSH);
	else if (rows[insn->op])
		lower_two(v, id, rows[insn->op]);
	else
		v->is_refused = true;
}

/* ---- edges -------------------------------------------------------------- */

static uint32_t target(const struct vectorizer *v, uint32_t edge)
{
	return v->ir->edges[edge].to;
}

/* Whether anyone asks which packets go there. */
static bool is_asked(const struct vectorizer *v, uint32_t edge)
{
	return v->masks[target(v, edge)].kind != IN_NOTHING;
}

/* Parameters become the arguments, where the mask has it; all of them by the
 * edge that is met first. */
static void put_arguments(struct vectorizer *v, uint32_t edge, unsigned mask)
{
	const struct ir_edge *e = &v->ir->edges[edge];
	const struct ir_block *to = &v->ir->blocks[e->to];
	bool is_first = v->first[e->to] == edge;
	uint32_t param = to->first;

	for (uint32_t i = 0; i < to->n_params;
	     i++, param = v->ir->insns[param].next) {
		const struct spot *spot = &v->values[param];
		unsigned reg = spot->kind == IN_REGISTER ? spot->reg : T0;
		struct vx_rm arg;

		if (spot->kind == IN_NOTHING)
			continue;
		arg = vec_operand(v, v->ir->args[e->args + i]);
		if (spot->kind == IN_FRAME)
			vx_put(v->b, v->width, &vx_store, reg, 0,
			       vec_slot(v, spot->slot));
		if (is_first) {
			vec_put_load(v, reg, arg);
			continue;
		}
		vec_put_where(v, reg, arg, mask);
		if (spot->kind == IN_FRAME)
			vec_put_load(v, reg, vec_slot(v, spot->slot));
	}
	if (!is_first)
		return;
	param = to->first;
	for (uint32_t i = 0; i < to->n_params;
	     i++, param = v->ir->insns[param].next)
		if (v->values[param].kind == IN_REGISTER)
			v->free |= 1u << v->values[param].reg;
}

/* The mask in which to make those that go by an edge: that of where it leads,
 * if nothing is there yet. */
static unsigned made_for(struct vectorizer *v, uint32_t edge, unsigned scratch)
{
	const struct spot *spot = &v->masks[target(v, edge)];

	return v->first[target(v, edge)] == edge && spot->kind == IN_REGISTER
		       ? spot->reg
		       : scratch;
}

/* The packets of a mask go by an edge; spare is a scratch mask. */
static void put_edge(struct vectorizer *v, uint32_t edge, unsigned mask,
		     unsigned spare)
{
	uint32_t to = target(v, edge);
	struct spot *spot = &v->masks[to];
	unsigned there;

	put_arguments(v, edge, mask);
	if (v->first[to] == edge) {
		vec_spill_mask(v, mask, to);
		if (spot->kind == IN_REGISTER)
			vec_put_same(v, spot->reg, mask);
		return;
	}
	there = vec_mask_of(v, to, spare);
	vec_spill_mask(v, there, to);
	vec_put_or(v, there, there, mask);
	vec_fill_mask(v, there, to);
}

/* Going back, nothing is in a mask before the first edge; it is free, unless it
 * is emptied at the begin. */
static void end_edge(struct vectorizer *v, uint32_t edge)
{
	const struct spot *spot = &v->masks[target(v, edge)];

	if (v->first[target(v, edge)] == edge && spot->kind == IN_REGISTER &&
	    !v->is_emptied[target(v, edge)])
		*vec_free_masks(v) |= 1u << spot->reg;
}

static void lower_branch(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	uint32_t yes_edge = block->edges, no_edge = block->edges + 1;
	bool has_yes = is_asked(v, yes_edge), has_no = is_asked(v, no_edge);
	enum test test = test_of(block->test);
	unsigned in, yes, no, a;
	struct vx_rm b;

	if (!has_yes && !has_no)
		return;
	in = vec_mask_of(v, id, vec_scratch_mask(v, 2));
	yes = made_for(v, yes_edge, vec_scratch_mask(v, 0));
	no = made_for(v, no_edge, vec_scratch_mask(v, 1));
	if (has_no)
		put_edge(v, no_edge, no, vec_scratch_mask(v, 3));
	if (has_yes)
		put_edge(v, yes_edge, yes, vec_scratch_mask(v, 3));
	if (has_no && has_yes)
		vec_put_without(v, no, yes, in);
	b = vec_operand(v, block->b);
	a = vec_in_register(v, block->a, T1);
	if (has_yes)
		vec_put_test(v, test, yes, a, b, in);
	else
		vec_put_test(v, not_test(test), no, a, b, in);
	vec_fill(v, a, block->a);
	vec_fill_mask(v, in, id);
	end_edge(v, yes_edge);
	end_edge(v, no_edge);
}

/* Those whose number is in a range. */
static void put_range(struct vectorizer *v, unsigned to, unsigned a,
		      uint32_t first, uint32_t last, unsigned in)
{
	if (first == last) {
		vec_put_test(v, EQ, to, a, vec_number(v, first), in);
		return;
	}
	if (first == 0) {
		vec_put_test(v, LE, to, a, vec_number(v, last), in);
		return;
	}
	if (last == UINT32_MAX) {
		vec_put_test(v, GE, to, a, vec_number(v, first), in);
		return;
	}
	vec_put_test(v, LE, to, a, vec_number(v, last), to);
	vec_put_test(v, GE, to, a, vec_number(v, first), in);
}

/* Those that go by an edge of a switch, in `to`; the ranges from the last. */
static void put_ranges(struct vectorizer *v, const struct ir_block *block,
		       uint32_t edge, unsigned to, unsigned a, unsigned in)
{
	const struct ir_range *ranges = v->ir->ranges + block->ranges;
	unsigned one = vec_scratch_mask(v, 1);
	uint32_t left = 0;

	for (uint32_t i = 0; i < block->n_ranges; i++)
		left += ranges[i].edge == edge;
	for (uint32_t i = block->n_ranges; i-- > 0;) {
		if (ranges[i].edge != edge)
			continue;
		left--;
		if (left)
			vec_put_or(v, to, to, one);
		put_range(v, left ? one : to, a, ranges[i].first,
			  ir_last_of(ranges, block->n_ranges, i), in);
	}
}

/* The edge with most ranges: of those that no other takes. */
static uint32_t other_edge(const struct vectorizer *v,
			   const struct ir_block *block)
{
	const struct ir_range *ranges = v->ir->ranges + block->ranges;
	uint32_t best = 0, most = 0;

	for (uint32_t e = 0; e < block->n_edges; e++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < block->n_ranges; i++)
			n += ranges[i].edge == e;
		if (n > most) {
			most = n;
			best = e;
		}
	}
	return best;
}

/* Those of a hash that are in one of two places; R11 is where it is. */
static void put_look(struct vectorizer *v, const struct table *t,
		     unsigned which, unsigned to, unsigned a, unsigned in)
{
	unsigned mask = vec_scratch_mask(v, 3);

	vec_put_test(v, EQ, to, T0, vx_reg(a), in);
	put_gather(v, T0, X64_R11, T2, 2, 0, mask);
	vec_put_same(v, mask, in);
	vx_shift_imm(v->b, v->width, 2, T2, T2, t->shift);
	vx_put(v->b, v->width, &vx_mul, T2, a,
	       vec_number(v, t->factors[which]));
}

/* Those whose number is in a bitmap; a is no scratch but T1, and is lost. */
static void put_bits_of(struct vectorizer *v, const struct table *t,
			unsigned to, unsigned a, unsigned in)
{
	unsigned inside = vec_scratch_mask(v, 3), mask = vec_scratch_mask(v, 1);

	vec_put_test(v, BITS, to, T0, vec_number(v, 1), inside);
	vx_put(v->b, v->width, &vx_srlv, T0, T0, vx_reg(T1));
	vx_put(v->b, v->width, &vx_and, T1, T1, vec_number(v, 31));
	put_gather(v, T0, X64_R11, T2, 2, 0, mask);
	vx_shift_imm(v->b, v->width, 2, T2, T1, 5);
	vec_put_same(v, mask, inside);
	vec_put_test(v, LE, inside, T1, vec_number(v, t->span), in);
	vx_put(v->b, v->width, &vx_sub, T1, a, vec_number(v, t->low));
}

static void put_set(struct vectorizer *v, const struct table *t, uint32_t place,
		    unsigned to, unsigned a, unsigned in)
{
	if (t->kind == TABLE_BITMAP) {
		put_bits_of(v, t, to, a, in);
	} else {
		vec_put_or(v, to, to, vec_scratch_mask(v, 1));
		put_look(v, t, 1, to, a, in);
		put_look(v, t, 0, vec_scratch_mask(v, 1), a, in);
	}
	x64_lea_rip(v->b, X64_R11, place);
}

static void lower_set(struct vectorizer *v, uint32_t id, const struct table *t)
{
	const struct ir_block *block = &v->ir->blocks[id];
	uint32_t yes_edge = block->edges + t->yes;
	uint32_t no_edge = block->edges + t->no;
	bool has_yes = is_asked(v, yes_edge), has_no = is_asked(v, no_edge);
	unsigned in, yes, no, a;

	if (!has_yes && !has_no)
		return;
	in = vec_mask_of(v, id, vec_scratch_mask(v, 2));
	yes = has_yes ? made_for(v, yes_edge, vec_scratch_mask(v, 0))
		      : vec_scratch_mask(v, 0);
	no = made_for(v, no_edge, vec_scratch_mask(v, 1));
	if (has_no)
		put_edge(v, no_edge, no, vec_scratch_mask(v, 3));
	if (has_yes)
		put_edge(v, yes_edge, yes, vec_scratch_mask(v, 3));
	if (has_no)
		vec_put_without(v, no, yes, in);
	a = vec_in_register(v, block->a, T1);
	put_set(v, t, v->tables->at[id], yes, a, in);
	vec_fill(v, a, block->a);
	vec_fill_mask(v, in, id);
	end_edge(v, yes_edge);
	end_edge(v, no_edge);
}

static void lower_switch(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	uint32_t other = other_edge(v, block), n_made = 0, made = 0;
	bool has_other = is_asked(v, block->edges + other);
	unsigned rest = vec_scratch_mask(v, 3), one = vec_scratch_mask(v, 0);
	unsigned in = vec_mask_of(v, id, vec_scratch_mask(v, 2));
	unsigned a = vec_in_register(v, block->a, T1);

	for (uint32_t e = 0; e < block->n_edges; e++)
		n_made += e != other &&
			  (has_other || is_asked(v, block->edges + e));
	if (has_other) {
		put_edge(v, block->edges + other, one, vec_scratch_mask(v, 1));
		vec_put_without(v, one, rest, in);
	}
	for (uint32_t e = block->n_edges; e-- > 0;) {
		bool has = is_asked(v, block->edges + e);

		if (e == other || (!has && !has_other))
			continue;
		made++;
		if (has_other && made < n_made)
			vec_put_or(v, rest, rest, one);
		else if (has_other)
			vec_put_same(v, rest, one);
		if (has)
			put_edge(v, block->edges + e, one,
				 vec_scratch_mask(v, 1));
		put_ranges(v, block, e, one, a, in);
	}
	vec_fill(v, a, block->a);
	vec_fill_mask(v, in, id);
	for (uint32_t e = 0; e < block->n_edges; e++)
		end_edge(v, block->edges + e);
}

/* ---- blocks ------------------------------------------------------------- */

static void lower_end(struct vectorizer *v, uint32_t id)
{
	const struct ir_block *block = &v->ir->blocks[id];
	unsigned in;
	uint32_t k;

	switch ((enum ir_end)block->end) {
	case IR_RET:
		if (vec_is_number(v, block->a, &k) && k == 0)
			return; /* as they did all the time */
		in = vec_mask_of(v, id, vec_scratch_mask(v, 2));
		vec_put_where(v, RESULT, vec_operand(v, block->a), in);
		vec_fill_mask(v, in, id);
		return;
	case IR_JUMP:
		if (!is_asked(v, block->edges))
			return;
		in = vec_mask_of(v, id, vec_scratch_mask(v, 2));
		put_edge(v, block->edges, in, vec_scratch_mask(v, 3));
		vec_fill_mask(v, in, id);
		end_edge(v, block->edges);
		return;
	case IR_BRANCH:
		lower_branch(v, id);
		return;
	case IR_SWITCH:
		if (v->tables->tables[id].kind != TABLE_NONE)
			lower_set(v, id, &v->tables->tables[id]);
		else
			lower_switch(v, id);
		return;
	}
}

void vec_lower_blocks(struct vectorizer *v)
{
	v->at[v->ir->n_blocks] = ab_here(v->b);
	for (uint32_t id = v->ir->n_blocks; id-- > 0;) {
		if (ir_is_reached(v->ir, id)) {
			lower_end(v, id);
			for (uint32_t i = v->ir->blocks[id].last; i != IR_NONE;
			     i = v->ir->insns[i].prev)
				lower_insn(v, i);
		}
		v->at[id] = ab_here(v->b);
	}
}

/* ---- flow -------------------------------------------------------------- */

/* The first block behind one to which not all ways lead through that one. */
static uint32_t find_behind(const struct ir *ir, uint32_t id)
{
	uint32_t next = id + 1;

	for (; next < ir->n_blocks; next++)
		for (uint32_t e = ir->blocks[next].in; e != IR_NONE;
		     e = ir->edges[e].next_in)
			if (ir->edges[e].from < id)
				return next;
	return next;
}

/* Whether packets go by edge a before they go by b, of those to one block. */
static bool comes_before(const struct vectorizer *v, uint32_t a, uint32_t b)
{
	uint32_t from = v->ir->edges[a].from;
	const struct ir_block *block = &v->ir->blocks[from];

	if (from != v->ir->edges[b].from)
		return from < v->ir->edges[b].from;
	if (block->end == IR_SWITCH) { /* the rest comes last */
		uint32_t rest = block->edges + other_edge(v, block);

		if (a == rest || b == rest)
			return b == rest;
	}
	return a < b;
}

void vec_look_at_flow(struct vectorizer *v)
{
	const struct ir *ir = v->ir;

	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		v->first[id] = v->reads[id] = IR_NONE;
		for (uint32_t e = ir->blocks[id].in; e != IR_NONE;
		     e = ir->edges[e].next_in)
			if (v->first[id] == IR_NONE ||
			    comes_before(v, e, v->first[id]))
				v->first[id] = e;
		v->behind[id] = find_behind(ir, id);
	}
	for (uint32_t i = v->w.n_windows; i-- > 0;) {
		uint32_t leader = v->w.windows[i].leader;

		v->reads[ir->insns[leader].block] = leader;
	}
	for (uint32_t id = 1; id < ir->n_blocks; id++) {
		uint32_t from = v->first[id] == IR_NONE
					? id
					: ir->edges[v->first[id]].from;

		for (uint32_t over = 0; over <= from; over++)
			v->is_emptied[id] |= v->reads[over] != IR_NONE &&
					     from < v->behind[over] &&
					     v->behind[over] <= id;
	}
}
