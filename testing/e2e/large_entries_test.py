# SPDX-License-Identifier: Apache-2.0
"""The largest entries that are acknowledged can be stored, replayed, flushed and read; larger ones are refused at once."""
import json
import time
import unittest

import skald_node

NOW = (int(time.time()) - 1800) * 10**9
NO_LIMITS = """  max_line_size: 0
  max_structured_metadata_size: 0
  max_structured_metadata_entries_count: 0"""
# (size of a log file, bytes of a line, bytes of metadata, pairs of metadata)
BOUNDS = (("64MB", 16 << 20, 8 << 20, 65535), ("4MB", 1538048, 769024, 48064))


def pairs(count, total=None):
    """`count` pairs, with `total` bytes of names and values together."""
    made = {"k%05d" % i: "v" for i in range(count)}
    if total is not None:
        made["k00000"] += "v" * (total - sum(len(k) + len(v) for k, v in made.items()))
    return made


class LargeEntries(unittest.TestCase):
    def node(self, segment):
        node = skald_node.Node(limits=NO_LIMITS)
        self.addCleanup(node.close)
        node.edit_config("wal_segment_size: 4MB", "wal_segment_size: " + segment)
        return node.start()

    def expect(self, node, expected):
        for number, (line, metadata) in expected.items():
            found = node.entries('{n="%s"}' % number, NOW - 10**9, NOW + 10**9)
            self.assertEqual(len(found), 1, number)
            self.assertTrue(found[0][1] == line, number)
            labels = dict(found[0][2])
            del labels["n"]
            self.assertTrue(labels == metadata, number)

    def check(self, segment, line_bytes, metadata_bytes, pair_count):
        node = self.node(segment)
        line = "l" * line_bytes
        sent = {"neighbour": ("small", {}), "line": (line, {}), "bytes": ("x", pairs(1, metadata_bytes)),
                "pairs": ("x", pairs(pair_count)), "all": (line, pairs(pair_count, metadata_bytes))}
        for number, (text, metadata) in sent.items():
            self.assertEqual(node.push([({"n": number}, [(NOW, text, metadata)])]), (204, ""), number)
        beyond = {"line": (line + "l", {}, "max entry size '%d' bytes exceeded" % line_bytes),
                  "bytes": ("x", pairs(1, metadata_bytes + 1), "has structured metadata too large: '%d' bytes"
                            % (metadata_bytes + 1)),
                  "pairs": ("x", pairs(pair_count + 1), "has too many structured metadata labels: '%d', limit: '%d'"
                            % (pair_count + 1, pair_count))}
        for number, (text, metadata, why) in beyond.items():
            status, answer = node.push([({"n": number + "+1"}, [(NOW, text, metadata), (NOW, "kept")])])
            self.assertEqual(status, 400, number)
            self.assertIn(why, answer)
            sent[number + "+1"] = ("kept", {})
        self.expect(node, sent)
        node.kill()
        node.start()
        self.expect(node, sent)
        node.flush()
        self.assertEqual(node.metric("skald_ingester_flush_failures_total"), 0)
        self.assertEqual(node.metric("skald_ingester_quarantined_entries_total"), 0)
        self.expect(node, sent)
        node.kill()
        node.start()
        self.assertEqual(node.metric("skald_wal_replayed_entries_total"), 0)
        self.expect(node, sent)

    def test_at_the_bounds_and_one_beyond(self):
        for bounds in BOUNDS:
            with self.subTest(bounds[0]):
                self.check(*bounds)

    def test_names_that_grow_and_levels_that_are_added(self):
        node = self.node("64MB")
        node.edit_config("discover_log_levels: false", "discover_log_levels: true")
        node.stop()
        node.start()
        sent = {"%05d" % i: "v" for i in range(65535)}
        status, text = node.push([({"n": "grown"}, [(NOW, "x", sent)])])
        self.assertEqual((status, text), (204, ""))
        node.flush()
        self.assertEqual(node.metric("skald_ingester_flush_failures_total"), 0)
        expected = {"key_" + name: "v" for name in sent}
        expected["detected_level"] = "unknown"
        self.expect(node, {"grown": ("x", expected)})


if __name__ == "__main__":
    skald_node.main()
