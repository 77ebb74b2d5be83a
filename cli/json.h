/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON for the tool, behind names of our own so that jansson stays in
 * ext_json.c. Without it js_is_built() is false, and a verb that needs
 * JSON says so with js_refuse().
 */
#ifndef CBPF_CLI_JSON_H
#define CBPF_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json; /* a value */

bool js_is_built(void);
/* Says which package is missing. Returns EXIT_TROUBLE. */
int js_refuse(void);

/* ---- writing: an object, one a line ------------------------------------- */

struct json *js_new(void);
void js_set_int(struct json *object, const char *key, uint64_t value);
void js_set_real(struct json *object, const char *key, double value);
void js_set_text(struct json *object, const char *key, const char *text);
void js_set_bool(struct json *object, const char *key, bool value);
/* A new object or array below key, owned by the object. */
struct json *js_set_object(struct json *object, const char *key);
struct json *js_set_array(struct json *object, const char *key);
void js_push_text(struct json *array, const char *text);
struct json *js_push_object(struct json *array);
struct json *js_push_array(struct json *array);
void js_push_int(struct json *array, uint64_t value);
/* Writes it and a newline, and frees it. */
void js_print(struct json *object, FILE *to);

/* ---- reading ------------------------------------------------------------ */

/*
 * The values of a text, one after another, or those of arrays it consists of.
 * Whole numbers beyond 63 bits are read as if they stood in quotes: js_u64()
 * takes them, js_int() does not. js_next() gives NULL at the end, and, with
 * *error set (255 bytes), for what is no JSON: the next call goes on at the
 * next line. js_open() keeps a copy, and is false without memory for it. Free
 * values with js_free().
 */
struct js_file {
	char *text;
	size_t size, at;
	unsigned long line;
	struct json *array;
	size_t at_item;
	unsigned long n_values; /* begun so far, an array counts once */
};
bool js_open(struct js_file *file, const char *text, size_t size);
struct json *js_next(struct js_file *file, char *error);
void js_close(struct js_file *file);
void js_free(struct json *value);

/* Below: NULL or false where there is none of that kind. Borrowed. */
const struct json *js_get(const struct json *object, const char *key);
const struct json *js_at(const struct json *array, size_t i);
size_t js_length(const struct json *array);
bool js_is_array(const struct json *value);
bool js_int(const struct json *value, int64_t *number);
/* 64 bits: a negative number counts as the same bits. */
bool js_u64(const struct json *value, uint64_t *number);
bool js_is_object(const struct json *value);
const char *js_text(const struct json *value);
bool js_is_bool(const struct json *value);
bool js_is_true(const struct json *value);
/* Calls fn for each member of an object until it gives false. */
bool js_each(const struct json *object,
	     bool (*fn)(void *ctx, const char *key, const struct json *value),
	     void *ctx);

#endif
