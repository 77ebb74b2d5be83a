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

#include "cli.h"
#include "json.h"

#define FILL_MAX  (1 << 24) /* bytes of a packet that is not written out */
#define SHOWN_MAX 20	    /* differences told one by one, per file */

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

/* A case as it was read. */
struct vector {
	const char *name;
	struct cbpf_insn *insns;
	size_t n;
	enum cbpf_dialect dialects[CBPF_DIALECTS]; /* to judge under */
	size_t n_dialects;
	bool is_any; /* one answer is enough (bsd), else all must agree */
	enum cbpf_dialect loads_by; /* whose load is judged; DIALECTS: each */
	const char *load;
	bool is_big_endian;
	const struct json *skb;
	enum cbpf_hook hook; /* whose limits count; NONE: of no socket */
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

/* ---- reading a case ----------------------------------------------------- */

static int say_malformed(struct conform *c, const char *name, const char *what)
{
	c->has_trouble = true;
	return say_trouble("%s: case %s: %s", c->path, name, what);
}

static bool read_program(const struct json *prog, struct vector *v)
{
	v->n = js_length(prog);
	v->insns = malloc((v->n ? v->n : 1) * sizeof(*v->insns));
	if (!v->insns)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (!form_insn(js_at(prog, i), &v->insns[i]))
			return false;
	return true;
}

/* The dialects a case is judged under; false: it is skipped, *why says so. */
static bool read_dialect(const struct conform *c, const char *name,
			 struct vector *v, char *why, size_t size)
{
	static const enum cbpf_dialect bsd[] = { CBPF_FREEBSD, CBPF_NETBSD,
						 CBPF_OPENBSD };
	enum cbpf_dialect speaks = c->engine->dialect;

