# SPDX-License-Identifier: Apache-2.0
"""The limits on style that a machine can check (docs/STYLE.md): sizes, names, layers, build files, licences.

Each check is a function from a `tree` to a list of problems ("path:line: what"). `python3 tidy.py [ROOT]` runs all of them.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
SKIPPED = {".git", ".cache", "data", "node_modules", "__pycache__"}

HEADER_LINES_MAX = 300
SOURCE_LINES_MAX = 600
TEST_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
FOLDER_PAIRS_MAX = 20
FILE_BYTES_MAX = 512 * 1024


class tree:
    """The files of a checkout. `files` maps paths to text (None for what is no text)."""

    def __init__(self, files, sizes=None, exemptions=()):
        self.files = files
        self.sizes = sizes or {path: len((text or "").encode()) for path, text in files.items()}
        self.exemptions = set(exemptions)

    def cpp(self):
        return sorted(p for p in self.files if p.endswith((".cc", ".h")) and self.files[p] is not None)

    def exempt(self, check, path):
        return (check, path) in self.exemptions


def list_files(root):
    """What git tracks; without git, all files but build output."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if listed.returncode == 0 and listed.stdout:
        paths = listed.stdout.decode().rstrip("\0").split("\0")
        return [p for p in paths if os.path.isfile(os.path.join(root, p))]
    paths = []
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if n not in SKIPPED and not n.startswith("bazel-")]
        paths += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return paths


def read_tree(root):
    files, sizes = {}, {}
    for path in list_files(root):
        full = os.path.join(root, path)
        sizes[path] = os.path.getsize(full)
        try:
            with open(full, encoding="utf-8") as f:
                files[path] = f.read()
        except UnicodeDecodeError:
            files[path] = None
    return tree(files, sizes, read_exemptions(files.get("testing/tidy/tidy_exemptions.txt") or ""))


def read_exemptions(text):
    """Lines of "check path reason"."""
    out = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            check, path, reason = line.split(None, 2)
            assert reason
            out.append((check, path))
    return out


def check_sizes(t):
    problems = []
    for path in t.cpp():
        lines = t.files[path].count("\n")
        limit = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
        if path.endswith("_test.cc"):
            limit = TEST_LINES_MAX
        if lines > limit and not t.exempt("size", path):
            problems.append("%s: %d lines, at most %d" % (path, lines, limit))
    for path, size in sorted(t.sizes.items()):
        if size > FILE_BYTES_MAX and not t.exempt("bytes", path):
            problems.append("%s: %d bytes, at most %d" % (path, size, FILE_BYTES_MAX))
    return problems


# The first line of a function as clang-format lays it out: `type name(...` at the indentation of its closing brace, not
# deeper than a class member inside a namespace.
STARTS_FUNCTION = re.compile(r"^( {0,4})(?!(?:if|for|while|switch|catch|return|case|default|else|do|using|namespace|struct|"
                             r"class|enum|union|extern|template|public|private|protected|static_assert|co_return)\b)"
                             r"(?:[\w:<>,&*~\[\]() ]+ )?(?:[\w:~]+\([^=;]*|operator.*)$")


def function_spans(text):
    """(first line, last line) of functions and tests, by indentation. Lambdas count with the function around them."""
    lines = text.split("\n")
    spans, at = [], 0
    while at < len(lines):
        match = STARTS_FUNCTION.match(lines[at])
        if not match:
            at += 1
            continue
        indent, opening = match.group(1), at
        # The parameter list may go on over deeper indented lines until the body opens.
        while (opening < min(at + 12, len(lines) - 1) and not lines[opening].endswith("{")
               and not lines[opening].endswith((";", "}"))
               and (lines[opening + 1].startswith(indent + "  ") or lines[opening + 1] == indent + "{")):
            opening += 1
        if not lines[opening].endswith("{"):
            at += 1
            continue
        end = opening + 1
        while end < len(lines) and not lines[end].startswith(indent + "}"):
            end += 1
        if end < len(lines) and lines[end] in (indent + "}", indent + "};"):
            spans.append((at + 1, end + 1))
            at = end
        at += 1
    return spans


def check_functions(t):
    problems = []
    for path in t.cpp():
        if t.exempt("function", path):
            continue
        for first, last in function_spans(t.files[path]):
            if last - first + 1 > FUNCTION_LINES_MAX:
                problems.append("%s:%d: a function of %d lines, at most %d" %
                                (path, first, last - first + 1, FUNCTION_LINES_MAX))
    return problems


