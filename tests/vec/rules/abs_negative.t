# Any negative offset below the ancillary ones loads, and lies nowhere.
dialect linux
-- asm
        ld [0x80000000]
        ret #1
-- run user linux libpcap go freebsd netbsd
empty => aborted LOAD_OUT
-- reject openbsd
OFFSET_LIMIT pc=0
-- reject seccomp
DATA_OFFSET pc=0
