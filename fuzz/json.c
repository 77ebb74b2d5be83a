/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON reaches the tool as a program (the json form) and as test vectors of
 * other people's machines (conform). Both readers get the bytes; vectors are
 * judged too, on interp.
 */
#include <getopt.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../cli/cli.h"
#include "../cli/json.h"
#include "fuzz.h"

static void read_program(const char *text, size_t size)
{
	struct cbpf_code code;

	memset(&code, 0, sizeof(code));
	if (form_read_json("input", text, size, &code) == EXIT_YES) {
		size_t written;
		char *again = form_write_json(code.insns, code.n, &written);

		fuzz_must(again != NULL);
		free(again);
	}
	cbpf_code_free(&code);
}

static void judge_vectors(const char *text, size_t size)
{
	int fd = memfd_create("vectors", MFD_CLOEXEC);
	char path[40], verb[] = "conform", *argv[] = { verb, path, NULL };
	int status;

	fuzz_must(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	optind = 0; /* getopt_long() starts anew */
	status = cmd_conform(2, argv);
	fuzz_must(status == EXIT_YES || status == EXIT_NO ||
		  status == EXIT_TROUBLE);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (!js_is_built())
		return 0;
	form_is_json((const char *)bytes, size);
	read_program((const char *)bytes, size);
	judge_vectors((const char *)bytes, size);
	return 0;
}
