/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf.h - classic BPF, whole: read it, check it, run it, and compare the
 * answer with the operating system's own machine.
 *
 * The header reads top-down: version, errors, memory, instructions, dialects,
 * text, check, build, program, packet, run, optimize, threaded, jit, translate,
 * kernel, verdicts, engines, comparing, generating.
 *
 *	struct cbpf_code code;
 *	struct cbpf_prog *prog;
 *	struct cbpf_result res;
 *
 *	cbpf_text_read(CBPF_FORMAT_ASM, text, strlen(text), NULL, &code, NULL);
 *	cbpf_prog_new(code.insns, code.n, NULL, &prog, NULL);
 *	cbpf_run(prog, &packet, &res);
 *	if (res.value)
 *		puts("accepted");
 *
 * Conventions. Functions return enum cbpf_err, 0 is success; results go out
 * last but for the diagnosis. Any pointer documented as optional may be NULL.
 * Every *_free accepts NULL. Programs never change after they are made: any
 * number of threads may run one. Everything else belongs to one thread at a
 * time. The library keeps no state of its own, prints nothing, never exits.
 *
 * An option structure starts with its own size and may grow: set .size to
 * sizeof the structure, zero means the default of every other field, and a
 * non-zero tail that this version does not know is CBPF_E_ARGUMENT (where the
 * function can fail; else it is passed over).
 */
#ifndef CBPF_H
#define CBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* ---- version ----------------------------------------------------------- */

#define CBPF_VERSION_MAJOR 0
#define CBPF_VERSION_MINOR 1
#define CBPF_VERSION_PATCH 0

/** The version of the library that was linked, as "0.1.0". Static. */
const char *cbpf_version(void);

/* ---- errors ------------------------------------------------------------ */

/**
 * Everything that can be wrong, and why a run can end early. The numbers are
 * fixed for good; the sentence and the advice of each are in errors.def and
 * come back from cbpf_diag_format() and cbpf_err_advice().
 */
enum cbpf_err {
	CBPF_OK = 0,
	CBPF_E_NOMEM = 1,
	CBPF_E_ARGUMENT = 2,
	CBPF_E_SYSTEM = 3,
	CBPF_E_UNAVAILABLE = 4,

	/* a program breaks a rule of its dialect */
	CBPF_E_EMPTY = 10,
	CBPF_E_TOO_LONG = 11,
	CBPF_E_CODE = 12,
	CBPF_E_JUMP_OUT = 13,
	CBPF_E_DIV_ZERO = 14,
	CBPF_E_SHIFT = 15,
	CBPF_E_MEM_INDEX = 16,
	CBPF_E_MEM_UNSET = 17,
	CBPF_E_LAST = 18,
	CBPF_E_EXT = 19,
	CBPF_E_EXT_GO = 20,
	CBPF_E_DATA_OFFSET = 21,
	CBPF_E_OFFSET_LIMIT = 22,
	CBPF_E_JUMP_FAR = 23,
	CBPF_E_OPTMEM = 24,
	CBPF_E_PATH = 25,
	CBPF_E_UNSOUND = 26, /* never: a bug of this library */
	CBPF_E_JUMP_LATE = 27,

	/* why a run ended without a return */
	CBPF_E_LOAD_OUT = 30,
	CBPF_E_DIV_X = 31,
	CBPF_E_NO_LINK = 32,
	CBPF_E_REACHED = 33,
	CBPF_E_CRASH = 34,
	CBPF_E_STEPS = 35,
	CBPF_E_NO_DEVICE = 36,
	CBPF_E_PACKET_SIZE = 37,
	CBPF_E_DATA_SIZE = 38,

	/* text and bytes that cannot be read */
	CBPF_E_SYNTAX = 40,
	CBPF_E_LABEL = 41,
	CBPF_E_LABEL_TWICE = 42,
	CBPF_E_LABEL_LAST = 43,
	CBPF_E_NUMBER = 44,
	CBPF_E_NUMBER_CUT = 45,
	CBPF_E_JUMP_BACK = 46,
	CBPF_E_FORMAT_MANY = 48,
	CBPF_E_LOSSY = 49,
	CBPF_E_RAW_SIZE = 50,
	CBPF_E_COUNT = 51,
	CBPF_E_RANGE = 52,
	CBPF_E_ORDER = 53,
	CBPF_E_TOO_MANY = 54,
	CBPF_E_COMMENT = 55,
	CBPF_E_LABEL_TAKEN = 56,
	CBPF_E_LOST = 57,

	/* captures */
	CBPF_E_CAP_MAGIC = 60,
	CBPF_E_CAP_VARIANT = 61,
	CBPF_E_CAP_CUT = 62,
	CBPF_E_CAP_LENGTH = 63,
	CBPF_E_CAP_SIZE = 64,
	CBPF_E_CAP_BLOCK = 65,
	CBPF_E_CAP_INTERFACE = 66,
	CBPF_E_CAP_PACKED = 67,

	/* the kernel and the engines */
	CBPF_E_LOCKED = 70,
	CBPF_E_NO_FILTER = 71,
	CBPF_E_UNEXPLAINED = 72,
	CBPF_E_SKIP = 73,
	CBPF_E_DIFFERS = 74,
	CBPF_E_NO_REUSEPORT = 75,
	CBPF_E_NO_FANOUT = 76,
	CBPF_E_NO_NEW_PRIVS = 77,
	CBPF_E_PATH_REST = 78,
	CBPF_E_TSYNC = 79,

	/* the capture filter language */
	CBPF_E_EXPR = 80,

	/* the kernel again */
	CBPF_E_TCP_RIGHTS = 90,
};

/** No instruction, where a diagnosis is about none. */
#define CBPF_NO_PC UINT32_MAX

/**
 * A diagnosis: what is wrong, where, and the numbers of the sentence. Filled
 * in by the function that failed; fixed size, nothing to free.
 */
struct cbpf_diag {
	enum cbpf_err code;
	bool is_warning;       /* accepted all the same, and maybe not meant */
	uint32_t pc;	       /* instruction, or CBPF_NO_PC */
	uint32_t line, column; /* from 1; 0 where there is no text */
	uint64_t offset;       /* bytes into a file, where it is one */
	uint64_t a, b;	       /* operands of the sentence */
	int sys_errno;	       /* what the system said, or would say */
	const char *expected;  /* static text, or NULL */
	char word[120];	       /* the word met, or another's message; or "" */
};

/**
 * Several diagnoses of one run, in the caller's array. The count n goes on
 * past cap, so that nothing is lost without a trace. Clear with { 0 } or
 * CBPF_REPORT(array); NULL in place of a report is always allowed.
 */
struct cbpf_report {
	struct cbpf_diag *diags;
	size_t cap;
	size_t n;
	size_t n_errors; /* of the n, those that are not warnings */
};

#define CBPF_REPORT(array)                                        \
	{                                                         \
		(array), sizeof(array) / sizeof((array)[0]), 0, 0 \
	}

/**
 * Writes the sentence of a diagnosis, without the place, cut to size and
 * always ended by a NUL. Returns the length it would have, like snprintf.
 */
size_t cbpf_diag_format(const struct cbpf_diag *diag, char *buf, size_t size);

