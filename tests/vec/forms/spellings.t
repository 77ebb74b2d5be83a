# What people paste: one program, and texts that all mean it.
dialect linux
-- asm
	ldh [12]
	jeq #0x800, L2, L3
L2:	ret #0xffffffff
L3:	ret #0
-- reads auto
4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0,
4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0
  4 , 40 0 0 12 , 21 0 1 2048,\n6 0 0 -1,6 0 0 0 ,\n
4\n40 0 0 12\n21 0 1 2048\r\n6 0 0 4294967295\n6 0 0 0\n
"4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0"
-A INPUT -m bpf --bytecode "4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0" -j ACCEPT
filter protocol all pref 49152 bpf chain 0 \nfilter bpf handle 0x1 flowid 1:1 bytecode '4,40 0 0 12,21 0 1 2048,6 0 0 -1,6 0 0 0' not_in_hw\n
{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000800 },\n{ 0x6, 0, 0, 0xffffffff },\n{ 0x6, 0, 0, 0x00000000 },\n
{ 0x28,  0,  0, 0x0000000c },\n{ 0x15,  0,  1, 0x00000800 },\n{ 0x06,  0,  0, 0xffffffff },\n{ 0x06,  0,  0, 0000000000 },\n
/* { op, jt, jf, k }, */\n{ 0x28,  0,  0, 0x0000000c },\n{ 0x15,  0,  1, 0x00000800 },\n{ 0x06,  0,  0, 0xffffffff },\n{ 0x06,  0,  0, 0000000000 },\n
{40,0,0,12},{21,0,1,2048},{6,0,0,-1},{6,0,0,0}
BPF_STMT(BPF_LD+BPF_H+BPF_ABS, 12),\nBPF_JUMP(BPF_JMP+BPF_JEQ+BPF_K, 0x800, 0, 1),\nBPF_STMT(BPF_RET+BPF_K, -1),\nBPF_STMT(BPF_RET+BPF_K, 0),\n
struct sock_filter code[] = {\n\tBPF_STMT(BPF_LD | BPF_H | BPF_ABS, ETH_HLEN - 2),\n\tBPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IP, 0, 1),\n\tBPF_STMT(BPF_RET | BPF_K, (u_int)-1), // keep\n\tBPF_STMT(BPF_RET | BPF_K, 0) /* drop */\n};\n
#include <linux/filter.h>\nstatic const struct bpf_insn f[4] = { { 050, 0, 0, 0xc }, { .code = BPF_JMP|BPF_JEQ|BPF_K, .jf = 1, .k = 1 << 11, }, {6,0,0,~0U}, { 6u, 0, 0, 0x0UL } };
struct bpf_insn f[0x4] = { BPF_STMT(0x28, 12), BPF_JUMP(0x15, 0X800, 0, 1), { 6, 0, 0, (int unsigned)-1 }, { 6 ^ 0, 0, 0, (unsigned short)0x10000 } };
{ 40, 0, 0, 12 }, { 21, 0, 1, 0x1000 >> 1 }, { 6, 0, 0, (long unsigned int)-1 }, { 6, 0, 0, (long int)0xffffffff >> 31 ^ 1 },\n#pragma end
{ { 0x28, 0, 0, (4 + 2) * 2 }, { 0x15, 0, 1, 0x800 }, { 0x6, 0, 0, ((0xffffffff)) }, { 0x6, 0, 0, 0 } }
(000) ldh      [12]\n(001) jeq      #0x800           jt 2\tjf 3\n(002) ret      #-1\n(003) ret      #0\n
l0:\tldh [12]\nl1:\tjeq #0x800, l2, l3\nl2:\tret #0xffffffff\nl3:\tret #0\n
(000) ldh [12] ; 0x28\n(001) jeq #0x800 jt 2 jf 3 ; 0x15\n(002) ret #-1;\n(003) ret #0
ldh [12]\njneq #2048,1\nret #4294967295\nret #0\n
tc filter add dev lo bpf bytecode '4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0'
280000000c00000015000001000800000600 0000ffffffff\n06000000 00000000
00:28:00:00:00:00:00:0c 00:15:00:01:00:00:08:00 00:06:00:00:ff:ff:ff:ff 00:06:00:00:00:00:00:00
ldh [12]\njne #0x800, drop\nret #-1\ndrop: ret #0\n
\x28\x00\x00\x00\x0c\x00\x00\x00\x15\x00\x00\x01\x00\x08\x00\x00\x06\x00\x00\x00\xff\xff\xff\xff\x06\x00\x00\x00\x00\x00\x00\x00
\x00\x28\x00\x00\x00\x00\x00\x0c\x00\x15\x00\x01\x00\x00\x08\x00\x00\x06\x00\x00\xff\xff\xff\xff\x00\x06\x00\x00\x00\x00\x00\x00
-- asm
	jeq #1, +0, +1
	ret #0
	ret #1
