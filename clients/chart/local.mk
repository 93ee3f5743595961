# Charts on terminals and in files. Text is measured by clients/cli/text.c: link after libcli.a.
noinst_LIBRARIES += clients/chart/libchart.a
clients_chart_libchart_a_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
clients_chart_libchart_a_SOURCES = \
	clients/chart/chart.c clients/chart/chart.h \
	clients/chart/dates.c \
	clients/chart/file.c \
	clients/chart/grid.c clients/chart/grid.h \
	clients/chart/layout.c clients/chart/layout.h \
	clients/chart/paint.c clients/chart/paint.h \
	clients/chart/paint-lying.c \
	clients/chart/print.c clients/chart/print.h \
	clients/chart/print-lying.c \
	clients/chart/ranking.c clients/chart/ranking.h \
	clients/chart/ticks.c clients/chart/ticks.h
