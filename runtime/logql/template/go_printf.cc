// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/go_printf.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "runtime/base/go_number.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

// Go's bound of widths and precisions; a larger number counts as none.
constexpr int number_max = 1'000'000;

struct format_flags {
  bool sharp = false;
  bool zero = false;
  bool plus = false;
  bool minus = false;
  bool space = false;
  bool go_syntax = false;
  std::optional<int> width;
  std::optional<int> precision;
};

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    std::size_t length = 0;
    decode_utf8(text.substr(at), length);
    at += length;
  }
  return count;
}

std::string quote_ascii(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const char32_t c = decode_utf8(text.substr(at), length);
    std::string piece;
    append_go_quoted(piece, text.substr(at, length));
    if (c < 0x80 || length == 1) {
      out += piece.substr(1, piece.size() - 2);
    } else {
      char code[16];
      std::snprintf(code, sizeof code, c < 0x10000 ? "\\u%04x" : "\\U%08x",
                    static_cast<unsigned>(c));
      out += code;
    }
    at += length;
  }
  return out + '"';
}

class formatter {
 public:
  formatter(std::string& out, std::string_view format, std::span<const template_value> arguments)
      : out_(out), format_(format), arguments_(arguments) {}

  void run() {
    while (at_ < format_.size() && !is_too_long()) {
      const std::size_t percent = format_.find('%', at_);
      out_ += format_.substr(at_, percent == std::string_view::npos ? percent : percent - at_);
      if (percent == std::string_view::npos) break;
      at_ = percent + 1;
      if (!run_verb()) break;
    }
    append_extra();
  }

 private:
  bool is_too_long() const { return out_.size() > call_bytes_max; }  // the call fails with it

