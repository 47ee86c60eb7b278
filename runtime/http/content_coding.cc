// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace skald {
namespace {

constexpr int raw_window_bits = -15;
constexpr int gzip_window_bits = 15 + 16;
constexpr std::size_t first_output_bytes = 64 * 1024;

// Owns zlib's state for one body.
class inflater {
 public:
  explicit inflater(int window_bits) { ready_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;

  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

error too_large(const inflate_limits& limits) {
  return {errc::resource_exhausted, "message size too large than max (" +
                                        std::to_string(limits.bytes_max + 1) + " vs " +
                                        std::to_string(limits.bytes_max) + ")"};
}

// Makes room for at least one more byte of output; one byte above the limit is allowed, so that a
// body that just fits can be told from one that does not.
result<void> grow_output(std::string& out, std::size_t used, const inflate_limits& limits) {
  if (used < out.size()) return {};
  const std::size_t wanted =
      std::min(limits.bytes_max + 1, std::max(first_output_bytes, out.size() * 2));
  if (limits.lease != nullptr && !limits.lease->grow(wanted - out.size())) {
    return error{errc::overloaded, "too many bytes in flight, try again later"};
  }
  out.resize(wanted);
  return {};
}

error inflate_error(content_coding coding, const z_stream& stream) {
  const std::string_view why = stream.msg != nullptr ? stream.msg : "";
  if (coding == content_coding::deflate) {
    return {errc::invalid_argument,
            "flate: corrupt input before offset " + std::to_string(stream.total_in)};
  }
  if (why == "incorrect header check" || why == "unknown compression method") {
    return {errc::invalid_argument, "gzip: invalid header"};
  }
  if (why == "incorrect data check" || why == "incorrect length check") {
    return {errc::invalid_argument, "gzip: invalid checksum"};
  }
  return {errc::invalid_argument,
          "flate: corrupt input before offset " + std::to_string(stream.total_in)};
}

// One step of zlib over at most what fits its 32-bit counters. True at the end of a member.
result<bool> inflate_step(content_coding coding, z_stream& stream, std::string& out,
                          std::size_t& used, std::string_view& rest) {
  constexpr std::size_t step_max = std::numeric_limits<uInt>::max();
  const uInt in_bytes = static_cast<uInt>(std::min(rest.size(), step_max));
  const uInt out_bytes = static_cast<uInt>(std::min(out.size() - used, step_max));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest.data()));
  stream.avail_in = in_bytes;
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
  stream.avail_out = out_bytes;
  const int code = inflate(&stream, Z_NO_FLUSH);
  rest.remove_prefix(in_bytes - stream.avail_in);
  used += out_bytes - stream.avail_out;
  if (code == Z_STREAM_END) return true;
  if (code == Z_BUF_ERROR || (code == Z_OK && rest.empty() && stream.avail_out > 0)) {
    return error{errc::invalid_argument, "unexpected EOF"};
  }
  if (code != Z_OK) return inflate_error(coding, stream);
  return false;
}

}  // namespace

result<std::string> inflate_body(content_coding coding, std::string_view body,
                                 const inflate_limits& limits) {
  if (coding == content_coding::identity) return std::string(body);
  if (body.empty()) {
    return error{errc::invalid_argument, coding == content_coding::gzip ? "EOF" : "unexpected EOF"};
  }
  inflater state(coding == content_coding::gzip ? gzip_window_bits : raw_window_bits);
  if (!state.ready()) return error{errc::resource_exhausted, "no memory to inflate the body"};
  std::string out;
  std::size_t used = 0;
  while (true) {
    SKALD_TRY(grow_output(out, used, limits));
    SKALD_TRY_ASSIGN(const bool member_done, inflate_step(coding, state.stream(), out, used, body));
    if (used > limits.bytes_max) return too_large(limits);
    if (!member_done) continue;
    // gzip allows several members; raw deflate ends here and ignores what follows, as Go does.
    if (coding != content_coding::gzip || body.empty()) break;
    inflateReset(&state.stream());
  }
  out.resize(used);
  return out;
}

std::string gzip_compress(std::string_view body) {
  z_stream stream{};
  // Level 1: answers are compressed once, for one reader, usually on the same network.
  if (deflateInit2(&stream, 1, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string out(deflateBound(&stream, body.size()), '\0');
  std::size_t used = 0;
  constexpr std::size_t step_max = 1u << 30;
  int code = Z_OK;
  while (code == Z_OK) {
    const std::size_t in_bytes = std::min(body.size(), step_max);
    const std::size_t out_bytes = std::min(out.size() - used, step_max);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(in_bytes);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(out_bytes);
    code = deflate(&stream, in_bytes == body.size() ? Z_FINISH : Z_NO_FLUSH);
    body.remove_prefix(in_bytes - stream.avail_in);
    used += out_bytes - stream.avail_out;
  }
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return {};
  out.resize(used);
  return out;
}

}  // namespace skald
