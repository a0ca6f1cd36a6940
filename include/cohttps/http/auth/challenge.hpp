// Challenges, by which a server or proxy asks a client for credentials (RFC 9110, 11.3 and 11.6.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
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

/// One challenge: a scheme, with a token68, with parameters, or with neither.
struct challenge {
  /// A name and its value, without quotes.
  struct parameter {
    std::string name;   ///< in lower case
    std::string value;  ///< a token, or the content of a quoted string without its escapes
  };

  std::string scheme;                 ///< in lower case, such as "digest"
  std::string token68;                ///< empty if there is none
  std::vector<parameter> parameters;  ///< in their order

  /// Returns the value of the parameter `name`, which must be in lower case; nothing if there is
  /// none.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;
};

namespace detail {

/// Reads a list of challenges. Commas separate challenges, and also the parameters of one
/// challenge. A token is therefore a new scheme unless "=" follows it. Some servers omit commas or
/// quotes, or do not end a quoted string. The parser skips text that it cannot read, up to the next
/// comma.
class challenge_parser {
 public:
  explicit challenge_parser(std::string_view text) noexcept : text_(text) {}

  COHTTPS_DECL void run(std::vector<challenge>& out);

 private:
  // No server has a reason to come near these limits. The limit on the size of a message's head
  // also limits the text.
  static constexpr std::size_t max_challenges = 32;
  static constexpr std::size_t max_parameters = 32;

  /// True for the schemes in use. All parameters after such a name belong to it, whatever separates
  /// them.
  static constexpr bool is_scheme(std::string_view name) noexcept {
    constexpr std::string_view known[] = {"basic", "bearer", "digest", "negotiate", "ntlm"};
    return std::ranges::find(known, name) != std::end(known);
  }

  static constexpr bool is_token68_char(char c) noexcept {
    return ascii::is_alnum(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
  }

  COHTTPS_DECL bool at_end() const noexcept;
  COHTTPS_DECL bool peek(char c) const noexcept;
  COHTTPS_DECL void skip_space() noexcept;
  COHTTPS_DECL void skip_separators() noexcept;
  COHTTPS_DECL std::string_view token() noexcept;

  /// Reads the token68 after a scheme and a space, unless a parameter stands there.
  COHTTPS_DECL void take_token68(challenge& to);

  /// Reads the value of a parameter. If a parameter is repeated, the first one counts.
  COHTTPS_DECL void take_value(challenge& to, std::string_view name);

  /// Adds the following words to a realm without quotes. A realm is text for people, and some
  /// servers do not quote it. The words belong to the realm if no parameter stands before the next
  /// comma.
  COHTTPS_DECL void take_words() noexcept;

  COHTTPS_DECL void skip_element() noexcept;

  /// Returns false if the string contains a control character. The end of the field also ends the
  /// string.
  COHTTPS_DECL bool quoted_string(std::string& out);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Returns the challenges in the value of one WWW-Authenticate or Proxy-Authenticate field. Reads
/// at most 32 challenges with at most 32 parameters each, and skips text that it cannot read.
COHTTPS_DECL std::vector<challenge> parse_challenges(std::string_view value);

/// Returns the challenges of every field called `name`, in order. A parameter at the beginning of a
/// field does not belong to a challenge of the field before it.
COHTTPS_DECL std::vector<challenge> parse_challenges(const fields& headers, std::string_view name);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/auth/challenge.ipp>
#endif
