# Scratch: stored and loaded.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        st M[1]
        ld #0
        ld M[1]
        ret a
-- run
ff ff ff ff ff ff ff ff 0a 00 00 => 10
