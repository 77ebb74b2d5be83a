/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two programs over the same packets: random ones made for each of the two,
 * then aimed ones, until each way of each branch of both was taken, or nothing
 * that is tried takes one more. A packet that took a way that none had taken is
 * kept, and aimed again: at the other ways of the branches it reaches. At last
 * each kept packet is cut before the end of what each load reads of it.
 */
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "oracle/aim.h"
#include "oracle/draw.h"
#include "prog/prog.h"

#define PACKETS	   2048	     /* random ones, where nobody says */
#define TRIES	   8	     /* to take a way */
#define STEPS_MOST 100000000 /* in all: about a second */
#define NONE	   UINT32_MAX

enum { WAY_TAKEN = 1, WAY_NOT = 2 };

struct side {
	const struct cbpf_prog *prog;
	uint8_t *ways;	   /* by instruction: of a branch, those taken */
	uint32_t *reached; /* by instruction: a kept packet that gets there */
};

struct kept {
	uint32_t caplen, wirelen;
	uint64_t ctx;
	uint8_t data[CBPF_RANDOM_MOST];
};

struct comparison {
	struct cbpf_compare_opts opts;
	struct cbpf_compared *report;
	struct arena *arena;
	struct side sides[2];
	struct kept *kept;
	uint32_t n_kept, cap_kept;
	uint64_t steps;
	bool is_broken; /* memory was refused */
};

/* ---- one packet --------------------------------------------------------- */

static bool is_data(const struct comparison *c)
{
	return c->sides[0].prog->row->space == SPACE_DATA;
}

/* What lies beside the bytes, by a number; of a call nothing does. */
static struct cbpf_ctx make_ctx(const struct comparison *c, uint64_t number)
{
	if (is_data(c))
		return (struct cbpf_ctx){ .seed = number };
	return (struct cbpf_ctx){ .seed = number,
				  .has_device = number & 1,
				  .has_link = number >> 1 & 1,
				  .net_off = number >> 2 & 1 ? 14 : 0,
				  .order = number >> 3 & 1 ? CBPF_BIG
							   : CBPF_LITTLE,
				  .hatype = (uint16_t)(number >> 4 & 1),
				  .mark = (uint32_t)number,
				  .vlan_tci = (uint16_t)number,
				  .proto = (uint16_t)(number >> 5),
				  .ifindex = (uint32_t)number & 7 };
}

static bool is_branch(const struct cbpf_prog *prog, uint32_t pc)
{
	return prog->ops[pc].code < OP_ROWS &&
	       isa_is_branch(isa_rows[prog->ops[pc].code].code);
}

/* The ways by which a branch at pc went on to another. */
static uint8_t ways_to(const struct cbpf_prog *prog, uint32_t pc, uint32_t to)
{
	const struct cbpf_insn *insn = &prog->ops[pc];

	return (uint8_t)((to == pc + 1 + insn->jt ? WAY_TAKEN : 0) |
			 (to == pc + 1 + insn->jf ? WAY_NOT : 0));
}

/* Runs a side. Whether a way was taken that none had taken. */
static bool run_side(struct side *side, const struct cbpf_packet *packet,
		     struct cbpf_result *result)
{
	struct cbpf_state s = cbpf_state_init(packet);
	bool is_new = false, goes_on;

	memset(result, 0, sizeof(*result));
	if (side->prog->traits.has_loop || side->prog->n == 0) {
		cbpf_run(side->prog, packet, result);
		return false;
	}
	do {
		uint32_t pc = s.pc;

		goes_on = cbpf_step(side->prog, packet, &s, result);
		if (goes_on && is_branch(side->prog, pc)) {
			uint8_t ways = ways_to(side->prog, pc, s.pc);

			is_new |= ways & ~side->ways[pc];
			side->ways[pc] |= ways;
		}
	} while (goes_on);
	return is_new;
}

/* Notes which branches a kept packet reaches. */
static void note_reached(struct side *side, const struct cbpf_packet *packet,
			 uint32_t number)
{
	struct cbpf_state s = cbpf_state_init(packet);
	struct cbpf_result result = { .steps = 0 };

	if (side->prog->traits.has_loop || side->prog->n == 0)
		return;
	do
		if (side->reached[s.pc] == NONE)
			side->reached[s.pc] = number;
	while (cbpf_step(side->prog, packet, &s, &result));
}

