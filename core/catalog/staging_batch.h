// Posts on their way into the catalog: packed in memory while the caller parses, so that the write lock is held
// only while SQLite writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"

namespace millrace {

// An entry of the md5 index.
struct Md5Entry {
  Md5 md5;
  int64_t post_id = 0;
};

// Not thread-safe. Its memory is bounded by kBytesMax, kPostCountMax and the largest post.
class StagingBatch {
 public:
  // Large enough that a commit's fsync and the index pages that it rewrites are shared by many posts (posts that
  // come in no order touch nearly every page of the index with each batch), small enough to write in well
  // under a second.
  static constexpr int64_t kPostCountMax = 16'384;
  static constexpr int64_t kBytesMax = 8 << 20;

  // Requires that the batch does not hold the post. `tag_ids`, ascending, go before post.tag_ids. `superseded_row` is
  // the row that the post replaces.
  void Add(const Post& post, absl::Span<const int64_t> tag_ids, SourcePlace place,
           std::optional<int64_t> superseded_row);
  bool empty() const { return rows_.empty(); }
  bool is_full() const {
    return static_cast<int64_t>(rows_.size()) >= kPostCountMax || static_cast<int64_t>(bytes_.size()) >= kBytesMax;
  }
  // Where the record stands that brought the post; absent when the batch does not hold it.
  std::optional<SourcePlace> FindPlace(int64_t post_id) const;

  // What becomes of the rows that posts replace: noted, to be hidden and removed when the import is committed, or
  // overwritten at once, for what is written in one transaction.
  enum class Replaced { kSuperseded, kInPlace };
  // Writes the posts as rows of the import. Within a write transaction. Another thread may look for places meanwhile.
  absl::Status WriteTo(Database& database, int64_t dataset_id, int64_t import_id,
                       Replaced replaced = Replaced::kSuperseded) const;
  // Of the posts that have an md5.
  absl::Span<const Md5Entry> md5s() const { return md5s_; }
  // Empties the batch and keeps its memory.
  void Clear();

 private:
  // A value to bind, in the order of the statement's parameters. Text and blobs lie in bytes_.
  struct Value {
    ColumnType type;
    uint32_t size_bytes;  // of text and blobs
    int64_t int_or_offset;
  };
  struct Row {
    int64_t post_id;
    SourcePlace place;
    std::optional<int64_t> superseded_row;
    size_t first_value;
  };

  void AddInt(int64_t value) { values_.push_back({ColumnType::kInteger, 0, value}); }
  void AddNull() { values_.push_back({ColumnType::kNull, 0, 0}); }
  template <typename T>
  void AddOptional(const std::optional<T>& value) {
    value.has_value() ? AddInt(static_cast<int64_t>(*value)) : AddNull();
  }
  void AddText(std::string_view text);
  // The value that is everything in bytes_ from `begin` on.
  void AddBlobFrom(size_t begin);
  void BindValues(const Row& row, Statement* insert) const;

  std::vector<Row> rows_;
  std::vector<Value> values_;
  std::string bytes_;
  std::vector<Md5Entry> md5s_;
  absl::flat_hash_map<int64_t, size_t> row_by_post_id_;
};

}  // namespace millrace
