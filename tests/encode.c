/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of src/jit/x64_enc.h beside those of GNU as, form by form and for
 * low and high registers.
 *
 *	encode --print		the forms, for scripts/make-encodings
 *	encode FILE		FILE has a form and its bytes a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit/x64_enc.h"
#include "tap.h"

static const char *const names[X64_REGS] = { "eax",  "ecx",  "edx",  "ebx",
					     "esp",  "ebp",  "esi",  "edi",
					     "r8d",  "r9d",  "r10d", "r11d",
					     "r12d", "r13d", "r14d", "r15d" };
static const char *const wide[X64_REGS] = { "rax", "rcx", "rdx", "rbx",
					    "rsp", "rbp", "rsi", "rdi",
					    "r8",  "r9",  "r10", "r11",
					    "r12", "r13", "r14", "r15" };

static struct arena arena;
static struct asmbuf buf;
static FILE *golden; /* NULL: print */
static unsigned n_forms, n_bad;

/* What was written since the last form is this. */
static void form(const char *text)
{
	char line[200], bytes[64] = "", want[240];

	for (size_t i = buf.left; i < buf.cap; i++)
		snprintf(bytes + strlen(bytes), 3, "%02x", buf.bytes[i]);
	buf.left = buf.cap;
	n_forms++;
	if (!golden) {
		printf("%s\n", text);
		return;
	}
	snprintf(want, sizeof(want), "%s\t%s\n", text, bytes);
	if (!fgets(line, sizeof(line), golden))
		line[0] = '\0';
	if (strcmp(line, want) != 0) {
		printf("# ours %s# as   %s", want, line[0] ? line : "-\n");
		n_bad++;
	}
}

static void pair(const char *mnemonic, unsigned a, unsigned b)
{
	char text[64];

	snprintf(text, sizeof(text), "{load} %s %s, %s", mnemonic, names[a],
		 names[b]);
	form(text);
}

static void number(const char *mnemonic, unsigned a, uint32_t k)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s, 0x%x", mnemonic, names[a], k);
	form(text);
}

static const char *operand(char *text, size_t size, const char *width,
			   struct x64_mem m)
{
	if (m.index == X64_NONE)
		snprintf(text, size, "%s ptr [%s%+d]", width, wide[m.base],
			 m.disp);
	else
		snprintf(text, size, "%s ptr [%s+%s*%d%+d]", width,
			 wide[m.base], wide[m.index], 1 << m.scale, m.disp);
	return text;
}

static const unsigned some[] = { X64_CX, X64_DX,  X64_BP, X64_DI,
				 X64_R8, X64_R12, X64_R13 };

#define SOME (sizeof(some) / sizeof(some[0]))

