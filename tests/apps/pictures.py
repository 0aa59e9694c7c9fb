"""Pictures of pretended people as PNG files, written with the standard library alone."""

import random
import struct
import zlib


def png(width, height, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + rgb[y * width * 3 : (y + 1) * width * 3] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def write_people(folder, people, pictures, size=32):
    """folder/person_P/N.png: each person a pattern of 8x8 blocks, each picture with noise of its own."""
    for person in range(people):
        source = random.Random(person)
        blocks = [[source.randrange(40, 216) for _ in range(3)] for _ in range(64)]
        (folder / f"person_{person}").mkdir(parents=True)
        for number in range(pictures):
            rgb = bytearray()
            for y in range(size):
                for x in range(size):
                    block = blocks[y * 8 // size * 8 + x * 8 // size]
                    rgb += bytes(value + source.randrange(-30, 31) for value in block)
            (folder / f"person_{person}" / f"{number}.png").write_bytes(png(size, size, bytes(rgb)))
