/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a seccomp filter costs: libseccomp's for a list of allowed system calls,
 * its own binary tree (SCMP_FLTATR_CTL_OPTIMIZE 2), and what cbpf_optimize()
 * makes of the first.
 *
 *	seccomp [RUNS]
 *
 * 400 numbers are allowed, about three of four; of CALLS the first argument is
 * tested, so that the kernel cannot answer them from its bitmap of calls that a
 * filter always allows (kernel/seccomp.c, seccomp_cache_check_allow). Counted:
 * instructions executed, over all that are allowed, and over those. Timed: the
 * calls themselves, which fail at once, in a child that has the filter; what
 * they take without one is taken off. The four are interleaved, RUNS times
 * (default 9) on one processor; medians.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cbpf/cbpf.h"

#define LISTED	 400
#define RUNS_MAX 101
#define TIMES	 20000

/* Calls that fail at once with these arguments; the first one is allowed. */
static const struct call {
	const char *name;
	long nr;
	long args[3];
} calls[] = {
	{ "close", SYS_close, { -1, 0, 0 } },
	{ "flock", SYS_flock, { -1, 0, 0 } },
	{ "fadvise64", SYS_fadvise64, { -1, 0, 0 } },
	{ "syncfs", SYS_syncfs, { -1, 0, 0 } },
	{ "close_range", SYS_close_range, { 9, 5, 0 } },
};

#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

enum { NO_FILTER, BY_DEFAULT, BY_TREE, OURS, FILTERS };

static const char *const names[FILTERS] = { "none", "libseccomp",
					    "libseccomp's tree", "ours" };

/* ---- filters ------------------------------------------------------------ */

static bool is_tested(int nr)
{
	for (int i = 0; i < CALLS; i++)
		if (calls[i].nr == nr)
			return true;
	return false;
}

/* Allows LISTED numbers, about three of four, and all of calls[]; ENOSYS else. */
static bool add_rules(scmp_filter_ctx ctx, int *listed)
{
	int n = CALLS;

	for (int i = 0; i < CALLS; i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, (int)calls[i].nr, 1,
				     SCMP_A0(SCMP_CMP_EQ,
					     (scmp_datum_t)calls[i].args[0])))
			return false;
	for (int nr = 0; n < LISTED; nr++)
		if (nr * 2654435761u >> 30 && !is_tested(nr) &&
		    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0) == 0)
			listed[n++] = nr;
	return true;
}

/* libseccomp's program; false: it gave none. */
static bool make_filter(int optimize, int *listed, struct cbpf_code *code)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int file = memfd_create("filter", 0);
	bool is_made = false;
	char *text;
	off_t size;

	if (!ctx || file < 0)
		return false;
	if (optimize)
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (add_rules(ctx, listed) && seccomp_export_bpf(ctx, file) == 0) {
		size = lseek(file, 0, SEEK_END);
		text = malloc((size_t)size);
		is_made = text && pread(file, text, (size_t)size, 0) == size &&
			  cbpf_text_read(CBPF_FORMAT_RAW, text, (size_t)size,
					 NULL, code, NULL) == CBPF_OK;
		free(text);
	}
	seccomp_release(ctx);
	close(file);
	return is_made;
}

/* ---- counted ------------------------------------------------------------ */

static uint64_t count_call(const struct cbpf_prog *prog, int nr, long argument)
{
	uint8_t data[64] = { 0 };
	const struct cbpf_packet packet = { .data = data, .caplen = 64 };
	struct cbpf_result result;
	uint32_t arch = seccomp_arch_native();

	memcpy(data + CBPF_DATA_NR, &nr, sizeof(nr));
	memcpy(data + CBPF_DATA_ARCH, &arch, sizeof(arch));
	memcpy(data + CBPF_DATA_ARGS, &argument, sizeof(argument));
	cbpf_run(prog, &packet, &result);
	if (result.value != SCMP_ACT_ALLOW)
		printf("call %d is not allowed\n", nr);
	return result.steps;
}

