# SPDX-License-Identifier: Apache-2.0
"""The real binary, end to end: push, query, flush, restart, limits."""
import gzip
import json
import time
import unittest
import urllib.parse

import skald_node

BASE = (int(time.time()) - 3600) * 10**9
HOUR = 3600 * 10**9


def lines(count, start=BASE, text="line %d"):
    return [(start + i * 10**6, text % i) for i in range(count)]


class SingleNode(unittest.TestCase):
    def setUp(self):
        self.node = skald_node.Node().start()
        self.addCleanup(self.node.close)

    def found(self, query='{app="a"}', **kwargs):
        return [(t, line) for t, line, _ in self.node.entries(query, BASE - HOUR, BASE + HOUR, **kwargs)]

    def test_pushed_lines_are_found_at_once(self):
        entries = lines(1000)
        self.assertEqual(self.node.push([({"app": "a"}, entries)])[0], 204)
        self.assertEqual(self.found(), entries)
        self.assertEqual(self.found(direction="backward"), entries[::-1])
        self.assertEqual(self.found(limit=10, direction="backward"), entries[::-1][:10])

    def test_flush_and_restart_change_nothing(self):
        first, second = lines(500), lines(500, BASE + 10**10, "later %d")
        self.node.push([({"app": "a"}, first)])
        self.node.flush()
        self.assertEqual(self.found(), first)
        self.node.push([({"app": "a"}, second)])
        self.assertEqual(self.found(), first + second)
        self.assertEqual(self.node.stop(), 0)
        self.node.start()
        self.assertEqual(self.found(), first + second)

    def test_statistics_tell_what_the_cache_had(self):
        self.node.push([({"app": "a"}, lines(500))])
        self.node.flush()
        runs = [self.node.get("/loki/api/v1/query_range", query='{app="a"} |= "7"', start=BASE - HOUR,
                              end=BASE + HOUR, limit=5000)["data"]["stats"] for _ in range(2)]
        first, second = [stats["querier"]["store"] for stats in runs]
        self.assertEqual(first["chunk"]["decompressedLines"], 500)
        for name in ("decompressedLines", "decompressedBytes", "postFilterLines"):
            self.assertEqual(first["chunk"][name], second["chunk"][name])
        for store in (first, second):
            self.assertEqual(store["totalChunksDownloaded"], 1)
        cached = [stats["cache"]["chunk"] for stats in runs]
        self.assertEqual([(k["entriesRequested"], k["entriesFound"], k["entriesStored"], k["requests"])
                          for k in cached], [(1, 0, 1, 2), (1, 1, 0, 1)])
        self.assertEqual([k["bytesReceived"] for k in cached], [0, cached[0]["bytesSent"]])
        # Nothing was fetched: all that was processed came from the cache.
        self.assertEqual(second["chunk"]["compressedBytes"], cached[1]["bytesReceived"])
        self.assertGreater(second["chunk"]["compressedBytes"], 0)

    def test_kill_loses_nothing(self):
        self.node.push([({"app": "a"}, lines(100))])
        self.node.flush()
        self.node.push([({"app": "a"}, lines(100, BASE + 10**10))])
        self.node.kill()
        self.node.start()
        self.assertEqual(self.found(), lines(100) + lines(100, BASE + 10**10))

    def test_a_repeated_push_is_stored_once(self):
        for again in range(3):
            self.assertEqual(self.node.push([({"app": "a"}, lines(50))])[0], 204)
            if again == 1:
                self.node.flush()
        self.assertEqual(self.found(), lines(50))
        total = self.node.get("/loki/api/v1/query", query='sum(count_over_time({app="a"}[2h]))',
                              time=BASE + HOUR)
        self.assertEqual(total["data"]["result"][0]["value"][1], "50")

    def test_out_of_order_lines_come_back_in_order(self):
        entries = lines(200)
        shuffled = entries[1::2] + entries[0::2]
        self.node.push([({"app": "a"}, shuffled)])
        self.assertEqual(self.found(), entries)
        self.node.flush()
        self.assertEqual(self.found(), entries)

    def test_structured_metadata_is_a_label_of_its_entry(self):
        self.node.push([({"app": "a"}, [(BASE, "x", {"trace_id": "t1"}), (BASE + 1, "y")])])
        for _ in range(2):
            found = self.node.entries('{app="a"} | trace_id="t1"', BASE - 1, BASE + HOUR)
            self.assertEqual([(line, labels) for _, line, labels in found],
                             [("x", {"app": "a", "trace_id": "t1"})])
            self.node.flush()

    def test_many_streams_count_right_before_and_after_flush(self):
        streams = [({"app": "many", "n": str(i)}, lines(5 + i % 3)) for i in range(500)]
        self.assertEqual(self.node.push(streams)[0], 204)
        expected = str(sum(len(entries) for _, entries in streams))
        for _ in range(2):
            body = self.node.get("/loki/api/v1/query", query='sum(count_over_time({app="many"}[2h]))',
                                 time=BASE + HOUR)
            self.assertEqual(body["data"]["result"][0]["value"][1], expected)
            series = self.node.get("/loki/api/v1/series", **{"match[]": '{app="many"}', "start": BASE - HOUR,
                                                            "end": BASE + HOUR})
            self.assertEqual(len(series["data"]), 500)
            self.node.flush()

    def test_filters_can_be_told_to_look_where_they_stand(self):
        self.node.push([({"app": "a"}, [(BASE, '{"a": "1"}')])])
        query = '{app="a"} | json | label_format a="z" | a="z"'
        self.assertEqual(self.found(query), [])  # as Loki: the parser drops what the filter would
        self.assertEqual(self.node.stop(), 0)
        self.node.edit_config("wal_segment_size: 4MB",
                              "wal_segment_size: 4MB\n  query_early_rejection: false")
        self.node.start()
        self.assertEqual(len(self.found(query)), 1)

    def test_labels_and_values(self):
        self.node.push([({"app": "a", "env": "x"}, lines(1)), ({"app": "b"}, lines(1))])
        window = {"start": BASE - HOUR, "end": BASE + HOUR}
        for _ in range(2):
            self.assertEqual(self.node.get("/loki/api/v1/labels", **window)["data"], ["app", "env"])
            self.assertEqual(self.node.get("/loki/api/v1/label/app/values", **window)["data"], ["a", "b"])
            self.assertEqual(self.node.get("/loki/api/v1/label/app/values", query='{env="x"}', **window)["data"],
                             ["a"])
            self.assertNotIn("data", self.node.get("/loki/api/v1/label/nope/values", **window))
            self.node.flush()

    def test_tenants_never_mix(self):
        with skald_node.Node() as node:
            with open(node.config) as f:
                text = f.read().replace("auth_enabled: false", "auth_enabled: true")
            with open(node.config, "w") as f:
                f.write(text)
            node.start()
            for tenant in ("one", "two"):
                self.assertEqual(node.push([({"app": tenant}, lines(3))], {"X-Scope-OrgID": tenant})[0], 204)
            self.assertEqual(node.push([({"app": "x"}, lines(1))])[0], 401)
            status, body, _ = node.request("GET", "/loki/api/v1/labels", headers={"X-Scope-OrgID": "one"})
            self.assertEqual(status, 200)
            path = "/loki/api/v1/label/app/values?start=%d&end=%d" % (BASE - HOUR, BASE + HOUR)
            status, body, _ = node.request("GET", path, headers={"X-Scope-OrgID": "two"})
            self.assertEqual(json.loads(body)["data"], ["two"])

    def test_good_entries_of_a_bad_push_are_kept(self):
        old = BASE - 30 * 24 * HOUR
        status, text = self.node.push([({"app": "a"}, [(old, "old"), (BASE, "good")])])
        self.assertEqual(status, 400)
        self.assertIn("timestamp too old", text)
        self.assertEqual(self.found(), [(BASE, "good")])

    def test_gzip_in_and_out(self):
        body = json.dumps({"streams": [{"stream": {"app": "a"},
                                        "values": [[str(t), line] for t, line in lines(300)]}]})
        status, _, _ = self.node.request("POST", "/loki/api/v1/push", gzip.compress(body.encode()),
                                         {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.assertEqual(status, 204)
        status, data, headers = self.node.request(
            "GET", '/loki/api/v1/query_range?query={app="a"}&limit=1000&start=%d&end=%d' % (BASE - 1, BASE + HOUR),
            headers={"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers.get("Content-Encoding")), (200, "gzip"))
        self.assertEqual(len(json.loads(data)["data"]["result"][0]["values"]), 300)

    def test_operation_endpoints_answer(self):
        self.assertEqual(self.node.request("GET", "/ready")[:2], (200, b"ready\n"))
        metrics = self.node.request("GET", "/metrics")[1].decode()
        self.assertIn("skald_build_info", metrics)
        self.assertIn("version", self.node.get("/loki/api/v1/status/buildinfo"))
        self.assertIn(b"Running", self.node.request("GET", "/services")[1])
        self.assertIn(b"path_prefix", self.node.request("GET", "/config")[1])
        self.assertEqual(self.node.get("/loki/api/v1/format_query", query='{a="b"}|="x"')["data"],
                         '{a="b"} |= "x"')

    def test_queries_that_would_read_too_much_are_refused(self):
        self.node.push([({"app": "a"}, lines(1000)), ({"app": "b"}, lines(10))])
        self.assertEqual(self.node.stop(), 0)
        for limit, text in (("max_query_bytes_read: 2KB", "the query would read too many bytes (query: "),
                            ("max_querier_bytes_read: 2KB", "query too large to execute on a single querier: (query: ")):
            self.node.edit_config("discover_log_levels: false", "discover_log_levels: false\n  " + limit)
            self.node.start()
            for _ in range(2):  # in memory, in packs
                for query, refused in (('{app="a"} |= "line"', True), ('{app="a"}', False), ('{app="b"} |= "line"', False),
                                       ('rate({app="a"}[1m])', True)):
                    status, body, _ = self.node.request(
                        "GET", "/loki/api/v1/query_range?" + urllib.parse.urlencode(
                            {"query": query, "start": BASE, "end": BASE + HOUR, "limit": 5}))
                    self.assertEqual(status, 400 if refused else 200, (limit, query, body))
                    self.assertEqual(body.decode().startswith(text), refused, (limit, query, body))
                self.node.push([({"app": "a"}, lines(1000, BASE + 10**10))])
            self.assertEqual(self.node.stop(), 0)
            self.node.edit_config("\n  " + limit, "")

    def test_unsupported_and_wrong_queries_are_refused(self):
        for query in ('{app="a"', '{}', 'rate({app="a"})', 'sum('):
            status, body, _ = self.node.request(
                "POST", "/loki/api/v1/query_range", "query=" + query.replace("+", "%2B"),
                {"Content-Type": "application/x-www-form-urlencoded"})
            self.assertEqual(status, 400, (query, body))
            self.assertTrue(body.startswith(b"parse error"), body)


if __name__ == "__main__":
    skald_node.main()
