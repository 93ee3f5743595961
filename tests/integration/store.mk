EXTRA_DIST += tests/integration/test_examples.py tests/integration/test_storage.py \
	docs/examples/sign-in-gdbus.sh docs/examples/statusbar.py
