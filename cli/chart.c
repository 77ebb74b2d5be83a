/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `cbpf bench` found as a picture (SVG 1.1): a bar for each machine and
 * mode, as long as a packet takes, each mode on a scale of its own.
 */
#include <string.h>

#include "bench.h"

enum { LEFT = 130, WIDTH = 420, BAR = 16, GAP = 5, HEAD = 44, RIGHT = 80 };

/* Bytes of the character of UTF-8 that begins here (RFC 3629, 4); 0: none does.
 */
static size_t character(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size = *at < 0x80 ? 1 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;

	if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* longer than it need be, a surrogate, or beyond the last */
	if ((at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return size;
}

/* Text where markup has a meaning of its own, and all must be UTF-8. */
static void put_text(FILE *file, const char *text)
{
	while (*text) {
		size_t size = character(text);

		if (size == 0)
			fputs("\xef\xbf\xbd", file); /* U+FFFD */
		else if (*text == '&')
			fputs("&amp;", file);
		else if (*text == '<')
			fputs("&lt;", file);
		else if ((unsigned char)*text >= ' ')
			fwrite(text, size, 1, file);
		text += size ? size : 1;
	}
}

static size_t put_mode(FILE *file, size_t y, enum bench_mode mode,
		       const struct subject *subjects, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (subjects[i].ns[mode] > most)
			most = subjects[i].ns[mode];
	fprintf(file,
		"<text x=\"%d\" y=\"%zu\" font-weight=\"bold\">%s, ns a "
		"packet</text>\n",
		LEFT, y + BAR, bench_mode_names[mode]);
	y += BAR + 2 * GAP;
	for (size_t i = 0; i < n && most > 0; i++) {
		const struct subject *s = &subjects[i];
		double width = s->ns[mode] / most * WIDTH;

		if (s->ns[mode] <= 0)
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
	return y + (size_t)2 * GAP;
}

int chart_write(const char *path, const char *title,
		const struct subject *subjects, size_t n,
		const bool modes[BENCH_MODES])
{
	FILE *file = fopen(path, "w");
	size_t y = HEAD, height = HEAD;

	if (!file)
		return say_trouble("%s: cannot be written", path);
	for (int mode = 0; mode < BENCH_MODES; mode++) {
		if (modes[mode])
			height += BAR + 4 * GAP;
		for (size_t i = 0; modes[mode] && i < n; i++)
			height += subjects[i].ns[mode] > 0 ? BAR + GAP : 0;
	}
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