/** The rule's own name, "JUMP_OUT"; NULL for a number that is no error. */
const char *cbpf_err_name(enum cbpf_err err);

/** Whether it is a rule, or a limit, that a program can break. */
bool cbpf_err_is_rule(enum cbpf_err err);

/** How to mend it: one sentence, static; "" where there is no advice. */
const char *cbpf_err_advice(enum cbpf_err err);

/* ---- memory ------------------------------------------------------------ */

/**
 * Where memory comes from: one function, as realloc. p NULL asks for new
 * memory, size 0 frees (and returns NULL), NULL is a refusal. Handed in when
 * an object is made and remembered by it. NULL in place of one is libc.
 */
struct cbpf_mem {
	void *ctx;
	void *(*realloc)(void *ctx, void *p, size_t old_size, size_t size);
};

/* ---- instructions ------------------------------------------------------ */

/** One instruction: the layout of sock_filter and of every BSD's bpf_insn. */
struct cbpf_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* clang-format off */
/** The codes of all instructions, by name; P is the packet (bpf(4)). */
enum cbpf_op {
	CBPF_LD_IMM = 0x00,    /* A <- k */
	CBPF_LD_W = 0x20,      /* A <- P[k:4] */
	CBPF_LD_H = 0x28,      /* A <- P[k:2] */
	CBPF_LD_B = 0x30,      /* A <- P[k:1] */
	CBPF_LD_WX = 0x40,     /* A <- P[X+k:4] */
	CBPF_LD_HX = 0x48,     /* A <- P[X+k:2] */
	CBPF_LD_BX = 0x50,     /* A <- P[X+k:1] */
	CBPF_LD_MEM = 0x60,    /* A <- M[k] */
	CBPF_LD_LEN = 0x80,    /* A <- length */
	CBPF_LD_RND = 0xc0,    /* A <- random */
	CBPF_LDX_IMM = 0x01,   /* X <- k */
	CBPF_LDX_MEM = 0x61,   /* X <- M[k] */
	CBPF_LDX_LEN = 0x81,   /* X <- length */
	CBPF_LDX_MSH = 0xb1,   /* X <- 4*(P[k:1]&0xf) */
	CBPF_ST = 0x02,        /* M[k] <- A */
	CBPF_STX = 0x03,       /* M[k] <- X */
	CBPF_ADD_K = 0x04,     /* A <- A + k */
	CBPF_ADD_X = 0x0c,     /* A <- A + X */
	CBPF_SUB_K = 0x14,     /* A <- A - k */
	CBPF_SUB_X = 0x1c,     /* A <- A - X */
	CBPF_MUL_K = 0x24,     /* A <- A * k */
	CBPF_MUL_X = 0x2c,     /* A <- A * X */
	CBPF_DIV_K = 0x34,     /* A <- A / k */
	CBPF_DIV_X = 0x3c,     /* A <- A / X */
	CBPF_OR_K = 0x44,      /* A <- A | k */
	CBPF_OR_X = 0x4c,      /* A <- A | X */
	CBPF_AND_K = 0x54,     /* A <- A & k */
	CBPF_AND_X = 0x5c,     /* A <- A & X */
	CBPF_LSH_K = 0x64,     /* A <- A << k */
	CBPF_LSH_X = 0x6c,     /* A <- A << X */
	CBPF_RSH_K = 0x74,     /* A <- A >> k */
	CBPF_RSH_X = 0x7c,     /* A <- A >> X */
	CBPF_NEG = 0x84,       /* A <- 0 - A */
	CBPF_MOD_K = 0x94,     /* A <- A % k */
	CBPF_MOD_X = 0x9c,     /* A <- A % X */
	CBPF_XOR_K = 0xa4,     /* A <- A ^ k */
	CBPF_XOR_X = 0xac,     /* A <- A ^ X */
	CBPF_JA = 0x05,        /* pc += k */
	CBPF_JEQ_K = 0x15,     /* A == k ? jt : jf */
	CBPF_JEQ_X = 0x1d,     /* A == X ? jt : jf */
	CBPF_JGT_K = 0x25,     /* A > k ? jt : jf */
	CBPF_JGT_X = 0x2d,     /* A > X ? jt : jf */
	CBPF_JGE_K = 0x35,     /* A >= k ? jt : jf */
	CBPF_JGE_X = 0x3d,     /* A >= X ? jt : jf */
	CBPF_JSET_K = 0x45,    /* A & k ? jt : jf */
	CBPF_JSET_X = 0x4d,    /* A & X ? jt : jf */
	CBPF_RET_K = 0x06,     /* return k */
	CBPF_RET_X = 0x0e,     /* no machine has it */
	CBPF_RET_A = 0x16,     /* return A */
	CBPF_TAX = 0x07,       /* X <- A */
	CBPF_TXA = 0x87,       /* A <- X */
};

/**
 * Linux's ancillary loads: as k of CBPF_LD_W
 * (include/uapi/linux/filter.h, SKF_AD_*).
 */
#define CBPF_EXT_PROTO      0xfffff000u /* Ethertype */
#define CBPF_EXT_TYPE       0xfffff004u /* packet type */
#define CBPF_EXT_IFIDX      0xfffff008u /* device index */
#define CBPF_EXT_NLA        0xfffff00cu /* netlink attribute X from A */
#define CBPF_EXT_NLAN       0xfffff010u /* the same, nested */
#define CBPF_EXT_MARK       0xfffff014u /* mark */
#define CBPF_EXT_QUEUE      0xfffff018u /* queue */
#define CBPF_EXT_HATYPE     0xfffff01cu /* ARPHRD_* of the device */
#define CBPF_EXT_RXHASH     0xfffff020u /* hash */
#define CBPF_EXT_CPU        0xfffff024u /* processor */
#define CBPF_EXT_XOR_X      0xfffff028u /* A ^ X */
#define CBPF_EXT_VLAN_TCI   0xfffff02cu /* VLAN tag */
#define CBPF_EXT_VLAN_AVAIL 0xfffff030u /* 1: there is a VLAN tag */
#define CBPF_EXT_POFF       0xfffff034u /* offset of the payload */
#define CBPF_EXT_RAND       0xfffff038u /* random number */
#define CBPF_EXT_VLAN_TPID  0xfffff03cu /* the tag's Ethertype */
/* clang-format on */

/** Where struct seccomp_data has what (include/uapi/linux/seccomp.h). */
enum {
	CBPF_DATA_NR = 0,
	CBPF_DATA_ARCH = 4,
	CBPF_DATA_IP = 8,
	CBPF_DATA_ARGS = 16, /* six of 8 bytes */
};

/* ---- dialects ---------------------------------------------------------- */

/**
 * One implementation's rules. USER is Linux's meaning without the kernel's
 * limits of size: the default for what runs in user space only. The rows of
 * the three BSDs were read from source, not run.
 */
enum cbpf_dialect {
	CBPF_USER = 0,
	CBPF_LINUX,
	CBPF_SECCOMP,
	CBPF_LIBPCAP,
	CBPF_GO,
	CBPF_FREEBSD,
	CBPF_NETBSD,
	CBPF_OPENBSD,
	CBPF_DIALECTS,
	CBPF_ANY_DIALECT = CBPF_DIALECTS, /* of an engine that speaks all */
};

