/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of src/jit/x64_enc.h and x64_vec.h beside those of GNU as, form by
 * form and for low and high registers: see encode.h.
 */
#include "jit/x64_vec.h"
#include "encode.h"

static const char *const names[X64_REGS] = { "eax",  "ecx",  "edx",  "ebx",
					     "esp",  "ebp",  "esi",  "edi",
					     "r8d",  "r9d",  "r10d", "r11d",
					     "r12d", "r13d", "r14d", "r15d" };
static const char *const wide[X64_REGS] = { "rax", "rcx", "rdx", "rbx",
					    "rsp", "rbp", "rsi", "rdi",
					    "r8",  "r9",  "r10", "r11",
					    "r12", "r13", "r14", "r15" };

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
		x64_alu64_imm(&buf, X64_AND, a, (uint32_t)-64);
		snprintf(text, sizeof(text), "and %s, -64", wide[a]);
		form(text);
		x64_alu64_imm(&buf, X64_ADD, a, 384);
		snprintf(text, sizeof(text), "{load} add %s, 384", wide[a]);
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
	}
	x64_or8(&buf, X64_AX, X64_CX);
	form("{load} or al, cl");
	x64_setcc(&buf, X64_E, X64_CX);
	form("sete cl");
	x64_setcc(&buf, X64_B, X64_AX);
	form("setb al");
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
		x64_load64(&buf, to, m);
		operand(where, sizeof(where), "qword", m);
		snprintf(text, sizeof(text), "mov %s, %s", wide[to], where);
		form(text);
		x64_alu64_load(&buf, X64_CMP, to, m);
		snprintf(text, sizeof(text), "cmp %s, %s", wide[to], where);
		form(text);
		x64_alu64_load(&buf, X64_AND, to, m);
		snprintf(text, sizeof(text), "and %s, %s", wide[to], where);
		form(text);
		x64_store(&buf, to, m);
		operand(where, sizeof(where), "dword", m);
		snprintf(text, sizeof(text), "mov %s, %s", where, names[to]);
		form(text);
		x64_lea(&buf, 1, to, m);
		operand(where, sizeof(where), "qword", m);
		snprintf(text, sizeof(text), "lea %s, %s", wide[to], where);
		form(text);
		x64_cmp_load(&buf, to, m);
		operand(where, sizeof(where), "dword", m);
		snprintf(text, sizeof(text), "cmp %s, %s", names[to], where);
		form(text);
	}
}

/* ---- jumps -------------------------------------------------------------- */

/* Over so many bytes, which are no part of the form. */
static void try_jumps(void)
{
	static const uint8_t nothing[300];
	static const unsigned over[] = { 1, 127, 128, 290 };

	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++) {
		char text[80];
		uint32_t back;

		ab_put(&buf, nothing, over[i]);
		x64_jcc(&buf, X64_AE, 0);
		snprintf(text, sizeof(text), "jae .+%u; .zero %u",
			 over[i] + (over[i] < 128 ? 2 : 6), over[i]);
		form(text);
		ab_put(&buf, nothing, over[i]);
		x64_jmp(&buf, 0);
		snprintf(text, sizeof(text), "jmp .+%u; .zero %u",
			 over[i] + (over[i] < 128 ? 2 : 5), over[i]);
		form(text);
		back = x64_jcc_back(&buf, X64_NE);
		ab_put(&buf, nothing, over[i]);
		x64_jcc_lead(&buf, back, ab_here(&buf));
		snprintf(text, sizeof(text), ".zero %u; {disp32} jne .-%u",
			 over[i], over[i]);
		form(text);
		ab_put(&buf, nothing, over[i]);
		x64_lea_rip(&buf, X64_R9, 0);
		snprintf(text, sizeof(text), "lea r9, [rip+%u]; .zero %u",
			 over[i], over[i]);
		form(text);
	}
	x64_jmp_reg(&buf, X64_AX);
	form("jmp rax");
}

/* ---- many numbers at a time --------------------------------------------- */

