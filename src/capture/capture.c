/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a capture, the window on its bytes, and the two ways out: packet by
 * packet or in batches. Memory follows what the file really holds: the window
 * starts at 256 KiB (read() of that size was fastest here) and grows only as
 * far as bytes have arrived to fill it, whatever a record claims.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/capture.h"

#define WINDOW 262144

/* ---- the window -------------------------------------------------------- */

/* Doubles the window's memory. */
static bool grow_window(struct cbpf_capture *c)
{
	uint8_t *buf = c->mem.realloc(c->mem.ctx, c->buf, c->cap, c->cap * 2);

	if (!buf)
		return false;
	c->buf = buf;
	c->cap *= 2;
	return true;
}

/* Whether reading would wait. */
static bool is_idle(const struct cbpf_capture *c)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };

	return c->is_pipe && c->wait && poll(&ready, 1, 0) == 0;
}

/* Moves what is left to the front and reads behind it until size are there. */
static enum cap_got fill_window(struct cbpf_capture *c, size_t size,
				struct cbpf_diag *diag)
{
	if (c->have)
		memmove(c->buf, c->at, c->have);
	c->at = c->buf;
	while (c->have < size && !c->is_ended) {
		ssize_t got;

		if (c->have == c->cap && !grow_window(c)) {
			dg_fail(diag, CBPF_E_NOMEM);
			return CAP_BROKEN;
		}
		c->at = c->buf;
		if (is_idle(c) && !c->wait(c->wait_ctx, CBPF_HALT_IDLE))
			got = 0;
		else
			got = read(c->fd, c->buf + c->have, c->cap - c->have);
		if (got < 0 && errno == EINTR &&
		    (!c->wait || c->wait(c->wait_ctx, CBPF_HALT_SIGNAL)))
			continue;
		if (got < 0 && errno == EINTR)
			got = 0; /* it is to end */
		else if (got == 0 && c->wait && !c->unpacker &&
			 c->wait(c->wait_ctx, CBPF_HALT_END))
			continue;
		if (got < 0) {
			dg_system(diag, "read", errno);
			if (diag)
				diag->offset = c->offset + c->have;
			return CAP_BROKEN;
		}
		c->is_ended = got == 0;
		if (got == 0 && c->unpacker &&
		    unpack_check(c->unpacker, diag) != CBPF_OK)
			return CAP_BROKEN;
		c->have += (size_t)got;
	}
	return c->have >= size ? CAP_GOT : CAP_END;
}

enum cap_got cap_want(struct cbpf_capture *c, size_t size, bool may_fill,
		      struct cbpf_diag *diag)
{
	if (cbpf_likely(c->have >= size))
		return CAP_GOT;
	if (c->is_ended)
		return CAP_END;
	return may_fill ? fill_window(c, size, diag) : CAP_MORE;
}

void cap_pass(struct cbpf_capture *c, size_t size)
{
	c->at += size;
	c->have -= size;
	c->offset += size;
}

enum cap_got cap_fail(const struct cbpf_capture *c, struct cbpf_diag *out,
		      enum cbpf_err code, uint64_t b)
{
	struct cbpf_diag diag = dg_make(code, c->n_packets + 1, b);

	if (code == CBPF_E_CAP_BLOCK)
		diag.a = c->n_packets;
	diag.offset = c->offset;
	dg_give(out, &diag);
	return CAP_BROKEN;
}

enum cap_got cap_cut(const struct cbpf_capture *c, struct cbpf_diag *diag,
		     uint64_t size)
{
	return cap_fail(c, diag, CBPF_E_CAP_CUT, size - c->have);
}

struct cap_interface *cap_add_interface(struct cbpf_capture *c)
{
	struct cap_interface *list = c->interfaces;
	size_t cap = c->cap_interfaces;

	if (c->n_interfaces == cap) {
		size_t wider = cap ? cap * 2 : 4;

		list = c->mem.realloc(c->mem.ctx, list, cap * sizeof(*list),
				      wider * sizeof(*list));
		if (!list)
			return NULL;
		c->interfaces = list;
		c->cap_interfaces = wider;
	}
	list += c->n_interfaces++;
	memset(list, 0, sizeof(*list));
	return list;
}

/* ---- opening ----------------------------------------------------------- */

/* CAP_MORE: what is compressed is to be unpacked, and begun anew. */
static enum cap_got find_packed(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	if (!c->unpacker && c->fd >= 0)
		return CAP_MORE;
	dg_say(diag, CBPF_E_CAP_VARIANT, "%s",
	       c->unpacker ? "a capture that is compressed twice"
			   : "a compressed capture in memory");
	return CAP_BROKEN;
}

