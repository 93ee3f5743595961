EXTRA_DIST += tests/integration/test_examples.py docs/examples/sign-in-gdbus.sh docs/examples/statusbar.py
