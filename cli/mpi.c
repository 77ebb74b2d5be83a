/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cbpf-mpi: count and filter by many processes, on one machine or on many, that
 * read the same files. Rank 0 says what came of it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan/cluster.h"
#include "scan_job.h"

/* ---- what the job is ---------------------------------------------------- */

/* All that is asked of the packets, but for programs, which the library adds,
 * and files; free() it. NULL: no memory. */
static char *words_of(const struct job *j)
{
	char *words = NULL;
	size_t size;
	FILE *to = open_memstream(&words, &size);

	if (!to)
		return NULL;
	fprintf(to, "%s%s%s", j->verb, j->opts.is_inverted ? " --invert" : "",
		j->opts.on_lost ? " --keep-going" : "");
	fprintf(to, " --dialect %s", cbpf_dialect_name(j->opts.dialect));
	if (j->opts.from_ns || j->opts.to_ns)
		fprintf(to, " from %" PRIu64 " to %" PRIu64, j->opts.from_ns,
			j->opts.to_ns);
	for (size_t i = 0; i < j->n; i++)
		fprintf(to, "\n%s", source_name(&j->filters[i].source));
	if (fclose(to) == 0)
		return words;
	free(words);
	return NULL;
}

/* ---- what came of it ---------------------------------------------------- */

/* Files, in order, and what is wrong with them. */
static void print_files(struct job *j, const struct cluster *c,
			struct cbpf_scan_count *seen, bool *is_unread)
{
	for (size_t i = 0; i < cluster_files(c); i++) {
		struct cluster_file file;

		cluster_file(c, i, &file);
		seen->packets += file.seen.packets;
		seen->bytes += file.seen.bytes;
		j->has_trouble |=
			file.n_lost > 0 || file.failed.code != CBPF_OK;
		*is_unread |= file.failed.code == CBPF_E_SYSTEM;
		if (j->rank != 0)
			continue;
		if (file.is_open)
			for (size_t k = 0; k < j->n; k++)
				job_print(j, file.path, &j->filters[k],
					  cluster_hit(c, i, k), file.seen);
		if (file.n_lost > 0)
			say_trouble("%s: %" PRIu64 " bytes are passed over, in "
				    "%" PRIu64 " places",
				    file.path, file.lost, file.n_lost);
		if (file.failed.code != CBPF_OK)
			say_diag(file.path, &file.failed);
	}
}

/* A share of the outputs, or all of them. */
static int write_own(struct job *j, const struct cluster *c)
{
	int status = job_open_outputs(j, false);

	for (size_t i = 0; i < j->n && status == EXIT_YES; i++) {
		struct cbpf_diag diag;

		if (cluster_write(c, i, j->is_merged, j->filters[i].writer,
				  &diag) == CBPF_OK)
			continue;
		status = EXIT_TROUBLE;
		if (!job_is_stopped())
			say_diag(j->filters[i].path, &diag);
	}
	return status;
}

/* All get their names, or none: shares of two jobs are not to lie side by side. */
static int write_outputs(struct job *j, const struct cluster *c)
{
	bool is_own = !j->is_merged || j->rank == 0, is_whole, may_replace;
	struct cbpf_diag diag;
	int status = EXIT_YES;

	if (j->is_merged)
		j->how.format = CBPF_CAPTURE_PCAP;
	if (j->rank == 0 && cluster_writes(c, &diag) != CBPF_OK)
		status = say_diag("journal", &diag);
	is_whole = cluster_agree(status == EXIT_YES);
	if (is_whole && is_own) {
		if (cluster_was_writing(c))
			job_drop_partials(j);
		status = write_own(j, c);
	}
	is_whole = cluster_agree(status == EXIT_YES);
	may_replace = cluster_agree(!is_own || !job_keeps_old(j));
	if (is_own &&
	    job_finish_outputs(j, is_whole && may_replace) != EXIT_YES)
		status = EXIT_TROUBLE;
	return is_whole ? status : EXIT_TROUBLE;
}

static int say_stopped(const char *journal)
{
	return say_trouble("stopped; the same command goes on where it was "
			   "(%s)",
			   journal);
}

static int finish(struct job *j, const struct cluster *c, const char *journal)
{
	struct cbpf_scan_count hits[FILTERS_MAX], seen = { 0, 0 };
	bool is_unread = false, is_written;

	print_files(j, c, &seen, &is_unread);
	j->n_opened = cluster_files(c);
	is_written = !j->is_filter || write_outputs(j, c) == EXIT_YES;
	/* the journal is there until all is safe */
	if (!cluster_agree(is_written))
		return job_is_stopped() && j->rank == 0 ? say_stopped(journal)
							: EXIT_TROUBLE;
	for (size_t i = 0; i < j->n; i++)
		hits[i] = cluster_hit(c, CLUSTER_ALL, i);
	if (j->rank != 0)
		return EXIT_YES;
	if (is_unread)
		say_trouble("%s has what was done: the same command tries the "
			    "rest again",
			    journal);
	else
		cluster_forget(c);
	return job_sum_up(j, cluster_files(c), hits, seen);
}

