# The page is kept as what it is, HTML, CSS and JavaScript, and compiled in.
dashboard_scripts = $(srcdir)/clients/dashboard/model.js $(srcdir)/clients/dashboard/charts.js \
	$(srcdir)/clients/dashboard/page.js
dashboard_files = $(srcdir)/clients/dashboard/page.html $(srcdir)/clients/dashboard/style.css $(dashboard_scripts)
EXTRA_DIST += clients/dashboard/page.html clients/dashboard/style.css clients/dashboard/model.js \
	clients/dashboard/charts.js clients/dashboard/page.js
CLEANFILES += clients/dashboard/assets.c

dashboard_bytes = LC_ALL=C od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
clients/dashboard/assets.c: $(dashboard_files) $(srcdir)/clients/dashboard/local.mk
	$(AM_V_GEN)$(MKDIR_P) clients/dashboard && { \
	echo '#include "clients/dashboard/assets.h"'; \
	echo 'const unsigned char dashboard_page[] = {'; \
	cat $(srcdir)/clients/dashboard/page.html | $(dashboard_bytes); echo '0};'; \
	echo 'const unsigned char dashboard_style[] = {'; \
	cat $(srcdir)/clients/dashboard/style.css | $(dashboard_bytes); echo '0};'; \
	echo 'const unsigned char dashboard_script[] = {'; \
	cat $(dashboard_scripts) | $(dashboard_bytes); echo '0};'; } >$@.new && mv $@.new $@

clients_cli_libcli_a_SOURCES += clients/dashboard/assets.h \
	clients/dashboard/dashboard.c clients/dashboard/dashboard.h \
	clients/dashboard/dashboard-data.c clients/dashboard/dashboard-data.h
nodist_clients_cli_libcli_a_SOURCES = clients/dashboard/assets.c
