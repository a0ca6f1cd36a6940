// Definitions for multipart.hpp.
#pragma once

#include <cohttps/http/content/multipart.hpp>

namespace cohttps {

COHTTPS_DEF result<multipart> multipart::create(random_text random) {
  const std::string text = random ? random() : std::string();
  if (text.empty())
    return fail(error_category::usage, "multipart_no_randomness",
                "the system has no randomness for the boundary of a form");
  return with_boundary("----cohttps-" + text);
}

COHTTPS_DEF result<multipart> multipart::with_boundary(std::string_view boundary) {
  bool sound = !boundary.empty() && boundary.size() <= 70;
  for (const char c : boundary)
    sound = sound &&
            (ascii::is_alnum(c) || std::string_view("'+_-.").find(c) != std::string_view::npos);
  if (!sound)
    return fail(error_category::usage, "multipart_invalid",
                "the boundary of a form is not 1 to 70 letters, digits and \"'+_-.\"");
  return multipart(boundary);
}

COHTTPS_DEF result<void> multipart::add(std::string_view name, std::string_view content,
                                        const part_options& options) {
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

COHTTPS_DEF result<void> multipart::add(std::string_view name, std::string_view content) {
  return add(name, content, part_options());
}

COHTTPS_DEF result<std::size_t> multipart::add_source(std::string_view name, std::uint64_t size,
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

COHTTPS_DEF void multipart::append(std::string_view text) {
  segments_.back().bytes += text;
  segments_.back().size += text.size();
  size_ += text.size();
}

COHTTPS_DEF void multipart::open(std::string_view head) {
  segment& last = segments_.back();
  last.bytes.resize(last.bytes.size() - 4);
  last.size -= 4;
  size_ -= 4;
  append("\r\n");
  append(head);
}

COHTTPS_DEF void multipart::close() {
  append(delimiter());
  append("--\r\n");
}

COHTTPS_DEF result<std::string> multipart::part_head(std::string_view name,
                                                     const part_options& options) {
  std::string out = "Content-Disposition: form-data; name=\"";
  if (auto added = append_escaped(out, with_crlf(name)); !added) return pass(std::move(added));
  out += '"';
  if (options.filename) {
    out += "; filename=\"";
    if (auto added = append_escaped(out, *options.filename); !added) return pass(std::move(added));
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

COHTTPS_DEF std::string multipart::with_crlf(std::string_view name) {
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

COHTTPS_DEF result<void> multipart::append_escaped(std::string& out, std::string_view name) {
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

}  // namespace cohttps
