// Definitions for response.hpp.
#pragma once

#include <cohttps/client/response.hpp>
#include <cohttps/http/link.hpp>

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
  if (!parts_) parts_ = std::make_unique<parts>();
  response_metadata& mine = parts_->metadata;
  if (!mine.url) mine.url = asked;
  if (!mine.connection) {
    static const auto none = [] {
      auto made = std::make_shared<connection_info>();
      made->protocol.clear();
      return std::shared_ptr<const connection_info>(std::move(made));
    }();
    mine.connection = none;
  }
  return std::move(*this);
}

COHTTPS_DEF const response::parts& response::none() noexcept {
  static const parts empty;
  return empty;
}

COHTTPS_DEF std::string_view response::reason() const noexcept {
  return metadata().head.reason_or_default();
}

COHTTPS_DEF std::optional<std::string_view> response::header(std::string_view name) const noexcept {
  return metadata().head.headers.find(name);
}

COHTTPS_DEF std::optional<cohttps::url> response::link(std::string_view relation) const {
  return find_link(headers(), url(), relation);
}

COHTTPS_DEF std::string response::text() const {
  auto decoded = decode_text(content(), header("content-type").value_or(""));
  if (!decoded) throw std::move(decoded).error().subject(metadata().subject());
  return *std::move(decoded);
}

COHTTPS_DEF const cohttps::url& response::url() const { return metadata().url_or_throw(); }

COHTTPS_DEF const connection_info& response::connection() const {
  return metadata().connection_or_throw();
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
  if (!ok()) throw metadata().unsuccessful(content());
}

}  // namespace cohttps
