#include "core/snapshot/postings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snapshot/format.h"

namespace millrace {

using snapshot_file::CheckedFile;
using snapshot_file::Column;
using snapshot_file::ColumnBinder;
using snapshot_file::Section;

namespace snapshot_file {

std::string PostingsPath(const std::string& snapshot_path) {
  const std::string_view suffix = kFileSuffix;
  std::string_view stem = snapshot_path;
  if (stem.ends_with(suffix)) stem.remove_suffix(suffix.size());
  return absl::StrCat(std::string(stem), kPostingsSuffix);
}

std::string SectionNames(absl::Span<const Section> sections) {
  std::string names;
  for (const Section& section : sections) {
    if (section.name != kPostingsSections) absl::StrAppend(&names, section.name, "\n");
  }
  return names;
}

}  // namespace snapshot_file

absl::StatusOr<std::shared_ptr<const Postings>> Postings::Open(const std::string& path,
                                                               const std::string& snapshot_digest, int64_t post_count,
                                                               int64_t tag_count) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<CheckedFile> file, CheckedFile::OpenUnnamed(path));
  Column<uint8_t> digest;
  MILLRACE_RETURN_IF_ERROR(ColumnBinder(*file).Require("postings.snapshot", snapshot_digest.size(), &digest));
  absl::Span<const uint8_t> named;
  MILLRACE_RETURN_IF_ERROR(digest.Get(0, digest.size(), &named));
  const snapshot_file::Header& header = file->layout().header;
  if (!std::equal(named.begin(), named.end(), snapshot_digest.begin(), snapshot_digest.end()) ||
      header.post_count != static_cast<uint64_t>(post_count) || header.tag_count != static_cast<uint64_t>(tag_count)) {
    return file->Damaged("it belongs to another snapshot");
  }
  std::shared_ptr<Postings> postings(new Postings(std::move(file)));
  MILLRACE_RETURN_IF_ERROR(postings->Bind(tag_count));
  return postings;
}

absl::Status Postings::Bind(int64_t tag_count) {
  ColumnBinder binder(*file_);
  MILLRACE_RETURN_IF_ERROR(CheckSections(&binder));
  const uint64_t row_limit = file_->layout().header.post_count;
  const uint64_t n = static_cast<uint64_t>(tag_count);
  MILLRACE_RETURN_IF_ERROR(binder.BindList("postings.lists.offsets", "postings.lists", n, row_limit, &lists_));
  MILLRACE_RETURN_IF_ERROR(binder.BindList("postings.bitmaps.offsets", "postings.bitmaps", n, 0, &bitmaps_));
  if (const Section* const parents = file_->layout().Find("postings.parents"); parents != nullptr) {
    MILLRACE_RETURN_IF_ERROR(binder.Bind("postings.parents", parents->element_count, &parents_));
  }
  Column<int64_t> newest;
  MILLRACE_RETURN_IF_ERROR(binder.Bind("postings.newest_created_at_us", 1, &newest));
  if (newest.is_present()) MILLRACE_RETURN_IF_ERROR(newest.Get(0, &newest_created_at_us_.emplace()));
  return absl::OkStatus();
}

absl::Status Postings::CheckSections(ColumnBinder* binder) const {
  const std::string expected = snapshot_file::SectionNames(file_->layout().sections);
  Column<uint8_t> names;
  MILLRACE_RETURN_IF_ERROR(binder->Require(snapshot_file::kPostingsSections, expected.size(), &names));
  absl::Span<const uint8_t> written;
  MILLRACE_RETURN_IF_ERROR(names.Get(0, names.size(), &written));
  if (std::equal(written.begin(), written.end(), expected.begin(), expected.end())) return absl::OkStatus();
  return file_->Damaged("its sections are not those that were written");
}

absl::StatusOr<RowSet> Postings::ParseBitmap(absl::Span<const uint8_t> bytes) const {
  std::optional<RowSet> rows =
      RowSet::Parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  if (!rows.has_value()) return file_->Damaged("a bitmap in it is malformed");
  if (!rows->IsEmpty() && rows->Last() >= file_->layout().header.post_count) {
    return file_->Damaged("a bitmap in it has rows that the snapshot has not");
  }
  return *std::move(rows);
}

absl::StatusOr<absl::Span<const uint32_t>> Postings::ListOf(uint32_t tag_index) const {
  absl::Span<const uint32_t> list;
  MILLRACE_RETURN_IF_ERROR(lists_.Get(tag_index, &list));
  return list;
}

absl::StatusOr<RowSet> Postings::RowsOf(uint32_t tag_index) const {
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> list, ListOf(tag_index));
  if (!list.empty()) return RowSet::FromAscending(list);
  absl::Span<const uint8_t> bytes;
  MILLRACE_RETURN_IF_ERROR(bitmaps_.Get(tag_index, &bytes));
  return ParseBitmap(bytes);
}

absl::Status Postings::AddRowsOf(uint32_t tag_index, RowBits* rows) const {
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> list, ListOf(tag_index));
  rows->Add(list);
  if (!list.empty()) return absl::OkStatus();
  absl::Span<const uint8_t> bytes;
  MILLRACE_RETURN_IF_ERROR(bitmaps_.Get(tag_index, &bytes));
  return rows->AddSerialised(bytes) ? absl::OkStatus() : file_->Damaged("a bitmap in it is malformed");
}

absl::StatusOr<RowSet> Postings::Parents() const {
  if (!parents_.is_present()) return RowSet();
  absl::Span<const uint8_t> bytes;
  MILLRACE_RETURN_IF_ERROR(parents_.Get(0, parents_.size(), &bytes));
  return ParseBitmap(bytes);
}

}  // namespace millrace
