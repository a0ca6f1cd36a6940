// Converts values of a program's own types to content and back.
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

/// The representation (RFC 9110, 3.2) of a type. Specialise this template for a type:
/// `content::of(value)` then sends its values, and `as<T>()` receives them. A specialisation may
/// omit either `write` or `read`.
///
/// ```
///   template <>
///   struct cohttps::representation<point> {
///     static constexpr std::string_view media_type = "text/x-point";
///     static std::string write(const point& p);
///     static point read(std::string_view bytes);
///   };
/// ```
/// `write` and `read` may throw, or return a `result`. `<cohttps/adapters/nlohmann_json.hpp>` and
/// `<cohttps/adapters/glaze.hpp>` define a JSON representation for all types that those libraries
/// support.
template <class T>
struct representation;

namespace detail {

template <class Returned, class T>
concept perhaps =
    std::same_as<std::remove_cvref_t<Returned>, result<T>> || std::convertible_to<Returned, T>;

/// Converts the current exception, which a representation threw, to an error. An `error` stays
/// unchanged, and `std::bad_alloc` is thrown again.
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

/// Returns the bytes of a value. An exception from `write` becomes usage
/// "representation_unwritable".
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

/// Returns the value that a peer's bytes represent. An exception from `read` becomes protocol
/// "representation_malformed".
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
#include <cohttps/http/content/representation.ipp>
#endif
