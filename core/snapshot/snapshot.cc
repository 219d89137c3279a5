#include "core/snapshot/snapshot.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/snapshot/checked_file.h"
#include "core/snapshot/field_runs.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/postings.h"
#include "core/snapshot/postings_builder.h"
#include "core/snapshot/relation_sections.h"
#include "core/snapshot/stats_sections.h"
#include "core/snapshot/tag_relations.h"
#include "core/snapshot/tag_table.h"
#include "core/snapshot/verify.h"

namespace millrace {

namespace {

// Between two attempts at making the postings: what the disk lacks now it may have later.
constexpr std::chrono::minutes kPostingsPause(1);

}  // namespace

using snapshot_file::CheckedFile;
using snapshot_file::FieldRuns;
using snapshot_file::PostColumns;
using snapshot_file::RelationColumns;
using snapshot_file::StatsSections;
using snapshot_file::TagTable;

class Snapshot::Impl {
 public:
  Impl(std::unique_ptr<CheckedFile> file, PostColumns posts, TagTable tags, StatsSections stats,
       RelationColumns relation_columns)
      : file(std::move(file)),
        posts(posts),
        field_runs(this->posts, this->file->layout().header.post_count),
        tags(tags),
        stats(stats),
        relation_columns(relation_columns) {}

  const snapshot_file::Header& header() const { return file->layout().header; }
  bool HasRow(int64_t row) const { return row >= 0 && static_cast<uint64_t>(row) < header().post_count; }
  absl::Status NoSuchRow(int64_t row) const {
    return MakeError(Reason::kInternal,
                     absl::StrCat("row ", row, " asked for of ", header().post_count, " in snapshot ", file->digest()));
  }
  // What `read(first, end, &slice)` gives for the rows from first_row on.
  template <typename Slice, typename Read>
  absl::StatusOr<Slice> ReadRows(int64_t first_row, int64_t row_count, Read read) const {
    const uint64_t post_count = header().post_count;
    if (first_row < 0 || row_count < 0 || static_cast<uint64_t>(first_row) > post_count ||
        static_cast<uint64_t>(row_count) > post_count - static_cast<uint64_t>(first_row)) {
      // The first that is missing; the last one's number may not even be one.
      return NoSuchRow(first_row < 0 || row_count < 0 ? first_row
                                                      : std::max(first_row, static_cast<int64_t>(post_count)));
    }
    const uint64_t first = static_cast<uint64_t>(first_row);
    Slice slice;
    MILLRACE_RETURN_IF_ERROR(read(first, first + static_cast<uint64_t>(row_count), &slice));
    return slice;
  }

  const std::unique_ptr<CheckedFile> file;
  const PostColumns posts;
  const FieldRuns field_runs;
  const TagTable tags;
  const StatsSections stats;
  const RelationColumns relation_columns;

  Mutex relations_mutex;
  std::unique_ptr<TagRelations> relations ABSL_GUARDED_BY(relations_mutex);  // null: not asked for yet

