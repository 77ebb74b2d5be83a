/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON through jansson; the only file that knows it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"

#ifdef CBPF_HAVE_JANSSON

#include <jansson.h>

static json_t *in(const struct json *value)
{
	return (json_t *)(uintptr_t)value;
}

static struct json *out(json_t *value)
{
	return (struct json *)value;
}

bool js_is_built(void)
{
	return true;
}

int js_refuse(void)
{
	return EXIT_TROUBLE;
}

struct json *js_new(void)
{
	return out(json_object());
}

void js_set_int(struct json *object, const char *key, uint64_t value)
{
	json_object_set_new(in(object), key, json_integer((json_int_t)value));
}

void js_set_text(struct json *object, const char *key, const char *text)
{
	json_t *value = json_string(text);

	/* a file name need not be UTF-8 */
	if (!value)
		value = json_string("(not UTF-8)");
	json_object_set_new(in(object), key, value);
}

void js_set_bool(struct json *object, const char *key, bool value)
{
	json_object_set_new(in(object), key, json_boolean(value));
}

struct json *js_set_object(struct json *object, const char *key)
{
	json_t *value = json_object();

	json_object_set_new(in(object), key, value);
	return out(value);
}

struct json *js_set_array(struct json *object, const char *key)
{
	json_t *value = json_array();

	json_object_set_new(in(object), key, value);
	return out(value);
}

void js_push_text(struct json *array, const char *text)
{
	json_array_append_new(in(array), json_string(text));
}

struct json *js_push_object(struct json *array)
{
	json_t *value = json_object();

	json_array_append_new(in(array), value);
	return out(value);
}

void js_print(struct json *object, FILE *to)
{
	json_dumpf(in(object), to, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', to);
	json_decref(in(object));
}

/* Passes white space and counts lines; the first byte of a value, or EOF. */
static int skip_blanks(struct js_file *file)
{
	int c;

	while ((c = getc(file->file)) == ' ' || c == '\t' || c == '\r' ||
	       c == '\n')
		file->line += c == '\n';
	if (c != EOF)
		ungetc(c, file->file);
	return c;
}

struct json *js_next(struct js_file *file, char *error)
{
	json_error_t why;
	json_t *value;

	error[0] = '\0';
	if (file->array) {
		if (file->at >= json_array_size(in(file->array)))
			return NULL;
		return out(json_incref(
			json_array_get(in(file->array), file->at++)));
	}
	if (skip_blanks(file) == EOF) {
		if (ferror(file->file))
			snprintf(error, 255, "cannot be read");
		return NULL;
	}
	value = json_loadf(file->file, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY,
			   &why);
	if (!value) {
		snprintf(error, 255, "line %lu, column %d: %.180s",
			 file->line +
				 (unsigned long)(why.line > 0 ? why.line : 1),
			 why.column, why.text);
		return NULL;
	}
	if (js_is_array(out(value))) {
		file->array = out(value);
		return js_next(file, error);
	}
	return out(value);
}

void js_close(struct js_file *file)
{
	json_decref(in(file->array));
	file->array = NULL;
}

void js_free(struct json *value)
{
	json_decref(in(value));
}

const struct json *js_get(const struct json *object, const char *key)
{
	return out(json_object_get(in(object), key));
}

const struct json *js_at(const struct json *array, size_t i)
{
	return out(json_array_get(in(array), i));
}

size_t js_length(const struct json *array)
{
	return json_array_size(in(array));
}

bool js_is_array(const struct json *value)
{
	return value && json_typeof(in(value)) == JSON_ARRAY;
}

bool js_int(const struct json *value, int64_t *number)
{
	if (!value || !json_is_integer(in(value)))
		return false;
	*number = json_integer_value(in(value));
	return true;
}

const char *js_text(const struct json *value)
{
	return json_string_value(in(value));
}

bool js_is_true(const struct json *value)
{
	return value && json_typeof(in(value)) == JSON_TRUE;
}

bool js_each(const struct json *object,
	     bool (*fn)(void *ctx, const char *key, const struct json *value),
	     void *ctx)
{
	const char *key;
	json_t *value;

	json_object_foreach(in(object), key,
			    value) if (!fn(ctx, key, out(value))) return false;
	return true;
}

#else

bool js_is_built(void)
{
	return false;
}

int js_refuse(void)
{
	return say_trouble("built without jansson, which reads and writes "
			   "JSON; install libjansson-dev and build again");
}

/* Nothing below is reached: a verb asks js_is_built() first. */

struct json *js_new(void)
{
	return NULL;
}

void js_set_int(struct json *object, const char *key, uint64_t value)
{
	(void)object, (void)key, (void)value;
}

void js_set_text(struct json *object, const char *key, const char *text)
{
	(void)object, (void)key, (void)text;
}

void js_set_bool(struct json *object, const char *key, bool value)
{
	(void)object, (void)key, (void)value;
}

struct json *js_set_object(struct json *object, const char *key)
{
	(void)object, (void)key;
	return NULL;
}

struct json *js_set_array(struct json *object, const char *key)
{
	return js_set_object(object, key);
}

void js_push_text(struct json *array, const char *text)
{
	(void)array, (void)text;
}

struct json *js_push_object(struct json *array)
{
	(void)array;
	return NULL;
}

void js_print(struct json *object, FILE *to)
{
	(void)object, (void)to;
}

struct json *js_next(struct js_file *file, char *error)
{
	(void)file, (void)error;
	return NULL;
}

void js_close(struct js_file *file)
{
	(void)file;
}

void js_free(struct json *value)
{
	(void)value;
}

const struct json *js_get(const struct json *object, const char *key)
{
	(void)object, (void)key;
	return NULL;
}

const struct json *js_at(const struct json *array, size_t i)
{
	(void)array, (void)i;
	return NULL;
}

size_t js_length(const struct json *array)
{
	(void)array;
	return 0;
}

bool js_is_array(const struct json *value)
{
	(void)value;
	return false;
}

bool js_int(const struct json *value, int64_t *number)
{
	(void)value, (void)number;
	return false;
}

const char *js_text(const struct json *value)
{
	(void)value;
	return NULL;
}

bool js_is_true(const struct json *value)
{
	(void)value;
	return false;
}

bool js_each(const struct json *object,
	     bool (*fn)(void *ctx, const char *key, const struct json *value),
	     void *ctx)
{
	(void)object, (void)fn, (void)ctx;
	return false;
}

#endif
