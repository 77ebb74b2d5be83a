/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.h - packets out of capture files: pcap and pcapng.
 *
 *	struct cbpf_capture *capture;
 *	struct cbpf_record record;
 *	struct cbpf_diag diag;
 *	enum cbpf_err err = cbpf_capture_open("a.pcap", NULL, &capture, &diag);
 *
 *	while (!err && !(err = cbpf_capture_next(capture, &record, &diag)))
 *		if (record.is_end)
 *			break;
 *		else
 *			use(record.data, record.caplen);
 *	cbpf_capture_close(capture);
 */
#ifndef CBPF_CAPTURE_H
#define CBPF_CAPTURE_H

#include "cbpf.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/** An open capture; belongs to one thread at a time. */
struct cbpf_capture;

/** One packet. data lives until the next call on the same capture. */
struct cbpf_record {
	const uint8_t *data;
	uint32_t caplen;
	uint32_t wirelen;
	uint64_t number;  /* from 1 */
	uint64_t offset;  /* of its record in the file, bytes */
	uint64_t time_ns; /* since 1970, 0 where the file has no time */
	uint16_t link; /* LINKTYPE_*, https://www.tcpdump.org/linktypes.html */
	uint32_t interface; /* pcapng; 0 in pcap */
	bool is_end;	    /* no packet: the file is over, whole */
};

/**
 * Opens a file, "-" for standard input, and reads its header. Both formats in
 * both byte orders, pcap in microseconds and nanoseconds. Errors: SYSTEM, the
 * CAP_* of a file that is no capture, NOMEM.
 */
enum cbpf_err cbpf_capture_open(const char *path, const struct cbpf_mem *mem,
				struct cbpf_capture **capture,
				struct cbpf_diag *diag);

/** The same over bytes in memory, which must outlive the capture. */
enum cbpf_err cbpf_capture_open_memory(const void *bytes, size_t size,
				       const struct cbpf_mem *mem,
				       struct cbpf_capture **capture,
				       struct cbpf_diag *diag);

/**
 * The next packet, or the end of the file (record->is_end). Every sound
 * packet before a broken one is delivered; then CAP_*, with the file's offset
 * in the diagnosis, again and again.
 */
enum cbpf_err cbpf_capture_next(struct cbpf_capture *capture,
				struct cbpf_record *record,
				struct cbpf_diag *diag);

/** The link type of the first interface that is known so far; -1: of none is. */
int cbpf_capture_link(const struct cbpf_capture *capture);

/** Packets that follow each other, all of one link type. */
struct cbpf_batch {
	const struct cbpf_packet *packets; /* without contexts */
	size_t n;			   /* 0: the file is over, whole */
	uint64_t first;			   /* the number of the first, from 1 */
	uint64_t offset; /* of its record in the file, bytes */
	uint16_t link;	 /* LINKTYPE_* */
};

/**
 * The next packets, as many as are at hand, for cbpf_jit_run_batch(): at least
 * one unless the file is over. All of it lives until the next call on the
 * capture. An error comes alone, when every sound packet before has been
 * delivered, and again and again.
 */
enum cbpf_err cbpf_capture_batch(struct cbpf_capture *capture,
				 struct cbpf_batch *batch,
				 struct cbpf_diag *diag);

/** Packet i of the last batch, with all that the file says of it. */
void cbpf_capture_record(const struct cbpf_capture *capture, size_t i,
			 struct cbpf_record *record);

/** Why reading comes to a halt. */
enum cbpf_capture_halt {
	CBPF_HALT_END,	  /* the file ends here, so far */
	CBPF_HALT_SIGNAL, /* a signal has interrupted it */
	CBPF_HALT_IDLE,	  /* a pipe or a terminal has nothing at the moment */
};

/**
 * Whether reading goes on: asked at the end of a file, which may have grown,
 * where a signal interrupts it, and before it waits for a pipe. False ends
 * it as the file's end does. Not asked at the end of what is compressed, nor
 * before that is waited for. NULL: the end is the end, and nothing else
 * matters.
 */
void cbpf_capture_wait(struct cbpf_capture *capture,
		       bool (*wait)(void *ctx, enum cbpf_capture_halt why),
		       void *ctx);

/**
 * Behind a broken record: goes on with the next that seems to be one, *lost
 * bytes farther, or to the end of the file. What cannot be gone on from (the
 * file cannot be read, or unpacked) is the error again.
 */
enum cbpf_err cbpf_capture_skip(struct cbpf_capture *capture, uint64_t *lost,
				struct cbpf_diag *diag);

/* ---- parts ------------------------------------------------------------- */

/**
 * Bytes of a file that can be read from anywhere: a regular one, that is not
 * compressed; else 0.
 */
uint64_t cbpf_capture_size(const struct cbpf_capture *capture);

/** Where the next record is to begin, bytes from the begin of the file. */
uint64_t cbpf_capture_offset(const struct cbpf_capture *capture);

/**
 * How many sections and interfaces were met so far: what a record means depends
 * on those before it.
 */
uint64_t cbpf_capture_described(const struct cbpf_capture *capture);

