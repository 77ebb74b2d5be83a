/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture filter language, where the tool was built with libpcap. What is
 * long, or names lists, is joined of its primitives and optimized: libpcap
 * takes a minute over a thousand terms, and ends in a segmentation fault over
 * some ten thousand.
 */
#include <string.h>

#include "cli.h"

#ifdef CBPF_HAVE_EXPR

#include "cbpf/expr.h"

#define LONG 4096 /* bytes of text from which on it is not libpcap's whole */

/* For Linux, or, where it is too long for that, for libpcap's machine. */
static enum cbpf_err optimize(const struct cbpf_code *joined,
			      struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_optimize_opts opts = { .size = sizeof(opts),
					   .dialect = CBPF_LINUX };
	enum cbpf_err err = cbpf_optimize(joined->insns, joined->n, &opts, code,
					  NULL, diag);

	if (err != CBPF_E_TOO_LONG)
		return err;
	opts.dialect = CBPF_LIBPCAP;
	return cbpf_optimize(joined->insns, joined->n, &opts, code, NULL, diag);
}

static enum cbpf_err compile(const char *text,
			     const struct cbpf_expr_opts *opts, bool is_joined,
			     struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_code joined;
	enum cbpf_err err;

	if (!is_joined && strlen(text) < LONG && !cbpf_expr_has_list(text) &&
	    cbpf_expr_compile(text, opts, code, diag) == CBPF_OK)
		return CBPF_OK;
	err = cbpf_expr_join(text, opts, &joined, diag);
	if (err != CBPF_OK)
		return err;
	if (is_joined) {
		*code = joined;
		return CBPF_OK;
	}
	err = optimize(&joined, code, diag);
	cbpf_code_free(&joined);
	return err;
}

int compile_expression(const struct source *source, uint16_t link,
		       struct cbpf_code *code)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts),
				       .link = link,
				       .is_link_set = true };
	struct cbpf_diag diag;

	if (compile(source->expr, &opts, source->is_joined, code, &diag) ==
	    CBPF_OK)
		return EXIT_YES;
	return say_diag(source_name(source), &diag);
}

#else

int compile_expression(const struct source *source, uint16_t link,
		       struct cbpf_code *code)
{
	(void)link;
	(void)code;
	return say_trouble("%s: built without libpcap, which compiles "
			   "expressions; install libpcap-dev and build again",
			   source_name(source));
}

#endif