def check_folders(t):
    problems, folders = [], {}
    for path in t.files:
        folder, name = os.path.split(path)
        if name.endswith((".cc", ".h", ".capnp", ".py")):
            folders.setdefault(folder, []).append(name)
    for folder, names in sorted(folders.items()):
        if folder and folder + "/README.md" not in t.files and not t.exempt("readme", folder):
            problems.append("%s: no README.md" % folder)
        pairs = {n.rsplit(".", 1)[0] for n in names
                 if n.endswith((".cc", ".h")) and not n.endswith(("_test.cc", "_bench.cc", "_fuzz.cc"))}
        if len(pairs) > FOLDER_PAIRS_MAX and not t.exempt("folder", folder):
            problems.append("%s: %d file pairs, at most %d" % (folder, len(pairs), FOLDER_PAIRS_MAX))
    return problems


BANNED_NAMES = re.compile(r"(?:^|_)(?:utils?|helpers?|manager|misc|impl2)(?:_|$)")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|tmp/dev)/\w")


def check_names(t):
    problems = []
    for path in sorted(t.files):
        stem = os.path.basename(path).rsplit(".", 1)[0]
        if BANNED_NAMES.search(stem) and not t.exempt("name", path):
            problems.append("%s: a name that says nothing" % path)
    for path in t.cpp():
        for number, line in enumerate(t.files[path].split("\n"), 1):
            # The first argument of TEST_F is a class, which house style writes in snake_case.
            match = re.match(r"(?:TYPED_)?TEST(_[FP])?\((\w+), (\w+)", line)
            if match and "_" in match.group(3) + ("" if match.group(1) else match.group(2)):
                problems.append("%s:%d: an underscore in a test's name" % (path, number))
    return problems


def check_paths(t):
    problems = []
    for path, text in sorted(t.files.items()):
        if text is None or path.startswith("testing/tidy/") or t.exempt("path", path):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if MACHINE_PATH.search(line):
                problems.append("%s:%d: a path of one machine" % (path, number))
    return problems


def check_first_lines(t):
    problems = []
    for path, text in sorted(t.files.items()):
        if text is None or not path.endswith((".cc", ".h", ".py", ".sh", ".capnp")):
            continue
        lines = text.split("\n")
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        mark = "//" if path.endswith((".cc", ".h")) else "#"
        if first != mark + " SPDX-License-Identifier: Apache-2.0":
            problems.append("%s:1: no SPDX line" % path)
        if path.endswith(".h") and "\n#pragma once\n" not in text:
            problems.append("%s: no #pragma once" % path)
    return problems


INCLUDE = re.compile(r'^ *#include ([<"])([^>"]+)[>"]')

# Package -> packages that it may include, longest prefix first. Its own folder is always allowed.
LAYERS = [
    ("schemas", []),
    ("runtime/base", []),
    ("runtime/model", ["runtime/base"]),
    ("runtime/metrics", ["runtime/base"]),
    ("runtime/limits", ["runtime/base", "runtime/model"]),
    ("runtime/ring", ["runtime/base", "runtime/model"]),
    ("runtime/membership", ["runtime/base", "runtime/model"]),
    ("runtime/logql", ["runtime/base", "runtime/model"]),
    ("runtime/http", ["runtime/base", "runtime/model"]),
    ("runtime/loki_api", ["runtime/base", "runtime/model", "runtime/http", "runtime/logql", "runtime/limits"]),
    ("runtime/config", ["runtime", "storage", "actors"]),
    ("runtime/node", ["runtime", "storage", "actors", "schemas"]),
    ("storage", ["runtime/base", "runtime/model", "runtime/metrics", "schemas"]),
    ("actors", ["runtime/base", "runtime/model", "runtime/metrics", "runtime/limits", "runtime/ring",
                "runtime/membership", "runtime/logql", "runtime/http", "runtime/loki_api", "storage", "schemas"]),
    ("testing", ["runtime", "storage", "actors", "schemas", "testing"]),
]

# Foreign headers -> who may include them.
FOREIGN = [
    ("caf/", ["actors", "runtime/node", "testing"]),
    ("yaml-cpp/", ["runtime/config"]),
    ("spdlog/", ["runtime/base"]),
    ("prometheus/", ["runtime/metrics"]),
    ("lmdb.h", ["storage/index"]),
    ("zstd", ["storage", "testing"]),
    ("libs3.h", ["storage/object_store"]),
    ("curl/", ["storage/object_store", "testing"]),
    ("boost/unordered/", ["runtime", "storage", "actors", "testing"]),
    ("boost/asio", ["runtime/http", "actors/gateway", "testing"]),
    ("boost/beast", ["runtime/http", "actors/gateway", "testing"]),
    ("capnp/", ["schemas", "storage", "actors", "testing"]),
    ("kj/", ["schemas", "storage", "actors", "testing"]),
    ("re2/", ["runtime", "testing"]),
    ("simdjson", ["runtime", "testing"]),
    ("roaring", ["storage/index"]),
]


