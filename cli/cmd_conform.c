/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf conform: an engine judged by test vectors in the exchange format, one
 * JSON object a line (cbpf(5)). A case says whether a program loads under a
 * dialect, and what it returns for some packets; each is counted as agreeing,
 * differing, or skipped with the reason.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "json.h"

#define SHOWN_MAX 20 /* differences told one by one, per file */

enum outcome { AGREE, DIFFER, SKIP, OUTCOMES };

/* What came of one file, or of all. */
struct tally {
	uint64_t cases, skipped;
	uint64_t loads[OUTCOMES], runs[OUTCOMES];
	struct reasons reasons;
	uint64_t bsd[CBPF_DIALECTS]; /* runs of bsd cases that it answers so */
};

struct conform {
	struct engines engines;
	const struct cbpf_engine *engine; /* the one being judged */
	enum cbpf_dialect only;		  /* cases of others are skipped */
	struct table *table;		  /* or NULL */
	bool is_json, is_quiet;
	struct tally file, total;
	const char *path;
	uint64_t shown;
	struct json *differences; /* of the file, in its line of JSON */
	bool differs, has_trouble;
};

/* A case on the engine, under each dialect that it is to be judged by. */
struct trial {
	struct vector given;
	enum cbpf_dialect dialects[CBPF_DIALECTS];
	size_t n_dialects;
	bool is_any; /* one answer is enough (bsd), else all must agree */
	enum cbpf_dialect loads_by; /* whose load is judged; DIALECTS: each */
	struct cbpf_judge *judges[CBPF_DIALECTS];
	bool is_loaded[CBPF_DIALECTS];
};

/* ---- counting ----------------------------------------------------------- */

static void add_tally(struct tally *to, const struct tally *from)
{
	to->cases += from->cases;
	to->skipped += from->skipped;
	for (int i = 0; i < OUTCOMES; i++) {
		to->loads[i] += from->loads[i];
		to->runs[i] += from->runs[i];
	}
	for (int d = 0; d < CBPF_DIALECTS; d++)
		to->bsd[d] += from->bsd[d];
	for (int i = 0; i < REASONS_MAX && from->reasons.list[i].n; i++)
		reasons_add(&to->reasons, from->reasons.list[i].text,
			    from->reasons.list[i].n);
}

static void tell_difference(struct conform *c, const char *name,
			    const char *what)
{
	if (c->shown++ >= SHOWN_MAX)
		return;
	if (c->is_json) {
		struct json *entry = js_push_object(c->differences);

		js_set_text(entry, "case", name);
		js_set_text(entry, "what", what);
		return;
	}
	printf("  %s: %s\n", name, what);
}

/* ---- what a case is judged by ------------------------------------------- */

static int say_malformed(struct conform *c, const char *name, const char *what)
{
	c->has_trouble = true;
	return say_trouble("%s: case %s: %s", c->path, name, what);
}

/* The dialects a case is judged under; false: it is skipped, *why says so. */
static bool pick_dialects(const struct conform *c, struct trial *t, char *why,
			  size_t size)
{
	static const enum cbpf_dialect bsd[] = { CBPF_FREEBSD, CBPF_NETBSD,
						 CBPF_OPENBSD };
	enum cbpf_dialect speaks = c->engine->dialect;
	const char *name = t->given.dialect;

	t->loads_by = CBPF_DIALECTS;
	if (strcmp(name, "any") == 0) {
		t->loads_by = CBPF_LINUX;
		for (int d = 0; d < CBPF_DIALECTS; d++)
			t->dialects[t->n_dialects++] = (enum cbpf_dialect)d;
	} else if (strcmp(name, "bsd") == 0) {
		t->is_any = true;
		t->n_dialects = sizeof(bsd) / sizeof(bsd[0]);
		memcpy(t->dialects, bsd, sizeof(bsd));
	} else {
		t->dialects[t->n_dialects++] = cbpf_dialect_find(name);
		if (t->dialects[0] == CBPF_DIALECTS) {
			snprintf(why, size, "dialect %s is not known", name);
			return false;
		}
	}
	if (c->only != CBPF_DIALECTS) {
		if (speaks != CBPF_ANY_DIALECT && speaks != c->only) {
			snprintf(why, size, "%s does not speak %s",
				 c->engine->name, cbpf_dialect_name(c->only));
			return false;
		}
		speaks = c->only;
	}
	if (speaks == CBPF_ANY_DIALECT)
		return true;
	if (t->loads_by != CBPF_LINUX &&
	    !(t->n_dialects == 1 && t->dialects[0] == speaks)) {
		snprintf(why, size, "%s does not speak %s", c->engine->name,
			 name);
		return false;
	}
	t->dialects[0] = speaks;
	t->n_dialects = 1;
	return true;
}

