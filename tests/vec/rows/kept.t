# A number of the row is wanted behind it, and where it fails.
dialect user linux libpcap go freebsd netbsd openbsd
-- asm
        ld [0]
        st M[0]
        jne #0x11223344, no
        ldh [4]
        tax
        jne #0x5566, no
        ld M[0]
        add x
        ret a
no:
        ld M[0]
        ret a
-- run user linux libpcap go netbsd openbsd
11 22 33 44 55 66 => 0x112288aa
11 22 33 44 55 => aborted LOAD_OUT
11 22 33 44 => aborted LOAD_OUT
11 22 33 => aborted LOAD_OUT
11 22 33 45 55 66 => 0x11223345
11 22 33 45 => 0x11223345
11 22 33 44 55 67 => 0x11223344
-- run freebsd
11 22 33 44 55 66 => 0x112288aa
11 22 33 44 55 => 0x11223344
11 22 33 44 => 0x11223344
11 22 33 => aborted LOAD_OUT
11 22 33 45 55 66 => 0x11223345
11 22 33 45 => 0x11223345
11 22 33 44 55 67 => 0x11223344
