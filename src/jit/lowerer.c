/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk that makes native code of a graph, for any machine: see lower.h.
 *
 * One walk, from the last instruction of the last block to the first: code is
 * written backward (asmbuf.h), and registers are given out where a value is
 * used last, which is met first, and taken back where it is made (linear scan,
 * the other way round). A value has one register from there to there, so that
 * blocks agree on it; only arguments move, on their edges.
 *
 * What is rare and long (offsets that wrap, or lead into the headroom) ends
 * this run and starts the interpreter's: a run changes nothing, so it can be
 * begun anew.
 */
#include "ir/moves.h"
#include "jit/lowerer.h"

#define FETCH 64 /* bytes, aligned so, whose decoding is kept together */
#define FEW   4	 /* ranges of a set that are searched all the same */

/* ---- what there is in the graph ----------------------------------------- */

struct lw_field lw_field_of(uint32_t k)
{
	static const struct lw_field fields[] = {
#define FIELD(name)                             \
	{ sizeof(((struct cbpf_ctx *)0)->name), \
	  offsetof(struct cbpf_ctx, name) }
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

	if (k / 4 < CBPF_COUNT(fields))
		return fields[k / 4];
	return (struct lw_field){ 0, 0 };
}

size_t lw_base_of(uint32_t k, uint32_t *more)
{
	if (k >= NET_BASE) {
		*more = k - NET_BASE;
		return offsetof(struct cbpf_ctx, net_off);
	}
	*more = k - LINK_BASE;
	return offsetof(struct cbpf_ctx, link_off);
}

static void want(struct lowerer *l, uint32_t value)
{
	if (value == IR_NONE)
		return;
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
		return lw_field_of(insn->k).size > 0;
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
		l->has_scratch |= !lw_is_const(l, insn->b, &k);
		return true;
	default:
		return true;
	}
}

/* Whether a block asks bytes of the packet where they are; a test of a number
 * that is wanted anyway is of that, unless more is asked with it. */
static bool is_match(const struct lowerer *l, uint32_t id)
{
	const struct match *m = &l->matches[id];

	return m->load.size > 0 && (m->is_joined || m->has_joined ||
				    !l->is_wanted[l->ir->blocks[id].a]);
}

static void look_at_end(struct lowerer *l, uint32_t id)
{
	const struct ir_block *block = &l->ir->blocks[id];

	if (l->matches[id].load.size > 0) {
		/* of what the load counts from alone */
		want(l, l->matches[id].load.a);
	} else {
		want(l, block->a);
		want(l, block->b);
		l->has_scratch |= block->end == IR_SWITCH;
	}
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0;
		     i < l->ir->blocks[l->ir->edges[e].to].n_params; i++)
			want(l, l->ir->args[l->ir->edges[e].args + i]);
}

/* From the last on, so that what is not wanted wants nothing. */
static bool look_at(struct lowerer *l)
{
	for (uint32_t id = l->ir->n_blocks; id-- > 0;) {
		const struct ir_block *block = &l->ir->blocks[id];

		if (!ir_is_reached(l->ir, id))
			continue;
		look_at_end(l, id);
		for (uint32_t i = block->last; i != IR_NONE;
		     i = l->ir->insns[i].prev) {
			const struct ir_insn *insn = &l->ir->insns[i];

			if (!l->is_wanted[i] &&
			    ir_rows[insn->op].does != IR_GUARD)
				continue;
			if (!look_at_insn(l, insn))
				return false;
		}
	}
	return true;
}

/* ---- registers ---------------------------------------------------------- */

unsigned lw_take(struct lowerer *l, unsigned hint, uint32_t but)
{
	uint32_t free = l->free & ~but;
	unsigned reg = 0;

	if (hint != LW_NONE && free >> hint & 1) {
		reg = hint;
	} else {
		if (!free) {
			l->is_refused = true;
			return l->machine->result;
		}
		while (!(free >> reg & 1))
			reg++;
	}
	l->free &= ~((uint32_t)1 << reg);
	return reg;
}

unsigned lw_use(struct lowerer *l, uint32_t value, unsigned hint, uint32_t but)
{
	if (l->reg[value] == LW_NONE)
		l->reg[value] = (uint8_t)lw_take(l, hint, but);
	return l->reg[value];
}

/* ---- ends --------------------------------------------------------------- */

