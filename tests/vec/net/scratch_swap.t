# Scratch: two words are two.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        st M[0]
        ldb [9]
        st M[1]
        ld M[0]
        ldx M[1]
        sub x
        ret a
-- run
ff ff ff ff ff ff ff ff 0f 05 00 => 10
