# The low 32 bits of the product.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld #0x10001
        mul #0x10001
        ret a
-- run
empty => 0x20001
-- run seccomp
@call order=1 => 0x20001
