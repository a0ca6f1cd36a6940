// JSON representations for all types that nlohmann-json supports.
#pragma once

#if defined(COHTTPS_JSON_ADAPTER)
#error "one JSON adapter at a time: cohttps/adapters/glaze.hpp is included already"
#endif
#define COHTTPS_JSON_ADAPTER "nlohmann-json"

#include <cohttps/core/error.hpp>
#include <cohttps/http/content/representation.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace cohttps {

namespace detail {

template <class T>
concept nlohmann_writable = requires(const T& value) { nlohmann::json(value); };
template <class T>
concept nlohmann_readable = requires(const nlohmann::json& json) {
  { json.template get<T>() } -> std::same_as<T>;
};

}  // namespace detail

/// Represents a type as JSON if it has no `representation` of its own. The type has `to_json` or
/// `from_json`, or nlohmann-json supports it directly, or it is `nlohmann::json`.
///
/// Strings must be UTF-8. `read` ignores members that `from_json` does not read. A missing member
/// that `from_json` reads is an error.
template <class T>
  requires detail::nlohmann_writable<T> || detail::nlohmann_readable<T>
struct representation<T> {
  static constexpr std::string_view media_type = "application/json";

  static std::string write(const T& value)
    requires detail::nlohmann_writable<T>
  {
    return nlohmann::json(value).dump();
  }
  static result<T> read(std::string_view bytes)
    requires detail::nlohmann_readable<T>
  {
    try {
      return nlohmann::json::parse(bytes).template get<T>();
    } catch (const nlohmann::json::parse_error& e) {
      // The message of `e` quotes the content, which may contain a secret.
      auto failed = fail(error_category::protocol, "representation_malformed",
                         "the content is not the application/json that was expected: byte " +
                             std::to_string(e.byte) + " cannot stand there");
      failed.error().position(e.byte);
      return failed;
    }
  }
};

}  // namespace cohttps
