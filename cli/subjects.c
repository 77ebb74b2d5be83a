/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machines that `cbpf bench` measures: this library's, libpcap's, the
 * program as C through the compilers that are here, and other programs
 * (--peer), which measure themselves:
 *
 *	$PROGRAM	a file, as tcpdump -ddd prints it
 *	$PACKETS	a file of records: two numbers of 32 bits, captured and
 *			wire length, low byte first, and the bytes
 *	$MS		milliseconds that a sample takes at least
 *	stdin		a line for each sample
 *	stdout		for each a line: nanoseconds a packet, and the sum of
 *			the verdicts modulo 2^32
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "talk.h"
#ifdef CBPF_HAVE_EXPR
#include "cbpf/expr.h"
#endif

#define PEER_MS 10000 /* it has so long, and ten samples' time, to answer */

struct peer {
	char *name, *command;
	char program[BENCH_PATH], packets[BENCH_PATH];
	struct talk talk;
};

/* ---- ours --------------------------------------------------------------- */

static void not_here(struct subject *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static uint32_t run_interp(struct subject *s, const struct bench_packets *p,
			   double *ns)
{
	uint32_t sum = 0;

	(void)ns;
	for (size_t i = 0; i < p->n; i++) {
		struct cbpf_result result;

		cbpf_run(s->program->prog, &p->list[i], &result);
		sum += result.value;
	}
	return sum;
}

static uint32_t run_threaded(struct subject *s, const struct bench_packets *p,
			     double *ns)
{
	uint32_t sum = 0;

	(void)ns;
	for (size_t i = 0; i < p->n; i++)
		sum += cbpf_threaded_run(s->threaded, &p->list[i]);
	return sum;
}

/* Through a pointer, as hot loops do, and as compiled C is. */
static uint32_t run_entry(struct subject *s, const struct bench_packets *p,
			  double *ns)
{
	cbpf_jit_fn *entry = s->entry;
	uint32_t sum = 0;

	(void)ns;
	for (size_t i = 0; i < p->n; i++)
		sum += entry(p->list[i].data, p->list[i].caplen,
			     p->list[i].wirelen, NULL);
	return sum;
}

static uint32_t run_batch(struct subject *s, const struct bench_packets *p,
			  double *ns)
{
	uint32_t verdicts[256], sum = 0;

	(void)ns;
	for (size_t i = 0; i < p->n; i += 256) {
		size_t n = p->n - i < 256 ? p->n - i : 256;

		cbpf_jit_run_batch(s->jit, p->list + i, n, verdicts);
		for (size_t k = 0; k < n; k++)
			sum += verdicts[k];
	}
	return sum;
}

/* What no machine does without: a look at the type and at the protocol. */
static uint32_t run_floor(struct subject *s, const struct bench_packets *p,
			  double *ns)
{
	uint32_t sum = 0;

	(void)s;
	(void)ns;
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].caplen >= 24)
			sum += p->list[i].data[12] ^ p->list[i].data[23];
	return sum;
}

#ifdef CBPF_HAVE_EXPR
static uint32_t run_libpcap(struct subject *s, const struct bench_packets *p,
			    double *ns)
{
	const struct cbpf_insn *insns = s->program->code->insns;
	uint32_t sum = 0;

	(void)ns;
	for (size_t i = 0; i < p->n; i++)
		sum += cbpf_libpcap_run(insns, &p->list[i]);
	return sum;
}
#endif

/* The program, verified, as every machine of ours begins. */
static struct cbpf_prog *verify(const struct bench_program *program)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect =
					       cbpf_prog_dialect(program->prog),
				       .has_any_length = true };
	struct cbpf_prog *prog;

	return cbpf_prog_new(program->code->insns, program->code->n, &opts,
			     &prog, NULL) == CBPF_OK
		       ? prog
		       : NULL;
}

static bool load_interp(const struct subject *s)
{
	struct cbpf_prog *prog = verify(s->program);

	cbpf_prog_free(prog);
	return prog;
}

static bool load_threaded(const struct subject *s)
{
	struct cbpf_prog *prog = verify(s->program);
	struct cbpf_threaded *threaded = NULL;

	if (prog)
		cbpf_threaded_new(prog, NULL, &threaded, NULL);
	cbpf_threaded_free(threaded);
	cbpf_prog_free(prog);
	return threaded;
}

static bool load_jit(const struct subject *s)
{
	struct cbpf_prog *prog = verify(s->program);
	struct cbpf_jit *jit = NULL;

	if (prog)
		cbpf_jit_new(prog, &s->how, &jit, NULL);
	cbpf_jit_free(jit);
	cbpf_prog_free(prog);
	return jit;
}

