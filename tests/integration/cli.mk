# The CLI, and `track` on terminals of two sizes.
dist_check_SCRIPTS += tests/integration/test_cli.py tests/integration/test_track.py \
	tests/integration/test_pay.py tests/integration/test_pay_qr.py tests/integration/test_export.py \
	tests/integration/test_stats.py
EXTRA_DIST += tests/integration/test_photos.py
EXTRA_DIST += tests/integration/screen.py tests/integration/history.py tests/integration/test_dashboard.py
dist_check_SCRIPTS += tests/integration/test_doctor.py
