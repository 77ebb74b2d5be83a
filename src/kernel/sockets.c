/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets of this machine that carry a classic filter. Which processes
 * have which sockets open is in /proc/PID/fd; pidfd_getfd(2) borrows each
 * once, and SO_GET_FILTER reads its filter back as it was given. That finds
 * every kind of socket, in every network namespace, threads with tables of
 * their own included. Packet sockets that were in none of them (they may be
 * under way in a message) are told by sock_diag(7), filter included; of other
 * kinds it does not tell filters.
 */
#include "base/diag.h"
#include "base/memory.h"

#ifdef __linux__

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/kcmp.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/sockopt.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define BUCKETS	    4096
#define READ_SIZE   32768 /* of directories and of sock_diag's answers */
#define ADDRESS_MAX 128	  /* struct sockaddr_storage */

struct seen {
	struct seen *next;
	uint64_t inode;
};

struct search {
	struct arena arena;
	struct seen *buckets[BUCKETS]; /* sockets that were looked at */
	bool (*each)(void *ctx, const struct cbpf_socket *socket);
	void *ctx;
	struct cbpf_sockets_seen *seen;
	bool is_over;	   /* the caller has enough */
	bool is_broken;	   /* no memory */
	bool is_missing;   /* the kernel has no such calls */
	int sys_errno;	   /* what this process ran out of, or 0 */
	uint64_t n_listed; /* by sock_diag, not seen before */
	struct cbpf_insn insns[BPF_MAXINSNS];
};

static bool is_seen(const struct search *s, uint64_t inode)
{
	const struct seen *seen = s->buckets[inode % BUCKETS];

	while (seen && seen->inode != inode)
		seen = seen->next;
	return seen != NULL;
}

static void mark_seen(struct search *s, uint64_t inode)
{
	struct seen **bucket = &s->buckets[inode % BUCKETS];
	struct seen *seen = arena_take(&s->arena, 1, sizeof(*seen));

	if (!seen) {
		s->is_broken = true;
		return;
	}
	seen->inode = inode;
	seen->next = *bucket;
	*bucket = seen;
}

/* ---- one socket --------------------------------------------------------- */

/* Its filter into s->insns; false where it has none that is classic. */
static bool read_filter(struct search *s, int fd, size_t *n)
{
	socklen_t len = BPF_MAXINSNS;
	int sys_errno = filter_read(fd, s->insns, &len);

	if (sys_errno) {
		s->seen->n_ebpf += sys_errno == EACCES;
		return false;
	}
	*n = len;
	return len > 0;
}

static void tell(struct search *s, struct cbpf_socket *socket, size_t n)
{
	socket->insns = s->insns;
	socket->n = n;
	s->seen->n_filters++;
	s->is_over = !s->each(s->ctx, socket);
}

/* A descriptor of ours for what may be a process' socket with a filter. */
static void look_at(struct search *s, int fd, struct cbpf_socket *socket)
{
	_Alignas(8) uint8_t address[ADDRESS_MAX] = { 0 };
	socklen_t size = sizeof(address);
	size_t n;

	s->seen->n_sockets++;
	if (!read_filter(s, fd, &n))
		return;
	socket->family = sockopt_read(fd, SOL_SOCKET, SO_DOMAIN);
	socket->type = sockopt_read(fd, SOL_SOCKET, SO_TYPE);
	socket->protocol = sockopt_read(fd, SOL_SOCKET, SO_PROTOCOL);
	socket->is_locked = sockopt_read(fd, SOL_SOCKET, SO_LOCK_FILTER) != 0;
	socket->address = address;
	if (getsockname(fd, (void *)address, &size) == 0)
		socket->address_size = size < sizeof(address)
					       ? size
					       : (socklen_t)sizeof(address);
	/* of a packet socket the option says nothing */
	if (socket->family == AF_PACKET)
		socket->protocol =
			ntohs(((const struct sockaddr_ll *)(void *)address)
				      ->sll_protocol);
	tell(s, socket, n);
}

/* What a call that failed says of a process; true: look at the next thing. */
static bool note_failure(struct search *s, bool *is_refused)
{
	switch (errno) {
	case ENOENT: /* gone since */
	case ESRCH:
	case EBADF:
		return true;
	case ENOSYS:
		s->is_missing = true;
		return false;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		s->sys_errno = errno;
		return false;
	default:
		*is_refused = true;
		return true;
	}
}

static bool goes_on(const struct search *s)
{
	return !s->is_over && !s->is_broken && !s->is_missing && !s->sys_errno;
}

/* ---- directories -------------------------------------------------------- */

/* The layout of getdents64(2); opendir() would take memory of its own. */
struct entry {
	uint64_t inode;
	int64_t next;
	unsigned short size;
	unsigned char type;
	char name[];
};

