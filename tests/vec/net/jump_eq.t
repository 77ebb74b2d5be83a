# Jump: equal.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        jeq #1, yes
        ret #0
yes:    ret #9
-- run
ff ff ff ff ff ff ff ff 01 => 9
ff ff ff ff ff ff ff ff 02 => 0
