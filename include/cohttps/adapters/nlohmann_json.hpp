// Types that nlohmann-json knows, as JSON.
#pragma once

#if defined(COHTTPS_JSON_ADAPTER)
#error "one JSON adapter at a time: cohttps/adapters/glaze.hpp is included already"
#endif
#define COHTTPS_JSON_ADAPTER "nlohmann-json"

#include <cohttps/core/error.hpp>
#include <cohttps/http/representation.hpp>

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

/// Whatever has `to_json` or `from_json`, the library's own types and `nlohmann::json` itself, as
/// far as they have no `representation` of their own.
///
/// Texts have to be UTF-8. Members that `from_json` does not ask for are passed over; what it asks
/// for in vain is an error.
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
      // Its message shows what stands there, which may be a secret.
      auto failed = fail(error_category::protocol, "representation_malformed",
                         "the content is not the application/json that was expected: byte " +
                             std::to_string(e.byte) + " cannot stand there");
      failed.error().position(e.byte);
      return failed;
    }
  }
};

}  // namespace cohttps
