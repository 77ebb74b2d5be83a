/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs share: exit codes, programs and packets from the command
 * line, and saying what is wrong. The tool sees include/cbpf and nothing
 * else of the library.
 */
#ifndef CBPF_CLI_CLI_H
#define CBPF_CLI_CLI_H

#include <stdio.h>

#include "cbpf/capture.h"
#include "cbpf/cbpf.h"

struct json;

/* As grep: yes, no, trouble. */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_TROUBLE = 2 };

int cmd_asm(int argc, char **argv);
int cmd_attach(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_count(int argc, char **argv);
int cmd_filter(int argc, char **argv);
int cmd_conform(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_engines(int argc, char **argv);
int cmd_optimize(int argc, char **argv);
int cmd_translate(int argc, char **argv);
int cmd_fuzz(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_sockets(int argc, char **argv);
int cmd_trace(int argc, char **argv);

/* ---- saying what is wrong (say.c) --------------------------------------- */

/* "cbpf: " and the sentence, on stderr. Returns EXIT_TROUBLE. */
int say_trouble(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for wrong usage of a verb, with where to find the right one. */
int say_usage(const char *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* From now on it is of another tool than cbpf. */
void say_usage_of(const char *name);
/* A program that a dialect does not take, with the place and the rule. */
int say_illegal(const char *name, enum cbpf_dialect dialect,
		const struct cbpf_diag *diag);
/* Line number `line` of a text, without its end; NULL past the last. */
const char *find_line(const char *text, size_t size, uint32_t line,
		      size_t *len);
/* An option that getopt did not take. */
int say_option(const char *verb, char **argv);
/* "cbpf: NAME: " and the diagnosis, with the file offset if it has one. */
int say_diag(const char *name, const struct cbpf_diag *diag);
/* Every diagnosis of a report: place, sentence, source line and caret. */
void say_report(FILE *to, const char *name, const char *text, size_t size,
		const struct cbpf_report *report);
/* The sentence of a diagnosis; valid to the next call with the same buffer. */
const char *sentence_of(const struct cbpf_diag *diag, char *buf, size_t size);

/* Why things were skipped: sentences and counts. */
#define REASONS_MAX 24
struct reasons {
	struct {
		char text[160];
		uint64_t n;
	} list[REASONS_MAX]; /* those with n, then none */
};

void reasons_add(struct reasons *reasons, const char *text, uint64_t n);
uint64_t reasons_total(const struct reasons *reasons);
/* A line each: indent, count, "skipped: ", sentence. */
void reasons_print(const struct reasons *reasons, const char *indent);

/* ---- input (input.c) ---------------------------------------------------- */

/* A whole file, "-" for stdin; NULL after saying why not. free() it. */
char *read_whole(const char *path, size_t *size);
/* Hex digits, blanks and colons between; NULL where they are none. */
uint8_t *parse_hex(const char *text, size_t *size);
bool parse_u32(const char *text, uint32_t *value);
bool parse_u64(const char *text, uint64_t *value);
/* Seconds since 1970 or a date and time of UTC (RFC 3339, 5.6, with Z), either
 * with a fraction: as nanoseconds since 1970. */
bool parse_time(const char *text, uint64_t *ns);

/* ---- forms of programs (form.c) ----------------------------------------- */

/* A form is an enum cbpf_format, or this one, which only the tool has. */
#define FORM_JSON CBPF_FORMATS
#define FORMS	  (FORM_JSON + 1)

/* The form of that name, or -1; and back, NULL past the end. */
int form_find(const char *name);
const char *form_name(int form);
/* Whether a text can only be JSON. */
bool form_is_json(const char *text, size_t size);
/* Bytes to a file, or stdout where path is NULL or "-". */
int write_out(const char *path, const char *text, size_t size);
/* A program, the same. */
int form_write(const struct cbpf_code *code, int form, const char *output);
/* [code, jt, jf, k]; false where it is not that. */
bool form_insn(const struct json *value, struct cbpf_insn *insn);
/* Reads the json form; EXIT_TROUBLE: said why not. */
int form_read_json(const char *name, const char *text, size_t size,
		   struct cbpf_code *code);
/* free() it; NULL: no memory. */
char *form_write_json(const struct cbpf_insn *insns, size_t n, size_t *size);

/* A program on the command line: a file in some form, or an expression. */
#define LABEL_LEN 80

struct source {
	const char *expr; /* -e or -F; compiled anew for each link type */
	char label[LABEL_LEN + 4]; /* it, or its file, for messages */
	bool is_joined;	  /* it is to be optimized: any size, as it stands */
	const char *path; /* a file, or "-" */
	int from;	  /* --from: a form of form.c */
	int link;	  /* --link; -1: the capture's, or EN10MB */
	char *text;	  /* of the file */
	size_t size;
	struct cbpf_code code;
	int code_link; /* the link type that code was compiled for */
};

/* Whether -e or a program's path was given; else says what is missing. */
bool source_is_given(const char *verb, const struct source *source);
/* Reads the file, or compiles for EN10MB or --link. EXIT_TROUBLE: said why. */
int source_load(struct source *source);
/* The code for packets of a link type: an expression may be compiled anew. */
int source_load_for(struct source *source, uint16_t link);
void source_free(struct source *source);
/* "FILE" or the expression, for messages. */
const char *source_name(const struct source *source);
/* Options every verb with a program takes: -e, -F, --from, --link. */
#define SOURCE_OPTIONS                                               \
	{ "expression", required_argument, NULL, 'e' },              \
		{ "expression-file", required_argument, NULL, 'F' }, \
		{ "from", required_argument, NULL, 'I' },            \
	{                                                            \
		"link", required_argument, NULL, 'L'                 \
	}
/* Takes one of them; false (said why) for a bad argument. */
bool source_option(const char *verb, struct source *source, int option,
		   const char *argument);

/* Packets on the command line: --hex texts, then files. */
struct packets {
	char **hex;
	size_t n_hex;
	char **paths;
	size_t n_paths;

	/* where it is now */
	size_t at_hex, at_path;
	struct cbpf_capture *capture;
	const char *name;
	uint8_t *bytes;
	uint64_t number;
	bool is_bare; /* --hex: bytes that no interface delivered */
};

/* EXIT_TROUBLE (said so) where program and packets both want stdin. */
int stdin_is_free(const char *verb, const struct source *source,
		  const struct packets *packets);
/* The next packet. EXIT_NO: there are no more; EXIT_TROUBLE: said why. */
int packets_next(struct packets *packets, struct cbpf_record *record);
void packets_free(struct packets *packets);

/* Sets a field of a context by name, "mark", "vlan_tci", ... */
enum context_outcome { CONTEXT_SET, CONTEXT_UNKNOWN, CONTEXT_RANGE };
enum context_outcome context_set(struct cbpf_ctx *ctx, const char *key,
				 int64_t value);
/*
 * The first bytes of a packet become what lies before it, as many as its
 * context's headroom says. False where it has fewer.
 */
bool packet_take_headroom(struct cbpf_packet *packet);
/* " mark=5 vlan_tci=3": what is not 0, as a test vector has it. */
void context_print(FILE *to, const struct cbpf_ctx *ctx);
/* A list "a=1,b=2"; false after saying what is wrong. */
bool context_parse(const char *verb, struct cbpf_ctx *ctx, const char *text);

/* ---- engines (rows.c) --------------------------------------------------- */

/* The rows this tool was built with; NULL ends the list. */
const struct cbpf_engine *const *engine_rows(void);

/* Engines on the command line, and how they are to work. */
#define ENGINES_MAX 12
struct engines {
	const struct cbpf_engine *list[ENGINES_MAX];
	size_t n;
	bool wants_all; /* what that is, the verb knows: engines_add() it */
	struct cbpf_engine_opts opts;
};

/* Options of verbs with engines: which, and what packets are to them. */
#define ENGINE_OPTIONS                                   \
	{ "engine", required_argument, NULL, 'E' },      \
		{ "cmd", required_argument, NULL, 'M' }, \
		{ "udp-body", no_argument, NULL, 'U' },  \
		{ "dgram", no_argument, NULL, 'D' },     \
	{                                                \
		"outgoing", no_argument, NULL, 'O'       \
	}
/* Takes one of them; EXIT_TROUBLE: said why not. */
int engines_option(const char *verb, struct engines *engines, int option,
		   const char *argument);
/* Adds one that is not there yet. */
void engines_add(struct engines *engines, const struct cbpf_engine *engine);
void engines_free(struct engines *engines);
/* Its own dialect; the one asked for, where it speaks any. */
enum cbpf_dialect engine_dialect(const struct cbpf_engine *engine,
				 enum cbpf_dialect asked);
/* Whether it can run here; else says why not. */
bool engine_can_run(const struct cbpf_engine *engine);
/* The lines of --help on these options; note is on what is the default. */
void engines_print_help(const char *note);
/* "Engines: interp ...; `cbpf engines` says what can run here." */
void engines_print_names(void);

/* ---- a machine that is another program (outside.c) ---------------------- */

/* NULL: said why not. The command must outlive it. */
const struct cbpf_engine *outside_new(const char *command);
void outside_free(const struct cbpf_engine *engine);
bool engine_is_outside(const struct cbpf_engine *engine);

/* ---- disagreements (narrow.c) ------------------------------------------- */

/* Where they parted and the smallest that still differs, as a vector. */
void narrow_packet(FILE *to, struct cbpf_judge *judge,
		   const struct engines *engines,
		   const struct cbpf_engine *engine, enum cbpf_dialect dialect,
		   const struct cbpf_insn *given, size_t n,
		   const struct cbpf_packet *packet);
/* The smallest program that still one of them takes. */
void narrow_load(FILE *to, struct cbpf_judge *judge,
		 const struct engines *engines, enum cbpf_dialect dialect,
		 const struct cbpf_insn *given, size_t n);

/* ---- answers and vectors (rows.c) --------------------------------------- */

/* What an answer says, in a few characters. */
const char *answer_text(const struct cbpf_answer *answer, char *buf,
			size_t size);
/*
 * A program as a test vector (tests/FORMAT.md), to paste or to keep, with what
 * of the engine's options it depends on; with a packet and what comes of it,
 * unless packet is NULL.
 */
void print_vector(FILE *to, enum cbpf_dialect dialect,
		  const struct cbpf_engine_opts *opts,
		  const struct cbpf_insn *insns, size_t n,
		  const struct cbpf_packet *packet,
		  const struct cbpf_result *want);

/* ---- filters that are known (shapes.c) ---------------------------------- */

/* What a socket's filter accepts; false: its shape is not known. */
bool shape_accepts(const struct cbpf_socket *socket, char *line, size_t size);
/* Why its socket's owner should be looked at; false: no reason known. */
bool shape_warns(const struct cbpf_socket *socket, char *line, size_t size);

/* ---- rules by engines (table.c) ----------------------------------------- */

/* What came of each rule on each engine; NULL: no memory. */
struct table *table_new(void);
void table_free(struct table *table);
/* Adds a case of a rule of a dialect; false: no memory. */
bool table_note(struct table *table, const char *dialect, const char *rule,
		const char *engine, bool agrees, bool differs);
void table_print(const struct table *table, FILE *to);

/* ---- the capture language (expr.c) -------------------------------------- */

/* Compiles, or says why not. */
int compile_expression(const struct source *source, uint16_t link,
		       struct cbpf_code *code);

#endif