/** "linux", "go", ...; "any" for CBPF_ANY_DIALECT; NULL past the end. */
const char *cbpf_dialect_name(enum cbpf_dialect dialect);

/** The dialect of that name, or CBPF_DIALECTS where there is none. */
enum cbpf_dialect cbpf_dialect_find(const char *name);

/** False where a row was read from source and never run. */
bool cbpf_dialect_was_run(enum cbpf_dialect dialect);

/** Whether the dialect's machine executes this code, and no other like it. */
bool cbpf_dialect_executes(enum cbpf_dialect dialect, uint16_t code);

/** The rules and limits that a program can break: bit e - CBPF_E_EMPTY of e. */
uint32_t cbpf_dialect_rules(enum cbpf_dialect dialect);

/** False where a machine knows the captured length only. */
bool cbpf_dialect_has_wirelen(enum cbpf_dialect dialect);

/* ---- text -------------------------------------------------------------- */

/** The forms a program is written in; see cbpf(5) for each. */
enum cbpf_format {
	CBPF_FORMAT_AUTO = 0, /* read: whatever it can only be */
	CBPF_FORMAT_ASM,      /* ours: the bpf_asm language, labels */
	CBPF_FORMAT_BPFASM,   /* bpf_asm's decimal line */
	CBPF_FORMAT_C,	      /* bpf_asm -c; reads any C array */
	CBPF_FORMAT_D,	      /* tcpdump -d of libpcap 1.11 */
	CBPF_FORMAT_D110,     /* tcpdump -d of libpcap 1.10 and before */
	CBPF_FORMAT_DD,	      /* tcpdump -dd */
	CBPF_FORMAT_DDD,      /* tcpdump -ddd */
	CBPF_FORMAT_DBG,      /* bpf_dbg's disassembly */
	CBPF_FORMAT_DBG_DUMP, /* bpf_dbg's dump */
	CBPF_FORMAT_GO,	      /* golang.org/x/net/bpf String() */
	CBPF_FORMAT_XT,	      /* iptables -m bpf --bytecode */
	CBPF_FORMAT_TC,	      /* tc ... bpf bytecode */
	CBPF_FORMAT_RAW,      /* 8 bytes an instruction, little-endian */
	CBPF_FORMAT_RAW_BE,   /* the same, big-endian */
	CBPF_FORMAT_HEX,      /* raw, as hexadecimal digits */
	CBPF_FORMATS,
};

/** "asm", "dd", "raw-be", ...; NULL past the end. */
const char *cbpf_format_name(enum cbpf_format format);

/** The format of that name, or CBPF_FORMATS where there is none. */
enum cbpf_format cbpf_format_find(const char *name);

/** Whether the form is bytes and not text. */
bool cbpf_format_is_binary(enum cbpf_format format);

/**
 * Instructions as they were read, checked for nothing yet. lines holds the
 * source line of each instruction, from 1, or is NULL where the form has
 * none. Free with cbpf_code_free().
 */
struct cbpf_code {
	struct cbpf_insn *insns;
	uint32_t *lines;
	size_t n;
	enum cbpf_format format; /* the form it was read from */
	struct cbpf_mem mem;
};

/**
 * Reads a program of size bytes at text in the given form (AUTO: recognised,
 * or refused with the candidates named). Any code is read, legal or not:
 * checking is another step. Errors: as many as report holds, each with line
 * and column; the return value is the first one's. Warnings do not fail.
 */
enum cbpf_err cbpf_text_read(enum cbpf_format format, const void *text,
			     size_t size, const struct cbpf_mem *mem,
			     struct cbpf_code *code,
			     struct cbpf_report *report);

/** Frees what cbpf_text_read() gave; leaves an empty code. */
void cbpf_code_free(struct cbpf_code *code);

/**
 * Writes n instructions in a form, byte for byte as the tool it imitates.
 * *text ends with a NUL that *size does not count; it is freed with
 * cbpf_text_free(). Any array can be written. Errors: NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_text_write(enum cbpf_format format,
			      const struct cbpf_insn *insns, size_t n,
			      const struct cbpf_mem *mem, char **text,
			      size_t *size);

/**
 * Says what a form does not keep of a program: what comes back when
 * cbpf_text_write()'s text is read, against what was written; a warning for
 * each instruction that is not the same. CBPF_OK: nothing is lost; LOST, or
 * NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_text_losses(enum cbpf_format format,
			       const struct cbpf_insn *insns, size_t n,
			       const struct cbpf_mem *mem,
			       struct cbpf_report *report);

/** Frees the text of cbpf_text_write(), with the same mem and size. */
void cbpf_text_free(char *text, size_t size, const struct cbpf_mem *mem);

/**
 * One instruction as a line of its own, with absolute jump targets (tcpdump
 * -d without the index): for traces and messages. Returns as snprintf.
 */
size_t cbpf_insn_format(const struct cbpf_insn *insn, uint32_t pc, char *buf,
			size_t size);

/* ---- check ------------------------------------------------------------- */

/** Where a program is to be attached: what it is charged for, beside rules. */
enum cbpf_hook {
	CBPF_HOOK_NONE =
		0, /* the dialect's own: linux a socket, seccomp itself */
	CBPF_HOOK_SOCKET,    /* SO_ATTACH_FILTER: charged to optmem */
	CBPF_HOOK_XT,	     /* iptables -m bpf: 64 instructions, no charge */
	CBPF_HOOK_TC,	     /* cls_bpf, act_bpf: no charge */
	CBPF_HOOK_REUSEPORT, /* its size alone is held against optmem */
	CBPF_HOOK_FANOUT,    /* PACKET_FANOUT_CBPF: no charge */
	CBPF_HOOKS,
};

/** "none", "socket", "xt", "tc", ...; NULL past the end. */
const char *cbpf_hook_name(enum cbpf_hook hook);

/** The hook of that name, or CBPF_HOOKS where there is none. */
enum cbpf_hook cbpf_hook_find(const char *name);

struct cbpf_check_opts {
	size_t size;
	enum cbpf_dialect dialect;
	enum cbpf_hook hook;
	const uint32_t *lines; /* source line of each instruction, or NULL */
	uint32_t optmem_max;   /* net.core.optmem_max; 0: 131072 */
	uint32_t
		optmem_held; /* what the socket already holds, old filter too */
	uint32_t path_held;  /* seccomp: cost of the filters installed so far */
	const struct cbpf_mem *mem; /* scratch memory of the call */
};

/**
 * Says whether a program is legal: every rule it breaks, in the order of the
 * instructions, as the dialect's own checker and, for linux and seccomp, the
 * resource limits behind it would find. opts NULL: the user dialect.
 * Returns CBPF_OK or the first error's code; the diagnosis' sys_errno is what
 * the real system returns for it. NOMEM when there is no memory to check in.
 */
enum cbpf_err cbpf_check(const struct cbpf_insn *insns, size_t n,
			 const struct cbpf_check_opts *opts,
			 struct cbpf_report *report);

/** The dialects under which a program is legal: bit 1 << dialect of each. */
uint32_t cbpf_check_dialects(const struct cbpf_insn *insns, size_t n);

