# Link type of the interface, or the end of the run.
dialect user linux
-- asm
        ld #3
        ld hatype
        ret a
-- run
40 41 42 43 44 45 46 47 has_device=1 hatype=772 => 772
40 41 42 43 44 45 46 47 => no-device 3
