/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random packets for a program, derived from what it reads. The program is
 * stepped over a packet of random bytes, which is bent on the way:
 *
 *	a load outside		the packet grows to have those bytes
 *	a branch on a load	what it compares with is written there, or the
 *				number beside it, so that it goes either way;
 *				of bits that none of them is set
 *
 * At last some packets are cut around the end of one of the loads met: one
 * byte before, at, or one behind it. A packet of Ethernet is a frame, of
 * seccomp a system call.
 */
#include <string.h>

#include "base/wire.h"
#include "oracle/draw.h"
#include "oracle/keeper.h"
#include "oracle/oracle.h"

#define BYTES_MOST 96 /* where there is room */
#define STEPS_MOST 80
#define LOADS_MOST 8

struct derivation {
	uint64_t *seed;
	const struct cbpf_prog *prog;
	uint8_t *data;
	uint32_t cap;
	struct cbpf_packet packet;
	struct {
		uint32_t at, size;
	} loads[LOADS_MOST];
	uint32_t n_loads; /* met, the first LOADS_MOST kept */
};

static uint32_t below(struct derivation *d, uint32_t n)
{
	return draw_below(d->seed, n);
}

/* ---- frames and calls --------------------------------------------------- */

static void put_addresses(struct derivation *d)
{
	static const uint8_t to[][6] = {
		{ 0x02, 0x63, 0x62, 0x70, 0x66, 0x01 }, /* linux-packet's own */
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, /* everybody */
		{ 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 }, /* a group */
		{ 0x02, 0x63, 0x62, 0x70, 0x66, 0x02 }, /* somebody else */
	};

	memcpy(d->data, to[below(d, CBPF_COUNT(to))], sizeof(to[0]));
}

static void put_ip4(struct derivation *d, uint8_t *ip)
{
	static const uint8_t protocols[] = { 1, 2, 6, 17, 33, 47, 132, 136 };

	ip[0] = (uint8_t)(0x45 + below(d, 2));
	by_put_be16(ip + 2, (uint16_t)(20 + below(d, 60)));
	by_put_be16(ip + 6, (uint16_t)(below(d, 4) ? 0 : 0x2000 + below(d, 3)));
	ip[9] = protocols[below(d, sizeof(protocols))];
	ip[20 + 12] = (uint8_t)(below(d, 16) << 4); /* TCP's data offset */
}

static void put_ip6(struct derivation *d, uint8_t *ip)
{
	static const uint8_t next[] = { 0, 6, 17, 43, 44, 58, 60, 136 };

	ip[0] = 0x60;
	by_put_be16(ip + 4, (uint16_t)below(d, 60));
	ip[6] = next[below(d, sizeof(next))];
}

/* Room for nine tags, Ethernet's header and the longest that is put there. */
#define FRAME_LEAST (14 + 9 * 4 + 40)

/* Up to nine tags, and what they carry; cut anywhere behind the header. */
static uint32_t make_frame(struct derivation *d)
{
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 0x88b5,
					  0x0000, 0x0040, 0x05ff, 0x0600,
					  0x8864, 0x8847 };
	uint16_t type = types[below(d, CBPF_COUNT(types))];
	uint8_t *at = d->data + 12;
	uint32_t len, tags;

	put_addresses(d);
	for (tags = below(d, 3) ? below(d, 3) : below(d, 10); tags > 0;
	     tags--) {
		by_put_be16(at, below(d, 2) ? 0x8100 : 0x88a8);
		if (below(d, 3) == 0)
			by_put_be16(at + 2, below(d, 2) ? 0 : 0xffff);
		at += 4;
	}
	by_put_be16(at, type);
	at += 2;
	if (type == 0x0800)
		put_ip4(d, at);
	else if (type == 0x86dd)
		put_ip6(d, at);
	else if (type == 0x0040 && below(d, 2))
		by_put_be16(at, 0xffff); /* raw 802.3 */
	len = (uint32_t)(at - d->data);
	len += below(d, d->cap - len + 1);
	return below(d, 4) ? len : 14 + below(d, len - 13);
}

/* struct seccomp_data, in this machine's order: often of its architecture. */
static uint32_t make_call(struct derivation *d)
{
	uint32_t nr = pk_rand(d->seed), arch = 0xc000003e, word;

#ifdef KEEPER_ARCH
	arch = KEEPER_ARCH;
#endif
	if (below(d, 4) == 0)
		nr %= 512;
	memcpy(d->data + CBPF_DATA_NR, &nr, sizeof(nr));
	memcpy(d->data + CBPF_DATA_ARCH, &arch, sizeof(arch));
	memset(d->data + CBPF_DATA_IP, 0, 8);
	for (uint32_t at = CBPF_DATA_ARGS; at < SECCOMP_DATA_SIZE; at += 4) {
		if (below(d, 2))
			continue;
		word = below(d, 2) ? 0 : draw_constant(d->seed);
		memcpy(d->data + at, &word, sizeof(word));
	}
	return SECCOMP_DATA_SIZE;
}

/* ---- bending ------------------------------------------------------------ */

static bool is_data(const struct derivation *d)
{
	return d->prog->row->space == SPACE_DATA;
}