/** What a program costs the kernel once converted to eBPF. */
struct cbpf_cost {
	uint64_t converted; /* eBPF instructions, prologue included */
	uint64_t optmem;    /* bytes charged to a socket */
	uint64_t path;	    /* seccomp: what it adds for filters after it */
};

/** The cost under linux or seccomp; zeros for dialects that charge nothing. */
struct cbpf_cost cbpf_check_cost(const struct cbpf_insn *insns, size_t n,
				 enum cbpf_dialect dialect);

/* ---- build ------------------------------------------------------------- */

/**
 * A program in the making: instructions by name, jumps to labels.
 *
 *	cbpf_builder_add(b, CBPF_LD_H, 12);
 *	cbpf_builder_jump(b, CBPF_JEQ_K, 0x806, NULL, "drop");
 *	cbpf_builder_add(b, CBPF_RET_K, UINT32_MAX);
 *	cbpf_builder_label(b, "drop");
 *	cbpf_builder_add(b, CBPF_RET_K, 0);
 *	err = cbpf_builder_finish(b, NULL, &code, &diag);
 *
 * None of the calls before cbpf_builder_finish() fails: the first thing that
 * is wrong is kept and told there.
 */
struct cbpf_builder;

/** Makes one, empty. mem is remembered, NULL is libc. Errors: NOMEM. */
enum cbpf_err cbpf_builder_new(const struct cbpf_mem *mem,
			       struct cbpf_builder **builder);

void cbpf_builder_free(struct cbpf_builder *builder);

/** Adds an instruction that is no jump. k where it has one, else 0. */
void cbpf_builder_add(struct cbpf_builder *builder, enum cbpf_op op,
		      uint32_t k);

/**
 * Adds a jump, to labels placed further down; NULL is the next instruction.
 * k counts for the _K forms. CBPF_JA goes to if_true and has no if_false. A
 * branch may lead further than 255 instructions: it is given a ja.
 */
void cbpf_builder_jump(struct cbpf_builder *builder, enum cbpf_op op,
		       uint32_t k, const char *if_true, const char *if_false);

/** Names the instruction added next. The name is copied. */
void cbpf_builder_label(struct cbpf_builder *builder, const char *name);

/**
 * Resolves the labels and checks the program as cbpf_check() does with the
 * same opts (its lines aside; NULL: the user dialect). *code is freed with
 * cbpf_code_free(); its lines say which instruction added, from 1, each one
 * comes from, and so does diag->line of an error: LABEL (placed nowhere),
 * LABEL_TAKEN, LABEL_LAST, JUMP_BACK, EMPTY, ARGUMENT, NOMEM, and those of
 * cbpf_check(), as TOO_LONG. The builder may be added to afterwards.
 */
enum cbpf_err cbpf_builder_finish(struct cbpf_builder *builder,
				  const struct cbpf_check_opts *opts,
				  struct cbpf_code *code,
				  struct cbpf_diag *diag);

/* ---- program ----------------------------------------------------------- */

/** A verified program: immutable, may be run by any number of threads. */
struct cbpf_prog;

struct cbpf_prog_opts {
	size_t size;
	enum cbpf_dialect dialect;
	const struct cbpf_mem *mem;
	bool has_any_length; /* longer than its machine takes, to run it here */
};

/**
 * Verifies n instructions under a dialect and makes a program of a copy.
 * opts NULL: the user dialect, libc's memory. Errors: those of cbpf_check()
 * but for resource limits, which concern attaching only; NOMEM; UNSOUND where
 * the verifier has let something by that could not be run safely.
 *
 *	struct cbpf_diag diag;
 *	struct cbpf_prog *prog;
 *
 *	if (cbpf_prog_new(insns, n, NULL, &prog, &diag))
 *		return complain(&diag);
 */
enum cbpf_err cbpf_prog_new(const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_prog_opts *opts,
			    struct cbpf_prog **prog, struct cbpf_diag *diag);

void cbpf_prog_free(struct cbpf_prog *prog);

enum cbpf_dialect cbpf_prog_dialect(const struct cbpf_prog *prog);

/** Its instructions, as they were given; they live as long as it does. */
const struct cbpf_insn *cbpf_prog_insns(const struct cbpf_prog *prog);
size_t cbpf_prog_length(const struct cbpf_prog *prog);

/** What a program may do, found by looking at it. */
struct cbpf_traits {
	bool has_loop;	      /* jumps backward: libpcap's rules only */
	bool reads_random;    /* its verdict cannot be foretold */
	bool reads_cpu;	      /* depends on the processor it runs on */
	bool reads_unset_mem; /* may read M[] before a write */
	bool reads_length;
	bool reads_ext; /* any ancillary load */
};

struct cbpf_traits cbpf_prog_traits(const struct cbpf_prog *prog);

/* ---- packet ------------------------------------------------------------ */

/** Byte order of a machine's own words: this one's, or as said. */
enum cbpf_order { CBPF_NATIVE = 0, CBPF_LITTLE, CBPF_BIG };

/**
 * What a run sees beside the bytes (Linux: the skb and its device; kernel
 * net/core/filter.c). Zero means absent or 0. Offsets count from the first
 * byte of data and may be negative, down to -headroom.
 */
struct cbpf_ctx {
	uint32_t headroom; /* readable bytes before data: headers pulled off */
	bool has_link;	   /* there is a link (MAC) header, at link_off */
	bool has_device;   /* else ifidx and hatype end the run */
	bool is_paged;	   /* data is not in one piece: nla and nlan give 0 */
	bool has_vlan;	   /* a tag was taken off the frame */
	int32_t link_off;  /* base of the offsets from 0xffe00000 */
	int32_t net_off;   /* base of the offsets from 0xfff00000 */
	uint32_t ifindex;
	uint32_t mark;
	uint32_t rxhash;
	uint32_t cpu;
	uint16_t hatype; /* ARPHRD_* of the device */
	uint16_t proto;	 /* Ethertype, host order */
	uint16_t queue;
	uint16_t vlan_tci;
	uint16_t vlan_tpid;
	uint8_t pkt_type;      /* 0 host .. 4 outgoing */
	enum cbpf_order order; /* of struct seccomp_data, netlink attributes */
	uint64_t seed;	       /* of `ld rand`: same seed, same numbers */
};

/**
 * A packet: caplen bytes at data (at most 2^31 - 1), of wirelen that were on
 * the wire; wirelen 0 counts as caplen. ctx NULL is an AF_UNIX
 * datagram: no device, no link header, network header at offset 0.
 */
struct cbpf_packet {
	const uint8_t *data;
	uint32_t caplen;
	uint32_t wirelen;
	const struct cbpf_ctx *ctx;
};

/* ---- run --------------------------------------------------------------- */

enum cbpf_end {
	CBPF_RETURNED = 0, /* by a ret instruction; value is what it returned */
	CBPF_ABORTED,	   /* value 0; why says which rule ended the run */
	CBPF_NO_DEVICE,	   /* ifidx or hatype without one: value is A */
	CBPF_CRASHED,	   /* the real machine would call abort(); value 0 */
	CBPF_ENDLESS,	   /* the step limit was reached; value 0 */
};

/** "returned", "aborted", ... Static. */
const char *cbpf_end_name(enum cbpf_end end);