static void put_return_of(struct lowerer *l, uint32_t value)
{
	unsigned reg;
	uint32_t k;

	l->machine->put_return(l);
	if (lw_is_const(l, value, &k)) {
		l->machine->put_number(l, l->machine->result, k);
		return;
	}
	reg = lw_use(l, value, LW_NONE, 0);
	if (reg != l->machine->result)
		l->machine->put_move(l, l->machine->result, reg);
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

		if (l->reg[param] == LW_NONE)
			continue;
		has_moves |= lw_is_const(l, arg, &k) ||
			     lw_use(l, arg, l->reg[param], 0) != l->reg[param];
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

		if (l->reg[param] == LW_NONE)
			continue;
		if (lw_is_const(l, arg, &k)) {
			l->machine->put_number(l, l->reg[param], k);
		} else if (l->reg[arg] != l->reg[param]) {
			moves_add(&m, l->reg[param], l->reg[arg]);
		}
	}
	moves_order(&m, l->machine->spare);
	for (unsigned i = m.n_steps; i-- > 0;)
		l->machine->put_move(l, m.steps[i].to, m.steps[i].from);
}

/* Where an edge begins: its moves, written here, or the block itself. */
static uint32_t place_edge(struct lowerer *l, uint32_t edge)
{
	const struct ir_edge *e = &l->ir->edges[edge];

	if (!take_arguments(l, e))
		return l->at[e->to];
	l->machine->put_jump(l, l->at[e->to]);
	lower_arguments(l, e);
	return ab_here(l->b);
}

/* `yes` where the condition holds, else `no`; one of them may follow here. */
static void put_choice(struct lowerer *l, enum lw_cond cond, uint32_t yes,
		       uint32_t no)
{
	if (yes == ab_here(l->b)) {
		l->machine->put_jump_if(l, lw_not(cond), no);
		return;
	}
	l->machine->put_jump(l, no);
	l->machine->put_jump_if(l, cond, yes);
}

/* On by an edge where the condition holds, else by the other: its place. Two
 * that only answer do not jump: what is not foretold is moved. */
static uint32_t put_outcome(struct lowerer *l, enum lw_cond cond,
			    uint32_t yes_edge, uint32_t no_edge)
{
	uint32_t yes, no;

	if (ir_is_answer(l->ir, l->ir->edges[yes_edge].to, &yes) &&
	    ir_is_answer(l->ir, l->ir->edges[no_edge].to, &no)) {
		l->machine->put_answer(l, cond, yes, no);
		return l->at[l->ir->edges[no_edge].to];
	}
	no = place_edge(l, no_edge);
	yes = place_edge(l, yes_edge);
	put_choice(l, cond, yes, no);
	return no;
}

/* ---- branches ----------------------------------------------------------- */

static enum lw_cond condition(unsigned test)
{
	switch (test) {
	case JMP_JEQ:
		return LW_EQUAL;
	case JMP_JGT:
		return LW_ABOVE;
	case JMP_JGE:
		return LW_ABOVE_EQ;
	default: /* JSET */
		return LW_OTHER;
	}
}

static void lower_test(struct lowerer *l, const struct ir_block *block)
{
	put_outcome(l, condition(block->test), block->edges, block->edges + 1);
	l->machine->put_test(l, block);
}

/* Whether a block does nothing but ask what was asked with others before. */
static bool is_spent(const struct lowerer *l, uint32_t id)
{
	if (!l->matches[id].is_joined)
		return false;
	for (uint32_t i = l->ir->blocks[id].first; i != IR_NONE;
	     i = l->ir->insns[i].next)
		if (l->is_wanted[i])
			return false;
	return true;
}

/* The edge by which a match is passed, those behind it too. */
static uint32_t pass_edge(const struct lowerer *l, const struct match *m)
{
	while (is_spent(l, l->ir->edges[m->pass].to))
		m = &l->matches[l->ir->edges[m->pass].to];
	return m->pass;
}

static void lower_match(struct lowerer *l, const struct match *m)
{
	uint32_t pass = pass_edge(l, m), yes, no;

	/* one of 2^32 in the packet is seldom met: that is foretold well */
	if (m->is_rare || match_is_never(m)) {
		no = place_edge(l, m->fail);
		yes = place_edge(l, pass);
		if (match_is_never(m)) {
			l->machine->put_jump(l, no);
			return;
		}
		put_choice(l, LW_EQUAL, yes, no);
	} else {
		put_outcome(l, LW_EQUAL, pass, m->fail);
	}
	l->machine->put_match(l, m);
}

/* ---- switches ----------------------------------------------------------- */

