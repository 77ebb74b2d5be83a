# The network header may lie before the data, as on a UDP socket.
dialect user linux
-- asm
        ldb [0xfff00000]
        ret a
-- run
40 41 42 43 44 45 46 47 headroom=4 net_off=-4 => 0x40
40 41 42 43 44 45 46 47 headroom=4 net_off=-5 => aborted LOAD_OUT
