# OpenBSD alone has `ld rnd`; its numbers are the seed's.
dialect openbsd
-- asm
        ld rnd
        ret a
-- run
empty seed=1 => 2298633409
-- reject user linux seccomp libpcap freebsd netbsd
CODE pc=0
