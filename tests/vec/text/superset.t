# Wider than bpf_asm: [x+14], any label, several in a row, # and ; comments,
# carriage returns, +n targets, extension names of tcpdump.
dialect linux
-- asm
a: x: ld [x+14]   # the sign belongs to the number
ldh [ x + 0x0e ]  ; a comment
jeq #1, mark, +0  /* a
C comment */
mark: ld vlanp
# first column
LDB [X+ 2]
ld #len
ldx 4*([14]&0xf)
ret %a
-- code
{ 0x40, 0, 0, 14 }, { 0x48, 0, 0, 14 }, { 0x15, 0, 0, 1 }, { 0x20, 0, 0, 0xfffff030 },
{ 0x50, 0, 0, 2 }, { 0x80, 0, 0, 0 }, { 0xb1, 0, 0, 14 }, { 0x16, 0, 0, 0 }
