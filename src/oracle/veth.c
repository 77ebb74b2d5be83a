/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The making of struct veth: a process of our own takes a namespace of its own,
 * makes the devices through rtnetlink, opens the sockets and hands them over.
 * Without privilege it first takes a user namespace, where the system lets it.
 */
#include "oracle/veth.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "oracle/process.h"

#define OUT	  "cbpf0" /* frames leave by it */
#define IN	  "cbpf1" /* and come in at it */
#define N_SOCKETS 3

/* What the process says: its sockets, or the step that failed. */
struct report {
	int sys_errno;
	uint32_t ifindex;
	char step[64];
};

struct order {
	bool is_dgram, is_outgoing;
	int socket; /* to the caller */
	struct report report;
	int sockets[N_SOCKETS];
};

/* As much of a text as there is room for. */
static void put_text(char *to, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(to, text, len);
	to[len] = '\0';
}

static bool failed(struct order *o, const char *step)
{
	o->report.sys_errno = errno;
	put_text(o->report.step, sizeof(o->report.step), step);
	return false;
}

/* ---- rtnetlink ---------------------------------------------------------- */

struct message {
	struct nlmsghdr head;
	struct ifinfomsg info;
	char attributes[512];
};

static struct rtattr *put_attribute(struct message *m, unsigned short type,
				    const void *data, size_t size)
{
	struct rtattr *at =
		(void *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));

	at->rta_type = type;
	at->rta_len = (unsigned short)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(at), data, size);
	m->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(m->head.nlmsg_len) +
				       RTA_ALIGN(at->rta_len));
	return at;
}

/* Everything put since belongs into it. */
static void close_attribute(struct message *m, struct rtattr *at)
{
	at->rta_len =
		(unsigned short)((char *)m + m->head.nlmsg_len - (char *)at);
}

/* Sends a message; 0, or the errno that the kernel answers with. */
static int ask_kernel(const struct message *m)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} answer = { .error = { .error = -EPROTO } };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return errno;
	if (send(fd, m, m->head.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.error.error = -errno;
	close(fd);
	return -answer.error.error;
}

static struct message message_to(uint16_t flags, uint32_t ifindex)
{
	return (struct message){
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = RTM_NEWLINK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags },
		.info = { .ifi_index = (int)ifindex }
	};
}

/*
 * No address of its own, so nothing to announce: else the kernel would send
 * frames as the device comes up. Without IPv6 there is nothing to silence.
 */
static void silence_ip6(uint32_t ifindex)
{
	const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	struct message m = message_to(0, ifindex);
	struct rtattr *families = put_attribute(&m, IFLA_AF_SPEC, NULL, 0);
	struct rtattr *family = put_attribute(&m, AF_INET6, NULL, 0);

	put_attribute(&m, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
	close_attribute(&m, family);
	close_attribute(&m, families);
	ask_kernel(&m);
}

static bool make_devices(struct order *o)
{
	static const uint8_t address[] = VETH_ADDRESS;
	const struct ifinfomsg none = { .ifi_family = AF_UNSPEC };
	const uint32_t mtu = VETH_MTU;
	struct message m = message_to(NLM_F_CREATE | NLM_F_EXCL, 0);
	struct rtattr *link, *data, *peer;

	put_attribute(&m, IFLA_IFNAME, OUT, sizeof(OUT));
	put_attribute(&m, IFLA_MTU, &mtu, sizeof(mtu));
	link = put_attribute(&m, IFLA_LINKINFO, NULL, 0);
	put_attribute(&m, IFLA_INFO_KIND, "veth", 4);
	data = put_attribute(&m, IFLA_INFO_DATA, NULL, 0);
	peer = put_attribute(&m, VETH_INFO_PEER, &none, sizeof(none));
	put_attribute(&m, IFLA_IFNAME, IN, sizeof(IN));
	put_attribute(&m, IFLA_MTU, &mtu, sizeof(mtu));
	put_attribute(&m, IFLA_ADDRESS, address, sizeof(address));
	close_attribute(&m, peer);
	close_attribute(&m, data);
	close_attribute(&m, link);
	errno = ask_kernel(&m);
	return errno == 0 || failed(o, "making a veth device");
}

/* ---- the namespace ------------------------------------------------------ */

static bool bring_up(struct order *o, int fd, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_NOARP };

	put_text(request.ifr_name, sizeof(request.ifr_name), name);
	return ioctl(fd, SIOCSIFFLAGS, &request) == 0 ||
	       failed(o, "bringing a veth device up");
}

static uint32_t index_of(int fd, const char *name)
{
	struct ifreq request = { .ifr_ifindex = 0 };

	put_text(request.ifr_name, sizeof(request.ifr_name), name);
	return ioctl(fd, SIOCGIFINDEX, &request) == 0
		       ? (uint32_t)request.ifr_ifindex
		       : 0;
}

