# The header rule: verdicts 1 to 8 deliver an empty body, 9 one byte.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 00 02 03 => 0
ff ff ff ff ff ff ff ff 01 02 03 => 1
ff ff ff ff ff ff ff ff 07 02 03 => 7
ff ff ff ff ff ff ff ff 08 02 03 => 8
ff ff ff ff ff ff ff ff 09 02 03 => 9
ff ff ff ff ff ff ff ff 0a 02 03 => 10
ff ff ff ff ff ff ff ff 0b 02 03 => 11
ff ff ff ff ff ff ff ff c8 02 03 => 200