static void count(const char *name, const struct cbpf_code *code,
		  const int *listed)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_SECCOMP };
	struct cbpf_prog *prog;
	uint64_t all = 0, tested = 0, most = 0;

	if (cbpf_prog_new(code->insns, code->n, &opts, &prog, NULL) != CBPF_OK)
		return;
	for (int i = 0; i < CALLS; i++) {
		uint64_t n =
			count_call(prog, (int)calls[i].nr, calls[i].args[0]);

		tested += n;
		most = n > most ? n : most;
	}
	all = tested;
	for (int i = CALLS; i < LISTED; i++) {
		uint64_t n = count_call(prog, listed[i], 0);

		all += n;
		most = n > most ? n : most;
	}
	printf("%-18s %4zu instructions; executed: mean of %d calls %6.1f, "
	       "most %3llu; mean of those whose argument is tested %6.1f\n",
	       name, code->n, LISTED, (double)all / LISTED,
	       (unsigned long long)most, (double)tested / CALLS);
	cbpf_prog_free(prog);
}

/* ---- timed -------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* In the child: nanoseconds a call. */
static void time_calls(double *ns)
{
	for (int i = 0; i < CALLS; i++) {
		const struct call *c = &calls[i];
		double start = now();

		for (int k = 0; k < TIMES; k++)
			syscall(c->nr, c->args[0], c->args[1], c->args[2]);
		ns[i] = (now() - start) / TIMES;
	}
}

static bool time_filter(const struct cbpf_code *code, double *ns)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (code->n > 0 &&
		    cbpf_attach_seccomp(code->insns, code->n,
					CBPF_SECCOMP_NO_NEW_PRIVS,
					NULL) != CBPF_OK)
			_exit(1);
		time_calls(ns);
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void time_all(const struct cbpf_code *codes, int runs)
{
	static double ns[FILTERS][CALLS][RUNS_MAX];
	double *made = mmap(NULL, CALLS * sizeof(*made), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (made == MAP_FAILED)
		return;
	for (int run = 0; run < runs; run++) {
		for (int f = 0; f < FILTERS; f++) {
			if (!time_filter(&codes[f], made)) {
				printf("no filter can be installed here\n");
				return;
			}
			for (int i = 0; i < CALLS; i++)
				ns[f][i][run] = made[i];
		}
	}
	for (int i = 0; i < CALLS; i++) {
		printf("%-12s", calls[i].name);
		for (int f = 0; f < FILTERS; f++) {
			qsort(ns[f][i], (size_t)runs, sizeof(double), compare);
			if (f == NO_FILTER)
				printf(" %5.0f ns without;",
				       ns[f][i][runs / 2]);
			else
				printf(" %s %+6.0f;", names[f],
				       ns[f][i][runs / 2] -
					       ns[NO_FILTER][i][runs / 2]);
		}
		printf("\n");
	}
	munmap(made, CALLS * sizeof(*made));
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 9;
	struct cbpf_optimize_opts opts = { .size = sizeof(opts),
					   .dialect = CBPF_SECCOMP };
	struct cbpf_code codes[FILTERS] = { 0 };
	int listed[LISTED];
	cpu_set_t one;

	if (runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: seccomp [RUNS]\n");
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	if (!make_filter(0, listed, &codes[BY_DEFAULT]) ||
	    !make_filter(1, listed, &codes[BY_TREE]) ||
	    cbpf_optimize(codes[BY_DEFAULT].insns, codes[BY_DEFAULT].n, &opts,
			  &codes[OURS], NULL, NULL) != CBPF_OK) {
		fprintf(stderr, "no filter was made\n");
		return 1;
	}
	for (int f = BY_DEFAULT; f < FILTERS; f++)
		count(names[f], &codes[f], listed);
	time_all(codes, runs);
	for (int f = 0; f < FILTERS; f++)
		cbpf_code_free(&codes[f]);
	return 0;
}
