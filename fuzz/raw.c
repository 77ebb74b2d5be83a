/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw instructions in both byte orders: eight bytes are an instruction,
 * whatever they are, and are written again as the bytes that they were.
 */
#include <string.h>

#include "cbpf/cbpf.h"
#include "fuzz.h"

static void read_in(enum cbpf_format format, const uint8_t *bytes, size_t size)
{
	struct cbpf_code code;
	enum cbpf_err err =
		cbpf_text_read(format, bytes, size, NULL, &code, NULL);
	size_t written;
	char line[100], *text;

	fuzz_must((err == CBPF_OK) == (size && size % 8 == 0));
	if (err)
		return;
	fuzz_must(!cbpf_text_write(format, code.insns, code.n, NULL, &text,
				   &written));
	fuzz_must(written == size && !memcmp(text, bytes, size));
	for (size_t i = 0; i < code.n; i++)
		cbpf_insn_format(&code.insns[i], (uint32_t)i, line,
				 i % sizeof(line));
	cbpf_text_free(text, written, NULL);
	cbpf_code_free(&code);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cbpf_code code;

	read_in(CBPF_FORMAT_RAW, bytes, size);
	read_in(CBPF_FORMAT_RAW_BE, bytes, size);
	cbpf_text_read(CBPF_FORMAT_AUTO, bytes, size, NULL, &code, NULL);
	cbpf_code_free(&code);
	return 0;
}