-- reads auto
\x15\x00\x00\x01\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00
-- asm
	ld #1
	ja +1
	ret #0
	ret #1
-- reads go
ld #1\nja 1\nret #0\nret #1\n
-- reads dbg
ld #1\nja 3\nret #0\nret #1\n
l0:\tld #0x1\nl1:\tja 3\nl2:\tret #0\nl3:\tret #0x1\n
-- reads auto
l0:\tld #0x1\nl1:\tja 3\nl2:\tret #0\nl3:\tret #0x1\n
-- refuses auto
# relative in Go's listing, absolute in bpf_dbg's
ld #1\nja 1\nret #0\nret #1\n   => FORMAT_MANY 0:0
ld #1\nja 3\nret #0\nret #1\n   => FORMAT_MANY 0:0
-- asm
	.raw 0x15, 0, 0, 7
	jset #1, +0, +3
	jset x, +2
	ld mark
	ret #0
	ret a
-- go
jneq #7,0
jset #1,0,3
jset x,2
ld #mark
ret #0
ret a
-- asm
	ld [0xfffff028]
	.raw 0x120, 1, 2, 3
	.raw 0x28, 0, 0, 0xfffff004
	.raw 0x8c, 0, 0, 0
	.raw 0x06, 0, 0, 1
-- reads c
BPF_STMT(BPF_LD|BPF_W|BPF_ABS, SKF_AD_OFF + SKF_AD_ALU_XOR_X), {0x120,1,2,3}, {0x28,0,0,SKF_AD_OFF+SKF_AD_PKTTYPE}, {0x8c,0,0,0}, BPF_STMT(BPF_RET,1)
-- asm
	ret #0xffff
	.raw 0x34, 0, 0, 0x34
	.raw 0xff, 0, 0, 0xffffffff
-- reads c
static const struct sock_filter\n__attribute__((unused)) code[] =\n{ { 6, 0, 0, (__u16)~0 }, { (uint8_t)0x1234, 0, 0, (unsigned char)0x1234 }, { (u_char) -1, 0, 0, (unsigned) - 1 } };
struct sock_filter f[1 + 2] = { { 6, 0, 0, ~0xffff0000 }, { 0x34, 0, 0, (int)52 }, { 255, 0, 0, (long)-1 } };
struct sock_filter f[3] = { { 6, 0, 0, -0xffff0001 }, { 0x34, 0, 0, 52 }, { 255, 0, 0, -1L } };
-- asm
	ld len
	ld [x + 14]
	ldx #4
	tax
	ret #0
-- reads asm
ld #pktlen\nld [%x+14]\nldxi 4\ntax #cpu is a comment\nret #0
ld pktlen\nld [x+14]\nldx #4\ntax\nret #0
-- asm
	ldxb 4*([14]&0xf)
	ret #0
-- reads go
ldx 4*([14]&0xf)\nret #0
ldxb 4*([14]&0xf)\nret #0
-- asm
	ld [0]
	ld [4]
	ret #0
-- reads c
BPF_STMT(BPF_LD|BPF_W|BPF_ABS, offsetof(struct seccomp_data, nr)), BPF_STMT(BPF_LD|BPF_W|BPF_ABS, offsetof( struct seccomp_data , arch )), { 6, 0, 0, 0 }
-- asm
dialect_check:	ld [16]
	ret #0x50001
-- reads auto
BPF_STMT(BPF_LD|BPF_W|BPF_ABS, offsetof(struct seccomp_data, args[0])), BPF_STMT(BPF_RET|BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA)),
