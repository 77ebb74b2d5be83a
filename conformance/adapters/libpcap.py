#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""libpcap's bpf_filter() behind the line protocol of cbpf(5), as an example:

    cbpf conform --cmd conformance/adapters/libpcap.py conformance/libpcap.jsonl

What is particular to a machine is load() and run(); the loop is for all alike.
"""
import ctypes
import ctypes.util
import re
import sys

pcap = ctypes.CDLL(ctypes.util.find_library("pcap"))
pcap.pcap_lib_version.restype = ctypes.c_char_p
pcap.bpf_filter.restype = ctypes.c_uint
pcap.bpf_filter.argtypes = [ctypes.c_void_p, ctypes.c_char_p,
                            ctypes.c_uint, ctypes.c_uint]


class Insn(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint32)]


VERSION = re.search(r"(\d+)\.(\d+)", pcap.pcap_lib_version().decode())
# before 1.11 M[] starts as whatever the stack held
STALE_MEM = (int(VERSION[1]), int(VERSION[2])) < (1, 11)
program = None


def may_read_unset_mem(insns):
    """Whether M[] is read without having been stored to before any jump."""
    stored = set()
    for insn in insns:
        if insn.code & 7 == 5:
            return any(later.code in (0x60, 0x61) and later.k not in stored
                       for later in insns)
        if insn.code in (0x02, 0x03):
            stored.add(insn.k)
        elif insn.code in (0x60, 0x61) and insn.k not in stored:
            return True
    return False


def load(words):
    global program
    insns = [[int(n) for n in word.split(",")] for word in words[3:]]
    program = (Insn * len(insns))(*map(lambda insn: Insn(*insn), insns))
    if not pcap.bpf_validate(program, len(program)):
        return "reject"
    if STALE_MEM and may_read_unset_mem(program):
        return "skip M[] starts as garbage before libpcap 1.11"
    return "ok"


def run(words):
    if len(words) > 3:
        return "skip bpf_filter() knows no context"
    data = bytes.fromhex("" if words[2] == "-" else words[2])
    return str(pcap.bpf_filter(program, data, int(words[1]), len(data)))


for line in sys.stdin:
    words = line.split()
    if words[0] == "cbpf":
        answer = f"libpcap-{VERSION[0]} libpcap"
    else:
        answer = load(words) if words[0] == "load" else run(words)
    print(answer, flush=True)
