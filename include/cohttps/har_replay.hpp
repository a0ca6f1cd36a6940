// Answers the requests of clients from a HAR log, as a layer of clients.
#pragma once

#include <cohttps/client/har_options.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/http/har/har_matcher.hpp>
#include <cohttps/middleware.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace cohttps {

/// Answers requests from a HAR log, and never from the network.
/// ```
/// cohttps::har_replayer replayer(cohttps::read_har_file("session.har").value());
/// client.use(replayer.layer());
/// ```
/// A request that no entry answers fails: see `har_matcher::match`. An entry of a failed request
/// fails again, with the same category and reason. Redirections are followed through the log, and
/// cookies go to the jar of the client. The client's retries, credentials and minimum rates do not
/// count. A response has no connection and no times.
///
/// `<cohttps/adapters/har_reader.hpp>` has `read_har_file`. Threads: those of its clients; several
/// clients of one thread may share a replayer.
class har_replayer {
 public:
  COHTTPS_DECL explicit har_replayer(har_log log, har_rules rules = {});

  /// For `client::use`. It keeps the log alive. Layers that are added later are never called.
  COHTTPS_DECL middleware layer() const;

  /// Returns the indices of the entries that have not answered, so that a test can see whether all
  /// were needed.
  COHTTPS_DECL std::vector<std::size_t> unused() const;

 private:
  std::shared_ptr<detail::har_replay_layer<>> layer_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/har_replay.ipp>
#endif
