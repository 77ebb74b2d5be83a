/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions to programs, through libpcap's own compiler.
 */
#include <stdio.h>
#include <string.h>
#include <pcap/pcap.h>

#include "base/diag.h"
#include "base/memory.h"
#include "base/options.h"
#include "cbpf/expr.h"

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
static enum cbpf_err refuse(struct cbpf_diag *diag, pcap_t *pcap)
{
	struct cbpf_diag made = dg_make(CBPF_E_EXPR, 0, 0);
	const char *words = pcap_geterr(pcap);

	dg_word(&made, words, strcspn(words, "\r\n"));
	return dg_give(diag, &made);
}

static enum cbpf_err take_program(const struct bpf_program *program,
				  struct cbpf_code *code,
				  struct cbpf_diag *diag)
{
	size_t n = program->bf_len;

	code->insns = mem_copy(&code->mem, program->bf_insns,
			       n * sizeof(*code->insns));
	if (!code->insns)
		return dg_fail(diag, CBPF_E_NOMEM);
	code->n = n;
	return CBPF_OK;
}

enum cbpf_err cbpf_expr_compile(const char *text,
				const struct cbpf_expr_opts *opts,
				struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_expr_opts own;
	struct bpf_program program;
	enum cbpf_err err;
	pcap_t *pcap;
	int link;

	memset(code, 0, sizeof(*code));
	if (!opts_take(&own, sizeof(own), opts))
		return dg_say(diag, CBPF_E_ARGUMENT,
			      "expression options of a newer version");
	code->mem = mem_or_libc(own.mem);
	link = own.is_link_set ? dlt_of(own.link) : DLT_EN10MB;
	pcap = pcap_open_dead(link,
			      own.snaplen ? (int)own.snaplen : CBPF_SNAPLEN);
	if (!pcap)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (pcap_compile(pcap, &program, text, !own.is_unoptimized,
			 PCAP_NETMASK_UNKNOWN) < 0) {
		err = refuse(diag, pcap);
	} else {
		err = take_program(&program, code, diag);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
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
