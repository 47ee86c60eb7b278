# SPDX-License-Identifier: Apache-2.0
# A push frame: entries of many streams of one tenant, by column. Written once by the distributor; the same bytes travel
# to ingesters, stand in the write-ahead log, and are read in place everywhere. Stored: yes (WAL). Evolution: EVOLUTION.md.
@0xd3f4a86c0b6de201;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skald::schema");

struct PushFrame {
  # Columns are Data of little-endian integers, not lists: Data is word-aligned, so a reader on a little-endian machine
  # uses them where they stand. A frame is one segment with this struct as root.
  tenant @0 :Text;
  slices @1 :List(StreamSlice);
}

struct StreamSlice {
  fingerprintHigh @0 :UInt64;
  fingerprintLow @1 :UInt64;
  # Canonical label text, `{a="1", b="2"}`; the fingerprint is its 128-bit XXH3.
  labels @2 :Text;
  # int64 nanoseconds since the epoch, one an entry, in order of arrival.
  timestamps @3 :Data;
  # uint32 offsets into `lines`, one an entry plus one; the last equals its length.
  lineStarts @4 :Data;
  # All lines, each followed by '\n'.
  lines @5 :Data;
  # Structured metadata; all three are empty when no entry has any. uint32 pair numbers, one an entry plus one.
  metadataStarts @6 :Data;
  # uint32 offsets into `metadataText`, two a pair plus one: name begin, value begin, ..., end.
  metadataOffsets @7 :Data;
  metadataText @8 :Data;
}
