/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter: the reading of reference, against which every engine is
 * compared.
 *
 * step() is the machine: one switch, one case an instruction, in the order of
 * opcodes.def. Around it are three loops: to the end, to the end with a call
 * before each step, and one step at a time. It is inlined into each, so the
 * plain loop keeps its registers in registers; nothing in it takes the
 * state's address.
 *
 * Only verified programs get here: targets are inside the program, M[] below
 * 16, constants divide and shift as the dialect lets them. What remains to be
 * decided at run time (offsets, X == 0, codes the dialect's checker lets by
 * and its machine does not know) is decided here.
 *
 * The annotations say what scripts/prove proves with Frama-C: of a sound_prog()
 * and any packet, every access is inside its object, nothing is undefined, and
 * the run ends.
 */
#include "base/options.h"
#include "interp/packet.h"
#include "isa/eval.h"

enum step { STEP_ON, STEP_END };

/*@ requires \valid(res);
    terminates \true;
    exits \false;
    assigns res->end, res->why, res->value, res->pc;
    ensures \result == STEP_END; */
CBPF_INLINE enum step end_run(struct cbpf_result *res, uint32_t pc,
			      enum cbpf_end end, enum cbpf_err why,
			      uint32_t value)
{
	res->end = end;
	res->why = why;
	res->value = value;
	res->pc = pc;
	return STEP_END;
}

/*@ requires \valid(res);
    terminates \true;
    exits \false;
    assigns res->end, res->why, res->value, res->pc;
    ensures \result == STEP_END; */
static CBPF_COLD enum step abort_run(struct cbpf_result *res, uint32_t pc,
				     uint32_t why)
{
	return end_run(res, pc, CBPF_ABORTED, (enum cbpf_err)why, 0);
}

/* A code that the dialect's checker lets by and its machine does not know. */
/*@ requires \valid(res) && \valid_read(prog) && \valid_read(prog->row);
    terminates \true;
    exits \false;
    assigns res->end, res->why, res->value, res->pc;
    ensures \result == STEP_END; */
static CBPF_COLD enum step end_unknown(const struct cbpf_prog *prog,
				       struct cbpf_result *res, uint32_t pc)
{
	if (prog->row->bad == BAD_CRASHES)
		return end_run(res, pc, CBPF_CRASHED, CBPF_E_CRASH, 0);
	return abort_run(res, pc, CBPF_E_REACHED);
}

/*@ requires \valid_read(row) && \valid_read(packet);
    terminates \true;
    exits \false;
    assigns \nothing; */
static inline uint32_t length(const struct isa_dialect *row,
			      const struct cbpf_packet *packet)
{
	if (row->length_is_caplen || packet->wirelen == 0)
		return packet->caplen;
	return packet->wirelen;
}

/* struct cbpf_state but for M[], whose indexing would tie all to memory. */
struct regs {
	uint32_t pc, a, x;
	uint64_t rand;
	uint64_t steps, limit; /* asked at backward jumps alone */
};

/*@ requires sound_prog(prog) && s->pc < prog->n;
    requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    requires \valid(s) && \valid(m + (0 .. 15)) && \valid(res);
    requires \separated(s, m + (0 .. 15), res, prog, prog->row,
			prog->ops + (0 .. prog->n - 1), packet, packet->ctx,
			packet->data +
			(-headroom(packet) .. packet->caplen - 1));
    terminates \true;
    exits \false;
    assigns s->pc, s->a, s->x, s->rand, s->steps, m[0 .. 15];
    assigns res->end, res->why, res->value, res->pc;
    ensures counts: s->steps == (uint64_t)(\old(s->steps) + 1);
    ensures inside: \result == STEP_ON ==> s->pc < prog->n;
    ensures forward: \result == STEP_ON ==> s->pc > \old(s->pc) ||
      (prog->traits.has_loop != 0 && s->steps < s->limit);
    ensures ends: \result == STEP_ON || \result == STEP_END; */
