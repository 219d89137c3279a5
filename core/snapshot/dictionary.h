// Words that repeat from post to post, each stored once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/error.h"
#include "core/snapshot/spool.h"

namespace millrace::snapshot_file {

// Numbers words in the order in which they first appear, from 1; 0 stands for the empty word. Grows with the number
// of different words. Not thread-safe.
class Dictionary {
 public:
  uint32_t CodeOf(std::string_view word) {
    if (word.empty()) return 0;
    const auto found = codes_.find(absl::string_view(word.data(), word.size()));
    if (found != codes_.end()) return found->second;
    words_.emplace_back(word);
    const uint32_t code = static_cast<uint32_t>(words_.size());
    codes_.emplace(words_.back(), code);
    return code;
  }
  size_t size() const { return words_.size(); }

  // Writes NAME.offsets and NAME.bytes.
  absl::Status CopyTo(const std::string& folder, const std::string& name, SectionFile* file) const {
    TextSpool spool(folder, name);
    for (size_t i = 0; i < words_.size(); ++i) MILLRACE_RETURN_IF_ERROR(spool.Add(i, words_[i]));
    return spool.CopyTo(file);
  }

 private:
  absl::flat_hash_map<std::string, uint32_t> codes_;
  std::vector<std::string> words_;
};

}  // namespace millrace::snapshot_file
