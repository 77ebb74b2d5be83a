#!/bin/sh
# meson install into an empty place, and a program built against it. TAP.
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
holds "meson install" env DESTDIR="$tmp" meson install -C "$1"
[ -n "$(find "$tmp" -name cbpf.pc)" ] || finish
find "$tmp" ! -type d >"$tmp/files"
for f in cbpf cbpf.h capture.h expr.h scan.h libcbpf.so libcbpf.a libcbpf-capture.so libcbpf-scan.so cbpf.pc cbpf-capture.pc cbpf-scan.pc cbpf.1 libcbpf.3 cbpf.5; do
    holds "$f is installed" grep "/$f$" "$tmp/files"
done
pc=$(dirname "$(find "$tmp" -name cbpf.pc)")
printf '#include <cbpf/cbpf.h>\n#include <stdio.h>\nint main(void) { puts(cbpf_version()); return 0; }\n' >"$tmp/t.c"
flags=$(PKG_CONFIG_SYSROOT_DIR=$tmp PKG_CONFIG_PATH=$pc pkg-config --cflags --libs cbpf)
lib=$(dirname "$(find "$tmp" -name libcbpf.so)")
holds "a program finds it through pkg-config" gcc "$tmp/t.c" $flags -o "$tmp/t"
equal "and runs" 0.1.0 "$(LD_LIBRARY_PATH=$lib "$tmp/t")"
extra=$(nm -D --defined-only "$lib/libcbpf.so" | awk '{ print $3 }' | grep -v '^cbpf_\|^CBPF_' || true)
equal "only cbpf_ symbols are exported" "" "$extra"
data=$(objdump -t "$lib/libcbpf.so" | awk '$4 == ".bss" || $4 == ".data" || $3 == ".bss" || $3 == ".data" { print $NF }' |
    sed 's/\.[0-9]*$//' | sort -u | grep -vx 'completed\|__dso_handle\|__TMC_END__\|' | xargs)
equal "no mutable data in the library but the pool of code" "chunks is_watched lock mapped" "$data"
finish
