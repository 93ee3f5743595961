EXTRA_DIST += tests/integration/test_examples.py tests/integration/test_storage.py
