# SPDX-License-Identifier: Apache-2.0
"""Compares an answer with a recorded one by the rules in README.md. Standard library only."""
import json
import math

REL_TOL = 1e-9
ABS_TOL = 1e-12


class Difference(Exception):
    """Why an answer is not the recorded one."""


def need(cond, msg):
    if not cond:
        raise Difference(msg)


def short(x, n=300):
    s = x if isinstance(x, str) else json.dumps(x, ensure_ascii=False)
    return s if len(s) <= n else s[:n] + "...(%d chars)" % len(s)


def lkey(labels):
    need(isinstance(labels, dict), "label set is not an object: %s" % short(labels))
    return json.dumps(labels, sort_keys=True, ensure_ascii=False)


def num_eq(a, b, rel=REL_TOL, absol=ABS_TOL):
    need(isinstance(b, str), "sample value is not a string: %r" % (b,))
    if a == b:
        return True
    if a in ("NaN", "+Inf", "-Inf") or b in ("NaN", "+Inf", "-Inf"):
        return False
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return math.isclose(x, y, rel_tol=rel, abs_tol=absol)


def ts_ms(t):
    need(isinstance(t, (int, float)) and not isinstance(t, bool), "sample timestamp is not a number: %r" % (t,))
    return round(float(t) * 1000)


def cmp_keys(exp, got, what):
    miss = [k for k in exp if k not in got]
    extra = [k for k in got if k not in exp]
    if miss or extra:
        raise Difference("%s: %d missing, %d unexpected; first missing: %s; first unexpected: %s" % (
            what, len(miss), len(extra), short(miss[0]) if miss else "-", short(extra[0]) if extra else "-"))


def streams_map(res):
    out = {}
    need(isinstance(res, list), "result is not an array: %s" % short(res))
    for s in res:
        need(isinstance(s, dict) and "stream" in s and "values" in s, "not a stream object: %s" % short(s))
        out.setdefault(lkey(s["stream"]), []).extend(s["values"])
    return out


def norm_entry(v):
    need(isinstance(v, list) and len(v) in (2, 3), "not a log entry: %s" % short(v))
    need(isinstance(v[0], str) and v[0].lstrip("-").isdigit(),
         "entry timestamp is not a string of digits: %r" % (v[0],))
    need(isinstance(v[1], str), "line is not a string: %r" % (v[1],))
    return (int(v[0]), v[1], json.dumps(v[2] if len(v) == 3 else None, sort_keys=True, ensure_ascii=False))


def cmp_streams(exp, got, opt, direction):
    e, g = streams_map(exp), streams_map(got)
    cmp_keys(e, g, "streams")
    dup = len(exp) != len(e)                                   # same label set more than once in the recorded answer
    for k in e:
        a = [norm_entry(v) for v in e[k]]
        b = [norm_entry(v) for v in g[k]]
        if len(a) != len(b):
            raise Difference(
                "stream %s: expected %d entries, got %d (first expected %s, first got %s)"
                % (short(k), len(a), len(b), short(list(a[0]) if a else []), short(list(b[0]) if b else [])))
        if not dup:
            for i in range(1, len(b)):
                ok = b[i - 1][0] <= b[i][0] if direction == "forward" else b[i - 1][0] >= b[i][0]
                need(ok, "stream %s: entries not in %s order at index %d" % (short(k), direction, i))
        if opt.get("ties", "any") != "exact":
            a, b = sorted(a), sorted(b)
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                raise Difference(
                    "stream %s entry %d: expected %s, got %s"
                    % (short(k, 200), i, short(list(x)), short(list(y))))


def metric_map(res, what):
    out = {}
    need(isinstance(res, list), "result is not an array: %s" % short(res))
    for s in res:
        need(isinstance(s, dict) and "metric" in s, "not a %s element: %s" % (what, short(s)))
        k = lkey(s["metric"])
        need(k not in out, "%s: label set appears twice: %s" % (what, k))
        out[k] = s
    return out


def cmp_sample(k, x, y, opt):
    need(isinstance(y, list) and len(y) == 2, "series %s: bad sample %s" % (short(k), short(y)))
    if ts_ms(x[0]) != ts_ms(y[0]):
        raise Difference("series %s: expected sample at %s, got %s" % (short(k), x[0], y[0]))
    if opt.get("values") == "ignore":
        return
    if not num_eq(x[1], y[1], opt.get("rel_tol", REL_TOL), opt.get("abs_tol", ABS_TOL)):
        raise Difference("series %s at %s: expected %s, got %s" % (short(k), x[0], x[1], y[1]))


