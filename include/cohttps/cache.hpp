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

/// Answers requests from a store where RFC 9111 allows it, and keeps the responses of servers.
/// ```
/// cohttps::http_cache cache(std::make_shared<cohttps::memory_cache>());
/// client.use(cache.layer());
/// ```
/// It is a private cache: it also keeps responses to requests with credentials, so that a store is
/// for one user. A response from the store has an Age field, and no connection. Several requests
/// for the same thing at the same time become one. Requests with a Range are answered from a
/// complete response, and not kept else.
///
/// Threads: those of its clients; several clients of one thread may share it.
class http_cache {
 public:
  COHTTPS_DECL explicit http_cache(std::shared_ptr<cache_store> store, cache_options options = {});

  /// For `client::use`. It keeps the cache alive.
  COHTTPS_DECL middleware layer() const;

  COHTTPS_DECL cache_statistics statistics() const;

 private:
  std::shared_ptr<detail::cache_layer<>> layer_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/cache.ipp>
#endif
