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

/*
 * jansson's integers have 63 bits and a sign; seccomp's arguments have 64.
 * 18446744073709551615 becomes -1, padded to the same length.
 */
static void fold_number(char *digits, size_t len)
{
	char text[32];
	unsigned long long value;

	if (len < 19 || len >= sizeof(text))
		return;
	memcpy(text, digits, len);
	text[len] = '\0';
	errno = 0;
	value = strtoull(text, NULL, 10);
	if (errno || value <= INT64_MAX)
		return;
	/* digits and blanks: the value is negative, so never longer */
	snprintf(text, sizeof(text), "%*lld", (int)len, (long long)value);
	memcpy(digits, text, len);
}

void js_open(struct js_file *file, char *text, size_t size)
{
	bool in_string = false;

	memset(file, 0, sizeof(*file));
	file->text = text;
	file->size = size;
	file->line = 1;
	for (size_t i = 0; i < size; i++) {
		size_t len = 0;

		if (in_string && text[i] == '\\') {
			i++;
			continue;
		}
		if (text[i] == '"')
			in_string = !in_string;
		while (!in_string && i + len < size && text[i + len] >= '0' &&
		       text[i + len] <= '9')
			len++;
		if (len == 0)
			continue;
		if (i == 0 || text[i - 1] != '-')
			fold_number(text + i, len);
		i += len - 1;
	}
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
		       strchr(" \t\r\n", file->text[file->at]))
			pass(file, 1);
		if (file->at == file->size)
			return NULL;
		value = json_loadb(file->text + file->at, file->size - file->at,
				   JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY,
				   &why);
		if (!value)
			break;
		pass(file, (size_t)why.position);
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

void js_open(struct js_file *file, char *text, size_t size)
{
	(void)file, (void)text, (void)size;
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
