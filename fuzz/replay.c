/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a target over a corpus without a fuzzer, so that targets are ordinary
 * programs of every build and their corpora ordinary tests. TAP, a line a
 * directory; before each input its name as a note, which is the last thing
 * said where the target ends the process.
 *
 *	TARGET FILE-OR-DIRECTORY...
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define INPUT_MAX (1 << 20)

static FILE *tap; /* standard output; the targets' own goes nowhere */

static bool run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX), *exact;
	size_t size = file && bytes ? fread(bytes, 1, INPUT_MAX, file) : 0;

	/* as long as it is: a sanitizer sees one byte more */
	exact = malloc(size ? size : 1);
	if (file && bytes && exact) {
		memcpy(exact, bytes, size);
		fprintf(tap, "# %s\n", path);
		fflush(tap);
		LLVMFuzzerTestOneInput(exact, size);
	}
	free(exact);
	free(bytes);
	if (!file)
		return false;
	fclose(file);
	return true;
}

static unsigned run_directory(const char *path, DIR *directory)
{
	struct dirent *entry;
	char name[4096];
	unsigned n = 0;

	while ((entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		n += run_file(name);
	}
	closedir(directory);
	return n;
}

int main(int argc, char **argv)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	bool has_failed = false;

	tap = fdopen(dup(STDOUT_FILENO), "w");
	if (!tap || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
		return 2;
	for (int i = 1; i < argc; i++) {
		DIR *directory = opendir(argv[i]);
		unsigned n = directory ? run_directory(argv[i], directory)
				       : run_file(argv[i]);

		has_failed |= n == 0;
		fprintf(tap, "%sok %d - %s: %u inputs, no harm\n",
			n ? "" : "not ", i, argv[i], n);
	}
	fprintf(tap, "1..%d\n", argc - 1);
	return fclose(tap) || has_failed;
}
