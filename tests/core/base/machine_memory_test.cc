// Goal: the least limit of this process's control groups counts, of both versions. Method: folders that look like them.
#include "core/base/machine_memory.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"

namespace millrace {
namespace {

class Groups {
 public:
  Groups() {
    std::string path = (std::filesystem::temp_directory_path() / "millrace-groups-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) FAIL("mkdtemp failed");
    root_ = path;
  }
  ~Groups() { std::filesystem::remove_all(root_); }
  void Set(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text << "\n";
  }
  int64_t Limit(const std::string& groups) const { return GroupMemoryLimitBytes(groups, root_.string()); }

 private:
  std::filesystem::path root_;
};

TEST_CASE("version 2: the least of the group and those above it") {
  const Groups groups;
  groups.Set("a/memory.max", "3000");
  groups.Set("a/b/memory.max", "max");
  CHECK(groups.Limit("0::/a/b\n") == 3000);
  groups.Set("a/b/memory.max", "2000");
  CHECK(groups.Limit("0::/a/b\n") == 2000);
  CHECK(groups.Limit("0::/a\n") == 3000);
}

TEST_CASE("version 1: the group that has the memory controller") {
  const Groups groups;
  groups.Set("memory/a/memory.limit_in_bytes", "5000");
  groups.Set("memory/b/memory.limit_in_bytes", "1");
  CHECK(groups.Limit("3:cpu,cpuacct:/b\n2:memory:/a\n") == 5000);
}

TEST_CASE("in a container the root is the group itself") {
  const Groups groups;
  groups.Set("memory.max", "7000");
  CHECK(groups.Limit("0::/host/path/that/is/not/here\n") == 7000);
  CHECK(groups.Limit("0::/\n") == 7000);
}

TEST_CASE("no limit, and text that is none of this") {
  const Groups groups;
  CHECK(groups.Limit("0::/\n") < 0);
  CHECK(groups.Limit("") < 0);
  CHECK(groups.Limit("nonsense\n::\n0:x:y:z\n") < 0);
}

TEST_CASE("this process may use some memory") { CHECK(MemoryLimitBytes() > 1 << 20); }

}  // namespace
}  // namespace millrace
