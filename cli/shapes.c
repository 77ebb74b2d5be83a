/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a filter found on a socket accepts, in one line, where its shape is
 * known: returns alone, filters that programs are known to make, and what
 * libpcap makes of an expression. For the last, expressions are put together
 * from the program's own constants and compiled; only the very same program
 * counts, what it returns aside, so the line is true or absent.
 *
 * And a warning for filters on raw and packet sockets that ask for a value in
 * the payload: so do backdoors that wait for a packet nobody else would send.
 */
#include <stdlib.h>
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
	const char *text, *says;
} known[] = {
	{ "ldxb 4*([0]&0xf)\nldh [x + 4]\njeq #0xaaaaaaaa, ours, other\n"
	  "ours: ret #-1\nother: ldb [x + 0]\njeq #0, reply, rest\n"
	  "rest: ret #0xfffffff\nreply: ret #0\n",
	  "ICMP, of echo replies those with identifier %u (ping)" },
	{ "ldh [4]\njeq #0xaaaaaaaa, ours, other\nours: ret #-1\n"
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

static bool shape_of_known(const struct cbpf_insn *insns, size_t n, char *line,
			   size_t size)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cbpf_code code;
		uint32_t constant = 0;
		bool is_it;

		if (cbpf_text_read(CBPF_FORMAT_ASM, known[i].text,
				   strlen(known[i].text), NULL, &code,
				   NULL) != CBPF_OK)
			continue;
		is_it = is_known(&code, insns, n, &constant);
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

#define EACH(list, text, size, link, insns, n, ...)                     \
	for (size_t e = 0; e < sizeof(list) / sizeof((list)[0]); e++) { \
		snprintf(text, size, (list)[e], __VA_ARGS__);           \
		if (is_expression(text, link, insns, n))                \
			return true;                                    \
	}

static bool shape_of_expression(const struct cbpf_insn *insns, size_t n,
				uint16_t link, char *line, size_t size)
{
	uint32_t constants[CONSTANTS_MAX + 1];
	size_t count = collect_constants(insns, n, constants);

	if (n > INSNS_MAX || count > CONSTANTS_MAX)
		return false;
	for (size_t e = 0; e < sizeof(plain) / sizeof(plain[0]); e++) {
		snprintf(line, size, "%s", plain[e]);
		if (is_expression(line, link, insns, n))
			return true;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t k = constants[i];

		if (k <= UINT16_MAX) {
			EACH(with_port, line, size, link, insns, n, k)
		} else {
			EACH(with_host, line, size, link, insns, n, k >> 24,
			     k >> 16 & 255, k >> 8 & 255, k & 255)
		}
	}
	return false;
}

#else

static bool shape_of_expression(const struct cbpf_insn *insns, size_t n,
				uint16_t link, char *line, size_t size)
{
	(void)insns, (void)n, (void)link, (void)line, (void)size;
	return false;
}

#endif

bool shape_accepts(const struct cbpf_insn *insns, size_t n, uint16_t link,
		   char *line, size_t size)
{
	return shape_of_returns(insns, n, line, size) ||
	       shape_of_known(insns, n, line, size) ||
	       shape_of_expression(insns, n, link, line, size);
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

/* Whether the test at pc is of two or four bytes behind UDP's or ICMP's header.
 */
static bool is_payload_test(const struct cbpf_insn *insns, size_t n, size_t pc)
{
	const struct cbpf_insn *load = find_source(insns, pc, false), *x;

	if (insns[pc].code != CBPF_JEQ_K || insns[pc].k <= 255 || !load)
		return false;
	if (load->code == CBPF_LD_H || load->code == CBPF_LD_W)
		/* IPv6's addresses lie there too */
		return load->k >= ETH_HEADER + IP_HEADER + UDP_HEADER &&
		       load->k < 0x80000000 && !has_constant(insns, n, 0x86dd);
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
	if (socket->family != AF_PACKET && socket->type != SOCK_RAW)
		return false;
	if (socket->family == AF_NETLINK)
		return false;
	for (size_t pc = 0; pc < socket->n; pc++) {
		const char *whose = "backdoors that wait for a magic packet";
		bool is_honest = false;

		if (!is_payload_test(socket->insns, socket->n, pc))
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
