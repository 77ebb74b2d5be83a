# Return: A, cut to the packet.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 09 00 00 => 9
ff ff ff ff ff ff ff ff ff 00 00 => 255
