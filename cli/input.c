/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and packets from the command line.
 */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

#define ERRORS_SHOWN 20
#define FILE_MAX     ((size_t)1 << 30) /* of programs and vectors, bytes */

char *read_whole(const char *path, size_t *size)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t cap = 65536, len = 0;
	char *text;

	if (!file) {
		say_trouble("%s: %s", path, strerror(errno));
		return NULL;
	}
	text = malloc(cap);
	while (text && len < FILE_MAX) {
		size_t got = fread(text + len, 1, cap - len - 1, file);
		char *wider;

		len += got;
		if (got == 0)
			break;
		if (len < cap - 1)
			continue;
		wider = realloc(text, cap * 2);
		if (!wider)
			free(text);
		text = wider;
		cap *= 2;
	}
	if (!text) {
		say_trouble("%s: out of memory", path);
	} else if (ferror(file)) {
		say_trouble("%s: %s", path, strerror(errno));
		free(text);
		text = NULL;
	} else if (len >= FILE_MAX) {
		say_trouble("%s: longer than %zu MiB", path, FILE_MAX >> 20);
		free(text);
		text = NULL;
	}
	if (file != stdin)
		fclose(file);
	if (text)
		text[len] = '\0';
	*size = len;
	return text;
}

uint8_t *parse_hex(const char *text, size_t *size)
{
	uint8_t *bytes = malloc(strlen(text) / 2 + 1);
	size_t n = 0;
	bool is_half = false;

	for (; bytes && *text; text++) {
		int digit;

		if (isspace((unsigned char)*text) || *text == ':') {
			if (is_half)
				break;
			continue;
		}
		if (!isxdigit((unsigned char)*text))
			break;
		digit = isdigit((unsigned char)*text)
				? *text - '0'
				: (*text | 0x20) - 'a' + 10;
		if (is_half)
			bytes[n++] |= (uint8_t)digit;
		else
			bytes[n] = (uint8_t)(digit << 4);
		is_half = !is_half;
	}
	if (*text || is_half) {
		free(bytes);
		return NULL;
	}
	*size = n;
	return bytes;
}

bool parse_u64(const char *text, uint64_t *value)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end || !isdigit((unsigned char)*text))
		return false;
	*value = v;
	return true;
}

bool parse_u32(const char *text, uint32_t *value)
{
	uint64_t v;

	if (!parse_u64(text, &v) || v > UINT32_MAX)
		return false;
	*value = (uint32_t)v;
	return true;
}

/* Digits behind a point, as nanoseconds; what stands behind them. */
static const char *parse_fraction(const char *text, uint64_t *ns)
{
	uint64_t unit = 100000000;

	*ns = 0;
	if (*text != '.')
		return text;
	for (text++; isdigit((unsigned char)*text); text++, unit /= 10)
		*ns += unit * (uint64_t)(*text - '0');
	return text[-1] == '.' ? "no digit" : text;
}

bool parse_time(const char *text, uint64_t *ns)
{
	uint64_t seconds = 0, fraction;
	struct tm tm = { 0 };
	const char *rest;
	time_t date;

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest) {
		rest = parse_fraction(rest, &fraction);
		date = timegm(&tm);
		if (strcmp(rest, "Z") != 0 || date < 0)
			return false;
		seconds = (uint64_t)date;
	} else {
		if (!isdigit((unsigned char)*text))
			return false;
		for (rest = text; isdigit((unsigned char)*rest); rest++) {
			seconds = seconds * 10 + (uint64_t)(*rest - '0');
			if (seconds > UINT64_MAX / 1000000000 - 1)
				return false;
		}
		rest = parse_fraction(rest, &fraction);
		if (*rest)
			return false;
	}
	if (seconds > UINT64_MAX / 1000000000 - 1)
		return false;
	*ns = seconds * 1000000000 + fraction;
	return true;
}

/* ---- programs ----------------------------------------------------------- */

