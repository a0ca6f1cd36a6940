// What a server or proxy asks a client to show (RFC 9110, 11.3 and 11.6.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// One challenge: a scheme, with a token68 or parameters or neither.
struct challenge {
  struct parameter {
    std::string name;   ///< in lower case
    std::string value;  ///< a token, or what a quoted string stands for
  };

  std::string scheme;   ///< in lower case, such as "digest"
  std::string token68;  ///< empty when there is none
  std::vector<parameter> parameters;

  /// The parameter of this name, which is in lower case.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const parameter& p : parameters)
      if (p.name == name) return p.value;
    return std::nullopt;
  }
};

namespace detail {

/// Reads a list of challenges. Commas separate both challenges and the parameters of one, so a
/// token is a new scheme unless "=" follows. Servers leave commas and quotes out, and forget to end
/// a quote; what cannot be read is passed over, up to the next comma.
class challenge_parser {
 public:
  explicit challenge_parser(std::string_view text) noexcept : text_(text) {}

  void run(std::vector<challenge>& out) {
    const std::size_t first = out.size();
    std::size_t words = 0;  // at the end of `out`: what may be a scheme, or a word of no meaning
    while (skip_separators(), !at_end()) {
      const std::string_view name = token();
      const std::size_t after_name = at_;
      skip_space();
      if (name.empty()) {
        skip_element();
      } else if (peek('=')) {
        if (out.size() - first > words && !out[out.size() - words - 1].parameters.empty())
          out.resize(out.size() - words);  // a scheme has its parameters behind a space
        words = 0;
        if (out.size() == first || !out.back().token68.empty())
          skip_element();  // it belongs to no challenge
        else
          take_value(out.back(), name);
      } else {
        if (out.size() == max_challenges) return;
        out.emplace_back().scheme = ascii::lower(name);
        const bool bare = at_ == after_name && !is_scheme(out.back().scheme);
        words = bare ? words + 1 : 0;
        if (at_ != after_name && !at_end() && !peek(',')) take_token68(out.back());
      }
    }
  }

 private:
  // No server has reason to come near these; the size of a message's head bounds the text.
  static constexpr std::size_t max_challenges = 32;
  static constexpr std::size_t max_parameters = 32;

  /// Schemes in use: behind their names, parameters are theirs however they are separated.
  static constexpr bool is_scheme(std::string_view name) noexcept {
    constexpr std::string_view known[] = {"basic", "bearer", "digest", "negotiate", "ntlm"};
    return std::ranges::find(known, name) != std::end(known);
  }

  static constexpr bool is_token68_char(char c) noexcept {
    return ascii::is_alnum(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
  }

  bool at_end() const noexcept { return at_ == text_.size(); }
  bool peek(char c) const noexcept { return !at_end() && text_[at_] == c; }
  void skip_space() noexcept {
    while (!at_end() && ascii::is_space(text_[at_])) ++at_;
  }
  void skip_separators() noexcept {
    while (!at_end() && (ascii::is_space(text_[at_]) || text_[at_] == ',')) ++at_;
  }
  std::string_view token() noexcept {
    const std::size_t begin = at_;
    while (!at_end() && ascii::is_tchar(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  /// Reads the token68 behind a scheme and a space, when no parameter stands there.
  void take_token68(challenge& to) {
    const std::size_t begin = at_;
    while (!at_end() && is_token68_char(text_[at_])) ++at_;
    const bool some = at_ != begin;
    while (some && peek('=')) ++at_;
    const std::size_t end = at_;
    skip_space();
    if (some && (at_end() || peek(',')))
      to.token68 = text_.substr(begin, end - begin);
    else
      at_ = begin;
  }

  /// When a parameter is repeated, the first one counts.
  void take_value(challenge& to, std::string_view name) {
    ++at_;  // '='
    skip_space();
    challenge::parameter p{ascii::lower(name), {}};
    const std::size_t begin = at_;
    if (peek('"')) {
      if (!quoted_string(p.value)) return at_ = begin, skip_element();
    } else {
      while (!at_end() && !ascii::is_space(text_[at_]) && !peek(',')) ++at_;
      if (p.name == "realm") take_words();
      p.value = text_.substr(begin, at_ - begin);
    }
    const bool first = !to.find(p.name) && to.parameters.size() < max_parameters;
    if (first && ascii::is_field_value(p.value)) to.parameters.push_back(std::move(p));
  }

  /// A realm is text for people, which some servers do not quote. Words behind it are its own where
  /// no parameter stands before the next comma.
  void take_words() noexcept {
    std::string_view words = text_.substr(at_, text_.find(',', at_) - at_);
    while (!words.empty() && ascii::is_space(words.back())) words.remove_suffix(1);
    if (words.find_first_of("=\"") == words.npos) at_ += words.size();
  }

  void skip_element() noexcept {
    while (!at_end() && !peek(',')) {
      if (!peek('"')) {
        ++at_;
        continue;
      }
      for (++at_; !at_end() && !peek('"'); ++at_)
        if (peek('\\') && at_ + 1 < text_.size()) ++at_;
      if (!at_end()) ++at_;
    }
  }

  /// False for one that holds a control character. The end of the field ends it too.
  bool quoted_string(std::string& out) {
    for (++at_; !at_end(); ++at_) {
      char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (++at_ == text_.size()) return true;
        c = text_[at_];
      }
      if (!ascii::is_field_char(c)) return false;
      out += c;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// The challenges in the value of one WWW-Authenticate or Proxy-Authenticate field: as many of
/// them, up to 32, and as many of their parameters, up to 32, as can be read.
inline std::vector<challenge> parse_challenges(std::string_view value) {
  std::vector<challenge> all;
  detail::challenge_parser(value).run(all);
  return all;
}

/// The challenges of every field called `name`, in order. A parameter at the beginning of a field
/// does not belong to a challenge of the field before.
inline std::vector<challenge> parse_challenges(const fields& headers, std::string_view name) {
  std::vector<challenge> all;
  headers.for_each(name, [&](std::string_view value) {
    std::ranges::move(parse_challenges(value), std::back_inserter(all));
  });
  return all;
}

}  // namespace cohttps