/* Native code, for one packet or for many. */
static void make_jit(struct subject *s)
{
	struct cbpf_diag diag;
	char text[320];

	if (cbpf_jit_new(s->program->prog, &s->how, &s->jit, &diag) !=
		    CBPF_OK ||
	    !cbpf_jit_entry(s->jit)) {
		snprintf(s->why, sizeof(s->why), "%s",
			 sentence_of(&diag, text, sizeof(text)));
		return;
	}
	s->entry = cbpf_jit_entry(s->jit);
	if (s->how.lanes > 0)
		snprintf(s->note, sizeof(s->note),
			 cbpf_jit_lanes(s->jit) > 1
				 ? "%u packets at once"
				 : "one by one: wide code would be slower",
			 cbpf_jit_lanes(s->jit));
	else if (!cbpf_jit_is_native(s->jit))
		snprintf(s->note, sizeof(s->note),
			 "the interpreter, behind an entry");
}

/* ---- compilers ---------------------------------------------------------- */

/* argv[0], which puts what it needs into the directory; false: it ended with an
 * error, or is not here. */
static bool run_command(char *const argv[], const struct bench_program *program)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, program->group);
		setenv("TMPDIR", program->directory, 1);
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		execvp(argv[0], argv);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void compile_c(struct subject *s, const char *compiler)
{
	struct cbpf_translate_opts opts = { .size = sizeof(opts) };
	char source[BENCH_PATH], object[BENCH_PATH], name[16];
	char *argv[] = { name,
			 (char[]){ "-O3" },
			 (char[]){ "-shared" },
			 (char[]){ "-fPIC" },
			 (char[]){ "-o" },
			 object,
			 source,
			 NULL };
	void *symbol;
	char *text;
	size_t len;
	int status;

	snprintf(name, sizeof(name), "%s", compiler);
	snprintf(source, sizeof(source), "%s/filter.c", s->program->directory);
	snprintf(object, sizeof(object), "%s/%s.so", s->program->directory,
		 compiler);
	if (cbpf_translate_c(s->program->prog, &opts, &text, &len, NULL) !=
	    CBPF_OK) {
		not_here(s, "the program cannot be said in C");
		return;
	}
	status = write_out(source, text, len);
	cbpf_text_free(text, len, NULL);
	if (status != EXIT_YES || !run_command(argv, s->program)) {
		not_here(s, "it is not installed, or fails");
		return;
	}
	s->library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
	symbol = s->library ? dlsym(s->library, "filter") : NULL;
	if (symbol)
		memcpy(&s->entry, &symbol, sizeof(symbol));
	else
		not_here(s, "what it made cannot be loaded");
}

/* ---- other programs ----------------------------------------------------- */

static bool start_peer(const struct subject *s)
{
	struct peer *peer = s->peer;
	char ms[16];
	const char *const env[] = { "PROGRAM",	   peer->program, "PACKETS",
				    peer->packets, "MS",	  ms,
				    NULL };

	snprintf(ms, sizeof(ms), "%u", s->program->ms);
	return talk_start(&peer->talk, peer->command, env);
}

/* "NS SUM", a number above 0 and one of 32 bits, and nothing else. */
static bool is_answer(const char *line, double *ns, uint32_t *sum)
{
	char *end, *behind;
	unsigned long long number;

	*ns = strtod(line, &end);
	if (end == line || *end != ' ' || !isfinite(*ns) || !(*ns > 0) ||
	    !isdigit((unsigned char)end[1]))
		return false;
	errno = 0;
	number = strtoull(end + 1, &behind, 10);
	*sum = (uint32_t)number;
	return errno == 0 && number <= UINT32_MAX && !*behind;
}

static uint32_t run_peer(struct subject *s, const struct bench_packets *packets,
			 double *ns)
{
	char line[TALK_BYTES];
	int ms = PEER_MS + 10 * (int)s->program->ms;
	uint32_t sum;

	(void)packets;
	switch (talk_ask(&s->peer->talk, "\n", line, sizeof(line), ms)) {
	case DIED:
		not_here(s, "it ends without an answer");
		return 0;
	case SILENT:
		snprintf(s->why, sizeof(s->why),
			 "it does not answer within %d seconds", ms / 1000);
		return 0;
	default:
		break;
	}
	if (is_answer(line, ns, &sum))
		return sum;
	snprintf(s->why, sizeof(s->why), "%.80s is no answer", line);
	talk_end(&s->peer->talk);
	return 0;
}

