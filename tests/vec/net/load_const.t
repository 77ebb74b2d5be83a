# Load: a constant.
dialect go linux user libpcap
udp-body
-- asm
        ld #9
        ret a
-- run
ff ff ff ff ff ff ff ff 00 => 9
