/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every hook that a program is attached to, on real sockets and processes:
 * attaching, reading back, what the program sees and what its verdict does.
 * Expected is what interp returns over the data of that hook, put in the
 * hook's terms by cbpf_verdict_*(). TAP.
 *
 *	hooks [--require LIST]	reuseport, fanout, seccomp: no skip allowed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "oracles.h"

#define GROUP 4	 /* sockets of a group */
#define INSNS 24 /* of a random program */

static const char *required;
static uint64_t seed = 11;

static void skip(const char *name, const char *why)
{
	if (tap_lists(required, name))
		tap_ok(false, "%s is required: %s", name, why);
	else
		tap_skip(name, "%s", why);
}

/* Loads from before the data, which each hook has something else in. */
static bool reads_headers(const struct cbpf_prog *prog)
{
	const struct cbpf_insn *insns = cbpf_prog_insns(prog);

	for (size_t i = 0; i < cbpf_prog_length(prog); i++)
		if ((insns[i].code & 7) <= 1 && insns[i].k >= 0xffe00000)
			return true;
	return false;
}

/* A program whose verdict is decided by the data alone; free it. */
static struct cbpf_prog *random_program(void)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts),
					 .dialect = CBPF_LINUX,
					 .max_insns = INSNS };
	struct cbpf_prog_opts prog_opts = { .size = sizeof(prog_opts),
					    .dialect = CBPF_LINUX };
	struct cbpf_insn insns[INSNS];

	for (;;) {
		size_t n = cbpf_random_program(&seed, &opts, insns);
		struct cbpf_prog *prog;

		if (cbpf_prog_new(insns, n, &prog_opts, &prog, NULL) != CBPF_OK)
			continue;
		/* contexts are the engines' business */
		if (!cbpf_prog_traits(prog).reads_ext && !reads_headers(prog))
			return prog;
		cbpf_prog_free(prog);
	}
}

static uint32_t verdict_of(const struct cbpf_prog *prog,
			   const struct cbpf_packet *packet)
{
	struct cbpf_result result;

	cbpf_run(prog, packet, &result);
	return result.value;
}

static bool in_child(int (*fn)(void))
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn());
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* ---- a socket's filter -------------------------------------------------- */

static void test_attach(void)
{
	const struct cbpf_insn ret = { 6, 0, 0, 1 };
	const struct cbpf_insn bad[] = { { 0x34, 0, 0, 0 }, { 6, 0, 0, 1 } };
	struct cbpf_diag diag;
	struct cbpf_insn *many;
	int fds[2], one = 1;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0) {
		tap_skip("attach", "no socket pair");
		return;
	}
	tap_ok(cbpf_detach(fds[0], &diag) == CBPF_E_NO_FILTER,
	       "detaching where nothing is attached");
	tap_ok(cbpf_attach(fds[0], &ret, 1, &diag) == CBPF_OK, "attach");
	tap_ok(cbpf_attach(fds[0], bad, 2, &diag) == CBPF_E_DIV_ZERO &&
		       diag.pc == 0 && diag.sys_errno,
	       "a refusal is explained by the rule");
	tap_ok(cbpf_attach(fds[0], NULL, 0, &diag) == CBPF_E_EMPTY,
	       "no instruction");
	many = calloc(70000, sizeof(*many));
	tap_ok(many && cbpf_attach(fds[0], many, 70000, &diag) ==
			       CBPF_E_TOO_LONG,
	       "a length beyond 16 bits is not taken for less");
	free(many);
	tap_ok(cbpf_detach(fds[0], &diag) == CBPF_OK, "detach");
	cbpf_attach(fds[0], &ret, 1, NULL);
	setsockopt(fds[0], SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one));
	tap_ok(cbpf_attach(fds[0], &ret, 1, &diag) == CBPF_E_LOCKED &&
		       cbpf_detach(fds[0], &diag) == CBPF_E_LOCKED,
	       "a locked filter stays");
	close(fds[0]);
	close(fds[1]);
	tap_ok(cbpf_attach(-1, &ret, 1, &diag) == CBPF_E_SYSTEM &&
		       diag.sys_errno,
	       "what is no socket");
}

