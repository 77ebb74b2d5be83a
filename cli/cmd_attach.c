/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf attach: a program onto a socket that a process has open, or onto a new
 * one that a command is given, or over a command's system calls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"

enum hook { HOOK_SOCKET, HOOK_REUSEPORT, HOOK_FANOUT, HOOK_SECCOMP, HOOKS };

static const char *const hook_names[HOOKS] = { "socket", "reuseport", "fanout",
					       "seccomp" };

struct attach {
	struct source source;
	enum hook hook;
	uint32_t pid, fd;
	bool has_pid, has_fd;
	const char *new_socket;
	bool is_detached, is_locked;
	char **command; /* NULL ends it; none: *command is NULL */
};

static void print_help(void)
{
	puts("usage: cbpf attach [OPTIONS] [PROGRAM] --pid PID --fd FD\n"
	     "       cbpf attach [OPTIONS] [PROGRAM] --new SOCKET -- COMMAND...\n"
	     "       cbpf attach --hook seccomp [PROGRAM] -- COMMAND...\n\n"
	     "Attaches a program to a socket that a process has open (root, or "
	     "the right to\ntrace it), or runs a command with it: over a new "
	     "socket, which is the command's\nstandard input, or over its "
	     "system calls. Exit status 0 attached, 1 the kernel\nrefuses, 2 "
	     "trouble; a command's own once it runs.\n\n"
	     "      --pid PID --fd FD  the socket, as `cbpf sockets` lists it\n"
	     "      --new SOCKET       udp:PORT, udp6:PORT, tcp:PORT, tcp6:PORT, "
	     "packet:INTERFACE\n"
	     "      --hook NAME        socket (default), reuseport, fanout, "
	     "seccomp\n"
	     "      --lock             for as long as the socket lives\n"
	     "      --detach           take it off; no PROGRAM\n"
	     "  -e, --expression EXPR  the capture filter language\n"
	     "      --from FORMAT      what PROGRAM is, where it is not "
	     "recognised\n"
	     "      --link TYPE        link type of -e (default EN10MB)");
}

/* ---- attaching ---------------------------------------------------------- */

static int refused(const struct attach *a, const struct cbpf_diag *diag)
{
	char sentence[320], place[32] = "";

	sentence_of(diag, sentence, sizeof(sentence));
	if (diag->pc != CBPF_NO_PC)
		snprintf(place, sizeof(place), "instruction %u: ", diag->pc);
	say_trouble("%s: %s%s%s%s",
		    a->is_detached ? "detach" : source_name(&a->source), place,
		    sentence, *cbpf_err_advice(diag->code) ? "; " : "",
		    cbpf_err_advice(diag->code));
	return diag->code == CBPF_E_SYSTEM ||
			       diag->code == CBPF_E_UNAVAILABLE ||
			       diag->code == CBPF_E_ARGUMENT
		       ? EXIT_TROUBLE
		       : EXIT_NO;
}

static int attach_to(const struct attach *a, int fd)
{
	const struct cbpf_insn *insns = a->source.code.insns;
	size_t n = a->source.code.n;
	struct cbpf_diag diag;
	enum cbpf_err err;

	if (a->is_detached)
		err = a->hook == HOOK_REUSEPORT
			      ? cbpf_detach_reuseport(fd, &diag)
			      : cbpf_detach(fd, &diag);
	else if (a->hook == HOOK_REUSEPORT)
		err = cbpf_attach_reuseport(fd, insns, n, &diag);
	else if (a->hook == HOOK_FANOUT)
		err = cbpf_attach_fanout(fd, insns, n, &diag);
	else
		err = cbpf_attach(fd, insns, n, &diag);
	if (err == CBPF_OK && a->is_locked)
		err = cbpf_lock(fd, &diag);
	return err == CBPF_OK ? EXIT_YES : refused(a, &diag);
}

static int attach_existing(const struct attach *a)
{
	struct cbpf_diag diag;
	int fd, status;

	if (cbpf_borrow((int)a->pid, (int)a->fd, &fd, &diag) != CBPF_OK)
		return say_diag("attach", &diag);
	status = attach_to(a, fd);
	close(fd);
	return status;
}

/* ---- new sockets -------------------------------------------------------- */

