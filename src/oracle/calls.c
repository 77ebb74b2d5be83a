/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine linux-seccomp: the kernel's machine as a task's system calls run
 * it. A packet is a struct seccomp_data; a task that has the program installed
 * makes that very call, and what comes back tells the verdict.
 *
 * No judged call is ever executed. Each return of the program is rewritten
 * before it is installed, so that every end of it is SECCOMP_RET_ERRNO:
 *
 *	ret #k		->	ret #ERRNO(520 + number of k)
 *	ret a		->	ja tail
 *			  tail:	jeq #expected, ret #ERRNO(519)
 *				rsh, and, or #ERRNO(2048)	a piece of A
 *				ret a
 *
 * 12 bits come back of a call: a constant by its number; A, which has 32, by
 * whether it is what the twin says, else in three pieces, from tasks whose
 * filters ask for one each. In front
 * stands a test of the instruction pointer: the task's calls that are not the
 * judged one (it must talk to us) are let by. What no return ends, a division
 * by zero, kills the task: that is seen as well. Two calls that kernels do not
 * show to filters at all (uretprobe, uprobe) are not made.
 *
 * Two processes take part, because a filter stays until its task ends. The
 * keeper has a filter with a listener; whether a program is legal it asks
 * with a second listener, which is refused with EBUSY, after the program was
 * looked at. For each filter to install the keeper makes a runner, a task in
 * its own memory for which it stands still (as with vfork): the runner takes
 * requests in its place until one is not for its filter. Both live on raw
 * system calls, since nothing of libc may be counted on in a copy of a
 * process with threads, and end when our end of their socket is closed. They
 * send no SIGCHLD, and wait() does not see them.
 */
#include "oracle/oracle.h"

/* ---- the judged call ---------------------------------------------------- */

/*
 * judged_call(words): the call words[0] with the arguments words[1..6].
 * judged_site: the address behind its instruction, which is the instruction
 * pointer that the filter sees.
 */
#if defined(__linux__) && defined(__x86_64__) && defined(__LP64__)
#define ARCH_NATIVE 0xc000003eu /* AUDIT_ARCH_X86_64 */
/* uretprobe and uprobe: kernel/seccomp.c, seccomp_uprobe_exception() */
#define IS_UNFILTERED(nr) ((nr) == 335 || (nr) == 336)
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
#elif defined(__linux__) && defined(__aarch64__) && defined(__LP64__)
#define ARCH_NATIVE	  0xc00000b7u /* AUDIT_ARCH_AARCH64 */
#define IS_UNFILTERED(nr) false
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

#ifdef ARCH_NATIVE

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "kernel/refusal.h"

CBPF_INTERNAL long cbpf_judged_call(const uint64_t words[7]);
extern CBPF_INTERNAL const char cbpf_judged_site[];

#define DATA_NR	  0 /* struct seccomp_data, include/uapi/linux/seccomp.h */
#define DATA_ARCH 4
#define DATA_IP	  8
#define DATA_ARGS 16

#define RET_ERRNO 0x00050000u
#define RET_ALLOW 0x7fff0000u
#define FROM_A	  2048 /* errnos from here on hold a piece of A */
/* those of constants: not 512 to 517, by which calls are restarted */
#define IS_EXPECTED   519 /* A is */
#define FROM_CONSTANT 520
#define CONSTANT_MAX  (FROM_A - FROM_CONSTANT)
#define PIECES	      3
#define PIECE_BITS    11

#define LONGEST	   4096	 /* BPF_MAXINSNS */
#define PROG_MAX   65535 /* what a length of 16 bits can say */
#define STACK_SIZE 65536

enum request { REQUEST_CHECK = 'c', REQUEST_RUN = 'r', REQUEST_END = 'e' };

/* Memory that we, the keeper and the runner see. */
struct shared {
	/* CHECK */
	struct cbpf_insn insns[PROG_MAX];
	uint32_t n;
	/* RUN: the filter to be installed, which one it is, and the call */
	struct cbpf_insn filter[LONGEST];
	uint32_t n_filter;
	uint64_t filter_id;
	uint64_t words[7];
	/* answers */
	int sys_errno; /* of what was asked of the kernel; 0: done */
	bool is_killed;
	long result;
	uint64_t installed; /* filter_id of the runner */
	_Alignas(16) char keeper_stack[STACK_SIZE];
	_Alignas(16) char runner_stack[STACK_SIZE];
};