static const struct {
	uint32_t magic; /* as big-endian reads the first four bytes */
	enum cap_got (*start)(struct cbpf_capture *c, struct cbpf_diag *diag);
	bool is_big, is_nano;
	const char *variant; /* what we do not read, by name */
} magics[] = {
	/* clang-format off */
	{ 0xa1b2c3d4, pcap_start,   true,  false, NULL },
	{ 0xd4c3b2a1, pcap_start,   false, false, NULL },
	{ 0xa1b23c4d, pcap_start,   true,  true,  NULL },
	{ 0x4d3cb2a1, pcap_start,   false, true,  NULL },
	{ 0x0a0d0d0a, pcapng_start, false, false, NULL },
	{ 0xa1b2cd34, NULL, true,  false, "modified pcap (Kuznetzov's)" },
	{ 0x34cdb2a1, NULL, false, false, "modified pcap (Kuznetzov's)" },
	{ 0xa1b234cd, NULL, true,  false, "modified pcap (Navtel's)" },
	{ 0xcd34b2a1, NULL, false, false, "modified pcap (Navtel's)" },
	{ 0xa1e2cb12, NULL, true,  false, "modified pcap (IXIA's)" },
	{ 0x12cbe2a1, NULL, false, false, "modified pcap (IXIA's)" },
	{ 0x28b52ffd, find_packed, false, false, NULL }, /* zstd */
	{ 0x04224d18, find_packed, false, false, NULL }, /* lz4 */
	{ 0xfd377a58, find_packed, false, false, NULL }, /* xz */
	/* clang-format on */
};

/* gzip and bzip2, whose marks are shorter than a word; or nothing known. */
static enum cap_got start_other(struct cbpf_capture *c, uint32_t magic,
				struct cbpf_diag *diag)
{
	if (magic >> 16 == 0x1f8b || magic >> 8 == 0x425a68)
		return find_packed(c, diag);
	dg_say(diag, CBPF_E_CAP_MAGIC,
	       "the file begins with 0x%08x, which no capture format known "
	       "here does",
	       magic);
	return CAP_BROKEN;
}

static enum cap_got start(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	enum cap_got got = cap_want(c, 4, true, diag);
	uint32_t magic;

	if (got == CAP_END) {
		dg_say(diag, CBPF_E_CAP_MAGIC,
		       c->have ? "the file ends inside its magic number"
			       : "the file is empty");
		return CAP_BROKEN;
	}
	if (got != CAP_GOT)
		return got;
	magic = by_be32(c->at);
	for (size_t i = 0; i < CBPF_COUNT(magics); i++) {
		if (magics[i].magic != magic)
			continue;
		if (!magics[i].start) {
			dg_say(diag, CBPF_E_CAP_VARIANT, "%s",
			       magics[i].variant);
			return CAP_BROKEN;
		}
		c->is_big = magics[i].is_big;
		c->is_nano = magics[i].is_nano;
		return magics[i].start(c, diag);
	}
	return start_other(c, magic, diag);
}

/* The bytes come from an unpacker from here on. */
static enum cap_got unpack(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	int out;

	if (unpack_start(&c->mem, c->fd, c->at, c->have, &c->unpacker, &out,
			 diag) != CBPF_OK)
		return CAP_BROKEN;
	c->fd = out;
	c->have = 0;
	c->is_ended = false;
	return start(c, diag);
}

static enum cbpf_err open_with(struct cbpf_capture *made,
			       struct cbpf_capture **capture,
			       struct cbpf_diag *out)
{
	struct cbpf_diag diag = dg_make(CBPF_OK, 0, 0);

	enum cap_got got = start(made, &diag);

	if (got == CAP_MORE)
		got = unpack(made, &diag);
	if (got != CAP_GOT) {
		cbpf_capture_close(made);
		return dg_give(out, &diag);
	}
	*capture = made;
	return CBPF_OK;
}

static struct cbpf_capture *new_capture(const struct cbpf_mem *given, int fd)
{
	struct cbpf_mem mem = mem_or_libc(given);
	struct cbpf_capture *c = mem_new(&mem, 1, sizeof(*c));

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->mem = mem;
	c->fd = fd;
	return c;
}

enum cbpf_err cbpf_capture_open(const char *path, const struct cbpf_mem *mem,
				struct cbpf_capture **capture,
				struct cbpf_diag *diag)
{
	struct cbpf_capture *c;
	int fd = STDIN_FILENO;

	*capture = NULL;
	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return dg_system(diag, "open", errno);
	c = new_capture(mem, fd);
	if (c)
		c->buf = mem_new(&c->mem, 1, WINDOW);
	if (!c || !c->buf) {
		if (fd != STDIN_FILENO)
			close(fd);
		if (c)
			mem_free(&c->mem, c, sizeof(*c));
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	c->cap = WINDOW;
	c->at = c->buf;
	return open_with(c, capture, diag);
}

enum cbpf_err cbpf_capture_open_memory(const void *bytes, size_t size,
				       const struct cbpf_mem *mem,
				       struct cbpf_capture **capture,
				       struct cbpf_diag *diag)
{
	struct cbpf_capture *c = new_capture(mem, -1);