struct cbpf_result {
	enum cbpf_end end;
	enum cbpf_err why; /* CBPF_OK where it returned */
	uint32_t value;
	uint32_t pc; /* the instruction that ended the run */
	uint64_t steps;
};

/** Registers between two steps. */
struct cbpf_state {
	uint32_t pc, a, x;
	uint32_t m[16];
	uint64_t rand;
};

/**
 * Steps after which a looping program (libpcap's rules) is called endless, at
 * its next backward jump.
 */
#define CBPF_STEP_LIMIT 1000000

/** Runs a program over a packet: the reading of reference. Cannot fail. */
void cbpf_run(const struct cbpf_prog *prog, const struct cbpf_packet *packet,
	      struct cbpf_result *result);

/** Registers as they are before the first step. */
struct cbpf_state cbpf_state_init(const struct cbpf_packet *packet);

/**
 * Takes one step. True while the run goes on; false when it has ended, with
 * the result filled in. result->steps counts up from what it was.
 */
bool cbpf_step(const struct cbpf_prog *prog, const struct cbpf_packet *packet,
	       struct cbpf_state *state, struct cbpf_result *result);

struct cbpf_watch {
	size_t size;
	uint64_t max_steps; /* 0: CBPF_STEP_LIMIT for what has a loop */
	/** Called before each step; false ends the run as CBPF_ENDLESS. */
	bool (*before)(void *ctx, const struct cbpf_state *state);
	void *ctx;
};

/** cbpf_run() with a limit of its own and a call before each step. */
void cbpf_run_watched(const struct cbpf_prog *prog,
		      const struct cbpf_packet *packet,
		      const struct cbpf_watch *watch,
		      struct cbpf_result *result);

/**
 * The bytes of the packet that the next step reads: offset from data (may be
 * negative, into the headroom) and size. False where it would read outside,
 * and, with size 0, where it reads none.
 */
bool cbpf_step_reads(const struct cbpf_prog *prog,
		     const struct cbpf_packet *packet,
		     const struct cbpf_state *state, int64_t *offset,
		     uint32_t *size);

/* ---- optimize ---------------------------------------------------------- */

struct cbpf_optimize_opts {
	size_t size;
	enum cbpf_dialect dialect;
	enum cbpf_hook hook; /* whose limits the result must keep */
	bool is_small;	     /* short before quick; else quick before short */
	/* packets as they are expected: quick is then what executes few
	 * instructions over them, not on the longest way */
	const struct cbpf_packet *profile;
	size_t n_profile;
	const struct cbpf_mem *mem;
	/* NULL, or called with the graph as text: as built (pass "build"), and
	 * after each pass, whose names are for looking at alone */
	void (*dump)(void *ctx, const char *pass, const char *graph);
	void *dump_ctx;
};

/** What came of it. Ways count instructions executed; 0 where there is none. */
struct cbpf_optimized {
	bool is_better; /* else the input was handed back */
	/* OK: nothing better was found. STEPS: it loops; CRASH: its machine may
	 * abort; EMPTY; TOO_LONG: M[] has too few words for it; or a rule or a
	 * limit that what was made does not keep. */
	enum cbpf_err why;
	uint32_t n_before, n_after;		  /* instructions */
	uint32_t longest_before, longest_after;	  /* ways through them */
	uint64_t executed_before, executed_after; /* over the profile */
};

/**
 * Makes a better program: the same verdict for every packet, and less of what
 * was asked for, the longest way through it or its length. The input may be
 * longer than the hook takes; where nothing better is found that the hook takes
 * the input is given, if that is legal there. Free it with cbpf_code_free().
 * report and diag may be NULL. Returns CBPF_OK, a rule that the input breaks,
 * ARGUMENT or NOMEM.
 *
 *	struct cbpf_code better;
 *	if (cbpf_optimize(insns, n, NULL, &better, NULL, NULL) == CBPF_OK)
 *		attach(better.insns, better.n);
 */
enum cbpf_err cbpf_optimize(const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_optimize_opts *opts,
			    struct cbpf_code *code,
			    struct cbpf_optimized *report,
			    struct cbpf_diag *diag);

/* ---- threaded ---------------------------------------------------------- */

/**
 * A program for the quick interpreter: optimized and decoded once, for any
 * thread, on any machine; it uses the program as it runs.
 */
struct cbpf_threaded;

struct cbpf_threaded_opts {
	size_t size;
	bool is_quick; /* made in less time: without the passes */
	const struct cbpf_mem *mem;
};

/**
 * Makes one of a program, which must outlive it. Programs that loop, draw
 * random numbers, want more than 255 values at once or bring more than 40 of
 * them to where ways meet are run by cbpf_run() instead, which
 * cbpf_threaded_is_fast() tells and no diagnosis. NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_threaded_new(const struct cbpf_prog *prog,
				const struct cbpf_threaded_opts *opts,
				struct cbpf_threaded **threaded,
				struct cbpf_diag *diag);
void cbpf_threaded_free(struct cbpf_threaded *threaded);
/** Whether it is run by the quick interpreter. */
bool cbpf_threaded_is_fast(const struct cbpf_threaded *threaded);
/** The verdict for any packet: the value of cbpf_run()'s result. */
uint32_t cbpf_threaded_run(const struct cbpf_threaded *threaded,
			   const struct cbpf_packet *packet);

/* ---- jit --------------------------------------------------------------- */

/** A program as native code, for any thread; it uses the program as it runs. */
struct cbpf_jit;

struct cbpf_jit_opts {
	size_t size;
	bool is_quick;	/* made in less time: without the passes */
	uint32_t lanes; /* code for so many packets at once too, of cbpf_jit_
			   run_batch(): 16, or 8; 0: none, which is made
			   sooner. What the machine lacks is narrower. */
	const struct cbpf_mem *mem; /* the code itself lies elsewhere */
};

/**
 * Makes native code of a program, which must outlive it: on Linux, for x86-64
 * and arm64. What that has no code for (ancillary loads that walk the packet,
 * random numbers; programs that loop) is run by the interpreter behind the same
 * entry. Where no code is made for the machine, or no memory for code can be
 * had, threaded code is run instead: then cbpf_jit_is_native() is false, there
 * is no entry, and diag says why although the call returns OK. NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_jit_new(const struct cbpf_prog *prog,
			   const struct cbpf_jit_opts *opts,
			   struct cbpf_jit **jit, struct cbpf_diag *diag);
void cbpf_jit_free(struct cbpf_jit *jit);

/** Whether it is code, and not an interpreter's. */
bool cbpf_jit_is_native(const struct cbpf_jit *jit);

/**
 * The code: the verdict for caplen bytes at packet, at most INT32_MAX, which
 * were wirelen bytes long (0: as captured), beside ctx or NULL. Under the
 * seccomp dialect caplen is 64, and words are in this machine's order. Valid
 * as long as jit is. NULL: no code is made here, or there is no memory for it.
 */
typedef uint32_t cbpf_jit_fn(const uint8_t *packet, uint32_t caplen,
			     uint32_t wirelen, const struct cbpf_ctx *ctx);
cbpf_jit_fn *cbpf_jit_entry(const struct cbpf_jit *jit);

