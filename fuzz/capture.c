/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures are made by strangers. The bytes are read as one from memory and
 * from a file, packet by packet and in batches: the packets are the same, and
 * so is the error.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cbpf/capture.h"
#include "fuzz.h"

struct outcome {
	enum cbpf_err err;
	uint64_t n, sum, offset;
};

static void add_record(struct outcome *o, const struct cbpf_record *record)
{
	struct cbpf_ctx ctx;

	o->n++;
	for (uint32_t i = 0; i < record->caplen; i++)
		o->sum = o->sum * 31 + record->data[i];
	o->sum = o->sum * 31 + record->wirelen + record->time_ns + record->link;
	cbpf_link_context(record, &ctx);
	fuzz_must(record->number == o->n);
}

/* Closes the capture. */
static struct outcome read_singly(struct cbpf_capture *capture)
{
	struct outcome o = { 0 };
	struct cbpf_record record;
	struct cbpf_diag diag = { 0 };

	while (!(o.err = cbpf_capture_next(capture, &record, &diag)) &&
	       !record.is_end)
		add_record(&o, &record);
	/* what is over stays over */
	fuzz_must(cbpf_capture_next(capture, &record, NULL) == o.err);
	o.offset = diag.offset;
	cbpf_capture_close(capture);
	return o;
}

static struct outcome read_batches(struct cbpf_capture *capture)
{
	struct outcome o = { 0 };
	struct cbpf_batch batch = { .n = 1 };
	struct cbpf_diag diag = { 0 };

	while (!o.err && batch.n) {
		o.err = cbpf_capture_batch(capture, &batch, &diag);
		for (size_t i = 0; i < batch.n; i++) {
			struct cbpf_record record;

			cbpf_capture_record(capture, i, &record);
			fuzz_must(record.link == batch.link);
			add_record(&o, &record);
		}
	}
	o.offset = diag.offset;
	cbpf_capture_close(capture);
	return o;
}

static void must_be_same(const struct outcome *a, const struct outcome *b)
{
	fuzz_must(a->err == b->err && a->n == b->n && a->sum == b->sum &&
		  a->offset == b->offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cbpf_capture *capture;
	struct outcome singly, other;
	enum cbpf_err err =
		cbpf_capture_open_memory(bytes, size, NULL, &capture, NULL);
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char path[40];

	fuzz_must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (err) {
		fuzz_must(cbpf_capture_open(path, NULL, &capture, NULL) == err);
		close(fd);
		return 0;
	}
	singly = read_singly(capture);
	fuzz_must(!cbpf_capture_open_memory(bytes, size, NULL, &capture, NULL));
	other = read_batches(capture);
	must_be_same(&singly, &other);
	fuzz_must(!cbpf_capture_open(path, NULL, &capture, NULL));
	close(fd);
	other = read_batches(capture);
	must_be_same(&singly, &other);
	return 0;
}
