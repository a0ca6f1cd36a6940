// Definitions for error.hpp.
#pragma once

#include <cohttps/core/error.hpp>

namespace cohttps {

COHTTPS_DEF error& error::subject(std::string_view what_about) {
  state& s = own();
  s.subject = what_about;
  s.what = s.subject + ": " + s.message;
  return *this;
}

COHTTPS_DEF error& error::during(cohttps::phase p) {
  if (phase() == cohttps::phase::none) own().phase = p;
  return *this;
}

COHTTPS_DEF error& error::replay(replay_safety r) { return own().replay = r, *this; }

COHTTPS_DEF error& error::response(int status, std::string_view content) {
  state& s = own();
  s.status = status;
  s.content = content.substr(0, max_content);
  return *this;
}

COHTTPS_DEF error& error::code(std::error_code c) { return own().code = c, *this; }

COHTTPS_DEF error& error::position(std::uint64_t byte) { return own().position = byte, *this; }

COHTTPS_DEF error& error::alert(std::string_view name) { return own().alert = name, *this; }

COHTTPS_DEF error& error::on_reused_connection(bool reused) { return own().reused = reused, *this; }

COHTTPS_DEF error& error::attempts(std::vector<attempt> tried) {
  return own().attempts = std::move(tried), *this;
}

COHTTPS_DEF auto error::own() -> state& {
  if (state_.use_count() != 1) state_ = std::make_shared<state>(*state_);
  return *state_;
}

COHTTPS_DEF std::unexpected<error> fail(error_category category, std::string_view reason,
                                        std::string message) {
  return std::unexpected(error(category, reason, std::move(message)));
}

}  // namespace cohttps
