/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions to programs, through libpcap's own compiler.
 */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "expr/compile.h"

_Static_assert(sizeof(struct bpf_insn) == sizeof(struct cbpf_insn),
	       "the same layout");

/*
 * Capture files number link types alike everywhere; libpcap's DLT_ numbers
 * differ for these, by platform (pcap-common.c).
 */
static int dlt_of(uint16_t link)
{
	switch (link) {
	case 50:
		return DLT_PPP_SERIAL;
	case 51:
		return DLT_PPP_ETHER;
	case 100:
		return DLT_ATM_RFC1483;
	case 101:
		return DLT_RAW;
	case 102:
		return DLT_SLIP_BSDOS;
	case 103:
		return DLT_PPP_BSDOS;
	case 104:
		return DLT_C_HDLC;
	default:
		return link;
	}
}

/* libpcap's words are one line, but for a trailing end of line at times. */
static void refuse(struct cbpf_diag *diag, pcap_t *pcap)
{
	struct cbpf_diag made = dg_make(CBPF_E_EXPR, 0, 0);
	const char *words = pcap_geterr(pcap);

	dg_word(&made, words, strcspn(words, "\r\n"));
	dg_give(diag, &made);
}

enum cbpf_err compiler_open(struct compiler *c,
			    const struct cbpf_expr_opts *opts,
			    struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_expr_opts own;

	memset(code, 0, sizeof(*code));
	if (!opts_take(&own, sizeof(own), opts))
		return dg_say(diag, CBPF_E_ARGUMENT,
			      "expression options of a newer version");
	code->mem = mem_or_libc(own.mem);
	c->snaplen = own.snaplen ? own.snaplen : CBPF_SNAPLEN;
	c->is_optimized = !own.is_unoptimized;
	c->text = buf_new(&code->mem);
	c->pcap =
		pcap_open_dead(own.is_link_set ? dlt_of(own.link) : DLT_EN10MB,
			       (int)c->snaplen);
	return c->pcap ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
}

void compiler_close(struct compiler *c)
{
	pcap_close(c->pcap);
	buf_free(&c->text);
}

bool compile_text(struct compiler *c, const char *text,
		  struct bpf_program *program, struct cbpf_diag *diag)
{
	if (pcap_compile(c->pcap, program, text, c->is_optimized,
			 PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	refuse(diag, c->pcap);
	return false;
}

enum cbpf_err take_program(struct bpf_program *program, struct cbpf_code *code,
			   struct cbpf_diag *diag)
{
	size_t n = program->bf_len;

	code->insns = mem_copy(&code->mem, program->bf_insns,
			       n * sizeof(*code->insns));
	code->n = code->insns ? n : 0;
	pcap_freecode(program);
	return code->insns ? CBPF_OK : dg_fail(diag, CBPF_E_NOMEM);
}

enum cbpf_err cbpf_expr_compile(const char *text,
				const struct cbpf_expr_opts *opts,
				struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct compiler c = { 0 };
	struct bpf_program program;
	enum cbpf_err err = compiler_open(&c, opts, code, diag);

	if (err != CBPF_OK)
		return err;
	err = compile_text(&c, text, &program, diag)
		      ? take_program(&program, code, diag)
		      : CBPF_E_EXPR;
	compiler_close(&c);
	return err;
}

const char *cbpf_expr_version(char *buf, size_t size)
{
	/* "libpcap version 1.10.3 (with TPACKET_V3)" */
	const char *words = pcap_lib_version();
	const char *number = strpbrk(words, "0123456789");

	snprintf(buf, size, "%.*s",
		 number ? (int)strcspn(number, " -(") : (int)strlen(words),
		 number ? number : words);
	return buf;
}
