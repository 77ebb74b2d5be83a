/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf run: the main job. A program over packets, on one engine or several;
 * each engine's answer beside what its twin foretold, and a disagreement
 * narrowed to something that can be pasted.
 *
 * Packets go one at a time through every engine and are forgotten, so memory
 * does not grow with the capture.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

/* An engine at work. */
struct lane {
	const struct cbpf_engine *engine;
	struct cbpf_judge *judge;
	bool can_run; /* it is there, and it took the program */
	struct cbpf_judged judged;

	uint64_t n_run, n_agree, n_plain, n_accepted, n_other;
	struct reasons skipped;
	bool is_narrowed; /* one disagreement is enough to look at */
};

struct run {
	struct source source;
	struct packets packets;
	enum cbpf_dialect dialect;
	struct cbpf_ctx ctx;
	bool has_ctx;
	struct lane lanes[ENGINES_MAX];
	size_t n_lanes;
	struct engines engines;
	bool is_json, is_quiet;
	uint32_t max_packets;

	bool is_loaded;
	int loaded_link; /* an expression's program depends on it */
	bool differs;
	uint64_t n_packets;
};

static void print_help(void)
{
	fputs("usage: cbpf run [OPTIONS] [PROGRAM] PACKETS...\n\n"
	      "Runs the program over each packet, on one engine or several, "
	      "and compares every\nengine with its twin: the interpreter under "
	      "the engine's dialect, seeing exactly\nwhat the engine saw. Exit "
	      "status 0: all agree, 1: an engine differs, 2: trouble.\n\n"
	      "  -e, --expression EXPR  the capture filter language\n"
	      "  -F, --expression-file FILE\n",
	      stdout);
	engines_print_help("default interp; those of system calls with -d "
			   "seccomp only");
	fputs("  -d, --dialect NAME     whose rules interp follows (default "
	      "user)\n"
	      "      --plain            linux-unix: compare accepted bytes, "
	      "not all 32 bits\n"
	      "      --context K=V,...  fields beside the bytes: mark=5, ...\n"
	      "      --hex BYTES        a packet in hexadecimal\n"
	      "  -c, --count N          stop after so many packets\n"
	      "  -q, --quiet            the totals only\n"
	      "      --from FORMAT      what PROGRAM is, where it is not "
	      "recognised\n"
	      "      --link TYPE        link type of -e (default: the "
	      "capture's)\n"
	      "      --json             one object a packet, and one of "
	      "totals\n\n",
	      stdout);
	engines_print_names();
}

/* ---- engines ------------------------------------------------------------ */

/* A system call is no packet: such engines are for that dialect only. */
static void add_lanes(struct run *r)
{
	for (size_t i = 0; r->engines.wants_all && engine_rows()[i]; i++)
		if (engine_rows()[i]->dialect != CBPF_SECCOMP ||
		    r->dialect == CBPF_SECCOMP)
			engines_add(&r->engines, engine_rows()[i]);
	if (!r->engines.n)
		engines_add(&r->engines, &cbpf_engine_interp);
	r->n_lanes = r->engines.n;
	for (size_t i = 0; i < r->n_lanes; i++)
		r->lanes[i].engine = r->engines.list[i];
}

static int probe_lanes(struct run *r)
{
	for (size_t i = 0; i < r->n_lanes; i++) {
		struct lane *lane = &r->lanes[i];

		if (!engine_can_run(lane->engine))
			continue;
		if (cbpf_judge_new(lane->engine, r->dialect, &r->engines.opts,
				   &lane->judge) != CBPF_OK)
			return say_trouble("out of memory");
	}
	return EXIT_YES;
}

static enum cbpf_dialect lane_dialect(const struct run *r,
				      const struct lane *lane)
{
	return engine_dialect(lane->engine, r->dialect);
}

/* ---- a disagreement ----------------------------------------------------- */