static void test_filter(void)
{
	/* junk in fields that mean nothing comes back as well */
	static const struct cbpf_insn insns[] = { { 0x00, 1, 2, 7 },
						  { 0x07, 3, 4, 0xdeadbeef },
						  { 0x16, 5, 6, 0xffffffff } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct cbpf_diag diag = { .code = CBPF_OK };
	struct cbpf_code code;

	tap_ok(cbpf_attached(fd, NULL, &code, &diag) == CBPF_E_NO_FILTER,
	       "a socket without a filter has none");
	tap_ok(cbpf_detach(fd, &diag) == CBPF_E_NO_FILTER,
	       "and there is nothing to take off");
	tap_ok(cbpf_attach(fd, insns, 3, &diag) == CBPF_OK &&
		       cbpf_attached(fd, NULL, &code, &diag) == CBPF_OK &&
		       code.n == 3 && !memcmp(code.insns, insns, sizeof(insns)),
	       "a filter comes back bit for bit");
	cbpf_code_free(&code);
	tap_ok(cbpf_detach(fd, &diag) == CBPF_OK &&
		       cbpf_attach(fd, insns, 3, &diag) == CBPF_OK &&
		       cbpf_lock(fd, &diag) == CBPF_OK,
	       "it is taken off, attached again and locked");
	tap_ok(cbpf_attach(fd, insns, 3, &diag) == CBPF_E_LOCKED &&
		       diag.sys_errno == EPERM,
	       "a locked filter is not replaced");
	tap_ok(cbpf_detach(fd, &diag) == CBPF_E_LOCKED,
	       "a locked filter is not taken off");
	tap_ok(cbpf_attach_reuseport(fd, insns, 3, &diag) == CBPF_E_LOCKED,
	       "the lock is for reuseport programs as well");
	close(fd);
	tap_ok(cbpf_attached(fd, NULL, &code, &diag) == CBPF_E_SYSTEM &&
		       cbpf_attach(fd, insns, 3, &diag) == CBPF_E_SYSTEM &&
		       cbpf_lock(fd, &diag) == CBPF_E_SYSTEM,
	       "a closed descriptor is the system's error");
}

/* Without rights: newer kernels refuse TCP, and that is told. */
static int child_tcp(void)
{
	const struct cbpf_insn insn = { 0x06, 0, 0, 1 };
	struct cbpf_diag diag = { .code = CBPF_OK };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	enum cbpf_err err;

	if (geteuid() == 0 && setuid(65534) < 0)
		return 1;
	err = cbpf_attach(fd, &insn, 1, &diag);
	return err == CBPF_OK || (err == CBPF_E_TCP_RIGHTS &&
				  diag.sys_errno == EPERM)
		       ? 0
		       : 1;
}

/* ---- SO_ATTACH_REUSEPORT_CBPF ------------------------------------------- */

static int udp_socket(struct sockaddr_in *to, bool is_shared)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), one = 1;
	socklen_t size = sizeof(*to);

	if (is_shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)to, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)to, &size) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Which of the sockets has something to read, which is read; -1: none. */
static int take_one(const int *fds, int n)
{
	struct pollfd ready[GROUP];
	char byte;

	for (int i = 0; i < n; i++)
		ready[i] = (struct pollfd){ fds[i], POLLIN, 0 };
	if (poll(ready, (nfds_t)n, 100) <= 0)
		return -1;
	for (int i = 0; i < n; i++)
		if (ready[i].revents & POLLIN)
			return recv(fds[i], &byte, 1, MSG_TRUNC) >= 0 ? i : -1;
	return -1;
}

/* One datagram: 0 as foretold, 1 chosen by hash (any socket), 2 otherwise. */
static int send_one(int from, const struct sockaddr_in *to, const int *fds,
		    const struct cbpf_prog *prog)
{
	uint8_t payload[128];
	size_t len =
		cbpf_random_packet(&seed, prog, 0, payload, sizeof(payload));
	/* what is before the payload is reached by no offset of these */
	struct cbpf_ctx ctx = { .has_link = false, .net_off = -28 };
	struct cbpf_packet packet = { payload, (uint32_t)len, 0, &ctx };
	uint32_t index;
	bool is_chosen = cbpf_verdict_reuseport(verdict_of(prog, &packet),
						GROUP, &index);
	int got;

	if (sendto(from, payload, len, 0, (const struct sockaddr *)to,
		   sizeof(*to)) < 0)
		return 2;
	got = take_one(fds, GROUP);
	if (got < 0)
		return 2;
	return is_chosen ? (got == (int)index ? 0 : 2) : 1;
}

