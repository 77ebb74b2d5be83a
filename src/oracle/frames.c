/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-packet: the kernel's machine on packet sockets, over a pair
 * of Ethernet devices of our own (veth.c). Four points to look from: frames as
 * they come in or as they leave (is_outgoing), from the link header on or from
 * the network header on (is_dgram, SOCK_DGRAM).
 *
 * The view says what the filter sees there (kernels from 6.x, each line found
 * by sending frames; tests/frames.c):
 *
 *  - Incoming: the outer tag of 802.1Q or 802.1ad is taken out of the bytes
 *    and into the context. The protocol is the Ethertype behind it, or 1 or 4
 *    for what is a length (net/ethernet/eth.c, eth_type_trans()); the packet
 *    type follows from the address that the frame is for.
 *  - Outgoing: nothing is taken out, the protocol is the field behind the
 *    addresses as it stands, and the network header lies behind all tags
 *    (net/packet/af_packet.c, packet_parse_headers()).
 *
 * A frame that passes is there when the witness, which has no filter and is
 * served after the judged socket, has received it; so nothing is waited for.
 */
#include "oracle/oracle.h"

#ifdef __linux__

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/wire.h"
#include "oracle/veth.h"

#define ETH_HEADER 14
#define ETH_TYPE   12 /* offset of the Ethertype */
#define TAG	   4
#define TAGS_MAX   8	/* VLAN_MAX_DEPTH: so many are looked behind */
#define ETH_LOWEST 1536 /* ETH_P_802_3_MIN: below, it is a length */
#define FRAME_MAX  (ETH_HEADER + VETH_MTU)
#define WAIT_MS	   1000 /* for the witness: a machine may be busy */
/*
 * What is not below a page with the room for a link header is not in one piece
 * (packet_alloc_skb(); LL_RESERVED_SPACE of Ethernet).
 */
#define RESERVED      16
#define TYPE_OUTGOING 4 /* PACKET_OUTGOING */

enum { TYPE_HOST, TYPE_BROADCAST, TYPE_MULTICAST, TYPE_OTHER };

struct frames_handle {
	struct cbpf_mem mem;
	bool is_dgram, is_outgoing;
	struct ora_pace pace;
	bool can_mark; /* SO_MARK takes a right */
	struct veth veth;
	const uint8_t *sent; /* the frame of the last view, */
	uint32_t n_sent, mark;
	uint32_t page;
	bool is_late;	/* a frame may come by that was given up */
	uint8_t *frame; /* and what is seen of it */
};

static void free_frames(void *handle)
{
	struct frames_handle *h = handle;
	struct cbpf_mem mem;

	if (!h)
		return;
	veth_close(&h->veth);
	mem = h->mem;
	mem_free(&mem, h->frame, FRAME_MAX);
	mem_free(&mem, h, sizeof(*h));
}

