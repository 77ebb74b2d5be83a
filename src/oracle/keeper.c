/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keeper has a filter with a listener; whether a program is legal it asks
 * with a second listener, which is refused with EBUSY, after the program was
 * looked at. For each filter to install the keeper makes a runner, a task in
 * its own memory for which it stands still (as with vfork): the runner takes
 * requests in its place until one is not for its filter.
 *
 * A request is two bytes on a socket: what, and its number; the answer is the
 * number, so that an answer given twice, as when a runner is killed right
 * after one, is told from the next. All else is in memory that the three
 * share. The processes end when our end of the socket is closed.
 */
#include "oracle/keeper.h"

#ifdef KEEPER_ARCH

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "oracle/process.h"

static const struct cbpf_insn allow = { BPF_RET | BPF_K, 0, 0,
					SECCOMP_RET_ALLOW };

enum { REQUEST_CHECK = 'c', REQUEST_CALL = 'r', REQUEST_END = 'e' };

struct request {
	unsigned char what, number;
};

struct keeper_shared {
	/* of REQUEST_CHECK */
	struct cbpf_insn insns[UINT16_MAX]; /* as many as can be said */
	uint32_t n;
	/* of REQUEST_CALL: the filter, which one it is, and the call */
	struct cbpf_insn filter[FILTER_MAX];
	uint32_t n_filter;
	uint64_t filter_id;
	uint64_t words[7];
	/* answers */
	int sys_errno; /* of what was asked of the kernel; 0: done */
	struct keeper_answer answer;

	/* between keeper and runner */
	int socket, others; /* theirs, and ours, which they close */
	uint64_t installed; /* filter_id of the runner */
	struct request request;
	_Alignas(16) char keeper_stack[PROCESS_STACK];
	_Alignas(16) char runner_stack[PROCESS_STACK];
};

/* ---- the judged call ---------------------------------------------------- */

/*
 * cbpf_judged_call(words): the call, and nothing else; cbpf_judged_site is the
 * address behind its instruction.
 */
#ifdef __x86_64__
__asm__(".text\n"
	".globl cbpf_judged_call, cbpf_judged_site\n"
	".hidden cbpf_judged_call, cbpf_judged_site\n"
	".type cbpf_judged_call, @function\n"
	"cbpf_judged_call:\n"
	"	mov 0(%rdi), %rax\n"
	"	mov 16(%rdi), %rsi\n"
	"	mov 24(%rdi), %rdx\n"
	"	mov 32(%rdi), %r10\n"
	"	mov 40(%rdi), %r8\n"
	"	mov 48(%rdi), %r9\n"
	"	mov 8(%rdi), %rdi\n"
	"	syscall\n"
	"cbpf_judged_site:\n"
	"	ret\n"
	".size cbpf_judged_call, . - cbpf_judged_call\n");
#else
__asm__(".text\n"
	".balign 4\n"
	".globl cbpf_judged_call, cbpf_judged_site\n"
	".hidden cbpf_judged_call, cbpf_judged_site\n"
	".type cbpf_judged_call, %function\n"
	"cbpf_judged_call:\n"
	"	ldr x8, [x0]\n"
	"	ldp x1, x2, [x0, #16]\n"
	"	ldp x3, x4, [x0, #32]\n"
	"	ldr x5, [x0, #48]\n"
	"	ldr x0, [x0, #8]\n"
	"	svc #0\n"
	"cbpf_judged_site:\n"
	"	ret\n"
	".size cbpf_judged_call, . - cbpf_judged_call\n");
#endif

CBPF_INTERNAL long cbpf_judged_call(const uint64_t words[7]);
extern CBPF_INTERNAL const char cbpf_judged_site[];

uint64_t keeper_site(void)
{
	return (uint64_t)(uintptr_t)cbpf_judged_site;
}

/* ---- their side --------------------------------------------------------- */

static void wait_request(struct keeper_shared *s)
{
	ssize_t len;

	do
		len = recv(s->socket, &s->request, sizeof(s->request), 0);
	while (len < 0 && errno == EINTR);
	if (len != sizeof(s->request))
		s->request.what = REQUEST_END;
}

static void reply(struct keeper_shared *s)
{
	unsigned char number = s->request.number;

	s->request.what = 0; /* done */
	send(s->socket, &number, sizeof(number), MSG_NOSIGNAL);
}

static int install(const struct cbpf_insn *insns, uint32_t n, unsigned flags)
{
	struct sock_fprog fprog = { .len = (unsigned short)n,
				    .filter = (void *)(uintptr_t)insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog) < 0
		       ? errno
		       : 0;
}

/* Makes calls under its filter until a request is not for it. */
static int run_runner(void *arg)
{
	struct keeper_shared *s = arg;

	s->sys_errno = install(s->filter, s->n_filter, 0);
	s->installed = s->filter_id;
	while (s->sys_errno == 0 && s->request.what == REQUEST_CALL &&
	       s->filter_id == s->installed) {
		s->answer.is_killed = true; /* unless it comes back */
		s->answer.result = cbpf_judged_call(s->words);
		s->answer.is_killed = false;
		reply(s);
		wait_request(s);
	}
	process_exit(0);
}

