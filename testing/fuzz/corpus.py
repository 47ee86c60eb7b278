# SPDX-License-Identifier: Apache-2.0
"""Fuzzing corpora as one file each: inputs one after another, each behind its length (4 bytes, little endian).

  python3 corpus.py unpack corpus/NAME.bin FOLDER      for the fuzzer to start from
  python3 corpus.py pack FOLDER corpus/NAME.bin [BYTES]   smallest inputs first, up to BYTES (default 48 KiB)
"""
import os
import struct
import sys

BYTES_MAX = 48 * 1024


def unpack(path, folder):
    os.makedirs(folder, exist_ok=True)
    with open(path, "rb") as f:
        data = f.read()
    at = number = 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        with open(os.path.join(folder, "%05d" % number), "wb") as out:
            out.write(data[at + 4:at + 4 + size])
        at += 4 + size
        number += 1


def pack(folder, path, bytes_max):
    inputs = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            inputs.add(f.read())
    total = 0
    with open(path, "wb") as out:
        for data in sorted(inputs, key=lambda one: (len(one), one)):
            total += 4 + len(data)
            if total > bytes_max:
                break
            out.write(struct.pack("<I", len(data)) + data)


if __name__ == "__main__":
    if sys.argv[1] == "unpack":
        unpack(sys.argv[2], sys.argv[3])
    else:
        pack(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else BYTES_MAX)
