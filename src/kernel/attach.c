/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Putting programs on sockets and taking them off, and turning the errno of a
 * refusal into what was wrong: the kernel says EINVAL or ENOMEM and nothing
 * else, so the program is checked by our verifier with the hook's limits of
 * this moment, after what the hook itself asks of the socket. Where nothing is
 * found, that is said too (UNEXPLAINED): it would be our defect.
 */
#include "base/diag.h"
#include "base/memory.h"
#include "isa/isa.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/sockopt.h"

_Static_assert(sizeof(struct sock_filter) == sizeof(struct cbpf_insn),
	       "the same layout");

uint32_t cbpf_optmem_max(void)
{
	char text[32];
	ssize_t len;
	int fd = open("/proc/sys/net/core/optmem_max", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return (uint32_t)strtoul(text, NULL, 10);
}

/* ---- what the hooks ask of a socket ------------------------------------- */

static enum cbpf_err ask_nothing(int fd)
{
	(void)fd;
	return CBPF_OK;
}

/*
 * net/core/sock_reuseport.c: a bound socket is in a group if it had the option
 * when it was bound. Whether it had it then nobody tells; it is the one thing
 * that a legal program is refused for.
 */
static enum cbpf_err ask_reuseport(int fd)
{
	(void)fd;
	return CBPF_E_NO_REUSEPORT;
}

/* net/packet/af_packet.c: id, type << 16, flags << 24; 0 outside of a group */
static enum cbpf_err ask_fanout(int fd)
{
	int fanout = sockopt_read(fd, SOL_PACKET, PACKET_FANOUT);

	return (fanout >> 16 & 0xff) == PACKET_FANOUT_CBPF ? CBPF_OK
							   : CBPF_E_NO_FANOUT;
}

struct socket_hook {
	enum cbpf_hook hook;
	int level, option;
	const char *call;
	enum cbpf_err (*ask)(int fd);
};

static const struct socket_hook filter_hook = { CBPF_HOOK_SOCKET, SOL_SOCKET,
						SO_ATTACH_FILTER,
						"setsockopt SO_ATTACH_FILTER",
						ask_nothing };
static const struct socket_hook reuseport_hook = {
	CBPF_HOOK_REUSEPORT, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
	"setsockopt SO_ATTACH_REUSEPORT_CBPF", ask_reuseport
};
static const struct socket_hook fanout_hook = { CBPF_HOOK_FANOUT, SOL_PACKET,
						PACKET_FANOUT_DATA,
						"setsockopt PACKET_FANOUT_DATA",
						ask_fanout };

/* ---- attaching ---------------------------------------------------------- */

static enum cbpf_err explain(const struct socket_hook *hook, int fd,
			     const struct cbpf_insn *insns, size_t n,
			     int sys_errno, struct cbpf_diag *out)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_LINUX,
					.hook = hook->hook,
					/* EINVAL comes before any charge */
					.optmem_max = UINT32_MAX };
	struct cbpf_diag diag = dg_make(CBPF_OK, 0, 0);
	struct cbpf_report report = { &diag, 1, 0, 0 };

	if (sys_errno == ENOMEM) {
		opts.optmem_max = cbpf_optmem_max();
		opts.optmem_held = meminfo_read(fd, MEMINFO_OPTMEM);
	}
	if (sys_errno == EPERM && sockopt_read(fd, SOL_SOCKET, SO_LOCK_FILTER))
		diag = dg_make(CBPF_E_LOCKED, 0, 0);
	else if (sys_errno == EPERM &&
		 sockopt_read(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP)
		diag = dg_make(CBPF_E_TCP_RIGHTS, 0, 0);
	else if (sys_errno == ENOPROTOOPT && hook == &fanout_hook)
		diag = dg_make(CBPF_E_NO_FANOUT, 0, 0); /* no packet socket */
	else if (sys_errno != EINVAL && sys_errno != ENOMEM)
		return dg_system(out, hook->call, sys_errno);
	else if (cbpf_check(insns, n, &opts, &report) == CBPF_OK)
		/* the program is looked at before the socket is */
		diag = dg_make(hook->ask(fd), 0, 0);
	if (diag.code == CBPF_OK)
		diag = dg_make(CBPF_E_UNEXPLAINED, 0, 0);
	diag.sys_errno = sys_errno;
	return dg_give(out, &diag);
}

static enum cbpf_err attach(const struct socket_hook *hook, int fd,
			    const struct cbpf_insn *insns, size_t n,
			    struct cbpf_diag *diag)
{
	struct sock_fprog fprog = { 0 };

	/* len has 16 bits: what does not fit would be taken for less */
	if (n > UINT16_MAX)
		return explain(hook, fd, insns, n, EINVAL, diag);
	fprog.len = (unsigned short)n;
	/* the kernel copies it byte by byte; no object is read as another */
	fprog.filter = (void *)(uintptr_t)insns;
	if (setsockopt(fd, hook->level, hook->option, &fprog, sizeof(fprog)) ==
	    0)
		return CBPF_OK;
	return explain(hook, fd, insns, n, errno, diag);
}

