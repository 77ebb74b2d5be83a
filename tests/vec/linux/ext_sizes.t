# Any size of load gives the whole value.
dialect user linux
-- asm
        ldb mark
        st M[0]
        ldh mark
        ldx M[0]
        add x
        ret a
-- run
40 41 42 43 44 45 46 47 mark=0x01020304 => 0x02040608
