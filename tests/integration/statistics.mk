# Statistics, against answers worked out by hand.
EXTRA_DIST += tests/integration/test_statistics.py tests/data/twelve_orders.py
