/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program that is asked and answers by lines, over its standard input
 * and output: a process of the shell's, in a group of its own, which ends with
 * us or when it is told to. Nothing waits for it without a limit.
 */
#ifndef CBPF_CLI_TALK_H
#define CBPF_CLI_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TALK_BYTES 4096 /* a line has fewer */

struct talk {
	pid_t pid; /* 0: there is none */
	int fd;
	char answer[TALK_BYTES];
	size_t n_answer; /* bytes of it, its line and what came behind */
};

enum reply { REPLIED, DIED, SILENT };

/* Starts the command; env has names and values by turns, a NULL ends it. */
bool talk_start(struct talk *t, const char *command, const char *const *env);
/* It takes all of a text. */
enum reply talk_send(struct talk *t, const char *text);
/* The next line it says, without its end, within so many milliseconds. */
enum reply talk_receive(struct talk *t, char *line, size_t size, int ms);
/* Both; what does not reply is ended. A line that came before it was asked is
 * an answer to nothing, and said so. */
enum reply talk_ask(struct talk *t, const char *request, char *line,
		    size_t size, int ms);
/* Ends it and what it started, if there is one. */
void talk_end(struct talk *t);

#endif
