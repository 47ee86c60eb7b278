# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile requests: each gets the documented status and leaves the server serving."""
import gzip
import json
import socket
import struct
import time
import unittest
import urllib.parse
import zlib

import skald_node

NOW = int(time.time() * 1e9)
JSON = {"Content-Type": "application/json"}
PROTO = {"Content-Type": "application/x-protobuf"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PUSH = "/loki/api/v1/push"
RANGE = "/loki/api/v1/query_range"


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def snappy(data):
    """Literals only, which is valid snappy."""
    out = [varint(len(data))]
    for i in range(0, len(data), 60):
        part = data[i:i + 60]
        out += bytes([(len(part) - 1) << 2]), part
    return b"".join(out)


def proto_entry(ns, line, metadata=()):
    stamp = b"\x08" + varint(ns // 10**9) + b"\x10" + varint(ns % 10**9)
    out = field(1, stamp) + field(2, line)
    for name, value in metadata:
        out += field(3, field(1, name) + field(2, value))
    return out


def proto_push(labels, entries):
    return field(1, field(1, labels) + b"".join(field(2, e) for e in entries))


def stream(labels=None, values=None):
    return {"stream": {"app": "h"} if labels is None else labels,
            "values": [[str(NOW), "x"]] if values is None else values}


def body(*streams):
    return json.dumps({"streams": list(streams)}).encode()


GOOD_JSON = body(stream())
GOOD_PROTO = proto_push(b'{app="h"}', [proto_entry(NOW, b"line")])


def json_bodies():
    """(name, body, status)."""
    for name, text in {
            "not json": "hello", "array": "[1]", "string": '"x"', "number": "5", "bare brace": "{",
            "cut key": '{"stre', "cut array": '{"streams":[', "cut stream": '{"streams":[{"stream":{"a":"b"}',
            "cut values": '{"streams":[{"stream":{"a":"b"},"values":[["1","x"',
            "streams a string": '{"streams":"x"}', "streams a number": '{"streams":3}',
            "streams an object": '{"streams":{}}', "stream a number": '{"streams":[3]}',
            "stream a string": '{"streams":["x"]}', "labels a list": '{"streams":[{"stream":[],"values":[]}]}',
            "labels a number": '{"streams":[{"stream":1,"values":[["1","x"]]}]}',
            "values a string": '{"streams":[{"stream":{"a":"b"},"values":"x"}]}',
            "values an object": '{"streams":[{"stream":{"a":"b"},"values":{}}]}',
            "entry a string": '{"streams":[{"stream":{"a":"b"},"values":["x"]}]}',
            "entry a number": '{"streams":[{"stream":{"a":"b"},"values":[1]}]}',
            "time a word": '{"streams":[{"stream":{"a":"b"},"values":[["x","y"]]}]}',
            "time empty": '{"streams":[{"stream":{"a":"b"},"values":[["","y"]]}]}',
            "time a float": '{"streams":[{"stream":{"a":"b"},"values":[["1.5","y"]]}]}',
            "time too large": '{"streams":[{"stream":{"a":"b"},"values":[["99999999999999999999","y"]]}]}',
            "time hex": '{"streams":[{"stream":{"a":"b"},"values":[["0x10","y"]]}]}',
            "line a number": '{"streams":[{"stream":{"a":"b"},"values":[["%d",5]]}]}' % NOW,
            "line null": '{"streams":[{"stream":{"a":"b"},"values":[["%d",{}]]}]}' % NOW,
            "metadata a string": '{"streams":[{"stream":{"a":"b"},"values":[["%d","x","y"]]}]}' % NOW,
            "metadata a list": '{"streams":[{"stream":{"a":"b"},"values":[["%d","x",[]]]}]}' % NOW,
            "metadata value a number": '{"streams":[{"stream":{"a":"b"},"values":[["%d","x",{"k":1}]]}]}' % NOW,
            "bad escape": '{"streams":[{"stream":{"a":"\\q"},"values":[["%d","x"]]}]}' % NOW,
            "raw control byte in key": '{"str\x01eams":[',
            "single quotes": "{'streams':[]}", "comma": '{"streams":[,]}',
            "cut utf-16 escape": '{"streams":[{"stream":{"a":"\\u12"},"values":[["%d","x"]]}]}' % NOW,
    }.items():
        yield "json: " + name, text.encode(), 400
    # What follows the document is not looked at.
    for name, text in {"empty object": "{}", "no streams": '{"streams":[]}', "two values": '{"streams":[]}{'}.items():
        yield "json: " + name, text.encode(), 422
    # Label values that are no strings become text.
    for name, value in {"number": "1", "list": "[]"}.items():
        yield "json: label value a " + name, b'{"streams":[{"stream":{"a":%s},"values":[["%d","x"]]}]}' % (
            value.encode(), NOW), 204
    yield "json: empty body", b"", 400
    yield "json: nul bytes", b"\0" * 64, 400
    yield "json: deep nesting", b'{"streams":' + b"[" * 100000, 400
    yield "json: deep objects", b'{"a":' * 50000, 400


def label_bodies():
    yield "labels: none", body(stream({})), 400
    for name in ("a-b", "1a", "", "a b", "\u00e9", "a\"b", "a=b", "{", "a\nb"):
        yield "labels: name %r" % name, body(stream({name: "x"})), 400
    yield "labels: long name", body(stream({"n" * 2000: "x"})), 400
    yield "labels: huge name", body(stream({"n" * 2000000: "x"})), 400
    yield "labels: long value", body(stream({"app": "v" * 5000})), 400
    yield "labels: huge value", body(stream({"app": "v" * 3000000})), 400
    yield "labels: too many", body(stream({"l%d" % i: "x" for i in range(40)})), 400
    yield "labels: ten thousand", body(stream({"l%d" % i: "x" for i in range(10000)})), 400


def entry_bodies():
    yield "entry: too old", body(stream(values=[[str(NOW - 400 * 86400 * 10**9), "x"]])), 400
    yield "entry: epoch", body(stream(values=[["0", "x"]])), 400
    yield "entry: negative", body(stream(values=[["-5", "x"]])), 400
    yield "entry: too new", body(stream(values=[[str(NOW + 3600 * 10**9), "x"]])), 400
    yield "entry: year 2262", body(stream(values=[["9223372036854775807", "x"]])), 400
    yield "entry: line too long", body(stream(values=[[str(NOW), "x" * 300000]])), 400
    yield "entry: too much metadata", body(stream(values=[[str(NOW), "x", {"k%d" % i: "v" for i in range(200)}]])), 400
    yield "entry: metadata too large", body(stream(values=[[str(NOW), "x", {"k": "v" * 70000}]])), 400
    yield "entry: empty line", body(stream(values=[[str(NOW), ""]])), 204
    yield "entry: lone surrogate", GOOD_JSON.replace(b'"x"', b'"\\ud800"'), 204


def proto_bodies():
    yield "proto: empty body", b"", 400
    yield "proto: not snappy", b"garbage that is not snappy at all", 400
    yield "proto: empty message", snappy(b""), 422
    yield "proto: random bytes inside", snappy(b"\xff" * 100), 400
    yield "proto: wrong snappy length", varint(10**6) + snappy(GOOD_PROTO)[1:], 400
    yield "proto: snappy bomb header", varint(2**32 - 1) + b"\0", (400, 413)
    yield "proto: snappy 64 bit length", b"\xff" * 9 + b"\x01", (400, 413)
    yield "proto: bad copy offset", varint(100) + b"\x00a\xfe\xff\xff", 400
    whole = snappy(GOOD_PROTO)
    for cut in range(1, len(whole), max(1, len(whole) // 12)):
        yield "proto: snappy cut at %d" % cut, whole[:cut], 400
    for cut in range(1, len(GOOD_PROTO), max(1, len(GOOD_PROTO) // 12)):
        yield "proto: message cut at %d" % cut, snappy(GOOD_PROTO[:cut]), 400
    for labels in (b"", b"{", b"{a}", b"{a=b}", b'{a="b"', b'a="b"', b'{a="b",,c="d"}', b'{a="\xff"', b"{}",
                   b'{a="b"}}', b'{a="b" c="d"}', b'{=~"b"}', b'{a=~"b"}'):
        yield "proto: labels %r" % labels, snappy(proto_push(labels, [proto_entry(NOW, b"x")])), 400
    yield "proto: duplicate label", snappy(proto_push(b'{a="b", a="c"}', [proto_entry(NOW, b"x")])), 400
    yield "proto: huge length field", snappy(b"\x0a" + varint(2**40)), 400
    yield "proto: length beyond end", snappy(b"\x0a\x7f" + b"x"), 400
    yield "proto: group wire type", snappy(b"\x0b"), 400
    yield "proto: field number zero", snappy(b"\x02\x01x"), 400
    yield "proto: endless varint", snappy(b"\xff" * 20), 400


def query_requests():
    """(name, path, params, status)."""
    base = {"query": '{app="h"}', "start": str(NOW - 3600 * 10**9), "end": str(NOW)}
    for name, change, status in (
            ("no query", {"query": None}, 400), ("empty query", {"query": ""}, 400),
            ("open brace", {"query": "{"}, 400), ("empty selector", {"query": "{}"}, 400),
            ("empty-compatible", {"query": '{a=~".*"}'}, 400), ("bad regex", {"query": '{a=~"("}'}, 400),
            ("bad filter regex", {"query": '{a="b"} |~ "["'}, 400), ("nul byte", {"query": "\0"}, 400),
            ("bad utf-8", {"query": b"{a=\"\xff\xfe"}, 400), ("deep parentheses", {"query": "(" * 20000}, 400),
            ("deep filters", {"query": '{a="b"} | ' + "(" * 5000 + "a=1"}, 400),
            ("long query", {"query": '{a="' + "x" * 200000}, (400, 431)),
            ("rate without range", {"query": 'rate({a="b"})'}, 400),
            ("unknown function", {"query": 'nope({a="b"}[1m])'}, 400),
            ("unknown stage", {"query": '{a="b"} | nope'}, 400), ("bad template", {"query": '{a="b"} | line_format "{{"'}, 400),
            ("bad duration", {"query": 'rate({a="b"}[5x])'}, 400), ("negative range", {"query": 'rate({a="b"}[-5m])'}, 400),
            ("limit zero", {"limit": "0"}, 400), ("limit negative", {"limit": "-1"}, 400),
            ("limit word", {"limit": "x"}, 400), ("limit huge", {"limit": "99999999999"}, 400),
            ("limit above the tenant's", {"limit": "6000"}, 400), ("direction", {"direction": "up"}, 400),
            ("start word", {"start": "yesterday"}, 400), ("end word", {"end": "x"}, 400),
            ("start after end", {"start": str(NOW), "end": str(NOW - 10**9)}, 400),
            ("step zero", {"step": "0"}, 400), ("step negative", {"step": "-5"}, 400), ("step word", {"step": "abc"}, 400),
            ("too many points", {"query": 'rate({a="b"}[1m])', "step": "0.01"}, 400),
            ("interval negative", {"interval": "-1"}, 400), ("since word", {"since": "x", "start": None}, 400),
            ("too long", {"start": str(NOW - 400 * 86400 * 10**9), "step": "1d"}, 400)):
        params = {k: v for k, v in dict(base, **change).items() if v is not None}
        yield "query_range: " + name, RANGE, params, status
    yield "query: log query", "/loki/api/v1/query", {"query": '{a="b"}'}, 400
    yield "query: bad time", "/loki/api/v1/query", {"query": "vector(1)", "time": "x"}, 400
    yield "labels: bad start", "/loki/api/v1/labels", {"start": "x"}, 400
    yield "labels: pipeline", "/loki/api/v1/labels", {"query": '{a="b"} |= "x"'}, 400
    yield "values: bad query", "/loki/api/v1/label/a/values", {"query": "bad"}, 400
    yield "series: bad match", "/loki/api/v1/series", {"match[]": "bad{"}, 400
    yield "stats: no query", "/loki/api/v1/index/stats", {}, 400
    yield "stats: metric query", "/loki/api/v1/index/stats", {"query": 'rate({a="b"}[1m])'}, 400
    yield "volume: bad limit", "/loki/api/v1/index/volume", {"query": '{a="b"}', "limit": "-1"}, 400
    yield "format_query: bad", "/loki/api/v1/format_query", {"query": "{"}, 400


def routing_requests():
    """(name, method, path, status)."""
    for path in ("/", "/nope", "/loki", "/loki/api/v1", "/loki/api/v1/nope", "/loki/api/v1/push/", "/healthz",
                 "/loki/api/v1/label//values", "/%00", "/loki/api/v1/label/a%2Fb/values"):
        yield "path " + path, "GET", path, (301, 404) if "//" in path else 404
    for method, path in (("GET", PUSH), ("PUT", PUSH), ("DELETE", PUSH), ("PATCH", PUSH), ("DELETE", RANGE),
                         ("PUT", "/loki/api/v1/labels"), ("POST", "/ready"), ("HEAD", "/ready"), ("OPTIONS", "/ready"),
                         ("POST", "/metrics"), ("DELETE", "/flush")):
        yield "method %s %s" % (method, path), method, path, 405
    yield "long path", "GET", "/" + "x" * 30000, (400, 404, 414, 431)
    yield "bad escape in query", "GET", RANGE + "?query=%zz", 400


class Hostile(unittest.TestCase):
    """One node for all; every test ends by asking it whether it still serves."""

    @classmethod
    def setUpClass(cls):
        cls.node = skald_node.Node()
        with open(cls.node.config) as f:
            text = f.read().replace("  max_entries_limit_per_query: 0\n", "")
        with open(cls.node.config, "w") as f:
            f.write(text)
        cls.node.start()
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        print("%d hostile requests answered as documented" % cls.count, flush=True)
        cls.node.close()
        assert cls.count >= 150, cls.count

    def tearDown(self):
        self.assertEqual(self.node.request("GET", "/ready")[0], 200)
        self.assertEqual(self.node.push([({"app": "after"}, [(int(time.time() * 1e9), "x")])])[0], 204)

    def expect(self, name, expected, method, path, data=None, headers=None):
        with self.subTest(name):
            status, text, _ = self.node.request(method, path, data, headers)
            type(self).count += 1
            allowed = expected if isinstance(expected, tuple) else (expected,)
            self.assertIn(status, allowed, "%s: %s" % (name, text[:300]))

    def test_json_pushes(self):
        for name, data, status in (*json_bodies(), *label_bodies(), *entry_bodies()):
            self.expect(name, status, "POST", PUSH, data, JSON)

    def test_protobuf_pushes(self):
        for name, data, status in proto_bodies():
            self.expect(name, status, "POST", PUSH, data, PROTO)
        self.expect("proto: good", 204, "POST", PUSH, snappy(GOOD_PROTO), PROTO)

    def test_encodings(self):
        for name, data, encoding, status in (
                ("unknown encoding", GOOD_JSON, "zstd", 400), ("not gzip", GOOD_JSON, "gzip", 400),
                ("cut gzip", gzip.compress(GOOD_JSON)[:-10], "gzip", 400),
                ("gzip with a flipped byte", gzip.compress(GOOD_JSON)[:-6] + b"\0" * 6, "gzip", 400),
                ("not deflate", GOOD_JSON, "deflate", 400), ("good gzip", gzip.compress(GOOD_JSON), "gzip", 204),
                ("gzip of gzip", gzip.compress(gzip.compress(GOOD_JSON)), "gzip", 400)):
            self.expect(name, status, "POST", PUSH, data, dict(JSON, **{"Content-Encoding": encoding}))
        bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = b"".join(bomb.compress(b" " * 2**20) for _ in range(300)) + bomb.flush()
        self.expect("gzip bomb of blanks", (400, 413, 503), "POST", PUSH, data, dict(JSON, **{"Content-Encoding": "gzip"}))
        self.expect("no content type", (400, 415), "POST", PUSH, GOOD_JSON, {})
        self.expect("text content type", (400, 415), "POST", PUSH, b"x", {"Content-Type": "text/plain"})

    def test_queries(self):
        for name, path, params, status in query_requests():
            self.expect(name, status, "GET", path + "?" + urllib.parse.urlencode(params))
        self.expect("form with JSON body", 400, "POST", RANGE, b'{"query":"x"}', JSON)
        self.expect("huge form", (400, 413), "POST", RANGE, b"query=" + b"x" * 12000000, FORM)

    def test_routing(self):
        for name, method, path, status in routing_requests():
            self.expect(name, status, method, path)

    def raw(self, data, half_close=False):
        """What the server sends back on a socket of its own until it closes; b"" when it just closes."""
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=skald_node.REQUEST_TIMEOUT_S) as s:
            out = b""
            try:
                s.sendall(data)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
                while True:
                    got = s.recv(65536)
                    if not got:
                        return out
                    out += got
            except (BrokenPipeError, ConnectionResetError):  # it need not wait for all that we send
                return out

    def test_broken_http(self):
        head = b"POST " + PUSH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        for name, data in {
                "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 50 + b"\r\n\r\n",
                "no version": b"GET /ready\r\n\r\n", "bad version": b"GET /ready HTTP/9.9\r\n\r\n",
                "bad header": b"GET /ready HTTP/1.1\r\nno colon here\r\n\r\n",
                "blank in name": b"GET /ready HTTP/1.1\r\nbad name: x\r\n\r\n",
                "bad length": head + b"Content-Length: abc\r\n\r\n",
                "negative length": head + b"Content-Length: -1\r\n\r\n",
                "length overflow": head + b"Content-Length: 99999999999999999999999\r\n\r\n",
                "two lengths": head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                "bad chunk": head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                "huge header": b"GET /ready HTTP/1.1\r\nX: " + b"y" * 300000 + b"\r\n\r\n",
                "many headers": b"GET /ready HTTP/1.1\r\n" + b"A: b\r\n" * 200000 + b"\r\n"}.items():
            with self.subTest(name):
                answer = self.raw(data)
                type(self).count += 1
                self.assertTrue(answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:100])
        with self.subTest("declared body above the limit"):
            answer = self.raw(head + b"Content-Length: 200000000\r\n\r\n")
            type(self).count += 1
            self.assertTrue(answer.startswith(b"HTTP/1.1 413"), answer[:100])

    def test_sockets(self):
        head = b"POST " + PUSH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with self.subTest("half-closed after a whole request"):
            answer = self.raw(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n", half_close=True)
            self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)
        with self.subTest("half-closed in the body"):
            answer = self.raw(head + b"Content-Length: 100\r\n\r\nabc", half_close=True)
            self.assertNotIn(b"204", answer[:20])
        with self.subTest("pipelined requests are answered in order"):
            answer = self.raw(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\nGET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertLess(answer.index(b" 200 "), answer.index(b" 404 "))
        with self.subTest("byte by byte"):
            request = head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(GOOD_JSON) + GOOD_JSON
            with socket.create_connection(("127.0.0.1", self.node.port), timeout=skald_node.REQUEST_TIMEOUT_S) as s:
                for i in range(len(request)):
                    s.sendall(request[i:i + 1])
                self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 204"))
        with self.subTest("a reset in the middle of an answer"):
            for _ in range(20):
                s = socket.create_connection(("127.0.0.1", self.node.port))
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                s.close()
        with self.subTest("500 idle connections do not keep others out"):
            idle = [socket.create_connection(("127.0.0.1", self.node.port)) for _ in range(500)]
            self.assertEqual(self.node.request("GET", "/ready")[0], 200)
            for s in idle:
                s.close()
        type(self).count += 6


class LargePushes(unittest.TestCase):
    """Pushes that are much larger than the queues that they go through."""

    STREAMS = 400_000
    PEAK_MIB = 300

    def setUp(self):
        self.node = skald_node.Node()
        self.addCleanup(self.node.close)

    def peak_mib(self):
        with open("/proc/%d/status" % self.node.process.pid) as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))

    def push_new_streams(self, data, headers):
        self.node.edit_config("max_global_streams_per_user: 0", "max_global_streams_per_user: 100")
        self.node.start()
        status, text, _ = self.node.request("POST", PUSH, data, headers)
        self.assertEqual((status, text[:38]), (429, b"maximum active stream limit exceeded w"))
        peak = self.peak_mib()
        print("%d new streams in one push of %d bytes: peak %d MiB" % (self.STREAMS, len(data), peak), flush=True)
        self.assertLess(peak, self.PEAK_MIB)
        found = self.node.request("GET", "/loki/api/v1/series")[1]
        self.assertEqual(len(json.loads(found)["data"]), 100)

    def test_new_streams_beyond_the_limit_by_protobuf(self):
        self.push_new_streams(snappy(b"".join(
            proto_push(b'{a="%d"}' % i, [proto_entry(NOW, b"x")]) for i in range(self.STREAMS))), PROTO)

    def test_new_streams_beyond_the_limit_by_json(self):
        self.push_new_streams(body(*(stream({"a": str(i)}) for i in range(self.STREAMS))), JSON)

    def test_a_push_larger_than_the_queue_is_stored(self):
        self.node.start()
        line = b"0123456789abcdef" * 256
        entries = [proto_entry(NOW + i, line) for i in range(22_000)]
        data = snappy(proto_push(b'{app="h"}', entries))
        self.assertGreater(len(data), 85 << 20)
        status, text, _ = self.node.request("POST", PUSH, data, PROTO)
        self.assertEqual((status, text), (204, b""))
        parameters = urllib.parse.urlencode({"query": 'sum(count_over_time({app="h"}[1h]))', "time": NOW + 10**9})
        found = json.loads(self.node.request("GET", "/loki/api/v1/query?" + parameters)[1])
        self.assertEqual(found["data"]["result"][0]["value"][1], "22000")


if __name__ == "__main__":
    skald_node.main()
