# The bus: every method, bad input, what the files say against what the daemon shows.
EXTRA_DIST += tests/integration/test_bus.py tests/integration/test_daemon.py tests/integration/test_introspection.py tests/integration/test_predictions.py
