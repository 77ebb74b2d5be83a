# The code that the kernel makes of `ld [k]` inside is not for users.
dialect seccomp
-- asm
        .raw 0x21, 0, 0, 0
        ret a
-- reject
CODE pc=0
