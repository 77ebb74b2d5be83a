/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linking: random lists of instructions whose jumps go anywhere forward, behind
 * the end too, laid out; every jump gets to where it was to go.
 */
#include <stdlib.h>

#include "isa/link.h"
#include "tap.h"

#define MOST 1500

static uint64_t seed = 11;

static uint32_t next_random(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* Somewhere behind i: near, far, or up to two places behind the end. */
static uint32_t some_target(uint32_t i, uint32_t n)
{
	uint32_t left = n + 2 - i;

	return i + 1 + next_random(next_random(2) && left > 300 ? 300 : left);
}

static void make_list(struct link_insn *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind = next_random(10);
		struct link_insn *insn = &list[i];

		*insn = (struct link_insn){ .insn = { CBPF_LD_W, 0, 0, i },
					    .line = i + 1 };
		if (kind == 0) {
			insn->insn = (struct cbpf_insn){ CBPF_RET_K, 0, 0,
							 next_random(3) };
		} else if (kind > 2) {
			insn->insn.code = kind == 3 ? CBPF_JA : CBPF_JEQ_K;
			insn->has_targets = true;
			insn->t = some_target(i, n);
			insn->f = kind == 4 ? insn->t : some_target(i, n);
		}
	}
}

/* Whether a jump from a place to another gets to a target, by added jumps. */
static bool gets_to(const struct cbpf_insn *out, const uint32_t *lines,
		    const uint32_t *place, size_t n_out, uint32_t n,
		    uint64_t to, const struct link_insn *list, uint32_t target)
{
	uint64_t want = target < n ? place[target] : n_out + (target - n);

	while (to != want && to < n_out && out[to].code == CBPF_JA &&
	       place[lines[to] - 1] != to)
		to += 1 + (uint64_t)out[to].k;
	if (to == want)
		return true;
	/* a copy of a return */
	return target < n && to < n_out && out[to].code == CBPF_RET_K &&
	       list[target].insn.code == CBPF_RET_K &&
	       list[target].insn.k == out[to].k;
}

static unsigned count_wrong(const struct link_insn *list, uint32_t n,
			    const struct cbpf_insn *out, const uint32_t *lines,
			    size_t n_out)
{
	static uint32_t place[MOST];
	unsigned bad = 0;

	for (size_t at = n_out; at-- > 0;)
		place[lines[at] - 1] = (uint32_t)at;
	for (uint32_t i = 0; i < n; i++) {
		const struct cbpf_insn *insn = &out[place[i]];
		uint64_t next = (uint64_t)place[i] + 1;

		if (!list[i].has_targets)
			bad += insn->code != list[i].insn.code ||
			       insn->k != list[i].insn.k;
		else if (list[i].insn.code == CBPF_JA)
			bad += !gets_to(out, lines, place, n_out, n,
					insn->code == CBPF_JA ? next + insn->k
							      : place[i],
					list, list[i].t);
		else
			bad += !gets_to(out, lines, place, n_out, n,
					next + insn->jt, list, list[i].t) ||
			       !gets_to(out, lines, place, n_out, n,
					next + insn->jf, list, list[i].f);
	}
	return bad;
}

int main(void)
{
	static struct link_insn list[MOST];
	const struct cbpf_mem mem = mem_or_libc(NULL);

	for (int copies = 0; copies < 2; copies++) {
		unsigned bad = 0;
		uint64_t given = 0, made = 0;

		for (int times = 0; times < 300; times++) {
			uint32_t n = 1 + next_random(MOST), *lines;
			struct cbpf_insn *out;
			size_t n_out, at;

			make_list(list, n);
			if (link_insns(list, n, copies, &mem, &out, &lines,
				       &n_out, &at) != CBPF_OK) {
				bad++;
				continue;
			}
			bad += count_wrong(list, n, out, lines, n_out);
			given += n;
			made += n_out;
			mem_free(&mem, out, n_out * sizeof(*out));
			mem_free(&mem, lines, n_out * sizeof(*lines));
		}
		tap_ok(bad == 0 && made > given,
		       "%s: %llu instructions of %llu, %u jumps go wrong",
		       copies ? "with returns copied" : "by jumps",
		       (unsigned long long)made, (unsigned long long)given,
		       bad);
	}
	return tap_done();
}
