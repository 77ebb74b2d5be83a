/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures as they are written: records go out as they stand in the file that
 * is read, in runs, where both have the same form; else each is made anew. A
 * pcapng file takes over the sections of pcapng files whole, and has a section
 * with one interface for each pcap file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/options.h"
#include "capture/capture.h"

#define ROOM	    131072
#define PART_ROOM   4096 /* of a part, to begin with */
#define PCAP_HEAD   24
#define RECORD_HEAD 16
#define EPB_HEAD    28
#define NANO	    1000000000u
#define MICRO	    1000000u

struct cbpf_writer {
	struct cap_follower follower; /* first: it is where the writer is */
	struct cbpf_mem mem;
	enum cbpf_capture_format format;
	uint32_t snap;
	char *path, *partial; /* partial NULL: it is written under its name */
	size_t path_size;
	int fd;
	uint8_t *buf;
	size_t n, room;
	uint64_t n_written; /* bytes in the file */
	/* pcap: */
	bool has_header, is_big, is_nano;
	uint16_t link;
	bool is_finished;
	bool is_part;		 /* all of it is in buf */
	struct cbpf_diag failed; /* once broken, always broken */
};

/* ---- bytes -------------------------------------------------------------- */

static uint32_t out32(const struct cbpf_writer *w, const uint8_t *p)
{
	return w->is_big ? by_be32(p) : by_le32(p);
}

static void put32(uint8_t *p, uint32_t v, bool is_big)
{
	if (is_big)
		by_put_be32(p, v);
	else
		by_put_le32(p, v);
}

static void put16(uint8_t *p, uint16_t v, bool is_big)
{
	if (is_big)
		by_put_be16(p, v);
	else
		by_put_le16(p, v);
}

/* The length of a block, in its section's order: that which stands at both
 * ends. */
static size_t block_size(const uint8_t *at, size_t have)
{
	uint32_t little, big;

	if (have < 8)
		return have + 1;
	little = by_le32(at + 4);
	big = by_be32(at + 4);
	if (little >= 12 && little <= have &&
	    by_le32(at + little - 4) == little)
		return little;
	if (big >= 12 && big <= have && by_be32(at + big - 4) == big)
		return big;
	return have + 1; /* it is cut */
}

/* Of what could be written, the end of the last record: the file ends there. */
static void cut_to_records(struct cbpf_writer *w, const uint8_t *at,
			   size_t written)
{
	size_t sound = 0;
	bool is_first = w->n_written == 0;

	while (w->partial && sound < written) {
		size_t size;

		if (w->format == CBPF_CAPTURE_PCAPNG)
			size = block_size(at + sound, written - sound);
		else if (is_first)
			size = PCAP_HEAD;
		else
			size = RECORD_HEAD + (size_t)out32(w, at + sound + 8);
		is_first = false;
		if (size > written - sound)
			break;
		sound += size;
	}
	if (w->partial && ftruncate(w->fd, (off_t)(w->n_written + sound)) == 0)
		w->n_written += sound;
}

static void write_bytes(struct cbpf_writer *w, const uint8_t *at, size_t size)
{
	size_t written = 0;

	while (written < size && w->failed.code == CBPF_OK) {
		ssize_t n = write(w->fd, at + written, size - written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			dg_system(&w->failed, "write", errno);
			cut_to_records(w, at, written);
			return;
		}
		written += (size_t)n;
	}
	w->n_written += written;
}

static void flush(struct cbpf_writer *w)
{
	write_bytes(w, w->buf, w->n);
	w->n = 0;
}

/* Room for a record behind those that are gathered; false: it is longer than
 * all of that, or there is no memory. */
static bool make_room(struct cbpf_writer *w, size_t size)
{
	size_t room = w->room;
	uint8_t *bigger;

	if (size <= w->room - w->n)
		return true;
	if (!w->is_part) {
		flush(w);
		return size <= w->room;
	}
	while (room - w->n < size)
		room *= 2;
	bigger = w->mem.realloc(w->mem.ctx, w->buf, w->room, room);
	if (!bigger) {
		dg_fail(&w->failed, CBPF_E_NOMEM);
		return false;
	}
	w->buf = bigger;
	w->room = room;
	return true;
}

/* Whole records. */
static void append(struct cbpf_writer *w, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (make_room(w, size)) {
		memcpy(w->buf + w->n, bytes, size);
		w->n += size;
	} else if (!w->is_part) {
		write_bytes(w, bytes, size);
	}
}

