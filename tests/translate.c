/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs as C: random programs of every dialect are translated, compiled with
 * all warnings as errors and checks of undefined behaviour that trap, loaded,
 * and run over packets that end where a page does that cannot be read: each
 * returns what the interpreter returns.
 *
 *	translate CC HEADERS DIRECTORY [PROGRAMS]
 *
 * CC compiles, HEADERS is where cbpf/cbpf.h is, DIRECTORY for what is made.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbpf/cbpf.h"
#include "tap.h"

#define INSNS	40
#define PACKETS 16
#define PAGE	4096

struct translated {
	struct cbpf_prog *prog;
	uint32_t (*run)(const struct cbpf_packet *packet);
};

/* Fields of a context that a function may ask for. */
static const char *const fields[] = {
	"headroom", "has_link", "link_off", "net_off",	 "has_device", "proto",
	"pkt_type", "ifindex",	"mark",	    "queue",	 "hatype",     "rxhash",
	"cpu",	    "vlan_tci", "has_vlan", "vlan_tpid",
};

/* The function, and one of a packet of ours that calls it. */
static void write_one(FILE *file, const char *text, unsigned number)
{
	char name[32];
	const char *body;

	snprintf(name, sizeof(name), "struct f%u_ctx {", number);
	body = strstr(text, name);
	/* what each of them defines, once for all */
	fprintf(file,
		"#define be16 be16_%u\n#define be32 be32_%u\n"
		"#define word word_%u\n#define locate locate_%u\n%s",
		number, number, number, number, text);
	fprintf(file,
		"#undef be16\n#undef be32\n#undef word\n#undef locate\n"
		"uint32_t call%u(const struct cbpf_packet *packet);\n"
		"uint32_t call%u(const struct cbpf_packet *packet)\n{\n",
		number, number);
	if (body)
		fprintf(file, "\tconst struct f%u_ctx ctx = {\n", number);
	for (size_t i = 0; body && i < sizeof(fields) / sizeof(*fields); i++) {
		char field[40];
		const char *at;

		snprintf(field, sizeof(field), " %s;", fields[i]);
		at = strstr(body, field);
		if (at && at < strstr(body, "};"))
			fprintf(file, "\t\t.%s = packet->ctx->%s,\n", fields[i],
				fields[i]);
	}
	fprintf(file,
		"%s\treturn f%u(packet->data, packet->caplen, "
		"packet->wirelen%s);\n}\n",
		body ? "\t};\n" : "", number, body ? ", &ctx" : "");
}

/* Random programs of a dialect, written; how many. */
static unsigned make(FILE *file, enum cbpf_dialect dialect, unsigned n,
		     struct translated *made, unsigned first)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = dialect };
	struct cbpf_random_opts random = { .size = sizeof(random),
					   .dialect = dialect,
					   .max_insns = INSNS };
	uint64_t seed = 9 + (uint64_t)dialect;
	unsigned taken = 0;

	for (unsigned i = 0; i < n; i++) {
		struct cbpf_translate_opts how = { .size = sizeof(how) };
		struct cbpf_insn insns[INSNS];
		size_t len = cbpf_random_program(&seed, &random, insns), size;
		struct cbpf_prog *prog;
		char name[16], *text;

		if (cbpf_prog_new(insns, len, &opts, &prog, NULL) != CBPF_OK)
			continue;
		snprintf(name, sizeof(name), "f%u", first + taken);
		how.name = name;
		if (cbpf_translate_c(prog, &how, &text, &size, NULL) !=
		    CBPF_OK) {
			cbpf_prog_free(prog);
			continue;
		}
		write_one(file, text, first + taken);
		cbpf_text_free(text, size, NULL);
		made[first + taken++].prog = prog;
	}
	return taken;
}

static struct cbpf_ctx some_ctx(uint64_t draw)
{
	return (struct cbpf_ctx){ .has_device = draw & 1,
				  .has_link = draw >> 1 & 1,
				  .has_vlan = draw >> 2 & 1,
				  .net_off = draw >> 3 & 1 ? 14 : 0,
				  .ifindex = (uint32_t)(draw >> 4 & 7),
				  .hatype = (uint16_t)(draw >> 7 & 3),
				  .mark = (uint32_t)draw,
				  .rxhash = (uint32_t)(draw >> 9),
				  .proto = (uint16_t)draw,
				  .queue = (uint16_t)(draw >> 3),
				  .vlan_tci = (uint16_t)(draw >> 5),
				  .vlan_tpid = 0x8100,
				  .pkt_type = (uint8_t)(draw >> 6 & 7) };
}