static void keep(struct comparison *c, const struct cbpf_packet *packet,
		 uint64_t ctx)
{
	void *room = arena_grow(c->arena, c->kept, c->n_kept, 1, &c->cap_kept,
				sizeof(*c->kept));
	struct kept *kept;

	c->is_broken |= !room;
	if (!room)
		return;
	c->kept = room;
	kept = &c->kept[c->n_kept];
	kept->caplen = packet->caplen;
	kept->wirelen = packet->wirelen;
	kept->ctx = ctx;
	memcpy(kept->data, packet->data, sizeof(kept->data));
	for (int i = 0; i < 2; i++)
		note_reached(&c->sides[i], packet, c->n_kept);
	c->n_kept++;
}

/* Both over a packet, of CBPF_RANDOM_MOST bytes: whether they agree. */
static bool judge(struct comparison *c, const struct cbpf_packet *given,
		  uint64_t number)
{
	struct cbpf_compared *r = c->report;
	struct cbpf_ctx ctx = make_ctx(c, number);
	struct cbpf_packet packet = *given;
	struct cbpf_result results[2];
	bool is_new;

	packet.ctx = &ctx;
	is_new = run_side(&c->sides[0], &packet, &results[0]);
	is_new |= run_side(&c->sides[1], &packet, &results[1]);
	r->packets++;
	c->steps += results[0].steps + results[1].steps;
	if (is_new)
		keep(c, &packet, number);
	if (results[0].value == results[1].value)
		return true;
	r->is_same = false;
	memcpy(r->data, packet.data, packet.caplen);
	r->caplen = packet.caplen;
	r->wirelen = packet.wirelen;
	r->ctx = ctx;
	r->value_a = results[0].value;
	r->value_b = results[1].value;
	return false;
}

/* ---- random ones, and aimed ones ---------------------------------------- */

static void judge_random(struct comparison *c)
{
	for (uint32_t i = 0;
	     i < c->opts.packets && c->report->is_same && c->steps < STEPS_MOST;
	     i++) {
		uint8_t data[CBPF_RANDOM_MOST];
		struct cbpf_packet packet = { .data = data };

		packet.caplen = packet.wirelen = (uint32_t)cbpf_random_packet(
			&c->opts.seed, c->sides[i & 1].prog, 0, data,
			sizeof(data));
		/* longer on the wire than what was captured, at times */
		if (!is_data(c) && draw_one_in(&c->opts.seed, 8))
			packet.wirelen += draw_below(&c->opts.seed, 2000);
		judge(c, &packet, c->opts.seed);
	}
}

/* Tries to take a way of a branch. */
static void aim_way(struct comparison *c, struct side *side, uint32_t pc,
		    uint8_t way)
{
	const struct aim aim = { side->prog, pc, way == WAY_TAKEN };

	for (int i = 0; i < TRIES && !(side->ways[pc] & way) &&
			c->report->is_same && c->steps < STEPS_MOST;
	     i++) {
		struct kept kept = c->kept[side->reached[pc]];
		struct cbpf_ctx ctx = make_ctx(c, kept.ctx);
		struct cbpf_packet packet = { .data = kept.data,
					      .caplen = kept.caplen,
					      .wirelen = kept.wirelen,
					      .ctx = &ctx };

		/* what is behind the branch may want to load more */
		if (i & 1 && !is_data(c))
			packet.caplen = sizeof(kept.data);
		if (packet.wirelen < packet.caplen)
			packet.wirelen = packet.caplen;
		if (!aim_packet(&aim, &packet, kept.data, sizeof(kept.data),
				&c->opts.seed, &c->steps))
			continue;
		judge(c, &packet, kept.ctx);
	}
}

/* Each way that is left of branches that are reached; false: none was taken. */
static bool aim_side(struct comparison *c, struct side *side)
{
	uint32_t before = c->n_kept;

	for (uint32_t pc = 0; pc < side->prog->n && c->report->is_same; pc++) {
		if (!is_branch(side->prog, pc) || side->reached[pc] == NONE)
			continue;
		aim_way(c, side, pc, WAY_TAKEN);
		aim_way(c, side, pc, WAY_NOT);
	}
	return c->n_kept > before;
}