uint32_t ora_plant(const struct cbpf_prog *prog, uint8_t *data, int64_t at,
		   uint32_t size, uint32_t v)
{
	uint8_t *p = data + at;

	if (prog->row->space == SPACE_DATA) {
		memcpy(p, &v, sizeof(v));
		return v;
	}
	for (uint32_t i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * (size - 1 - i));
	return pk_get(p, size);
}

static void note_load(struct derivation *d, int64_t at, uint32_t size)
{
	if (at < 0)
		return;
	if (d->n_loads < LOADS_MOST) {
		d->loads[d->n_loads].at = (uint32_t)at;
		d->loads[d->n_loads].size = size;
	}
	d->n_loads++;
}

/* A load just outside: the packet mostly grows to have those bytes. */
static void grow(struct derivation *d, int64_t at, uint32_t size)
{
	if (is_data(d) || at < 0 || at + size > d->cap || below(d, 4) == 0)
		return;
	d->packet.caplen = d->packet.wirelen = (uint32_t)at + size;
}

/* Whether a call stays one that this machine can make. */
static bool may_plant(const struct derivation *d, int64_t at)
{
	return !is_data(d) ||
	       (at != CBPF_DATA_ARCH && at / 8 != CBPF_DATA_IP / 8);
}

/* What goes one way or the other by a test of k. */
static uint32_t pick_number(struct derivation *d, const struct isa_row *row,
			    uint32_t k)
{
	if (CODE_OP(row->code) == JMP_JSET && below(d, 2))
		return ~k;
	return below(d, 3) ? k : k + below(d, 3) - 1;
}

static void bend(struct derivation *d)
{
	struct cbpf_state s = cbpf_state_init(&d->packet);
	struct cbpf_result result = { .steps = 0 };
	uint32_t size = 0; /* of the load that A has come from */
	int64_t at = 0;

	for (int i = 0; i < STEPS_MOST; i++) {
		const struct cbpf_insn *insn = &d->prog->ops[s.pc];
		const struct isa_row *row =
			insn->code < OP_ROWS ? &isa_rows[insn->code] : NULL;
		int64_t from;
		uint32_t n;

		if (cbpf_step_reads(d->prog, &d->packet, &s, &from, &n)) {
			note_load(d, from, n);
			if (insn->code != OP_LDX_MSH) {
				at = from;
				size = from < 0 ? 0 : n;
			}
		} else if (n) {
			grow(d, from, n);
		} else if (row && isa_is_branch(row->code)) {
			uint32_t k = row->form == FORM_JX ? s.x : insn->k;

			if (size && below(d, 2) && may_plant(d, at))
				s.a = ora_plant(d->prog, d->data, at, size,
						pick_number(d, row, k));
		} else if (row && row->writes & USES_A &&
			   insn->code != OP_AND_K) { /* bits of it */
			size = 0;
		}
		if (!cbpf_step(d->prog, &d->packet, &s, &result))
			break;
	}
}

static void cut(struct derivation *d)
{
	uint32_t n = d->n_loads < LOADS_MOST ? d->n_loads : LOADS_MOST;
	uint32_t i, end;

	if (n == 0 || is_data(d) || below(d, 3))
		return;
	i = below(d, n);
	end = d->loads[i].at + d->loads[i].size + below(d, 3);
	if (end > 0 && end - 1 <= d->cap)
		d->packet.caplen = end - 1;
}

/* ---- a packet ----------------------------------------------------------- */

/* Any bytes, eight at a time (xorshift64; Marsaglia, Xorshift RNGs). */
static void fill(struct derivation *d)
{
	uint64_t word = (uint64_t)pk_rand(d->seed) << 32 | 1;
	uint8_t bytes[8];

	for (uint32_t i = 0; i < d->cap; i += 8) {
		word ^= word << 13;
		word ^= word >> 7;
		word ^= word << 17;
		/* low bytes first, on every machine */
		by_put_le32(bytes, (uint32_t)word);
		by_put_le32(bytes + 4, (uint32_t)(word >> 32));
		memcpy(d->data + i, bytes, d->cap - i < 8 ? d->cap - i : 8);
	}
}

static uint32_t pick_length(struct derivation *d)
{
	uint32_t most = d->cap < BYTES_MOST ? d->cap : BYTES_MOST;

	if (most < 52 || below(d, 4) == 0)
		return below(d, most + 1);
	return 52 + below(d, most - 52 + 1);
}

size_t cbpf_random_packet(uint64_t *seed, const struct cbpf_prog *prog,
			  uint16_t link, uint8_t *data, size_t cap)
{
	struct derivation d = {
		.seed = seed,
		.prog = prog,
		.data = data,
		.cap = (uint32_t)(cap < CBPF_RANDOM_MOST ? cap
							 : CBPF_RANDOM_MOST),
	};
	uint32_t len;

	fill(&d);
	if (is_data(&d) && d.cap >= SECCOMP_DATA_SIZE)
		len = make_call(&d);
	else if (link == LINK_ETHERNET && d.cap >= FRAME_LEAST)
		len = make_frame(&d);
	else
		len = pick_length(&d);
	d.packet.data = data;
	d.packet.caplen = d.packet.wirelen = len;
	/* what loops can run long; what is empty has no step */
	if (prog->n && !prog->traits.has_loop)
		bend(&d);
	cut(&d);
	return d.packet.caplen;
}