/* ---- loading ------------------------------------------------------------ */

static void cannot_ask(struct conform *c, const struct trial *t,
		       const char *why)
{
	c->has_trouble = true;
	say_trouble("%s: case %s: %s cannot be asked: %s", c->path,
		    t->given.name, c->engine->name, why);
}

static bool takes_by_itself(struct conform *c, const struct trial *t, size_t i)
{
	void *handle = NULL;
	bool takes =
		c->engine->load(c->engine, NULL, t->dialects[i], t->given.insns,
				t->given.n, &handle, NULL) == CBPF_OK;

	if (c->engine->free)
		c->engine->free(handle);
	return takes;
}

/*
 * Whether the engine takes the program: *is_told false (with a reason) where
 * that cannot be said. Interp is asked as attaching would be, but for what a
 * socket is charged, unless the case is of a socket: other hooks take longer
 * programs.
 */
static bool engine_takes(struct conform *c, struct trial *t, size_t i,
			 bool *is_told, char *why, size_t size)
{
	struct cbpf_engine_opts opts = {
		.size = sizeof(opts),
		.is_exact = true,
		.udp_body = true,
		.is_dgram = c->engines.opts.is_dgram,
		.is_outgoing = c->engines.opts.is_outgoing,
	};
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = t->dialects[i],
					 .hook = t->given.hook != CBPF_HOOK_NONE
							 ? t->given.hook
							 : CBPF_HOOK_TC };
	struct cbpf_diag diag = { .code = CBPF_E_NOMEM };
	enum cbpf_err err;

	*is_told = true;
	if (c->engine == &cbpf_engine_interp &&
	    cbpf_check(t->given.insns, t->given.n, &check, NULL) != CBPF_OK)
		return false;
	err = cbpf_judge_new(c->engine, t->dialects[i], &opts, &t->judges[i]);
	if (err == CBPF_OK)
		err = cbpf_judge_load(t->judges[i], t->given.insns, t->given.n,
				      &diag);
	t->is_loaded[i] = err == CBPF_OK;
	switch (err) {
	case CBPF_E_DIFFERS: /* from its twin; its own answer is asked for */
		return takes_by_itself(c, t, i);
	case CBPF_E_OPTMEM:	 /* a socket's limit, not a rule */
	case CBPF_E_UNAVAILABLE: /* an outside machine passes */
		*is_told = err == CBPF_E_OPTMEM &&
			   t->given.hook == CBPF_HOOK_SOCKET;
		sentence_of(&diag, why, size);
		return false;
	case CBPF_E_SYSTEM:
	case CBPF_E_NOMEM:
		*is_told = false;
		sentence_of(&diag, why, size);
		cannot_ask(c, t, why);
		return false;
	default:
		/* what is no rule is a bug of ours, and no refusal */
		*is_told = err == CBPF_OK || cbpf_err_is_rule(err);
		if (!*is_told) {
			sentence_of(&diag, why, size);
			cannot_ask(c, t, why);
		}
		return err == CBPF_OK;
	}
}

/* Judges loading, by each dialect or by the one that counts. */
static enum outcome judge_load(struct conform *c, struct trial *t)
{
	bool wants_ok = strcmp(t->given.load, "ok") == 0;
	bool agrees_once = false, agrees_always = true, was_told = false;
	char names[64] = "", why[160] = "";

