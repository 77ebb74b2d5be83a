/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The graph of the IR: instructions, blocks and edges are numbered and lie in
 * arrays that grow by doubling, so that passes name them by number and nothing
 * moves under them. What memory is refused for is not added, and sticks: a
 * builder asks once, at the end.
 */
#include <string.h>

#include "ir/ir.h"

/* Edges of a switch that are compared with each other. */
#define JOINED_MAX 64

const struct ir_row ir_rows[IR_OPS] = {
#define IROP(name, text, operands, does) { text, operands, IR_##does },
#include "ir/irops.def"
#undef IROP
};

struct ir ir_new(const struct isa_dialect *row, struct arena *arena)
{
	struct ir ir = { .row = row, .arena = arena };

	return ir;
}

/* Room for `more` items behind n; without memory for it, is_broken. */
static void *room_for(struct ir *ir, uint32_t more, void *items, uint32_t n,
		      uint32_t *cap, size_t size)
{
	void *room = ir->is_broken
			     ? NULL
			     : arena_grow(ir->arena, items, n, more, cap, size);

	ir->is_broken = !room;
	return room;
}

uint32_t ir_add_block(struct ir *ir)
{
	void *room = room_for(ir, 1, ir->blocks, ir->n_blocks, &ir->cap_blocks,
			      sizeof(*ir->blocks));

	if (!room)
		return IR_NONE;
	ir->blocks = room;
	ir->blocks[ir->n_blocks] = (struct ir_block){ .first = IR_NONE,
						      .last = IR_NONE,
						      .a = IR_NONE,
						      .b = IR_NONE,
						      .in = IR_NONE };
	return ir->n_blocks++;
}

uint32_t ir_add(struct ir *ir, uint32_t block, struct ir_insn insn)
{
	uint32_t id = ir->n_insns;
	void *room = room_for(ir, 1, ir->insns, id, &ir->cap_insns,
			      sizeof(*ir->insns));

	if (!room)
		return IR_NONE;
	ir->insns = room;
	insn.block = block;
	insn.prev = ir->blocks[block].last;
	insn.next = IR_NONE;
	if (insn.prev == IR_NONE)
		ir->blocks[block].first = id;
	else
		ir->insns[insn.prev].next = id;
	ir->blocks[block].last = id;
	ir->insns[id] = insn;
	ir->n_insns++;
	return id;
}

void ir_add_edges(struct ir *ir, uint32_t block, uint32_t n)
{
	void *room = room_for(ir, n, ir->edges, ir->n_edges, &ir->cap_edges,
			      sizeof(*ir->edges));

	if (!room)
		return;
	ir->edges = room;
	ir->blocks[block].edges = ir->n_edges;
	ir->blocks[block].n_edges = n;
	for (uint32_t i = 0; i < n; i++)
		ir->edges[ir->n_edges++] =
			(struct ir_edge){ block, IR_NONE, IR_NONE, IR_NONE, 0 };
}

/* Room for arguments of an edge to a block; false: memory was refused. */
static bool take_args(struct ir *ir, uint32_t n)
{
	void *room = room_for(ir, n, ir->args, ir->n_args, &ir->cap_args,
			      sizeof(*ir->args));

	if (!room)
		return false;
	ir->args = room;
	return true;
}

static void link_edge(struct ir *ir, uint32_t edge, uint32_t to,
		      const uint32_t *args)
{
	struct ir_edge *e = &ir->edges[edge];
	uint32_t n = ir->blocks[to].n_params;

	if (n)
		memcpy(ir->args + ir->n_args, args, n * sizeof(*args));
	e->to = to;
	e->args = ir->n_args;
	ir->n_args += n;
	e->prev_in = IR_NONE;
	e->next_in = ir->blocks[to].in;
	if (e->next_in != IR_NONE)
		ir->edges[e->next_in].prev_in = edge;
	ir->blocks[to].in = edge;
}

/* ---- instructions ------------------------------------------------------- */

/* Out of the list of its block. */
static void unlink_insn(struct ir *ir, uint32_t id)
{
	struct ir_insn *insn = &ir->insns[id];
	struct ir_block *block = &ir->blocks[insn->block];

	if (insn->prev == IR_NONE)
		block->first = insn->next;
	else
		ir->insns[insn->prev].next = insn->next;
	if (insn->next == IR_NONE)
		block->last = insn->prev;
	else
		ir->insns[insn->next].prev = insn->prev;
	insn->block = IR_NONE;
}

