/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tail merging by value: of two parts of the graph that do the same one is
 * left, be it with different values; those come as parameters.
 *
 *	b1:	v4 = load.2 [54]	b1:	v4 = load.2 [54]
 *		branch v4 == 80, b8, b2		jump b4(v4)
 *	b2:	branch v4 == 443, b8, b9 ->
 *	b3:	v6 = load.2 [20]	b3:	v6 = load.2 [20]
 *		branch v6 == 80, b8, b4		jump b4(v6)
 *	b4:	branch v6 == 443, b8, b9 b4(v9): branch v9 == 80, b8, b5
 *					b5:	branch v9 == 443, b8, b9
 *
 * Each block has a number made of what it and all behind it do, the values it
 * did not make itself left out. Blocks of one number are compared in step, from
 * the first on, so that the largest parts are found; what is different is noted
 * for each value. The part that stands later stays: edges lead forward. First
 * go parts that need no parameters, then, where short is wanted, those that do,
 * if more is saved than they cost; for these, blocks are split where others may
 * go on alike, and loads at constants may be loads behind a base, which is a
 * constant then: of IPv6 and IPv4 the ports are tested in one place.
 *
 * Two passes in the order of the blocks; what a merging leaves without a way
 * there is taken away, so that there are fewer blocks after each: it ends. The
 * blocks compared and the edges led elsewhere are counted, and with more than
 * WORK_MAX of each it is given up.
 */
#include <string.h>

#include "ir/ir.h"

#define PARAMS_MAX 4  /* values that may be different */
#define TRIES_MAX  4  /* parts with which one is compared */
#define WORK_MAX   16 /* blocks compared, edges moved, for each that there is */

struct merger {
	struct ir *ir;
	struct arena *arena;
	uint64_t *hash;		/* by block */
	uint32_t *first, *next; /* blocks by hash, the last met first */
	uint32_t n_slots;
	uint32_t zero;	   /* the constant */
	uint64_t work;	   /* blocks that may still be compared */
	uint64_t moves;	   /* edges that may still be led elsewhere */
	bool takes_params; /* parts with different values are merged, too */

	/* one comparison: parts that begin with from and to */
	uint32_t from, to;
	uint32_t *twin;	   /* by block of the one: of the other, or IR_NONE */
	uint32_t *image;   /* by value of the one: of the other, or IR_NONE */
	uint32_t *origin;  /* the other way round */
	uint32_t *matched; /* blocks that have a twin */
	uint32_t n_matched;
	uint32_t *mapped; /* values that have an image */
	uint32_t n_mapped;
	uint32_t differ[PARAMS_MAX]; /* values of the one from outside it, whose
				      * images are others */
	uint32_t n_differ;
	/* loads at constants may be loads behind a base, whose value is one
	 * constant for all of them; base: IR_NONE, or that of the other part */
	uint32_t base, base_k;
	uint32_t *same; /* by value: itself, but while some are renamed */
};

/* ---- numbers ------------------------------------------------------------ */

/* Constants count; what the block has not made itself does not. */
static uint64_t hash_value(const struct merger *m, uint32_t id, uint32_t value)
{
	uint32_t k;

	if (value == IR_NONE)
		return 1;
	if (ir_is_const(m->ir, value, &k))
		return 2 + (uint64_t)k;
	return m->ir->insns[value].block == id ? 3 : 4;
}

/* Loads and guards that may be at constants, or behind a base. */
static bool is_of_packet(unsigned op)
{
	return op == IR_LOAD || op == IR_LOAD_IND || op == IR_NEED_BYTES ||
	       op == IR_NEED_IND;
}

static uint64_t hash_ranges(const struct ir *ir, const struct ir_block *block)
{
	uint64_t h = block->n_ranges;

	for (uint32_t i = block->ranges; i < block->ranges + block->n_ranges;
	     i++) {
		h = ir_mix(h, ir->ranges[i].first);
		h = ir_mix(h, ir->ranges[i].edge);
	}
	return h;
}

