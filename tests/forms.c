/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs through every form and back, and listings against the tools that
 * print them. TAP.
 *
 *	forms [PROGRAMS [FILE]]
 *
 * PROGRAMS random ones (100000), legal and not; FILE has more, a bpf_asm line
 * each, for instance those of the exchange vectors.
 */
#include <stdlib.h>

#include "cbpf/cbpf.h"
#include "tap.h"
#ifdef CBPF_HAVE_EXPR
#include <pcap/pcap.h>
#endif

#define INSNS_MAX 40

/* The forms that leave something out; the rest keep every bit. */
static bool is_listing(int form)
{
	return form == CBPF_FORMAT_D || form == CBPF_FORMAT_D110 ||
	       form == CBPF_FORMAT_DBG || form == CBPF_FORMAT_GO;
}

struct tally {
	unsigned long n, losses[CBPF_FORMATS];
	unsigned long bad[CBPF_FORMATS]; /* lost without a word, or worse */
};

/* Whether a program comes back, or the loss is told of in advance. */
static bool comes_back(int form, const struct cbpf_insn *insns, size_t n,
		       bool is_lossy)
{
	struct cbpf_code back;
	char *text;
	size_t size;
	bool is_same = false;

	if (cbpf_text_write((enum cbpf_format)form, insns, n, NULL, &text,
			    &size) != CBPF_OK)
		return false;
	if (cbpf_text_read((enum cbpf_format)form, text, size, NULL, &back,
			   NULL) == CBPF_OK) {
		is_same = back.n == n &&
			  !memcmp(back.insns, insns, n * sizeof(*insns));
		cbpf_code_free(&back);
	}
	cbpf_text_free(text, size, NULL);
	return is_same != is_lossy;
}

static void try_all(struct tally *t, const struct cbpf_insn *insns, size_t n)
{
	t->n++;
	for (int form = CBPF_FORMAT_ASM; form < CBPF_FORMATS; form++) {
		enum cbpf_err err = cbpf_text_losses((enum cbpf_format)form,
						     insns, n, NULL, NULL);

		t->losses[form] += err != CBPF_OK;
		t->bad[form] += (err != CBPF_OK && err != CBPF_E_LOST) ||
				(err == CBPF_E_LOST && !is_listing(form)) ||
				!comes_back(form, insns, n, err != CBPF_OK);
	}
}

static void report(const struct tally *t, const char *what)
{
	for (int form = CBPF_FORMAT_ASM; form < CBPF_FORMATS; form++)
		tap_ok(t->bad[form] == 0, "%lu %s through %s and back%s", t->n,
		       what, cbpf_format_name((enum cbpf_format)form),
		       t->losses[form] ? ", what is lost is said" : "");
}

/* What all listings can say: nothing in fields that mean nothing. */
static void clean(struct cbpf_insn *insns, size_t n)
{
	for (size_t pc = 0; pc < n; pc++) {
		unsigned class;
		bool is_x;

		/* bpf_dbg and Go lose it; ancillary loads have one size */
		if (insns[pc].code == 0x81)
			insns[pc].code = 0x80;
		class = insns[pc].code & 7;
		is_x = (class == 4 || class == 5) && insns[pc].code & 8;

		if (class != 5 || insns[pc].code == 5)
			insns[pc].jt = insns[pc].jf = 0;
		if (is_x || class == 7 || insns[pc].code == 0x84 ||
		    insns[pc].code == 0x16 || insns[pc].code == 0x80)
			insns[pc].k = 0;
		if ((insns[pc].code & 0xe7) == 0x20 &&
		    insns[pc].k >= 0xfffff000) {
			insns[pc].code = 0x20;
			/* what is no load, and xor_x, have no name in Go */
			if (insns[pc].k == 0xfffff028 || insns[pc].k % 4 != 0 ||
			    insns[pc].k > 0xfffff03c)
				insns[pc].k = 0xfffff000;
		}
	}
}

static void test_random(unsigned long n_programs)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts),
					 .dialect = CBPF_LINUX };
	struct tally wild = { .n = 0 }, legal = wild;
	struct cbpf_insn insns[INSNS_MAX];
	unsigned long lost = 0;
	uint64_t seed = 1;

	for (unsigned long i = 0; i < n_programs / 2; i++) {
		size_t n;

		opts.kind = CBPF_RANDOM_WILD;
		n = cbpf_random_program(&seed, &opts, insns);
		try_all(&wild, insns, n);
		opts.kind = CBPF_RANDOM_LEGAL;
		n = cbpf_random_program(&seed, &opts, insns);
		clean(insns, n);
		try_all(&legal, insns, n);
	}
	report(&wild, "wild programs");
	report(&legal, "legal programs");
	for (int form = 0; form < CBPF_FORMATS; form++) {
		lost += legal.losses[form];
		if (legal.losses[form])
			printf("# %s: %lu\n",
			       cbpf_format_name((enum cbpf_format)form),
			       legal.losses[form]);
	}
	tap_ok(lost == 0, "%lu legal programs without junk: no form loses any",
	       legal.n);
}

/* ---- libpcap's own listing ---------------------------------------------- */

#ifdef CBPF_HAVE_EXPR
static void test_image(unsigned long n_programs)
{
	struct cbpf_random_opts opts = { .size = sizeof(opts),
					 .kind = CBPF_RANDOM_WILD };
	struct cbpf_insn insns[INSNS_MAX];
	int minor = 0;
	enum cbpf_format form = CBPF_FORMAT_D110;
	unsigned long bad = 0;
	uint64_t seed = 2;

	if (sscanf(pcap_lib_version(), "libpcap version 1.%d", &minor) == 1 &&
	    minor >= 11)
		form = CBPF_FORMAT_D;
	for (unsigned long i = 0; i < n_programs; i++) {
		size_t n = cbpf_random_program(&seed, &opts, insns), size;
		char *text, *line;

		if (cbpf_text_write(form, insns, n, NULL, &text, &size))
			continue;
		line = text;
		for (size_t pc = 0; pc < n; pc++) {
			struct bpf_insn insn;
			const char *image;

			memcpy(&insn, &insns[pc], sizeof(insn));
			image = bpf_image(&insn, (int)pc);
			bad += strncmp(line, image, strlen(image)) != 0 ||
			       line[strlen(image)] != '\n';
			line += strcspn(line, "\n") + 1;
		}
		cbpf_text_free(text, size, NULL);
	}
	tap_ok(bad == 0, "%s is what bpf_image() of %s prints, %lu programs",
	       cbpf_format_name(form), pcap_lib_version(), n_programs);
}
#else
static void test_image(unsigned long n_programs)
{
	(void)n_programs;
	tap_skip("d110 against bpf_image()", "built without libpcap");
}
#endif

/* ---- programs of a file ------------------------------------------------- */

static void test_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct tally t = { .n = 0 };
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool is_read = file != NULL;

	while (is_read && (len = getline(&line, &cap, file)) > 0) {
		struct cbpf_code code;

		if (cbpf_text_read(CBPF_FORMAT_BPFASM, line, (size_t)len, NULL,
				   &code, NULL) != CBPF_OK) {
			is_read = false;
			break;
		}
		try_all(&t, code.insns, code.n);
		cbpf_code_free(&code);
	}
	tap_ok(is_read && t.n > 0, "%s has programs, and all can be read",
	       path);
	report(&t, "programs of the file");
	free(line);
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;

	test_random(n);
	test_image(n / 10);
	if (argc > 2)
		test_file(argv[2]);
	return tap_done();
}
