// The options of a `har_recorder`.
#pragma once

#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/http/har/har_secrets.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace cohttps {

namespace detail {
template <class = void>
class har_layer;
template <class = void>
class har_replay_layer;
}  // namespace detail

/// How a `har_recorder` records.
struct har_options {
  /// With `hidden`, the log contains "<hidden>" in place of secrets: see `hide_secrets`.
  har_secrets secrets = har_secrets::hidden;
  /// Further names of fields, parameters and JSON members whose values are secrets.
  std::vector<std::string> secret_names = {};
  /// In bytes. The log has no larger content of requests and responses, and no content at all if
  /// this is 0.
  std::size_t max_content = 1024 * 1024;
  /// Changes an entry before it is written, when the secrets have been hidden.
  std::function<void(har_entry&)> edit = {};
};

}  // namespace cohttps
