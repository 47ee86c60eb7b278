#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a test with a stack of 256 MiB: frames of the sanitizers are several times larger, and the depths that the parsers
# allow are measured for plain ones.
ulimit -s 262144
exec "$@"
