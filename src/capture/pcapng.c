/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng files (draft-ietf-opsawg-pcapng): blocks, each with its type and its
 * length at both ends. A section header tells the byte order of what follows
 * and forgets the interfaces; interface descriptions give link type, snap
 * length and clock; enhanced, simple and obsolete packet blocks are packets.
 * All other blocks are passed over.
 */
#include "capture/capture.h"

#define BLOCK_SECTION	  0x0a0d0d0a
#define BLOCK_INTERFACE	  1
#define BLOCK_PACKET	  2 /* obsolete */
#define BLOCK_SIMPLE	  3
#define BLOCK_ENHANCED	  6
#define BLOCK_MIN	  12 /* type, length, length */
#define OPTION_RESOLUTION 9
#define OPTION_OFFSET	  14
#define ORDER_MAGIC	  0x1a2b3c4d

/* Times are in microseconds unless an option says otherwise. */
#define MICROSECONDS 1000000

static uint64_t ticks_per_second(uint8_t resolution)
{
	unsigned power = resolution & 0x7f;
	uint64_t ticks = 1;

	if (resolution & 0x80)
		return power < 64 ? (uint64_t)1 << power : 0;
	while (power-- && ticks)
		ticks = ticks <= UINT64_MAX / 10 ? ticks * 10 : 0;
	return ticks;
}

/* Options of an interface description: code, length, value, padding. */
static void read_options(const struct cbpf_capture *c, const uint8_t *p,
			 size_t size, struct cap_interface *interface)
{
	while (size >= 4) {
		unsigned code = cap_u16(c, p);
		size_t len = cap_u16(c, p + 2);
		size_t padded = (len + 3) & ~(size_t)3;

		if (code == 0 || padded > size - 4)
			return;
		if (code == OPTION_RESOLUTION && len == 1)
			interface->per_second = ticks_per_second(p[4]);
		if (code == OPTION_OFFSET && len == 8) {
			uint64_t a = cap_u32(c, p + 4), b = cap_u32(c, p + 8);

			interface->offset = (int64_t)(c->is_big ? a << 32 | b
								: b << 32 | a);
		}
		p += 4 + padded;
		size -= 4 + padded;
	}
}

static bool add_interface(struct cbpf_capture *c, const uint8_t *body,
			  size_t size)
{
	struct cap_interface *interface = cap_add_interface(c);

	if (!interface)
		return false;
	c->n_described++;
	interface->link = cap_u16(c, body);
	interface->snaplen = cap_u32(c, body + 4);
	interface->per_second = MICROSECONDS;
	read_options(c, body + 8, size - 8, interface);
	return true;
}

static uint64_t to_nanoseconds(const struct cap_interface *interface,
			       uint32_t high, uint32_t low)
{
	uint64_t ticks = (uint64_t)high << 32 | low;
	uint64_t per = interface->per_second;
	uint64_t fraction, seconds;

	if (per == 0) /* finer than any clock */
		return 0;
	fraction = ticks % per;
	seconds = ticks / per;
	/* the quotient keeps; the product below then fits 64 bits */
	while (per > UINT32_MAX) {
		per >>= 1;
		fraction >>= 1;
	}
	/* wrapping: a time that 64 bits of nanoseconds cannot say is wrong */
	return (seconds + (uint64_t)interface->offset) * 1000000000u +
	       fraction * 1000000000u / per;
}

/* Where the parts of a packet block are, from the start of its body. */
struct packet_layout {
	size_t header; /* bytes before the packet's own */
	uint32_t interface;
	bool has_time;
	uint32_t caplen, wirelen;
};

static void read_layout(const struct cbpf_capture *c, uint32_t type,
			const uint8_t *body, size_t size,
			struct packet_layout *l)
{
	if (type == BLOCK_SIMPLE) {
		l->header = 4;
		l->wirelen = cap_u32(c, body);
		l->caplen = l->wirelen;
		if (c->n_interfaces && c->interfaces[0].snaplen &&
		    l->caplen > c->interfaces[0].snaplen)
			l->caplen = c->interfaces[0].snaplen;
		/* older writers cut packets without an interface saying so */
		if (l->caplen > size - l->header)
			l->caplen = (uint32_t)(size - l->header);
		return;
	}
	l->header = 20;
	l->has_time = true;
	l->interface =
		type == BLOCK_PACKET ? cap_u16(c, body) : cap_u32(c, body);
	l->caplen = cap_u32(c, body + 12);
	l->wirelen = cap_u32(c, body + 16);
}