void ir_drop(struct ir *ir, uint32_t id)
{
	/* constants are looked up again */
	if (ir->insns[id].op != IR_CONST)
		unlink_insn(ir, id);
}

void ir_move_to_head(struct ir *ir, uint32_t id, uint32_t to)
{
	struct ir_insn *insn = &ir->insns[id];
	struct ir_block *block = &ir->blocks[to];
	uint32_t before = IR_NONE, behind;

	unlink_insn(ir, id);
	behind = block->first;
	for (uint32_t i = 0; i < block->n_params; i++) {
		before = behind;
		behind = ir->insns[behind].next;
	}
	insn->block = to;
	insn->prev = before;
	insn->next = behind;
	if (before == IR_NONE)
		block->first = id;
	else
		ir->insns[before].next = id;
	if (behind == IR_NONE)
		block->last = id;
	else
		ir->insns[behind].prev = id;
}

/* ---- constants ---------------------------------------------------------- */

static uint32_t *slot_of(const struct ir *ir, uint32_t k)
{
	uint32_t slot = k * 0x9e3779b1u;

	/* linear probing; half of the slots are free */
	while (true) {
		slot &= ir->cap_constants - 1;
		if (ir->constants[slot] == IR_NONE ||
		    ir->insns[ir->constants[slot]].k == k)
			return &ir->constants[slot];
		slot++;
	}
}

static bool grow_constants(struct ir *ir)
{
	uint32_t *old = ir->constants, n_old = ir->cap_constants;
	uint32_t cap = n_old ? 2 * n_old : 64;
	uint32_t *list = arena_take(ir->arena, cap, sizeof(*list));

	if (!list) {
		ir->is_broken = true;
		return false;
	}
	memset(list, 0xff, cap * sizeof(*list));
	ir->constants = list;
	ir->cap_constants = cap;
	for (uint32_t i = 0; i < n_old; i++)
		if (old[i] != IR_NONE)
			*slot_of(ir, ir->insns[old[i]].k) = old[i];
	return true;
}

void ir_note_constants(struct ir *ir)
{
	if (ir->is_broken)
		return;
	for (uint32_t i = ir->blocks[0].first; i != IR_NONE;
	     i = ir->insns[i].next) {
		if (ir->insns[i].op != IR_CONST)
			continue;
		if (2 * (uint64_t)ir->n_constants >= ir->cap_constants &&
		    !grow_constants(ir))
			return;
		*slot_of(ir, ir->insns[i].k) = i;
		ir->n_constants++;
	}
}

uint32_t ir_const(struct ir *ir, uint32_t k)
{
	uint32_t id;

	if (2 * (uint64_t)ir->n_constants >= ir->cap_constants &&
	    !grow_constants(ir))
		return IR_NONE;
	id = *slot_of(ir, k);
	if (id != IR_NONE)
		return id;
	id = ir_add(
		ir, 0,
		(struct ir_insn){
			.op = IR_CONST, .a = IR_NONE, .b = IR_NONE, .k = k });
	if (id == IR_NONE)
		return IR_NONE;
	/* block 0 has no parameters: before all that uses it */
	ir_move_to_head(ir, id, 0);
	*slot_of(ir, k) = id;
	ir->n_constants++;
	return id;
}

/* ---- changing ----------------------------------------------------------- */

/* Out of the list of those that lead where it led. */
static void unlead(struct ir *ir, uint32_t edge)
{
	struct ir_edge *e = &ir->edges[edge];

	if (e->prev_in == IR_NONE)
		ir->blocks[e->to].in = e->next_in;
	else
		ir->edges[e->prev_in].next_in = e->next_in;
	if (e->next_in != IR_NONE)
		ir->edges[e->next_in].prev_in = e->prev_in;
	e->to = e->prev_in = e->next_in = IR_NONE;
}

void ir_lead(struct ir *ir, uint32_t edge, uint32_t to, const uint32_t *args)
{
	if (!take_args(ir, ir->blocks[to].n_params))
		return;
	if (ir->edges[edge].to != IR_NONE)
		unlead(ir, edge);
	link_edge(ir, edge, to, args);
}

