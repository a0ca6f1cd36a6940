// User names and passwords from a file in the .netrc format. The rules are those of curl.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// The user name and password for each host. The caller passes in the text of the file, and has to
/// check the permissions of the file.
class netrc {
 public:
  /// The login of one host.
  struct entry {
    std::optional<std::string> machine;  ///< in lower case; nothing for "default"
    std::string login;                   ///< the user name
    std::string password;                ///< the password
  };

  /// Reads "machine NAME" or "default". Each is followed by "login NAME", "password SECRET" and
  /// "account NAME" in any order. A word that contains spaces or begins with '#' stands in quotes.
  /// In quotes, \n, \r and \t stand for control characters, and '\' before any other character is
  /// dropped. '#' begins a comment. The function skips macros ("macdef") and unknown words.
  ///
  /// Fails with usage "netrc_malformed". The message names the line, and quotes no part of it.
  COHTTPS_DECL static result<netrc> parse(std::string_view text);

  COHTTPS_DECL bool empty() const noexcept;

  /// Returns the first entry for `host`, which must be in lower case, or else the first "default"
  /// entry. With a `login`, only entries with this login count. Returns null if there is no such
  /// entry.
  COHTTPS_DECL const entry* find(std::string_view host, std::string_view login = {}) const noexcept;

  /// The entries in their order.
  const std::vector<entry>& entries() const noexcept { return entries_; }

 private:
  struct reader {
    std::string_view rest;
    std::string word = {};
    std::size_t line = 1;
    bool quoted = false;
    bool unterminated = false;

    /// Reads the next word, and skips comments. Returns false at the end.
    COHTTPS_DECL bool next();
    COHTTPS_DECL bool next_value();

    /// Skips a macro, up to the empty line that ends it.
    COHTTPS_DECL void skip_macro();

    COHTTPS_DECL std::unexpected<error> malformed(std::string_view why) const;

   private:
    static bool is_white(char c) noexcept { return ascii::is_space(c) || c == '\n' || c == '\r'; }

    COHTTPS_DECL void skip_space();

    COHTTPS_DECL bool take_quoted();
  };

  std::vector<entry> entries_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/auth/netrc.ipp>
#endif
