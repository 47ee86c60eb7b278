# SPDX-License-Identifier: Apache-2.0
"""Counts test cases of one Bazel run: count_tests.py EVENTS_FILE BAZEL_STATUS.

Reads the build event file, and of every test target the JUnit XML that it names. Prints the failed cases and, as the last
line, "N passed, N failed". Exits with 0 only if Bazel did and nothing failed.
"""
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ET


def read_events(path):
    """Results by (target, shard), the targets that did not build, and those that ran without a result."""
    results, broken = {}, set()
    try:
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
    except OSError:
        return results, broken
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        ident = event.get("id", {})
        if "testResult" in ident:
            key = (ident["testResult"]["label"], ident["testResult"].get("shard", 0), ident["testResult"].get("run", 0))
            results[key] = event.get("testResult", {})  # of several attempts the last one counts
        elif "targetCompleted" in ident and not event.get("completed", {}).get("success", False):
            broken.add(ident["targetCompleted"]["label"])
    return results, broken


def xml_path(result):
    for output in result.get("testActionOutput", []):
        if output.get("name") == "test.xml":
            return urllib.parse.unquote(urllib.parse.urlparse(output["uri"]).path)
    return None


def count_cases(path):
    """(passed, names of failed cases) of one JUnit file; None if it has no cases."""
    try:
        cases = list(ET.parse(path).getroot().iter("testcase"))
    except (OSError, ET.ParseError):
        return None
    passed, failed = 0, []
    for case in cases:
        if case.get("status") == "notrun" or case.get("result") == "suppressed":
            continue
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append("%s.%s" % (case.get("classname", ""), case.get("name", "")))
        elif case.find("skipped") is None:
            passed += 1
    return (passed, failed) if passed or failed else None


def main():
    results, broken = read_events(sys.argv[1])
    bazel_status = int(sys.argv[2])
    passed, failures = 0, []
    for (label, _, _), result in sorted(results.items()):
        ok = result.get("status") in ("PASSED", "FLAKY")
        path = xml_path(result)
        counted = count_cases(path) if path else None
        if counted is None:
            counted = (1, []) if ok else (0, [result.get("status", "FAILED")])
        if not ok and not counted[1]:
            counted = (counted[0], [result.get("status", "FAILED")])  # e.g. a crash after the last case
        passed += counted[0]
        failures += ["%s %s" % (label, name) for name in counted[1]]
    tested = {label for label, _, _ in results}
    failures += ["%s does not build" % label for label in sorted(broken - tested)]
    if bazel_status != 0 and not failures:
        failures.append("bazel ended with status %d" % bazel_status)
    for failure in failures:
        print("FAILED " + failure)
    print("%d passed, %d failed" % (passed, len(failures)))
    sys.exit(1 if failures or bazel_status != 0 else 0)


if __name__ == "__main__":
    main()