	for (size_t i = 0; i < t->n_dialects; i++) {
		bool is_told;
		bool takes = engine_takes(c, t, i, &is_told, why, sizeof(why));
		bool counts = t->loads_by == CBPF_DIALECTS ||
			      t->loads_by == t->dialects[i];

		if (!is_told || !counts)
			continue;
		was_told = true;
		agrees_once |= takes == wants_ok;
		agrees_always &= takes == wants_ok;
		if (takes != wants_ok)
			snprintf(names + strlen(names),
				 sizeof(names) - strlen(names), " %s",
				 cbpf_dialect_name(t->dialects[i]));
	}
	if (!was_told && !*why)
		snprintf(why, sizeof(why),
			 "the case is loaded by the rules of %s, which %s does "
			 "not speak",
			 cbpf_dialect_name(t->loads_by), c->engine->name);
	if (!was_told) {
		reasons_add(&c->file.reasons, why, 1);
		return SKIP;
	}
	if (strcmp(t->given.load, "ok") != 0 &&
	    strcmp(t->given.load, "reject") != 0) {
		reasons_add(&c->file.reasons,
			    "the case does not say whether it loads", 1);
		return SKIP;
	}
	if (t->is_any ? agrees_once : agrees_always)
		return AGREE;
	snprintf(why, sizeof(why), "load: %s was wanted;%s did not",
		 t->given.load, names);
	tell_difference(c, t->given.name, why);
	return DIFFER;
}

/* ---- a run -------------------------------------------------------------- */

/* Whether a value is the one wanted, or among those allowed. */
static bool is_wanted(const struct json *want,
		      bool (*same)(int64_t want, uint32_t value),
		      uint32_t value)
{
	int64_t number;

	if (!js_is_array(want))
		return js_int(want, &number) && same(number, value);
	for (size_t i = 0; i < js_length(want); i++)
		if (js_int(js_at(want, i), &number) && same(number, value))
			return true;
	return false;
}

/* A number, or a list of numbers. */
static bool is_number(const struct json *want)
{
	int64_t number;

	if (!js_is_array(want))
		return js_int(want, &number);
	for (size_t i = 0; i < js_length(want); i++)
		if (!js_int(js_at(want, i), &number))
			return false;
	return js_length(want) > 0;
}

static bool same_number(int64_t want, uint32_t value)
{
	return want == (int64_t)value;
}

static bool same_truth(int64_t want, uint32_t value)
{
	return (want != 0) == (value != 0);
}

