include tests/bench/store.mk
