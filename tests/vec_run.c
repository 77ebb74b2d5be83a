/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs test vectors (*.t, see tests/FORMAT.md): every vector on interp, and on
 * every other engine beside its twin.
 *
 *	vec-run [--require ENGINES] FILE.t...
 *
 * A vector says what interp returns under each dialect. An oracle has a view
 * of its own, so it is judged against its twin there; where the view is the
 * packet as given, that is the same as the vector's own answer.
 */
#include <ctype.h>
#include <stdlib.h>

#include "oracles.h"

#define FIELDS_MAX 4096

struct vector {
	const char *path;
	char dialects[128]; /* of sections that name none */
	char excluded[64];  /* engines, with commas */
	bool udp_body;	    /* the first 8 bytes stand for a UDP header */
	bool is_dgram, is_outgoing; /* of linux-packet */
	struct cbpf_code code;
	bool has_code;
	const char *asm_text, *asm_end; /* the asm section's body */
};

static bool can_run[N_ORACLES];
static char named_packets[65536]; /* "@name hex\n"... */

static bool is_same_code(const struct cbpf_code *a, const struct cbpf_code *b)
{
	return a->n == b->n &&
	       (a->n == 0 ||
		memcmp(a->insns, b->insns, a->n * sizeof(*a->insns)) == 0);
}

static bool fail(const struct vector *v, unsigned line, const char *format,
		 const char *detail)
{
	printf("# %s:%u: ", v->path, line);
	printf(format, detail);
	putchar('\n');
	return false;
}

/* ---- packets ------------------------------------------------------------ */

static size_t from_hex(const char *text, const char *end, uint8_t *out,
		       size_t cap)
{
	size_t n = 0;

	while (text < end && n < cap) {
		char digits[3] = { 0 };

		if (isspace((unsigned char)*text)) {
			text++;
			continue;
		}
		if (end - text < 2 || !isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]))
			return SIZE_MAX;
		memcpy(digits, text, 2);
		out[n++] = (uint8_t)strtoul(digits, NULL, 16);
		text += 2;
	}
	return n;
}

/* The packet called name, of len characters; SIZE_MAX where there is none. */
static size_t find_named(const char *name, size_t len, uint8_t *out, size_t cap)
{
	const char *p = named_packets;

	while (p && *p) {
		const char *end = strchr(p, '\n');

		if (strncmp(p, name, len) == 0 && p[len] == ' ')
			return from_hex(p + len, end, out, cap);
		p = end ? end + 1 : NULL;
	}
	return SIZE_MAX;
}

/*
 * "PACKET [cut=N] [len=N] [ctx fields]": hex, @name, `empty`, or `N*HH`, a
 * byte repeated. The context's fields are those of struct cbpf_ctx.
 */
static bool read_packet(const char *text, const char *end, uint8_t *data,
			size_t cap, struct cbpf_packet *packet,
			struct cbpf_ctx *ctx)
{
	const char *options = text;
	size_t n;
	unsigned count, byte;