/* want counts the UDP header, the value only what is behind it. */
static bool same_body(int64_t want, uint32_t value)
{
	return (want > 8 ? want - 8 : 0) == (int64_t)value;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Whether the run ended as a name of cbpf_end_name() says. */
static bool is_end(const struct json *want, const struct cbpf_answer *answer)
{
	const char *name = js_text(want);

	return name && strcmp(name, cbpf_end_name(answer->end)) == 0;
}

static bool is_end_name(const struct json *want)
{
	for (int end = 0; end <= CBPF_ENDLESS; end++) {
		const struct cbpf_answer answer = { .end = (enum cbpf_end)end };

		if (is_end(want, &answer))
			return true;
	}
	return false;
}

static enum outcome compare(const struct json *run, const struct input *in,
			    const struct cbpf_answer *answer, char *why,
			    size_t size)
{
	const char *how = js_text(js_get(run, "how"));
	const struct json *want = js_get(run, "want");
	bool is_bytes = answer->shows == CBPF_SHOWS_BYTES;
	uint32_t value = answer->value;
	bool is_same;

	if (answer->shows == CBPF_SHOWS_FORESEEN) {
		snprintf(why, size, "not run: %s foreseen",
			 cbpf_end_name(answer->end));
		return SKIP;
	}
	if ((how && strcmp(how, "end") == 0 && !is_end_name(want)) ||
	    (js_get(run, "end") && !is_end_name(js_get(run, "end")))) {
		snprintf(why, size, "the run ends in a way that is not known");
		return SKIP;
	}
	if (how && strcmp(how, "end") == 0)
		return is_end(want, answer) ? AGREE : DIFFER;
	if (!how || !is_number(want)) {
		snprintf(why, size, "the run wants no number");
		return SKIP;
	}
	if (strcmp(how, "bool") == 0) {
		is_same = is_wanted(want, same_truth, answer->is_passed);
	} else if (strcmp(how, "min") == 0) {
		is_same = is_wanted(want,
				    is_bytes && in->is_udp_body ? same_body
								: same_number,
				    least(value, in->packet.caplen));
	} else if (strcmp(how, "ret") == 0 || strcmp(how, "oneof") == 0) {
		if (is_bytes) {
			snprintf(why, size, "only the accepted bytes show");
			return SKIP;
		}
		is_same = is_wanted(want, same_number, value);
	} else {
		snprintf(why, size, "the run is to be compared by %.60s", how);
		return SKIP;
	}
	/* an end that no machine's caller sees is no number */
	if (answer->end == CBPF_CRASHED || answer->end == CBPF_ENDLESS)
		is_same = false;
	/* abort or return of 0: only some machines tell */
	if (js_get(run, "end") && answer->shows == CBPF_SHOWS_ALL)
		is_same &= is_end(js_get(run, "end"), answer);
	return is_same ? AGREE : DIFFER;
}

/* Its answers count the bytes behind a UDP header of its own. */
static bool is_udp(const struct cbpf_engine *engine)
{
	return engine == &cbpf_engine_linux_udp ||
	       engine == &cbpf_engine_linux_udp6;
}

/* It shows packets in surroundings of its own, whatever the case's are. */
static bool has_own_context(const struct cbpf_engine *engine)
{
	return engine->is_oracle && !engine_is_outside(engine);
}

/* Whether that made a difference to what the case's packet alone would give. */
static bool is_shown_otherwise(const struct trial *t, size_t i,
			       const struct input *in,
			       const struct cbpf_result *shown)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = t->dialects[i] };
	struct cbpf_result own;
	struct cbpf_prog *prog;

	if (cbpf_prog_new(t->given.insns, t->given.n, &opts, &prog, NULL) !=
	    CBPF_OK)
		return true;
	cbpf_run(prog, &in->packet, &own);
	cbpf_prog_free(prog);
	return own.end != shown->end || own.value != shown->value;
}

/* One run under one of the case's dialects. */
static enum outcome run_under(struct conform *c, const struct trial *t,
			      size_t i, const struct json *run,
			      const struct input *in, char *why, size_t size)
{
	struct cbpf_judged judged;

	if (in->is_seccomp != (t->dialects[i] == CBPF_SECCOMP) &&
	    !(t->dialects[i] == CBPF_SECCOMP && in->packet.caplen == 64)) {
		snprintf(why, size, "the packet is no struct seccomp_data");
		return SKIP;
	}
	/* `any` means the wire length; a case of its own means its machine */
	if (in->has_len && t->n_dialects > 1 &&
	    !cbpf_dialect_has_wirelen(t->dialects[i])) {
		snprintf(why, size, "%s has no wire length",
			 cbpf_dialect_name(t->dialects[i]));
		return SKIP;
	}
	if (is_udp(c->engine) && !in->is_udp_body) {
		snprintf(why, size, "%s puts a UDP header before the packet",
			 c->engine->name);
		return SKIP;
	}
	if (cbpf_judge_run(t->judges[i], &in->packet, &judged) != CBPF_OK) {
		sentence_of(&judged.diag, why, size);
		cannot_ask(c, t, why);
		return SKIP;
	}
	if (!judged.is_run) {
		sentence_of(&judged.diag, why, size);
		return SKIP;
	}
	if (has_own_context(c->engine) &&
	    is_shown_otherwise(t, i, in, &judged.twin)) {
		snprintf(why, size, "%s shows the program other surroundings",
			 c->engine->name);
		return SKIP;
	}
	return compare(run, in, &judged.answer, why, size);
}

