/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IR as text, an instruction a line, as ir.h shows it. Constants are
 * written where they are used.
 */
#include "ir/ir.h"

static const char *test_text(unsigned test)
{
	switch (test) {
	case JMP_JEQ:
		return "==";
	case JMP_JGT:
		return ">";
	case JMP_JGE:
		return ">=";
	default:
		return "&";
	}
}

static void print_value(const struct ir *ir, struct buf *buf, uint32_t value)
{
	if (value == IR_NONE)
		buf_print(buf, "none");
	else if (ir->insns[value].op != IR_CONST)
		buf_print(buf, "v%u", value);
	else if (ir->insns[value].k < 10)
		buf_print(buf, "%u", ir->insns[value].k);
	else
		buf_print(buf, "0x%x", ir->insns[value].k);
}

/* What it reads: "v1, 15", "[v3 + 14]", "14". */
static void print_operands(const struct ir *ir, struct buf *buf,
			   const struct ir_insn *insn)
{
	switch ((enum ir_op)insn->op) {
	case IR_LOAD:
	case IR_LOAD_ANY:
	case IR_MSH_ANY:
	case IR_LOAD_ZERO:
	case IR_DATA:
	case IR_NEED_ANY:
		buf_print(buf, " [%u]", insn->k);
		return;
	case IR_LOAD_IND:
	case IR_NEED_IND:
		buf_print(buf, " [");
		print_value(ir, buf, insn->a);
		buf_print(buf, " + %u]", insn->k);
		return;
	case IR_NEED_BYTES:
	case IR_RAND:
		buf_print(buf, " %u", insn->k);
		return;
	case IR_EXT:
	case IR_EXT_NLA:
		buf_print(buf, " %s", isa_ext_of(insn->k)->text);
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < ir_rows[insn->op].operands; i++) {
		buf_print(buf, i || insn->op == IR_EXT_NLA ? ", " : " ");
		print_value(ir, buf, i ? insn->b : insn->a);
	}
}

static void print_insn(const struct ir *ir, struct buf *buf, uint32_t id)
{
	const struct ir_insn *insn = &ir->insns[id];

	if (insn->op == IR_CONST || insn->op == IR_PARAM)
		return;
	buf_print(buf, "\t");
	if (ir_rows[insn->op].does != IR_GUARD)
		buf_print(buf, "v%u = ", id);
	buf_print(buf, "%s", ir_rows[insn->op].text);
	if (insn->size)
		buf_print(buf, ".%u", insn->size);
	print_operands(ir, buf, insn);
	buf_print(buf, "\n");
}

/* "b3", or "b3(v1, 0)": an edge and its arguments. */
static void print_edge(const struct ir *ir, struct buf *buf, uint32_t edge)
{
	const struct ir_edge *e = &ir->edges[edge];
	uint32_t n = ir->blocks[e->to].n_params;

	buf_print(buf, "b%u", e->to);
	for (uint32_t i = 0; i < n; i++) {
		buf_print(buf, i ? ", " : "(");
		print_value(ir, buf, ir->args[e->args + i]);
	}
	buf_print(buf, n ? ")" : "");
}

static void print_head(const struct ir *ir, struct buf *buf, uint32_t id)
{
	const struct ir_block *block = &ir->blocks[id];
	uint32_t param = block->first;

	buf_print(buf, "b%u", id);
	for (uint32_t i = 0; i < block->n_params; i++) {
		buf_print(buf, i ? ", v%u" : "(v%u", param);
		param = ir->insns[param].next;
	}
	buf_print(buf, block->n_params ? "):\n" : ":\n");
}

/* "switch v1, 0x0-0x9 b3, 0xa b4, 0xb- b3" */
static void print_switch(const struct ir *ir, struct buf *buf,
			 const struct ir_block *block)
{
	const struct ir_range *ranges = ir->ranges + block->ranges;

	buf_print(buf, "\tswitch ");
	print_value(ir, buf, block->a);
	for (uint32_t i = 0; i < block->n_ranges; i++) {
		uint32_t last = ir_last_of(ranges, block->n_ranges, i);

		buf_print(buf, ", 0x%x", ranges[i].first);
		if (last == UINT32_MAX)
			buf_print(buf, "-");
		else if (last > ranges[i].first)
			buf_print(buf, "-0x%x", last);
		buf_print(buf, " ");
		print_edge(ir, buf, block->edges + ranges[i].edge);
	}
}

static void print_end(const struct ir *ir, struct buf *buf,
		      const struct ir_block *block)
{
	switch ((enum ir_end)block->end) {
	case IR_RET:
		buf_print(buf, "\tret ");
		print_value(ir, buf, block->a);
		break;
	case IR_JUMP:
		buf_print(buf, "\tjump ");
		print_edge(ir, buf, block->edges);
		break;
	case IR_BRANCH:
		buf_print(buf, "\tbranch ");
		print_value(ir, buf, block->a);
		buf_print(buf, " %s ", test_text(block->test));
		print_value(ir, buf, block->b);
		buf_print(buf, ", ");
		print_edge(ir, buf, block->edges);
		buf_print(buf, ", ");
		print_edge(ir, buf, block->edges + 1);
		break;
	case IR_SWITCH:
		print_switch(ir, buf, block);
		break;
	}
	buf_print(buf, "\n");
}

void ir_print(const struct ir *ir, struct buf *buf)
{
	for (uint32_t id = 0; id < ir->n_blocks; id++) {
		const struct ir_block *block = &ir->blocks[id];

		if (!ir_is_reached(ir, id))
			continue;
		print_head(ir, buf, id);
		for (uint32_t i = block->first; i != IR_NONE;
		     i = ir->insns[i].next)
			print_insn(ir, buf, i);
		print_end(ir, buf, block);
	}
}