static uint64_t hash_block(const struct merger *m, uint32_t id)
{
	const struct ir *ir = m->ir;
	const struct ir_block *block = &ir->blocks[id];
	uint64_t h = ir_mix(block->end, block->n_params);

	for (uint32_t i = block->first; i != IR_NONE; i = ir->insns[i].next) {
		const struct ir_insn *insn = &ir->insns[i];

		if (insn->op == IR_CONST)
			continue;
		if (m->takes_params && is_of_packet(insn->op)) {
			/* guards may be there or not; loads say all */
			if (ir_rows[insn->op].does != IR_GUARD)
				h = ir_mix(h, insn->size);
			continue;
		}
		h = ir_mix(h, (uint64_t)insn->op << 8 | insn->size);
		h = ir_mix(h, insn->k);
		h = ir_mix(h, hash_value(m, id, insn->a));
		h = ir_mix(h, hash_value(m, id, insn->b));
	}
	if (block->end == IR_BRANCH)
		h = ir_mix(h, block->test);
	if (block->end == IR_SWITCH)
		h = ir_mix(h, hash_ranges(ir, block));
	h = ir_mix(h, hash_value(m, id, block->a));
	h = ir_mix(h, hash_value(m, id, block->b));
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		h = ir_mix(h, m->hash[ir->edges[e].to]);
	return h;
}

/* ---- two parts in step -------------------------------------------------- */

static void map_value(struct merger *m, uint32_t a, uint32_t b)
{
	m->image[a] = b;
	m->origin[b] = a;
	m->mapped[m->n_mapped++] = a;
}

/* Whether two values can stand for each other. */
static bool match_value(struct merger *m, uint32_t a, uint32_t b)
{
	const struct ir *ir = m->ir;
	uint32_t k;

	if (a == IR_NONE || b == IR_NONE)
		return a == b;
	if (b == m->base)
		return false;
	if (m->image[a] != IR_NONE || m->origin[b] != IR_NONE)
		return m->image[a] == b;
	if (ir_is_const(ir, a, &k) || ir_is_const(ir, b, &k))
		return a == b;
	if (a != b) {
		if (m->n_differ == PARAMS_MAX)
			return false;
		m->differ[m->n_differ++] = a;
	}
	map_value(m, a, b);
	return true;
}

/* A constant offset of the one part is k behind a base of the other. */
static bool match_base(struct merger *m, uint32_t offset, uint32_t base,
		       uint32_t k)
{
	if (offset < k)
		return false;
	if (m->base != IR_NONE)
		return base == m->base && offset - k == m->base_k;
	if (m->origin[base] != IR_NONE)
		return false;
	m->base = base;
	m->base_k = offset - k;
	return true;
}

static bool match_insn(struct merger *m, const struct ir_insn *a,
		       const struct ir_insn *b)
{
	if (a->op == IR_LOAD && b->op == IR_LOAD_IND)
		return m->takes_params && a->size == b->size &&
		       match_base(m, a->k, b->a, b->k);
	if (a->op == IR_NEED_BYTES && b->op == IR_NEED_IND)
		return m->takes_params && a->k >= b->size &&
		       match_base(m, a->k - b->size, b->a, b->k);
	return a->op == b->op && a->size == b->size && a->k == b->k &&
	       match_value(m, a->a, b->a) && match_value(m, a->b, b->b);
}

/* A guard that the one part does not need: its bytes are there, as it loads. */
static bool is_extra_guard(const struct ir *ir, const struct ir_insn *a,
			   const struct ir_insn *b)
{
	const struct ir_insn *load;

	if (a->op != IR_LOAD || b->op != IR_NEED_IND || b->next == IR_NONE)
		return false;
	load = &ir->insns[b->next];
	return load->op == IR_LOAD_IND && load->a == b->a && load->k == b->k &&
	       load->size == b->size;
}

