/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tests are of the packet's bytes, and joined: see match.h. */
#include "jit/match.h"

_Static_assert(IR_PARAM == 0, "what is zeroed has no guard");

#define WIDEST 8 /* bytes that are compared at once */

struct planner {
	const struct ir *ir;
	struct match *matches;
	uint32_t *need;	 /* by block: bytes that each way through it needs */
	uint32_t *known; /* by block: bytes that are there at its end */
};

/* ---- one test ----------------------------------------------------------- */

/* A number as it is in the packet's bytes, read low byte first. */
static uint32_t in_bytes(const struct ir_insn *load, uint32_t k)
{
	if (load->op == IR_DATA) /* the machine's own order */
		return k;
	if (load->size == 4)
		return __builtin_bswap32(k);
	return load->size == 2 ? __builtin_bswap16((uint16_t)k) : k;
}

/* The load that a value is, of which all bits of *mask are asked. */
static bool find_load(const struct ir *ir, uint32_t value, struct ir_insn *load,
		      uint32_t *mask)
{
	*mask = UINT32_MAX;
	if (ir->insns[value].op == IR_AND) {
		if (!ir_is_const(ir, ir->insns[value].b, mask))
			return false;
		value = ir->insns[value].a;
	}
	*load = ir->insns[value];
	if (load->op != IR_LOAD && load->op != IR_LOAD_IND &&
	    load->op != IR_DATA)
		return false;
	*mask &= UINT32_MAX >> (32 - 8 * load->size);
	return true;
}

/* What a value is compared with: one number, or bits of which none is to be
 * set. */
static bool find_number(const struct ir *ir, const struct ir_block *block,
			struct match *m, uint32_t *bits, uint32_t *k)
{
	uint32_t edge, last;

	m->pass = block->edges;
	m->fail = block->edges + 1;
	*bits = UINT32_MAX;
	if (block->end == IR_SWITCH &&
	    ir_is_range(ir, block, &edge, k, &last) && *k == last) {
		m->pass += edge;
		m->fail -= edge;
		return true;
	}
	if (block->end != IR_BRANCH || !ir_is_const(ir, block->b, k))
		return false;
	if (block->test != JMP_JSET)
		return block->test == JMP_JEQ;
	*bits = *k;
	*k = 0;
	m->pass = block->edges + 1;
	m->fail = block->edges;
	return true;
}

static void find_test(const struct ir *ir, const struct ir_block *block,
		      struct match *m)
{
	struct ir_insn load;
	uint32_t mask, bits, k;

	if (!find_number(ir, block, m, &bits, &k) ||
	    !find_load(ir, block->a, &load, &mask))
		return;
	m->load = load;
	m->mask = in_bytes(&load, mask & bits);
	m->value = in_bytes(&load, k);
	if (k & ~(mask & bits)) { /* where the load's bytes have no place */
		m->mask = 0;
		m->value = 1;
	}
	m->is_rare =
		load.op == IR_LOAD && mask == UINT32_MAX && bits == UINT32_MAX;
}

/* ---- tests in a row ----------------------------------------------------- */

/* Whether two loads count from the same place. */
static bool is_beside(const struct ir *ir, const struct ir_insn *one,
		      const struct ir_insn *other)
{
	if (one->op != other->op)
		return false;
	return one->op != IR_LOAD_IND ||
	       (one->a == other->a && ir_is_near(ir, one) &&
		ir_is_near(ir, other));
}

/*
 * A guard of a block that is to be joined goes before the test that leads
 * there. What fails there has 0 as its verdict anyway where bytes are short.
 */
static bool raise_guard(const struct planner *p, struct match *m,
			const struct ir_insn *guard)
{
	uint32_t need = p->need[p->ir->edges[m->fail].to];
	struct ir_insn *own = &m->guard;

	if (own->op != IR_PARAM && own->op != guard->op)
		return false;
	if (guard->op == IR_NEED_BYTES && guard->k <= need) {
		if (guard->k > own->k)
			*own = *guard;
		return true;
	}
	if (guard->op != IR_NEED_IND || need != UINT32_MAX ||
	    m->load.op != IR_LOAD_IND || guard->a != m->load.a ||
	    !ir_is_near(p->ir, guard))
		return false;
	if (guard->k + guard->size > own->k + own->size)
		*own = *guard;
	return true;
}

static bool raise_guards(const struct planner *p, struct match *m, uint32_t id)
{
	for (uint32_t i = p->ir->blocks[id].first; i != IR_NONE;
	     i = p->ir->insns[i].next)
		if (ir_rows[p->ir->insns[i].op].does == IR_GUARD &&
		    !raise_guard(p, m, &p->ir->insns[i]))
			return false;
	return true;
}

