// The grammar of each kind of line in a response (RFC 9112), as functions of a whole line.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/scan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cohttps::http1 {

/// What is wrong with a line, and where in it.
struct fault {
  std::string_view reason;        ///< a stable snake_case word
  std::string_view message;       ///< a sentence without its full stop
  std::size_t at = 0;             ///< an offset in the line
  std::string_view excerpt = {};  ///< what may be quoted of it; empty when nothing should
};

/// The part of a line that a text is.
enum class text_of : std::uint8_t { reason, name, value, chunk_line };

/// What is wrong with `text` at `at`, where it has a character that it may not hold. CR and NUL
/// have their names in the message: they forge lines.
[[gnu::cold]] constexpr std::string_view control_message(text_of where, std::string_view text,
                                                         std::size_t at) noexcept {
  constexpr std::string_view messages[][4] = {
      {"the status line ends with CR CR LF instead of CRLF", "the reason phrase holds a CR",
       "the reason phrase holds a NUL", "the reason phrase holds a control character"},
      {"an empty line ends with CR CR LF instead of CRLF", "a field name holds a CR",
       "a field name holds a NUL", "a field name holds a character that no token has"},
      {"a field line ends with CR CR LF instead of CRLF", "a field value holds a CR",
       "a field value holds a NUL", "a field value holds a control character"},
      {"the line of a chunk size ends with CR CR LF instead of CRLF",
       "the line of a chunk size holds a CR", "the line of a chunk size holds a NUL",
       "the line of a chunk size holds a control character"}};
  const bool ends = text.find_first_not_of('\r', at) == text.npos;
  const std::size_t which = text[at] == '\0' ? 2 : text[at] != '\r' ? 3 : ends ? 0 : 1;
  return messages[static_cast<std::size_t>(where)][which];
}

/// The index of the first byte of `start` that no status line has there, or `npos`: what is not
/// HTTP may never send the end of a line. `lenient` takes what `status_line::parse` does.
constexpr std::size_t wrong_start_of_status_line(std::string_view start, strictness how) noexcept {
  const bool lenient = how == strictness::lenient;
  constexpr std::string_view upper = "HTTP/1.", lower = "http/1.";
  for (std::size_t i = 0; i < start.size() && i < upper.size(); ++i) {
    if (lenient && i == 5 && (start[i] == '2' || start[i] == '3')) break;
    if (start[i] != upper[i] && (!lenient || start[i] != lower[i])) return i;
  }
  return start.npos;
}

/// status-line of RFC 9112, 4, without its CRLF.
struct status_line {
  int version_minor = 1;  // of a later HTTP/1.x, that of HTTP/1.1 (RFC 9110, 2.5)
  int status = 0;
  std::size_t reason_at = 0;  // an offset in the line
  std::size_t reason_size = 0;
  bool irregular = false;  // taken, but not as the grammar has it

  /// `HTTP/1.` and a digit, one SP, three digits, one SP, reason phrase. The second SP may be
  /// missing when the phrase is: RFC 9112 demands it, many servers leave it out, and nothing else
  /// can be meant. A status above 599 is taken as it is (RFC 9110, 15).
  ///
  /// `lenient` also takes other white space, a status below 100, control characters in the phrase,
  /// `http` in any case, and HTTP/2 and HTTP/3 for HTTP/1.1: some programs name the version that
  /// they spoke to somebody else.
  COHTTPS_DECL std::optional<fault> parse(std::string_view line, strictness how) noexcept;

 private:
  // The index of the first character behind the version; 0 where it is none that is read.
  COHTTPS_DECL std::size_t take_version(std::string_view line, strictness how) noexcept;
};

/// field-line of RFC 9112, 5, without its CRLF: fills `slot` with offsets in the line.
///
/// Strict where recipients are known to differ: no line folding (RFC 9112, 5.2), no whitespace
/// before the colon (5.1) or the first field (2.2), no control characters in the value (RFC 9110,
/// 5.5). `first` says that no field came before; `line` is not empty. `lenient_field_line` has what
/// is taken all the same.
COHTTPS_DECL std::optional<fault> parse_field_line(std::string_view line, bool first,
                                                   field_slot& slot) noexcept;

/// The kind of a line that `parse_field_line` refuses, for a lenient recipient.
enum class line_kind : std::uint8_t {
  regular,    ///< a field after all: only its value has control characters (RFC 9110, 5.5)
  irregular,  ///< a field whose name is followed by white space (RFC 9112, 5.1)
  folded,     ///< the rest of the value before it (RFC 9112, 5.2)
  junk,       ///< no field at all, such as a program's warning; browsers pass over it
  refused,    ///< forged, maybe: it has NUL or CR in it
};

/// What `line_kind::refused` is about: the CR or the NUL, whatever else is wrong before it.
COHTTPS_DECL [[gnu::cold]] fault forged_line(std::string_view line) noexcept;

/// Fills `slot` where there is a field, `wrong` where the line is refused. `first` says that no
/// line came before.
COHTTPS_DECL [[gnu::cold]] line_kind lenient_field_line(std::string_view line, bool first,
                                                        field_slot& slot, fault& wrong) noexcept;

/// The field lines `section`, each with its end, with every fold replaced by one SP (RFC
/// 9112, 5.2).
COHTTPS_DECL [[gnu::cold]] std::string unfolded(std::string_view section);

/// The line before a chunk's data (RFC 9112, 7.1), without its CRLF.
struct chunk_line {
  std::uint64_t size = 0;
  std::size_t extensions = 0;  ///< how many bytes they take; they mean nothing to this client

  bool irregular = false;  ///< taken, but not as the grammar has it

  /// `1*HEXDIG *( BWS ";" BWS name [ BWS "=" BWS value ] )`, value a token or a quoted string.
  /// Whitespace is taken only where the grammar of the extensions has it. `lenient` passes over
  /// white space behind the size, and over extensions of any form.
  COHTTPS_DECL std::optional<fault> parse(std::string_view line, strictness how) noexcept;

 private:
  COHTTPS_DECL std::optional<fault> parse_strictly(std::string_view line) noexcept;

  COHTTPS_DECL static void skip_space(std::string_view s, std::size_t& i) noexcept;
  COHTTPS_DECL static bool skip_token(std::string_view s, std::size_t& i) noexcept;
  COHTTPS_DECL static bool skip_quoted_string(std::string_view s, std::size_t& i) noexcept;
};

/// A field value of Content-Length as received: a number, or the same number repeated as a list,
/// which RFC 9110, 8.6 lets a recipient take for the number. Empty on anything else.
COHTTPS_DECL std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept;

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/lines.ipp>
#endif
