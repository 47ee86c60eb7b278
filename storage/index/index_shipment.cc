// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_shipment.h"

#include <zstd.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "storage/index/running_hash.h"

namespace skald {
namespace {

constexpr std::string_view magic = "SKALDIDX";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_bytes = 56;
constexpr std::uint64_t inflated_bytes_max = std::uint64_t{16} << 30;

std::uint64_t load64(std::string_view bytes, std::size_t offset) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void store64(std::string& out, std::size_t offset, std::uint64_t value) {
  std::memcpy(out.data() + offset, &value, sizeof value);
}

error damaged(const std::string& what) {
  return {errc::corrupt, "index shipment: " + what};
}

struct header {
  std::uint64_t inflated_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t inflated_hash = 0;
  std::uint64_t stored_hash = 0;
};

std::string encode_header(const header& h) {
  std::string out(header_bytes, '\0');
  std::memcpy(out.data(), magic.data(), magic.size());
  std::memcpy(out.data() + 8, &version, sizeof version);
  store64(out, 16, h.inflated_bytes);
  store64(out, 24, h.stored_bytes);
  store64(out, 32, h.inflated_hash);
  store64(out, 40, h.stored_hash);
  store64(out, 48, xxh3_64(std::string_view(out).substr(0, 48)));
  return out;
}

result<header> parse_header(std::string_view bytes) {
  if (bytes.size() < header_bytes) return damaged("shorter than its header");
  if (!bytes.starts_with(magic)) return damaged("wrong magic");
  if (xxh3_64(bytes.substr(0, 48)) != load64(bytes, 48)) {
    return damaged("header checksum differs");
  }
  std::uint32_t stored_version;
  std::memcpy(&stored_version, bytes.data() + 8, sizeof stored_version);
  if (stored_version != version) {
    return damaged("version " + std::to_string(stored_version) + " is unknown");
  }
  const header h{load64(bytes, 16), load64(bytes, 24), load64(bytes, 32), load64(bytes, 40)};
  if (h.inflated_bytes > inflated_bytes_max) return damaged("inflated length above 16 GiB");
  return h;
}

struct compressor_free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct decompressor_free {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Takes out bytes of an output buffer: to the hash and the file.
result<void> emit(std::string_view bytes, running_hash64& hash, file& out) {
  hash.add(bytes);
  return out.append(bytes);
}

// Gives at least `wanted` bytes at once, unless the source ends before.
result<std::string> gather(const piece_source& source, std::size_t wanted) {
  std::string out;
  while (out.size() < wanted) {
    SKALD_TRY_ASSIGN(const std::string_view piece, source());
    if (piece.empty()) break;
    out += piece;
  }
  return out;
}

class inflater {
 public:
  inflater(const header& expected, file& out) : expected_(expected), out_(out) {}

  result<void> add(std::string_view stored) {
    stored_bytes_ += stored.size();
    stored_hash_.add(stored);
    if (stored_bytes_ > expected_.stored_bytes) return damaged("wrong length");
    ZSTD_inBuffer in{stored.data(), stored.size(), 0};
    bool full = true;  // zstd may hold more than the buffer took
    while (in.pos < in.size || full) {
      ZSTD_outBuffer to{buffer_.data(), buffer_.size(), 0};
      const std::size_t state = ZSTD_decompressStream(context_.get(), &to, &in);
      if (ZSTD_isError(state)) return damaged("does not inflate");
      full = to.pos == to.size;
      const std::string_view piece(buffer_.data(), to.pos);
      inflated_bytes_ += piece.size();
      if (inflated_bytes_ > expected_.inflated_bytes) return damaged("inflates to too much");
      file_hash_.add(piece);
      SKALD_TRY(emit(piece, inflated_hash_, out_));
      if (state == 0 && in.pos < in.size) return damaged("has bytes behind its frame");
      if (state == 0) break;
    }
    return {};
  }

  result<index_file_digest> finish() const {
    if (stored_bytes_ != expected_.stored_bytes) return damaged("wrong length");
    if (stored_hash_.value() != expected_.stored_hash) {
      return damaged("checksum of stored bytes differs");
    }
    if (inflated_bytes_ != expected_.inflated_bytes) return damaged("does not inflate");
    if (inflated_hash_.value() != expected_.inflated_hash) {
      return damaged("checksum of inflated bytes differs");
    }
    return index_file_digest{inflated_bytes_, file_hash_.value()};
  }

 private:
  const header expected_;
  file& out_;
  std::unique_ptr<ZSTD_DCtx, decompressor_free> context_{ZSTD_createDCtx()};
  std::string buffer_ = std::string(file_piece_bytes, '\0');
  std::uint64_t stored_bytes_ = 0;
  std::uint64_t inflated_bytes_ = 0;
  running_hash64 stored_hash_;
  running_hash64 inflated_hash_;
  running_hash128 file_hash_;
};

}  // namespace

result<index_shipment_written> write_index_shipment(const piece_source& index_file,
                                                    int compression_level, file& out) {
  SKALD_TRY(out.append(std::string(header_bytes, '\0')));  // its contents are known at the end
  const std::unique_ptr<ZSTD_CCtx, compressor_free> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, compression_level);
  std::string buffer(ZSTD_CStreamOutSize(), '\0');
  running_hash64 inflated_hash;
  running_hash64 stored_hash;
  running_hash128 file_hash;
  header h;
  for (bool end = false; !end;) {
    SKALD_TRY_ASSIGN(const std::string_view piece, index_file());
    end = piece.empty();
    inflated_hash.add(piece);
    file_hash.add(piece);
    h.inflated_bytes += piece.size();
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (bool more = true; more;) {
      ZSTD_outBuffer to{buffer.data(), buffer.size(), 0};
      const std::size_t left =
          ZSTD_compressStream2(context.get(), &to, &in, end ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) {
        return error{errc::internal,
                     std::string("index shipment: zstd: ") + ZSTD_getErrorName(left)};
      }
      h.stored_bytes += to.pos;
      SKALD_TRY(emit({buffer.data(), to.pos}, stored_hash, out));
      more = end ? left != 0 : in.pos < in.size;
    }
  }
  h.inflated_hash = inflated_hash.value();
  h.stored_hash = stored_hash.value();
  SKALD_TRY(out.write_at(0, encode_header(h)));
  return index_shipment_written{header_bytes + h.stored_bytes,
                                {h.inflated_bytes, file_hash.value()}};
}

result<index_file_digest> read_index_shipment(const piece_source& shipment, std::uint64_t bytes,
                                              file& out) {
  SKALD_TRY_ASSIGN(const std::string first, gather(shipment, header_bytes));
  SKALD_TRY_ASSIGN(const header h, parse_header(first));
  if (h.stored_bytes != bytes - header_bytes) return damaged("wrong length");
  inflater target(h, out);
  SKALD_TRY(target.add(std::string_view(first).substr(header_bytes)));
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, shipment());
    if (piece.empty()) return target.finish();
    SKALD_TRY(target.add(piece));
  }
}

}  // namespace skald
