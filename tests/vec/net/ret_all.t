# Return: more than there is.
dialect go linux user libpcap
udp-body
-- asm
        ret #-1
-- run
ff ff ff ff ff ff ff ff 00 01 => 0xffffffff
