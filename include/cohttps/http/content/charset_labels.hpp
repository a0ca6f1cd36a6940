// The labels of encodings (Encoding Standard, 4.2).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::detail {

/// How an encoding is decoded: by this library, or by the system's iconv.
enum class charset_kind : std::uint8_t {
  utf_8,
  windows_1252,
  utf_16le,
  utf_16be,
  x_user_defined,
  replacement,   ///< known, but not decoded because attackers used it: the text becomes one U+FFFD
  single_byte,   ///< decoded by iconv
  multiple_byte  ///< decoded by iconv
};

struct charset {
  charset_kind kind;
  const char* iconv_name;   ///< the most similar encoding that iconv has; null if iconv is not used
  std::string_view labels;  ///< in lower case, each between spaces
};

// Some encodings of the standard have another name in iconv. The table then names the larger
// encoding of the family, because the standard also defines the larger one: "gbk" is decoded as GB
// 18030, and "shift_jis" as Microsoft's variant.
inline constexpr charset charsets[] = {
    {charset_kind::utf_8, nullptr,
     " unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8 "},
    {charset_kind::windows_1252, nullptr,
     " ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 "
     "iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252 "},
    {charset_kind::single_byte, "IBM866", " 866 cp866 csibm866 ibm866 "},
    {charset_kind::single_byte, "ISO-8859-2",
     " csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 "},
    {charset_kind::single_byte, "ISO-8859-3",
     " csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3 "},
    {charset_kind::single_byte, "ISO-8859-4",
     " csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4 "},
    {charset_kind::single_byte, "ISO-8859-5",
     " csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 "
     "iso_8859-5:1988 "},
    {charset_kind::single_byte, "ISO-8859-6",
     " arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
     "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 "},
    {charset_kind::single_byte, "ISO-8859-7",
     " csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
     "iso_8859-7 iso_8859-7:1987 sun_eu_greek "},
    {charset_kind::single_byte, "ISO-8859-8",
     " csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 "
     "iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical "},
    {charset_kind::single_byte, "ISO-8859-10",
     " csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6 "},
    {charset_kind::single_byte, "ISO-8859-13", " iso-8859-13 iso8859-13 iso885913 "},
    {charset_kind::single_byte, "ISO-8859-14", " iso-8859-14 iso8859-14 iso885914 "},
    {charset_kind::single_byte, "ISO-8859-15",
     " csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 "},
    {charset_kind::single_byte, "ISO-8859-16", " iso-8859-16 "},
    {charset_kind::single_byte, "KOI8-R", " cskoi8r koi koi8 koi8-r koi8_r "},
    {charset_kind::single_byte, "KOI8-U", " koi8-ru koi8-u "},
    {charset_kind::single_byte, "MACINTOSH", " csmacintosh mac macintosh x-mac-roman "},
    {charset_kind::single_byte, "CP874",
     " dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 "},
    {charset_kind::single_byte, "CP1250", " cp1250 windows-1250 x-cp1250 "},
    {charset_kind::single_byte, "CP1251", " cp1251 windows-1251 x-cp1251 "},
    {charset_kind::single_byte, "CP1253", " cp1253 windows-1253 x-cp1253 "},
    {charset_kind::single_byte, "CP1254",
     " cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 "
     "latin5 windows-1254 x-cp1254 "},
    {charset_kind::single_byte, "CP1255", " cp1255 windows-1255 x-cp1255 "},
    {charset_kind::single_byte, "CP1256", " cp1256 windows-1256 x-cp1256 "},
    {charset_kind::single_byte, "CP1257", " cp1257 windows-1257 x-cp1257 "},
    {charset_kind::single_byte, "CP1258", " cp1258 windows-1258 x-cp1258 "},
    {charset_kind::single_byte, "MAC-UK", " x-mac-cyrillic x-mac-ukrainian "},
    {charset_kind::multiple_byte, "GB18030",
     " chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 "},
    {charset_kind::multiple_byte, "BIG5-HKSCS", " big5 big5-hkscs cn-big5 csbig5 x-x-big5 "},
    {charset_kind::multiple_byte, "EUC-JP", " cseucpkdfmtjapanese euc-jp x-euc-jp "},
    {charset_kind::multiple_byte, "ISO-2022-JP", " csiso2022jp iso-2022-jp "},
    {charset_kind::multiple_byte, "CP932",
     " csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis "},
    {charset_kind::multiple_byte, "CP949",
     " cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
     "ksc_5601 windows-949 "},
    {charset_kind::replacement, nullptr,
     " csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement "},
    {charset_kind::utf_16be, nullptr, " unicodefffe utf-16be "},
    {charset_kind::utf_16le, nullptr,
     " csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le "},
    {charset_kind::x_user_defined, nullptr, " x-user-defined "},
};

/// Returns the encoding with this label (the standard calls this "get an encoding"), or null if
/// there is none.
COHTTPS_DECL [[gnu::cold]] const charset* find_charset(std::string_view label);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/charset_labels.ipp>
#endif
