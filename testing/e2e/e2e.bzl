"""Tests that start the real binary and speak HTTP to it."""

def skald_e2e_test(name, src, environment = [], data = [], size = "large", tags = []):
    native.sh_test(
        name = name,
        size = size,
        srcs = ["//testing/e2e:run_python.sh"],
        args = ["$(location %s)" % src] + environment,
        data = [src, "//testing/e2e:skald_node.py", "//runtime/node:skald"] + data,
        tags = ["e2e", "exclusive"] + tags,
    )