/* The packet, cut before the end of each load that a side makes of it. */
static void cut_kept(struct comparison *c, const struct side *side,
		     const struct kept *kept)
{
	struct cbpf_ctx ctx = make_ctx(c, kept->ctx);
	struct cbpf_packet packet = { .data = kept->data,
				      .caplen = kept->caplen,
				      .wirelen = kept->wirelen,
				      .ctx = &ctx };
	struct cbpf_state s = cbpf_state_init(&packet);
	struct cbpf_result result = { .steps = 0 };

	if (side->prog->traits.has_loop || side->prog->n == 0)
		return;
	do {
		struct cbpf_packet cut;
		int64_t at;
		uint32_t size;

		if (!cbpf_step_reads(side->prog, &packet, &s, &at, &size) ||
		    at < 0)
			continue;
		cut = packet;
		cut.caplen = cut.wirelen = (uint32_t)at + size - 1;
		if (!judge(c, &cut, kept->ctx))
			return;
	} while (c->steps < STEPS_MOST &&
		 cbpf_step(side->prog, &packet, &s, &result));
}

static void judge_cut(struct comparison *c)
{
	for (uint32_t i = 0; i < c->n_kept && !is_data(c); i++) {
		const struct kept kept = c->kept[i];

		for (int k = 0; k < 2 && c->report->is_same; k++)
			cut_kept(c, &c->sides[k], &kept);
	}
}

/* Whether a load is of bytes that no packet here has. */
static bool is_beyond(const struct cbpf_insn *insn)
{
	switch (insn->code) {
	case OP_LD_W:
	case OP_LD_H:
	case OP_LD_B:
	case OP_LDX_MSH:
		return insn->k > CBPF_RANDOM_MOST - 4 && insn->k < LINK_BASE;
	default:
		return false;
	}
}

static void count_ways(struct comparison *c, const struct side *side,
		       uint32_t *ways, uint32_t *taken)
{
	for (uint32_t pc = 0; pc < side->prog->n; pc++) {
		c->report->reads_beyond |= is_beyond(&side->prog->ops[pc]);
		if (!is_branch(side->prog, pc))
			continue;
		*ways += 2;
		*taken += (side->ways[pc] & WAY_TAKEN) != 0;
		*taken += (side->ways[pc] & WAY_NOT) != 0;
	}
}

/* ---- all of it ---------------------------------------------------------- */

static bool take_side(struct comparison *c, struct side *side,
		      const struct cbpf_prog *prog)
{
	side->prog = prog;
	side->ways = arena_take(c->arena, (size_t)prog->n + 1, 1);
	side->reached = arena_ones(c->arena, (size_t)prog->n + 1);
	return side->ways && side->reached;
}

enum cbpf_err cbpf_compare(const struct cbpf_prog *a, const struct cbpf_prog *b,
			   const struct cbpf_compare_opts *opts,
			   struct cbpf_compared *report)
{
	struct comparison c = { .report = report };
	struct cbpf_mem mem;
	struct arena arena;
	bool goes_on = true;

	memset(report, 0, sizeof(*report));
	if (!opts_take(&c.opts, sizeof(c.opts), opts))
		return CBPF_E_ARGUMENT;
	if (c.opts.packets == 0)
		c.opts.packets = PACKETS;
	mem = mem_or_libc(c.opts.mem);
	arena = arena_new(&mem);
	c.arena = &arena;
	report->is_same = true;
	if (take_side(&c, &c.sides[0], a) && take_side(&c, &c.sides[1], b))
		judge_random(&c);
	else
		c.is_broken = true;
	while (goes_on && !c.is_broken && report->is_same) {
		goes_on = aim_side(&c, &c.sides[0]);
		goes_on |= aim_side(&c, &c.sides[1]);
	}
	if (!c.is_broken && report->is_same)
		judge_cut(&c);
	if (!c.is_broken) {
		count_ways(&c, &c.sides[0], &report->ways_a, &report->taken_a);
		count_ways(&c, &c.sides[1], &report->ways_b, &report->taken_b);
	}
	arena_free(&arena);
	return c.is_broken ? CBPF_E_NOMEM : CBPF_OK;
}