	memset(ctx, 0, sizeof(*ctx));
	while (options < end && *options != '=')
		options++;
	if (options < end) /* back to the start of the key */
		while (options > text && !isspace((unsigned char)options[-1]))
			options--;
	if (*text == '@') {
		size_t len = strcspn(++text, " \t");

		n = find_named(text, len, data, cap);
	} else if (strncmp(text, "empty", 5) == 0) {
		n = 0;
	} else if (sscanf(text, "%u*%x", &count, &byte) == 2) {
		if (count > cap)
			return false;
		n = count;
		memset(data, (int)byte, n);
	} else {
		n = from_hex(text, options, data, cap);
	}
	if (n == SIZE_MAX)
		return false;
	packet->data = data;
	packet->caplen = packet->wirelen = (uint32_t)n;
	packet->ctx = NULL;
	while (options < end) {
		char key[24];
		long long value;
		int used;

		if (sscanf(options, " %23[a-z_]=%lli%n", key, &value, &used) !=
		    2)
			break;
		options += used;
		if (strcmp(key, "cut") == 0) {
			if (value < 0 || (size_t)value > n)
				return false;
			packet->caplen = (uint32_t)value;
			continue;
		}
		if (strcmp(key, "len") == 0) {
			packet->wirelen = (uint32_t)value;
			continue;
		}
		packet->ctx = ctx;
#define FIELD(name, field)                                  \
	if (strcmp(key, name) == 0) {                       \
		ctx->field = (__typeof__(ctx->field))value; \
		continue;                                   \
	}
		FIELD("headroom", headroom)
		FIELD("has_link", has_link)
		FIELD("has_device", has_device)
		FIELD("paged", is_paged)
		FIELD("vlan_avail", has_vlan)
		FIELD("link_off", link_off)
		FIELD("net_off", net_off)
		FIELD("ifidx", ifindex)
		FIELD("mark", mark)
		FIELD("rxhash", rxhash)
		FIELD("cpu", cpu)
		FIELD("hatype", hatype)
		FIELD("proto", proto)
		FIELD("queue", queue)
		FIELD("vlan_tci", vlan_tci)
		FIELD("vlan_tpid", vlan_tpid)
		FIELD("type", pkt_type)
		FIELD("order", order)
		FIELD("seed", seed)
#undef FIELD
		return false;
	}
	/* the headroom is taken from the front of what was written */
	packet->data += ctx->headroom;
	packet->caplen -= ctx->headroom;
	packet->wirelen -= ctx->headroom;
	while (options < end && isspace((unsigned char)*options))
		options++;
	return options == end;
}

/* ---- expectations ------------------------------------------------------- */

static void result_text(const struct cbpf_result *r, char *buf, size_t size)
{
	if (r->end == CBPF_RETURNED)
		snprintf(buf, size, "%u", r->value);
	else if (r->end == CBPF_NO_DEVICE)
		snprintf(buf, size, "no-device %u", r->value);
	else
		snprintf(buf, size, "%s %s", cbpf_end_name(r->end),
			 cbpf_err_name(r->why));
}

static bool meets(const char *want, const struct cbpf_result *r)
{
	char got[64];
	char *end;
	unsigned long long number;

	result_text(r, got, sizeof(got));
	number = strtoull(want, &end, 0);
	if (end != want && *end == '\0')
		return number <= UINT32_MAX && r->end == CBPF_RETURNED &&
		       (uint32_t)number == r->value;
	/* `aborted` alone will do, and so does the reason after it */
	return strcmp(want, got) == 0 ||
	       (strncmp(got, want, strlen(want)) == 0 &&
		got[strlen(want)] == ' ');
}

/* ---- a section under one dialect ---------------------------------------- */

static bool next_line(const char **p, const char *end, char *line, size_t size)
{
	while (*p < end) {
		size_t len = strcspn(*p, "\n");
		size_t keep = len < size - 1 ? len : size - 1;
		char *comment;

		memcpy(line, *p, keep);
		line[keep] = '\0';
		*p += len + (*p + len < end);
		comment = strchr(line, '#');
		if (comment)
			*comment = '\0';
		while (*line && isspace((unsigned char)line[strlen(line) - 1]))
			line[strlen(line) - 1] = '\0';
		if (line[strspn(line, " \t")])
			return true;
	}
	return false;
}

/* Native code for one packet, for 8 and for 16 at once, and without passes, which
 * leave less for it to do. */
static const struct {
	uint32_t lanes;
	bool is_quick;
} kinds[] = { { 0, false }, { 8, false }, { 16, false }, { 0, true } };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct quick {
	struct cbpf_jit *jits[KINDS];
	struct cbpf_threaded *threaded;
};

