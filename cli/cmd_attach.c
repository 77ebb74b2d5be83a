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
	     "  -F, --expression-file FILE\n"
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

/* What --new names. */
struct address {
	int family, type;
	socklen_t size;
	union {
		struct sockaddr any;
		struct sockaddr_in four;
		struct sockaddr_in6 six;
		struct sockaddr_ll link;
	} at;
};

static const struct kind {
	const char *name, *argument;
	int family, type;
} kinds[] = {
	{ "udp", "PORT", AF_INET, SOCK_DGRAM },
	{ "udp6", "PORT", AF_INET6, SOCK_DGRAM },
	{ "tcp", "PORT", AF_INET, SOCK_STREAM },
	{ "tcp6", "PORT", AF_INET6, SOCK_STREAM },
	{ "packet", "INTERFACE", AF_PACKET, SOCK_RAW },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int take_port(struct address *address, const char *text)
{
	uint32_t port;

	if (!parse_u32(text, &port) || port > UINT16_MAX)
		return say_usage("attach", "%s is no port", text);
	if (address->family == AF_INET) {
		address->size = sizeof(address->at.four);
		address->at.four.sin_port = htons((uint16_t)port);
	} else {
		address->size = sizeof(address->at.six);
		address->at.six.sin6_port = htons((uint16_t)port);
	}
	return EXIT_YES;
}

static int take_interface(struct address *address, const char *name)
{
	unsigned index = if_nametoindex(name);

	if (index == 0)
		return say_usage("attach", "there is no interface '%s'", name);
	address->size = sizeof(address->at.link);
	address->at.link.sll_protocol = htons(ETH_P_ALL);
	address->at.link.sll_ifindex = (int)index;
	return EXIT_YES;
}

static int take_address(struct address *address, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0, i = 0;

	while (i < N_KINDS && !(strlen(kinds[i].name) == len &&
				memcmp(kinds[i].name, text, len) == 0))
		i++;
	if (i == N_KINDS)
		return say_usage("attach", "--new takes no %s", text);
	memset(address, 0, sizeof(*address));
	address->family = kinds[i].family;
	address->type = kinds[i].type;
	address->at.any.sa_family = (sa_family_t)kinds[i].family;
	return address->family == AF_PACKET ? take_interface(address, colon + 1)
					    : take_port(address, colon + 1);
}

static int bind_socket(const struct attach *a, int fd,
		       const struct address *address)
{
	const int one = 1;

	if (a->hook == HOOK_REUSEPORT)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (address->type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &address->at.any, address->size) < 0 ||
	    (address->type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return say_trouble("%s: %s", a->new_socket, strerror(errno));
	return EXIT_YES;
}

/*
 * A filter is on before the socket is bound, so that nothing comes by it; a
 * program of the group needs the group, which is made by binding.
 */
static int prepare_socket(const struct attach *a, int fd,
			  const struct address *address)
{
	int status = EXIT_YES;

	if (a->hook == HOOK_SOCKET)
		status = attach_to(a, fd);
	if (status == EXIT_YES)
		status = bind_socket(a, fd, address);
	if (status == EXIT_YES && a->hook != HOOK_SOCKET)
		status = attach_to(a, fd);
	return status;
}

/* ---- commands ----------------------------------------------------------- */

static int run_command(const struct attach *a)
{
	execvp(a->command[0], a->command);
	return say_trouble("%s: %s", a->command[0], strerror(errno));
}

static int run_over_socket(const struct attach *a)
{
	struct address address;
	int status = take_address(&address, a->new_socket), fd;

	if (status != EXIT_YES)
		return status;
	/* of protocol 0 a packet socket receives nothing before it is bound */
	fd = socket(address.family, address.type, 0);
	if (fd < 0)
		return say_trouble("%s: %s", a->new_socket, strerror(errno));
	status = prepare_socket(a, fd, &address);
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
		a->has_pid = parse_u32(optarg, &a->pid) && a->pid > 0 &&
			     a->pid <= INT32_MAX;
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
	if (a->is_locked && a->hook != HOOK_SOCKET)
		return say_usage("attach", "--lock is for socket filters: a "
					   "seccomp filter is for good as it "
					   "is, and no lock holds the others");
	if (a->is_detached && (a->source.expr || a->is_locked))
		return say_usage("attach", "--detach takes no program and "
					   "leaves nothing to lock");
	if (a->new_socket && a->hook == HOOK_FANOUT)
		return say_usage("attach", "a fanout group has more than one "
					   "socket: --pid and --fd of one that "
					   "joined");
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
	int option, status = EXIT_YES, n_own = 1;

	/* the command's options are none of ours */
	while (n_own < argc && strcmp(argv[n_own], "--") != 0)
		n_own++;
	a.command = argv + n_own + (n_own < argc);
	while (status == EXIT_YES &&
	       (option = getopt_long(n_own, argv, "e:F:h", options, NULL)) !=
		       -1) {
		if (option == 'h') {
			print_help();
			return EXIT_YES;
		}
		status = take_option(&a, option, argv);
	}
	if (!a.source.expr && !a.is_detached && optind < n_own)
		a.source.path = argv[optind++];
	if (status == EXIT_YES && optind < n_own)
		status = say_usage("attach",
				   "one program is enough, %s is another; a "
				   "command comes behind --",
				   argv[optind]);
	if (status == EXIT_YES)
		status = attach(&a);
	source_free(&a.source);
	return status;
}
