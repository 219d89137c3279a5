// What is told from lists and texts.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "core/query/column_test.h"

namespace millrace {

using Presence = QueryTerm::Presence;

absl::Status ColumnTest::RunTags() {
  struct Holds {
    ListSlice<uint32_t> lists;
    const std::vector<uint32_t>* wanted = nullptr;
    const std::vector<uint64_t>* bits = nullptr;
    bool operator()(size_t i) const {
      const absl::Span<const uint32_t> list = lists[i];
      if (wanted->size() == 1) return std::binary_search(list.begin(), list.end(), wanted->front());
      return std::any_of(list.begin(), list.end(), [this](uint32_t tag_index) {
        return bits->empty() ? std::binary_search(wanted->begin(), wanted->end(), tag_index)
                             : ((*bits)[tag_index / 64] >> (tag_index % 64) & 1) != 0;
      });
    }
  };
  return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
    *holds = {{}, &term_.tag_indexes, &wanted_tags_};
    return columns_.ReadTagLists(first, end, &holds->lists);
  });
}

// Every list has to be read: how many tags a post said no longer tells how many it has.
absl::Status ColumnTest::RunAppliedTagCount() {
  struct Holds {
    ListSlice<uint32_t> lists;
    ColumnTest* test = nullptr;
    bool operator()(size_t i) const {
      return test->IsWantedCount(static_cast<int64_t>(test->applied_tags_.Of(lists[i]).size()));
    }
  };
  return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
    *holds = {{}, this};
    return columns_.ReadTagLists(first, end, &holds->lists);
  });
}

absl::Status ColumnTest::RunCategoryTagCount() {
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> categories, snapshot_.TagCategories());
  struct Holds {
    ListSlice<uint32_t> lists;
    absl::Span<const uint8_t> categories;
    ColumnTest* test = nullptr;
    bool operator()(size_t i) const {
      const uint8_t category = static_cast<uint8_t>(test->term_.category);
      int64_t count = 0;
      for (const uint32_t tag_index : test->applied_tags_.Of(lists[i])) {
        count += categories[tag_index] == category ? 1 : 0;
      }
      return test->IsWantedCount(count);
    }
  };
  return Test<Holds>([&, categories = categories](uint64_t first, uint64_t end, Holds* holds) {
    *holds = {{}, categories, this};
    return columns_.ReadTagLists(first, end, &holds->lists);
  });
}

bool ColumnTest::IsWantedSource(uint64_t row) {
  std::string_view source;
  if (const absl::Status status = columns_.source().Get(row, &source); !status.ok()) {
    error_ = status;
    return false;
  }
  if (term_.presence != Presence::kValue) return source.empty() != wants_presence();
  if (source.empty()) return false;
  lowered_.assign(source);
  absl::AsciiStrToLower(&lowered_);
  return std::any_of(term_.patterns.begin(), term_.patterns.end(),
                     [&](const Glob& pattern) { return pattern.Matches(lowered_); });
}

absl::Status ColumnTest::RunSource() {
  struct Holds {
    uint64_t first = 0;
    ColumnTest* test = nullptr;
    bool operator()(size_t i) const { return test->IsWantedSource(first + i); }
  };
  return Test<Holds>([&](uint64_t first, uint64_t /*end*/, Holds* holds) {
    *holds = {first, this};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunPoolIds() {
  struct Holds {
    ListSlice<int64_t> lists;
    const ColumnTest* test = nullptr;
    bool operator()(size_t i) const {
      const absl::Span<const int64_t> pools = lists[i];
      if (test->term_.presence != Presence::kValue) return pools.empty() != test->wants_presence();
      return std::any_of(pools.begin(), pools.end(), [this](int64_t id) { return test->InIntervals(id); });
    }
  };
  return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
    holds->test = this;
    return columns_.ReadPoolLists(first, end, &holds->lists);
  });
}

bool ColumnTest::HasPoolOfKind(uint64_t row) {
  uint64_t begin, end;
  absl::Span<const uint32_t> kinds;
  error_ = columns_.pools().GetRange(row, &begin, &end);
  if (error_.ok()) error_ = columns_.pool_kinds().Get(begin, end, &kinds);
  return std::any_of(kinds.begin(), kinds.end(), [this](uint32_t code) { return IsWantedCode(code); });
}

absl::Status ColumnTest::RunPoolKinds() {
  struct Holds {
    uint64_t first = 0;
    ColumnTest* test = nullptr;
    bool operator()(size_t i) const { return test->error_.ok() && test->HasPoolOfKind(first + i); }
  };
  return Test<Holds>([&](uint64_t first, uint64_t /*end*/, Holds* holds) {
    *holds = {first, this};
    return absl::OkStatus();
  });
}

}  // namespace millrace