/* One packet, by itself and as each of a group. */
static bool run_quick(const struct vector *v, unsigned at,
		      const struct quick *quick,
		      const struct cbpf_packet *packet, uint32_t want)
{
	struct cbpf_jit *const *jits = quick->jits;
	struct cbpf_packet packets[16];
	uint32_t verdicts[16];
	bool is_ok = true;

	if (cbpf_threaded_run(quick->threaded, packet) != want)
		is_ok = fail(v, at, "%s", "threaded code differs");
	for (unsigned k = 0; k < 16; k++)
		packets[k] = *packet;
	for (size_t i = 0; i < KINDS; i++) {
		uint32_t one = cbpf_jit_run(jits[i], packet);
		char got[64];

		cbpf_jit_run_batch(jits[i], packets, 16, verdicts);
		for (unsigned k = 0; k < 16; k++) {
			if (one == want && verdicts[k] == want)
				continue;
			snprintf(got, sizeof(got), "%u, for %u at once %u", one,
				 cbpf_jit_lanes(jits[i]), verdicts[k]);
			is_ok = fail(v, at, "native code gives %s", got);
		}
	}
	return is_ok;
}

/* One line "PACKET => WANT", on interp, native code and the dialect's oracles. */
static bool run_line(const struct vector *v, unsigned at, char *line,
		     const struct cbpf_prog *prog, const struct quick *quick,
		     struct cbpf_judge **judges)
{
	static uint8_t data[1 << 18];
	char *arrow = strstr(line, "=>");
	const char *want;
	struct cbpf_packet packet;
	struct cbpf_ctx ctx;
	struct cbpf_result result;
	char got[64];
	bool is_ok = true;

	if (!arrow || !read_packet(line + strspn(line, " \t"), arrow, data,
				   sizeof(data), &packet, &ctx))
		return fail(v, at, "not a run: %s", line);
	want = arrow + 2 + strspn(arrow + 2, " \t");
	cbpf_run(prog, &packet, &result);
	if (!meets(want, &result)) {
		result_text(&result, got, sizeof(got));
		is_ok = fail(v, at, "interp gives %s", got);
	}
	is_ok &= run_quick(v, at, quick, &packet, result.value);
	for (size_t i = 0; i < N_ORACLES; i++) {
		struct cbpf_judged judged;

		if (!judges[i])
			continue;
		if (cbpf_judge_run(judges[i], &packet, &judged) != CBPF_OK)
			is_ok = fail(v, at, "%s failed", oracles[i]->name);
		else if (judged.is_run && !judged.agrees)
			is_ok = fail(v, at, "%s differs from its twin",
				     oracles[i]->name);
	}
	return is_ok;
}

static bool run_section(const struct vector *v, unsigned at, const char *p,
			const char *end, enum cbpf_dialect dialect)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_engine_opts exact = { .size = sizeof(exact),
					  .is_exact = true,
					  .udp_body = v->udp_body,
					  .is_dgram = v->is_dgram,
					  .is_outgoing = v->is_outgoing };
	struct cbpf_judge *judges[N_ORACLES] = { NULL };
	struct cbpf_prog *prog;
	struct quick quick = { { NULL }, NULL };
	struct cbpf_diag diag;
	char line[FIELDS_MAX], sentence[256];
	bool is_ok = true, is_run = false;

	if (cbpf_prog_new(v->code.insns, v->code.n, &opts, &prog, &diag)) {
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		return fail(v, at, "refused: %s", sentence);
	}
	for (size_t i = 0; i < N_ORACLES; i++) {
		enum cbpf_err err;

		if (!can_run[i] || oracles[i]->dialect != dialect ||
		    tap_lists(v->excluded, oracles[i]->name))
			continue;
		if (cbpf_judge_new(oracles[i], dialect, &exact, &judges[i]))
			return fail(v, at, "%s", "out of memory");
		err = cbpf_judge_load(judges[i], v->code.insns, v->code.n,
				      &diag);
		if (err == CBPF_OK)
			continue;
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		is_ok = fail(v, at, "an engine refuses: %s", sentence);
		cbpf_judge_free(judges[i]);
		judges[i] = NULL;
	}
	if (cbpf_threaded_new(prog, NULL, &quick.threaded, NULL) != CBPF_OK)
		return fail(v, at, "%s", "out of memory");
	/* where there is no code for this machine, tests/native.c says so */
	for (size_t i = 0; i < KINDS; i++) {
		struct cbpf_jit_opts how = { .size = sizeof(how),
					     .lanes = kinds[i].lanes,
					     .is_quick = kinds[i].is_quick };

		if (cbpf_jit_new(prog, &how, &quick.jits[i], NULL) != CBPF_OK)
			return fail(v, at, "%s", "out of memory");
	}
	while (next_line(&p, end, line, sizeof(line))) {
		is_ok &= run_line(v, at, line, prog, &quick, judges);
		is_run = true;
	}
	if (!is_run)
		is_ok = fail(v, at, "%s", "nothing is run");
	for (size_t i = 0; i < KINDS; i++)
		cbpf_jit_free(quick.jits[i]);
	cbpf_threaded_free(quick.threaded);
	for (size_t i = 0; i < N_ORACLES; i++)
		cbpf_judge_free(judges[i]);
	cbpf_prog_free(prog);
	return is_ok;
}

