# OpenBSD's mode RND passes in any size and runs as a word only.
dialect linux
-- asm
        .raw 0xc8, 0, 0, 0
        ret #1
-- run openbsd
empty => aborted REACHED
-- reject libpcap netbsd user linux freebsd seccomp
CODE pc=0
