# SPDX-License-Identifier: Apache-2.0
"""Queries that ask for more than a node has: they end with an error that says so, and the node's memory stays small."""
import json
import os
import socket
import threading
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


class ManyQueries(unittest.TestCase):
    MEMORY_MIB, ASKERS = 256, 24

    def test_queries_have_a_limit_together(self):
        node = skald_node.Node(skald="  memory_limit: %dMB\n" % self.MEMORY_MIB)
        self.addCleanup(node.close)
        node.start()
        self.assertEqual(node.push([({"app": "a"}, [(NOW - i * SECOND // 10, "line %d" % i) for i in range(20_000)])])[0], 204)
        # 40 MB each, less than a quarter of the memory.
        query = urllib.parse.urlencode({"query": '{app="a"} | line_format `{{repeat 8000 "x"}}`', "start": NOW - 3600 * SECOND,
                                        "end": NOW + SECOND, "limit": 5000})
        answers = []

        def ask():
            status, text, _ = node.request("GET", RANGE + "?" + query)
            answers.append((status, b"" if status == 200 else text))

        askers = [threading.Thread(target=ask) for _ in range(self.ASKERS)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        with open("/proc/%d/status" % node.process.pid) as status:
            peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))
        good = sum(1 for status, _ in answers if status == 200)
        print("%d of %d queries answered, peak %d MiB" % (good, self.ASKERS, peak), flush=True)
        # Half of it for what the queries hold, and a text of an answer for each core.
        self.assertLess(peak, 2 * self.MEMORY_MIB + 100 * os.cpu_count())
        for status, text in answers:
            self.assertIn(status, (200, 429), text)
            self.assertTrue(status == 200 or b"all queries together" in text, text)
        self.assertEqual(node.request("GET", RANGE + "?" + query)[0], 200)


class WaitingQueries(unittest.TestCase):
    PLACES = 20  # for queries that wait
    RUNNING = 32  # at once

    def setUp(self):
        self.node = skald_node.Node(skald="frontend:\n  max_outstanding_per_tenant: %d\n" % self.PLACES,
                                    limits="  query_timeout: 10m\n")
        self.addCleanup(self.node.close)
        self.node.start()
        self.assertEqual(self.node.push([({"app": "a"}, [(NOW - i * SECOND // 10, "line %d" % i)
                                                         for i in range(10_000)])])[0], 204)

    def ask(self, query):
        """The socket of a query that takes longer than the test."""
        params = {"query": query, "start": NOW - 3600 * SECOND, "end": NOW + SECOND, "limit": 5000}
        s = socket.create_connection(("127.0.0.1", self.node.port))
        self.addCleanup(s.close)
        s.sendall(("GET %s?%s HTTP/1.1\r\nHost: x\r\n\r\n" % (RANGE, urllib.parse.urlencode(params))).encode())
        return s

    def status_of(self, s, timeout):
        """The status of the answer, or None while there is none."""
        s.settimeout(timeout)
        try:
            return int(s.recv(1000).split()[1])
        except socket.timeout:
            return None

    def test_clients_that_are_gone_keep_nobody_out(self):
        endless = '{app="a"} | line_format `{{range 10000000}}{{end}}`'
        running = [self.ask(endless) for _ in range(self.RUNNING)]
        deadline = time.monotonic() + skald_node.START_TIMEOUT_S
        while self.node.metric("skald_queries_inflight") < self.RUNNING:
            self.assertLess(time.monotonic(), deadline)
        for _ in range(10):
            waiting = [self.ask(endless) for _ in range(self.PLACES)]
            refused = self.ask(endless)
            while self.status_of(refused, 1) != 429:  # until all that came before it have been read
                self.assertLess(time.monotonic(), deadline)
                waiting.append(refused)
                refused = self.ask(endless)
            for s in waiting + [refused]:
                s.close()
            while True:
                s = self.ask(endless)
                if self.status_of(s, 0.2) is None:  # waits
                    s.close()
                    break
                self.assertLess(time.monotonic(), deadline)
        self.assertEqual([self.status_of(s, 0.001) for s in running], [None] * self.RUNNING)
        last = self.ask('{app="a"} |= "line 77"')
        for s in running:
            s.close()
        self.assertEqual(self.status_of(last, skald_node.REQUEST_TIMEOUT_S), 200)


class EndsOfTime(unittest.TestCase):
    FIRST, LAST = -2**63, 2**63 - 1

    def ask(self, node, path, **params):
        status, text, _ = node.request("GET", "/loki/api/v1" + path + "?" + urllib.parse.urlencode(params))
        return status, text.decode()

    def questions(self, start, end):
        whole = {"start": start, "end": end, "step": "9000000000"}
        yield "/query_range", dict(whole, query='{app="a"}')
        yield "/query_range", dict(whole, query='count_over_time({app="a"}[290y])')
        for path in ("/labels", "/label/app/values", "/detected_labels"):
            yield path, {"start": start, "end": end}
        yield "/series", {"start": start, "end": end, "match[]": '{app="a"}'}

    def test_no_length_passes_the_limit(self):
        with skald_node.Node() as node:
            node.start()
            for start, end in ((self.FIRST, self.LAST), (self.FIRST, NOW), (self.FIRST, 0), (-NOW, self.LAST)):
                for path, params in self.questions(start, end):
                    with self.subTest(path, **params):
                        status, text = self.ask(node, path, **params)
                        self.assertEqual(status, 400, text)
                        self.assertTrue(text.startswith("the query time range exceeds the limit (query length: "), text)

    def test_what_has_no_limit_is_answered(self):
        with skald_node.Node(limits="  max_query_length: 0\n") as node:
            node.start()
            self.assertEqual(node.push([({"app": "a"}, [(NOW - i * SECOND, "x") for i in range(100)])])[0], 204)
            for start, end in ((self.FIRST, self.LAST), (self.FIRST, NOW), (self.LAST - 5, self.LAST)):
                for path, params in self.questions(start, end):
                    with self.subTest(path, **params):
                        status, text = self.ask(node, path, **params)
                        self.assertEqual(status, 200, text)
                        found = '"app"' in text or '["a"]' in text
                        self.assertEqual(found, start == self.FIRST or "290y" in params.get("query", ""), text)
            for window, expected in (("[290y]", 100), ("[290y] offset 1h", 0), ("[290y] offset -289y", 100), ("[290y] offset -290y", 0),
                                     ("[100y]", 100), ("[1m] offset 290y", 0)):
                with self.subTest(window):
                    status, text = self.ask(node, "/query", time=NOW, query='sum(count_over_time({app="a"}%s))' % window)
                    self.assertEqual(status, 200, text)
                    found = json.loads(text)["data"]["result"]
                    self.assertEqual([float(one["value"][1]) for one in found], [expected] if expected else [])


if __name__ == "__main__":
    skald_node.main()