/** The verdict for any packet: the value of cbpf_run()'s result. */
uint32_t cbpf_jit_run(const struct cbpf_jit *jit,
		      const struct cbpf_packet *packet);

/**
 * The verdicts of n packets, each as cbpf_jit_run() has it, into verdicts[].
 * With code for many packets at once (lanes of the options) groups of them are
 * run together, in whatever order they lie, if they lie within 512 MiB of the
 * first of each 64, and none is longer than a gigabyte.
 *
 *	struct cbpf_jit_opts opts = { .size = sizeof(opts), .lanes = 16 };
 *	if (cbpf_jit_new(prog, &opts, &jit, NULL) == CBPF_OK)
 *		cbpf_jit_run_batch(jit, packets, n, verdicts);
 */
void cbpf_jit_run_batch(const struct cbpf_jit *jit,
			const struct cbpf_packet *packets, size_t n,
			uint32_t *verdicts);
/** How many packets are run at once: 16 by AVX-512, 8 by AVX2, or 1: none was
 * asked for or is to be had, or the program is done better one by one. */
unsigned cbpf_jit_lanes(const struct cbpf_jit *jit);

/* ---- translate --------------------------------------------------------- */

struct cbpf_translate_opts {
	size_t size;
	const char *name; /* of the function; NULL: filter */
	const struct cbpf_mem *mem;
};

/**
 * Writes a program as a file of C11 that stands by itself: a function of the
 * packet, caplen and wirelen, and of a context, a structure of the fields that
 * the program reads, where it reads any. What it promises stands at its top.
 * Free the text, of *len bytes and a NUL, with cbpf_text_free(). Errors:
 * STEPS (it loops), UNAVAILABLE (it reads what C has no words for: nla, nlan,
 * poff, random numbers), ARGUMENT, NOMEM.
 */
enum cbpf_err cbpf_translate_c(const struct cbpf_prog *prog,
			       const struct cbpf_translate_opts *opts,
			       char **text, size_t *len,
			       struct cbpf_diag *diag);

/* ---- kernel ------------------------------------------------------------ */

/**
 * Attaches a program to a socket (SO_ATTACH_FILTER, socket(7)). On refusal
 * the diagnosis is the verifier's own explanation of the errno, limits of
 * the moment included; diag->sys_errno is the kernel's. The old filter stays
 * in place when this one is refused. UNAVAILABLE where there is no such call.
 */
enum cbpf_err cbpf_attach(int fd, const struct cbpf_insn *insns, size_t n,
			  struct cbpf_diag *diag);

/** Takes the filter off a socket. LOCKED, NO_FILTER, or SYSTEM. */
enum cbpf_err cbpf_detach(int fd, struct cbpf_diag *diag);

/**
 * Locks a socket's filter for as long as the socket lives: no attaching and
 * no detaching any more (SO_LOCK_FILTER); a reuseport program can still be
 * taken off. SYSTEM.
 */
enum cbpf_err cbpf_lock(int fd, struct cbpf_diag *diag);

/**
 * Reads a socket's filter back, bit for bit as it was given (SO_GET_FILTER).
 * Free *code with cbpf_code_free(). NO_FILTER, NOMEM, or SYSTEM (EACCES: the
 * filter is an eBPF program).
 */
enum cbpf_err cbpf_attached(int fd, const struct cbpf_mem *mem,
			    struct cbpf_code *code, struct cbpf_diag *diag);

/**
 * Lets a program choose the socket of a group that receives a datagram or a
 * connection (SO_ATTACH_REUSEPORT_CBPF). The socket must have had SO_REUSEPORT
 * when it was bound: NO_REUSEPORT. The program sees what follows the UDP or
 * TCP header; its verdict: cbpf_verdict_reuseport(). Other errors as
 * cbpf_attach().
 */
enum cbpf_err cbpf_attach_reuseport(int fd, const struct cbpf_insn *insns,
				    size_t n, struct cbpf_diag *diag);

/** Takes it off again. NO_FILTER, or SYSTEM. */
enum cbpf_err cbpf_detach_reuseport(int fd, struct cbpf_diag *diag);

/**
 * Lets a program choose the socket of a packet fanout group (packet(7),
 * PACKET_FANOUT_DATA). The socket must have joined one of type
 * PACKET_FANOUT_CBPF: NO_FANOUT. The program sees the network header of
 * incoming frames and the link header of outgoing ones; its verdict:
 * cbpf_verdict_fanout(). Other errors as cbpf_attach().
 */
enum cbpf_err cbpf_attach_fanout(int fd, const struct cbpf_insn *insns,
				 size_t n, struct cbpf_diag *diag);

/**
 * A socket that carries a classic filter. Everything it points to is valid
 * during the call that tells it.
 */
struct cbpf_socket {
	uint64_t inode;	  /* its number in /proc/PID/fd */
	int pid, fd;	  /* where it is open; 0 and -1: nowhere we looked */
	char command[16]; /* of that process */
	int family, type, protocol; /* AF_*, SOCK_*, as in socket(2) */
	bool is_locked;
	const void *address; /* struct sockaddr that it is bound to */
	uint32_t address_size;
	const struct cbpf_insn *insns; /* as it was given */
	size_t n;
};

/** What was looked at on the way. */
struct cbpf_sockets_seen {
	uint64_t n_processes;
	uint64_t n_refused; /* processes that may not be looked into */
	uint64_t n_sockets;
	uint64_t n_filters; /* told */
	uint64_t n_ebpf;    /* sockets with an eBPF program: not told */
	uint64_t n_unread; /* packet sockets nowhere, which could not be read */
};

/**
 * Tells the sockets of this machine that carry a classic filter, each once,
 * until each() gives false; seen may be NULL. Of processes that may not
 * be looked into (ptrace(2), PTRACE_MODE_ATTACH) nothing is told but their
 * number. reuseport and fanout programs cannot be read back from the kernel.
 * NOMEM, SYSTEM (no /proc), UNAVAILABLE.
 */
enum cbpf_err cbpf_sockets(const struct cbpf_mem *mem,
			   bool (*each)(void *ctx,
					const struct cbpf_socket *socket),
			   void *ctx, struct cbpf_sockets_seen *seen,
			   struct cbpf_diag *diag);

/**
 * A descriptor of this process' own for what another has open as fd
 * (pidfd_getfd(2), Linux 5.6 on), to attach to. Close it. ARGUMENT: no such
 * process, no such descriptor; UNAVAILABLE: it may not be looked into.
 */
enum cbpf_err cbpf_borrow(int pid, int fd, int *own, struct cbpf_diag *diag);

enum {
	CBPF_SECCOMP_TSYNC = 1,	       /* on all threads of the process */
	CBPF_SECCOMP_NO_NEW_PRIVS = 2, /* gives up gaining rights, first */
};

/**
 * Installs a seccomp filter on this thread, for good (seccomp(2)); flags are
 * of the above. NO_NEW_PRIVS: the flag, or CAP_SYS_ADMIN, is missing; TSYNC:
 * a thread has a filter that this one has not, and none was installed;
 * PATH_REST: the filters installed before leave too little room; else the
 * verifier's explanation as cbpf_attach().
 */
