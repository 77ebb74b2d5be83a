/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `cbpf bench` found as a picture (SVG 1.1): a bar for each machine and
 * mode, as long as a packet takes, each mode on a scale of its own.
 */
#include <string.h>

#include "bench.h"

enum { LEFT = 130, WIDTH = 420, BAR = 16, GAP = 5, HEAD = 44, RIGHT = 80 };

/* Text where markup has a meaning of its own. */
static void put_text(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", file);
		else if (*text == '<')
			fputs("&lt;", file);
		else if ((unsigned char)*text >= ' ')
			putc(*text, file);
	}
}

static size_t put_mode(FILE *file, size_t y, enum bench_mode mode,
		       const struct subject *subjects, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (!subjects[i].why[0] && subjects[i].ns[mode] > most)
			most = subjects[i].ns[mode];
	fprintf(file,
		"<text x=\"%d\" y=\"%zu\" font-weight=\"bold\">%s, ns a "
		"packet</text>\n",
		LEFT, y + BAR, bench_mode_names[mode]);
	y += BAR + 2 * GAP;
	for (size_t i = 0; i < n && most > 0; i++) {
		const struct subject *s = &subjects[i];
		double width = s->ns[mode] / most * WIDTH;

		if (s->why[0])
			continue;
		fprintf(file,
			"<text x=\"%d\" y=\"%zu\" "
			"text-anchor=\"end\">",
			LEFT - 2 * GAP, y + BAR - 4);
		put_text(file, s->name);
		fprintf(file,
			"</text>\n<rect x=\"%d\" y=\"%zu\" "
			"width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n"
			"<text x=\"%.1f\" y=\"%zu\">%.2f</text>\n",
			LEFT, y, width, BAR, s->is_peer ? "#999" : "#36a",
			LEFT + width + GAP, y + BAR - 4, s->ns[mode]);
		y += BAR + GAP;
	}
	return y + 2 * GAP;
}

int chart_write(const char *path, const char *title,
		const struct subject *subjects, size_t n,
		const bool modes[BENCH_MODES])
{
	FILE *file = fopen(path, "w");
	size_t y = HEAD, height = HEAD, rows = 0;

	if (!file)
		return say_trouble("%s: cannot be written", path);
	for (size_t i = 0; i < n; i++)
		rows += !subjects[i].why[0];
	for (int mode = 0; mode < BENCH_MODES; mode++)
		if (modes[mode])
			height += BAR + 4 * GAP + rows * (BAR + GAP);
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%zu\" font-family=\"sans-serif\" "
		"font-size=\"12\">\n<rect width=\"100%%\" "
		"height=\"100%%\" fill=\"white\"/>\n<text x=\"%d\" "
		"y=\"24\" font-size=\"15\">",
		LEFT + WIDTH + RIGHT, height, GAP);
	put_text(file, title);
	fputs("</text>\n", file);
	for (int mode = 0; mode < BENCH_MODES; mode++)
		if (modes[mode])
			y = put_mode(file, y, (enum bench_mode)mode, subjects,
				     n);
	fputs("</svg>\n", file);
	if (ferror(file) | fclose(file))
		return say_trouble("%s: cannot be written", path);
	return EXIT_YES;
}
