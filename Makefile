# The doors; each prints the command it runs. Meson builds.
.PHONY: help check check-all prove demo asan lint analyse cover mutants trust fuzz format bench packets install

help:
	@sed -n 's/^\([a-z-]*\):.*# /  make \1	/p' Makefile

check: # the tests
	scripts/check

check-all: # the long suite: sanitizers, clang, builds without libraries
	scripts/check --all

prove: # the proof of the interpreter's safety (Frama-C), and that it can fail
	scripts/prove
	scripts/prove --control

demo: # build, and judge a filter over a capture on every engine
	scripts/demo

asan: # a build with AddressSanitizer and UBSan, in build-asan
	[ -e build-asan/build.ninja ] || meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false -Db_ndebug=false
	ninja -C build-asan

lint: # formatting, floors, symbol maps
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	! git grep -nP '^ \*( .{78,}|[^ \t/])' -- '*.c' '*.h'
	scripts/floors
	scripts/symbols --check

analyse: # clang-tidy, which must find nothing
	scripts/analyse

cover: # branches that the tests take, and why not the others
	scripts/cover

mutants: # one token changed at a time: do the tests see it? half an hour
	scripts/mutants

trust: # the table of docs/trust.md again; some hours
	scripts/trust

fuzz: # each target of fuzz/ for a minute
	scripts/fuzz

format: # clang-format over all C
	clang-format -i $$(git ls-files '*.c' '*.h')

bench: # what is measured, as ratios in one run
	ninja -C build
	build/bench/engines
	build/bench/calls
	build/bench/pairs
	build/bench/native
	build/bench/optimize
	build/bench/hostile
	[ ! -x build/bench/seccomp ] || build/bench/seccomp
	bench/memory
	bench/sockets

packets: # the captures of tests/packets again (root)
	scripts/make-packets

install: # into the system, or below DESTDIR
	meson install -C build
