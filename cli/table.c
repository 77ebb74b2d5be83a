/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of rules by engines, as Markdown has tables: a row is a rule of a
 * dialect, in the order in which they were met first; a cell says what came of
 * all its cases on that engine.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct cell {
	unsigned agree, differ; /* cases */
};

struct row {
	char *dialect, *rule;
	struct cell cells[ENGINES_MAX];
};

struct table {
	char *engines[ENGINES_MAX];
	size_t n_engines;
	struct row *rows;
	size_t n, cap;
	size_t at; /* the row of last time: cases come in the same order */
};

struct table *table_new(void)
{
	return calloc(1, sizeof(struct table));
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		free(t->rows[i].dialect);
		free(t->rows[i].rule);
	}
	for (size_t i = 0; i < t->n_engines; i++)
		free(t->engines[i]);
	free(t->rows);
	free(t);
}

static bool is_row(const struct row *row, const char *dialect, const char *rule)
{
	return strcmp(row->rule, rule) == 0 &&
	       strcmp(row->dialect, dialect) == 0;
}

static struct row *add_row(struct table *t, const char *dialect,
			   const char *rule)
{
	struct row *row;

	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct row *rows = realloc(t->rows, cap * sizeof(*rows));

		if (!rows)
			return NULL;
		t->rows = rows;
		t->cap = cap;
	}
	row = &t->rows[t->n];
	memset(row, 0, sizeof(*row));
	row->dialect = strdup(dialect);
	row->rule = strdup(rule);
	if (!row->dialect || !row->rule) {
		free(row->dialect);
		free(row->rule);
		return NULL;
	}
	t->at = t->n++;
	return row;
}

static struct row *find_row(struct table *t, const char *dialect,
			    const char *rule)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t at = (t->at + i) % t->n;

		if (is_row(&t->rows[at], dialect, rule)) {
			t->at = at;
			return &t->rows[at];
		}
	}
	return add_row(t, dialect, rule);
}

static size_t find_engine(struct table *t, const char *name)
{
	size_t i = 0;

	while (i < t->n_engines && strcmp(t->engines[i], name) != 0)
		i++;
	if (i == t->n_engines && i < ENGINES_MAX) {
		t->engines[i] = strdup(name);
		t->n_engines += t->engines[i] != NULL;
	}
	return i;
}

bool table_note(struct table *t, const char *dialect, const char *rule,
		const char *engine, bool agrees, bool differs)
{
	struct row *row = find_row(t, dialect, rule);
	size_t e = find_engine(t, engine);

	if (!row || e >= t->n_engines)
		return false;
	row->cells[e].agree += agrees && !differs;
	row->cells[e].differ += differs;
	return true;
}

static const char *cell_text(const struct cell *cell)
{
	if (cell->differ)
		return "DIFFERS";
	return cell->agree ? "ok" : ".";
}

void table_print(const struct table *t, FILE *to)
{
	bool is_starred = false;

	fprintf(to, "\n| %-8s | %-32s |", "dialect", "rule");
	for (size_t e = 0; e < t->n_engines; e++)
		fprintf(to, " %-13s |", t->engines[e]);
	fprintf(to, "\n| --- | --- |");
	for (size_t e = 0; e < t->n_engines; e++)
		fprintf(to, " --- |");
	fputc('\n', to);
	for (size_t i = 0; i < t->n; i++) {
		const struct row *row = &t->rows[i];
		bool is_read =
			!cbpf_dialect_was_run(cbpf_dialect_find(row->dialect));

		fprintf(to, "| %s%s | %-32s |", row->dialect,
			is_read ? "\\*" : "", row->rule);
		for (size_t e = 0; e < t->n_engines; e++)
			fprintf(to, " %-13s |", cell_text(&row->cells[e]));
		fputc('\n', to);
	}
	if (is_starred)
		fputs("\n\\* read from source, not run\n", to);
}
