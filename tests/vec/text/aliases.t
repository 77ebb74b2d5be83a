# Other spellings: jne, jneq, jlt and jle are their opposites with jt and jf
# changed; jmp is ja; vlan_pr is vlan_avail.
dialect linux
-- asm
jne #1, end
jneq x, end
jlt #2, end
jle #3, end
jmp end
ld vlan_pr
end: ret #0
-- code
{ 0x15, 0, 5, 1 }, { 0x1d, 0, 4, 0 }, { 0x35, 0, 3, 2 }, { 0x25, 0, 2, 3 }, { 5, 0, 0, 1 },
{ 0x20, 0, 0, 0xfffff030 }, { 6, 0, 0, 0 }