	*capture = NULL;
	if (!c)
		return dg_fail(diag, CBPF_E_NOMEM);
	c->at = bytes;
	c->have = size;
	c->is_ended = true;
	return open_with(c, capture, diag);
}

void cbpf_capture_close(struct cbpf_capture *c)
{
	struct cbpf_mem mem;

	if (!c)
		return;
	for (struct cap_follower *f = c->followers; f; f = f->next)
		f->capture = NULL;
	unpack_stop(c->unpacker);
	if (c->fd > STDIN_FILENO && !c->unpacker)
		close(c->fd);
	mem_free(&c->mem, c->buf, c->cap);
	mem_free(&c->mem, c->batch, sizeof(*c->batch));
	mem_free(&c->mem, c->interfaces,
		 c->cap_interfaces * sizeof(*c->interfaces));
	mem = c->mem;
	mem_free(&mem, c, sizeof(*c));
}

/* ---- reading ----------------------------------------------------------- */

static enum cap_got next_record(struct cbpf_capture *c,
				struct cbpf_record *record, bool may_fill)
{
	enum cap_got got;

	if (c->failed.code != CBPF_OK)
		return CAP_BROKEN;
	memset(record, 0, sizeof(*record));
	got = cap_is_behind(c, c->offset)
		      ? CAP_END
		      : c->next(c, record, may_fill, &c->failed);
	if (got == CAP_GOT)
		record->number = ++c->n_packets;
	record->is_end = got == CAP_END;
	return got;
}

enum cbpf_err cbpf_capture_next(struct cbpf_capture *c,
				struct cbpf_record *record,
				struct cbpf_diag *diag)
{
	if (next_record(c, record, true) == CAP_BROKEN)
		return dg_give(diag, &c->failed);
	return CBPF_OK;
}

enum cbpf_err cbpf_capture_batch(struct cbpf_capture *c,
				 struct cbpf_batch *batch,
				 struct cbpf_diag *diag)
{
	struct cap_batch *b = c->batch;

	memset(batch, 0, sizeof(*batch));
	if (!b) {
		b = c->batch = mem_new(&c->mem, 1, sizeof(*b));
		if (!b)
			return dg_fail(diag, CBPF_E_NOMEM);
		memset(b, 0, sizeof(*b)); /* no packet has a context */
	}
	b->n = 0;
	/* one by the careful reader, which asks for more of the file and says
	 * what is wrong with it */
	if (next_record(c, &b->first, true) == CAP_BROKEN)
		return dg_give(diag, &c->failed);
	if (b->first.is_end)
		return CBPF_OK;
	b->raw = c->raw;
	b->raw_size = c->raw_size;
	cap_take(b, b->first.data, b->first.caplen, b->first.wirelen);
	c->walk(c, b);
	c->n_packets += b->n - 1;
	batch->packets = b->packets;
	batch->n = b->n;
	batch->first = b->first.number;
	batch->offset = b->first.offset;
	batch->link = b->first.link;
	return CBPF_OK;
}

const uint8_t *cap_raw(const struct cbpf_capture *c, size_t i, size_t *size)
{
	const struct cbpf_packet *p = &c->batch->packets[i];
	const uint8_t *raw = p->data - c->head;

	if (i == 0) {
		*size = c->batch->raw_size;
		return c->batch->raw;
	}
	*size = c->is_pcapng ? cap_u32(c, raw + 4) : c->head + p->caplen;
	return raw;
}

void cbpf_capture_wait(struct cbpf_capture *c,
		       bool (*wait)(void *ctx, enum cbpf_capture_halt why),
		       void *ctx)
{
	struct stat st = { 0 };

	c->wait = wait;
	c->wait_ctx = ctx;
	c->is_pipe = wait && !c->unpacker && c->fd >= 0 &&
		     fstat(c->fd, &st) == 0 && !S_ISREG(st.st_mode);
}

/* ---- parts ------------------------------------------------------------- */

uint64_t cbpf_capture_size(const struct cbpf_capture *c)
{
	struct stat st;

	if (c->fd < 0 || c->unpacker || fstat(c->fd, &st) != 0)
		return 0;
	cbpf_is_written(&st, sizeof(st));
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return 0;
	return (uint64_t)st.st_size;
}

uint64_t cbpf_capture_offset(const struct cbpf_capture *c)
{
	return c->offset;
}

uint64_t cbpf_capture_described(const struct cbpf_capture *c)
{
	return c->n_described;
}

enum cbpf_err cbpf_capture_seek(struct cbpf_capture *c, uint64_t offset,
				uint64_t limit, uint64_t packets,
				struct cbpf_diag *diag)
{
	if (cbpf_capture_size(c) == 0 || offset > INT64_MAX)
		return dg_fail(diag, CBPF_E_ARGUMENT);
	if (lseek(c->fd, (off_t)offset, SEEK_SET) < 0)
		return dg_system(diag, "lseek", errno);
	c->at = c->buf;
	c->have = 0;
	c->is_ended = false;
	c->offset = offset;
	c->limit = limit;
	c->n_packets = packets;
	memset(&c->failed, 0, sizeof(c->failed));
	return CBPF_OK;
}

#define CHAIN 16 /* records, one behind another, that are no accident */

/* Whether records follow each other from a place of the window on, one at
 * least, up to the end of it or some way. */
static bool is_chain(const struct cbpf_capture *c, const uint8_t *at)
{
	const uint8_t *end = c->at + c->have;
	unsigned n = 0;

	for (; n < CHAIN && at < end; n++) {
		size_t size;

		if (!c->is_plausible(c, at, (size_t)(end - at), &size))
			return false;
		if (size > (size_t)(end - at))
			break;
		at += size;
	}
	return n > 0;
}

/* To the first record that seems to be one, or the limit, or the end. */
static enum cap_got search(struct cbpf_capture *c, struct cbpf_diag *diag)
{
	/* where the format has records at multiples of four alone */
	size_t step = c->is_pcapng ? 4 : 1;
	enum cap_got got = CAP_GOT;

