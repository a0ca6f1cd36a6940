// libFuzzer target: a line of any bytes as a Content-Type, and the rest as text of this type and as
// a netrc file.
#include <cohttps/http/auth/netrc.hpp>
#include <cohttps/http/content/charset.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/url/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view line = ascii::take_until(rest, '\n');

  if (const auto type = parse_media_type(line)) {
    require(ascii::is_token(type->type) && ascii::is_token(type->subtype));
    require(type->type == ascii::lower(type->type) && type->parameters.size() <= 32);
    // Written again, it is read as the same.
    std::string text = type->type + '/' + type->subtype;
    for (const auto& [name, value] : type->parameters) {
      require(ascii::is_token(name) && type->find(name) == value);
      text += ';' + name + "=\"";
      for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += '"';
    }
    const auto again = parse_media_type(text);
    require(again && again->parameters.size() == type->parameters.size());
    for (std::size_t i = 0; i < type->parameters.size(); ++i)
      require(again->parameters[i].value == type->parameters[i].value);
  }

  // Whatever it was, it is UTF-8 now, and what was UTF-8 is as it was.
  for (const std::string_view charset : {"utf-8", "windows-1252", "utf-16le", "utf-16be"}) {
    const auto text = to_utf8(rest, charset);
    require(text && detail::decode_utf8(*text).has_value() && text->size() <= 3 * rest.size());
  }
  if (detail::decode_utf8(rest) && !rest.starts_with("\xef\xbb\xbf"))
    require(to_utf8(rest, "utf-8").value() == rest);
  static_cast<void>(decode_text(rest, line));

  if (const auto file = netrc::parse(rest))
    for (const netrc::entry& e : file->entries())
      require(file->find(e.machine.value_or("-"), e.login) != nullptr);
  return 0;
}
