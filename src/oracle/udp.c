/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines linux-udp and linux-udp6: the kernel's machine through UDP over
 * loopback. The program sees the UDP header and the payload; before them lie
 * an IP header and an Ethernet header, which offsets from 0xfff00000 and
 * 0xffe00000 reach. The view builds all three as the kernel does, so that
 * even a program that reads them has a twin.
 *
 * A verdict R delivers max(R, 8) bytes of the datagram, header included, 0
 * delivers nothing (net/ipv4/udp.c: sk_filter_trim_cap(.., sizeof(struct
 * udphdr))). Loopback delivers before the send comes back: the datagram is
 * there, or the filter dropped it and the socket's drop counter moved. Only
 * where neither has happened does a wait of 50 ms decide.
 */
#include "oracle/oracle.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "kernel/sockopt.h"

#ifndef IPV6_AUTOFLOWLABEL
#define IPV6_AUTOFLOWLABEL 70
#endif

#define ETH_HEADER 14
#define IP4_HEADER 20
#define IP6_HEADER 40
#define UDP_HEADER 8
#define TTL	   64 /* net.ipv4.ip_default_ttl's default */
#define WAIT_MS	   50
/* what __ip_append_data() and __ip6_append_data() add to a length first */
#define IP4_SPARE 31 /* link header, alignment */
#define IP6_SPARE 24 /* link header, fragment header */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct udp_handle {
	struct cbpf_mem mem;
	bool is_v6, is_body;
	struct ora_pace pace;
	int send, recv;
	union address from, to;
	uint32_t drops;
	uint32_t header;  /* Ethernet, IP */
	uint32_t largest; /* payload */
	uint32_t lo_index;
	uint8_t ttl;
	uint8_t *frame; /* header, UDP header, payload */
};

#define FRAME_MAX (ETH_HEADER + IP6_HEADER + 65535 + 1)

static socklen_t address_size(const struct udp_handle *h)
{
	return h->is_v6 ? sizeof(h->to.v6) : sizeof(h->to.v4);
}

static uint16_t port_of(const struct udp_handle *h, const union address *a)
{
	return ntohs(h->is_v6 ? a->v6.sin6_port : a->v4.sin_port);
}

static enum cbpf_err open_socket(const struct udp_handle *h, int *fd,
				 union address *address, struct cbpf_diag *diag)
{
	socklen_t size = address_size(h);
	int zero = 0, one = 1, discover = IP_PMTUDISC_DO;

	memset(address, 0, sizeof(*address));
	if (h->is_v6) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_addr = in6addr_loopback;
	} else {
		address->v4.sin_family = AF_INET;
		address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	*fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return dg_system(diag, "socket for UDP", errno);
	/* else an IPv4 header may be fragmented, and is numbered at random */
	setsockopt(*fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover,
		   sizeof(discover));
	/* a flow label would be random, and set the packet's hash */
	if (h->is_v6) {
		setsockopt(*fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, &zero,
			   sizeof(zero));
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	}
	if (bind(*fd, &address->any, size) < 0 ||
	    getsockname(*fd, &address->any, &size) < 0)
		return dg_system(diag, "bind to the loopback address", errno);
	return CBPF_OK;
}

static void free_udp(void *handle)
{
	struct udp_handle *h = handle;
	struct cbpf_mem mem;

	if (!h)
		return;
	if (h->send >= 0)
		close(h->send);
	if (h->recv >= 0)
		close(h->recv);
	mem = h->mem;
	mem_free(&mem, h->frame, FRAME_MAX);
	mem_free(&mem, h, sizeof(*h));
}

static uint32_t read_drops(const struct udp_handle *h)
{
	return meminfo_read(h->recv, MEMINFO_DROPS);
}