	v->loads_by = CBPF_DIALECTS;
	if (strcmp(name, "any") == 0) {
		v->loads_by = CBPF_LINUX;
		for (int d = 0; d < CBPF_DIALECTS; d++)
			v->dialects[v->n_dialects++] = (enum cbpf_dialect)d;
	} else if (strcmp(name, "bsd") == 0) {
		v->is_any = true;
		v->n_dialects = sizeof(bsd) / sizeof(bsd[0]);
		memcpy(v->dialects, bsd, sizeof(bsd));
	} else {
		v->dialects[v->n_dialects++] = cbpf_dialect_find(name);
		if (v->dialects[0] == CBPF_DIALECTS) {
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
	if (v->loads_by != CBPF_LINUX &&
	    !(v->n_dialects == 1 && v->dialects[0] == speaks)) {
		snprintf(why, size, "%s does not speak %s", c->engine->name,
			 name);
		return false;
	}
	v->dialects[0] = speaks;
	v->n_dialects = 1;
	return true;
}

/* A limit that one hook alone has; false: it is skipped, *why says so. */
static bool read_hook(const struct json *object, struct vector *v, char *why,
		      size_t size)
{
	const char *name = js_text(js_get(object, "hook"));

	if (!js_get(object, "hook"))
		return true;
	v->hook = name ? cbpf_hook_find(name) : CBPF_HOOKS;
	if (v->hook != CBPF_HOOKS)
		return true;
	snprintf(why, size, "hook %.40s is not known",
		 name ? name : "that is no text");
	return false;
}

/* ---- loading ------------------------------------------------------------ */

static void cannot_ask(struct conform *c, const struct vector *v,
		       const char *why)
{
	c->has_trouble = true;
	say_trouble("%s: case %s: %s cannot be asked: %s", c->path, v->name,
		    c->engine->name, why);
}

static bool takes_by_itself(struct conform *c, const struct vector *v, size_t i)
{
	void *handle = NULL;
	bool takes = c->engine->load(c->engine, NULL, v->dialects[i], v->insns,
				     v->n, &handle, NULL) == CBPF_OK;

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
static bool engine_takes(struct conform *c, struct vector *v, size_t i,
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
					 .dialect = v->dialects[i],
					 .hook = v->hook != CBPF_HOOK_NONE
							 ? v->hook
							 : CBPF_HOOK_TC };
	struct cbpf_diag diag = { .code = CBPF_E_NOMEM };
	enum cbpf_err err;

	*is_told = true;
	if (c->engine == &cbpf_engine_interp &&
	    cbpf_check(v->insns, v->n, &check, NULL) != CBPF_OK)
		return false;
	err = cbpf_judge_new(c->engine, v->dialects[i], &opts, &v->judges[i]);
	if (err == CBPF_OK)
		err = cbpf_judge_load(v->judges[i], v->insns, v->n, &diag);
	v->is_loaded[i] = err == CBPF_OK;
	switch (err) {
	case CBPF_E_DIFFERS: /* from its twin; its own answer is asked for */
		return takes_by_itself(c, v, i);
	case CBPF_E_OPTMEM:	 /* a socket's limit, not a rule */
	case CBPF_E_UNAVAILABLE: /* an outside machine passes */
		*is_told = err == CBPF_E_OPTMEM && v->hook == CBPF_HOOK_SOCKET;
		sentence_of(&diag, why, size);
		return false;
	case CBPF_E_SYSTEM:
	case CBPF_E_NOMEM:
		*is_told = false;
		sentence_of(&diag, why, size);
		cannot_ask(c, v, why);
		return false;
	default:
		/* what is no rule is a bug of ours, and no refusal */
		*is_told = err == CBPF_OK ||
			   (err >= CBPF_E_EMPTY && err <= CBPF_E_PATH);
		if (!*is_told) {
			sentence_of(&diag, why, size);
			cannot_ask(c, v, why);
		}
		return err == CBPF_OK;
	}
}

/* Judges loading, by each dialect or by the one that counts. */
static enum outcome judge_load(struct conform *c, struct vector *v)
{
	bool wants_ok = strcmp(v->load, "ok") == 0;
	bool agrees_once = false, agrees_always = true, was_told = false;
	char names[64] = "", why[160] = "";

	for (size_t i = 0; i < v->n_dialects; i++) {
		bool is_told;
		bool takes = engine_takes(c, v, i, &is_told, why, sizeof(why));
		bool counts = v->loads_by == CBPF_DIALECTS ||
			      v->loads_by == v->dialects[i];

		if (!is_told || !counts)
			continue;
		was_told = true;
		agrees_once |= takes == wants_ok;
		agrees_always &= takes == wants_ok;
		if (takes != wants_ok)
			snprintf(names + strlen(names),
				 sizeof(names) - strlen(names), " %s",
				 cbpf_dialect_name(v->dialects[i]));
	}
	if (!was_told && !*why)
		snprintf(why, sizeof(why),
			 "the case is loaded by the rules of %s, which %s does "
			 "not speak",
			 cbpf_dialect_name(v->loads_by), c->engine->name);
	if (!was_told) {
		reasons_add(&c->file.reasons, why, 1);
		return SKIP;
	}
	if (strcmp(v->load, "ok") != 0 && strcmp(v->load, "reject") != 0) {
		reasons_add(&c->file.reasons,
			    "the case does not say whether it loads", 1);
		return SKIP;
	}
	if (v->is_any ? agrees_once : agrees_always)
		return AGREE;
	snprintf(why, sizeof(why), "load: %s was wanted;%s did not", v->load,
		 names);
	tell_difference(c, v->name, why);
	return DIFFER;
}

/* ---- a run's packet ----------------------------------------------------- */

struct input {
	uint8_t *bytes;
	struct cbpf_packet packet;
	struct cbpf_ctx ctx;
	bool has_len;
	bool is_seccomp;
	bool is_udp_body; /* the first 8 bytes stand for a UDP header */
	char why[160];	  /* it is skipped, because */
};

static void put_word(uint8_t *p, uint32_t v, bool is_big)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * (is_big ? 3 - i : i));
}

static void put_long(uint8_t *p, uint64_t v, bool is_big)
{
	put_word(p + (is_big ? 4 : 0), (uint32_t)v, is_big);
	put_word(p + (is_big ? 0 : 4), (uint32_t)(v >> 32), is_big);
}

/* struct seccomp_data, include/uapi/linux/seccomp.h. */
static bool build_seccomp(const struct json *data, bool is_big,
			  struct input *in)
{
	const struct json *args = js_get(data, "args");
	int64_t nr = 0, arch = 0;
	uint64_t ip = 0, arg = 0;

