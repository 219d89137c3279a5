#include "tests/server/rpc/temp_folder.h"

#include <cstdlib>
#include <filesystem>

#include "tests/support/catch.h"

namespace millrace {

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "millrace-rpc-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace millrace