/* Lines "RULE [pc=N]": the verifier's complaints; oracles must refuse too. */
static bool reject_section(const struct vector *v, unsigned at, const char *p,
			   const char *end, enum cbpf_dialect dialect)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = dialect };
	struct cbpf_diag diags[16];
	struct cbpf_report report = CBPF_REPORT(diags);
	char line[FIELDS_MAX], rule[32];
	bool is_ok = true;
	size_t i = 0;

	cbpf_check(v->code.insns, v->code.n, &opts, &report);
	while (next_line(&p, end, line, sizeof(line))) {
		unsigned pc = CBPF_NO_PC;

		if (sscanf(line, "%31s pc=%u", rule, &pc) < 1)
			return fail(v, at, "not a rule: %s", line);
		if (i >= report.n || i >= 16 ||
		    strcmp(cbpf_err_name(diags[i].code), rule) != 0 ||
		    diags[i].pc != pc)
			is_ok = fail(v, at, "not complained of: %s", line);
		i++;
	}
	if (i != report.n)
		is_ok = fail(v, at, "%s", "other complaints than those listed");
	for (i = 0; i < N_ORACLES; i++) {
		struct cbpf_judge *judge;
		enum cbpf_err err;

		if (!can_run[i] || oracles[i]->dialect != dialect)
			continue;
		if (cbpf_judge_new(oracles[i], dialect, NULL, &judge))
			return fail(v, at, "%s", "out of memory");
		err = cbpf_judge_load(judge, v->code.insns, v->code.n, NULL);
		if (err == CBPF_OK || err == CBPF_E_DIFFERS)
			is_ok = fail(v, at, "%s takes it", oracles[i]->name);
		cbpf_judge_free(judge);
	}
	return is_ok;
}

/* The text of a form, byte for byte, and back. */
static bool text_section(const struct vector *v, unsigned at, const char *p,
			 const char *end, enum cbpf_format format)
{
	struct cbpf_code back;
	char *text;
	size_t size;
	bool is_ok;

	if (cbpf_text_write(format, v->code.insns, v->code.n, NULL, &text,
			    &size))
		return fail(v, at, "%s", "out of memory");
	is_ok = size == (size_t)(end - p) && memcmp(text, p, size) == 0;
	if (!is_ok)
		fail(v, at, "written as:\n%s", text);
	if (is_ok && (cbpf_text_read(format, text, size, NULL, &back, NULL) ||
		      !is_same_code(&back, &v->code)))
		is_ok = fail(v, at, "%s", "read back, it is another program");
	if (is_ok)
		cbpf_code_free(&back);
	cbpf_text_free(text, size, NULL);
	return is_ok;
}

/* ---- texts, a line each ------------------------------------------------- */

