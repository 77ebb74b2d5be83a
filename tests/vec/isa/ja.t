# pc += k.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ja end
        ret #1
end:    ret #2
-- run
empty => 2
-- run seccomp
@call order=1 => 2
