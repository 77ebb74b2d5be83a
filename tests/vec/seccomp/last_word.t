# The last word of struct seccomp_data, at 60, is inside.
dialect seccomp
-- asm
        ld [60]
        ret a
-- run
27 00 00 00 3e 00 00 c0 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 04 03 ff 7f order=1 => 0x7fff0304
