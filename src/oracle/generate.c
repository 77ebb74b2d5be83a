/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs for differential tests, drawn from the opcode table so that
 * a new instruction is generated without being named here.
 *
 * A legal program is useful when it runs for a while: jumps are short, early
 * returns and loads that miss are rare, and M[] is read only after a store.
 * Here and there is a row of tests of bytes that are near each other, as
 * filters ask several fields of a header.
 *
 * An almost legal one is such a program with a field or two changed, mostly to
 * where a rule begins or ends; a wild one has any codes; a long one repeats an
 * instruction about as often as some limit of size allows.
 */
#include <string.h>

#include "base/options.h"
#include "oracle/draw.h"
#include "oracle/oracle.h"

#define LENGTH_DEFAULT 40

struct generator {
	uint64_t *seed;
	enum cbpf_dialect dialect;
	bool is_wild;
	uint32_t stored; /* words of M[] written so far on the main line */
};

static uint32_t below(struct generator *g, uint32_t n)
{
	return draw_below(g->seed, n);
}

static bool one_in(struct generator *g, uint32_t n)
{
	return draw_one_in(g->seed, n);
}

uint32_t draw_constant(uint64_t *seed)
{
	static const uint32_t edges[] = {
		0,	    1,		2,	    3,	       7,
		8,	    14,		15,	    16,	       31,
		32,	    33,		63,	    64,	       0xff,
		0x100,	    0x800,	0xffff,	    0x10000,   0x7fffffff,
		0x80000000, 0xfffff000, 0xfffffffe, 0xffffffff
	};

	if (draw_one_in(seed, 4))
		return pk_rand(seed);
	if (draw_one_in(seed, 3))
		return draw_below(seed, 256);
	return edges[draw_below(seed, CBPF_COUNT(edges))];
}

static uint32_t pick_constant(struct generator *g)
{
	return draw_constant(g->seed);
}

static uint32_t pick_offset(struct generator *g)
{
	if (isa_dialects[g->dialect].space == SPACE_DATA)
		return below(g, SECCOMP_DATA_SIZE / 4) * 4;
	if (!one_in(g, 12))
		return below(g, 48);
	switch (below(g, 8)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return EXT_BASE + below(g, 16) * 4;
	case 4:
		return NET_BASE + below(g, 64);
	case 5:
		return LINK_BASE + below(g, 64);
	default:
		return pick_constant(g);
	}
}

static uint32_t pick_operand(struct generator *g, enum isa_op op)
{
	switch (isa_rows[op].form) {
	case FORM_ABS:
	case FORM_MSH:
		return pick_offset(g);
	case FORM_IND:
		/* X is often small; k near 0, or so that the sum wraps */
		return one_in(g, 8) ? pick_constant(g) : below(g, 24);
	case FORM_MEM:
		return below(g, g->is_wild && one_in(g, 30) ? 20 : 16);
	case FORM_K:
		if (op == OP_LSH_K || op == OP_RSH_K)
			return g->is_wild && one_in(g, 10) ? pick_constant(g)
							   : below(g, 32);
		if ((op == OP_DIV_K || op == OP_MOD_K) && !g->is_wild)
			return pick_constant(g) | 1;
		return pick_constant(g);
	case FORM_JK:
		return pick_constant(g);
	default: /* ignored by every machine, so junk is as good */
		return one_in(g, 4) ? pick_constant(g) : 0;
	}
}

static enum isa_op pick_op(struct generator *g)
{
	enum isa_op op;

	do {
		op = (enum isa_op)below(g, OP_ROWS);
		/* an early return cuts the run short */
		if ((op == OP_RET_K || op == OP_RET_A) && !one_in(g, 6))
			op = OP_BAD;
		else if (!(isa_rows[op].on & 1 << g->dialect))
			op = OP_BAD;
		/* half of all divisions by X abort */
		else if ((op == OP_DIV_X || op == OP_MOD_X) && !one_in(g, 4))
			op = OP_BAD;
		else if (isa_rows[op].form == FORM_IND && !one_in(g, 3))
			op = OP_BAD;
		else if (op == OP_LD_MEM || op == OP_LDX_MEM)
			op = g->stored || g->is_wild ? op : OP_BAD;
	} while (op == OP_BAD);
	return op;
}

static uint8_t pick_jump(struct generator *g, uint32_t room)
{
	uint32_t most = one_in(g, 10) ? room : room < 3 ? room : 3;

	return (uint8_t)below(g, (most < 255 ? most : 255) + 1);
}

/* room: how many instructions follow the next one. */
static struct cbpf_insn make_insn(struct generator *g, uint32_t room)
{
	enum isa_op op = pick_op(g);
	struct cbpf_insn insn = { isa_rows[op].code, 0, 0,
				  pick_operand(g, op) };

