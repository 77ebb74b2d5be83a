/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases of the exchange format: JSON in, a program and packets out.
 */
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "json.h"

#define FILL_MAX (1 << 24) /* bytes of a packet that is not written out */

static enum reading say(enum reading reading, char *why, size_t size,
			const char *what)
{
	snprintf(why, size, "%s", what);
	return reading;
}

/* ---- the program -------------------------------------------------------- */

static enum reading read_program(const struct json *prog, struct vector *v,
				 char *why, size_t size)
{
	v->n = js_length(prog);
	v->insns = malloc((v->n ? v->n : 1) * sizeof(*v->insns));
	if (!v->insns)
		return say(READ_TROUBLE, why, size, "out of memory");
	for (size_t i = 0; i < v->n; i++)
		if (!form_insn(js_at(prog, i), &v->insns[i]))
			return say(READ_TROUBLE, why, size,
				   "prog is not a list of [code, jt, jf, k] in "
				   "range");
	return READ;
}

/* A limit that one hook alone has. */
static enum reading read_hook(const struct json *hook, struct vector *v,
			      char *why, size_t size)
{
	const char *name = js_text(hook);

	if (!hook)
		return READ;
	v->hook = name ? cbpf_hook_find(name) : CBPF_HOOKS;
	if (v->hook != CBPF_HOOKS)
		return READ;
	snprintf(why, size, "hook %.40s is not known",
		 name ? name : "that is no text");
	return READ_SKIP;
}

enum reading vector_read(const struct json *line, struct vector *v, char *why,
			 size_t size)
{
	const struct json *prog = js_get(line, "prog");
	enum reading reading;

	memset(v, 0, sizeof(*v));
	v->name = js_text(js_get(line, "name"));
	v->load = js_text(js_get(line, "load"));
	if (!v->name)
		v->name = "without a name";
	if (!v->load)
		v->load = "unknown";
	v->rule = js_text(js_get(line, "rule"));
	if (!v->rule)
		v->rule = v->name;
	if (!js_is_object(line))
		return say(READ_TROUBLE, why, size, "the line is no object");
	v->dialect = js_text(js_get(line, "dialect"));
	v->skb = js_get(line, "skb");
	v->runs = js_get(line, "runs");
	if (v->runs && !js_is_array(v->runs))
		return say(READ_SKIP, why, size, "runs is no list");
	if (js_get(line, "big_endian") &&
	    !js_is_bool(js_get(line, "big_endian")))
		return say(READ_SKIP, why, size,
			   "big_endian is not true or false");
	v->is_big_endian = js_is_true(js_get(line, "big_endian"));
	if (!js_is_array(prog))
		return say(READ_SKIP, why, size, "the line has no program");
	if (!v->dialect)
		return say(READ_SKIP, why, size, "the line has no dialect");
	reading = read_program(prog, v, why, size);
	return reading == READ ? read_hook(js_get(line, "hook"), v, why, size)
			       : reading;
}

void vector_free(struct vector *v)
{
	free(v->insns);
}

/* ---- packets ------------------------------------------------------------ */

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

/* 32 bits, as a number of either sign. */
static bool read_word(const struct json *value, int64_t *number)
{
	return js_int(value, number) && *number >= INT32_MIN &&
	       *number <= UINT32_MAX;
}

/* struct seccomp_data, include/uapi/linux/seccomp.h. */
static bool build_seccomp(const struct json *data, bool is_big,
			  struct input *in)
{
	const struct json *args = js_get(data, "args");
	int64_t nr = 0, arch = 0;
	uint64_t ip = 0, arg = 0;

	in->bytes = calloc(1, 64);
	if (!in->bytes || !read_word(js_get(data, "nr"), &nr) ||
	    !read_word(js_get(data, "arch"), &arch))
		return false;
	if (js_get(data, "ip") && !js_u64(js_get(data, "ip"), &ip))
		return false;
	put_word(in->bytes, (uint32_t)nr, is_big);
	put_word(in->bytes + 4, (uint32_t)arch, is_big);
	put_long(in->bytes + 8, ip, is_big);
	if (args && (!js_is_array(args) || js_length(args) > 6))
		return false;
	for (size_t i = 0; i < js_length(args); i++) {
		if (!js_u64(js_at(args, i), &arg))
			return false;
		put_long(in->bytes + 16 + 8 * i, arg, is_big);
	}
	in->is_seccomp = true;
	in->packet.caplen = 64;
	return true;
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

static enum reading read_bytes(const struct vector *v, const struct json *run,
			       struct input *in, char *why, size_t size)
{
	const char *hex = js_text(js_get(run, "pkt"));
	size_t n = 0;

