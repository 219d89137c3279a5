#include "clients/cli/table.h"

#include <algorithm>
#include <numeric>

namespace millrace::cli {
namespace {

constexpr int kGapColumns = 2;
// A clipped column stays readable at this width; rather the line wraps.
constexpr int kFlexibleWidthMin = 8;

}  // namespace

Table::Table(std::vector<Column> columns, const Terminal& terminal)
    : columns_(std::move(columns)), terminal_(terminal) {}

void Table::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = Printable(cell);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) {
  if (rows_.empty()) return;
  if (widths_columns_.empty()) {
    SetWidths();
    std::vector<std::string> headers;
    for (const Column& column : columns_) headers.push_back(column.header);
    out << Paint(Line(headers), "1", terminal_.color) << '\n';
  }
  for (const auto& row : rows_) out << Line(row) << '\n';
  rows_.clear();
}

void Table::SetWidths() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    int width = DisplayWidth(columns_[i].header);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[i]));
    widths_columns_.push_back(width);
  }
  if (terminal_.width_columns == 0) return;
  int excess = std::accumulate(widths_columns_.begin(), widths_columns_.end(), 0) - terminal_.width_columns +
               kGapColumns * (static_cast<int>(columns_.size()) - 1);
  // Takes from the widest flexible column first, a column at a time, so that the narrow ones stay whole.
  while (excess > 0) {
    int widest = -1;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].flexible || widths_columns_[i] <= kFlexibleWidthMin) continue;
      if (widest < 0 || widths_columns_[i] > widths_columns_[widest]) widest = static_cast<int>(i);
    }
    if (widest < 0) return;
    --widths_columns_[widest];
    --excess;
  }
}

std::string Table::Line(const std::vector<std::string>& cells) const {
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool is_clipped = columns_[i].flexible && terminal_.width_columns > 0;
    const std::string cell = is_clipped ? ClipToWidth(cells[i], widths_columns_[i]) : cells[i];
    const size_t padding = static_cast<size_t>(std::max(0, widths_columns_[i] - DisplayWidth(cell)));
    if (columns_[i].align == Align::kRight) line.append(padding, ' ');
    line += cell;
    if (i + 1 == columns_.size()) break;
    if (columns_[i].align == Align::kLeft) line.append(padding, ' ');
    line.append(kGapColumns, ' ');
  }
  // Padding before an empty last cell is of no use to anybody.
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

void PrintPairs(const std::vector<std::pair<std::string, std::string>>& pairs, const Terminal& terminal,
                std::ostream& out) {
  int width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, DisplayWidth(name));
  for (const auto& [name, value] : pairs) {
    const std::string padding(static_cast<size_t>(width - DisplayWidth(name) + kGapColumns), ' ');
    out << Paint(name, "1", terminal.color) << padding << Printable(value) << '\n';
  }
}

}  // namespace millrace::cli
