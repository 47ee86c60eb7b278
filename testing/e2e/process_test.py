# SPDX-License-Identifier: Apache-2.0
"""The process itself: flags, bad configurations, reload of overrides, stop, and what cancelled queries leave behind."""
import os
import socket
import subprocess
import time
import unittest
import urllib.parse

import skald_node

BASE = (int(time.time()) - 1800) * 10**9
HOUR = 3600 * 10**9
CANCELS = int(os.environ.get("CANCELS", "1000"))


def run(*arguments):
    """(status, stdout and stderr) of a process that is expected to end by itself."""
    done = subprocess.run([skald_node.binary(), *arguments], capture_output=True, timeout=skald_node.START_TIMEOUT_S)
    return done.returncode, (done.stdout + done.stderr).decode()


def wait_for(what, timeout=skald_node.REQUEST_TIMEOUT_S):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return False


class Flags(unittest.TestCase):
    def setUp(self):
        self.node = skald_node.Node()
        self.addCleanup(self.node.close)

    def test_version(self):
        for flag in ("-version", "--version"):
            status, text = run(flag)
            self.assertEqual(status, 0)
            self.assertRegex(text, r"^skald, version \S+ \(branch: .*, revision: .*\)\n")

    def test_verify_config(self):
        status, text = run("-config.file=" + self.node.config, "-verify-config")
        self.assertEqual(status, 0, text)
        self.node.edit_config("log_level: warn", "log_level: info")
        self.assertIn("config is valid", run("-config.file=" + self.node.config, "-verify-config")[1])

    def test_an_unknown_key_is_named_with_its_line(self):
        self.node.edit_config("  log_level: warn\n", "  log_level: warn\n  no_such_key: 1\n")
        with open(self.node.config) as f:
            line = 1 + [text.strip() for text in f].index("no_such_key: 1")
        for flags in (["-verify-config"], []):
            status, text = run("-config.file=" + self.node.config, *flags)
            self.assertEqual(status, 1)
            self.assertIn("line %d: field no_such_key not found" % line, text)

    def test_unknown_flags_and_missing_files_are_refused(self):
        self.assertEqual(run("-no-such-flag")[0], 2)
        status, text = run("-config.file=/nonexistent.yaml")
        self.assertEqual(status, 1)
        self.assertIn("/nonexistent.yaml", text)


