/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf trace: every step of a run, with the registers after it, the bytes it
 * read and the source line it came from.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

struct trace {
	struct source source;
	struct packets packets;
	enum cbpf_dialect dialect;
	struct cbpf_ctx ctx;
	bool has_ctx;
	uint32_t only; /* the packet's number; 0: the first */
	uint32_t max_steps;
	bool is_json;
};

static void print_help(void)
{
	puts("usage: cbpf trace [OPTIONS] [PROGRAM] PACKETS...\n\n"
	     "Runs the program over one packet and prints each step: A and X "
	     "after it, the\nbytes it read, the source line.\n\n"
	     "  -n, --packet N         which packet, from 1 (default 1)\n"
	     "  -d, --dialect NAME     whose machine (default user)\n"
	     "      --steps N          stop after so many (default 100000)\n"
	     "      --context K=V,...  fields beside the bytes: mark=5, ...\n"
	     "      --hex BYTES        a packet in hexadecimal\n"
	     "  -e, --expression EXPR  the capture filter language\n"
	     "  -F, --expression-file FILE\n"
	     "      --from FORMAT      what PROGRAM is, where it is not "
	     "recognised\n"
	     "      --link TYPE        link type of -e (default: the "
	     "capture's)\n"
	     "      --json             one object a step");
}

/* Line number `line` of the source, without leading blanks. */
static void print_source_line(const struct source *source, uint32_t line)
{
	size_t len;
	const char *p = find_line(source->text, source->size, line, &len);

	if (!p)
		return;
	while (len && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	printf("  ; ");
	for (size_t i = 0; i < len && i < 60; i++)
		putchar((unsigned char)p[i] < 32 ? ' ' : p[i]);
}

/* What the step about to be taken reads, inside the packet or not. */
struct access {
	bool is_inside;
	int64_t offset;
	uint32_t size; /* 0: nothing */
};

/* The bytes of an access; "" where there are none. */
static void access_text(const struct access *access,
			const struct cbpf_packet *packet, char *buf,
			size_t size)
{
	size_t len;

	buf[0] = '\0';
	if (!access->is_inside)
		return;
	len = (size_t)snprintf(buf, size, "[%lld]", (long long)access->offset);
	for (uint32_t i = 0; i < access->size; i++)
		len += (size_t)snprintf(buf + len, size - len, " %02x",
					packet->data[access->offset + i]);
}

static void print_step(const struct trace *t, uint32_t pc, const char *bytes,
		       const struct cbpf_state *after, bool is_over)
{
	const struct cbpf_code *code = &t->source.code;
	uint32_t line = code->lines ? code->lines[pc] : 0;
	char insn[96];
	struct json *object;

	cbpf_insn_format(&code->insns[pc], pc, insn, sizeof(insn));
	if (t->is_json) {
		object = js_new();
		js_set_int(object, "pc", pc);
		js_set_text(object, "instruction", insn);
		js_set_int(object, "a", after->a);
		js_set_int(object, "x", after->x);
		if (*bytes)
			js_set_text(object, "read", bytes);
		if (line)
			js_set_int(object, "line", line);
		js_print(object, stdout);
		return;
	}
	for (char *p = insn; *p; p++) /* the tab between jt and jf */
		if (*p == '\t')
			*p = ' ';
	printf("(%03u) %-38s ", pc, insn);
	if (!is_over)
		printf("A=0x%08x X=0x%08x ", after->a, after->x);
	printf("%s", bytes);
	if (line && t->source.text && t->source.code.format == CBPF_FORMAT_ASM)
		print_source_line(&t->source, line);
	putchar('\n');
}

static int print_end(const struct trace *t, const struct cbpf_result *res,
		     const char *insn_why)
{
	struct json *object;

	if (t->is_json) {
		object = js_new();
		js_set_text(object, "end", cbpf_end_name(res->end));
		js_set_int(object, "value", res->value);
		js_set_int(object, "steps", res->steps);
		js_set_int(object, "pc", res->pc);
		if (res->why != CBPF_OK)
			js_set_text(object, "why", insn_why);
		js_print(object, stdout);
		return EXIT_YES;
	}
	printf("%s", cbpf_end_name(res->end));
	if (res->end == CBPF_RETURNED || res->end == CBPF_NO_DEVICE)
		printf(" %u (0x%x)", res->value, res->value);
	else
		printf(" at instruction %u: %s; the verdict is 0", res->pc,
		       insn_why);
	printf(", after %llu steps\n", (unsigned long long)res->steps);
	return EXIT_YES;
}

/* The sentence of why a run ended, with what the instruction was about. */
static void explain_end(const struct trace *t, const struct cbpf_result *res,
			const struct cbpf_packet *packet,
			const struct access *access, char *buf, size_t size)
{
	struct cbpf_diag diag;

	memset(&diag, 0, sizeof(diag));
	diag.code = res->why;
	switch (res->why) {
	case CBPF_E_LOAD_OUT:
		diag.a = access->size;
		diag.b = (uint32_t)access->offset;
		break;
	case CBPF_E_DATA_SIZE:
		diag.a = packet->caplen;
		break;
	case CBPF_E_STEPS:
		diag.a = res->steps;
		break;
	default:
		if (res->pc < t->source.code.n)
			diag.a = t->source.code.insns[res->pc].code;
	}
	sentence_of(&diag, buf, size);
}

static int trace_packet(struct trace *t, const struct cbpf_packet *packet)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = t->dialect };
	const struct cbpf_code *code = &t->source.code;
	struct cbpf_state state = cbpf_state_init(packet);
	struct cbpf_result res = { 0 };
	struct cbpf_prog *prog;
	struct cbpf_diag diag;
	struct access access = { false, 0, 0 };
	char bytes[64], why[320];
	bool goes_on = true;

	if (cbpf_prog_new(code->insns, code->n, &opts, &prog, &diag) != CBPF_OK)
		return say_illegal(source_name(&t->source), t->dialect, &diag);
	while (goes_on && res.steps < t->max_steps) {
		uint32_t pc = state.pc;

		access.is_inside = cbpf_step_reads(
			prog, packet, &state, &access.offset, &access.size);
		access_text(&access, packet, bytes, sizeof(bytes));
		goes_on = cbpf_step(prog, packet, &state, &res);
		if (pc < code->n)
			print_step(t, pc, bytes, &state, !goes_on);
	}
	if (goes_on) {
		res.end = CBPF_ENDLESS;
		res.why = CBPF_E_STEPS;
		res.pc = state.pc;
	}
	explain_end(t, &res, packet, &access, why, sizeof(why));
	cbpf_prog_free(prog);
	return print_end(t, &res, why);
}

