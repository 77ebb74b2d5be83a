#!/usr/bin/env python3
"""Writes the hand-made captures of tests/packets: other forms of dns.pcap, and
files that lie. Usage: make-hostile.py DIRECTORY (which has dns.pcap)."""
import struct
import sys
from pathlib import Path

out = Path(sys.argv[1])


def records(data):
    """(sec, usec, caplen, wirelen, bytes) of a little-endian pcap."""
    at = 24
    while at < len(data):
        sec, usec, cap, wire = struct.unpack_from("<IIII", data, at)
        yield sec, usec, cap, wire, data[at + 16:at + 16 + cap]
        at += 16 + cap


dns = (out / "dns.pcap").read_bytes()
packets = list(records(dns))


def pcap(order, magic, nano, packets, snaplen=262144, link=1):
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    for sec, usec, cap, wire, bytes_ in packets:
        data += struct.pack(order + "IIII", sec, usec * (1000 if nano else 1), cap, wire) + bytes_
    return data


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link=1, snaplen=0, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, snaplen) + options)


def enhanced(order, number, ticks, cap, wire, bytes_):
    return block(order, 6, struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, cap, wire) + bytes_)


def write(name, data):
    (out / name).write_bytes(data)


# other forms of the same packets
write("dns-be.pcap", pcap(">", 0xA1B2C3D4, False, packets))
write("dns-nano.pcap", pcap("<", 0xA1B23C4D, True, packets))
write("dns-nano-be.pcap", pcap(">", 0xA1B23C4D, True, packets))
write("dns-cut.pcap", pcap("<", 0xA1B2C3D4, False, [(s, u, min(c, 40), w, b[:40]) for s, u, c, w, b in packets]))
for order, name in (("<", "dns.pcapng"), (">", "dns-be.pcapng")):
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    data = section(order) + interface(order, options=resolution) + block(order, 0x0BAD, b"passed over")
    for s, u, c, w, b in packets:
        data += enhanced(order, 0, s * 10**9 + u * 1000, c, w, b)
    write(name, data)
# two interfaces of two link types, simple and obsolete packet blocks, two sections
s, u, c, w, b = packets[0]
data = section("<") + interface("<") + interface("<", link=101)
data += block("<", 3, struct.pack("<I", w) + b)
data += enhanced("<", 1, 0, c - 14, w - 14, b[14:])
data += block("<", 2, struct.pack("<HHIIII", 0, 0, 0, 0, c, w) + b)
data += section(">") + interface(">") + enhanced(">", 0, 0, c, w, b)
write("mixed.pcapng", data)

# files that lie
write("bad-empty.pcap", b"")
write("bad-magic.pcap", b"not a capture file at all")
write("bad-header.pcap", dns[:20])
write("bad-truncated.pcap", dns[:24 + 16 + len(packets[0][4]) + 16 + 10])
write("bad-record-header.pcap", dns[:24 + 16 + len(packets[0][4]) + 7])
write("bad-caplen.pcap", pcap("<", 0xA1B2C3D4, False, [packets[0], (0, 0, 60, 40, bytes(60))]))
write("bad-huge.pcap", pcap("<", 0xA1B2C3D4, False, [packets[0], (0, 0, 0xFFFFFFF0, 0xFFFFFFF0, b"")]))
write("bad-large.pcap", pcap("<", 0xA1B2C3D4, False, [packets[0], (0, 0, 100000000, 100000000, b"few")]))
write("zero-length.pcap", pcap("<", 0xA1B2C3D4, False, [(1, 2, 0, 0, b""), packets[0], (1, 2, 0, 60, b"")]))
write("no-packets.pcap", pcap("<", 0xA1B2C3D4, False, []))
write("bad-version.pcap", struct.pack("<IHHiIII", 0xA1B2C3D4, 1, 2, 0, 0, 0, 1))
write("bad-modified.pcap", struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 0, 1))
write("bad-gzip.pcap", b"\x1f\x8b\x08\x00" + bytes(20))
write("bad-order.pcapng", section("<")[:8] + b"\x11\x22\x33\x44" + section("<")[12:])
write("bad-block-length.pcapng", section(">") + interface(">") + struct.pack(">II", 6, 7) + bytes(20))
write("bad-block-huge.pcapng", section(">") + interface(">") + struct.pack(">II", 6, 0xFFFFFFFC) + bytes(20))
write("bad-block-end.pcapng", section(">") + interface(">")[:-4] + struct.pack(">I", 999))
write("bad-interface.pcapng", section("<") + interface("<") + enhanced("<", 5, 0, c, w, b))
write("bad-no-interface.pcapng", section("<") + enhanced("<", 0, 0, c, w, b))
write("bad-packet.pcapng", section("<") + interface("<") + enhanced("<", 0, 0, 5000, 5000, b))
write("bad-short-block.pcapng", section("<") + interface("<") + block("<", 6, bytes(8)))
write("bad-cut.pcapng", (section("<") + interface("<") + enhanced("<", 0, 0, c, w, b))[:-20])