static enum cap_got read_packet(struct cbpf_capture *c, uint32_t type,
				const uint8_t *body, size_t size,
				struct cbpf_record *r, struct cbpf_diag *diag)
{
	struct packet_layout l = { 0 };
	const struct cap_interface *interface;

	if (size < (type == BLOCK_SIMPLE ? 4u : 20u))
		return cap_fail(c, diag, CBPF_E_CAP_BLOCK, size + BLOCK_MIN);
	read_layout(c, type, body, size, &l);
	if (l.interface >= c->n_interfaces)
		return cap_fail(c, diag, CBPF_E_CAP_INTERFACE, l.interface);
	if (l.caplen > size - l.header)
		return cap_fail(c, diag, CBPF_E_CAP_SIZE, l.caplen);
	if (l.caplen > l.wirelen)
		return cap_fail(c, diag, CBPF_E_CAP_LENGTH, l.caplen);
	interface = &c->interfaces[l.interface];
	r->data = body + l.header;
	r->caplen = l.caplen;
	r->wirelen = l.wirelen;
	r->offset = c->offset;
	r->link = interface->link;
	r->interface = l.interface;
	if (l.has_time)
		r->time_ns = to_nanoseconds(interface, cap_u32(c, body + 4),
					    cap_u32(c, body + 8));
	return CAP_GOT;
}

/* The length of the block at hand; a section header may turn the order. */
static enum cap_got read_length(struct cbpf_capture *c, bool may_fill,
				uint32_t *type, uint32_t *length,
				struct cbpf_diag *diag)
{
	enum cap_got got = cap_want(c, BLOCK_MIN, may_fill, diag);

	if (got == CAP_END && c->have)
		return cap_cut(c, diag, BLOCK_MIN);
	if (got != CAP_GOT)
		return got;
	*type = cap_u32(c, c->at);
	if (*type == BLOCK_SECTION) { /* the same in both orders */
		if (by_be32(c->at + 8) == ORDER_MAGIC) {
			c->is_big = true;
		} else if (by_le32(c->at + 8) == ORDER_MAGIC) {
			c->is_big = false;
		} else {
			dg_say(diag, CBPF_E_CAP_MAGIC,
			       "the section's byte order mark is 0x%08x",
			       by_be32(c->at + 8));
			if (diag)
				diag->offset = c->offset;
			return CAP_BROKEN;
		}
		c->n_interfaces = 0;
		c->n_described++;
	}
	*length = cap_u32(c, c->at + 4);
	if (*length < BLOCK_MIN || *length % 4 != 0 || *length > CAP_RECORD_MAX)
		return cap_fail(c, diag, CBPF_E_CAP_BLOCK, *length);
	return CAP_GOT;
}

/* One block: CAP_GOT and *is_packet where it was one. */
static enum cap_got read_block(struct cbpf_capture *c, struct cbpf_record *r,
			       bool may_fill, bool *is_packet,
			       struct cbpf_diag *diag)
{
	uint32_t type = 0, length = 0;
	const uint8_t *body;
	enum cap_got got = read_length(c, may_fill, &type, &length, diag);
	size_t size;

	if (got != CAP_GOT)
		return got;
	got = cap_want(c, length, may_fill, diag);
	if (got == CAP_END)
		return cap_cut(c, diag, length);
	if (got != CAP_GOT)
		return got;
	if (cap_u32(c, c->at + length - 4) != length)
		return cap_fail(c, diag, CBPF_E_CAP_BLOCK,
				cap_u32(c, c->at + length - 4));
	body = c->at + 8;
	size = length - BLOCK_MIN;
	*is_packet = type == BLOCK_ENHANCED || type == BLOCK_SIMPLE ||
		     type == BLOCK_PACKET;
	if (*is_packet)
		got = read_packet(c, type, body, size, r, diag);
	else if (type == BLOCK_INTERFACE && size < 8)
		got = cap_fail(c, diag, CBPF_E_CAP_BLOCK, length);
	else if (type == BLOCK_INTERFACE && !add_interface(c, body, size))
		got = (dg_fail(diag, CBPF_E_NOMEM), CAP_BROKEN);
	if (got != CAP_GOT)
		return got;
	c->raw = c->at;
	c->raw_size = length;
	for (struct cap_follower *f = *is_packet ? NULL : c->followers; f;
	     f = f->next)
		f->take(f, c->at, length);
	cap_pass(c, length);
	return CAP_GOT;
}

