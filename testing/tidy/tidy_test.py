# SPDX-License-Identifier: Apache-2.0
"""The checks find what they are for, and the tree at hand passes them. Also tests ops/count_tests.py."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import tidy  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def function(lines, head="int f(int x) {"):
    return head + "\n" + "  ++x;\n" * (lines - 2) + "}\n"


class Checks(unittest.TestCase):
    def found(self, check, files, exemptions=()):
        return check(tidy.tree(files, exemptions=exemptions))

    def test_sizes(self):
        for name, limit in (("a.h", 300), ("a.cc", 600), ("a_test.cc", 800)):
            self.assertEqual(self.found(tidy.check_sizes, {name: "x\n" * limit}), [])
            self.assertEqual(len(self.found(tidy.check_sizes, {name: "x\n" * (limit + 1)})), 1)
        self.assertEqual(self.found(tidy.check_sizes, {"a.h": "x\n" * 301}, [("size", "a.h")]), [])
        self.assertEqual(len(self.found(tidy.check_sizes, {"a.bin": "x" * (512 * 1024 + 1)})), 1)

    def test_functions(self):
        heads = ["int f(int x) {", "result<void> a::b(int x) const {", "TEST(Name, Case) {", "a::a(int x) : x_(x) {",
                 "template <class T>\nauto f(T x) {", "void f(int a,\n       int b) {", "bool operator<(int x) {"]
        for head in heads:
            self.assertEqual(self.found(tidy.check_functions, {"a.cc": function(68, head)}), [],
                             head)
            self.assertEqual(len(self.found(tidy.check_functions, {"a.cc": function(73, head)})), 1, head)
        member = "class c {\n" + "".join("  " + line + "\n" for line in function(75).splitlines()) + "};\n"
        self.assertEqual(len(self.found(tidy.check_functions, {"a.cc": member})), 1)
        space = "namespace n {\n" + function(5) * 40 + "}  // namespace n\n"
        self.assertEqual(self.found(tidy.check_functions, {"a.cc": space}), [])

    def test_folders(self):
        files = {"d/README.md": "x"}
        files.update({"d/f%d.cc" % i: "x" for i in range(20)})
        files["d/f1_test.cc"] = "x"
        self.assertEqual(self.found(tidy.check_folders, files), [])
        files["d/g.h"] = "x"
        self.assertEqual(len(self.found(tidy.check_folders, files)), 1)
        self.assertEqual(self.found(tidy.check_folders, {"e/a.cc": "x"}), ["e: no README.md"])

    def test_names(self):
        self.assertEqual(len(self.found(tidy.check_names, {"a/string_util.h": "x", "a/helpers.cc": "x"})), 2)
        self.assertEqual(self.found(tidy.check_names, {"a/utilization.h": "x"}), [])
        self.assertEqual(len(self.found(tidy.check_names, {"a_test.cc": "TEST(Some_Thing, Works) {}"})), 1)
        self.assertEqual(self.found(tidy.check_names, {"a_test.cc": "TEST_F(Something, Works) {}"}), [])

    def test_paths(self):
        self.assertEqual(len(self.found(tidy.check_paths, {"a.md": "see /home/" + "me/x"})), 1)
        self.assertEqual(self.found(tidy.check_paths, {"a.md": "see /usr/include and the rest/lib/x"}), [])

    def test_first_lines(self):
        self.assertEqual(self.found(tidy.check_first_lines, {"a.cc": SPDX, "b.h": SPDX + "// x\n#pragma once\n"}), [])
        self.assertEqual(len(self.found(tidy.check_first_lines, {"a.cc": "//\n", "b.h": SPDX, "c.py": "x\n"})), 3)

    def test_layers(self):
        def problems(path, line):
            return self.found(tidy.check_layers, {path: line + "\n"})

        self.assertEqual(problems("storage/wal/a.cc", '#include "runtime/base/result.h"'), [])
        self.assertEqual(len(problems("storage/wal/a.cc", '#include "runtime/logql/plan/a.h"')), 1)
        self.assertEqual(len(problems("runtime/limits/a.cc", '#include "actors/common/a.h"')), 1)
        self.assertEqual(len(problems("runtime/base/a.cc", '#include "runtime/model/labels.h"')), 1)
        self.assertEqual(len(problems("storage/wal/a.cc", "#include <caf/all.hpp>")), 1)
        self.assertEqual(problems("actors/io/a.cc", "#include <caf/all.hpp>"), [])
        self.assertEqual(len(problems("actors/io/a.cc", '#include "near.h"')), 1)
        self.assertEqual(problems("storage/wal/a_test.cc", '#include "testing/kit/a.h"'), [])
        self.assertEqual(len(problems("storage/wal/a.cc", '#include "testing/kit/a.h"')), 1)

    def test_build_deps(self):
        files = {"a/BUILD.bazel": 'load("//x:y.bzl", "skald_cc_library")\n'
                                  'skald_cc_library(name = "a", srcs = ["a.cc"], hdrs = ["a.h"], deps = ["//b"])\n',
                 "b/BUILD.bazel": 'skald_cc_library(name = "b", hdrs = ["b.h"], deps = ["//c:c"])\n',
                 "c/BUILD.bazel": 'skald_cc_library(name = "c", hdrs = ["c.h"])\n'
                                  'skald_cc_library(name = "d", hdrs = ["d.h"])\n',
                 "a/a.cc": '#include "a/a.h"\n#include "b/b.h"\n#include "c/c.h"\n',
                 "a/a.h": "", "b/b.h": "", "c/c.h": "", "c/d.h": ""}
        self.assertEqual(self.found(tidy.check_build_deps, files), [])
        files["a/a.cc"] = '#include "c/d.h"\n'
        self.assertEqual(self.found(tidy.check_build_deps, files), ["a/a.cc:1: //c:d is not in deps of //a:a"])
        files["a/lost.cc"] = ""
        self.assertIn("a/lost.cc: in no target", self.found(tidy.check_build_deps, files))


class CountTests(unittest.TestCase):
    def count(self, events, xml="", status=0):
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "test.xml")
            with open(report, "w") as f:
                f.write(xml)
            path = os.path.join(folder, "events.json")
            with open(path, "w") as f:
                f.write("\n".join(json.dumps(e) for e in events).replace("REPORT", "file://" + report))
            run = subprocess.run([sys.executable, os.path.join(ROOT, "ops/count_tests.py"), path, str(status)],
                                 stdout=subprocess.PIPE, universal_newlines=True)
            return run.stdout.strip().splitlines(), run.returncode

    @staticmethod
    def result(status):
        return {"id": {"testResult": {"label": "//a:t"}},
                "testResult": {"status": status, "testActionOutput": [{"name": "test.xml", "uri": "REPORT"}]}}

    def test_counts_cases(self):
        xml = ("<testsuites><testsuite><testcase name='a' status='run'/><testcase name='b' status='run'/>"
               "<testcase name='c' status='notrun'/></testsuite></testsuites>")
        self.assertEqual(self.count([self.result("PASSED")], xml), (["2 passed, 0 failed"], 0))

    def test_names_failures(self):
        xml = ("<testsuites><testsuite><testcase name='a' classname='S'><failure message='x'/></testcase>"
               "<testcase name='b'/></testsuite></testsuites>")
        self.assertEqual(self.count([self.result("FAILED")], xml, 3),
                         (["FAILED //a:t S.a", "1 passed, 1 failed"], 1))

    def test_counts_crashes_and_broken_targets(self):
        broken = {"id": {"targetCompleted": {"label": "//b:t"}}, "completed": {}}
        self.assertEqual(self.count([self.result("TIMEOUT"), broken], "", 1),
                         (["FAILED //a:t TIMEOUT", "FAILED //b:t does not build", "0 passed, 2 failed"], 1))
        self.assertEqual(self.count([], "", 37), (["FAILED bazel ended with status 37", "0 passed, 1 failed"], 1))


class Tree(unittest.TestCase):
    def test_tree_is_tidy(self):
        problems = tidy.run(ROOT)
        self.assertEqual(problems, [], "\n" + "\n".join(problems))


if __name__ == "__main__":
    unittest.main()
