# NetBSD refuses coprocessor calls from outside; others never had them.
dialect linux
-- asm
        .raw 0x27, 0, 0, 0
        .raw 0x47, 0, 0, 0
        ret #1
-- reject user linux seccomp freebsd netbsd
CODE pc=0
CODE pc=1
-- run libpcap
empty => crash
-- run openbsd go
empty => aborted REACHED