enum cbpf_err cbpf_attach_seccomp(const struct cbpf_insn *insns, size_t n,
				  unsigned flags, struct cbpf_diag *diag);

/** net.core.optmem_max now, or 0 where it cannot be read. */
uint32_t cbpf_optmem_max(void);

/* ---- verdicts ---------------------------------------------------------- */

/**
 * A socket filter's: false where the packet of len bytes is dropped, else
 * *kept of it are delivered. floor is what the protocol keeps of an accepted
 * packet anyhow: 8 of UDP, the header of TCP, 0 of AF_UNIX, AF_NETLINK, raw
 * and packet sockets. BSD's bpf(4) devices: as the latter.
 */
bool cbpf_verdict_trim(uint32_t verdict, uint32_t len, uint32_t floor,
		       uint32_t *kept);

/** The socket of a fanout group of n: verdict % n. An abort counts as 0. */
uint32_t cbpf_verdict_fanout(uint32_t verdict, uint32_t n);

/** The socket of a reuseport group of n; false: the hash chooses. */
bool cbpf_verdict_reuseport(uint32_t verdict, uint32_t n, uint32_t *index);

/**
 * cls_bpf's: false where it does not match, else *class is the packet's
 * class: the configured one for 0xffffffff, else the verdict. xt_bpf's and
 * libpcap's: a match where it is not 0.
 */
bool cbpf_verdict_class(uint32_t verdict, uint32_t configured,
			uint32_t *class_id);

/** What seccomp does to a call, the most severe first. */
enum cbpf_action {
	CBPF_ACTION_UNDEFINED, /* kills the process, as KILL_PROCESS */
	CBPF_ACTION_KILL_PROCESS,
	CBPF_ACTION_KILL_THREAD,
	CBPF_ACTION_TRAP,
	CBPF_ACTION_ERRNO,
	CBPF_ACTION_USER_NOTIF,
	CBPF_ACTION_TRACE,
	CBPF_ACTION_LOG,
	CBPF_ACTION_ALLOW,
};

/** "ERRNO", ...; NULL for a number that is no action. */
const char *cbpf_action_name(enum cbpf_action action);

/** The action of a verdict and its data, an errno's cut to 4095. */
enum cbpf_action cbpf_verdict_action(uint32_t verdict, uint16_t *data);

/**
 * Of several filters' verdicts, the first installed first, the one that
 * counts: the most severe action, the latest of equals (kernel/seccomp.c,
 * seccomp_run_filters()). ALLOW where n is 0.
 */
uint32_t cbpf_verdict_seccomp(const uint32_t *verdicts, size_t n);

/* ---- engines ----------------------------------------------------------- */

struct cbpf_engine_opts {
	size_t size;
	bool is_exact; /* linux-unix: tell all 32 bits of the verdict */
	bool udp_body; /* linux-udp: the first 8 bytes stand for the header */
	bool is_dgram; /* linux-packet: from the network header on */
	bool is_outgoing; /* linux-packet: frames as they leave */
	const struct cbpf_mem *mem;
	/* NULL, or counts the filters that the kernel compiles, for a caller
	 * who sees to it that not too many wait to be given back (it stops for
	 * good from a thousand on, docs/kernel.md). Where it is NULL the engine
	 * lets them pass from time to time, which takes some 20 ms. */
	uint64_t *filters;
};

/** What an engine really gives the program for a packet. */
struct cbpf_view {
	struct cbpf_packet packet; /* its ctx points to ctx below, or NULL */
	struct cbpf_ctx ctx;
	uint32_t
		header; /* bytes of packet that are never counted as accepted */
};

/** How much of a verdict an answer tells. */
enum cbpf_shows {
	CBPF_SHOWS_ALL,	     /* end, and all 32 bits */
	CBPF_SHOWS_VALUE,    /* 32 bits; an abort looks like 0 */
	CBPF_SHOWS_BYTES,    /* whether it passed, and the accepted bytes */
	CBPF_SHOWS_FORESEEN, /* not run: it would not have come back */
};

struct cbpf_answer {
	enum cbpf_shows shows;
	enum cbpf_end end;
	bool is_passed;
	uint32_t value; /* the verdict, or the accepted bytes */
};

/**
 * An engine: anything that turns (program, packet, context) into a verdict.
 * A row of functions; the caller hands rows in, there is no registry.
 */
struct cbpf_engine {
	const char *name;
	const char *about;
	enum cbpf_dialect dialect; /* ANY: the one asked for */
	uint16_t link;	/* what a packet must be, LINKTYPE_*; 0: anything */
	bool is_oracle; /* not ours: its `rand` is unforeseeable */
	bool has_exact; /* honours is_exact */

	/** Can it run here? If not, the diagnosis says why in one sentence. */
	enum cbpf_err (*probe)(const struct cbpf_engine *engine,
			       struct cbpf_diag *diag);
	/**
	 * Loads a program. *handle is NULL at first; given back, what is in it
	 * (sockets) is used again. A refusal is the code of a rule.
	 */
	enum cbpf_err (*load)(const struct cbpf_engine *engine,
			      const struct cbpf_engine_opts *opts,
			      enum cbpf_dialect dialect,
			      const struct cbpf_insn *insns, size_t n,
			      void **handle, struct cbpf_diag *diag);
	/** What the program will see. Valid to the next call. SKIP: cannot. */
	enum cbpf_err (*view)(void *handle, const struct cbpf_packet *packet,
			      struct cbpf_view *view, struct cbpf_diag *diag);
	/**
	 * Runs it over a view. expect is what the twin said on the same view:
	 * an engine may use it to ask a sharper question, never to answer.
	 */
	enum cbpf_err (*run)(void *handle, const struct cbpf_view *view,
			     const struct cbpf_result *expect,
			     struct cbpf_answer *answer,
			     struct cbpf_diag *diag);
	void (*free)(void *handle);
	/**
	 * NULL, or run() over n views at once, at most CBPF_BATCH_MAX, each of
	 * which stays valid as long as its packet's bytes. SKIP: not all
	 * answers can be told for certain this way, ask one by one.
	 */
	enum cbpf_err (*run_batch)(void *handle, const struct cbpf_view *views,
				   size_t n, struct cbpf_answer *answers,
				   struct cbpf_diag *diag);
};

/** Packets that cbpf_judge_run_batch() takes. */
#define CBPF_BATCH_MAX 32

/** This library's interpreter, any dialect. */
extern const struct cbpf_engine cbpf_engine_interp;
/** The quick interpreter, any dialect. */
extern const struct cbpf_engine cbpf_engine_threaded;
/** Native code of this library's, any dialect. */
extern const struct cbpf_engine cbpf_engine_jit;
/** The same for 8 (AVX2) and for 16 packets at once (AVX-512). */
extern const struct cbpf_engine cbpf_engine_jit_x8;
extern const struct cbpf_engine cbpf_engine_jit_x16;
/** The Linux kernel through an AF_UNIX datagram pair. No privilege needed. */
extern const struct cbpf_engine cbpf_engine_linux_unix;
/** The Linux kernel through UDP over loopback, IPv4. */
extern const struct cbpf_engine cbpf_engine_linux_udp;
/** The same over IPv6. */
extern const struct cbpf_engine cbpf_engine_linux_udp6;
/**
 * The Linux kernel through packet sockets (packet(7)) on a pair of Ethernet
 * devices in a network namespace of its own, which a process started by load
 * makes. A packet is an Ethernet frame. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN,
 * or user namespaces.
 */
