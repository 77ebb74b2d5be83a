/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there is to pin of each dialect, a line each, for whoever counts what
 * the vectors pin (tests/conformance.sh): "DIALECT rule NAME" for a rule that
 * a program can break, "DIALECT code N" for a code that its machine executes.
 */
#include <stdio.h>

#include "cbpf/cbpf.h"

int main(void)
{
	for (int i = CBPF_LINUX; i < CBPF_DIALECTS; i++) {
		enum cbpf_dialect dialect = (enum cbpf_dialect)i;
		const char *name = cbpf_dialect_name(dialect);
		uint32_t rules = cbpf_dialect_rules(dialect);

		for (unsigned bit = 0; bit < 32; bit++)
			if (rules >> bit & 1)
				printf("%s rule %s\n", name,
				       cbpf_err_name((enum cbpf_err)(
					       CBPF_E_EMPTY + bit)));
		for (unsigned code = 0; code < 256; code++)
			if (cbpf_dialect_executes(dialect, (uint16_t)code))
				printf("%s code %u\n", name, code);
	}
	return 0;
}