static void report_difference(struct run *r, struct lane *lane,
			      const struct cbpf_packet *packet)
{
	char answer[64], expected[64];

	r->differs = true;
	say_trouble("%s: packet %llu: %s gives %s, its twin %s",
		    r->packets.name, (unsigned long long)r->packets.number,
		    lane->engine->name,
		    answer_text(&lane->judged.answer, answer, sizeof(answer)),
		    answer_text(&lane->judged.expected, expected,
				sizeof(expected)));
	if (lane->is_narrowed)
		return;
	lane->is_narrowed = true;
	narrow_packet(stderr, lane->judge, &r->engines, lane->engine,
		      lane_dialect(r, lane), r->source.code.insns,
		      r->source.code.n, packet);
	cbpf_judge_load(lane->judge, r->source.code.insns, r->source.code.n,
			NULL);
}

/* ---- loading ------------------------------------------------------------ */

static int refuse_load(struct run *r, struct lane *lane, enum cbpf_err err,
		       const struct cbpf_diag *diag)
{
	char sentence[320], place[32] = "";

	lane->can_run = false;
	if (diag->pc != CBPF_NO_PC)
		snprintf(place, sizeof(place), "instruction %u: ", diag->pc);
	sentence_of(diag, sentence, sizeof(sentence));
	switch (err) {
	case CBPF_E_DIFFERS:
		r->differs = true;
		say_trouble("%s", sentence);
		narrow_load(stderr, lane->judge, &r->engines,
			    lane_dialect(r, lane), r->source.code.insns,
			    r->source.code.n);
		return EXIT_YES;
	case CBPF_E_SYSTEM:
	case CBPF_E_NOMEM:
		return say_trouble("%s: %s", lane->engine->name, sentence);
	default:
		break;
	}
	if (r->n_lanes == 1) /* the only engine asked for */
		return say_illegal(source_name(&r->source),
				   lane_dialect(r, lane), diag);
	say_trouble("%s does not take the program: %s%s", lane->engine->name,
		    place, sentence);
	return EXIT_YES;
}

static int load_lanes(struct run *r)
{
	const struct cbpf_code *code = &r->source.code;
	size_t n_ready = 0;

	for (size_t i = 0; i < r->n_lanes; i++) {
		struct lane *lane = &r->lanes[i];
		struct cbpf_diag diag;
		enum cbpf_err err;

		if (!lane->judge)
			continue;
		err = cbpf_judge_load(lane->judge, code->insns, code->n, &diag);
		lane->can_run = err == CBPF_OK;
		if (err != CBPF_OK &&
		    refuse_load(r, lane, err, &diag) != EXIT_YES)
			return EXIT_TROUBLE;
		n_ready += lane->can_run;
	}
	if (n_ready == 0 && !r->differs)
		return say_trouble("no engine can run the program");
	return EXIT_YES;
}

/* A column, padded unless nothing follows it. */
static void print_cell(const struct run *r, size_t i, const char *text)
{
	bool is_last = true;

	for (size_t k = i + 1; k < r->n_lanes; k++)
		is_last &= !r->lanes[k].can_run;
	printf(is_last ? "  %s" : "  %-14s", text);
}

static void print_header(const struct run *r)
{
	if (r->is_json || r->is_quiet)
		return;
	printf("%s: %zu instructions\n", source_name(&r->source),
	       r->source.code.n);
	printf("%8s %11s", "packet", "bytes");
	for (size_t i = 0; i < r->n_lanes; i++)
		if (r->lanes[i].can_run)
			print_cell(r, i, r->lanes[i].engine->name);
	putchar('\n');
}

static int prepare(struct run *r, uint16_t link)
{
	int status;

	if (r->source.link >= 0)
		link = (uint16_t)r->source.link;
	if (r->is_loaded && (!r->source.expr || r->loaded_link == link))
		return EXIT_YES;
	status = source_load_for(&r->source, link);
	if (status == EXIT_YES)
		status = load_lanes(r);
	if (status != EXIT_YES)
		return status;
	print_header(r);
	r->is_loaded = true;
	r->loaded_link = link;
	return EXIT_YES;
}

/* ---- packets ------------------------------------------------------------ */

static void count_skip(struct lane *lane, const struct cbpf_diag *diag)
{
	char sentence[160];

	reasons_add(&lane->skipped,
		    sentence_of(diag, sentence, sizeof(sentence)), 1);
}

