#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a Python test from Bazel's runfiles: the first argument is the script, the rest are VARIABLE=VALUE for its environment.
script=$1
shift
export PYTHONDONTWRITEBYTECODE=1
exec env "$@" /usr/bin/python3 "$script"
