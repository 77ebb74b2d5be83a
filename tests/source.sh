#!/bin/sh
# What can be seen in the sources alone. TAP.
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
holds "floors, includes and file names" scripts/floors
holds "symbol maps list what the headers declare" scripts/symbols --check
holds "every error of the header has a sentence" sh -c '
    for e in $(sed -n "s/^\tCBPF_E_\([A-Z0-9_]*\) = .*/\1/p" include/cbpf/cbpf.h); do
        grep -q "^E($e," src/base/errors.def || { echo "$e has none"; exit 1; }
    done'
holds "every public function is in libcbpf(3)" sh -c '
    for f in $(sed -n "s/^ *\(cbpf_[a-z0-9_]*\);/\1/p" src/*.map); do
        grep -qw "$f" man/libcbpf.3 || { echo "$f is not"; exit 1; }
    done'
holds "every public function is called with memory refused" sh -c '
    for f in $(sed -n "s/^ *\(cbpf_[a-z0-9_]*\);/\1/p" src/*.map); do
        case $f in # of tests/oracles.h, which nomem.c takes its engines from
        cbpf_engine_*) from=tests/oracles.h ;;
        *) from=tests/nomem.c ;;
        esac
        grep -qw "$f" tests/nomem.c $from || { echo "$f is not"; exit 1; }
    done'
holds "every opcode row has a vector" sh -c '
    for op in $(sed -n "s/^OP(\([A-Z_]*\),.*/\1/p" src/isa/opcodes.def | tr A-Z a-z); do
        [ -e tests/vec/isa/$op.t ] || { echo "$op has none"; exit 1; }
    done'
# crash, endless and no-device are ends with names of their own; PATH needs
# filters installed before and is in tests/cli, PACKET_SIZE 2 GiB; UNSOUND
# would be a bug of ours, and tests/sound.c plants it
holds "every rule and every end is provoked by a vector" sh -c '
    for e in $(sed -n "/^E(EMPTY/,/^E(DATA_SIZE/s/^E(\([A-Z_0-9]*\),.*/\1/p" src/base/errors.def); do
        case $e in
        CRASH) e=crash ;; STEPS) e=endless ;; NO_DEVICE) e=no-device ;;
        PATH | PACKET_SIZE | UNSOUND) continue ;;
        esac
        grep -rqw -- "$e" tests/vec || { echo "$e is not"; exit 1; }
    done'
holds "every verb has a test" sh -c '
    for v in $(sed -n "s/^\t{ \"\([a-z]*\)\", cmd_.*/\1/p" cli/main.c); do
        grep -q "cbpf\" $v" tests/cli/*.sh tests/*.sh || { echo "$v has none"; exit 1; }
    done'
finish
