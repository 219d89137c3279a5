#include "core/query/name_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "core/base/error.h"
#include "core/query/row_words.h"

namespace millrace {
namespace {

// Names between two looks at whether somebody still waits: less than a millisecond.
constexpr uint64_t kNamesPerAsk = 32768;

// Some names, one behind the other.
class NameText {
 public:
  explicit NameText(const ListSlice<uint8_t>& names)
      : text_(reinterpret_cast<const char*>(names.values.data()), names.values.size()), offsets_(names.offsets) {}

  // The numbers of the names that match, each plus `first`.
  void Find(const Glob& pattern, uint32_t first, std::vector<uint32_t>* found) {
    const std::string_view part = pattern.longest_part();
    if (text_.size() < part.size()) return;
    // Where the part's first letter stands and its last one is in its place.
    struct Holds {
      const char* firsts;
      const char* lasts;
      char first;
      char last;
      [[gnu::always_inline]] bool operator()(size_t i) const {
        return (static_cast<int>(firsts[i] == first) & static_cast<int>(lasts[i] == last)) != 0;
      }
    };
    const Holds holds{text_.data(), text_.data() + part.size() - 1, part.front(), part.back()};
    const size_t place_count = text_.size() - part.size() + 1;
    std::array<uint64_t, 64> words;
    for (size_t begin = 0; begin < place_count; begin += 64 * words.size()) {
      const size_t end = std::min(begin + 64 * words.size(), place_count);
      words.fill(~uint64_t{0});
      if (end % 64 != 0) words[(end - begin) / 64] = (uint64_t{1} << (end % 64)) - 1;
      const Holds here{holds.firsts + begin, holds.lasts + begin, holds.first, holds.last};
      NarrowByWords(here, false, end - begin, absl::MakeSpan(words).first((end - begin + 63) / 64));
      for (size_t w = 0; w < (end - begin + 63) / 64; ++w) {
        for (uint64_t left = words[w]; left != 0; left &= left - 1) {
          LookAt(begin + 64 * w + static_cast<size_t>(std::countr_zero(left)), part, pattern, first, found);
        }
      }
    }
  }

 private:
  void LookAt(size_t place, std::string_view part, const Glob& pattern, uint32_t first, std::vector<uint32_t>* found) {
    // A name is looked at once, whether it matches or not.
    if (place < next_place_ || std::memcmp(text_.data() + place, part.data(), part.size()) != 0) return;
    while (EndOf(number_) <= place) ++number_;
    next_place_ = EndOf(number_);
    const size_t name_begin = static_cast<size_t>(offsets_[number_] - offsets_[0]);
    if (pattern.Matches(text_.substr(name_begin, next_place_ - name_begin))) {
      found->push_back(first + static_cast<uint32_t>(number_));
    }
  }

  size_t EndOf(size_t number) const { return static_cast<size_t>(offsets_[number + 1] - offsets_[0]); }

  const std::string_view text_;
  const absl::Span<const uint64_t> offsets_;
  size_t number_ = 0;      // of the name that was looked at last
  size_t next_place_ = 0;  // behind that
};

}  // namespace

absl::StatusOr<std::vector<uint32_t>> FindNames(const Glob& pattern, const snapshot_file::TagTable& tags,
                                                const Cancelled& cancelled) {
  std::vector<uint32_t> found;
  for (uint64_t first = 0; first < tags.size(); first += kNamesPerAsk) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    const uint64_t end = std::min(first + kNamesPerAsk, tags.size());
    ListSlice<uint8_t> names;
    MILLRACE_RETURN_IF_ERROR(tags.Names(first, end, &names));
    if (pattern.longest_part().empty()) {
      // Any name is fine, or only one without a letter.
      for (uint64_t tag_index = first; tag_index < end; ++tag_index) {
        if (pattern.HasStars() || names[tag_index - first].empty()) found.push_back(static_cast<uint32_t>(tag_index));
      }
      continue;
    }
    NameText(names).Find(pattern, static_cast<uint32_t>(first), &found);
  }
  return found;
}

}  // namespace millrace
