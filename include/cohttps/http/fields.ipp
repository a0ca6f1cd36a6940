// Definitions for fields.hpp.
#pragma once

#include <cohttps/http/fields.hpp>

namespace cohttps {

COHTTPS_DEF std::size_t fields::size() const noexcept { return slots_.size(); }

COHTTPS_DEF bool fields::empty() const noexcept { return slots_.empty(); }

COHTTPS_DEF std::optional<std::string_view> fields::find(std::string_view name) const noexcept {
  const auto found = locate(name, slots_.begin());
  if (found == slots_.end()) return std::nullopt;
  return at(*found).value;
}

COHTTPS_DEF bool fields::contains(std::string_view name) const noexcept {
  return locate(name, slots_.begin()) != slots_.end();
}

COHTTPS_DEF std::size_t fields::count(std::string_view name) const noexcept {
  std::size_t n = 0;
  for_each(name, [&](std::string_view) { ++n; });
  return n;
}

COHTTPS_DEF std::vector<std::string_view> fields::values(std::string_view name) const {
  std::vector<std::string_view> all;
  for_each(name, [&](std::string_view value) { all.push_back(value); });
  return all;
}

COHTTPS_DEF std::string fields::combined(std::string_view name) const {
  std::string joined;
  bool first = true;
  for_each(name, [&](std::string_view value) {
    if (!std::exchange(first, false)) joined += ", ";
    joined += value;
  });
  return joined;
}

COHTTPS_DEF bool fields::has_element(std::string_view name, std::string_view token) const {
  bool found = false;
  for_each(name, [&](std::string_view value) {
    ascii::for_each_element(value, [&](std::string_view element) {
      found = found || ascii::iequals(element, token);
      return !found;
    });
  });
  return found;
}

COHTTPS_DEF result<void> fields::append(std::string_view name, std::string_view value) {
  if (auto valid = check_addition(name, value); !valid) return valid;
  append_unchecked(name, ascii::trim(value));
  return {};
}

COHTTPS_DEF result<void> fields::set(std::string_view name, std::string_view value) {
  if (auto valid = check_addition(name, value); !valid) return valid;
  const auto first = locate(name, slots_.begin());
  if (first == slots_.end()) {
    append_unchecked(name, ascii::trim(value));
    return {};
  }
  const auto place = first - slots_.begin();
  append_unchecked(name, ascii::trim(value));
  // `name` may be a view into text that has moved, so use the copy in the new field from here on.
  slots_[static_cast<std::size_t>(place)] = slots_.back();
  slots_.pop_back();
  const std::string_view kept = at(slots_[static_cast<std::size_t>(place)]).name;
  slots_.erase(std::remove_if(slots_.begin() + place + 1, slots_.end(),
                              [&](const field_slot& s) { return is_named(s, kept); }),
               slots_.end());
  drop_unused_text();
  return {};
}

COHTTPS_DEF std::size_t fields::erase(std::string_view name) noexcept {
  return std::erase_if(slots_, [&](const field_slot& s) { return is_named(s, name); });
}

COHTTPS_DEF void fields::truncate(std::size_t size) noexcept {
  if (size < slots_.size()) slots_.resize(size);
}

COHTTPS_DEF void fields::clear() noexcept {
  text_.clear();
  slots_.clear();
}

COHTTPS_DEF result<void> fields::validate() const {
  for (const field_slot& s : slots_)
    if (auto valid = check(at(s).name, at(s).value); !valid) return valid;
  return {};
}

COHTTPS_DEF void fields::append_unchecked(std::string_view name, std::string_view value) {
  const std::size_t at = text_.size();
  const std::size_t size = at + name.size() + value.size();
  if (size > text_.capacity()) {  // the views may point into the growing text: copy, then swap
    recycled<std::string> grown;
    grown.reserve(std::max({size, 2 * text_.capacity(), usual_text}));
    grown.append(text_).append(name).append(value);
    text_.swap(grown);
  } else {
    text_.resize_and_overwrite(size, [&](char* text, std::size_t) {
      std::ranges::copy(value, std::ranges::copy(name, text + at).out);
      return size;
    });
  }
  if (slots_.capacity() == 0) slots_.reserve(usual_fields);
  slots_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(at + name.size()),
                    static_cast<std::uint32_t>(value.size())});
}

COHTTPS_DEF void fields::adopt(std::string_view text, std::span<const field_slot> slots) {
  text_.reserve(text.size());
  text_.assign(text);
  slots_.reserve(slots.size());
  slots_.assign(slots.begin(), slots.end());
}

COHTTPS_DEF result<void> fields::check(std::string_view name, std::string_view value) {
  if (!ascii::is_token(name)) [[unlikely]]
    return fail(error_category::usage, "invalid_field_name",
                "the field name \"" + ascii::printable(name, 32) + "\" is not a token");
  if (!ascii::is_field_value(value)) [[unlikely]]
    return fail(
        error_category::usage, "invalid_field_value",
        "the value of the field \"" + ascii::printable(name, 32) + "\" holds a control character");
  return {};
}

COHTTPS_DEF result<void> fields::check_addition(std::string_view name,
                                                std::string_view value) const {
  if (name.size() > max_text || value.size() > max_text ||
      text_.size() + name.size() + value.size() > max_text) [[unlikely]]
    return fail(error_category::usage, "fields_too_large", "the fields pass one gibibyte");
  return check(name, value);
}

COHTTPS_DEF field fields::at(const field_slot& s) const noexcept {
  const char* text = text_.data();
  return {{text + s.name_at, s.name_size}, {text + s.value_at, s.value_size}};
}

COHTTPS_DEF bool fields::is_named(const field_slot& s, std::string_view name) const noexcept {
  return s.name_size == name.size() && ascii::iequals(at(s).name, name);
}

COHTTPS_DEF auto fields::locate(std::string_view name, slot_iterator from) const noexcept
    -> slot_iterator {
  return std::find_if(from, slots_.end(), [&](const field_slot& s) { return is_named(s, name); });
}

COHTTPS_DEF void fields::drop_unused_text() {
  std::size_t used = 0;
  for (const field_slot& s : slots_) used += s.name_size + s.value_size;
  if (text_.size() <= 2 * used + 256) return;
  fields compact;
  compact.text_.reserve(used);
  compact.slots_.reserve(slots_.size());
  for (const field_slot& s : slots_) compact.append_unchecked(at(s).name, at(s).value);
  *this = std::move(compact);
}

COHTTPS_DEF fields::iterator fields::begin() const noexcept { return {*this, 0}; }

COHTTPS_DEF fields::iterator fields::end() const noexcept { return {*this, size()}; }

}  // namespace cohttps
