// Header and trailer fields (RFC 9110, 5): an ordered list with duplicates.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/core/separate.hpp>

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
  COHTTPS_DECL fields(std::initializer_list<field> list) {
    std::size_t size = 0;
    for (const field& f : list) size += f.name.size() + f.value.size();
    text_.reserve(size);
    slots_.reserve(list.size());
    for (const field& f : list) append_unchecked(f.name, ascii::trim(f.value));
  }

  COHTTPS_DECL std::size_t size() const noexcept;
  COHTTPS_DECL bool empty() const noexcept;
  field operator[](std::size_t i) const noexcept { return at(slots_[i]); }
  COHTTPS_DECL iterator begin() const noexcept;
  COHTTPS_DECL iterator end() const noexcept;

  /// The first value of `name`.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

  COHTTPS_DECL bool contains(std::string_view name) const noexcept;

  COHTTPS_DECL std::size_t count(std::string_view name) const noexcept;

  /// Calls `f` with each value of `name`, in order.
  template <class F>
  void for_each(std::string_view name, F&& f) const {
    for (auto i = locate(name, slots_.begin()); i != slots_.end(); i = locate(name, i + 1))
      f(at(*i).value);
  }

  /// Every value of `name`, in order.
  COHTTPS_DECL std::vector<std::string_view> values(std::string_view name) const;

  /// The values of `name` as one list, joined by ", " (RFC 9110, 5.3). Not for Set-Cookie, whose
  /// values hold commas of their own.
  COHTTPS_DECL std::string combined(std::string_view name) const;

  /// True when a value of `name`, read as a comma-separated list, has the element `token`, compared
  /// without case; "close" of Connection, for one.
  COHTTPS_DECL bool has_element(std::string_view name, std::string_view token) const;

  /// Adds a field at the end; OWS around the value is left out. Fails, with the list unchanged,
  /// with usage "invalid_field_name" when the name is not a token, or "invalid_field_value" when
  /// the value holds CR, LF, NUL or another control character (RFC 9110, 5.5).
  COHTTPS_DECL result<void> append(std::string_view name, std::string_view value);

  /// Gives `name` this one value, in the place of its first field if it has any. Fails as `append`
  /// does, with the list unchanged.
  COHTTPS_DECL result<void> set(std::string_view name, std::string_view value);

  /// Removes every field of `name`; says how many there were.
  COHTTPS_DECL std::size_t erase(std::string_view name) noexcept;

  /// Removes the fields behind the first `size`.
  COHTTPS_DECL void truncate(std::size_t size) noexcept;

  /// Removes all, and keeps the memory for the next message.
  COHTTPS_DECL void clear() noexcept;

  /// Checks every field as `append` does; for lists made by the constructor.
  COHTTPS_DECL result<void> validate() const;

  /// For codecs: adds a field that is known to be valid.
  COHTTPS_DECL void append_unchecked(std::string_view name, std::string_view value);

  /// For codecs: becomes the fields at `slots` of `text`, which are known to be valid. One copy of
  /// the text and one of the slots; no allocation where earlier content was as large.
  COHTTPS_DECL void adopt(std::string_view text, std::span<const field_slot> slots);

  /// What `append` checks.
  COHTTPS_DECL static result<void> check(std::string_view name, std::string_view value);

 private:
  // What a small request has: one allocation for its text, one for the places in it.
  static constexpr std::size_t usual_text = 240;
  static constexpr std::size_t usual_fields = 8;

  using slot_iterator = std::vector<field_slot>::const_iterator;

  // Offsets have 32 bits; this is far more than any peer takes.
  static constexpr std::size_t max_text = std::size_t{1} << 30;

  COHTTPS_DECL result<void> check_addition(std::string_view name, std::string_view value) const;

  COHTTPS_DECL field at(const field_slot& s) const noexcept;

  COHTTPS_DECL bool is_named(const field_slot& s, std::string_view name) const noexcept;

  COHTTPS_DECL slot_iterator locate(std::string_view name, slot_iterator from) const noexcept;

  // A value that is set again and again would otherwise leave its past behind.
  COHTTPS_DECL void drop_unused_text();

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

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/fields.ipp>
#endif