/* A register as the last operand, or memory. */
static struct vx_rm last(char *text, size_t size, unsigned i, bool is_wide,
			 bool has_each)
{
	static const int32_t places[] = { 0, 4, 0x12340 };
	unsigned base = some[i % SOME];
	int32_t place = places[(base & 7) == X64_BP ? 1 + i % 2 : i % 3];
	struct vx_rm rm = vx_at(base, (uint32_t)place);

	if (i % 2) {
		rm = vx_reg(is_wide ? 31 - i % 8 : 15 - i % 8);
		snprintf(text, size, "%cmm%u", is_wide ? 'z' : 'y', rm.reg);
		return rm;
	}
	rm.is_each = is_wide && has_each && i % 4;
	snprintf(text, size, "%s ptr [%s%+d]%s",
		 rm.is_each ? "dword"
		 : is_wide  ? "zmmword"
			    : "ymmword",
		 wide[base], place, rm.is_each ? "{1to16}" : "");
	return rm;
}

/* An operation of two, for both widths: of eight, then of sixteen. */
static void try_operation(const struct vx_row *row, const char *narrow,
			  const char *mnemonic, bool has_each)
{
	for (unsigned i = 0; i < 24; i++) {
		bool is_wide = i >= 12;
		unsigned to = is_wide ? 5 * i % 32 : 5 * i % 16;
		unsigned a = is_wide ? 7 * i % 32 : 7 * i % 16;
		unsigned mask = is_wide ? i % 8 : 0;
		char where[64], text[128], in[8] = "";
		struct vx_rm rm =
			last(where, sizeof(where), i, is_wide, has_each);

		if (mask)
			snprintf(in, sizeof(in), "{k%u}", mask);
		snprintf(text, sizeof(text),
			 "{disp32} %s%s %cmm%u%s, %cmm%u, %s",
			 is_wide ? "" : "{vex3} ", is_wide ? mnemonic : narrow,
			 is_wide ? 'z' : 'y', to, in, is_wide ? 'z' : 'y', a,
			 where);
		if (is_wide)
			vx_evex(&buf, VX_512, row, to, a, rm, mask);
		else
			vx_put(&buf, VX_256, row, to, a, rm);
		form(text);
	}
}

static void try_moves(void)
{
	for (unsigned i = 0; i < 12; i++) {
		char where[64], text[128];
		struct vx_rm rm = last(where, sizeof(where), i, true, false);

		vx_put(&buf, VX_512, &vx_load, i * 2, 0, rm);
		snprintf(text, sizeof(text),
			 "{disp32} {load} vmovdqu32 zmm%u, %s", i * 2, where);
		form(text);
		vx_evex(&buf, VX_512, &vx_load, i * 2, 0, rm, 1 + i % 7);
		snprintf(text, sizeof(text),
			 "{disp32} {load} vmovdqu32 zmm%u{k%u}, %s", i * 2,
			 1 + i % 7, where);
		form(text);
		rm = last(where, sizeof(where), i, false, false);
		vx_put(&buf, VX_256, &vx_load, i, 0, rm);
		snprintf(text, sizeof(text),
			 "{vex3} {disp32} {load} vmovdqu ymm%u, %s", i, where);
		form(text);
		if (i % 2)
			continue;
		vx_put(&buf, VX_256, &vx_store, i, 0, rm);
		snprintf(text, sizeof(text),
			 "{vex3} {disp32} vmovdqu %s, ymm%u", where, i);
		form(text);
		rm = last(where, sizeof(where), i, true, false);
		vx_put(&buf, VX_512, &vx_store, 30 - i, 0, rm);
		snprintf(text, sizeof(text), "{disp32} vmovdqu32 %s, zmm%u",
			 where, 30 - i);
		form(text);
	}
	vx_vex(&buf, VX_128, &vx_load, 9, 0, vx_at(X64_R10, 12));
	form("{vex3} {disp32} vmovdqu xmm9, xmmword ptr [r10+12]");
	vx_vex(&buf, VX_128, &vx_load64, 0, 0, vx_at(X64_DI, 0));
	form("{vex3} vmovq xmm0, qword ptr [rdi]");
	vx_put(&buf, VX_512, &vx_spread, 20, 0, vx_at(X64_R8, 8));
	form("{disp32} vpbroadcastd zmm20, dword ptr [r8+8]");
	vx_evex(&buf, VX_512, &vx_spread, 7, 0, vx_at(X64_R8, 8), 3);
	form("{disp32} vpbroadcastd zmm7{k3}, dword ptr [r8+8]");
	vx_insert_lane(&buf, VX_512, 3, 2, vx_at(X64_R10, 12));
	form("{disp32} vinserti32x4 zmm3, zmm3, xmmword ptr [r10+12], 2");
	vx_insert_lane(&buf, VX_256, 3, 1, vx_at(X64_DI, 24));
	form("{vex3} {disp32} vinserti128 ymm3, ymm3, xmmword ptr [rdi+24], 1");
	vx_choose(&buf, 7, 7, vx_reg(12), 5);
	form("{vex3} vpblendvb ymm7, ymm7, ymm12, ymm5");
	vx_choose(&buf, 9, 8, vx_at(X64_SP, 32), 13);
	form("{disp32} vpblendvb ymm9, ymm8, ymmword ptr [rsp+32], ymm13");
	vx_vex(&buf, VX_256, &vx_signs, X64_R10, 0, vx_reg(12));
	form("{vex3} vmovmskps r10d, ymm12");
	vx_zeroupper(&buf);
	form("vzeroupper");
}

