#include "core/ingest/sqlite_cells.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace {

ScalarValue Cell(Statement& row, int column) {
  switch (row.Type(column)) {
    case ColumnType::kNull:
      return {};
    case ColumnType::kInteger:
      return {ScalarValue::Kind::kNumber, row.Text(column)};
    case ColumnType::kReal: {
      std::string_view text = row.Text(column);
      if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.remove_suffix(2);
      return {ScalarValue::Kind::kNumber, text};
    }
    case ColumnType::kText:
      return {ScalarValue::Kind::kString, row.Text(column)};
    case ColumnType::kBlob: {
      const absl::Span<const uint8_t> blob = row.Blob(column);
      return {ScalarValue::Kind::kString, {reinterpret_cast<const char*>(blob.data()), blob.size()}};
    }
  }
  return {};
}

std::optional<std::string> CheckUtf8(const ScalarValue& value) {
  if (IsValidUtf8(value.text)) return std::nullopt;
  return absl::StrCat("is ", Show(value), ", which is not valid UTF-8");
}

std::optional<std::string> SetPostFieldFromCell(PostField field, Statement& row, int column, RatingScheme scheme,
                                                Post* post) {
  const ScalarValue cell = Cell(row, column);
  if (field == PostField::kMd5 && row.Type(column) == ColumnType::kBlob && cell.text.size() == sizeof(Md5)) {
    const absl::Span<const uint8_t> bytes = row.Blob(column);
    post->md5.emplace();
    std::copy(bytes.begin(), bytes.end(), post->md5->begin());
    return std::nullopt;
  }
  if (auto fault = CheckUtf8(cell)) return fault;
  return SetPostField(field, cell, scheme, post);
}

std::optional<std::string> AddMember(std::string_view name, const ScalarValue& value, JsonMembers* members) {
  if (value.kind == ScalarValue::Kind::kNull) return std::nullopt;
  if (auto fault = CheckUtf8(value)) return fault;
  if (auto fault = CheckNoNul(value.text)) return fault;
  members->emplace_back(std::string(name), std::string());
  if (value.kind == ScalarValue::Kind::kNumber && IsJsonNumber(value.text)) {
    members->back().second.assign(value.text);
  } else {
    AppendJsonString(value.text, &members->back().second);
  }
  return std::nullopt;
}

}  // namespace millrace
