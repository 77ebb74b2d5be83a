#!/bin/sh
# meson install into an empty place, and a program built against it. TAP.
cd "$(dirname "$0")/.." || exit 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
DESTDIR=$tmp meson install -C "$1" >"$tmp/log" 2>&1 || { tail "$tmp/log" | sed 's/^/# /'; echo "not ok 1 - meson install"; exit 1; }
n=1
echo "ok 1 - meson install"
has() {
    n=$((n + 1))
    if [ -n "$(find "$tmp/usr" -name "$1")" ]; then echo "ok $n - $1"; else find "$tmp/usr" -type f | sed 's/^/# /'; sed 's/^/# /' "$tmp/log"; echo "not ok $n - $1 is not installed"; fi
}
for f in cbpf cbpf.h capture.h expr.h libcbpf.so libcbpf.a libcbpf-capture.so cbpf.pc cbpf-capture.pc cbpf.1 libcbpf.3 cbpf.5; do has $f; done
pc=$(dirname "$(find "$tmp" -name cbpf.pc)")
printf '#include <cbpf/cbpf.h>\n#include <stdio.h>\nint main(void) { puts(cbpf_version()); return 0; }\n' >"$tmp/t.c"
flags=$(PKG_CONFIG_SYSROOT_DIR=$tmp PKG_CONFIG_PATH=$pc pkg-config --cflags --libs cbpf)
n=$((n + 1))
lib=$(dirname "$(find "$tmp" -name libcbpf.so)")
if gcc "$tmp/t.c" $flags -o "$tmp/t" && LD_LIBRARY_PATH=$lib "$tmp/t" | grep -q 0.1.0; then
    echo "ok $n - a program finds it through pkg-config and runs"
else
    echo "not ok $n - a program cannot use what was installed"
fi
n=$((n + 1))
extra=$(nm -D --defined-only "$lib/libcbpf.so" | awk '{ print $3 }' | grep -v '^cbpf_\|^CBPF_' || true)
if [ -z "$extra" ]; then echo "ok $n - only cbpf_ symbols are exported"; else echo "# $extra"; echo "not ok $n - other symbols are exported"; fi
n=$((n + 1))
data=$(size -A "$lib/libcbpf.so" | awk '$1 == ".bss" && $2 > 8 { print } $1 == ".data" && $2 > 8 { print }')
if [ -z "$data" ]; then echo "ok $n - no mutable data in the library"; else echo "# $data"; echo "not ok $n - the library has mutable data"; fi
echo "1..$n"