  std::string PostingsPath() const { return snapshot_file::PostingsPath(file->path()); }
  // Those that are open and whole, or else the file if it opens; otherwise null.
  std::shared_ptr<const Postings> FindPostings() ABSL_EXCLUSIVE_LOCKS_REQUIRED(postings_mutex) {
    if (postings != nullptr && postings->damage_found()) {
      postings = nullptr;
      // Opening reads little of the file: this one may open again.
      is_postings_file_bad = true;
    }
    if (postings == nullptr && !is_postings_file_bad) {
      absl::StatusOr<std::shared_ptr<const Postings>> opened =
          Postings::Open(PostingsPath(), file->digest(), static_cast<int64_t>(header().post_count),
                         static_cast<int64_t>(header().tag_count));
      postings_open_error = opened.status();
      if (opened.ok()) postings = *std::move(opened);
    }
    return postings;
  }
  // Nobody tries again for a while.
  void PausePostings(const absl::Status& error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(postings_mutex) {
    postings_error = error;
    postings_retry_at = std::chrono::steady_clock::now() + kPostingsPause;
  }

  Mutex postings_mutex;
  std::shared_ptr<const Postings> postings ABSL_GUARDED_BY(postings_mutex);  // null until they are asked for
  bool is_postings_file_bad ABSL_GUARDED_BY(postings_mutex) = false;
  absl::Status postings_open_error ABSL_GUARDED_BY(postings_mutex);
  bool is_making_postings ABSL_GUARDED_BY(postings_mutex) = false;
  absl::Status postings_error ABSL_GUARDED_BY(postings_mutex);                              // of the last attempt
  std::chrono::steady_clock::time_point postings_retry_at ABSL_GUARDED_BY(postings_mutex);  // after an error
};

Snapshot::Snapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Snapshot::~Snapshot() = default;

absl::StatusOr<std::unique_ptr<Snapshot>> Snapshot::Open(const std::string& path, std::string_view digest,
                                                         const std::shared_ptr<ResidentBudget>& budget) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<CheckedFile> file, CheckedFile::Open(path, digest, budget));
  MILLRACE_ASSIGN_OR_RETURN(PostColumns posts, PostColumns::Open(*file));
  MILLRACE_ASSIGN_OR_RETURN(TagTable tags, TagTable::Open(*file));
  MILLRACE_ASSIGN_OR_RETURN(StatsSections stats, StatsSections::Open(*file));
  MILLRACE_ASSIGN_OR_RETURN(RelationColumns relations, RelationColumns::Open(*file));
  return std::unique_ptr<Snapshot>(
      new Snapshot(std::make_unique<Impl>(std::move(file), posts, tags, stats, relations)));
}

const std::string& Snapshot::digest() const { return impl_->file->digest(); }
int64_t Snapshot::post_count() const { return static_cast<int64_t>(impl_->header().post_count); }
int64_t Snapshot::tag_count() const { return static_cast<int64_t>(impl_->header().tag_count); }
int64_t Snapshot::tag_use_count() const { return static_cast<int64_t>(impl_->header().tag_use_count); }
int64_t Snapshot::file_size_bytes() const { return static_cast<int64_t>(impl_->file->size_bytes()); }
bool Snapshot::damage_found() const { return impl_->file->damage_found(); }

absl::StatusOr<Stats> Snapshot::GetStats() const {
  MILLRACE_ASSIGN_OR_RETURN(Stats stats, impl_->stats.Read());
  stats.post_count = post_count();
  stats.tag_count = tag_count();
  stats.tag_use_count = tag_use_count();
  if (stats.post_count > 0) {
    MILLRACE_RETURN_IF_ERROR(impl_->posts.ReadId(0, &stats.min_post_id.emplace()));
    MILLRACE_RETURN_IF_ERROR(impl_->posts.ReadId(impl_->header().post_count - 1, &stats.max_post_id.emplace()));
  }
  return stats;
}

std::shared_ptr<const Postings> Snapshot::FindPostings() const {
  MutexLock lock(impl_->postings_mutex);
  return impl_->FindPostings();
}

