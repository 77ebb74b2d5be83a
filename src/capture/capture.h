/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside a capture: a window on the file that moves forward, and a format
 * that reads records out of it.
 *
 * A record is handed out as a pointer into the window. The window moves only
 * when it is asked for bytes it does not hold, so a batch takes what is in
 * it already (may_fill false) and leaves the next fill to the next call.
 */
#ifndef CBPF_CAPTURE_CAPTURE_H
#define CBPF_CAPTURE_CAPTURE_H

#include "base/bytes.h"
#include "base/diag.h"
#include "base/memory.h"
#include "capture/unpack.h"
#include "cbpf/capture.h"

enum cap_got {
	CAP_GOT,    /* a record, or the bytes asked for */
	CAP_END,    /* the file ends here, between records */
	CAP_MORE,   /* the window would have to move */
	CAP_BROKEN, /* a diagnosis was made */
};

/* Longest record: libpcap's largest, of link types with huge packets. */
#define CAP_RECORD_MAX (128u * 1024 * 1024)

struct cap_interface {
	uint16_t link;
	uint32_t snaplen;
	uint64_t per_second; /* ticks of a timestamp */
	int64_t offset;	     /* seconds added to it */
};

#define CAP_BATCH 1024 /* packets: their heads, and these, stay in a cache */

/* What is told of blocks that are no packets, as they are passed. */
struct cap_follower {
	void (*take)(struct cap_follower *follower, const uint8_t *block,
		     size_t size);
	struct cbpf_capture *capture; /* or NULL: of none */
	struct cap_follower *next;
};

struct cap_batch {
	size_t n;
	struct cbpf_record first;
	const uint8_t *raw; /* of the first */
	size_t raw_size;
	struct cbpf_packet packets[CAP_BATCH];
};

struct cbpf_capture {
	struct cbpf_mem mem;
	int fd; /* -1: bytes in memory, all in the window */
	bool (*wait)(void *ctx, enum cbpf_capture_halt why); /* or NULL */
	void *wait_ctx;
	bool is_pipe;		   /* it can have nothing at the moment */
	struct unpacker *unpacker; /* it gives what is read; or NULL */
	uint8_t *buf; /* the window's own memory, if read from fd */
	size_t cap;
	const uint8_t *at; /* the next byte */
	size_t have;	   /* bytes from there on in the window */
	bool is_ended;	   /* the file has no more than that */
	uint64_t offset;   /* of at, in the file */
	uint64_t limit;	   /* no record begins there or behind it; 0: none */
	uint64_t n_packets, n_described;

	bool is_big, is_nano, is_pcapng;
	uint8_t header[24]; /* of pcap */
	uint32_t times[4];  /* of pcap: seconds, of packets that were met */
	const uint8_t *raw; /* the record that next() read */
	size_t raw_size;
	struct cap_follower *followers;
	struct cap_interface *interfaces; /* pcap has one */
	size_t n_interfaces, cap_interfaces;
	enum cap_got (*next)(struct cbpf_capture *c, struct cbpf_record *record,
			     bool may_fill, struct cbpf_diag *diag);
	/* Takes ordinary records of the window to the batch, those of its link
	 * type that follow each other; what is not ordinary, next() reads. */
	void (*walk)(struct cbpf_capture *c, struct cap_batch *batch);
	/* Whether a record can begin at p, of which there are so many bytes; then
	 * the bytes to the next. */
	bool (*is_plausible)(const struct cbpf_capture *c, const uint8_t *p,
			     size_t have, size_t *size);
	/* Of a record that walk() took: what stands in its head, before data. */
	void (*recall)(const struct cbpf_capture *c, struct cbpf_record *r);
	size_t head;		 /* bytes of that */
	struct cap_batch *batch; /* NULL until it is asked for */
	struct cbpf_diag failed; /* once broken, always broken */
};

CBPF_INLINE void cap_take(struct cap_batch *batch, const uint8_t *data,
			  uint32_t caplen, uint32_t wirelen)
{
	struct cbpf_packet *p = &batch->packets[batch->n++];

	p->data = data;
	p->caplen = caplen;
	p->wirelen = wirelen;
}

/* Whether a record at this offset is behind the limit. */
CBPF_INLINE bool cap_is_behind(const struct cbpf_capture *c, uint64_t offset)
{
	return cbpf_unlikely(c->limit && offset >= c->limit);
}

/* Where walk() is to stop: the limit, if that is in the window, or its end. */
CBPF_INLINE const uint8_t *cap_stop(const struct cbpf_capture *c)
{
	if (c->limit && c->limit - c->offset < c->have)
		return c->at + (c->limit - c->offset);
	return c->at + c->have;
}

/* Makes size bytes readable at c->at, or says why there are not so many. */
CBPF_INTERNAL enum cap_got cap_want(struct cbpf_capture *c, size_t size,
				    bool may_fill, struct cbpf_diag *diag);
CBPF_INTERNAL void cap_pass(struct cbpf_capture *c, size_t size);
/* A diagnosis at the current offset. Always CAP_BROKEN. */
CBPF_INTERNAL enum cap_got cap_fail(const struct cbpf_capture *c,
				    struct cbpf_diag *diag, enum cbpf_err code,
				    uint64_t b);
/* After CAP_END inside a record of size bytes. */
CBPF_INTERNAL enum cap_got cap_cut(const struct cbpf_capture *c,
				   struct cbpf_diag *diag, uint64_t size);
CBPF_INTERNAL struct cap_interface *cap_add_interface(struct cbpf_capture *c);

/* Read the file's header, whose magic number has been recognised. */
CBPF_INTERNAL enum cap_got pcap_start(struct cbpf_capture *c,
				      struct cbpf_diag *diag);
CBPF_INTERNAL enum cap_got pcapng_start(struct cbpf_capture *c,
					struct cbpf_diag *diag);

/* Record i of the last batch as it stands in the file. */
CBPF_INTERNAL const uint8_t *cap_raw(const struct cbpf_capture *c, size_t i,
				     size_t *size);

CBPF_INLINE uint16_t cap_u16(const struct cbpf_capture *c, const uint8_t *p)
{
	return c->is_big ? by_be16(p) : by_le16(p);
}

CBPF_INLINE uint32_t cap_u32(const struct cbpf_capture *c, const uint8_t *p)
{
	return c->is_big ? by_be32(p) : by_le32(p);
}

#endif