static enum outcome judge_run(struct conform *c, const struct trial *t,
			      const struct json *run, const struct input *in,
			      size_t index)
{
	uint64_t n[OUTCOMES] = { 0 };
	char names[64] = "", why[160] = "no dialect takes the program",
	     what[240];
	enum outcome outcome;

	for (size_t i = 0; i < t->n_dialects; i++) {
		if (!t->is_loaded[i])
			continue;
		outcome = run_under(c, t, i, run, in, why, sizeof(why));
		n[outcome]++;
		if (t->is_any)
			c->file.bsd[t->dialects[i]] += outcome == AGREE;
		if (outcome == (t->is_any ? AGREE : DIFFER))
			snprintf(names + strlen(names),
				 sizeof(names) - strlen(names), " %s",
				 cbpf_dialect_name(t->dialects[i]));
	}
	if (!n[AGREE] && !n[DIFFER]) {
		reasons_add(&c->file.reasons, why, 1);
		return SKIP;
	}
	if (t->is_any ? n[AGREE] != 0 : n[DIFFER] == 0) {
		if (t->is_any && n[DIFFER] && !c->is_quiet && !c->is_json)
			printf("  %s: run %zu: the answer of%s\n",
			       t->given.name, index + 1, names);
		return AGREE;
	}
	snprintf(what, sizeof(what), "run %zu gives another answer under%s",
		 index + 1, t->is_any ? " all of them" : names);
	tell_difference(c, t->given.name, what);
	return DIFFER;
}

static void judge_runs(struct conform *c, const struct trial *t)
{
	const struct json *runs = t->given.runs;
	char why[160];

	for (size_t i = 0; i < js_length(runs); i++) {
		const struct json *run = js_at(runs, i);
		enum outcome outcome = SKIP;
		struct input in;

		switch (input_read(&t->given, run,
				   t->dialects[0] == CBPF_SECCOMP, &in, why,
				   sizeof(why))) {
		case READ:
			outcome = judge_run(c, t, run, &in, i);
			break;
		case READ_SKIP:
			reasons_add(&c->file.reasons, why, 1);
			break;
		case READ_TROUBLE:
			say_malformed(c, t->given.name, why);
			break;
		}
		c->file.runs[outcome]++;
		input_free(&in);
	}
}

/* ---- a case ------------------------------------------------------------- */

static void skip_case(struct conform *c, const char *why)
{
	c->file.skipped++;
	reasons_add(&c->file.reasons, why, 1);
}

/* What a case came to: it differs, or agrees, or nothing was judged. */
static void note_case(struct conform *c, const struct vector *v,
		      const struct tally *before)
{
	const struct tally *now = &c->file;
	uint64_t agree = now->loads[AGREE] + now->runs[AGREE] -
			 before->loads[AGREE] - before->runs[AGREE];
	uint64_t differ = now->loads[DIFFER] + now->runs[DIFFER] -
			  before->loads[DIFFER] - before->runs[DIFFER];

	if (c->table && v->dialect &&
	    !table_note(c->table, v->dialect, v->rule, c->engine->name,
			agree > 0, differ > 0)) {
		c->has_trouble = true;
		say_trouble("out of memory");
	}
}

static void judge_trial(struct conform *c, struct trial *t)
{
	char why[160];

	if (!pick_dialects(c, t, why, sizeof(why))) {
		skip_case(c, why);
		return;
	}
	c->file.loads[judge_load(c, t)]++;
	/* what was to be refused is not run */
	if (strcmp(t->given.load, "reject") != 0)
		judge_runs(c, t);
	for (size_t i = 0; i < t->n_dialects; i++)
		cbpf_judge_free(t->judges[i]);
}

static void judge_case(struct conform *c, const struct json *line)
{
	const struct tally before = c->file;
	struct trial t = { 0 };
	char why[160];

	c->file.cases += js_is_object(line);
	switch (vector_read(line, &t.given, why, sizeof(why))) {
	case READ:
		judge_trial(c, &t);
		break;
	case READ_SKIP:
		skip_case(c, why);
		break;
	case READ_TROUBLE:
		say_malformed(c, t.given.name, why);
		break;
	}
	note_case(c, &t.given, &before);
	vector_free(&t.given);
}