static int bound(int fd, const void *address, socklen_t size, const char *name)
{
	if (fd >= 0 && bind(fd, address, size) == 0)
		return fd;
	say_trouble("%s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int new_packet_socket(const char *name, const char *interface)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL) };

	at.sll_ifindex = (int)if_nametoindex(interface);
	if (at.sll_ifindex == 0) {
		say_trouble("there is no interface %s", interface);
		return -1;
	}
	/* of protocol 0 it receives nothing before it is bound */
	return bound(socket(AF_PACKET, SOCK_RAW, 0), &at, sizeof(at), name);
}

static int new_ip_socket(const struct attach *a, int family, int type,
			 uint16_t port)
{
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(port) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	int fd = socket(family, type, 0), one = 1;

	if (a->hook == HOOK_REUSEPORT)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	fd = family == AF_INET ? bound(fd, &four, sizeof(four), a->new_socket)
			       : bound(fd, &six, sizeof(six), a->new_socket);
	if (fd >= 0 && type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0) {
		say_trouble("%s: %s", a->new_socket, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

/* Makes the socket that --new names; -1 after saying why not. */
static int new_socket(const struct attach *a)
{
	static const struct {
		const char *name;
		int family, type;
	} kinds[] = { { "udp", AF_INET, SOCK_DGRAM },
		      { "udp6", AF_INET6, SOCK_DGRAM },
		      { "tcp", AF_INET, SOCK_STREAM },
		      { "tcp6", AF_INET6, SOCK_STREAM } };
	const char *colon = strchr(a->new_socket, ':');
	size_t len = colon ? (size_t)(colon - a->new_socket) : 0;
	uint32_t port;

	if (len == 6 && memcmp(a->new_socket, "packet", len) == 0)
		return new_packet_socket(a->new_socket, colon + 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len &&
		    memcmp(kinds[i].name, a->new_socket, len) == 0 &&
		    parse_u32(colon + 1, &port) && port <= UINT16_MAX)
			return new_ip_socket(a, kinds[i].family, kinds[i].type,
					     (uint16_t)port);
	say_usage("attach",
		  "--new takes udp:PORT, tcp:PORT or packet:INTERFACE, not %s",
		  a->new_socket);
	return -1;
}

/* ---- commands ----------------------------------------------------------- */

static int run_command(const struct attach *a)
{
	execvp(a->command[0], a->command);
	return say_trouble("%s: %s", a->command[0], strerror(errno));
}

static int run_over_socket(const struct attach *a)
{
	int fd = new_socket(a), status;

	if (fd < 0)
		return EXIT_TROUBLE;
	status = attach_to(a, fd);
	if (status == EXIT_YES && dup2(fd, STDIN_FILENO) < 0)
		status = say_trouble("%s: %s", a->new_socket, strerror(errno));
	if (fd != STDIN_FILENO)
		close(fd);
	return status == EXIT_YES ? run_command(a) : status;
}

static int run_sandboxed(const struct attach *a)
{
	/* with the right to, the command keeps its chance of new ones */
	unsigned flags = geteuid() == 0 ? 0 : CBPF_SECCOMP_NO_NEW_PRIVS;
	struct cbpf_diag diag;
	enum cbpf_err err = cbpf_attach_seccomp(a->source.code.insns,
						a->source.code.n, flags, &diag);

	if (err == CBPF_E_NO_NEW_PRIVS)
		err = cbpf_attach_seccomp(a->source.code.insns,
					  a->source.code.n,
					  CBPF_SECCOMP_NO_NEW_PRIVS, &diag);
	return err == CBPF_OK ? run_command(a) : refused(a, &diag);
}

/* ---- the command line --------------------------------------------------- */

static int take_option(struct attach *a, int option, char **argv)
{
	switch (option) {
	case 'p':
		a->has_pid = parse_u32(optarg, &a->pid) && a->pid <= INT32_MAX;
		return a->has_pid ? EXIT_YES
				  : say_usage("attach", "%s is no process id",
					      optarg);
	case 'n':
		a->has_fd = parse_u32(optarg, &a->fd) && a->fd <= INT32_MAX;
		return a->has_fd ? EXIT_YES
				 : say_usage("attach", "%s is no descriptor",
					     optarg);
	case 'N':
		a->new_socket = optarg;
		return EXIT_YES;
	case 'H':
		for (int i = 0; i < HOOKS; i++) {
			if (strcmp(hook_names[i], optarg) == 0) {
				a->hook = (enum hook)i;
				return EXIT_YES;
			}
		}
		return say_usage("attach", "nothing is attached to a hook %s",
				 optarg);
	case 'l':
		a->is_locked = true;
		return EXIT_YES;
	case 'd':
		a->is_detached = true;
		return EXIT_YES;
	case '?':
		return say_option("attach", argv);
	default:
		return source_option("attach", &a->source, option, optarg)
			       ? EXIT_YES
			       : EXIT_TROUBLE;
	}
}

static int check_usage(const struct attach *a)
{
	bool has_command = *a->command != NULL;

	if (a->has_pid != a->has_fd)
		return say_usage("attach", "--pid and --fd go together");
	if (a->has_pid + (a->new_socket != NULL) + (a->hook == HOOK_SECCOMP) !=
	    1)
		return say_usage("attach", "one of --pid and --fd, --new, and "
					   "--hook seccomp says where");
	if (a->has_pid && has_command)
		return say_usage("attach", "a command is run over a new socket "
					   "or under seccomp, not with --pid");
	if (!a->has_pid && !has_command)
		return say_usage("attach", "a command is missing: -- COMMAND");
	if (a->is_detached && (!a->has_pid || a->hook == HOOK_FANOUT))
		return say_usage("attach",
				 "--detach is for --pid and --fd, and "
				 "not for fanout");
	if (a->is_locked && a->hook == HOOK_SECCOMP)
		return say_usage("attach", "a seccomp filter is for good as it "
					   "is");
	if (!a->is_detached && !source_is_given("attach", &a->source))
		return EXIT_TROUBLE;
	return EXIT_YES;
}

static int attach(struct attach *a)
{
	int status = check_usage(a);

	if (status == EXIT_YES && !a->is_detached)
		status = source_load(&a->source);
	if (status != EXIT_YES)
		return status;
	if (a->has_pid)
		return attach_existing(a);
	return a->new_socket ? run_over_socket(a) : run_sandboxed(a);
}

int cmd_attach(int argc, char **argv)
{
	static const struct option options[] = {
		SOURCE_OPTIONS,
		{ "pid", required_argument, NULL, 'p' },
		{ "fd", required_argument, NULL, 'n' },
		{ "new", required_argument, NULL, 'N' },
		{ "hook", required_argument, NULL, 'H' },
		{ "lock", no_argument, NULL, 'l' },
		{ "detach", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct attach a = { .source = { .link = -1 } };
	int option, status = EXIT_YES;

	while (status == EXIT_YES &&
	       (option = getopt_long(argc, argv, "e:h", options, NULL)) != -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		status = take_option(&a, option, argv);
	}
	if (!a.source.expr && !a.is_detached && optind < argc)
		a.source.path = argv[optind++];
	a.command = argv + optind;
	if (status == EXIT_YES)
		status = attach(&a);
	source_free(&a.source);
	return status;
}