	switch (isa_rows[op].form) {
	case FORM_JA:
		insn.k = pick_jump(g, room);
		break;
	case FORM_JK:
	case FORM_JX:
		insn.jt = pick_jump(g, room);
		insn.jf = pick_jump(g, room);
		break;
	case FORM_MEM:
		if (op == OP_ST || op == OP_STX)
			g->stored |= 1u << (insn.k & 15);
		else if (!g->is_wild || !one_in(g, 20))
			while (!(g->stored >> insn.k & 1) && g->stored)
				insn.k = (insn.k + 1) & 15;
		break;
	}
	if (!isa_is_branch(insn.code) && one_in(g, 30))
		insn.jt = (uint8_t)pk_rand(g->seed);
	if (g->is_wild && one_in(g, 60))
		insn.code ^= (uint16_t)(1u << below(g, 16));
	if (g->is_wild && one_in(g, 40))
		insn.code = (uint16_t)below(g, 256);
	if (g->is_wild && one_in(g, 60))
		insn.jf = (uint8_t)pk_rand(g->seed);
	return insn;
}

/* ---- rows of tests ------------------------------------------------------ */

#define ROW_TESTS 3
#define ROW_MOST  (2 + 3 * ROW_TESTS)

static struct cbpf_insn with_k(enum isa_op op, uint32_t k)
{
	return (struct cbpf_insn){ isa_rows[op].code, 0, 0, k };
}

/* A load of bytes near an offset; op: of a word, and those behind it of two
 * bytes and one. */
static struct cbpf_insn load_near(struct generator *g, enum isa_op op,
				  uint32_t offset)
{
	if (isa_dialects[g->dialect].space == SPACE_DATA)
		return with_k(op, (offset % 14 + below(g, 3)) * 4);
	return with_k((enum isa_op)(op + below(g, 3)), offset + below(g, 7));
}

/* Bits of a load, or all of them. */
static uint32_t pick_mask(struct generator *g)
{
	return one_in(g, 3) ? UINT32_MAX << below(g, 32) : pick_constant(g);
}

/* A test: what is taken for a match goes on, all else to the end of the row. */
static uint32_t make_test(struct generator *g, enum isa_op op, uint32_t offset,
			  struct cbpf_insn *insns)
{
	uint32_t n = 0, mask = UINT32_MAX;
	bool is_bits = one_in(g, 4);

	insns[n++] = load_near(g, op, offset);
	if (one_in(g, 4)) {
		mask = pick_mask(g);
		insns[n++] = with_k(OP_AND_K, mask);
	}
	if (is_bits)
		insns[n++] = with_k(OP_JSET_K, pick_mask(g));
	else
		insns[n++] = with_k(OP_JEQ_K, below(g, 256) & mask);
	return n;
}

/* The tests of a row lead to the same place where they fail, some way behind
 * it; now and then to another, or the other way round. */
static void lead(struct generator *g, struct cbpf_insn *insns, uint32_t n,
		 uint32_t fail)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t jump = n - i - 1 + fail;

		if (!isa_is_branch(insns[i].code))
			continue;
		if (one_in(g, 16))
			jump -= below(g, fail + 1);
		if ((insns[i].code == isa_rows[OP_JSET_K].code) !=
		    one_in(g, 16))
			insns[i].jt = (uint8_t)jump;
		else
			insns[i].jf = (uint8_t)jump;
	}
}

/* A row, and often a return for those that fail; so many instructions. */
static uint32_t make_row(struct generator *g, uint32_t room,
			 struct cbpf_insn *insns)
{
	bool is_data = isa_dialects[g->dialect].space == SPACE_DATA;
	bool is_ind = !is_data && one_in(g, 3), returns = one_in(g, 2);
	uint32_t tests = 2 + below(g, ROW_TESTS - 1), n = 0;
	uint32_t offset = below(g, is_ind ? 8 : 32);

	if (is_ind)
		insns[n++] = with_k(OP_LDX_MSH, below(g, 24));
	while (tests-- > 0)
		n += make_test(g, is_ind ? OP_LD_WX : OP_LD_W, offset,
			       insns + n);
	if (!returns) {
		lead(g, insns, n, pick_jump(g, room));
		return n;
	}
	lead(g, insns, n, 0);
	if (insns[n - 1].code == isa_rows[OP_JSET_K].code)
		insns[n - 1].jf = 1;
	else
		insns[n - 1].jt = 1;
	insns[n++] = with_k(OP_RET_K, one_in(g, 4));
	return n;
}

/* ---- a program ---------------------------------------------------------- */

static struct cbpf_insn make_end(struct generator *g)
{
	return (struct cbpf_insn){
		isa_rows[one_in(g, 3) ? OP_RET_K : OP_RET_A].code, 0, 0,
		pick_constant(g)
	};
}

static size_t make_program(struct generator *g, uint32_t max,
			   struct cbpf_insn *insns)
{
	uint32_t n = 1 + below(g, max);

	if (n < max / 2 && !one_in(g, 4))
		n = max / 2 + below(g, max - max / 2);
	if (n < 1)
		n = 1;
	for (uint32_t pc = 0; pc + 1 < n;) {
		uint32_t left = n - pc - 1;

		if (left >= ROW_MOST && left < UINT8_MAX && one_in(g, 12))
			pc += make_row(g, left - ROW_MOST, insns + pc);
		else
			insns[pc++] = make_insn(g, left - 1);
	}
	insns[n - 1] = make_end(g);
	if (g->is_wild && one_in(g, 20))
		insns[n - 1].code = (uint16_t)below(g, 256);
	return n;
}