/* Calls each() for the entries whose names are numbers, until it is false. */
static void each_number(int dir, void *ctx,
			bool (*each)(void *ctx, int dir, long number))
{
	/* MemorySanitizer does not see what a bare system call writes */
	_Alignas(8) char buf[READ_SIZE] = { 0 };
	long len;

	while ((len = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < len;) {
			const struct entry *entry = (void *)(buf + at);
			char *end;
			long number = strtol(entry->name, &end, 10);

			at += entry->size;
			if (end == entry->name || *end)
				continue;
			if (!each(ctx, dir, number))
				return;
		}
	}
}

struct owner {
	struct search *search;
	int pid, pidfd;
	char command[16];
	bool is_refused; /* its descriptors may not be borrowed */
};

/* Whether a descriptor is still that socket: it may have been closed since. */
static bool is_socket(int fd, uint64_t inode)
{
	struct stat status = { 0 };

	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
	       status.st_ino == inode;
}

static bool look_at_descriptor(void *ctx, int dir, long number)
{
	struct owner *owner = ctx;
	struct search *s = owner->search;
	struct cbpf_socket socket = { .pid = owner->pid, .fd = (int)number };
	char name[24], target[64];
	unsigned long long inode;
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "%ld", number);
	len = readlinkat(dir, name, target, sizeof(target) - 1);
	if (len < 0)
		return note_failure(s, &owner->is_refused);
	target[len] = '\0';
	if (sscanf(target, "socket:[%llu]", &inode) != 1 || is_seen(s, inode))
		return true;
	fd = (int)syscall(SYS_pidfd_getfd, owner->pidfd, number, 0);
	if (fd < 0)
		return note_failure(s, &owner->is_refused);
	if (is_socket(fd, inode)) {
		mark_seen(s, inode);
		socket.inode = inode;
		memcpy(socket.command, owner->command, sizeof(socket.command));
		look_at(s, fd, &socket);
	}
	close(fd);
	return goes_on(s);
}

static void read_command(int proc, long pid, char command[16])
{
	char path[40];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%ld/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? 0 : read(fd, command, 15);
	if (fd >= 0)
		close(fd);
	command[len > 0 ? len : 0] = '\0';
	command[strcspn(command, "\n")] = '\0';
}

/* The descriptors of a task, which is a process or a thread. */
static void look_at_table(struct owner *owner, int proc, const char *path,
			  unsigned flags)
{
	struct search *s = owner->search;
	int dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		note_failure(s, &owner->is_refused);
		return;
	}
	owner->pidfd = (int)syscall(SYS_pidfd_open, owner->pid, flags);
	if (owner->pidfd < 0) {
		note_failure(s, &owner->is_refused);
	} else {
		each_number(dir, owner, look_at_descriptor);
		close(owner->pidfd);
	}
	close(dir);
}

struct threads {
	struct owner *owner; /* of the process */
	int proc;
};

/* A thread shares its process' table, but where it left it, or that is gone. */
static bool look_at_thread(void *ctx, int dir, long tid)
{
	const struct threads *t = ctx;
	struct owner thread = *t->owner;
	char path[60];

	(void)dir;
	if (tid == t->owner->pid ||
	    syscall(SYS_kcmp, t->owner->pid, tid, KCMP_FILES, 0, 0) == 0)
		return true;
	snprintf(path, sizeof(path), "%d/task/%ld/fd", t->owner->pid, tid);
	thread.pid = (int)tid;
	look_at_table(&thread, t->proc, path, PIDFD_THREAD);
	t->owner->is_refused |= thread.is_refused;
	return goes_on(t->owner->search);
}

static bool look_at_process(void *ctx, int proc, long pid)
{
	struct search *s = ctx;
	struct owner owner = { .search = s, .pid = (int)pid };
	struct threads threads = { &owner, proc };
	char path[40];
	int dir;

	read_command(proc, pid, owner.command);
	snprintf(path, sizeof(path), "%ld/fd", pid);
	look_at_table(&owner, proc, path, 0);
	snprintf(path, sizeof(path), "%ld/task", pid);
	dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		if (goes_on(s) && !owner.is_refused)
			each_number(dir, &threads, look_at_thread);
		close(dir);
	}
	s->seen->n_processes++;
	s->seen->n_refused += owner.is_refused;
	return goes_on(s);
}

/* ---- sock_diag ---------------------------------------------------------- */

static void tell_packet_socket(struct search *s, const struct nlmsghdr *head,
			       bool with_filters)
{
	const struct packet_diag_msg *m = (const void *)(head + 1);
	const char *at = (const char *)(m + 1);
	const char *end = (const char *)head + head->nlmsg_len;
	struct cbpf_socket socket = { .inode = m->pdiag_ino,
				      .fd = -1,
				      .family = AF_PACKET,
				      .type = m->pdiag_type,
				      .protocol = m->pdiag_num };
	size_t n = 0;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)at;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - at)
			break;
		if (a->nla_type == PACKET_DIAG_FILTER) {
			n = (a->nla_len - NLA_HDRLEN) / sizeof(*s->insns);
			n = n < BPF_MAXINSNS ? n : BPF_MAXINSNS;
			memcpy(s->insns, at + NLA_HDRLEN,
			       n * sizeof(*s->insns));
		}
		at += NLA_ALIGN(a->nla_len);
	}
	if (is_seen(s, socket.inode))
		return;
	s->n_listed++;
	if (!with_filters)
		return;
	mark_seen(s, socket.inode);
	s->seen->n_sockets++;
	if (n > 0)
		tell(s, &socket, n);
}

