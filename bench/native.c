/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native code beside its peers, nanoseconds a packet: libpcap's bpf_filter(),
 * the program as C (cbpf translate) through gcc -O3 and clang -O3, and ours.
 *
 *	native [DIRECTORY]
 *
 * DIRECTORY is for what is compiled (default /tmp). Unpredictable: 12,000
 * packets cut to 64 bytes, looped. All but libpcap are called through the same
 * kind of pointer. Interleaved, on one processor, medians of SAMPLES of at
 * least SAMPLE_NS each; programs are libpcap's own for Ethernet.
 */
#include <dlfcn.h>
#include <math.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "cbpf/expr.h"
#include "packets.h"

#define SAMPLES	  9
#define SAMPLE_NS 2e7

static volatile uint32_t sink;

/* ---- subjects ----------------------------------------------------------- */

enum { LIBPCAP, GCC, CLANG, THREADED, JIT, BATCH8, BATCH16, SUBJECTS };

static const char *const names[SUBJECTS] = { "libpcap",	 "gcc -O3", "clang -O3",
					     "threaded", "jit",	    "batch 8",
					     "batch 16" };

struct subject {
	cbpf_jit_fn *run;
	struct cbpf_jit *batch;
	struct cbpf_threaded *threaded;
	double ns[SAMPLES];
};

static struct cbpf_packet batch[PACKETS];
static uint32_t verdicts[PACKETS];

static void run_all(const struct subject *s, struct bpf_insn *insns)
{
	uint32_t sum = 0;

	if (s->batch) {
		cbpf_jit_run_batch(s->batch, batch, PACKETS, verdicts);
		sum = verdicts[PACKETS / 2];
	} else if (s->threaded) {
		for (int i = 0; i < PACKETS; i++)
			sum += cbpf_threaded_run(s->threaded, &batch[i]);
	} else if (s->run)
		for (int i = 0; i < PACKETS; i++)
			sum += s->run(packets[i], BYTES, BYTES, NULL);
	else
		for (int i = 0; i < PACKETS; i++)
			sum += bpf_filter(insns, packets[i], BYTES, BYTES);
	sink = sum;
}

static double sample(const struct subject *s, struct bpf_insn *insns)
{
	double start = now(), end;
	unsigned rounds = 0;

	do {
		run_all(s, insns);
		rounds++;
		end = now();
	} while (end - start < SAMPLE_NS);
	return (end - start) / rounds / PACKETS;
}

