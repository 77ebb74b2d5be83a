#!/bin/sh
# The public headers alone, beside the system's, as C11 and as C++17. TAP.
cd "$(dirname "$0")/.." || exit 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0
t() { # name, compiler and flags, text
    n=$((n + 1))
    printf "$3" >"$tmp/t.$4"
    if out=$($2 -Iinclude -Wall -Wextra -Werror -c "$tmp/t.$4" -o "$tmp/t.o" 2>&1); then
        echo "ok $n - $1"
    else
        echo "$out" | sed 's/^/# /'
        echo "not ok $n - $1"
    fi
}
# each header alone, then beside others; C and C++
own='#include <cbpf/cbpf.h>\n#include <cbpf/capture.h>\n#include <cbpf/expr.h>\n'
c='gcc -std=c11 -pedantic'
cc='g++ -std=c++17 -pedantic'
command -v g++ >/dev/null || cc=
for header in cbpf.h capture.h expr.h; do
    t "$header alone, C11" "$c" "#include <cbpf/$header>\n" c
    [ -z "$cc" ] || t "$header alone, C++17" "$cc" "#include <cbpf/$header>\n" cc
done
t "all, C11" "$c" "$own" c
for other in linux/filter.h linux/bpf.h pcap/bpf.h; do
    if ! printf '#include <%s>\n' $other | gcc -E - >/dev/null 2>&1; then
        n=$((n + 1))
        echo "ok $n - beside $other # SKIP there is no such header"
        continue
    fi
    pre='#include <sys/types.h>\n#include <sys/time.h>\n'
    t "before $other" "gcc -std=gnu11" "$pre$own#include <$other>\n" c
    t "after $other" "gcc -std=gnu11" "$pre#include <$other>\n$own" c
    [ -n "$cc" ] || continue
    t "before $other, C++" "g++ -std=gnu++17" "$pre$own#include <$other>\n" cc
    t "after $other, C++" "g++ -std=gnu++17" "$pre#include <$other>\n$own" cc
done
if [ -n "$cc" ]; then
    t "all, C++17" "$cc" "$own" cc
else
    n=$((n + 1))
    echo "ok $n - C++17 # SKIP there is no g++"
fi
# the example at the top of cbpf.h, and that of capture.h
t "the examples compile" "gcc -std=c11" '
#include <cbpf/cbpf.h>\n#include <cbpf/capture.h>\n#include <stdio.h>\n#include <string.h>
int example(const char *text, struct cbpf_packet packet);
int example(const char *text, struct cbpf_packet packet)
{
	struct cbpf_code code; struct cbpf_prog *prog; struct cbpf_result res;
	if (cbpf_text_read(CBPF_FORMAT_ASM, text, strlen(text), NULL, &code, NULL)) return 1;
	if (cbpf_prog_new(code.insns, code.n, NULL, &prog, NULL)) return 1;
	cbpf_run(prog, &packet, &res);
	if (res.value) puts("accepted");
	cbpf_prog_free(prog); cbpf_code_free(&code);
	return 0;
}\n' c
echo "1..$n"
