# How it must behave when things go wrong. The heavy tests run in a short form; check-long runs the long one.
EXTRA_DIST += tests/integration/test_outbox.py tests/integration/test_offline.py \
	tests/integration/test_hostile.py tests/integration/test_push.py tests/integration/test_drops.py \
	tests/integration/test_damage.py tests/integration/test_session.py \
	tests/integration/test_idle.py tests/integration/test_chaos.py

check-long: all $(check_PROGRAMS)
	test ! -x tests/unit/test-chart$(EXEEXT) || TEST_LONG=1 srcdir=$(srcdir) tests/unit/test-chart$(EXEEXT)
	TEST_LONG=1 TEST_LOST_ANSWERS=100 TEST_PUSH_CHANGES=1000 TEST_PUSH_DROPS=50 TEST_IDLE_SEC=60 \
		TEST_CHAOS_ORDERS=150 TEST_KEYRING_KILLS=150 TEST_INTERRUPTED=200 BUILD_DIR=$(abs_builddir) \
		/usr/bin/python3 -B $(srcdir)/tests/integration/run outbox offline hostile push drops damage session idle chaos doctor keyring payments
.PHONY: check-long