/* What a filter asks of A. */
struct question {
	uint32_t expected;
	unsigned piece;
};

struct calls_handle {
	struct cbpf_mem mem;
	struct shared *shared;
	int socket;    /* our end */
	int their_end; /* in the keeper */
	pid_t keeper;
	bool reads_ip;
	struct cbpf_insn filter[LONGEST]; /* the program rewritten, piece 0 */
	uint32_t n;			  /* 0: it became too long */
	uint64_t id;			  /* of the last filter made */
	bool is_installed;		  /* it is of this program, and asks: */
	struct question question;
	uint32_t constants[CONSTANT_MAX]; /* by number */
	uint32_t n_constants;
	uint8_t data[SECCOMP_DATA_SIZE];
	struct cbpf_ctx ctx;
};

/* ---- keeper and runner -------------------------------------------------- */

/* The keeper's descriptor; its memory is a copy, so this is no state of ours.
 */
struct keeper {
	struct shared *shared;
	int socket;
	char pending; /* a request that the runner left */
};

static char wait_request(const struct keeper *k)
{
	char request;
	ssize_t len;

	do
		len = recv(k->socket, &request, 1, 0);
	while (len < 0 && errno == EINTR);
	return len == 1 ? request : '\0';
}

static void reply(const struct keeper *k)
{
	send(k->socket, "", 1, MSG_NOSIGNAL);
}

static long install(const struct cbpf_insn *insns, uint32_t n, unsigned flags)
{
	struct sock_fprog fprog = { .len = (unsigned short)n,
				    .filter = (void *)(uintptr_t)insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog);
}

/* Answers calls with its filter until a request is not for it. */
static int run_runner(void *arg)
{
	struct keeper *k = arg;
	struct shared *s = k->shared;

	if (install(s->filter, s->n_filter, 0) < 0) {
		s->sys_errno = errno;
		reply(k);
		_exit(1);
	}
	s->installed = s->filter_id;
	do {
		k->pending = '\0';
		s->is_killed = true; /* unless it comes back */
		s->result = cbpf_judged_call(s->words);
		s->is_killed = false;
		s->sys_errno = 0;
		reply(k);
		k->pending = wait_request(k);
	} while (k->pending == REQUEST_RUN && s->filter_id == s->installed);
	_exit(0);
}