/* ---- files -------------------------------------------------------------- */

static void print_tally(const struct conform *c, const char *name,
			const struct tally *t)
{
	if (c->engines.n > 1)
		printf("%s: ", c->engine->name);
	printf("%s: %llu cases, %llu skipped; loads: %llu agree, %llu differ, "
	       "%llu skipped; runs: %llu agree, %llu differ, %llu skipped\n",
	       name, (unsigned long long)t->cases,
	       (unsigned long long)t->skipped,
	       (unsigned long long)t->loads[AGREE],
	       (unsigned long long)t->loads[DIFFER],
	       (unsigned long long)t->loads[SKIP],
	       (unsigned long long)t->runs[AGREE],
	       (unsigned long long)t->runs[DIFFER],
	       (unsigned long long)t->runs[SKIP]);
	for (int d = 0; d < CBPF_DIALECTS; d++)
		if (t->bsd[d])
			printf("  bsd: %llu runs have the answer of %s\n",
			       (unsigned long long)t->bsd[d],
			       cbpf_dialect_name((enum cbpf_dialect)d));
	reasons_print(&t->reasons, "  ");
}

static void set_counts(struct json *object, const char *key,
		       const uint64_t n[OUTCOMES])
{
	struct json *entry = js_set_object(object, key);

	js_set_int(entry, "agree", n[AGREE]);
	js_set_int(entry, "differ", n[DIFFER]);
	js_set_int(entry, "skipped", n[SKIP]);
}

static void fill_tally(struct json *line, const struct tally *t)
{
	struct json *reasons, *bsd;

	js_set_int(line, "cases", t->cases);
	js_set_int(line, "skipped", t->skipped);
	set_counts(line, "loads", t->loads);
	set_counts(line, "runs", t->runs);
	bsd = js_set_object(line, "bsd");
	for (int d = 0; d < CBPF_DIALECTS; d++)
		if (t->bsd[d])
			js_set_int(bsd, cbpf_dialect_name((enum cbpf_dialect)d),
				   t->bsd[d]);
	reasons = js_set_object(line, "reasons");
	for (int i = 0; i < REASONS_MAX && t->reasons.list[i].n; i++)
		js_set_int(reasons, t->reasons.list[i].text,
			   t->reasons.list[i].n);
}

static void judge_file(struct conform *c, const char *path)
{
	struct js_file file = { 0 };
	struct json *line = NULL, *value;
	char error[256];
	size_t size;
	char *text = read_whole(path, &size);

	if (!text) {
		c->has_trouble = true;
		return;
	}
	if (!js_open(&file, text, size)) {
		c->has_trouble = true;
		say_trouble("%s: out of memory", path);
		free(text);
		return;
	}
	c->path = path;
	c->shown = 0;
	memset(&c->file, 0, sizeof(c->file));
	if (c->is_json) {
		line = js_new();
		js_set_text(line, "file", path);
		js_set_text(line, "engine", c->engine->name);
		c->differences = js_set_array(line, "differences");
	}
	while ((value = js_next(&file, error)) || error[0]) {
		if (value) {
			judge_case(c, value);
			js_free(value);
		} else {
			c->has_trouble = true;
			say_trouble("%s: %s", path, error);
		}
	}
	js_close(&file);
	free(text);
	if (c->file.cases == 0) {
		c->has_trouble = true;
		say_trouble("%s: there is no case to judge", path);
	}
	if (c->is_json) {
		fill_tally(line, &c->file);
		js_print(line, stdout);
	} else {
		if (c->shown > SHOWN_MAX)
			printf("  and %llu more differences\n",
			       (unsigned long long)(c->shown - SHOWN_MAX));
		print_tally(c, path, &c->file);
	}
	add_tally(&c->total, &c->file);
}