static void test_reuseport(void)
{
	static const struct cbpf_insn bad[] = { { 0x60, 0, 0, 0 },
						{ 0x16, 0, 0, 0 } };
	static const struct cbpf_insn good = { 0x06, 0, 0, 1 };
	static struct cbpf_insn longest[4096];
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in own = to;
	struct cbpf_diag diag = { .code = CBPF_OK };
	int fds[GROUP], from = udp_socket(&own, false);
	bool is_off;
	unsigned counts[3] = { 0 };
	struct cbpf_check_opts check = { .size = sizeof(check),
					 .dialect = CBPF_LINUX,
					 .hook = CBPF_HOOK_REUSEPORT,
					 .optmem_max = cbpf_optmem_max() };
	size_t low = 1, high = 4096;

	tap_ok(cbpf_attach_reuseport(from, &good, 1, &diag) ==
		       CBPF_E_NO_REUSEPORT,
	       "reuseport: a socket that was bound without the option is told");
	for (int i = 0; i < GROUP; i++)
		fds[i] = udp_socket(&to, true);
	tap_ok(cbpf_attach_reuseport(fds[0], bad, 2, &diag) ==
			       CBPF_E_MEM_UNSET &&
		       diag.sys_errno == EINVAL && diag.pc == 0,
	       "reuseport: an illegal program is explained");
	for (int i = 0; i < 300; i++) {
		struct cbpf_prog *prog = random_program();

		if (cbpf_attach_reuseport(fds[0], cbpf_prog_insns(prog),
					  cbpf_prog_length(prog),
					  &diag) != CBPF_OK)
			counts[2]++;
		else
			for (int p = 0; p < 8; p++)
				counts[send_one(from, &to, fds, prog)]++;
		cbpf_prog_free(prog);
	}
	tap_ok(counts[2] == 0 && counts[0] > 500,
	       "reuseport: %u datagrams went to the socket foretold, %u to one "
	       "of the hash's choice, %u elsewhere",
	       counts[0], counts[1], counts[2]);
	/* the longest that fits, found with and foretold without the kernel */
	for (size_t i = 0; i < 4096; i++)
		longest[i] = (struct cbpf_insn){ 0xb1, 0, 0, 40000 };
	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		longest[middle - 1] = (struct cbpf_insn){ 0x06, 0, 0, 0 };
		if (cbpf_attach_reuseport(fds[0], longest, middle, &diag) ==
		    CBPF_OK)
			low = middle;
		else
			high = middle - 1;
		longest[middle - 1] = longest[0];
	}
	longest[low - 1] = (struct cbpf_insn){ 0x06, 0, 0, 0 };
	tap_ok(cbpf_check(longest, low, &check, NULL) == CBPF_OK,
	       "reuseport: %zu instructions fit, as foretold", low);
	longest[low - 1] = longest[0];
	longest[low] = (struct cbpf_insn){ 0x06, 0, 0, 0 };
	tap_ok(cbpf_check(longest, low + 1, &check, NULL) == CBPF_E_OPTMEM &&
		       cbpf_attach_reuseport(fds[0], longest, low + 1, &diag) ==
			       CBPF_E_OPTMEM,
	       "reuseport: one more does not, and both say why");
	is_off = cbpf_detach_reuseport(fds[0], &diag) == CBPF_OK;
	tap_ok(is_off &&
		       cbpf_detach_reuseport(fds[0], &diag) == CBPF_E_NO_FILTER,
	       "reuseport: taken off, and then there is none");
	tap_ok(cbpf_attach_reuseport(fds[0], &good, 1, &diag) == CBPF_OK &&
		       cbpf_lock(fds[0], &diag) == CBPF_OK &&
		       cbpf_attach_reuseport(fds[0], &good, 1, &diag) ==
			       CBPF_E_LOCKED &&
		       cbpf_detach_reuseport(fds[0], &diag) == CBPF_OK,
	       "reuseport: a lock keeps others off, and not the program on");
	for (int i = 0; i < GROUP; i++)
		close(fds[i]);
	close(from);
}

