# Where tools are silently wrong (a field that wraps, 0x10 read as 0, the rest
# of an item passed over, %hu of 65542) a reader here says so.
dialect linux
-- asm
	ret #0
-- refuses xt
1,65542 0 0 0          => RANGE 1:3
1,6 256 0 0            => RANGE 1:5
1,6 0 256 0            => RANGE 1:7
1,6 0 0 4294967296     => RANGE 1:9
1,6 0 0 -2147483649    => RANGE 1:9
1,6 0 0 0x10           => SYNTAX 1:9
1,6 0 0 1 9            => SYNTAX 1:11
1,6 0 0                => SYNTAX 1:8
2,6 0 0 0              => COUNT 1:1
1,6 0 0 0,6 0 0 0      => COUNT 1:1
1,6 0 0 0,,            => SYNTAX 1:11
1,,6 0 0 0             => SYNTAX 1:3
x                      => SYNTAX 1:1
-A INPUT -j ACCEPT     => SYNTAX 1:1
--bytecode "1,6 0 0 0  => SYNTAX 1:12
"1,6 0 0 0" "1,6 0 0 1" => SYNTAX 1:13
"1,6 0 0 0" junk       => SYNTAX 1:13
--bytecode "1,6 0 0 0" --bytecode "1,6 0 0 0" => SYNTAX 1:35
0                      => SYNTAX 1:1
0,                     => SYNTAX 1:1
-- refuses ddd
1\n40 0 0\n            => SYNTAX 2:7
2\n6 0 0 0\n           => COUNT 1:1
1\n6 0 0 0 7\n         => SYNTAX 2:9
-- refuses c
{ 0x06, 0, 0, 0x100000000 }     => RANGE 1:15
{ 0x10006, 0, 0, 0 }            => RANGE 1:3
{ 0x06, 0, -1, 0 }              => RANGE 1:12
{ 0x06, 0, 0, 08 }              => SYNTAX 1:15
{ 0x06, 0, 0, 1 << 32 }         => RANGE 1:15
{ 0x06, 0, 0, 0xffffffff * 0xffffffff * 16 } => RANGE 1:15
# shifts that C leaves undefined, or where our numbers are wider than C's
{ 0x06, 0, 0, 1 << -1 }         => RANGE 1:15
{ 0x06, 0, 0, (0xffffffff + 1) >> 1 } => RANGE 1:15
{ 0x06, 0, 0 }                  => SYNTAX 1:14
{ 0x06, 0, 0, 1, 2 }            => SYNTAX 1:18
{ 0x06, 0, 0, 1                 => SYNTAX 1:16
{ 0x06, 0, 0, (1 }              => SYNTAX 1:18
{ 0x06, 0, 0, 1) }              => SYNTAX 1:16
{ 0x06, 0, 0, 1 + }             => SYNTAX 1:19
{ 0x06, 0, 0, 1 } { 0x06, 0, 0, 1 } => SYNTAX 1:19
{ .code = 6, .q = 1 }           => SYNTAX 1:15
{ .code = 6, 1 }                => SYNTAX 1:14
{ .code 6 }                     => SYNTAX 1:9
BPF_STMT(BPF_RET, __NR_read)    => SYNTAX 1:19
BPF_STMT(BPF_RET)               => SYNTAX 1:17
BPF_JUMP(BPF_JMP, 1, 2)         => SYNTAX 1:23
BPF_STMT BPF_RET                => SYNTAX 1:10
BPF_STMT(BPF_LD, offsetof(struct seccomp_data, args[6])) => RANGE 1:53
BPF_STMT(BPF_LD, offsetof(struct seccomp_data, pid))     => SYNTAX 1:48
BPF_STMT(BPF_LD, offsetof(struct seccomp_data, args[0))  => SYNTAX 1:54
BPF_STMT(BPF_LD, offsetof(struct seccomp_data, nr]       => SYNTAX 1:50
BPF_STMT(BPF_RET, 1             => SYNTAX 1:20
int x = 5;                      => SYNTAX 1:1
{ 6,0,0,0 }, /* half            => SYNTAX 1:14
#if 0\n{6,0,0,1},\n#else\n{6,0,0,0},\n#endif => SYNTAX 1:1
{6,0,0,1},\n#ifdef X\n{6,0,0,0},\n#endif   => SYNTAX 2:1
{ (__u8)0x106, 0, 0, (char)200 } => SYNTAX 1:23
{ (uint16_t)~0, 0, 0, 0 } {      => SYNTAX 1:27
struct f c[2] = { {6,0,0,0} };  => COUNT 1:12
struct f c[99999999999] = { {6,0,0,0} };  => COUNT 1:12
{ (int)-1 >> 1, 0, 0, 0 }        => RANGE 1:3
{ 6, 0, 0, (unsigned 1) }       => SYNTAX 1:13
{ 6, 0, 0, (__u8) }             => SYNTAX 1:19
# 33 operators wait, and one more than our 32 is too many
{ 6, 0, 0, ((((((((((((((((((((((((((((((((( => SYNTAX 1:45
{ 6, 0, 0, --------------------------------- => SYNTAX 1:45
{ 6, 0, 0, ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ => SYNTAX 1:45
{ 6, 0, 0, 1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|(1|1 => SYNTAX 1:62
{6,0,0,0},\n#define A \\\n{6,0,0,1}, => SYNTAX 2:2
{6,0,0,0},\n#define A \\ \r\n{6,0,0,1}, => SYNTAX 2:2
{6,0,0,0},\n#define A /*\n{6,0,0,1}, */ => SYNTAX 2:2
struct f c[] = { {6,0,0,0} };\n#if 1 => SYNTAX 2:1
struct f c[] = { {6,0,0,0} }; x => SYNTAX 1:31
struct f c[] = { {6,0,0,0}      => SYNTAX 1:27
-- refuses dbg
l0:\tret #0\nl2:\tret #0        => ORDER 2:1
l0:\tjeq #0, l0, l1             => JUMP_BACK 1:13
l0:\tjeq #0, l300, l1           => RANGE 1:13
l0:\tjeq #0, 1, 2               => SYNTAX 1:13
l0:\tjeq #0, l1                 => SYNTAX 1:15
l0:\tjeq #0, l1, x              => SYNTAX 1:17
l0:\tjeq #0, lx, l1             => SYNTAX 1:14
l0:\tldh [mark                  => SYNTAX 1:14
l0:\tnosup 0x81                 => LOSSY 1:5
l0:\tret #0 #1                  => SYNTAX 1:12
-- refuses go
jeq #1,256                      => RANGE 1:8
jeq #1                          => SYNTAX 1:7
jneq #1,2,3                     => SYNTAX 1:10
jneq x1                         => SYNTAX 1:6
unknown instruction: bpf.LoadExtension{Num:40} => LOSSY 1:1
{85 1 2                         => SYNTAX 1:8
{85 1 2 3                       => SYNTAX 1:10
{85 1 2 3} x                    => SYNTAX 1:12
jneq #1,x                       => SYNTAX 1:9
jeq #1,1,x                      => SYNTAX 1:10
jeq #1,1 x                      => SYNTAX 1:10
ld #len x                       => SYNTAX 1:9
ret                             => SYNTAX 1:1
-- refuses hex
0600000000000                   => SYNTAX 1:14
06 00 00 00 00 00 00            => RAW_SIZE 1:21
06 00 00 00 00 00 00 0g         => SYNTAX 1:23
-- refuses auto
ldh [12]\njeq #0x800, l2, l9\nret #0\nret #1 => LABEL 2:13
# lines with numbers, as bpf_dbg has them: one is missing
l0: jeq #0, l5, l1\nl1: ret #0  => LABEL 1:13
# one instruction in decimal, three in hexadecimal digits
0000000000000001\n0000000000000006 00 00 000000000000 => FORMAT_MANY 0:0
# bytes: the order does not show, and matters
\x00\x00\x00\x00\x01\x02\x03\x01 => FORMAT_MANY 0:0
\x15\x00\x00\x00\x01\x00\x00     => RAW_SIZE 0:0
-- refuses d
(000) jeq #0x1 1 jf 2           => SYNTAX 1:16
(000) jeq #0x1 jt x jf 2        => SYNTAX 1:19
(000) jeq #0x1 jt 1 2           => SYNTAX 1:21
(000) ret #1 x                  => SYNTAX 1:14
(000 ret #1                     => SYNTAX 1:5
-- refuses tc
bytecode                        => SYNTAX 1:1
bytecode 1,6 0 0 0              => SYNTAX 1:1
-- refuses asm
# operands, token by token
ld [14                          => SYNTAX 1:7
ld [y]                          => SYNTAX 1:5
ld [%y + 1]                     => SYNTAX 1:6
ld [x 14]                       => SYNTAX 1:7
ld [x +]                        => SYNTAX 1:8
ld [x + 14                      => SYNTAX 1:11
ldi [5]                         => SYNTAX 1:5
ldi x                           => SYNTAX 1:5
ldxi M[1]                       => SYNTAX 1:6
ld M 1                          => SYNTAX 1:6
ld M[x]                         => SYNTAX 1:6
ld M[1                          => SYNTAX 1:7
ldxb 4 14                       => SYNTAX 1:6
ldxb 4*[14]                     => SYNTAX 1:8
ldxb 4*(14)                     => SYNTAX 1:9
ldxb 4*([x]&0xf)                => SYNTAX 1:10
ldxb 4*([14&0xf)                => SYNTAX 1:12
ldxb 4*([14]0xf)                => SYNTAX 1:13
ldxb 5*([14]&0xf)               => SYNTAX 1:6
ldxb 4*([14]&x)                 => SYNTAX 1:14
ldxb 4*([14]&0xe)               => SYNTAX 1:14
ldxb 4*([14]&0xf                => SYNTAX 1:17
jeq #1 a\na: ret #0             => SYNTAX 1:8
jeq #1, a, #\na: ret #0         => SYNTAX 1:12
jne #1, a, a\na: ret #0         => SYNTAX 1:10
ja +4294967295                  => SYNTAX 1:4
# the label that leads up is named, whichever it is
a: jeq #1, b, a\nb: ret #0      => JUMP_BACK 1:15
a: ja b\nb: jeq #1, c, a\nc: ret #0 => JUMP_BACK 2:15
