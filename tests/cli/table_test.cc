// Tables line up, fit the terminal, and can be printed in parts.
#include "clients/cli/table.h"

#include <clocale>
#include <sstream>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

const Terminal kPipe{};

std::string Printed(Table& table) {
  std::ostringstream out;
  table.Print(out);
  return out.str();
}

TEST_CASE("columns are as wide as their widest cell, numbers to the right") {
  Table table({{"name"}, {"posts", Align::kRight}, {"note"}}, kPipe);
  table.AddRow({"a", "1", "x"});
  table.AddRow({"longer", "12,345", ""});
  CHECK(Printed(table) ==
        "name     posts  note\n"
        "a            1  x\n"
        "longer  12,345\n");
}

TEST_CASE("wide characters keep the columns in line") {
  REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  Table table({{"tag"}, {"n"}}, kPipe);
  table.AddRow({"初音", "1"});
  table.AddRow({"miku", "2"});
  CHECK(Printed(table) == "tag   n\n初音  1\nmiku  2\n");
}

TEST_CASE("an empty table prints nothing, and headers are printed once") {
  Table table({{"a"}}, kPipe);
  CHECK(Printed(table).empty());
  table.AddRow({"1"});
  CHECK(Printed(table) == "a\n1\n");
  table.AddRow({"2"});
  CHECK(Printed(table) == "2\n");
}

TEST_CASE("flexible columns give way to the terminal's width, the widest first") {
  REQUIRE(std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr);
  Terminal terminal;
  terminal.is_terminal = true;
  terminal.width_columns = 30;
  Table table({{"id", Align::kRight}, {"tags", Align::kLeft, true}}, terminal);
  table.AddRow({"1234", std::string(100, 'x')});
  CHECK(Printed(table) == "  id  tags\n1234  " + std::string(23, 'x') + "…\n");
}

TEST_CASE("nothing is cut when the output is not a terminal") {
  Table table({{"tags", Align::kLeft, true}}, kPipe);
  const std::string tags(1000, 'x');
  table.AddRow({tags});
  CHECK(Printed(table) == "tags\n" + tags + "\n");
}

TEST_CASE("cells cannot break out of their line") {
  Table table({{"tag"}}, kPipe);
  table.AddRow({"evil\n\x1b[2J"});
  CHECK(Printed(table) == "tag\nevil\\x0a\\x1b[2J\n");
}

TEST_CASE("pairs line up, and long values are whole") {
  std::ostringstream out;
  PrintPairs({{"a", "1"}, {"longer", "2"}}, kPipe, out);
  CHECK(out.str() == "a       1\nlonger  2\n");
}

}  // namespace
}  // namespace millrace::cli
