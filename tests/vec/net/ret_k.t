# Return: a constant.
dialect go linux user libpcap
udp-body
-- asm
        ret #9
-- run
ff ff ff ff ff ff ff ff 00 01 => 9
