# SPDX-License-Identifier: Apache-2.0
# References to chunks, as an ingester or index gateway tells them to queriers. Stored: no. Evolution: EVOLUTION.md.
@0xd3f4a86c0b6de204;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skald::schema");

struct ChunkRef {
  packKey @0 :UInt32;  # position in ChunkRefs.packKeys
  directoryEntry @1 :UInt32;
  minTimestampNs @2 :Int64;
  maxTimestampNs @3 :Int64;
  rows @4 :UInt64;
  lineBytes @5 :UInt64;
}

struct StreamRefs {
  labels @0 :Text;
  fingerprintHigh @1 :UInt64;
  fingerprintLow @2 :UInt64;
  refs @3 :List(ChunkRef);
}

struct ChunkRefs {
  packKeys @0 :List(Text);
  streams @1 :List(StreamRefs);
}
