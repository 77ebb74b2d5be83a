/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions of the capture language, a line each (LINKTYPE, a tab, the
 * expression): the program that is joined of primitives, and what the optimizer
 * makes of that, return what libpcap's unoptimized one does for every packet;
 * and hardly ever is it longer than what libpcap's own optimizer makes, where
 * that keeps the meaning.
 *
 *	expr FILE DIRECTORY-OF-CAPTURES [PACKETS]
 *
 * Packets are PACKETS random ones derived from each of the two programs, and
 * those of the captures that are of the link type, cut everywhere.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "cbpf/capture.h"
#include "cbpf/cbpf.h"
#include "cbpf/expr.h"
#include "tap.h"

#define CAPTURED_MAX 512

static struct {
	uint16_t link;
	uint32_t len;
	uint8_t *data;
} captured[CAPTURED_MAX];
static unsigned n_captured;

static void take_capture(const char *path)
{
	struct cbpf_capture *capture;
	struct cbpf_record r;

	if (cbpf_capture_open(path, NULL, &capture, NULL) != CBPF_OK)
		return;
	while (n_captured < CAPTURED_MAX &&
	       cbpf_capture_next(capture, &r, NULL) == CBPF_OK && !r.is_end) {
		uint8_t *data = malloc(r.caplen + 1);

		if (!data)
			break;
		memcpy(data, r.data, r.caplen);
		captured[n_captured].link = r.link;
		captured[n_captured].len = r.caplen;
		captured[n_captured++].data = data;
	}
	cbpf_capture_close(capture);
}

static void take_captures(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[1024];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (entry->d_name[0] != '.')
			take_capture(path);
	}
	if (dir)
		closedir(dir);
}

struct totals {
	unsigned expressions, differing, refused, joined;
	unsigned longer, much_longer; /* than libpcap's */
	unsigned longer_same; /* than one that is the same for short packets */
	uint64_t ours, theirs;
};

/* Whether they differ over packets that are made for them. */
static unsigned differing(const struct cbpf_prog *a, const struct cbpf_prog *b,
			  int packets)
{
	const struct cbpf_compare_opts opts = { .size = sizeof(opts),
						.packets = (uint32_t)packets,
						.seed = 1 };
	struct cbpf_compared compared;

	return cbpf_compare(a, b, &opts, &compared) != CBPF_OK ||
	       !compared.is_same;
}

/* Captured packets over which they differ, up to each byte of their headers and whole. */
static unsigned differing_captured(const struct cbpf_prog *a,
				   const struct cbpf_prog *b, uint16_t link)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < n_captured; i++) {
		uint32_t len = captured[i].len, cut = len < 90 ? len : 90;

		if (captured[i].link != link)
			continue;
		for (uint32_t at = 0; at <= cut; at++) {
			struct cbpf_packet packet = { .data = captured[i].data,
						      .caplen = at == cut
									? len
									: at };
			struct cbpf_result of_a, of_b;

			packet.wirelen = packet.caplen;
			cbpf_run(a, &packet, &of_a);
			cbpf_run(b, &packet, &of_b);
			bad += of_a.value != of_b.value;
		}
	}
	return bad;
}

static unsigned compare(const struct cbpf_code *given,
			const struct cbpf_code *made, uint16_t link,
			int packets)
{
	struct cbpf_prog_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP };
	struct cbpf_prog *a, *b;
	unsigned bad = 1;

	if (cbpf_prog_new(given->insns, given->n, &opts, &a, NULL) != CBPF_OK)
		return 1;
	if (cbpf_prog_new(made->insns, made->n, &opts, &b, NULL) == CBPF_OK) {
		bad = differing(a, b, packets) + differing_captured(a, b, link);
		cbpf_prog_free(b);
	}
	cbpf_prog_free(a);
	return bad;
}

