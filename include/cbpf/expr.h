/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expr.h - the capture filter language, pcap-filter(7), through libpcap; and
 * libpcap's own machine as an engine.
 */
#ifndef CBPF_EXPR_H
#define CBPF_EXPR_H

#include "cbpf.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/** libpcap's default and tcpdump's: whole packets. */
#define CBPF_SNAPLEN 262144

struct cbpf_expr_opts {
	size_t size;
	uint16_t link;	  /* LINKTYPE_*, as in capture files */
	bool is_link_set; /* link counts; else EN10MB (1) */
	uint32_t snaplen; /* 0: CBPF_SNAPLEN */
	bool is_unoptimized;
	const struct cbpf_mem *mem;
};

/**
 * Compiles an expression. Free the code with cbpf_code_free(). EXPR: libpcap
 * refuses it, its own words in the diagnosis; NOMEM. Not for two threads at
 * once with libpcap before 1.8.
 */
enum cbpf_err cbpf_expr_compile(const char *text,
				const struct cbpf_expr_opts *opts,
				struct cbpf_code *code, struct cbpf_diag *diag);

/**
 * Compiles an expression of any size, to be given to cbpf_optimize(): and, or,
 * not and parentheses are read here, and what stands between is compiled by
 * libpcap, one primitive at a time, without its optimizer. The program means
 * what libpcap's unoptimized one does, for short packets too, and may be longer
 * than any machine takes. Where something changes the meaning of what follows
 * (vlan, mpls, ...), or is not understood, libpcap reads it whole.
 *
 * One thing more than pcap-filter(7) has: `host in FILE`, `net in FILE` and
 * `port in FILE`, behind the usual qualifiers, stand for any of what the file
 * lists: an entry a line (an address, a network, a range FIRST-LAST; a port, a
 * range of them), # begins a comment.
 *
 * Free the code with cbpf_code_free(). EXPR: refused, by libpcap's words or
 * what is wrong with a list, line and column of the text where they are known.
 * is_unoptimized is taken to be set. Else as cbpf_expr_compile().
 */
enum cbpf_err cbpf_expr_join(const char *text,
			     const struct cbpf_expr_opts *opts,
			     struct cbpf_code *code, struct cbpf_diag *diag);

/**
 * Whether a text has a list in a file, which cbpf_expr_join() alone takes: to
 * libpcap `in` is the name of a host, which it asks the system for. Reads no
 * file.
 */
bool cbpf_expr_has_list(const char *text);

/**
 * libpcap's bpf_filter(). Where the twin sees that it would call abort() or
 * never come back it is not called: the answer shows FORESEEN. A library
 * before 1.11 leaves M[] unset: programs that read it so are skipped.
 */
extern const struct cbpf_engine cbpf_engine_libpcap;

/**
 * libpcap's bpf_filter() itself, to be measured: the verdict of a program that
 * neither aborts nor loops.
 */
uint32_t cbpf_libpcap_run(const struct cbpf_insn *insns,
			  const struct cbpf_packet *packet);

/** libpcap's version, "1.10.3"; valid to the next call. */
const char *cbpf_expr_version(char *buf, size_t size);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
