/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction set and the dialects, as tables. opcodes.def has the
 * encodings, ext.def Linux's ancillary loads, dialects.def what each
 * implementation makes of them; everything that depends on an instruction or
 * on a dialect asks here. Where implementations differ in which raw
 * instruction means what, isa_decode() settles it once, when a program is
 * made: it maps a raw instruction to an enum isa_op under a dialect, and the
 * engines know only those.
 */
#ifndef CBPF_ISA_ISA_H
#define CBPF_ISA_ISA_H

#include "base/compiler.h"
#include "cbpf/cbpf.h"

/* ---- encodings --------------------------------------------------------- */

/* clang-format off */
/* Fields of a code (include/uapi/linux/bpf_common.h). */
#define CODE_CLASS(code) ((code)&0x07)
#define CODE_SIZE(code)	 ((code)&0x18)
#define CODE_MODE(code)	 ((code)&0xe0)
#define CODE_OP(code)	 ((code)&0xf0)
#define CODE_SRC(code)	 ((code)&0x08)

enum { CLASS_LD, CLASS_LDX, CLASS_ST, CLASS_STX, CLASS_ALU, CLASS_JMP,
       CLASS_RET, CLASS_MISC };
enum { MODE_IMM = 0x00, MODE_ABS = 0x20, MODE_IND = 0x40, MODE_MEM = 0x60,
       MODE_LEN = 0x80, MODE_MSH = 0xa0, MODE_RND = 0xc0 };
enum { ALU_ADD = 0x00, ALU_SUB = 0x10, ALU_MUL = 0x20, ALU_DIV = 0x30,
       ALU_OR = 0x40, ALU_AND = 0x50, ALU_LSH = 0x60, ALU_RSH = 0x70,
       ALU_NEG = 0x80, ALU_MOD = 0x90, ALU_XOR = 0xa0 };
enum { JMP_JA = 0x00, JMP_JEQ = 0x10, JMP_JGT = 0x20, JMP_JGE = 0x30,
       JMP_JSET = 0x40 };
/* clang-format on */

/* How an operand is written. */
enum isa_form {
	FORM_NONE,
	FORM_K,	  /* #k */
	FORM_X,	  /* x */
	FORM_A,	  /* a */
	FORM_ABS, /* [k] */
	FORM_IND, /* [x + k] */
	FORM_MEM, /* M[k] */
	FORM_LEN, /* len */
	FORM_RND, /* rnd */
	FORM_MSH, /* 4*([k]&0xf) */
	FORM_JA,  /* target */
	FORM_JK,  /* #k, target, target */
	FORM_JX,  /* x, target, target */
};

/* What an instruction reads or writes. */
enum { USES__ = 0, USES_A = 1, USES_X = 2, USES_M = 4, USES_P = 8 };

/* Meanings: the rows of opcodes.def, then what decoding adds to them. */
enum isa_op {
#define OP(name, code, mnemonic, form, reads, writes, on) OP_##name,
#include "isa/opcodes.def"
#undef OP
	OP_ROWS,
	OP_LD_DATA = OP_ROWS, /* seccomp: A <- word k, in its byte order */
	OP_LD_EXT,	      /* A <- ancillary value k - EXT_BASE */
	OP_BAD,		      /* what reaching it does is the dialect's .bad */
};

struct isa_row {
	const char *mnemonic;
	uint16_t code;
	uint8_t form;
	uint8_t reads, writes;
	uint16_t on; /* bit 1 << dialect */
};

extern CBPF_INTERNAL const struct isa_row isa_rows[OP_ROWS];

/* The row with exactly this code, or OP_BAD. */
CBPF_INTERNAL enum isa_op isa_find_code(uint16_t code);
/* The row with this mnemonic (any case) and form, or OP_BAD. */
CBPF_INTERNAL enum isa_op isa_find_text(const char *mnemonic, size_t len,
					enum isa_form form);

/* A conditional jump by class: its jt and jf mean something. */
CBPF_INLINE bool isa_is_branch(uint16_t code)
{
	return CODE_CLASS(code) == CLASS_JMP && CODE_OP(code) != JMP_JA;
}

CBPF_INLINE bool isa_is_ja(uint16_t code)
{
	return CODE_CLASS(code) == CLASS_JMP && CODE_OP(code) == JMP_JA;
}

/* A ja to itself or further up: only libpcap's rules let one by. */
CBPF_INLINE bool isa_goes_back(uint16_t code, uint32_t k, size_t pc)
{
	return isa_is_ja(code) && (uint32_t)(pc + 1 + k) <= pc;
}

