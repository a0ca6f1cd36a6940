// The field sections of a response of HTTP/3: interim heads, the head, the trailer section.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http/trailer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Limits on the field sections of a response. Exceeding one is an error of category `limit`.
struct section_limits {
  std::size_t head = 256 * 1024;     ///< bytes of a head; a field counts 32 more (RFC 9114, 4.2.2)
  std::size_t fields = 1000;         ///< field lines of a head
  std::size_t interim = 100;         ///< 1xx responses before the final one
  std::size_t trailers = 16 * 1024;  ///< bytes of a trailer section, counted likewise
  std::size_t trailer_fields = 32;   ///< field lines of a trailer section
};

/// Collects the sections, field by field.
class response_sections {
 public:
  /// Takes a field of the section that is arriving. Returns an error if it exceeds a limit.
  COHTTPS_DECL std::optional<error> take(const section_limits& bounds, std::string_view name,
                                         std::string_view value);
  /// The section is complete.
  COHTTPS_DECL std::optional<error> end(const section_limits& bounds);

  /// True once the final head is complete.
  bool has_head() const noexcept { return has_head_; }
  /// True once a 100 (Continue) arrived.
  bool got_continue() const noexcept { return got_continue_; }

  response_head head;                   ///< of the final response
  std::vector<response_head> interim;   ///< the 1xx responses before it
  fields trailers;                      ///< the fields after the content
  std::optional<std::uint64_t> length;  ///< the value of Content-Length

 private:
  COHTTPS_DECL [[gnu::cold]] static error too_large(std::string_view reason, std::string_view what);

  std::size_t size_ = 0;  // of the section that is arriving
  std::size_t lines_ = 0;
  std::size_t interim_count_ = 0;
  bool has_head_ = false;
  bool got_continue_ = false;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/response_sections.ipp>
#endif