CBPF_INLINE enum step step(const struct cbpf_prog *prog,
			   const struct cbpf_packet *packet, struct regs *s,
			   uint32_t m[16], struct cbpf_result *res)
{
	const struct isa_dialect *row = prog->row;
	const uint32_t pc = s->pc;
	const struct cbpf_insn *insn = &prog->ops[pc];
	const uint32_t k = insn->k;
	struct pk_value v;

#define LOAD(dest, base, size)                            \
	do {                                              \
		v = pk_load(row, packet, base, k, size);  \
		if (cbpf_unlikely(v.why))                 \
			return abort_run(res, pc, v.why); \
		(dest) = v.value;                         \
	} while (0)
#define ALU(op, operand) s->a = ev_alu(op, s->a, operand, false)
#define JUMP(op, operand) \
	s->pc += ev_test(op, s->a, operand) ? insn->jt : insn->jf

	s->pc = pc + 1;
	s->steps++;
	switch (insn->code) {
	case OP_LD_IMM:
		s->a = k;
		break;
	case OP_LD_W:
		LOAD(s->a, 0, 4);
		break;
	case OP_LD_H:
		/* FreeBSD's mbuf path does not test m_xhalf()'s error here */
		v = pk_load(row, packet, 0, k, 2);
		if (cbpf_unlikely(v.why) && !row->ldh_reads_zero)
			return abort_run(res, pc, v.why);
		s->a = v.value;
		break;
	case OP_LD_B:
		LOAD(s->a, 0, 1);
		break;
	case OP_LD_WX:
		LOAD(s->a, s->x, 4);
		break;
	case OP_LD_HX:
		LOAD(s->a, s->x, 2);
		break;
	case OP_LD_BX:
		LOAD(s->a, s->x, 1);
		break;
	case OP_LD_MEM:
		s->a = m[k];
		break;
	case OP_LD_LEN:
		s->a = length(row, packet);
		break;
	case OP_LD_RND: {
		uint64_t rand = s->rand;

		s->a = pk_rand(&rand);
		s->rand = rand;
		break;
	}
	case OP_LDX_IMM:
		s->x = k;
		break;
	case OP_LDX_MEM:
		s->x = m[k];
		break;
	case OP_LDX_LEN:
		s->x = length(row, packet);
		break;
	case OP_LDX_MSH:
		LOAD(s->x, 0, 1);
		s->x = (s->x & 15) * 4;
		break;
	case OP_ST:
		m[k] = s->a;
		break;
	case OP_STX:
		m[k] = s->x;
		break;
	case OP_ADD_K:
		ALU(ALU_ADD, k);
		break;
	case OP_ADD_X:
		ALU(ALU_ADD, s->x);
		break;
	case OP_SUB_K:
		ALU(ALU_SUB, k);
		break;
	case OP_SUB_X:
		ALU(ALU_SUB, s->x);
		break;
	case OP_MUL_K:
		ALU(ALU_MUL, k);
		break;
	case OP_MUL_X:
		ALU(ALU_MUL, s->x);
		break;
	case OP_DIV_K:
		ALU(ALU_DIV, k);
		break;
	case OP_DIV_X:
		if (s->x == 0)
			return abort_run(res, pc, CBPF_E_DIV_X);
		ALU(ALU_DIV, s->x);
		break;
	case OP_OR_K:
		ALU(ALU_OR, k);
		break;
	case OP_OR_X:
		ALU(ALU_OR, s->x);
		break;
	case OP_AND_K:
		ALU(ALU_AND, k);
		break;
	case OP_AND_X:
		ALU(ALU_AND, s->x);
		break;
	case OP_LSH_K:
		s->a = ev_alu(ALU_LSH, s->a, k, row->shift_k_clears);
		break;
	case OP_LSH_X:
		s->a = ev_alu(ALU_LSH, s->a, s->x, row->shift_x_clears);
		break;
	case OP_RSH_K:
		s->a = ev_alu(ALU_RSH, s->a, k, row->shift_k_clears);
		break;
	case OP_RSH_X:
		s->a = ev_alu(ALU_RSH, s->a, s->x, row->shift_x_clears);
		break;
	case OP_NEG:
		ALU(ALU_NEG, 0);
		break;
	case OP_MOD_K:
		ALU(ALU_MOD, k);
		break;
	case OP_MOD_X:
		if (s->x == 0)
			return abort_run(res, pc, CBPF_E_DIV_X);
		ALU(ALU_MOD, s->x);
		break;
	case OP_XOR_K:
		ALU(ALU_XOR, k);
		break;
	case OP_XOR_X:
		ALU(ALU_XOR, s->x);
		break;
	case OP_JA:
		s->pc += k;
		if (cbpf_unlikely(s->pc <= pc && s->steps >= s->limit))
			return end_run(res, s->pc, CBPF_ENDLESS, CBPF_E_STEPS,
				       0);
		break;
	case OP_JEQ_K:
		JUMP(JMP_JEQ, k);
		break;
	case OP_JEQ_X:
		JUMP(JMP_JEQ, s->x);
		break;
	case OP_JGT_K:
		JUMP(JMP_JGT, k);
		break;
	case OP_JGT_X:
		JUMP(JMP_JGT, s->x);
		break;
	case OP_JGE_K:
		JUMP(JMP_JGE, k);
		break;
	case OP_JGE_X:
		JUMP(JMP_JGE, s->x);
		break;
	case OP_JSET_K:
		JUMP(JMP_JSET, k);
		break;
	case OP_JSET_X:
		JUMP(JMP_JSET, s->x);
		break;
	case OP_RET_K:
		return end_run(res, pc, CBPF_RETURNED, CBPF_OK, k);
	case OP_RET_A:
		return end_run(res, pc, CBPF_RETURNED, CBPF_OK, s->a);
	case OP_TAX:
		s->x = s->a;
		break;
	case OP_TXA:
		s->a = s->x;
		break;
	case OP_LD_DATA:
		v = pk_load_data(packet, k);
		if (v.why)
			return abort_run(res, pc, v.why);
		s->a = v.value;
		break;
	case OP_LD_EXT: {
		uint64_t rand = s->rand;

		v = pk_ext(packet, k, s->a, s->x, &rand);
		s->rand = rand;
		if (v.why)
			return end_run(res, pc, CBPF_NO_DEVICE,
				       (enum cbpf_err)v.why, s->a);
		s->a = v.value;
		break;
	}
	case OP_RET_X: /* no dialect decodes it */
	case OP_BAD:
		return end_unknown(prog, res, pc);
	default: /* isa_decode() gives nothing else */
		cbpf_unreachable();
	}
	return STEP_ON;
#undef LOAD
#undef ALU
#undef JUMP
}

