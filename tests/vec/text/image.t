# tcpdump -d of every operand form, as libpcap 1.11 writes it.
dialect linux
-- asm
ld [0] ld [x + 14] ld #10 ld M[3] ld len ld proto ld xor_x ld vlan_avail ld rand ld [0xfffff002]
ldh [0xffe00000] ldb [x + 0xfffff000]
ldx #10 ldx M[3] ldx len ldxb 4*([14]&0xf)
st M[1] stx M[15]
add #-1 sub #1 mul #2 div #3 mod #4 and #255 or #0 xor #1 lsh #5 rsh #6
add x xor x neg tax txa
ja +1
jset #1, +0, +1
jgt x, +0, +2
jge #1000000, +1
jeq #0, +0, +0
ret a
ret #-16
-- d
(000) ld       [0]
(001) ld       [x + 14]
(002) ld       #0xa
(003) ld       M[3]
(004) ld       #pktlen
(005) ld       [proto]
(006) ld       [xor_x]
(007) ld       [vlanp]
(008) ld       [random]
(009) ld       [-4094]
(010) ldh      [-2097152]
(011) ldb      [x + -4096]
(012) ldx      #0xa
(013) ldx      M[3]
(014) ldx      #pktlen
(015) ldxb     4*([14]&0xf)
(016) st       M[1]
(017) stx      M[15]
(018) add      #-1
(019) sub      #1
(020) mul      #2
(021) div      #3
(022) mod      #4
(023) and      #0xff
(024) or       #0x0
(025) xor      #0x1
(026) lsh      #5
(027) rsh      #6
(028) add      x
(029) xor      x
(030) neg
(031) tax
(032) txa
(033) ja       35
(034) jset     #0x1             jt 35	jf 36
(035) jgt      x                jt 36	jf 38
(036) jge      #0xf4240         jt 38	jf 37
(037) jeq      #0x0             jt 38	jf 38
(038) ret
(039) ret      #-16
