// multipart/form-data (RFC 7578), as browsers write it (the HTML Standard, 4.10.21.8).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A form with files, whose content is known piece by piece and whose size is known in advance.
///
/// ```
///   auto form = multipart::create(tls::random_text);
///   form->add("comment", "two files");
///   form->add("first", "a, b\n", {.filename = "list.csv", .content_type = "text/csv"});
///   form->add_source("second", 4'000'000'000, {.filename = "film.mkv"});  // sent from elsewhere
///   // Content-Type: form->content_type(), Content-Length: form->size(), then each of segments()
/// ```
class multipart {
 public:
  static constexpr std::size_t max_name = 8 * 1024;  ///< bytes of a name or file name

  /// At least 128 random bits as characters of a token; empty when there is no randomness to be
  /// had.
  /// `<cohttps/tls/hash.hpp>` has one.
  using random_text = std::string (*)();

  /// What a part says beside its name. Views, read during the call alone.
  struct part_options {
    /// Makes it a file. May be empty, as it is for a file that was not chosen.
    std::optional<std::string_view> filename = {};
    /// Without one, a file is "application/octet-stream", and a text says nothing.
    std::string_view content_type = {};
  };

  /// The content in order: bytes, or so many bytes from elsewhere.
  struct segment {
    std::string bytes;                  ///< empty for a source
    std::optional<std::size_t> source;  ///< what `add_source` returned
    std::uint64_t size;
  };

  /// With a random boundary. Fails with usage "multipart_no_randomness".
  static result<multipart> create(random_text random) {
    const std::string text = random ? random() : std::string();
    if (text.empty())
      return fail(error_category::usage, "multipart_no_randomness",
                  "the system has no randomness for the boundary of a form");
    return with_boundary("----cohttps-" + text);
  }

  /// With this boundary (RFC 2046, 5.1.1): 1 to 70 of letters, digits and "'+_-.", and a text that
  /// stands at no line of the content. Fails with usage "multipart_invalid".
  static result<multipart> with_boundary(std::string_view boundary) {
    bool sound = !boundary.empty() && boundary.size() <= 70;
    for (const char c : boundary)
      sound = sound &&
              (ascii::is_alnum(c) || std::string_view("'+_-.").find(c) != std::string_view::npos);
    if (!sound)
      return fail(error_category::usage, "multipart_invalid",
                  "the boundary of a form is not 1 to 70 letters, digits and \"'+_-.\"");
    return multipart(boundary);
  }

  /// Adds a part with content from memory, which goes out as it is.
  ///
  /// Errors: usage, "multipart_invalid" (a control character other than CR and LF in a name, a
  /// content type that is no field value, or the boundary in `content`); limit,
  /// "multipart_name_too_long". Then nothing was added.
  result<void> add(std::string_view name, std::string_view content, const part_options& options) {
    if (content.starts_with(delimiter().substr(2)) || content.find(delimiter()) != content.npos)
      return fail(error_category::usage, "multipart_invalid",
                  "a part's content holds the boundary of its form");
    auto head = part_head(name, options);
    if (!head) return pass(std::move(head));
    open(*head);
    append(content);
    close();
    return {};
  }
  result<void> add(std::string_view name, std::string_view content) {
    return add(name, content, part_options());
  }

  /// Adds a part of `size` bytes that come from elsewhere when the content is sent. Returns the
  /// number of the source, from 0 on. Errors as of `add`.
  result<std::size_t> add_source(std::string_view name, std::uint64_t size,
                                 const part_options& options) {
    if (size > UINT64_MAX / 2 - size_)
      return fail(error_category::limit, "multipart_too_large", "a form has more than 2^63 bytes");
    auto head = part_head(name, options);
    if (!head) return pass(std::move(head));
    open(*head);
    segments_.push_back({{}, sources_, size});
    size_ += size;
    segments_.push_back({{}, std::nullopt, 0});
    close();
    return sources_++;
  }

  /// The value of Content-Type.
  std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }

  /// Bytes of all segments: the value of Content-Length.
  std::uint64_t size() const noexcept { return size_; }

  const std::vector<segment>& segments() const noexcept { return segments_; }

 private:
  explicit multipart(std::string_view boundary)
      : boundary_(boundary), delimiter_("\r\n--" + boundary_) {
    segments_.push_back({{}, std::nullopt, 0});
    append(delimiter().substr(2));
    append("--\r\n");
  }

  /// What stands before each part and, with "--", behind the last.
  std::string_view delimiter() const noexcept { return delimiter_; }

  void append(std::string_view text) {
    segments_.back().bytes += text;
    segments_.back().size += text.size();
    size_ += text.size();
  }

  /// Turns the end of the form into the beginning of a part.
  void open(std::string_view head) {
    segment& last = segments_.back();
    last.bytes.resize(last.bytes.size() - 4);
    last.size -= 4;
    size_ -= 4;
    append("\r\n");
    append(head);
  }
  void close() {
    append(delimiter());
    append("--\r\n");
  }

  static result<std::string> part_head(std::string_view name, const part_options& options) {
    std::string out = "Content-Disposition: form-data; name=\"";
    if (auto added = append_escaped(out, with_crlf(name)); !added) return pass(std::move(added));
    out += '"';
    if (options.filename) {
      out += "; filename=\"";
      if (auto added = append_escaped(out, *options.filename); !added)
        return pass(std::move(added));
      out += '"';
    }
    std::string_view type = options.content_type;
    if (type.empty() && options.filename) type = "application/octet-stream";
    if (!ascii::is_field_value(type) || ascii::trim(type) != type)
      return fail(error_category::usage, "multipart_invalid",
                  "the content type of a part is not a field value");
    if (!type.empty()) out.append("\r\nContent-Type: ").append(type);
    return out += "\r\n\r\n";
  }

  /// Names, other than file names, have line ends of one kind.
  static std::string with_crlf(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] != '\r' && name[i] != '\n') {
        out += name[i];
        continue;
      }
      if (name[i] == '\r' && i + 1 < name.size() && name[i + 1] == '\n') ++i;
      out += "\r\n";
    }
    return out;
  }

  static result<void> append_escaped(std::string& out, std::string_view name) {
    if (name.size() > max_name)
      return fail(error_category::limit, "multipart_name_too_long",
                  "a part's name has more than " + std::to_string(max_name) + " bytes");
    for (const char c : name) {
      if (c == '"')
        out += "%22";
      else if (c == '\r')
        out += "%0D";
      else if (c == '\n')
        out += "%0A";
      else if (ascii::is_field_char(c))
        out += c;
      else
        return fail(error_category::usage, "multipart_invalid",
                    "a part's name holds a control character");
    }
    return {};
  }

  std::string boundary_;
  std::string delimiter_;
  std::vector<segment> segments_;  // the last is of bytes, and ends with the end of the form
  std::uint64_t size_ = 0;
  std::size_t sources_ = 0;
};

}  // namespace cohttps