bool source_option(const char *verb, struct source *source, int option,
		   const char *argument)
{
	switch (option) {
	case 'e':
		source->expr = argument;
		snprintf(source->label, sizeof(source->label), "%.*s%s",
			 LABEL_LEN, argument,
			 strlen(argument) > LABEL_LEN ? "..." : "");
		return true;
	case 'F':
		source->text = read_whole(argument, &source->size);
		source->expr = source->text;
		snprintf(source->label, sizeof(source->label), "%s", argument);
		if (source->text && strlen(source->text) < source->size) {
			say_trouble("%s: an expression has no byte 0",
				    argument);
			source_free(source);
			return false;
		}
		return source->text;
	case 'I':
		source->from = form_find(argument);
		if (source->from >= 0)
			return true;
		say_usage(verb, "there is no format %s", argument);
		return false;
	case 'L':
		source->link = cbpf_link_find(argument);
		if (source->link >= 0)
			return true;
		say_usage(verb, "there is no link type %s", argument);
		return false;
	}
	return false;
}

bool source_is_given(const char *verb, const struct source *source)
{
	if (source->expr || source->path)
		return true;
	say_usage(verb, "a program is missing: a file, - or -e EXPR");
	return false;
}

const char *source_name(const struct source *source)
{
	if (source->expr)
		return source->label;
	return strcmp(source->path, "-") ? source->path : "<stdin>";
}

static bool is_capture(const struct source *source)
{
	struct cbpf_capture *capture;

	if (cbpf_capture_open_memory(source->text, source->size, NULL, &capture,
				     NULL) != CBPF_OK)
		return false;
	cbpf_capture_close(capture);
	return true;
}

static int load_file(struct source *source)
{
	struct cbpf_diag diags[ERRORS_SHOWN];
	struct cbpf_report report = CBPF_REPORT(diags);
	enum cbpf_err err;

	if (source->text)
		return EXIT_YES;
	source->text = read_whole(source->path, &source->size);
	if (!source->text)
		return EXIT_TROUBLE;
	if (source->from == FORM_JSON ||
	    (source->from == CBPF_FORMAT_AUTO &&
	     form_is_json(source->text, source->size)))
		return form_read_json(source_name(source), source->text,
				      source->size, &source->code);
	err = cbpf_text_read((enum cbpf_format)source->from, source->text,
			     source->size, NULL, &source->code, &report);
	if (err != CBPF_OK && is_capture(source))
		return say_trouble("%s is a capture; a program is to come "
				   "before it",
				   source_name(source));
	/* what was taken for a listing may have been meant otherwise */
	if (err != CBPF_OK && source->from == CBPF_FORMAT_AUTO &&
	    source->code.format > CBPF_FORMAT_ASM)
		say_trouble("%s looks like %s; --from decides what it is",
			    source_name(source),
			    form_name(source->code.format));
	say_report(stderr, source_name(source), source->text, source->size,
		   &report);
	return err == CBPF_OK ? EXIT_YES : EXIT_TROUBLE;
}

int source_load_for(struct source *source, uint16_t link)
{
	if (!source->expr)
		return load_file(source);
	if (source->link >= 0)
		link = (uint16_t)source->link;
	if (source->code.insns && source->code_link == link)
		return EXIT_YES;
	cbpf_code_free(&source->code);
	source->code_link = link;
	return compile_expression(source, link, &source->code);
}

int source_load(struct source *source)
{
	return source_load_for(source, CBPF_LINK_EN10MB);
}

void source_free(struct source *source)
{
	free(source->text);
	cbpf_code_free(&source->code);
}

/* ---- packets ------------------------------------------------------------ */

int stdin_is_free(const char *verb, const struct source *source,
		  const struct packets *packets)
{
	unsigned n = source->path && strcmp(source->path, "-") == 0;

	for (size_t i = 0; i < packets->n_paths; i++)
		n += strcmp(packets->paths[i], "-") == 0;
	if (n > 1)
		return say_usage(verb, "- can be read once only");
	return EXIT_YES;
}

static int next_hex(struct packets *p, struct cbpf_record *record)
{
	const char *text = p->hex[p->at_hex++];
	size_t size;

	free(p->bytes);
	p->bytes = parse_hex(text, &size);
	if (!p->bytes)
		return say_trouble("--hex takes pairs of hexadecimal digits, "
				   "not %s",
				   text);
	memset(record, 0, sizeof(*record));
	record->data = p->bytes;
	record->caplen = record->wirelen = (uint32_t)size;
	record->number = p->at_hex;
	record->link = CBPF_LINK_EN10MB;
	p->name = "--hex";
	p->is_bare = true;
	return EXIT_YES;
}

