/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast the engines are, as ratios in one run.
 *
 *	build/bench/engines
 *
 * Method: 12,000 packets cut to 64 bytes (0.77 MB, hot in the cache, in an
 * order no branch predictor learns), looped; one processor, the last one;
 * median of 9 samples of 40 ms or more, the engines' samples interleaved so
 * that a slow moment of the machine hits both. Programs are libpcap's own
 * output for Ethernet. Nothing here is asserted; it is printed.
 */
#include <pcap/pcap.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "cbpf/expr.h"
#include "packets.h"

#define SAMPLES	  9
#define SAMPLE_NS 40e6

/* ---- samples ------------------------------------------------------------ */

struct subject {
	const char *name;
	void (*run)(void *ctx); /* once over all packets */
	void *ctx;
	double ns[SAMPLES]; /* per packet */
};

static double median(struct subject *s)
{
	qsort(s->ns, SAMPLES, sizeof(s->ns[0]), compare);
	return s->ns[SAMPLES / 2];
}

static double sample(struct subject *s)
{
	double start = now(), end;
	unsigned rounds = 0;

	do {
		s->run(s->ctx);
		rounds++;
		end = now();
	} while (end - start < SAMPLE_NS);
	return (end - start) / rounds / PACKETS;
}

static void measure(struct subject *subjects, int n)
{
	for (int k = -1; k < SAMPLES; k++)
		for (int i = 0; i < n; i++) {
			double ns = sample(&subjects[i]);

			if (k >= 0) /* the first round warms up */
				subjects[i].ns[k] = ns;
		}
}

/* ---- engines ------------------------------------------------------------ */

static volatile uint32_t sink;

static void run_interp(void *ctx)
{
	uint32_t sum = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct cbpf_packet packet = { packets[i], BYTES, BYTES, NULL };
		struct cbpf_result result;

		cbpf_run(ctx, &packet, &result);
		sum += result.value;
	}
	sink = sum;
}

static void run_libpcap(void *ctx)
{
	uint32_t sum = 0;

	for (int i = 0; i < PACKETS; i++)
		sum += bpf_filter(ctx, packets[i], BYTES, BYTES);
	sink = sum;
}

static unsigned disagreements;

static void run_judge(void *ctx)
{
	struct cbpf_judged judged;

	for (int i = 0; i < PACKETS; i++) {
		struct cbpf_packet packet = { packets[i], BYTES, BYTES, NULL };

		cbpf_judge_run(ctx, &packet, &judged);
		disagreements += !judged.agrees;
	}
}

/* What the engine alone does, without a twin. */
static void run_unix(void *ctx)
{
	void *handle = ctx;

	for (int i = 0; i < PACKETS; i++) {
		struct cbpf_packet packet = { packets[i], BYTES, BYTES, NULL };
		struct cbpf_answer answer;
		struct cbpf_view view;

		cbpf_engine_linux_unix.view(handle, &packet, &view, NULL);
		cbpf_engine_linux_unix.run(handle, &view, NULL, &answer, NULL);
	}
}

/* The two system calls and nothing else: what no library can be below. */
static void run_bare(void *ctx)
{
	const int *fds = ctx;

	for (int i = 0; i < PACKETS; i++) {
		ssize_t sent = send(fds[0], packets[i], BYTES, MSG_DONTWAIT);
		ssize_t got = recv(fds[1], NULL, 0, MSG_DONTWAIT | MSG_TRUNC);

		sink = (uint32_t)(sent + got);
	}
}

static struct cbpf_judge *make_judge(const struct cbpf_code *code,
				     bool is_exact)
{
	struct cbpf_engine_opts opts = { .size = sizeof(opts),
					 .is_exact = is_exact };
	struct cbpf_judge *judge;

	if (cbpf_judge_new(&cbpf_engine_linux_unix, CBPF_LINUX, &opts,
			   &judge) != CBPF_OK ||
	    cbpf_judge_load(judge, code->insns, code->n, NULL) != CBPF_OK)
		return NULL;
	return judge;
}

static void compare_interpreters(const char *expr, double *product)
{
	struct cbpf_code code;
	struct cbpf_prog *prog;
	struct subject s[2] = { { .name = "interp", .run = run_interp },
				{ .name = "libpcap", .run = run_libpcap } };

	if (cbpf_expr_compile(expr, NULL, &code, NULL) != CBPF_OK ||
	    cbpf_prog_new(code.insns, code.n, NULL, &prog, NULL) != CBPF_OK) {
		fprintf(stderr, "%s does not compile\n", expr);
		exit(2);
	}
	s[0].ctx = prog;
	s[1].ctx = code.insns;
	measure(s, 2);
	printf("  %-44s %6.1f %8.1f %8.2f\n", expr, median(&s[0]),
	       median(&s[1]), median(&s[0]) / median(&s[1]));
	*product *= median(&s[0]) / median(&s[1]);
	cbpf_prog_free(prog);
	cbpf_code_free(&code);
}

