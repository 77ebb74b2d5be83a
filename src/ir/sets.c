/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Set formation: tests of one value that follow each other become one switch,
 * also where tests of other values stand between, as libpcap's `host` has them:
 *
 *	b1: branch src == 1, yes, b2	b1: switch src, 1 yes, 5 yes, 9 yes, b2
 *	b2: branch dst == 1, yes, b3	b2: switch dst, 1 yes, 5 yes, 9 yes, no
 *	b3: branch src == 5, yes, b4
 *	b4: branch dst == 5, yes, b5 ->
 *	b5: branch src == 9, yes, b6
 *	b6: branch dst == 9, yes, no
 *
 * Tests have no effect, so those that leave for the same place can change
 * places. First, from the last block on, each takes in the few tests of its own
 * value right behind it, so that a range, which is two tests, is one step.
 * Then, from the first on, rows of steps are followed, and what each value
 * leaves the row with is put together by sorting. At last switches take in
 * switches, for trees of them.
 *
 * Each step is taken once in a row, and each joining takes a block away: it
 * ends. Work is n log n, but for the last, which has a limit of work.
 */
#include <string.h>

#include "base/sort.h"
#include "ir/ir.h"

#define SMALL	   16 /* ranges of a step, as far as they are joined at first */
#define WORK_MAX   64 /* ranges looked at in the last part, for each there is */
#define VALUES_MAX 8  /* values that tests of one row may be of */

struct rule {
	uint32_t low, high; /* both included */
	uint32_t edge;	    /* left by this */
	uint32_t next;	    /* of the same value, or IR_NONE */
};

/* A step of a row, and the edge by which that goes on. */
struct stop {
	uint32_t block, go_on;
};

/* What a row does with one value. */
struct group {
	uint32_t value;
	uint32_t block;	      /* its first step's */
	uint32_t first, last; /* rules; the first that fits counts */
	uint32_t n_steps, n_rules;
};

struct sets {
	struct ir *ir;
	struct arena *arena;
	struct rule *rules;
	uint32_t n_rules, cap_rules;
	struct stop *stops; /* of the row at hand, in order */
	uint32_t n_stops, cap_stops;
	struct group groups[VALUES_MAX];
	uint32_t n_groups;
	bool commutes; /* all leave the row for one place: in any order */
	/* for ir_switch() and painting */
	struct ir_range *ranges;
	uint32_t cap_ranges;
	uint32_t *points, *other, *painted, cap_points;
	uint64_t work; /* ranges that may still be looked at */
	uint32_t zero; /* the constant */
};

/* ---- steps -------------------------------------------------------------- */

/* A test as ranges of a value: edges are numbers of the graph's edges. */
struct step {
	uint32_t value, n;
	const struct ir_range *ranges;
	struct ir_range own[3];
};

/* Whether the ones of a mask are its highest bits, and there are some. */
static bool is_prefix(uint32_t mask)
{
	return mask && !(~mask & (~mask + 1));
}

/* What is in [low, high] goes by the edge `in`, the rest by `out`. */
static void set_step(struct step *step, uint32_t value, uint32_t low,
		     uint32_t high, uint32_t in, uint32_t out)
{
	step->value = value;
	step->n = 0;
	step->ranges = step->own;
	if (low > 0)
		step->own[step->n++] = (struct ir_range){ 0, out };
	step->own[step->n++] = (struct ir_range){ low, in };
	if (high < UINT32_MAX)
		step->own[step->n++] = (struct ir_range){ high + 1, out };
}

/* v & prefix == k, and v >> n == k, are ranges of v. */
static void see_through(const struct ir *ir, struct step *step, uint32_t value,
			uint32_t k, uint32_t in, uint32_t out)
{
	const struct ir_insn *insn = &ir->insns[value];
	uint32_t c;

	if (insn->op == IR_AND && ir_is_const(ir, insn->b, &c) &&
	    is_prefix(c) && !(k & ~c))
		set_step(step, insn->a, k, k | ~c, in, out);
	else if (insn->op == IR_RSH && ir_is_const(ir, insn->b, &c) && c < 32 &&
		 k <= UINT32_MAX >> c)
		set_step(step, insn->a, k << c, k << c | ((1u << c) - 1), in,
			 out);
	else
		set_step(step, value, k, k, in, out);
}

static bool is_step_of_branch(const struct ir *ir, const struct ir_block *block,
			      struct step *step)
{
	const uint32_t in = block->edges, out = in + 1;
	uint32_t k;

