// The layer of a `har_replayer`: answers requests from a log.
#pragma once

#include <cohttps/client/har_options.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/http/har/har_matcher.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::detail {

template <class>
class har_replay_layer : public std::enable_shared_from_this<har_replay_layer<>> {
 public:
  har_replay_layer(har_log log, har_rules rules)
      : log_(std::move(log)), matcher_(log_, std::move(rules)) {}

  /// Answers from the log, never from the network. Follows redirections, which are entries of the
  /// log.
  task<result<response>> handle(request& r, next_handler next);

  std::vector<std::size_t> unused() const { return matcher_.unused(); }

 private:
  static error failure_of(const har_failure& recorded);
  static task<result<std::string>> read_all(content& from);
  /// Makes the response of an entry. `limit` is the most bytes of content.
  result<response> answer(std::size_t index, response_metadata made, bool has_content,
                          std::size_t limit) const;

  const har_log log_;
  har_matcher matcher_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/har_replay_layer.ipp>
#endif
