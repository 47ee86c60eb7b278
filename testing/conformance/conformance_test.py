# SPDX-License-Identifier: Apache-2.0
"""Recorded answers of Loki against the real binary: unflushed, flushed, and after a restart. Counts every case."""
import concurrent.futures
import gzip
import json
import os
import sys
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in (os.path.join(os.getcwd(), "testing", "e2e"), os.path.join(HERE, "..", "e2e")):
    sys.path.insert(0, folder)

import answer_comparison  # noqa: E402
import skald_node  # noqa: E402

ENTRIES_PER_PUSH = 1500
WORKERS = 4
SHOWN_FAILURES = 40

# What the recorded Loki was told, beside what skald_node says.
LIMITS = """
  reject_old_samples: false
  creation_grace_period: 8760h
  volume_enabled: true
"""
CANONICAL_LIMITS = """
  max_query_length: 0
  max_query_series: 100000
  max_line_size: 0
  max_label_names_per_series: 30
"""


def load_cases():
    cases = []
    folder = os.path.join(HERE, "cases")
    for name in sorted(os.listdir(folder)):
        with gzip.open(os.path.join(folder, name), "rt", encoding="utf-8") as lines:
            cases += [json.loads(line) for line in lines]
    return cases


def known_differences():
    """Case id -> reason."""
    with open(os.path.join(HERE, "known_differences.txt")) as lines:
        return dict(line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))


class ConformanceNode(skald_node.Node):
    """A node configured as the recorded Loki was."""

    def __init__(self, profile):
        super().__init__(limits=LIMITS + (CANONICAL_LIMITS if profile == "canonical" else ""))
        with open(self.config) as config:
            text = config.read()
        if profile == "defaults":
            for line in ("  discover_log_levels: false\n", "  discover_service_name: []\n",
                         "  max_entries_limit_per_query: 0\n"):
                text = text.replace(line, "")
        text += "\npattern_ingester:\n  enabled: true\nquery_range:\n  parallelise_shardable_queries: false\n"
        with open(self.config, "w") as config:
            config.write(text)
        self.profile = profile

    def push_data(self):
        with open(os.path.join(HERE, "datasets", "manifest.json")) as manifest:
            files = json.load(manifest)["profiles"][self.profile]["files"]
        for row in files:
            with gzip.open(os.path.join(HERE, "datasets", row["file"]), "rt", encoding="utf-8") as data:
                streams = json.load(data)["streams"]
            for stream in streams:
                values = stream["values"]
                for at in range(0, len(values), ENTRIES_PER_PUSH):
                    part = {"stream": stream["stream"], "values": values[at:at + ENTRIES_PER_PUSH]}
                    body = json.dumps({"streams": [part]}, ensure_ascii=False).encode()
                    status, text, _ = self.request("POST", "/loki/api/v1/push", body,
                                                   {"Content-Type": "application/json"})
                    if status != 204:
                        raise AssertionError("push of %s: %d %s" % (row["file"], status, text[:300]))

    def ask(self, case):
        """(status, body)"""
        parameters = urllib.parse.urlencode([tuple(p) for p in case.get("params", [])])
        headers = dict(case.get("headers", {}))
        if case.get("method") == "POST":
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            return self.request("POST", case["path"], parameters, headers)[:2]
        path = case["path"] + ("?" + parameters if parameters else "")
        return self.request("GET", path, headers=headers)[:2]


class Conformance(unittest.TestCase):
    CASES = load_cases()
    KNOWN = known_differences()

    def differences(self, node, cases):
        def check(case):
            try:
                answer_comparison.compare(case, *node.ask(case))
            except answer_comparison.Difference as difference:
                return case["id"], "%s %s\n  %s" % (case["tags"][0], case.get("params", "")[:1], difference)
            return None

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            return dict(found for found in pool.map(check, cases) if found)

    def check_profile(self, profile, prepare=None):
        cases = [c for c in self.CASES if c.get("profile", "canonical") == profile]
        self.assertGreater(len(cases), 40)
        with ConformanceNode(profile) as node:
            node.start()
            node.push_data()
            if prepare:
                prepare(node)
            found = self.differences(node, cases)
        surprises = {i: why for i, why in found.items() if i not in self.KNOWN}
        known = set(self.KNOWN) & {c["id"] for c in cases}
        print("%s, %s: %d cases, %d as recorded, %d known differences, %d others" % (
            profile, prepare.__name__ if prepare else "unflushed", len(cases), len(cases) - len(found),
            len(found) - len(surprises), len(surprises)))
        for name in list(surprises)[:SHOWN_FAILURES]:
            print("%s %s" % (name, surprises[name]))
        self.assertEqual(sorted(surprises), [])
        self.assertEqual(sorted(known - set(found)), [], "no longer different: remove from known_differences.txt")

    @staticmethod
    def flushed(node):
        node.flush()

    @staticmethod
    def restarted(node):
        if node.stop() != 0:
            raise AssertionError("the node did not stop in order")
        node.start()

    @staticmethod
    def killed(node):
        node.kill()
        node.start()

    def test_canonical_unflushed(self):
        self.check_profile("canonical")

    def test_canonical_flushed(self):
        self.check_profile("canonical", self.flushed)

    def test_canonical_after_restart(self):
        self.check_profile("canonical", self.restarted)

    def test_canonical_after_kill(self):
        self.check_profile("canonical", self.killed)

    def test_defaults_unflushed(self):
        self.check_profile("defaults")

    def test_defaults_flushed_and_restarted(self):
        self.check_profile("defaults", self.flushed)
        self.check_profile("defaults", self.restarted)


if __name__ == "__main__":
    skald_node.main()