static int next_in_files(struct packets *p, struct cbpf_record *record)
{
	struct cbpf_diag diag;
	enum cbpf_err err;

	p->is_bare = false;
	while (p->capture || p->at_path < p->n_paths) {
		if (!p->capture) {
			p->name = p->paths[p->at_path++];
			err = cbpf_capture_open(p->name, NULL, &p->capture,
						&diag);
			if (err != CBPF_OK)
				return say_diag(p->name, &diag);
		}
		err = cbpf_capture_next(p->capture, record, &diag);
		if (err != CBPF_OK)
			return say_diag(p->name, &diag);
		if (!record->is_end)
			return EXIT_YES;
		cbpf_capture_close(p->capture);
		p->capture = NULL;
	}
	return EXIT_NO;
}

int packets_next(struct packets *p, struct cbpf_record *record)
{
	int status = p->at_hex < p->n_hex ? next_hex(p, record)
					  : next_in_files(p, record);

	p->number += status == EXIT_YES;
	return status;
}

void packets_free(struct packets *p)
{
	cbpf_capture_close(p->capture);
	free(p->bytes);
	free(p->hex);
}

/* ---- contexts ----------------------------------------------------------- */

#define FIELD(field)                      \
	offsetof(struct cbpf_ctx, field), \
		sizeof(((struct cbpf_ctx *)NULL)->field)

/* The text's names of fields, and those that kernel test suites use. */
static const struct {
	const char *key;
	size_t offset, size;
	size_t flag; /* offset of the bool that says the field counts, or 0 */
} context_keys[] = {
	/* clang-format off */
	{ "proto",          FIELD(proto), 0 },
	{ "protocol",       FIELD(proto), 0 },
	{ "type",           FIELD(pkt_type), 0 },
	{ "pkt_type",       FIELD(pkt_type), 0 },
	{ "ifidx",          FIELD(ifindex), offsetof(struct cbpf_ctx, has_device) },
	{ "ifindex",        FIELD(ifindex), offsetof(struct cbpf_ctx, has_device) },
	{ "hatype",         FIELD(hatype), offsetof(struct cbpf_ctx, has_device) },
	{ "dev_type",       FIELD(hatype), offsetof(struct cbpf_ctx, has_device) },
	{ "mark",           FIELD(mark), 0 },
	{ "queue",          FIELD(queue), 0 },
	{ "queue_mapping",  FIELD(queue), 0 },
	{ "rxhash",         FIELD(rxhash), 0 },
	{ "hash",           FIELD(rxhash), 0 },
	{ "cpu",            FIELD(cpu), 0 },
	{ "vlan_tci",       FIELD(vlan_tci), 0 },
	{ "vlan_avail",     FIELD(has_vlan), 0 },
	{ "vlan_present",   FIELD(has_vlan), 0 },
	{ "vlan_tpid",      FIELD(vlan_tpid), 0 },
	{ "vlan_proto",     FIELD(vlan_tpid), 0 },
	{ "link_off",       FIELD(link_off), offsetof(struct cbpf_ctx, has_link) },
	{ "mac_header",     FIELD(link_off), offsetof(struct cbpf_ctx, has_link) },
	{ "net_off",        FIELD(net_off), 0 },
	{ "network_header", FIELD(net_off), 0 },
	{ "seed",           FIELD(seed), 0 },
	{ "rand",           FIELD(seed), 0 },
	{ "paged",          FIELD(is_paged), 0 },
	{ "has_device",     FIELD(has_device), 0 },
	{ "has_link",       FIELD(has_link), 0 },
	{ "headroom",       FIELD(headroom), 0 },
	{ "order",          FIELD(order), 0 },
	/* clang-format on */
};

#define N_CONTEXT_KEYS (sizeof(context_keys) / sizeof(context_keys[0]))

