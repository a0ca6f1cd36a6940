// Definitions for response_parser.hpp.
#pragma once

#include <cohttps/http1/response_parser.hpp>

namespace cohttps::http1 {

COHTTPS_DEF void response_parser::start(const method& request) noexcept {
  state_ = state_ == state::complete || lenient() ? state::empty_line : state::status_line;
  framing_.start(request);
  failed_.reset();
  position_ = received_ = extensions_ = 0;
  seen_ = interim_ = 0;
  trailers_.clear();
  begin_section();
}

COHTTPS_DEF auto response_parser::parse(std::span<const std::byte> unconsumed) -> result<step> {
  const std::string_view in(reinterpret_cast<const char*>(unconsumed.data()), unconsumed.size());
  step out;
  if (!failed_) [[likely]]
    advance(in, out);
  if (failed_) [[unlikely]]
    return std::unexpected(*failed_);
  if (out.what == event::body) {
    out.body = unconsumed.subspan(out.consumed, part_);
    consume(part_, out);
  }
  seen_ = in.size() - out.consumed;
  return out;
}

COHTTPS_DEF auto response_parser::end_of_stream() -> result<step> {
  if (state_ == state::until_close) state_ = state::complete;
  if (state_ != state::complete && !failed_) [[unlikely]]
    reject(detail::truncated(reading(), nothing_came()), seen_);
  if (failed_) [[unlikely]]
    return std::unexpected(*failed_);
  return step{event::complete, 0, {}};
}

COHTTPS_DEF response_head response_parser::take_head() noexcept { return std::exchange(head_, {}); }

COHTTPS_DEF std::optional<std::uint64_t> response_parser::content_length() const noexcept {
  return framing_.content_length();
}

COHTTPS_DEF void response_parser::advance(std::string_view in, step& out) {
  for (;;) {
    const std::string_view rest = in.substr(out.consumed);
    switch (state_) {
      case state::empty_line:
        if (!skip_empty_line(rest, out)) return;
        continue;
      case state::status_line:
        if (!take_status_line(rest)) return;
        [[fallthrough]];
      case state::field_lines:
        if (take_field_lines(rest, limits_.head, limits_.fields)) finish_head(rest, out);
        return;
      case state::counted:
      case state::chunk_data:
        if (remaining_ != 0) return take_content(rest, out);
        state_ = state_ == state::counted ? state::complete : state::chunk_end;
        continue;
      case state::until_close:
        remaining_ = rest.size();
        return take_content(rest, out);
      case state::chunk_start:
        if (!take_chunk_line(rest, out)) return;
        continue;
      case state::chunk_end:
        if (!take_chunk_end(rest, out)) return;
        continue;
      case state::trailer_lines:
        if (!take_field_lines(rest, limits_.trailers, limits_.trailer_fields)) return;
        finish_trailers(rest, out);
        continue;
      case state::complete:
        out.what = event::complete;
        return;
      case state::idle:
        return reject(detail::no_response_expected(), 0);
    }
  }
}

COHTTPS_DEF void response_parser::consume(std::size_t n, step& out) noexcept {
  out.consumed += n;
  position_ += n;
}

COHTTPS_DEF std::optional<std::string_view> response_parser::next_line(std::string_view rest,
                                                                       std::size_t limit) {
  std::string_view line;
  switch (lines_.next(rest, limit, line)) {
    case line_reader::outcome::more:
      return std::nullopt;
    case line_reader::outcome::too_long:
      return reject(detail::too_long(reading(), limit), limit), std::nullopt;
    case line_reader::outcome::bare_line:
      if (!lenient())
        return reject({"bare_lf", "a line ends with LF alone instead of CRLF"}, lines_.at() - 1),
               std::nullopt;
      framing_.distrust();
      break;
    case line_reader::outcome::line:
      break;
  }
  return line;
}

COHTTPS_DEF void response_parser::begin_section() noexcept {
  section_ = 0;
  lines_ = {};
  folded_ = faulty_ = false;
  slots_.clear();
}

COHTTPS_DEF bool response_parser::skip_empty_line(std::string_view rest, step& out) noexcept {
  if (rest.empty() || rest == "\r") return false;
  if (rest.starts_with("\r\n"))
    consume(2, out);
  else if (lenient() && rest.starts_with('\n'))
    consume(1, out);
  state_ = state::status_line;
  return true;
}

COHTTPS_DEF bool response_parser::take_status_line(std::string_view rest) {
  constexpr std::string_view version = "HTTP/1.";
  if (!version.starts_with(rest.substr(0, version.size()))) [[unlikely]]
    if (const auto at = wrong_start_of_status_line(rest, strictness_); at != rest.npos)
      return reject(detail::wrong_start(rest, at), at), false;
  const auto line = next_line(rest, limits_.head);
  if (!line) return false;
  if (const auto wrong = status_line_.parse(*line, strictness_)) [[unlikely]]
    return reject(*wrong, wrong->at), false;
  if (status_line_.irregular) [[unlikely]]
    framing_.distrust();
  framing_.start_head(status_line_);
  section_ = lines_.at();
  state_ = state::field_lines;
  return true;
}

COHTTPS_DEF bool response_parser::take_field_lines(std::string_view rest, std::size_t limit,
                                                   std::size_t most) {
  for (;;) {
    const auto line = next_line(rest, limit);
    if (!line) return false;
    if (line->empty()) return true;
    const auto at = static_cast<std::size_t>(line->data() - rest.data());
    field_slot slot;
    if (auto wrong = parse_field_line(*line, slots_.empty(), slot)) [[unlikely]] {
      const auto kind =
          lenient() ? lenient_field_line(*line, at == section_, slot, *wrong) : line_kind::refused;
      if (kind == line_kind::refused) return reject(*wrong, at + wrong->at), false;
      if (kind == line_kind::irregular || kind == line_kind::junk) framing_.distrust();
      if (kind == line_kind::folded) folded_ = true;
      if (kind == line_kind::junk || kind == line_kind::folded) continue;
    }
    if (slots_.size() == most) [[unlikely]]
      return reject(detail::too_many_fields(reading(), most), at), false;
    if (state_ == state::field_lines)
      if (const auto wrong = framing_.take({line->substr(slot.name_at, slot.name_size),
                                            line->substr(slot.value_at, slot.value_size)}))
          [[unlikely]] {
        if (!lenient()) return reject(*wrong, at + slot.value_at), false;
        faulty_ = true;  // a fold may continue the value, or another field override it
      }
    const auto base = static_cast<std::uint32_t>(at - section_);
    slot.name_at += base;
    slot.value_at += base;
    slots_.push_back(slot);
  }
}

COHTTPS_DEF bool response_parser::take_unfolded(std::string_view& section, std::size_t most) {
  section = unfolded_ = unfolded(section);
  slots_.clear();
  if (state_ == state::field_lines) framing_.start_head(status_line_);
  folded_ = faulty_ = false;
  const auto before = std::pair(std::exchange(lines_, {}), std::exchange(section_, 0));
  const bool taken = take_field_lines(unfolded_, unfolded_.size() + 1, most);
  std::tie(lines_, section_) = before;
  if (failed_) failed_->position(position_ + section_);  // the unfolded text has other offsets
  return taken;
}

COHTTPS_DEF void response_parser::finish_head(std::string_view rest, step& out) {
  std::string_view section = rest.substr(section_, lines_.at() - section_);
  if (folded_ && !take_unfolded(section, limits_.fields)) return;
  if (faulty_) [[unlikely]]
    if (const auto wrong = framing_.settle(status_line_, section, slots_))
      return reject(*wrong, section_ + (section.data() == unfolded_.data() ? 0 : wrong->at));
  const bool interim = framing_.is_interim();
  if (interim && ++interim_ > limits_.interim) [[unlikely]]
    return reject(detail::too_many_interim(limits_.interim), 0);
  framing_.end_head();
  head_.version_minor = status_line_.version_minor;
  head_.status = status_line_.status;
  head_.reason.assign(rest.substr(status_line_.reason_at, status_line_.reason_size));
  head_.headers.adopt(section, slots_);
  out.what = interim ? event::interim : event::head;
  state_ = interim ? state::status_line : first_state_of_content();
  remaining_ = framing_.content_length().value_or(0);
  consume(lines_.at(), out);
  begin_section();
}

COHTTPS_DEF auto response_parser::first_state_of_content() const noexcept -> state {
  const delimiter end = framing_.end_of_content();
  if (end == delimiter::content_length) return state::counted;
  if (end == delimiter::chunked) return state::chunk_start;
  return end == delimiter::close ? state::until_close : state::complete;
}

COHTTPS_DEF void response_parser::take_content(std::string_view rest, step& out) noexcept {
  if (rest.empty()) return;
  part_ = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, rest.size()));
  remaining_ -= part_;
  received_ += part_;
  out.what = event::body;
}

