/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capture filter language, where the tool was built with libpcap.
 */
#include "cli.h"

#ifdef CBPF_HAVE_EXPR

#include "cbpf/expr.h"

int compile_expression(const char *text, uint16_t link, struct cbpf_code *code)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts),
				       .link = link,
				       .is_link_set = true };
	struct cbpf_diag diag;

	if (cbpf_expr_compile(text, &opts, code, &diag) == CBPF_OK)
		return EXIT_YES;
	return say_diag(text, &diag);
}

#else

int compile_expression(const char *text, uint16_t link, struct cbpf_code *code)
{
	(void)link;
	(void)code;
	return say_trouble("%s: built without libpcap, which compiles "
			   "expressions; install libpcap-dev and build again",
			   text);
}

#endif
