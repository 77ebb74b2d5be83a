# return k, all 32 bits.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ret #-1
-- run
empty => 0xffffffff
-- run seccomp
@call order=1 => 0xffffffff