	if (!ir_is_const(ir, block->b, &k))
		return false;
	switch (block->test) {
	case JMP_JEQ:
		see_through(ir, step, block->a, k, in, out);
		return true;
	case JMP_JGT:
		if (k == UINT32_MAX)
			return false;
		set_step(step, block->a, k + 1, UINT32_MAX, in, out);
		return true;
	case JMP_JGE:
		set_step(step, block->a, k, UINT32_MAX, in, out);
		return true;
	default:
		if (!is_prefix(k))
			return false;
		set_step(step, block->a, ~k + 1, UINT32_MAX, in, out);
		return true;
	}
}

/* Whether a block ends with a test of ranges; its edges are of the block. */
static bool is_step(const struct ir *ir, uint32_t id, struct step *step)
{
	const struct ir_block *block = &ir->blocks[id];

	if (block->end == IR_BRANCH)
		return is_step_of_branch(ir, block, step);
	if (block->end != IR_SWITCH)
		return false;
	step->value = block->a;
	step->n = block->n_ranges;
	step->ranges = ir->ranges + block->ranges;
	return true;
}

/* The edge of a step's range. */
static uint32_t edge_of(const struct ir *ir, uint32_t id,
			const struct step *step, uint32_t i)
{
	const struct ir_block *block = &ir->blocks[id];

	return block->end == IR_SWITCH ? block->edges + step->ranges[i].edge
				       : step->ranges[i].edge;
}

/* Whether an edge leads to a block that does nothing but test, and it alone. */
static bool leads_to_step(const struct ir *ir, uint32_t edge, struct step *step)
{
	uint32_t to = ir->edges[edge].to;

	return ir->blocks[to].first == IR_NONE && ir_only_edge_to(ir, to) &&
	       is_step(ir, to, step);
}

/* ---- ranges ------------------------------------------------------------- */

/* Room for n ranges; false: no memory. */
static bool take_ranges(struct sets *s, uint32_t n)
{
	uint32_t cap = 2 * n;

	if (n <= s->cap_ranges)
		return s->ranges;
	s->ranges = arena_take(s->arena, cap, sizeof(*s->ranges));
	s->cap_ranges = s->ranges ? cap : 0;
	s->ir->is_broken |= !s->ranges;
	return s->ranges;
}

static bool take_points(struct sets *s, uint32_t n)
{
	uint32_t cap = 2 * n;

	if (n <= s->cap_points)
		return s->points && s->painted;
	s->points = arena_take(s->arena, cap, sizeof(*s->points));
	s->other = arena_take(s->arena, cap, sizeof(*s->other));
	s->painted = arena_take(s->arena, cap, sizeof(*s->painted));
	s->cap_points = cap;
	if (s->points && s->other && s->painted)
		return true;
	s->cap_points = 0;
	s->ir->is_broken = true;
	return false;
}

/* What block `to` does with the numbers from low to high, behind s->ranges. */
static uint32_t append_part(struct sets *s, uint32_t n, uint32_t to,
			    const struct step *step, uint32_t low,
			    uint32_t high)
{
	for (uint32_t i = 0; i < step->n; i++) {
		uint32_t first = step->ranges[i].first;

		if (first > high)
			break;
		if (i + 1 < step->n && step->ranges[i + 1].first <= low)
			continue;
		s->ranges[n++] =
			(struct ir_range){ first > low ? first : low,
					   edge_of(s->ir, to, step, i) };
	}
	return n;
}

/* Whether an edge of a block leads to a step of the block's own value. */
static bool leads_to_same(const struct ir *ir, uint32_t id,
			  const struct step *step)
{
	const struct ir_block *block = &ir->blocks[id];
	struct step next;

	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		if (leads_to_step(ir, e, &next) && next.value == step->value)
			return true;
	return false;
}

/*
 * Whether a block and the one it goes on to ask for one number each: then they
 * are steps as they are, and the row of them is followed.
 */
static bool is_row_of_numbers(const struct ir *ir, uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	const struct ir_block *next;

	if (block->end != IR_BRANCH || block->test != JMP_JEQ)
		return false;
	next = &ir->blocks[ir->edges[block->edges + 1].to];
	return next->end == IR_BRANCH && next->test == JMP_JEQ;
}

