# SPDX-License-Identifier: Apache-2.0
"""Turns recorded JSON pushes into the rows file that pack_bench reads: corpus_rows.py PUSH_JSON_BIN ROWS_FILE.

The input has the 8 bytes `SKBENCH1`, then for each push a header of 16 bytes, of which the first u32 is the length of the
JSON body behind it. The output: u32 streams; for each u32 length of the label text, u32 rows, the text; for each row i64
timestamp, u32 length of the line, u32 metadata pairs, the line; for each pair u32 and u32 lengths, name and value.
"""
import json
import struct
import sys


def read_streams(path):
    streams = {}
    with open(path, "rb") as pushes:
        if pushes.read(8) != b"SKBENCH1":
            sys.exit("not a file of recorded pushes: " + path)
        while len(header := pushes.read(16)) == 16:
            body = json.loads(pushes.read(struct.unpack_from("<I", header)[0]))
            for stream in body["streams"]:
                pairs = sorted(stream["stream"].items())
                labels = "{" + ", ".join("%s=%s" % (name, json.dumps(value)) for name, value in pairs) + "}"
                streams.setdefault(labels, []).extend(stream["values"])
    return streams


def main():
    streams = read_streams(sys.argv[1])
    with open(sys.argv[2], "wb") as out:
        out.write(struct.pack("<I", len(streams)))
        for labels, rows in streams.items():
            text = labels.encode()
            rows.sort(key=lambda row: int(row[0]))
            out.write(struct.pack("<II", len(text), len(rows)) + text)
            for row in rows:
                line = row[1].encode()
                metadata = row[2] if len(row) > 2 else {}
                out.write(struct.pack("<qII", int(row[0]), len(line), len(metadata)) + line)
                for name, value in metadata.items():
                    name, value = name.encode(), value.encode()
                    out.write(struct.pack("<II", len(name), len(value)) + name + value)


main()
