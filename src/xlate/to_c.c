/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as C: a statement for each instruction, in its order, with a label
 * where one is jumped to.
 *
 *	ldh [12]		if (caplen < 14)
 *					return 0;
 *				a = be16(p + 12);
 *	jeq #0x800, 2, 5	if (a != 0x800)
 *					goto L5;
 *
 * What helps, what fields of a context and what variables are written is what
 * the program uses. Loads outside the packet return 0, as everywhere; what a
 * dialect has of its own (offsets that Linux counts from other headers, shifts,
 * words in the machine's order) is asked of its row and written out.
 */
#include <stdio.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/options.h"
#include "prog/prog.h"

/* Helpers, fields and variables that a program may need. */
enum need {
	NEED_BE16 = 1 << 0,
	NEED_BE32 = 1 << 1,
	NEED_HEADERS = 1 << 4, /* net_off, link_off and kin of the context */
	NEED_WORD = 1 << 5,
	NEED_A = 1 << 6,
	NEED_X = 1 << 7,
	NEED_M = 1 << 8,
	NEED_CTX = 1 << 10,
	NEED_DEVICE = 1 << 11,
	NEED_OFFSET = 1 << 12, /* a variable for an offset */
};

struct writer {
	const struct cbpf_prog *prog;
	const char *name;
	struct buf out;
	unsigned needs;
	uint32_t exts;	    /* bit k / 4: the ancillary value k is read */
	uint8_t *is_target; /* by instruction */
};

/* K is the instruction's constant. */
static const char *const statements[OP_ROWS] = {
	[OP_LD_IMM] = "a = K;",
	[OP_LD_MEM] = "a = m[K];",
	[OP_LDX_IMM] = "x = K;",
	[OP_LDX_MEM] = "x = m[K];",
	[OP_ST] = "m[K] = a;",
	[OP_STX] = "m[K] = x;",
	[OP_ADD_K] = "a += K;",
	[OP_ADD_X] = "a += x;",
	[OP_SUB_K] = "a -= K;",
	[OP_SUB_X] = "a -= x;",
	[OP_MUL_K] = "a *= K;",
	[OP_MUL_X] = "a *= x;",
	[OP_DIV_K] = "a /= K;",
	[OP_DIV_X] = "if (x == 0)\n\t\treturn 0;\n\ta /= x;",
	[OP_MOD_K] = "a %= K;",
	[OP_MOD_X] = "if (x == 0)\n\t\treturn 0;\n\ta %= x;",
	[OP_AND_K] = "a &= K;",
	[OP_AND_X] = "a &= x;",
	[OP_OR_K] = "a |= K;",
	[OP_OR_X] = "a |= x;",
	[OP_XOR_K] = "a ^= K;",
	[OP_XOR_X] = "a ^= x;",
	[OP_NEG] = "a = 0 - a;",
	[OP_TAX] = "x = a;",
	[OP_TXA] = "a = x;",
	[OP_RET_K] = "return K;",
	[OP_RET_A] = "return a;",
};

static const struct {
	const char *type, *name;
} fields[] = {
	[EXT_PROTO / 4] = { "uint16_t", "proto" },
	[EXT_TYPE / 4] = { "uint8_t", "pkt_type" },
	[EXT_IFIDX / 4] = { "uint32_t", "ifindex" },
	[EXT_MARK / 4] = { "uint32_t", "mark" },
	[EXT_QUEUE / 4] = { "uint16_t", "queue" },
	[EXT_HATYPE / 4] = { "uint16_t", "hatype" },
	[EXT_RXHASH / 4] = { "uint32_t", "rxhash" },
	[EXT_CPU / 4] = { "uint32_t", "cpu" },
	[EXT_XOR_X / 4] = { NULL, NULL }, /* of the registers alone */
	[EXT_VLAN_TCI / 4] = { "uint16_t", "vlan_tci" },
	[EXT_VLAN_AVAIL / 4] = { "bool", "has_vlan" },
	[EXT_VLAN_TPID / 4] = { "uint16_t", "vlan_tpid" },
};

/* ---- what is needed ----------------------------------------------------- */

static bool is_linux(const struct writer *w)
{
	return w->prog->row->space == SPACE_LINUX;
}

static unsigned load_size(enum isa_op op)
{
	switch (op) {
	case OP_LD_W:
	case OP_LD_WX:
		return 4;
	case OP_LD_H:
	case OP_LD_HX:
		return 2;
	default:
		return 1;
	}
}

static unsigned needs_of_size(unsigned size)
{
	return size == 4 ? NEED_BE32 : size == 2 ? NEED_BE16 : 0;
}

/* What an instruction needs; false: there is no C for it, diag says why. */
static bool look_at(struct writer *w, const struct cbpf_insn *insn,
		    struct cbpf_diag *diag)
{
	enum isa_op op = (enum isa_op)insn->code;

	if (op < OP_ROWS) {
		const struct isa_row *row = &isa_rows[op];
		unsigned uses = row->reads | row->writes;

		w->needs |= (uses & USES_A ? NEED_A : 0) |
			    (uses & USES_X ? NEED_X : 0) |
			    (uses & USES_M ? NEED_M : 0);
	}
	switch (op) {
	case OP_LD_W:
	case OP_LD_H:
	case OP_LD_B:
	case OP_LDX_MSH:
		w->needs |= needs_of_size(load_size(op));
		if (is_linux(w) && insn->k >= LINK_BASE)
			w->needs |= NEED_HEADERS | NEED_CTX | NEED_OFFSET;
		return true;
	case OP_LD_WX:
	case OP_LD_HX:
	case OP_LD_BX:
		w->needs |= needs_of_size(load_size(op)) | NEED_OFFSET;
		return true;
	case OP_LD_DATA:
		w->needs |= NEED_A | NEED_WORD;
		return true;
	case OP_LD_EXT:
		w->needs |= NEED_A;
		if (insn->k == EXT_XOR_X) {
			w->needs |= NEED_X;
			return true;
		}
		if (insn->k / 4 < CBPF_COUNT(fields) &&
		    fields[insn->k / 4].name) {
			w->needs |= NEED_CTX;
			if (insn->k == EXT_IFIDX || insn->k == EXT_HATYPE)
				w->needs |= NEED_DEVICE;
			w->exts |= (uint32_t)1 << insn->k / 4;
			return true;
		}
		/* fall through */
	case OP_LD_RND:
	case OP_BAD:
		dg_say(diag, CBPF_E_UNAVAILABLE,
		       "there is no C for what instruction %u reads",
		       (unsigned)(insn - w->prog->ops));
		return false;
	default:
		return true;
	}
}

/*
 * How far a jump goes where its test holds, and where not. What is known here
 * would be a warning of the compiler's.
 */
static void distances(const struct cbpf_insn *insn, uint32_t *t, uint32_t *f)
{
	*t = insn->code == OP_JA ? insn->k : insn->jt;
	*f = insn->code == OP_JA ? insn->k : insn->jf;
	if (insn->code == OP_JGE_K && insn->k == 0)
		*f = *t;
	if (insn->code == OP_JGT_K && insn->k == UINT32_MAX)
		*t = *f;
}

static bool look_at_all(struct writer *w, struct cbpf_diag *diag)
{
	const struct cbpf_prog *prog = w->prog;

	for (uint32_t pc = 0; pc < prog->n; pc++) {
		const struct cbpf_insn *insn = &prog->ops[pc];
		uint32_t t, f;
		uint16_t code =
			insn->code < OP_ROWS ? isa_rows[insn->code].code : 0;

		if (!look_at(w, insn, diag))
			return false;
		if (insn->code != OP_JA && !isa_is_branch(code))
			continue;
		distances(insn, &t, &f);
		w->is_target[pc + 1 + t] |= t > 0;
		w->is_target[pc + 1 + f] |= f > 0;
	}
	return true;
}

/* ---- the parts before the function -------------------------------------- */

static void write_head(struct writer *w)
{
	struct buf *out = &w->out;

	buf_print(
		out,
		"/*\n"
		" * %u instructions of classic BPF for %s, as C11.\n"
		" *\n"
		" * %s() returns what the program returns for the packet of "
		"caplen bytes\n"
		" * at p, which was wirelen bytes long on the wire (0: as "
		"captured). It reads\n"
		" * none but those bytes%s, executes each statement at most "
		"once, since it\n"
		" * jumps forward only, changes nothing, and its behaviour is "
		"defined for every\n"
		" * packet of at most 0x7fffffff bytes.\n"
		" */\n",
		w->prog->n, cbpf_dialect_name(w->prog->dialect), w->name,
		w->needs & NEED_HEADERS ? " and headroom before them" : "");
	if (w->needs & NEED_CTX)
		buf_print(out, "#include <stdbool.h>\n");
	buf_print(out, "#include <stdint.h>\n");
	if (w->needs & NEED_WORD)
		buf_print(out, "#include <string.h>\n");
}

static void write_ctx(struct writer *w)
{
	struct buf *out = &w->out;

	if (!(w->needs & NEED_CTX))
		return;
	buf_print(out,
		  "\n/* What the program reads beside the packet. */\n"
		  "struct %s_ctx {\n",
		  w->name);
	if (w->needs & NEED_HEADERS)
		buf_print(out,
			  "\tuint32_t headroom; /* bytes before p */\n"
			  "\tbool has_link;     /* at link_off */\n"
			  "\tint32_t link_off;  /* of 0xffe00000, from p */\n"
			  "\tint32_t net_off;   /* of 0xfff00000, from p */\n");
	if (w->needs & NEED_DEVICE)
		buf_print(out, "\tbool has_device;\n");
	for (size_t i = 0; i < CBPF_COUNT(fields); i++)
		if (w->exts >> i & 1 && fields[i].name)
			buf_print(out, "\t%s %s;\n", fields[i].type,
				  fields[i].name);
	buf_print(out, "};\n");
}

static void write_helpers(struct writer *w)
{
	struct buf *out = &w->out;

	if (w->needs & NEED_BE16)
		buf_print(out,
			  "\nstatic inline uint32_t be16(const uint8_t *p)\n"
			  "{\n"
			  "\treturn (uint32_t)p[0] << 8 | p[1];\n"
			  "}\n");
	if (w->needs & NEED_BE32)
		buf_print(
			out,
			"\nstatic inline uint32_t be32(const uint8_t *p)\n"
			"{\n"
			"\treturn (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |\n"
			"\t       (uint32_t)p[2] << 8 | p[3];\n"
			"}\n");
	if (w->needs & NEED_WORD)
		buf_print(out, "\n/* In this machine's byte order. */\n"
			       "static inline uint32_t word(const uint8_t *p)\n"
			       "{\n"
			       "\tuint32_t v;\n\n"
			       "\tmemcpy(&v, p, sizeof(v));\n"
			       "\treturn v;\n"
			       "}\n");
}

/*
 * Linux: an offset from 0xfff00000 on counts from the network header, from
 * 0xffe00000 on from the link header.
 */
static void write_locate(struct writer *w)
{
	struct buf *out = &w->out;

	if (!(w->needs & NEED_OFFSET) || !is_linux(w))
		return;
	buf_print(out,
		  "\n/* Where an offset is, from p; far outside: nowhere. */\n"
		  "static inline int64_t locate(uint32_t offset");
	if (w->needs & NEED_HEADERS)
		buf_print(out, ", const struct %s_ctx *ctx", w->name);
	buf_print(out, ")\n{\n\tif (offset >= 0xfff00000)\n");
	if (w->needs & NEED_HEADERS)
		buf_print(out,
			  "\t\treturn (int64_t)(offset - 0xfff00000) + "
			  "ctx->net_off;\n"
			  "\tif (offset >= 0xffe00000 && ctx->has_link)\n"
			  "\t\treturn (int64_t)(offset - 0xffe00000) + "
			  "ctx->link_off;\n"
			  "\treturn offset < 0x80000000 ? (int64_t)offset : "
			  "INT64_MAX / 2;\n}\n");
	else
		buf_print(out, "\t\treturn (int64_t)(offset - 0xfff00000);\n"
			       "\treturn offset;\n}\n");
}

/* ---- instructions ------------------------------------------------------- */

/* Ends the run where size bytes at `at` are not all in the packet. */
static void write_guard(struct writer *w, unsigned size, const char *otherwise)
{
	if (w->needs & NEED_HEADERS)
		buf_print(&w->out,
			  "\tif (at < -(int64_t)ctx->headroom || at > "
			  "(int64_t)caplen - %u)\n\t\t%s\n",
			  size, otherwise);
	else
		buf_print(&w->out, "\tif (at > (int64_t)caplen - %u)\n\t\t%s\n",
			  size, otherwise);
}

static void write_value(struct writer *w, char to, unsigned size, bool is_msh,
			const char *at)
{
	if (is_msh)
		buf_print(&w->out, "\t%c = 4 * (p[%s] & 15);\n", to, at);
	else if (size == 1)
		buf_print(&w->out, "\t%c = p[%s];\n", to, at);
	else
		buf_print(&w->out, "\t%c = be%u(p + %s);\n", to, 8 * size, at);
}

/* A load from a place that is known now. */
static void write_absolute(struct writer *w, const struct cbpf_insn *insn)
{
	bool is_msh = insn->code == OP_LDX_MSH;
	unsigned size = load_size((enum isa_op)insn->code);
	char at[16];

	if (is_linux(w) && insn->k >= LINK_BASE) {
		buf_print(&w->out, "\tat = locate(0x%x, ctx);\n", insn->k);
		write_guard(w, size, "return 0;");
		write_value(w, is_msh ? 'x' : 'a', size, is_msh, "at");
		return;
	}
	if (insn->k > INT32_MAX) {
		buf_print(&w->out,
			  insn->code == OP_LD_H && w->prog->row->ldh_reads_zero
				  ? "\ta = 0;\n"
				  : "\treturn 0;\n");
		return;
	}
	snprintf(at, sizeof(at), "%u", insn->k);
	if (insn->code == OP_LD_H && w->prog->row->ldh_reads_zero) {
		buf_print(&w->out, "\ta = caplen < %u ? 0 : be16(p + %u);\n",
			  insn->k + size, insn->k);
		return;
	}
	buf_print(&w->out, "\tif (caplen < %u)\n\t\treturn 0;\n",
		  insn->k + size);
	write_value(w, is_msh ? 'x' : 'a', size, is_msh, at);
}

static void write_indirect(struct writer *w, const struct cbpf_insn *insn)
{
	unsigned size = load_size((enum isa_op)insn->code);

	if (is_linux(w))
		buf_print(&w->out, "\tat = locate(x + %u%s);\n", insn->k,
			  w->needs & NEED_HEADERS ? ", ctx" : "");
	else if (w->prog->row->ind_wraps)
		buf_print(&w->out, "\tat = (uint32_t)(x + %u);\n", insn->k);
	else
		buf_print(&w->out, "\tat = (int64_t)x + %u;\n", insn->k);
	write_guard(w, size, "return 0;");
	write_value(w, 'a', size, false, "at");
}

static void write_ext(struct writer *w, uint32_t k)
{
	if (k == EXT_XOR_X) {
		buf_print(&w->out, "\ta ^= x;\n");
		return;
	}
	if (k == EXT_IFIDX || k == EXT_HATYPE)
		buf_print(&w->out, "\tif (!ctx->has_device)\n"
				   "\t\treturn a;\n");
	buf_print(&w->out, "\ta = ctx->%s%s;\n", fields[k / 4].name,
		  k == EXT_TYPE ? " & 7" : "");
}

/* By a constant that is 32 or more: what the dialect's machine makes of it. */
static void write_shift(struct writer *w, const struct cbpf_insn *insn)
{
	const struct isa_dialect *row = w->prog->row;
	const char *sign =
		insn->code == OP_LSH_K || insn->code == OP_LSH_X ? "<<" : ">>";

	if (insn->code == OP_LSH_X || insn->code == OP_RSH_X)
		buf_print(&w->out,
			  row->shift_x_clears ? "\ta = x < 32 ? a %s x : 0;\n"
					      : "\ta %s= x & 31;\n",
			  sign);
	else if (insn->k > 31 && row->shift_k_clears)
		buf_print(&w->out, "\ta = 0;\n");
	else
		buf_print(&w->out, "\ta %s= %u;\n", sign, insn->k & 31);
}

static void write_goto(struct writer *w, uint32_t pc, uint32_t distance)
{
	if (distance)
		buf_print(&w->out, "\tgoto L%u;\n", pc + 1 + distance);
}

static void write_branch(struct writer *w, const struct cbpf_insn *insn,
			 uint32_t pc)
{
	static const char *const yes[] = { "a == ", "a > ", "a >= ", "a & " };
	static const char *const no[] = { "a != ", "a <= ", "a < ", "!(a & " };
	const struct isa_row *row = &isa_rows[insn->code];
	unsigned test = (CODE_OP(row->code) - JMP_JEQ) >> 4;
	char operand[16] = "x";
	uint32_t t, f;
	bool is_not;

	distances(insn, &t, &f);
	if (t == f) {
		write_goto(w, pc, t);
		return;
	}
	is_not = t == 0;
	if (!(row->reads & USES_X))
		snprintf(operand, sizeof(operand), insn->k < 10 ? "%u" : "0x%x",
			 insn->k);
	buf_print(&w->out, "\tif (%s%s%s)\n\t\tgoto L%u;\n",
		  is_not ? no[test] : yes[test], operand,
		  is_not && test == 3 ? ")" : "", pc + 1 + (is_not ? f : t));
	if (!is_not)
		write_goto(w, pc, f);
}

static void write_statement(struct writer *w, const char *pattern, uint32_t k)
{
	buf_print(&w->out, "\t");
	for (; *pattern; pattern++) {
		if (*pattern == 'K')
			buf_print(&w->out, k < 10 ? "%u" : "0x%x", k);
		else
			buf_put(&w->out, pattern, 1);
	}
	buf_print(&w->out, "\n");
}

static void write_insn(struct writer *w, const struct cbpf_insn *insn,
		       uint32_t pc)
{
	const char *length = w->prog->row->length_is_caplen
				     ? "caplen"
				     : "wirelen ? wirelen : caplen";

	switch ((enum isa_op)insn->code) {
	case OP_LD_W:
	case OP_LD_H:
	case OP_LD_B:
	case OP_LDX_MSH:
		write_absolute(w, insn);
		break;
	case OP_LD_WX:
	case OP_LD_HX:
	case OP_LD_BX:
		write_indirect(w, insn);
		break;
	case OP_LD_LEN:
		buf_print(&w->out, "\ta = %s;\n", length);
		break;
	case OP_LDX_LEN:
		buf_print(&w->out, "\tx = %s;\n", length);
		break;
	case OP_LD_DATA:
		buf_print(&w->out, "\ta = word(p + %u);\n", insn->k);
		break;
	case OP_LD_EXT:
		write_ext(w, insn->k);
		break;
	case OP_LSH_K:
	case OP_LSH_X:
	case OP_RSH_K:
	case OP_RSH_X:
		write_shift(w, insn);
		break;
	case OP_JA:
		write_goto(w, pc, insn->k);
		break;
	default:
		if (isa_is_branch(isa_rows[insn->code].code))
			write_branch(w, insn, pc);
		else
			write_statement(w, statements[insn->code], insn->k);
	}
}

/* ---- all of it ---------------------------------------------------------- */

static void write_variables(struct writer *w)
{
	struct buf *out = &w->out;

	if (w->needs & NEED_A && w->needs & NEED_X)
		buf_print(out, "\tuint32_t a = 0, x = 0;\n");
	else if (w->needs & (NEED_A | NEED_X))
		buf_print(out, "\tuint32_t %c = 0;\n",
			  w->needs & NEED_A ? 'a' : 'x');
	if (w->needs & NEED_M)
		buf_print(out, "\tuint32_t m[16] = { 0 };\n");
	if (w->needs & NEED_OFFSET)
		buf_print(out, "\tint64_t at;\n");
	if (w->prog->row->space == SPACE_DATA)
		buf_print(out, "\n\tif (caplen != 64)\n\t\treturn 0;\n");
	/* what is set and never read, or not there at all, is no warning */
	buf_print(out, "\n\t(void)p, (void)caplen, (void)wirelen%s%s%s%s;\n",
		  w->needs & NEED_CTX ? ", (void)ctx" : "",
		  w->needs & NEED_A ? ", (void)a" : "",
		  w->needs & NEED_X ? ", (void)x" : "",
		  w->needs & NEED_M ? ", (void)m" : "");
}

static void write_function(struct writer *w)
{
	struct buf *out = &w->out;

	buf_print(out,
		  "\nuint32_t %s(const uint8_t *p, uint32_t caplen, "
		  "uint32_t wirelen",
		  w->name);
	if (w->needs & NEED_CTX)
		buf_print(out, ",\n\t\tconst struct %s_ctx *ctx", w->name);
	buf_print(out, ")\n{\n");
	write_variables(w);
	for (uint32_t pc = 0; pc < w->prog->n; pc++) {
		if (w->is_target[pc])
			buf_print(out, "L%u:\n", pc);
		write_insn(w, &w->prog->ops[pc], pc);
	}
	if (w->prog->n == 0)
		buf_print(out, "\treturn 0xffffffff;\n");
	buf_print(out, "}\n");
}

/* A name that C takes for a function; what a keyword is the compiler says. */
static bool is_name(const char *name)
{
	for (const char *at = name; *at; at++)
		if (!(*at == '_' || (*at >= 'a' && *at <= 'z') ||
		      (*at >= 'A' && *at <= 'Z') ||
		      (at > name && *at >= '0' && *at <= '9')))
			return false;
	return *name;
}

enum cbpf_err cbpf_translate_c(const struct cbpf_prog *prog,
			       const struct cbpf_translate_opts *opts,
			       char **text, size_t *len, struct cbpf_diag *diag)
{
	struct cbpf_translate_opts own;
	struct writer w = { .prog = prog };
	struct cbpf_diag why = { 0 };
	struct arena arena;
	struct cbpf_mem mem;

	*text = NULL;
	*len = 0;
	if (!opts_take(&own, sizeof(own), opts))
		return dg_fail(diag, CBPF_E_ARGUMENT);
	w.name = own.name ? own.name : "filter";
	if (!is_name(w.name))
		return dg_say(diag, CBPF_E_ARGUMENT,
			      "%s is no name of a C function", w.name);
	if (prog->traits.has_loop)
		return dg_fail(diag, CBPF_E_STEPS);
	mem = mem_or_libc(own.mem);
	arena = arena_new(&mem);
	w.out = buf_new(&mem);
	w.is_target = arena_take(&arena, (size_t)prog->n + 1, 1);
	if (w.is_target && !look_at_all(&w, &why)) {
		arena_free(&arena);
		buf_free(&w.out);
		return dg_give(diag, &why);
	}
	if (w.is_target) {
		write_head(&w);
		write_ctx(&w);
		write_helpers(&w);
		write_locate(&w);
		write_function(&w);
		*text = buf_take(&w.out, len);
	}
	arena_free(&arena);
	if (*text)
		return CBPF_OK;
	buf_free(&w.out);
	return dg_fail(diag, CBPF_E_NOMEM);
}
