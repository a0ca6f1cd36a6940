// Definitions for response.hpp.
#pragma once

#include <cohttps/client/response.hpp>

namespace cohttps {

COHTTPS_DEF response response::make(int status, fields headers, std::string content) {
  response_metadata made;
  made.head.status = status;
  made.head.headers = std::move(headers);
  made.complete = true;
  recycled<std::string> bytes;
  bytes.assign(content);
  return {std::move(made), std::move(bytes)};
}

COHTTPS_DEF response response::of_layer(const std::optional<cohttps::url>& asked) && {
  if (!state_.url) state_.url = asked;
  if (!state_.connection) {
    auto none = std::make_shared<connection_info>();
    none->protocol.clear();
    state_.connection = std::move(none);
  }
  return std::move(*this);
}

COHTTPS_DEF std::string_view response::reason() const noexcept {
  return state_.head.reason_or_default();
}

COHTTPS_DEF std::optional<std::string_view> response::header(std::string_view name) const noexcept {
  return state_.head.headers.find(name);
}

COHTTPS_DEF std::string response::text() const {
  auto decoded = decode_text(content_, header("content-type").value_or(""));
  if (!decoded) throw std::move(decoded).error().subject(origin());
  return *std::move(decoded);
}

COHTTPS_DEF const cohttps::url& response::url() const { return state_.url_or_throw(); }

COHTTPS_DEF const connection_info& response::connection() const {
  return state_.connection_or_throw();
}

COHTTPS_DEF const response& response::require_success() const& {
  check_success();
  return *this;
}

COHTTPS_DEF response&& response::require_success() && {
  check_success();
  return std::move(*this);
}

COHTTPS_DEF void response::check_success() const {
  if (!ok()) throw unsuccessful();
}

COHTTPS_DEF error response::unsuccessful() const {
  error e(error_category::policy, "unsuccessful_status",
          "the server answered " + std::to_string(status()) + " " +
              std::string(reason_phrase(status())));
  e.subject(origin());
  return e;
}

COHTTPS_DEF std::string response::origin() const {
  return state_.url ? state_.url->origin().text() : std::string();
}

}  // namespace cohttps