/* Room for a record that is made; NULL: a broken file, or no memory. */
static uint8_t *take_record(struct cbpf_writer *w, size_t size, uint8_t **own)
{
	*own = NULL;
	if (w->failed.code != CBPF_OK)
		return NULL;
	if (make_room(w, size))
		return w->buf + w->n;
	if (w->is_part || w->failed.code != CBPF_OK)
		return NULL;
	*own = mem_new(&w->mem, size, 1);
	if (!*own)
		dg_fail(&w->failed, CBPF_E_NOMEM);
	return *own;
}

static void give_record(struct cbpf_writer *w, size_t size, uint8_t *own)
{
	if (own) {
		append(w, own, size);
		mem_free(&w->mem, own, size);
	} else {
		w->n += size;
	}
}

/* ---- pcap --------------------------------------------------------------- */

static void put_pcap_header(struct cbpf_writer *w, uint16_t link, bool is_nano)
{
	uint8_t head[PCAP_HEAD] = { 0 };

	w->is_big = by_host_is_big();
	w->is_nano = is_nano;
	w->link = link;
	w->has_header = true;
	put32(head, is_nano ? 0xa1b23c4d : 0xa1b2c3d4, w->is_big);
	put16(head + 4, 2, w->is_big);
	put16(head + 6, 4, w->is_big);
	put32(head + 16, 262144, w->is_big);
	put32(head + 20, link, w->is_big);
	append(w, head, sizeof(head));
}

static void put_pcap_record(struct cbpf_writer *w, const struct cbpf_record *r)
{
	uint32_t caplen = w->snap && r->caplen > w->snap ? w->snap : r->caplen;
	size_t size = RECORD_HEAD + (size_t)caplen;
	uint8_t *own, *to = take_record(w, size, &own);
	uint64_t rest = r->time_ns % NANO;

	if (to && !w->is_nano && rest % 1000 != 0) {
		dg_say(&w->failed, CBPF_E_CAP_VARIANT,
		       "nanoseconds in a pcap file that began with "
		       "microseconds (pcapng has both)");
		mem_free(&w->mem, own, size);
		return;
	}
	if (!to)
		return;
	put32(to, (uint32_t)(r->time_ns / NANO), w->is_big);
	put32(to + 4, (uint32_t)(w->is_nano ? rest : rest / 1000), w->is_big);
	put32(to + 8, caplen, w->is_big);
	put32(to + 12, r->wirelen, w->is_big);
	memcpy(to + RECORD_HEAD, r->data, caplen);
	give_record(w, size, own);
}

/* ---- pcapng ------------------------------------------------------------- */

/* A section of this machine's order, of any length. */
static void put_section(struct cbpf_writer *w)
{
	bool is_big = by_host_is_big();
	uint8_t b[28] = { 0 };

	put32(b, 0x0a0d0d0a, is_big);
	put32(b + 4, sizeof(b), is_big);
	put32(b + 8, 0x1a2b3c4d, is_big);
	put16(b + 12, 1, is_big);
	memset(b + 16, 0xff, 8);
	put32(b + 24, sizeof(b), is_big);
	append(w, b, sizeof(b));
}

/* And the interface in it that a pcap file is of. */
static void put_interface(struct cbpf_writer *w, const struct cbpf_capture *c)
{
	bool is_big = by_host_is_big();
	uint8_t at[32] = { 0 };

	put32(at, 1, is_big);
	put32(at + 4, 32, is_big);
	put16(at + 8, c->interfaces[0].link, is_big);
	put32(at + 12, cap_u32(c, c->header + 16), is_big);
	put16(at + 16, 9, is_big); /* if_tsresol */
	put16(at + 18, 1, is_big);
	at[20] = c->is_nano ? 9 : 6;
	/* at + 24: the end of the options */
	put32(at + 28, 32, is_big);
	append(w, at, sizeof(at));
}

/* An enhanced packet block; options: bytes of them, with their end. */
static void put_block(struct cbpf_writer *w, const struct cbpf_record *r,
		      uint64_t ticks, bool is_big, const uint8_t *options,
		      size_t n_options)
{
	uint32_t caplen = w->snap && r->caplen > w->snap ? w->snap : r->caplen;
	size_t padded = ((size_t)caplen + 3) & ~(size_t)3;
	size_t size = EPB_HEAD + padded + n_options + 4;
	uint8_t *own, *to = take_record(w, size, &own);

	if (!to)
		return;
	put32(to, 6, is_big);
	put32(to + 4, (uint32_t)size, is_big);
	put32(to + 8, r->interface, is_big);
	put32(to + 12, (uint32_t)(ticks >> 32), is_big);
	put32(to + 16, (uint32_t)ticks, is_big);
	put32(to + 20, caplen, is_big);
	put32(to + 24, r->wirelen, is_big);
	memcpy(to + EPB_HEAD, r->data, caplen);
	memset(to + EPB_HEAD + caplen, 0, padded - caplen);
	if (n_options)
		memcpy(to + EPB_HEAD + padded, options, n_options);
	put32(to + size - 4, (uint32_t)size, is_big);
	give_record(w, size, own);
}

