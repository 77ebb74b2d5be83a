# Extension: the length counts the header.
dialect go linux user libpcap
udp-body
-- asm
        ld len
        ret a
-- run
ff ff ff ff ff ff ff ff 00 01 02 03 => 12