static enum cbpf_err new_handle(const struct cbpf_engine_opts *opts,
				struct frames_handle **out,
				struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct frames_handle *h = mem_new(&mem, 1, sizeof(*h));
	const uint32_t mark = 0;
	enum cbpf_err err;

	if (!h)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(h, 0, sizeof(*h));
	h->mem = mem;
	h->veth.sender = -1;
	h->page = (uint32_t)sysconf(_SC_PAGESIZE);
	h->is_dgram = opts && opts->is_dgram;
	h->is_outgoing = opts && opts->is_outgoing;
	h->pace = ora_pace_new(opts);
	h->frame = mem_new(&mem, 1, FRAME_MAX);
	if (!h->frame) {
		free_frames(h);
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	err = veth_open(h->is_dgram, h->is_outgoing, &h->veth, diag);
	if (err != CBPF_OK) {
		free_frames(h);
		return err;
	}
	h->can_mark = setsockopt(h->veth.sender, SOL_SOCKET, SO_MARK, &mark,
				 sizeof(mark)) == 0;
	*out = h;
	return CBPF_OK;
}

static enum cbpf_err load_frames(const struct cbpf_engine *engine,
				 const struct cbpf_engine_opts *opts,
				 enum cbpf_dialect dialect,
				 const struct cbpf_insn *insns, size_t n,
				 void **handle, struct cbpf_diag *diag)
{
	struct frames_handle *h = *handle;
	enum cbpf_err err;

	(void)engine;
	(void)dialect;
	if (!h) {
		err = new_handle(opts, &h, diag);
		if (!h)
			return err;
		*handle = h;
	}
	return ora_attach(h->veth.judged, insns, n, &h->pace, diag);
}

/* ---- the view ----------------------------------------------------------- */

static bool is_tag(uint16_t type)
{
	return type == ETH_8021Q || type == ETH_8021AD;
}

/* eth_type_trans(): lengths are protocols of the kernel's own making. */
static uint16_t protocol_of(const uint8_t *frame, uint32_t len)
{
	uint16_t type = by_be16(frame + ETH_TYPE);

	if (type >= ETH_LOWEST)
		return type;
	/* raw 802.3, by Novell's IPX, or 802.2 */
	return by_fits(ETH_HEADER, 2, len) &&
			       by_be16(frame + ETH_HEADER) == 0xffff
		       ? ETH_RAW_8023
		       : ETH_LLC;
}

static uint8_t type_of(const uint8_t *frame)
{
	static const uint8_t own[] = VETH_ADDRESS;
	static const uint8_t all[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (memcmp(frame, own, sizeof(own)) == 0)
		return TYPE_HOST;
	if (memcmp(frame, all, sizeof(all)) == 0)
		return TYPE_BROADCAST;
	return frame[0] & 1 ? TYPE_MULTICAST : TYPE_OTHER;
}

/* Where the network header is put when tags are sent as they are. */
static uint32_t network_of(const uint8_t *frame, uint32_t len)
{
	uint32_t at = ETH_HEADER;
	uint16_t type = by_be16(frame + ETH_TYPE);

	for (unsigned tags = 1; is_tag(type); tags++) {
		if (!by_fits(at, TAG, len) || tags == TAGS_MAX)
			return ETH_HEADER;
		type = by_be16(frame + at + 2);
		at += TAG;
	}
	return type ? at : ETH_HEADER;
}

static bool is_fcoe(const uint8_t *frame, uint32_t len)
{
	uint32_t at = network_of(frame, len) - ETH_HEADER + ETH_TYPE;

	return by_be16(frame + at) == ETH_FCOE;
}

/* The frame as a tap on the receiving device has it. */
static void receive(struct frames_handle *h, struct cbpf_view *view)
{
	uint8_t *frame = h->frame;
	uint16_t type = by_be16(frame + ETH_TYPE);

	view->ctx.pkt_type = type_of(frame);
	view->ctx.net_off = ETH_HEADER;
	if (is_tag(type)) {
		view->ctx.has_vlan = true;
		view->ctx.vlan_tpid = type;
		view->ctx.vlan_tci = by_be16(frame + ETH_HEADER);
		view->packet.caplen -= TAG;
		memmove(frame + ETH_TYPE, frame + ETH_TYPE + TAG,
			view->packet.caplen - ETH_TYPE);
	}
	view->ctx.proto = protocol_of(frame, view->packet.caplen);
}

static void leave(struct frames_handle *h, struct cbpf_view *view)
{
	view->ctx.pkt_type = TYPE_OUTGOING;
	view->ctx.proto = by_be16(h->frame + ETH_TYPE);
	view->ctx.net_off = (int32_t)network_of(h->frame, view->packet.caplen);
}

/* SOCK_DGRAM: data begins with the network header. */
static void pull_link_header(struct cbpf_view *view)
{
	uint32_t header = (uint32_t)view->ctx.net_off;

	view->packet.data += header;
	view->packet.caplen -= header;
	view->ctx.headroom = header;
	view->ctx.link_off = -(int32_t)header;
	view->ctx.net_off = 0;
}

static enum cbpf_err view_frames(void *handle, const struct cbpf_packet *packet,
				 struct cbpf_view *view, struct cbpf_diag *diag)
{
	struct frames_handle *h = handle;
	bool is_paged;

	if (packet->caplen < ETH_HEADER)
		return dg_say(diag, CBPF_E_SKIP,
			      "%u bytes are no Ethernet frame", packet->caplen);
	if (packet->caplen > FRAME_MAX)
		return dg_say(diag, CBPF_E_SKIP,
			      "the device carries frames of at most %u bytes",
			      FRAME_MAX);
	is_paged = packet->caplen + RESERVED >= h->page;
	/* the dissector looks at FCoE in the first piece only */
	if (is_paged && is_fcoe(packet->data, packet->caplen))
		return dg_say(diag, CBPF_E_SKIP,
			      "this much FCoE is in pieces that nobody tells");
	/* skb_vlan_untag() wants the tag and the Ethertype behind it */
	if (!h->is_outgoing && is_tag(by_be16(packet->data + ETH_TYPE)) &&
	    packet->caplen < ETH_HEADER + TAG + 2)
		return dg_say(diag, CBPF_E_SKIP,
			      "the kernel drops a tagged frame of %u bytes "
			      "before any filter",
			      packet->caplen);
	h->sent = packet->data;
	h->n_sent = packet->caplen;
	h->mark = packet->ctx && h->can_mark ? packet->ctx->mark : 0;
	memcpy(h->frame, packet->data, packet->caplen);
	memset(view, 0, sizeof(*view));
	view->packet.data = h->frame;
	view->packet.caplen = packet->caplen;
	view->packet.ctx = &view->ctx;
	view->ctx.has_link = view->ctx.has_device = true;
	view->ctx.ifindex = h->veth.ifindex;
	view->ctx.hatype = ARPHRD_ETHER;
	view->ctx.mark = h->mark;
	view->ctx.is_paged = is_paged;
	view->ctx.cpu = ora_cpu();
	if (h->is_outgoing)
		leave(h, view);
	else
		receive(h, view);
	if (h->is_dgram)
		pull_link_header(view);
	view->packet.wirelen = view->packet.caplen;
	return CBPF_OK;
}

/* ---- running ------------------------------------------------------------ */

static enum cbpf_err send_frame(const struct frames_handle *h,
				struct cbpf_diag *diag)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(uint32_t))];
	} control = { .head = { .cmsg_level = SOL_SOCKET,
				.cmsg_type = SO_MARK,
				.cmsg_len = CMSG_LEN(sizeof(h->mark)) } };
	struct iovec part = { (void *)(uintptr_t)h->sent, h->n_sent };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t len;

	if (h->mark) {
		memcpy(CMSG_DATA(&control.head), &h->mark, sizeof(h->mark));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		len = sendmsg(h->veth.sender, &message, 0);
	while (len < 0 && errno == EINTR);
	if (len < 0 && (errno == EMSGSIZE || errno == ENOBUFS))
		return dg_say(diag, CBPF_E_SKIP,
			      "the kernel has no buffer for %u bytes",
			      h->n_sent);
	return len < 0 ? dg_system(diag, "sendmsg on a packet socket", errno)
		       : CBPF_OK;
}

