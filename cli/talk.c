/* SPDX-License-Identifier: BSD-2-Clause */
/* Another program that answers by lines: see talk.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "talk.h"

#define SEND_S 10 /* seconds for it to take what it is told */

void talk_end(struct talk *t)
{
	if (t->pid <= 0)
		return;
	close(t->fd);
	kill(-t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	t->pid = 0;
}

bool talk_start(struct talk *t, const char *command, const char *const *env)
{
	const struct timeval most = { .tv_sec = SEND_S };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	t->pid = fork();
	if (t->pid == 0) {
		/* of a group of its own: the shell's children end with it */
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		for (; env && env[0]; env += 2)
			setenv(env[0], env[1], 1);
#ifdef __linux__
		prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
		dup2(fds[1], STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	t->fd = fds[0];
	t->n_answer = 0;
	setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	if (t->pid < 0) {
		close(t->fd);
		t->pid = 0;
		return false;
	}
	setpgid(t->pid, t->pid);
	return true;
}

enum reply talk_send(struct talk *t, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = send(t->fd, text, left, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? SILENT : DIED;
		text += n;
		left -= (size_t)n;
	}
	return REPLIED;
}

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum reply talk_receive(struct talk *t, char *line, size_t size, int ms)
{
	struct pollfd poller = { .fd = t->fd, .events = POLLIN };
	int64_t deadline = clock_ms() + ms;
	char *end_of_line;
	size_t len;

	while (!(end_of_line = memchr(t->answer, '\n', t->n_answer))) {
		int64_t left = deadline - clock_ms();
		int ready = left > 0 ? poll(&poller, 1, (int)left) : 0;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return SILENT;
		n = recv(t->fd, t->answer + t->n_answer,
			 sizeof(t->answer) - t->n_answer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* no line of an answer is that long */
		if (n <= 0 || t->n_answer + (size_t)n == sizeof(t->answer))
			return DIED;
		t->n_answer += (size_t)n;
	}
	len = (size_t)(end_of_line - t->answer);
	if (memchr(t->answer, '\0', len))
		snprintf(line, size, "a line with a NUL");
	else
		snprintf(line, size, "%.*s", (int)len, t->answer);
	t->n_answer -= len + 1;
	memmove(t->answer, end_of_line + 1, t->n_answer);
	line[strcspn(line, "\r")] = '\0';
	return REPLIED;
}

enum reply talk_ask(struct talk *t, const char *request, char *line,
		    size_t size, int ms)
{
	enum reply reply;

	/* what came before it was asked answers nothing */
	if (t->n_answer > 0) {
		snprintf(line, size, "a line too many before");
		return REPLIED;
	}
	reply = talk_send(t, request);
	if (reply == REPLIED)
		reply = talk_receive(t, line, size, ms);
	if (reply != REPLIED)
		talk_end(t);
	return reply;
}
