/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-unix: the kernel's machine through a pair of AF_UNIX
 * datagram sockets. A send runs the filter of the other end before it comes
 * back, so the answer is there at once: no privilege, no network, no waiting.
 *
 * What the program sees is the payload and next to nothing beside it: no
 * device, no link header, network header at offset 0, all else 0.
 *
 * In exact mode a rewritten program is attached for each question (exact.c);
 * a few pairs of sockets keep the latest questions, because most programs
 * give the same few verdicts again and again.
 */
#include "oracle/oracle.h"

#ifdef __linux__

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS  5       /* the program as it is, and four questions */
#define SNDBUF 8388608 /* asked for; the kernel gives what it may */

struct pair {
	int send, recv;
	bool is_attached;
	struct exact_question question; /* not of pair 0 */
	uint64_t used;			/* for finding the oldest */
};

struct unix_handle {
	struct cbpf_mem mem;
	bool is_exact;
	struct ora_pace pace;
	uint32_t largest; /* datagram */
	struct pair pairs[PAIRS];
	uint64_t clock;
	struct cbpf_insn *insns, *rewritten;
	size_t n, cap;
};

static enum cbpf_err open_pair(struct pair *pair, struct cbpf_diag *diag)
{
	int fds[2], size = SNDBUF;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) < 0)
		return dg_system(diag, "socketpair AF_UNIX", errno);
	pair->send = fds[0];
	pair->recv = fds[1];
	/* beyond net.core.wmem_max with privilege; without, up to it */
	if (setsockopt(pair->send, SOL_SOCKET, SO_SNDBUFFORCE, &size,
		       sizeof(size)) < 0)
		setsockopt(pair->send, SOL_SOCKET, SO_SNDBUF, &size,
			   sizeof(size));
	return CBPF_OK;
}

static void drop_program(struct unix_handle *h)
{
	mem_free(&h->mem, h->insns, h->cap * sizeof(*h->insns));
	mem_free(&h->mem, h->rewritten,
		 (h->cap + EXACT_TAIL) * sizeof(*h->rewritten));
	h->insns = h->rewritten = NULL;
	h->cap = 0;
}

static void free_unix(void *handle)
{
	struct unix_handle *h = handle;
	struct cbpf_mem mem;

	if (!h)
		return;
	for (int i = 0; i < PAIRS; i++) {
		if (h->pairs[i].send < 0)
			continue;
		close(h->pairs[i].send);
		close(h->pairs[i].recv);
	}
	drop_program(h);
	mem = h->mem;
	mem_free(&mem, h, sizeof(*h));
}

static enum cbpf_err new_handle(const struct cbpf_engine_opts *opts,
				struct unix_handle **out,
				struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct unix_handle *h = mem_new(&mem, 1, sizeof(*h));
	int size = 0;
	socklen_t len = sizeof(size);
	enum cbpf_err err;

	if (!h)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(h, 0, sizeof(*h));
	h->mem = mem;
	h->is_exact = opts && opts->is_exact;
	h->pace = ora_pace_new(opts);
	for (int i = 0; i < PAIRS; i++)
		h->pairs[i].send = h->pairs[i].recv = -1;
	err = open_pair(&h->pairs[0], diag);
	if (err != CBPF_OK) {
		free_unix(h);
		return err;
	}
	getsockopt(h->pairs[0].send, SOL_SOCKET, SO_SNDBUF, &size, &len);
	h->largest =
		size > 32 ? (uint32_t)size - 32 : 0; /* unix_dgram_sendmsg */
	*out = h;
	return CBPF_OK;
}

/* Keeps a copy of the program, from which questions are made. */
static bool keep_program(struct unix_handle *h, const struct cbpf_insn *insns,
			 size_t n)
{
	if (n > h->cap) {
		drop_program(h);
		h->cap = n;
		h->insns = mem_new(&h->mem, n, sizeof(*h->insns));
		h->rewritten =
			mem_new(&h->mem, n + EXACT_TAIL, sizeof(*h->rewritten));
		if (!h->insns || !h->rewritten) {
			drop_program(h);
			return false;
		}
	}
	memcpy(h->insns, insns, n * sizeof(*insns));
	h->n = n;
	for (int i = 1; i < PAIRS; i++)
		h->pairs[i].is_attached = false;
	return true;
}

