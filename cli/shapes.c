/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a filter found on a socket accepts, in one line, where its shape is
 * known: returns alone, filters that programs are known to make, and what
 * libpcap makes of an expression. For the last, expressions are put together
 * from the program's own constants and compiled for what the socket's data
 * begins with; only the very same program counts, what it returns aside, so the
 * line is true or absent.
 *
 * And a warning for filters on raw and packet sockets that ask for a value in
 * the payload: so do backdoors that wait for a packet nobody else would send.
 */
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#ifdef CBPF_HAVE_EXPR
#include "cbpf/expr.h"
#endif

#define CONSTANTS_MAX 8	 /* more, and it is no simple expression */
#define INSNS_MAX     80 /* the same */
#define WILD	      0xaaaaaaaa

/* ---- returns alone ------------------------------------------------------ */

static bool shape_of_returns(const struct cbpf_insn *insns, size_t n,
			     char *line, size_t size)
{
	size_t n_zero = 0, n_rest = 0;

	for (size_t i = 0; i < n; i++) {
		if (insns[i].code == CBPF_RET_A)
			return false;
		if (insns[i].code == CBPF_RET_K)
			*(insns[i].k ? &n_rest : &n_zero) += 1;
	}
	if (n_rest == 0)
		snprintf(line, size, "nothing");
	else if (n == 1)
		snprintf(line, size, "everything, of each %u bytes at most",
			 insns[0].k);
	return n_rest == 0 || n == 1;
}

/* ---- programs that are known -------------------------------------------- */

/* WILD stands for any constant, which the sentence has. */
static const struct {
	int family; /* raw sockets of it */
	const char *text, *says;
} known[] = {
	{ AF_INET,
	  "ldxb 4*([0]&0xf)\nldh [x + 4]\njeq #0xaaaaaaaa, ours, other\n"
	  "ours: ret #-1\nother: ldb [x + 0]\njeq #0, reply, rest\n"
	  "rest: ret #0xfffffff\nreply: ret #0\n",
	  "ICMP, of echo replies those with identifier %u (ping)" },
	{ AF_INET6,
	  "ldh [4]\njeq #0xaaaaaaaa, ours, other\nours: ret #-1\n"
	  "other: ldb [0]\njeq #129, reply, rest\nrest: ret #-1\n"
	  "reply: ret #0\n",
	  "ICMPv6, of echo replies those with identifier %u (ping)" },
};

static bool is_known(const struct cbpf_code *code,
		     const struct cbpf_insn *insns, size_t n,
		     uint32_t *constant)
{
	if (code->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct cbpf_insn insn = insns[i];

		if (code->insns[i].k == WILD) {
			*constant = insn.k;
			insn.k = WILD;
		}
		if (memcmp(&insn, &code->insns[i], sizeof(insn)) != 0)
			return false;
	}
	return true;
}

static bool shape_of_known(const struct cbpf_socket *socket, char *line,
			   size_t size)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cbpf_code code;
		uint32_t constant = 0;
		bool is_it;

		if (socket->family != known[i].family ||
		    socket->type != SOCK_RAW)
			continue;
		if (cbpf_text_read(CBPF_FORMAT_ASM, known[i].text,
				   strlen(known[i].text), NULL, &code,
				   NULL) != CBPF_OK)
			continue;
		is_it = is_known(&code, socket->insns, socket->n, &constant);
		cbpf_code_free(&code);
		if (!is_it)
			continue;
		snprintf(line, size, known[i].says, constant);
		return true;
	}
	return false;
}

/* ---- expressions -------------------------------------------------------- */

#ifdef CBPF_HAVE_EXPR

/* Without a constant, with one of 16 bits, with an address. */
static const char *const plain[] = { "ip",
				     "ip6",
				     "arp",
				     "rarp",
				     "tcp",
				     "udp",
				     "icmp",
				     "icmp6",
				     "sctp",
				     "vlan",
				     "ether multicast",
				     "ether broadcast",
				     "ip or ip6",
				     "arp or rarp",
				     "ip or arp",
				     "icmp or icmp6",
				     "tcp or udp",
				     "stp",
				     "ip multicast" };
static const char *const with_port[] = { "port %u",
					 "tcp port %u",
					 "udp port %u",
					 "dst port %u",
					 "tcp dst port %u",
					 "udp dst port %u",
					 "src port %u",
					 "tcp src port %u",
					 "udp src port %u",
					 "ip and port %u",
					 "ip and tcp port %u",
					 "ip and udp port %u",
					 "ip and tcp dst port %u",
					 "ip and udp dst port %u",
					 "ether proto %u",
					 "not port %u",
					 "not tcp port %u" };
