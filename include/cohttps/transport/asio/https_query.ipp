// Definitions for https_query.hpp.
#pragma once

#include <cohttps/transport/asio/https_query.hpp>

#include <algorithm>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

namespace cohttps::detail {

COHTTPS_DEF look_up_outcome system_https_query(const std::string& name) {
#if defined(__FreeBSD__) || \
    (defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 34)))
  constexpr int type_https = 65, class_in = 1;
  look_up_outcome outcome;
  outcome.message.resize(65536);
  struct __res_state state = {};
  if (::res_ninit(&state) != 0) return {.code = NO_RECOVERY};
  state.retrans = 2;  // seconds
  state.retry = 1;
#ifdef RES_USE_EDNS0
  state.options |= RES_USE_EDNS0;
#endif
  auto* bytes = reinterpret_cast<unsigned char*>(outcome.message.data());
  const int size = ::res_nquery(&state, name.c_str(), class_in, type_https, bytes,
                                static_cast<int>(outcome.message.size()));
  if (size < 0) outcome.code = state.res_h_errno;
  ::res_nclose(&state);
  outcome.message.resize(static_cast<std::size_t>(std::clamp(size, 0, 65535)));
  // The system has compared the id.
  for (std::size_t i = 0; i < 2 && i < outcome.message.size(); ++i) outcome.message[i] = {};
  return outcome;
#else
  (void)name;
  return {};
#endif
}

struct https_record_look_up {
  static look_up_outcome ask(const std::string& name) { return system_https_query(name); }
};

COHTTPS_DEF resolver_threads& https_query_threads(asio::execution_context& loop) {
  return asio::use_service<resolver_service<https_record_look_up>>(loop).threads;
}

COHTTPS_DEF result<std::vector<std::byte>> asio_https_query::await_resume() {
  if (stopped()) return fail(error_category::canceled, "canceled", "the operation was canceled");
  return std::move(outcome_.message);
}

}  // namespace cohttps::detail