static enum cbpf_err load_unix(const struct cbpf_engine *engine,
			       const struct cbpf_engine_opts *opts,
			       enum cbpf_dialect dialect,
			       const struct cbpf_insn *insns, size_t n,
			       void **handle, struct cbpf_diag *diag)
{
	struct unix_handle *h = *handle;
	enum cbpf_err err;

	(void)engine;
	(void)dialect;
	if (!h) {
		err = new_handle(opts, &h, diag);
		if (!h)
			return err;
		*handle = h;
	}
	err = ora_attach(h->pairs[0].recv, insns, n, &h->pace, diag);
	if (err != CBPF_OK || !h->is_exact)
		return err;
	return keep_program(h, insns, n) ? CBPF_OK
					 : dg_fail(diag, CBPF_E_NOMEM);
}

static enum cbpf_err view_unix(void *handle, const struct cbpf_packet *packet,
			       struct cbpf_view *view, struct cbpf_diag *diag)
{
	const struct unix_handle *h = handle;

	if (packet->caplen > h->largest)
		return dg_say(diag, CBPF_E_SKIP,
			      "an AF_UNIX datagram of this process carries at "
			      "most %u bytes",
			      h->largest);
	memset(view, 0, sizeof(*view));
	view->packet.data = packet->data;
	view->packet.caplen = view->packet.wirelen = packet->caplen;
	view->ctx.is_paged = packet->caplen > SKB_LINEAR_MAX;
	view->ctx.cpu = ora_cpu();
	view->packet.ctx = &view->ctx;
	return CBPF_OK;
}

/* Sends a packet through a pair: whether it came out, and how much of it. */
static enum cbpf_err pass_through(const struct pair *pair,
				  const struct cbpf_packet *packet,
				  bool *is_passed, uint32_t *bytes,
				  struct cbpf_diag *diag)
{
	ssize_t len;

	do {
		len = send(pair->send, packet->data, packet->caplen,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && (errno == EMSGSIZE || errno == ENOBUFS))
		return dg_say(diag, CBPF_E_SKIP,
			      "the kernel has no buffer for %u bytes",
			      packet->caplen);
	if (len < 0)
		return dg_system(diag, "send", errno);
	/* MSG_TRUNC tells the length without copying a byte */
	len = recv(pair->recv, NULL, 0, MSG_DONTWAIT | MSG_TRUNC);
	if (len < 0 && errno != EAGAIN)
		return dg_system(diag, "recv", errno);
	*is_passed = len >= 0;
	*bytes = len >= 0 ? (uint32_t)len : 0;
	return CBPF_OK;
}

/* The pair that asks this question, attached now if need be. */
static enum cbpf_err find_pair(struct unix_handle *h,
			       struct exact_question question,
			       struct pair **out, struct cbpf_diag *diag)
{
	struct pair *oldest = &h->pairs[1];
	enum cbpf_err err;
	size_t n;

	for (int i = 1; i < PAIRS; i++) {
		struct pair *pair = &h->pairs[i];

		if (pair->is_attached && pair->question.pass == question.pass &&
		    pair->question.value == question.value) {
			pair->used = ++h->clock;
			*out = pair;
			return CBPF_OK;
		}
		if (!pair->is_attached || pair->used < oldest->used)
			oldest = pair;
		if (!oldest->is_attached)
			break;
	}
	if (oldest->send < 0) {
		err = open_pair(oldest, diag);
		if (err != CBPF_OK)
			return err;
	}
	n = exact_rewrite(h->insns, h->n, question, h->rewritten);
	err = ora_attach(oldest->recv, h->rewritten, n, &h->pace, diag);
	oldest->is_attached = err == CBPF_OK;
	oldest->question = question;
	oldest->used = ++h->clock;
	*out = oldest;
	return err;
}

static enum cbpf_err ask(struct unix_handle *h,
			 const struct cbpf_packet *packet, enum exact_pass pass,
			 uint32_t value, bool *is_passed,
			 struct cbpf_diag *diag)
{
	struct exact_question question = { pass, value };
	struct pair *pair;
	uint32_t bytes;
	enum cbpf_err err = find_pair(h, question, &pair, diag);

