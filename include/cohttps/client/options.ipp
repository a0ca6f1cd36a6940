// Definitions for options.hpp.
#pragma once

#include <cohttps/client/options.hpp>

namespace cohttps {

COHTTPS_DEF fields header_list::copy() const {
  if (copy_) return copy_(callers_);
  fields all;
  for (const field& f : in_place_)
    if (f.name.data()) all.append_unchecked(f.name, ascii::trim(f.value));
  return all;
}

COHTTPS_DEF cohttps::content content_view::copy() const { return cohttps::content(bytes_); }

COHTTPS_DEF detail::connect_options connect_options_of(const client_options& options) {
  return {.connect_timeout = options.timeouts.connect,
          .tls_timeout = options.timeouts.tls,
          .resolve = options.resolve,
          .limits = options.limits,
          .strictness = options.strict_http ? strictness::strict : strictness::lenient,
          .http2 = options.http2,
          .addresses = options.addresses,
          .socket = options.socket,
          .unix_socket = options.unix_socket,
          .resolver = options.resolver.get(),
          .dns = options.dns,
          .attempt_delay = options.attempt_delay};
}

}  // namespace cohttps
