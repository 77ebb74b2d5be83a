/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hook makes of the 32 bits that a program returns. Settled by running
 * each on Linux 6.18 (tests/hooks.c, tests/hooks.sh).
 */
#include "base/compiler.h"
#include "cbpf/cbpf.h"

bool cbpf_verdict_trim(uint32_t verdict, uint32_t len, uint32_t floor,
		       uint32_t *kept)
{
	uint32_t most = verdict > floor ? verdict : floor;

	*kept = verdict == 0 ? 0 : most < len ? most : len;
	return verdict != 0;
}

uint32_t cbpf_verdict_fanout(uint32_t verdict, uint32_t n)
{
	return n ? verdict % n : 0;
}

bool cbpf_verdict_reuseport(uint32_t verdict, uint32_t n, uint32_t *index)
{
	*index = verdict < n ? verdict : 0;
	return verdict < n;
}

bool cbpf_verdict_class(uint32_t verdict, uint32_t configured, uint32_t *class)
{
	*class = verdict == UINT32_MAX ? configured : verdict;
	return verdict != 0;
}

static const struct {
	const char *name;
	uint32_t value;
	enum cbpf_action action;
} actions[] = {
#define ACTION(name, value) { #name, value, CBPF_ACTION_##name },
#include "isa/actions.def"
#undef ACTION
};

const char *cbpf_action_name(enum cbpf_action action)
{
	for (size_t i = 0; i < CBPF_COUNT(actions); i++)
		if (actions[i].action == action)
			return actions[i].name;
	return action == CBPF_ACTION_UNDEFINED ? "undefined" : NULL;
}

enum cbpf_action cbpf_verdict_action(uint32_t verdict, uint16_t *data)
{
	const uint16_t errno_max = 4095; /* MAX_ERRNO */

	*data = (uint16_t)verdict;
	for (size_t i = 0; i < CBPF_COUNT(actions); i++) {
		if (actions[i].value != (verdict & 0xffff0000))
			continue;
		if (actions[i].action == CBPF_ACTION_ERRNO && *data > errno_max)
			*data = errno_max;
		return actions[i].action;
	}
	return CBPF_ACTION_UNDEFINED;
}

uint32_t cbpf_verdict_seccomp(const uint32_t *verdicts, size_t n)
{
	/* the mildest: no filter lets everything by */
	uint32_t least = actions[CBPF_COUNT(actions) - 1].value;

	for (size_t i = 0; i < n; i++)
		if ((int32_t)(verdicts[i] & 0xffff0000) <=
		    (int32_t)(least & 0xffff0000))
			least = verdicts[i];
	return least;
}
