/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libpcap's compiler, open for one link type, for as many texts as there are.
 */
#ifndef CBPF_EXPR_COMPILE_H
#define CBPF_EXPR_COMPILE_H

#include <pcap/pcap.h>

#include "base/diag.h"
#include "base/memory.h"
#include "cbpf/expr.h"

struct compiler {
	pcap_t *pcap;
	uint32_t snaplen;
	bool is_optimized;
	struct buf text; /* for who makes one */
};

/* Takes the options, and code's memory from them. */
CBPF_INTERNAL enum cbpf_err compiler_open(struct compiler *compiler,
					  const struct cbpf_expr_opts *opts,
					  struct cbpf_code *code,
					  struct cbpf_diag *diag);
CBPF_INTERNAL void compiler_close(struct compiler *compiler);
/* False: refused, diag has libpcap's words. Else free with pcap_freecode(). */
CBPF_INTERNAL bool compile_text(struct compiler *compiler, const char *text,
				struct bpf_program *program,
				struct cbpf_diag *diag);
/* Copies a program and frees libpcap's. */
CBPF_INTERNAL enum cbpf_err take_program(struct bpf_program *program,
					 struct cbpf_code *code,
					 struct cbpf_diag *diag);

#endif
