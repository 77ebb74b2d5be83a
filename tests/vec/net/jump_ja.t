# Jump: always.
dialect go linux user libpcap
udp-body
-- asm
        ja one
        ret #8
one:    ret #9
-- run
ff ff ff ff ff ff ff ff 01 02 => 9
