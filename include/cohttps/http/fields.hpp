// Header and trailer fields (RFC 9110, 5): an ordered list with duplicates.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// One field: a view into the `fields` that holds it, or into the caller's text.
struct field {
  std::string_view name;
  std::string_view value;
};

/// Where a field's parts lie in a block of text.
struct field_slot {
  std::uint32_t name_at = 0;
  std::uint32_t name_size = 0;
  std::uint32_t value_at = 0;
  std::uint32_t value_size = 0;
};

/// The fields of a message in their order. Names are compared without case (RFC 9110, 5.1).
///
/// ```
///   text   content-type: text/html\r\nserver: x\r\n     one block: a received head is copied once
///   slots  ^name         ^value                         offsets, so that a copy needs no fix-up
/// ```
/// Views end with the next change of the list.
class fields {
 public:
  class iterator;
  using value_type = field;
  using const_iterator = iterator;

  fields() = default;

  /// Stores the list without checking it, since a constructor has no way to fail, but for the OWS
  /// around values, which is no part of them. Whoever sends the fields calls `validate`.
  fields(std::initializer_list<field> list) {
    std::size_t size = 0;
    for (const field& f : list) size += f.name.size() + f.value.size();
    text_.reserve(size);
    slots_.reserve(list.size());
    for (const field& f : list) append_unchecked(f.name, ascii::trim(f.value));
  }

  std::size_t size() const noexcept { return slots_.size(); }
  bool empty() const noexcept { return slots_.empty(); }
  field operator[](std::size_t i) const noexcept { return at(slots_[i]); }
  inline iterator begin() const noexcept;
  inline iterator end() const noexcept;

