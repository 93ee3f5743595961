# Where the session's token rests.
EXTRA_DIST += tests/integration/keyring.py tests/integration/test_keyring.py
