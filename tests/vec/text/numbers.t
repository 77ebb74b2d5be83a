# Numbers: decimal with a sign, hexadecimal, binary, octal, cut to 32 bits.
dialect linux
-- asm
ld #010 ld #0b101 ld #0XFF ld #-1 ld #+7 ldi 5 ldi #6 ldxi 7
ld #4294967296
ld #0x1ffffffff
ld #0xffffffffffffffffff
ld #9223372036854775808
ld #-9223372036854775809 ld #1ld #2
ld [x + -4]
ret #-2147483648
-- code
{ 0, 0, 0, 8 }, { 0, 0, 0, 5 }, { 0, 0, 0, 255 }, { 0, 0, 0, -1 }, { 0, 0, 0, 7 },
{ 0, 0, 0, 5 }, { 0, 0, 0, 6 }, { 1, 0, 0, 7 }, { 0, 0, 0, 0 }, { 0, 0, 0, 0xffffffff },
{ 0, 0, 0, 0xffffffff }, { 0, 0, 0, 0xffffffff }, { 0, 0, 0, 0 }, { 0, 0, 0, 1 }, { 0, 0, 0, 2 }, { 0x40, 0, 0, 0xfffffffc }, { 6, 0, 0, 0x80000000 }
