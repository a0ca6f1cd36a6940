// Details of an error in the content of a response (RFC 9457).
#pragma once

#if !__has_include(<nlohmann/json.hpp>)
#error \
    "<cohttps/problem_details.hpp> needs nlohmann-json: install nlohmann-json3-dev or add it to the include path"
#endif

#include <cohttps/client/response.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/http/content/representation.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// A problem. Members that are absent or have another type than RFC 9457 says are empty, and `type`
/// is then "about:blank" (3.1).
struct problem_details {
  std::string type = "about:blank";
  std::string title = {};
  std::string detail = {};
  std::string instance = {};
  std::optional<int> status = {};
  /// All members, those of extensions (3.2) among them.
  nlohmann::json members = nlohmann::json::object();
};

/// `response.as<problem_details>(any_status)` reads them.
template <>
struct representation<problem_details> {
  static constexpr std::string_view media_type = "application/problem+json";

  static result<problem_details> read(std::string_view bytes) {
    auto json = nlohmann::json::parse(bytes, nullptr, false);
    if (!json.is_object())
      return fail(error_category::protocol, "representation_malformed",
                  "the content is not the JSON object that problem details are");
    problem_details problem;
    const auto text = [&](const char* name, std::string& to) {
      if (const auto found = json.find(name); found != json.end() && found->is_string())
        to = found->get<std::string>();
    };
    text("type", problem.type);
    text("title", problem.title);
    text("detail", problem.detail);
    text("instance", problem.instance);
    if (const auto found = json.find("status"); found != json.end() && found->is_number_integer())
      problem.status = found->get<int>();
    problem.members = std::move(json);
    return problem;
  }
};

/// Returns the problem that a response describes; nothing if its media type is another one, or its
/// content is malformed.
template <class = void>
std::optional<problem_details> problem_of(const response& answered) {
  const auto type = parse_media_type(answered.header("content-type").value_or(""));
  if (!type || !type->is("application", "problem+json")) return std::nullopt;
  auto read = representation<problem_details>::read(answered.content());
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

/// Returns the problem in the content that an error of an unsuccessful status has:
/// ```
/// catch (const cohttps::error& e) {
///   if (const auto problem = cohttps::problem_of(e)) std::cerr << problem->detail << '\n';
/// }
/// ```
template <class = void>
std::optional<problem_details> problem_of(const error& of) {
  if (of.content().empty()) return std::nullopt;
  auto read = representation<problem_details>::read(of.content());
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

}  // namespace cohttps