	in->bytes = calloc(1, 64);
	if (!in->bytes || !js_int(js_get(data, "nr"), &nr) ||
	    !js_int(js_get(data, "arch"), &arch))
		return false;
	if (js_get(data, "ip") && !js_u64(js_get(data, "ip"), &ip))
		return false;
	put_word(in->bytes, (uint32_t)nr, is_big);
	put_word(in->bytes + 4, (uint32_t)arch, is_big);
	put_long(in->bytes + 8, ip, is_big);
	for (size_t i = 0; i < 6 && i < js_length(args); i++) {
		if (!js_u64(js_at(args, i), &arg))
			return false;
		put_long(in->bytes + 16 + 8 * i, arg, is_big);
	}
	in->is_seccomp = true;
	in->ctx.order = is_big ? CBPF_BIG : CBPF_LITTLE;
	in->packet.ctx = &in->ctx;
	in->packet.caplen = 64;
	return true;
}

/* A value of skb: a number, or "min(len,14)". */
static bool skb_value(const struct json *value, uint32_t len, int64_t *number)
{
	const char *text = js_text(value);
	unsigned most;
	int used = 0;

	if (!text)
		return js_int(value, number);
	if (sscanf(text, "min(len,%u)%n", &most, &used) != 1 || text[used])
		return false;
	*number = len < most ? len : most;
	return true;
}

static bool take_skb_field(void *ctx, const char *key, const struct json *value)
{
	struct input *in = ctx;
	int64_t number;

	if (!skb_value(value, in->packet.caplen, &number)) {
		snprintf(in->why, sizeof(in->why),
			 "the value of skb field %.60s is not understood", key);
		return false;
	}
	/* unknown keys are passed over */
	if (context_set(&in->ctx, key, number) != CONTEXT_RANGE)
		return true;
	snprintf(in->why, sizeof(in->why),
		 "the value of skb field %.60s does not fit it", key);
	return false;
}

/* [count, byte]: a packet of one byte again and again. */
static uint8_t *fill_bytes(const struct json *fill, size_t *size)
{
	int64_t count, byte;
	uint8_t *bytes;

	if (!js_int(js_at(fill, 0), &count) || !js_int(js_at(fill, 1), &byte) ||
	    count < 0 || count > FILL_MAX || byte < 0 || byte > UINT8_MAX)
		return NULL;
	*size = (size_t)count;
	bytes = malloc(*size + 1);
	if (bytes)
		memset(bytes, (int)byte, *size);
	return bytes;
}

/* False: malformed. in->why is set where the run is to be skipped. */
static bool read_input(const struct vector *v, const struct json *run,
		       struct input *in)
{
	const struct json *skb = js_get(run, "skb");
	const char *hex = js_text(js_get(run, "pkt"));
	int64_t len;
	size_t size;

	memset(in, 0, sizeof(*in));
	if (js_get(run, "seccomp")) {
		if (!build_seccomp(js_get(run, "seccomp"), v->is_big_endian,
				   in))
			return false;
	} else if (hex || js_get(run, "fill")) {
		in->bytes = hex ? parse_hex(hex, &size)
				: fill_bytes(js_get(run, "fill"), &size);
		if (!in->bytes || size > INT32_MAX)
			return false;
		in->packet.caplen = (uint32_t)size;
		if (v->is_big_endian || v->dialects[0] == CBPF_SECCOMP) {
			in->ctx.order =
				v->is_big_endian ? CBPF_BIG : CBPF_LITTLE;
			in->packet.ctx = &in->ctx;
		}
	} else {
		snprintf(in->why, sizeof(in->why), "the run has no packet");
		return true;
	}
	in->is_udp_body = js_int(js_get(run, "udp_body_bytes"), &len);
	in->packet.data = in->bytes;
	in->packet.wirelen = in->packet.caplen;
	if (js_int(js_get(run, "len"), &len)) {
		if (len < 0 || len > UINT32_MAX)
			return false;
		in->has_len = (uint32_t)len != in->packet.caplen;
		in->packet.wirelen = (uint32_t)len;
		if (len == 0 && in->packet.caplen)
			snprintf(
				in->why, sizeof(in->why),
				"a packet with bytes had a length on the wire");
	}
	if (v->skb || skb) {
		in->packet.ctx = &in->ctx;
		if (js_each(v->skb, take_skb_field, in))
			js_each(skb, take_skb_field, in);
	}
	if (!packet_take_headroom(&in->packet))
		snprintf(in->why, sizeof(in->why),
			 "the headroom is longer than the packet");
	return true;
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

static bool is_seccomp(const struct cbpf_engine *engine)
{
	return engine == &cbpf_engine_linux_seccomp;
}

/* Offsets 8 and 12 of struct seccomp_data. */
static bool reads_ip(const struct vector *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->insns[i].code == CBPF_LD_W &&
		    (v->insns[i].k == 8 || v->insns[i].k == 12))
			return true;
	return false;
}

/*
 * linux-packet has devices of its own: whether what it showed the program
 * made a difference to what the case's packet alone would give.
 */
static bool is_shown_otherwise(const struct vector *v, size_t i,
			       const struct input *in,
			       const struct cbpf_result *shown)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = v->dialects[i] };
	struct cbpf_result own;
	struct cbpf_prog *prog;

	if (cbpf_prog_new(v->insns, v->n, &opts, &prog, NULL) != CBPF_OK)
		return true;
	cbpf_run(prog, &in->packet, &own);
	cbpf_prog_free(prog);
	return own.end != shown->end || own.value != shown->value;
}

