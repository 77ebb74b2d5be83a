# Return: fewer bytes than the header still deliver, empty.
dialect go linux user libpcap
udp-body
-- asm
        ldb [8]
        ret a
-- run
ff ff ff ff ff ff ff ff 01 02 => 1
