// How values of a program's own types become content, and content such values.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <concepts>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohttps {

/// The representation (RFC 9110, 3.2) of a type: specialise it, and `content::of(value)` sends such
/// values and `as<T>()` receives them. Either of `write` and `read` may be left out.
///
/// ```
///   template <>
///   struct cohttps::representation<point> {
///     static constexpr std::string_view media_type = "text/x-point";
///     static std::string write(const point& p);
///     static point read(std::string_view bytes);
///   };
/// ```
/// Both may throw, or return a `result`. `<cohttps/adapters/nlohmann_json.hpp>` and
/// `<cohttps/adapters/glaze.hpp>` have one, as JSON, for all types that those libraries know.
template <class T>
struct representation;

namespace detail {

template <class Returned, class T>
concept perhaps =
    std::same_as<std::remove_cvref_t<Returned>, result<T>> || std::convertible_to<Returned, T>;

/// What a representation threw, as an error. An `error` stays what it is.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> representation_failed(
    error_category category, std::string_view reason, std::string_view what_failed);

}  // namespace detail

/// A type whose values can be sent.
template <class T>
concept writable_representation = requires(const T& value) {
  { representation<T>::media_type } -> std::convertible_to<std::string_view>;
  { representation<T>::write(value) } -> detail::perhaps<std::string>;
};

/// A type whose values can be received.
template <class T>
concept readable_representation = requires(std::string_view bytes) {
  { representation<T>::media_type } -> std::convertible_to<std::string_view>;
  { representation<T>::read(bytes) } -> detail::perhaps<T>;
};

/// The bytes of a value. What `write` throws becomes usage "representation_unwritable".
template <writable_representation T>
result<std::string> write_representation(const T& value) {
  try {
    return representation<T>::write(value);
  } catch (...) {
    return detail::representation_failed(
        error_category::usage, "representation_unwritable",
        "the value cannot be written as " + std::string(representation<T>::media_type));
  }
}

/// The value in bytes from a peer. What `read` throws becomes protocol "representation_malformed".
template <readable_representation T>
result<T> read_representation(std::string_view bytes) {
  try {
    return representation<T>::read(bytes);
  } catch (...) {
    return detail::representation_failed(error_category::protocol, "representation_malformed",
                                         "the content is not the " +
                                             std::string(representation<T>::media_type) +
                                             " that was expected");
  }
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/representation.ipp>
#endif