static bool match_insns(struct merger *m, uint32_t a, uint32_t b)
{
	const struct ir_insn *insns = m->ir->insns;
	uint32_t i = m->ir->blocks[a].first, j = m->ir->blocks[b].first;

	/* constants, at the head of the first block, are nobody's */
	while (i != IR_NONE && insns[i].op == IR_CONST)
		i = insns[i].next;
	while (i != IR_NONE && j != IR_NONE) {
		if (is_extra_guard(m->ir, &insns[i], &insns[j])) {
			j = insns[j].next;
			continue;
		}
		if (!match_insn(m, &insns[i], &insns[j]))
			return false;
		map_value(m, i, j);
		i = insns[i].next;
		j = insns[j].next;
	}
	return i == j;
}

static bool match_edges(struct merger *m, uint32_t a, uint32_t b)
{
	const struct ir *ir = m->ir;
	const struct ir_edge *ea = &ir->edges[ir->blocks[a].edges];
	const struct ir_edge *eb = &ir->edges[ir->blocks[b].edges];

	for (uint32_t i = 0; i < ir->blocks[a].n_edges; i++, ea++, eb++) {
		uint32_t n = ir->blocks[ea->to].n_params;

		if (n != ir->blocks[eb->to].n_params)
			return false;
		for (uint32_t p = 0; p < n; p++)
			if (!match_value(m, ir->args[ea->args + p],
					 ir->args[eb->args + p]))
				return false;
		if (ea->to == eb->to)
			continue;
		if (m->twin[ea->to] != IR_NONE) {
			if (m->twin[ea->to] != eb->to)
				return false;
			continue;
		}
		if (m->hash[ea->to] != m->hash[eb->to])
			return false;
		m->twin[ea->to] = eb->to;
		m->matched[m->n_matched++] = ea->to;
	}
	return true;
}

static bool is_same_switch(const struct ir *ir, const struct ir_block *x,
			   const struct ir_block *y)
{
	return x->n_ranges == y->n_ranges &&
	       memcmp(ir->ranges + x->ranges, ir->ranges + y->ranges,
		      x->n_ranges * sizeof(*ir->ranges)) == 0;
}

static bool match_blocks(struct merger *m, uint32_t a, uint32_t b)
{
	const struct ir_block *x = &m->ir->blocks[a], *y = &m->ir->blocks[b];

	return x->end == y->end && x->n_edges == y->n_edges &&
	       x->n_params == y->n_params &&
	       (x->end != IR_BRANCH || x->test == y->test) &&
	       (x->end != IR_SWITCH || is_same_switch(m->ir, x, y)) &&
	       match_insns(m, a, b) && match_value(m, x->a, y->a) &&
	       match_value(m, x->b, y->b) && match_edges(m, a, b);
}

/* Compares the parts that begin with two blocks. */
static bool match_parts(struct merger *m, uint32_t from, uint32_t to)
{
	m->from = from;
	m->to = to;
	m->n_matched = m->n_mapped = m->n_differ = 0;
	m->base = IR_NONE;
	m->twin[from] = to;
	m->matched[m->n_matched++] = from;
	for (uint32_t i = 0; i < m->n_matched; i++) {
		if (m->work == 0 ||
		    !match_blocks(m, m->matched[i], m->twin[m->matched[i]]))
			return false;
		m->work--;
	}
	return true;
}

static void forget(struct merger *m)
{
	for (uint32_t i = 0; i < m->n_matched; i++)
		m->twin[m->matched[i]] = IR_NONE;
	for (uint32_t i = 0; i < m->n_mapped; i++) {
		m->origin[m->image[m->mapped[i]]] = IR_NONE;
		m->image[m->mapped[i]] = IR_NONE;
	}
}

/* ---- what it is worth --------------------------------------------------- */

/* Instructions that it is written as, about. */
static uint32_t size_of(const struct ir *ir, uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	uint32_t size = block->end == IR_SWITCH ? 1 + block->n_ranges / 2 : 1;

	for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
	     i = ir->insns[i].next)
		size += ir_rows[ir->insns[i].op].does != IR_GUARD &&
			ir->insns[i].op != IR_CONST &&
			ir->insns[i].op != IR_PARAM;
	return size;
}

/* Whether all that leads to a block comes from blocks of a list. */
static bool is_closed(const struct ir *ir, uint32_t id, const bool *in_list)
{
	for (uint32_t e = ir->blocks[id].in; e != IR_NONE;
	     e = ir->edges[e].next_in)
		if (!in_list[ir->edges[e].from])
			return false;
	return true;
}

