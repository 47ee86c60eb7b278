# SPDX-License-Identifier: Apache-2.0
# A query leg on its way to a worker, and its result on the way back. Written by query roots, read by range workers, and
# the reverse. Stored: no. Evolution: EVOLUTION.md.
@0xd3f4a86c0b6de205;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skald::schema");

struct TimeRange {
  startNs @0 :Int64;
  endNs @1 :Int64;  # first nanosecond behind
}

struct QueryRequest {
  query @0 :Text;
  startNs @1 :Int64;
  endNs @2 :Int64;
  stepNs @3 :Int64;
  intervalNs @4 :Int64;
  limit @5 :UInt32;
  forward @6 :Bool;
  instant @7 :Bool;
}

# One sub-range: which leaf of the plan to evaluate over which part of the data.
struct QueryLeg {
  request @0 :QueryRequest;
  leaf @1 :UInt32;
  range @2 :TimeRange;
  # Streams whose fingerprint falls in this prefix; bits = 0 means all.
  shardPrefix @3 :UInt32;
  shardBits @4 :UInt8;
}

struct MetadataPair {
  name @0 :Text;
  value @1 :Text;
}

struct LogEntry {
  timestampNs @0 :Int64;
  line @1 :Data;
}

struct LogStream {
  labels @0 :List(MetadataPair);
  structuredMetadata @1 :List(MetadataPair);
  parsed @2 :List(MetadataPair);
  entries @3 :List(LogEntry);
}

struct Series {
  labels @0 :List(MetadataPair);
  # Accumulator states by elementary interval or sample, as doubles and int64 in turn (docs/adr/0007-query-legs.md).
  states @1 :Data;
}

struct QueryStats {
  storedBytesRead @0 :UInt64;
  inflatedBytes @1 :UInt64;
  rowsScanned @2 :UInt64;
  blocksRead @3 :UInt64;
  blocksSkipped @4 :UInt64;
}

struct QueryPiece {
  union {
    streams @0 :List(LogStream);
    series @1 :List(Series);
  }
  stats @2 :QueryStats;
  last @3 :Bool;
}

struct QueryError {
  # errc by name, see runtime/base/result.h.
  code @0 :Text;
  message @1 :Text;
}
