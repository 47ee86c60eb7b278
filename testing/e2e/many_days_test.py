# SPDX-License-Identifier: Apache-2.0
"""Entries of hundreds of days in one push, with as many file descriptors as a plain process has."""
import resource
import time
import unittest

import skald_node

DAY = 86400 * 10**9
DAYS = 600
FIRST = (time.time_ns() // DAY - DAYS) * DAY
DESCRIPTORS = 1024


class ManyDays(unittest.TestCase):
    def test_are_flushed_and_found(self):
        # For good, hence a test of its own.
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        with skald_node.Node(limits="  reject_old_samples: false\n  max_query_length: 0").start() as node:
            entries = [(FIRST + i * DAY, "day %d" % i) for i in range(DAYS)]
            self.assertEqual(node.push([({"app": "days"}, entries)]), (204, ""))
            for restart in (False, True):
                if restart:
                    node.kill()
                    node.start()
                node.flush()
                self.assertEqual(node.metric("skald_ingester_flush_failures_total"), 0)
                found = node.entries('{app="days"}', FIRST, FIRST + DAYS * DAY)
                self.assertEqual([(t, line) for t, line, _ in found], entries)
                self.assertLess(node.metric("process_open_fds"), DESCRIPTORS * 3 // 4)
            self.assertEqual(node.stop(), 0)


if __name__ == "__main__":
    skald_node.main()
