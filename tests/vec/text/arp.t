# The first example of the kernel's documentation, in every form.
dialect linux
-- asm
ldh [12]
jne #0x806, drop
ret #-1
drop: ret #0
-- code
{ 0x28, 0, 0, 12 }, { 0x15, 0, 1, 0x806 }, { 6, 0, 0, 0xffffffff }, { 6, 0, 0, 0 }
-- written
	ldh [12]
	jne #0x806, L3
	ret #-1
L3:	ret #0
-- d
(000) ldh      [12]
(001) jeq      #0x806           jt 2	jf 3
(002) ret      #-1
(003) ret      #0
-- d110
(000) ldh      [12]
(001) jeq      #0x806           jt 2	jf 3
(002) ret      #-1
(003) ret      #0
-- dd
{ 0x28, 0, 0, 0x0000000c },
{ 0x15, 0, 1, 0x00000806 },
{ 0x6, 0, 0, 0xffffffff },
{ 0x6, 0, 0, 0x00000000 },
-- ddd
4
40 0 0 12
21 0 1 2054
6 0 0 4294967295
6 0 0 0