/* A field's value; the two offsets alone are signed. */
static int64_t load_field(const struct cbpf_ctx *ctx, size_t key)
{
	const char *at = (const char *)ctx + context_keys[key].offset;
	bool is_signed =
		context_keys[key].offset ==
			offsetof(struct cbpf_ctx, net_off) ||
		context_keys[key].offset == offsetof(struct cbpf_ctx, link_off);

	switch (context_keys[key].size) {
	case 1:
		return *(const uint8_t *)at;
	case 2:
		return *(const uint16_t *)(const void *)at;
	case 4:
		if (is_signed)
			return *(const int32_t *)(const void *)at;
		return *(const uint32_t *)(const void *)at;
	default:
		return *(const int64_t *)(const void *)at;
	}
}

static void store_field(struct cbpf_ctx *ctx, size_t key, int64_t value)
{
	char *at = (char *)ctx + context_keys[key].offset;
	uint8_t byte = (uint8_t)value;
	uint16_t half = (uint16_t)value;
	uint32_t word = (uint32_t)value;

	switch (context_keys[key].size) {
	case 1:
		memcpy(at, &byte, sizeof(byte));
		break;
	case 2:
		memcpy(at, &half, sizeof(half));
		break;
	case 4:
		memcpy(at, &word, sizeof(word));
		break;
	default:
		memcpy(at, &value, sizeof(value));
	}
}

static bool is_flag(size_t key)
{
	size_t offset = context_keys[key].offset;

	return offset == offsetof(struct cbpf_ctx, has_vlan) ||
	       offset == offsetof(struct cbpf_ctx, is_paged) ||
	       offset == offsetof(struct cbpf_ctx, has_device) ||
	       offset == offsetof(struct cbpf_ctx, has_link);
}

enum context_outcome context_set(struct cbpf_ctx *ctx, const char *key,
				 int64_t value)
{
	struct cbpf_ctx changed = *ctx;
	size_t i = 0;

	while (i < N_CONTEXT_KEYS && strcmp(context_keys[i].key, key) != 0)
		i++;
	if (i == N_CONTEXT_KEYS)
		return CONTEXT_UNKNOWN;
	if (is_flag(i))
		value = value != 0;
	store_field(&changed, i, value);
	if (load_field(&changed, i) != value || changed.order > CBPF_BIG)
		return CONTEXT_RANGE;
	if (context_keys[i].flag)
		*((char *)&changed + context_keys[i].flag) = true;
	/* a tag without a protocol of its own is 802.1Q's */
	if (changed.has_vlan && !changed.vlan_tpid)
		changed.vlan_tpid = 0x8100;
	*ctx = changed;
	return CONTEXT_SET;
}

bool packet_take_headroom(struct cbpf_packet *packet)
{
	uint32_t headroom = packet->ctx ? packet->ctx->headroom : 0;

	if (headroom > packet->caplen)
		return false;
	packet->data += headroom;
	packet->caplen -= headroom;
	packet->wirelen -=
		headroom < packet->wirelen ? headroom : packet->wirelen;
	return true;
}

void context_print(FILE *to, const struct cbpf_ctx *ctx)
{
	for (size_t i = 0; i < N_CONTEXT_KEYS; i++) {
		bool is_alias = i > 0 && context_keys[i].offset ==
						 context_keys[i - 1].offset;

		if (!is_alias && load_field(ctx, i))
			fprintf(to, " %s=%lld", context_keys[i].key,
				(long long)load_field(ctx, i));
	}
}

bool context_parse(const char *verb, struct cbpf_ctx *ctx, const char *text)
{
	char key[32];
	int used;
	long long value = 0;

	while (*text) {
		char *end = NULL;

		used = 0;
		if (sscanf(text, "%31[a-z0-9_]=%n", key, &used) == 1 && used) {
			errno = 0;
			value = strtoll(text + used, &end, 0);
		}
		if (!end || end == text + used || errno ||
		    (*end && *end != ',')) {
			say_usage(verb,
				  "--context takes KEY=NUMBER,..., not %s",
				  text);
			return false;
		}
		switch (context_set(ctx, key, value)) {
		case CONTEXT_SET:
			break;
		case CONTEXT_UNKNOWN:
			say_usage(verb, "the context has no field %s", key);
			return false;
		case CONTEXT_RANGE:
			say_usage(verb, "%lld does not fit the field %s", value,
				  key);
			return false;
		}
		text = end + (*end == ',');
	}
	return true;
}
