/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs and packets for differential tests, drawn from the opcode
 * table so that a new instruction is generated without being named here.
 *
 * A program is useful when it runs for a while: jumps are short, early
 * returns and loads that miss are rare, and M[] is read only after a store.
 * A packet is useful when the program's branches go both ways: its length
 * sits around the offsets that are read, and constants that the program
 * compares are planted where it loads.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/options.h"
#include "interp/packet.h"
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
	return (uint32_t)((uint64_t)pk_rand(g->seed) * n >> 32);
}

static bool one_in(struct generator *g, uint32_t n)
{
	return below(g, n) == 0;
}

static uint32_t pick_constant(struct generator *g)
{
	static const uint32_t edges[] = {
		0,	    1,		2,	    3,	       7,
		8,	    14,		15,	    16,	       31,
		32,	    33,		63,	    64,	       0xff,
		0x100,	    0x800,	0xffff,	    0x10000,   0x7fffffff,
		0x80000000, 0xfffff000, 0xfffffffe, 0xffffffff
	};

	if (one_in(g, 4))
		return pk_rand(g->seed);
	if (one_in(g, 3))
		return below(g, 256);
	return edges[below(g, CBPF_COUNT(edges))];
}

static uint32_t pick_offset(struct generator *g)
{
	if (isa_dialects[g->dialect].space == SPACE_DATA)
		return below(g, SECCOMP_DATA_SIZE / 4) * 4;
	if (!one_in(g, 40))
		return below(g, 48);
	switch (below(g, 6)) {
	case 0:
		return EXT_BASE + below(g, 16) * 4;
	case 1:
		return NET_BASE + below(g, 64);
	case 2:
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
	if (g->is_wild && one_in(g, 60))
		insn.jf = (uint8_t)pk_rand(g->seed);
	return insn;
}

size_t cbpf_random_program(uint64_t *seed, const struct cbpf_random_opts *opts,
			   struct cbpf_insn *insns)
{
	struct cbpf_random_opts own;
	struct generator g = { .seed = seed };
	uint32_t n, max;

	opts_take(&own, sizeof(own), opts);
	g.dialect =
		(unsigned)own.dialect < CBPF_DIALECTS ? own.dialect : CBPF_USER;
	g.is_wild = own.is_wild;
	max = own.max_insns ? own.max_insns : LENGTH_DEFAULT;
	n = 1 + below(&g, max);
	if (n < max / 2 && !one_in(&g, 4))
		n = max / 2 + below(&g, max - max / 2);
	if (n < 1)
		n = 1;
	for (uint32_t pc = 0; pc + 1 < n; pc++)
		insns[pc] = make_insn(&g, n - pc - 2);
	insns[n - 1] = (struct cbpf_insn){
		isa_rows[one_in(&g, 3) ? OP_RET_K : OP_RET_A].code, 0, 0,
		pick_constant(&g)
	};
	if (g.is_wild && one_in(&g, 20))
		insns[n - 1].code = (uint16_t)below(&g, 256);
	return n;
}

/* ---- packets ----------------------------------------------------------- */

/* Puts a constant that is compared where the last load read from. */
static void plant(struct generator *g, const struct cbpf_insn *load, uint32_t k,
		  uint8_t *data, size_t len)
{
	uint32_t v = one_in(g, 3) ? k + below(g, 3) - 1 : k;
	size_t size = CODE_SIZE(load->code) == 0x10   ? 1
		      : CODE_SIZE(load->code) == 0x08 ? 2
						      : 4;

	if (!by_fits(load->k, size, len))
		return;
	for (size_t i = 0; i < size; i++)
		data[load->k + i] = (uint8_t)(v >> 8 * (size - 1 - i));
}

size_t cbpf_random_packet(uint64_t *seed, const struct cbpf_insn *insns,
			  size_t n, uint8_t *data, size_t cap)
{
	struct generator g = { .seed = seed };
	const struct cbpf_insn *load = NULL;
	uint32_t most = cap < 96 ? (uint32_t)cap : 96;
	size_t len = below(&g, most + 1);

	if (len < 52 && most >= 52 && !one_in(&g, 4))
		len = 52 + below(&g, most - 52 + 1);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)pk_rand(seed);
	for (size_t pc = 0; pc < n; pc++) {
		uint16_t code = insns[pc].code;

		if (CODE_CLASS(code) == CLASS_LD && CODE_MODE(code) == MODE_ABS)
			load = &insns[pc];
		else if (load && isa_is_branch(code) && one_in(&g, 2))
			plant(&g, load, insns[pc].k, data, len);
		/* just inside, or just outside, the end */
		if (load == &insns[pc] && load->k < len && one_in(&g, 20)) {
			size_t end = load->k + below(&g, 5);

			len = end < len ? end : len;
		}
	}
	return len;
}
