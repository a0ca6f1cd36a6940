// Feeds bytes to a response parser in pieces and writes down what it says.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/http1/response_parser.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::http1 {

/// A response, or an interim one, whose head arrived.
struct seen_message {
  response_head head;
  std::string body = {};
  fields trailers = {};
  bool complete = false;
  bool keep_alive = false;
};

struct transcript {
  std::vector<seen_message> messages;
  std::optional<error> failure;
  std::string left;  ///< bytes after a response that ends HTTP on this connection

  /// The failure in the words that do not depend on the split: "reason at byte n"; empty when none.
  std::string why() const {
    if (!failure) return {};
    return std::string(failure->reason()) + " at byte " +
           std::to_string(failure->position().value_or(0));
  }

  /// Everything in one string, to be compared.
  std::string text() const {
    std::string out;
    const auto list = [&](const fields& all) {
      for (const field f : all) {
        out += ascii::printable(f.name, 1000) + '=' + ascii::printable(f.value, 1000) + '\n';
      }
    };
    for (const seen_message& m : messages) {
      out += "1." + std::to_string(m.head.version_minor) + ' ' + std::to_string(m.head.status) +
             ' ' + ascii::printable(m.head.reason) + '\n';
      list(m.head.headers);
      out += "body " + std::to_string(m.body.size()) + ' ' + ascii::printable(m.body, 4000) + '\n';
      list(m.trailers);
      out += m.complete ? "complete" : "cut";
      out += m.keep_alive ? ", kept\n" : "\n";
    }
    return out + why() + "|" + ascii::printable(left, 1000);
  }
};

/// Reads responses one after another from the pieces that end at `cuts` (the end of `bytes` is one
/// by itself), then the end of the stream.
///
/// After a response that is not persistent come no more: what is left belongs to another protocol
/// after a 101 or a tunnel; else it is a failure "bytes_after_close" (RFC 9112, 6.3 forbids to take
/// it for a response), but for an empty line.
class replay {
 public:
  explicit replay(method request = method::get, limits bounds = {},
                  strictness how = strictness::strict)
      : request_(request), parser_(bounds, how) {
    parser_.start(request_);
  }

  transcript run(std::string_view bytes, const std::vector<std::size_t>& cuts) {
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
      feed(bytes.substr(from, cut - from));
      from = cut;
    }
    feed(bytes.substr(from));
    finish();
    return std::move(out_);
  }

  /// In pieces of `n` bytes; all at once when `n` is 0.
  transcript run(std::string_view bytes, std::size_t n) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = n; n != 0 && at < bytes.size(); at += n) cuts.push_back(at);
    return run(bytes, cuts);
  }

 private:
  using event = response_parser::event;

  void feed(std::string_view piece) {
    if (out_.failure) return;
    received_.append(piece);
    while (!over_ && !out_.failure) {
      const auto before = received_.data();
      auto step = parser_.parse(before);
      if (!step) {
        out_.failure = step.error();
        return;
      }
      check(*step, before);
      if (!take(*step)) return;
    }
  }

  void check(const response_parser::step& step, std::span<const std::byte> given) {
    if (step.consumed > given.size()) throw std::logic_error("consumed more than there is");
    if (step.what == event::body) {
      if (step.body.empty()) throw std::logic_error("a body event without content");
      if (step.body.data() + step.body.size() != given.data() + step.consumed)
        throw std::logic_error("the content is not the end of what was consumed");
    }
    total_ += step.consumed;
    if (parser_.position() != total_) throw std::logic_error("the position is not the sum");
  }

  // False when more bytes are needed.
  bool take(const response_parser::step& step) {
    switch (step.what) {
      case event::need_more:
        received_.consume(step.consumed);
        return false;
      case event::interim:
        out_.messages.push_back({.head = parser_.head(), .complete = true, .keep_alive = true});
        break;
      case event::head:
        out_.messages.push_back({.head = parser_.head()});
        break;
      case event::body:
        out_.messages.back().body.append(reinterpret_cast<const char*>(step.body.data()),
                                         step.body.size());
        break;
      case event::complete: {
        seen_message& last = out_.messages.back();
        last.trailers = parser_.trailers();
        last.complete = true;
        last.keep_alive = parser_.keep_alive();
        if (last.keep_alive) {
          parser_.start(request_);
          total_ = 0;
        } else {
          over_ = true;
        }
        break;
      }
    }
    received_.consume(step.consumed);
    return true;
  }

  void finish() {
    if (out_.failure) return;
    if (!over_) {
      auto step = parser_.end_of_stream();
      if (step) {
        take(*step);
      } else if (out_.messages.empty() || !out_.messages.back().complete ||
                 step.error().reason() != "closed_before_response") {
        out_.failure = step.error();
      }
    }
    if (!over_ || received_.empty() || received_.text() == "\r\n") return;
    out_.left = received_.text();
    const int status = out_.messages.back().head.status;
    if (status != 101 && !(request_ == method::connect && is_success(status)))
      out_.failure = error(error_category::protocol, "bytes_after_close",
                           "bytes follow a response that ends the connection")
                         .position(total_);
  }

  method request_;
  response_parser parser_;
  buffer received_;
  transcript out_;
  std::uint64_t total_ = 0;
  bool over_ = false;
};

/// What is read of `bytes` in one piece. Throws unless pieces of every size that I/O tests use, and
/// every two pieces, read the same. Strictly, unless it is said otherwise.
inline transcript read_in_every_split(std::string_view bytes, const method& request = method::get,
                                      const limits& bounds = {},
                                      strictness how = strictness::strict) {
  transcript whole = replay(request, bounds, how).run(bytes, 0);
  const std::string expected = whole.text();
  const auto compare = [&](const transcript& split, const std::string& where) {
    if (split.text() != expected)
      throw std::logic_error(where + ":\n" + split.text() + "\ninstead of\n" + expected);
  };
  for (const std::size_t n : {1u, 5u, 13u, 64u, 1024u, 16384u})
    compare(replay(request, bounds, how).run(bytes, n), "in pieces of " + std::to_string(n));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
    compare(replay(request, bounds, how).run(bytes, std::vector{cut}),
            "cut at " + std::to_string(cut));
  return whole;
}

}  // namespace cohttps::http1
