/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases of the exchange format (cbpf(5)) as they are read from JSON: a program
 * and what is to become of it, and the packets of its runs.
 */
#ifndef CBPF_CLI_CASE_H
#define CBPF_CLI_CASE_H

#include "cli.h"

struct json;

/* One line. Everything but insns is borrowed from its JSON. */
struct vector {
	const char *name, *dialect;
	const char *rule; /* that it pins; the name, where it does not say */
	const char *load; /* "ok", "reject", or anything else: not said */
	struct cbpf_insn *insns;
	size_t n;
	enum cbpf_hook hook; /* whose limits count; NONE: of no socket */
	bool is_big_endian;
	const struct json *skb; /* of all runs, or NULL */
	const struct json *runs;
};

/* What reading came to; but for READ, why says so. */
enum reading { READ, READ_SKIP, READ_TROUBLE };
/* Free what was read with vector_free(), whatever it came to. */
enum reading vector_read(const struct json *line, struct vector *vector,
			 char *why, size_t size);
void vector_free(struct vector *vector);

/* The packet of a run. packet points into it: it is not to be copied. */
struct input {
	uint8_t *bytes;
	struct cbpf_packet packet;
	struct cbpf_ctx ctx;
	bool has_len;
	bool is_seccomp;
	bool is_udp_body; /* the first 8 bytes stand for a UDP header */
};
/*
 * For seccomp the bytes are a struct seccomp_data, in the order that the case
 * says. Free what was read with input_free(), whatever it came to.
 */
enum reading input_read(const struct vector *vector, const struct json *run,
			bool is_for_seccomp, struct input *input, char *why,
			size_t size);
void input_free(struct input *input);

#endif