/* ---- PACKET_FANOUT_CBPF ------------------------------------------------- */

static int packet_socket(int ifindex, int group)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = ifindex };
	int fanout = group | PACKET_FANOUT_CBPF << 16;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	if (group >= 0 && setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &fanout,
				     sizeof(fanout)) < 0)
		return -1;
	return fd;
}

/*
 * A frame over loopback comes by twice: outgoing, from its link header on,
 * and incoming, from its network header on.
 */
static unsigned count_fanout_errors(const int *fds, int ifindex, int from,
				    unsigned *runs)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_ifindex = ifindex };
	struct cbpf_diag diag;
	unsigned bad = 0;

	for (int i = 0; i < 300; i++) {
		struct cbpf_prog *prog = random_program();

		if (cbpf_attach_fanout(fds[0], cbpf_prog_insns(prog),
				       cbpf_prog_length(prog),
				       &diag) != CBPF_OK)
			bad++;
		for (int p = 0; p < 8; p++) {
			uint8_t frame[14 + 160] = { 0 };
			uint32_t len =
				14 + (uint32_t)cbpf_random_packet(
					     &seed, prog, 0, frame + 14, 160);
			struct cbpf_ctx out = { .net_off = 14 }, in = { 0 };
			struct cbpf_packet outgoing = { frame, len, 0, &out };
			struct cbpf_packet incoming = { frame + 14, len - 14, 0,
							&in };
			unsigned want[GROUP] = { 0 }, got[GROUP] = { 0 };
			char byte;

			frame[12] = 0x88; /* an Ethertype for experiments */
			frame[13] = 0xb5;
			want[cbpf_verdict_fanout(verdict_of(prog, &outgoing),
						 GROUP)]++;
			want[cbpf_verdict_fanout(verdict_of(prog, &incoming),
						 GROUP)]++;
			if (sendto(from, frame, len, 0, (struct sockaddr *)&to,
				   sizeof(to)) < 0)
				bad++;
			for (int s = 0; s < GROUP; s++)
				while (recv(fds[s], &byte, 1, MSG_TRUNC) >= 0)
					got[s]++;
			bad += memcmp(want, got, sizeof(want)) != 0;
			++*runs;
		}
		cbpf_prog_free(prog);
	}
	return bad;
}

static void test_fanout_here(void)
{
	static const struct cbpf_insn good = { 0x06, 0, 0, 1 };
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int control = socket(AF_INET, SOCK_DGRAM, 0), fds[GROUP], from;
	int index = (int)if_nametoindex("lo");
	struct cbpf_diag diag = { .code = CBPF_OK };
	unsigned runs = 0, bad;

	ioctl(control, SIOCSIFFLAGS, &request);
	for (int i = 0; i < GROUP; i++)
		fds[i] = packet_socket(index, 7);
	/* of protocol 0: it sends, and receives nothing */
	from = socket(AF_PACKET, SOCK_RAW, 0);
	if (from < 0 || fds[GROUP - 1] < 0) {
		skip("fanout", "no packet sockets here");
		return;
	}
	tap_ok(cbpf_attach_fanout(from, &good, 1, &diag) == CBPF_E_NO_FANOUT,
	       "fanout: a socket outside of a group is told");
	bad = count_fanout_errors(fds, index, from, &runs);
	tap_ok(bad == 0 && runs > 500,
	       "fanout: %u frames, each to two sockets: %u otherwise than "
	       "foretold",
	       runs, bad);
}

/* ---- seccomp ------------------------------------------------------------ */

#define NOBODY 65534

/* A filter that answers one call with a verdict, and lets the rest by. */
static size_t answer_call(struct cbpf_insn *insns, uint32_t nr,
			  uint32_t verdict)
{
	insns[0] = (struct cbpf_insn){ 0x20, 0, 0, 0 };
	insns[1] = (struct cbpf_insn){ 0x15, 0, 1, nr };
	insns[2] = (struct cbpf_insn){ 0x06, 0, 0, verdict };
	insns[3] = (struct cbpf_insn){ 0x06, 0, 0, 0x7fff0000 };
	return 4;
}