	while (got == CAP_GOT && !cap_is_behind(c, c->offset)) {
		const uint8_t *at, *stop, *end;

		got = cap_want(c, c->cap ? c->cap : c->have, true, diag);
		if (got == CAP_BROKEN)
			return got;
		if (c->have == 0)
			return CAP_END;
		at = c->at;
		end = at + c->have;
		stop = cap_stop(c);
		/* what is left of the window is looked at with what follows */
		if (got == CAP_GOT && c->cap && stop > at + c->have / 2)
			stop = at + c->have / 2;
		while (at < stop && !is_chain(c, at))
			at += (size_t)(end - at) < step ? (size_t)(end - at)
							: step;
		cap_pass(c, (size_t)(at - c->at));
		if (at < stop)
			return CAP_GOT;
	}
	return CAP_END;
}

enum cbpf_err cbpf_capture_find(struct cbpf_capture *c, uint64_t offset,
				uint64_t limit, struct cbpf_diag *diag)
{
	struct cbpf_diag own = { 0 };
	enum cbpf_err err;

	if (c->is_pcapng)
		offset = (offset + 3) / 4 * 4;
	err = cbpf_capture_seek(c, offset, limit, 0, diag);
	if (err != CBPF_OK)
		return err;
	switch (search(c, &own)) {
	case CAP_BROKEN:
		return dg_give(diag, &own);
	case CAP_END: /* nothing begins before the limit */
		return cbpf_capture_seek(c, limit ? limit : c->offset, limit, 0,
					 diag);
	default:
		return CBPF_OK;
	}
}

enum cbpf_err cbpf_capture_skip(struct cbpf_capture *c, uint64_t *lost,
				struct cbpf_diag *diag)
{
	uint64_t from = c->offset;
	struct cbpf_diag failed = c->failed;
	size_t step = c->is_pcapng ? 4 : 1;

	*lost = 0;
	if (failed.code < CBPF_E_CAP_CUT || failed.code > CBPF_E_CAP_INTERFACE)
		return dg_give(diag, &failed);
	memset(&c->failed, 0, sizeof(c->failed));
	c->limit = 0;
	cap_pass(c, c->have < step ? c->have : step);
	if (search(c, &c->failed) == CAP_BROKEN)
		return dg_give(diag, &c->failed);
	*lost = c->offset - from;
	return CBPF_OK;
}

/* ---- packets of batches -------------------------------------------------- */

int cbpf_capture_link(const struct cbpf_capture *c)
{
	return c->n_interfaces ? c->interfaces[0].link : -1;
}

void cbpf_capture_record(const struct cbpf_capture *c, size_t i,
			 struct cbpf_record *record)
{
	const struct cap_batch *b = c->batch;
	const struct cbpf_packet *p = &b->packets[i];

	*record = b->first;
	if (i == 0)
		return;
	record->data = p->data;
	record->caplen = p->caplen;
	record->wirelen = p->wirelen;
	record->number += i;
	c->recall(c, record);
	record->offset = c->offset - (uint64_t)(c->at - p->data) - c->head;
}
