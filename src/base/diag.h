/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making diagnoses: dg_make() gives one without a place, the caller adds pc,
 * line or offset, and dg_add() or dg_give() hands it over.
 */
#ifndef CBPF_BASE_DIAG_H
#define CBPF_BASE_DIAG_H

#include "base/compiler.h"
#include "cbpf/cbpf.h"

CBPF_INTERNAL struct cbpf_diag dg_make(enum cbpf_err code, uint64_t a,
				       uint64_t b);
/* Sets the word, cut to fit, with anything unprintable made visible. */
CBPF_INTERNAL void dg_word(struct cbpf_diag *diag, const char *word,
			   size_t len);
CBPF_INTERNAL void dg_wordf(struct cbpf_diag *diag, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds to a report that may be NULL or full; returns the code. */
CBPF_INTERNAL enum cbpf_err dg_add(struct cbpf_report *report,
				   const struct cbpf_diag *diag);
/* Copies to a place that may be NULL; returns the code. */
CBPF_INTERNAL enum cbpf_err dg_give(struct cbpf_diag *out,
				    const struct cbpf_diag *diag);
/* The three usual one-liners: code alone, code and a sentence, a failed call.
 */
CBPF_INTERNAL enum cbpf_err dg_fail(struct cbpf_diag *out, enum cbpf_err code);
CBPF_INTERNAL enum cbpf_err dg_say(struct cbpf_diag *out, enum cbpf_err code,
				   const char *format, ...)
	__attribute__((format(printf, 3, 4)));
CBPF_INTERNAL enum cbpf_err dg_system(struct cbpf_diag *out, const char *what,
				      int sys_errno);

#endif
