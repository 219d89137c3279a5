// How much memory this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

// The machine's memory, or what a control group (version 1 or 2) leaves to this process if that is less, in bytes.
int64_t MemoryLimitBytes();

// The least limit that the memory groups named in the text of /proc/self/cgroup, or groups above them, set below
// `group_root` (/sys/fs/cgroup). A negative number when none does.
int64_t GroupMemoryLimitBytes(const std::string& groups, const std::string& group_root);

}  // namespace millrace