	if (js_get(run, "seccomp")) {
		if (!build_seccomp(js_get(run, "seccomp"), v->is_big_endian,
				   in))
			return say(READ_TROUBLE, why, size,
				   "a run's call cannot be read");
	} else if (hex || js_get(run, "fill")) {
		in->bytes = hex ? parse_hex(hex, &n)
				: fill_bytes(js_get(run, "fill"), &n);
		if (!in->bytes || n > INT32_MAX)
			return say(READ_TROUBLE, why, size,
				   "a run's packet cannot be read");
		in->packet.caplen = (uint32_t)n;
	} else {
		return say(READ_SKIP, why, size,
			   js_get(run, "pkt") ? "the run's pkt is no text"
					      : "the run has no packet");
	}
	in->packet.data = in->bytes;
	in->packet.wirelen = in->packet.caplen;
	return READ;
}

static enum reading read_length(const struct json *length, struct input *in,
				char *why, size_t size)
{
	int64_t len;

	if (!length)
		return READ;
	if (!js_int(length, &len))
		return say(READ_SKIP, why, size, "the run's len is no number");
	if (len < 0 || len > UINT32_MAX)
		return say(READ_TROUBLE, why, size,
			   "a run's len is no length on the wire");
	in->has_len = (uint32_t)len != in->packet.caplen;
	in->packet.wirelen = (uint32_t)len;
	if (len == 0 && in->packet.caplen)
		return say(READ_SKIP, why, size,
			   "a packet with bytes had a length on the wire");
	return READ;
}

/* ---- what is beside a packet -------------------------------------------- */

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

struct skb_reader {
	struct input *in;
	char *why;
	size_t size;
};

static bool take_skb_field(void *ctx, const char *key, const struct json *value)
{
	const struct skb_reader *reader = ctx;
	int64_t number;

	if (!skb_value(value, reader->in->packet.caplen, &number)) {
		snprintf(reader->why, reader->size,
			 "the value of skb field %.60s is not understood", key);
		return false;
	}
	/* unknown keys are passed over */
	if (context_set(&reader->in->ctx, key, number) != CONTEXT_RANGE)
		return true;
	snprintf(reader->why, reader->size,
		 "the value of skb field %.60s does not fit it", key);
	return false;
}

static enum reading read_skb(const struct vector *v, const struct json *skb,
			     struct input *in, char *why, size_t size)
{
	struct skb_reader reader = { in, why, size };

	if ((v->skb && !js_is_object(v->skb)) || (skb && !js_is_object(skb)))
		return say(READ_SKIP, why, size, "skb is no object");
	if (v->skb || skb)
		in->packet.ctx = &in->ctx;
	if (!js_each(v->skb, take_skb_field, &reader) ||
	    !js_each(skb, take_skb_field, &reader))
		return READ_SKIP;
	if (!packet_take_headroom(&in->packet))
		return say(READ_SKIP, why, size,
			   "the headroom is longer than the packet");
	return READ;
}

/* ---- a run -------------------------------------------------------------- */

enum reading input_read(const struct vector *v, const struct json *run,
			bool is_for_seccomp, struct input *in, char *why,
			size_t size)
{
	enum reading reading;
	int64_t header;

	memset(in, 0, sizeof(*in));
	reading = read_bytes(v, run, in, why, size);
	if (reading == READ)
		reading = read_length(js_get(run, "len"), in, why, size);
	if (reading != READ)
		return reading;
	in->is_udp_body = js_int(js_get(run, "udp_body_bytes"), &header);
	if (in->is_seccomp || v->is_big_endian || is_for_seccomp) {
		in->ctx.order = v->is_big_endian ? CBPF_BIG : CBPF_LITTLE;
		in->packet.ctx = &in->ctx;
	}
	return read_skb(v, js_get(run, "skb"), in, why, size);
}

void input_free(struct input *in)
{
	free(in->bytes);
}