/* What goes away: of the one part, what nothing else leads into. */
static uint32_t gain_of(const struct merger *m, bool *gone)
{
	uint32_t gain = 0;

	memset(gone, 0, m->ir->n_blocks);
	for (uint32_t i = 0; i < m->n_matched; i++) {
		uint32_t id = m->matched[i];

		if (i > 0 && !is_closed(m->ir, id, gone))
			continue;
		gone[id] = true;
		gain += size_of(m->ir, id);
	}
	return gain;
}

/* The first block of the other part wants the value in a register first. */
static bool comes_in_a(const struct merger *m, uint32_t value)
{
	const struct ir *ir = m->ir;
	const struct ir_block *block = &ir->blocks[m->to];
	uint32_t other = m->image[value];

	for (uint32_t i = block->first; i != IR_NONE; i = ir->insns[i].next)
		if (ir_rows[ir->insns[i].op].operands > 0)
			return ir->insns[i].a == other;
	return block->end != IR_JUMP && block->a == other;
}

/* What an edge costs that brings the values; *jumps: it may be fallen into. */
static uint32_t cost_of_edge(const struct merger *m, uint32_t edge,
			     const uint32_t *values, bool *jumps)
{
	const struct ir_block *from = &m->ir->blocks[m->ir->edges[edge].from];
	uint32_t cost = 0;

	if (m->base != IR_NONE)
		cost += m->ir->edges[edge].to == m->from;
	for (uint32_t i = 0; i < m->n_differ; i++)
		if (!comes_in_a(m, m->differ[i]))
			cost += 2;
		else if (from->end == IR_BRANCH && from->a != values[i])
			cost++;
	*jumps |= from->end == IR_JUMP;
	return cost + (cost || from->end == IR_JUMP);
}

static uint32_t cost_of(const struct merger *m)
{
	uint32_t cost = 0, images[PARAMS_MAX] = { 0 };
	bool jumps = false;

	for (uint32_t i = 0; i < m->n_differ; i++) {
		images[i] = m->image[m->differ[i]];
		cost += !comes_in_a(m, m->differ[i]);
	}
	for (uint32_t e = m->ir->blocks[m->from].in; e != IR_NONE;
	     e = m->ir->edges[e].next_in)
		cost += cost_of_edge(m, e, m->differ, &jumps);
	for (uint32_t e = m->ir->blocks[m->to].in; e != IR_NONE;
	     e = m->ir->edges[e].next_in)
		cost += cost_of_edge(m, e, images, &jumps);
	return cost - jumps;
}

/* Parameters are seen in the part alone if nothing else leads into it. */
static bool is_other_closed(const struct merger *m, bool *in_list)
{
	memset(in_list, 0, m->ir->n_blocks);
	for (uint32_t i = 0; i < m->n_matched; i++)
		in_list[m->twin[m->matched[i]]] = true;
	for (uint32_t i = 1; i < m->n_matched; i++)
		if (!is_closed(m->ir, m->twin[m->matched[i]], in_list))
			return false;
	return true;
}

/* Whether as many edges may still be led elsewhere as this takes. */
static bool may_move(struct merger *m)
{
	for (uint32_t e = m->ir->blocks[m->from].in; e != IR_NONE;
	     e = m->ir->edges[e].next_in) {
		if (m->moves == 0)
			return false;
		m->moves--;
	}
	return true;
}

static bool is_worth_it(const struct merger *m, bool *list)
{
	if (m->n_differ == 0 && m->base == IR_NONE)
		return true;
	return m->takes_params && is_other_closed(m, list) &&
	       gain_of(m, list) > cost_of(m);
}

/* ---- merging ------------------------------------------------------------ */

