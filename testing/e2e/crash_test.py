# SPDX-License-Identifier: Apache-2.0
"""Kills the process with SIGKILL at random moments under concurrent pushes, and then looks for every numbered line.

An acknowledged line must be found exactly once. A push without an answer is sent again until it is acknowledged, so a line
that was stored before the kill is pushed twice and must still be found once.  Environment: KILLS (20), SKALD_SEED.
"""
import http.client
import os
import random
import threading
import time
import unittest

import skald_node

KILLS = int(os.environ.get("KILLS", "20"))
SEED = skald_node.SEED
PUSHERS = 4
STREAMS_PER_PUSHER = 5
BASE = (int(time.time()) - 1800) * 10**9
PIECE = 200000  # lines of one check


class Pusher(threading.Thread):
    """Sends numbered lines of its own streams, each batch until it is acknowledged."""

    def __init__(self, node, number, stop):
        super().__init__(daemon=True)
        self.node, self.number, self.stop = node, number, stop
        self.random = random.Random(SEED * 1000 + number)
        self.acknowledged = 0
        self.retries = 0
        self.refused = []

    def batch(self):
        streams, n = [], self.acknowledged
        for s in range(STREAMS_PER_PUSHER):
            count = self.random.choice((1, 3, 20, 60))
            entries = [(BASE + (n + i) * 1000 + self.number, "p%d line %d %s" % (self.number, n + i, "x" * 80))
                       for i in range(count)]
            streams.append(({"app": "crash", "pusher": str(self.number), "s": str(s)}, entries))
            n += count
        return streams, n

    def run(self):
        while not self.stop.is_set():
            streams, next_number = self.batch()
            while True:
                try:
                    status, text = self.node.push(streams)
                except (OSError, http.client.HTTPException):
                    status, text = 0, ""
                if status == 204:
                    break
                if status not in (0, 429, 500, 503):
                    self.refused.append((status, text))
                    return
                self.retries += 1
                if self.stop.is_set() and self.node.process.poll() is not None:
                    return
                time.sleep(0.01)
            self.acknowledged = next_number


class Crash(unittest.TestCase):
    def test_every_acknowledged_line_is_found_exactly_once(self):
        print("seed", SEED, "kills", KILLS, flush=True)
        moments = random.Random(SEED)
        node = skald_node.Node(skald="  flush_budget: 200KB")
        self.addCleanup(node.close)
        node.start()
        stop = threading.Event()
        pushers = [Pusher(node, i, stop) for i in range(PUSHERS)]
        for p in pushers:
            p.start()
        slowest = 0.0
        for _ in range(KILLS):
            time.sleep(moments.choice((0.02, 0.1, 0.3, 0.6)) * moments.random())
            node.kill()
            begin = time.monotonic()
            node.start()
            slowest = max(slowest, time.monotonic() - begin)
        time.sleep(0.2)
        stop.set()
        for p in pushers:
            p.join(2 * skald_node.REQUEST_TIMEOUT_S)
            self.assertFalse(p.is_alive(), "a pusher hangs")
            self.assertEqual(p.refused, [])
        self.check(node, pushers)
        node.kill()
        node.start()
        self.check(node, pushers)
        self.assertEqual(node.stop(), 0)
        node.start()
        self.check(node, pushers)
        total = sum(p.acknowledged for p in pushers)
        print("%d acknowledged lines found exactly once after %d kills; %d pushes resent; slowest start %.2f s"
              % (total, KILLS, sum(p.retries for p in pushers), slowest), flush=True)

    def check(self, node, pushers):
        for p in pushers:
            # In pieces: an answer holds at most as many lines as its limit.
            found = []
            for first in range(0, p.acknowledged + 1000, PIECE):
                found += node.entries('{app="crash", pusher="%d"}' % p.number, BASE + first * 1000,
                                      BASE + (first + PIECE) * 1000)
            seen = {}
            for _, line, _ in found:
                number = int(line.split(" ")[2])
                seen[number] = seen.get(number, 0) + 1
            lost = [n for n in range(p.acknowledged) if n not in seen]
            twice = [n for n, count in seen.items() if count != 1]
            self.assertEqual((lost[:10], twice[:10]), ([], []),
                             "pusher %d: %d lost, %d twice of %d acknowledged; seed %d"
                             % (p.number, len(lost), len(twice), p.acknowledged, SEED))
            body = node.get("/loki/api/v1/query",
                            query='sum(count_over_time({app="crash", pusher="%d"}[2h]))' % p.number,
                            time=BASE + 3600 * 10**9)
            self.assertEqual(int(body["data"]["result"][0]["value"][1]), len(found))


if __name__ == "__main__":
    skald_node.main()