/* The place of an edge or of a test of a search, which are numbered behind. */
static uint32_t place_in_search(const struct lowerer *l,
				const struct ir_block *block, uint32_t to)
{
	return to < block->n_edges ? l->edge_at[block->edges + to]
				   : l->test_at[to - block->n_edges];
}

static void lower_set(struct lowerer *l, const struct ir_block *block,
		      const struct table *t, uint32_t place)
{
	const struct lower_machine *m = l->machine;
	bool is_bitmap = t->kind == TABLE_BITMAP;
	uint32_t no = put_outcome(
		l, (enum lw_cond)(is_bitmap ? m->in_bitmap : m->in_hash),
		block->edges + t->yes, block->edges + t->no);
	unsigned reg = lw_use(l, block->a, LW_NONE, 0);

	if (is_bitmap)
		m->put_bitmap(l, t, place, reg, no);
	else
		m->put_hash(l, t, place, reg);
}

static void lower_search(struct lowerer *l, const struct ir_block *block)
{
	struct search *s = &l->search;
	unsigned reg;
	uint32_t begin;

	for (uint32_t e = block->n_edges; e-- > 0;)
		l->edge_at[block->edges + e] = place_edge(l, block->edges + e);
	reg = lw_use(l, block->a, LW_NONE, 0);
	begin = search_plan_switch(s, l->ir, block);
	for (uint32_t i = s->n_tests; i-- > 0;) {
		const struct search_test *test = &s->tests[i];

		put_choice(l, test->is_equal ? LW_EQUAL : LW_ABOVE_EQ,
			   place_in_search(l, block, test->yes),
			   place_in_search(l, block, test->no));
		l->machine->put_compare(l, reg, test->k);
		l->test_at[i] = ab_here(l->b);
	}
	l->machine->put_jump(l, place_in_search(l, block, begin));
}

static void lower_switch(struct lowerer *l, const struct ir_block *block)
{
	const struct table *t = &l->tables[block - l->ir->blocks];
	uint32_t edge, first, last;

	if (t->kind != TABLE_NONE) {
		lower_set(l, block, t, l->table_at[block - l->ir->blocks]);
		return;
	}
	if (ir_is_range(l->ir, block, &edge, &first, &last) && first < last) {
		put_outcome(l, LW_BELOW_EQ, block->edges + edge,
			    block->edges + !edge);
		l->machine->put_range(l, lw_use(l, block->a, LW_NONE, 0), first,
				      last);
		return;
	}
	lower_search(l, block);
}

/* ---- blocks ------------------------------------------------------------- */

/* No device: the run ends with A. */
static void lower_need_device(struct lowerer *l, const struct ir_insn *insn)
{
	uint32_t behind = ab_here(l->b);

	put_return_of(l, insn->a);
	l->machine->put_jump_if(l, LW_OTHER, behind);
	l->machine->put_device(l);
}

static void lower_guard(struct lowerer *l, const struct ir_insn *insn)
{
	const struct lower_machine *m = l->machine;
	uint32_t k;

	switch ((enum ir_op)insn->op) {
	case IR_NEED_BYTES:
		if (insn->k > INT32_MAX) {
			m->put_jump(l, l->zero);
			break;
		}
		m->put_jump_if(l, LW_BELOW, l->zero);
		m->put_compare(l, m->caplen, insn->k);
		break;
	case IR_NEED_IND:
		m->put_need_ind(l, insn);
		break;
	case IR_NEED_ANY:
		m->put_need_any(l, insn);
		break;
	case IR_NEED_VALUE:
		if (lw_is_const(l, insn->a, &k)) {
			if (k == 0)
				m->put_jump(l, l->zero);
			break;
		}
		m->put_jump_if(l, LW_EQUAL, l->zero);
		m->put_compare(l, lw_use(l, insn->a, LW_NONE, 0), 0);
		break;
	default:
		lower_need_device(l, insn);
	}
}

static void lower_insn(struct lowerer *l, uint32_t id)
{
	const struct ir_insn *insn = &l->ir->insns[id];

	if (ir_rows[insn->op].does == IR_GUARD)
		lower_guard(l, insn);
	else if (l->reg[id] == LW_NONE)
		return; /* nobody reads it, or a test does, in the packet */
	else if (insn->op == IR_PARAM)
		lw_def(l, id);
	else
		l->machine->put_value(l, id);
}

static void lower_jump(struct lowerer *l, const struct ir_edge *edge)
{
	take_arguments(l, edge);
	l->machine->put_jump(l, l->at[edge->to]);
	lower_arguments(l, edge);
}