static const char *const with_host[] = {
	"host %u.%u.%u.%u", "src host %u.%u.%u.%u", "dst host %u.%u.%u.%u",
	"ip host %u.%u.%u.%u", "not host %u.%u.%u.%u"
};

/* The same program, returns that accept alike. */
static bool is_same(const struct cbpf_code *code, const struct cbpf_insn *insns,
		    size_t n)
{
	if (code->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct cbpf_insn a = code->insns[i], b = insns[i];

		if (a.code == CBPF_RET_K && a.k && b.k)
			a.k = b.k;
		if (memcmp(&a, &b, sizeof(a)) != 0)
			return false;
	}
	return true;
}

static bool is_expression(const char *text, uint16_t link,
			  const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts),
				       .link = link,
				       .is_link_set = true };
	struct cbpf_code code;
	bool is_it;

	if (cbpf_expr_compile(text, &opts, &code, NULL) != CBPF_OK)
		return false;
	is_it = is_same(&code, insns, n);
	cbpf_code_free(&code);
	return is_it;
}

static size_t collect_constants(const struct cbpf_insn *insns, size_t n,
				uint32_t *constants)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		if (insns[i].code != CBPF_JEQ_K)
			continue;
		while (at < count && constants[at] != insns[i].k)
			at++;
		if (at == CONSTANTS_MAX)
			return CONSTANTS_MAX + 1;
		if (at == count)
			constants[count++] = insns[i].k;
	}
	return count;
}

/* Fills line with an expression of the list that makes this program. */
static bool find_port(const struct cbpf_socket *socket, uint16_t link,
		      uint32_t k, char *line, size_t size)
{
	for (size_t i = 0; i < sizeof(with_port) / sizeof(*with_port); i++) {
		snprintf(line, size, with_port[i], k);
		if (is_expression(line, link, socket->insns, socket->n))
			return true;
	}
	return false;
}

static bool find_host(const struct cbpf_socket *socket, uint16_t link,
		      uint32_t k, char *line, size_t size)
{
	for (size_t i = 0; i < sizeof(with_host) / sizeof(*with_host); i++) {
		snprintf(line, size, with_host[i], k >> 24, k >> 16 & 255,
			 k >> 8 & 255, k & 255);
		if (is_expression(line, link, socket->insns, socket->n))
			return true;
	}
	return false;
}

static bool shape_of_expression(const struct cbpf_socket *socket, uint16_t link,
				char *line, size_t size)
{
	uint32_t constants[CONSTANTS_MAX + 1];
	size_t count = collect_constants(socket->insns, socket->n, constants);

	if (socket->n > INSNS_MAX || count > CONSTANTS_MAX)
		return false;
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		snprintf(line, size, "%s", plain[i]);
		if (is_expression(line, link, socket->insns, socket->n))
			return true;
	}
	for (size_t i = 0; i < count; i++)
		if (constants[i] <= UINT16_MAX
			    ? find_port(socket, link, constants[i], line, size)
			    : find_host(socket, link, constants[i], line, size))
			return true;
	return false;
}

#else

static bool shape_of_expression(const struct cbpf_socket *socket, uint16_t link,
				char *line, size_t size)
{
	(void)socket, (void)link, (void)line, (void)size;
	return false;
}

#endif

/* ---- where data begins -------------------------------------------------- */

#define LINK_RAW 101 /* LINKTYPE_RAW: an IP header first */

/* ARPHRD_* of devices whose frames begin with one of these two. */
static const struct {
	unsigned short hatype;
	uint16_t link;
} devices[] = {
	{ 1, CBPF_LINK_EN10MB }, { 772, CBPF_LINK_EN10MB }, /* loopback */
	{ 65534, LINK_RAW },	 { 519, LINK_RAW },	    /* none; raw IP */
	{ 512, LINK_RAW },	 { 768, LINK_RAW },	    /* PPP; IP in IP */
	{ 769, LINK_RAW },	 { 776, LINK_RAW }, /* IPv6 in IPv6, in IP */
};

/*
 * What the data of a socket's filter begins with, as a link type; false where
 * the capture language has no word for it (a UDP header), or nobody knows. A
 * packet socket of all interfaces is taken for Ethernet's; *is_sure says so.
 */
