/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What optimizing costs, and what it is worth.
 *
 *	optimize [RUNS [SVG]]
 *
 * Lists of hosts and ports of growing length: the time from the text of an
 * expression to the program (joining, optimizing), the instructions. An
 * ordinary filter: the time to optimize it. On the kernel: the cost of a packet
 * that a list of hosts refuses, with libpcap's optimized program and with ours.
 * Packets are sent 64 at a time (sendmmsg) to a Unix socket whose filter drops
 * them; what a filter of one instruction costs is taken off. Medians of RUNS
 * (default 9) on one processor. SVG: a picture of how time grows with a list.
 */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "cbpf/expr.h"

#define RUNS_MAX 101
#define BATCH	 64
#define BATCHES	 400

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return values[n / 2];
}

static uint64_t seed = 7;

static uint32_t next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

/* ---- a picture ---------------------------------------------------------- */

enum list { HOSTS, NEIGHBOURS, PORTS, LISTS };

static const char *const list_names[LISTS] = { "random hosts", "hosts in a row",
					       "ports" };
static const int sizes[] = { 10, 30, 100, 300, 1000, 3000, 10000 };

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static double grown[LISTS][SIZES]; /* milliseconds */

/* Both axes by powers of ten: 10 to 10,000 terms, 0.01 to 1,000 ms. */
static double x_of(double terms)
{
	return 60 + (log10(terms) - 1) / 3 * 420;
}

static double y_of(double ms)
{
	return 320 - (log10(ms) + 2) / 5 * 300;
}

static void draw_line(FILE *file, const double *ms, const char *stroke)
{
	fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" points=\"",
		stroke);
	for (size_t i = 0; i < SIZES; i++)
		fprintf(file, "%.1f,%.1f ", x_of(sizes[i]), y_of(ms[i]));
	fprintf(file, "\"/>\n");
}

static void draw_text(FILE *file, double x, double y, const char *fill,
		      const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">%s</text>\n", x,
		y, fill, text);
}

static void draw_axes(FILE *file)
{
	char text[32];

	for (int power = -2; power <= 3; power++) {
		double ms = pow(10, power);

		fprintf(file, "<path stroke=\"#ddd\" d=\"M60 %.1fH480\"/>\n",
			y_of(ms));
		snprintf(text, sizeof(text), "%g ms", ms);
		draw_text(file, 4, y_of(ms) + 4, "#000", text);
	}
	for (int power = 1; power <= 4; power++) {
		double n = pow(10, power);

		snprintf(text, sizeof(text), "%g terms", n);
		draw_text(file, x_of(n) - 20, 340, "#000", text);
	}
}

static void draw(const char *path)
{
	static const char *const strokes[LISTS] = { "#b22", "#27a", "#284" };
	FILE *file = fopen(path, "w");
	double n_log_n[SIZES];

	if (!file)
		return;
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" "
		      "height=\"360\" font-family=\"sans-serif\" "
		      "font-size=\"12\">\n"
		      "<rect width=\"600\" height=\"360\" fill=\"#fff\"/>\n");
	draw_axes(file);
	for (size_t i = 0; i < SIZES; i++)
		n_log_n[i] = grown[HOSTS][0] * sizes[i] * log(sizes[i]) /
			     (sizes[0] * log(sizes[0]));
	draw_line(file, n_log_n, "#999");
	draw_text(file, 488, y_of(n_log_n[SIZES - 1]), "#999", "n log n");
	for (int kind = 0; kind < LISTS; kind++) {
		draw_line(file, grown[kind], strokes[kind]);
		draw_text(file, 488, 250 + 16 * kind, strokes[kind],
			  list_names[kind]);
	}
	fprintf(file, "</svg>\n");
	fclose(file);
}

/* ---- lists -------------------------------------------------------------- */

static char *make_list(enum list kind, int n)
{
	char *text = malloc((size_t)n * 40 + 1), *at = text;

	for (int i = 0; text && i < n; i++) {
		uint32_t r = kind == HOSTS ? next_random() | 1u << 24
					   : 10u << 24 | (uint32_t)i;

		if (kind == PORTS)
			at += sprintf(at, "%sport %u", i ? " or " : "",
				      (unsigned)(i * 6 + 1));
		else
			at += sprintf(at, "%shost %u.%u.%u.%u", i ? " or " : "",
				      r >> 24 & 127, r >> 16 & 255,
				      r >> 8 & 255, r & 255);
	}
	return text;
}

/* From text to program; false: refused. The code is the caller's. */
static bool compile(const char *text, bool is_small, enum cbpf_dialect dialect,
		    struct cbpf_code *code, struct cbpf_optimized *report,
		    double *joining, double *optimizing)
{
	struct cbpf_optimize_opts opts = { .size = sizeof(opts),
					   .dialect = dialect,
					   .is_small = is_small };
	struct cbpf_code joined;
	double start = now();

	if (cbpf_expr_join(text, NULL, &joined, NULL) != CBPF_OK)
		return false;
	*joining = now() - start;
	start = now();
	if (cbpf_optimize(joined.insns, joined.n, &opts, code, report, NULL) !=
	    CBPF_OK)
		code->insns = NULL;
	*optimizing = now() - start;
	cbpf_code_free(&joined);
	return code->insns;
}

/* Gives milliseconds, or 0. */
static double time_list(enum list kind, int n, bool is_small,
			enum cbpf_dialect dialect, int runs)
{
	double joining[RUNS_MAX], optimizing[RUNS_MAX];
	char *text = make_list(kind, n);
	struct cbpf_optimized report = { 0 };
	struct cbpf_code code = { 0 };