static int open_socket(uint32_t ifindex, int type, uint16_t protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(protocol),
				  .sll_ifindex = (int)ifindex };
	int fd = socket(AF_PACKET, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool make_all(struct order *o)
{
	uint32_t out, in;
	int control;

	if (unshare(CLONE_NEWNET) < 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return failed(o, "a network namespace of its own");
	if (!make_devices(o))
		return false;
	control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	out = index_of(control, OUT);
	in = index_of(control, IN);
	silence_ip6(out);
	silence_ip6(in);
	/*
	 * The sender's last: a device that comes up with its peer up has its
	 * queue at once, else some time after the peer came.
	 */
	if (!bring_up(o, control, IN) || !bring_up(o, control, OUT))
		return false;
	o->report.ifindex = o->is_outgoing ? out : in;
	o->sockets[0] = open_socket(out, SOCK_RAW, 0);
	/* taps are served the newest first: the witness comes after judged */
	o->sockets[1] = open_socket(o->report.ifindex, SOCK_RAW, ETH_P_ALL);
	o->sockets[2] =
		open_socket(o->report.ifindex,
			    o->is_dgram ? SOCK_DGRAM : SOCK_RAW, ETH_P_ALL);
	for (int i = 0; i < N_SOCKETS; i++)
		if (o->sockets[i] < 0)
			return failed(o, "socket AF_PACKET");
	return true;
}

/* ---- handing over ------------------------------------------------------- */

union rights {
	struct cmsghdr head;
	char space[CMSG_SPACE(N_SOCKETS * sizeof(int))];
};

static struct msghdr message_of(struct iovec *part, union rights *rights)
{
	return (struct msghdr){ .msg_iov = part,
				.msg_iovlen = 1,
				.msg_control = rights,
				.msg_controllen = sizeof(*rights) };
}

static int run_maker(void *arg)
{
	struct order *o = arg;
	union rights rights = { .head = { .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS,
					  .cmsg_len = CMSG_LEN(
						  sizeof(o->sockets)) } };
	struct iovec part = { &o->report, sizeof(o->report) };
	struct msghdr m = message_of(&part, &rights);

	if (make_all(o))
		memcpy(CMSG_DATA(&rights.head), o->sockets, sizeof(o->sockets));
	else
		m.msg_controllen = 0;
	process_exit(sendmsg(o->socket, &m, MSG_NOSIGNAL) < 0);
}

/* Not all came through: those that did are ours to close. */
static void close_rights(struct msghdr *m)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(m);
	int fd;

	if (!head || head->cmsg_type != SCM_RIGHTS)
		return;
	for (size_t at = CMSG_LEN(0); at + sizeof(fd) <= head->cmsg_len;
	     at += sizeof(fd)) {
		memcpy(&fd, (const char *)head + at, sizeof(fd));
		close(fd);
	}
}

static enum cbpf_err take_sockets(int fd, struct veth *veth,
				  struct cbpf_diag *diag)
{
	struct report report = { .sys_errno = ECONNRESET,
				 .step = "the process that makes devices" };
	union rights rights;
	struct iovec part = { &report, sizeof(report) };
	struct msghdr m = message_of(&part, &rights);
	int sockets[N_SOCKETS];
	ssize_t len;

	do
		len = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (len < 0 && errno == EINTR);
	if (report.sys_errno)
		return dg_system(diag, report.step, report.sys_errno);
	if (len != sizeof(report) ||
	    m.msg_controllen < CMSG_LEN(sizeof(sockets))) {
		close_rights(&m);
		return dg_system(diag, "taking sockets", EMFILE);
	}
	memcpy(sockets, CMSG_DATA(&rights.head), sizeof(sockets));
	*veth = (struct veth){ sockets[0], sockets[1], sockets[2],
			       report.ifindex };
	return CBPF_OK;
}

enum cbpf_err veth_open(bool is_dgram, bool is_outgoing, struct veth *veth,
			struct cbpf_diag *diag)
{
	_Alignas(16) char stack[PROCESS_STACK];
	struct order order = { .is_dgram = is_dgram,
			       .is_outgoing = is_outgoing };
	enum cbpf_err err;
	int ends[2];
	pid_t pid;

	*veth = (struct veth){ -1, -1, -1, 0 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return dg_system(diag, "socketpair AF_UNIX", errno);
	order.socket = ends[1];
	pid = process_start(run_maker, &order, stack, 0);
	if (pid < 0)
		err = dg_system(diag, "clone", errno);
	close(ends[1]);
	if (pid >= 0) {
		err = take_sockets(ends[0], veth, diag);
		process_wait(pid);
	}
	close(ends[0]);
	return err;
}

void veth_close(struct veth *veth)
{
	if (veth->sender < 0)
		return;
	close(veth->sender);
	close(veth->witness);
	close(veth->judged);
	veth->sender = -1;
}

#endif