  /// The first value of `name`.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    const auto found = locate(name, slots_.begin());
    if (found == slots_.end()) return std::nullopt;
    return at(*found).value;
  }

  bool contains(std::string_view name) const noexcept {
    return locate(name, slots_.begin()) != slots_.end();
  }

  std::size_t count(std::string_view name) const noexcept {
    std::size_t n = 0;
    for_each(name, [&](std::string_view) { ++n; });
    return n;
  }

  /// Calls `f` with each value of `name`, in order.
  template <class F>
  void for_each(std::string_view name, F&& f) const {
    for (auto i = locate(name, slots_.begin()); i != slots_.end(); i = locate(name, i + 1))
      f(at(*i).value);
  }

  /// Every value of `name`, in order.
  std::vector<std::string_view> values(std::string_view name) const {
    std::vector<std::string_view> all;
    for_each(name, [&](std::string_view value) { all.push_back(value); });
    return all;
  }

  /// The values of `name` as one list, joined by ", " (RFC 9110, 5.3). Not for Set-Cookie, whose
  /// values hold commas of their own.
  std::string combined(std::string_view name) const {
    std::string joined;
    bool first = true;
    for_each(name, [&](std::string_view value) {
      if (!std::exchange(first, false)) joined += ", ";
      joined += value;
    });
    return joined;
  }

  /// True when a value of `name`, read as a comma-separated list, has the element `token`, compared
  /// without case; "close" of Connection, for one.
  bool has_element(std::string_view name, std::string_view token) const {
    bool found = false;
    for_each(name, [&](std::string_view value) {
      ascii::for_each_element(value, [&](std::string_view element) {
        found = found || ascii::iequals(element, token);
        return !found;
      });
    });
    return found;
  }

  /// Adds a field at the end; OWS around the value is left out. Fails, with the list unchanged,
  /// with usage "invalid_field_name" when the name is not a token, or "invalid_field_value" when
  /// the value holds CR, LF, NUL or another control character (RFC 9110, 5.5).
  result<void> append(std::string_view name, std::string_view value) {
    if (auto valid = check_addition(name, value); !valid) return valid;
    append_unchecked(name, ascii::trim(value));
    return {};
  }

  /// Gives `name` this one value, in the place of its first field if it has any. Fails as `append`
  /// does, with the list unchanged.
  result<void> set(std::string_view name, std::string_view value) {
    if (auto valid = check_addition(name, value); !valid) return valid;
    const auto first = locate(name, slots_.begin());
    if (first == slots_.end()) {
      append_unchecked(name, ascii::trim(value));
      return {};
    }
    const auto place = first - slots_.begin();
    append_unchecked(name, ascii::trim(value));
    // From here on `name` may point at text that has moved: the new field holds a copy.
    slots_[static_cast<std::size_t>(place)] = slots_.back();
    slots_.pop_back();
    const std::string_view kept = at(slots_[static_cast<std::size_t>(place)]).name;
    slots_.erase(std::remove_if(slots_.begin() + place + 1, slots_.end(),
                                [&](const field_slot& s) { return is_named(s, kept); }),
                 slots_.end());
    drop_unused_text();
    return {};
  }

  /// Removes every field of `name`; says how many there were.
  std::size_t erase(std::string_view name) noexcept {
    return std::erase_if(slots_, [&](const field_slot& s) { return is_named(s, name); });
  }

  /// Removes the fields behind the first `size`.
  void truncate(std::size_t size) noexcept {
    if (size < slots_.size()) slots_.resize(size);
  }

  /// Removes all, and keeps the memory for the next message.
  void clear() noexcept {
    text_.clear();
    slots_.clear();
  }

  /// Checks every field as `append` does; for lists made by the constructor.
  result<void> validate() const {
    for (const field_slot& s : slots_)
      if (auto valid = check(at(s).name, at(s).value); !valid) return valid;
    return {};
  }

  /// For codecs: adds a field that is known to be valid.
  void append_unchecked(std::string_view name, std::string_view value) {
    const std::size_t at = text_.size();
    const std::size_t size = at + name.size() + value.size();
    if (size > text_.capacity()) {  // the views may lie in the text that grows: copy, then swap
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

  /// For codecs: becomes the fields at `slots` of `text`, which are known to be valid. One copy of
  /// the text and one of the slots; no allocation where earlier content was as large.
  void adopt(std::string_view text, std::span<const field_slot> slots) {
    text_.reserve(text.size());
    text_.assign(text);
    slots_.reserve(slots.size());
    slots_.assign(slots.begin(), slots.end());
  }

  /// What `append` checks.
  static result<void> check(std::string_view name, std::string_view value) {
    if (!ascii::is_token(name)) [[unlikely]]
      return fail(error_category::usage, "invalid_field_name",
                  "the field name \"" + ascii::printable(name, 32) + "\" is not a token");
    if (!ascii::is_field_value(value)) [[unlikely]]
      return fail(error_category::usage, "invalid_field_value",
                  "the value of the field \"" + ascii::printable(name, 32) +
                      "\" holds a control character");
    return {};
  }

 private:
  // What a small request has: one allocation for its text, one for the places in it.
  static constexpr std::size_t usual_text = 240;
  static constexpr std::size_t usual_fields = 8;

  using slot_iterator = std::vector<field_slot>::const_iterator;

  // Offsets have 32 bits; this is far more than any peer takes.
  static constexpr std::size_t max_text = std::size_t{1} << 30;

  result<void> check_addition(std::string_view name, std::string_view value) const {
    if (name.size() > max_text || value.size() > max_text ||
        text_.size() + name.size() + value.size() > max_text) [[unlikely]]
      return fail(error_category::usage, "fields_too_large", "the fields pass one gibibyte");
    return check(name, value);
  }

  field at(const field_slot& s) const noexcept {
    const char* text = text_.data();
    return {{text + s.name_at, s.name_size}, {text + s.value_at, s.value_size}};
  }

  bool is_named(const field_slot& s, std::string_view name) const noexcept {
    return s.name_size == name.size() && ascii::iequals(at(s).name, name);
  }

  slot_iterator locate(std::string_view name, slot_iterator from) const noexcept {
    return std::find_if(from, slots_.end(), [&](const field_slot& s) { return is_named(s, name); });
  }

  // A value that is set again and again would otherwise leave its past behind.
  void drop_unused_text() {
    std::size_t used = 0;
    for (const field_slot& s : slots_) used += s.name_size + s.value_size;
    if (text_.size() <= 2 * used + 256) return;
    fields compact;
    compact.text_.reserve(used);
    compact.slots_.reserve(slots_.size());
    for (const field_slot& s : slots_) compact.append_unchecked(at(s).name, at(s).value);
    *this = std::move(compact);
  }

  recycled<std::string> text_;
  recycled<std::vector<field_slot>> slots_;
};

/// Goes over the fields in order and gives each as a `field` by value.
class fields::iterator {
 public:
  using iterator_concept = std::forward_iterator_tag;
  using iterator_category = std::input_iterator_tag;
  using value_type = field;
  using difference_type = std::ptrdiff_t;
  using reference = field;
  using pointer = void;

  iterator() = default;
  iterator(const fields& list, std::size_t i) noexcept : list_(&list), i_(i) {}

  field operator*() const noexcept { return (*list_)[i_]; }
  iterator& operator++() noexcept { return ++i_, *this; }
  iterator operator++(int) noexcept { return {*list_, i_++}; }
  friend bool operator==(const iterator&, const iterator&) = default;

 private:
  const fields* list_ = nullptr;
  std::size_t i_ = 0;
};

inline fields::iterator fields::begin() const noexcept { return {*this, 0}; }
inline fields::iterator fields::end() const noexcept { return {*this, size()}; }

}  // namespace cohttps