static bool write_packets(const char *path, const struct bench_packets *packets)
{
	FILE *file = fopen(path, "wb");

	if (!file)
		return false;
	for (size_t i = 0; i < packets->n; i++) {
		const struct cbpf_packet *p = &packets->list[i];
		uint8_t head[8];

		for (unsigned b = 0; b < 4; b++) {
			head[b] = (uint8_t)(p->caplen >> 8 * b);
			head[4 + b] = (uint8_t)(p->wirelen >> 8 * b);
		}
		fwrite(head, sizeof(head), 1, file);
		fwrite(p->data, p->caplen, 1, file);
	}
	return fclose(file) == 0;
}

bool subjects_show(struct subject *subjects, size_t n,
		   const struct bench_packets *packets)
{
	bool is_written = false;

	for (size_t i = 0; i < n; i++) {
		struct peer *peer = subjects[i].peer;

		if (!peer || subjects[i].why[0])
			continue;
		talk_end(&peer->talk);
		if (!is_written && !write_packets(peer->packets, packets))
			return false;
		is_written = true;
		if (!start_peer(&subjects[i]))
			not_here(&subjects[i], "it cannot be started");
	}
	return true;
}

static bool make_peer(struct subject *s, const char *named)
{
	const char *at = strchr(named, '=');
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return false;
	s->peer = peer;
	peer->name = strndup(named, (size_t)(at - named));
	peer->command = strdup(at + 1);
	snprintf(peer->program, sizeof(peer->program), "%s/program",
		 s->program->directory);
	snprintf(peer->packets, sizeof(peer->packets), "%s/packets",
		 s->program->directory);
	s->name = peer->name;
	s->run = run_peer;
	return peer->name && peer->command &&
	       form_write(s->program->code, CBPF_FORMAT_DDD, peer->program) ==
		       EXIT_YES;
}

/* ---- all of them -------------------------------------------------------- */

static struct subject *add(struct subject *subjects, size_t *n,
			   const struct bench_program *program,
			   const char *name)
{
	struct subject *s = &subjects[(*n)++];

	*s = (struct subject){ .name = name, .program = program };
	return s;
}

static size_t make_own(struct subject *subjects,
		       const struct bench_program *program)
{
	static const struct {
		const char *name;
		uint32_t lanes;
		bool is_quick;
	} natives[] = {
		{ "jit quick", 0, true },
		{ "jit", 0, false },
		{ "jit-x8", 8, false },
		{ "jit-x16", 16, false },
	};
	size_t n = 0;
	struct subject *s = add(subjects, &n, program, "interp");

	s->run = run_interp;
	s->load = load_interp;
	s = add(subjects, &n, program, "threaded");
	s->run = run_threaded;
	s->load = load_threaded;
	if (cbpf_threaded_new(program->prog, NULL, &s->threaded, NULL) !=
	    CBPF_OK)
		not_here(s, "out of memory");
	for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++) {
		s = add(subjects, &n, program, natives[i].name);
		s->run = natives[i].lanes ? run_batch : run_entry;
		s->load = load_jit;
		s->how =
			(struct cbpf_jit_opts){ .size = sizeof(s->how),
						.is_quick = natives[i].is_quick,
						.lanes = natives[i].lanes };
		make_jit(s);
	}
	return n;
}

size_t subjects_make(struct subject *subjects,
		     const struct bench_program *program, char **peers,
		     size_t n_peers)
{
	static const char *const compilers[] = { "gcc", "clang" };
	static const char *const names[] = { "C, gcc -O3", "C, clang -O3" };
	size_t n = make_own(subjects, program);
	struct subject *s = add(subjects, &n, program, "(two loads)");

	s->run = run_floor;
	s->is_peer = s->is_none = true;

#ifdef CBPF_HAVE_EXPR
	if (cbpf_prog_dialect(program->prog) == CBPF_LIBPCAP) {
		s = add(subjects, &n, program, "libpcap");
		s->run = run_libpcap;
		s->is_peer = true;
		if (cbpf_prog_traits(program->prog).reads_unset_mem)
			not_here(s, "the program reads M[] unset, which "
				    "libpcap before 1.11 leaves as it was");
	}
#endif
	for (unsigned i = 0; i < 2; i++) {
		s = add(subjects, &n, program, names[i]);
		s->run = run_entry;
		s->is_peer = true;
		compile_c(s, compilers[i]);
	}
	for (size_t i = 0; i < n_peers; i++) {
		s = add(subjects, &n, program, peers[i]);
		s->is_peer = true;
		if (!make_peer(s, peers[i]))
			not_here(s, "it cannot be started");
	}
	return n;
}

void subjects_free(struct subject *subjects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct subject *s = &subjects[i];

		cbpf_jit_free(s->jit);
		cbpf_threaded_free(s->threaded);
		if (s->library)
			dlclose(s->library);
		if (!s->peer)
			continue;
		talk_end(&s->peer->talk);
		free(s->peer->name);
		free(s->peer->command);
		free(s->peer);
	}
}