/* The joined program, and what is made of it, beside libpcap's. */
static void judge(const struct cbpf_expr_opts *opts, const char *text,
		  const struct cbpf_code *theirs, const struct cbpf_code *plain,
		  int packets, struct totals *t)
{
	struct cbpf_optimize_opts how = { .size = sizeof(how),
					  .dialect = CBPF_LIBPCAP,
					  .is_small = true };
	struct cbpf_code joined, ours;
	struct cbpf_optimized report;
	unsigned bad, other;

	if (cbpf_expr_join(text, opts, &joined, NULL) != CBPF_OK) {
		printf("# %s: not joined\n", text);
		t->refused++;
		return;
	}
	bad = compare(plain, &joined, opts->link, packets);
	t->joined += joined.n != plain->n;
	if (cbpf_optimize(joined.insns, joined.n, &how, &ours, &report, NULL) ==
	    CBPF_OK) {
		bad += compare(plain, &ours, opts->link, packets);
		t->ours += ours.n;
		t->theirs += theirs->n;
		if (ours.n > theirs->n) {
			other = compare(plain, theirs, opts->link, packets);
			printf("# %zu, libpcap %zu%s: %s%s\n", ours.n,
			       theirs->n, other ? ", another filter" : "", text,
			       report.why ? " (not optimized)" : "");
			t->longer++;
			t->longer_same += !other;
			t->much_longer += ours.n > theirs->n + 2;
		}
		cbpf_code_free(&ours);
	} else {
		bad++;
	}
	if (bad)
		printf("# %s: %u packets differ\n", text, bad);
	t->differing += bad;
	cbpf_code_free(&joined);
}

static void try_expression(uint16_t link, const char *text, int packets,
			   struct totals *t)
{
	struct cbpf_expr_opts opts = { .size = sizeof(opts),
				       .link = link,
				       .is_link_set = true };
	struct cbpf_code theirs, plain;
	struct cbpf_diag diag;

	t->expressions++;
	if (cbpf_expr_compile(text, &opts, &theirs, &diag) != CBPF_OK) {
		printf("# %s: %s\n", text, diag.word);
		t->refused++;
		return;
	}
	opts.is_unoptimized = true;
	if (cbpf_expr_compile(text, &opts, &plain, &diag) == CBPF_OK) {
		judge(&opts, text, &theirs, &plain, packets, t);
		cbpf_code_free(&plain);
	} else {
		t->refused++;
	}
	cbpf_code_free(&theirs);
}

int main(int argc, char **argv)
{
	struct totals t = { 0 };
	char line[4096];
	FILE *in;

	if (argc < 3 || !(in = fopen(argv[1], "r"))) {
		fprintf(stderr, "usage: expr FILE CAPTURES [PACKETS]\n");
		return 2;
	}
	take_captures(argv[2]);
	while (fgets(line, sizeof(line), in)) {
		char *text = strchr(line, '\t');
		int link;

		line[strcspn(line, "\n")] = '\0';
		if (!text)
			continue;
		*text++ = '\0';
		link = cbpf_link_find(line);
		if (link < 0) {
			tap_ok(false, "there is a link type %s", line);
			continue;
		}
		try_expression((uint16_t)link, text,
			       argc > 3 ? atoi(argv[3]) : 64, &t);
	}
	fclose(in);
	for (unsigned i = 0; i < n_captured; i++)
		free(captured[i].data);
	tap_ok(t.refused == 0, "%u expressions are taken", t.expressions);
	tap_ok(t.differing == 0 && n_captured > 0 &&
		       t.joined > t.expressions / 3,
	       "what is made of them is the same, over %u captured packets, too; %u were joined",
	       n_captured, t.joined);
	tap_ok(t.longer_same * 50 <= t.expressions,
	       "%ju instructions, libpcap's optimizer %ju; %u longer, %u by "
	       "more than 2, %u than what keeps the meaning",
	       (uintmax_t)t.ours, (uintmax_t)t.theirs, t.longer, t.much_longer,
	       t.longer_same);
	return tap_done();
}
