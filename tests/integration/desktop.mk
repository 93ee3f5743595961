# The notifier on a desktop, and the units under a systemd user manager.
dist_check_SCRIPTS += tests/integration/test_notifier.py tests/integration/test_notifier_payments.py \
	tests/integration/test_systemd.py tests/integration/with-user-manager
EXTRA_DIST += tests/integration/desktop.py
