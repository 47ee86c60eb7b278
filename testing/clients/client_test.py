# SPDX-License-Identifier: Apache-2.0
"""Log shippers of others push to the real binary: pino-loki and winston-loki (JSON and snappy-protobuf), from npm."""
import hashlib
import os
import shutil
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.getcwd(), "testing/e2e"))
sys.path.insert(0, os.path.join(HERE, "../e2e"))
import skald_node  # noqa: E402

COUNT = 300


def installed():
    """A folder with the packages of package-lock.json and our scripts beside them; made once per lock file."""
    with open(os.path.join(HERE, "package-lock.json"), "rb") as f:
        key = hashlib.sha256(f.read()).hexdigest()[:16]
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.environ.get("HOME") or os.path.expanduser("~"), ".cache")
    folder = os.path.join(root, "skald-clients-" + key)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        folder = os.path.join(os.environ.get("TEST_TMPDIR", "/tmp"), "skald-clients-" + key)
        os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json", "push_with_pino.mjs", "push_with_winston.cjs"):
        shutil.copyfile(os.path.join(HERE, name), os.path.join(folder, name))
    if not os.path.exists(os.path.join(folder, "node_modules", ".complete")):
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=5"], cwd=folder, check=True,
                       env=dict(os.environ, HOME=os.environ.get("HOME") or folder))
        open(os.path.join(folder, "node_modules", ".complete"), "w").close()
    return folder


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = installed()
        cls.node = skald_node.Node().start()

    @classmethod
    def tearDownClass(cls):
        cls.node.close()

    def deliver(self, app, script, *arguments):
        """Runs a client until all its lines are here, and ends it. Returns the lines."""
        command = ["node", script, "http://127.0.0.1:%d" % self.node.port, str(COUNT), *arguments]
        client = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.PIPE)
        self.addCleanup(client.wait)
        self.addCleanup(client.kill)
        deadline = time.monotonic() + skald_node.REQUEST_TIMEOUT_S
        while True:
            now = int(time.time() * 1e9)
            found = self.node.entries('{app="%s"}' % app, now - 3600 * 10**9, now + 3600 * 10**9)
            if len(found) >= COUNT or client.poll() is not None or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        client.stdin.close()
        self.assertEqual(client.wait(skald_node.REQUEST_TIMEOUT_S), 0)
        return [line for _, line, _ in found]

    @staticmethod
    def numbers(lines, text):
        return sorted(int(line.split(text)[1].split('"')[0].split()[0].rstrip(",")) for line in lines)

    def test_pino_loki(self):
        lines = self.deliver("pino", "push_with_pino.mjs")
        self.assertEqual(self.numbers(lines, "pino line "), list(range(COUNT)))

    def test_winston_loki_json(self):
        lines = self.deliver("winston-json", "push_with_winston.cjs", "json")
        self.assertEqual(self.numbers(lines, "winston line "), list(range(COUNT)))

    def test_winston_loki_protobuf(self):
        lines = self.deliver("winston-protobuf", "push_with_winston.cjs", "protobuf")
        self.assertEqual(self.numbers(lines, "winston line "), list(range(COUNT)))


if __name__ == "__main__":
    skald_node.main()
