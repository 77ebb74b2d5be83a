/* SPDX-License-Identifier: BSD-2-Clause */
/* Aiming packets: see aim.h. */
#include "oracle/aim.h"
#include "oracle/draw.h"
#include "oracle/oracle.h"

#define OPS_MOST 6

enum source { SOURCE_NONE, SOURCE_BYTES, SOURCE_LENGTH };

/* What a number was made of: bytes or the length, by operations on it. */
struct origin {
	enum source source;
	int64_t at;
	uint32_t size;
	uint32_t n;
	struct {
		enum isa_op op; /* the row with k, for X too */
		uint32_t k, before;
	} ops[OPS_MOST];
};

struct origins {
	struct origin a, x, m[16];
};

/* ---- following ---------------------------------------------------------- */

static void add_op(struct origin *origin, enum isa_op op, uint32_t k,
		   uint32_t before)
{
	if (origin->n == OPS_MOST) {
		origin->source = SOURCE_NONE;
		return;
	}
	origin->ops[origin->n].op = op;
	origin->ops[origin->n].k = k;
	origin->ops[origin->n++].before = before;
}

static void follow_alu(struct origin *a, const struct isa_row *row,
		       const struct cbpf_insn *insn, const struct cbpf_state *s)
{
	uint32_t k = row->reads & USES_X ? s->x : insn->k;

	switch (CODE_OP(row->code)) {
	case ALU_ADD:
		add_op(a, OP_ADD_K, k, s->a);
		break;
	case ALU_SUB:
		add_op(a, OP_SUB_K, k, s->a);
		break;
	case ALU_XOR:
		add_op(a, OP_XOR_K, k, s->a);
		break;
	case ALU_AND:
		add_op(a, OP_AND_K, k, s->a);
		break;
	case ALU_OR:
		add_op(a, OP_OR_K, k, s->a);
		break;
	case ALU_LSH:
		add_op(a, OP_LSH_K, k & 31, s->a);
		break;
	case ALU_RSH:
		add_op(a, OP_RSH_K, k & 31, s->a);
		break;
	default:
		a->source = SOURCE_NONE;
	}
}

/* What is made by an instruction, before it is run. */
static void follow(struct origins *o, const struct cbpf_prog *prog,
		   const struct cbpf_packet *packet, const struct cbpf_state *s)
{
	const struct cbpf_insn *insn = &prog->ops[s->pc];
	const struct isa_row *row =
		insn->code < OP_ROWS ? &isa_rows[insn->code] : NULL;
	struct origin made = { SOURCE_NONE };

	if (cbpf_step_reads(prog, packet, s, &made.at, &made.size))
		made.source = SOURCE_BYTES;
	switch (insn->code) {
	case OP_LD_LEN:
	case OP_LDX_LEN:
		made.source = SOURCE_LENGTH;
		break;
	case OP_LDX_MSH:
		if (made.source == SOURCE_BYTES)
			add_op(&made, OP_AND_K, 15, packet->data[made.at]);
		add_op(&made, OP_LSH_K, 2, 0);
		break;
	case OP_LD_MEM:
	case OP_LDX_MEM:
		made = o->m[insn->k];
		break;
	case OP_ST:
		o->m[insn->k] = o->a;
		return;
	case OP_STX:
		o->m[insn->k] = o->x;
		return;
	case OP_TAX:
		made = o->a;
		break;
	case OP_TXA:
		made = o->x;
		break;
	default:
		if (row && CODE_CLASS(row->code) == CLASS_ALU) {
			follow_alu(&o->a, row, insn, s);
			return;
		}
	}
	if (row && row->writes & USES_X)
		o->x = made;
	else if (!row || row->writes & USES_A)
		o->a = made;
}

/* ---- changing ----------------------------------------------------------- */

/* What an operation must have had to make *v; false: nothing makes it. */
static bool undo(enum isa_op op, uint32_t k, uint32_t before, uint32_t *v)
{
	switch (op) {
	case OP_ADD_K:
		*v -= k;
		return true;
	case OP_SUB_K:
		*v += k;
		return true;
	case OP_XOR_K:
		*v ^= k;
		return true;
	case OP_AND_K:
		if (*v & ~k)
			return false;
		*v |= before & ~k;
		return true;
	case OP_OR_K:
		if (k & ~*v)
			return false;
		*v = (*v & ~k) | (before & k);
		return true;
	case OP_LSH_K:
		if (*v >> k << k != *v)
			return false;
		*v = *v >> k | (before & ~(UINT32_MAX >> k));
		return true;
	default: /* RSH_K */
		if (*v & ~(UINT32_MAX >> k))
			return false;
		*v = *v << k | (before & ~(UINT32_MAX << k));
		return true;
	}
}