static void measure_kernel(void)
{
	struct cbpf_code code;
	struct subject s[4] = {
		{ .name = "bare send and recv", .run = run_bare },
		{ .name = "linux-unix alone", .run = run_unix },
		{ .name = "plain, judged", .run = run_judge },
		{ .name = "exact, judged", .run = run_judge },
	};
	void *handle = NULL;
	struct cbpf_diag diag;
	int fds[2];

	if (cbpf_expr_compile("tcp port 80", NULL, &code, NULL) != CBPF_OK)
		return;
	if (cbpf_engine_linux_unix.load(&cbpf_engine_linux_unix, NULL,
					CBPF_LINUX, code.insns, code.n, &handle,
					&diag) != CBPF_OK)
		return;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0 ||
	    cbpf_attach(fds[1], code.insns, code.n, NULL) != CBPF_OK)
		return;
	s[0].ctx = fds;
	s[1].ctx = handle;
	s[2].ctx = make_judge(&code, false);
	s[3].ctx = make_judge(&code, true);
	if (!s[2].ctx || !s[3].ctx)
		return;
	measure(s, 4);
	printf("\nlinux-unix, tcp port 80, packets a second, and times the "
	       "two bare calls\n");
	for (int i = 0; i < 4; i++)
		printf("  %-20s %9.0f %6.2f\n", s[i].name, 1e9 / median(&s[i]),
		       median(&s[i]) / median(&s[0]));
	printf("  disagreements        %9u\n", disagreements);
	cbpf_engine_linux_unix.free(handle);
	cbpf_judge_free(s[2].ctx);
	cbpf_judge_free(s[3].ctx);
	close(fds[0]);
	close(fds[1]);
	cbpf_code_free(&code);
}

/* ---- attaching ---------------------------------------------------------- */

struct attaching {
	int fd;
	struct cbpf_code code;
	struct sock_fprog {
		unsigned short len;
		struct cbpf_insn *filter;
	} fprog;
};

static void attach_ours(void *ctx)
{
	struct attaching *a = ctx;

	for (int i = 0; i < PACKETS; i++)
		cbpf_attach(a->fd, a->code.insns, a->code.n, NULL);
}

static void attach_bare(void *ctx)
{
	struct attaching *a = ctx;

	for (int i = 0; i < PACKETS; i++)
		setsockopt(a->fd, SOL_SOCKET, 26 /* SO_ATTACH_FILTER */,
			   &a->fprog, sizeof(a->fprog));
}

static void measure_attaching(void)
{
	struct attaching a;
	struct subject s[2] = { { .name = "cbpf_attach", .run = attach_ours },
				{ .name = "setsockopt", .run = attach_bare } };
	int fds[2];

	if (cbpf_expr_compile("tcp port 80", NULL, &a.code, NULL) != CBPF_OK ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return;
	a.fd = fds[0];
	a.fprog.len = (unsigned short)a.code.n;
	a.fprog.filter = a.code.insns;
	s[0].ctx = s[1].ctx = &a;
	measure(s, 2);
	printf("\nattaching tcp port 80, microseconds\n"
	       "  cbpf_attach() %.2f, setsockopt() alone %.2f, ratio %.2f\n",
	       median(&s[0]) / 1000, median(&s[1]) / 1000,
	       median(&s[0]) / median(&s[1]));
	cbpf_code_free(&a.code);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const char *const exprs[] = {
		"ip",
		"tcp port 80",
		"udp port 53 and host 192.0.2.1",
		"ip6 and tcp dst port 443",
		"vlan and tcp port 80",
		"portrange 1000-2000 and not icmp",
		"tcp[tcpflags] & 3 != 0 and not src and dst net 10.0.0.0/8",
	};
	size_t n = sizeof(exprs) / sizeof(exprs[0]);
	double product = 1, mean = 1;
	char version[32];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((int)sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
	sched_setaffinity(0, sizeof(one), &one);
	make_packets();
	printf("interp against bpf_filter() of libpcap %s, ns a packet\n"
	       "  %-44s interp  libpcap    ratio\n",
	       cbpf_expr_version(version, sizeof(version)), "");
	for (size_t i = 0; i < n; i++)
		compare_interpreters(exprs[i], &product);
	/* the n-th root, by bisection: no libm for one number */
	for (double low = 0, high = 10; high - low > 1e-6;) {
		double power = 1;

		mean = (low + high) / 2;
		for (size_t i = 0; i < n; i++)
			power *= mean;
		if (power < product)
			low = mean;
		else
			high = mean;
	}
	printf("  %-44s %24.2f\n", "geometric mean of the ratios", mean);
	measure_kernel();
	measure_attaching();
	return 0;
}
