// Calls the functions `on_interim` and `on_progress` of a request.
#pragma once

#include <cohttps/client/progress.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/response_head.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace cohttps::detail {

class request_listener final : public exchange_listener {
 public:
  explicit request_listener(request& of) noexcept : request_(of) {}

  /// Resets the progress before a sending. Returns null if the request has none of the two
  /// functions.
  COHTTPS_DECL exchange_listener* begin();

  void expect(std::optional<std::uint64_t> content) noexcept { progress_.to_receive = content; }

  COHTTPS_DECL void received(std::size_t size);
  void sent(std::size_t size) override {
    progress_.sent += size;
    if (request_.on_progress) request_.on_progress(progress_);
  }
  void interim(const response_head& head) override {
    if (request_.on_interim) request_.on_interim(head);
  }

 private:
  request& request_;
  progress progress_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/request_listener.ipp>
#endif
