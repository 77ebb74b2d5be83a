# Load: a byte of the body.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 0a 00 00 => 10
