/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressed captures: see unpack.h. */
#include "capture/unpack.h"

#ifdef CBPF_HAVE_ARCHIVE

#include <archive.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 262144

struct unpacker {
	struct cbpf_mem mem;
	int in, to, out; /* the file; the two ends of the socket */
	uint8_t *begun;	 /* bytes that were read of the file, once given NULL */
	size_t n_begun;
	uint8_t *packed, *plain; /* ROOM bytes each */
	pthread_t thread;
	bool is_running;
	char why[96]; /* what is wrong with the file, or "" */
};

/* ---- the thread --------------------------------------------------------- */

/* libarchive's: the next bytes of the file; 0: there are none. */
static la_ssize_t next_bytes(struct archive *a, void *ctx, const void **bytes)
{
	struct unpacker *u = ctx;
	/* nobody reads any more: then nobody waits for the file either */
	struct pollfd ready[] = { { .fd = u->in, .events = POLLIN },
				  { .fd = u->to } };
	ssize_t n;

	if (u->n_begun > 0) {
		*bytes = u->begun;
		n = (ssize_t)u->n_begun;
		u->n_begun = 0;
		return n;
	}
	do {
		n = poll(ready, 2, -1);
	} while (n < 0 && errno == EINTR);
	if (ready[1].revents & (POLLHUP | POLLERR))
		return 0;
	do {
		n = read(u->in, u->packed, ROOM);
	} while (n < 0 && errno == EINTR);
	*bytes = u->packed;
	if (n < 0)
		archive_set_error(a, errno, "%s", strerror(errno));
	return n;
}

static bool send_all(const struct unpacker *u, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t n =
			send(u->to, u->plain + sent, size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		sent += (size_t)n;
	}
	return true;
}

static void unpack(struct unpacker *u, struct archive *a)
{
	struct archive_entry *entry;
	la_ssize_t n = 0;

	/* by name: others would run programs */
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
	if (archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_open(a, u, NULL, next_bytes, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(a, &entry) != ARCHIVE_OK)
		n = -1;
	while (n >= 0) {
		n = archive_read_data(a, u->plain, ROOM);
		if (n == 0 || (n > 0 && !send_all(u, (size_t)n)))
			return;
	}
	snprintf(u->why, sizeof(u->why), "%s",
		 archive_error_string(a) ? archive_error_string(a)
					 : "unreadable");
}

static void *run(void *ctx)
{
	struct unpacker *u = ctx;
	struct archive *a = archive_read_new();

	if (a)
		unpack(u, a);
	else
		snprintf(u->why, sizeof(u->why), "out of memory");
	archive_read_free(a);
	/* what was said before is there before the end is */
	shutdown(u->to, SHUT_WR);
	return NULL;
}

/* ---- outside of it ------------------------------------------------------ */

static void free_unpacker(struct unpacker *u)
{
	struct cbpf_mem mem = u->mem;

	if (u->in > STDIN_FILENO)
		close(u->in);
	if (u->to >= 0)
		close(u->to);
	if (u->out >= 0)
		close(u->out);
	mem_free(&mem, u->begun, ROOM);
	mem_free(&mem, u->packed, ROOM);
	mem_free(&mem, u->plain, ROOM);
	mem_free(&mem, u, sizeof(*u));
}

static struct unpacker *new_unpacker(const struct cbpf_mem *mem, int fd,
				     const void *begun, size_t n)
{
	struct unpacker *u = mem_new(mem, 1, sizeof(*u));

	if (!u)
		return NULL;
	memset(u, 0, sizeof(*u));
	u->mem = *mem;
	u->in = fd;
	u->to = u->out = -1;
	u->begun = mem_new(mem, ROOM, 1);
	u->packed = mem_new(mem, ROOM, 1);
	u->plain = mem_new(mem, ROOM, 1);
	if (u->begun && u->packed && u->plain && n <= ROOM) {
		memcpy(u->begun, begun, n);
		u->n_begun = n;
		return u;
	}
	u->in = -1; /* the caller's still */
	free_unpacker(u);
	return NULL;
}

enum cbpf_err unpack_start(const struct cbpf_mem *mem, int fd,
			   const void *begun, size_t n,
			   struct unpacker **unpacker, int *out,
			   struct cbpf_diag *diag)
{
	struct unpacker *u = new_unpacker(mem, fd, begun, n);
	sigset_t all, before;
	int fds[2], why;

	if (!u)
		return dg_fail(diag, CBPF_E_NOMEM);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
		why = errno;
		u->in = -1;
		free_unpacker(u);
		return dg_system(diag, "socketpair", why);
	}
	u->to = fds[0];
	u->out = fds[1];
	/* signals are the caller's */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(&u->thread, NULL, run, u);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (why != 0) {
		u->in = -1;
		free_unpacker(u);
		return dg_system(diag, "pthread_create", why);
	}
	u->is_running = true;
	*unpacker = u;
	*out = u->out;
	return CBPF_OK;
}

static void join(struct unpacker *u)
{
	if (u->is_running)
		pthread_join(u->thread, NULL);
	u->is_running = false;
}

enum cbpf_err unpack_check(struct unpacker *u, struct cbpf_diag *diag)
{
	join(u);
	if (!u->why[0])
		return CBPF_OK;
	return dg_say(diag, CBPF_E_CAP_PACKED, "%s", u->why);
}

void unpack_stop(struct unpacker *u)
{
	if (!u)
		return;
	shutdown(u->out, SHUT_RDWR);
	join(u);
	free_unpacker(u);
}

#else

enum cbpf_err unpack_start(const struct cbpf_mem *mem, int fd,
			   const void *begun, size_t n,
			   struct unpacker **unpacker, int *out,
			   struct cbpf_diag *diag)
{
	(void)mem;
	(void)fd;
	(void)begun;
	(void)n;
	(void)unpacker;
	(void)out;
	return dg_say(diag, CBPF_E_CAP_VARIANT,
		      "a compressed capture, in a build without libarchive,");
}

enum cbpf_err unpack_check(struct unpacker *unpacker, struct cbpf_diag *diag)
{
	(void)unpacker;
	(void)diag;
	return CBPF_OK;
}

void unpack_stop(struct unpacker *unpacker)
{
	(void)unpacker;
}

#endif