/* Packets for which one is not what the interpreter says. */
static unsigned differing(const struct translated *t, uint8_t *page,
			  uint64_t *seed)
{
	unsigned bad = 0;

	for (int i = 0; i < PACKETS; i++) {
		uint8_t data[CBPF_RANDOM_MOST];
		uint32_t len = (uint32_t)cbpf_random_packet(seed, t->prog, 0,
							    data, sizeof(data));
		struct cbpf_ctx ctx = some_ctx(*seed);
		struct cbpf_packet packet = { .data = page + PAGE - len,
					      .caplen = len,
					      .wirelen = len + i % 3,
					      .ctx = &ctx };
		struct cbpf_result result;

		memcpy(page + PAGE - len, data, len);
		cbpf_run(t->prog, &packet, &result);
		bad += t->run(&packet) != result.value;
	}
	return bad;
}

/* Whether a program ends with 0. */
static bool succeeds(const char *const *argv)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void *load(const char *cc, const char *headers, const char *source,
		  const char *library)
{
	const char *const looks[] = { cc,	 "-std=c11", "-Wall",
				      "-Wextra", "-Werror",  "-fsyntax-only",
				      "-I",	 headers,    source,
				      NULL };
	const char *const makes[] = { cc,
				      "-std=c11",
				      "-O1",
				      "-fPIC",
				      "-shared",
				      "-fsanitize=undefined",
				      "-fsanitize-undefined-trap-on-error",
				      "-I",
				      headers,
				      "-o",
				      library,
				      source,
				      NULL };

	if (!succeeds(looks) || !succeeds(makes))
		return NULL;
	return dlopen(library, RTLD_NOW);
}

/* Two pages of which the second cannot be touched; NULL: none. */
static uint8_t *make_pages(void)
{
	uint8_t *pages = mmap(NULL, (size_t)2 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + PAGE, PAGE, PROT_NONE) != 0)
		return NULL;
	return pages;
}

/* Programs of a dialect: first to before the last. */
static void test_dialect(enum cbpf_dialect dialect, void *library,
			 struct translated *made, unsigned first, unsigned last,
			 unsigned wanted)
{
	uint8_t *page = make_pages();
	uint64_t seed = 3;
	unsigned bad = 0;

	for (unsigned i = first; i < last; i++) {
		char name[32];
		void *symbol;

		snprintf(name, sizeof(name), "call%u", i);
		symbol = dlsym(library, name);
		if (!symbol || !page) {
			bad++;
			continue;
		}
		memcpy(&made[i].run, &symbol, sizeof(symbol));
		bad += differing(&made[i], page, &seed);
	}
	tap_ok(bad == 0 && last - first > wanted,
	       "%s: %u programs as C, %u packets differ",
	       cbpf_dialect_name(dialect), last - first, bad);
	if (page)
		munmap(page, (size_t)2 * PAGE);
}

int main(int argc, char **argv)
{
	unsigned programs = argc > 4 ? (unsigned)atoi(argv[4]) : 100;
	struct translated *made;
	unsigned first[CBPF_DIALECTS + 1] = { 0 };
	char source[1024], path[1024];
	void *library;
	FILE *file;

	if (argc < 4) {
		fprintf(stderr, "usage: translate CC HEADERS DIRECTORY "
				"[PROGRAMS]\n");
		return 2;
	}
	snprintf(source, sizeof(source), "%s/made.c", argv[3]);
	snprintf(path, sizeof(path), "%s/made.so", argv[3]);
	file = fopen(source, "w");
	if (!file)
		return 2;
	made = calloc((size_t)programs * CBPF_DIALECTS + 1, sizeof(*made));
	fprintf(file, "#include \"cbpf/cbpf.h\"\n");
	for (int d = 0; made && d < CBPF_DIALECTS; d++)
		first[d + 1] = first[d] + make(file, (enum cbpf_dialect)d,
					       programs, made, first[d]);
	fclose(file);
	library = load(argv[1], argv[2], source, path);
	tap_ok(library != NULL, "%u functions are C without a warning",
	       first[CBPF_DIALECTS]);
	for (int d = 0; library && d < CBPF_DIALECTS; d++)
		test_dialect((enum cbpf_dialect)d, library, made, first[d],
			     first[d + 1], programs / 4);
	for (unsigned i = 0; i < first[CBPF_DIALECTS]; i++)
		cbpf_prog_free(made[i].prog);
	free(made);
	return tap_done();
}
