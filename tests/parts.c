/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file counted by several threads, in parts of every size, is counted as by
 * one, and its errors are the same: each capture of a directory, as it is, cut,
 * and with a byte turned; then captures whose packets are captures, so that
 * what seems to be a record is none.
 *
 *	parts DIRECTORY
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbpf/scan.h"
#include "tap.h"

static char path[64], output[64];
static uint64_t seed = 9;

static uint32_t draw(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

/* Packets whose bytes from 12 on are some, of any link type. */
static enum cbpf_err compile(void *ctx, uint16_t link, struct cbpf_code *code,
			     struct cbpf_diag *diag)
{
	static const char text[] = "ldb [12]\njset #1, yes\nret #0\n"
				   "yes: ret #1";

	(void)ctx;
	(void)link;
	(void)diag;
	return cbpf_text_read(CBPF_FORMAT_ASM, text, sizeof(text) - 1, NULL,
			      code, NULL);
}

struct outcome {
	struct cbpf_scan_count seen, hit;
	enum cbpf_err err;
	uint64_t offset, a;
	uint64_t written; /* a sum over what was written */
};

static uint64_t sum_file(const char *name)
{
	FILE *file = fopen(name, "rb");
	uint64_t sum = 1;
	int byte;

	if (!file)
		return 0;
	while ((byte = getc(file)) != EOF)
		sum = sum * 31 + (unsigned)byte;
	fclose(file);
	return sum;
}

static struct outcome scan(unsigned jobs, uint32_t part,
			   enum cbpf_capture_format format)
{
	struct cbpf_writer_opts how = { .size = sizeof(how),
					.format = format,
					.snap = 70 };
	struct cbpf_writer *writer = NULL;
	struct cbpf_scan_opts opts = { .size = sizeof(opts),
				       .dialect = CBPF_LIBPCAP,
				       .jobs = jobs,
				       .part = part };
	struct outcome o = { 0 };
	struct cbpf_capture *capture;
	struct cbpf_scan *scan = NULL;
	struct cbpf_diag diag = { 0 };

	if (cbpf_capture_open(path, NULL, &capture, NULL) != CBPF_OK)
		return o;
	if (cbpf_writer_open(output, &how, &writer, NULL) == CBPF_OK &&
	    cbpf_scan_new(&opts, &scan, NULL) == CBPF_OK &&
	    cbpf_scan_add(scan, compile, NULL, NULL) == CBPF_OK &&
	    cbpf_scan_add(scan, compile, NULL, NULL) == CBPF_OK) {
		cbpf_scan_write(scan, 1, writer);
		o.err = cbpf_scan_capture(scan, capture, path, &diag);
		o.seen = cbpf_scan_seen(scan);
		o.hit = cbpf_scan_hit(scan, 0);
		o.offset = o.err ? diag.offset : 0;
		o.a = o.err ? diag.a : 0;
		cbpf_writer_finish(writer, NULL);
		o.written = sum_file(output);
	}
	cbpf_writer_close(writer);
	cbpf_scan_free(scan);
	cbpf_capture_close(capture);
	return o;
}

static bool write_file(const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool is_written = file && fwrite(bytes, 1, size, file) == size;

	return (file && fclose(file) == 0) & is_written;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->seen.packets == b->seen.packets &&
	       a->seen.bytes == b->seen.bytes &&
	       a->hit.packets == b->hit.packets &&
	       a->hit.bytes == b->hit.bytes && a->err == b->err &&
	       a->offset == b->offset && a->a == b->a &&
	       a->written == b->written;
}

/* Parts of every size, by two to five threads. */
static unsigned differing(const uint8_t *bytes, size_t size)
{
	static const uint32_t parts[] = { 1, 16, 61, 256, 1000, 4096, 100000 };
	static unsigned turn;
	enum cbpf_capture_format format =
		(enum cbpf_capture_format)(turn++ % 3);
	struct outcome one, other;
	unsigned bad = 0;

	if (!write_file(bytes, size))
		return 1;
	one = scan(1, 0, format);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (size / parts[i] > 20000)
			continue;
		other = scan(2 + (unsigned)i % 4, parts[i], format);
		if (is_same(&one, &other))
			continue;
		printf("# parts of %u: %llu packets, %llu hits, error %d at "
		       "%llu; by one %llu, %llu, %d at %llu\n",
		       parts[i], (unsigned long long)other.seen.packets,
		       (unsigned long long)other.hit.packets, other.err,
		       (unsigned long long)other.offset,
		       (unsigned long long)one.seen.packets,
		       (unsigned long long)one.hit.packets, one.err,
		       (unsigned long long)one.offset);
		bad++;
	}
	return bad;
}

static uint8_t *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	uint8_t *bytes = malloc(1 << 20);

	*size = file && bytes ? fread(bytes, 1, 1 << 20, file) : 0;
	if (file)
		fclose(file);
	return bytes;
}

static unsigned test_file(const char *name)
{
	size_t size;
	uint8_t *bytes = read_file(name, &size);
	unsigned bad;

	if (!bytes || size == 0) {
		free(bytes);
		return 0;
	}
	bad = differing(bytes, size);
	for (unsigned i = 0; i < 3; i++) {
		size_t cut = 1 + draw() % size;

		bad += differing(bytes, cut);
		bytes[draw() % size] ^= (uint8_t)(1 + draw() % 255);
		bad += differing(bytes, size);
	}
	free(bytes);
	return bad;
}

/* ---- captures in captures ----------------------------------------------- */

static void put32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof(v));
}

/* Records of records: some packets are rows of what seems to be a record. */
static size_t make_nested(uint8_t *bytes, size_t room)
{
	size_t size = 24;

	memset(bytes, 0, room);
	put32(bytes, 0xa1b2c3d4);
	bytes[4] = bytes[6] = 0;
	memcpy(bytes + 4, &(uint16_t){ 2 }, 2);
	memcpy(bytes + 6, &(uint16_t){ 4 }, 2);
	put32(bytes + 16, 262144);
	put32(bytes + 20, 1);
	while (true) {
		uint32_t inner = 16 + draw() % 40, n = draw() % 60;
		uint32_t len = n * inner + draw() % 9;

		if (size + 16 + len > room)
			return size;
		put32(bytes + size + 8, len);
		put32(bytes + size + 12, len);
		for (uint32_t i = 0; i < n; i++) {
			uint8_t *at = bytes + size + 16 + (size_t)i * inner;

			put32(at + 8, inner - 16);
			put32(at + 12, inner - 16);
		}
		size += 16 + len;
	}
}

int main(int argc, char **argv)
{
	static uint8_t nested[200000];
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned files = 0, bad = 0;

	if (!dir) {
		fprintf(stderr, "usage: parts DIRECTORY\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/tmp/cbpf-parts.%d", (int)getpid());
	snprintf(output, sizeof(output), "/tmp/cbpf-parts.%d.out",
		 (int)getpid());
	while ((entry = readdir(dir))) {
		char name[512];

		if (!strstr(entry->d_name, ".pcap"))
			continue;
		files++;
		snprintf(name, sizeof(name), "%s/%s", argv[1], entry->d_name);
		bad += test_file(name);
	}
	closedir(dir);
	tap_ok(bad == 0 && files > 20,
	       "%u captures in parts, whole and broken: %u differ", files, bad);
	bad = 0;
	for (unsigned i = 0; i < 10; i++)
		bad += differing(nested, make_nested(nested, sizeof(nested)));
	tap_ok(bad == 0, "10 captures of captures, in parts: %u differ", bad);
	unlink(path);
	unlink(output);
	return tap_done();
}
