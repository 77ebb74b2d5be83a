/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packet offsets and ancillary values.
 *
 * An offset inside the packet means the same to every machine; this file has
 * the rest. Linux takes an offset as signed: from 0xfff00000 on it counts
 * from the network header, from 0xffe00000 from the link header, and lower
 * negative ones are nowhere (net/core/filter.c,
 * bpf_skb_load_helper_convert_offset). The headers may lie before the first
 * byte of data, in the headroom.
 */
#include <string.h>

#include "interp/packet.h"
#include "isa/isa.h"

/*@ requires readable_packet(packet) && size <= 4;
    terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result <==> inside(packet, at, size); */
static bool is_readable(const struct cbpf_packet *packet, int64_t at,
			unsigned size)
{
	int64_t headroom = packet->ctx ? packet->ctx->headroom : 0;

	return at >= -headroom && at <= (int64_t)packet->caplen - size;
}

/* Linux: where offset, a negative number to it, is. */
/*@ requires \valid_read(packet) && readable_ctx(packet->ctx);
    requires \valid(at) && \valid(why) && \separated(at, why);
    requires \separated(at, packet) && \separated(at, packet->ctx);
    requires \separated(why, packet) && \separated(why, packet->ctx);
    terminates \true;
    exits \false;
    assigns *at, *why; */
static bool locate_negative(const struct cbpf_packet *packet, uint32_t offset,
			    int64_t *at, enum cbpf_err *why)
{
	const struct cbpf_ctx *ctx = packet->ctx;

	*why = CBPF_E_LOAD_OUT;
	if (offset >= NET_BASE) {
		*at = (int64_t)(offset - NET_BASE) + (ctx ? ctx->net_off : 0);
		return true;
	}
	if (offset < LINK_BASE)
		return false;
	if (!ctx || !ctx->has_link) {
		*why = CBPF_E_NO_LINK;
		return false;
	}
	*at = (int64_t)(offset - LINK_BASE) + ctx->link_off;
	return true;
}

bool pk_locate(const struct isa_dialect *row, const struct cbpf_packet *packet,
	       uint32_t base, uint32_t k, unsigned size, int64_t *at,
	       enum cbpf_err *why)
{
	uint64_t offset = (uint64_t)base + k;

	*why = CBPF_E_LOAD_OUT;
	if (row->ind_wraps)
		offset = (uint32_t)offset;
	*at = (int64_t)offset;
	if (row->space == SPACE_LINUX && offset >= 0x80000000 &&
	    !locate_negative(packet, (uint32_t)offset, at, why))
		return false;
	return is_readable(packet, *at, size);
}

CBPF_COLD struct pk_value pk_load_far(const struct isa_dialect *row,
				      const struct cbpf_packet *packet,
				      uint32_t base, uint32_t k, unsigned size)
{
	enum cbpf_err why;
	int64_t at;

	if (pk_locate(row, packet, base, k, size, &at, &why))
		return (struct pk_value){ pk_get(packet->data + at, size),
					  CBPF_OK };
	return (struct pk_value){ 0, why };
}

/* Whether the machine that the packet is of stores its words big end first. */
/*@ requires \valid_read(packet) && readable_ctx(packet->ctx);
    terminates \true;
    exits \false;
    assigns \nothing; */
static bool is_big(const struct cbpf_packet *packet)
{
	enum cbpf_order order = packet->ctx ? packet->ctx->order : CBPF_NATIVE;

	return order == CBPF_NATIVE ? by_host_is_big() : order == CBPF_BIG;
}

struct pk_value pk_load_data(const struct cbpf_packet *packet, uint32_t k)
{
	const uint8_t *p;

	if (!by_fits(k, 4, packet->caplen))
		return (struct pk_value){ 0, CBPF_E_LOAD_OUT };
	p = packet->data + k;
	return (struct pk_value){ is_big(packet) ? by_be32(p) : by_le32(p),
				  CBPF_OK };
}

/* ---- ancillary values -------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom generators). */
uint32_t pk_rand(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z ^ z >> 31);
}