COHTTPS_DEF bool response_parser::take_chunk_line(std::string_view rest, step& out) {
  const auto line = next_line(rest, limits_.chunk_line);
  if (!line) return false;
  chunk_line chunk;
  if (const auto wrong = chunk.parse(*line, strictness_)) [[unlikely]]
    return reject(*wrong, wrong->at), false;
  if (chunk.irregular) [[unlikely]]
    framing_.distrust();
  extensions_ += chunk.extensions;
  if (extensions_ > limits_.chunk_extensions + received_) [[unlikely]]
    return reject(detail::too_many_extensions(), 0), false;
  remaining_ = chunk.size;
  state_ = chunk.size == 0 ? state::trailer_lines : state::chunk_data;
  consume(lines_.at(), out);
  begin_section();
  return true;
}

COHTTPS_DEF bool response_parser::take_chunk_end(std::string_view rest, step& out) {
  constexpr std::string_view end = "\r\n";
  if (lenient() && rest.starts_with('\n')) [[unlikely]] {
    framing_.distrust();
    consume(1, out);
    return state_ = state::chunk_start, true;
  }
  for (std::size_t i = 0; i < end.size() && i < rest.size(); ++i)
    if (rest[i] != end[i]) [[unlikely]]
      return reject({"missing_chunk_end", "the data of a chunk is not followed by CRLF"}, i), false;
  if (rest.size() < end.size()) return false;
  consume(end.size(), out);
  state_ = state::chunk_start;
  return true;
}

