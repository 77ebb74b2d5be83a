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
	struct ir_machine machine;
	uint64_t *counts; /* by range; or NULL */
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

static struct pk_value load(const struct ir_machine *m,
			    const struct ir_insn *insn)
{
	uint32_t base = insn->a == IR_NONE ? 0 : m->values[insn->a];

	return pk_load(m->row, m->packet, base, insn->k, insn->size);
}

static uint32_t length(const struct ir_machine *m)
{
	if (m->row->length_is_caplen || m->packet->wirelen == 0)
		return m->packet->caplen;
	return m->packet->wirelen;
}

bool ir_do(struct ir_machine *m, const struct ir_insn *insn, uint32_t *value)
{
	uint32_t a = insn->a == IR_NONE ? 0 : m->values[insn->a];
	uint32_t b = insn->b == IR_NONE ? 0 : m->values[insn->b];

	m->verdict = 0;
	switch ((enum ir_op)insn->op) {
	case IR_PARAM: /* its edge has set it */
		return true;
	case IR_CONST:
		*value = insn->k;
		return true;
	case IR_LEN:
		*value = length(m);
		return true;
	case IR_LOAD:
	case IR_LOAD_ANY:
	case IR_LOAD_IND:
	case IR_LOAD_ZERO:
		*value = load(m, insn).value;
		return true;
	case IR_MSH_ANY:
		*value = (load(m, insn).value & 15) * 4;
		return true;
	case IR_DATA:
		*value = pk_load_data(m->packet, insn->k).value;
		return true;
	case IR_EXT:
	case IR_EXT_NLA:
		*value = pk_ext(m->packet, insn->k, a, b, &m->rand).value;
		return true;
	case IR_RAND:
		*value = pk_rand(&m->rand);
		return true;
	case IR_NEED_BYTES:
		return insn->k <= m->packet->caplen;
	case IR_NEED_ANY:
	case IR_NEED_IND:
		return load(m, insn).why == CBPF_OK;
	case IR_NEED_VALUE:
		return a != 0;
	case IR_NEED_DEVICE:
		m->verdict = a;
		return pk_ext(m->packet, insn->k, 0, 0, &m->rand).why ==
		       CBPF_OK;
	case IR_DIV:
	case IR_MOD:
		/* a guard stands before it: of a graph in order b is not 0 */
		if (b == 0)
			return false;
		*value = ev_alu(alu_of((enum ir_op)insn->op), a, b,
				m->row->shift_x_clears);
		return true;
	default:
		*value = ev_alu(alu_of((enum ir_op)insn->op), a, b,
				m->row->shift_x_clears);
		return true;
	}
}

/* The arguments of an edge become the parameters of the block it leads to. */
static uint32_t follow(struct run *r, uint32_t edge)
{
	const struct ir_edge *e = &r->ir->edges[edge];
	const struct ir_block *to = &r->ir->blocks[e->to];
	uint32_t param = to->first, *values = r->machine.values;

	/* a parameter is no argument of an edge to its own block: no loops */
	for (uint32_t i = 0; i < to->n_params; i++) {
		values[param] = values[r->ir->args[e->args + i]];
		param = r->ir->insns[param].next;
	}
	return e->to;
}

/* The edge by which a switch is left. */
static uint32_t leave_switch(const struct run *r, const struct ir_block *block)
{
	uint32_t range = block->ranges +
			 ir_range_of(r->ir, block, r->machine.values[block->a]);

	if (r->counts)
		r->counts[range]++;
	return block->edges + r->ir->ranges[range].edge;
}

uint32_t ir_run(const struct ir *ir, const struct cbpf_packet *packet,
		uint32_t *values, uint64_t *counts)
{
	struct run r = { .ir = ir,
			 .counts = counts,
			 .machine = { ir->row, packet, values,
				      cbpf_state_init(packet).rand, 0 } };
	uint32_t at = 0;

	while (true) {
		const struct ir_block *block = &ir->blocks[at];
		bool holds = true;

		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next)
			if (!ir_do(&r.machine, &ir->insns[i], &values[i]))
				return r.machine.verdict;
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