#define ATTR_HEADER    4      /* struct nlattr: u16 len, u16 type, host order */
#define ATTR_TYPE_MASK 0x3fff /* NLA_TYPE_MASK: without nested, byte order */

/*@ requires \valid_read(packet) && readable_ctx(packet->ctx);
    requires \valid_read(p + (0 .. 1));
    terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result <= UINT16_MAX; */
static uint32_t own16(const struct cbpf_packet *packet, const uint8_t *p)
{
	return is_big(packet) ? by_be16(p) : by_le16(p);
}

/*
 * The attribute of a type among those in [at, end), or 0: nla_find(). Walks
 * while a header fits and its length is possible.
 */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    requires at <= end <= packet->caplen;
    terminates \true;
    exits \false;
    assigns \nothing; */
static uint32_t find_attr(const struct cbpf_packet *packet, uint32_t at,
			  uint32_t end, uint32_t type)
{
	const uint8_t *data = packet->data;

	/*@ loop invariant at <= end;
	    loop assigns at;
	    loop variant end - at; */
	while (end - at >= ATTR_HEADER) {
		uint32_t left = end - at;
		uint32_t len = own16(packet, data + at);

		if (len < ATTR_HEADER || len > left)
			return 0;
		if ((own16(packet, data + at + 2) & ATTR_TYPE_MASK) == type)
			return at;
		len = (len + 3) / 4 * 4;
		if (len >= left)
			return 0;
		at += len;
	}
	return 0;
}

/* net/core/filter.c, bpf_skb_get_nlattr and bpf_skb_get_nlattr_nest. */
/*@ requires readable_packet(packet) && packet->caplen <= INT32_MAX;
    terminates \true;
    exits \false;
    assigns \nothing; */
static uint32_t read_attr(const struct cbpf_packet *packet, uint32_t a,
			  uint32_t x, bool is_nested)
{
	uint32_t len = packet->caplen;
	uint32_t outer;

	if (packet->ctx && packet->ctx->is_paged)
		return 0;
	if (len < ATTR_HEADER || a > len - ATTR_HEADER)
		return 0;
	if (!is_nested)
		return find_attr(packet, a, len, x);
	outer = own16(packet, packet->data + a);
	if (outer < ATTR_HEADER || outer > len - a)
		return 0;
	return find_attr(packet, a + ATTR_HEADER, a + outer, x);
}

struct pk_value pk_ext(const struct cbpf_packet *packet, uint32_t k, uint32_t a,
		       uint32_t x, uint64_t *rand)
{
	static const struct cbpf_ctx none;
	const struct cbpf_ctx *ctx = packet->ctx ? packet->ctx : &none;
	struct pk_value v = { 0, CBPF_OK };

	switch (k) {
	case EXT_PROTO:
		v.value = ctx->proto;
		break;
	case EXT_TYPE:
		v.value = ctx->pkt_type & 7;
		break;
	case EXT_IFIDX:
	case EXT_HATYPE:
		if (!ctx->has_device)
			v.why = CBPF_E_NO_DEVICE;
		v.value = k == EXT_IFIDX ? ctx->ifindex : ctx->hatype;
		break;
	case EXT_NLA:
	case EXT_NLAN:
		v.value = read_attr(packet, a, x, k == EXT_NLAN);
		break;
	case EXT_MARK:
		v.value = ctx->mark;
		break;
	case EXT_QUEUE:
		v.value = ctx->queue;
		break;
	case EXT_RXHASH:
		v.value = ctx->rxhash;
		break;
	case EXT_CPU:
		v.value = ctx->cpu;
		break;
	case EXT_XOR_X:
		v.value = a ^ x;
		break;
	case EXT_VLAN_TCI:
		v.value = ctx->vlan_tci;
		break;
	case EXT_VLAN_AVAIL:
		v.value = ctx->has_vlan;
		break;
	case EXT_VLAN_TPID:
		v.value = ctx->vlan_tpid;
		break;
	case EXT_POFF:
		v.value = flow_payload_offset(packet);
		break;
	case EXT_RAND:
		v.value = pk_rand(rand);
		break;
	default:
		cbpf_never("an ancillary number the verifier let through");
	}
	return v;
}
