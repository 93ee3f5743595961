/* Draws a chart of the tests: draw-chart CASE COLUMNS [ROWS [ascii] [color]], or draw-chart CASE svg|png|pdf. For
 * looking at them. */
#include <locale.h>

#include "chart-cases.h"
#include "clients/cli/text.h"

static int draw_file(const struct chart *c, const char *format)
{
	_cleanup_free_ char *data = NULL;
	size_t size;
	int r;

	r = chart_draw(c, streq(format, "svg") ? CHART_SVG : streq(format, "png") ? CHART_PNG : CHART_PDF, &data, &size);
	if (r < 0) {
		fprintf(stderr, "draw-chart: %s\n", strerror(-r));
		return 1;
	}
	return fwrite(data, 1, size, stdout) == size ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct chart_screen screen = { .rows = 22, .utf8 = true };
	_cleanup_chart_ struct chart c = {};

	text_init();
	if (argc < 3 || !chart_case_make(argv[1], &c)) {
		fputs("draw-chart CASE COLUMNS [ROWS [ascii] [color]] or CASE svg|png|pdf; cases:", stderr);
		for (size_t i = 0; chart_cases[i]; i++)
			fprintf(stderr, " %s", chart_cases[i]);
		fputc('\n', stderr);
		return 2;
	}
	screen.columns = (unsigned)atoi(argv[2]);
	if (screen.columns == 0)
		return draw_file(&c, argv[2]);
	if (argc > 3)
		screen.rows = (unsigned)atoi(argv[3]);
	for (int i = 4; i < argc; i++) {
		screen.utf8 = screen.utf8 && !streq(argv[i], "ascii");
		screen.colour = screen.colour || streq(argv[i], "color");
	}
	chart_print(&c, &screen, stdout);
	return 0;
}
