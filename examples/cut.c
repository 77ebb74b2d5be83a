/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cuts a capture down to what a program accepts, at the speed of the native
 * code for it: cut PROGRAM IN.pcap OUT.pcap
 */
#include <cbpf/capture.h>
#include <stdio.h>

/* The program in a file, of any form, as native code, which uses it. */
static struct cbpf_jit *load(const char *path, struct cbpf_prog **prog)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	struct cbpf_jit_opts how = { .size = sizeof(how), .lanes = 16 };
	static char text[1 << 16];
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(text, 1, sizeof(text), file) : 0;
	struct cbpf_code code;
	struct cbpf_jit *jit;

	*prog = NULL;
	if (!file || cbpf_text_read(CBPF_FORMAT_AUTO, text, size, NULL, &code,
				    NULL) != CBPF_OK)
		return NULL;
	fclose(file);
	cbpf_prog_new(code.insns, code.n, &opts, prog, NULL);
	cbpf_code_free(&code);
	if (!*prog || cbpf_jit_new(*prog, &how, &jit, NULL) != CBPF_OK)
		return NULL;
	return jit;
}

static enum cbpf_err cut(const struct cbpf_jit *jit, const char *from,
			 const char *to, struct cbpf_diag *diag)
{
	struct cbpf_capture *in;
	struct cbpf_writer *out = NULL;
	struct cbpf_batch batch = { .n = 1 };
	enum cbpf_err err = cbpf_capture_open(from, NULL, &in, diag);

	if (err == CBPF_OK)
		err = cbpf_writer_open(to, NULL, &out, diag);
	if (err == CBPF_OK)
		err = cbpf_writer_follow(out, in, diag);
	while (err == CBPF_OK && batch.n > 0) {
		err = cbpf_capture_batch(in, &batch, diag);
		for (size_t at = 0; err == CBPF_OK && at < batch.n; at += 256) {
			size_t n = batch.n - at < 256 ? batch.n - at : 256;
			uint32_t keep[256];

			cbpf_jit_run_batch(jit, batch.packets + at, n, keep);
			err = cbpf_writer_put(out, at, n, keep, diag);
		}
	}
	if (err == CBPF_OK)
		err = cbpf_writer_finish(out, diag);
	cbpf_writer_close(out);
	cbpf_capture_close(in);
	return err;
}

int main(int argc, char **argv)
{
	struct cbpf_prog *prog = NULL;
	struct cbpf_jit *jit = argc == 4 ? load(argv[1], &prog) : NULL;
	struct cbpf_diag diag;
	char sentence[200];
	enum cbpf_err err;

	if (!jit) {
		fprintf(stderr, "usage: cut PROGRAM IN.pcap OUT.pcap\n");
		return 2;
	}
	err = cut(jit, argv[2], argv[3], &diag);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	if (err == CBPF_OK)
		return 0;
	cbpf_diag_format(&diag, sentence, sizeof(sentence));
	fprintf(stderr, "cut: %s\n", sentence);
	return 1;
}