/* ---- almost legal ------------------------------------------------------- */

/* A jump field at, just before or just behind the last instruction. */
static uint8_t jump_to_edge(struct generator *g, uint32_t room)
{
	return (uint8_t)(room + below(g, 3) - 1);
}

/* One field of one instruction, to where a rule may begin or end. */
static void change_field(struct generator *g, struct cbpf_insn *insns,
			 uint32_t n)
{
	static const uint32_t borders[] = { 0,	15, 16, 17, 31,
					    32, 33, 60, 63, 64 };
	uint32_t pc = below(g, n);
	uint32_t room = n - pc - 1; /* the first offset that is outside */
	struct cbpf_insn *insn = &insns[pc];

	switch (below(g, 9)) {
	case 0:
		insn->code ^= (uint16_t)(1u << below(g, 8));
		break;
	case 1:
		insn->code ^= (uint16_t)(1u << below(g, 16));
		break;
	case 2:
		insn->code = isa_rows[below(g, OP_ROWS)].code;
		break;
	case 3:
		insn->k = borders[below(g, CBPF_COUNT(borders))];
		break;
	case 4:
		insn->k = pick_constant(g);
		break;
	case 5:
		insn->k = EXT_BASE + below(g, 70) - 4;
		break;
	case 6:
		insn->jt = jump_to_edge(g, room);
		break;
	case 7:
		insn->jf = jump_to_edge(g, room);
		break;
	default:
		insn->code = isa_rows[OP_JA].code;
		insn->k = one_in(g, 4) ? 0u - below(g, pc + 2)
				       : room + below(g, 3) - 1;
		break;
	}
}

static size_t spoil(struct generator *g, struct cbpf_insn *insns, uint32_t n)
{
	uint32_t a = below(g, n), b = below(g, n);
	struct cbpf_insn other = insns[a];

	switch (below(g, 8)) {
	case 0: /* what was written may be read before */
		insns[a] = insns[b];
		insns[b] = other;
		break;
	case 1:
		n = one_in(g, 8) ? 0 : n - below(g, n);
		break;
	default:
		change_field(g, insns, n);
		if (one_in(g, 3))
			change_field(g, insns, n);
		break;
	}
	return n;
}

/* ---- long --------------------------------------------------------------- */

/* How often an instruction of this cost goes into what a limit allows. */
static uint32_t times_to_limit(struct generator *g, uint64_t cost)
{
	/* lengths; converted instructions of optmem, of a path, of a ja */
	static const uint32_t lengths[] = { 4096, 512, 64 };
	static const uint32_t converted[] = { (131072 - 96) / 8, 32768, 32767 };
	uint32_t times;

	if (cost == 0 || one_in(g, 3))
		times = lengths[below(g, CBPF_COUNT(lengths))];
	else
		times = (uint32_t)(converted[below(g, CBPF_COUNT(converted))] /
				   cost);
	times += below(g, 13);
	return times > 6 ? times - 6 : times;
}

/*
 * [ja over all,] the instruction again and again with a few others in
 * between, a return.
 */
static size_t make_long(struct generator *g, uint32_t max,
			struct cbpf_insn *insns)
{
	struct cbpf_insn again[2] = { make_insn(g, 0), make_end(g) };
	uint64_t cost = cbpf_check_cost(again, 1, g->dialect).converted;
	uint64_t rest = cbpf_check_cost(again + 1, 1, g->dialect).converted;
	uint32_t times, n = 0;
	bool is_jumped = one_in(g, 2);

	/* the prologue is in both; a return costs 1 or 2 */
	times = times_to_limit(g, cost > rest ? cost - rest + 1 : cost != 0);
	if (times > max - 2)
		times = max - 2;
	if (is_jumped)
		insns[n++] =
			(struct cbpf_insn){ isa_rows[OP_JA].code, 0, 0, times };
	for (uint32_t i = 0; i < times; i++)
		insns[n++] = one_in(g, 1000) ? make_insn(g, 0) : again[0];
	insns[n++] = again[1];
	return n;
}

size_t cbpf_random_program(uint64_t *seed, const struct cbpf_random_opts *opts,
			   struct cbpf_insn *insns)
{
	struct cbpf_random_opts own;
	struct generator g = { .seed = seed };
	uint32_t max;
	size_t n;

	opts_take(&own, sizeof(own), opts);
	g.dialect =
		(unsigned)own.dialect < CBPF_DIALECTS ? own.dialect : CBPF_USER;
	g.is_wild = own.kind == CBPF_RANDOM_WILD;
	max = own.max_insns ? own.max_insns : LENGTH_DEFAULT;
	if (own.kind == CBPF_RANDOM_LONG && max > 8)
		return make_long(&g, max, insns);
	n = make_program(&g, max, insns);
	if (own.kind == CBPF_RANDOM_ALMOST)
		n = spoil(&g, insns, (uint32_t)n);
	return n;
}
