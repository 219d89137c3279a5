// Goal: the file exists exactly while its server is ready, whole from the first moment.
// Method: one file through its life, with a leftover of an earlier server in its place.
#include "server/lifecycle/port_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/server/lifecycle/fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_CASE("A port file is there from its publication to its end") {
  const TempFolder folder;
  const std::string path = folder / "port";
  std::ofstream(path) << "1\n";
  {
    const auto file = PortFile::Prepare(path);
    REQUIRE(file.ok());
    CHECK(!std::filesystem::exists(path));
    REQUIRE((*file)->Publish(50051).ok());
    CHECK(TextOf(path) == "50051\n");
    CHECK(!std::filesystem::exists(path + ".partial"));
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("A port file that was not published leaves the path alone") {
  const TempFolder folder;
  const std::string path = folder / "port";
  {
    const auto file = PortFile::Prepare(path);
    REQUIRE(file.ok());
    std::ofstream(path) << "somebody else's\n";
  }
  CHECK(TextOf(path) == "somebody else's\n");
}

TEST_CASE("Without a path nothing happens, and a folder that does not exist is an error") {
  const auto none = PortFile::Prepare("");
  REQUIRE(none.ok());
  CHECK((*none)->Publish(1).ok());
  const TempFolder folder;
  const auto file = PortFile::Prepare(folder / "no/such/port");
  CHECK((!file.ok() || !(*file)->Publish(1).ok()));
}

}  // namespace
}  // namespace millrace