void ir_follow(struct ir *ir, uint32_t edge, uint32_t other)
{
	uint32_t to = ir->edges[other].to;

	if (!take_args(ir, ir->blocks[to].n_params))
		return;
	if (ir->edges[edge].to != IR_NONE)
		unlead(ir, edge);
	link_edge(ir, edge, to, ir->args + ir->edges[other].args);
}

void ir_swap_edges(struct ir *ir, uint32_t id)
{
	uint32_t a = ir->blocks[id].edges, b = a + 1;
	uint32_t to_a = ir->edges[a].to, to_b = ir->edges[b].to;
	uint32_t args_a = ir->edges[a].args, args_b = ir->edges[b].args;

	if (!take_args(ir,
		       ir->blocks[to_a].n_params + ir->blocks[to_b].n_params))
		return;
	unlead(ir, a);
	unlead(ir, b);
	link_edge(ir, a, to_b, ir->args + args_b);
	link_edge(ir, b, to_a, ir->args + args_a);
}

void ir_drop_edges(struct ir *ir, uint32_t id)
{
	struct ir_block *block = &ir->blocks[id];

	for (uint32_t i = 0; i < block->n_edges; i++)
		unlead(ir, block->edges + i);
	block->n_edges = 0;
}

void ir_keep_edge(struct ir *ir, uint32_t id, uint32_t edge)
{
	struct ir_block *block = &ir->blocks[id];

	for (uint32_t i = 0; i < block->n_edges; i++)
		if (block->edges + i != edge)
			unlead(ir, block->edges + i);
	block->edges = edge;
	block->n_edges = 1;
	block->end = IR_JUMP;
	block->a = block->b = IR_NONE;
}

void ir_return(struct ir *ir, uint32_t id, uint32_t value)
{
	ir_drop_edges(ir, id);
	ir->blocks[id].end = IR_RET;
	ir->blocks[id].a = value;
	ir->blocks[id].b = IR_NONE;
}

void ir_cut_unreached(struct ir *ir, uint32_t value)
{
	for (uint32_t id = 1; id < ir->n_blocks; id++)
		if (ir->blocks[id].in == IR_NONE)
			ir_return(ir, id, value);
}

void ir_move_end(struct ir *ir, uint32_t id, uint32_t other)
{
	struct ir_block *to = &ir->blocks[id], *from = &ir->blocks[other];

	for (uint32_t i = from->first; i != IR_NONE; i = ir->insns[i].next)
		ir->insns[i].block = id;
	if (from->first != IR_NONE && to->last != IR_NONE) {
		ir->insns[to->last].next = from->first;
		ir->insns[from->first].prev = to->last;
	} else if (from->first != IR_NONE) {
		to->first = from->first;
	}
	if (from->last != IR_NONE)
		to->last = from->last;
	to->end = from->end;
	to->test = from->test;
	to->a = from->a;
	to->b = from->b;
	to->edges = from->edges;
	to->n_edges = from->n_edges;
	to->ranges = from->ranges;
	to->n_ranges = from->n_ranges;
	for (uint32_t e = to->edges; e < to->edges + to->n_edges; e++)
		ir->edges[e].from = id;
	from->first = from->last = IR_NONE;
	from->n_edges = 0;
	from->end = IR_RET;
	from->a = ir_const(ir, 0);
	from->b = IR_NONE;
}

uint32_t ir_add_param(struct ir *ir, uint32_t block, uint32_t value)
{
	uint32_t n = ir->blocks[block].n_params;
	uint32_t id = ir_add(
		ir, block,
		(struct ir_insn){
			.op = IR_PARAM, .a = IR_NONE, .b = IR_NONE, .k = n });

	if (id == IR_NONE)
		return IR_NONE;
	ir_move_to_head(ir, id, block);
	ir->blocks[block].n_params++;
	for (uint32_t e = ir->blocks[block].in; e != IR_NONE;
	     e = ir->edges[e].next_in) {
		if (!take_args(ir, n + 1))
			return IR_NONE;
		if (n)
			memcpy(ir->args + ir->n_args,
			       ir->args + ir->edges[e].args,
			       n * sizeof(*ir->args));
		ir->edges[e].args = ir->n_args;
		ir->args[ir->n_args + n] = value;
		ir->n_args += n + 1;
	}
	return id;
}

