// Definitions for response.hpp.
#pragma once

#include <cohttps/client/response.hpp>

namespace cohttps {

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
