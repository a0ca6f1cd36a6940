// A parsed URL: one string, and the positions of its parts.
#pragma once

#include <cohttps/core/recycled.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/host.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::detail {

/// Offsets into the normalised URL. An absent part is empty, and has the position where it would
/// be:
/// ```
///   https://user:secret@example.com:8443/docs/index?lang=en#top
///        |  |   |      ||          |    |          |       |   |
///        |  |   |      ||          |    |          |       |   href.size()
///        |  |   |      ||          |    |          |       fragment   ('#', or href.size())
///        |  |   |      ||          |    |          query              ('?', or fragment)
///        |  |   |      ||          |    path                          (always '/')
///        |  |   |      ||          host_end                           (':', or path)
///        |  |   |      |host
///        |  |   |      user_end                                       ('@', or host)
///        |  |   name_end                                              (':', or user_end)
///        |  user = scheme_end + 3
///        scheme_end
/// ```
struct url_record {
  recycled<std::string> href;
  std::uint32_t scheme_end = 0;
  std::uint32_t name_end = 0;
  std::uint32_t user_end = 0;
  std::uint32_t host = 0;
  std::uint32_t host_end = 0;
  std::uint32_t path = 0;
  std::uint32_t query = 0;
  std::uint32_t fragment = 0;
  std::uint16_t port = 0;
  host_kind kind = host_kind::domain;

  COHTTPS_DECL std::string_view part(std::size_t begin, std::size_t end) const noexcept;

  COHTTPS_DECL std::string_view scheme() const noexcept;
  std::uint32_t user() const noexcept { return scheme_end + 3; }
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/url_record.ipp>
#endif