/* A pcap record: its time is of the resolution that its section has. */
static void put_block_of_pcap(struct cbpf_writer *w,
			      const struct cbpf_capture *c,
			      const struct cbpf_record *r)
{
	put_block(w, r, c->is_nano ? r->time_ns : r->time_ns / 1000,
		  by_host_is_big(), NULL, 0);
}

/* A packet of pcapng that is cut; all else that its block says is kept. */
static void put_cut_block(struct cbpf_writer *w, const struct cbpf_capture *c,
			  const struct cbpf_record *r, const uint8_t *raw,
			  size_t size)
{
	const uint8_t *options = r->data + ((r->caplen + 3) & ~3u);
	const uint8_t *end = raw + size - 4;
	bool has_head =
		r->data - raw == EPB_HEAD; /* a simple one has no time */
	uint64_t ticks = has_head ? (uint64_t)cap_u32(c, raw + 12) << 32 |
					    cap_u32(c, raw + 16)
				  : 0;

	put_block(w, r, ticks, c->is_big, options,
		  has_head && options < end ? (size_t)(end - options) : 0);
}

/* A block that is no packet. */
static void take_block(struct cap_follower *follower, const uint8_t *block,
		       size_t size)
{
	struct cbpf_writer *w = (struct cbpf_writer *)follower;
	uint8_t *own, *to;

	if (w->format != CBPF_CAPTURE_PCAPNG)
		return;
	to = take_record(w, size, &own);
	if (!to)
		return;
	memcpy(to, block, size);
	/* a section that loses packets has another length: any */
	if (by_be32(block) == 0x0a0d0d0a && size >= 28)
		memset(to + 16, 0xff, 8);
	give_record(w, size, own);
}

/* ---- opening ------------------------------------------------------------ */

static bool is_own_file(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return false;
	if (stat(path, &st) != 0)
		return true;
	cbpf_is_written(&st, sizeof(st));
	return S_ISREG(st.st_mode);
}

static bool take_names(struct cbpf_writer *w, const char *path)
{
	static const char suffix[] = ".partial";

	w->path_size = strlen(path) + sizeof(suffix);
	w->path = mem_new(&w->mem, w->path_size, 1);
	w->partial = mem_new(&w->mem, w->path_size, 1);
	w->room = ROOM;
	w->buf = mem_new(&w->mem, ROOM, 1);
	if (!w->path || !w->partial || !w->buf)
		return false;
	snprintf(w->path, w->path_size, "%s", path);
	snprintf(w->partial, w->path_size, "%s%s", path, suffix);
	if (!is_own_file(path)) {
		mem_free(&w->mem, w->partial, w->path_size);
		w->partial = NULL;
	}
	return true;
}

static void free_writer(struct cbpf_writer *w)
{
	struct cbpf_mem mem = w->mem;

	mem_free(&mem, w->buf, w->room);
	mem_free(&mem, w->partial, w->path_size);
	mem_free(&mem, w->path, w->path_size);
	mem_free(&mem, w, sizeof(*w));
}

enum cbpf_err cbpf_writer_open(const char *path,
			       const struct cbpf_writer_opts *given,
			       struct cbpf_writer **writer,
			       struct cbpf_diag *diag)
{
	struct cbpf_writer_opts opts;
	struct cbpf_writer *w;
	struct cbpf_mem mem;