/* Values that are different become parameters of the part that stays. */
static void add_params(struct merger *m)
{
	struct ir *ir = m->ir;
	uint32_t olds[PARAMS_MAX + 1], params[PARAMS_MAX + 1], n = 0;

	for (uint32_t i = 0; i < m->n_differ; i++)
		olds[n++] = m->image[m->differ[i]];
	if (m->base != IR_NONE)
		olds[n++] = m->base;
	for (uint32_t i = 0; i < n; i++)
		params[i] = ir_add_param(ir, m->to, olds[i]);
	if (ir->is_broken)
		return;
	for (uint32_t i = 0; i < n; i++)
		m->same[olds[i]] = params[i];
	for (uint32_t i = 0; n && i < m->n_matched; i++)
		ir_rename_block(ir, m->twin[m->matched[i]], m->same);
	for (uint32_t i = 0; i < n; i++)
		m->same[olds[i]] = olds[i];
}

/* What leads to the one part leads to the other, with its own values. */
static bool lead_over(struct merger *m)
{
	struct ir *ir = m->ir;
	uint32_t n_own = ir->blocks[m->from].n_params, e;
	uint32_t *args =
		arena_take(m->arena, n_own + PARAMS_MAX + 1, sizeof(*args));

	if (!args)
		return false;
	memcpy(args + n_own, m->differ, m->n_differ * sizeof(*args));
	if (m->base != IR_NONE)
		args[n_own + m->n_differ] = ir_const(ir, m->base_k);
	while ((e = ir->blocks[m->from].in) != IR_NONE && !ir->is_broken) {
		if (n_own)
			memcpy(args, ir->args + ir->edges[e].args,
			       n_own * sizeof(*args));
		ir_lead(ir, e, m->to, args);
	}
	return !ir->is_broken;
}

/* What nothing leads to any more leads nowhere, and what that led to. */
static void cut_off(struct merger *m)
{
	bool is_over = false;

	while (!is_over) {
		is_over = true;
		for (uint32_t i = 0; i < m->n_matched; i++) {
			const struct ir_block *block =
				&m->ir->blocks[m->matched[i]];

			if (block->in != IR_NONE || !block->n_edges)
				continue;
			ir_return(m->ir, m->matched[i], m->zero);
			is_over = false;
		}
	}
}

/* Looks for a part that does what one does which begins at a block. */
static void merge_at(struct merger *m, uint32_t id, bool *list)
{
	uint32_t slot = (uint32_t)(m->hash[id] >> 32) & (m->n_slots - 1);
	unsigned tries = 0;

	for (uint32_t other = m->first[slot];
	     other != IR_NONE && tries < TRIES_MAX; other = m->next[other]) {
		bool is_merged;

		if (m->hash[other] != m->hash[id] ||
		    m->ir->blocks[other].in == IR_NONE)
			continue;
		tries++;
		is_merged = match_parts(m, other, id) && is_worth_it(m, list) &&
			    may_move(m);
		if (is_merged) {
			add_params(m);
			if (!m->ir->is_broken && lead_over(m))
				cut_off(m);
			else
				m->ir->is_broken = true;
		}
		forget(m);
		if (m->ir->is_broken)
			return;
	}
	m->next[id] = m->first[slot];
	m->first[slot] = id;
}

static void merge_all(struct merger *m, bool *list)
{
	memset(m->first, 0xff, m->n_slots * sizeof(*m->first));
	for (uint32_t id = 0; id < m->ir->n_blocks && !m->ir->is_broken; id++)
		if (ir_is_reached(m->ir, id))
			merge_at(m, id, list);
}

/* ---- all of it ---------------------------------------------------------- */

static bool take_tables(struct merger *m, struct arena *arena)
{
	const uint32_t blocks = m->ir->n_blocks;
	/* with each block that goes, so many parameters and constants come */
	const uint32_t values = m->ir->n_insns + (PARAMS_MAX + 2) * blocks;

	m->n_slots = 64;
	while (m->n_slots < blocks)
		m->n_slots *= 2;
	m->hash = arena_take(arena, blocks, sizeof(*m->hash));
	m->first = arena_take(arena, m->n_slots, sizeof(*m->first));
	m->next = arena_ones(arena, blocks);
	m->twin = arena_ones(arena, blocks);
	m->matched = arena_ones(arena, blocks);
	m->image = arena_ones(arena, values);
	m->origin = arena_ones(arena, values);
	m->mapped = arena_ones(arena, values);
	m->same = arena_take(arena, values, sizeof(*m->same));
	for (uint32_t i = 0; m->same && i < values; i++)
		m->same[i] = i;
	return m->hash && m->first && m->next && m->twin && m->matched &&
	       m->image && m->origin && m->mapped && m->same;
}