	if (err == CBPF_OK)
		err = pass_through(pair, packet, is_passed, &bytes, diag);
	return err;
}

/* The verdict bit by bit, for when the expected one is not it. */
static enum cbpf_err spell_out(struct unix_handle *h,
			       const struct cbpf_packet *packet,
			       struct cbpf_answer *answer,
			       struct cbpf_diag *diag)
{
	bool is_passed = false;
	enum cbpf_err err = ask(h, packet, PASS_RETURNED, 0, &is_passed, diag);

	answer->shows = CBPF_SHOWS_ALL;
	answer->end = is_passed ? CBPF_RETURNED : CBPF_ABORTED;
	answer->value = 0;
	for (uint32_t bit = 1; bit && is_passed && err == CBPF_OK; bit <<= 1) {
		bool is_set = false;

		err = ask(h, packet, PASS_BIT, bit, &is_set, diag);
		answer->value |= is_set ? bit : 0;
	}
	answer->is_passed = answer->value != 0;
	return err;
}

static enum cbpf_err run_plain(struct unix_handle *h,
			       const struct cbpf_view *view,
			       struct cbpf_answer *answer,
			       struct cbpf_diag *diag)
{
	answer->shows = CBPF_SHOWS_BYTES;
	answer->end = CBPF_RETURNED;
	return pass_through(&h->pairs[0], &view->packet, &answer->is_passed,
			    &answer->value, diag);
}

static enum cbpf_err run_exact(struct unix_handle *h,
			       const struct cbpf_view *view,
			       const struct cbpf_result *expect,
			       struct cbpf_answer *answer,
			       struct cbpf_diag *diag)
{
	enum exact_pass pass = PASS_RETURNED;
	bool is_passed = false, is_foretold;
	enum cbpf_err err;

	if (!expect)
		return spell_out(h, &view->packet, answer, diag);
	if (expect->end == CBPF_RETURNED)
		pass = PASS_VALUE;
	err = ask(h, &view->packet, pass, expect->value, &is_passed, diag);
	if (err != CBPF_OK)
		return err;
	is_foretold = is_passed == (expect->end == CBPF_RETURNED);
	if (!is_foretold)
		return spell_out(h, &view->packet, answer, diag);
	answer->shows = CBPF_SHOWS_ALL;
	answer->end = expect->end;
	answer->value = expect->value;
	answer->is_passed = expect->value != 0;
	return CBPF_OK;
}

static enum cbpf_err run_unix(void *handle, const struct cbpf_view *view,
			      const struct cbpf_result *expect,
			      struct cbpf_answer *answer,
			      struct cbpf_diag *diag)
{
	struct unix_handle *h = handle;
	enum cbpf_err err;