/* Whether there are so many bytes at the begin of what a row reads. */
static bool has_bytes(const struct planner *p, uint32_t id,
		      const struct match *m, uint32_t bytes)
{
	if (m->load.op == IR_DATA)
		return bytes <= SECCOMP_DATA_SIZE;
	if (m->load.op != IR_LOAD)
		return false;
	return (m->guard.op == IR_NEED_BYTES && m->guard.k >= bytes) ||
	       p->known[id] >= bytes;
}

/* As many bytes as can be read at once, none outside the packet; false: there
 * are none. The row begins with block id. */
static bool widen(const struct planner *p, uint32_t id, struct match *m)
{
	uint32_t end = m->load.k + m->load.size, low = 0;
	uint8_t size = m->load.size;

	while (size & (size - 1))
		size++;
	if (end >= size)
		low = end - size;
	else if (!has_bytes(p, id, m, size))
		return false;
	m->mask <<= 8 * (m->load.k - low);
	m->value <<= 8 * (m->load.k - low);
	m->load.k = low;
	m->load.size = size;
	return true;
}

/* All bits of both; false: they are too far apart, or contradict. */
static bool unite(struct match *m, const struct match *other)
{
	uint32_t end = m->load.k + m->load.size;
	uint32_t other_end = other->load.k + other->load.size;
	uint32_t low = m->load.k < other->load.k ? m->load.k : other->load.k;
	unsigned up = m->load.k - low, other_up = other->load.k - low;
	uint64_t both;

	if (end < other_end)
		end = other_end;
	if (end - low > WIDEST)
		return false;
	both = m->mask << 8 * up & other->mask << 8 * other_up;
	if ((m->value << 8 * up ^ other->value << 8 * other_up) & both)
		return false;
	m->mask = m->mask << 8 * up | other->mask << 8 * other_up;
	m->value = m->value << 8 * up | other->value << 8 * other_up;
	m->load.k = low;
	m->load.size = (uint8_t)(end - low);
	m->is_rare |= other->is_rare;
	m->has_joined = true;
	return true;
}

/* What is seldom passed by one test gains nothing by two that cost more. */
static bool pays(const struct match *before, const struct match *m)
{
	return m->load.size <= 4 || !before->is_rare || match_is_whole(m);
}

/* Joins the test of block `to` to a row; false: it cannot. */
static bool join(struct planner *p, uint32_t id, struct match *row, uint32_t to)
{
	const struct ir_block *block = &p->ir->blocks[to];
	struct match *other = &p->matches[to];
	struct match both = *row, wide;

	if (!ir_only_edge_to(p->ir, to) || block->n_params > 0 ||
	    other->load.size == 0 || match_is_never(other) ||
	    !is_beside(p->ir, &row->load, &other->load) ||
	    !ir_is_same_edge(p->ir, row->fail, other->fail) ||
	    !raise_guards(p, &both, to) || !unite(&both, other))
		return false;
	wide = both;
	if (!widen(p, id, &wide) || !pays(row, &wide))
		return false;
	both.pass = other->pass;
	*row = both;
	other->is_joined = true;
	return true;
}

static void join_row(struct planner *p, uint32_t id)
{
	struct match row = p->matches[id];

	if (row.load.size == 0 || row.is_joined || match_is_never(&row))
		return;
	while (join(p, id, &row, p->ir->edges[row.pass].to))
		;
	if (!row.has_joined)
		return;
	row.pass = p->matches[id].pass;
	row.is_rare = false; /* nobody knows of several */
	widen(p, id, &row);
	p->matches[id] = row;
}

/* ---- all of them -------------------------------------------------------- */

struct match *match_plan(const struct ir *ir, struct arena *arena)
{
	struct planner p = {
		.ir = ir,
		.matches = arena_take(arena, ir->n_blocks, sizeof(*p.matches)),
		.need = arena_take(arena, ir->n_blocks, sizeof(*p.need)),
		.known = arena_take(arena, ir->n_blocks, sizeof(*p.known)),
	};

	if (!p.matches || !p.need || !p.known)
		return NULL;
	for (uint32_t id = ir->n_blocks; id-- > 0;) {
		p.need[id] = ir_need(ir, p.need, id);
		find_test(ir, &ir->blocks[id], &p.matches[id]);
	}
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		p.known[id] = ir_known(ir, p.known, id);
		join_row(&p, id);
	}
	return p.matches;
}
