"""The sorted table of LevelDB in which TensorFlow keeps a bundle's index, rewritten with compressed blocks."""
import struct

FOOTER, MAGIC = 48, 0xDB4775248B80FB57


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc):
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded + bytearray([number]))


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at


def handle(data, at):
    offset, at = read_varint(data, at)
    size, at = read_varint(data, at)
    return offset, size, at


def entries(block):
    """Keys and values of a block."""
    restarts = struct.unpack("<I", block[-4:])[0]
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = read_varint(block, at)
        rest, at = read_varint(block, at)
        size, at = read_varint(block, at)
        key = key[:shared] + block[at:at + rest]
        yield key, block[at + rest:at + rest + size]
        at += rest + size


def rewritten(table, compress):
    """The same entries in the same blocks, each compressed."""
    out = bytearray()

    def add(block):
        stored = compress(block) + b"\1"
        place = varint(len(out)) + varint(len(stored) - 1)
        out.extend(stored + struct.pack("<I", masked(crc32c(stored))))
        return place

    footer = table[-FOOTER:]
    meta_offset, meta_size, at = handle(footer, 0)
    offset, size, _ = handle(footer, at)
    index = b""
    for key, value in entries(table[offset:offset + size]):
        start, count, _ = handle(value, 0)
        place = add(table[start:start + count])
        index += varint(0) + varint(len(key)) + varint(len(place)) + key + place
    meta = add(table[meta_offset:meta_offset + meta_size])
    index = add(index + struct.pack("<2I", 0, 1))
    return bytes(out) + (meta + index).ljust(FOOTER - 8, b"\0") + struct.pack("<Q", MAGIC)
