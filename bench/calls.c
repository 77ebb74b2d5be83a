/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What linux-seccomp costs: asking the kernel whether a program is legal, and
 * a judged call with a constant verdict, with a new filter and with one that
 * is installed. Medians of 15 samples of 300, in one run, pinned to one
 * processor (waking another takes longer than all that is asked there); beside
 * them a bare exchange of two bytes with another process, which each needs.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cbpf/cbpf.h"

#define SAMPLES 15
#define TIMES	300

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(void (*once)(void *ctx), void *ctx)
{
	double sample[SAMPLES];

	for (int s = 0; s < SAMPLES; s++) {
		uint64_t start = now();

		for (int i = 0; i < TIMES; i++)
			once(ctx);
		sample[s] = (double)(now() - start) / TIMES;
	}
	qsort(sample, SAMPLES, sizeof(*sample), by_size);
	return sample[SAMPLES / 2];
}

static const struct cbpf_insn insns[] = {
	{ CBPF_LD_W, 0, 0, CBPF_DATA_NR },
	{ CBPF_JEQ_K, 0, 1, 1 },
	{ CBPF_RET_K, 0, 0, 0x7fff0000 },
	{ CBPF_RET_K, 0, 0, 0x50001 },
};

struct subject {
	const struct cbpf_engine *engine;
	void *handle;
	struct cbpf_packet packet;
	int fd;
};

static void load(void *ctx)
{
	struct subject *s = ctx;

	s->engine->load(s->engine, NULL, CBPF_SECCOMP, insns, 4, &s->handle,
			NULL);
}

static void run(void *ctx)
{
	struct subject *s = ctx;
	struct cbpf_answer answer;
	struct cbpf_view view;

	if (s->engine->view(s->handle, &s->packet, &view, NULL) != CBPF_OK ||
	    s->engine->run(s->handle, &view, NULL, &answer, NULL) != CBPF_OK)
		abort();
}

static void load_and_run(void *ctx)
{
	load(ctx);
	run(ctx);
}

static void exchange(void *ctx)
{
	const struct subject *s = ctx;
	char bytes[2] = { 0 };

	if (send(s->fd, bytes, 2, 0) != 2 || recv(s->fd, bytes, 1, 0) != 1)
		abort();
}

static int start_echo(void)
{
	char bytes[2];
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0)
		return -1;
	if (fork() == 0) {
		close(ends[0]);
		while (recv(ends[1], bytes, 2, 0) == 2)
			send(ends[1], bytes, 1, 0);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void stay_here(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	CPU_ZERO(&cpus);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(void)
{
	static const uint32_t data[16] = { 1,
#ifdef __aarch64__
					   0xc00000b7
#else
					   0xc000003e
#endif
	};
	struct subject s = { &cbpf_engine_linux_seccomp,
			     NULL,
			     { (const uint8_t *)data, sizeof(data), 0, NULL },
			     -1 };
	double bare, legal, both, call;

	stay_here();
	s.fd = start_echo();
	if (s.engine->probe(s.engine, NULL) != CBPF_OK || s.fd < 0) {
		puts("linux-seccomp cannot run here");
		return 0;
	}
	bare = median(exchange, &s);
	legal = median(load, &s);
	both = median(load_and_run, &s);
	call = median(run, &s);
	printf("a bare exchange with a process      %7.1f us  1.00\n",
	       bare / 1000);
	printf("is a program legal                  %7.1f us  %.2f\n",
	       legal / 1000, legal / bare);
	printf("a call, the filter installed        %7.1f us  %.2f\n",
	       call / 1000, call / bare);
	printf("legal, install, call, end the task  %7.1f us  %.2f\n",
	       both / 1000, both / bare);
	s.engine->free(s.handle);
	close(s.fd);
	return 0;
}
