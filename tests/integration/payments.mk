# Paying, and that nothing of a card is left anywhere.
EXTRA_DIST += tests/integration/test_payments.py tests/integration/leaks.py tests/integration/test_leaks.py