/* The packet has the bytes, or the length, for a number to become v. */
static bool become(const struct aim *aim, const struct origin *origin,
		   uint32_t v, struct cbpf_packet *packet, uint8_t *data,
		   uint32_t cap)
{
	for (uint32_t i = origin->n; i-- > 0;)
		if (!undo(origin->ops[i].op, origin->ops[i].k,
			  origin->ops[i].before, &v))
			return false;
	if (origin->source == SOURCE_LENGTH) {
		packet->wirelen = v;
		if (v <= cap)
			packet->caplen = v;
		return v >= packet->caplen;
	}
	if (origin->source != SOURCE_BYTES || origin->at < 0 ||
	    (origin->size < 4 && v >> 8 * origin->size))
		return false;
	return ora_plant(aim->prog, data, origin->at, origin->size, v) == v;
}

/* A number below n, or 0 where there is none. */
static uint32_t some_below(uint64_t *seed, uint32_t n)
{
	return n ? draw_below(seed, n) : 0;
}

/* A number that a test of a and k takes to where it is to go. */
static uint32_t some_number(unsigned test, uint32_t a, uint32_t k, bool taken,
			    uint64_t *seed)
{
	bool at_edge = draw_below(seed, 2) == 0;
	uint32_t bit;

	switch (test) {
	case JMP_JEQ:
		if (taken)
			return k;
		return at_edge ? k + 1 - 2 * draw_below(seed, 2)
			       : k ^ (uint32_t)1 << draw_below(seed, 32);
	case JMP_JGT:
		if (taken)
			return k + 1 +
			       (at_edge ? 0 : some_below(seed, UINT32_MAX - k));
		return at_edge ? k : some_below(seed, k + 1);
	case JMP_JGE:
		if (taken)
			return k +
			       (at_edge ? 0 : some_below(seed, UINT32_MAX - k));
		return k - 1 - (at_edge ? 0 : some_below(seed, k));
	default: /* JSET */
		bit = (uint32_t)1 << draw_below(seed, 32);
		while (taken && k && !(bit & k))
			bit = bit << 1 | bit >> 31;
		return taken ? a | bit : a & ~k;
	}
}

/* The other operand in its place: a > x is x < a. */
static uint32_t some_operand(unsigned test, uint32_t x, uint32_t a, bool taken,
			     uint64_t *seed)
{
	if (test == JMP_JGT)
		return some_number(JMP_JGE, x, a, !taken, seed);
	if (test == JMP_JGE)
		return some_number(JMP_JGT, x, a, !taken, seed);
	return some_number(test, x, a, taken, seed);
}

static bool aim_branch(const struct aim *aim, const struct origins *o,
		       const struct cbpf_state *s, struct cbpf_packet *packet,
		       uint8_t *data, uint32_t cap, uint64_t *seed)
{
	const struct cbpf_insn *insn = &aim->prog->ops[s->pc];
	const struct isa_row *row = &isa_rows[insn->code];
	unsigned test = CODE_OP(row->code);
	bool by_x = row->reads & USES_X;
	uint32_t k = by_x ? s->x : insn->k;

	if (by_x && o->x.source != SOURCE_NONE &&
	    (o->a.source == SOURCE_NONE || draw_below(seed, 2)))
		return become(aim, &o->x,
			      some_operand(test, k, s->a, aim->to_taken, seed),
			      packet, data, cap);
	return become(aim, &o->a,
		      some_number(test, s->a, k, aim->to_taken, seed), packet,
		      data, cap);
}

bool aim_packet(const struct aim *aim, struct cbpf_packet *packet,
		uint8_t *data, uint32_t cap, uint64_t *seed, uint64_t *steps)
{
	struct cbpf_state s = cbpf_state_init(packet);
	struct cbpf_result result = { .steps = 0 };
	struct origins origins = { 0 };
	bool goes_on = true;

	while (goes_on && s.pc != aim->pc) {
		follow(&origins, aim->prog, packet, &s);
		goes_on = cbpf_step(aim->prog, packet, &s, &result);
	}
	*steps += result.steps;
	return goes_on &&
	       aim_branch(aim, &origins, &s, packet, data, cap, seed);
}