	/* a run that ends for want of a device returns by no ret */
	if (!h->is_exact || (expect && expect->end == CBPF_NO_DEVICE))
		return run_plain(h, view, answer, diag);
	err = run_exact(h, view, expect, answer, diag);
	switch (err) {
	case CBPF_OK:
	case CBPF_E_SYSTEM:
	case CBPF_E_SKIP:
	case CBPF_E_NOMEM:
		return err;
	default: /* the rewritten program is refused: it no longer fits */
		return run_plain(h, view, answer, diag);
	}
}

/* ---- several at once ---------------------------------------------------- */

#define BATCH_BYTES 256 /* of a packet, at most */

/*
 * Two system calls for all packets. What comes out is in the order of what
 * went in, each datagram the beginning of its packet; which packets were
 * dropped is known for certain where it can have been these only: where the
 * first packets that the datagrams can be, and the last, are the same.
 */
struct batch {
	const struct cbpf_view *views;
	size_t n, n_out;
	uint8_t bytes[CBPF_BATCH_MAX][BATCH_BYTES];
	struct mmsghdr out[CBPF_BATCH_MAX];
	size_t from[CBPF_BATCH_MAX]; /* the packet that a datagram is */
};

/* How many of the packets went in, all of which should. */
static size_t send_batch(const struct pair *pair, const struct batch *b)
{
	struct mmsghdr in[CBPF_BATCH_MAX];
	struct iovec iov[CBPF_BATCH_MAX];
	int n;

	memset(in, 0, sizeof(in));
	for (size_t i = 0; i < b->n; i++) {
		const struct cbpf_packet *packet = &b->views[i].packet;

		/* what is sent from is not written to */
		memcpy(&iov[i].iov_base, &packet->data, sizeof(void *));
		iov[i].iov_len = packet->caplen;
		in[i].msg_hdr.msg_iov = &iov[i];
		in[i].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(pair->send, in, (unsigned)b->n,
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? 0 : (size_t)n;
}

/* What is left there would answer the next packet. */
static void drain(const struct pair *pair)
{
	while (recv(pair->recv, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}

static void receive_batch(const struct pair *pair, struct batch *b)
{
	struct iovec iov[CBPF_BATCH_MAX];
	int n;

	memset(b->out, 0, sizeof(b->out));
	for (size_t i = 0; i < b->n; i++) {
		iov[i].iov_base = b->bytes[i];
		iov[i].iov_len = BATCH_BYTES;
		b->out[i].msg_hdr.msg_iov = &iov[i];
		b->out[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(pair->recv, b->out, (unsigned)b->n, MSG_DONTWAIT, NULL);
	b->n_out = n < 0 ? 0 : (size_t)n;
}

/* Whether datagram k can be what was kept of packet i. */
static bool can_be(const struct batch *b, size_t k, size_t i)
{
	const struct cbpf_packet *packet = &b->views[i].packet;
	uint32_t len = b->out[k].msg_len;

	/* of a packet with bytes at least one is kept */
	return len <= packet->caplen && (len > 0 || packet->caplen == 0) &&
	       memcmp(b->bytes[k], packet->data, len) == 0;
}

static bool tell_apart(struct batch *b)
{
	size_t i = 0, k;

	for (k = 0; k < b->n_out; k++) {
		while (i < b->n && !can_be(b, k, i))
			i++;
		if (i == b->n)
			return false;
		b->from[k] = i++;
	}
	for (i = b->n, k = b->n_out; k-- > 0;) {
		while (i > 0 && !can_be(b, k, i - 1))
			i--;
		if (i == 0 || b->from[k] != --i)
			return false;
	}
	return true;
}

static enum cbpf_err run_batch_unix(void *handle, const struct cbpf_view *views,
				    size_t n, struct cbpf_answer *answers,
				    struct cbpf_diag *diag)
{
	struct unix_handle *h = handle;
	struct batch b = { .views = views, .n = n };
	size_t n_in;

	(void)diag;
	if (h->is_exact || n > CBPF_BATCH_MAX)
		return CBPF_E_SKIP;
	for (size_t i = 0; i < n; i++) {
		if (views[i].packet.caplen > BATCH_BYTES)
			return CBPF_E_SKIP;
		answers[i] = (struct cbpf_answer){ CBPF_SHOWS_BYTES,
						   CBPF_RETURNED, false, 0 };
	}
	n_in = send_batch(&h->pairs[0], &b);
	receive_batch(&h->pairs[0], &b);
	if (n_in != n || !tell_apart(&b)) {
		drain(&h->pairs[0]);
		return CBPF_E_SKIP;
	}
	for (size_t k = 0; k < b.n_out; k++) {
		answers[b.from[k]].is_passed = true;
		answers[b.from[k]].value = b.out[k].msg_len;
	}
	return CBPF_OK;
}

#else /* not Linux */

#define load_unix      ora_load_elsewhere
#define view_unix      NULL
#define run_unix       NULL
#define free_unix      NULL
#define run_batch_unix NULL

#endif

const struct cbpf_engine cbpf_engine_linux_unix = {
	.name = "linux-unix",
	.about = "the kernel, through an AF_UNIX datagram pair",
	.dialect = CBPF_LINUX,
	.is_oracle = true,
	.has_exact = true,
	.probe = ora_probe,
	.load = load_unix,
	.view = view_unix,
	.run = run_unix,
	.free = free_unix,
	.run_batch = run_batch_unix,
};
