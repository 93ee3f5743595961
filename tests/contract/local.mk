# The contract as a program reads it: run by ./check, which has npm fetch the tools.
dist_check_SCRIPTS += tests/contract/run
EXTRA_DIST += \
	tests/contract/.npmrc \
	tests/contract/.spectral.yaml \
	tests/contract/front.mjs \
	tests/contract/package.json \
	tests/contract/test_contract.py