def cmp_matrix(exp, got, opt):
    e, g = metric_map(exp, "matrix"), metric_map(got, "matrix")
    cmp_keys(e, g, "series")
    for k in e:
        a, b = e[k]["values"], g[k].get("values")
        need(isinstance(b, list), "series %s has no values array" % short(k))
        if len(a) != len(b):
            raise Difference(
                "series %s: expected %d samples, got %d (expected %s, got %s)"
                % (short(k), len(a), len(b), short(a, 160), short(b, 160)))
        for x, y in zip(a, b):
            cmp_sample(k, x, y, opt)


def cmp_vector(exp, got, opt):
    e, g = metric_map(exp, "vector"), metric_map(got, "vector")
    cmp_keys(e, g, "samples")
    for k in e:
        need("value" in g[k], "sample %s has no value" % short(k))
        cmp_sample(k, e[k]["value"], g[k]["value"], opt)
    if opt.get("order") == "exact":
        ek, gk = [lkey(s["metric"]) for s in exp], [lkey(s["metric"]) for s in got]
        if ek != gk:
            i = next(i for i in range(len(ek)) if ek[i] != gk[i])
            raise Difference("order of the vector differs at %d: expected %s, got %s" % (i, short(ek[i]), short(gk[i])))


def cmp_json(exp, got, path="$"):
    if isinstance(exp, bool) or isinstance(got, bool) or exp is None or got is None:
        need(exp is got, "%s: expected %s, got %s" % (path, short(exp), short(got)))
    elif isinstance(exp, (int, float)):
        need(isinstance(got, (int, float)) and math.isclose(exp, got, rel_tol=REL_TOL, abs_tol=ABS_TOL),
             "%s: expected %s, got %s" % (path, short(exp), short(got)))
    elif isinstance(exp, str):
        need(isinstance(got, str) and exp == got, "%s: expected %s, got %s" % (path, short(exp), short(got)))
    elif isinstance(exp, list):
        need(isinstance(got, list), "%s: expected an array, got %s" % (path, short(got)))
        need(len(exp) == len(got), "%s: expected %d elements, got %d: %s" % (path, len(exp), len(got), short(got)))
        for i, (x, y) in enumerate(zip(exp, got)):
            cmp_json(x, y, "%s[%d]" % (path, i))
    else:
        need(isinstance(got, dict), "%s: expected an object, got %s" % (path, short(got)))
        cmp_keys(exp, got, path)
        for k in exp:
            cmp_json(exp[k], got[k], path + "." + k)


def approx(x, y, rel, absol):
    return isinstance(y, (int, float)) and not isinstance(y, bool) and abs(x - y) <= max(absol, rel * abs(x))


def cmp_set(exp, got, path):
    """Arrays compared as multisets of JSON values."""
    exp, got = exp or [], got or []
    need(isinstance(got, list), "%s: expected an array, got %s" % (path, short(got)))
    e = sorted(json.dumps(x, sort_keys=True, ensure_ascii=False) for x in exp)
    g = sorted(json.dumps(x, sort_keys=True, ensure_ascii=False) for x in got)
    for x in e:
        need(x in g, "%s: missing %s (expected %d elements, got %d)" % (path, short(x), len(e), len(g)))
    for x in g:
        need(x in e, "%s: unexpected %s" % (path, short(x)))
    need(e == g, "%s: expected %d elements, got %d" % (path, len(e), len(g)))


