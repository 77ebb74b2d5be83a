# Load: two bytes.
dialect go linux user libpcap
udp-body
-- asm
        ldh [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 00 0a 00 00 => 10