/* A block takes in the steps of its value that it leads to, up to so many. */
static void take_in(struct sets *s, uint32_t id, uint32_t most)
{
	struct ir *ir = s->ir;
	struct step step, next;
	uint32_t n = 0, total, taken = 0;

	if (!is_step(ir, id, &step) || !leads_to_same(ir, id, &step) ||
	    (most == SMALL && is_row_of_numbers(ir, id)))
		return;
	total = step.n;
	for (uint32_t i = 0; i < step.n; i++)
		if (leads_to_step(ir, edge_of(ir, id, &step, i), &next) &&
		    next.value == step.value)
			total += next.n;
	if (total > most || total == step.n || s->work < total ||
	    !take_ranges(s, total + step.n) || !take_points(s, step.n))
		return;
	s->work -= total;
	for (uint32_t i = 0; i < step.n; i++) {
		uint32_t edge = edge_of(ir, id, &step, i);
		uint32_t high = ir_last_of(step.ranges, step.n, i);

		if (leads_to_step(ir, edge, &next) &&
		    next.value == step.value) {
			n = append_part(s, n, ir->edges[edge].to, &next,
					step.ranges[i].first, high);
			s->points[taken++] = ir->edges[edge].to;
		} else {
			s->ranges[n++] =
				(struct ir_range){ step.ranges[i].first, edge };
		}
	}
	ir_switch(ir, id, step.value, s->ranges, n);
	for (uint32_t i = 0; i < taken; i++)
		if (ir->blocks[s->points[i]].in == IR_NONE)
			ir_return(ir, s->points[i], s->zero);
}

/* ---- rows --------------------------------------------------------------- */

static struct group *find_group(struct sets *s, uint32_t value)
{
	for (uint32_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].value == value)
			return &s->groups[i];
	return NULL;
}

static bool add_rule(struct sets *s, struct group *group, uint32_t low,
		     uint32_t high, uint32_t edge)
{
	void *room = arena_grow(s->arena, s->rules, s->n_rules, 1,
				&s->cap_rules, sizeof(*s->rules));

	if (!room) {
		s->ir->is_broken = true;
		return false;
	}
	s->rules = room;
	s->rules[s->n_rules] = (struct rule){ low, high, edge, IR_NONE };
	if (group->n_rules++ == 0)
		group->first = s->n_rules;
	else
		s->rules[group->last].next = s->n_rules;
	group->last = s->n_rules++;
	return true;
}

static bool add_step(struct sets *s, uint32_t id, const struct step *step,
		     uint32_t go_on)
{
	struct group *group = find_group(s, step->value);
	void *room = arena_grow(s->arena, s->stops, s->n_stops, 1,
				&s->cap_stops, sizeof(*s->stops));

	if (!room) {
		s->ir->is_broken = true;
		return false;
	}
	s->stops = room;
	s->stops[s->n_stops++] = (struct stop){ id, go_on };
	if (!group) {
		group = &s->groups[s->n_groups++];
		*group = (struct group){ .value = step->value,
					 .block = id,
					 .first = IR_NONE };
	}
	group->n_steps++;
	return true;
}

/* All that leaves the row at its steps; false: memory was refused. */
static bool add_rules(struct sets *s)
{
	struct step step;

	s->n_rules = 0;
	for (uint32_t k = 0; k < s->n_stops; k++) {
		uint32_t id = s->stops[k].block;
		struct group *group;

		if (!is_step(s->ir, id, &step))
			continue; /* it was one */
		group = find_group(s, step.value);
		for (uint32_t i = 0; i < step.n; i++) {
			uint32_t edge = edge_of(s->ir, id, &step, i);
			uint32_t high = ir_last_of(step.ranges, step.n, i);

			if (!ir_is_same_edge(s->ir, edge, s->stops[k].go_on) &&
			    !add_rule(s, group, step.ranges[i].first, high,
				      edge))
				return false;
		}
	}
	return true;
}

/* The one edge, but for `go_on`, by which a step is left; IR_NONE: several. */
static uint32_t only_exit(const struct ir *ir, uint32_t id, uint32_t go_on)
{
	const struct ir_block *block = &ir->blocks[id];
	uint32_t only = IR_NONE;

	for (uint32_t e = block->edges; e < block->edges + block->n_edges;
	     e++) {
		if (ir_is_same_edge(ir, e, go_on))
			continue;
		if (only != IR_NONE && !ir_is_same_edge(ir, e, only))
			return IR_NONE;
		only = e;
	}
	return only;
}

/* The edge of a step other than one, if it has just two; else IR_NONE. */
static uint32_t other_edge(const struct ir *ir, uint32_t id, uint32_t edge)
{
	const struct ir_block *block = &ir->blocks[id];
	bool has_edge = false;

	for (uint32_t e = block->edges; e < block->edges + block->n_edges; e++)
		has_edge |= ir_is_same_edge(ir, e, edge);
	return has_edge ? only_exit(ir, id, edge) : IR_NONE;
}

