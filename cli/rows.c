/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines of this build, how their answers look, and a case as a test
 * vector.
 */
#include <string.h>

#include "cli.h"
#ifdef CBPF_HAVE_EXPR
#include "cbpf/expr.h"
#endif

static const struct cbpf_engine *const rows[] = {
	&cbpf_engine_interp,
#ifdef CBPF_HAVE_EXPR
	&cbpf_engine_libpcap,
#endif
	&cbpf_engine_linux_unix,    &cbpf_engine_linux_udp,
	&cbpf_engine_linux_udp6,    &cbpf_engine_linux_packet,
	&cbpf_engine_linux_seccomp, NULL,
};

const struct cbpf_engine *const *engine_rows(void)
{
	return rows;
}

const struct cbpf_engine *engine_find(const char *name)
{
	for (size_t i = 0; rows[i]; i++)
		if (strcmp(rows[i]->name, name) == 0)
			return rows[i];
	return NULL;
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
	for (uint32_t i = 0; i < packet->caplen; i++)
		fprintf(to, "%s%02x", i ? " " : "", packet->data[i]);
	if (!packet->caplen)
		fputs("empty", to);
	if (packet->wirelen && packet->wirelen != packet->caplen)
		fprintf(to, " len=%u", packet->wirelen);
	if (packet->ctx)
		context_print(to, packet->ctx);
	print_want(to, want);
}
