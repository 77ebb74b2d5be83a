/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf sockets: the sockets of this machine that carry a classic filter, whose
 * they are and what they accept.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"

struct sockets {
	int form; /* to print programs in, or -1 */
	bool is_json;
};

static void print_help(void)
{
	puts("usage: cbpf sockets [OPTIONS]\n\n"
	     "Lists the sockets that carry a classic filter: process, "
	     "descriptor, socket, what\nthe filter accepts where its shape is "
	     "known, and a warning for shapes known from\nbackdoors. Sees the "
	     "processes that may be traced: as root, all but a few.\nExit "
	     "status 0, or 2 where that needs root or the kernel's own list "
	     "ended early.\n\n"
	     "  -f, --format FORMAT    print the programs too, as dump does\n"
	     "      --json             one object a socket, program included");
}

/* ---- a socket in words -------------------------------------------------- */

static const char *type_name(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_RAW:
		return "raw";
	case SOCK_SEQPACKET:
		return "seqpacket";
	default:
		return "other";
	}
}

static const char *family_name(int family)
{
	switch (family) {
	case AF_UNIX:
		return "unix";
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_NETLINK:
		return "netlink";
	case AF_PACKET:
		return "packet";
	case AF_VSOCK:
		return "vsock";
	default:
		return "other";
	}
}

static bool copy_address(const struct cbpf_socket *socket, void *to,
			 size_t size)
{
	memset(to, 0, size);
	if (socket->address_size == 0)
		return false;
	memcpy(to, socket->address,
	       socket->address_size < size ? socket->address_size : size);
	return true;
}

