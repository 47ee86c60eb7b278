# SPDX-License-Identifier: Apache-2.0
"""A Skald process under test: started with a folder of its own, spoken to over HTTP only. Standard library only."""
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
import xml.sax.saxutils

# Bounds that only a hang reaches, on a machine that is slow and busy as well.
START_TIMEOUT_S = 120
REQUEST_TIMEOUT_S = 180

# Random tests take this seed, and print it: a plain run is the same every time.
SEED = int(os.environ.get("SKALD_SEED") or "1")


def binary():
    """The binary under test: SKALD_BIN, or the one that Bazel built beside this test."""
    path = os.environ.get("SKALD_BIN") or os.path.join(os.getcwd(), "runtime/node/skald")
    if not os.access(path, os.X_OK):
        raise RuntimeError("no binary at %s: set SKALD_BIN" % path)
    return path


def unasked_ports():
    """Ports that the kernel gives neither to connections nor to those who listen on any port."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
            low, high = map(int, f.read().split())
    except OSError:
        low, high = 32768, 60999
    return [port for port in range(10000, 65536) if not low <= port <= high] or list(range(10000, 65536))


def free_port():
    """A port that nothing else takes while its owner starts and is killed, until this process ends."""
    ports = unasked_ports()
    for i in range(len(ports)):
        port = ports[(os.getpid() * 7 + i) % len(ports)]
        # Other tests see by this name, which goes with the process, that the port is taken.
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind("\0skald-test-port-%d" % port)
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
                s.listen()
        except OSError:
            name.close()
            continue
        _reservations.append(name)
        return port
    raise RuntimeError("no free port")


_reservations = []


CONFIG = """
auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: %(port)d
  log_level: warn
common:
  path_prefix: %(data)s
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory
ingester:
  wal:
    disk_full_threshold: 1.0  # however full the machine's disk is
schema_config:
  configs:
    - from: 2020-10-24
      store: tsdb
      object_store: filesystem
      schema: v13
      index:
        prefix: index_
        period: 24h
limits_config:
  max_entries_limit_per_query: 0
  ingestion_rate_mb: 1000
  ingestion_burst_size_mb: 1000
  per_stream_rate_limit: 1GB
  per_stream_rate_limit_burst: 1GB
  max_global_streams_per_user: 0
  discover_log_levels: false
  discover_service_name: []
%(limits)s
skald:
  wal_segment_size: 4MB
%(skald)s
"""


class Node:
    """One process and its data folder. The folder outlives kill() and stop(), so the node can be started again."""

    def __init__(self, limits="", skald="", data=None):
        self.temp = None if data else tempfile.TemporaryDirectory(prefix="skald-e2e-")
        self.data = data or self.temp.name
        self.port = free_port()
        self.process = None
        self.config = os.path.join(self.data, "config.yaml")
        self.log_path = os.path.join(self.data, "skald.log")
        with open(self.config, "w") as out:
            out.write(CONFIG % {"port": self.port, "data": self.data, "limits": limits, "skald": skald})

    def edit_config(self, old, new):
        """Replaces a text of the configuration; takes effect at the next start."""
        with open(self.config) as f:
            text = f.read()
        if old not in text:
            raise AssertionError("%r is not in the configuration" % old)
        with open(self.config, "w") as out:
            out.write(text.replace(old, new))

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            # Templates print times in the process's zone.
            self.process = subprocess.Popen([binary(), "-config.file=" + self.config], stdout=log, stderr=log,
                                            env=dict(os.environ, TZ="UTC"))
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the node ended with %d:\n%s" % (self.process.returncode, self.log_tail()))
            try:
                if self.request("GET", "/ready", timeout=2)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError("not ready in time:\n" + self.log_tail())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=REQUEST_TIMEOUT_S):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.temp:
            self.temp.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def log_tail(self):
        try:
            with open(self.log_path, "rb") as f:
                return f.read()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def request(self, method, path, body=None, headers=None, timeout=REQUEST_TIMEOUT_S):
        """(status, body, headers) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            data = response.read()
            if response.getheader("Content-Encoding") == "gzip":
                data = gzip.decompress(data)
            return response.status, data, dict(response.getheaders())
        finally:
            connection.close()

    def push(self, streams, headers=None):
        """streams: [(labels, [(ns, line) or (ns, line, metadata)])]. Returns (status, text)."""
        body = {"streams": [{"stream": labels,
                             "values": [[str(e[0])] + list(e[1:]) for e in entries]}
                            for labels, entries in streams]}
        status, data, _ = self.request("POST", "/loki/api/v1/push", json.dumps(body),
                                       dict({"Content-Type": "application/json"}, **(headers or {})))
        return status, data.decode("utf-8", "replace")

    def get(self, path, **params):
        """The decoded JSON body of a 200 answer."""
        status, data, _ = self.request("GET", path + "?" + urllib.parse.urlencode(params))
        if status != 200:
            raise AssertionError("%s %s: %d %s" % (path, params, status, data[:500]))
        return json.loads(data)

    def entries(self, query, start, end, limit=1000000, direction="forward"):
        """[(ns, line, labels)] of a log query."""
        body = self.get("/loki/api/v1/query_range", query=query, start=start, end=end, limit=limit,
                        direction=direction)
        found = []
        for stream in body["data"]["result"]:
            found += [(int(v[0]), v[1], stream["stream"]) for v in stream["values"]]
        return sorted(found, key=lambda e: e[0], reverse=direction == "backward")

    def metric(self, name):
        """The sum of a metric's values over all labels, or of one series named in full."""
        total = 0.0
        for line in self.request("GET", "/metrics")[1].decode().splitlines():
            if line.startswith((name + " ", name + "{")):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def flush(self):
        status, data, _ = self.request("POST", "/flush")
        if status != 204:
            raise AssertionError("flush: %d %s" % (status, data))


class _Recorder(unittest.TextTestResult):
    def __init__(self, *args):
        super().__init__(*args)
        self.cases = []

    def stopTest(self, test):
        super().stopTest(test)
        problems = [text for t, text in self.errors + self.failures if t is test or getattr(t, "test_case", None) is test]
        self.cases.append((test.id(), "\n".join(problems)))


def main():
    """Runs the tests of the calling module; writes JUnit XML where Bazel asks for it."""
    runner = unittest.TextTestRunner(resultclass=_Recorder, verbosity=2)
    outcome = unittest.main(module="__main__", testRunner=runner, exit=False).result
    path = os.environ.get("XML_OUTPUT_FILE")
    if path:
        quote = xml.sax.saxutils.quoteattr
        failed = sum(1 for _, why in outcome.cases if why)
        with open(path, "w") as out:
            out.write('<testsuites><testsuite name="e2e" tests="%d" failures="%d">\n' % (len(outcome.cases), failed))
            for name, why in outcome.cases:
                out.write("<testcase name=%s>" % quote(name))
                if why:
                    out.write("<failure message=%s/>" % quote(why))
                out.write("</testcase>\n")
            out.write("</testsuite></testsuites>\n")
    raise SystemExit(0 if outcome.wasSuccessful() else 1)
