// What lists brought: how much of it was new to the dataset.
#pragma once

#include <cstdint>

namespace millrace {

// What became of something that a list told.
enum class ListedChange {
  kNew,        // the dataset had nothing of it
  kUpdated,    // the dataset had something else
  kUnchanged,  // the dataset had just that
};

// Of one kind of thing. What an import tells twice counts once, and what it was refused does not count.
struct ListedCounts {
  int64_t new_count = 0;
  int64_t updated_count = 0;
  int64_t unchanged_count = 0;
  // Records that told otherwise than an earlier one of the same import, so that something of one of the two is lost.
  int64_t conflict_count = 0;

  void Add(ListedChange change) {
    ++(change == ListedChange::kNew ? new_count : change == ListedChange::kUpdated ? updated_count : unchanged_count);
  }
  friend bool operator==(const ListedCounts&, const ListedCounts&) = default;
};

// Of all that lists tell.
struct FactCounts {
  ListedCounts tags = {};
  ListedCounts aliases = {};
  ListedCounts implications = {};
  ListedCounts pools = {};
  ListedCounts artists = {};
  int64_t superseded_relation_count = 0;  // of the dataset, that gave way to what was told

  friend bool operator==(const FactCounts&, const FactCounts&) = default;
};

}  // namespace millrace
