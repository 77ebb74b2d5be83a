/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap files (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of
 * a 16-byte header and the bytes. Four magic numbers tell byte order and
 * whether times are in micro- or nanoseconds.
 */
#include <string.h>

#include "capture/capture.h"

#define HEADER 24
#define RECORD 16

static void recall_pcap(const struct cbpf_capture *c, struct cbpf_record *r)
{
	const uint8_t *head = r->data - RECORD;

	r->time_ns = cap_u32(c, head) * (uint64_t)1000000000 +
		     cap_u32(c, head + 4) * (uint64_t)(c->is_nano ? 1 : 1000);
}

static enum cap_got next_pcap(struct cbpf_capture *c, struct cbpf_record *r,
			      bool may_fill, struct cbpf_diag *diag)
{
	enum cap_got got = cap_want(c, RECORD, may_fill, diag);
	uint32_t caplen, wirelen;

	if (got == CAP_END && c->have)
		return cap_cut(c, diag, RECORD);
	if (got != CAP_GOT)
		return got;
	caplen = cap_u32(c, c->at + 8);
	wirelen = cap_u32(c, c->at + 12);
	if (caplen > CAP_RECORD_MAX)
		return cap_fail(c, diag, CBPF_E_CAP_SIZE, caplen);
	if (caplen > wirelen)
		return cap_fail(c, diag, CBPF_E_CAP_LENGTH, caplen);
	got = cap_want(c, RECORD + (size_t)caplen, may_fill, diag);
	if (got == CAP_END)
		return cap_cut(c, diag, RECORD + (uint64_t)caplen);
	if (got != CAP_GOT)
		return got;
	r->data = c->at + RECORD;
	recall_pcap(c, r);
	r->caplen = caplen;
	r->wirelen = wirelen;
	r->offset = c->offset;
	r->link = c->interfaces[0].link;
	c->times[c->n_packets == 0 ? 0 : 1 + c->n_packets % 3] =
		cap_u32(c, c->at);
	c->raw = c->at;
	c->raw_size = RECORD + (size_t)caplen;
	cap_pass(c, c->raw_size);
	return CAP_GOT;
}

static void walk_pcap(struct cbpf_capture *c, struct cap_batch *batch)
{
	const uint8_t *at = c->at, *end = at + c->have, *stop = cap_stop(c);

	while (batch->n < CAP_BATCH && at < stop &&
	       (size_t)(end - at) >= RECORD) {
		uint32_t caplen = cap_u32(c, at + 8);
		uint32_t wirelen = cap_u32(c, at + 12);

		if (caplen > wirelen || caplen > CAP_RECORD_MAX ||
		    (size_t)(end - at) - RECORD < caplen)
			break;
		cap_take(batch, at + RECORD, caplen, wirelen);
		at += RECORD + (size_t)caplen;
	}
	cap_pass(c, (size_t)(at - c->at));
}

#define YEARS 100000000u /* seconds: three of them */

/* That of the first packet, or of some that were looked at with care. */
static bool is_near_time(const struct cbpf_capture *c, uint32_t time)
{
	for (size_t i = 0; i < CBPF_COUNT(c->times); i++)
		if (time - c->times[i] + YEARS < 2 * YEARS)
			return true;
	return false;
}

/* Lengths that agree, a time near that of another packet. */
static bool is_plausible_pcap(const struct cbpf_capture *c, const uint8_t *p,
			      size_t have, size_t *size)
{
	uint32_t caplen, wirelen;

	*size = have + 1; /* not all of it is there */
	if (have < RECORD)
		return true;
	caplen = cap_u32(c, p + 8);
	wirelen = cap_u32(c, p + 12);
	*size = RECORD + (size_t)caplen;
	return caplen <= wirelen && wirelen < 1 << 24 &&
	       is_near_time(c, cap_u32(c, p)) &&
	       cap_u32(c, p + 4) < (c->is_nano ? 1000000000u : 1000000u);
}

enum cap_got pcap_start(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	enum cap_got got = cap_want(c, HEADER, true, diag);
	struct cap_interface *interface;
	unsigned major, minor;

	if (got == CAP_END) {
		dg_say(diag, CBPF_E_CAP_MAGIC,
		       "the file ends inside its header");
		return CAP_BROKEN;
	}
	if (got != CAP_GOT)
		return got;
	major = cap_u16(c, c->at + 4);
	minor = cap_u16(c, c->at + 6);
	/* before 2.3 the two lengths of a record stood the other way round */
	if (major != 2 || minor < 3) {
		dg_say(diag, CBPF_E_CAP_VARIANT, "pcap version %u.%u", major,
		       minor);
		return CAP_BROKEN;
	}
	interface = cap_add_interface(c);
	if (!interface) {
		dg_fail(diag, CBPF_E_NOMEM);
		return CAP_BROKEN;
	}
	/* the upper bits tell of frame check sequences */
	interface->link = (uint16_t)cap_u32(c, c->at + 20);
	c->next = next_pcap;
	c->walk = walk_pcap;
	c->is_plausible = is_plausible_pcap;
	c->recall = recall_pcap;
	c->head = RECORD;
	memcpy(c->header, c->at, HEADER);
	cap_pass(c, HEADER);
	return CAP_GOT;
}
