# Paying.
EXTRA_DIST += tests/integration/test_payments.py
