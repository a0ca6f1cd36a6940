// Definitions for challenge.hpp.
#pragma once

#include <cohttps/http/auth/challenge.hpp>

namespace cohttps {

COHTTPS_DEF std::optional<std::string_view> challenge::find(std::string_view name) const noexcept {
  for (const parameter& p : parameters)
    if (p.name == name) return p.value;
  return std::nullopt;
}

}  // namespace cohttps

namespace cohttps {
namespace detail {

COHTTPS_DEF void challenge_parser::run(std::vector<challenge>& out) {
  const std::size_t first = out.size();
  std::size_t words = 0;  // entries at the end of `out`: schemes, or words without a meaning
  while (skip_separators(), !at_end()) {
    const std::string_view name = token();
    const std::size_t after_name = at_;
    skip_space();
    if (name.empty()) {
      skip_element();
    } else if (peek('=')) {
      if (out.size() - first > words && !out[out.size() - words - 1].parameters.empty())
        out.resize(out.size() - words);  // a space comes after the name of a scheme
      words = 0;
      if (out.size() == first || !out.back().token68.empty())
        skip_element();  // the parameter belongs to no challenge
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

COHTTPS_DEF bool challenge_parser::at_end() const noexcept { return at_ == text_.size(); }

COHTTPS_DEF bool challenge_parser::peek(char c) const noexcept {
  return !at_end() && text_[at_] == c;
}

COHTTPS_DEF void challenge_parser::skip_space() noexcept {
  while (!at_end() && ascii::is_space(text_[at_])) ++at_;
}

COHTTPS_DEF void challenge_parser::skip_separators() noexcept {
  while (!at_end() && (ascii::is_space(text_[at_]) || text_[at_] == ',')) ++at_;
}

COHTTPS_DEF std::string_view challenge_parser::token() noexcept {
  const std::size_t begin = at_;
  while (!at_end() && ascii::is_tchar(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

COHTTPS_DEF void challenge_parser::take_token68(challenge& to) {
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

COHTTPS_DEF void challenge_parser::take_value(challenge& to, std::string_view name) {
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

COHTTPS_DEF void challenge_parser::take_words() noexcept {
  std::string_view words = text_.substr(at_, text_.find(',', at_) - at_);
  while (!words.empty() && ascii::is_space(words.back())) words.remove_suffix(1);
  if (words.find_first_of("=\"") == words.npos) at_ += words.size();
}

COHTTPS_DEF void challenge_parser::skip_element() noexcept {
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

COHTTPS_DEF bool challenge_parser::quoted_string(std::string& out) {
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

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::vector<challenge> parse_challenges(std::string_view value) {
  std::vector<challenge> all;
  detail::challenge_parser(value).run(all);
  return all;
}

COHTTPS_DEF std::vector<challenge> parse_challenges(const fields& headers, std::string_view name) {
  std::vector<challenge> all;
  headers.for_each(name, [&](std::string_view value) {
    std::ranges::move(parse_challenges(value), std::back_inserter(all));
  });
  return all;
}

}  // namespace cohttps
