/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine that is another program, as an engine: --cmd. They talk over its
 * standard input and output, a line each way (cbpf(5), "An outside machine"):
 *
 *	cbpf 1				-> NAME DIALECT
 *	load DIALECT N C,JT,JF,K ...	-> ok, reject [WHY] or skip WHY
 *	run WIRELEN BYTES [KEY=N ...]	-> the verdict, or skip WHY
 *
 * One process a handle, started by the shell. A machine that dies over a
 * request has crashed, one that does not answer is endless; both are ended,
 * and the next request starts another, which is given the program again.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define ANSWER_MS    10000 /* it has so long for an answer */
#define ANSWER_BYTES 4096

struct outside {
	struct cbpf_engine row; /* first: a row is where its outside is */
	const char *command;
	char name[64];
};

/* A process that has, or is to be given, a program. */
struct session {
	const char *command;
	pid_t pid;
	int fd;
	char *load; /* the request that loaded the program */
	char answer[ANSWER_BYTES];
	size_t n_answer; /* bytes of it, its line and what came behind */
	struct cbpf_ctx none;
};

enum reply { REPLIED, DIED, SILENT };

/* ---- a process ---------------------------------------------------------- */

static enum cbpf_err fail(struct cbpf_diag *diag, enum cbpf_err err,
			  const char *what, const char *detail)
{
	if (diag) {
		memset(diag, 0, sizeof(*diag));
		/* a refusal's sentence is its word alone */
		diag->code = err == CBPF_E_SKIP || err == CBPF_E_UNEXPLAINED
				     ? CBPF_E_UNAVAILABLE
				     : err;
		diag->sys_errno = err == CBPF_E_SYSTEM ? EPROTO : 0;
		diag->pc = CBPF_NO_PC;
		snprintf(diag->word, sizeof(diag->word), "%.36s%.80s", what,
			 detail);
	}
	return err;
}

