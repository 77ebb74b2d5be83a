# A jump that Go has no name for is kept with what would be its targets, which
# nobody checks; it fails when reached, before it could go there.
dialect linux
-- asm
        ld #1
        jeq #1, end
        .raw 0x55, 200, 200, 0
end:    ret #4
-- run go
empty => 4
-- reject linux user seccomp freebsd
CODE pc=2
-- asm
        .raw 0x55, 200, 200, 0
        ret #4
-- run go
empty => aborted REACHED