/* What a switch does, whatever the number: a part that may be in two blocks. */
static uint64_t hash_end(const struct merger *m, const struct ir_block *block)
{
	uint64_t h = hash_ranges(m->ir, block);

	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		h = ir_mix(h, m->hash[m->ir->edges[e].to]);
	return h;
}

static bool has_own_end(const struct merger *m, uint32_t id)
{
	return m->ir->blocks[id].end == IR_SWITCH && ir_is_reached(m->ir, id);
}

/* Switches that several blocks end with: where they are split. */
static bool find_ends(struct merger *m, uint32_t *at)
{
	struct ir *ir = m->ir;
	uint64_t *ends = arena_take(m->arena, ir->n_blocks, sizeof(*ends));

	if (!ends)
		return false;
	memset(m->first, 0xff, m->n_slots * sizeof(*m->first));
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		uint32_t *slot, other;

		if (!has_own_end(m, id))
			continue;
		ends[id] = hash_end(m, &ir->blocks[id]);
		slot = &m->first[(uint32_t)(ends[id] >> 32) & (m->n_slots - 1)];
		for (other = *slot; other != IR_NONE; other = m->next[other])
			if (ends[other] == ends[id])
				break;
		if (other != IR_NONE && ir->blocks[id].first != IR_NONE)
			at[id] = IR_END;
		if (other != IR_NONE && ir->blocks[other].first != IR_NONE)
			at[other] = IR_END;
		m->next[id] = *slot;
		*slot = id;
	}
	return true;
}

/* The first instruction that loads behind a base, if others stand before. */
static uint32_t first_behind_base(const struct ir *ir, uint32_t id)
{
	uint32_t i = ir->blocks[id].first;

	while (i != IR_NONE && ir->insns[i].op != IR_NEED_IND)
		i = ir->insns[i].next;
	return i == ir->blocks[id].first ? IR_NONE : i;
}

/* Parts that others may be like, but for what stands before, become blocks. */
static void split_blocks(struct merger *m)
{
	struct ir *ir = m->ir;
	uint32_t *at = arena_ones(m->arena, ir->n_blocks);
	bool has_any = false;

	if (!at || !find_ends(m, at)) {
		ir->is_broken = true;
		return;
	}
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		uint32_t i = first_behind_base(ir, id);

		if (i != IR_NONE && at[id] == IR_NONE)
			at[id] = i;
		has_any |= at[id] != IR_NONE;
	}
	if (has_any)
		ir_split(ir, at, m->arena);
}

static void hash_all(struct merger *m)
{
	for (uint32_t id = m->ir->n_blocks; id-- > 0;)
		m->hash[id] = hash_block(m, id);
}

void ir_tails(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct merger m = { .ir = ir, .arena = &arena };
	bool *list = arena_take(&arena, ir->n_blocks, sizeof(*list));

	m.zero = ir_const(ir, 0);
	if (!list || m.zero == IR_NONE || !take_tables(&m, &arena)) {
		ir->is_broken = true;
		arena_free(&arena);
		return;
	}
	ir_cut_unreached(ir, m.zero);
	m.work = (uint64_t)ir->n_blocks * WORK_MAX;
	m.moves = (uint64_t)ir->n_edges * WORK_MAX;
	hash_all(&m);
	merge_all(&m, list);
	if (ir->is_small && !ir->is_broken)
		split_blocks(&m);
	m.takes_params = ir->is_small;
	if (m.takes_params && !ir->is_broken && take_tables(&m, &arena)) {
		hash_all(&m);
		list = arena_take(&arena, ir->n_blocks, sizeof(*list));
		if (list)
			merge_all(&m, list);
		ir->is_broken |= !list;
	}
	arena_free(&arena);
}
