/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-seccomp: that no judged call is executed, and that the
 * kernel refuses what the verifier refuses. TAP. Random programs over random
 * calls are cbpf fuzz's business.
 *
 *	calls [--require LIST]
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "oracles.h"

#if defined(__aarch64__)
#define ARCH_NATIVE 0xc00000b7u
#else
#define ARCH_NATIVE 0xc000003eu
#endif
#define INSNS	40
#define PACKETS 4

struct call {
	int32_t nr;
	uint32_t arch;
	uint64_t ip, args[6];
};
_Static_assert(sizeof(struct call) == 64, "struct seccomp_data");

static struct cbpf_packet packet_of(const struct call *call)
{
	return (struct cbpf_packet){ (const uint8_t *)call, sizeof(*call), 0,
				     NULL };
}

static struct cbpf_judge *new_judge(void)
{
	struct cbpf_engine_opts opts = { .size = sizeof(opts) };
	struct cbpf_judge *judge;

	return cbpf_judge_new(&cbpf_engine_linux_seccomp, CBPF_SECCOMP, &opts,
			      &judge) == CBPF_OK
		       ? judge
		       : NULL;
}

/* ---- nothing is executed ------------------------------------------------ */

static int read_ctrl_alt_del(void)
{
	char byte = '?';
	int fd = open("/proc/sys/kernel/ctrl-alt-del", O_RDONLY);

	if (fd >= 0 && read(fd, &byte, 1) != 1)
		byte = '?';
	close(fd);
	return byte;
}

/* Judges a call under a program that lets it proceed. */
static bool judge_call(struct cbpf_judge *judge, const struct call *call,
		       uint32_t verdict, bool by_a)
{
	const struct cbpf_insn constant = { 0x06, 0, 0, verdict };
	const struct cbpf_insn by_value[] = { { 0x00, 0, 0, verdict },
					      { 0x16, 0, 0, 0 } };
	struct cbpf_packet packet = packet_of(call);
	struct cbpf_judged judged;

	return cbpf_judge_load(judge, by_a ? by_value : &constant, 1 + by_a,
			       NULL) == CBPF_OK &&
	       cbpf_judge_run(judge, &packet, &judged) == CBPF_OK &&
	       judged.is_run && judged.agrees && judged.answer.value == verdict;
}

