# Offsets from 0xffe00000 count from the link header, where there is one.
dialect user linux
-- asm
        ldh [0xffe00001]
        ret a
-- run
40 41 42 43 44 45 46 47 => aborted NO_LINK
40 41 42 43 44 45 46 47 mark=1 => aborted NO_LINK
40 41 42 43 44 45 46 47 has_link=1 link_off=2 => 0x4344
40 41 42 43 44 45 46 47 headroom=3 has_link=1 link_off=-3 => 0x4142