/* The keeper stands still until the runner has ended. */
static void make_runner(struct keeper_shared *s)
{
	pid_t pid = process_start(run_runner, s, s->runner_stack,
				  CLONE_VM | CLONE_VFORK);

	if (pid < 0)
		s->sys_errno = errno;
	else
		process_wait(pid);
	/* killed, or not able to begin: the request is still without answer */
	if (pid < 0 || s->sys_errno ||
	    (s->request.what == REQUEST_CALL && s->filter_id == s->installed))
		reply(s);
}

static int run_keeper(void *arg)
{
	struct keeper_shared *s = arg;

	close(s->others);
	process_close_others(s->socket);
	/* a runner that is killed leaves no core */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	install(&allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	for (wait_request(s); s->request.what != REQUEST_END;) {
		switch (s->request.what) {
		case REQUEST_CHECK:
			s->sys_errno =
				install(s->insns, s->n,
					SECCOMP_FILTER_FLAG_NEW_LISTENER);
			reply(s);
			break;
		case REQUEST_CALL:
			s->installed = 0;
			make_runner(s);
			break;
		default:
			wait_request(s);
		}
	}
	process_exit(0);
}

/* ---- our side ----------------------------------------------------------- */

static enum cbpf_err ask(struct keeper *k, unsigned char what,
			 struct cbpf_diag *diag)
{
	const struct request request = { what, ++k->at };
	unsigned char number;
	ssize_t len = send(k->socket, &request, sizeof(request), MSG_NOSIGNAL);

	while (len > 0) {
		len = recv(k->socket, &number, sizeof(number), 0);
		if (len == 1 && number == request.number)
			return CBPF_OK;
		if (len < 0 && errno == EINTR)
			len = 1;
	}
	return dg_system(diag, "the process that makes judged calls",
			 ECONNRESET);
}

enum cbpf_err keeper_start(struct keeper *k, struct cbpf_diag *diag)
{
	enum cbpf_err err;
	int ends[2], sys_errno;

	memset(k, 0, sizeof(*k));
	k->socket = -1;
	k->shared = mmap(NULL, sizeof(*k->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (k->shared == MAP_FAILED) {
		k->shared = NULL;
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return dg_system(diag, "socketpair AF_UNIX", errno);
	k->socket = k->shared->others = ends[0];
	k->shared->socket = ends[1];
	k->pid = process_start(run_keeper, k->shared, k->shared->keeper_stack,
			       0);
	close(ends[1]);
	if (k->pid < 0)
		return dg_system(diag, "clone", errno);
	/* with a listener in place, another is refused */
	err = keeper_check(k, &allow, 1, &sys_errno, diag);
	if (err == CBPF_OK && sys_errno)
		err = dg_system(diag, "seccomp with a listener", sys_errno);
	return err;
}

void keeper_end(struct keeper *k)
{
	const struct request end = { REQUEST_END, 0 };

	if (k->pid > 0) {
		send(k->socket, &end, sizeof(end), MSG_NOSIGNAL);
		process_wait(k->pid);
	}
	if (k->shared) {
		munmap(k->shared, sizeof(*k->shared));
		close(k->socket);
	}
}

enum cbpf_err keeper_check(struct keeper *k, const struct cbpf_insn *insns,
			   size_t n, int *sys_errno, struct cbpf_diag *diag)
{
	enum cbpf_err err;

	cbpf_assert(n <= UINT16_MAX);
	if (n)
		memcpy(k->shared->insns, insns, n * sizeof(*insns));
	k->shared->n = (uint32_t)n;
	err = ask(k, REQUEST_CHECK, diag);
	*sys_errno = k->shared->sys_errno;
	if (*sys_errno == 0)
		*sys_errno = ENOSYS; /* a second listener was let be */
	else if (*sys_errno == EBUSY)
		*sys_errno = 0;
	return err;
}

void keeper_set_filter(struct keeper *k, const struct cbpf_insn *insns,
		       size_t n)
{
	memcpy(k->shared->filter, insns, n * sizeof(*insns));
	k->shared->n_filter = (uint32_t)n;
	k->shared->filter_id++;
}

enum cbpf_err keeper_call(struct keeper *k, const uint64_t words[7],
			  struct keeper_answer *answer, struct cbpf_diag *diag)
{
	enum cbpf_err err;

	memcpy(k->shared->words, words, sizeof(k->shared->words));
	k->shared->sys_errno = 0;
	err = ask(k, REQUEST_CALL, diag);
	if (err == CBPF_OK && k->shared->sys_errno)
		err = dg_system(diag, "installing the rewritten program",
				k->shared->sys_errno);
	*answer = k->shared->answer;
	return err;
}

#endif
