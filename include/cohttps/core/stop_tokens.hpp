// Several stop tokens for one operation.
#pragma once

#include <cohttps/core/stop.hpp>

#include <concepts>
#include <forward_list>
#include <vector>

namespace cohttps {

/// A set of stop tokens. The set counts as stopped as soon as one token is stopped. The first token
/// needs no allocation.
class stop_tokens {
 public:
  stop_tokens() = default;
  stop_tokens(stop_token first) noexcept : first_(first) {}

  /// Adds a token. One without a source is left out.
  void add(stop_token token) {
    if (!first_.stop_possible())
      first_ = token;
    else if (token.stop_possible())
      more_.push_back(token);
  }

  /// True once one of them was requested to stop.
  bool stop_requested() const noexcept {
    for (const stop_token& token : more_)
      if (token.stop_requested()) return true;
    return first_.stop_requested();
  }

 private:
  template <std::invocable F>
  friend class stop_callbacks;

  stop_token first_;
  std::vector<stop_token> more_;
};

/// A `stop_callback` for each token of a `stop_tokens`. Calls `F` once for each token that stops.
template <std::invocable F>
class stop_callbacks {
 public:
  stop_callbacks(const stop_tokens& tokens, F f) : first_(tokens.first_, f) {
    for (const stop_token& token : tokens.more_) more_.emplace_front(token, f);
  }
  stop_callbacks(const stop_callbacks&) = delete;
  stop_callbacks& operator=(const stop_callbacks&) = delete;

 private:
  stop_callback<F> first_;
  std::forward_list<stop_callback<F>> more_;
};

}  // namespace cohttps