void ir_drop_param(struct ir *ir, uint32_t id, uint32_t i)
{
	struct ir_block *block = &ir->blocks[id];
	uint32_t param = block->first, left = block->n_params - i - 1;

	for (uint32_t at = 0; at < i; at++)
		param = ir->insns[param].next;
	for (uint32_t p = ir->insns[param].next, at = i; at < i + left;
	     p = ir->insns[p].next)
		ir->insns[p].k = at++;
	ir_drop(ir, param);
	block->n_params--;
	for (uint32_t e = block->in; e != IR_NONE; e = ir->edges[e].next_in) {
		uint32_t *args = ir->args + ir->edges[e].args;

		memmove(args + i, args + i + 1, left * sizeof(*args));
	}
}

void ir_rename_end(struct ir *ir, uint32_t id, const uint32_t *same)
{
	struct ir_block *block = &ir->blocks[id];

	if (block->a != IR_NONE)
		block->a = same[block->a];
	if (block->b != IR_NONE)
		block->b = same[block->b];
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t i = 0; i < ir->blocks[ir->edges[e].to].n_params;
		     i++) {
			uint32_t *arg = &ir->args[ir->edges[e].args + i];

			*arg = same[*arg];
		}
}

void ir_rename_block(struct ir *ir, uint32_t id, const uint32_t *same)
{
	for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
	     i = ir->insns[i].next)
		ir_rename_insn(&ir->insns[i], same);
	ir_rename_end(ir, id, same);
}

uint32_t *ir_identity(const struct ir *ir, struct arena *arena)
{
	uint32_t *same = arena_take(arena, ir->n_insns, sizeof(*same));

	for (uint32_t i = 0; same && i < ir->n_insns; i++)
		same[i] = i;
	return same;
}

/* ---- new numbers -------------------------------------------------------- */

/* What begins with an instruction goes to the block behind, to jump to. */
static void split_block(struct ir *ir, uint32_t id, uint32_t at)
{
	struct ir_block *block = &ir->blocks[id], *end = block + 1;

	*end = *block;
	end->first = end->last = end->in = IR_NONE;
	end->n_params = 0;
	for (uint32_t e = end->edges; e < end->edges + end->n_edges; e++)
		ir->edges[e].from = id + 1;
	if (at != IR_END) {
		end->first = at;
		end->last = block->last;
		block->last = ir->insns[at].prev;
		if (block->last == IR_NONE)
			block->first = IR_NONE;
		else
			ir->insns[block->last].next = IR_NONE;
		ir->insns[at].prev = IR_NONE;
		for (uint32_t i = at; i != IR_NONE; i = ir->insns[i].next)
			ir->insns[i].block = id + 1;
	}
	block->end = IR_JUMP;
	block->a = block->b = IR_NONE;
	block->n_edges = 0;
	ir_add_edges(ir, id, 1);
	if (!ir->is_broken)
		ir_lead(ir, ir->blocks[id].edges, id + 1, ir->args);
}

/* Each block gets the number that is given for it; n in all. */
static void renumber(struct ir *ir, const uint32_t *number, uint32_t n)
{
	for (uint32_t i = 0; i < ir->n_insns; i++)
		if (ir->insns[i].block != IR_NONE)
			ir->insns[i].block = number[ir->insns[i].block];
	for (uint32_t e = 0; e < ir->n_edges; e++) {
		ir->edges[e].from = number[ir->edges[e].from];
		if (ir->edges[e].to != IR_NONE)
			ir->edges[e].to = number[ir->edges[e].to];
	}
	/* from the last on: none is written over before it is moved */
	for (uint32_t id = ir->n_blocks; id-- > 0;)
		ir->blocks[number[id]] = ir->blocks[id];
	ir->n_blocks = n;
}

void ir_split(struct ir *ir, const uint32_t *at, struct arena *arena)
{
	uint32_t *number = arena_take(arena, ir->n_blocks, sizeof(*number));
	uint32_t n = 0, n_old = ir->n_blocks;
	void *room;

	for (uint32_t id = 0; number && id < n_old; id++) {
		number[id] = n;
		n += 1 + (at[id] != IR_NONE);
	}
	ir->is_broken |= !number;
	room = room_for(ir, n - n_old, ir->blocks, n_old, &ir->cap_blocks,
			sizeof(*ir->blocks));
	if (!room)
		return;
	ir->blocks = room;
	renumber(ir, number, n);
	for (uint32_t id = 0; id < n_old && !ir->is_broken; id++)
		if (at[id] != IR_NONE)
			split_block(ir, number[id], at[id]);
}

