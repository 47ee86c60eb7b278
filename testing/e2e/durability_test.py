# SPDX-License-Identifier: Apache-2.0
"""What is acknowledged stays, once: kills during large flushes, other numbers of shards, no log, a full one, damaged files."""
import glob
import os
import random
import subprocess
import threading
import time
import unittest
import urllib.parse

import skald_node

BASE = (int(time.time()) - 1800) * 10**9
HOUR = 3600 * 10**9
STREAMS = 20
DAMAGES = int(os.environ.get("DAMAGES", "8"))
SEED = skald_node.SEED


def batch(number, lines=50, width=200):
    """One push: `lines` lines for each stream, told apart by their text."""
    filler = random.Random(number).randbytes(width // 2).hex()
    return [({"app": "d", "s": str(s)},
             [(BASE + (number * lines + i) * 1000, "b%d s%d i%d %s" % (number, s, i, filler)) for i in range(lines)])
            for s in range(STREAMS)]


def texts(streams):
    return sorted((labels["s"], t, line) for labels, entries in streams for t, line in entries)


class Durability(unittest.TestCase):
    def node(self, **kwargs):
        node = skald_node.Node(**kwargs)
        self.addCleanup(node.close)
        return node

    def push(self, node, streams):
        deadline = time.monotonic() + skald_node.REQUEST_TIMEOUT_S
        while True:
            status, text = node.push(streams)
            if status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.05)  # a tiny budget: the flush is behind
        self.assertEqual(status, 204, text)
        return texts(streams)

    def found(self, node, query='{app="d"}'):
        return sorted((labels["s"], t, line) for t, line, labels in node.entries(query, BASE - HOUR, BASE + HOUR))

    def expect(self, node, expected):
        """All of it, once, by lines and by count. `expected` is sorted."""
        found = self.found(node)
        self.assertEqual(len(found), len(expected))
        self.assertEqual(found, expected)
        body = node.get("/loki/api/v1/query", query='sum(count_over_time({app="d"}[3h]))', time=BASE + HOUR)
        self.assertEqual(int(body["data"]["result"][0]["value"][1]), len(expected))

    def test_kill_during_a_large_flush(self):
        node = self.node(skald="  flush_budget: 64MB").start()
        expected, number, moments = [], 0, random.Random(5)
        for kill in range(6):
            for _ in range(8):
                expected += self.push(node, batch(number, width=1000))
                number += 1
            flushing = threading.Thread(target=self.flush_into_the_void, args=(node,))
            flushing.start()
            time.sleep(moments.random() * 0.25)
            node.kill()
            flushing.join()
            node.start()
        expected.sort()
        self.expect(node, expected)
        node.flush()
        self.expect(node, expected)

    @staticmethod
    def flush_into_the_void(node):
        try:
            node.flush()
        except Exception:  # the node is killed meanwhile
            pass

    def test_other_numbers_of_shards(self):
        node = self.node(skald="  flush_budget: 300KB\n  shards: 2").start()
        expected, now = [], 2
        for number, shards in enumerate((5, 1, 3, 8, 2)):
            for part in range(4):
                expected += self.push(node, batch(number * 4 + part))
            if number % 2 == 0:
                node.kill()
            else:
                self.assertEqual(node.stop(), 0)
            node.edit_config("shards: %d" % now, "shards: %d" % shards)
            now = shards
            node.start()
            self.expect(node, sorted(expected))

    def test_without_the_log_an_orderly_stop_keeps_all(self):
        node = self.node()
        node.edit_config("  wal:\n", "  wal:\n    enabled: false\n")
        node.start()
        expected = self.push(node, batch(0))
        node.flush()
        expected += self.push(node, batch(1))
        self.assertEqual(node.stop(), 0)
        node.start()
        self.expect(node, sorted(expected))
        expected += self.push(node, batch(2))
        self.assertEqual(node.stop(), 0)
        node.start()
        self.expect(node, sorted(expected))

    def flip_byte(self, paths, near):
        """Flips a bit of the byte in the middle of the text `near`, or of the largest file when near is None."""
        for path in sorted(paths, key=os.path.getsize, reverse=True):
            with open(path, "r+b") as f:
                data = f.read()
                at = len(data) // 2 if near is None else data.find(near)
                if at < 0:
                    continue
                f.seek(at)
                f.write(bytes([data[at] ^ 0x10]))
                return path
        raise AssertionError("nothing to damage")

    def test_a_flipped_byte_in_the_log(self):
        node = self.node().start()
        parts = [self.push(node, batch(number)) for number in range(5)]
        node.kill()
        self.flip_byte(glob.glob(node.data + "/wal/*"), b"b2 s7 i20 ")
        node.start()
        self.assertIn("write-ahead log was damaged", node.log_tail())
        whole, found = sorted(sum(parts, [])), self.found(node)
        self.assertFalse(set(found) - set(whole), "lines that nobody pushed")
        self.assertEqual(len(found), len(set(found)))
        rest = sorted(sum((parts[i] for i in (0, 1, 3, 4)), []))
        self.assertEqual(sorted(set(found) & set(rest)), rest, "lines beside the damage are lost")
        self.assertTrue(glob.glob(node.data + "/wal/quarantine/*"))
        after = found + self.push(node, batch(9))
        for _ in range(2):
            self.expect(node, sorted(after))
            node.kill()
            node.start()
        node.flush()
        self.expect(node, sorted(after))

    def test_a_flipped_byte_in_a_pack(self):
        node = self.node(skald="  shards: 1").start()
        first = self.push(node, batch(0))
        node.flush()
        packs = set(self.packs(node))
        second = self.push(node, batch(1))
        node.flush()
        self.assertEqual(node.stop(), 0)
        self.flip_byte(packs, None)
        node.start()
        query = {"query": '{app="d"}', "start": BASE - HOUR, "end": BASE + HOUR, "limit": 100000}
        status, body, _ = node.request("GET", "/loki/api/v1/query_range?" + urllib.parse.urlencode(query))
        if status == 200:
            found = self.found(node)
            self.assertFalse(set(found) - set(first + second), "lines that nobody pushed")
            self.assertIn(b"warnings", body, "an incomplete answer says so")
        else:
            self.assertEqual(status, 500, body)
        self.assertIn("checksum does not match", body.decode() + node.log_tail())
        # What is not in the damaged pack is still there.
        window = {"start": BASE + 50 * 1000, "end": BASE + HOUR, "limit": 100000}
        streams = node.get("/loki/api/v1/query_range", query='{app="d"}', **window)["data"]["result"]
        found = sorted((s["stream"]["s"], int(v[0]), v[1]) for s in streams for v in s["values"])
        self.assertEqual(found, sorted(second))
        self.push(node, batch(3))

    def test_damage_anywhere(self):
        """Whatever byte is damaged: the node starts, serves pushes and returns no line that nobody pushed."""
        print("seed", SEED, flush=True)
        places = random.Random(SEED)
        node = self.node(skald="  flush_budget: 400KB\n  shards: 1").start()
        pushed, answers = set(), {}
        for number in range(DAMAGES):
            for part in range(3):
                pushed.update(self.push(node, batch(number * 3 + part)))
            node.kill()
            files = [p for p in glob.glob(node.data + "/wal/*") + self.packs(node)
                     if os.path.isfile(p) and os.path.getsize(p) > 0]
            with open(places.choice(sorted(files)), "r+b") as f:
                at = places.randrange(min(os.path.getsize(f.name), 2**20))
                f.seek(at)
                old = f.read(1)
                f.seek(at)
                f.write(bytes([old[0] ^ (1 << places.randrange(8))]))
            node.start()
            query = urllib.parse.urlencode({"query": '{app="d"}', "start": BASE - HOUR, "end": BASE + HOUR,
                                            "limit": 1000000})
            status, body, _ = node.request("GET", "/loki/api/v1/query_range?" + query)
            answers[status] = answers.get(status, 0) + 1
            self.assertIn(status, (200, 500), body[:300])
            if status == 200:
                found = self.found(node)
                self.assertFalse(set(found) - pushed, "lines that nobody pushed; %s at %d" % (f.name, at))
                self.assertEqual(len(found), len(set(found)), "lines twice; %s at %d" % (f.name, at))
        print("%d damages, answers by status: %s" % (DAMAGES, answers), flush=True)

    def ready_within(self, node, status, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            answer = node.request("GET", "/ready")
            if answer[0] == status:
                return answer[1].decode()
            self.assertLess(time.monotonic(), deadline, answer)
            time.sleep(0.05)

    def test_a_full_disk_of_the_log_is_told_and_passes(self):
        node = self.node()
        log = os.path.join(node.data, "log-disk")
        os.mkdir(log)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", log], capture_output=True).returncode:
            self.skipTest("no right to mount a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", log], check=True)
        node.edit_config("    disk_full_threshold: 1.0", "    dir: %s\n    disk_full_threshold: 0.8" % (log + "/wal"))
        node.start()
        expected = self.push(node, batch(0))
        with open(log + "/filler", "wb") as filler:
            filler.write(bytes(50 << 20))
        self.assertIn("wal_full", self.ready_within(node, 503))
        status, text = node.push(batch(1))
        self.assertEqual(status, 503)
        self.assertIn("wal_full", text)
        self.expect(node, sorted(expected))
        os.remove(log + "/filler")
        self.ready_within(node, 200)
        expected += self.push(node, batch(1))
        self.expect(node, sorted(expected))
        self.assertEqual(node.stop(), 0)

    def test_unfinished_packs_do_not_pile_up(self):
        node = self.node().start()
        self.push(node, batch(0))
        node.flush()
        node.kill()
        left = node.data + "/chunks/.incoming/x.skp.1-1.tmp"
        with open(left, "w") as f:
            f.write("half a pack")
        node.start()
        self.assertFalse(os.path.exists(left))
        self.assertEqual(os.listdir(os.path.dirname(left)), [])

    @staticmethod
    def packs(node):
        return [p for p in glob.glob(node.data + "/chunks/packs/**", recursive=True) if os.path.isfile(p)]


if __name__ == "__main__":
    skald_node.main()