/* A frame's length as the socket has it, or -1: there is none. */
static ssize_t take_frame(int fd)
{
	ssize_t len;

	do
		len = recv(fd, NULL, 0, MSG_DONTWAIT | MSG_TRUNC);
	while (len < 0 && errno == EINTR);
	return len;
}

static enum cbpf_err run_frames(void *handle, const struct cbpf_view *view,
				const struct cbpf_result *expect,
				struct cbpf_answer *answer,
				struct cbpf_diag *diag)
{
	struct frames_handle *h = handle;
	struct pollfd ready = { .fd = h->veth.witness, .events = POLLIN };
	enum cbpf_err err;
	ssize_t len;

	(void)view;
	(void)expect;
	while (h->is_late && (take_frame(h->veth.witness) >= 0 ||
			      take_frame(h->veth.judged) >= 0))
		;
	h->is_late = false;
	err = send_frame(h, diag);
	if (err != CBPF_OK)
		return err;
	h->is_late = take_frame(h->veth.witness) < 0 &&
		     (poll(&ready, 1, WAIT_MS) < 1 ||
		      take_frame(h->veth.witness) < 0);
	if (h->is_late)
		return dg_system(diag, "the frame did not come by", ETIMEDOUT);
	len = take_frame(h->veth.judged);
	if (len < 0 && errno != EAGAIN)
		return dg_system(diag, "recv on a packet socket", errno);
	answer->shows = CBPF_SHOWS_BYTES;
	answer->end = CBPF_RETURNED;
	answer->is_passed = len >= 0;
	answer->value = len >= 0 ? (uint32_t)len : 0;
	return CBPF_OK;
}

#else /* not Linux */

#define load_frames ora_load_elsewhere
#define view_frames NULL
#define run_frames  NULL
#define free_frames NULL

#endif

const struct cbpf_engine cbpf_engine_linux_packet = {
	.name = "linux-packet",
	.about = "the kernel, through packet sockets on devices of its own",
	.dialect = CBPF_LINUX,
	.link = LINK_ETHERNET,
	.is_oracle = true,
	.probe = ora_probe,
	.load = load_frames,
	.view = view_frames,
	.run = run_frames,
	.free = free_frames,
};