static int child_rights(void)
{
	struct cbpf_insn insns[4];
	size_t n = answer_call(insns, SYS_getppid, 0x50000 | 42);
	struct cbpf_diag diag;

	if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		return 1;
	if (cbpf_attach_seccomp(insns, n, 0, &diag) != CBPF_E_NO_NEW_PRIVS ||
	    diag.sys_errno != EACCES)
		return 2;
	if (cbpf_attach_seccomp(insns, n, CBPF_SECCOMP_NO_NEW_PRIVS, &diag) !=
	    CBPF_OK)
		return 3;
	return syscall(SYS_getppid) == -1 && errno == 42 ? 0 : 4;
}

/* The most severe counts; of equals the one installed last. */
static int child_several(void)
{
	static const uint32_t verdicts[] = { 0x7fff0000, 0x50000 | 5,
					     0x7ff00001, 0x50000 | 6,
					     0x50000 | 0xffff };
	struct cbpf_insn insns[4];
	struct cbpf_diag diag;
	uint16_t data;

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		size_t n = answer_call(insns, SYS_getppid, verdicts[i]);
		uint32_t one = cbpf_verdict_seccomp(verdicts, i + 1);

		if (cbpf_attach_seccomp(insns, n, CBPF_SECCOMP_NO_NEW_PRIVS,
					&diag) != CBPF_OK)
			return 1;
		errno = 0;
		if (cbpf_verdict_action(one, &data) == CBPF_ACTION_ALLOW) {
			if (syscall(SYS_getppid) <= 0)
				return 2;
		} else if (syscall(SYS_getppid) != -1 || errno != data) {
			return 3;
		}
	}
	return 0;
}

static int child_illegal(void)
{
	static const struct cbpf_insn insns[] = { { 0x20, 0, 0, 2 },
						  { 0x16, 0, 0, 0 } };
	struct cbpf_diag diag;

	return cbpf_attach_seccomp(insns, 2, CBPF_SECCOMP_NO_NEW_PRIVS,
				   &diag) == CBPF_E_DATA_OFFSET &&
			       diag.pc == 0 && diag.sys_errno == EINVAL
		       ? 0
		       : 1;
}

/* As many of the longest as fit: 7 (dialects.md 3). */
static int child_room(void)
{
	static struct cbpf_insn insns[4096];
	struct cbpf_diag diag;
	int n = 0;

	for (size_t i = 0; i < 4095; i++)
		insns[i] = (struct cbpf_insn){ 0x00, 0, 0, 0 };
	insns[4095] = (struct cbpf_insn){ 0x06, 0, 0, 0x7fff0000 };
	while (cbpf_attach_seccomp(insns, 4096, CBPF_SECCOMP_NO_NEW_PRIVS,
				   &diag) == CBPF_OK)
		n++;
	/* a container's own filters take room as well */
	return n > 4 && n <= 7 && diag.b >= (uint64_t)n &&
			       diag.code == CBPF_E_PATH_REST &&
			       diag.sys_errno == ENOMEM
		       ? 0
		       : 1;
}

static pthread_barrier_t both;

static void *other_thread(void *is_rival)
{
	struct cbpf_insn insns[4];
	size_t n = answer_call(insns, SYS_getppid, 0x50000 | 9);

	if (is_rival)
		cbpf_attach_seccomp(insns, n, CBPF_SECCOMP_NO_NEW_PRIVS, NULL);
	pthread_barrier_wait(&both);
	pthread_barrier_wait(&both);
	errno = 0;
	syscall(SYS_getppid);
	return errno == 42 ? is_rival : &both;
}

static int child_threads(bool is_rival)
{
	struct cbpf_insn insns[4];
	size_t n = answer_call(insns, SYS_getppid, 0x50000 | 42);
	struct cbpf_diag diag;
	pthread_t thread;
	void *outcome;
	enum cbpf_err err;

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&thread, NULL, other_thread, is_rival ? &thread : NULL);
	pthread_barrier_wait(&both);
	err = cbpf_attach_seccomp(
		insns, n, CBPF_SECCOMP_TSYNC | CBPF_SECCOMP_NO_NEW_PRIVS,
		&diag);
	pthread_barrier_wait(&both);
	pthread_join(thread, &outcome);
	if (is_rival) /* none was installed, and the thread is named */
		return err == CBPF_E_TSYNC && diag.a > 1 ? 0 : 1;
	return err == CBPF_OK && outcome == NULL ? 0 : 1;
}