static void print_help(void)
{
	fputs("usage: cbpf conform [OPTIONS] VECTORS...\n\n"
	      "Judges engines, or another machine, by test vectors, one JSON "
	      "object a line (see\ncbpf(5)). Exit status 0 they agree, 1 one "
	      "differs, 2 trouble.\n\n",
	      stdout);
	engines_print_help("default interp");
	fputs("  -d, --dialect NAME     cases of this dialect only\n"
	      "      --table            at last, rules by engines: ok, DIFFERS, "
	      "or . where\n"
	      "                         nothing was judged\n"
	      "  -q, --quiet            not which BSD gave an answer\n"
	      "      --json             one object a file, and one of totals\n\n",
	      stdout);
	engines_print_names();
}

/* One engine over all files. */
static void judge_files(struct conform *c, char **paths, size_t n)
{
	memset(&c->total, 0, sizeof(c->total));
	for (size_t i = 0; i < n; i++)
		judge_file(c, paths[i]);
	if (c->is_json) {
		struct json *line = js_new();

		js_set_text(line, "engine", c->engine->name);
		fill_tally(js_set_object(line, "totals"), &c->total);
		js_print(line, stdout);
	} else if (n > 1) {
		print_tally(c, "all", &c->total);
	}
	c->differs |= c->total.loads[DIFFER] || c->total.runs[DIFFER];
	if (!c->total.loads[AGREE] && !c->total.loads[DIFFER] &&
	    !c->engines.wants_all && !c->has_trouble) {
		say_trouble("%s: nothing was judged", c->engine->name);
		c->has_trouble = true;
	}
}

static int judge_all(struct conform *c, char **paths, size_t n)
{
	size_t n_stdin = 0;

	if (!js_is_built())
		return js_refuse();
	for (size_t i = 0; c->engines.wants_all && engine_rows()[i]; i++)
		engines_add(&c->engines, engine_rows()[i]);
	if (!c->engines.n)
		engines_add(&c->engines, &cbpf_engine_interp);
	for (size_t i = 0; i < n; i++)
		n_stdin += strcmp(paths[i], "-") == 0;
	if (n_stdin > 1 || (n_stdin && c->engines.n > 1))
		return say_usage("conform", "- can be read once only");
	for (size_t e = 0; e < c->engines.n; e++) {
		c->engine = c->engines.list[e];
		if (engine_can_run(c->engine))
			judge_files(c, paths, n);
		else if (!c->engines.wants_all)
			c->has_trouble = true;
	}
	if (c->table)
		table_print(c->table, stdout);
	if (c->has_trouble)
		return EXIT_TROUBLE;
	return c->differs ? EXIT_NO : EXIT_YES;
}

int cmd_conform(int argc, char **argv)
{
	static const struct option options[] = {
		ENGINE_OPTIONS,
		{ "dialect", required_argument, NULL, 'd' },
		{ "table", no_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct conform c = { .only = CBPF_DIALECTS };
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "E:d:qh", options, NULL)) !=
		       -1) {
		switch (option) {
		case 'd':
			c.only = cbpf_dialect_find(optarg);
			if (c.only == CBPF_DIALECTS)
				status = say_usage("conform",
						   "there is no dialect %s",
						   optarg);
			break;
		case 't':
			c.table = c.table ? c.table : table_new();
			break;
		case 'q':
			c.is_quiet = true;
			break;
		case 'j':
			c.is_json = true;
			break;
		case 'h':
			print_help();
			return EXIT_YES;
		case '?':
			return say_option("conform", argv);
		default:
			status = engines_option("conform", &c.engines, option,
						optarg);
			break;
		}
	}
	if (status == EXIT_YES && optind == argc)
		status = say_usage("conform", "vectors are missing");
	if (status == EXIT_YES && c.table && c.is_json)
		status = say_usage("conform", "--table and --json are two "
					      "forms of one report");
	if (status == EXIT_YES)
		status = judge_all(&c, argv + optind, (size_t)(argc - optind));
	table_free(c.table);
	engines_free(&c.engines);
	return status;
}
