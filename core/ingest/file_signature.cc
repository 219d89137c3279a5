#include "core/ingest/file_signature.h"

namespace millrace {
namespace {

using std::string_view_literals::operator""sv;

struct Entry {
  std::string_view magic;
  FileSignature signature;
};

constexpr Entry kEntries[] = {
    {"SQLite format 3\0"sv, {FileKind::kSqlite, "a SQLite file"}},
    {"\x1F\x8B"sv, {FileKind::kGzip, "a gzip file"}},
    {"\x28\xB5\x2F\xFD"sv, {FileKind::kZstd, "a zstd file"}},
    {"\x89PNG"sv, {FileKind::kOther, "a PNG picture"}},
    {"\xFF\xD8\xFF"sv, {FileKind::kOther, "a JPEG picture"}},
    {"GIF8"sv, {FileKind::kOther, "a GIF picture"}},
    {"RIFF"sv, {FileKind::kOther, "a RIFF file (WebP, WAV or AVI)"}},
    {"PK\x03\x04"sv, {FileKind::kOther, "a ZIP archive"}},
    {"7z\xBC\xAF\x27\x1C"sv, {FileKind::kOther, "a 7-Zip archive"}},
    {"\xFD\x37zXZ\0"sv, {FileKind::kOther, "an xz file"}},
    {"BZh"sv, {FileKind::kOther, "a bzip2 file"}},
    {"PAR1"sv, {FileKind::kOther, "a Parquet file"}},
    {"%PDF"sv, {FileKind::kOther, "a PDF document"}},
    {"\xFF\xFE"sv, {FileKind::kOther, "UTF-16 text"}},
    {"\xFE\xFF"sv, {FileKind::kOther, "UTF-16 text"}},
};

// "Skippable" frames, which may begin a zstd file: 0x184D2A50 to 0x184D2A5F, little-endian.
bool IsZstdSkippableFrame(std::string_view bytes) {
  return bytes.size() >= 4 && (static_cast<unsigned char>(bytes[0]) & 0xF0) == 0x50 &&
         bytes.substr(1, 3) == "\x2A\x4D\x18";
}

// The header of the first entry says so, behind the entry's name, which zeros fill up.
bool IsTar(std::string_view bytes) {
  return bytes.size() > 262 && bytes.substr(257, 5) == "ustar" && bytes.substr(0, 257).find('\0') < 257;
}

}  // namespace

FileSignature TellFile(std::string_view bytes) {
  for (const Entry& entry : kEntries) {
    if (bytes.substr(0, entry.magic.size()) == entry.magic) return entry.signature;
  }
  if (IsZstdSkippableFrame(bytes)) return {FileKind::kZstd, "a zstd file"};
  if (IsTar(bytes)) return {FileKind::kOther, "a tar archive"};
  return {};
}

}  // namespace millrace