static int child_sync(void)
{
	return child_threads(false);
}

static int child_rival(void)
{
	return child_threads(true);
}

static int child_fanout(void)
{
	/* a namespace of its own: nobody else's frames, nobody else's device */
	if (unshare(CLONE_NEWNET) < 0)
		return 77;
	tap_failed = 0;
	test_fanout_here();
	fflush(stdout);
	return tap_failed ? 1 : 0;
}

static void test_fanout(void)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(child_fanout());
	if (waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 77) {
		skip("fanout", "no network namespace of one's own here");
		return;
	}
	tap_n += 2; /* the child's */
	tap_failed += status != 0;
}

static void test_seccomp(void)
{
	if (prctl(PR_GET_SECCOMP) < 0) {
		skip("seccomp", "this kernel has none");
		return;
	}
	if (geteuid() == 0)
		tap_ok(in_child(child_rights),
		       "seccomp: who may install is told, and may then");
	else
		tap_skip("seccomp: rights", "they are given up by root only");
	tap_ok(in_child(child_illegal), "seccomp: a bad offset is explained");
	tap_ok(in_child(child_several),
	       "seccomp: of several filters the most severe, then the latest");
	tap_ok(in_child(child_room),
	       "seccomp: seven of the longest fit, the eighth is explained");
	tap_ok(in_child(child_sync), "seccomp: TSYNC reaches all threads");
	tap_ok(in_child(child_rival),
	       "seccomp: a thread that cannot be brought along is named");
}

/* ---- verdicts alone ----------------------------------------------------- */

static void test_verdicts(void)
{
	uint32_t kept, class_id;
	uint16_t data;

	tap_ok(cbpf_verdict_trim(5, 100, 0, &kept) && kept == 5 &&
		       cbpf_verdict_trim(5, 100, 8, &kept) && kept == 8 &&
		       cbpf_verdict_trim(5, 3, 8, &kept) && kept == 3 &&
		       cbpf_verdict_trim(0x80000000, 9, 0, &kept) &&
		       kept == 9 && !cbpf_verdict_trim(0, 9, 8, &kept) &&
		       kept == 0 && cbpf_verdict_trim(1, 0, 0, &kept) &&
		       kept == 0,
	       "a verdict trims, not below the floor, not above the length");
	tap_ok(cbpf_verdict_fanout(0xffffffff, 4) == 3 &&
		       cbpf_verdict_fanout(7, 0) == 0,
	       "fanout: modulo the group");
	tap_ok(cbpf_verdict_class(7, 1, &class_id) && class_id == 7 &&
		       cbpf_verdict_class(0xffffffff, 1, &class_id) &&
		       class_id == 1 && !cbpf_verdict_class(0, 1, &class_id),
	       "class: the verdict, or the configured one, or no match");
	tap_ok(cbpf_verdict_action(0x7fff1234, &data) == CBPF_ACTION_ALLOW &&
		       cbpf_verdict_action(0x5ffff, &data) ==
			       CBPF_ACTION_ERRNO &&
		       data == 4095 &&
		       cbpf_verdict_action(0x12340000, &data) ==
			       CBPF_ACTION_UNDEFINED &&
		       cbpf_verdict_seccomp(NULL, 0) == 0x7fff0000 &&
		       strcmp(cbpf_action_name(CBPF_ACTION_TRAP), "TRAP") ==
			       0 &&
		       !cbpf_action_name((enum cbpf_action)99),
	       "actions, their data and their names");
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--require") == 0)
		required = argv[2];
	test_verdicts();
	if (is_left_out("attaching"))
		return tap_done();
	test_attach();
	test_filter();
	tap_ok(in_child(child_tcp), "TCP: who may not attach is told");
	test_reuseport();
	test_fanout();
	test_seccomp();
	return tap_done();
}
