# What every test needs is in harness.py; `run` runs all test_*.py, or those named.
dist_check_SCRIPTS += tests/integration/run tests/integration/readme
EXTRA_DIST += tests/integration/harness.py
include tests/integration/faults.mk
include tests/integration/desktop.mk
include tests/integration/bus.mk
include tests/integration/store.mk
include tests/integration/examples.mk
include tests/integration/cli.mk
include tests/integration/payments.mk
include tests/integration/keyring.mk
include tests/integration/statistics.mk
include tests/integration/videos.mk
