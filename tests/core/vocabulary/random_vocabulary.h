// Made up vocabularies, with names that are hard on file formats.
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/vocabulary/vocabulary.h"

namespace millrace::testing {

// 1 to 12 entries, each once, any category, id and number of posts.
inline std::vector<VocabularyEntry> RandomVocabularyEntries(std::mt19937& random) {
  const std::vector<std::string> parts = {"a",
                                          "b",
                                          ",",
                                          "\"",
                                          "\n",
                                          "\r",
                                          "\r\n",
                                          " ",
                                          "'",
                                          ";",
                                          "=",
                                          "\t",
                                          "\xEF\xBB\xBF",
                                          "\xC3\xA4",
                                          "\xF0\x9F\x8E\xA9",
                                          "name",
                                          "0"};
  std::vector<VocabularyEntry> entries;
  std::set<std::pair<std::string, TagCategory>> seen;
  const size_t count = 1 + random() % 12;
  while (entries.size() < count) {
    VocabularyEntry entry;
    for (uint32_t size = 1 + random() % 5; size > 0; --size) entry.name += parts[random() % parts.size()];
    entry.category = static_cast<TagCategory>(random() % kTagCategoryCount);
    entry.tag_id = random() % 3 == 0 ? 0 : static_cast<int64_t>(random());
    entry.post_count = random() % 7 == 0 ? INT64_MAX : static_cast<int64_t>(random() % 1000);
    if (seen.emplace(entry.name, entry.category).second) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace millrace::testing