COHTTPS_DEF void response_parser::finish_trailers(std::string_view rest, step& out) {
  std::string_view section = rest.substr(0, lines_.at());
  if (folded_ && !take_unfolded(section, limits_.trailer_fields)) return;
  std::erase_if(slots_, [&](const field_slot& s) {
    return !is_trailer_allowed(section.substr(s.name_at, s.name_size));
  });
  if (!slots_.empty()) trailers_.adopt(section, slots_);
  consume(lines_.at(), out);
  begin_section();
  state_ = state::complete;
}

COHTTPS_DEF void response_parser::reject(error wrong, std::size_t at) {
  wrong.position(position_ + at);
  wrong.during(reading() == detail::section::head ? phase::receive_head : phase::receive_body);
  failed_ = std::move(wrong);
}

COHTTPS_DEF void response_parser::reject(const fault& wrong, std::size_t at) {
  reject(detail::to_error(wrong), at);
}

COHTTPS_DEF detail::section response_parser::reading() const noexcept {
  if (state_ <= state::field_lines) return detail::section::head;
  if (state_ == state::trailer_lines) return detail::section::trailers;
  return state_ == state::chunk_start ? detail::section::chunk_line : detail::section::content;
}

COHTTPS_DEF bool response_parser::nothing_came() const noexcept {
  return state_ < state::field_lines && seen_ == 0 && interim_ == 0;
}

}  // namespace cohttps::http1
