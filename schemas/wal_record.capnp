# SPDX-License-Identifier: Apache-2.0
# Bodies of write-ahead log records other than entries (an `entries` record holds dropped rows and a PushFrame, see
# docs/formats/wal.md). Written by shards and flushers, read at replay. Stored: yes. Evolution: EVOLUTION.md.
@0xd3f4a86c0b6de203;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skald::schema");

struct FlushedPack {
  tenant @0 :Text;
  dayNumber @1 :Int64;
  # Object key of the pack; its directory gives the chunk references again.
  packKey @2 :Text;
}

# A flush is complete in the object store: every entry of `shard` up to and including `sequence` lies in these packs.
# This record is the commit point of a flush.
struct Flushed {
  shard @0 :UInt32;
  sequence @1 :UInt64;
  flushId @2 :UInt64;
  packs @3 :List(FlushedPack);
  # Number of shards that `shard` belongs to: a stream's shard is its fingerprint's low half modulo this.
  shardCount @4 :UInt32;
}

struct ShardProgress {
  shard @0 :UInt32;
  # Entries up to and including this record are in packs.
  flushedSequence @1 :UInt64;
  nextFlushId @2 :UInt64;
  # Number of shards that `shard` belongs to; 0 means Checkpoint.shardCount.
  shardCount @3 :UInt32;
}

# What replay needs of the segments that have been released.
struct Checkpoint {
  shards @0 :List(ShardProgress);
  # Packs whose index rows are not yet in a shipped index file.
  unshippedPacks @1 :List(FlushedPack);
  # Number of shards that the sequences above belong to.
  shardCount @2 :UInt32;
}
