/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs come from files and pipes of any origin, in sixteen forms. The
 * first byte says which one (0: recognised), the rest is the text. Reading
 * ends in instructions or in an error that says why; what was read can be
 * written in every form, and a form that is said to lose nothing of it gives
 * it back.
 */
#include <string.h>

#include "cbpf/cbpf.h"
#include "fuzz.h"

static void write_and_read(enum cbpf_format format,
			   const struct cbpf_code *code)
{
	enum cbpf_err loses =
		cbpf_text_losses(format, code->insns, code->n, NULL, NULL);
	struct cbpf_code again;
	char *text;
	size_t size;

	fuzz_must(loses == CBPF_OK || loses == CBPF_E_LOST);
	fuzz_must(!cbpf_text_write(format, code->insns, code->n, NULL, &text,
				   &size));
	fuzz_must(text[size] == '\0');
	if (!cbpf_text_read(format, text, size, NULL, &again, NULL) &&
	    loses == CBPF_OK)
		fuzz_must(again.n == code->n &&
			  !memcmp(again.insns, code->insns,
				  code->n * sizeof(*code->insns)));
	else
		fuzz_must(loses == CBPF_E_LOST);
	/* of these, no array is beyond what they can say */
	if (format == CBPF_FORMAT_ASM || format == CBPF_FORMAT_DDD ||
	    format == CBPF_FORMAT_RAW || format == CBPF_FORMAT_RAW_BE ||
	    format == CBPF_FORMAT_HEX)
		fuzz_must(loses == CBPF_OK);
	cbpf_code_free(&again);
	cbpf_text_free(text, size, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cbpf_diag diags[3];
	struct cbpf_report report = CBPF_REPORT(diags);
	struct cbpf_code code;
	char sentence[300];
	enum cbpf_err err;

	if (size == 0)
		return 0;
	err = cbpf_text_read((enum cbpf_format)(bytes[0] % CBPF_FORMATS),
			     bytes + 1, size - 1, NULL, &code, &report);
	fuzz_must((err == CBPF_OK) == (report.n_errors == 0));
	for (size_t i = 0; i < report.n && i < report.cap; i++)
		fuzz_must(cbpf_diag_format(&diags[i], sentence,
					   sizeof(sentence)) > 0);
	for (int f = CBPF_FORMAT_ASM; !err && code.n && f < CBPF_FORMATS; f++)
		write_and_read((enum cbpf_format)f, &code);
	cbpf_code_free(&code);
	return 0;
}
