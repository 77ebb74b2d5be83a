/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON through jansson; the only file that knows it.
 */
#include <errno.h>
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

void js_set_real(struct json *object, const char *key, double value)
{
	json_object_set_new(in(object), key, json_real(value));
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

struct json *js_push_array(struct json *array)
{
	json_t *value = json_array();

	json_array_append_new(in(array), value);
	return out(value);
}

void js_push_int(struct json *array, uint64_t value)
{
	json_array_append_new(in(array), json_integer((json_int_t)value));
}

void js_print(struct json *object, FILE *to)
{
	json_dumpf(in(object), to, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', to);
	json_decref(in(object));
}

/* Whether the digits at text[i], len of them, are a number beyond 63 bits. */
static bool is_huge(const char *text, size_t size, size_t i, size_t len)
{
	static const char most[] = "9223372036854775807";

	if (len < 19 || (i > 0 && strchr("-.+eE", text[i - 1])) ||
	    (i + len < size && strchr(".eE", text[i + len])))
		return false;
	return len > 19 || memcmp(text + i, most, 19) > 0;
}

bool js_open(struct js_file *file, const char *text, size_t size)
{
	bool in_string = false;

	memset(file, 0, sizeof(*file));
	/* a huge number has 19 digits or more, and gets two quotes */
	file->text = malloc(size + size / 9 + 2);
	file->line = 1;
	if (!file->text)
		return false;
	for (size_t i = 0; i < size;) {
		size_t len = 0;

		while (!in_string && i + len < size && text[i + len] >= '0' &&
		       text[i + len] <= '9')
			len++;
		if (len && is_huge(text, size, i, len)) {
			file->text[file->size++] = '"';
			memcpy(file->text + file->size, text + i, len);
			file->size += len;
			file->text[file->size++] = '"';
			i += len;
			continue;
		}
		if (len == 0)
			len = 1;
		if (text[i] == '"')
			in_string = !in_string;
		else if (text[i] == '\n') /* no string has one: a broken line */
			in_string = false;
		else if (in_string && text[i] == '\\' && i + 1 < size &&
			 text[i + 1] != '\n')
			len = 2;
		memcpy(file->text + file->size, text + i, len);
		file->size += len;
		i += len;
	}
	return true;
}

static void pass(struct js_file *file, size_t bytes)
{
	while (bytes-- && file->at < file->size)
		file->line += file->text[file->at++] == '\n';
}

static struct json *next_item(struct js_file *file)
{
	json_t *array = in(file->array);

	if (file->at_item < json_array_size(array))
		return out(json_incref(json_array_get(array, file->at_item++)));
	json_decref(array);
	file->array = NULL;
	return NULL;
}

struct json *js_next(struct js_file *file, char *error)
{
	static const char blanks[] = { ' ', '\t', '\r', '\n' };
	json_error_t why;
	json_t *value;

	error[0] = '\0';
	for (;;) {
		if (file->array) {
			struct json *item = next_item(file);

			if (item)
				return item;
		}
		while (file->at < file->size &&
		       memchr(blanks, file->text[file->at], sizeof(blanks)))
			pass(file, 1);
		if (file->at == file->size)
			return NULL;
		value = json_loadb(file->text + file->at, file->size - file->at,
				   JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY,
				   &why);
		if (!value)
			break;
		pass(file, (size_t)why.position);
		file->n_values++;
		if (!js_is_array(out(value)))
			return out(value);
		file->array = out(value);
		file->at_item = 0;
	}
	snprintf(error, 255, "line %lu: %.200s",
		 file->line + (unsigned long)(why.line > 0 ? why.line - 1 : 0),
		 why.text);
	while (file->at < file->size && file->text[file->at] != '\n')
		pass(file, 1);
	return NULL;
}

void js_close(struct js_file *file)
{
	json_decref(in(file->array));
	file->array = NULL;
	free(file->text);
	file->text = NULL;
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

bool js_u64(const struct json *value, uint64_t *number)
{
	const char *text = json_string_value(in(value));
	int64_t small;
	char *end;

	if (js_int(value, &small)) {
		*number = (uint64_t)small;
		return true;
	}
	if (!text)
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && !errno;
}

bool js_is_object(const struct json *value)
{
	return value && json_typeof(in(value)) == JSON_OBJECT;
}

const char *js_text(const struct json *value)
{
	return json_string_value(in(value));
}

bool js_is_bool(const struct json *value)
{
	return json_is_boolean(in(value));
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

void js_set_real(struct json *object, const char *key, double value)
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

struct json *js_push_array(struct json *array)
{
	(void)array;
	return NULL;
}

void js_push_int(struct json *array, uint64_t value)
{
	(void)array, (void)value;
}

void js_print(struct json *object, FILE *to)
{
	(void)object, (void)to;
}

bool js_open(struct js_file *file, const char *text, size_t size)
{
	(void)file, (void)text, (void)size;
	return false;
}

bool js_u64(const struct json *value, uint64_t *number)
{
	(void)value, (void)number;
	return false;
}

bool js_is_object(const struct json *value)
{
	(void)value;
	return false;
}

struct json *js_next(struct js_file *file, char *error)
{
	(void)file;
	error[0] = '\0';
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

bool js_is_bool(const struct json *value)
{
	(void)value;
	return false;
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