/* Both show a verdict of 32 bits of the same bytes, and not the same one. */
static bool is_other_verdict(const struct lane *first, const struct lane *lane)
{
	const struct cbpf_answer *a = &first->judged.answer;
	const struct cbpf_answer *b = &lane->judged.answer;

	if (!first->judged.is_run || !lane->judged.is_run || first == lane)
		return false;
	if (a->shows == CBPF_SHOWS_BYTES || b->shows == CBPF_SHOWS_BYTES)
		return false;
	return a->value != b->value || b->shows == CBPF_SHOWS_FORESEEN;
}

/* What the engine's devices do not carry. */
static bool is_foreign(const struct run *r, const struct lane *lane,
		       uint16_t link, struct cbpf_diag *why)
{
	if (!lane->engine->link || r->packets.is_bare ||
	    link == lane->engine->link)
		return false;
	memset(why, 0, sizeof(*why));
	why->code = CBPF_E_SKIP;
	snprintf(why->word, sizeof(why->word),
		 "the device carries link type %u, and this is %u",
		 lane->engine->link, link);
	return true;
}

static int judge_packet(struct run *r, const struct cbpf_packet *packet,
			uint16_t link)
{
	for (size_t i = 0; i < r->n_lanes; i++) {
		struct lane *lane = &r->lanes[i];
		struct cbpf_judged *judged = &lane->judged;

		if (!lane->can_run)
			continue;
		judged->is_run = false;
		if (is_foreign(r, lane, link, &judged->diag)) {
			count_skip(lane, &judged->diag);
			continue;
		}
		if (cbpf_judge_run(lane->judge, packet, judged) != CBPF_OK)
			return say_diag(lane->engine->name, &judged->diag);
		if (!judged->is_run) {
			count_skip(lane, &judged->diag);
			continue;
		}
		lane->n_run++;
		lane->n_agree += judged->agrees;
		lane->n_plain += judged->is_plain;
		lane->n_accepted += judged->answer.is_passed;
		lane->n_other += is_other_verdict(&r->lanes[0], lane);
		if (!judged->agrees)
			report_difference(r, lane, packet);
	}
	return EXIT_YES;
}

static void print_packet(const struct run *r, const struct cbpf_record *record)
{
	char text[64], length[24];

	if (record->wirelen > record->caplen)
		snprintf(length, sizeof(length), "%u/%u", record->caplen,
			 record->wirelen);
	else
		snprintf(length, sizeof(length), "%u", record->caplen);
	printf("%8llu %11s", (unsigned long long)record->number, length);
	for (size_t i = 0; i < r->n_lanes; i++) {
		const struct lane *lane = &r->lanes[i];

		if (!lane->can_run)
			continue;
		if (lane->judged.is_run)
			answer_text(&lane->judged.answer, text,
				    sizeof(text) - 4);
		else
			snprintf(text, sizeof(text), "skipped");
		if (lane->judged.is_run && !lane->judged.agrees)
			snprintf(text + strlen(text), 4, " !!");
		print_cell(r, i, text);
	}
	putchar('\n');
}

static void set_answer(struct json *object, const struct cbpf_answer *answer)
{
	static const char *const shows[] = {
		[CBPF_SHOWS_ALL] = "all",
		[CBPF_SHOWS_VALUE] = "value",
		[CBPF_SHOWS_BYTES] = "bytes",
		[CBPF_SHOWS_FORESEEN] = "foreseen",
	};

	js_set_text(object, "shows", shows[answer->shows]);
	js_set_text(object, "end", cbpf_end_name(answer->end));
	js_set_bool(object, "passed", answer->is_passed);
	js_set_int(object, "value", answer->value);
}

