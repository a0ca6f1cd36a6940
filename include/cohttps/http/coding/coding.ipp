// Definitions for coding.hpp.
#pragma once

#include <cohttps/http/coding/coding.hpp>

namespace cohttps {

COHTTPS_DEF const std::string& accept_encoding() {
  static const std::string list = [] {
    std::string out;
    for (const detail::coding& c : detail::codings<>) {
      if (!c.make) continue;
      if (!out.empty()) out += ", ";
      out += c.name;
    }
    return out;
  }();
  return list;
}

COHTTPS_DEF bool has_unknown_coding(const fields& headers) {
  bool unknown = false;
  headers.for_each("content-encoding", [&](std::string_view value) {
    ascii::for_each_element(value, [&](std::string_view name) {
      const bool known = ascii::iequals(name, "identity") || ascii::iequals(name, "x-gzip") ||
                         std::ranges::any_of(detail::codings<>, [&](const detail::coding& c) {
                           return ascii::iequals(c.name, name);
                         });
      unknown = unknown || !known;
      return true;
    });
  });
  return unknown;
}

COHTTPS_DEF result<content_decoder> content_decoder::create(std::string_view content_encoding,
                                                            const decoding_limits& limits,
                                                            strictness how) {
  content_decoder made(limits, how);
  if (auto added = made.add(content_encoding); !added) return pass(std::move(added));
  std::ranges::reverse(made.stages_);
  return made;
}

COHTTPS_DEF result<content_decoder> content_decoder::create(const fields& headers,
                                                            const decoding_limits& limits,
                                                            strictness how) {
  std::string all;
  headers.for_each("content-encoding", [&](std::string_view value) { (all += value) += ','; });
  return create(all, limits, how);
}

COHTTPS_DEF bool content_decoder::is_identity() const noexcept { return stages_.empty(); }

COHTTPS_DEF auto content_decoder::decode(std::span<const std::byte> in, std::span<std::byte> out)
    -> result<progress> {
  const std::size_t given = in.size();
  std::size_t produced = 0;
  if (is_identity()) {
    produced = std::min(in.size(), out.size());
    if (produced > 0) std::memcpy(out.data(), in.data(), produced);
    in = in.subspan(produced);
  } else {
    auto pulled = pull(stages_.size() - 1, in, out);
    if (!pulled) return pass(std::move(pulled));
    produced = *pulled;
  }
  produced_ += produced;
  if (produced_ > limits_.output)
    return fail(
        error_category::limit, "content_too_large",
        "the content has more than " + std::to_string(limits_.output) + " bytes when decoded");
  return progress{given - in.size(), produced};
}

COHTTPS_DEF result<void> content_decoder::finish() const {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (const error* wrong = stages_[i].decoder->failure()) return std::unexpected(*wrong);
    if (strictness_ == strictness::strict && stages_[i].decoder->is_between_parts())
      return detail::trailing_bytes(stages_[i].name);
    const std::uint64_t received = i == 0 ? received_ : stages_[i - 1].produced;
    if (received > 0 && !stages_[i].decoder->is_complete())
      return fail(error_category::protocol, "content_truncated",
                  "the content ends before its " + std::string(stages_[i].name) + " does");
  }
  return {};
}

COHTTPS_DEF result<void> content_decoder::add(std::string_view content_encoding) {
  result<void> outcome;
  ascii::for_each_element(content_encoding, [&](std::string_view name) {
    if (!ascii::iequals(name, "identity")) outcome = add_one(name);
    return outcome.has_value();
  });
  return outcome;
}

COHTTPS_DEF result<void> content_decoder::add_one(std::string_view name) {
  if (ascii::iequals(name, "x-gzip")) name = "gzip";  // RFC 9110, 8.4.1.3
  const auto known = std::ranges::find_if(
      detail::codings<>, [&](const detail::coding& c) { return ascii::iequals(c.name, name); });
  if (known == std::end(detail::codings<>))
    return fail(error_category::protocol, "coding_unknown",
                "the content is coded as \"" + ascii::printable(name) +
                    "\", which was not asked for and is not known");
  if (!known->make)
    return fail(error_category::usage, "coding_unavailable",
                "the content is coded as " + std::string(known->name) +
                    ", and this program was built without " + std::string(known->library));
  if (stages_.size() == max_codings)
    return fail(error_category::limit, "too_many_codings",
                "the content is coded more than " + std::to_string(max_codings) + " times");
  stages_.push_back({known->name, known->make()});
  return {};
}

COHTTPS_DEF result<std::size_t> content_decoder::pull(std::size_t i, std::span<const std::byte>& in,
                                                      std::span<std::byte> out) {
  stage& s = stages_[i];
  std::size_t produced = 0;
  while (produced < out.size()) {
    if (const error* wrong = s.decoder->failure()) {
      if (produced == 0) return std::unexpected(*wrong);
      in = {};
      break;
    }
    if (i > 0 && s.unread.empty()) {
      if (!s.input) s.input = std::make_unique<std::array<std::byte, 16 * 1024>>();
      auto filled = pull(i - 1, in, *s.input);
      if (!filled) return filled;
      s.unread = std::span(*s.input).first(*filled);
    }
    std::span<const std::byte>& source = i > 0 ? s.unread : in;
    if (source.empty() && !s.may_hold_more) break;
    auto done = s.decoder->step(source, out.subspan(produced));
    if (!done) return pass(std::move(done));
    source = source.subspan(done->consumed);
    produced += done->produced;
    s.produced += done->produced;
    s.may_hold_more = produced == out.size();
    if (i == 0) received_ += done->consumed;
    if (s.produced > limits_.ratio_from &&
        s.produced / std::max<std::uint64_t>(limits_.ratio, 1) > received_)
      return fail(error_category::limit, "content_ratio",
                  "the content becomes more than " + std::to_string(limits_.ratio) +
                      " times as large when decoded");
    const bool ended = s.decoder->is_complete() && produced < out.size();
    if (ended && (!source.empty() || s.decoder->is_beyond_end())) {
      if (strictness_ == strictness::strict) return detail::trailing_bytes(s.name);
      source = {};  // some servers append padding
    } else if (done->consumed == 0 && done->produced == 0 && !source.empty()) {
      return detail::malformed_content(s.name, "the decoder makes no progress");
    }
  }
  return produced;
}

COHTTPS_DEF result<std::string> decode_content(std::string_view content_encoding,
                                               std::string_view bytes,
                                               const decoding_limits& limits, strictness how) {
  auto decoder = content_decoder::create(content_encoding, limits, how);
  if (!decoder) return pass(std::move(decoder));
  std::string decoded;
  std::array<std::byte, 16 * 1024> out;
  for (auto rest = std::as_bytes(std::span(bytes));;) {
    auto done = decoder->decode(rest, out);
    if (!done) return pass(std::move(done));
    decoded.append(reinterpret_cast<const char*>(out.data()), done->produced);
    rest = rest.subspan(done->consumed);
    if (done->produced < out.size()) break;
  }
  if (auto ended = decoder->finish(); !ended) return pass(std::move(ended));
  return decoded;
}

}  // namespace cohttps