/* ---- switches ----------------------------------------------------------- */

bool ir_is_same_edge(const struct ir *ir, uint32_t a, uint32_t b)
{
	uint32_t n = ir->blocks[ir->edges[a].to].n_params;

	if (ir->edges[a].to != ir->edges[b].to)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (ir->args[ir->edges[a].args + i] !=
		    ir->args[ir->edges[b].args + i])
			return false;
	return true;
}

static bool has_same_edges(const struct ir *ir, const struct ir_block *block)
{
	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		for (uint32_t other = block->edges; other < e; other++)
			if (ir_is_same_edge(ir, e, other))
				return true;
	return false;
}

void ir_join_ranges(struct ir *ir, uint32_t id, struct arena *arena)
{
	const struct ir_block *block = &ir->blocks[id];
	struct ir_range *ranges;

	if (block->n_edges > JOINED_MAX || !has_same_edges(ir, block))
		return;
	ranges = arena_take(arena, block->n_ranges, sizeof(*ranges));
	if (!ranges) {
		ir->is_broken = true;
		return;
	}
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		ranges[i] = ir->ranges[block->ranges + i];
		ranges[i].edge += block->edges;
	}
	ir_switch(ir, id, block->a, ranges, block->n_ranges);
}

/* An edge of the block's new ones, the last of them, that leads where another
 * does, or one more. */
static uint32_t own_edge(struct ir *ir, uint32_t first, uint32_t *n,
			 uint32_t other)
{
	for (uint32_t i = *n; i-- > 0 && *n - i <= JOINED_MAX;)
		if (ir_is_same_edge(ir, first + i, other))
			return i;
	ir_follow(ir, first + *n, other);
	return (*n)++;
}

bool ir_take_ranges(struct ir *ir, uint32_t n)
{
	void *room = room_for(ir, n, ir->ranges, ir->n_ranges, &ir->cap_ranges,
			      sizeof(*ir->ranges));

	if (!room)
		return false;
	ir->ranges = room;
	return true;
}

void ir_switch(struct ir *ir, uint32_t id, uint32_t value,
	       const struct ir_range *ranges, uint32_t n)
{
	uint32_t old = ir->blocks[id].edges, n_old = ir->blocks[id].n_edges;
	uint32_t first = ir->n_edges, n_own = 0, n_kept = 0;

	if (!ir_take_ranges(ir, n))
		return;
	ir_add_edges(ir, id, n);
	if (ir->is_broken)
		return;
	for (uint32_t i = 0; i < n && !ir->is_broken; i++) {
		struct ir_range *range = &ir->ranges[ir->n_ranges + n_kept];

		range->first = ranges[i].first;
		range->edge = own_edge(ir, first, &n_own, ranges[i].edge);
		n_kept += n_kept == 0 || range[-1].edge != range->edge;
	}
	for (uint32_t e = old; e < old + n_old; e++)
		unlead(ir, e);
	ir->n_edges = first + n_own;
	ir->blocks[id].n_edges = n_own;
	ir->blocks[id].end = n_own > 1 ? IR_SWITCH : IR_JUMP;
	ir->blocks[id].a = n_own > 1 ? value : IR_NONE;
	ir->blocks[id].b = IR_NONE;
	ir->blocks[id].ranges = ir->n_ranges;
	ir->blocks[id].n_ranges = n_kept;
	ir->n_ranges += n_kept;
}

bool ir_is_range(const struct ir *ir, const struct ir_block *block,
		 uint32_t *edge, uint32_t *first, uint32_t *last)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;

	for (*edge = 0; *edge < 2 && block->n_edges == 2; ++*edge) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < block->n_ranges && n < 2; i++) {
			if (ranges[i].edge != *edge)
				continue;
			n++;
			*first = ranges[i].first;
			*last = ir_last_of(ranges, block->n_ranges, i);
		}
		if (n == 1)
			return true;
	}
	return false;
}
