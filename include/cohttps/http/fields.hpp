// Header and trailer fields (RFC 9110, 5): an ordered list that may contain duplicates.
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

/// One field: views into the `fields` object that holds it, or into the caller's text.
struct field {
  std::string_view name;   ///< such as "content-type"; compared without regard to case
  std::string_view value;  ///< without whitespace around it
};

/// The positions of a field's name and value in a block of text.
struct field_slot {
  std::uint32_t name_at = 0;     ///< where the name begins in the text of all fields
  std::uint32_t name_size = 0;   ///< in bytes
  std::uint32_t value_at = 0;    ///< where the value begins
  std::uint32_t value_size = 0;  ///< in bytes
};

/// The fields of a message in their order. Case does not matter in names (RFC 9110, 5.1).
///
/// ```
///   text   content-type: text/html\r\nserver: x\r\n     one block: a received head is copied once
///   slots  ^name         ^value                         offsets, so that a copy needs no fix-up
/// ```
/// Every change of the list invalidates earlier views.
class fields {
 public:
  class iterator;
  using value_type = field;
  using const_iterator = iterator;

  fields() = default;

  /// Stores the list without checks, because a constructor cannot return an error. Only the OWS
  /// around values, which does not belong to them, is removed. Code that sends the fields calls
  /// `validate`.
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

  /// Returns the first value of `name`, or nothing.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// True if there is a field of this name.
  COHTTPS_DECL bool contains(std::string_view name) const noexcept;

  /// The number of fields of this name.
  COHTTPS_DECL std::size_t count(std::string_view name) const noexcept;

  /// Calls `f` with each value of `name`, in order.
  template <class F>
  void for_each(std::string_view name, F&& f) const {
    for (auto i = locate(name, slots_.begin()); i != slots_.end(); i = locate(name, i + 1))
      f(at(*i).value);
  }

  /// Returns every value of `name`, in order.
  COHTTPS_DECL std::vector<std::string_view> values(std::string_view name) const;

  /// Returns the values of `name` as one list, joined by ", " (RFC 9110, 5.3). Do not use it for
  /// Set-Cookie, because its values contain commas.
  COHTTPS_DECL std::string combined(std::string_view name) const;

  /// True if a value of `name` is a comma-separated list that contains the element `token`, such as
  /// "close" in Connection. Case does not matter.
  COHTTPS_DECL bool has_element(std::string_view name, std::string_view token) const;

  /// Adds a field at the end, without the OWS around the value. Fails with usage
  /// "invalid_field_name" if the name is not a token, "invalid_field_value" if the value contains
  /// CR, LF, NUL or another control character (RFC 9110, 5.5), or "fields_too_large" if the fields
  /// exceed 1 GiB. After an error the list is unchanged.
  COHTTPS_DECL result<void> append(std::string_view name, std::string_view value);

  /// Gives `name` exactly this value. The field replaces the first field of this name, and the
  /// others are removed. If there is none, the field is added at the end. Fails as `append` does,
  /// with the list unchanged.
  COHTTPS_DECL result<void> set(std::string_view name, std::string_view value);

  /// Removes every field of `name`. Returns how many it removed.
  COHTTPS_DECL std::size_t erase(std::string_view name) noexcept;

  /// Removes all fields after the first `size` ones.
  COHTTPS_DECL void truncate(std::size_t size) noexcept;

  /// Removes all fields, and keeps the memory for the next message.
  COHTTPS_DECL void clear() noexcept;

  /// Checks every field as `append` does. For lists that the constructor made.
  COHTTPS_DECL result<void> validate() const;

  /// For codecs: adds a field that must be valid.
  COHTTPS_DECL void append_unchecked(std::string_view name, std::string_view value);

  /// For codecs: replaces the content with the fields at `slots` in `text`, which must be valid.
  /// Copies the text once and the slots once. Allocates nothing if earlier content was as large.
  COHTTPS_DECL void adopt(std::string_view text, std::span<const field_slot> slots);

  /// Checks a name and a value as `append` does.
  COHTTPS_DECL static result<void> check(std::string_view name, std::string_view value);

 private:
  // Enough for a small request, which then needs one allocation for its text and one for its slots.
  static constexpr std::size_t usual_text = 240;
  static constexpr std::size_t usual_fields = 8;

  using slot_iterator = std::vector<field_slot>::const_iterator;

  // Offsets have 32 bits. No peer accepts nearly as much.
  static constexpr std::size_t max_text = std::size_t{1} << 30;

  COHTTPS_DECL result<void> check_addition(std::string_view name, std::string_view value) const;

  COHTTPS_DECL field at(const field_slot& s) const noexcept;

  COHTTPS_DECL bool is_named(const field_slot& s, std::string_view name) const noexcept;

  COHTTPS_DECL slot_iterator locate(std::string_view name, slot_iterator from) const noexcept;

  // Without it the text would keep all old values of a field that is set again and again.
  COHTTPS_DECL void drop_unused_text();

  recycled<std::string> text_;
  recycled<std::vector<field_slot>> slots_;
};

/// Visits the fields in order, and returns each as a `field` by value.
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
