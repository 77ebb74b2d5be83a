/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What judging random programs on linux-unix costs, 16 packets a program, as
 * cbpf fuzz does it: the kernel's part alone (three system calls a program),
 * judged against the twin, and making programs and packets besides. Medians of
 * 15 samples of 400 programs, in one run, pinned to one processor; between the
 * samples the kernel gets time to give back the filters (docs/kernel.md).
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>

#include "cbpf/cbpf.h"

#define SAMPLES	 15
#define PROGRAMS 400
#define PACKETS	 16
#define INSNS	 24
#define REST	 100000 /* us, for two grace periods */

struct subject {
	struct cbpf_insn insns[INSNS];
	size_t n;
	struct cbpf_packet packets[PACKETS];
	uint8_t bytes[PACKETS][CBPF_RANDOM_MOST];
};

struct bench {
	struct cbpf_judge *judge;
	struct subject *subjects;
	int fds[2];
	uint64_t seed;
};

static void make_subject(struct bench *b, struct subject *s)
{
	const struct cbpf_random_opts opts = { .size = sizeof(opts),
					       .dialect = CBPF_LINUX,
					       .max_insns = INSNS };

	do
		s->n = cbpf_random_program(&b->seed, &opts, s->insns);
	while (cbpf_judge_load(b->judge, s->insns, s->n, NULL) != CBPF_OK);
	for (int i = 0; i < PACKETS; i++) {
		s->packets[i].data = s->bytes[i];
		s->packets[i].caplen = s->packets[i].wirelen =
			(uint32_t)cbpf_random_packet(
				&b->seed, cbpf_judge_prog(b->judge), 0,
				s->bytes[i], CBPF_RANDOM_MOST);
	}
}

/* ---- what is measured, once for each program ---------------------------- */

static bool bare(struct bench *b, struct subject *s)
{
	static uint8_t room[PACKETS][CBPF_RANDOM_MOST];
	struct sock_fprog fprog = { .len = (unsigned short)s->n,
				    .filter = (void *)s->insns };
	struct mmsghdr in[PACKETS], out[PACKETS];
	struct iovec from[PACKETS], to[PACKETS];

	memset(in, 0, sizeof(in));
	memset(out, 0, sizeof(out));
	for (int i = 0; i < PACKETS; i++) {
		from[i] = (struct iovec){ s->bytes[i], s->packets[i].caplen };
		to[i] = (struct iovec){ room[i], sizeof(room[i]) };
		in[i].msg_hdr.msg_iov = &from[i];
		out[i].msg_hdr.msg_iov = &to[i];
		in[i].msg_hdr.msg_iovlen = out[i].msg_hdr.msg_iovlen = 1;
	}
	if (setsockopt(b->fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &fprog,
		       sizeof(fprog)) < 0 ||
	    sendmmsg(b->fds[0], in, PACKETS, MSG_DONTWAIT) != PACKETS)
		return false;
	recvmmsg(b->fds[1], out, PACKETS, MSG_DONTWAIT, NULL);
	return true;
}

static bool judged(struct bench *b, struct subject *s)
{
	static struct cbpf_judged judged[PACKETS];

	return cbpf_judge_load(b->judge, s->insns, s->n, NULL) == CBPF_OK &&
	       cbpf_judge_run_batch(b->judge, s->packets, PACKETS, judged) ==
		       CBPF_OK;
}

/* Which loads it as well. */
static bool made_and_judged(struct bench *b, struct subject *s)
{
	static struct cbpf_judged judged[PACKETS];

	make_subject(b, s);
	return cbpf_judge_run_batch(b->judge, s->packets, PACKETS, judged) ==
	       CBPF_OK;
}

/* ---- samples ------------------------------------------------------------ */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static const struct {
	const char *what;
	bool (*once)(struct bench *b, struct subject *s);
} rows[] = {
	{ "setsockopt, sendmmsg, recvmmsg, nothing else", bare },
	{ "judged against the twin", judged },
	{ "programs and packets made besides", made_and_judged },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool take_sample(struct bench *b, size_t row, double *us)
{
	double begun = now();

	for (int i = 0; i < PROGRAMS; i++)
		if (!rows[row].once(b, &b->subjects[i]))
			return false;
	*us = (now() - begun) / PROGRAMS;
	usleep(REST);
	return true;
}

int main(void)
{
	struct bench b = { .seed = 1 };
	double us[ROWS][SAMPLES];
	/* counted here, as cbpf fuzz does: the engine does not rest by itself
	 */
	uint64_t filters = 0;
	const struct cbpf_engine_opts opts = { .size = sizeof(opts),
					       .filters = &filters };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	b.subjects = calloc(PROGRAMS, sizeof(*b.subjects));
	if (!b.subjects ||
	    cbpf_judge_new(&cbpf_engine_linux_unix, CBPF_LINUX, &opts,
			   &b.judge) != CBPF_OK ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, b.fds) < 0)
		return 2;
	for (int i = 0; i < PROGRAMS; i++)
		make_subject(&b, &b.subjects[i]);
	usleep(REST);
	for (int s = 0; s < SAMPLES; s++)
		for (size_t row = 0; row < ROWS; row++)
			if (!take_sample(&b, row, &us[row][s])) {
				fputs("the kernel cannot be asked\n", stderr);
				return 2;
			}
	for (size_t row = 0; row < ROWS; row++) {
		qsort(us[row], SAMPLES, sizeof(us[row][0]), by_size);
		printf("%-46s %6.1f us a program, %7.0f pairs a second, "
		       "%.2f\n",
		       rows[row].what, us[row][SAMPLES / 2],
		       PACKETS * 1e6 / us[row][SAMPLES / 2],
		       us[row][SAMPLES / 2] / us[0][SAMPLES / 2]);
	}
	cbpf_judge_free(b.judge);
	free(b.subjects);
	return 0;
}
