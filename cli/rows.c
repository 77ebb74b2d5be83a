/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines of this build and those named on the command line, how their
 * answers look, and a case as a test vector.
 */
#include <string.h>

#include "cli.h"
#ifdef CBPF_HAVE_EXPR
#include "cbpf/expr.h"
#endif

static const struct cbpf_engine *const rows[] = {
	&cbpf_engine_interp,	    &cbpf_engine_threaded,
	&cbpf_engine_jit,	    &cbpf_engine_jit_x8,
	&cbpf_engine_jit_x16,
#ifdef CBPF_HAVE_EXPR
	&cbpf_engine_libpcap,
#endif
	&cbpf_engine_linux_unix,    &cbpf_engine_linux_udp,
	&cbpf_engine_linux_udp6,    &cbpf_engine_linux_packet,
	&cbpf_engine_linux_seccomp, NULL,
};

/* those, and one of --cmd */
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= ENGINES_MAX, "room");

const struct cbpf_engine *const *engine_rows(void)
{
	return rows;
}

static const struct cbpf_engine *engine_find(const char *name)
{
	for (size_t i = 0; rows[i]; i++)
		if (strcmp(rows[i]->name, name) == 0)
			return rows[i];
	return NULL;
}

void engines_add(struct engines *engines, const struct cbpf_engine *engine)
{
	for (size_t i = 0; i < engines->n; i++)
		if (engines->list[i] == engine)
			return;
	engines->list[engines->n++] = engine;
}

static int add_list(const char *verb, struct engines *engines, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		const struct cbpf_engine *engine;
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		engine = engine_find(name);
		if (engine)
			engines_add(engines, engine);
		else if (strcmp(name, "all") == 0)
			engines->wants_all = true;
		else
			return say_usage(verb, "there is no engine %s", name);
		list += len + (list[len] == ',');
	}
	return EXIT_YES;
}

/* One command: the list has room for it beside the rows. */
static int add_command(const char *verb, struct engines *engines,
		       const char *command)
{
	const struct cbpf_engine *engine;

	for (size_t i = 0; i < engines->n; i++)
		if (engine_is_outside(engines->list[i]))
			return say_usage(verb, "--cmd can be given once");
	engine = outside_new(command);
	if (!engine)
		return EXIT_TROUBLE;
	engines_add(engines, engine);
	return EXIT_YES;
}

int engines_option(const char *verb, struct engines *engines, int option,
		   const char *argument)
{
	switch (option) {
	case 'E':
		return add_list(verb, engines, argument);
	case 'M':
		return add_command(verb, engines, argument);
	case 'U':
		engines->opts.udp_body = true;
		return EXIT_YES;
	case 'D':
		engines->opts.is_dgram = true;
		return EXIT_YES;
	case 'O':
		engines->opts.is_outgoing = true;
		return EXIT_YES;
	default:
		return EXIT_TROUBLE;
	}
}

void engines_free(struct engines *engines)
{
	for (size_t i = 0; i < engines->n; i++)
		outside_free(engines->list[i]);
}

enum cbpf_dialect engine_dialect(const struct cbpf_engine *engine,
				 enum cbpf_dialect asked)
{
	return engine->dialect == CBPF_ANY_DIALECT ? asked : engine->dialect;
}

bool engine_can_run(const struct cbpf_engine *engine)
{
	struct cbpf_diag diag;
	char sentence[320];

	if (engine->probe(engine, &diag) == CBPF_OK)
		return true;
	say_trouble("%s cannot run here: %s", engine->name,
		    sentence_of(&diag, sentence, sizeof(sentence)));
	return false;
}

void engines_print_help(const char *note)
{
	printf("  -E, --engine LIST      engines, with commas between, or all\n"
	       "                         (%s)\n"
	       "      --cmd COMMAND      another machine, asked line by line "
	       "(cbpf(5))\n"
	       "      --udp-body         linux-udp: the first 8 bytes stand for "
	       "the UDP header\n"
	       "      --dgram            linux-packet: from the network header "
	       "on\n"
	       "      --outgoing         linux-packet: frames as they leave\n",
	       note);
}

void engines_print_names(void)
{
	printf("Engines:");
	for (size_t i = 0; rows[i]; i++)
		printf(" %s", rows[i]->name);
	puts("; `cbpf engines` says what can run here.");
}

const char *answer_text(const struct cbpf_answer *a, char *buf, size_t size)
{
	if (a->shows == CBPF_SHOWS_FORESEEN)
		snprintf(buf, size, "not run: %s", cbpf_end_name(a->end));
	else if (a->shows == CBPF_SHOWS_BYTES && !a->is_passed)
		snprintf(buf, size, "drops");
	else if (a->shows == CBPF_SHOWS_BYTES)
		snprintf(buf, size, "keeps %u", a->value);
	else if (a->end == CBPF_RETURNED)
		snprintf(buf, size, "%u", a->value);
	else if (a->end == CBPF_NO_DEVICE)
		snprintf(buf, size, "no device: %u", a->value);
	else
		snprintf(buf, size, "%s", cbpf_end_name(a->end));
	return buf;
}

/* A result in the words of tests/FORMAT.md. */
static void print_want(FILE *to, const struct cbpf_result *want)
{
	if (want->end == CBPF_RETURNED)
		fprintf(to, " => %u\n", want->value);
	else if (want->end == CBPF_NO_DEVICE)
		fprintf(to, " => no-device %u\n", want->value);
	else
		fprintf(to, " => %s %s\n", cbpf_end_name(want->end),
			cbpf_err_name(want->why));
}

void print_vector(FILE *to, enum cbpf_dialect dialect,
		  const struct cbpf_engine_opts *opts,
		  const struct cbpf_insn *insns, size_t n,
		  const struct cbpf_packet *packet,
		  const struct cbpf_result *want)
{
	uint32_t headroom;
	char *text;
	size_t size;

	if (cbpf_text_write(CBPF_FORMAT_ASM, insns, n, NULL, &text, &size) !=
	    CBPF_OK)
		return;
	fprintf(to, "dialect %s\n%s%s%s-- asm\n%s", cbpf_dialect_name(dialect),
		opts->udp_body ? "udp-body\n" : "",
		opts->is_dgram ? "dgram\n" : "",
		opts->is_outgoing ? "outgoing\n" : "", text);
	cbpf_text_free(text, size, NULL);
	if (!packet)
		return;
	fprintf(to, "-- run\n");
	/* what lies before it is the first bytes of what is written */
	headroom = packet->ctx ? packet->ctx->headroom : 0;
	for (uint32_t i = 0; i < packet->caplen + headroom; i++)
		fprintf(to, "%s%02x", i ? " " : "",
			(packet->data - headroom)[i]);
	if (!(packet->caplen + headroom))
		fputs("empty", to);
	if (packet->wirelen && packet->wirelen != packet->caplen)
		fprintf(to, " len=%u", packet->wirelen + headroom);
	if (packet->ctx)
		context_print(to, packet->ctx);
	print_want(to, want);
}