static void try_gathers(void)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned base = i % 2 ? some[i % SOME] : X64_AX;
		struct vx_rm at = { .mem = { (uint8_t)base,
					     (uint8_t)(i * 4 + 1),
					     i % 2 ? 14 : 0, i % 3 ? 2 : 0 },
				    .is_mem = true };
		char text[128];

		vx_evex(&buf, VX_512, &vx_gather, 28 - i * 3, 0, at, 1 + i % 7);
		snprintf(text, sizeof(text),
			 "{disp32} vpgatherdd zmm%u{k%u}, [%s+zmm%u*%u%+d]",
			 28 - i * 3, 1 + i % 7, wide[base], i * 4 + 1,
			 i % 3 ? 4 : 1, i % 2 ? 14 : 0);
		form(text);
		at.mem.index = (uint8_t)(i * 2 + 1);
		vx_vex(&buf, VX_256, &vx_gather, 14 - i * 2, i == 5 ? 6 : 4,
		       at);
		snprintf(text, sizeof(text),
			 "{vex3} {disp32} vpgatherdd ymm%u, [%s+ymm%u*%u%+d], "
			 "ymm%u",
			 14 - i * 2, wide[base], i * 2 + 1, i % 3 ? 4 : 1,
			 i % 2 ? 14 : 0, i == 5 ? 6 : 4);
		form(text);
	}
}

