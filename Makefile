# fedctl: `make demo` shows it, `make test` proves it, `make check` is the inner loop.
# `make test-full` is everything, `make test` that with the short form of what takes longest.
.PHONY: demo demo-down install check test test-full test-crash docs bench
.DEFAULT_GOAL := help

NODE := PATH="$(CURDIR)/node_modules/.bin:$$PATH" node --disable-warning=ExperimentalWarning

help:
	@echo 'make demo       a federation of three clusters on this machine, in namespaces of its own'
	@echo 'make demo-down  take it away again and leave nothing'
	@echo 'make check      format, lint, types and unit tests, within a minute'
	@echo 'make test       everything but the crash matrix, of which a short form; in two sandboxes beside a running demo'
	@echo 'make test-full  everything'
	@echo 'make test-crash the crash matrix: workers killed at every step of up, join, unjoin and down'
	@echo 'make bench      wall time of building and pushing images by fedctl, against the same commands by hand'
	@echo 'make docs       write the generated pages of docs/'

install:
	@scripts/install.sh

demo: install
	@$(NODE) scripts/demo.ts up

demo-down: install
	@$(NODE) scripts/demo.ts down

check: install
	@$(NODE) scripts/check.ts

test: install
	@$(NODE) scripts/test.ts

test-full: install
	@$(NODE) scripts/test.ts --full

test-crash: install
	@$(NODE) scripts/test-crash.ts

bench: install
	@$(NODE) bench/images.ts

docs: install
	@$(NODE) scripts/docs.ts