/*@ requires readable_prog(prog) && readable_packet(packet) && \valid(res);
    requires \separated(res, prog, prog->row, packet);
    terminates \true;
    exits \false;
    assigns res->end, res->why, res->value, res->pc;
    ensures !\result ==> packet->caplen <= INT32_MAX && prog->n > 0; */
/* Runs that end before their first step: rare, and known by the program. */
static CBPF_COLD bool ends_oddly(const struct cbpf_prog *prog,
				 const struct cbpf_packet *packet,
				 struct cbpf_result *res)
{
	if (packet->caplen > INT32_MAX) {
		abort_run(res, 0, CBPF_E_PACKET_SIZE);
		return true;
	}
	if (prog->row->space == SPACE_DATA &&
	    packet->caplen != SECCOMP_DATA_SIZE) {
		abort_run(res, 0, CBPF_E_DATA_SIZE);
		return true;
	}
	if (prog->n == 0) { /* FreeBSD: no filter, take all */
		end_run(res, 0, CBPF_RETURNED, CBPF_OK, UINT32_MAX);
		return true;
	}
	return false;
}

/*@ requires sound_prog(prog) && readable_packet(packet) && \valid(res);
    requires \separated(res, prog, prog->row, packet);
    terminates \true;
    exits \false;
    assigns *res;
    ensures res->steps == 0;
    ensures !\result ==> packet->caplen <= INT32_MAX && prog->n > 0; */
CBPF_INLINE bool ends_at_once(const struct cbpf_prog *prog,
			      const struct cbpf_packet *packet,
			      struct cbpf_result *res)
{
	res->steps = 0;
	return cbpf_unlikely(prog->may_end_at_once |
			     (packet->caplen > INT32_MAX)) &&
	       ends_oddly(prog, packet, res);
}

/*@ requires \valid_read(packet) && readable_ctx(packet->ctx);
    terminates \true;
    exits \false;
    assigns \nothing; */
struct cbpf_state cbpf_state_init(const struct cbpf_packet *packet)
{
	struct cbpf_state s = { .rand = packet->ctx ? packet->ctx->seed : 0 };

	return s;
}

/* Apart, because with a loop in it gcc lays cbpf_run() out for size. */
/*@ requires \valid(m + (0 .. 15));
    terminates \true;
    exits \false;
    assigns m[0 .. 15]; */
static CBPF_COLD void clear_mem(uint32_t m[16])
{
	/*@ loop invariant 0 <= i <= 16;
	    loop assigns i, m[0 .. 15];
	    loop variant 16 - i; */
	for (int i = 0; i < 16; i++)
		m[i] = 0;
}

/*@ requires sound_prog(prog) && readable_packet(packet) && \valid(result);
    requires \separated(result, prog, prog->row,
			prog->ops + (0 .. prog->n - 1), packet, packet->ctx,
			packet->data +
			(-headroom(packet) .. packet->caplen - 1));
    terminates \true;
    exits \false;
    assigns *result;
    ensures result->steps <= prog->n ||
      (prog->traits.has_loop != 0 &&
       result->steps <= CBPF_STEP_LIMIT + prog->n); */
void cbpf_run(const struct cbpf_prog *prog, const struct cbpf_packet *packet,
	      struct cbpf_result *result)
{
	struct regs s = { .rand = packet->ctx ? packet->ctx->seed : 0,
			  .limit = CBPF_STEP_LIMIT };
	uint32_t m[16];

