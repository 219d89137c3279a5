#include "core/snapshot/postings_builder.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/postings.h"
#include "core/snapshot/row_set.h"
#include "core/snapshot/section_file.h"
#include "core/snapshot/spool.h"
#include "core/snapshot/work_folder.h"

namespace millrace {
namespace {

using snapshot_file::ElementType;
using snapshot_file::Field;
using snapshot_file::SectionFile;

// Rows that a pass holds. A smaller number costs more passes, each of them a walk over all tag lists.
constexpr int64_t kRowsPerPass = 16 << 20;
constexpr int64_t kBlockRows = 65536;

class Builder {
 public:
  Builder(const Snapshot& snapshot, const std::string& work_folder, SectionFile* file,
          const std::function<bool()>& cancelled)
      : snapshot_(snapshot),
        cancelled_(cancelled),
        file_(file),
        lists_(work_folder, "postings.lists.offsets", "postings.lists"),
        bitmap_offsets_(work_folder, "postings.bitmaps.offsets") {}

  absl::Status Run() {
    file_->Begin("postings.snapshot", ElementType::kU8);
    MILLRACE_RETURN_IF_ERROR(file_->Append(snapshot_.digest().data(), snapshot_.digest().size()));
    MILLRACE_RETURN_IF_ERROR(file_->End());
    // By far the largest section goes where it stays; the others wait for it.
    file_->Begin("postings.bitmaps", ElementType::kU8);
    MILLRACE_ASSIGN_OR_RETURN(post_counts_, snapshot_.TagPostCounts());
    for (size_t begin = 0; begin < post_counts_.size();) {
      size_t end = begin;
      int64_t row_count = 0;
      do {
        row_count += post_counts_[end++];
      } while (end < post_counts_.size() && row_count + post_counts_[end] <= kRowsPerPass);
      MILLRACE_RETURN_IF_ERROR(Pass(begin, end));
      begin = end;
    }
    MILLRACE_RETURN_IF_ERROR(file_->End());
    MILLRACE_RETURN_IF_ERROR(bitmap_offsets_.CopyTo(file_));
    MILLRACE_RETURN_IF_ERROR(lists_.CopyTo(file_));
    MILLRACE_RETURN_IF_ERROR(WriteParents());
    MILLRACE_RETURN_IF_ERROR(WriteNewest());
    const std::string names = snapshot_file::SectionNames(file_->sections());
    file_->Begin(snapshot_file::kPostingsSections, ElementType::kU8);
    MILLRACE_RETURN_IF_ERROR(file_->Append(names.data(), names.size()));
    MILLRACE_RETURN_IF_ERROR(file_->End());
    return file_
        ->Finish(static_cast<uint64_t>(snapshot_.post_count()), static_cast<uint64_t>(snapshot_.tag_count()),
                 static_cast<uint64_t>(snapshot_.tag_use_count()))
        .status();
  }

 private:
  absl::Status CheckCancelled() const {
    if (!cancelled_ || !cancelled_()) return absl::OkStatus();
    return MakeError(Reason::kCancelled, "making the postings was cancelled");
  }

  absl::Status TagCountError() const {
    return MakeError(Reason::kSnapshotDamaged,
                     absl::StrCat("snapshot ", snapshot_.digest(),
                                  " is damaged: its counts of posts by tag are not those of its posts. "
                                  "Restore the file from a backup, or compile the dataset anew."),
                     {{"snapshot", snapshot_.digest()}});
  }

  // The rows of the tags from `begin` to `end`, and what becomes of them.
  absl::Status Pass(size_t begin, size_t end) {
    starts_.assign(1, 0);
    for (size_t tag = begin; tag < end; ++tag) {
      if (post_counts_[tag] < 0 || post_counts_[tag] > snapshot_.post_count()) return TagCountError();
      starts_.push_back(starts_.back() + static_cast<size_t>(post_counts_[tag]));
    }
    rows_.resize(starts_.back());
    std::vector<size_t> ends(starts_.begin(), starts_.end() - 1);  // behind the last row of each tag so far
    for (int64_t first = 0; first < snapshot_.post_count(); first += kBlockRows) {
      MILLRACE_RETURN_IF_ERROR(CheckCancelled());
      const int64_t count = std::min(kBlockRows, snapshot_.post_count() - first);
      MILLRACE_ASSIGN_OR_RETURN(const ListSlice<uint32_t> lists, snapshot_.TagLists(first, count));
      for (int64_t i = 0; i < count; ++i) {
        for (const uint32_t tag_index : lists[static_cast<size_t>(i)]) {
          const size_t tag = tag_index - begin;  // wraps around for those before
          if (tag >= ends.size()) continue;
          if (ends[tag] == starts_[tag + 1]) return TagCountError();
          rows_[ends[tag]++] = static_cast<uint32_t>(first + i);
        }
      }
    }
    for (size_t tag = begin; tag < end; ++tag) {
      const size_t start = starts_[tag - begin];
      if (ends[tag - begin] != starts_[tag - begin + 1]) return TagCountError();
      MILLRACE_RETURN_IF_ERROR(Write(tag, absl::MakeConstSpan(rows_).subspan(start, ends[tag - begin] - start)));
    }
    return absl::OkStatus();
  }