/* The different edges of a step, in order from the last; at most three. */
static uint32_t find_edges(const struct ir *ir, uint32_t id,
			   const struct step *step, uint32_t edges[3])
{
	uint32_t n = 0;

	for (uint32_t i = step->n;
	     i-- > 0 && n < 3 && n < ir->blocks[id].n_edges;) {
		uint32_t edge = edge_of(ir, id, step, i), k = 0;

		while (k < n && !ir_is_same_edge(ir, edge, edges[k]))
			k++;
		if (k == n)
			edges[n++] = edge;
	}
	return n;
}

/* The first edge that leads to a step of the same value, or IR_NONE. */
static uint32_t way_to_same(const struct ir *ir, uint32_t id,
			    const struct step *step)
{
	struct step next;

	if (!leads_to_same(ir, id, step))
		return IR_NONE;
	for (uint32_t i = 0; i < step->n; i++) {
		uint32_t edge = edge_of(ir, id, step, i);

		if (leads_to_step(ir, edge, &next) && next.value == step->value)
			return edge;
	}
	return IR_NONE;
}

/*
 * By which edge the row goes on from its first step: to a step that leaves it
 * for the same place, or is of the same value. IR_NONE: by none.
 */
static uint32_t first_way(const struct ir *ir, uint32_t id,
			  const struct step *step)
{
	uint32_t edges[3], n = find_edges(ir, id, step, edges);

	/* of more than two, no one is left when one is taken away */
	for (uint32_t k = 0; n == 2 && k < 2; k++) {
		struct step next;

		if (leads_to_step(ir, edges[k], &next) &&
		    other_edge(ir, ir->edges[edges[k]].to, edges[1 - k]) !=
			    IR_NONE)
			return edges[k];
	}
	return way_to_same(ir, id, step);
}

/* By which edge the row goes on behind a step of the value it is of already. */
static uint32_t way_of_value(const struct ir *ir, uint32_t id,
			     const struct step *step)
{
	struct step next;

	for (uint32_t i = leads_to_same(ir, id, step) ? step->n : 0; i-- > 0;) {
		uint32_t edge = edge_of(ir, id, step, i);

		if (leads_to_step(ir, edge, &next) && next.value == step->value)
			return edge;
	}
	return edge_of(ir, id, step, step->n - 1);
}

/*
 * Follows the row that begins at a block; *end is the edge it goes on by.
 *
 * As long as all leave for the one place `exit`, steps of any values follow;
 * from where one does not, those of that value alone.
 */
static bool follow_row(struct sets *s, uint32_t id, uint32_t *end)
{
	struct ir *ir = s->ir;
	struct step step;
	uint32_t exit, only = IR_NONE; /* the value, from there on */

	s->n_stops = s->n_groups = 0;
	s->commutes = false;
	if (!is_step(ir, id, &step))
		return false;
	*end = first_way(ir, id, &step);
	if (*end == IR_NONE)
		return false;
	exit = only_exit(ir, id, *end);
	if (exit == IR_NONE)
		only = step.value;
	s->commutes = exit != IR_NONE;
	if (!add_step(s, id, &step, *end))
		return false;
	while (leads_to_step(ir, *end, &step)) {
		uint32_t next = IR_NONE, at = ir->edges[*end].to;

		if (only != IR_NONE && step.value != only)
			break;
		if (exit != IR_NONE)
			next = other_edge(ir, at, exit);
		if (next == IR_NONE) {
			/* of the last value: it comes behind all others */
			if (step.value != s->groups[s->n_groups - 1].value)
				break;
			only = step.value;
			exit = IR_NONE;
			s->commutes = false;
			next = way_of_value(ir, at, &step);
		}
		if (!find_group(s, step.value) && s->n_groups == VALUES_MAX)
			break;
		if (!add_step(s, at, &step, next))
			return false;
		*end = next;
	}
	return true;
}

/* ---- what a row comes to ------------------------------------------------ */

