// Access tokens of OAuth 2.0 (RFC 6749): by client credentials, or by a refresh token.
#pragma once

#if !__has_include(<nlohmann/json.hpp>)
#error \
    "<cohttps/oauth2.hpp> needs nlohmann-json: install nlohmann-json3-dev or add it to the include path"
#endif

#include <cohttps/client.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/task/semaphore.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/url/query.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// The options of `oauth2`.
struct oauth2_options {
  std::string token_url;           ///< the endpoint that gives tokens; https
  std::string client_id;           ///< the name of this program there
  std::string client_secret = {};  ///< its secret; empty for public clients
  std::string scope = {};  ///< the permissions, with spaces between; empty: the server's default
  /// With a refresh token, tokens come by it (RFC 6749, 6); without one, by the client's
  /// credentials (4.4).
  std::string refresh_token = {};
  /// Further parameters of the token request, such as "audience".
  query parameters = {};
  /// Sends id and secret in the content of the token request, for servers without Basic (2.3.1).
  bool secret_in_content = false;
  /// How long before its end a token is replaced.
  std::chrono::seconds renew_before = std::chrono::seconds(60);
  /// Called with each new refresh token, which the program has to keep for its next start.
  std::function<void(const std::string& refresh_token)> on_refresh_token = {};
};

/// Gets a token when a request needs one, and keeps it until it ends or a server refuses it.
/// Requests that need a token at the same time share one token request.
/// ```
/// cohttps::client login;
/// cohttps::oauth2 tokens(login, {.token_url = "https://id.example.com/token",
///                                .client_id = id, .client_secret = secret});
/// cohttps::client api({.credentials = {{"https://api.example.com",
///                                       credentials::bearer(tokens.source())}}});
/// ```
/// A failed token request is an error of the requests that wait for it: policy "oauth2_refused"
/// with the error code of the server (RFC 6749, 5.2), protocol "oauth2_response", or the error of
/// the transfer. No error contains a token or a secret.
///
/// Threads: that of `through`, which must outlive the sources and may be the same client.
class oauth2 {
 public:
  oauth2(client& through, oauth2_options options)
      : state_(std::make_shared<state>(through, std::move(options))) {}

  /// For `credentials::bearer`. It keeps the tokens alive.
  token_source source() const {
    return [of = state_](std::string refused) { return token(of, std::move(refused)); };
  }

  /// Returns a token that is valid now. Throws `error`.
  task<std::string> token() const { return token(state_, {}); }

 private:
  struct state {
    state(client& through, oauth2_options given) : login(through), options(std::move(given)) {}

    client& login;
    oauth2_options options;
    std::string access_token = {};
    time_point renew_at = {};
    std::uint64_t requests = 0;  // token requests that have ended
    std::optional<error> failure = {};
    semaphore one_request{1};
  };

  static task<std::string> token(std::shared_ptr<state> of, std::string refused) {
    const std::uint64_t before = of->requests;
    const auto permit = co_await of->one_request.acquire();
    const bool usable = !of->access_token.empty() && of->access_token != refused &&
                        of->login.transport().now() < of->renew_at;
    if (usable) co_return of->access_token;
    // A request that ended while this one waited was made for this one too.
    if (of->requests != before && of->failure) throw *of->failure;
    auto got = co_await request_token(*of);
    ++of->requests;
    of->failure.reset();
    if (!got) {
      of->failure = got.error();
      throw std::move(got).error();
    }
    co_return of->access_token;
  }

  static task<result<void>> request_token(state& of) {
    const oauth2_options& options = of.options;
    query form = options.parameters;
    if (options.refresh_token.empty()) {
      form.add("grant_type", "client_credentials");
    } else {
      form.add("grant_type", "refresh_token");
      form.add("refresh_token", options.refresh_token);
    }
    if (!options.scope.empty()) form.add("scope", options.scope);
    if (options.secret_in_content || options.client_secret.empty()) {
      form.add("client_id", options.client_id);
      if (!options.client_secret.empty()) form.add("client_secret", options.client_secret);
    }
    request asked = request::to(method::post, options.token_url);
    (void)asked.headers.set("accept", "application/json");
    asked.content = content::form(form);
    asked.max_redirects = 0;  // a redirection would carry the secret to another place
    // Credentials of its own, so that the client does not ask for a token to get one.
    asked.credentials =
        options.secret_in_content || options.client_secret.empty()
            ? credentials::signature([](const auto&) { return result<void>(); })
            : credentials::basic(encoded(options.client_id), encoded(options.client_secret));
    auto answered = co_await of.login.try_send(std::move(asked));
    if (!answered) co_return pass(std::move(answered));
    co_return take(of, *answered);
  }

  /// RFC 6749, 2.3.1: id and secret are encoded as a form before they become a user and a password.
  static std::string encoded(std::string_view text) {
    std::string pair = query().add(text, "").text();
    pair.pop_back();  // '='
    return pair;
  }

  /// Reads the answer of the token endpoint (RFC 6749, 5.1 and 5.2).
  static result<void> take(state& of, const response& answered) {
    const auto json = nlohmann::json::parse(answered.content(), nullptr, false);
    if (!answered.ok()) {
      const std::string code = text_of(json, "error"), why = text_of(json, "error_description");
      error refused(error_category::policy, "oauth2_refused",
                    "the token endpoint answered " + std::to_string(answered.status()) +
                        (code.empty() ? "" : ", " + ascii::printable(code, 60)) +
                        (why.empty() ? "" : ": " + ascii::printable(why, 200)));
      refused.subject(answered.metadata().subject()).response(answered.status());
      return std::unexpected(std::move(refused));
    }
    const auto malformed = [&](std::string_view what) -> result<void> {
      error e(error_category::protocol, "oauth2_response",
              "the answer of the token endpoint " + std::string(what));
      e.subject(answered.metadata().subject());
      return std::unexpected(std::move(e));
    };
    std::string token = text_of(json, "access_token");
    if (token.empty()) return malformed("has no access_token");
    if (!ascii::iequals(text_of(json, "token_type"), "bearer"))
      return malformed("has another token_type than Bearer");
    std::chrono::seconds lifetime = std::chrono::hours(24 * 365);
    if (const auto given = json.find("expires_in"); given != json.end()) {
      if (!given->is_number()) return malformed("has an expires_in that is no number");
      const double seconds = given->get<double>();
      if (seconds < static_cast<double>(lifetime.count()))
        lifetime = std::chrono::seconds(static_cast<std::int64_t>(std::max(seconds, 0.0)));
    }
    of.access_token = std::move(token);
    const auto early = std::min(of.options.renew_before, lifetime / 2);
    of.renew_at = of.login.transport().now() + (lifetime - early);
    if (std::string next = text_of(json, "refresh_token"); !next.empty()) {
      if (!of.options.refresh_token.empty()) of.options.refresh_token = next;
      if (of.options.on_refresh_token) of.options.on_refresh_token(next);
    }
    return {};
  }

  static std::string text_of(const nlohmann::json& json, std::string_view name) {
    if (!json.is_object()) return {};
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  }

  std::shared_ptr<state> state_;
};

}  // namespace cohttps