static int find_and_trace(struct trace *t)
{
	struct cbpf_record record;
	int status;

	if (t->is_json && !js_is_built())
		return js_refuse();
	do {
		status = packets_next(&t->packets, &record);
	} while (status == EXIT_YES && t->packets.number < t->only);
	if (status == EXIT_NO)
		return say_trouble("there is no packet %u, only %llu", t->only,
				   (unsigned long long)t->packets.number);
	if (status == EXIT_YES)
		status = source_load_for(&t->source, record.link);
	if (status == EXIT_YES) {
		struct cbpf_packet packet = { record.data, record.caplen,
					      record.wirelen, NULL };
		struct cbpf_ctx ctx = t->ctx;

		if (!t->has_ctx && !t->packets.is_bare)
			cbpf_link_context(&record, &ctx);
		packet.ctx = &ctx;
		if (!packet_take_headroom(&packet))
			return say_trouble("the packet is shorter than the "
					   "headroom");
		status = trace_packet(t, &packet);
	}
	return status;
}

static int take_option(struct trace *t, int option, char **argv)
{
	switch (option) {
	case 'n':
		if (!parse_u32(optarg, &t->only) || t->only == 0)
			return say_usage("trace",
					 "--packet takes a number from 1");
		return EXIT_YES;
	case 's':
		if (!parse_u32(optarg, &t->max_steps))
			return say_usage("trace", "%s is no number", optarg);
		return EXIT_YES;
	case 'd':
		t->dialect = cbpf_dialect_find(optarg);
		if (t->dialect == CBPF_DIALECTS)
			return say_usage("trace", "there is no dialect %s",
					 optarg);
		return EXIT_YES;
	case 'c':
		t->has_ctx = true;
		return context_parse("trace", &t->ctx, optarg) ? EXIT_YES
							       : EXIT_TROUBLE;
	case 'x':
		t->packets.hex[t->packets.n_hex++] = optarg;
		return EXIT_YES;
	case 'j':
		t->is_json = true;
		return EXIT_YES;
	case '?':
		return say_option("trace", argv);
	default:
		return source_option("trace", &t->source, option, optarg)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

int cmd_trace(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "packet", required_argument, NULL, 'n' },
		{ "dialect", required_argument, NULL, 'd' },
		{ "steps", required_argument, NULL, 's' },
		{ "context", required_argument, NULL, 'c' },
		{ "hex", required_argument, NULL, 'x' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct trace t = { .source = { .link = -1 },
			   .dialect = CBPF_USER,
			   .only = 1,
			   .max_steps = 100000 };
	int option, status = EXIT_YES;
	bool wants_help = false;

	t.packets.hex = calloc((size_t)argc, sizeof(*t.packets.hex));
	if (!t.packets.hex)
		return say_trouble("out of memory");
	while (status == EXIT_YES && !wants_help &&
	       (option = getopt_long(argc, argv, "e:F:n:d:h", options, NULL)) !=
		       -1) {
		wants_help = option == 'h';
		if (!wants_help)
			status = take_option(&t, option, argv);
	}
	if (!t.source.expr && optind < argc)
		t.source.path = argv[optind++];
	t.packets.paths = argv + optind;
	t.packets.n_paths = (size_t)(argc - optind);
	if (wants_help)
		print_help();
	else if (status == EXIT_YES && !source_is_given("trace", &t.source))
		status = EXIT_TROUBLE;
	else if (status == EXIT_YES && !t.packets.n_paths && !t.packets.n_hex)
		status = say_usage("trace",
				   "packets are missing: a capture, - or "
				   "--hex");
	else if (status == EXIT_YES &&
		 stdin_is_free("trace", &t.source, &t.packets) != EXIT_YES)
		status = EXIT_TROUBLE;
	else if (status == EXIT_YES)
		status = find_and_trace(&t);
	packets_free(&t.packets);
	source_free(&t.source);
	return status;
}