  absl::Status Write(uint64_t tag, absl::Span<const uint32_t> rows) {
    const bool is_list = rows.size() <= static_cast<size_t>(Postings::kListRowsMax);
    const std::string bitmap = is_list ? "" : RowSet::FromAscending(rows).Serialise();
    MILLRACE_RETURN_IF_ERROR(lists_.Add(tag, is_list ? rows : absl::Span<const uint32_t>()));
    MILLRACE_RETURN_IF_ERROR(bitmap_offsets_.Add(tag, bitmap.size()));
    return file_->Append(bitmap.data(), bitmap.size());
  }

  absl::Status WriteParents() {
    std::vector<int64_t> ids;
    for (int64_t first = 0; first < snapshot_.post_count(); first += kBlockRows) {
      const int64_t count = std::min(kBlockRows, snapshot_.post_count() - first);
      MILLRACE_ASSIGN_OR_RETURN(const OptionalSlice<int64_t> parents, snapshot_.ParentIds(first, count));
      for (size_t i = 0; i < parents.values.size(); ++i) {
        if (parents.has(i)) ids.push_back(parents.values[i]);
      }
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<uint32_t> rows;
    for (const int64_t id : ids) {
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot_.FindRow(id));
      if (row.has_value()) rows.push_back(static_cast<uint32_t>(*row));
    }
    if (rows.empty()) return absl::OkStatus();
    const std::string bitmap = RowSet::FromAscending(rows).Serialise();
    file_->Begin("postings.parents", ElementType::kU8);
    MILLRACE_RETURN_IF_ERROR(file_->Append(bitmap.data(), bitmap.size()));
    return file_->End();
  }

  absl::Status WriteNewest() {
    std::optional<int64_t> newest;
    for (int64_t first = 0; first < snapshot_.post_count(); first += kBlockRows) {
      const int64_t end = std::min(first + kBlockRows, snapshot_.post_count());
      OptionalSlice<int64_t> times;
      MILLRACE_RETURN_IF_ERROR(snapshot_.columns().ReadSlice(Field::kCreatedAtUs, static_cast<uint64_t>(first),
                                                             static_cast<uint64_t>(end), &times));
      for (size_t i = 0; i < times.values.size(); ++i) {
        if (times.has(i)) newest = std::max(newest.value_or(times.values[i]), times.values[i]);
      }
    }
    if (!newest.has_value()) return absl::OkStatus();
    file_->Begin("postings.newest_created_at_us", ElementType::kI64);
    MILLRACE_RETURN_IF_ERROR(file_->Append(&*newest, sizeof *newest));
    return file_->End();
  }

  const Snapshot& snapshot_;
  const std::function<bool()>& cancelled_;
  SectionFile* const file_;
  snapshot_file::ListSpool<uint32_t> lists_;
  snapshot_file::OffsetsSpool bitmap_offsets_;
  absl::Span<const int64_t> post_counts_;
  // Of one pass: the rows of its tags, one tag's behind the other's, and where each begins.
  std::vector<uint32_t> rows_;
  std::vector<size_t> starts_;
};

}  // namespace

absl::Status BuildPostings(const Snapshot& snapshot, const std::string& path, const std::function<bool()>& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<snapshot_file::WorkFolder> work,
                            snapshot_file::WorkFolder::Create(std::filesystem::path(path).parent_path().string()));
  const std::string unfinished = absl::StrCat(work->path(), "/postings");
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<SectionFile> file, SectionFile::Create(unfinished));
  MILLRACE_RETURN_IF_ERROR(Builder(snapshot, work->path(), file.get(), cancelled).Run());
  return RenameDurably(unfinished, path);
}

}  // namespace millrace
