/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables as arrays, look-ups in them, and isa_decode(), where dialects
 * that give one raw instruction different meanings part.
 */
#include <string.h>
#include <strings.h>

#include "isa/isa.h"

_Static_assert(sizeof(struct cbpf_insn) == 8, "layout of sock_filter");
_Static_assert(offsetof(struct cbpf_insn, code) == 0, "layout");
_Static_assert(offsetof(struct cbpf_insn, jt) == 2, "layout");
_Static_assert(offsetof(struct cbpf_insn, jf) == 3, "layout");
_Static_assert(offsetof(struct cbpf_insn, k) == 4, "layout");

#define DIALECT_BIT(name) (1 << CBPF_##name)
#define ON_NONE		  0
#define ON_ALL		  ((1 << CBPF_DIALECTS) - 1)
#define ON_OPENBSD	  DIALECT_BIT(OPENBSD)
#define NOT_SECCOMP	  (ON_ALL & ~DIALECT_BIT(SECCOMP))
#define NOT_OPENBSD	  (ON_ALL & ~DIALECT_BIT(OPENBSD))
#define NOT_SC_OB	  (NOT_SECCOMP & NOT_OPENBSD)
#define NOT_GO		  (ON_ALL & ~DIALECT_BIT(GO))

const struct isa_row isa_rows[OP_ROWS] = {
#define A USES_A
#define X USES_X
#define M USES_M
#define P USES_P
#define _ USES__
#define OP(name, code, mnemonic, form, reads, writes, on) \
	[OP_##name] = { mnemonic, code, FORM_##form, reads, writes, on },
#include "isa/opcodes.def"
#undef OP
#undef A
#undef X
#undef M
#undef P
#undef _
};

enum isa_op isa_find_code(uint16_t code)
{
	static const uint8_t by_code[256] = {
#define OP(name, code, mnemonic, form, reads, writes, on) \
	[code] = 1 + OP_##name,
#include "isa/opcodes.def"
#undef OP
	};

	if (code > 0xff || !by_code[code])
		return OP_BAD;
	return (enum isa_op)(by_code[code] - 1);
}

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && strncasecmp(word, text, len) == 0;
}

enum isa_op isa_find_text(const char *mnemonic, size_t len, enum isa_form form)
{
	for (int op = 0; op < OP_ROWS; op++)
		if (isa_rows[op].form == form &&
		    is_word(isa_rows[op].mnemonic, mnemonic, len))
			return (enum isa_op)op;
	return OP_BAD;
}

/* ---- ancillary loads --------------------------------------------------- */

static const struct isa_ext_row ext_rows[] = {
#define EXT(name, number, text, image, cost) { text, image, number, cost },
#include "isa/ext.def"
#undef EXT
};

const struct isa_ext_row *isa_ext_of(uint32_t number)
{
	for (size_t i = 0; i < CBPF_COUNT(ext_rows); i++)
		if (ext_rows[i].number == number)
			return &ext_rows[i];
	return NULL;
}

const struct isa_ext_row *isa_ext_named(const char *name, size_t len)
{
	/* bpf_asm's older name, include/uapi/linux/filter.h's VLAN_TAG_PRESENT
	 */
	if (is_word("vlan_pr", name, len))
		return isa_ext_of(EXT_VLAN_AVAIL);
	for (size_t i = 0; i < CBPF_COUNT(ext_rows); i++)
		if (is_word(ext_rows[i].image, name, len) ||
		    (ext_rows[i].text && is_word(ext_rows[i].text, name, len)))
			return &ext_rows[i];
	return NULL;
}

/* ---- dialects ---------------------------------------------------------- */

const struct isa_dialect isa_dialects[CBPF_DIALECTS] = {
#define ROW(id, text, ...) [CBPF_##id] = { .name = text, __VA_ARGS__ },
#include "isa/dialects.def"
#undef ROW
};

