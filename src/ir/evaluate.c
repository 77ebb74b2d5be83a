/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IR run over a packet, as it is written: what a pass has made is held
 * against the program by running both. Slow, and meant to be read.
 */
#include "interp/packet.h"
#include "ir/ir.h"
#include "isa/eval.h"

struct run {
	const struct ir *ir;
	const struct cbpf_packet *packet;
	uint32_t *values;
	uint64_t *counts; /* by range; or NULL */
	uint64_t rand;
	uint32_t verdict; /* of a run that a guard has ended */
};

static unsigned alu_of(enum ir_op op)
{
	switch (op) {
	case IR_ADD:
		return ALU_ADD;
	case IR_SUB:
		return ALU_SUB;
	case IR_MUL:
		return ALU_MUL;
	case IR_DIV:
		return ALU_DIV;
	case IR_MOD:
		return ALU_MOD;
	case IR_AND:
		return ALU_AND;
	case IR_OR:
		return ALU_OR;
	case IR_XOR:
		return ALU_XOR;
	case IR_LSH:
		return ALU_LSH;
	default:
		return ALU_RSH;
	}
}

uint32_t ir_alu(const struct ir *ir, enum ir_op op, uint32_t a, uint32_t b)
{
	return ev_alu(alu_of(op), a, b, ir->row->shift_x_clears);
}

static struct pk_value load(const struct run *r, const struct ir_insn *insn)
{
	uint32_t base = insn->a == IR_NONE ? 0 : r->values[insn->a];

	return pk_load(r->ir->row, r->packet, base, insn->k, insn->size);
}

static uint32_t length(const struct run *r)
{
	if (r->ir->row->length_is_caplen || r->packet->wirelen == 0)
		return r->packet->caplen;
	return r->packet->wirelen;
}

/* False: the run has ended, with r->verdict. */
static bool run_insn(struct run *r, const struct ir_insn *insn, uint32_t *value)
{
	uint32_t a = insn->a == IR_NONE ? 0 : r->values[insn->a];
	uint32_t b = insn->b == IR_NONE ? 0 : r->values[insn->b];

	r->verdict = 0;
	switch ((enum ir_op)insn->op) {
	case IR_PARAM: /* its edge has set it */
		return true;
	case IR_CONST:
		*value = insn->k;
		return true;
	case IR_LEN:
		*value = length(r);
		return true;
	case IR_LOAD:
	case IR_LOAD_ANY:
	case IR_LOAD_IND:
	case IR_LOAD_ZERO:
		*value = load(r, insn).value;
		return true;
	case IR_MSH_ANY:
		*value = (load(r, insn).value & 15) * 4;
		return true;
	case IR_DATA:
		*value = pk_load_data(r->packet, insn->k).value;
		return true;
	case IR_EXT:
	case IR_EXT_NLA:
		*value = pk_ext(r->packet, insn->k, a, b, &r->rand).value;
		return true;
	case IR_RAND:
		*value = pk_rand(&r->rand);
		return true;
	case IR_NEED_BYTES:
		return insn->k <= r->packet->caplen;
	case IR_NEED_ANY:
	case IR_NEED_IND:
		return load(r, insn).why == CBPF_OK;
	case IR_NEED_VALUE:
		return a != 0;
	case IR_NEED_DEVICE:
		r->verdict = a;
		return pk_ext(r->packet, insn->k, 0, 0, &r->rand).why ==
		       CBPF_OK;
	case IR_DIV:
	case IR_MOD:
		/* a guard stands before it: of a graph in order b is not 0 */
		if (b == 0)
			return false;
		*value = ir_alu(r->ir, (enum ir_op)insn->op, a, b);
		return true;
	default:
		*value = ir_alu(r->ir, (enum ir_op)insn->op, a, b);
		return true;
	}
}

/* The arguments of an edge become the parameters of the block it leads to. */
static uint32_t follow(struct run *r, uint32_t edge)
{
	const struct ir_edge *e = &r->ir->edges[edge];
	const struct ir_block *to = &r->ir->blocks[e->to];
	uint32_t param = to->first;

	/* a parameter is no argument of an edge to its own block: no loops */
	for (uint32_t i = 0; i < to->n_params; i++) {
		r->values[param] = r->values[r->ir->args[e->args + i]];
		param = r->ir->insns[param].next;
	}
	return e->to;
}

/* The edge by which a switch is left. */
static uint32_t leave_switch(const struct run *r, const struct ir_block *block)
{
	uint32_t range =
		block->ranges + ir_range_of(r->ir, block, r->values[block->a]);

	if (r->counts)
		r->counts[range]++;
	return block->edges + r->ir->ranges[range].edge;
}

uint32_t ir_run(const struct ir *ir, const struct cbpf_packet *packet,
		uint32_t *values, uint64_t *counts)
{
	struct run r = { .ir = ir,
			 .packet = packet,
			 .values = values,
			 .counts = counts,
			 .rand = cbpf_state_init(packet).rand };
	uint32_t at = 0;

	while (true) {
		const struct ir_block *block = &ir->blocks[at];
		bool holds = true;

		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next)
			if (!run_insn(&r, &ir->insns[i], &values[i]))
				return r.verdict;
		if (block->end == IR_RET)
			return values[block->a];
		if (block->end == IR_BRANCH)
			holds = ev_test(block->test, values[block->a],
					values[block->b]);
		at = follow(&r, block->end == IR_SWITCH
					? leave_switch(&r, block)
					: block->edges + !holds);
	}
}
