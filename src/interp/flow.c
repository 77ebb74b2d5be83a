/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload offset that `ld poff` reads: what Linux's flow dissector finds
 * (net/core/flow_dissector.c, __skb_flow_dissect and __skb_get_poff), read
 * again as a walk over headers. Starting at the network header with the
 * packet's Ethertype, each step either passes a header, stops with the offset
 * reached (the packet was understood so far), or fails (the answer is 0).
 *
 * The rules are those of 6.18, each seen on packet sockets there (docs/
 * kernel.md). One thing cannot be said here: FCoE is looked at in the first
 * piece of a packet only, and how long that is no context tells.
 */
#include "base/wire.h"
#include "interp/packet.h"

#define IP_ICMP	    1
#define IP_IGMP	    2
#define IP_IPIP	    4
#define IP_TCP	    6
#define IP_UDP	    17
#define IP_DCCP	    33
#define IP_IPV6	    41
#define IP_ROUTING  43
#define IP_FRAGMENT 44
#define IP_GRE	    47
#define IP_ICMPV6   58
#define IP_DSTOPTS  60
#define IP_SCTP	    132
#define IP_UDPLITE  136
#define IP_MPLS	    137
#define IP_HOPOPTS  0

#define HEADERS_MAX 15 /* MAX_FLOW_DISSECT_HDRS */

enum walk {
	WALK_ON,   /* another header follows, counted */
	WALK_IN,   /* an IP header was passed: look at what it carries */
	WALK_STOP, /* understood so far */
	WALK_FAIL, /* the answer is 0 */
};

struct flow {
	const struct cbpf_packet *packet; /* with a context */
	int64_t at;			  /* of the header at hand, from data */
	uint16_t proto;			  /* Ethertype of what is there */
	uint8_t ip_proto; /* transport, once an IP header was passed */
	bool in_ip;	  /* at is behind an IP header: ip_proto says what */
	bool is_later_fragment;
	bool tag_is_used; /* the tag off the frame was looked at */
	unsigned headers;
};

/*
 * What each step keeps: the packet as it was given, and the offset where a
 * header more can be asked for without overflow. It is taken further only
 * after a header that lies inside the packet, by 2048 at most.
 */
/*@ predicate near(integer at) = INT32_MIN <= at <= INT32_MAX + 4096;

    predicate walking(struct flow *f) =
      \valid(f) && readable_packet(f->packet) &&
      f->packet->ctx != \null && f->packet->caplen <= INT32_MAX &&
      near(f->at);

    predicate goes_on(enum walk walk) = walk == WALK_ON || walk == WALK_IN;
*/

/* size bytes at at + off, or NULL. */
/*@ requires \valid_read(f) && readable_packet(f->packet);
    requires f->packet->ctx != \null;
    requires f->packet->caplen <= INT32_MAX && near(f->at);
    requires 0 <= off <= 64 && size <= 64;
    terminates \true;
    exits \false;
    assigns \nothing;
    ensures \result != \null ==>
      \valid_read(\result + (0 .. size - 1)) &&
      f->at + off + size <= f->packet->caplen; */
