/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine of its own behind the line protocol of cbpf(5), written once more
 * from the rules of the user dialect, and wrong in one way if asked to be:
 *
 *	wrong-vm none|bound|signed|shift|scratch|order
 *
 * The wrong ones must be found by cbpf fuzz, the right one must not. Whether a
 * program is legal it asks the library; what it means it says itself. It has
 * no ancillary loads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbpf/cbpf.h"

#define INSNS_MAX 8192
#define BYTES_MAX 70000

static enum { NONE, BOUND, SIGNED, SHIFT, SCRATCH, ORDER } fault;

static struct cbpf_insn insns[INSNS_MAX];
static size_t n_insns;
static uint8_t bytes[BYTES_MAX + 1]; /* one more for the wrong bound */
static uint32_t n_bytes, wirelen;

/* ---- the machine -------------------------------------------------------- */

static bool load(uint32_t at, unsigned size, uint32_t *value)
{
	uint32_t v = 0;

	if (at >= 0xfff00000u)
		at -= 0xfff00000u;
	else if (at >= 0x80000000u)
		return false;
	if (at > n_bytes ||
	    size > n_bytes - at + (fault == BOUND && at < n_bytes))
		return false;
	for (unsigned i = 0; i < size; i++)
		v = v << 8 | bytes[at + i];
	if (fault == ORDER && size == 2)
		v = (v & 0xff) << 8 | v >> 8;
	*value = v;
	return true;
}

static bool alu(uint16_t code, uint32_t *a, uint32_t b)
{
	unsigned by = fault == SHIFT && b > 31 ? 32 : b % 32;

	switch (code & 0xf0) {
	case 0x00:
		*a += b;
		return true;
	case 0x10:
		*a -= b;
		return true;
	case 0x20:
		*a *= b;
		return true;
	case 0x30:
		*a = b ? *a / b : 0;
		return b != 0;
	case 0x40:
		*a |= b;
		return true;
	case 0x50:
		*a &= b;
		return true;
	case 0x60:
		*a = (uint32_t)((uint64_t)*a << by);
		return true;
	case 0x70:
		*a = (uint32_t)((uint64_t)*a >> by);
		return true;
	case 0x80:
		*a = ~*a + 1;
		return true;
	case 0x90:
		*a = b ? *a % b : 0;
		return b != 0;
	default:
		*a ^= b;
		return true;
	}
}

static bool test(uint16_t code, uint32_t a, uint32_t b)
{
	int64_t p = a, q = b;

	if (fault == SIGNED) {
		p = (int32_t)a;
		q = (int32_t)b;
	}
	switch (code & 0xf0) {
	case 0x10:
		return p == q;
	case 0x20:
		return p > q;
	case 0x30:
		return p >= q;
	default:
		return (a & b) != 0;
	}
}

static uint32_t run(void)
{
	uint32_t a = 0, x = 0, m[16] = { 0 }, v;

	for (size_t pc = 0; pc < n_insns; pc++) {
		const struct cbpf_insn *i = &insns[pc];
		uint32_t operand = i->code & 8 ? x : i->k;
		unsigned size = (i->code & 0x18) == 0	   ? 4
				: (i->code & 0x18) == 0x08 ? 2
							   : 1;

		switch (i->code & 7) {
		case 0:
		case 1:
			switch (i->code & 0xe0) {
			case 0x00:
				v = i->k;
				break;
			case 0x20:
				if (!load(i->k, size, &v))
					return 0;
				break;
			case 0x40:
				if (!load(x + i->k, size, &v))
					return 0;
				break;
			case 0x60:
				v = m[i->k];
				break;
			case 0x80:
				v = wirelen;
				break;
			default:
				if (!load(i->k, 1, &v))
					return 0;
				v = v % 16 * 4;
				break;
			}
			*(i->code & 1 ? &x : &a) = v;
			break;
		case 2:
			m[i->k] = a;
			break;
		case 3:
			if (fault != SCRATCH)
				m[i->k] = x;
			break;
		case 4:
			if (!alu(i->code, &a, operand))
				return 0;
			break;
		case 5:
			if ((i->code & 0xf0) == 0)
				pc += i->k;
			else
				pc += test(i->code, a, operand) ? i->jt : i->jf;
			break;
		case 6:
			return i->code & 0x10 ? a : i->k;
		default:
			if (i->code & 0x80)
				a = x;
			else
				x = a;
			break;
		}
	}
	return 0;
}

/* ---- the protocol ------------------------------------------------------- */

static void answer_load(char *line)
{
	char *at = line;

	n_insns = 0;
	while ((at = strchr(at, ' ')) && n_insns < INSNS_MAX) {
		unsigned code, jt, jf, k;

		if (sscanf(++at, "%u,%u,%u,%u", &code, &jt, &jf, &k) == 4)
			insns[n_insns++] =
				(struct cbpf_insn){ (uint16_t)code, (uint8_t)jt,
						    (uint8_t)jf, k };
	}
	if (cbpf_check(insns, n_insns, NULL, NULL) != CBPF_OK) {
		puts("reject");
		return;
	}
	for (size_t i = 0; i < n_insns; i++) {
		if ((insns[i].code & 0xe7) == 0x20 &&
		    insns[i].k >= CBPF_EXT_PROTO) {
			puts("skip there are no ancillary loads here");
			return;
		}
	}
	puts("ok");
}

static void answer_run(const char *line)
{
	unsigned byte;
	int used = 0;

	if (strchr(line, '=')) {
		puts("skip there is nothing beside the bytes here");
		return;
	}
	sscanf(line, "run %u %n", &wirelen, &used);
	line += used;
	for (n_bytes = 0; n_bytes < BYTES_MAX; n_bytes++, line += 2)
		if (sscanf(line, "%2x", &byte) == 1)
			bytes[n_bytes] = (uint8_t)byte;
		else
			break;
	bytes[n_bytes] = 0;
	printf("%u\n", run());
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "none",  "bound",	 "signed",
					     "shift", "scratch", "order" };
	static char line[4 * BYTES_MAX];
	unsigned i = 0;

	while (i < 6 && (argc != 2 || strcmp(argv[1], names[i]) != 0))
		i++;
	if (i == 6)
		return 2;
	fault = i;
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "load ", 5) == 0)
			answer_load(line);
		else if (strncmp(line, "run ", 4) == 0)
			answer_run(line);
		else
			printf("wrong-vm-%s user\n", names[i]);
		fflush(stdout);
	}
	return 0;
}