	*writer = NULL;
	if (!opts_take(&opts, sizeof(opts), given) ||
	    opts.format > CBPF_CAPTURE_PCAPNG)
		return dg_fail(diag, CBPF_E_ARGUMENT);
	mem = mem_or_libc(opts.mem);
	w = mem_new(&mem, 1, sizeof(*w));
	if (!w)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(w, 0, sizeof(*w));
	w->mem = mem;
	w->format = opts.format;
	w->snap = opts.snap;
	w->follower.take = take_block;
	if (!take_names(w, path)) {
		free_writer(w);
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	w->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO
				       : open(w->partial ? w->partial : path,
					      O_WRONLY | O_CREAT | O_CLOEXEC |
						      (w->partial ? O_EXCL : 0),
					      0666);
	if (w->fd < 0) {
		int why = errno;

		free_writer(w);
		return dg_system(diag,
				 why == EEXIST ? "FILE.partial of another job"
					       : "open",
				 why);
	}
	*writer = w;
	return CBPF_OK;
}

/* ---- packets ------------------------------------------------------------ */

static void unfollow(struct cbpf_writer *w)
{
	struct cap_follower **link;

	if (!w->follower.capture)
		return;
	link = &w->follower.capture->followers;
	while (*link != &w->follower)
		link = &(*link)->next;
	*link = w->follower.next;
	w->follower.capture = NULL;
}

static enum cbpf_err refuse_link(struct cbpf_diag *diag)
{
	return dg_say(diag, CBPF_E_CAP_VARIANT,
		      "a second link type in a pcap file (pcapng has several)");
}

enum cbpf_err cbpf_writer_follow(struct cbpf_writer *w, struct cbpf_capture *c,
				 struct cbpf_diag *diag)
{
	unfollow(w);
	if (!c)
		return CBPF_OK;
	if (w->format == CBPF_CAPTURE_AS_READ)
		w->format =
			c->is_pcapng ? CBPF_CAPTURE_PCAPNG : CBPF_CAPTURE_PCAP;
	if (w->format == CBPF_CAPTURE_PCAP && !c->is_pcapng) {
		if (!w->has_header && w->is_nano) {
			put_pcap_header(w, c->interfaces[0].link, true);
		} else if (!w->has_header) { /* its first file's, as it is */
			w->has_header = true;
			w->is_big = c->is_big;
			w->is_nano = c->is_nano;
			w->link = c->interfaces[0].link;
			append(w, c->header, sizeof(c->header));
		}
	}
	if (w->format == CBPF_CAPTURE_PCAPNG && !c->is_pcapng && !w->is_part) {
		put_section(w);
		put_interface(w, c);
	}
	w->follower.capture = c;
	w->follower.next = c->followers;
	c->followers = &w->follower;
	return w->failed.code == CBPF_OK ? CBPF_OK : dg_give(diag, &w->failed);
}

/* Whether records can go out as they stand. */
static bool is_alike(const struct cbpf_writer *w, const struct cbpf_capture *c)
{
	if (w->format == CBPF_CAPTURE_PCAPNG)
		return c->is_pcapng;
	return !c->is_pcapng && w->is_big == c->is_big &&
	       w->is_nano == c->is_nano;
}

void cbpf_writer_nano(struct cbpf_writer *w)
{
	w->is_nano |= !w->has_header;
}

bool cbpf_capture_is_nano(const struct cbpf_capture *c)
{
	for (size_t i = 0; i < c->n_interfaces; i++)
		if (c->is_pcapng && c->interfaces[i].per_second != MICRO)
			return true;
	return c->is_nano;
}

static void put_made(struct cbpf_writer *w, const struct cbpf_capture *c,
		     size_t i)
{
	struct cbpf_record r;
	size_t size;
	const uint8_t *raw = cap_raw(c, i, &size);

	cbpf_capture_record(c, i, &r);
	if (w->format == CBPF_CAPTURE_PCAP)
		put_pcap_record(w, &r);
	else if (!c->is_pcapng)
		put_block_of_pcap(w, c, &r);
	else
		put_cut_block(w, c, &r, raw, size);
}

enum cbpf_err cbpf_writer_put(struct cbpf_writer *w, size_t at, size_t n,
			      const uint32_t *keep, struct cbpf_diag *diag)
{
	const struct cbpf_capture *c = w->follower.capture;
	const struct cap_batch *batch = c ? c->batch : NULL;
	const uint8_t *run = NULL;
	size_t n_run = 0;
	bool alike;

	if (!batch || at > batch->n || n > batch->n - at)
		return dg_fail(diag, CBPF_E_ARGUMENT);
	while (n > 0 && !*keep) { /* none, or from the first on */
		keep++;
		at++;
		n--;
	}
	if (n == 0)
		return CBPF_OK;
	if (w->format == CBPF_CAPTURE_PCAP && !w->has_header)
		put_pcap_header(w, batch->first.link,
				w->is_nano || cbpf_capture_is_nano(c));
	if (w->format == CBPF_CAPTURE_PCAP && w->link != batch->first.link)
		return refuse_link(diag);
	alike = is_alike(w, c);
	for (size_t i = at; i < at + n; i++) {
		size_t size;
		const uint8_t *raw;

		if (!keep[i - at])
			continue;
		if (!alike || (w->snap && batch->packets[i].caplen > w->snap)) {
			append(w, run, n_run);
			n_run = 0;
			put_made(w, c, i);
			continue;
		}
		raw = cap_raw(c, i, &size);
		if (n_run == 0 || raw != run + n_run) {
			append(w, run, n_run);
			run = raw;
			n_run = 0;
		}
		n_run += size;
	}
	append(w, run, n_run);
	return w->failed.code == CBPF_OK ? CBPF_OK : dg_give(diag, &w->failed);
}

/* ---- parts ------------------------------------------------------------- */

enum cbpf_err cbpf_writer_part(const struct cbpf_writer *of,
			       struct cbpf_writer **part,
			       struct cbpf_diag *diag)
{
	struct cbpf_writer *w;

