// Records the requests of clients in a HAR 1.2 file, as a layer of clients.
#pragma once

#include <cohttps/client/har_options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/middleware.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cohttps {

/// Records requests and responses in a HAR file, which the developer tools of browsers open.
/// ```
/// cohttps::har_recorder recorder("session.har");
/// client.use(recorder.layer());
/// ```
/// Each sending is an entry: a redirected, authenticated or repeated request has several. A failed
/// one has status 0 and `_error`. The log contains no secrets unless the options allow it. An entry
/// is written when the content of its response has been read, and the file is then a valid log. A
/// call never fails because of its recording.
///
/// The layer that is added last sees what the network sees. The layer that is added first sees what
/// the caller sees. Threads: any; clients of several threads may share a recorder.
class har_recorder {
 public:
  /// Makes the file, or replaces its content. Throws `error` (usage, "har_file").
  COHTTPS_DECL explicit har_recorder(const std::string& path, har_options options = {});

  /// Returns the layer for `client::use`. The layer keeps the recorder alive.
  COHTTPS_DECL middleware layer() const;

  /// Returns the number of entries in the file.
  COHTTPS_DECL std::uint64_t entries() const;

  /// Returns the first error of writing, after which entries may be missing.
  COHTTPS_DECL std::optional<error> failure() const;

 private:
  std::shared_ptr<detail::har_layer<>> layer_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/har.ipp>
#endif