def cmp_detected(exp, got, opt):
    """detected_fields / detected_labels: keyed by label; cardinality is an estimate (see README)."""
    name = "fields" if "fields" in exp else "detectedLabels"
    if name not in exp:
        return cmp_json(exp, got)
    need(isinstance(got, dict) and name in got, "no '%s' in answer: %s" % (name, short(got)))
    e = {x["label"]: x for x in exp[name] or []}
    g = {x["label"]: x for x in got[name] or []}
    cmp_keys(e, g, name)
    for k in e:
        for f in e[k]:
            if f == "cardinality":
                need(approx(e[k][f], g[k].get(f), opt.get("rel_tol", 0.05), 1),
                     "%s %s cardinality: expected about %s, got %s" % (name, k, e[k][f], g[k].get(f)))
            elif f in ("parsers", "jsonPath"):
                if f == "parsers":
                    cmp_set(e[k][f], g[k].get(f), "%s.%s.%s" % (name, k, f))
                else:
                    cmp_json(e[k][f], g[k].get(f), "%s.%s.%s" % (name, k, f))
            else:
                cmp_json(e[k][f], g[k].get(f), "%s.%s.%s" % (name, k, f))
    for f in exp:
        if f != name:
            cmp_json(exp[f], got.get(f), "$." + f)


def cmp_stats(exp, got, opt):
    need(isinstance(got, dict), "expected an object, got %s" % short(got))
    for k in exp:
        need(k in got, "no '%s' in answer: %s" % (k, short(got)))
        if k in ("streams", "entries"):
            need(exp[k] == got[k], "%s: expected %s, got %s" % (k, exp[k], got[k]))
        elif k == "bytes":
            need(isinstance(got[k], int) and (exp[k] > 0) == (got[k] > 0),
                 "bytes: expected %s, got %s" % (exp[k], got[k]))
        # 'chunks' depends on the storage engine and is not compared


def compare(case, status, body):
    exp = case["expect"]
    opt = case.get("compare", {})
    if status != exp["status"]:
        raise Difference(
            "HTTP status: expected %d, got %d; body: %s"
            % (exp["status"], status, short(body.decode("utf-8", "replace"))))
    mode = opt.get("mode", "auto")
    if mode == "status":
        return
    text = body.decode("utf-8", "replace")
    if mode == "prefix":
        if not text.startswith(opt["prefix"]):
            raise Difference(
                "text: expected it to start with %s, got %s"
                % (short(opt["prefix"], 600), short(text, 600)))
        return
    if mode == "text" or isinstance(exp["body"], str):
        if text.rstrip("\n") != exp["body"].rstrip("\n"):
            raise Difference("text: expected %s, got %s" % (short(exp["body"], 600), short(text, 600)))
        return
    try:
        got = json.loads(text)
    except ValueError as e:
        raise Difference("answer is not JSON (%s): %s" % (e, short(text)))
    ebody = exp["body"]
    if mode == "detected":
        return cmp_detected(ebody, got, opt)
    if mode == "detected_values":
        need(isinstance(got, dict) and "data" not in got, "not a values answer: %s" % short(got))
        cmp_set(ebody.get("values"), got.get("values"), "$.values")
        return
    if mode == "stats":
        return cmp_stats(ebody, got, opt)
    if mode == "json":
        return cmp_json(ebody, got)
    need(isinstance(got, dict), "answer is not an object: %s" % short(got))
    need(ebody.get("status") == got.get("status"),
         "status field: expected %r, got %r" % (ebody.get("status"), got.get("status")))
    data, gdata = ebody.get("data"), got.get("data")
    if mode == "set":
        return cmp_set(data, gdata, "$.data")
    if isinstance(data, dict) and "resultType" in data:
        need(isinstance(gdata, dict), "no data object: %s" % short(got))
        rt = data["resultType"]
        need(gdata.get("resultType") == rt, "resultType: expected %r, got %r" % (rt, gdata.get("resultType")))
        if "encodingFlags" in data:
            cmp_json(data["encodingFlags"], gdata.get("encodingFlags"), "$.data.encodingFlags")
        if "warnings" in ebody:
            cmp_json(ebody["warnings"], got.get("warnings"), "$.warnings")
        direction = "backward"
        for k, v in case.get("params", []):
            if k == "direction" and v:
                direction = v.lower()
        res, gres = data["result"] or [], gdata.get("result")
        if gres is None:
            gres = []
        if rt == "streams":
            cmp_streams(res, gres, opt, direction)
        elif rt == "matrix":
            cmp_matrix(res, gres, opt)
        elif rt == "vector":
            cmp_vector(res, gres, opt)
        elif rt == "scalar":
            need(isinstance(gres, list) and len(gres) == 2, "bad scalar: %s" % short(gres))
            cmp_sample("scalar", res, gres, opt)
        else:
            cmp_json(res, gres)
        return
    cmp_json(data, gdata, "$.data")