  // False at the end of the format.
  bool run_verb() {
    flags_ = {};
    good_index_ = true;
    read_flags();
    bool after_index = read_index();
    if (at_ < format_.size() && format_[at_] == '*') {
      read_star_width();
      after_index = false;
    } else {
      flags_.width = read_number();
      if (after_index && flags_.width) good_index_ = false;
    }
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      if (after_index) good_index_ = false;
      after_index = read_precision();
    }
    if (!after_index) read_index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return false;
    }
    std::size_t length = 0;
    const char32_t verb = decode_utf8(format_.substr(at_), length);
    at_ += length;
    if (verb == '%') {
      out_ += '%';
    } else if (!good_index_) {
      append_bare_mistake(verb, "(BADINDEX)");
    } else if (argument_ >= arguments_.size()) {
      append_bare_mistake(verb, "(MISSING)");
    } else {
      if (verb == 'v') read_style_of_v();
      append_argument(arguments_[argument_++], verb);
    }
    return true;
  }

  void read_flags() {
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '#':
          flags_.sharp = true;
          break;
        case '0':
          flags_.zero = true;
          break;
        case '+':
          flags_.plus = true;
          break;
        case '-':
          flags_.minus = true;
          break;
        case ' ':
          flags_.space = true;
          break;
        default:
          return;
      }
    }
  }

  // %#v asks for Go's syntax, and neither it nor %+v for what the flags mean elsewhere.
  void read_style_of_v() {
    flags_.go_syntax = std::exchange(flags_.sharp, false);
    if (!flags_.go_syntax) flags_.plus = false;
  }

  std::optional<int> read_number() {
    int value = 0;
    bool found = false;
    while (at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9') {
      value = std::min(value * 10 + (format_[at_] - '0'), number_max * 10);
      found = true;
      ++at_;
    }
    if (!found || value > number_max) return std::nullopt;
    return value;
  }

  // `[n]`: the next argument. True when there was one that is usable.
  bool read_index() {
    if (at_ >= format_.size() || format_[at_] != '[') return false;
    reordered_ = true;
    const std::size_t close = format_.find(']', at_);
    if (close == std::string_view::npos) {
      ++at_;
      good_index_ = false;
      return false;
    }
    ++at_;
    const std::optional<int> index = read_number();
    const bool is_number = index && at_ == close;
    at_ = close + 1;
    if (is_number && *index >= 1 && static_cast<std::size_t>(*index) <= arguments_.size()) {
      argument_ = static_cast<std::size_t>(*index) - 1;
      return true;
    }
    good_index_ = false;
    return is_number;
  }

  std::optional<int> take_number_argument() {
    if (argument_ >= arguments_.size()) return std::nullopt;
    const template_value& value = arguments_[argument_++];
    if (!value.is_integer() || value.number > number_max || value.number < -number_max) {
      return std::nullopt;
    }
    return static_cast<int>(value.number);
  }

  void read_star_width() {
    ++at_;
    flags_.width = take_number_argument();
    if (!flags_.width) {
      out_ += "%!(BADWIDTH)";
    } else if (*flags_.width < 0) {
      flags_.width = -*flags_.width;
      flags_.minus = true;
      flags_.zero = false;
    }
  }

  bool read_precision() {
    const bool after_index = read_index();
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      flags_.precision = take_number_argument();
      if (flags_.precision && *flags_.precision < 0) flags_.precision.reset();
      if (!flags_.precision) out_ += "%!(BADPREC)";
      return false;
    }
    flags_.precision = read_number().value_or(0);
    return after_index;
  }

  void append_bare_mistake(char32_t verb, std::string_view what) {
    out_ += "%!";
    append_utf8(out_, verb);
    out_ += what;
  }

  void append_bad_verb(const template_value& value, char32_t verb) {
    out_ += "%!";
    append_utf8(out_, verb);
    out_ += '(';
    if (value.type == value_type::nil) {
      out_ += "<nil>)";
      return;
    }
    out_ += type_name(value.type);
    out_ += '=';
    // With the flags of the verb: "%05d" of "7" is %!d(string=00007).
    append_argument(value, 'v');
    out_ += ')';
  }

  void append_extra() {
    if (reordered_ || argument_ >= arguments_.size()) return;
    std::string_view separator = "%!(EXTRA ";
    for (const template_value& value : arguments_.subspan(argument_)) {
      out_ += separator;
      separator = ", ";
      if (value.type != value_type::nil) {
        out_ += type_name(value.type);
        out_ += '=';
      }
      append_value(out_, value);
      if (is_too_long()) return;
    }
    out_ += ')';
  }

  void append_padded(std::string_view text, bool allow_zero = true) {
    const std::size_t count = flags_.width ? count_characters(text) : 0;
    const auto width = static_cast<std::size_t>(flags_.width.value_or(0));
    const std::size_t missing = width > count ? width - count : 0;
    if (flags_.minus) {
      out_ += text;
      out_.append(missing, ' ');
      return;
    }
    out_.append(missing, flags_.zero && allow_zero ? '0' : ' ');
    out_ += text;
  }

  void append_argument(const template_value& value, char32_t verb) {
    if (verb == 'T') {
      append_padded(type_name(value.type));
      return;
    }
    switch (value.type) {
      case value_type::nil:
        if (verb == 'v') {
          append_padded("<nil>");
        } else {
          append_bad_verb(value, verb);
        }
        return;
      case value_type::boolean:
        if (verb == 't' || verb == 'v') {
          append_padded(value.flag ? "true" : "false");
        } else {
          append_bad_verb(value, verb);
        }
        return;
      case value_type::integer:
      case value_type::integer64:
      case value_type::byte:
        append_integer_verb(value, verb);
        return;
      case value_type::real:
        append_real_verb(value, verb);
        return;
      case value_type::text:
        append_text_verb(value, value.text, verb);
        return;
      case value_type::time:
      case value_type::month:
      case value_type::weekday: {
        std::string text;
        append_value(text, value);
        if (value.type != value_type::time && verb == 'd') {
          append_integer_verb(value, verb);
        } else {
          append_text_verb(value, text, verb);
        }
        return;
      }
      case value_type::list:
      case value_type::map:
      case value_type::fields:
        append_collection(value, verb);
        return;
    }
  }

  void append_collection(const template_value& value, char32_t verb) {
    const bool is_list = value.type == value_type::list;
    const std::string_view between = flags_.go_syntax ? ", " : " ";
    if (flags_.go_syntax) {
      out_ += type_name(value.type);
      out_ += '{';
    } else {
      out_ += is_list ? "[" : "map[";
    }
    std::string_view separator;
    if (is_list) {
      for (const template_value& item : *value.list) {
        out_ += separator;
        append_item(item, verb);
        separator = between;
      }
    } else {
      for (const auto& [name, item] : *value.map) {
        out_ += separator;
        append_argument(template_value::of_text(name), verb);
        out_ += ':';
        append_item(item, verb);
        separator = between;
      }
    }
    out_ += flags_.go_syntax ? '}' : ']';
  }

  void append_item(const template_value& item, char32_t verb) {
    if (is_too_long()) return;
    if (item.type == value_type::nil) {
      append_padded(flags_.go_syntax ? "interface {}(nil)" : "<nil>");
    } else {
      append_argument(item, verb);
    }
  }

  void append_text_verb(const template_value& value, std::string_view text, char32_t verb) {
    switch (verb) {
      case 'v':
        if (flags_.go_syntax) {
          append_quoted_text(truncated(text));
        } else {
          append_padded(truncated(text));
        }
        return;
      case 's':
        append_padded(truncated(text));
        return;
      case 'q':
        append_quoted_text(truncated(text));
        return;
      case 'x':
      case 'X':
        append_hex_text(text, verb == 'X');
        return;
      default:
        append_bad_verb(value, verb);
    }
  }

  std::string_view truncated(std::string_view text) const {
    if (!flags_.precision) return text;
    std::size_t at = 0;
    for (int i = 0; i < *flags_.precision && at < text.size(); ++i) {
      std::size_t length = 0;
      decode_utf8(text.substr(at), length);
      at += length;
    }
    return text.substr(0, at);
  }

  void append_quoted_text(std::string_view text) {
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '`' || c == 0x7F;
    });
    if (flags_.sharp && !has_control) {
      append_padded("`" + std::string(text) + "`");
      return;
    }
    if (flags_.plus) {
      append_padded(quote_ascii(text));
      return;
    }
    std::string quoted;
    append_go_quoted(quoted, text);
    append_padded(quoted);
  }

  void append_hex_text(std::string_view text, bool is_upper) {
    const char* const digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    if (flags_.precision) text = text.substr(0, *flags_.precision);
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (flags_.space && i > 0) hex += ' ';
      if (flags_.sharp && (flags_.space || i == 0)) hex += is_upper ? "0X" : "0x";
      hex += digits[static_cast<unsigned char>(text[i]) >> 4];
      hex += digits[text[i] & 15];
    }
    append_padded(hex);
  }

  void append_integer_verb(const template_value& value, char32_t verb) {
    switch (verb) {
      case 'v':
      case 'd':
        append_integer(value.number, 10, verb);
        return;
      case 'b':
        append_integer(value.number, 2, verb);
        return;
      case 'o':
      case 'O':
        append_integer(value.number, 8, verb);
        return;
      case 'x':
      case 'X':
        append_integer(value.number, 16, verb);
        return;
      case 'c':
      case 'q':
      case 'U':
        append_character(value.number, verb);
        return;
      default:
        append_bad_verb(value, verb);
    }
  }

  void append_character(std::int64_t number, char32_t verb) {
    const bool is_valid = number >= 0 && number <= 0x10FFFF;
    std::string text;
    append_utf8(text, is_valid ? static_cast<char32_t>(number) : 0xFFFD);
    if (verb == 'c') {
      append_padded(text);
    } else if (verb == 'q') {
      std::string quoted;
      append_go_quoted(quoted, text);
      quoted = quoted.substr(1, quoted.size() - 2);
      if (quoted == "\\\"") quoted = "\"";
      if (quoted == "'") quoted = "\\'";
      append_padded("'" + quoted + "'");
    } else {
      char code[32];
      const int digits = std::max(4, std::min(flags_.precision.value_or(4), 16));
      std::snprintf(code, sizeof code, "U+%0*llX", digits, static_cast<unsigned long long>(number));
      append_padded(flags_.sharp && is_valid ? std::string(code) + " '" + text + "'" : code, false);
    }
  }

  void append_integer(std::int64_t number, unsigned base, char32_t verb) {
    const char* const all_digits = verb == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const bool negative = number < 0;
    std::uint64_t rest =
        negative ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
    const bool has_sign = negative || flags_.plus || flags_.space;
    std::size_t digits_min = 0;
    if (flags_.precision) {
      digits_min = *flags_.precision;
      if (digits_min == 0 && rest == 0) {
        append_padded("", false);
        return;
      }
    } else if (flags_.zero && !flags_.minus && flags_.width) {
      digits_min = std::max(0, *flags_.width - (has_sign ? 1 : 0));
    }
    std::string text;
    do {
      text += all_digits[rest % base];
      rest /= base;
    } while (rest != 0);
    if (text.size() < digits_min) text.append(digits_min - text.size(), '0');
    if (flags_.sharp && base == 2) text += "b0";
    if (flags_.sharp && base == 8 && text.back() != '0') text += '0';
    if (flags_.sharp && base == 16) text += verb == 'X' ? "X0" : "x0";
    if (verb == 'O') text += "o0";
    if (has_sign) text += negative ? '-' : flags_.plus ? '+' : ' ';
    std::reverse(text.begin(), text.end());
    append_padded(text, false);
  }

  void append_real_verb(const template_value& value, char32_t verb) {
    switch (verb) {
      case 'v':
      case 'g':
      case 'G':
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'b':
      case 'x':
      case 'X':
        append_real(format_real(std::fabs(value.real), verb), std::signbit(value.real),
                    std::isfinite(value.real), std::isnan(value.real));
        return;
      default:
        append_bad_verb(value, verb);
    }
  }

  // The digits of a number that is not negative.
  std::string format_real(double real, char32_t verb) const {
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return "Inf";
    if (verb == 'b') return binary_digits(real);
    const bool is_shortest = verb == 'v' || verb == 'g' || verb == 'G';
    std::string text;
    if (is_shortest && !flags_.precision && !flags_.sharp) {
      append_go_float_g(text, real);
    } else {
      // A double has fewer digits than this; more precision only adds zeros.
      constexpr int precision_max = 1100;
      char form[] = "%.*e";
      form[3] = verb == 'v' ? 'g' : verb == 'x' ? 'a' : verb == 'X' ? 'A' : static_cast<char>(verb);
      char buffer[2048];
      const int precision =
          std::min(flags_.precision.value_or(verb == 'x' || verb == 'X' ? -1 : 6), precision_max);
      std::snprintf(buffer, sizeof buffer, form, precision, real);
      text = buffer;
      widen_binary_exponent(text);
    }
    if (verb == 'G') std::replace(text.begin(), text.end(), 'e', 'E');
    return text;
  }

  // The whole 53 bits and a power of two: 1 is 4503599627370496p-52.
  static std::string binary_digits(double real) {
    constexpr int mantissa_bits = 53;
    int exponent = 0;
    const double fraction = std::frexp(real, &exponent);
    const int shift = std::max(exponent - mantissa_bits, -1074);
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, exponent - shift));
    return std::to_string(mantissa) + 'p' + (shift < 0 ? "" : "+") +
           std::to_string(real == 0 ? -1074 : shift);
  }

  // Go writes p+01 where C writes p+1.
  static void widen_binary_exponent(std::string& text) {
    const std::size_t p = text.find_first_of("pP");
    if (p != std::string::npos && p + 3 == text.size()) text.insert(p + 2, 1, '0');
  }

  void append_real(const std::string& digits, bool negative, bool is_finite, bool is_nan) {
    std::string sign;
    if (is_nan) {
      sign = flags_.plus ? "+" : flags_.space ? " " : "";
    } else if (negative) {
      sign = "-";
    } else if (flags_.plus || (!is_finite && !flags_.space)) {
      sign = "+";
    } else if (flags_.space) {
      sign = " ";
    }
    const auto width = static_cast<std::size_t>(flags_.width.value_or(0));
    const std::size_t length = sign.size() + digits.size();
    if (is_finite && flags_.zero && !flags_.minus && width > length) {
      out_ += sign;
      out_.append(width - length, '0');
      out_ += digits;
      return;
    }
    append_padded(sign + digits, false);
  }

  std::string& out_;
  std::string_view format_;
  std::span<const template_value> arguments_;
  std::size_t at_ = 0;
  std::size_t argument_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
  format_flags flags_;
};

}  // namespace

void append_printf(std::string& out, std::string_view format,
                   std::span<const template_value> arguments) {
  formatter(out, format, arguments).run();
}

}  // namespace skald::logql