static void lower_end(struct lowerer *l, uint32_t id)
{
	const struct ir_block *block = &l->ir->blocks[id];
	const struct match *m = &l->matches[id];

	if (m->is_joined) {
		lower_jump(l, &l->ir->edges[pass_edge(l, m)]);
		return;
	}
	if (is_match(l, id)) {
		lower_match(l, m);
		return;
	}
	switch ((enum ir_end)block->end) {
	case IR_RET:
		put_return_of(l, block->a);
		break;
	case IR_JUMP:
		lower_jump(l, &l->ir->edges[block->edges]);
		break;
	case IR_BRANCH:
		lower_test(l, block);
		break;
	case IR_SWITCH:
		lower_switch(l, block);
		break;
	}
}

/* Whether a guard of a block asks for nothing that another does not. */
static bool is_in_guard(const struct lowerer *l, const struct ir_insn *insn,
			const struct ir_insn *guard)
{
	return insn->op == guard->op && insn->a == guard->a &&
	       insn->k + insn->size <= guard->k + guard->size &&
	       (insn->op == IR_NEED_BYTES || ir_is_near(l->ir, insn));
}

/*
 * Instructions, and the guard more of a match. It stands where the block asks
 * for less, or last; behind a guard that does not return 0, and behind what it
 * counts from.
 */
static void lower_insns(struct lowerer *l, const struct ir_block *block,
			const struct match *m)
{
	struct ir_insn guard = m->guard;

	for (uint32_t i = block->last; i != IR_NONE; i = l->ir->insns[i].prev) {
		const struct ir_insn *insn = &l->ir->insns[i];

		if (m->is_joined && ir_rows[insn->op].does == IR_GUARD)
			continue;
		if (guard.op != IR_PARAM) {
			bool is_here = is_in_guard(l, insn, &guard);

			if (is_here || i == guard.a ||
			    insn->op == IR_NEED_DEVICE) {
				lower_guard(l, &guard);
				guard.op = IR_PARAM;
			}
			if (is_here)
				continue;
		}
		lower_insn(l, i);
	}
	if (guard.op != IR_PARAM)
		lower_guard(l, &guard);
}

static void lower_block(struct lowerer *l, uint32_t id)
{
	const struct ir_block *block = &l->ir->blocks[id];
	uint32_t k;

	if (ir_is_answer(l->ir, id, &k) && k == 0) {
		l->at[id] = l->zero;
		return;
	}
	if (is_spent(l, id))
		return;
	lower_end(l, id);
	lower_insns(l, block, &l->matches[id]);
	l->at[id] = ab_here(l->b);
}

/* ---- all of it ---------------------------------------------------------- */

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
		l->machine->put_bail(l);
		l->bail = ab_here(l->b);
	}
	l->machine->put_return(l);
	l->machine->put_number(l, l->machine->result, 0);
	l->zero = ab_here(l->b);
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
	l->is_wanted = arena_take(arena, (size_t)ir->n_insns + 1, 1);
	l->matches = match_plan(ir, arena);
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
	return l->reg && l->is_wanted && l->matches && l->at && l->edge_at &&
	       l->test_at && l->table_at && l->tables &&
	       search_take(&l->search, arena, most);
}

static void write_code(struct lowerer *l, bool has_frame)
{
	memset(l->reg, LW_NONE, l->ir->n_insns);
	l->is_refused = false;
	l->has_frame = has_frame;
	l->wirelen = l->ctx = LW_NONE;
	l->machine->choose_registers(l);
	put_ends(l);
	for (uint32_t id = l->ir->n_blocks; id-- > 0 && !l->is_refused;)
		if (ir_is_reached(l->ir, id))
			lower_block(l, id);
	l->machine->put_begin(l);
}

/* The entry at a place where a processor fetches from. */
static void align_entry(struct lowerer *l)
{
	uint32_t more = (0 - ab_here(l->b)) % FETCH;

	ab_behind(l->b, more);
	for (uint32_t id = 0; id < l->ir->n_blocks; id++)
		l->table_at[id] += more;
}

enum cbpf_err lower_one(const struct lower_machine *machine,
			const struct ir *ir, const struct lower_opts *opts,
			struct asmbuf *buf, struct lower_tables *tables)
{
	struct lowerer l = {
		.machine = machine, .ir = ir, .opts = opts, .b = buf
	};

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

void lower_fallback(const struct lower_machine *machine,
		    const struct lower_opts *opts, struct asmbuf *buf)
{
	machine->put_fallback(opts, buf);
}
