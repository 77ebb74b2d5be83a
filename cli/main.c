/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf: one verb, one function. The table is the tool's contents and its
 * help.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct verb {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *usage, *help;
} verbs[] = {
	{ "run", cmd_run, "[PROGRAM] PACKETS...",
	  "verdict per packet, on one engine or several compared" },
	{ "check", cmd_check, "[PROGRAM]",
	  "is it legal, under which dialect, and how to mend it" },
	{ "trace", cmd_trace, "[PROGRAM] PACKETS...",
	  "each step of a run: A, X, the bytes read, the source line" },
	{ "filter", cmd_filter, "[PROGRAM] CAPTURES... -o FILE",
	  "the packets that match, written whole, fast" },
	{ "count", cmd_count, "[PROGRAM] CAPTURES...",
	  "how many packets match, fast" },
	{ "optimize", cmd_optimize, "[PROGRAM]",
	  "a better program for the same hook, compared with the one given" },
	{ "translate", cmd_translate, "--to c [PROGRAM]",
	  "a program in another language" },
	{ "asm", cmd_asm, "[PROGRAM]", "text to bytes" },
	{ "dump", cmd_dump, "[PROGRAM]", "bytes to text, in any form" },
#ifdef __linux__
	{ "attach", cmd_attach, "[PROGRAM] -- COMMAND",
	  "put it on a socket, or run a command under it" },
	{ "sockets", cmd_sockets, "",
	  "the filters on this machine: whose, and what they accept" },
#endif
	{ "conform", cmd_conform, "VECTORS...",
	  "judge an engine by test vectors in the exchange format" },
	{ "fuzz", cmd_fuzz, "", "hunt for disagreement between machines" },
	{ "bench", cmd_bench, "[PROGRAM] [CAPTURE...]",
	  "how long machines take for it, ours and others" },
	{ "engines", cmd_engines, "", "what can run here, and why not" },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int print_help(FILE *to)
{
	fprintf(to,
		"cbpf %s: classic BPF, whole\n\n"
		"usage: cbpf VERB [OPTIONS] [PROGRAM] [PACKETS...]\n\n",
		cbpf_version());
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(to, "  %-9s %-29s %s\n", verbs[i].name, verbs[i].usage,
			verbs[i].help);
	fputs("\n"
	      "PROGRAM is a file, or - for stdin, in any of these forms, "
	      "recognised by itself:\n"
	      "bpf_asm text, tcpdump -d, -dd, -ddd, bpf_dbg and Go listings, C "
	      "arrays,\n"
	      "iptables and tc bytecode, JSON, hexadecimal digits, raw bytes of "
	      "either order;\n"
	      "or -e 'EXPR' or -F FILE in its place, the capture filter "
	      "language\n(pcap-filter(7)), with lists: host in hosts.txt.\n"
	      "PACKETS are captures (pcap, pcapng, compressed or not), - for "
	      "stdin, or\n--hex BYTES.\n\n"
	      "Exit status: 0 yes, 1 no (a machine differs, a program is "
	      "illegal or refused,\nnothing matches), 2 trouble.\n"
	      "`cbpf VERB --help` lists the options of a verb, cbpf(1) says "
	      "more.\n",
	      to);
	return EXIT_YES;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int run_verb(int argc, char **argv)
{
	static char help[] = "--help";
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct verb *verb;

	if (!name) {
		print_help(stderr);
		return EXIT_TROUBLE;
	}
	if (!strcmp(name, "help") && argc > 2 && find_verb(argv[2])) {
		char *of_verb[] = { argv[2], help, NULL };

		return find_verb(argv[2])->main(2, of_verb);
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") ||
	    !strcmp(name, "help"))
		return print_help(stdout);
	if (!strcmp(name, "--version") || !strcmp(name, "version")) {
		printf("cbpf %s\n", cbpf_version());
		return EXIT_YES;
	}
	verb = find_verb(name);
	if (!verb)
		return say_trouble("there is no verb %s; `cbpf --help` lists "
				   "them",
				   name);
	/* options are complained of in our own words */
	opterr = 0;
	return verb->main(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int fd = open("/dev/null", O_RDWR), status;

	/* none of the three is another file's */
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd >= 0)
		close(fd);
	status = run_verb(argc, argv);

	/* a full disk is noticed when the last bytes are written */
	if (fflush(stdout) != 0 || ferror(stdout))
		return say_trouble("cannot write the output");
	return status;
}
