/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a command that cannot make sockets: socket(2) gives EPERM.
 *
 *	sandbox COMMAND [ARGUMENT...]
 *
 * The architecture is asked first, since the numbers of calls depend on it;
 * a call of another one ends the process.
 */
#include <cbpf/cbpf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define NATIVE AUDIT_ARCH_I386
#elif defined(__s390x__)
#define NATIVE AUDIT_ARCH_S390X
#else
#error "which AUDIT_ARCH_* is this?"
#endif

static void build(struct cbpf_builder *b)
{
	cbpf_builder_add(b, CBPF_LD_W, offsetof(struct seccomp_data, arch));
	cbpf_builder_jump(b, CBPF_JEQ_K, NATIVE, NULL, "foreign");
	cbpf_builder_add(b, CBPF_LD_W, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	/* x32 has numbers of its own behind the same architecture */
	cbpf_builder_jump(b, CBPF_JGE_K, 0x40000000, "foreign", NULL);
#endif
#ifdef SYS_socket
	cbpf_builder_jump(b, CBPF_JEQ_K, SYS_socket, "deny", NULL);
#endif
#ifdef SYS_socketcall
	cbpf_builder_jump(b, CBPF_JEQ_K, SYS_socketcall, "deny", NULL);
#endif
	cbpf_builder_add(b, CBPF_RET_K, SECCOMP_RET_ALLOW);
	cbpf_builder_label(b, "deny");
	cbpf_builder_add(b, CBPF_RET_K, SECCOMP_RET_ERRNO | EPERM);
	cbpf_builder_label(b, "foreign");
	cbpf_builder_add(b, CBPF_RET_K, SECCOMP_RET_KILL_PROCESS);
}

static int complain(const struct cbpf_diag *diag)
{
	char sentence[256];

	cbpf_diag_format(diag, sentence, sizeof(sentence));
	fprintf(stderr, "sandbox: %s\n", sentence);
	return 2;
}

int main(int argc, char **argv)
{
	struct cbpf_check_opts opts = { .size = sizeof(opts),
					.dialect = CBPF_SECCOMP };
	struct cbpf_builder *b;
	struct cbpf_code code;
	struct cbpf_diag diag;

	if (argc < 2) {
		fputs("usage: sandbox COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	if (cbpf_builder_new(NULL, &b) != CBPF_OK)
		return 2;
	build(b);
	if (cbpf_builder_finish(b, &opts, &code, &diag) != CBPF_OK)
		return complain(&diag);
	if (cbpf_attach_seccomp(code.insns, code.n, CBPF_SECCOMP_NO_NEW_PRIVS,
				&diag) != CBPF_OK)
		return complain(&diag);
	cbpf_code_free(&code);
	cbpf_builder_free(b);
	execvp(argv[1], argv + 1);
	fprintf(stderr, "sandbox: %s: %s\n", argv[1], strerror(errno));
	return 2;
}