static enum cap_got next_pcapng(struct cbpf_capture *c, struct cbpf_record *r,
				bool may_fill, struct cbpf_diag *diag)
{
	bool is_packet = false;
	enum cap_got got;

	do {
		if (cap_is_behind(c, c->offset))
			return CAP_END;
		got = read_block(c, r, may_fill, &is_packet, diag);
	} while (got == CAP_GOT && !is_packet);
	return got;
}

#define ENHANCED_HEAD 28 /* bytes of an enhanced packet block, before data */

static void recall_pcapng(const struct cbpf_capture *c, struct cbpf_record *r)
{
	const uint8_t *head = r->data - ENHANCED_HEAD;

	r->interface = cap_u32(c, head + 8);
	r->time_ns =
		to_nanoseconds(&c->interfaces[r->interface],
			       cap_u32(c, head + 12), cap_u32(c, head + 16));
}

/* Enhanced packet blocks, of which one file has nearly all. */
static void walk_pcapng(struct cbpf_capture *c, struct cap_batch *batch)
{
	const uint8_t *at = c->at, *end = at + c->have, *stop = cap_stop(c);

	while (batch->n < CAP_BATCH && at < stop && (size_t)(end - at) >= 32) {
		uint32_t length = cap_u32(c, at + 4);
		uint32_t interface = cap_u32(c, at + 8);
		uint32_t caplen = cap_u32(c, at + 20);
		uint32_t wirelen = cap_u32(c, at + 24);

		if (cap_u32(c, at) != BLOCK_ENHANCED || length < 32 ||
		    length % 4 != 0 || length > CAP_RECORD_MAX ||
		    length > (size_t)(end - at) ||
		    cap_u32(c, at + length - 4) != length ||
		    interface >= c->n_interfaces ||
		    c->interfaces[interface].link != batch->first.link ||
		    caplen > length - 32 || caplen > wirelen)
			break;
		cap_take(batch, at + ENHANCED_HEAD, caplen, wirelen);
		at += length;
	}
	cap_pass(c, (size_t)(at - c->at));
}

/* A known type, and the same length at both ends. */
static bool is_plausible_pcapng(const struct cbpf_capture *c, const uint8_t *p,
				size_t have, size_t *size)
{
	uint32_t type, length;

	*size = have + 1; /* not all of it is there */
	if (have < BLOCK_MIN)
		return true;
	type = cap_u32(c, p);
	length = cap_u32(c, p + 4);
	*size = length;
	return (type == BLOCK_SECTION || (type > 0 && type < 16)) &&
	       length >= BLOCK_MIN && length % 4 == 0 && length < 1 << 24 &&
	       (length > have || cap_u32(c, p + length - 4) == length);
}

enum cap_got pcapng_start(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	struct cbpf_record unused;
	bool is_packet;
	enum cap_got got;

	c->next = next_pcapng;
	c->walk = walk_pcapng;
	c->is_plausible = is_plausible_pcapng;
	c->recall = recall_pcapng;
	c->head = ENHANCED_HEAD;
	c->is_pcapng = true;
	got = read_block(c, &unused, true, &is_packet, diag);
	if (got == CAP_END) {
		dg_say(diag, CBPF_E_CAP_MAGIC,
		       "the file ends inside its header");
		return CAP_BROKEN;
	}
	if (got != CAP_GOT)
		return got;
	/* it is read once more, for those who will follow */
	c->at -= c->raw_size;
	c->have += c->raw_size;
	c->offset -= c->raw_size;
	return CAP_GOT;
}