static void end(struct session *s)
{
	if (s->pid <= 0)
		return;
	close(s->fd);
	kill(-s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static bool start(struct session *s)
{
	const struct timeval most = { .tv_sec = ANSWER_MS / 1000 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return false;
	s->pid = fork();
	if (s->pid == 0) {
		/* of a group of its own: the shell's children end with it */
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
#ifdef __linux__
		prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
		dup2(fds[1], STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", s->command, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	s->fd = fds[0];
	s->n_answer = 0;
	setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
	if (s->pid < 0) {
		close(s->fd);
		return false;
	}
	setpgid(s->pid, s->pid);
	return true;
}

static enum reply send_all(struct session *s, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = send(s->fd, text, left, MSG_NOSIGNAL);

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

/* The next line of answer, without its end. */
static enum reply receive(struct session *s, char *line, size_t size)
{
	struct pollfd poller = { .fd = s->fd, .events = POLLIN };
	int64_t deadline = clock_ms() + ANSWER_MS;
	char *end_of_line;
	size_t len;

	while (!(end_of_line = memchr(s->answer, '\n', s->n_answer))) {
		int64_t left = deadline - clock_ms();
		int ready = left > 0 ? poll(&poller, 1, (int)left) : 0;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return SILENT;
		n = recv(s->fd, s->answer + s->n_answer,
			 sizeof(s->answer) - s->n_answer, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* no line of an answer is that long */
		if (n <= 0 || s->n_answer + (size_t)n == sizeof(s->answer))
			return DIED;
		s->n_answer += (size_t)n;
	}
	len = (size_t)(end_of_line - s->answer);
	if (memchr(s->answer, '\0', len))
		snprintf(line, size, "a line with a NUL");
	else
		snprintf(line, size, "%.*s", (int)len, s->answer);
	s->n_answer -= len + 1;
	memmove(s->answer, end_of_line + 1, s->n_answer);
	line[strcspn(line, "\r")] = '\0';
	return REPLIED;
}

static enum reply ask(struct session *s, const char *request, char *line,
		      size_t size)
{
	enum reply reply;

	/* what came before it was asked answers nothing */
	if (s->n_answer > 0) {
		snprintf(line, size, "a line too many before");
		return REPLIED;
	}
	reply = send_all(s, request);
	if (reply == REPLIED)
		reply = receive(s, line, size);
	if (reply != REPLIED)
		end(s);
	return reply;
}

static bool greet(struct session *s, char *line, size_t size)
{
	/* it may greet, and end, before it is asked */
	if (start(s) && send_all(s, "cbpf 1\n") != SILENT &&
	    receive(s, line, size) == REPLIED)
		return true;
	end(s);
	return false;
}

/* ---- loading ------------------------------------------------------------ */

static void free_outside(void *handle)
{
	struct session *s = handle;

	if (!s)
		return;
	end(s);
	free(s->load);
	free(s);
}

static char *write_load(enum cbpf_dialect dialect,
			const struct cbpf_insn *insns, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to, "load %s %zu", cbpf_dialect_name(dialect), n);
	for (size_t i = 0; i < n; i++)
		fprintf(to, " %u,%u,%u,%u", insns[i].code, insns[i].jt,
			insns[i].jf, insns[i].k);
	fputc('\n', to);
	return fclose(to) == 0 ? text : (free(text), NULL);
}

/* Has the process, a new one if need be, load the program. */
static enum cbpf_err load_again(struct session *s, struct cbpf_diag *diag)
{
	char line[ANSWER_BYTES] = "";

	if (s->pid <= 0 && !greet(s, line, sizeof(line)))
		return fail(diag, CBPF_E_SYSTEM, "no greeting from ",
			    s->command);
	switch (ask(s, s->load, line, sizeof(line))) {
	case SILENT:
		return fail(diag, CBPF_E_SYSTEM, "no answer to load from ",
			    s->command);
	case DIED:
		return fail(diag, CBPF_E_SYSTEM, "load ended ", s->command);
	default:
		break;
	}
	if (strcmp(line, "ok") == 0)
		return CBPF_OK;
	if (strncmp(line, "reject", 6) == 0 && (!line[6] || line[6] == ' '))
		return fail(diag, CBPF_E_UNEXPLAINED, "",
			    line[6] ? line + 7 : "it gives no reason");
	if (strncmp(line, "skip ", 5) == 0)
		return fail(diag, CBPF_E_UNAVAILABLE, "", line + 5);
	return fail(diag, CBPF_E_SYSTEM, "load is answered with ", line);
}

static enum cbpf_err load_outside(const struct cbpf_engine *engine,
				  const struct cbpf_engine_opts *opts,
				  enum cbpf_dialect dialect,
				  const struct cbpf_insn *insns, size_t n,
				  void **handle, struct cbpf_diag *diag)
{
	const struct outside *outside = (const struct outside *)engine;
	struct session *s = *handle;

	(void)opts;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			return fail(diag, CBPF_E_NOMEM, "", "");
		s->command = outside->command;
		*handle = s;
	}
	free(s->load);
	s->load = write_load(dialect, insns, n);
	return s->load ? load_again(s, diag) : fail(diag, CBPF_E_NOMEM, "", "");
}

/* ---- running ------------------------------------------------------------ */

static enum cbpf_err view_outside(void *handle,
				  const struct cbpf_packet *packet,
				  struct cbpf_view *view,
				  struct cbpf_diag *diag)
{
	(void)handle;
	(void)diag;
	memset(view, 0, sizeof(*view));
	view->packet = *packet;
	return CBPF_OK;
}

#define OWN_ORDER \
	(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? CBPF_BIG : CBPF_LITTLE)

static char *write_run(const struct cbpf_packet *packet)
{
	uint32_t headroom = packet->ctx ? packet->ctx->headroom : 0;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	fprintf(to, "run %u ",
		packet->wirelen ? packet->wirelen : packet->caplen);
	for (uint32_t i = 0; i < packet->caplen + headroom; i++)
		fprintf(to, "%02x", (packet->data - headroom)[i]);
	if (!(packet->caplen + headroom))
		fputc('-', to);
	if (packet->ctx) {
		struct cbpf_ctx ctx = *packet->ctx;

		/* said where it is not this machine's */
		if (ctx.order == OWN_ORDER)
			ctx.order = CBPF_NATIVE;
		context_print(to, &ctx);
	}
	fputc('\n', to);
	return fclose(to) == 0 ? text : (free(text), NULL);
}

/* A number of 32 bits in decimal digits. */
static bool parse_verdict(const char *line, uint32_t *value)
{
	unsigned long long number;
	char *end_of_number;

	if (!isdigit((unsigned char)*line))
		return false;
	errno = 0;
	number = strtoull(line, &end_of_number, 10);
	*value = (uint32_t)number;
	return !errno && !*end_of_number && number <= UINT32_MAX;
}

static enum cbpf_err read_verdict(const char *line, struct cbpf_answer *answer,
				  struct cbpf_diag *diag)
{
	if (strncmp(line, "skip ", 5) == 0)
		return fail(diag, CBPF_E_SKIP, "", line + 5);
	if (!parse_verdict(line, &answer->value))
		return fail(diag, CBPF_E_SYSTEM, "run is answered with ", line);
	answer->shows = CBPF_SHOWS_VALUE;
	answer->end = CBPF_RETURNED;
	answer->is_passed = answer->value != 0;
	return CBPF_OK;
}

static enum cbpf_err run_outside(void *handle, const struct cbpf_view *view,
				 const struct cbpf_result *expect,
				 struct cbpf_answer *answer,
				 struct cbpf_diag *diag)
{
	struct session *s = handle;
	char line[ANSWER_BYTES];
	enum cbpf_err err = CBPF_OK;
	enum reply reply;
	char *request;

	memset(answer, 0, sizeof(*answer));
	if (expect &&
	    (expect->end == CBPF_CRASHED || expect->end == CBPF_ENDLESS)) {
		answer->shows = CBPF_SHOWS_FORESEEN;
		answer->end = expect->end;
		return CBPF_OK;
	}
	if (s->pid <= 0)
		err = load_again(s, diag);
	if (err != CBPF_OK)
		return err == CBPF_E_SYSTEM
			       ? err
			       : fail(diag, CBPF_E_SYSTEM,
				      "not loaded a second time by ",
				      s->command);
	request = write_run(&view->packet);
	if (!request)
		return fail(diag, CBPF_E_NOMEM, "", "");
	reply = ask(s, request, line, sizeof(line));
	free(request);
	if (reply == REPLIED)
		return read_verdict(line, answer, diag);
	answer->shows = CBPF_SHOWS_ALL;
	answer->end = reply == DIED ? CBPF_CRASHED : CBPF_ENDLESS;
	return CBPF_OK;
}

/* ---- the row ------------------------------------------------------------ */

static enum cbpf_err probe_outside(const struct cbpf_engine *engine,
				   struct cbpf_diag *diag)
{
	(void)engine;
	(void)diag;
	return CBPF_OK; /* it greeted */
}

bool engine_is_outside(const struct cbpf_engine *engine)
{
	return engine->load == load_outside;
}

/* Part of a file's name, and a column's: nothing else is in it. */
static bool is_plain(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return false;
	return *name != '.';
}

const struct cbpf_engine *outside_new(const char *command)
{
	struct outside *o = calloc(1, sizeof(*o));
	struct session *s = calloc(1, sizeof(*s));
	char line[ANSWER_BYTES], dialect[32] = "";
	bool is_greeted;

	if (!o || !s) {
		say_trouble("out of memory");
		goto fail;
	}
	s->command = o->command = command;
	is_greeted = greet(s, line, sizeof(line));
	if (!is_greeted || sscanf(line, "%63s %31s", o->name, dialect) != 2) {
		say_trouble("%s does not answer `cbpf 1` with a name and a "
			    "dialect",
			    command);
		goto fail;
	}
	if (!is_plain(o->name)) {
		say_trouble("%s calls itself %s; a name has letters, digits, "
			    "-, _ and .",
			    command, o->name);
		goto fail;
	}
	o->row.dialect = strcmp(dialect, "any") == 0
				 ? CBPF_ANY_DIALECT
				 : cbpf_dialect_find(dialect);
	if (o->row.dialect == CBPF_DIALECTS && strcmp(dialect, "any") != 0) {
		say_trouble("%s speaks %s, which is no dialect", o->name,
			    dialect);
		goto fail;
	}
	o->row.name = o->name;
	o->row.about = command;
	o->row.is_oracle = true;
	o->row.probe = probe_outside;
	o->row.load = load_outside;
	o->row.view = view_outside;
	o->row.run = run_outside;
	o->row.free = free_outside;
	free_outside(s);
	return &o->row;
fail:
	free_outside(s);
	free(o);
	return NULL;
}

void outside_free(const struct cbpf_engine *engine)
{
	struct outside *o = NULL;

	if (engine && engine_is_outside(engine)) {
		o = (struct outside *)(uintptr_t)engine;
		free(o);
	}
}
