"""Skald's build rules: one place for flags, so that every target is compiled alike.

`skald_cc_library` and friends wrap the native rules with warnings as errors; `capnp_library` compiles Cap'n Proto
schemas. Targets are private unless they say otherwise; visibility lists are the layer table of docs/STYLE.md in force.
"""

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-sign-compare",
    "-Wno-missing-field-initializers",
]

# g++ 12 sees uninitialised values in std::variant<T, error> of inlined test bodies where there are none.
_TEST_COPTS = ["-Wno-maybe-uninitialized"]

# AVX2 kernels live in their own targets with this flag and are chosen at run time.
AVX2_COPTS = ["-mavx2", "-mbmi", "-mbmi2"]

def skald_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = _COPTS + copts, **kwargs)

def skald_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = _COPTS + copts, **kwargs)

def skald_cc_test(name, copts = [], deps = [], size = "small", **kwargs):
    native.cc_test(
        name = name,
        copts = _COPTS + _TEST_COPTS + copts,
        size = size,
        deps = deps + ["//ops/bazel/third_party:gtest_main"],
        **kwargs
    )

def skald_cc_fuzz_test(name, srcs, deps = [], **kwargs):
    """A libFuzzer target; build with --config=fuzz (clang). Other builds leave it out (.bazelrc, build_tag_filters)."""
    native.cc_binary(
        name = name,
        srcs = srcs,
        copts = _COPTS,
        linkopts = ["-fsanitize=fuzzer"],
        deps = deps,
        testonly = True,
        tags = ["fuzz"],
        **kwargs
    )

def skald_cc_benchmark(name, srcs, deps = [], copts = [], **kwargs):
    native.cc_binary(
        name = name,
        srcs = srcs,
        copts = _COPTS + copts,
        deps = deps + ["//ops/bazel/third_party:benchmark_main"],
        testonly = True,
        tags = ["bench"],
        **kwargs
    )

def capnp_library(name, srcs, visibility = None):
    """Compiles .capnp files into a C++ library. Include as "schemas/<file>.capnp.h"."""
    outs = []
    for src in srcs:
        outs += [src + ".h", src + ".c++"]
    native.genrule(
        name = name + "_gen",
        srcs = srcs,
        outs = outs,
        cmd = "capnp compile -oc++:$(GENDIR) --no-standard-import -I/usr/include $(SRCS)",
    )
    native.cc_library(
        name = name,
        srcs = [src + ".c++" for src in srcs],
        hdrs = [src + ".h" for src in srcs],
        deps = ["//ops/bazel/third_party:capnp"],
        visibility = visibility,
    )
