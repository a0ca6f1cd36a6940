// What a server or proxy asks a client to show (RFC 9110, 11.3 and 11.6.1).
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
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;
};

namespace detail {

/// Reads a list of challenges. Commas separate both challenges and the parameters of one, so a
/// token is a new scheme unless "=" follows. Servers leave commas and quotes out, and forget to end
/// a quote; what cannot be read is passed over, up to the next comma.
class challenge_parser {
 public:
  explicit challenge_parser(std::string_view text) noexcept : text_(text) {}

  COHTTPS_DECL void run(std::vector<challenge>& out);

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

  COHTTPS_DECL bool at_end() const noexcept;
  COHTTPS_DECL bool peek(char c) const noexcept;
  COHTTPS_DECL void skip_space() noexcept;
  COHTTPS_DECL void skip_separators() noexcept;
  COHTTPS_DECL std::string_view token() noexcept;

  /// Reads the token68 behind a scheme and a space, when no parameter stands there.
  COHTTPS_DECL void take_token68(challenge& to);

  /// When a parameter is repeated, the first one counts.
  COHTTPS_DECL void take_value(challenge& to, std::string_view name);

  /// A realm is text for people, which some servers do not quote. Words behind it are its own where
  /// no parameter stands before the next comma.
  COHTTPS_DECL void take_words() noexcept;

  COHTTPS_DECL void skip_element() noexcept;

  /// False for one that holds a control character. The end of the field ends it too.
  COHTTPS_DECL bool quoted_string(std::string& out);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// The challenges in the value of one WWW-Authenticate or Proxy-Authenticate field: as many of
/// them, up to 32, and as many of their parameters, up to 32, as can be read.
COHTTPS_DECL std::vector<challenge> parse_challenges(std::string_view value);

/// The challenges of every field called `name`, in order. A parameter at the beginning of a field
/// does not belong to a challenge of the field before.
COHTTPS_DECL std::vector<challenge> parse_challenges(const fields& headers, std::string_view name);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/challenge.ipp>
#endif
