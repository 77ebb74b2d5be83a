/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an errno of the kernel means for a program: for those above that ask
 * the kernel by another way than attaching.
 */
#ifndef CBPF_KERNEL_REFUSAL_H
#define CBPF_KERNEL_REFUSAL_H

#include "base/diag.h"

/* Of seccomp(SECCOMP_SET_MODE_FILTER); always an error. */
CBPF_INTERNAL enum cbpf_err refusal_of_seccomp(const struct cbpf_insn *insns,
					       size_t n, int sys_errno,
					       struct cbpf_diag *out);

#endif
