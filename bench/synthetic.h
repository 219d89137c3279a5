// Synthetic dumps at any size, in the layout of the Danbooru 2017-2020 dumps, with that site's distribution of tags.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::bench {

// The tags' popularity follows the counts by rank of Danbooru in 2021 (rank 1 on 71 % of the posts, 10 on 22 %, 100 on
// 4.8 %, 1,000 on 0.33 %, 5,000 on 0.030 %, joined by straight lines on log-log axes and continued with the last
// slope), scaled so that a post carries 29 tags on average; the number a post carries is log-normal with mode 26,
// rarely up to 1,250. Post i is a pure function of (seed, tag count, i), so dumps of different sizes share their
// beginning.
class SyntheticDump {
 public:
  static constexpr int32_t kDefaultTagCount = 400'000;

  explicit SyntheticDump(uint64_t seed, int32_t tag_count = kDefaultTagCount);

  // Appends post `index` (id = index + 1) as one JSON line, newline included.
  void AppendLine(int64_t index, std::string* out);

  // The first line of such posts as e621's CSV export has them, newline included.
  static std::string CsvHeader();
  // Appends post `index`, with the same tags, as a row of that export.
  void AppendCsvRow(int64_t index, std::string* out);

  // Tag uses of all lines so far.
  int64_t tag_use_count() const { return tag_use_count_; }

 private:
  class Random;
  Random RandomOf(int64_t index) const;
  // Puts the tags of a post into ranks_.
  void DrawTags(Random* random);
  // Draws a rank (0-based) with the tags' probabilities: Walker's alias method.
  int32_t DrawRank(uint64_t random) const;

  const uint64_t seed_;
  std::vector<uint32_t> threshold_;  // alias method: keep the column below, else take its alias
  std::vector<int32_t> alias_;
  double draws_per_post_ = 0;  // raw draws that give 29 distinct tags on average
  std::vector<std::string> tag_names_;
  std::vector<std::string> tag_json_;
  std::vector<int32_t> ranks_;  // of the current post; kept for its memory
  int64_t tag_use_count_ = 0;
};

}  // namespace millrace::bench