	if (ends_at_once(prog, packet, result))
		return;
	if (prog->traits
		    .reads_unset_mem) /* else no path does, before a write */
		clear_mem(m);
	/*@ loop invariant s.pc < prog->n && s.limit == CBPF_STEP_LIMIT;
	    loop invariant prog->traits.has_loop == 0 ==> s.steps <= s.pc;
	    loop invariant s.steps <= CBPF_STEP_LIMIT + s.pc;
	    loop assigns s, m[0 .. 15];
	    loop assigns result->end, result->why, result->value, result->pc;
	    loop variant CBPF_STEP_LIMIT + prog->n - s.steps; */
	while (step(prog, packet, &s, m, result) == STEP_ON)
		;
	result->steps = s.steps;
}

/*@ requires sound_prog(prog) && readable_packet(packet);
    requires \valid(state) && \valid(result);
    requires \separated(state, result, prog, prog->row,
			prog->ops + (0 .. prog->n - 1), packet, packet->ctx,
			packet->data +
			(-headroom(packet) .. packet->caplen - 1));
    terminates \true;
    exits \false;
    assigns *state, *result;
    ensures \result ==> state->pc < prog->n;
    ensures \result ==> state->pc > \old(state->pc) ||
      prog->traits.has_loop != 0; */
bool cbpf_step(const struct cbpf_prog *prog, const struct cbpf_packet *packet,
	       struct cbpf_state *state, struct cbpf_result *result)
{
	struct regs s = { state->pc,   state->a,      state->x,
			  state->rand, result->steps, UINT64_MAX };
	enum step went;

	if (ends_at_once(prog, packet, result))
		return false;
	if (state->pc >= prog->n) {
		abort_run(result, state->pc, CBPF_E_ARGUMENT);
		return false;
	}
	went = step(prog, packet, &s, state->m, result);
	result->steps = s.steps;
	state->pc = s.pc;
	state->a = s.a;
	state->x = s.x;
	state->rand = s.rand;
	return went == STEP_ON;
}

void cbpf_run_watched(const struct cbpf_prog *prog,
		      const struct cbpf_packet *packet,
		      const struct cbpf_watch *watch,
		      struct cbpf_result *result)
{
	struct cbpf_state s = cbpf_state_init(packet);
	struct cbpf_watch own;
	uint32_t last = 0; /* behind the instruction before */

	opts_take(&own, sizeof(own), watch);
	result->steps = 0;
	do {
		/* the usual limit is asked where cbpf_run() asks it */
		bool is_over = own.max_steps
				       ? result->steps == own.max_steps
				       : s.pc < last && result->steps >=
								CBPF_STEP_LIMIT;

		if (is_over || (own.before && !own.before(own.ctx, &s))) {
			end_run(result, s.pc, CBPF_ENDLESS, CBPF_E_STEPS, 0);
			return;
		}
		last = s.pc + 1;
	} while (cbpf_step(prog, packet, &s, result));
}

/*@ requires sound_prog(prog) && readable_packet(packet);
    requires \valid_read(state) && \valid(offset) && \valid(size);
    requires \separated(offset, size, state, prog, prog->row,
			prog->ops + (0 .. prog->n - 1), packet, packet->ctx);
    terminates \true;
    exits \false;
    assigns *offset, *size;
    ensures \result ==> inside(packet, *offset, *size); */
bool cbpf_step_reads(const struct cbpf_prog *prog,
		     const struct cbpf_packet *packet,
		     const struct cbpf_state *state, int64_t *offset,
		     uint32_t *size)
{
	const struct cbpf_insn *insn;
	enum cbpf_err why;
	uint32_t base = 0;

	*size = 0;
	*offset = 0;
	if (state->pc >= prog->n)
		return false;
	insn = &prog->ops[state->pc];
	switch (insn->code) {
	case OP_LD_WX:
		base = state->x; /* fall through */
	case OP_LD_W:
	case OP_LD_DATA:
		*size = 4;
		break;
	case OP_LD_HX:
		base = state->x; /* fall through */
	case OP_LD_H:
		*size = 2;
		break;
	case OP_LD_BX:
		base = state->x; /* fall through */
	case OP_LD_B:
	case OP_LDX_MSH:
		*size = 1;
		break;
	default:
		return false;
	}
	return pk_locate(prog->row, packet, base, insn->k, *size, offset, &why);
}

const char *cbpf_end_name(enum cbpf_end end)
{
	static const char *const names[] = {
		[CBPF_RETURNED] = "returned",	[CBPF_ABORTED] = "aborted",
		[CBPF_NO_DEVICE] = "no-device", [CBPF_CRASHED] = "crash",
		[CBPF_ENDLESS] = "endless",
	};

	return (unsigned)end < CBPF_COUNT(names) ? names[end] : "?";
}