static void try_registers(void)
{
	static const char *const alu[] = { "add", "or",	 "adc", "sbb",
					   "and", "sub", "xor", "cmp" };

	for (size_t i = 0; i < SOME; i++) {
		unsigned a = some[i], b = some[(i + 3) % SOME];
		char text[64];

		x64_mov(&buf, a, b);
		pair("mov", a, b);
		for (unsigned op = 0; op < 8; op++) {
			x64_alu(&buf, (enum x64_alu)op, a, b);
			pair(alu[op], a, b);
			x64_alu_imm(&buf, (enum x64_alu)op, a, 0x7f);
			number(alu[op], a, 0x7f);
			x64_alu_imm(&buf, (enum x64_alu)op, a, 0x12345678);
			number(alu[op], a, 0x12345678);
		}
		x64_mov_imm(&buf, a, 0x89abcdef);
		number("mov", a, 0x89abcdef);
		x64_test(&buf, a, b);
		snprintf(text, sizeof(text), "test %s, %s", names[a], names[b]);
		form(text);
		x64_test_imm(&buf, a, 0x1000);
		number("test", a, 0x1000);
		x64_imul(&buf, a, b);
		pair("imul", a, b);
		x64_imul_imm(&buf, a, b, 0x9e3779b1);
		snprintf(text, sizeof(text), "imul %s, %s, 0x9e3779b1",
			 names[a], names[b]);
		form(text);
		x64_div(&buf, a);
		snprintf(text, sizeof(text), "div %s", names[a]);
		form(text);
		x64_shift_imm(&buf, X64_SHL, a, 5);
		number("shl", a, 5);
		x64_shift_imm(&buf, X64_SHR, a, 31);
		number("shr", a, 31);
		x64_shift_cl(&buf, X64_SHR, a);
		snprintf(text, sizeof(text), "shr %s, cl", names[a]);
		form(text);
		x64_bswap(&buf, a);
		snprintf(text, sizeof(text), "bswap %s", names[a]);
		form(text);
		x64_cmov(&buf, X64_A, a, b);
		pair("cmova", a, b);
		x64_bt(&buf, a, b);
		snprintf(text, sizeof(text), "bt %s, %s", names[a], names[b]);
		form(text);
		x64_mov64(&buf, a, b);
		snprintf(text, sizeof(text), "{load} mov %s, %s", wide[a],
			 wide[b]);
		form(text);
		x64_cmp64(&buf, a, b);
		snprintf(text, sizeof(text), "{load} cmp %s, %s", wide[a],
			 wide[b]);
		form(text);
		x64_push(&buf, a);
		snprintf(text, sizeof(text), "push %s", wide[a]);
		form(text);
		x64_pop(&buf, a);
		snprintf(text, sizeof(text), "pop %s", wide[a]);
		form(text);
		x64_spread(&buf, 1, a);
		snprintf(text, sizeof(text),
			 "movd xmm1, %s; pshufd xmm1, xmm1, 0", names[a]);
		form(text);
	}
	x64_or4(&buf, 0, 1);
	form("por xmm0, xmm1");
	x64_mov4(&buf, 1, 0);
	form("movdqa xmm1, xmm0");
	x64_signs4(&buf, X64_AX, 0);
	form("movmskps eax, xmm0");
	x64_ret(&buf);
	form("ret");
}

static void try_memory(void)
{
	static const int32_t places[] = { 0, 12, -128, 128, 70000 };
	static const char *const widths[] = { "", "byte", "word", "", "dword" };

	for (size_t i = 0; i < SOME * 5; i++) {
		struct x64_mem m = {
			(uint8_t)some[i % SOME],
			(uint8_t)(i % 3 ? some[(i + 2) % SOME] : X64_NONE),
			places[i % 5], (uint8_t)(i % 3 ? i % 4 : 0)
		};
		unsigned to = some[(i + 4) % SOME];
		char where[64], text[128];

		for (unsigned size = 1; size <= 4; size *= 2) {
			uint32_t k = size == 1	 ? 0x45
				     : size == 2 ? 0x1234
						 : 0x12345678;

			operand(where, sizeof(where), widths[size], m);
			x64_load(&buf, size, to, m);
			snprintf(text, sizeof(text), "%s %s, %s",
				 size == 4 ? "mov" : "movzx", names[to], where);
			form(text);
			x64_cmp_mem(&buf, size, m, k);
			snprintf(text, sizeof(text), "cmp %s, 0x%x", where, k);
			form(text);
			x64_cmp_mem(&buf, size, m, 8);
			snprintf(text, sizeof(text), "cmp %s, 0x8", where);
			form(text);
			x64_test_mem(&buf, size, m, k);
			snprintf(text, sizeof(text), "test %s, 0x%x", where, k);
			form(text);
		}
		x64_lea(&buf, 1, to, m);
		operand(where, sizeof(where), "qword", m);
		snprintf(text, sizeof(text), "lea %s, %s", wide[to], where);
		form(text);
		x64_equal4(&buf, 1, m);
		operand(where, sizeof(where), "xmmword", m);
		snprintf(text, sizeof(text), "pcmpeqd xmm1, %s", where);
		form(text);
	}
}

int main(int argc, char **argv)
{
	const struct cbpf_mem mem = mem_or_libc(NULL);

	if (argc != 2) {
		fprintf(stderr, "usage: encode --print | FILE\n");
		return 2;
	}
	arena = arena_new(&mem);
	buf.arena = &arena;
	if (strcmp(argv[1], "--print") != 0 &&
	    !(golden = fopen(argv[1], "r"))) {
		perror(argv[1]);
		return 2;
	}
	try_registers();
	try_memory();
	arena_free(&arena);
	if (!golden)
		return 0;
	fclose(golden);
	tap_ok(n_bad == 0 && n_forms > 500,
	       "%u forms, %u not as GNU as has them", n_forms, n_bad);
	return tap_done();
}
