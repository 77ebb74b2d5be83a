/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest filter worth having: accepts ARP, drops the rest. Prints it as
 * a C array.
 */
#include <cbpf/cbpf.h>
#include <stdio.h>

static void build(struct cbpf_builder *b)
{
	cbpf_builder_add(b, CBPF_LD_H, 12); /* the Ethertype */
	cbpf_builder_jump(b, CBPF_JEQ_K, 0x806, NULL, "drop");
	cbpf_builder_add(b, CBPF_RET_K, UINT32_MAX);
	cbpf_builder_label(b, "drop");
	cbpf_builder_add(b, CBPF_RET_K, 0);
}

int main(void)
{
	struct cbpf_builder *b;
	struct cbpf_code code;
	char *text;
	size_t size;

	if (cbpf_builder_new(NULL, &b) != CBPF_OK)
		return 2;
	build(b);
	if (cbpf_builder_finish(b, NULL, &code, NULL) != CBPF_OK ||
	    cbpf_text_write(CBPF_FORMAT_C, code.insns, code.n, NULL, &text,
			    &size) != CBPF_OK)
		return 2;
	fputs(text, stdout);
	cbpf_text_free(text, size, NULL);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	return 0;
}