/**
 * Goes on with the record at `offset`, behind so many packets, and ends before
 * the first that begins at `limit` or behind it (0: with the file). Sections
 * and interfaces are those met so far. ARGUMENT: cbpf_capture_size() is 0;
 * SYSTEM.
 */
enum cbpf_err cbpf_capture_seek(struct cbpf_capture *capture, uint64_t offset,
				uint64_t limit, uint64_t packets,
				struct cbpf_diag *diag);

/**
 * The same with the first record that begins at `offset` or behind it, as far
 * as can be told: it is a guess, which reading the file up to there must
 * confirm. Where there is none before `limit` the part is empty.
 */
enum cbpf_err cbpf_capture_find(struct cbpf_capture *capture, uint64_t offset,
				uint64_t limit, struct cbpf_diag *diag);

void cbpf_capture_close(struct cbpf_capture *capture);

/* ---- writing ----------------------------------------------------------- */

/** A capture that is written; belongs to one thread at a time. */
struct cbpf_writer;

enum cbpf_capture_format {
	CBPF_CAPTURE_AS_READ = 0, /* that of the first capture followed */
	CBPF_CAPTURE_PCAP,
	CBPF_CAPTURE_PCAPNG,
};

struct cbpf_writer_opts {
	size_t size;
	enum cbpf_capture_format format;
	uint32_t snap; /* bytes kept of a packet; 0: all that was captured */
	const struct cbpf_mem *mem;
};

/**
 * Begins a file, "-" for standard output. A file of its own grows under the
 * name path.partial until cbpf_writer_finish() gives it its name, and what was
 * there before is left alone until then; a pipe or a device is written as it
 * is. SYSTEM, NOMEM, ARGUMENT.
 */
enum cbpf_err cbpf_writer_open(const char *path,
			       const struct cbpf_writer_opts *opts,
			       struct cbpf_writer **writer,
			       struct cbpf_diag *diag);

/**
 * Takes a capture's packets from now on, before its first batch: what the file
 * says besides packets (sections, interfaces, names) comes with them. A writer
 * follows one capture at a time (NULL: none), a capture has any number of
 * writers. Errors of writing; CAP_VARIANT: a pcap file has one link type.
 */
enum cbpf_err cbpf_writer_follow(struct cbpf_writer *writer,
				 struct cbpf_capture *capture,
				 struct cbpf_diag *diag);

/**
 * A pcap file, of which nothing is written yet, has nanoseconds: for captures
 * of which a later one has, where the first has not.
 */
void cbpf_writer_nano(struct cbpf_writer *writer);
/** Whether a capture tells times finer than microseconds, as far as it was read.
 */
bool cbpf_capture_is_nano(const struct cbpf_capture *capture);

/**
 * Writes packets of the last batch of the capture that is followed: n from
 * `at` on, those whose keep[] is not 0, with all that the file says of them.
 * SYSTEM: the disk is full, say; what was written is a sound capture still.
 * ARGUMENT: there are no such packets.
 */
enum cbpf_err cbpf_writer_put(struct cbpf_writer *writer, size_t at, size_t n,
			      const uint32_t *keep, struct cbpf_diag *diag);

/**
 * A writer of a part of what another writes, which has followed a capture: what
 * is put to it lies in memory, so that parts can be made at once, and goes to
 * the other in their order. UNAVAILABLE: what is written is not known yet (a
 * pcap file of a pcapng capture has no header before its first packet); NOMEM.
 */
enum cbpf_err cbpf_writer_part(const struct cbpf_writer *writer,
			       struct cbpf_writer **part,
			       struct cbpf_diag *diag);
/** Takes all of a part, which is empty then. Errors of writing. */
enum cbpf_err cbpf_writer_append(struct cbpf_writer *writer,
				 struct cbpf_writer *part,
				 struct cbpf_diag *diag);

/** Forgets what a part has. */
void cbpf_writer_drop(struct cbpf_writer *part);

/** What was put is in the file, for those who read it meanwhile. */
enum cbpf_err cbpf_writer_flush(struct cbpf_writer *writer,
				struct cbpf_diag *diag);

/** All is written: the file gets its name. Errors of writing. */
enum cbpf_err cbpf_writer_finish(struct cbpf_writer *writer,
				 struct cbpf_diag *diag);

/** What it writes; AS_READ until it has followed a capture. */
enum cbpf_capture_format cbpf_writer_format(const struct cbpf_writer *writer);

/** The name it has now; of standard output "-". Lives as long as the writer. */
const char *cbpf_writer_name(const struct cbpf_writer *writer);

/** Without cbpf_writer_finish() before, a part stays: path.partial. */
void cbpf_writer_close(struct cbpf_writer *writer);

/** The link type of Ethernet, and the default where one is needed. */
#define CBPF_LINK_EN10MB 1

/** "EN10MB", "RAW", ...; NULL for a link type without a name here. */
const char *cbpf_link_name(uint16_t link);

/** By name (any case) or number; -1 where there is none. */
int cbpf_link_find(const char *name);

/**
 * The context of a captured packet, as a packet socket on an interface of
 * this link type would have it: link and network offsets, Ethertype, packet
 * type, device. A VLAN tag stays in the bytes. Zeros for link types not known
 * here.
 */
void cbpf_link_context(const struct cbpf_record *record, struct cbpf_ctx *ctx);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