static uint32_t index_of(const uint32_t *list, uint32_t n, uint32_t point)
{
	uint32_t low = 0, high = n;

	while (high - low > 1) {
		uint32_t mid = (low + high) / 2;

		if (list[mid] <= point)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* Where ranges of a group may begin, each once; *n of them. */
static bool find_points(struct sets *s, const struct group *group, uint32_t *n)
{
	uint32_t most = 2 * group->n_rules + 1, kept = 0;

	if (!take_points(s, most + 1))
		return false;
	s->points[0] = 0;
	*n = 1;
	for (uint32_t r = group->first; r != IR_NONE; r = s->rules[r].next) {
		s->points[(*n)++] = s->rules[r].low;
		if (s->rules[r].high < UINT32_MAX)
			s->points[(*n)++] = s->rules[r].high + 1;
	}
	sort_numbers(s->points, s->other, *n);
	for (uint32_t i = 0; i < *n; i++)
		if (kept == 0 || s->points[i] != s->points[kept - 1])
			s->points[kept++] = s->points[i];
	*n = kept;
	return true;
}

/* The first piece from i on that no rule has; pieces point to later ones. */
static uint32_t find_bare(uint32_t *next, uint32_t i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

/* The ranges of a group, in s->ranges; the first rule that fits counts. */
static uint32_t paint(struct sets *s, const struct group *group, uint32_t rest)
{
	uint32_t n, *next;

	if (!find_points(s, group, &n) || !take_ranges(s, n) || !s->painted)
		return 0;
	next = s->painted;
	for (uint32_t i = 0; i <= n; i++)
		next[i] = i;
	for (uint32_t i = 0; i < n; i++)
		s->ranges[i] = (struct ir_range){ s->points[i], rest };
	for (uint32_t r = group->first; r != IR_NONE; r = s->rules[r].next) {
		const struct rule *rule = &s->rules[r];
		uint32_t i = index_of(s->points, n, rule->low);

		for (i = find_bare(next, i);
		     i < n && s->points[i] <= rule->high;
		     i = find_bare(next, i)) {
			s->ranges[i].edge = rule->edge;
			next[i] = i + 1;
		}
	}
	return n;
}

/*
 * Each group's switch, at its first step; what does not leave the row there
 * goes on to the next group's. To that an edge leads until now: of this block,
 * or of a step between the two that nothing leads to any more.
 */
static void write_row(struct sets *s, uint32_t end)
{
	struct ir *ir = s->ir;

	for (uint32_t i = 0; i < s->n_groups; i++) {
		const struct group *group = &s->groups[i];
		uint32_t n = paint(s, group,
				   i + 1 < s->n_groups
					   ? ir->blocks[group[1].block].in
					   : end);

		if (n)
			ir_switch(ir, group->block, group->value, s->ranges, n);
	}
}

/*
 * What was tested last before the row is in a register still: that value's
 * tests go first. NULL: they do, or it has none.
 */
static struct group *find_held(struct sets *s, uint32_t id)
{
	const struct ir *ir = s->ir;
	struct group *held;

	if (!s->commutes || id == 0 || ir->blocks[id].first != IR_NONE ||
	    !ir_only_edge_to(ir, id))
		return NULL;
	held = find_group(s, ir->blocks[ir->edges[ir->blocks[id].in].from].a);
	return held == &s->groups[0] ? NULL : held;
}

static void put_first(struct sets *s, struct group *held)
{
	struct group *first = &s->groups[0], other;
	uint32_t exit, block = first->block;

	/* all by the edge of the block that is written last */
	exit = s->rules[s->groups[s->n_groups - 1].first].edge;
	for (uint32_t r = 0; r < s->n_rules; r++)
		s->rules[r].edge = exit;
	other = *first;
	*first = *held;
	*held = other;
	held->block = first->block;
	first->block = block;
}

static void join_row(struct sets *s, uint32_t id)
{
	uint32_t end, most = 0;
	struct group *held;

	if (!follow_row(s, id, &end))
		return;
	for (uint32_t i = 0; i < s->n_groups; i++)
		if (s->groups[i].n_steps > most)
			most = s->groups[i].n_steps;
	held = find_held(s, id);
	if ((!held && most == 1) || !add_rules(s))
		return;
	if (held)
		put_first(s, held);
	write_row(s, end);
}

void ir_sets(struct ir *ir)
{
	struct arena arena = arena_new(&ir->arena->mem);
	struct sets s = { .ir = ir,
			  .arena = &arena,
			  .zero = ir_const(ir, 0),
			  .work = UINT64_MAX };

	if (s.zero == IR_NONE)
		return;
	ir_cut_unreached(ir, s.zero);
	for (uint32_t id = ir->n_blocks; id-- > 0 && !ir->is_broken;)
		take_in(&s, id, SMALL);
	for (uint32_t id = 0; id < ir->n_blocks && !ir->is_broken; id++)
		if (ir_is_reached(ir, id))
			join_row(&s, id);
		else
			ir_return(ir, id, s.zero);
	s.work = (uint64_t)WORK_MAX * (ir->n_blocks + ir->n_ranges);
	for (uint32_t id = ir->n_blocks; id-- > 0 && !ir->is_broken;)
		take_in(&s, id, UINT32_MAX);
	arena_free(&arena);
}
