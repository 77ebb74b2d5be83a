# What Go cannot decode is kept and fails when reached, so it may stand where nothing goes.
dialect linux
-- asm
        ja end
        .raw 0xff, 1, 2, 3
end:    ret #4
-- run go
empty => 4
-- reject linux user seccomp freebsd
CODE pc=1