static bool find_link(const struct cbpf_socket *socket, uint16_t *link,
		      bool *is_sure)
{
	struct sockaddr_ll at = { .sll_hatype = 0 };

	*link = LINK_RAW;
	*is_sure = true;
	if (socket->family != AF_PACKET)
		return socket->family == AF_INET && socket->type == SOCK_RAW;
	if (socket->type != SOCK_RAW)
		return true;
	if (socket->address_size)
		memcpy(&at, socket->address,
		       socket->address_size < sizeof(at) ? socket->address_size
							 : sizeof(at));
	*is_sure = at.sll_ifindex != 0;
	*link = CBPF_LINK_EN10MB;
	if (!*is_sure)
		return true;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		*link = devices[i].link;
		if (devices[i].hatype == at.sll_hatype)
			return true;
	}
	return false;
}

bool shape_accepts(const struct cbpf_socket *socket, char *line, size_t size)
{
	static const char unsure[] = " on Ethernet";
	uint16_t link;
	bool is_sure;
	size_t len;

	if (shape_of_returns(socket->insns, socket->n, line, size) ||
	    shape_of_known(socket, line, size))
		return true;
	if (!find_link(socket, &link, &is_sure) ||
	    !shape_of_expression(socket, link, line, size))
		return false;
	len = strlen(line);
	if (!is_sure && len + sizeof(unsure) <= size)
		memcpy(line + len, unsure, sizeof(unsure));
	return true;
}

/* ---- values in the payload ---------------------------------------------- */

#define ETH_HEADER 14
#define IP_HEADER  20
#define UDP_HEADER 8 /* ICMP's as well */

/* What honest programs look for as well, or what is known of others. */
static const struct {
	uint32_t value;
	const char *whose; /* NULL: it is honest */
} values[] = {
	{ 0x63825363, NULL }, /* DHCP's magic cookie, RFC 2131 */
	{ 0x7255, "BPFDoor" },
	{ 0x5293, "BPFDoor" },
};

static bool has_constant(const struct cbpf_insn *insns, size_t n, uint32_t k)
{
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == CBPF_JEQ_K && insns[i].k == k)
			return true;
	return false;
}

/* The last instruction above pc that the code's class says sets A, or X. */
static const struct cbpf_insn *find_source(const struct cbpf_insn *insns,
					   size_t pc, bool of_x)
{
	while (pc-- > 0) {
		unsigned class = insns[pc].code & 7;
		bool sets_x = class == 1 || insns[pc].code == CBPF_TAX;
		bool sets_a =
			class == 0 || class == 4 || insns[pc].code == CBPF_TXA;

		if (of_x ? sets_x : sets_a)
			return &insns[pc];
	}
	return NULL;
}

/*
 * Whether the test at pc is of two or four bytes behind UDP's or ICMP's header;
 * network is the offset of the network header.
 */
static bool is_payload_test(const struct cbpf_insn *insns, size_t n, size_t pc,
			    uint32_t network)
{
	const struct cbpf_insn *load = find_source(insns, pc, false), *x;

	if (insns[pc].code != CBPF_JEQ_K || insns[pc].k <= 255 || !load)
		return false;
	if (load->code == CBPF_LD_H || load->code == CBPF_LD_W)
		/* IPv6's addresses and ports lie there too */
		return load->k >= network + IP_HEADER + UDP_HEADER &&
		       load->k < 0x80000000 &&
		       !has_constant(insns, n, 0x86dd) &&
		       !has_constant(insns, n, 0x60);
	if (load->code != CBPF_LD_HX && load->code != CBPF_LD_WX)
		return false;
	x = find_source(insns, (size_t)(load - insns), true);
	if (!x)
		return false;
	if (x->code == CBPF_TAX) /* reckoned: the length of TCP's header, too */
		return true;
	return x->code == CBPF_LDX_MSH && load->k >= x->k + UDP_HEADER;
}

bool shape_warns(const struct cbpf_socket *socket, char *line, size_t size)
{
	uint16_t link;
	bool is_sure;

	if (!find_link(socket, &link, &is_sure))
		return false;
	for (size_t pc = 0; pc < socket->n; pc++) {
		const char *whose = "backdoors that wait for a magic packet";
		bool is_honest = false;

		if (!is_payload_test(socket->insns, socket->n, pc,
				     link == CBPF_LINK_EN10MB ? ETH_HEADER : 0))
			continue;
		for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
			if (values[i].value != socket->insns[pc].k)
				continue;
			is_honest = !values[i].whose;
			whose = values[i].whose;
		}
		if (is_honest)
			continue;
		snprintf(line, size,
			 "it looks for 0x%x in the payload, as filters of %s "
			 "do",
			 socket->insns[pc].k, whose);
		return true;
	}
	return false;
}
