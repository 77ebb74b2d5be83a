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
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "talk.h"

#define ANSWER_MS 10000 /* it has so long for an answer */

struct outside {
	struct cbpf_engine row; /* first: a row is where its outside is */
	const char *command;
	char name[64];
};

/* A process that has, or is to be given, a program. */
struct session {
	const char *command;
	struct talk talk;
	char *load; /* the request that loaded the program */
};

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

static bool greet(struct session *s, char *line, size_t size)
{
	/* it may greet, and end, before it is asked */
	if (talk_start(&s->talk, s->command, NULL) &&
	    talk_send(&s->talk, "cbpf 1\n") != SILENT &&
	    talk_receive(&s->talk, line, size, ANSWER_MS) == REPLIED)
		return true;
	talk_end(&s->talk);
	return false;
}

/* ---- loading ------------------------------------------------------------ */

static void free_outside(void *handle)
{
	struct session *s = handle;

	if (!s)
		return;
	talk_end(&s->talk);
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
	char line[TALK_BYTES] = "";

	if (s->talk.pid <= 0 && !greet(s, line, sizeof(line)))
		return fail(diag, CBPF_E_SYSTEM, "no greeting from ",
			    s->command);
	switch (talk_ask(&s->talk, s->load, line, sizeof(line), ANSWER_MS)) {
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
	char line[TALK_BYTES];
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
	if (s->talk.pid <= 0)
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
	reply = talk_ask(&s->talk, request, line, sizeof(line), ANSWER_MS);
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
	char line[TALK_BYTES], dialect[32] = "";
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
