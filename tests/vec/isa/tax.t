# X <- A.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #4
        tax
        ld #1
        add x
        ret a
-- run
empty => 5
-- run seccomp
@call order=1 => 5
