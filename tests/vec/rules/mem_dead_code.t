# Code that nothing jumps to may read anything: the set is full after a jump.
dialect linux
-- asm
        ret #1
        ja end
        ld M[3]
end:    ret a
-- run user linux libpcap go freebsd netbsd openbsd
empty => 1
