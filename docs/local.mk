# Where the README's links to them lead, once it is installed.
docsdir = $(docdir)/docs
dist_docs_DATA = docs/architecture.md docs/backend-api.md docs/backend-api.yaml docs/cli.md docs/configuration.md docs/dbus-api.md \
	docs/notification.png docs/stats.png
examplesdir = $(docsdir)/examples
dist_examples_SCRIPTS = docs/examples/sign-in-gdbus.sh docs/examples/statusbar.py
EXTRA_DIST += docs/demo-dunstrc

# Every link of the installed README leads somewhere.
installcheck-local:
	cd $(DESTDIR)$(docdir) && for f in $$(grep -o '](docs[^)]*' README.md | cut -c3-); do \
		test -e "$$f" || { echo "README.md: there is no $$f"; exit 1; }; done

dist_man_MANS += docs/man/customerclient.1 docs/man/customerclientd.8 docs/man/customerclientd.conf.5