enum cbpf_err cbpf_attach(int fd, const struct cbpf_insn *insns, size_t n,
			  struct cbpf_diag *diag)
{
	return attach(&filter_hook, fd, insns, n, diag);
}

enum cbpf_err cbpf_attach_reuseport(int fd, const struct cbpf_insn *insns,
				    size_t n, struct cbpf_diag *diag)
{
	return attach(&reuseport_hook, fd, insns, n, diag);
}

enum cbpf_err cbpf_attach_fanout(int fd, const struct cbpf_insn *insns,
				 size_t n, struct cbpf_diag *diag)
{
	return attach(&fanout_hook, fd, insns, n, diag);
}

/* ---- detaching, locking ------------------------------------------------- */

static enum cbpf_err detach(int fd, int option, const char *call,
			    struct cbpf_diag *diag)
{
	int unused = 0;

	if (setsockopt(fd, SOL_SOCKET, option, &unused, sizeof(unused)) == 0)
		return CBPF_OK;
	if (errno == EPERM)
		return dg_fail(diag, CBPF_E_LOCKED);
	if (errno == ENOENT)
		return dg_fail(diag, CBPF_E_NO_FILTER);
	if (errno == EINVAL && option == SO_DETACH_REUSEPORT_BPF)
		return dg_fail(diag, CBPF_E_NO_REUSEPORT);
	return dg_system(diag, call, errno);
}

enum cbpf_err cbpf_detach(int fd, struct cbpf_diag *diag)
{
	return detach(fd, SO_DETACH_FILTER, "setsockopt SO_DETACH_FILTER",
		      diag);
}

enum cbpf_err cbpf_detach_reuseport(int fd, struct cbpf_diag *diag)
{
	return detach(fd, SO_DETACH_REUSEPORT_BPF,
		      "setsockopt SO_DETACH_REUSEPORT_BPF", diag);
}

enum cbpf_err cbpf_lock(int fd, struct cbpf_diag *diag)
{
	int lock = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &lock, sizeof(lock)) ==
	    0)
		return CBPF_OK;
	return dg_system(diag, "setsockopt SO_LOCK_FILTER", errno);
}

/* ---- reading back ------------------------------------------------------- */

/* Another may replace the filter between the two: then it is asked again. */
enum cbpf_err cbpf_attached(int fd, const struct cbpf_mem *mem,
			    struct cbpf_code *code, struct cbpf_diag *diag)
{
	struct cbpf_mem own = mem_or_libc(mem);

	*code = (struct cbpf_code){ .mem = own };
	for (;;) {
		struct cbpf_insn *insns;
		socklen_t n = 0, got;
		int sys_errno = filter_read(fd, NULL, &n);

		if (sys_errno)
			return dg_system(diag, "getsockopt SO_GET_FILTER",
					 sys_errno);
		if (n == 0)
			return dg_fail(diag, CBPF_E_NO_FILTER);
		insns = mem_new(&own, n, sizeof(*insns));
		if (!insns)
			return dg_fail(diag, CBPF_E_NOMEM);
		got = n;
		sys_errno = filter_read(fd, insns, &got);
		if (!sys_errno && got == n) {
			code->insns = insns;
			code->n = n;
			return CBPF_OK;
		}
		mem_free(&own, insns, n * sizeof(*insns));
		/* EINVAL: it is longer by now */
		if (sys_errno && sys_errno != EINVAL)
			return dg_system(diag, "getsockopt SO_GET_FILTER",
					 sys_errno);
	}
}

#else

uint32_t cbpf_optmem_max(void)
{
	return 0;
}

static enum cbpf_err is_elsewhere(struct cbpf_diag *diag)
{
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "socket filters are attached on Linux only");
}

enum cbpf_err cbpf_attach(int fd, const struct cbpf_insn *insns, size_t n,
			  struct cbpf_diag *diag)
{
	(void)fd, (void)insns, (void)n;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_attach_reuseport(int fd, const struct cbpf_insn *insns,
				    size_t n, struct cbpf_diag *diag)
{
	(void)fd, (void)insns, (void)n;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_attach_fanout(int fd, const struct cbpf_insn *insns,
				 size_t n, struct cbpf_diag *diag)
{
	(void)fd, (void)insns, (void)n;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_detach(int fd, struct cbpf_diag *diag)
{
	(void)fd;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_detach_reuseport(int fd, struct cbpf_diag *diag)
{
	(void)fd;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_lock(int fd, struct cbpf_diag *diag)
{
	(void)fd;
	return is_elsewhere(diag);
}

enum cbpf_err cbpf_attached(int fd, const struct cbpf_mem *mem,
			    struct cbpf_code *code, struct cbpf_diag *diag)
{
	(void)fd;
	*code = (struct cbpf_code){ .mem = mem_or_libc(mem) };
	return is_elsewhere(diag);
}

#endif
