// Names and passwords from a file in the format of .netrc, as curl reads it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Whom to be at which host. The text is passed in; who may read the file is for the reader to
/// check.
class netrc {
 public:
  struct entry {
    std::optional<std::string> machine;  ///< in lower case; nothing for "default"
    std::string login;
    std::string password;
  };

  /// Reads "machine NAME" or "default", each with "login NAME", "password SECRET" and "account
  /// NAME" in any order. A word is quoted where it has spaces or begins with '#'; in quotes, \n, \r
  /// and \t mean control characters and '\' before others is left out. '#' begins a comment, and
  /// macros ("macdef") are skipped, and so are words that are none of these.
  ///
  /// Fails with usage "netrc_malformed", which names the line and nothing that stands there.
  static result<netrc> parse(std::string_view text) {
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
      // Other words belong to programs that know more of them.
    }
    if (in.unterminated) return in.malformed("a quote does not end");
    return parsed;
  }

  bool empty() const noexcept { return entries_.empty(); }

  /// The first entry for `host`, which is in lower case, or else "default"; with a `login`, the
  /// first that is of this login.
  const entry* find(std::string_view host, std::string_view login = {}) const noexcept {
    for (const bool fallback : {false, true})
      for (const entry& e : entries_)
        if ((fallback ? !e.machine : e.machine == host) && (login.empty() || e.login == login))
          return &e;
    return nullptr;
  }

  const std::vector<entry>& entries() const noexcept { return entries_; }

 private:
  struct reader {
    std::string_view rest;
    std::string word = {};
    std::size_t line = 1;
    bool quoted = false;
    bool unterminated = false;

    /// The next word; false at the end.
    bool next() {
      skip_space();
      while (rest.starts_with('#')) {
        rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
        skip_space();
      }
      return next_value();
    }
    bool next_value() {
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

    /// To the empty line that ends a macro.
    void skip_macro() {
      for (bool first = true; !rest.empty(); first = false) {
        std::string_view text = ascii::take_until(rest, '\n');
        ++line;
        if (!first &&
            ascii::trim(text.ends_with('\r') ? text.substr(0, text.size() - 1) : text).empty())
          return;
      }
    }

    std::unexpected<error> malformed(std::string_view why) const {
      return fail(
          error_category::usage, "netrc_malformed",
          "line " + std::to_string(line) + " of a netrc file is malformed: " + std::string(why));
    }

   private:
    static bool is_white(char c) noexcept { return ascii::is_space(c) || c == '\n' || c == '\r'; }

    void skip_space() {
      while (!rest.empty() && is_white(rest.front())) {
        line += rest.front() == '\n';
        rest.remove_prefix(1);
      }
    }

    bool take_quoted() {
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
  };

  std::vector<entry> entries_;
};

}  // namespace cohttps