/* The program as C, compiled and loaded; NULL: it could not be. */
static cbpf_jit_fn *compile(const struct cbpf_prog *prog, const char *cc,
			    const char *directory, int number)
{
	struct cbpf_translate_opts opts = { .size = sizeof(opts) };
	char path[512], object[512], *text;
	cbpf_jit_fn *run = NULL;
	void *library, *symbol;
	size_t len;
	FILE *file;
	pid_t child;
	int status;

	snprintf(path, sizeof(path), "%s/native%d.c", directory, number);
	file = fopen(path, "w");
	if (!file ||
	    cbpf_translate_c(prog, &opts, &text, &len, NULL) != CBPF_OK)
		return NULL;
	fwrite(text, 1, len, file);
	fclose(file);
	cbpf_text_free(text, len, NULL);
	snprintf(object, sizeof(object), "%s/native%d.%s.so", directory, number,
		 cc);
	child = fork();
	if (child == 0) {
		execlp(cc, cc, "-O3", "-fPIC", "-shared", "-o", object, path,
		       (char *)NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		return NULL;
	library = dlopen(object, RTLD_NOW);
	symbol = library ? dlsym(library, "filter") : NULL;
	memcpy(&run, &symbol, sizeof(run));
	return run;
}

/* ---- filters ------------------------------------------------------------ */

static const char flags[] = "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and not "
			    "src and dst net 10.0.0.0/8";

static const char *const filters[] = {
	"ip",
	"tcp port 80",
	"udp port 53 and host 192.0.2.1",
	flags,
	"ip6 and tcp dst port 443",
	"vlan and tcp port 80",
	"portrange 1000-2000 and not icmp",
};

#define FILTERS ((int)(sizeof(filters) / sizeof(filters[0])))

/* Fields that are beside each other, and are compared at once. */
static const char *const rows[] = {
	"ip src 10.0.0.1 and dst 10.0.0.2",
	"src net 10.0.0.0/31 and dst net 10.0.0.2/31",
	"tcp src port 80 and dst port 443",
	"tcp dst port 443",
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

/* IPv4 of which each field that those filters ask is as they want it, by
 * itself, in so many of a hundred packets. */
static void put_fields(unsigned percent)
{
	static const struct {
		uint8_t at, yes, no;
	} fields[] = {
		{ 20, 0, 1 }, { 23, 6, 17 },  { 29, 1, 3 },
		{ 33, 2, 4 }, { 35, 80, 81 }, { 37, 0xbb, 0xbc },
	};
	static const uint8_t header[] = {
		[12] = 8, [14] = 0x45, [26] = 10, [30] = 10, [36] = 1, [63] = 0
	};

	for (int i = 0; i < PACKETS; i++) {
		memcpy(packets[i], header, sizeof(header));
		for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
			packets[i][fields[f].at] = next_random() % 100 < percent
							   ? fields[f].yes
							   : fields[f].no;
	}
}

static void measure(const char *text, const char *directory, int number,
		    double *medians)
{
	struct cbpf_prog_opts how = { .size = sizeof(how),
				      .dialect = CBPF_LIBPCAP };
	struct subject subjects[SUBJECTS] = { { NULL } };
	struct cbpf_code code;
	struct cbpf_prog *prog;
	struct cbpf_jit_opts opts = { .size = sizeof(opts) };
	struct cbpf_jit *jit;

	if (cbpf_expr_compile(text, NULL, &code, NULL) != CBPF_OK ||
	    cbpf_prog_new(code.insns, code.n, &how, &prog, NULL) != CBPF_OK ||
	    cbpf_jit_new(prog, NULL, &jit, NULL) != CBPF_OK) {
		printf("%s: not compiled\n", text);
		return;
	}
	subjects[GCC].run = compile(prog, "gcc", directory, number);
	subjects[CLANG].run = compile(prog, "clang", directory, number);
	subjects[JIT].run = cbpf_jit_entry(jit);
	cbpf_threaded_new(prog, NULL, &subjects[THREADED].threaded, NULL);
	for (int s = BATCH8; s <= BATCH16; s++) {
		opts.lanes = s == BATCH8 ? 8 : 16;
		cbpf_jit_new(prog, &opts, &subjects[s].batch, NULL);
	}
	for (int i = 0; i < PACKETS; i++)
		batch[i] = (struct cbpf_packet){ .data = packets[i],
						 .caplen = BYTES,
						 .wirelen = BYTES };
	for (int k = -1; k < SAMPLES; k++) {
		for (int s = 0; s < SUBJECTS; s++) {
			double ns = 0;

			if (s == LIBPCAP || subjects[s].run ||
			    subjects[s].batch || subjects[s].threaded)
				ns = sample(&subjects[s],
					    (struct bpf_insn *)code.insns);
			if (k >= 0) /* the first round warms up */
				subjects[s].ns[k] = ns;
		}
	}
	for (int s = 0; s < SUBJECTS; s++) {
		qsort(subjects[s].ns, SAMPLES, sizeof(double), compare);
		medians[s] = subjects[s].ns[SAMPLES / 2];
		printf(" %8.2f", medians[s]);
	}
	printf("  %s\n", text);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	cbpf_code_free(&code);
}

/* ---- lists -------------------------------------------------------------- */

#define MOST 100000

/* What one would write by hand for a list: addresses in a hash with open
 * addressing, at most a quarter full; ports in a bitmap. */
static uint32_t numbers[MOST], hash[1 << 19], hash_shift;
static uint64_t bitmap[65536 / 64];

static uint32_t slot_of(uint32_t v)
{
	return v * 0x9e3779b1u >> hash_shift;
}

static void fill_by_hand(int n, bool is_hosts)
{
	memset(hash, 0, sizeof(hash));
	memset(bitmap, 0, sizeof(bitmap));
	hash_shift = 32;
	for (int size = 1; size < 4 * n; size *= 2)
		hash_shift--;
	for (int i = 0; i < n; i++) {
		uint32_t at = slot_of(numbers[i]);
		uint32_t mask = (uint32_t)(((uint64_t)1 << 32) >> hash_shift);

		if (!is_hosts)
			bitmap[numbers[i] / 64] |= (uint64_t)1
						   << numbers[i] % 64;
		while (is_hosts && hash[at] && hash[at] != numbers[i])
			at = (at + 1) & (mask - 1);
		hash[at] = numbers[i];
	}
}

static bool is_host(const uint8_t *at)
{
	uint32_t mask = (uint32_t)(((uint64_t)1 << 32) >> hash_shift) - 1;
	uint32_t v, slot;

	memcpy(&v, at, sizeof(v));
	v = __builtin_bswap32(v);
	for (slot = slot_of(v); hash[slot]; slot = (slot + 1) & mask)
		if (hash[slot] == v)
			return true;
	return false;
}

static uint32_t hosts_by_hand(const uint8_t *p, uint32_t caplen,
			      uint32_t wirelen, const struct cbpf_ctx *ctx)
{
	uint16_t type;

	(void)wirelen;
	(void)ctx;
	if (caplen < 14)
		return 0;
	memcpy(&type, p + 12, sizeof(type));
	if (type == 0x0008) {
		if (caplen < 34)
			return 0;
		return is_host(p + 26) || is_host(p + 30) ? 262144 : 0;
	}
	if (type == 0x0608 || type == 0x3580) {
		if (caplen < 42)
			return 0;
		return is_host(p + 28) || is_host(p + 38) ? 262144 : 0;
	}
	return 0;
}

static bool is_port(const uint8_t *at)
{
	uint32_t v = (uint32_t)at[0] << 8 | at[1];

	return bitmap[v / 64] >> v % 64 & 1;
}

static uint32_t ports_by_hand(const uint8_t *p, uint32_t caplen,
			      uint32_t wirelen, const struct cbpf_ctx *ctx)
{
	uint16_t type;

	(void)wirelen;
	(void)ctx;
	if (caplen < 14)
		return 0;
	memcpy(&type, p + 12, sizeof(type));
	if (type == 0xdd86)
		return caplen >= 58 && p[20] == 6 && is_port(p + 56) ? 262144
								     : 0;
	if (type == 0x0008) {
		uint32_t at = 14 + 4 * (p[14] & 15u) + 2;

		return caplen >= 24 && p[23] == 6 && !((p[20] & 31) | p[21]) &&
				       at + 2 <= caplen && is_port(p + at)
			       ? 262144
			       : 0;
	}
	return 0;
}

/* So many of a hundred packets have a number of the list. */
static void put_hits(int n, bool is_hosts, unsigned percent)
{
	make_packets();
	for (int i = 0; i < PACKETS; i++) {
		uint32_t v = numbers[next_random() % (unsigned)n];
		uint8_t *p = packets[i];

		if (next_random() % 100 >= percent)
			continue;
		if (is_hosts && p[12] == 8 && p[13] == 0) {
			p += next_random() % 2 ? 26 : 30;
			p[0] = (uint8_t)(v >> 24);
			p[1] = (uint8_t)(v >> 16);
			p[2] = (uint8_t)(v >> 8);
			p[3] = (uint8_t)v;
		} else if (!is_hosts) {
			p += p[12] == 8 ? 36 : 56;
			p[0] = (uint8_t)(v >> 8);
			p[1] = (uint8_t)v;
		}
	}
}

/* The text of a list, of n different numbers. */
static char *write_list(int n, bool is_hosts)
{
	static char text[MOST * 40];
	static uint8_t is_taken[65536];
	char *at = text;

	memset(is_taken, 0, sizeof(is_taken));
	for (int i = 0; i < n; i++) {
		uint32_t r = next_random();

		if (is_hosts)
			r = (1 + (r >> 24 & 126)) << 24 | (r & 0xffffff);
		else
			for (r &= 65535; is_taken[r]; r = (r + 1) & 65535)
				;
		if (!is_hosts)
			is_taken[r] = 1;
		numbers[i] = r;
		at += is_hosts ? sprintf(at, "%shost %u.%u.%u.%u",
					 i ? " or " : "", r >> 24,
					 r >> 16 & 255, r >> 8 & 255, r & 255)
			       : sprintf(at, "%stcp dst port %u",
					 i ? " or " : "", r);
	}
	return text;
}

enum { BY_HAND, OURS, BATCH, OTHER_CLANG, OTHER_LIBPCAP, LISTED };

static double median_of(struct subject *s)
{
	qsort(s->ns, SAMPLES, sizeof(double), compare);
	return s->ns[SAMPLES / 2];
}

/* libpcap and clang walk the list one by one: few rounds of it are enough. */
static void measure_list(int n, bool is_hosts, const char *directory)
{
	struct cbpf_prog_opts how = { .size = sizeof(how),
				      .dialect = CBPF_LIBPCAP,
				      .has_any_length = true };
	struct cbpf_jit_opts wide = { .size = sizeof(wide), .lanes = 16 };
	struct subject subjects[LISTED] = { { NULL } };
	char *text = write_list(n, is_hosts);
	struct cbpf_code code;
	struct cbpf_prog *prog;
	struct cbpf_jit *jit;
	double made[SAMPLES];

	if (cbpf_expr_join(text, NULL, &code, NULL) != CBPF_OK)
		return;
	for (int k = 0; k < SAMPLES; k++) {
		double start = now();

		if (cbpf_prog_new(code.insns, code.n, &how, &prog, NULL) !=
			    CBPF_OK ||
		    cbpf_jit_new(prog, NULL, &jit, NULL) != CBPF_OK)
			return;
		made[k] = now() - start;
		if (k + 1 < SAMPLES) {
			cbpf_jit_free(jit);
			cbpf_prog_free(prog);
		}
	}
	qsort(made, SAMPLES, sizeof(double), compare);
	fill_by_hand(n, is_hosts);
	subjects[BY_HAND].run = is_hosts ? hosts_by_hand : ports_by_hand;
	subjects[OURS].run = cbpf_jit_entry(jit);
	cbpf_jit_new(prog, &wide, &subjects[BATCH].batch, NULL);
	if (n <= 1000)
		subjects[OTHER_CLANG].run =
			compile(prog, "clang", directory, 100 + is_hosts);
	for (unsigned percent = 1; percent <= 50; percent += 49) {
		put_hits(n, is_hosts, percent);
		for (int k = 0; k < SAMPLES; k++)
			for (int s = 0; s < LISTED; s++)
				if (s == OTHER_LIBPCAP
					    ? n <= 1000
					    : subjects[s].run ||
						      subjects[s].batch)
					subjects[s].ns[k] = sample(
						&subjects[s],
						(struct bpf_insn *)code.insns);
		printf("%6d %-13s %2u %% hits: by hand %6.2f, jit %6.2f (%.2f), "
		       "batch %u %6.2f, clang %.1f, libpcap %.0f; made in "
		       "%.2f ms\n",
		       n, is_hosts ? "hosts" : "tcp dst ports", percent,
		       median_of(&subjects[BY_HAND]),
		       median_of(&subjects[OURS]),
		       subjects[OURS].ns[SAMPLES / 2] /
			       subjects[BY_HAND].ns[SAMPLES / 2],
		       cbpf_jit_lanes(subjects[BATCH].batch),
		       median_of(&subjects[BATCH]),
		       median_of(&subjects[OTHER_CLANG]),
		       median_of(&subjects[OTHER_LIBPCAP]),
		       made[SAMPLES / 2] / 1e6);
	}
	cbpf_jit_free(subjects[BATCH].batch);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	cbpf_code_free(&code);
}

/* What making the code takes, all of it. */
static void time_making(const char *text, bool is_quick)
{
	struct cbpf_prog_opts how = { .size = sizeof(how),
				      .dialect = CBPF_LIBPCAP };
	struct cbpf_jit_opts opts = { .size = sizeof(opts),
				      .is_quick = is_quick };
	double us[SAMPLES];
	struct cbpf_code code;

	if (cbpf_expr_compile(text, NULL, &code, NULL) != CBPF_OK)
		return;
	for (int k = 0; k < SAMPLES; k++) {
		double start = now();

		for (int i = 0; i < 200; i++) {
			struct cbpf_prog *prog;
			struct cbpf_jit *jit;

			if (cbpf_prog_new(code.insns, code.n, &how, &prog,
					  NULL) != CBPF_OK)
				return;
			cbpf_jit_new(prog, &opts, &jit, NULL);
			cbpf_jit_free(jit);
			cbpf_prog_free(prog);
		}
		us[k] = (now() - start) / 200 / 1e3;
	}
	qsort(us, SAMPLES, sizeof(double), compare);
	printf("made in %.1f us%s: %s\n", us[SAMPLES / 2],
	       is_quick ? ", quick" : "", text);
	cbpf_code_free(&code);
}

int main(int argc, char **argv)
{
	const char *directory = argc > 1 ? argv[1] : "/tmp";
	double medians[FILTERS][SUBJECTS], product[SUBJECTS] = { 0 };
	double best = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	make_packets();
	for (int s = 0; s < SUBJECTS; s++)
		printf(" %8s", names[s]);
	printf("\n");
	for (int i = 0; i < FILTERS; i++) {
		double better;

		measure(filters[i], directory, i, medians[i]);
		for (int s = 0; s < SUBJECTS; s++)
			product[s] += log(medians[i][s]) / FILTERS;
		better = medians[i][GCC] < medians[i][CLANG]
				 ? medians[i][GCC]
				 : medians[i][CLANG];
		best += log(medians[i][JIT] / better) / FILTERS;
	}
	for (int s = 0; s < SUBJECTS; s++)
		printf(" %8.2f", exp(product[s]));
	printf("  geometric mean\njit / the better of gcc and clang: %.2f; "
	       "libpcap / jit: %.2f\n",
	       exp(best), exp(product[LIBPCAP] - product[JIT]));
	for (unsigned percent = 10; percent <= 90; percent += 40) {
		put_fields(percent);
		printf("fields as asked, each in %u %% of the packets:\n",
		       percent);
		for (int i = 0; i < ROWS; i++)
			measure(rows[i], directory, FILTERS + i, medians[0]);
	}
	for (int n = 10; n <= MOST; n *= 10) {
		measure_list(n, true, directory);
		if (n <= 1000)
			measure_list(n, false, directory);
	}
	time_making("tcp port 80", false);
	time_making("tcp port 80", true);
	return 0;
}