/* \\n, \\t, \\r and \\xHH in a text of one line; returns the length. */
static size_t unescape(char *text)
{
	static const char codes[] = "ntr", values[] = "\n\t\r";
	char *to = text;

	for (const char *p = text; *p; p++) {
		const char *code =
			*p == '\\' && p[1] ? strchr(codes, p[1]) : NULL;

		if (*p == '\\' && p[1] == 'x' &&
		    from_hex(p + 2, p + 4, (uint8_t *)to, 1) == 1) {
			to++;
			p += 3;
			continue;
		}
		*to = *p;
		if (code) {
			*to = values[code - codes];
			p++;
		}
		to++;
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* TEXT: a form of the program. */
static bool reads_line(struct vector *v, unsigned at, char *line,
		       enum cbpf_format format)
{
	struct cbpf_diag diag = { .code = CBPF_OK };
	struct cbpf_report report = { &diag, 1, 0, 0 };
	struct cbpf_code code;
	char sentence[256];
	bool is_same;

	if (cbpf_text_read(format, line, unescape(line), NULL, &code,
			   &report) != CBPF_OK) {
		cbpf_diag_format(&diag, sentence, sizeof(sentence));
		return fail(v, at, "%s", sentence);
	}
	is_same = is_same_code(&code, &v->code);
	cbpf_code_free(&code);
	return is_same || fail(v, at, "%s", "it is another program");
}

/* TEXT => ERROR [LINE:COLUMN]: what must not be read, and why. */
static bool refuses_line(struct vector *v, unsigned at, char *line,
			 enum cbpf_format format)
{
	struct cbpf_diag diag = { .code = CBPF_OK };
	struct cbpf_report report = { &diag, 1, 0, 0 };
	struct cbpf_code code;
	char *arrow = strstr(line, " => "), want[64], got[64];

	if (!arrow)
		return fail(v, at, "%s", "there is no =>");
	snprintf(want, sizeof(want), "%s", arrow + 4);
	while (arrow > line && arrow[-1] == ' ')
		arrow--;
	*arrow = '\0';
	if (cbpf_text_read(format, line, unescape(line), NULL, &code,
			   &report) == CBPF_OK) {
		cbpf_code_free(&code);
		return fail(v, at, "%s", "it is read");
	}
	snprintf(got, sizeof(got), strchr(want, ' ') ? "%s %u:%u" : "%s",
		 cbpf_err_name(diag.code), diag.line, diag.column);
	return strcmp(got, want) == 0 || fail(v, at, "refused with %s", got);
}

static bool lines_section(struct vector *v, unsigned at, const char *p,
			  const char *end, enum cbpf_format format,
			  bool is_refused)
{
	bool is_ok = true;
	char line[1024];

	for (; p < end; p += strcspn(p, "\n") + 1) {
		size_t len = strcspn(p, "\n");

		at++;
		if (len == 0 || strncmp(p, "# ", 2) == 0)
			continue;
		if (len >= sizeof(line))
			return fail(v, at, "%s", "the line is too long");
		memcpy(line, p, len);
		line[len] = '\0';
		is_ok &= is_refused ? refuses_line(v, at, line, format)
				    : reads_line(v, at, line, format);
	}
	return is_ok;
}

/* ---- a file ------------------------------------------------------------- */

static bool load_asm(struct vector *v, unsigned at, const char *p,
		     const char *end, enum cbpf_format format)
{
	struct cbpf_diag diag;
	struct cbpf_report report = { &diag, 1, 0, 0 };
	char sentence[256];

	cbpf_code_free(&v->code);
	v->has_code = true;
	if (end == p) /* FreeBSD takes no instruction at all */
		return true;
	if (cbpf_text_read(format, p, (size_t)(end - p), NULL, &v->code,
			   &report) == CBPF_OK)
		return true;
	cbpf_diag_format(&diag, sentence, sizeof(sentence));
	return fail(v, at + diag.line, "%s", sentence);
}

static bool do_section(struct vector *v, unsigned at, const char *title,
		       const char *p, const char *end)
{
	char line[192], kind[32] = "", dialects[128] = "";
	const char *list = dialects;
	enum cbpf_format format;
	bool is_ok = true;

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(title, "\n"), title);
	sscanf(line, "-- %31s %127[^\n]", kind, dialects);
	if (strcmp(kind, "asm") == 0) {
		v->asm_text = p;
		v->asm_end = end;
		return load_asm(v, at, p, end, CBPF_FORMAT_ASM);
	}
	/* without a body: as the program was written above */
	if (strcmp(kind, "written") == 0)
		return text_section(v, at, p == end ? v->asm_text : p,
				    p == end ? v->asm_end : end,
				    CBPF_FORMAT_ASM);
	if (strcmp(kind, "code") == 0) {
		struct cbpf_code own = v->code;
		bool is_same;

		memset(&v->code, 0, sizeof(v->code));
		if (!load_asm(v, at, p, end, CBPF_FORMAT_DD))
			return false;
		is_same = is_same_code(&own, &v->code);
		cbpf_code_free(&own);
		return is_same || fail(v, at, "%s", "assembled otherwise");
	}
	if (strcmp(kind, "reads") == 0 || strcmp(kind, "refuses") == 0) {
		format = cbpf_format_find(dialects);
		if (format == CBPF_FORMATS)
			return fail(v, at, "no form %s", dialects);
		return lines_section(v, at, p, end, format,
				     strcmp(kind, "refuses") == 0);
	}
	format = cbpf_format_find(kind);
	if (format != CBPF_FORMATS)
		return text_section(v, at, p, end, format);
	if (strcmp(kind, "run") != 0 && strcmp(kind, "reject") != 0)
		return fail(v, at, "no section %s", kind);
	if (!dialects[0])
		list = v->dialects;
	if (!list[strspn(list, " \t")])
		return fail(v, at, "%s", "of no dialect");
	while (*list) {
		char name[32];
		int len;
		enum cbpf_dialect dialect;

		if (sscanf(list, " %31s%n", name, &len) != 1)
			break;
		list += len;
		dialect = cbpf_dialect_find(name);
		if (dialect == CBPF_DIALECTS)
			return fail(v, at, "no dialect %s", name);
		if (strcmp(kind, "run") == 0)
			is_ok &= run_section(v, at, p, end, dialect);
		else
			is_ok &= reject_section(v, at, p, end, dialect);
	}
	return is_ok;
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	long size;

	if (!file)
		return NULL;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

static bool run_file(const char *path)
{
	struct vector v = { .path = path };
	char *text = read_file(path);
	const char *p = text, *title = NULL, *body = NULL;
	unsigned line = 0, title_line = 0;
	bool is_ok = true;

	if (!text)
		return fail(&v, 0, "%s", "cannot be read");
	if (*p != '#')
		is_ok = fail(&v, 1, "%s", "does not say why it exists");
	for (;;) {
		size_t len = strcspn(p, "\n");
		bool is_title = strncmp(p, "-- ", 3) == 0;

		line++;
		if (is_title || *p == '\0') {
			if (title)
				is_ok &= do_section(&v, title_line, title, body,
						    p);
			title = p;
			title_line = line;
			body = p + len + (p[len] == '\n');
		} else if (!title) {
			sscanf(p, "dialect %127[^\n]", v.dialects);
			v.udp_body |= strncmp(p, "udp-body\n", 9) == 0;
			v.is_dgram |= strncmp(p, "dgram\n", 6) == 0;
			v.is_outgoing |= strncmp(p, "outgoing\n", 9) == 0;
			sscanf(p, "not %63[^ :\n]", v.excluded);
		}
		if (*p == '\0')
			break;
		p += len + (p[len] == '\n');
	}
	if (!v.has_code)
		is_ok = fail(&v, line, "%s", "has no program");
	cbpf_code_free(&v.code);
	free(text);
	return is_ok;
}

int main(int argc, char **argv)
{
	const char *required = "";
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--require") == 0) {
		required = argv[2];
		i = 3;
	}
	oracles_check_built(required);
	for (size_t k = 0; k < N_ORACLES; k++) {
		can_run[k] = oracle_can_run(oracles[k], required);
		if (can_run[k])
			tap_ok(true, "%s can run", oracles[k]->name);
	}
	if (i < argc && strstr(argv[i], "packets.txt")) {
		char *text = read_file(argv[i++]);

		snprintf(named_packets, sizeof(named_packets), "%s",
			 text ? text : "");
		free(text);
	}
	for (; i < argc; i++)
		tap_ok(run_file(argv[i]), "%s", argv[i]);
	return tap_done();
}