/* ---- ancillary loads --------------------------------------------------- */

#define EXT_BASE  0xfffff000u /* SKF_AD_OFF */
#define NET_BASE  0xfff00000u /* SKF_NET_OFF */
#define LINK_BASE 0xffe00000u /* SKF_LL_OFF */

enum isa_ext {
#define EXT(name, number, text, image, cost) EXT_##name = (number),
#include "isa/ext.def"
#undef EXT
};

struct isa_ext_row {
	const char *text, *image;
	uint8_t number, cost;
};

/* The row of an ancillary number, or NULL. */
CBPF_INTERNAL const struct isa_ext_row *isa_ext_of(uint32_t number);
/* By bpf_asm's name or tcpdump's, or NULL. */
CBPF_INTERNAL const struct isa_ext_row *isa_ext_named(const char *name,
						      size_t len);

/* ---- dialects ---------------------------------------------------------- */

enum isa_codes {
	CODES_EXACT,  /* a row of opcodes.def that the dialect executes */
	CODES_FIELDS, /* class, mode and operation looked at one by one */
	CODES_GO,     /* decoded first, what cannot be decoded is kept raw */
};
enum isa_jumps {
	JUMPS_FORWARD, /* ja: target below the length, no wrap */
	JUMPS_WRAP,    /* ja: target modulo 2^32, backward jumps pass */
};
enum isa_last {
	LAST_RET_KA,  /* code 06 or 16 exactly */
	LAST_RET_ANY, /* class RET */
};
/* what k of ABS (and IND, MSH for LIMIT) may be */
enum isa_abs {
	ABS_ANY,
	ABS_EXT,   /* from EXT_BASE on, only ancillary numbers */
	ABS_DATA,  /* a multiple of 4 below 64 */
	ABS_GO,	   /* from EXT_BASE on, only the length */
	ABS_LIMIT, /* below OPENBSD_BUFSIZE; IND and MSH too */
};
/* what an unknown code does when reached */
enum isa_bad {
	BAD_NEVER,
	BAD_ZERO,    /* the result is 0 */
	BAD_CRASHES, /* abort() */
};
/* what packet offsets mean */
enum isa_space {
	SPACE_PLAIN, /* unsigned, inside the packet or nowhere */
	SPACE_LINUX, /* signed: ancillary, network and link header bases */
	SPACE_DATA,  /* words of struct seccomp_data, in its byte order */
};
enum isa_charge { CHARGE_NONE, CHARGE_OPTMEM, CHARGE_PATH };

#define MODES_COMMON	  0x3f	  /* bit mode >> 5: IMM ABS IND MEM LEN MSH */
#define OPENBSD_BUFSIZE	  2097152 /* net.bpf.maxbufsize's default */
#define SECCOMP_DATA_SIZE 64

struct isa_dialect {
	const char *name;
	bool was_run; /* settled by running it, not by reading its source */

	/* what the checker asks */
	uint32_t max_len;   /* 0: no limit */
	bool empty_accepts; /* no instruction is legal and accepts all */
	uint8_t codes, jumps, last, abs;
	uint8_t modes;	     /* FIELDS: legal modes of LD and LDX */
	uint8_t alu_last;    /* FIELDS: highest legal operation of ALU */
	bool rejects_cop;    /* FIELDS: MISC 0x20 and 0x40 */
	bool checks_shift;   /* a constant shift must be below 32 */
	bool checks_scratch; /* M[] must be written before it is read */
	uint8_t charge;

	/* what the machine does */
	uint8_t bad, space;
	bool length_is_caplen; /* no wire length */
	bool ind_wraps;	       /* X + k modulo 2^32 */
	bool ldh_reads_zero;   /* ldh [k] outside: A <- 0 and on it goes */
	bool shift_x_clears;   /* by X >= 32: 0; else X & 31 */
	bool shift_k_clears;   /* by k >= 32: 0; else k & 31 */
};

extern CBPF_INTERNAL const struct isa_dialect isa_dialects[CBPF_DIALECTS];

/*
 * What a raw instruction means under a dialect: the op and, in *k, the
 * constant it works on. OP_BAD: the dialect's machine does not know it.
 */
CBPF_INTERNAL enum isa_op isa_decode(const struct cbpf_insn *insn,
				     enum cbpf_dialect dialect, uint32_t *k);

#endif