static const uint8_t *header(const struct flow *f, int64_t off, unsigned size)
{
	int64_t headroom = f->packet->ctx->headroom;
	int64_t at = f->at + off;

	if (at < -headroom || at > (int64_t)f->packet->caplen - size)
		return NULL;
	return f->packet->data + at;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result == WALK_IN ==> f->in_ip != 0; */
static enum walk pass_ipv4(struct flow *f)
{
	const uint8_t *ip = header(f, 0, 20);
	unsigned fragment;
	uint8_t words;

	if (!ip)
		return WALK_FAIL;
	words = ip[0] & 15;
	if (words < 5)
		return WALK_FAIL;
	fragment = by_be16(ip + 6) & 0x3fff; /* MF and the offset */
	f->at += 4 * (int64_t)words;
	f->ip_proto = ip[9];
	f->in_ip = true;
	if (fragment) {
		f->is_later_fragment = (fragment & 0x1fff) != 0;
		return WALK_STOP;
	}
	return WALK_IN;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result == WALK_IN ==> f->in_ip != 0; */
static enum walk pass_ipv6(struct flow *f)
{
	const uint8_t *ip = header(f, 0, 40);

	if (!ip)
		return WALK_FAIL;
	f->at += 40;
	f->ip_proto = ip[6];
	f->in_ip = true;
	return WALK_IN;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_vlan(struct flow *f)
{
	const struct cbpf_ctx *ctx = f->packet->ctx;
	const uint8_t *tag;

	if (!f->tag_is_used && ctx->has_vlan) {
		f->tag_is_used = true;
		f->proto = ctx->proto;
		return WALK_ON;
	}
	f->tag_is_used = true;
	tag = header(f, 0, 4);
	if (!tag)
		return WALK_FAIL;
	f->proto = by_be16(tag + 2);
	f->at += 4;
	return WALK_ON;
}

/* RFC 2516; a PPP protocol compressed to one byte is not understood. */
/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_pppoe(struct flow *f)
{
	const uint8_t *p = header(f, 0, 8);
	unsigned ppp;

	if (!p || p[0] != 0x11 || p[1] != 0)
		return WALK_FAIL;
	ppp = by_be16(p + 6);
	f->at += 8;
	switch (ppp) {
	case 0x0021:
		f->proto = ETH_IP;
		return WALK_ON;
	case 0x0057:
		f->proto = ETH_IPV6;
		return WALK_ON;
	case 0x0281:
		f->proto = ETH_MPLS;
		return WALK_ON;
	case 0x0283:
		f->proto = ETH_MPLS_MC;
		return WALK_ON;
	}
	/* ppp_proto_is_valid(): odd low byte, even high byte */
	return (ppp & 0x0101) == 0x0001 ? WALK_STOP : WALK_FAIL;
}

/* RFC 2784, 2890, and version 1 for PPTP (RFC 2637). */
/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_gre(struct flow *f)
{
	const uint8_t *p = header(f, 0, 4);
	unsigned flags, version, off = 4;
	uint16_t proto;

	if (!p)
		return WALK_FAIL;
	flags = by_be16(p);
	version = flags & 7;
	proto = by_be16(p + 2);
	if (flags & 0x4000 || version > 1) /* routing */
		return WALK_STOP;
	if (version == 1 && !(proto == ETH_PPTP && flags & 0x2000))
		return WALK_STOP;
	if (flags & 0x8000) /* checksum */
		off += 4;
	if (flags & 0x2000) { /* key */
		if (!header(f, off, 4))
			return WALK_FAIL;
		off += 4;
	}
	if (flags & 0x1000) /* sequence */
		off += 4;
	if (version == 0 && proto == ETH_TEB) {
		p = header(f, off, 14);
		if (!p)
			return WALK_FAIL;
		proto = by_be16(p + 12);
		off += 14;
	} else if (version == 1) {
		if (flags & 0x0080) /* acknowledgement */
			off += 4;
		p = header(f, off, 4);
		if (!p)
			return WALK_FAIL;
		switch (by_be16(p + 2)) {
		case 0x0021:
			proto = ETH_IP;
			break;
		case 0x0057:
			proto = ETH_IPV6;
			break;
		}
		off += 4;
	}
	f->at += off;
	f->proto = proto;
	f->in_ip = false;
	return WALK_ON;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_ipv6_options(struct flow *f)
{
	const uint8_t *p;

	if (f->proto != ETH_IPV6)
		return WALK_STOP;
	p = header(f, 0, 2);
	if (!p)
		return WALK_FAIL;
	f->ip_proto = p[0];
	f->at += 8 * (int64_t)(p[1] + 1);
	return WALK_ON;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_ipv6_fragment(struct flow *f)
{
	const uint8_t *p;

	if (f->proto != ETH_IPV6)
		return WALK_STOP;
	p = header(f, 0, 8);
	if (!p)
		return WALK_FAIL;
	f->ip_proto = p[0];
	f->at += 8;
	f->is_later_fragment = (by_be16(p + 2) & 0xfff8) != 0;
	return WALK_STOP;
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk enter(struct flow *f, uint16_t proto)
{
	f->proto = proto;
	f->in_ip = false;
	return WALK_ON;
}

/* B.A.T.M.A.N. unicast, version 15: an Ethernet frame is inside. */
/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_batman(struct flow *f)
{
	const uint8_t *p = header(f, 0, 24);

	if (!p || p[0] != 0x40 || p[1] != 15)
		return WALK_FAIL;
	f->proto = by_be16(p + 22);
	f->at += 24;
	return WALK_ON;
}

/* Headers about which the kernel knows a length and little more. */
static const struct {
	uint16_t proto;
	uint8_t needs;	/* bytes that must be there */
	uint8_t passes; /* how far the offset moves */
	uint8_t next;	/* where the next Ethertype is; 0: it stops there */
} plain_headers[] = {
	{ ETH_ARP, 0, 0, 0 },	  { ETH_RARP, 0, 0, 0 },  { ETH_MPLS, 0, 4, 0 },
	{ ETH_MPLS_MC, 0, 4, 0 }, { ETH_TIPC, 16, 0, 0 }, { ETH_CFM, 0, 0, 0 },
	{ ETH_FCOE, 38, 38, 0 },  { ETH_PTP, 34, 34, 0 }, { ETH_PRP, 6, 6, 4 },
	{ ETH_HSR, 6, 6, 4 },
};

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result != WALK_IN; */
static enum walk pass_plain(struct flow *f)
{
	/*@ loop invariant 0 <= i <= CBPF_COUNT(plain_headers);
	    loop assigns i;
	    loop variant CBPF_COUNT(plain_headers) - i; */
	for (size_t i = 0; i < CBPF_COUNT(plain_headers); i++) {
		const uint8_t *p;

		if (plain_headers[i].proto != f->proto)
			continue;
		p = header(f, 0, plain_headers[i].needs);
		if (plain_headers[i].needs && !p)
			return WALK_FAIL;
		f->at += plain_headers[i].passes;
		if (!plain_headers[i].next)
			return WALK_STOP;
		f->proto = by_be16(p + plain_headers[i].next);
		return WALK_ON;
	}
	return WALK_FAIL;
}

/* What follows a link header or a tunnel's, by Ethertype. */
/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result == WALK_IN ==> f->in_ip != 0; */
static enum walk pass_by_ethertype(struct flow *f)
{
	switch (f->proto) {
	case ETH_IP:
		return pass_ipv4(f);
	case ETH_IPV6:
		return pass_ipv6(f);
	case ETH_8021Q:
	case ETH_8021AD:
		return pass_vlan(f);
	case ETH_PPPOE:
		return pass_pppoe(f);
	case ETH_BATMAN:
		return pass_batman(f);
	default:
		break;
	}
	return pass_plain(f);
}

/*@ requires walking(f);
    terminates \true;
    exits \false;
    assigns f->at, f->proto, f->ip_proto, f->in_ip, f->is_later_fragment,
	    f->tag_is_used;
    ensures goes_on(\result) ==> near(f->at);
    ensures \result == WALK_IN ==> \old(f->in_ip) == 0 && f->in_ip != 0; */
static enum walk pass_header(struct flow *f)
{
	if (!f->in_ip)
		return pass_by_ethertype(f);
	switch (f->ip_proto) {
	case IP_GRE:
		return pass_gre(f);
	case IP_HOPOPTS:
	case IP_ROUTING:
	case IP_DSTOPTS:
		return pass_ipv6_options(f);
	case IP_FRAGMENT:
		return pass_ipv6_fragment(f);
	case IP_IPIP:
		return enter(f, ETH_IP);
	case IP_IPV6:
		return enter(f, ETH_IPV6);
	case IP_MPLS:
		return enter(f, ETH_MPLS);
	default:
		return WALK_STOP;
	}
}

/* __skb_get_poff(): from the transport header to what it carries. */
/*@ requires \valid_read(f) && readable_packet(f->packet);
    requires f->packet->ctx != \null;
    requires f->packet->caplen <= INT32_MAX && near(f->at);
    terminates \true;
    exits \false;
    assigns \nothing; */
static uint32_t transport_header(const struct flow *f)
{
	const uint8_t *tcp;
	uint32_t size;

	switch (f->ip_proto) {
	case IP_TCP:
		tcp = header(f, 12, 1);
		if (!tcp)
			return 0;
		size = (*tcp & 0xf0u) >> 2;
		return size > 20 ? size : 20;
	case IP_UDP:
	case IP_UDPLITE:
	case IP_ICMP:
	case IP_ICMPV6:
	case IP_IGMP:
		return 8;
	case IP_DCCP:
	case IP_SCTP:
		return 12;
	default:
		return 0;
	}
}

uint32_t flow_payload_offset(const struct cbpf_packet *packet)
{
	const struct cbpf_ctx *ctx = packet->ctx;
	struct flow f = { .packet = packet };
	enum walk walk;
	uint16_t offset;

	if (!ctx)
		return 0;
	f.proto = ctx->has_vlan ? ctx->vlan_tpid : ctx->proto;
	f.at = ctx->net_off;
	/*@ loop invariant near(f.at) && f.packet == packet;
	    loop invariant f.headers <= HEADERS_MAX;
	    loop assigns f, walk;
	    loop variant 2 * (HEADERS_MAX - f.headers) + (f.in_ip == 0 ? 1 : 0);
	 */
	do {
		walk = pass_header(&f);
	} while (walk == WALK_IN ||
		 (walk == WALK_ON && ++f.headers <= HEADERS_MAX));
	if (walk == WALK_FAIL)
		return 0;
	/* min_t(u16, nhoff, skb->len): both cut to 16 bits first */
	offset = (uint16_t)f.at < (uint16_t)packet->caplen
			 ? (uint16_t)f.at
			 : (uint16_t)packet->caplen;
	f.at = offset;
	if (f.is_later_fragment)
		return offset;
	return offset + transport_header(&f);
}