	*part = NULL;
	if (of->format == CBPF_CAPTURE_AS_READ ||
	    (of->format == CBPF_CAPTURE_PCAP && !of->has_header))
		return dg_fail(diag, CBPF_E_UNAVAILABLE);
	w = mem_new(&of->mem, 1, sizeof(*w));
	if (!w)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(w, 0, sizeof(*w));
	w->follower.take = take_block;
	w->mem = of->mem;
	w->format = of->format;
	w->snap = of->snap;
	w->has_header = of->has_header;
	w->is_big = of->is_big;
	w->is_nano = of->is_nano;
	w->link = of->link;
	w->is_part = true;
	w->fd = STDOUT_FILENO; /* which is not its own */
	w->room = PART_ROOM;
	w->buf = mem_new(&w->mem, PART_ROOM, 1);
	if (!w->buf) {
		free_writer(w);
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	*part = w;
	return CBPF_OK;
}

void cbpf_writer_drop(struct cbpf_writer *part)
{
	part->n = 0;
	memset(&part->failed, 0, sizeof(part->failed));
}

enum cbpf_err cbpf_writer_append(struct cbpf_writer *w,
				 struct cbpf_writer *part,
				 struct cbpf_diag *diag)
{
	append(w, part->buf, part->n);
	cbpf_writer_drop(part);
	return w->failed.code == CBPF_OK ? CBPF_OK : dg_give(diag, &w->failed);
}

enum cbpf_err cbpf_writer_flush(struct cbpf_writer *w, struct cbpf_diag *diag)
{
	if (!w->is_part)
		flush(w);
	return w->failed.code == CBPF_OK ? CBPF_OK : dg_give(diag, &w->failed);
}

/* ---- the end ------------------------------------------------------------ */

enum cbpf_err cbpf_writer_finish(struct cbpf_writer *w, struct cbpf_diag *diag)
{
	struct stat before;

	if (w->format != CBPF_CAPTURE_PCAPNG && !w->has_header)
		put_pcap_header(w, CBPF_LINK_EN10MB, w->is_nano);
	else if (w->n_written + w->n == 0)
		put_section(w);
	flush(w);
	if (w->failed.code != CBPF_OK)
		return dg_give(diag, &w->failed);
	/* what it takes the place of may be nobody else's to read */
	if (w->partial && stat(w->path, &before) == 0)
		fchmod(w->fd, before.st_mode & 07777);
	if (w->fd != STDOUT_FILENO && close(w->fd) != 0) {
		w->fd = STDOUT_FILENO;
		return dg_system(diag, "close", errno);
	}
	w->fd = STDOUT_FILENO;
	if (w->partial && rename(w->partial, w->path) != 0)
		return dg_system(diag, "rename", errno);
	w->is_finished = true;
	return CBPF_OK;
}

enum cbpf_capture_format cbpf_writer_format(const struct cbpf_writer *w)
{
	return w->format;
}

const char *cbpf_writer_name(const struct cbpf_writer *w)
{
	return w->partial && !w->is_finished ? w->partial : w->path;
}

void cbpf_writer_close(struct cbpf_writer *w)
{
	if (!w)
		return;
	unfollow(w);
	if (!w->is_finished && !w->is_part)
		flush(w);
	/* a part that holds nothing is none */
	if (!w->is_finished && w->partial && w->n_written == 0)
		unlink(w->partial);
	if (w->fd != STDOUT_FILENO)
		close(w->fd);
	free_writer(w);
}
