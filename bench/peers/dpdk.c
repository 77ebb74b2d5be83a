/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's eBPF, converted from the classic program and compiled, as a machine
 * for `cbpf bench --peer` (cbpf(1)): the program of $PROGRAM over the packets
 * of $PACKETS, a sample of $MS milliseconds for each line. One mbuf is reused,
 * so that the filter is what is measured.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALLOW_EXPERIMENTAL_API /* rte_bpf_convert() */
#include <pcap/pcap.h>
#include <rte_bpf.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>

struct packet {
	uint8_t *data;
	uint32_t caplen, wirelen;
};

static struct packet *packets;
static size_t n_packets;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "dpdk: %s\n", what);
	return 1;
}

static struct bpf_program read_program(void)
{
	struct bpf_program program = { 0, NULL };
	FILE *file = fopen(getenv("PROGRAM"), "r");
	unsigned n, code, jt, jf, k;

	if (!file || fscanf(file, "%u", &n) != 1)
		return program;
	program.bf_insns = calloc(n, sizeof(*program.bf_insns));
	while (program.bf_len < n &&
	       fscanf(file, "%u %u %u %u", &code, &jt, &jf, &k) == 4)
		program.bf_insns[program.bf_len++] =
			(struct bpf_insn){ (u_short)code, (u_char)jt,
					   (u_char)jf, k };
	fclose(file);
	return program;
}

static void read_packets(void)
{
	FILE *file = fopen(getenv("PACKETS"), "rb");
	uint32_t head[2];
	size_t cap = 0;

	while (file && fread(head, sizeof(head), 1, file) == 1) {
		struct packet *p;

		if (n_packets == cap) {
			cap = cap ? 2 * cap : 1024;
			packets = realloc(packets, cap * sizeof(*packets));
		}
		if (!packets)
			exit(fail("out of memory"));
		p = &packets[n_packets++];
		p->caplen = head[0];
		p->wirelen = head[1] ? head[1] : head[0];
		if (p->caplen > UINT16_MAX)
			exit(fail("a packet is longer than an mbuf can be"));
		p->data = malloc(p->caplen + 1);
		if (!p->data)
			exit(fail("out of memory"));
		if (fread(p->data, 1, p->caplen, file) != p->caplen)
			exit(fail("the packets are cut short"));
	}
}

/* Whole samples over all packets; the packets lie where they are. */
static void run_sample(const struct rte_bpf_jit *jit, double least)
{
	struct rte_mbuf m;
	double start = now(), end;
	unsigned rounds = 0;
	uint32_t sum;

	memset(&m, 0, sizeof(m));
	m.nb_segs = 1;
	do {
		sum = 0;
		for (size_t i = 0; i < n_packets; i++) {
			m.buf_addr = packets[i].data;
			m.data_len = (uint16_t)packets[i].caplen;
			m.pkt_len = packets[i].wirelen;
			sum += (uint32_t)jit->func(&m);
		}
		rounds++;
		end = now();
	} while (end - start < least);
	printf("%f %u\n", (end - start) / rounds / (double)n_packets, sum);
	fflush(stdout);
}

int main(void)
{
	char *argv[] = {
		(char[]){ "dpdk" },	   (char[]){ "--no-huge" },
		(char[]){ "--no-pci" },	   (char[]){ "-m" },
		(char[]){ "64" },	   (char[]){ "--no-telemetry" },
		(char[]){ "--log-level" }, (char[]){ "error" }
	};
	struct bpf_program program = read_program();
	struct rte_bpf_prm *converted;
	struct rte_bpf *bpf;
	struct rte_bpf_jit jit;
	const char *ms = getenv("MS");
	double least = 1e6 * (ms ? atof(ms) : 20);
	char line[64];

	if (program.bf_len == 0)
		return fail("no program");
	read_packets();
	if (n_packets == 0)
		return fail("no packets");
	if (rte_eal_init(8, argv) < 0)
		return fail(rte_strerror(rte_errno));
	converted = rte_bpf_convert(&program);
	bpf = converted ? rte_bpf_load(converted) : NULL;
	if (!bpf || rte_bpf_get_jit(bpf, &jit) != 0 || !jit.func)
		return fail("it refuses the program");
	while (fgets(line, sizeof(line), stdin))
		run_sample(&jit, least);
	return 0;
}
