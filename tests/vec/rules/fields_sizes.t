# libpcap and the BSDs look at fields: any size of IMM loads, and no machine runs it.
dialect linux
-- asm
        .raw 0x08, 0, 0, 1
        ret #1
-- reject user linux seccomp freebsd
CODE pc=0
-- run libpcap
empty => crash
-- run go netbsd openbsd
empty => aborted REACHED