static void try_masks(void)
{
	static const struct {
		const struct vx_row *row;
		const char *name;
	} two[] = { { &vx_kand, "kandw" },
		    { &vx_kandn, "kandnw" },
		    { &vx_kor, "korw" },
		    { &vx_kxnor, "kxnorw" },
		    { &vx_kxor, "kxorw" } };
	static const enum vx_test tests[] = { VX_EQ, VX_LT, VX_LE,
					      VX_NE, VX_GE, VX_GT };
	char where[64], text[128];

	for (unsigned i = 0; i < 5; i++) {
		vx_masks(&buf, two[i].row, 1 + i, 2 + i, 7 - i);
		snprintf(text, sizeof(text), "{vex3} %s k%u, k%u, k%u",
			 two[i].name, 1 + i, 2 + i, 7 - i);
		form(text);
	}
	for (unsigned i = 0; i < 6; i++) {
		struct vx_rm rm = last(where, sizeof(where), i, true, true);

		vx_compare_mask(&buf, tests[i], 1 + i, 30 - i, rm, i);
		snprintf(text, sizeof(text),
			 "{disp32} vpcmpud k%u{k%u}, zmm%u, %s, %d", 1 + i, i,
			 30 - i, where, (int)tests[i]);
		if (i == 0)
			snprintf(text, sizeof(text),
				 "{disp32} vpcmpud k1, zmm30, %s, 0", where);
		form(text);
		vx_evex(&buf, VX_512, i % 2 ? &vx_bits : &vx_no_bits, 1 + i,
			30 - i, rm, 7);
		snprintf(text, sizeof(text),
			 "{disp32} vptest%smd k%u{k7}, zmm%u, %s",
			 i % 2 ? "" : "n", 1 + i, 30 - i, where);
		form(text);
	}
	vx_mask(&buf, &vx_kload, 5, vx_reg(2));
	form("{vex3} kmovw k5, k2");
	vx_mask(&buf, &vx_kload, 5, vx_at(X64_SP, 128));
	form("{vex3} {disp32} kmovw k5, word ptr [rsp+128]");
	vx_mask(&buf, &vx_kstore, 5, vx_at(X64_SP, 128));
	form("{vex3} {disp32} kmovw word ptr [rsp+128], k5");
	vx_mask(&buf, &vx_kget, X64_R10, vx_reg(5));
	form("{vex3} kmovw r10d, k5");
	vx_mask(&buf, &vx_kortest, 5, vx_reg(5));
	form("{vex3} kortestw k5, k5");
}

static void try_vectors(void)
{
	try_operation(&vx_add, "vpaddd", "vpaddd", true);
	try_operation(&vx_sub, "vpsubd", "vpsubd", true);
	try_operation(&vx_sub64, "vpsubq", "vpsubq", false);
	try_operation(&vx_and, "vpand", "vpandd", true);
	try_operation(&vx_andn, "vpandn", "vpandnd", true);
	try_operation(&vx_or, "vpor", "vpord", true);
	try_operation(&vx_xor, "vpxor", "vpxord", true);
	try_operation(&vx_mul, "vpmulld", "vpmulld", true);
	try_operation(&vx_max, "vpmaxud", "vpmaxud", true);
	try_operation(&vx_min, "vpminud", "vpminud", true);
	try_operation(&vx_shuffle, "vpshufb", "vpshufb", false);
	try_operation(&vx_sllv, "vpsllvd", "vpsllvd", true);
	try_operation(&vx_srlv, "vpsrlvd", "vpsrlvd", true);
	try_operation(&vx_low32, "vpunpckldq", "vpunpckldq", true);
	try_operation(&vx_high32, "vpunpckhdq", "vpunpckhdq", true);
	try_operation(&vx_low64, "vpunpcklqdq", "vpunpcklqdq", false);
	try_operation(&vx_high64, "vpunpckhqdq", "vpunpckhqdq", false);
	vx_put(&buf, VX_256, &vx_equal, 9, 2, vx_reg(13));
	form("{vex3} vpcmpeqd ymm9, ymm2, ymm13");
	for (unsigned i = 0; i < 4; i++) {
		static const char *const shifts[] = { "", "vpsrld", "vpsrad",
						      "vpslld" };
		char text[64];

		vx_shift_imm(&buf, VX_512, 2 * i, 8 * i + 1, 31 - 8 * i, 3);
		snprintf(text, sizeof(text), "%s zmm%u, zmm%u, 3", shifts[i],
			 8 * i + 1, 31 - 8 * i);
		if (i > 0)
			form(text);
		buf.left = buf.cap;
		vx_shift_imm(&buf, VX_256, 2 * i, 4 * i + 1, 15 - 4 * i, 31);
		snprintf(text, sizeof(text), "{vex3} %s ymm%u, ymm%u, 31",
			 shifts[i], 4 * i + 1, 15 - 4 * i);
		if (i > 0)
			form(text);
		buf.left = buf.cap;
	}
	try_moves();
	try_gathers();
	try_masks();
}

static void try_all(void)
{
	try_registers();
	try_memory();
	try_jumps();
	try_vectors();
}

int main(int argc, char **argv)
{
	return encode_main(argc, argv, try_all);
}
