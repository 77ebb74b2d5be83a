/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engines that we did not write, and whether one can run: a failed probe
 * is a skip with its reason, or a failure where the engine is required.
 *
 * WITHOUT (a list, in the environment) leaves engines out whose probe says
 * that they can run, and hooks and measurements that suites name; WHY is the
 * reason that is printed. scripts/check needs that where something stands
 * between a program and the kernel, as qemu-user does.
 */
#ifndef CBPF_TESTS_ORACLES_H
#define CBPF_TESTS_ORACLES_H

#include <stdlib.h>

#include "cbpf/cbpf.h"
#ifdef CBPF_HAVE_EXPR
#include "cbpf/expr.h"
#endif
#include "tap.h"

static const struct cbpf_engine *const oracles[] = {
#ifdef CBPF_HAVE_EXPR
	&cbpf_engine_libpcap,
#endif
	&cbpf_engine_linux_unix,    &cbpf_engine_linux_udp,
	&cbpf_engine_linux_udp6,    &cbpf_engine_linux_packet,
	&cbpf_engine_linux_seccomp,
};

#define N_ORACLES (sizeof(oracles) / sizeof(oracles[0]))

static inline bool is_left_out(const char *name)
{
	const char *why = getenv("WHY");

	if (!tap_lists(getenv("WITHOUT"), name))
		return false;
	tap_skip(name, "%s", why ? why : "left out");
	return true;
}

static inline bool oracle_can_run(const struct cbpf_engine *engine,
				  const char *required)
{
	struct cbpf_diag diag;
	char sentence[256];

	if (is_left_out(engine->name))
		return false;
	if (engine->probe(engine, &diag) == CBPF_OK)
		return true;
	cbpf_diag_format(&diag, sentence, sizeof(sentence));
	if (tap_lists(required, engine->name))
		tap_ok(false, "%s is required: %s", engine->name, sentence);
	else
		tap_skip(engine->name, "%s", sentence);
	return false;
}

/* A build without libpcap has no such engine to probe. */
static inline void oracles_check_built(const char *required)
{
#ifndef CBPF_HAVE_EXPR
	if (tap_lists(required, "libpcap"))
		tap_ok(false, "libpcap is required: built without it");
	else
		tap_skip("libpcap", "built without it");
#else
	(void)required;
#endif
}

#endif