static void describe_ip(const struct cbpf_socket *socket, char *text,
			size_t size)
{
	char name[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	unsigned port;

	copy_address(socket, &four, sizeof(four));
	copy_address(socket, &six, sizeof(six));
	port = ntohs(socket->family == AF_INET ? four.sin_port : six.sin6_port);
	if (socket->family == AF_INET)
		inet_ntop(AF_INET, &four.sin_addr, name, sizeof(name));
	else
		inet_ntop(AF_INET6, &six.sin6_addr, name, sizeof(name));
	if (socket->type == SOCK_RAW)
		snprintf(text, size, "%s raw, protocol %d, %s",
			 family_name(socket->family), socket->protocol, name);
	else
		snprintf(text, size, "%s %s, %s port %u",
			 family_name(socket->family),
			 socket->protocol == IPPROTO_TCP ? "TCP"
			 : socket->protocol == IPPROTO_UDP
				 ? "UDP"
				 : type_name(socket->type),
			 name, port);
}

static void describe_packet(const struct cbpf_socket *socket, char *text,
			    size_t size)
{
	struct sockaddr_ll at;
	bool is_bound = copy_address(socket, &at, sizeof(at));
	unsigned protocol =
		is_bound ? ntohs(at.sll_protocol) : (unsigned)socket->protocol;
	char interface[48] = "all interfaces";

	if (!is_bound)
		strcpy(interface, "open nowhere that was looked into");
	else if (at.sll_ifindex)
		snprintf(interface, sizeof(interface), "interface %d",
			 at.sll_ifindex);
	if (protocol == 3) /* ETH_P_ALL */
		snprintf(text, size, "packet %s, all protocols, %s",
			 type_name(socket->type), interface);
	else
		snprintf(text, size, "packet %s, protocol 0x%04x, %s",
			 type_name(socket->type), protocol, interface);
}

static void describe(const struct cbpf_socket *socket, char *text, size_t size)
{
	switch (socket->family) {
	case AF_INET:
	case AF_INET6:
		describe_ip(socket, text, size);
		break;
	case AF_PACKET:
		describe_packet(socket, text, size);
		break;
	case AF_NETLINK:
		snprintf(text, size, "netlink, protocol %d", socket->protocol);
		break;
	default:
		snprintf(text, size, "%s %s", family_name(socket->family),
			 type_name(socket->type));
	}
}

/* The name that a process gave itself, with nothing for a terminal in it. */
static void make_visible(char *text, size_t size, const char *from)
{
	size_t at = 0;

	for (; *from && at + 1 < size; from++) {
		text[at] = *from;
		if ((unsigned char)*from < 32 || (unsigned char)*from > 126)
			text[at] = '?';
		at++;
	}
	text[at] = '\0';
}

/* ---- printing ----------------------------------------------------------- */

static void print_program(const struct cbpf_socket *socket, int form)
{
	char *text = NULL, *line;
	size_t size;

	if (form == FORM_JSON)
		text = form_write_json(socket->insns, socket->n, &size);
	else
		cbpf_text_write((enum cbpf_format)form, socket->insns,
				socket->n, NULL, &text, &size);
	if (!text)
		return;
	for (line = text; line < text + size;) {
		size_t len = strcspn(line, "\n");

		printf("    %.*s\n", (int)len, line);
		line += len + 1;
	}
	if (form == FORM_JSON)
		free(text);
	else
		cbpf_text_free(text, size, NULL);
}

static void print_text(const struct sockets *s,
		       const struct cbpf_socket *socket, const char *accepts,
		       const char *warning)
{
	char text[160], command[32];

	describe(socket, text, sizeof(text));
	make_visible(command, sizeof(command), socket->command);
	if (socket->pid)
		printf("pid %d fd %d (%s): ", socket->pid, socket->fd, command);
	else
		printf("socket %llu: ", (unsigned long long)socket->inode);
	printf("%s: %zu instructions%s%s%s\n", text, socket->n,
	       socket->is_locked ? ", locked" : "", accepts ? ", accepts " : "",
	       accepts ? accepts : "");
	if (warning)
		printf("    WARNING: %s\n", warning);
	if (s->form >= 0)
		print_program(socket, s->form);
}

static void print_json(const struct cbpf_socket *socket, const char *accepts,
		       const char *warning)
{
	struct json *line = js_new(), *prog;
	char text[160], command[32];

	describe(socket, text, sizeof(text));
	js_set_int(line, "inode", socket->inode);
	if (socket->pid) {
		js_set_int(line, "pid", (uint64_t)socket->pid);
		js_set_int(line, "fd", (uint64_t)socket->fd);
		make_visible(command, sizeof(command), socket->command);
		js_set_text(line, "command", command);
	}
	js_set_text(line, "hook", "socket");
	js_set_text(line, "family", family_name(socket->family));
	js_set_text(line, "type", type_name(socket->type));
	js_set_text(line, "socket", text);
	js_set_bool(line, "locked", socket->is_locked);
	if (accepts)
		js_set_text(line, "accepts", accepts);
	if (warning)
		js_set_text(line, "warning", warning);
	prog = js_set_array(line, "prog");
	for (size_t i = 0; i < socket->n; i++) {
		struct json *insn = js_push_array(prog);

		js_push_int(insn, socket->insns[i].code);
		js_push_int(insn, socket->insns[i].jt);
		js_push_int(insn, socket->insns[i].jf);
		js_push_int(insn, socket->insns[i].k);
	}
	js_print(line, stdout);
}

static bool print_socket(void *ctx, const struct cbpf_socket *socket)
{
	struct sockets *s = ctx;
	char accepts[160], warning[160];
	bool is_known = shape_accepts(socket, accepts, sizeof(accepts));
	bool warns = !is_known && shape_warns(socket, warning, sizeof(warning));

	if (s->is_json)
		print_json(socket, is_known ? accepts : NULL,
			   warns ? warning : NULL);
	else
		print_text(s, socket, is_known ? accepts : NULL,
			   warns ? warning : NULL);
	return true;
}

static void print_totals(const struct sockets *s,
			 const struct cbpf_sockets_seen *seen)
{
	if (!s->is_json) {
		printf("%llu of %llu sockets of %llu processes have a classic "
		       "filter",
		       (unsigned long long)seen->n_filters,
		       (unsigned long long)seen->n_sockets,
		       (unsigned long long)(seen->n_processes -
					    seen->n_refused));
		if (seen->n_ebpf)
			printf(", %llu an eBPF program",
			       (unsigned long long)seen->n_ebpf);
		putchar('\n');
	}
	if (seen->n_refused)
		say_trouble("%llu processes could not be looked into: %s",
			    (unsigned long long)seen->n_refused,
			    geteuid() ? "that needs root"
				      : "they may not be traced");
}

/*
 * 2 where something was not seen that root would see, or that the kernel did
 * not tell; what nobody may look into is said and no trouble.
 */
static int tell_unseen(const struct cbpf_sockets_seen *seen)
{
	if (seen->n_unread)
		say_trouble("%llu packet sockets that are open nowhere could "
			    "not be read: the kernel's list ended early",
			    (unsigned long long)seen->n_unread);
	return (seen->n_refused && geteuid()) || seen->n_unread ? EXIT_TROUBLE
								: EXIT_YES;
}

int cmd_sockets(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct sockets s = { .form = -1 };
	struct cbpf_sockets_seen seen;
	struct cbpf_diag diag;
	int option;

	while ((option = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			s.form = form_find(optarg);
			if (s.form <= CBPF_FORMAT_AUTO)
				return say_usage("sockets",
						 "there is no format %s to "
						 "write",
						 optarg);
			if (s.form != FORM_JSON &&
			    cbpf_format_is_binary((enum cbpf_format)s.form))
				return say_usage("sockets",
						 "%s is no text; hex is",
						 optarg);
			break;
		case 'j':
			s.is_json = true;
			break;
		case 'h':
			print_help();
			return EXIT_YES;
		default:
			return say_option("sockets", argv);
		}
	}
	if (optind < argc)
		return say_usage("sockets", "it takes no %s", argv[optind]);
	if (s.is_json && s.form >= 0)
		return say_usage("sockets", "--json has the program in it, -f "
					    "is for text");
	if (s.is_json && !js_is_built())
		return js_refuse();
	if (cbpf_sockets(NULL, print_socket, &s, &seen, &diag) != CBPF_OK)
		return say_diag("sockets", &diag);
	print_totals(&s, &seen);
	return tell_unseen(&seen);
}
