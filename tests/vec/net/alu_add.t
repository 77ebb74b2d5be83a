# ALU: add a constant to a byte of the body.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        add #3
        ret a
-- run
ff ff ff ff ff ff ff ff 08 02 03 => 11
