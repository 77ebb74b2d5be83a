#!/bin/sh
# The public headers alone, beside the system's, as C11 and as C++17. TAP.
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
compiles() { # name, compiler and flags, text, suffix
    printf "$3" >"$tmp/t.$4"
    holds "$1" $2 -Iinclude -Wall -Wextra -Werror -c "$tmp/t.$4" -o "$tmp/t.o"
}
# each header alone, then beside others; C and C++
own='#include <cbpf/cbpf.h>\n#include <cbpf/capture.h>\n#include <cbpf/expr.h>\n#include <cbpf/scan.h>\n'
c='gcc -std=c11 -pedantic'
cc='g++ -std=c++17 -pedantic'
command -v g++ >/dev/null || cc=
for header in cbpf.h capture.h expr.h scan.h; do
    compiles "$header alone, C11" "$c" "#include <cbpf/$header>\n" c
    [ -z "$cc" ] || compiles "$header alone, C++17" "$cc" "#include <cbpf/$header>\n" cc
done
compiles "all, C11" "$c" "$own" c
for other in linux/filter.h linux/bpf.h pcap/bpf.h; do
    if ! printf '#include <%s>\n' $other | gcc -E - >/dev/null 2>&1; then
        skip "beside $other" "there is no such header"
        continue
    fi
    pre='#include <sys/types.h>\n#include <sys/time.h>\n'
    compiles "before $other" "gcc -std=gnu11" "$pre$own#include <$other>\n" c
    compiles "after $other" "gcc -std=gnu11" "$pre#include <$other>\n$own" c
    [ -n "$cc" ] || continue
    compiles "before $other, C++" "g++ -std=gnu++17" "$pre$own#include <$other>\n" cc
    compiles "after $other, C++" "g++ -std=gnu++17" "$pre#include <$other>\n$own" cc
done
if [ -n "$cc" ]; then
    compiles "all, C++17" "$cc" "$own" cc
else
    skip "C++17" "there is no g++"
fi
# the example at the top of cbpf.h, and that of capture.h
compiles "the examples compile" "gcc -std=c11" '
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
finish
