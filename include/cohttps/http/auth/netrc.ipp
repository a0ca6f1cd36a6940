// Definitions for netrc.hpp.
#pragma once

#include <cohttps/http/auth/netrc.hpp>

namespace cohttps {

COHTTPS_DEF result<netrc> netrc::parse(std::string_view text) {
  netrc parsed;
  reader in{text};
  while (in.next()) {
    if (!in.quoted && in.word == "macdef") {
      in.skip_macro();
    } else if (!in.quoted && in.word == "default") {
      parsed.entries_.emplace_back();
    } else if (!in.quoted && in.word == "machine") {
      if (!in.next_value()) return in.malformed("no name comes after \"machine\"");
      parsed.entries_.push_back({ascii::lower(in.word), {}, {}});
    } else if (!in.quoted && !parsed.entries_.empty() &&
               (in.word == "login" || in.word == "password" || in.word == "account")) {
      std::string unused;
      entry& last = parsed.entries_.back();
      std::string& value = in.word == "login"      ? last.login
                           : in.word == "password" ? last.password
                                                   : unused;
      if (!in.next_value()) return in.malformed("a value is missing");
      value = std::move(in.word);
    }
    // Other programs may know other words, so they are skipped.
  }
  if (in.unterminated) return in.malformed("a quote does not end");
  return parsed;
}

COHTTPS_DEF bool netrc::empty() const noexcept { return entries_.empty(); }

COHTTPS_DEF auto netrc::find(std::string_view host, std::string_view login) const noexcept
    -> const entry* {
  for (const bool fallback : {false, true})
    for (const entry& e : entries_)
      if ((fallback ? !e.machine : e.machine == host) && (login.empty() || e.login == login))
        return &e;
  return nullptr;
}

COHTTPS_DEF bool netrc::reader::next() {
  skip_space();
  while (rest.starts_with('#')) {
    rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
    skip_space();
  }
  return next_value();
}

COHTTPS_DEF bool netrc::reader::next_value() {
  word.clear();
  skip_space();
  if (rest.empty()) return false;
  quoted = rest.front() == '"';
  if (quoted) return take_quoted();
  while (!rest.empty() && !is_white(rest.front())) {
    word += rest.front();
    rest.remove_prefix(1);
  }
  return true;
}

COHTTPS_DEF void netrc::reader::skip_macro() {
  for (bool first = true; !rest.empty(); first = false) {
    std::string_view text = ascii::take_until(rest, '\n');
    ++line;
    if (!first &&
        ascii::trim(text.ends_with('\r') ? text.substr(0, text.size() - 1) : text).empty())
      return;
  }
}

COHTTPS_DEF std::unexpected<error> netrc::reader::malformed(std::string_view why) const {
  return fail(
      error_category::usage, "netrc_malformed",
      "line " + std::to_string(line) + " of a netrc file is malformed: " + std::string(why));
}

COHTTPS_DEF void netrc::reader::skip_space() {
  while (!rest.empty() && is_white(rest.front())) {
    line += rest.front() == '\n';
    rest.remove_prefix(1);
  }
}

COHTTPS_DEF bool netrc::reader::take_quoted() {
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '\n') {
    char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return true;
    if (c == '\\' && !rest.empty() && rest.front() != '\n') {
      c = rest.front();
      rest.remove_prefix(1);
      c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
    word += c;
  }
  rest = {};
  unterminated = true;
  return false;
}

}  // namespace cohttps
