/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Link types: their names, and what a captured packet's own header tells of
 * the context in which a packet socket would have seen it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/wire.h"
#include "capture/capture.h"

enum {
#define LINK(number, name) LINK_##name = (number),
#include "capture/linktypes.def"
#undef LINK
};

static const struct {
	uint16_t number;
	const char *name;
} links[] = {
#define LINK(number, name) { number, #name },
#include "capture/linktypes.def"
#undef LINK
};

_Static_assert(LINK_EN10MB == CBPF_LINK_EN10MB, "the same number");

const char *cbpf_link_name(uint16_t link)
{
	for (size_t i = 0; i < CBPF_COUNT(links); i++)
		if (links[i].number == link)
			return links[i].name;
	return NULL;
}

int cbpf_link_find(const char *name)
{
	char *end;
	unsigned long number;

	for (size_t i = 0; i < CBPF_COUNT(links); i++)
		if (strcasecmp(links[i].name, name) == 0)
			return links[i].number;
	if (*name < '0' || *name > '9')
		return -1;
	number = strtoul(name, &end, 10);
	return *end == '\0' && number <= UINT16_MAX ? (int)number : -1;
}

#define PACKET_BROADCAST 1 /* include/uapi/linux/if_packet.h */
#define PACKET_MULTICAST 2

/* net/ethernet/eth.c, eth_type_trans(); a tag stays in the bytes here. */
static void ethernet_context(const struct cbpf_record *r, struct cbpf_ctx *ctx)
{
	static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };
	const uint8_t *p = r->data;

	ctx->has_link = true;
	ctx->net_off = 14;
	ctx->hatype = ARPHRD_ETHER;
	if (r->caplen < 14)
		return;
	if (memcmp(p, broadcast, 6) == 0)
		ctx->pkt_type = PACKET_BROADCAST;
	else if (p[0] & 1)
		ctx->pkt_type = PACKET_MULTICAST;
	ctx->proto = by_be16(p + 12);
	if (ctx->proto < ETH_LENGTHS) {
		bool is_raw = r->caplen >= 16 && by_be16(p + 14) == 0xffff;

		ctx->proto = is_raw ? ETH_802_3 : ETH_802_2;
	}
}

static void ip_context(const struct cbpf_record *r, struct cbpf_ctx *ctx,
		       uint32_t at)
{
	ctx->net_off = (int32_t)at;
	if (r->caplen <= at)
		return;
	ctx->proto = r->data[at] >> 4 == 4   ? ETH_IP
		     : r->data[at] >> 4 == 6 ? ETH_IPV6
					     : 0;
}

/* LINKTYPE_LINUX_SLL and _SLL2: the kernel's own words, as libpcap put them. */
static void cooked_context(const struct cbpf_record *r, struct cbpf_ctx *ctx)
{
	const uint8_t *p = r->data;
	bool is_v2 = r->link == LINK_LINUX_SLL2;

	ctx->net_off = is_v2 ? 20 : 16;
	if (r->caplen < (uint32_t)ctx->net_off)
		return;
	ctx->proto = by_be16(is_v2 ? p : p + 14);
	ctx->hatype = by_be16(is_v2 ? p + 8 : p + 2);
	ctx->pkt_type = is_v2 ? p[10] : p[1];
	if (is_v2)
		ctx->ifindex = by_be32(p + 4);
}

void cbpf_link_context(const struct cbpf_record *r, struct cbpf_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	switch (r->link) {
	case LINK_EN10MB:
		ethernet_context(r, ctx);
		break;
	case LINK_NULL:
	case LINK_LOOP:
		ip_context(r, ctx, 4);
		ctx->hatype = ARPHRD_LOOPBACK;
		break;
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		ip_context(r, ctx, 0);
		ctx->hatype = ARPHRD_NONE;
		break;
	case LINK_LINUX_SLL:
	case LINK_LINUX_SLL2:
		cooked_context(r, ctx);
		break;
	default:
		return;
	}
	ctx->has_device = true;
	if (!ctx->ifindex)
		ctx->ifindex = r->interface + 1;
}