static void test_not_executed(struct cbpf_judge *judge)
{
	static const uint32_t verdicts[] = { 0x7fff0000, 0x7ffc0000, 0x7ff00000,
					     0x7fc00000, 0x7fffffff };
	char path[] = "/tmp/cbpf-calls-XXXXXX";
	int fd = mkstemp(path), before = read_ctrl_alt_del(), status;
	pid_t victim = fork();
	struct call calls[3] = { { 0 } };
	bool agrees = true;

	if (victim == 0) {
		pause();
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		calls[i].arch = ARCH_NATIVE;
	calls[0].nr = SYS_kill;
	calls[0].args[0] = (uint64_t)victim;
	calls[0].args[1] = SIGKILL;
	/* of all that reboot(2) does, what can be seen and undone */
	calls[1].nr = SYS_reboot;
	calls[1].args[0] = LINUX_REBOOT_MAGIC1;
	calls[1].args[1] = LINUX_REBOOT_MAGIC2;
	calls[1].args[2] = before == '1' ? LINUX_REBOOT_CMD_CAD_OFF
					 : LINUX_REBOOT_CMD_CAD_ON;
	calls[2].nr = SYS_unlinkat;
	calls[2].args[0] = (uint64_t)AT_FDCWD;
	calls[2].args[1] = (uint64_t)(uintptr_t)path;
	for (size_t v = 0; v < sizeof(verdicts) / sizeof(*verdicts); v++)
		for (int i = 0; i < 3; i++)
			agrees &=
				judge_call(judge, &calls[i], verdicts[v],
					   false) &&
				judge_call(judge, &calls[i], verdicts[v], true);
	tap_ok(agrees, "kill, reboot and unlinkat are judged under ALLOW, LOG, "
		       "TRACE, USER_NOTIF and `ret a`: all 32 bits come back");
	usleep(20000);
	tap_ok(waitpid(victim, &status, WNOHANG) == 0,
	       "the process that kill was to end lives");
	tap_ok(read_ctrl_alt_del() == before && before != '?',
	       "what reboot was to switch is as it was");
	tap_ok(fd >= 0 && access(path, F_OK) == 0,
	       "the file that unlinkat was to remove is there");
	kill(victim, SIGKILL);
	waitpid(victim, &status, 0);
	close(fd);
	unlink(path);
}

/* ---- ends that are no return, and calls that are not made --------------- */

static bool is_skipped(struct cbpf_judge *judge, const struct call *call,
		       const char *why)
{
	struct cbpf_packet packet = packet_of(call);
	struct cbpf_judged judged;
	char sentence[200];

	if (cbpf_judge_run(judge, &packet, &judged) != CBPF_OK || judged.is_run)
		return false;
	cbpf_diag_format(&judged.diag, sentence, sizeof(sentence));
	return strstr(sentence, why) != NULL;
}

static void test_edges(struct cbpf_judge *judge)
{
	static const struct cbpf_insn division[] = {
		{ 0x20, 0, 0, 16 }, /* args[0], of a little-endian machine */
		{ 0x07, 0, 0, 0 },  { 0x00, 0, 0, 8 },
		{ 0x3c, 0, 0, 0 },  { 0x16, 0, 0, 0 },
	};
	static const struct cbpf_insn pointer[] = { { 0x20, 0, 0, 8 },
						    { 0x16, 0, 0, 0 } };
	static struct cbpf_insn longest[4096];
	struct call call = { .arch = ARCH_NATIVE };
	struct cbpf_packet packet = packet_of(&call);
	struct cbpf_judged judged;
	struct cbpf_ctx ctx = { .order = CBPF_BIG };

	cbpf_judge_load(judge, division, 5, NULL);
	cbpf_judge_run(judge, &packet, &judged);
	tap_ok(judged.is_run && judged.agrees &&
		       judged.answer.end == CBPF_ABORTED,
	       "a division by zero kills, and that is told");
	call.args[0] = 2;
	cbpf_judge_run(judge, &packet, &judged);
	tap_ok(judged.is_run && judged.agrees && judged.answer.value == 4,
	       "the next call of the same program is answered again");
	cbpf_judge_load(judge, pointer, 2, NULL);
	cbpf_judge_run(judge, &packet, &judged);
	tap_ok(judged.is_run && judged.agrees && judged.answer.value != 0,
	       "the instruction pointer is the call's own: 0x...%08x",
	       judged.answer.value);
	call.ip = 4;
	tap_ok(is_skipped(judge, &call, "instruction pointer"),
	       "another one is skipped, with the reason");
	call.ip = 0;
	call.arch ^= 1;
	tap_ok(is_skipped(judge, &call, "is not this machine's"),
	       "so is another architecture");
	call.arch ^= 1;
#if defined(__x86_64__)
	call.nr = 335;
	tap_ok(is_skipped(judge, &call, "without asking a filter"),
	       "so is a call that no filter is shown");
	call.nr = 0;
#endif
	packet.ctx = &ctx;
	cbpf_judge_run(judge, &packet, &judged);
	tap_ok(!judged.is_run, "so is the other byte order");
	packet.ctx = NULL;
	packet.caplen = 63;
	cbpf_judge_run(judge, &packet, &judged);
	tap_ok(!judged.is_run, "so is what is no struct seccomp_data");
	packet.caplen = 64;
	for (int i = 0; i < 4096; i++)
		longest[i] = (struct cbpf_insn){ 0x06, 0, 0, 7 };
	tap_ok(cbpf_judge_load(judge, longest, 4096, NULL) == CBPF_OK &&
		       is_skipped(judge, &call, "too long"),
	       "the longest program loads, and cannot be rewritten");
	tap_ok(cbpf_judge_load(judge, longest, 4084, NULL) == CBPF_OK &&
		       cbpf_judge_run(judge, &packet, &judged) == CBPF_OK &&
		       judged.is_run && judged.agrees,
	       "twelve instructions less can");
}

/* ---- the process that the engine is used in ----------------------------- */

static volatile sig_atomic_t n_signals;

static void count_signal(int number)
{
	(void)number;
	n_signals++;
}

/* Filters of before, on whoever uses the engine: a sandbox, a container. */
static int child_sandboxed(uint32_t verdict, const char *why)
{
	const struct cbpf_insn outer[] = { { 0x20, 0, 0, CBPF_DATA_NR },
					   { 0x15, 0, 1, SYS_getppid },
					   { 0x06, 0, 0, verdict },
					   { 0x06, 0, 0, 0x7fff0000 } };
	static const struct cbpf_insn allow = { 0x06, 0, 0, 0x7fff0000 };
	struct call call = { .nr = SYS_getppid, .arch = ARCH_NATIVE };
	struct cbpf_packet packet = packet_of(&call);
	struct cbpf_judged judged;
	struct cbpf_judge *judge;
	int outcome = 0;

	signal(SIGCHLD, count_signal);
	if (cbpf_attach_seccomp(outer, 4, CBPF_SECCOMP_NO_NEW_PRIVS, NULL) !=
	    CBPF_OK)
		return 1;
	judge = new_judge();
	if (cbpf_judge_load(judge, &allow, 1, NULL) != CBPF_OK)
		return 2;
	if (!is_skipped(judge, &call, why))
		outcome = 3;
	/* and it goes on with the next */
	call.nr = SYS_getpid;
	if (cbpf_judge_run(judge, &packet, &judged) != CBPF_OK ||
	    !judged.is_run || !judged.agrees)
		outcome = 4;
	cbpf_judge_free(judge);
	/* no process of the engine's is seen, none is left */
	if (n_signals || waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		outcome = 5;
	return outcome;
}

static void test_sandboxed(uint32_t verdict, const char *name, const char *why)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(child_sandboxed(verdict, why));
	waitpid(pid, &status, 0);
	tap_ok(status == 0,
	       "under a filter of before that gives %s, that is "
	       "told (%d)",
	       name, WEXITSTATUS(status));
}

/* ---- loading, random programs ------------------------------------------- */

static bool is_same_load(struct cbpf_judge *judge,
			 const struct cbpf_insn *insns, size_t n)
{
	struct cbpf_diag diag;
	enum cbpf_err err = cbpf_judge_load(judge, insns, n, &diag);

	if (err == CBPF_E_DIFFERS || err == CBPF_E_SYSTEM)
		printf("# code 0x%x: %s\n", insns[0].code, diag.word);
	return err != CBPF_E_DIFFERS && err != CBPF_E_SYSTEM;
}

static void test_codes(struct cbpf_judge *judge)
{
	static const uint32_t ks[] = { 0, 2, 4, 15, 16, 60, 64, 0xfffff000 };
	unsigned long n = 0, bad = 0;

	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		for (size_t i = 0; i < (code < 256 ? 8 : 1); i++) {
			struct cbpf_insn insns[] = { { (uint16_t)code, 0, 0,
						       ks[i] },
						     { 0x06, 0, 0, 0 } };

			bad += !is_same_load(judge, insns, 2);
			bad += !is_same_load(judge, insns, 1);
			n += 2;
		}
	}
	tap_ok(bad == 0,
	       "%lu programs with every code in both places: the "
	       "kernel takes what the verifier takes",
	       n);
}

/* Waking another processor takes longer than all that is asked there. */
static void stay_here(void)
{
	cpu_set_t cpus;
	int cpu = sched_getcpu();

	CPU_ZERO(&cpus);
	CPU_SET(cpu < 0 ? 0 : (unsigned)cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

int main(int argc, char **argv)
{
	const char *required = argc > 2 ? argv[2] : "";
	struct cbpf_judge *judge;

	stay_here();
	if (!oracle_can_run(&cbpf_engine_linux_seccomp, required))
		return tap_done();
	judge = new_judge();
	test_not_executed(judge);
	test_edges(judge);
	test_sandboxed(0x80000000, "KILL_PROCESS", "kills for this call");
	test_sandboxed(0x00030000, "TRAP", "kills for this call");
	test_codes(judge);
	cbpf_judge_free(judge);
	return tap_done();
}
