// Names and passwords from a file in the format of .netrc, as curl reads it.
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
  COHTTPS_DECL static result<netrc> parse(std::string_view text);

  COHTTPS_DECL bool empty() const noexcept;

  /// The first entry for `host`, which is in lower case, or else "default"; with a `login`, the
  /// first that is of this login.
  COHTTPS_DECL const entry* find(std::string_view host, std::string_view login = {}) const noexcept;

  const std::vector<entry>& entries() const noexcept { return entries_; }

 private:
  struct reader {
    std::string_view rest;
    std::string word = {};
    std::size_t line = 1;
    bool quoted = false;
    bool unterminated = false;

    /// The next word; false at the end.
    COHTTPS_DECL bool next();
    COHTTPS_DECL bool next_value();

    /// To the empty line that ends a macro.
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
#include <cohttps/http/netrc.ipp>
#endif
