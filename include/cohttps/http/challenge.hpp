// What a server or proxy asks a client to show (RFC 9110, 11.3 and 11.6.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>

#include <cstddef>
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

/// Reads a list of challenges. What makes it awkward: commas separate both challenges and the
/// parameters of one, so a token is a new scheme unless "=" follows.
class challenge_parser {
 public:
  explicit challenge_parser(std::string_view text) noexcept : text_(text) {}

  result<void> run(std::vector<challenge>& out) {
    const std::size_t first = out.size();
    while (skip_separators(), !at_end()) {
      const std::string_view name = token();
      if (name.empty()) return malformed("an element does not begin with a token");
      const std::size_t after_name = at_;
      skip_space();
      const bool is_parameter = peek('=');
      if (is_parameter && (out.size() == first || !out.back().token68.empty()))
        return malformed("a parameter belongs to no challenge");
      if (is_parameter) {
        if (auto taken = take_value(out.back(), name); !taken) return taken;
      } else {
        if (out.size() == max_challenges) return too_many("challenges", max_challenges);
        out.emplace_back().scheme = ascii::lower(name);
        if (at_ != after_name && !at_end() && !peek(','))
          if (auto taken = take_first(out.back()); !taken) return taken;
      }
      skip_space();
      if (!at_end() && !peek(',')) return malformed("a comma is missing");
    }
    return {};
  }

 private:
  // No server has reason to come near these; the size of a message's head bounds the text.
  static constexpr std::size_t max_challenges = 32;
  static constexpr std::size_t max_parameters = 32;

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

  /// What comes behind a scheme and a space: a token68, or the first parameter.
  result<void> take_first(challenge& to) {
    const std::size_t begin = at_;
    while (!at_end() && is_token68_char(text_[at_])) ++at_;
    const bool some = at_ != begin;
    while (some && peek('=')) ++at_;
    const std::size_t end = at_;
    skip_space();
    if (some && (at_end() || peek(','))) {
      to.token68 = text_.substr(begin, end - begin);
      return {};
    }
    at_ = begin;
    const std::string_view name = token();
    skip_space();
    if (name.empty() || !peek('=')) return malformed("neither a parameter nor a token68");
    return take_value(to, name);
  }

  result<void> take_value(challenge& to, std::string_view name) {
    ++at_;  // '='
    skip_space();
    if (to.parameters.size() == max_parameters) return too_many("parameters", max_parameters);
    challenge::parameter p{ascii::lower(name), {}};
    if (to.find(p.name)) return malformed("a parameter occurs twice");
    if (!peek('"')) {
      p.value = token();
      if (p.value.empty()) return malformed("a parameter has no value");
    } else if (!quoted_string(p.value)) {
      return malformed("a quoted string does not end, or holds a control character");
    }
    to.parameters.push_back(std::move(p));
    return {};
  }

  bool quoted_string(std::string& out) {
    for (++at_; !at_end(); ++at_) {
      char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (++at_ == text_.size()) return false;
        c = text_[at_];
      }
      if (!ascii::is_field_char(c)) return false;
      out += c;
    }
    return false;
  }

  std::unexpected<error> malformed(std::string_view why) const {
    auto failed = fail(error_category::protocol, "malformed_challenge",
                       "a list of authentication challenges is malformed: " + std::string(why));
    failed.error().position(at_);
    return failed;
  }
  static std::unexpected<error> too_many(std::string_view what, std::size_t limit) {
    return fail(error_category::limit, "too_many_challenges",
                "a list of authentication challenges has more than " + std::to_string(limit) + ' ' +
                    std::string(what));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Parses the value of one WWW-Authenticate or Proxy-Authenticate field.
///
/// Fails with protocol "malformed_challenge" when it is not by the grammar, or when a parameter
/// occurs twice in a challenge, and with limit "too_many_challenges" beyond 32 challenges or 32
/// parameters of one.
inline result<std::vector<challenge>> parse_challenges(std::string_view value) {
  std::vector<challenge> all;
  if (auto parsed = detail::challenge_parser(value).run(all); !parsed)
    return pass(std::move(parsed));
  return all;
}

/// The challenges of every field called `name`, in order. A parameter at the beginning of a field
/// does not belong to a challenge of the field before.
inline result<std::vector<challenge>> parse_challenges(const fields& headers,
                                                       std::string_view name) {
  std::vector<challenge> all;
  for (const field f : headers) {
    if (!ascii::iequals(f.name, name)) continue;
    if (auto parsed = detail::challenge_parser(f.value).run(all); !parsed)
      return pass(std::move(parsed));
  }
  return all;
}

}  // namespace cohttps