static enum cbpf_err new_handle(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				struct udp_handle **out, struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct udp_handle *h = mem_new(&mem, 1, sizeof(*h));
	int hops = TTL;
	socklen_t size = sizeof(hops);
	enum cbpf_err err;

	if (!h)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(h, 0, sizeof(*h));
	h->mem = mem;
	h->is_v6 = engine == &cbpf_engine_linux_udp6;
	h->is_body = opts && opts->udp_body;
	h->pace = ora_pace_new(opts);
	h->send = h->recv = -1;
	h->header = ETH_HEADER + (h->is_v6 ? IP6_HEADER : IP4_HEADER);
	/* the largest IPv4 packet; as much for IPv6, with MTU 65536 */
	h->largest = 65535 - IP4_HEADER - UDP_HEADER -
		     (h->is_v6 ? IP6_HEADER - IP4_HEADER : 0);
	h->lo_index = if_nametoindex("lo");
	h->frame = mem_new(&mem, 1, FRAME_MAX);
	if (!h->frame) {
		free_udp(h);
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	err = open_socket(h, &h->recv, &h->to, diag);
	if (err == CBPF_OK)
		err = open_socket(h, &h->send, &h->from, diag);
	if (err != CBPF_OK) {
		free_udp(h);
		return err;
	}
	getsockopt(h->send, h->is_v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		   h->is_v6 ? IPV6_UNICAST_HOPS : IP_TTL, &hops, &size);
	h->ttl = (uint8_t)hops;
	h->drops = read_drops(h);
	*out = h;
	return CBPF_OK;
}

static enum cbpf_err load_udp(const struct cbpf_engine *engine,
			      const struct cbpf_engine_opts *opts,
			      enum cbpf_dialect dialect,
			      const struct cbpf_insn *insns, size_t n,
			      void **handle, struct cbpf_diag *diag)
{
	struct udp_handle *h = *handle;
	enum cbpf_err err;

	(void)dialect;
	if (!h) {
		err = new_handle(engine, opts, &h, diag);
		if (!h)
			return err;
		*handle = h;
	}
	return ora_attach(h->recv, insns, n, &h->pace, diag);
}

/* ---- the view: headers as the kernel makes them ------------------------ */

/* One's complement sum, RFC 1071. */
static uint32_t sum_words(const uint8_t *p, size_t size, uint32_t sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += by_be16(p + i);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* RFC 791; not fragmented, so the kernel leaves the identification 0. */
static uint32_t put_ip4(uint8_t *ip, const struct udp_handle *h, uint32_t udp)
{
	memset(ip, 0, IP4_HEADER);
	ip[0] = 0x45;
	by_put_be16(ip + 2, (uint16_t)(IP4_HEADER + udp));
	ip[6] = 0x40;
	ip[8] = h->ttl;
	ip[9] = IPPROTO_UDP;
	by_put_be32(ip + 12, INADDR_LOOPBACK);
	by_put_be32(ip + 16, INADDR_LOOPBACK);
	by_put_be16(ip + 10, (uint16_t)~fold(sum_words(ip, IP4_HEADER, 0)));
	return sum_words(ip + 12, 8, 0);
}

/* RFC 8200. */
static uint32_t put_ip6(uint8_t *ip, const struct udp_handle *h, uint32_t udp)
{
	memset(ip, 0, IP6_HEADER);
	ip[0] = 0x60;
	by_put_be16(ip + 4, (uint16_t)udp);
	ip[6] = IPPROTO_UDP;
	ip[7] = h->ttl;
	ip[8 + 15] = ip[24 + 15] = 1;
	return sum_words(ip + 8, 32, 0);
}

static void put_frame(struct udp_handle *h, const uint8_t *payload,
		      uint32_t size)
{
	uint8_t *ip = h->frame + ETH_HEADER;
	uint8_t *udp = h->frame + h->header;
	uint32_t udp_size = UDP_HEADER + size;
	uint32_t sum;

	memset(h->frame, 0, ETH_HEADER);
	by_put_be16(h->frame + 12, h->is_v6 ? ETH_IPV6 : ETH_IP);
	sum = h->is_v6 ? put_ip6(ip, h, udp_size) : put_ip4(ip, h, udp_size);
	by_put_be16(udp, port_of(h, &h->from));
	by_put_be16(udp + 2, port_of(h, &h->to));
	by_put_be16(udp + 4, (uint16_t)udp_size);
	/*
	 * Loopback leaves the checksum to the "hardware": the field holds the
	 * sum of the pseudo header alone (CHECKSUM_PARTIAL).
	 */
	by_put_be16(udp + 6, fold(sum + IPPROTO_UDP + udp_size));
	if (size)
		memcpy(udp + UDP_HEADER, payload, size);
}

static enum cbpf_err view_udp(void *handle, const struct cbpf_packet *packet,
			      struct cbpf_view *view, struct cbpf_diag *diag)
{
	struct udp_handle *h = handle;
	uint32_t skip = h->is_body ? UDP_HEADER : 0;
	uint32_t size = packet->caplen - skip;

	if (packet->caplen < skip)
		return dg_say(diag, CBPF_E_SKIP,
			      "%u bytes cannot begin with a UDP header",
			      packet->caplen);
	if (size > h->largest)
		return dg_say(diag, CBPF_E_SKIP,
			      "a UDP datagram carries at most %u bytes",
			      h->largest);
	put_frame(h, size ? packet->data + skip : NULL, size);
	memset(view, 0, sizeof(*view));
	view->header = UDP_HEADER;
	view->packet.data = h->frame + h->header;
	view->packet.caplen = view->packet.wirelen = UDP_HEADER + size;
	view->packet.ctx = &view->ctx;
	view->ctx.headroom = h->header;
	view->ctx.has_link = view->ctx.has_device = true;
	view->ctx.link_off = -(int32_t)h->header;
	view->ctx.net_off = ETH_HEADER - (int32_t)h->header;
	view->ctx.ifindex = h->lo_index;
	view->ctx.hatype = ARPHRD_LOOPBACK;
	view->ctx.proto = h->is_v6 ? ETH_IPV6 : ETH_IP;
	view->ctx.is_paged = h->header - ETH_HEADER + UDP_HEADER + size +
				     (h->is_v6 ? IP6_SPARE : IP4_SPARE) >=
			     SKB_LINEAR_MAX;
	view->ctx.cpu = ora_cpu();
	return CBPF_OK;
}

/* ---- running ----------------------------------------------------------- */

/* One datagram of ours, without waiting: its length, or -1 for none. */
static enum cbpf_err take_datagram(const struct udp_handle *h, ssize_t *len,
				   struct cbpf_diag *diag)
{
	union address from = { .v6 = { 0 } };
	socklen_t size;

	do {
		size = sizeof(from);
		*len = recvfrom(h->recv, NULL, 0, MSG_DONTWAIT | MSG_TRUNC,
				&from.any, &size);
		/* another program's may have been queued before the filter */
	} while ((*len >= 0 && port_of(h, &from) != port_of(h, &h->from)) ||
		 (*len < 0 && errno == EINTR));
	if (*len < 0 && errno != EAGAIN)
		return dg_system(diag, "recvfrom", errno);
	return CBPF_OK;
}

static enum cbpf_err run_udp(void *handle, const struct cbpf_view *view,
			     const struct cbpf_result *expect,
			     struct cbpf_answer *answer, struct cbpf_diag *diag)
{
	struct udp_handle *h = handle;
	struct pollfd ready = { .events = POLLIN };
	enum cbpf_err err;
	ssize_t len;

	(void)expect;
	len = sendto(h->send, view->packet.data + UDP_HEADER,
		     view->packet.caplen - UDP_HEADER, MSG_DONTWAIT, &h->to.any,
		     address_size(h));
	if (len < 0 && (errno == EMSGSIZE || errno == ENOBUFS))
		return dg_say(diag, CBPF_E_SKIP,
			      "the kernel has no buffer for %u bytes",
			      view->packet.caplen);
	if (len < 0)
		return dg_system(diag, "sendto over loopback", errno);
	err = take_datagram(h, &len, diag);
	if (err == CBPF_OK && len < 0 && read_drops(h) == h->drops) {
		ready.fd = h->recv;
		poll(&ready, 1, WAIT_MS);
		err = take_datagram(h, &len, diag);
	}
	h->drops = read_drops(h);
	answer->shows = CBPF_SHOWS_BYTES;
	answer->end = CBPF_RETURNED;
	answer->is_passed = len >= 0;
	answer->value = len >= 0 ? (uint32_t)len : 0;
	return err;
}

#else /* not Linux */

#define load_udp ora_load_elsewhere
#define view_udp NULL
#define run_udp	 NULL
#define free_udp NULL

#endif

const struct cbpf_engine cbpf_engine_linux_udp = {
	.name = "linux-udp",
	.about = "the kernel, through UDP over 127.0.0.1",
	.dialect = CBPF_LINUX,
	.is_oracle = true,
	.probe = ora_probe,
	.load = load_udp,
	.view = view_udp,
	.run = run_udp,
	.free = free_udp,
};

const struct cbpf_engine cbpf_engine_linux_udp6 = {
	.name = "linux-udp6",
	.about = "the kernel, through UDP over ::1",
	.dialect = CBPF_LINUX,
	.is_oracle = true,
	.probe = ora_probe,
	.load = load_udp,
	.view = view_udp,
	.run = run_udp,
	.free = free_udp,
};
