// Definitions for options.hpp.
#pragma once

#include <cohttps/client/options.hpp>

namespace cohttps {

COHTTPS_DEF fields header_list::copy() const {
  if (kept_) return *kept_;
  fields all;
  for (const field& f : written_)
    if (f.name.data()) all.append_unchecked(f.name, ascii::trim(f.value));
  return all;
}

COHTTPS_DEF cohttps::content content_view::copy() const { return cohttps::content(bytes_); }

COHTTPS_DEF net::connect_options connect_options_of(const client_options& options) {
  return {.versions = options.versions,
          .connect_timeout = options.timeouts.connect,
          .tls_timeout = options.timeouts.tls,
          .resolve = options.resolve,
          .limits = options.limits,
          .strictness = options.strict_http ? strictness::strict : strictness::lenient,
          .http2 = options.http2,
          .addresses = options.addresses,
          .socket = options.socket,
          .unix_socket = options.unix_socket,
          .dns = options.dns,
          .attempt_delay = options.attempt_delay};
}

COHTTPS_DEF net::connect_options proxy_connect_options_of(const client_options& options) {
  net::connect_options to_proxy = connect_options_of(options);
  to_proxy.addresses = {};
  to_proxy.unix_socket.clear();
  return to_proxy;
}

}  // namespace cohttps