extern const struct cbpf_engine cbpf_engine_linux_packet;
/**
 * The Linux kernel's seccomp. A packet is a struct seccomp_data; the call is
 * made with the native architecture and an instruction pointer of its own, and
 * never executed: each return is rewritten to an errno first. load starts a
 * process (a copy of this one, of raw system calls only) that ends with the
 * handle. No privilege needed. Linux 5.0 on, x86-64 and arm64.
 */
extern const struct cbpf_engine cbpf_engine_linux_seccomp;

/* ---- comparing --------------------------------------------------------- */

/** One engine beside its honest twin: interp, same dialect, same view. */
struct cbpf_judge;

/**
 * Makes a judge for an engine. It keeps the engine's handle, so that loading
 * one program after another is cheap. dialect matters for an engine that
 * speaks any; the others bring their own. Errors: ARGUMENT, NOMEM.
 */
enum cbpf_err cbpf_judge_new(const struct cbpf_engine *engine,
			     enum cbpf_dialect dialect,
			     const struct cbpf_engine_opts *opts,
			     struct cbpf_judge **judge);

void cbpf_judge_free(struct cbpf_judge *judge);

/**
 * Offers a program to the engine and to the verifier. CBPF_OK: both take it,
 * packets can be run. DIFFERS: only one of them does; the diagnosis says
 * which. Any other: both refuse it, by the verifier's first rule, or the
 * engine could not be asked (SYSTEM).
 */
enum cbpf_err cbpf_judge_load(struct cbpf_judge *judge,
			      const struct cbpf_insn *insns, size_t n,
			      struct cbpf_diag *diag);

/** What came of one packet on one engine. */
struct cbpf_judged {
	bool is_run;   /* false: skipped, diag says why */
	bool agrees;   /* the answer is what the twin foretold */
	bool is_plain; /* exact was asked for and plain mode decided */
	struct cbpf_answer answer;
	struct cbpf_answer expected; /* the twin's, in the same terms */
	struct cbpf_result twin;
	struct cbpf_diag diag;
};

/**
 * Runs one packet on the engine and on its twin. CBPF_OK whether or not they
 * agree: that is in *judged. Errors: the engine could not be asked (SYSTEM).
 */
enum cbpf_err cbpf_judge_run(struct cbpf_judge *judge,
			     const struct cbpf_packet *packet,
			     struct cbpf_judged *judged);

/**
 * The same for n packets, at most CBPF_BATCH_MAX: quicker where the engine
 * can take several at once, and one by one where not. The first error ends it.
 */
enum cbpf_err cbpf_judge_run_batch(struct cbpf_judge *judge,
				   const struct cbpf_packet *packets, size_t n,
				   struct cbpf_judged *judged);

/** The twin's program: the one loaded, verified; NULL where none is. */
const struct cbpf_prog *cbpf_judge_prog(const struct cbpf_judge *judge);

/**
 * From now on the twin's runs are watched, as in struct cbpf_watch; before
 * NULL: no longer.
 */
void cbpf_judge_watch(struct cbpf_judge *judge,
		      bool (*before)(void *ctx, const struct cbpf_state *state),
		      void *ctx);

/**
 * After a disagreement: the first instruction, in the order run, at which the
 * engine and its twin can have parted: A, X and M[] before it are the same,
 * as far as the engine shows them, and after it they are not. Found by
 * loading programs that return each of them; load yours again before the
 * next packet. CBPF_NO_PC where the program does not load, or has a loop, or
 * the engine could not be asked.
 */
uint32_t cbpf_judge_parting(struct cbpf_judge *judge,
			    const struct cbpf_insn *insns, size_t n,
			    const struct cbpf_packet *packet);

/**
 * Makes a disagreement smaller while it lasts: fewer instructions, smaller
 * constants, fewer and plainer bytes. insns and *n, data and packet->caplen
 * are changed in place (data is what packet->data points to, writable). Errors:
 * NOMEM, SYSTEM; what is in place then still disagrees.
 */
enum cbpf_err cbpf_judge_shrink(struct cbpf_judge *judge,
				struct cbpf_insn *insns, size_t *n,
				struct cbpf_packet *packet, uint8_t *data);

/* ---- generating -------------------------------------------------------- */

enum cbpf_random_kind {
	CBPF_RANDOM_LEGAL = 0, /* mostly: runs for a while, loads that hit */
	CBPF_RANDOM_ALMOST,    /* that, with a field or two changed */
	CBPF_RANDOM_WILD,      /* any codes and operands */
	CBPF_RANDOM_LONG,      /* about as long as some limit of size allows */
};

struct cbpf_random_opts {
	size_t size;
	enum cbpf_dialect dialect;
	uint32_t max_insns; /* 0: 40 */
	enum cbpf_random_kind kind;
};

/**
 * Makes a random program for differential tests from *seed, which moves on:
 * the same seed, the same program. insns has room for max_insns. Returns the
 * number written.
 */
size_t cbpf_random_program(uint64_t *seed, const struct cbpf_random_opts *opts,
			   struct cbpf_insn *insns);

/** No random packet is longer. */
#define CBPF_RANDOM_MOST 256

/**
 * Makes a random packet for a program: it has what the program reads, or ends
 * just before or behind it; it has what the program compares with, or numbers
 * beside it. link is what it must be, as in struct cbpf_engine; under the
 * seccomp dialect it is a struct seccomp_data. Returns the number of bytes, at
 * most cap and CBPF_RANDOM_MOST; all of cap may be written.
 */
size_t cbpf_random_packet(uint64_t *seed, const struct cbpf_prog *prog,
			  uint16_t link, uint8_t *data, size_t cap);

struct cbpf_compare_opts {
	size_t size;
	uint32_t packets; /* random ones, half made for each; 0: 2048 */
	uint64_t seed;
	const struct cbpf_mem *mem;
};

/** What came of it. A way is a branch taken, or not taken. */
struct cbpf_compared {
	bool is_same;
	uint64_t packets;
	uint32_t ways_a, taken_a; /* in a: ways that there are, that were met */
	uint32_t ways_b, taken_b;
	bool reads_beyond; /* what is behind CBPF_RANDOM_MOST: no packet has it */
	/* unless is_same: a packet that shows it, and the two verdicts */
	uint8_t data[CBPF_RANDOM_MOST];
	uint32_t caplen, wirelen;
	struct cbpf_ctx ctx;
	uint32_t value_a, value_b;
};

/**
 * Compares the verdicts of two programs, which may be of two dialects, over
 * random packets made for each, of CBPF_RANDOM_MOST bytes at most, over such as
 * are aimed at every way that they did not take, as long as that takes more,
 * and over those cut before the end of each load. The same is no proof: a way
 * may be one that no packet takes, or that was not found. Of what has a loop no
 * ways are told. NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_compare(const struct cbpf_prog *a, const struct cbpf_prog *b,
			   const struct cbpf_compare_opts *opts,
			   struct cbpf_compared *report);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
