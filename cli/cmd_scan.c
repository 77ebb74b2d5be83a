/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf count: how many packets of captures match, file by file; cbpf filter:
 * those packets, written. By one process.
 */
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scan_job.h"

#define HEADER 24 /* bytes of pcap's; pcapng has more to begin with */

/* ---- the time it takes -------------------------------------------------- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* cbpf_scan's: on a terminal, twice a second, over what was said before. */
static void on_progress(void *ctx, uint64_t offset)
{
	struct job *j = ctx;
	double now = seconds(), rate;

	if (now - j->told < 0.5)
		return;
	j->told = now;
	rate = (double)offset / (now - j->began);
	fprintf(stderr, "\r%s: %.1f MB", j->name, (double)offset * 1e-6);
	if (j->size > offset)
		fprintf(stderr, " of %.1f", (double)j->size * 1e-6);
	fprintf(stderr, ", %.0f MB/s", rate * 1e-6);
	if (j->size > offset)
		fprintf(stderr, ", %.0f s left",
			(double)(j->size - offset) / rate);
	fputs("\033[K", stderr);
}

static void start_clock(struct job *j, const char *path)
{
	struct stat st;

	j->began = j->told = seconds();
	j->size = strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
				  S_ISREG(st.st_mode)
			  ? (uint64_t)st.st_size
			  : 0;
}

static void stop_clock(struct job *j)
{
	if (j->told > j->began)
		fputs("\r\033[K", stderr);
}

/* What was found so far, for those who read it meanwhile. */
static void flush_outputs(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->filters[i].writer)
			cbpf_writer_flush(j->filters[i].writer, NULL);
}

static void sleep_some(void)
{
	static const struct timespec some = { 0, 100000000 };

	if (!job_is_stopped())
		nanosleep(&some, NULL);
}

/* cbpf_capture's. */
static bool goes_on(void *ctx, enum cbpf_capture_halt why)
{
	const struct job *j = ctx;

	if (why != CBPF_HALT_SIGNAL)
		flush_outputs(j);
	if (why == CBPF_HALT_END && j->is_followed)
		sleep_some();
	else if (why == CBPF_HALT_END)
		return false;
	return !job_is_stopped();
}

/* A file that grows is to have a header before it is opened. */
static void wait_for_header(const struct job *j, const char *path)
{
	struct stat st;

	while (j->is_followed && !job_is_stopped() && stat(path, &st) == 0 &&
	       S_ISREG(st.st_mode) && st.st_size < HEADER)
		sleep_some();
}

/* ---- scanning ----------------------------------------------------------- */

/* What the scan ended for: an input's end, however it is; else it is said. */
static int judge_end(struct job *j, const char *name, enum cbpf_err err,
		     const struct cbpf_diag *diag)
{
	struct cbpf_writer *failed = cbpf_scan_failed(j->scan);

	if (job_is_said(j))
		return EXIT_TROUBLE;
	/* a file that grows ends where it is */
	if (err == CBPF_OK ||
	    (j->is_followed && job_is_stopped() && err == CBPF_E_CAP_CUT))
		return EXIT_YES;
	if (failed)
		return say_diag(cbpf_writer_name(failed), diag);
	j->has_trouble = true;
	say_diag(name, diag);
	return EXIT_YES;
}

/* Whether standard output is the file, and goes there. */
static bool writes_onto(const struct job *j, const char *path)
{
	struct stat in, out;

	for (size_t i = 0; j->is_filter && i < j->n; i++)
		if (strcmp(j->filters[i].path, "-") == 0)
			return stat(path, &in) == 0 &&
			       fstat(STDOUT_FILENO, &out) == 0 &&
			       S_ISREG(out.st_mode) &&
			       in.st_dev == out.st_dev &&
			       in.st_ino == out.st_ino;
	return false;
}

static struct cbpf_scan_count less(struct cbpf_scan_count a,
				   struct cbpf_scan_count b)
{
	return (struct cbpf_scan_count){ a.packets - b.packets,
					 a.bytes - b.bytes };
}

/* One file, also where it is sound to some packet only; EXIT_TROUBLE ends the
 * job. */
static int scan_file(struct job *j, const char *path)
{
	const char *name = strcmp(path, "-") ? path : "<stdin>";
	struct cbpf_scan_count before[FILTERS_MAX] = { { 0, 0 } };
	struct cbpf_scan_count seen = cbpf_scan_seen(j->scan);
	struct cbpf_capture *capture;
	struct cbpf_diag diag = { 0 };
	enum cbpf_err err;

	wait_for_header(j, path);
	err = cbpf_capture_open(path, NULL, &capture, &diag);
	if (err != CBPF_OK) {
		j->has_trouble = true;
		say_diag(name, &diag);
		return EXIT_YES;
	}
	j->name = name;
	for (size_t i = 0; i < j->n; i++)
		before[i] = cbpf_scan_hit(j->scan, i);
	if (writes_onto(j, path)) {
		cbpf_capture_close(capture);
		return say_trouble("%s is read and written", name);
	}
	j->n_opened++;
	cbpf_capture_wait(capture, goes_on, j);
	start_clock(j, path);
	err = cbpf_scan_capture(
		j->scan, capture,
		strcmp(path, "-") == 0 || j->is_followed ? NULL : path, &diag);
	stop_clock(j);
	cbpf_capture_close(capture);
	for (size_t i = 0; i < j->n && !job_is_said(j); i++)
		job_print(j, name, &j->filters[i],
			  less(cbpf_scan_hit(j->scan, i), before[i]),
			  less(cbpf_scan_seen(j->scan), seen));
	if (job_is_stopped() && !j->is_followed && !job_is_said(j))
		return say_trouble("stopped in %s", name);
	return judge_end(j, name, err, &diag);
}

static int scan_all(struct job *j, char **paths, size_t n)
{
	struct cbpf_scan_count hits[FILTERS_MAX];
	int status = EXIT_YES;

	if (j->is_filter)
		status = job_open_outputs(j, true);
	for (size_t i = 0; i < n && status == EXIT_YES; i++)
		if (!cbpf_scan_is_full(j->scan))
			status = scan_file(j, paths[i]);
	if (job_finish_outputs(j, status == EXIT_YES) != EXIT_YES)
		status = EXIT_TROUBLE;
	if (status != EXIT_YES)
		return status;
	for (size_t i = 0; i < j->n; i++)
		hits[i] = cbpf_scan_hit(j->scan, i);
	return job_sum_up(j, n, hits, cbpf_scan_seen(j->scan));
}

/* ---- the verbs ---------------------------------------------------------- */

/* So many threads can run at once. */
static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 256 ? 256 : n > 1 ? (unsigned)n : 1;
}

static int run(const char *verb, bool is_filter, int argc, char **argv)
{
	const struct job j = { .verb = verb,
			       .is_filter = is_filter,
			       .opts = { .jobs = processors(),
					 .on_progress = isatty(STDERR_FILENO)
								? on_progress
								: NULL },
			       .scan_all = scan_all };

	return job_run(&j, argc, argv);
}

int cmd_count(int argc, char **argv)
{
	return run("count", false, argc, argv);
}

int cmd_filter(int argc, char **argv)
{
	return run("filter", true, argc, argv);
}
