// Definitions for content_upload.hpp.
#pragma once

#include <cohttps/connection/content_upload.hpp>

namespace cohttps::detail {

COHTTPS_DEF void content_upload::start(content_sink& to, request_view request,
                                       phase_limits answering, deadline& limit) {
  work_ = run(to, request, answering, limit);
  work_.start();
}

COHTTPS_DEF result<void> content_upload::take_outcome() { return work_.take(); }

COHTTPS_DEF owned_coroutine<result<void>> content_upload::run(content_sink& to,
                                                              request_view request,
                                                              phase_limits answering,
                                                              deadline& limit) {
  // `upload_ended` wakes the reader in a later turn of the loop. The reader then finds that this
  // coroutine is done.
  try {
    if (request.expects_continue) co_await sleep_for(limit.transport(), continue_wait, go_on_);
    to.upload_begins();
    const result<void> sent = co_await send(to, request, limit);
    if (sent && to.has_head())
      limit.rename(phase::receive_body);
    else if (sent && !limit.stop_requested())
      limit.enter(phase::receive_head, answering);
    to.upload_ended(&sent);
    co_return sent;
  } catch (...) {
    to.upload_ended(nullptr);
    throw;
  }
}

COHTTPS_DEF task<result<void>> content_upload::send(content_sink& to, request_view request,
                                                    deadline& limit) {
  content_pieces pieces(request, to.memory_piece(), limit);
  while (to.wants_content()) {
    auto piece = co_await pieces.next();
    if (!piece) co_return pass(std::move(piece));
    if (piece->empty()) break;
    const bool last = pieces.at_end() && !request.trailers;
    auto sent = co_await to.send_piece(*piece, last, request.listener, limit);
    if (!sent || last) co_return sent;
  }
  fields trailers;
  if (request.trailers && to.wants_content()) trailers = (*request.trailers)();
  co_return co_await to.send_end(std::move(trailers), limit);
}

}  // namespace cohttps::detail
