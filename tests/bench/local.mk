include tests/bench/store.mk
include tests/bench/fleet.mk
