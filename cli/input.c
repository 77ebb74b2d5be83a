/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and packets from the command line.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define ERRORS_SHOWN 20
#define PROGRAM_MAX  (256u * 1024 * 1024) /* bytes of a program's file */

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
	while (text && len < PROGRAM_MAX) {
		size_t got = fread(text + len, 1, cap - len, file);
		char *wider;

		len += got;
		if (got == 0)
			break;
		if (len < cap)
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
	} else if (len >= PROGRAM_MAX) {
		say_trouble("%s: longer than any program", path);
		free(text);
		text = NULL;
	}
	if (file != stdin)
		fclose(file);
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

bool parse_u32(const char *text, uint32_t *value)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || v > UINT32_MAX)
		return false;
	*value = (uint32_t)v;
	return true;
}

/* ---- programs ----------------------------------------------------------- */

bool source_option(const char *verb, struct source *source, int option,
		   const char *argument)
{
	switch (option) {
	case 'e':
		source->expr = argument;
		return true;
	case 'F':
		source->from = cbpf_format_find(argument);
		if (source->from != CBPF_FORMATS)
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
		return source->expr;
	return strcmp(source->path, "-") ? source->path : "<stdin>";
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
	err = cbpf_text_read(source->from, source->text, source->size, NULL,
			     &source->code, &report);
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
	return compile_expression(source->expr, link, &source->code);
}

int source_load(struct source *source)
{
	return source_load_for(source, 1); /* EN10MB */
}

void source_free(struct source *source)
{
	free(source->text);
	cbpf_code_free(&source->code);
}

/* ---- packets ------------------------------------------------------------ */

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
	record->link = 1;
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

bool context_set(struct cbpf_ctx *ctx, const char *key, uint64_t value)
{
	static const struct {
		const char *key;
		enum {
			PROTO,
			TYPE,
			IFIDX,
			HATYPE,
			MARK,
			QUEUE,
			HASH,
			CPU,
			TCI,
			AVAIL,
			TPID,
			LINK_OFF,
			NET_OFF,
			SEED,
			PAGED
		} field;
	} keys[] = {
		/* the text's names, and those of kernel test suites */
		{ "proto", PROTO },	    { "protocol", PROTO },
		{ "type", TYPE },	    { "pkt_type", TYPE },
		{ "ifidx", IFIDX },	    { "ifindex", IFIDX },
		{ "hatype", HATYPE },	    { "dev_type", HATYPE },
		{ "mark", MARK },	    { "queue", QUEUE },
		{ "queue_mapping", QUEUE }, { "rxhash", HASH },
		{ "hash", HASH },	    { "cpu", CPU },
		{ "vlan_tci", TCI },	    { "vlan_avail", AVAIL },
		{ "vlan_present", AVAIL },  { "vlan_tpid", TPID },
		{ "vlan_proto", TPID },	    { "mac_header", LINK_OFF },
		{ "link_off", LINK_OFF },   { "network_header", NET_OFF },
		{ "net_off", NET_OFF },	    { "seed", SEED },
		{ "rand", SEED },	    { "paged", PAGED },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].key, key) == 0)
			break;
	if (i == sizeof(keys) / sizeof(keys[0]))
		return false;
	ctx->size = sizeof(*ctx);
	switch (keys[i].field) {
	case PROTO:
		ctx->proto = (uint16_t)value;
		break;
	case TYPE:
		ctx->pkt_type = (uint8_t)value;
		break;
	case IFIDX:
		ctx->has_device = true;
		ctx->ifindex = (uint32_t)value;
		break;
	case HATYPE:
		ctx->has_device = true;
		ctx->hatype = (uint16_t)value;
		break;
	case MARK:
		ctx->mark = (uint32_t)value;
		break;
	case QUEUE:
		ctx->queue = (uint16_t)value;
		break;
	case HASH:
		ctx->rxhash = (uint32_t)value;
		break;
	case CPU:
		ctx->cpu = (uint32_t)value;
		break;
	case TCI:
		ctx->vlan_tci = (uint16_t)value;
		break;
	case AVAIL:
		ctx->has_vlan = value != 0;
		if (!ctx->vlan_tpid)
			ctx->vlan_tpid = value ? 0x8100 : 0;
		break;
	case TPID:
		ctx->vlan_tpid = (uint16_t)value;
		break;
	case LINK_OFF:
		ctx->has_link = true;
		ctx->link_off = (int32_t)value;
		break;
	case NET_OFF:
		ctx->net_off = (int32_t)value;
		break;
	case SEED:
		ctx->seed = value;
		break;
	case PAGED:
		ctx->is_paged = value != 0;
		break;
	}
	return true;
}

bool context_parse(const char *verb, struct cbpf_ctx *ctx, const char *text)
{
	char key[32];
	int used;
	long long value;

	while (*text) {
		if (sscanf(text, "%31[a-z0-9_]=%lli%n", key, &value, &used) !=
			    2 ||
		    (text[used] && text[used] != ',')) {
			say_usage(verb,
				  "--context takes KEY=NUMBER,..., not %s",
				  text);
			return false;
		}
		if (!context_set(ctx, key, (uint64_t)value)) {
			say_usage(verb, "the context has no field %s", key);
			return false;
		}
		text += used + (text[used] == ',');
	}
	return true;
}