const char *cbpf_dialect_name(enum cbpf_dialect dialect)
{
	if (dialect == CBPF_ANY_DIALECT)
		return "any";
	return (unsigned)dialect < CBPF_DIALECTS ? isa_dialects[dialect].name
						 : NULL;
}

enum cbpf_dialect cbpf_dialect_find(const char *name)
{
	int i;

	for (i = 0; i < CBPF_DIALECTS; i++)
		if (strcmp(isa_dialects[i].name, name) == 0)
			break;
	return (enum cbpf_dialect)i;
}

bool cbpf_dialect_has_wirelen(enum cbpf_dialect dialect)
{
	return (unsigned)dialect < CBPF_DIALECTS &&
	       !isa_dialects[dialect].length_is_caplen;
}

bool cbpf_dialect_executes(enum cbpf_dialect dialect, uint16_t code)
{
	enum isa_op op = isa_find_code(code);

	return (unsigned)dialect < CBPF_DIALECTS && op != OP_BAD &&
	       isa_rows[op].on >> dialect & 1;
}

bool cbpf_dialect_was_run(enum cbpf_dialect dialect)
{
	return (unsigned)dialect < CBPF_DIALECTS &&
	       isa_dialects[dialect].was_run;
}

/*
 * Go's VM runs what Disassemble() makes of an instruction (instructions.go):
 * high bits of LD, LDX, ALU and JMP are not looked at, every MSH is the one
 * MSH, ldx from the packet writes A, and so does `ldx len`.
 */
static enum isa_op decode_go(const struct cbpf_insn *insn, uint32_t *k)
{
	uint16_t code = insn->code & 0xff;

	switch (CODE_CLASS(code)) {
	case CLASS_LD:
	case CLASS_LDX:
		if (CODE_SIZE(code) == 0x18)
			return OP_BAD;
		switch (CODE_MODE(code)) {
		case MODE_MSH:
			return OP_LDX_MSH;
		case MODE_LEN:
			return CODE_SIZE(code) == 0 ? OP_LD_LEN : OP_BAD;
		case MODE_ABS:
			/* LoadExtension; the checker lets only the length by */
			if (insn->k >= EXT_BASE) {
				*k = insn->k - EXT_BASE;
				return *k == 1 ? OP_LD_LEN : OP_LD_EXT;
			}
			return isa_find_code(code & ~CLASS_LDX);
		case MODE_IND:
			return isa_find_code(code & ~CLASS_LDX);
		case MODE_MEM:
			return insn->k > 15 ? OP_BAD : isa_find_code(code);
		case MODE_IMM:
			return isa_find_code(code);
		default:
			return OP_BAD;
		}
	case CLASS_ST:
	case CLASS_STX:
		return insn->k > 15 ? OP_BAD : isa_find_code(insn->code);
	case CLASS_ALU:
		/* the VM has no case for NegateA: unknown when reached */
		return CODE_OP(code) == ALU_NEG ? OP_BAD : isa_find_code(code);
	case CLASS_JMP:
		return CODE_OP(code) == JMP_JA ? OP_JA : isa_find_code(code);
	default:
		return insn->code == isa_rows[OP_RET_X].code
			       ? OP_BAD
			       : isa_find_code(insn->code);
	}
}

enum isa_op isa_decode(const struct cbpf_insn *insn, enum cbpf_dialect dialect,
		       uint32_t *k)
{
	enum isa_op op;

	*k = insn->k;
	if (isa_dialects[dialect].codes == CODES_GO)
		return decode_go(insn, k);
	op = isa_find_code(insn->code);
	if (op == OP_BAD || !(isa_rows[op].on & 1 << dialect))
		return OP_BAD;
	if (isa_rows[op].form != FORM_ABS)
		return op;
	switch (isa_dialects[dialect].space) {
	case SPACE_DATA:
		return OP_LD_DATA;
	case SPACE_LINUX:
		if (insn->k >= EXT_BASE) {
			*k = insn->k - EXT_BASE;
			return OP_LD_EXT;
		}
		return op;
	default:
		return op;
	}
}
