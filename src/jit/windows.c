/* SPDX-License-Identifier: BSD-2-Clause */
/* What is read together, chosen greedily: see windows.h. */
#include "jit/windows.h"

struct planner {
	const struct ir *ir;
	struct windows *w;
	struct ir_dominators dominators;
	uint32_t *loads, n_loads; /* in the order of the graph */
};

static bool is_load(const struct ir_insn *insn)
{
	return insn->op == IR_LOAD || insn->op == IR_LOAD_IND ||
	       insn->op == IR_LOAD_ZERO;
}

/* ---- rows --------------------------------------------------------------- */

/* The column of a row at `offset` that has all of a load; NONE. */
static uint32_t column_of(const struct ir_insn *insn, uint32_t offset)
{
	uint32_t from = insn->k - offset;

	if (insn->op == IR_LOAD_IND || insn->k < offset ||
	    from + insn->size > ROW_BYTES ||
	    from / 4 != (from + insn->size - 1) / 4)
		return IR_NONE;
	return from / 4;
}

/* Columns of a row that loads are in which are in no row yet. */
static unsigned count_columns(const struct planner *p, uint32_t offset)
{
	unsigned columns = 0;

	for (uint32_t i = 0; i < p->n_loads; i++) {
		uint32_t load = p->loads[i];
		uint32_t column = column_of(&p->ir->insns[load], offset);

		if (column != IR_NONE && p->w->reads[load].kind == READ_NONE)
			columns |= 1u << column;
	}
	return (unsigned)__builtin_popcount(columns);
}

static void take_row(struct planner *p, uint32_t offset)
{
	uint32_t row = p->w->n_rows++;

	p->w->rows[row] = offset;
	for (uint32_t i = 0; i < p->n_loads; i++) {
		const struct ir_insn *insn = &p->ir->insns[p->loads[i]];
		struct read *read = &p->w->reads[p->loads[i]];
		uint32_t column = column_of(insn, offset);

		if (column == IR_NONE || read->kind != READ_NONE)
			continue;
		read->kind = READ_COLUMN;
		read->which = row * (ROW_BYTES / 4) + column;
		read->at = (uint8_t)((insn->k - offset) % 4);
		p->w->has_column[read->which] = true;
	}
}

/* A row costs what two windows do; the first of the best asks for least. */
static void take_rows(struct planner *p)
{
	while (p->w->n_rows < ROWS_MAX) {
		unsigned best = 1;
		uint32_t offset = 0;

		for (uint32_t at = 0; at + ROW_BYTES <= ROWS_END; at++) {
			unsigned columns = count_columns(p, at);

			if (columns > best) {
				best = columns;
				offset = at;
			}
		}
		if (best < 2)
			return;
		take_row(p, offset);
	}
}

/* ---- windows ------------------------------------------------------------ */

/* Whether a load fits into a window, which is read before it comes. */
static bool joins(const struct planner *p, const struct window *window,
		  const struct ir_insn *insn)
{
	uint32_t end = insn->k + insn->size;
	uint32_t low = insn->k < window->low ? insn->k : window->low;

	if (window->a != insn->a ||
	    p->ir->insns[window->leader].op == IR_LOAD_ZERO ||
	    insn->op == IR_LOAD_ZERO)
		return false;
	if (end < window->end)
		end = window->end;
	return end - low <= 4 &&
	       ir_dominates(&p->dominators, p->ir->insns[window->leader].block,
			    insn->block);
}

static void join(struct window *window, const struct ir_insn *insn)
{
	if (insn->k < window->low)
		window->low = insn->k;
	if (insn->k + insn->size > window->end)
		window->end = insn->k + insn->size;
}

static void take_window(struct planner *p, uint32_t load)
{
	const struct ir_insn *insn = &p->ir->insns[load];
	struct window *window;
	uint32_t i = p->w->n_windows;

	while (i-- > 0) {
		if (joins(p, &p->w->windows[i], insn)) {
			join(&p->w->windows[i], insn);
			p->w->reads[load] = (struct read){ READ_WINDOW, 0, i };
			return;
		}
	}
	p->w->reads[load] = (struct read){ READ_WINDOW, 0, p->w->n_windows };
	window = &p->w->windows[p->w->n_windows++];
	*window = (struct window){ load, insn->a, insn->k, insn->k + insn->size,
				   false };
}

/* Four bytes, to the end of the last load; from the begin, if that is near. */
static void settle_windows(struct planner *p)
{
	for (uint32_t i = 0; i < p->w->n_windows; i++) {
		struct window *w = &p->w->windows[i];
		const struct ir_insn *leader = &p->ir->insns[w->leader];

		w->low = w->end < 4 ? 0 : w->end - 4;
		w->end = w->low + 4;
		w->is_guarded = w->end == leader->k + leader->size;
	}
	for (uint32_t i = 0; i < p->n_loads; i++) {
		struct read *read = &p->w->reads[p->loads[i]];

		if (read->kind == READ_WINDOW)
			read->at = (uint8_t)(p->ir->insns[p->loads[i]].k -
					     p->w->windows[read->which].low);
	}
}

bool windows_plan(const struct ir *ir, struct arena *arena,
		  struct windows *windows)
{
	struct planner p = { .ir = ir, .w = windows };

	*windows = (struct windows){ 0 };
	windows->reads =
		arena_take(arena, (size_t)ir->n_insns + 1, sizeof(struct read));
	p.loads = arena_take(arena, (size_t)ir->n_insns + 1, sizeof(uint32_t));
	if (!windows->reads || !p.loads ||
	    !ir_find_dominators(ir, arena, &p.dominators))
		return false;
	for (uint32_t id = 0; id < ir->n_blocks; id++)
		for (uint32_t i = ir->blocks[id].first; i != IR_NONE;
		     i = ir->insns[i].next)
			if (is_load(&ir->insns[i]))
				p.loads[p.n_loads++] = i;
	windows->windows =
		arena_take(arena, (size_t)p.n_loads + 1, sizeof(struct window));
	if (!windows->windows)
		return false;
	take_rows(&p);
	for (uint32_t i = 0; i < p.n_loads; i++)
		if (windows->reads[p.loads[i]].kind == READ_NONE)
			take_window(&p, p.loads[i]);
	settle_windows(&p);
	return true;
}