absl::StatusOr<std::shared_ptr<const Postings>> Snapshot::GetPostings(const std::function<bool()>& cancelled) const {
  {
    MutexLock lock(impl_->postings_mutex);
    std::shared_ptr<const Postings> found = impl_->FindPostings();
    if (found != nullptr) return found;
    if (impl_->is_making_postings) {
      return MakeError(Reason::kServerBusy, absl::StrCat("the postings of snapshot ", digest(), " are being made"));
    }
    if (std::chrono::steady_clock::now() < impl_->postings_retry_at) return impl_->postings_error;
    impl_->is_making_postings = true;
  }
  const absl::Cleanup unmark = [this] {
    MutexLock lock(impl_->postings_mutex);
    impl_->is_making_postings = false;
  };
  // Without the mutex: others answer from the lists of tags meanwhile.
  const absl::Status built = BuildPostings(*this, impl_->PostingsPath(), cancelled);
  MutexLock lock(impl_->postings_mutex);
  if (!built.ok()) {
    if (ReasonOf(built) != Reason::kCancelled) impl_->PausePostings(built);
    return built;
  }
  impl_->is_postings_file_bad = false;
  std::shared_ptr<const Postings> made = impl_->FindPostings();
  // Should it turn out damaged, it is not made anew at once: a disk that damages one file damages the next.
  impl_->PausePostings(MakeError(
      Reason::kIoError,
      absl::StrCat("the postings of snapshot ", digest(), " are not to be read, though ", impl_->PostingsPath(),
                   " was just made: ", std::string(impl_->postings_open_error.message()), ". Look at the disk")));
  return made != nullptr ? absl::StatusOr<std::shared_ptr<const Postings>>(made) : impl_->postings_error;
}

absl::Status Snapshot::ReadPostIds(absl::Span<const int64_t> rows, absl::Span<int64_t> post_ids) const {
  if (rows.size() != post_ids.size()) {
    return MakeError(Reason::kInternal, absl::StrCat("room for ", post_ids.size(), " ids of ", rows.size(), " rows"));
  }
  for (const int64_t row : rows) {
    if (!impl_->HasRow(row)) return impl_->NoSuchRow(row);
  }
  return impl_->posts.ReadIds(rows, post_ids.data());
}

absl::StatusOr<int64_t> Snapshot::LowerBoundRow(int64_t post_id) const {
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t row, impl_->posts.LowerBound(post_id));
  return static_cast<int64_t>(row);
}

absl::StatusOr<std::optional<int64_t>> Snapshot::FindRow(int64_t post_id) const {
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t row, impl_->posts.LowerBound(post_id));
  if (row == impl_->header().post_count) return std::nullopt;
  int64_t found;
  MILLRACE_RETURN_IF_ERROR(impl_->posts.ReadId(row, &found));
  if (found != post_id) return std::nullopt;
  return static_cast<int64_t>(row);
}

absl::StatusOr<std::optional<int64_t>> Snapshot::FindRowByMd5(const Md5& md5) const {
  return impl_->posts.FindByMd5(md5);
}

void Snapshot::PrefetchFields(int64_t row) const {
  if (impl_->HasRow(row)) impl_->posts.PrefetchFields(static_cast<uint64_t>(row));
}

void Snapshot::PrefetchLists(int64_t row) const {
  if (impl_->HasRow(row)) impl_->posts.PrefetchLists(static_cast<uint64_t>(row));
}

absl::Status Snapshot::ReadFields(int64_t row, Post* post) const {
  if (!impl_->HasRow(row)) return impl_->NoSuchRow(row);
  return impl_->posts.ReadFields(static_cast<uint64_t>(row), post);
}

absl::StatusOr<absl::Span<const uint32_t>> Snapshot::TagIndexes(int64_t row) const {
  if (!impl_->HasRow(row)) return impl_->NoSuchRow(row);
  absl::Span<const uint32_t> tag_indexes;
  MILLRACE_RETURN_IF_ERROR(impl_->posts.ReadTagIndexes(static_cast<uint64_t>(row), &tag_indexes));
  return tag_indexes;
}

absl::StatusOr<absl::Span<const int64_t>> Snapshot::PostIds(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<absl::Span<const int64_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadIds(first, end, slice);
  });
}

absl::StatusOr<absl::Span<const uint8_t>> Snapshot::Ratings(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<absl::Span<const uint8_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadRatings(first, end, slice);
  });
}

absl::StatusOr<OptionalSlice<int32_t>> Snapshot::Scores(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<OptionalSlice<int32_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadScores(first, end, slice);
  });
}

absl::StatusOr<OptionalSlice<int32_t>> Snapshot::Widths(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<OptionalSlice<int32_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadWidths(first, end, slice);
  });
}