def in_package(path, package):
    return path == package or path.startswith(package + "/")


def is_test_only(path):
    return (path.endswith(("_test.cc", "_bench.cc", "_fuzz.cc", "_fixture.cc", "_fixture.h"))
            or path.startswith("testing/"))


def check_layers(t):
    problems = []
    for path in t.cpp():
        home = next(((p, allowed) for p, allowed in LAYERS if in_package(path, p)), None)
        for number, line in enumerate(t.files[path].split("\n"), 1):
            match = INCLUDE.match(line)
            if not match or t.exempt("layer", path):
                continue
            kind, target = match.groups()
            where = "%s:%d: includes %s" % (path, number, target)
            if kind == "<":
                for prefix, owners in FOREIGN:
                    if target.startswith(prefix) and not any(in_package(path, o) for o in owners):
                        problems.append(where + ", which belongs to " + ", ".join(owners))
                continue
            if "/" not in target:
                problems.append(where + ": not the full path")
            elif home and not in_package(target, home[0]) and not (
                    is_test_only(path) and in_package(target, "testing")):
                if not any(in_package(target, p) for p in home[1]):
                    problems.append(where + ", above or beside its layer")
    return problems


class build_target:
    def __init__(self, package, kind, values):
        self.label = "//%s:%s" % (package, values.get("name", ""))
        self.kind = kind
        self.files = {os.path.join(package, f) for f in values.get("srcs", []) + values.get("hdrs", [])
                      if isinstance(f, str) and not f.startswith((":", "//"))}
        self.deps = {full_label(package, d) for d in values.get("deps", [])}


def full_label(package, label):
    if label.startswith(":"):
        return "//" + package + label
    if label.startswith("//") and ":" not in label:
        return label + ":" + label.rsplit("/", 1)[-1]
    return label


class recorder(dict):
    """A namespace in which every unknown function of a build file notes its arguments."""

    def __init__(self, package, targets):
        super().__init__()
        self.package, self.targets = package, targets

    def __missing__(self, name):
        def note(*args, **kwargs):
            if "name" in kwargs:
                self.targets.append(build_target(self.package, name, kwargs))
            return []

        if name in ("True", "False", "None"):
            raise KeyError(name)
        return __builtins__[name] if isinstance(__builtins__, dict) and name in ("range", "str", "len") else note


def read_targets(t):
    """All targets of the build files, which are valid Python, too; (targets, problems)."""
    targets, problems = [], []
    for path, text in sorted(t.files.items()):
        package, name = os.path.split(path)
        if name != "BUILD.bazel" or package.startswith("ops"):
            continue
        try:
            exec(compile(text, path, "exec"), recorder(package, targets))
        except Exception as e:  # the file is wrong or uses what Python has not
            problems.append("%s: cannot be read: %s" % (path, e))
    return targets, problems


def reachable_deps(target, by_label):
    out, todo = set(), list(target.deps)
    while todo:
        label = todo.pop()
        if label not in out:
            out.add(label)
            todo += by_label[label].deps if label in by_label else []
    return out


def check_build_deps(t):
    """Each project include comes from the target itself or from one that it depends on; each source has a target."""
    targets, problems = read_targets(t)
    by_label = {target.label: target for target in targets}
    owners = {}
    for target in targets:
        for f in target.files:
            owners.setdefault(f, []).append(target)
    for path in t.cpp():
        if path not in owners and not t.exempt("target", path):
            problems.append("%s: in no target" % path)
    for target in targets:
        if target.kind not in ("skald_cc_library", "skald_cc_test", "skald_cc_binary", "skald_cc_benchmark"):
            continue
        reachable = reachable_deps(target, by_label)
        for path in sorted(f for f in target.files if t.files.get(f)):
            if t.exempt("deps", path):
                continue
            for number, line in enumerate(t.files[path].split("\n"), 1):
                match = INCLUDE.match(line)
                if not match or match.group(1) != '"' or match.group(2) in target.files:
                    continue
                found = owners.get(match.group(2), [])
                if found and not any(o.label in reachable for o in found):
                    problems.append("%s:%d: %s is not in deps of %s" %
                                    (path, number, found[0].label, target.label))
    return problems


CHECKS = [check_sizes, check_functions, check_folders, check_names, check_paths, check_first_lines, check_layers,
          check_build_deps]


def run(root):
    t = read_tree(root)
    problems = []
    for check in CHECKS:
        problems += check(t)
    return problems


if __name__ == "__main__":
    found = run(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../.."))
    for problem in found:
        print(problem)
    print("%d problems" % len(found))
    sys.exit(1 if found else 0)