class Process(unittest.TestCase):
    def node(self, **kwargs):
        node = skald_node.Node(**kwargs)
        self.addCleanup(node.close)
        return node

    def push(self, node, number, lines=1, text="x"):
        status, body = node.push([({"app": "p"}, [(BASE + (number * lines + i) * 1000, "%s %d" % (text, i))
                                                  for i in range(lines)])])
        return status, body

    def test_a_second_process_with_the_same_directories_is_refused(self):
        node = self.node().start()
        self.assertEqual(self.push(node, 0, lines=100)[0], 204)
        before = sorted(os.listdir(node.data + "/wal"))
        status, text = run("-config.file=" + node.config, "-server.http-listen-port=%d" % skald_node.free_port())
        self.assertEqual(status, 1, text)
        self.assertRegex(text, "directory .* is in use by process %d on host " % node.process.pid)
        self.assertEqual(sorted(os.listdir(node.data + "/wal")), before)
        self.assertEqual(self.push(node, 1, lines=100)[0], 204)
        node.kill()
        node.start()
        self.assertEqual(len(node.entries('{app="p"}', BASE - HOUR, BASE + HOUR)), 200)

    def test_overrides_are_reloaded(self):
        node = self.node()
        path = os.path.join(node.data, "overrides.yaml")

        def write(text):
            with open(path + ".new", "w") as out:
                out.write(text)
            os.rename(path + ".new", path)

        write("overrides:\n  fake:\n    max_line_size: 1000\n")
        node.edit_config("schema_config:", "runtime_config:\n  file: %s\n  period: 100ms\nschema_config:" % path)
        node.start()
        self.assertEqual(self.push(node, 0, text="y" * 500)[0], 204)
        self.assertEqual(self.push(node, 1, text="y" * 1500)[0], 400)
        write("overrides:\n  fake:\n    max_line_size: 200\n")
        self.assertTrue(wait_for(lambda: self.push(node, 2, text="y" * 500)[0] == 400))
        write("overrides:\n  fake:\n    max_line_size: 2000\n")
        self.assertTrue(wait_for(lambda: self.push(node, 3, text="y" * 1500)[0] == 204))
        write("overrides: [broken\n")
        self.assertTrue(wait_for(lambda: "overrides not loaded" in node.log_tail()), node.log_tail())
        self.assertEqual(self.push(node, 4, text="y" * 1500)[0], 204)

    def test_stop_is_quick_and_logs_no_error(self):
        node = self.node()
        node.edit_config("log_level: warn", "log_level: info")
        node.start()
        idle = socket.create_connection(("127.0.0.1", node.port))
        self.addCleanup(idle.close)
        self.assertEqual(self.push(node, 0, 1000)[0], 204)
        begin = time.monotonic()
        self.assertEqual(node.stop(), 0)
        self.assertLess(time.monotonic() - begin, 20)  # its own bounds; a hang is what this finds
        self.assertNotIn("level=error", node.log_tail())
        self.assertIn("stopped", node.log_tail())

    QUERY = urllib.parse.urlencode({"query": '{app="p"} |~ "z+.*[a-f][0-9]+y" | logfmt | user > 3', "limit": 5000,
                                    "start": BASE - HOUR, "end": BASE + HOUR})
    PATH = "/loki/api/v1/query_range?" + QUERY
    # What may stay with the allocator: each thread has an arena of its own.
    GROWN_MAX = (32 + 8 * (os.cpu_count() or 1)) * 2**20
    ACTORS_OF_AN_ANSWER = 10  # what may be left of the last answer and of the request for metrics

    def filled(self, **kwargs):
        """A node with 100,000 lines, some in packs and some in memory."""
        node = self.node(**kwargs).start()
        for number in range(20):
            self.assertEqual(self.push(node, number, 5000, "level=info user=%d " % number + "z" * 100)[0], 204)
            if number % 7 == 0:
                node.flush()
        return node

    def settled(self, node):
        """Actors alive, when twice the same in a row."""
        last = -1.0
        for _ in range(600):
            now = node.metric("skald_actors_running")
            if now == last:
                return now
            last = now
            time.sleep(0.2)
        return last

    def cancel(self, node, count):
        request = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % self.PATH.encode()
        for i in range(count):
            s = socket.create_connection(("127.0.0.1", node.port), timeout=skald_node.REQUEST_TIMEOUT_S)
            s.sendall(request)
            if i % 10 == 0:
                time.sleep(0.005)
            s.close()

    def assert_gone(self, node, actors):
        """Ended queries end their actors: these are gone before so many more queries of that size are answered, or that
        much time has passed. (The first alone a fast machine would break, the second alone a slow one.)"""
        begin, answered = time.monotonic(), 0
        while True:
            status, _, _ = node.request("GET", self.PATH)
            answered += 1
            left = node.metric("skald_actors_running") - actors
            if left <= self.ACTORS_OF_AN_ANSWER:
                break
            passed = time.monotonic() - begin
            self.assertFalse(answered > 10 and passed > 3, "%d actors left after %d more queries in %.1f s, status %d"
                             % (left, answered, passed, status))
        self.assertTrue(wait_for(lambda: node.metric("skald_actors_running") <= actors))

    def test_cancelled_queries_leave_nothing(self):
        node = self.filled()
        self.cancel(node, 100)  # caches, thread stacks and the allocator's pools are filled now
        self.assertTrue(wait_for(lambda: node.metric("skald_actors_running") > 0))
        actors = self.settled(node)
        memory = node.metric("process_resident_memory_bytes")
        for _ in range(10):
            self.cancel(node, CANCELS // 10)
            self.assert_gone(node, actors)
        grown = node.metric("process_resident_memory_bytes") - memory
        cancelled = node.metric('skald_queries_total{outcome="cancelled",type="log"}')
        self.assertGreater(cancelled, CANCELS / 2, "the queries ended before they were cancelled")
        self.cancel(node, 10)
        begin = time.monotonic()
        wait_for(lambda: node.metric("skald_actors_running") <= actors)
        gone = time.monotonic() - begin
        print("%d cancelled queries: %d actors before and after, memory grown by %.1f MiB, the last ones gone in %.0f ms"
              % (CANCELS, actors, grown / 2**20, gone * 1000), flush=True)
        self.assertLess(grown, self.GROWN_MAX)
        self.assertEqual(len(node.entries('{app="p"} |= " 4999"', BASE - HOUR, BASE + HOUR)), 20)

    def test_queries_that_time_out_leave_nothing(self):
        node = self.filled(limits="  query_timeout: 1ms\n")
        actors = self.settled(node)
        memory = node.metric("process_resident_memory_bytes")
        for _ in range(30):
            status, body, _ = node.request("GET", self.PATH)
            self.assertEqual(status, 504, body)
        self.assert_gone(node, actors)
        self.assertLess(node.metric("process_resident_memory_bytes") - memory, self.GROWN_MAX)


if __name__ == "__main__":
    skald_node.main()
