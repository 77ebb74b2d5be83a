# Scratch: through X.
dialect go linux user libpcap
udp-body
-- asm
        ldx #9
        stx M[15]
        ld M[15]
        ret a
-- run
ff ff ff ff ff ff ff ff 00 00 => 9