/* Packet sockets of this namespace, not seen before: counted, or told. */
static void ask_sock_diag(struct search *s, bool with_filters)
{
	struct {
		struct nlmsghdr head;
		struct packet_diag_req req;
	} request = { .head = { .nlmsg_len = sizeof(request),
				.nlmsg_type = SOCK_DIAG_BY_FAMILY,
				.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      .req = { .sdiag_family = AF_PACKET,
			       .pdiag_show = with_filters ? PACKET_SHOW_FILTER
							  : 0 } };
	_Alignas(8) char buf[READ_SIZE];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	bool is_more = fd >= 0 && send(fd, &request, sizeof(request), 0) > 0;

	s->n_listed = 0;
	while (is_more && goes_on(s)) {
		ssize_t len = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *head = (void *)buf;

		if (len < 0 && errno == EINTR)
			continue;
		is_more = len > 0;
		for (; is_more && NLMSG_OK(head, len) && goes_on(s);
		     head = NLMSG_NEXT(head, len)) {
			is_more = head->nlmsg_type == SOCK_DIAG_BY_FAMILY;
			if (is_more &&
			    head->nlmsg_len >= NLMSG_LENGTH(sizeof(
						       struct packet_diag_msg)))
				tell_packet_socket(s, head, with_filters);
		}
	}
	if (fd >= 0)
		close(fd);
}

/*
 * With filters the kernel ends its list at an entry that is too long for it,
 * and says nothing: so it is asked without them first.
 */
static void look_for_others(struct search *s)
{
	uint64_t n_listed;

	ask_sock_diag(s, false);
	n_listed = s->n_listed;
	if (n_listed && goes_on(s))
		ask_sock_diag(s, true);
	if (n_listed > s->n_listed && goes_on(s))
		s->seen->n_unread = n_listed - s->n_listed;
}

enum cbpf_err cbpf_sockets(const struct cbpf_mem *mem,
			   bool (*each)(void *ctx,
					const struct cbpf_socket *socket),
			   void *ctx, struct cbpf_sockets_seen *seen,
			   struct cbpf_diag *diag)
{
	struct cbpf_mem own = mem_or_libc(mem);
	struct cbpf_sockets_seen unused;
	struct search *s = mem_new(&own, 1, sizeof(*s));
	enum cbpf_err err = CBPF_OK;
	int proc;

	if (!s)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(s, 0, sizeof(*s));
	s->arena = arena_new(&own);
	s->each = each;
	s->ctx = ctx;
	s->seen = seen ? seen : &unused;
	memset(s->seen, 0, sizeof(*s->seen));
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0) {
		err = dg_system(diag, "/proc", errno);
	} else {
		each_number(proc, s, look_at_process);
		close(proc);
		if (goes_on(s))
			look_for_others(s);
	}
	if (s->sys_errno)
		err = dg_system(diag, "looking into processes", s->sys_errno);
	if (s->is_missing)
		err = dg_say(diag, CBPF_E_UNAVAILABLE,
			     "pidfd_getfd() is missing: it takes Linux 5.6");
	if (s->is_broken)
		err = dg_fail(diag, CBPF_E_NOMEM);
	arena_free(&s->arena);
	mem_free(&own, s, sizeof(*s));
	return err;
}

/* ---- borrowing ---------------------------------------------------------- */

enum cbpf_err cbpf_borrow(int pid, int fd, int *own, struct cbpf_diag *diag)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	enum cbpf_err err = CBPF_OK;

	*own = -1;
	if (pidfd < 0 && errno == ESRCH)
		return dg_say(diag, CBPF_E_ARGUMENT, "there is no process %d",
			      pid);
	if (pidfd < 0)
		return dg_system(diag, "pidfd_open", errno);
	*own = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (*own < 0 && errno == EBADF)
		err = dg_say(diag, CBPF_E_ARGUMENT,
			     "process %d has no descriptor %d", pid, fd);
	else if (*own < 0 && errno == EPERM)
		err = dg_say(diag, CBPF_E_UNAVAILABLE,
			     "process %d may not be looked into: that needs "
			     "root, or the right to trace it",
			     pid);
	else if (*own < 0)
		err = dg_system(diag, "pidfd_getfd", errno);
	close(pidfd);
	return err;
}

#else

enum cbpf_err cbpf_sockets(const struct cbpf_mem *mem,
			   bool (*each)(void *ctx,
					const struct cbpf_socket *socket),
			   void *ctx, struct cbpf_sockets_seen *seen,
			   struct cbpf_diag *diag)
{
	(void)mem, (void)each, (void)ctx, (void)seen;
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "filters of sockets are found on Linux only");
}

enum cbpf_err cbpf_borrow(int pid, int fd, int *own, struct cbpf_diag *diag)
{
	(void)pid, (void)fd;
	*own = -1;
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "descriptors are borrowed on Linux only");
}

#endif