	for (int i = 0; i < runs; i++) {
		cbpf_code_free(&code);
		if (!text || !compile(text, is_small, dialect, &code, &report,
				      &joining[i], &optimizing[i])) {
			printf("%6d %-14s %-7s refused\n", n, list_names[kind],
			       cbpf_dialect_name(dialect));
			free(text);
			return 0;
		}
	}
	printf("%6d %-14s %-7s %-5s %7.2f ms + %7.2f ms = %7.2f ms: "
	       "%5zu instructions, longest way %u\n",
	       n, list_names[kind], cbpf_dialect_name(dialect),
	       is_small ? "short" : "quick", median(joining, runs) / 1e3,
	       median(optimizing, runs) / 1e3,
	       (median(joining, runs) + median(optimizing, runs)) / 1e3, code.n,
	       report.longest_after);
	cbpf_code_free(&code);
	free(text);
	return (median(joining, runs) + median(optimizing, runs)) / 1e3;
}

static void time_ordinary(const char *text, int runs)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts) };
	struct cbpf_optimize_opts how = { .size = sizeof(how),
					  .dialect = CBPF_LINUX };
	double quick[RUNS_MAX];
	struct cbpf_code given, code;
	struct cbpf_optimized report;

	if (cbpf_expr_compile(text, &opts, &given, NULL) != CBPF_OK)
		return;
	for (int i = 0; i < runs; i++) {
		double start = now();

		for (int k = 0; k < 20; k++) {
			if (cbpf_optimize(given.insns, given.n, &how, &code,
					  &report, NULL) != CBPF_OK)
				return;
			cbpf_code_free(&code);
		}
		quick[i] = (now() - start) / 20;
	}
	printf("%3zu instructions: %5.1f us: %s\n", given.n,
	       median(quick, runs), text);
	cbpf_code_free(&given);
}

/* ---- the kernel --------------------------------------------------------- */

struct sockets {
	int from, to;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t frames[BATCH][64];
};

/* Ethernet, IPv4, TCP; addresses of 172.16.0.0/12, which no list has. */
static void make_frames(struct sockets *s)
{
	memset(s->messages, 0, sizeof(s->messages));
	for (int i = 0; i < BATCH; i++) {
		uint8_t *f = s->frames[i];

		memset(f, 0, 64);
		f[12] = 8;
		f[14] = 0x45;
		f[23] = 6;
		for (int at = 26; at < 34; at++)
			f[at] = (uint8_t)next_random();
		f[26] = f[30] = 172;
		f[27] = f[31] = 16;
		s->vectors[i] = (struct iovec){ f, 64 };
		s->messages[i].msg_hdr.msg_iov = &s->vectors[i];
		s->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

/* Nanoseconds for a packet that the filter drops. */
static double cost_of(struct sockets *s, const struct cbpf_insn *insns,
		      size_t n)
{
	double start;

	if (cbpf_attach(s->to, insns, n, NULL) != CBPF_OK)
		return 0;
	start = now();
	for (int i = 0; i < BATCHES; i++)
		if (sendmmsg(s->from, s->messages, BATCH, 0) != BATCH)
			return 0;
	return (now() - start) * 1e3 / (BATCH * BATCHES);
}

static void time_kernel(int n, int runs)
{
	const struct cbpf_insn drop = { CBPF_RET_K, 0, 0, 0 };
	double base[RUNS_MAX], theirs[RUNS_MAX], ours[RUNS_MAX], b, t, o,
		unused;
	struct cbpf_code libpcap, code;
	struct cbpf_optimized report;
	struct sockets s;
	char *text = make_list(HOSTS, n);
	int fds[2];

	if (!text || socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return;
	s.from = fds[0];
	s.to = fds[1];
	make_frames(&s);
	if (cbpf_expr_compile(text, NULL, &libpcap, NULL) != CBPF_OK ||
	    !compile(text, false, CBPF_LINUX, &code, &report, &unused, &unused))
		return;
	for (int i = 0; i < runs; i++) {
		base[i] = cost_of(&s, &drop, 1);
		theirs[i] = cost_of(&s, libpcap.insns, libpcap.n);
		ours[i] = cost_of(&s, code.insns, code.n);
	}
	b = median(base, runs);
	t = median(theirs, runs) - b;
	o = median(ours, runs) - b;
	if (b == 0)
		printf("%6d hosts: no filter can be attached here\n", n);
	else
		printf("%6d hosts: libpcap %4zu instructions, %6.1f ns; ours "
		       "%4zu, %5.1f ns: %.1f times less (a bare packet: "
		       "%.0f ns)\n",
		       n, libpcap.n, t, code.n, o, t / o, b);
	cbpf_code_free(&libpcap);
	cbpf_code_free(&code);
	close(s.from);
	close(s.to);
	free(text);
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 9;
	cpu_set_t one;

	if (runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: optimize [RUNS [SVG]]\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int kind = HOSTS; kind < LISTS; kind++)
		for (size_t i = 0; i < SIZES; i++)
			grown[kind][i] = time_list((enum list)kind, sizes[i],
						   false, CBPF_LIBPCAP, runs);
	if (argc > 2)
		draw(argv[2]);
	time_list(HOSTS, 1000, false, CBPF_LINUX, runs);
	time_list(HOSTS, 1000, true, CBPF_LINUX, runs);
	time_list(NEIGHBOURS, 1000, false, CBPF_LINUX, runs);
	time_ordinary("tcp port 80", runs);
	time_ordinary("tcp port 80 and not host 192.0.2.1", runs);
	time_ordinary("port 53 or icmp", runs);
	time_ordinary("ip host 192.0.2.1 and tcp[13] & 2 != 0", runs);
	time_kernel(10, runs);
	time_kernel(100, runs);
	return 0;
}
