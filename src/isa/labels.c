/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with chains (FNV-1a over the name), which grows with the number
 * of labels.
 */
#include <string.h>

#include "isa/labels.h"

#define BUCKETS 64 /* at first */

struct labels labels_new(const struct cbpf_mem *mem)
{
	struct labels labels = { .arena = arena_new(mem),
				 .n_buckets = BUCKETS };

	labels.buckets =
		arena_take(&labels.arena, BUCKETS, sizeof(struct label *));
	return labels;
}

void labels_free(struct labels *labels)
{
	arena_free(&labels->arena);
}

static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

static struct label **bucket_of(const struct labels *labels, const char *text,
				size_t len)
{
	return &labels->buckets[hash_of(text, len) % labels->n_buckets];
}

const struct label *labels_find(const struct labels *labels, const char *text,
				size_t len)
{
	const struct label *label = *bucket_of(labels, text, len);

	while (label && !(label->len == len && !memcmp(label->text, text, len)))
		label = label->next;
	return label;
}

static void put_label(struct labels *labels, struct label *label)
{
	struct label **bucket = bucket_of(labels, label->text, label->len);

	label->next = *bucket;
	*bucket = label;
}

/* Twice the buckets, once there are as many labels; without memory, not. */
static void widen(struct labels *labels)
{
	struct label **old = labels->buckets;
	size_t n = labels->n_buckets;
	struct label **wider =
		arena_take(&labels->arena, n * 2, sizeof(struct label *));

	if (!wider)
		return;
	labels->buckets = wider;
	labels->n_buckets = n * 2;
	for (size_t i = 0; i < n; i++) {
		for (struct label *label = old[i], *next; label; label = next) {
			next = label->next;
			put_label(labels, label);
		}
	}
}

enum cbpf_err labels_define(struct labels *labels, const char *text, size_t len,
			    uint32_t at)
{
	struct label *label;

	if (labels_find(labels, text, len))
		return CBPF_E_LABEL_TWICE;
	label = arena_take(&labels->arena, 1, sizeof(*label));
	if (!label)
		return CBPF_E_NOMEM;
	label->text = text;
	label->len = len;
	label->at = at;
	put_label(labels, label);
	if (++labels->n > labels->n_buckets)
		widen(labels);
	return CBPF_OK;
}
