// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/regex_syntax.h"

#include <algorithm>

#include "runtime/logql/scan/regex_factoring.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using kind = regex_node::kind;

constexpr int depth_max = 250;  // of groups; deeper expressions are "not understood"

struct regex_flags {
  bool fold_case = false;
  bool dot_newline = false;
};

char32_t fold_ascii(char32_t c) {
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

regex_node make_class(std::vector<std::pair<char32_t, char32_t>> ranges) {
  regex_node node;
  node.what = kind::char_class;
  node.ranges = std::move(ranges);
  return node;
}

regex_node make_kind(kind what) {
  regex_node node;
  node.what = what;
  return node;
}

// Recursive descent. Every function returns false (or nothing) when the text is not understood.
class reader {
 public:
  explicit reader(std::string_view text) : text_(text) {}

  std::optional<regex_node> read() {
    regex_node node;
    regex_flags flags;
    if (!read_alternation(flags, 0, node) || at_ != text_.size()) return std::nullopt;
    return node;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  char peek() const { return text_[at_]; }
  bool skip(std::string_view what) {
    if (text_.substr(at_).substr(0, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }
  char32_t next_rune() {
    std::size_t length = 0;
    const char32_t c = decode_utf8(text_.substr(at_), length);
    at_ += length;
    return c;
  }

  bool read_alternation(regex_flags flags, int depth, regex_node& out) {
    std::vector<regex_node> branches(1);
    std::vector<regex_node> items;
    while (more() && peek() != ')') {
      if (skip("|")) {
        branches.back() = join_concat(std::move(items));
        items.clear();
        branches.emplace_back();
        continue;
      }
      if (!read_item(flags, depth, items)) return false;
    }
    branches.back() = join_concat(std::move(items));
    out = join_alternate(std::move(branches));
    return true;
  }

  bool read_item(regex_flags& flags, int depth, std::vector<regex_node>& items) {
    const char c = peek();
    switch (c) {
      case '(':
        return read_group(flags, depth, items);
      case '[':
        return read_class(flags, items);
      case '*':
      case '+':
      case '?':
        return read_repeat_sign(items);
      case '{':
        return read_counted(flags, items);
      case '.':
        ++at_;
        items.push_back(make_kind(flags.dot_newline ? kind::any : kind::any_not_newline));
        return true;
      case '^':
      case '$':
        ++at_;
        items.push_back(make_kind(kind::zero_width));
        return true;
      case '\\':
        return read_escape(flags, items);
      default:
        push_literal(next_rune(), flags, items);
        return true;
    }
  }

  static void push_literal(char32_t c, const regex_flags& flags, std::vector<regex_node>& items) {
    regex_node node = make_kind(kind::literal);
    node.fold_case = flags.fold_case;
    node.text.push_back(flags.fold_case ? fold_ascii(c) : c);
    items.push_back(std::move(node));
  }

  // Wraps the last item. `x**` and a sign without item are malformed.
  bool read_repeat_sign(std::vector<regex_node>& items) {
    const char sign = text_[at_++];
    skip("?");  // greediness does not matter here
    if (items.empty()) return false;
    if (more() && (peek() == '*' || peek() == '+' || peek() == '?')) return false;
    wrap_last(items, sign == '*' ? kind::star : sign == '+' ? kind::plus : kind::optional);
    return true;
  }

  static void wrap_last(std::vector<regex_node>& items, kind what) {
    regex_node node = make_kind(what);
    node.children.push_back(std::move(items.back()));
    items.back() = std::move(node);
  }

  bool read_number(int& value) {
    const std::size_t start = at_;
    value = 0;
    while (more() && peek() >= '0' && peek() <= '9' && value <= 1000) {
      value = value * 10 + (text_[at_++] - '0');
    }
    return at_ > start;
  }

  // {n}, {n,}, {n,m}; anything else is a literal brace.
  bool read_counted(const regex_flags& flags, std::vector<regex_node>& items) {
    const std::size_t start = at_++;
    int low = 0;
    int high = 0;
    bool good = read_number(low);
    high = low;
    if (good && skip(",")) high = read_number(high) ? high : -1;
    if (!good || !skip("}")) {
      at_ = start + 1;
      push_literal('{', flags, items);
      return true;
    }
    if (items.empty() || low > 1000 || high > 1000 || (high >= 0 && low > high)) return false;
    skip("?");
    if (low == 1 && high == 1) return true;
    if (high == 0) {
      items.back() = regex_node();
      return true;
    }
    const bool open = high < 0;
    wrap_last(items, low == 0           ? (open ? kind::star : kind::optional)
                     : low == 1 && open ? kind::plus
                                        : kind::repeated);
    return true;
  }

  bool read_group(regex_flags& flags, int depth, std::vector<regex_node>& items) {
    if (depth >= depth_max) return false;
    ++at_;
    regex_flags inner = flags;
    bool capture = true;
    if (skip("?")) {
      if (skip("P<") || skip("<")) {
        const std::size_t end = text_.find('>', at_);
        if (end == std::string_view::npos) return false;
        at_ = end + 1;
      } else {
        capture = false;
        bool scoped = false;
        if (!read_flags(inner, scoped)) return false;
        if (!scoped) {
          flags = inner;
          return true;
        }
      }
    }
    regex_node node;
    if (!read_alternation(inner, depth + 1, node) || !skip(")")) return false;
    if (capture) {
      regex_node outer = make_kind(kind::capture);
      outer.children.push_back(std::move(node));
      node = std::move(outer);
    }
    items.push_back(std::move(node));
    return true;
  }

  // Behind "(?": letters up to ')' (the flags hold for the rest of the group) or ':' (scoped).
  bool read_flags(regex_flags& flags, bool& scoped) {
    bool on = true;
    while (more()) {
      const char c = text_[at_++];
      switch (c) {
        case 'i':
          flags.fold_case = on;
          break;
        case 's':
          flags.dot_newline = on;
          break;
        case 'm':
        case 'U':
          break;
        case '-':
          if (!on) return false;
          on = false;
          break;
        case ':':
          scoped = true;
          return true;
        case ')':
          return true;
        default:
          return false;
      }
    }
    return false;
  }

  bool read_escape(const regex_flags& flags, std::vector<regex_node>& items) {
    ++at_;
    if (!more()) return false;
    const char c = peek();
    if (std::string_view("AbBz").find(c) != std::string_view::npos) {
      ++at_;
      items.push_back(make_kind(kind::zero_width));
      return true;
    }
    if (c == 'Q') {
      ++at_;
      while (more() && !skip("\\E")) push_literal(next_rune(), flags, items);
      return true;
    }
    if (std::string_view("dDsSwWpP").find(c) != std::string_view::npos) {
      if (!skip_class_escape()) return false;
      items.push_back(make_class({}));
      return true;
    }
    char32_t value = 0;
    if (!read_escaped_rune(value)) return false;
    push_literal(value, flags, items);
    return true;
  }

  // \d \s \w \pN \p{Greek} and their complements; stands at the letter.
  bool skip_class_escape() {
    const char c = text_[at_++];
    if (c != 'p' && c != 'P') return true;
    if (!more()) return false;
    if (!skip("{")) {
      next_rune();
      return true;
    }
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }

  static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  bool read_hex(char32_t& value) {
    const bool braces = skip("{");
    value = 0;
    int digits = 0;
    while (more() && hex_value(peek()) >= 0 && digits < (braces ? 8 : 2)) {
      value = value * 16 + static_cast<char32_t>(hex_value(text_[at_++]));
      ++digits;
    }
    if (braces) return digits > 0 && value <= 0x10FFFF && skip("}");
    return digits == 2;
  }

  // Behind the backslash: an escape for one character.
  bool read_escaped_rune(char32_t& value) {
    const char c = peek();
    if (c >= '0' && c <= '7') {
      value = 0;
      // A single non-zero digit would be a back-reference, which neither Go nor RE2 has.
      if (c != '0' && (at_ + 1 >= text_.size() || text_[at_ + 1] < '0' || text_[at_ + 1] > '7')) {
        return false;
      }
      for (int i = 0; i < 3 && more() && peek() >= '0' && peek() <= '7'; ++i) {
        value = value * 8 + static_cast<char32_t>(text_[at_++] - '0');
      }
      return true;
    }
    ++at_;
    switch (c) {
      case 'a':
        value = '\a';
        return true;
      case 'f':
        value = '\f';
        return true;
      case 'n':
        value = '\n';
        return true;
      case 'r':
        value = '\r';
        return true;
      case 't':
        value = '\t';
        return true;
      case 'v':
        value = '\v';
        return true;
      case 'x':
        return read_hex(value);
      default:
        break;
    }
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word || static_cast<unsigned char>(c) >= 0x80) return false;
    value = static_cast<char32_t>(c);
    return true;
  }

  bool read_class(const regex_flags& flags, std::vector<regex_node>& items) {
    ++at_;
    bool unknown = skip("^");
    std::vector<std::pair<char32_t, char32_t>> ranges;
    bool first = true;
    while (first || !skip("]")) {
      if (!more()) return false;
      first = false;
      if (text_.substr(at_, 2) == "[:") {
        const std::size_t end = text_.find(":]", at_ + 2);
        if (end == std::string_view::npos) return false;
        at_ = end + 2;
        unknown = true;
        continue;
      }
      if (peek() == '\\' && at_ + 1 < text_.size() &&
          std::string_view("dDsSwWpP").find(text_[at_ + 1]) != std::string_view::npos) {
        ++at_;
        if (!skip_class_escape()) return false;
        unknown = true;
        continue;
      }
      std::pair<char32_t, char32_t> range;
      if (!read_class_rune(range.first)) return false;
      range.second = range.first;
      if (at_ + 1 < text_.size() && peek() == '-' && text_[at_ + 1] != ']') {
        ++at_;
        if (!read_class_rune(range.second) || range.second < range.first) return false;
      }
      ranges.push_back(range);
    }
    items.push_back(finish_class(flags, unknown, std::move(ranges)));
    return true;
  }

  bool read_class_rune(char32_t& value) {
    if (!more()) return false;
    if (!skip("\\")) {
      value = next_rune();
      return true;
    }
    return more() && read_escaped_rune(value);
  }

  static regex_node finish_class(const regex_flags& flags, bool unknown,
                                 std::vector<std::pair<char32_t, char32_t>> ranges) {
    if (unknown) return make_class({});
    std::sort(ranges.begin(), ranges.end());
    if (ranges.size() == 1 && ranges[0].first == ranges[0].second) {
      std::vector<regex_node> one;
      push_literal(ranges[0].first, flags, one);
      return std::move(one[0]);
    }
    regex_node node = make_class(std::move(ranges));
    node.fold_case = flags.fold_case;
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<regex_node> read_regex(std::string_view regex) {
  return reader(regex).read();
}

std::string to_re2_dialect(std::string_view regex) {
  std::string out;
  bool in_class = false;
  std::size_t at = 0;
  const auto copy_to = [&](std::size_t end) {
    end = std::min(end, regex.size());
    out += regex.substr(at, end - at);
    at = end;
  };
  const auto copy_behind = [&](std::string_view mark) {
    const std::size_t found = regex.find(mark, at + 2);
    copy_to(found == regex.npos ? regex.size() : found + mark.size());
  };
  while (at < regex.size()) {
    const std::string_view rest = regex.substr(at);
    if (!in_class && rest.starts_with("\\Q")) {
      copy_behind("\\E");
    } else if (rest[0] == '\\') {
      copy_to(at + 2);
    } else if (in_class && rest.starts_with("[:") && regex.find(":]", at + 2) != regex.npos) {
      copy_behind(":]");
    } else if (in_class) {
      in_class = rest[0] != ']';
      copy_to(at + 1);
    } else if (rest[0] == '[') {
      in_class = true;
      // A bracket in first place is a member of the class.
      copy_to(at + (rest.starts_with("[^") ? 2 : 1));
      if (regex.substr(at, 1) == "]") copy_to(at + 1);
    } else if (rest.starts_with("(?<") && rest.size() > 3) {
      out += "(?P<";
      at += 3;
    } else {
      copy_to(at + 1);
    }
  }
  return out;
}

std::string to_utf8(const std::u32string& text) {
  std::string out;
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

bool is_ascii(const std::u32string& text) {
  return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

}  // namespace skald::logql
