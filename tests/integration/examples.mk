EXTRA_DIST += tests/integration/test_examples.py