/* ---- the job ------------------------------------------------------------ */

/* Why it ended before its end; said by whoever knows. */
static int explain(const struct job *j, const char *journal,
		   const struct cbpf_diag *diag)
{
	if (job_is_said(j))
		return EXIT_TROUBLE;
	if (diag->code == CBPF_E_ARGUMENT && j->rank == 0)
		return say_trouble("%s: %s; remove it, or give --journal "
				   "another",
				   journal,
				   *diag->word ? diag->word
					       : "the name is too long");
	if (diag->code != CBPF_E_UNAVAILABLE)
		return say_diag(journal, diag);
	if (job_is_stopped() && j->rank == 0)
		return say_stopped(journal);
	return EXIT_TROUBLE;
}

/* What only one process can do. */
static int check(const struct job *j, char **paths, size_t n)
{
	const struct scanned *f = &j->filters[0];

	for (size_t i = 0; i < n; i++)
		if (strcmp(paths[i], "-") == 0)
			return say_usage(j->verb, "stdin is of one process: "
						  "files, or directories");
	if (f->source.path && strcmp(f->source.path, "-") == 0)
		return say_usage(j->verb, "stdin is of one process, and no "
					  "program");
	if (j->is_merged && j->how.format == CBPF_CAPTURE_PCAPNG)
		return say_usage(j->verb, "--merge writes pcap");
	return j->is_filter && j->rank == 0
		       ? job_check_outputs(j, cluster_size())
		       : EXIT_YES;
}

/* Standard error of ranks that would say what rank 0 says. */
static int own_stderr = -1;

static void mute(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null >= 0 && own_stderr >= 0)
		dup2(null, STDERR_FILENO);
	if (null >= 0)
		close(null);
}

static void unmute(void)
{
	if (own_stderr < 0)
		return;
	dup2(own_stderr, STDERR_FILENO);
	close(own_stderr);
	own_stderr = -1;
}

static bool has_begun; /* all have come to scan_all(), or one never will */

static int scan_all(struct job *j, char **paths, size_t n)
{
	char name[64], *words = words_of(j);
	struct cluster_opts opts = { .size = sizeof(opts),
				     .unit = j->unit,
				     .journal = j->journal,
				     .words = words,
				     .keeps_hits = j->is_filter };
	int status = words ? check(j, paths, n) : say_trouble("out of memory");
	struct cluster *cluster;
	struct cbpf_diag diag;

	has_begun = true;
	unmute();
	if (!cluster_agree(status == EXIT_YES)) {
		free(words);
		return EXIT_TROUBLE;
	}
	if (!opts.journal) {
		cluster_name(words, (const char *const *)paths, n, name,
			     sizeof(name));
		opts.journal = name;
	}
	if (cluster_scan(j->scan, (const char *const *)paths, n, &opts,
			 &cluster, &diag) == CBPF_OK) {
		status = finish(j, cluster, opts.journal);
		cluster_free(cluster);
	} else {
		status = explain(j, opts.journal, &diag);
	}
	free(words);
	return status;
}

/* ---- the tool ----------------------------------------------------------- */

static int print_usage(FILE *to)
{
	fputs("usage: mpirun [...] cbpf-mpi count|filter [OPTIONS] [PROGRAM] "
	      "CAPTURES...\n\n"
	      "count and filter of cbpf, by all processes that mpirun starts; "
	      "captures are files\n"
	      "that all of them can read, or directories of those. `cbpf-mpi "
	      "VERB --help` lists\n"
	      "the options of a verb, cbpf(1) says more.\n",
	      to);
	return to == stdout ? EXIT_YES : EXIT_TROUBLE;
}

static int run(int argc, char **argv)
{
	bool is_filter = argc > 1 && strcmp(argv[1], "filter") == 0;
	struct job j = { .verb = is_filter ? "filter" : "count",
			 .is_filter = is_filter,
			 .is_many = true,
			 .rank = cluster_rank(),
			 .scan_all = scan_all };

	/* what all would say, one says */
	if (j.rank != 0 && !freopen("/dev/null", "w", stdout))
		return EXIT_TROUBLE;
	if (argc < 2 || strcmp(argv[1], "--help") == 0)
		return print_usage(argc < 2 ? stderr : stdout);
	if (!is_filter && strcmp(argv[1], "count") != 0)
		return say_trouble("cbpf-mpi has count and filter, and no %s",
				   argv[1]);
	return job_run(&j, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct cbpf_diag diag;
	int status;

	if (cluster_start(&argc, &argv, &diag) != CBPF_OK)
		return say_trouble("MPI does not start");
	say_usage_of("cbpf-mpi");
	if (cluster_rank() != 0)
		mute();
	status = run(argc, argv);
	/* the others are not to wait for one that has not come so far */
	if (!has_begun && !cluster_agree(status == EXIT_YES))
		status = EXIT_TROUBLE;
	unmute();
	if (fflush(stdout) != 0 && status != EXIT_TROUBLE)
		status = say_trouble("stdout: it cannot be written");
	cluster_stop();
	return status;
}
