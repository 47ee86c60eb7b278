# SPDX-License-Identifier: Apache-2.0
# The outermost message between nodes: exactly one a frame, at byte 0 of it, so that it is read in place. Written by
# peer links, read by the gate. Stored: no. Evolution: EVOLUTION.md.
@0xd3f4a86c0b6de202;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("skald::schema");

enum MessageKind {
  hello @0;
  credit @1;
  push @2;
  pushAck @3;
  query @4;
  queryPiece @5;
  queryDone @6;
  cancel @7;
}

struct Envelope {
  # Version of the protocol; a reader refuses a higher major version with its number in the error.
  version @0 :UInt16 = 1;
  kind @1 :MessageKind;
  # Names the request that this message belongs to; unique for a sender's incarnation.
  requestId @2 :UInt64;
  tenant @3 :Text;
  # Milliseconds since the epoch after which the sender no longer wants an answer; 0 = none.
  deadlineMs @4 :UInt64;
  # W3C trace id, 16 bytes, or empty.
  traceId @5 :Data;
  # A message of the kind's own schema.
  payload @6 :AnyPointer;
}