absl::StatusOr<OptionalSlice<int32_t>> Snapshot::Heights(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<OptionalSlice<int32_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadHeights(first, end, slice);
  });
}

absl::StatusOr<OptionalSlice<int64_t>> Snapshot::ParentIds(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<OptionalSlice<int64_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadParentIds(first, end, slice);
  });
}

absl::StatusOr<ListSlice<uint32_t>> Snapshot::TagLists(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<ListSlice<uint32_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadTagLists(first, end, slice);
  });
}

absl::StatusOr<ListSlice<int64_t>> Snapshot::PoolLists(int64_t first_row, int64_t row_count) const {
  return impl_->ReadRows<ListSlice<int64_t>>(first_row, row_count, [this](auto first, auto end, auto* slice) {
    return impl_->posts.ReadPoolLists(first, end, slice);
  });
}

absl::StatusOr<TagView> Snapshot::TagAt(uint32_t tag_index) const {
  if (tag_index >= impl_->tags.size()) {
    return MakeError(Reason::kInternal, absl::StrCat("tag index ", tag_index, " asked for of ", impl_->tags.size(),
                                                     " in snapshot ", digest()));
  }
  return impl_->tags.At(tag_index);
}

absl::Status Snapshot::ReadTagIdentities(absl::Span<const uint32_t> tag_indexes, absl::Span<TagView> tags) const {
  return impl_->tags.ReadIdentities(tag_indexes, tags);
}

absl::StatusOr<std::optional<Tag>> Snapshot::FindTag(int64_t tag_id) const { return impl_->tags.FindById(tag_id); }

absl::StatusOr<std::vector<Tag>> Snapshot::FindTagsByName(std::string_view name, int64_t limit) const {
  return impl_->tags.FindByName(name, limit);
}

absl::StatusOr<TagPage> Snapshot::ListTags(const TagQuery& query) const { return impl_->tags.List(query); }

absl::StatusOr<std::vector<uint32_t>> Snapshot::FindTagIndexesByName(std::string_view name) const {
  return impl_->tags.FindIndexesByName(name);
}

absl::StatusOr<absl::Span<const int64_t>> Snapshot::TagIds() const { return impl_->tags.Ids(); }
absl::StatusOr<absl::Span<const uint8_t>> Snapshot::TagCategories() const { return impl_->tags.Categories(); }
absl::StatusOr<absl::Span<const int64_t>> Snapshot::TagPostCounts() const { return impl_->tags.PostCounts(); }

int64_t Snapshot::relation_count(TagRelationKind kind) const {
  return static_cast<int64_t>(impl_->relation_columns.size(kind));
}

absl::StatusOr<TagRelationView> Snapshot::RelationAt(TagRelationKind kind, int64_t number) const {
  if (number < 0 || number >= relation_count(kind)) {
    return MakeError(Reason::kInternal, absl::StrCat("relation ", number, " asked for of ", relation_count(kind)));
  }
  TagRelationView relation;
  MILLRACE_RETURN_IF_ERROR(
      impl_->relation_columns.Read(kind, static_cast<uint64_t>(number), &relation.antecedent, &relation.consequent));
  return relation;
}

absl::StatusOr<const TagRelations*> Snapshot::relations() const {
  // Who comes while they are computed waits for them: computing them twice would take no less.
  MutexLock lock(impl_->relations_mutex);
  if (impl_->relations == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(impl_->relations, TagRelations::Create(*this, impl_->relation_columns));
  }
  return static_cast<const TagRelations*>(impl_->relations.get());
}

const PostColumns& Snapshot::columns() const { return impl_->posts; }
const FieldRuns& Snapshot::field_runs() const { return impl_->field_runs; }
const TagTable& Snapshot::tag_table() const { return impl_->tags; }

absl::StatusOr<VerifyReport> Snapshot::Verify(bool (*cancelled)(void*), void* context) const {
  return snapshot_file::VerifyFile(*impl_->file, cancelled, context);
}

}  // namespace millrace
