# SPDX-License-Identifier: Apache-2.0
"""Queries that ask for more than a node has: they end with an error that says so, and the node's memory stays small."""
import time
import unittest
import urllib.parse

import skald_node

RANGE = "/loki/api/v1/query_range"
SECOND = 10**9
NOW = int(time.time()) * SECOND
LIMIT_MIB = 64


class QueryMemory(unittest.TestCase):
    def setUp(self):
        self.node = skald_node.Node(skald="  query_memory_limit: %dMB\n" % LIMIT_MIB)
        self.addCleanup(self.node.close)
        self.node.start()
        for part in range(4):  # 20,000 lines in 40 streams
            self.assertEqual(self.node.push(
                [({"app": "a", "n": str(n)}, [(NOW - (part * 500 + i) * SECOND // 10, "line %d of %d" % (i, n))
                                              for i in range(500)]) for n in range(part * 10, part * 10 + 10)])[0], 204)
        self.base_mib = self.status_mib("VmRSS:")

    def status_mib(self, name):
        with open("/proc/%d/status" % self.node.process.pid) as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith(name))

    def query(self, query, headers=None, **more):
        params = dict({"query": query, "start": NOW - 3600 * SECOND, "end": NOW + SECOND, "limit": 5000}, **more)
        return self.node.request("GET", RANGE + "?" + urllib.parse.urlencode(params), headers=headers)

    def test_made_up_text_ends_at_the_limit(self):
        queries = (
            '{app="a"} | line_format `{{repeat 1000000 "x"}}`',
            '{app="a"} | line_format `{{repeat 20000 __line__}}`',
            '{app="a"} | label_format b=`{{repeat 100000 __line__}}`',
            '{app="a"} | label_format b=`{{repeat 100000 "x"}}` | line_format ``',
            'sum by (b) (count_over_time({app="a"} | label_format b=`{{repeat 100000 __line__}}` [1h]))',
            'max by (b) (' + 20 * 'label_replace(' + 'sum by (n) (count_over_time({app="a"}[1h]))' +
            20 * ', "n", "$0$0$0", "n", ".*")' + ')')
        for flushed in (False, True):
            for query in queries:
                with self.subTest(query, flushed=flushed):
                    for flags in ("", "categorize-labels"):
                        status, text, _ = self.query(query, {"X-Loki-Response-Encoding-Flags": flags})
                        if 'repeat 100000 "x"' in query and not flags:  # one label for all
                            self.assertEqual(status, 200)
                            continue
                        self.assertEqual(status, 500, text[:200])
                        self.assertRegex(text.decode(), "skald.query_memory_limit|label_replace makes a label of more than")
            self.node.flush()
        peak = self.status_mib("VmHWM:")
        print("base %d MiB, peak %d MiB" % (self.base_mib, peak), flush=True)
        # The parts, the text of the answer, and what one row may make up at a time.
        self.assertLess(peak - self.base_mib, 4 * LIMIT_MIB + 100)
        self.assertEqual(self.query('{app="a"} | line_format `{{repeat 1000 "x"}}`')[0], 200)

    def test_what_the_answer_does_not_need_is_given_back(self):
        # 20,000 lines of 100 kB, of which ten reach the answer.
        status, text, _ = self.query('{app="a"} | line_format `{{repeat 10000 "0123456789"}}`', limit=10)
        self.assertEqual(status, 200, text[:200])
        self.assertLess(self.status_mib("VmHWM:") - self.base_mib, 4 * LIMIT_MIB + 100)


if __name__ == "__main__":
    skald_node.main()
