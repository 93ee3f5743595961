# What drives a browser for tests/integration/test_dashboard.py; ./check has npm fetch what it needs.
EXTRA_DIST += tests/dashboard/.npmrc tests/dashboard/drive.mjs tests/dashboard/package.json