/* One run under one of the case's dialects. */
static enum outcome run_under(struct conform *c, const struct vector *v,
			      size_t i, const struct json *run,
			      const struct input *in, char *why, size_t size)
{
	struct cbpf_judged judged;

	if (in->is_seccomp != (v->dialects[i] == CBPF_SECCOMP) &&
	    !(v->dialects[i] == CBPF_SECCOMP && in->packet.caplen == 64)) {
		snprintf(why, size, "the packet is no struct seccomp_data");
		return SKIP;
	}
	/* `any` means the wire length; a case of its own means its machine */
	if (in->has_len && v->n_dialects > 1 &&
	    !cbpf_dialect_has_wirelen(v->dialects[i])) {
		snprintf(why, size, "%s has no wire length",
			 cbpf_dialect_name(v->dialects[i]));
		return SKIP;
	}
	if (is_seccomp(c->engine) && reads_ip(v)) {
		snprintf(why, size,
			 "the program reads the instruction pointer, and %s "
			 "has its own",
			 c->engine->name);
		return SKIP;
	}
	/* of seccomp it is the byte order alone, which the engine looks at */
	if (has_own_context(c->engine) && !is_seccomp(c->engine) &&
	    (in->packet.ctx ||
	     (in->has_len && c->engine->dialect != CBPF_LIBPCAP))) {
		snprintf(why, size, "%s cannot be given a context",
			 c->engine->name);
		return SKIP;
	}
	if (is_udp(c->engine) && !in->is_udp_body) {
		snprintf(why, size, "%s puts a UDP header before the packet",
			 c->engine->name);
		return SKIP;
	}
	if (cbpf_judge_run(v->judges[i], &in->packet, &judged) != CBPF_OK) {
		sentence_of(&judged.diag, why, size);
		cannot_ask(c, v, why);
		return SKIP;
	}
	if (!judged.is_run) {
		sentence_of(&judged.diag, why, size);
		return SKIP;
	}
	if (c->engine == &cbpf_engine_linux_packet &&
	    is_shown_otherwise(v, i, in, &judged.twin)) {
		snprintf(why, size, "%s shows the program a device's packet",
			 c->engine->name);
		return SKIP;
	}
	return compare(run, in, &judged.answer, why, size);
}

