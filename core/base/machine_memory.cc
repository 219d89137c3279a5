#include "core/base/machine_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace {
namespace {

// -1 when there is no such file, or it says "max".
int64_t ReadLimit(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  int64_t limit;
  return file >> word && absl::SimpleAtoi(word, &limit) && limit >= 0 ? limit : -1;
}

void Lower(int64_t limit, int64_t* least) {
  if (limit >= 0 && (*least < 0 || limit < *least)) *least = limit;
}

}  // namespace

int64_t GroupMemoryLimitBytes(const std::string& groups, const std::string& group_root) {
  int64_t least = -1;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {
    // "NUMBER:CONTROLLERS:PATH"; version 2 has number 0 and no controllers.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    const bool is_first_version = std::find(controllers.begin(), controllers.end(), "memory") != controllers.end();
    if (!is_first_version && !parts[1].empty()) continue;
    const std::string root = is_first_version ? group_root + "/memory" : group_root;
    const char* const file = is_first_version ? "/memory.limit_in_bytes" : "/memory.max";
    for (std::string path = parts[2]; !path.empty(); path.resize(path.find_last_of('/'))) {
      Lower(ReadLimit(absl::StrCat(root, path == "/" ? "" : path, file)), &least);
      if (path.find('/') == std::string::npos) break;
    }
    // In a container the path may be the host's, while the root is the container's own group.
    Lower(ReadLimit(root + file), &least);
  }
  return least;
}

int64_t MemoryLimitBytes() {
  std::ifstream file("/proc/self/cgroup");
  const std::string groups{std::istreambuf_iterator<char>(file), {}};
  int64_t limit = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  Lower(GroupMemoryLimitBytes(groups, "/sys/fs/cgroup"), &limit);
  return limit;
}

}  // namespace millrace
