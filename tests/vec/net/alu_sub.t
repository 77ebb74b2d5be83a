# ALU: subtract through X.
dialect go linux user libpcap
udp-body
-- asm
        ldx #1
        ldb [8]
        sub x
        ret a
-- run
ff ff ff ff ff ff ff ff 0b 02 03 => 10