/* The keeper stands still until the runner has ended. */
static void make_runner(struct keeper *k)
{
	struct shared *s = k->shared;
	int status = 0;
	pid_t pid;

	s->is_killed = false;
	s->installed = 0;
	pid = clone(run_runner, s->runner_stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | SIGCHLD, k);
	if (pid < 0) {
		s->sys_errno = errno;
		reply(k);
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (s->is_killed) {
		s->sys_errno = 0;
		reply(k);
	}
}

static void check_program(const struct keeper *k)
{
	struct shared *s = k->shared;

	s->sys_errno =
		install(s->insns, s->n, SECCOMP_FILTER_FLAG_NEW_LISTENER) < 0
			? errno
			: 0;
	reply(k);
}

/* What this process has open is not the keeper's to hold. */
static void close_others(int keep)
{
	if (keep > 0)
		syscall(SYS_close_range, 0, keep - 1, 0);
	syscall(SYS_close_range, keep + 1, ~0u, 0);
}

static int run_keeper(void *arg)
{
	static const struct cbpf_insn allow = { BPF_RET | BPF_K, 0, 0,
						RET_ALLOW };
	const struct calls_handle *h = arg;
	struct keeper k = { h->shared, h->their_end, '\0' };
	long listener = -1;

	close_others(k.socket);
	/* a runner that is killed leaves no core */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		listener = install(&allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	k.shared->sys_errno = listener < 0 ? errno : 0;
	reply(&k);
	while (listener >= 0) {
		char request = k.pending ? k.pending : wait_request(&k);

		k.pending = '\0';
		if (request == REQUEST_CHECK)
			check_program(&k);
		else if (request == REQUEST_RUN)
			make_runner(&k);
		else
			break;
	}
	_exit(0);
}

/* ---- our end ------------------------------------------------------------ */

static enum cbpf_err gone(struct cbpf_diag *diag)
{
	return dg_system(diag, "the process that makes judged calls",
			 ECONNRESET);
}

static enum cbpf_err wait_reply(const struct calls_handle *h,
				struct cbpf_diag *diag)
{
	char byte;
	ssize_t len;

	do
		len = recv(h->socket, &byte, 1, 0);
	while (len < 0 && errno == EINTR);
	return len == 1 ? CBPF_OK : gone(diag);
}

static enum cbpf_err ask(const struct calls_handle *h, enum request request,
			 struct cbpf_diag *diag)
{
	char byte = (char)request;

	if (send(h->socket, &byte, 1, MSG_NOSIGNAL) != 1)
		return gone(diag);
	return wait_reply(h, diag);
}

static void free_calls(void *handle)
{
	const char end = REQUEST_END;
	struct calls_handle *h = handle;
	struct cbpf_mem mem;

	if (!h)
		return;
	if (h->keeper > 0) {
		send(h->socket, &end, 1, MSG_NOSIGNAL);
		while (waitpid(h->keeper, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	}
	if (h->socket >= 0)
		close(h->socket);
	if (h->shared)
		munmap(h->shared, sizeof(*h->shared));
	mem = h->mem;
	mem_free(&mem, h, sizeof(*h));
}

/* Starts the keeper: a copy of this process, on a stack of its own. */
static enum cbpf_err start_keeper(struct calls_handle *h,
				  struct cbpf_diag *diag)
{
	int ends[2];
	enum cbpf_err err;

	h->shared = mmap(NULL, sizeof(*h->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->shared == MAP_FAILED) {
		h->shared = NULL;
		return dg_fail(diag, CBPF_E_NOMEM);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return dg_system(diag, "socketpair AF_UNIX", errno);
	h->socket = ends[0];
	h->their_end = ends[1];
	/* no exit signal: it is nobody's business but ours */
	h->keeper =
		clone(run_keeper, h->shared->keeper_stack + STACK_SIZE, 0, h);
	close(ends[1]);
	if (h->keeper < 0)
		return dg_system(diag, "clone", errno);
	err = wait_reply(h, diag);
	if (err == CBPF_OK && h->shared->sys_errno)
		return dg_system(diag,
				 "seccomp SECCOMP_FILTER_FLAG_NEW_LISTENER",
				 h->shared->sys_errno);
	return err;
}

static enum cbpf_err new_handle(const struct cbpf_engine_opts *opts,
				struct calls_handle **out,
				struct cbpf_diag *diag)
{
	struct cbpf_mem mem = mem_or_libc(opts ? opts->mem : NULL);
	struct calls_handle *h = mem_new(&mem, 1, sizeof(*h));
	enum cbpf_err err;

	if (!h)
		return dg_fail(diag, CBPF_E_NOMEM);
	memset(h, 0, sizeof(*h));
	h->mem = mem;
	h->socket = -1;
	err = start_keeper(h, diag);
	if (err != CBPF_OK) {
		free_calls(h);
		return err;
	}
	*out = h;
	return CBPF_OK;
}

/* ---- rewriting ---------------------------------------------------------- */

#define FRONT 6 /* instructions of put_front(), */
#define TAIL  6 /* and of put_tail() */

static void put(struct calls_handle *h, enum isa_op op, uint8_t jt, uint8_t jf,
		uint32_t k)
{
	h->filter[h->n++] = (struct cbpf_insn){ isa_rows[op].code, jt, jf, k };
}

/* Calls from elsewhere are our own, and let by; then A is 0 again. */
static void put_front(struct calls_handle *h)
{
	uint64_t site = (uint64_t)(uintptr_t)cbpf_judged_site;
	uint32_t high = DATA_IP + (by_host_is_big() ? 0 : 4);
	uint32_t low = DATA_IP + (by_host_is_big() ? 4 : 0);

	put(h, OP_LD_W, 0, 0, high);
	put(h, OP_JEQ_K, 0, 2, (uint32_t)(site >> 32));
	put(h, OP_LD_W, 0, 0, low);
	put(h, OP_JEQ_K, 1, 0, (uint32_t)site);
	put(h, OP_RET_K, 0, 0, RET_ALLOW);
	put(h, OP_LD_IMM, 0, 0, 0);
}

static void put_tail(struct calls_handle *h)
{
	put(h, OP_JEQ_K, 0, 1, 0); /* the question says what, */
	put(h, OP_RET_K, 0, 0, RET_ERRNO | IS_EXPECTED);
	put(h, OP_RSH_K, 0, 0, 0); /* and by how much */
	put(h, OP_AND_K, 0, 0, (1u << PIECE_BITS) - 1);
	put(h, OP_OR_K, 0, 0, RET_ERRNO | FROM_A);
	put(h, OP_RET_A, 0, 0, 0);
}

/* Makes the filter that asks this the one to be installed. */
static void set_question(struct calls_handle *h, struct question question)
{
	struct shared *s = h->shared;

	if (h->is_installed && h->question.expected == question.expected &&
	    h->question.piece == question.piece)
		return;
	memcpy(s->filter, h->filter, h->n * sizeof(*s->filter));
	s->filter[h->n - TAIL].k = question.expected;
	s->filter[h->n - TAIL + 2].k = question.piece * PIECE_BITS;
	s->n_filter = h->n;
	s->filter_id = ++h->id;
	h->is_installed = true;
	h->question = question;
}

/* The number of a constant; CONSTANT_MAX where there are too many. */
static uint32_t number_of(struct calls_handle *h, uint32_t k)
{
	uint32_t i = 0;

	while (i < h->n_constants && h->constants[i] != k)
		i++;
	if (i == h->n_constants && i < CONSTANT_MAX)
		h->constants[h->n_constants++] = k;
	return i;
}

/* The program as it is installed, or none where that is too long. */
static void rewrite(struct calls_handle *h, const struct cbpf_insn *insns,
		    size_t n)
{
	bool fits = n + FRONT + TAIL <= LONGEST;

	h->n = h->n_constants = 0;
	if (!fits)
		return;
	put_front(h);
	for (size_t pc = 0; pc < n; pc++) {
		const struct cbpf_insn *insn = &insns[pc];
		enum isa_op op = isa_find_code(insn->code);

		if (op == OP_RET_K) {
			uint32_t number = number_of(h, insn->k);

			fits &= number < CONSTANT_MAX;
			put(h, op, 0, 0, RET_ERRNO | (FROM_CONSTANT + number));
		} else if (op == OP_RET_A) {
			put(h, OP_JA, 0, 0, (uint32_t)(n - pc - 1));
		} else {
			put(h, op, insn->jt, insn->jf, insn->k);
		}
	}
	put_tail(h);
	if (!fits)
		h->n = 0;
}

/* ---- loading ------------------------------------------------------------ */

static bool reads_ip(const struct cbpf_insn *insns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == isa_rows[OP_LD_W].code &&
		    (insns[i].k == DATA_IP || insns[i].k == DATA_IP + 4))
			return true;
	return false;
}

static enum cbpf_err load_calls(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	struct calls_handle *h = *handle;
	enum cbpf_err err;

	(void)engine;
	(void)dialect;
	if (!h) {
		err = new_handle(opts, &h, diag);
		if (err != CBPF_OK)
			return err;
		*handle = h;
	}
	if (n > PROG_MAX)
		return refusal_of_seccomp(insns, n, EINVAL, diag);
	if (n)
		memcpy(h->shared->insns, insns, n * sizeof(*insns));
	h->shared->n = (uint32_t)n;
	err = ask(h, REQUEST_CHECK, diag);
	if (err != CBPF_OK)
		return err;
	if (h->shared->sys_errno != EBUSY)
		return refusal_of_seccomp(insns, n, h->shared->sys_errno, diag);
	h->is_installed = false;
	h->reads_ip = reads_ip(insns, n);
	rewrite(h, insns, n);
	return CBPF_OK;
}

/* ---- the view: the call that a task can make ---------------------------- */

static uint32_t get_word(const uint8_t *data, size_t offset)
{
	uint32_t word;

	memcpy(&word, data + offset, sizeof(word));
	return word;
}

static uint64_t get_long(const uint8_t *data, size_t offset)
{
	uint64_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

static bool is_foreign(enum cbpf_order order)
{
	return order != CBPF_NATIVE && (order == CBPF_BIG) != by_host_is_big();
}

static enum cbpf_err view_calls(void *handle, const struct cbpf_packet *packet,
				struct cbpf_view *view, struct cbpf_diag *diag)
{
	struct calls_handle *h = handle;
	uint64_t site = (uint64_t)(uintptr_t)cbpf_judged_site, ip;

	if (packet->caplen != SECCOMP_DATA_SIZE) {
		dg_fail(diag, CBPF_E_DATA_SIZE);
		if (diag)
			diag->a = packet->caplen;
		return CBPF_E_SKIP;
	}
	if (packet->ctx && is_foreign(packet->ctx->order))
		return dg_say(diag, CBPF_E_SKIP,
			      "the call is of a machine of the other byte "
			      "order");
	if (get_word(packet->data, DATA_ARCH) != ARCH_NATIVE)
		return dg_say(diag, CBPF_E_SKIP,
			      "architecture 0x%x is not this machine's",
			      get_word(packet->data, DATA_ARCH));
	if (IS_UNFILTERED(get_word(packet->data, DATA_NR)))
		return dg_say(diag, CBPF_E_SKIP,
			      "newer kernels execute call %u without asking a "
			      "filter",
			      get_word(packet->data, DATA_NR));
	ip = get_long(packet->data, DATA_IP);
	if (h->reads_ip && ip != 0 && ip != site)
		return dg_say(diag, CBPF_E_SKIP,
			      "the program reads the instruction pointer, and "
			      "no task here has this one");
	memcpy(h->data, packet->data, SECCOMP_DATA_SIZE);
	memcpy(h->data + DATA_IP, &site, sizeof(site));
	memset(view, 0, sizeof(*view));
	view->packet.data = h->data;
	view->packet.caplen = view->packet.wirelen = SECCOMP_DATA_SIZE;
	view->packet.ctx = &view->ctx;
	return CBPF_OK;
}

/* ---- running ------------------------------------------------------------ */

/* The call that a structure tells of. */
static void put_words(struct calls_handle *h, const uint8_t *data)
{
	h->shared->words[0] = get_word(data, DATA_NR);
	for (int i = 0; i < 6; i++)
		h->shared->words[1 + i] = get_long(data, DATA_ARGS + 8u * i);
}

/* One call; *code is the errno that came back, 0: the task was killed. */
static enum cbpf_err call_once(struct calls_handle *h, uint32_t *code,
			       struct cbpf_diag *diag)
{
	const struct shared *s = h->shared;
	enum cbpf_err err = ask(h, REQUEST_RUN, diag);

	if (err != CBPF_OK)
		return err;
	if (s->sys_errno)
		return dg_system(diag, "installing the rewritten program",
				 s->sys_errno);
	*code = s->is_killed ? 0 : (uint32_t)-s->result;
	if (s->is_killed || *code == IS_EXPECTED ||
	    (*code >= FROM_CONSTANT &&
	     *code < FROM_CONSTANT + h->n_constants) ||
	    (*code >= FROM_A && *code < FROM_A + (1u << PIECE_BITS)))
		return CBPF_OK;
	/* no return of the filter gives that */
	return dg_system(diag, "the filter of a judged call", EBADMSG);
}

/* The rest of A, of which piece 0 is known. */
static enum cbpf_err spell_out(struct calls_handle *h, uint32_t *value,
			       struct cbpf_diag *diag)
{
	struct question question = h->question;
	enum cbpf_err err = CBPF_OK;
	uint32_t code;

	for (question.piece = 1; question.piece < PIECES; question.piece++) {
		set_question(h, question);
		err = call_once(h, &code, diag);
		if (err != CBPF_OK)
			break;
		*value |= (code - FROM_A) << (question.piece * PIECE_BITS);
	}
	return err;
}

/* The verdict behind an errno, asking again where it does not tell all. */
static enum cbpf_err read_verdict(struct calls_handle *h, uint32_t code,
				  uint32_t expected, uint32_t *value,
				  struct cbpf_diag *diag)
{
	struct question question = { expected, 0 };
	enum cbpf_err err;

	if (code >= FROM_A && h->question.expected != expected) {
		set_question(h, question);
		err = call_once(h, &code, diag);
		if (err != CBPF_OK)
			return err;
	}
	if (code == IS_EXPECTED) {
		*value = h->question.expected;
		return CBPF_OK;
	}
	if (code < FROM_A) {
		*value = h->constants[code - FROM_CONSTANT];
		return CBPF_OK;
	}
	*value = code - FROM_A;
	return spell_out(h, value, diag);
}

static enum cbpf_err run_calls(void *handle, const struct cbpf_view *view,
			       const struct cbpf_result *expect,
			       struct cbpf_answer *answer,
			       struct cbpf_diag *diag)
{
	struct calls_handle *h = handle;
	struct question first = { expect ? expect->value : 0, 0 };
	uint32_t code;
	enum cbpf_err err;

	if (h->n == 0)
		return dg_say(diag, CBPF_E_SKIP,
			      "rewritten so that no call is executed, the "
			      "program is too long");
	put_words(h, view->packet.data);
	/* constants come back by number whatever a filter asks of A */
	if (!h->is_installed || h->question.piece != 0)
		set_question(h, first);
	err = call_once(h, &code, diag);
	answer->shows = CBPF_SHOWS_ALL;
	answer->end = CBPF_RETURNED;
	answer->value = 0;
	if (err == CBPF_OK && code)
		err = read_verdict(h, code, first.expected, &answer->value,
				   diag);
	else if (err == CBPF_OK)
		answer->end = CBPF_ABORTED;
	answer->is_passed = answer->value != 0;
	return err;
}

/* ---- probing ------------------------------------------------------------ */

/* A call that does not exist is answered: no harm if it were not. */
static enum cbpf_err probe_calls(const struct cbpf_engine *engine,
				 struct cbpf_diag *diag)
{
	const struct cbpf_insn insn = { isa_rows[OP_RET_K].code, 0, 0,
					RET_ALLOW };
	const uint32_t arch = ARCH_NATIVE;
	uint8_t data[SECCOMP_DATA_SIZE];
	struct cbpf_packet packet = { data, sizeof(data), 0, NULL };
	struct cbpf_answer answer = { .value = 0 };
	struct cbpf_view view;
	void *handle = NULL;
	enum cbpf_err err;

	memset(data, 0xff, sizeof(data));
	memset(data + DATA_IP, 0, sizeof(uint64_t));
	memcpy(data + DATA_ARCH, &arch, sizeof(arch));
	err = engine->load(engine, NULL, CBPF_SECCOMP, &insn, 1, &handle, diag);
	if (err == CBPF_OK)
		err = engine->view(handle, &packet, &view, diag);
	if (err == CBPF_OK)
		err = engine->run(handle, &view, NULL, &answer, diag);
	engine->free(handle);
	if (err == CBPF_OK && answer.value != RET_ALLOW)
		return dg_say(diag, CBPF_E_UNAVAILABLE,
			      "a filter that allows gives 0x%x here",
			      answer.value);
	return err;
}

#else

static enum cbpf_err probe_calls(const struct cbpf_engine *engine,
				 struct cbpf_diag *diag)
{
	(void)engine;
	return dg_say(diag, CBPF_E_UNAVAILABLE,
		      "judged calls are made on Linux, x86-64 and arm64");
}

static enum cbpf_err load_calls(const struct cbpf_engine *engine,
				const struct cbpf_engine_opts *opts,
				enum cbpf_dialect dialect,
				const struct cbpf_insn *insns, size_t n,
				void **handle, struct cbpf_diag *diag)
{
	(void)opts, (void)dialect, (void)insns, (void)n, (void)handle;
	return probe_calls(engine, diag);
}

#define view_calls NULL
#define run_calls  NULL
#define free_calls NULL

#endif

const struct cbpf_engine cbpf_engine_linux_seccomp = {
	.name = "linux-seccomp",
	.about = "the kernel, through system calls that are never executed",
	.dialect = CBPF_SECCOMP,
	.is_oracle = true,
	.probe = probe_calls,
	.load = load_calls,
	.view = view_calls,
	.run = run_calls,
	.free = free_calls,
};
