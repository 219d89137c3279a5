// Aligned columns for people.
#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/display.h"

namespace millrace::cli {

enum class Align { kLeft, kRight };

struct Column {
  std::string header;
  Align align = Align::kLeft;
  // May be clipped when the table is wider than the terminal.
  bool flexible = false;
};

// A table that is printed in parts, so that a listing of millions of rows needs the memory of one page. The
// rows of the first part set the widths. Cells are made printable. Not thread-safe.
class Table {
 public:
  Table(std::vector<Column> columns, const Terminal& terminal);

  // Requires as many cells as columns.
  void AddRow(std::vector<std::string> cells);
  // Prints the rows added since the last call; before the first ones, the headers. Nothing when there are none.
  void Print(std::ostream& out);

 private:
  void SetWidths();
  std::string Line(const std::vector<std::string>& cells) const;

  const std::vector<Column> columns_;
  const Terminal terminal_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<int> widths_columns_;  // empty until the first part
};

// "name   value" lines, names aligned. Values are made printable and not clipped.
void PrintPairs(const std::vector<std::pair<std::string, std::string>>& pairs, const Terminal& terminal,
                std::ostream& out);

}  // namespace millrace::cli
