// JSON representations for all types that Glaze supports.
#pragma once

#if defined(COHTTPS_JSON_ADAPTER)
#error "one JSON adapter at a time: cohttps/adapters/nlohmann_json.hpp is included already"
#endif
#define COHTTPS_JSON_ADAPTER "glaze"

#include <cohttps/core/error.hpp>
#include <cohttps/http/content/representation.hpp>

#include <concepts>
#include <cstddef>
#include <glaze/json.hpp>
#include <string>
#include <string_view>

namespace cohttps {

namespace detail {

/// The JSON may have members that the type lacks. It must have all members of the type that cannot
/// be null, and nothing may follow the JSON value.
struct glaze_options : glz::opts {
  bool validate_trailing_whitespace = true;
};
inline constexpr glaze_options glaze_reading{
    {.null_terminated = false, .error_on_unknown_keys = false, .error_on_missing_keys = true}};

}  // namespace detail

/// Represents a type as JSON if Glaze can write or read it, and if the type has no `representation`
/// of its own. Glaze supports aggregates, types with a `glz::meta`, and many types of the standard
/// library. Requires a Glaze of 2025 or later, in which `glz::read_supported<T, Format>` exists.
///
/// `read` ignores unknown members. A missing member is an error unless it may be null.
template <class T>
  requires(glz::write_supported<T, glz::JSON> || glz::read_supported<T, glz::JSON>)
struct representation<T> {
  /// The media type of the content.
  static constexpr std::string_view media_type = "application/json";

  /// Writes a value as JSON. Errors: usage, "representation_unwritable".
  static result<std::string> write(const T& value)
    requires glz::write_supported<T, glz::JSON>
  {
    auto written = glz::write_json(value);
    if (!written)
      return fail(error_category::usage, "representation_unwritable",
                  "the value cannot be written as application/json: " +
                      glz::format_error(written.error().ec));
    return *std::move(written);
  }
  /// Reads JSON into a value. Errors: protocol, "representation_malformed".
  static result<T> read(std::string_view bytes)
    requires glz::read_supported<T, glz::JSON> && std::default_initializable<T>
  {
    T value{};
    if (const auto wrong = glz::read<detail::glaze_reading>(value, bytes))
      return fail(error_category::protocol, "representation_malformed",
                  "the content is not the application/json that was expected: " +
                      glz::format_error(wrong.ec) + " at byte " + std::to_string(wrong.count));
    return value;
  }
};

}  // namespace cohttps
