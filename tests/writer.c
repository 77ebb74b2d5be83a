/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written is what was read: each capture of a directory in each form,
 * all of it and every third packet, whole and cut, read back.
 *
 *	writer DIRECTORY
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbpf/capture.h"
#include "tap.h"

#define PACKETS_MAX 4096

static char output[64];

struct packet {
	struct cbpf_record record;
	uint8_t *data;
};

struct packets {
	struct packet list[PACKETS_MAX];
	size_t n;
};

static struct packets before, after;

static void forget(struct packets *p)
{
	while (p->n > 0)
		free(p->list[--p->n].data);
}

static bool remember(struct packets *p, const struct cbpf_record *r,
		     uint32_t snap)
{
	struct packet *one = &p->list[p->n];

	if (p->n == PACKETS_MAX)
		return false;
	one->record = *r;
	if (snap && r->caplen > snap)
		one->record.caplen = snap;
	one->data = malloc(one->record.caplen + 1);
	if (!one->data)
		return false;
	memcpy(one->data, r->data, one->record.caplen);
	p->n++;
	return true;
}

static bool read_back(const char *path, struct packets *p)
{
	struct cbpf_capture *capture;
	struct cbpf_record r;

	if (cbpf_capture_open(path, NULL, &capture, NULL) != CBPF_OK)
		return false;
	while (cbpf_capture_next(capture, &r, NULL) == CBPF_OK && !r.is_end)
		if (!remember(p, &r, 0))
			break;
	cbpf_capture_close(capture);
	return r.is_end;
}

static bool is_same(const struct packet *a, const struct packet *b,
		    bool has_interfaces)
{
	return a->record.caplen == b->record.caplen &&
	       a->record.wirelen == b->record.wirelen &&
	       a->record.link == b->record.link &&
	       a->record.time_ns == b->record.time_ns &&
	       (!has_interfaces ||
		a->record.interface == b->record.interface) &&
	       memcmp(a->data, b->data, a->record.caplen) == 0;
}

/* Writes every `step`th packet; what was to be written is in `before`. */
static enum cbpf_err copy(const char *path, const struct cbpf_writer_opts *how,
			  size_t step, bool *is_pcapng)
{
	struct cbpf_capture *capture;
	struct cbpf_writer *writer;
	struct cbpf_batch batch = { .n = 1 };
	enum cbpf_err err = cbpf_capture_open(path, NULL, &capture, NULL);

	if (err != CBPF_OK)
		return err;
	err = cbpf_writer_open(output, how, &writer, NULL);
	if (err == CBPF_OK)
		err = cbpf_writer_follow(writer, capture, NULL);
	while (err == CBPF_OK && batch.n > 0 &&
	       cbpf_capture_batch(capture, &batch, NULL) == CBPF_OK) {
		uint32_t keep[2048];

		for (size_t i = 0; i < batch.n; i++) {
			struct cbpf_record r;

			cbpf_capture_record(capture, i, &r);
			keep[i] = r.number % step == 0;
			if (keep[i] && !remember(&before, &r, how->snap))
				err = CBPF_E_NOMEM;
		}
		if (err == CBPF_OK && batch.n > 0)
			err = cbpf_writer_put(writer, 0, batch.n, keep, NULL);
	}
	if (err == CBPF_OK)
		err = cbpf_writer_finish(writer, NULL);
	*is_pcapng = strstr(path, ".pcapng") != NULL;
	cbpf_writer_close(writer);
	cbpf_capture_close(capture);
	return err;
}

/* False: something was lost, or changed. */
static bool test_one(const char *path, const struct cbpf_writer_opts *how,
		     size_t step)
{
	bool is_pcapng = false, is_ok;
	enum cbpf_err err;

	forget(&before);
	forget(&after);
	err = copy(path, how, step, &is_pcapng);
	/* several link types are no pcap; a broken header no capture */
	if (err == CBPF_E_CAP_VARIANT || before.n == 0)
		return true;
	is_ok = err == CBPF_OK && read_back(output, &after) &&
		after.n == before.n;
	for (size_t i = 0; is_ok && i < before.n; i++)
		is_ok = is_same(&before.list[i], &after.list[i],
				is_pcapng && how->format != CBPF_CAPTURE_PCAP);
	if (!is_ok)
		printf("# %s, format %d, snap %u, every %zu: %zu packets, %zu "
		       "read back, error %d\n",
		       path, how->format, how->snap, step, before.n, after.n,
		       err);
	return is_ok;
}

int main(int argc, char **argv)
{
	static const uint32_t snaps[] = { 0, 1, 20, 61 };
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned files = 0, bad = 0;

	if (!dir) {
		fprintf(stderr, "usage: writer DIRECTORY\n");
		return 2;
	}
	snprintf(output, sizeof(output), "/tmp/cbpf-writer.%d", (int)getpid());
	while ((entry = readdir(dir))) {
		char path[512];

		if (!strstr(entry->d_name, ".pcap"))
			continue;
		files++;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		for (unsigned k = 0; k < 4 * 3 * 2; k++) {
			struct cbpf_writer_opts how = {
				.size = sizeof(how),
				.format = (enum cbpf_capture_format)(k % 3),
				.snap = snaps[k / 3 % 4],
			};

			bad += !test_one(path, &how, k < 12 ? 1 : 3);
		}
	}
	closedir(dir);
	unlink(output);
	forget(&before);
	forget(&after);
	tap_ok(bad == 0 && files > 20,
	       "%u captures, in each form, whole and cut: %u are not what was "
	       "written",
	       files, bad);
	return tap_done();
}