static enum outcome judge_run(struct conform *c, const struct vector *v,
			      const struct json *run, const struct input *in,
			      size_t index)
{
	uint64_t n[OUTCOMES] = { 0 };
	char names[64] = "", why[160] = "no dialect takes the program",
	     what[240];
	enum outcome outcome;

	if (in->why[0]) {
		reasons_add(&c->file.reasons, in->why, 1);
		return SKIP;
	}
	for (size_t i = 0; i < v->n_dialects; i++) {
		if (!v->is_loaded[i])
			continue;
		outcome = run_under(c, v, i, run, in, why, sizeof(why));
		n[outcome]++;
		if (v->is_any)
			c->file.bsd[v->dialects[i]] += outcome == AGREE;
		if (outcome == (v->is_any ? AGREE : DIFFER))
			snprintf(names + strlen(names),
				 sizeof(names) - strlen(names), " %s",
				 cbpf_dialect_name(v->dialects[i]));
	}
	if (!n[AGREE] && !n[DIFFER]) {
		reasons_add(&c->file.reasons, why, 1);
		return SKIP;
	}
	if (v->is_any ? n[AGREE] != 0 : n[DIFFER] == 0) {
		if (v->is_any && n[DIFFER] && !c->is_quiet && !c->is_json)
			printf("  %s: run %zu: the answer of%s\n", v->name,
			       index + 1, names);
		return AGREE;
	}
	snprintf(what, sizeof(what), "run %zu gives another answer under%s",
		 index + 1, v->is_any ? " all of them" : names);
	tell_difference(c, v->name, what);
	return DIFFER;
}

static void judge_runs(struct conform *c, struct vector *v,
		       const struct json *runs)
{
	for (size_t i = 0; i < js_length(runs); i++) {
		struct input in;
		enum outcome outcome = SKIP;

		if (read_input(v, js_at(runs, i), &in))
			outcome = judge_run(c, v, js_at(runs, i), &in, i);
		else
			say_malformed(c, v->name,
				      "a run's packet cannot be read");
		c->file.runs[outcome]++;
		free(in.bytes);
	}
}

/* ---- a case ------------------------------------------------------------- */

static void skip_case(struct conform *c, const char *why)
{
	c->file.skipped++;
	reasons_add(&c->file.reasons, why, 1);
}

/* What a case came to: it differs, or agrees, or nothing was judged. */
static void note_case(struct conform *c, const struct json *object,
		      const struct tally *before)
{
	const struct tally *now = &c->file;
	const char *rule = js_text(js_get(object, "rule"));
	const char *dialect = js_text(js_get(object, "dialect"));
	uint64_t agree = now->loads[AGREE] + now->runs[AGREE] -
			 before->loads[AGREE] - before->runs[AGREE];
	uint64_t differ = now->loads[DIFFER] + now->runs[DIFFER] -
			  before->loads[DIFFER] - before->runs[DIFFER];

	if (!rule)
		rule = js_text(js_get(object, "name"));
	if (c->table && rule && dialect &&
	    !table_note(c->table, dialect, rule, c->engine->name, agree > 0,
			differ > 0)) {
		c->has_trouble = true;
		say_trouble("out of memory");
	}
}

static void judge_case(struct conform *c, const struct json *object)
{
	const struct json *prog = js_get(object, "prog");
	const char *dialect = js_text(js_get(object, "dialect"));
	struct vector v = { 0 };
	char why[160];

	if (!js_is_object(object)) {
		say_malformed(c, "without a name", "the line is no object");
		return;
	}
	c->file.cases++;
	v.name = js_text(js_get(object, "name"));
	v.load = js_text(js_get(object, "load"));
	if (!v.name)
		v.name = "without a name";
	if (!v.load)
		v.load = "unknown";
	if (!js_is_array(prog)) {
		skip_case(c, "the line has no program");
		return;
	}
	if (!dialect) {
		skip_case(c, "the line has no dialect");
		return;
	}
	v.skb = js_get(object, "skb");
	v.is_big_endian = js_is_true(js_get(object, "big_endian"));
	if (!read_program(prog, &v))
		say_malformed(c, v.name,
			      "prog is not a list of [code, jt, jf, "
			      "k] in range");
	else if (!read_dialect(c, dialect, &v, why, sizeof(why)) ||
		 !read_hook(object, &v, why, sizeof(why)))
		skip_case(c, why);
	else {
		c->file.loads[judge_load(c, &v)]++;
		/* what was to be refused is not run */
		if (strcmp(v.load, "reject") != 0)
			judge_runs(c, &v, js_get(object, "runs"));
	}
	for (size_t i = 0; i < v.n_dialects; i++)
		cbpf_judge_free(v.judges[i]);
	free(v.insns);
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
			struct tally before = c->file;

			judge_case(c, value);
			note_case(c, value, &before);
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
