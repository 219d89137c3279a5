#include "clients/cli/file_start.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/byte_order_mark.h"

namespace millrace::cli {
namespace {

// Holds the keys of a first record, but for one with a very long text in front of them.
constexpr size_t kStartSizeBytes = 16 << 10;

bool BeginsWith(std::string_view bytes, std::string_view magic) { return bytes.substr(0, magic.size()) == magic; }

// As many bytes as the compressed ones give, empty when they are damaged.
std::string Gunzip(std::string_view bytes) {
  std::string out(kStartSizeBytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return "";
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out);
  inflateEnd(&stream);
  return out;
}

std::string Unzstd(std::string_view bytes) {
  std::string out(kStartSizeBytes, '\0');
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  if (context == nullptr) return "";
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  while (input.pos < input.size && output.pos < output.size) {
    const size_t position_before = input.pos + output.pos;
    if (ZSTD_isError(ZSTD_decompressStream(context, &output, &input)) != 0) break;
    if (input.pos + output.pos == position_before) break;
  }
  ZSTD_freeDCtx(context);
  out.resize(output.pos);
  return out;
}

// Whether the text has the member, at whatever depth: a quote within a string is escaped, so no text can look like it.
bool HasMember(std::string_view json, std::string_view key) {
  const std::string quoted = absl::StrCat("\"", std::string(key), "\"");
  for (size_t at = json.find(quoted); at != std::string_view::npos; at = json.find(quoted, at + 1)) {
    const size_t behind = json.find_first_not_of(" \t\r\n", at + quoted.size());
    if (behind != std::string_view::npos && json[behind] == ':') return true;
  }
  return false;
}

FileContent TellJson(std::string_view json) {
  const size_t inner = json.find_first_not_of(" \t\r\n", 1);
  if (inner == std::string_view::npos) return FileContent::kOther;
  const bool is_object = json[0] == '{';
  if (json[inner] != (is_object ? '"' : '{') && json[inner] != (is_object ? '}' : ']')) return FileContent::kOther;
  const auto has_all = [&](std::initializer_list<const char*> keys) {
    return std::all_of(keys.begin(), keys.end(), [&](const char* key) { return HasMember(json, key); });
  };
  if (HasMember(json, "md5") || HasMember(json, "tags") || HasMember(json, "tag_string_general")) {
    return FileContent::kJson;
  }
  if (has_all({"post_id", "body"})) return FileContent::kNotes;
  if (has_all({"title", "body"})) return FileContent::kWikiPages;
  return FileContent::kJson;
}

FileContent TellCsv(std::string_view text) {
  const size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return FileContent::kOther;
  std::vector<std::string> columns;
  for (const absl::string_view field : absl::StrSplit(absl::string_view(text.data(), end), ',')) {
    std::string column(field);
    column.erase(std::remove(column.begin(), column.end(), '"'), column.end());
    columns.push_back(std::move(column));
  }
  const auto has = [&](const char* name) { return std::find(columns.begin(), columns.end(), name) != columns.end(); };
  if (has("id") && has("title") && has("body")) return FileContent::kWikiPages;
  const bool is_table = columns.size() > 1 && (has("id") || (has("antecedent_name") && has("consequent_name")));
  return is_table ? FileContent::kCsv : FileContent::kOther;
}

}  // namespace

FileContent TellContent(std::string_view start) {
  using std::string_view_literals::operator""sv;
  if (BeginsWith(start, "SQLite format 3\0"sv)) return FileContent::kSqlite;
  start = WithoutByteOrderMark(start);
  const size_t at = start.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos || start.find('\0') != std::string_view::npos) return FileContent::kOther;
  start.remove_prefix(at);
  return start[0] == '{' || start[0] == '[' ? TellJson(start) : TellCsv(start);
}

FileContent TellFileContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kStartSizeBytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  const bool is_gzip = BeginsWith(bytes, "\x1F\x8B"), is_zstd = BeginsWith(bytes, "\x28\xB5\x2F\xFD");
  if (!is_gzip && !is_zstd) return TellContent(bytes);
  const std::string unpacked = is_gzip ? Gunzip(bytes) : Unzstd(bytes);
  return unpacked.empty() ? FileContent::kPacked : TellContent(unpacked);
}

}  // namespace millrace::cli
