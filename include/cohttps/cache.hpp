// A private cache of responses (RFC 9111), as a layer of clients.
#pragma once

#include <cohttps/client/cache_options.hpp>
#include <cohttps/client/cache_store.hpp>
#include <cohttps/client/memory_cache.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/middleware.hpp>

#include <memory>

namespace cohttps {

/// Answers requests from a store if RFC 9111 allows it, and stores the responses of servers.
/// ```
/// cohttps::http_cache cache(std::make_shared<cohttps::memory_cache>());
/// client.use(cache.layer());
/// ```
/// It is a private cache: it also stores responses to requests with credentials, so a store belongs
/// to one user.
/// - A response from the store has an Age field, and no connection.
/// - Of several requests for one URL at the same time, one goes to the server, and the others wait
///   for its response.
/// - A stored complete response also answers requests with Range, If-None-Match and
///   If-Modified-Since. Otherwise they go to the server; a partial response is not stored.
/// - The content of a streamed call goes into the store while the caller reads it, and comes out of
///   the store part by part.
///
/// Threads: those of its clients; several clients of one thread may share it.
class http_cache {
 public:
  COHTTPS_DECL explicit http_cache(std::shared_ptr<cache_store> store, cache_options options = {});

  /// Returns the layer for `client::use`. The layer keeps the cache alive.
  COHTTPS_DECL middleware layer() const;

  /// Returns what the cache has done so far.
  COHTTPS_DECL cache_statistics statistics() const;

 private:
  std::shared_ptr<detail::cache_layer<>> layer_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/cache.ipp>
#endif