static void print_packet_json(const struct run *r,
			      const struct cbpf_record *record)
{
	struct json *line = js_new(), *answers;

	js_set_text(line, "file", r->packets.name);
	js_set_int(line, "packet", record->number);
	js_set_int(line, "caplen", record->caplen);
	js_set_int(line, "wirelen", record->wirelen);
	js_set_int(line, "link", record->link);
	answers = js_set_object(line, "answers");
	for (size_t i = 0; i < r->n_lanes; i++) {
		const struct lane *lane = &r->lanes[i];
		struct json *entry;
		char sentence[320];

		if (!lane->can_run)
			continue;
		entry = js_set_object(answers, lane->engine->name);
		if (!lane->judged.is_run) {
			js_set_text(entry, "skipped",
				    sentence_of(&lane->judged.diag, sentence,
						sizeof(sentence)));
			continue;
		}
		set_answer(entry, &lane->judged.answer);
		js_set_bool(entry, "agrees", lane->judged.agrees);
		if (!lane->judged.agrees)
			set_answer(js_set_object(entry, "expected"),
				   &lane->judged.expected);
	}
	js_print(line, stdout);
}

static int run_packet(struct run *r, const struct cbpf_record *record)
{
	struct cbpf_ctx ctx = r->ctx;
	struct cbpf_packet packet = { record->data, record->caplen,
				      record->wirelen, NULL };
	int status = prepare(r, record->link);

	if (status != EXIT_YES)
		return status;
	if (!r->has_ctx && !r->packets.is_bare)
		cbpf_link_context(record, &ctx);
	if (r->has_ctx || !r->packets.is_bare)
		packet.ctx = &ctx;
	if (!packet_take_headroom(&packet))
		return say_trouble("packet %llu is shorter than the headroom",
				   (unsigned long long)r->packets.number);
	status = judge_packet(r, &packet, record->link);
	if (status != EXIT_YES)
		return status;
	r->n_packets++;
	if (r->is_json)
		print_packet_json(r, record);
	else if (!r->is_quiet)
		print_packet(r, record);
	return EXIT_YES;
}

/* ---- totals ------------------------------------------------------------- */

static void print_totals(const struct run *r)
{
	printf("%llu packets\n", (unsigned long long)r->n_packets);
	for (size_t i = 0; i < r->n_lanes; i++) {
		const struct lane *lane = &r->lanes[i];

		if (!lane->judge)
			continue;
		if (!lane->can_run && !lane->n_run) {
			printf("  %-13s %-8s does not take the program\n",
			       lane->engine->name,
			       cbpf_dialect_name(lane_dialect(r, lane)));
			continue;
		}
		printf("  %-13s %-8s %llu accepted", lane->engine->name,
		       cbpf_dialect_name(lane_dialect(r, lane)),
		       (unsigned long long)lane->n_accepted);
		if (lane->engine != &cbpf_engine_interp ||
		    lane->n_agree != lane->n_run)
			printf(", %llu agree, %llu differ",
			       (unsigned long long)lane->n_agree,
			       (unsigned long long)(lane->n_run -
						    lane->n_agree));
		if (lane->n_plain)
			printf(", %llu of them in plain mode",
			       (unsigned long long)lane->n_plain);
		putchar('\n');
		if (lane->n_other)
			printf("    %llu verdicts other than %s's: the "
			       "dialects or what they see differ\n",
			       (unsigned long long)lane->n_other,
			       r->lanes[0].engine->name);
		reasons_print(&lane->skipped, "    ");
	}
}

static void print_totals_json(const struct run *r)
{
	struct json *line = js_new(), *totals, *engines;

	totals = js_set_object(line, "totals");
	js_set_int(totals, "packets", r->n_packets);
	js_set_bool(totals, "differs", r->differs);
	engines = js_set_object(totals, "engines");
	for (size_t i = 0; i < r->n_lanes; i++) {
		const struct lane *lane = &r->lanes[i];
		struct json *entry;

		if (!lane->judge)
			continue;
		entry = js_set_object(engines, lane->engine->name);
		js_set_bool(entry, "takes", lane->can_run || lane->n_run);
		js_set_int(entry, "accepted", lane->n_accepted);
		js_set_int(entry, "agree", lane->n_agree);
		js_set_int(entry, "differ", lane->n_run - lane->n_agree);
		js_set_int(entry, "skipped", reasons_total(&lane->skipped));
		js_set_int(entry, "plain", lane->n_plain);
	}
	js_print(line, stdout);
}

static int run_all(struct run *r)
{
	struct cbpf_record record;
	int status;

	if (r->is_json && !js_is_built())
		return js_refuse();
	status = probe_lanes(r);
	while (status == EXIT_YES &&
	       !(r->max_packets && r->n_packets == r->max_packets)) {
		status = packets_next(&r->packets, &record);
		if (status == EXIT_YES)
			status = run_packet(r, &record);
	}
	/* an empty capture: the program is looked at all the same */
	if (status == EXIT_NO && !r->is_loaded)
		status = prepare(r, CBPF_LINK_EN10MB) == EXIT_YES
				 ? EXIT_NO
				 : EXIT_TROUBLE;
	if (r->is_loaded && r->is_json)
		print_totals_json(r);
	else if (r->is_loaded)
		print_totals(r);
	if (status == EXIT_TROUBLE)
		return status;
	return r->differs ? EXIT_NO : EXIT_YES;
}

static void free_all(struct run *r)
{
	for (size_t i = 0; i < r->n_lanes; i++)
		cbpf_judge_free(r->lanes[i].judge);
	engines_free(&r->engines);
	packets_free(&r->packets);
	source_free(&r->source);
}

static int take_option(struct run *r, int option, char **argv)
{
	switch (option) {
	case 'd':
		r->dialect = cbpf_dialect_find(optarg);
		if (r->dialect == CBPF_DIALECTS)
			return say_usage("run", "there is no dialect %s",
					 optarg);
		return EXIT_YES;
	case 'P':
		r->engines.opts.is_exact = false;
		return EXIT_YES;
	case 'E':
	case 'M':
	case 'U':
	case 'D':
	case 'O':
		return engines_option("run", &r->engines, option, optarg);
	case 'C':
		r->has_ctx = true;
		return context_parse("run", &r->ctx, optarg) ? EXIT_YES
							     : EXIT_TROUBLE;
	case 'x':
		r->packets.hex[r->packets.n_hex++] = optarg;
		return EXIT_YES;
	case 'c':
		if (!parse_u32(optarg, &r->max_packets) || !r->max_packets)
			return say_usage("run", "--count takes a number from "
						"1");
		return EXIT_YES;
	case 'q':
		r->is_quiet = true;
		return EXIT_YES;
	case 'j':
		r->is_json = true;
		return EXIT_YES;
	case '?':
		return say_option("run", argv);
	default:
		return source_option("run", &r->source, option, optarg)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

int cmd_run(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		ENGINE_OPTIONS,
		{ "dialect", required_argument, NULL, 'd' },
		{ "plain", no_argument, NULL, 'P' },
		{ "context", required_argument, NULL, 'C' },
		{ "hex", required_argument, NULL, 'x' },
		{ "count", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct run r = { .source = { .link = -1 },
			 .dialect = CBPF_USER,
			 .engines.opts = { .size = sizeof(r.engines.opts),
					   .is_exact = true } };
	int option, status = EXIT_YES;

	r.packets.hex = calloc((size_t)argc, sizeof(*r.packets.hex));
	if (!r.packets.hex)
		return say_trouble("out of memory");
	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "e:F:E:d:c:qh", options,
				     NULL)) != -1) {
		if (option == 'h') {
			print_help();
			free_all(&r);
			return EXIT_YES;
		}
		status = take_option(&r, option, argv);
	}
	add_lanes(&r);
	if (!r.source.expr && optind < argc)
		r.source.path = argv[optind++];
	r.packets.paths = argv + optind;
	r.packets.n_paths = (size_t)(argc - optind);
	if (status == EXIT_YES && !source_is_given("run", &r.source))
		status = EXIT_TROUBLE;
	if (status == EXIT_YES && !r.packets.n_paths && !r.packets.n_hex)
		status = say_usage("run", "packets are missing: a capture, - "
					  "or --hex");
	if (status == EXIT_YES)
		status = stdin_is_free("run", &r.source, &r.packets);
	if (status == EXIT_YES)
		status = run_all(&r);
	free_all(&r);
	return status;
}
