#include "core/snapshot/writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/snapshot/format.h"
#include "core/snapshot/post_spools.h"
#include "core/snapshot/relation_sections.h"
#include "core/snapshot/section_file.h"
#include "core/snapshot/tag_lookup.h"
#include "core/snapshot/tag_sections.h"
#include "core/snapshot/work_folder.h"

namespace millrace {

using snapshot_file::PostSpools;
using snapshot_file::SectionFile;
using snapshot_file::TagLookup;
using snapshot_file::WorkFolder;

namespace {

absl::Status InternalError(const std::string& what) { return MakeError(Reason::kInternal, what); }

absl::Status CheckTags(const std::vector<Tag>& tags) {
  if (tags.size() > snapshot_file::kTagCountMax) return InternalError("a snapshot holds at most 2^32 - 1 tags");
  for (size_t i = 0; i < tags.size(); ++i) {
    if (i > 0 && tags[i].id <= tags[i - 1].id) {
      return InternalError(absl::StrCat("tag ", tags[i].id, " does not ascend from tag ", tags[i - 1].id));
    }
    if (static_cast<int>(tags[i].category) >= kTagCategoryCount) {
      return InternalError(absl::StrCat("tag ", tags[i].id, " has an unknown category"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

class SnapshotWriter::Impl {
 public:
  Impl(std::string folder, std::vector<Tag> tags, std::unique_ptr<WorkFolder> work, std::unique_ptr<SectionFile> file)
      : folder_(std::move(folder)),
        work_(std::move(work)),
        file_(std::move(file)),
        posts_(work_->path()),
        tags_(std::move(tags)),
        lookup_(tags_) {
    for (Tag& tag : tags_) tag.post_count = 0;
    // By far the largest section goes where it stays; the others wait for it.
    file_->Begin("post.tags", snapshot_file::ElementType::kU32);
  }

  void SetFacts(DatasetFacts facts) {
    for (Tag& tag : tags_) {
      tag.is_deprecated =
          std::binary_search(facts.deprecated_tag_names.begin(), facts.deprecated_tag_names.end(), tag.name);
    }
    facts_ = std::move(facts);
  }

  // The first error sticks: what was written before it is not whole.
  absl::Status Add(const Post& post) {
    if (status_.ok()) status_ = AddPost(post);
    return status_;
  }

  absl::StatusOr<WrittenSnapshot> Finish() {
    MILLRACE_RETURN_IF_ERROR(status_);
    absl::StatusOr<WrittenSnapshot> written = Complete();
    status_ = written.ok() ? InternalError("the snapshot is finished already") : written.status();
    return written;
  }

 private:
  static constexpr char kFileName[] = "snapshot";

  absl::Status AddPost(const Post& post) {
    if (row_count_ > 0 && post.id <= last_id_) {
      return InternalError(absl::StrCat("post ", post.id, " does not ascend from post ", last_id_));
    }
    if (row_count_ == snapshot_file::kPostCountMax) return InternalError("a snapshot holds at most 2^32 - 1 posts");
    if (static_cast<int>(post.rating) >= kRatingCount) {
      return InternalError(absl::StrCat("post ", post.id, " has an unknown rating"));
    }
    MILLRACE_RETURN_IF_ERROR(AddTags(post));
    MILLRACE_RETURN_IF_ERROR(posts_.Add(row_count_, post));
    last_id_ = post.id;
    ++row_count_;
    return absl::OkStatus();
  }

  absl::Status AddTags(const Post& post) {
    tag_indexes_.clear();
    for (size_t i = 0; i < post.tag_ids.size(); ++i) {
      const int64_t tag_id = post.tag_ids[i];
      if (i > 0 && tag_id <= post.tag_ids[i - 1]) {
        return InternalError(absl::StrCat("tag ", tag_id, " of post ", post.id, " does not ascend"));
      }
      const std::optional<uint32_t> index = lookup_.Find(tag_id);
      if (!index.has_value()) {
        return InternalError(absl::StrCat("tag ", tag_id, " of post ", post.id, " is not in the table of tags"));
      }
      tag_indexes_.push_back(*index);
      ++tags_[*index].post_count;
    }
    tag_use_count_ += tag_indexes_.size();
    return file_->Append(tag_indexes_.data(), tag_indexes_.size() * sizeof(uint32_t));
  }

  absl::StatusOr<WrittenSnapshot> Complete() {
    for (const Tag& tag : tags_) {
      if (tag.post_count == 0) return InternalError(absl::StrCat("tag ", tag.id, " is on none of the posts"));
    }
    MILLRACE_RETURN_IF_ERROR(file_->End());
    MILLRACE_RETURN_IF_ERROR(posts_.CopyTo(file_.get()));
    MILLRACE_RETURN_IF_ERROR(snapshot_file::WriteTagSections(tags_, work_->path(), file_.get()));
    MILLRACE_RETURN_IF_ERROR(snapshot_file::WriteRelationSections(facts_, work_->path(), file_.get()));
    WrittenSnapshot written;
    MILLRACE_ASSIGN_OR_RETURN(written.digest, file_->Finish(row_count_, tags_.size(), tag_use_count_));
    written.path = absl::StrCat(folder_, "/", written.digest, snapshot_file::kFileSuffix);
    written.post_count = static_cast<int64_t>(row_count_);
    written.tag_count = static_cast<int64_t>(tags_.size());
    written.tag_use_count = static_cast<int64_t>(tag_use_count_);
    written.file_size_bytes = file_->size_bytes();
    // A file of that name has the same content, or should have: replacing it also mends a damaged one.
    MILLRACE_RETURN_IF_ERROR(RenameDurably(absl::StrCat(work_->path(), "/", kFileName), written.path));
    return written;
  }

  friend class SnapshotWriter;

  const std::string folder_;
  const std::unique_ptr<WorkFolder> work_;
  const std::unique_ptr<SectionFile> file_;
  PostSpools posts_;
  std::vector<Tag> tags_;
  const TagLookup lookup_;
  DatasetFacts facts_;
  std::vector<uint32_t> tag_indexes_;  // of one post
  uint64_t row_count_ = 0;
  uint64_t tag_use_count_ = 0;
  int64_t last_id_ = 0;
  absl::Status status_;
};

SnapshotWriter::SnapshotWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SnapshotWriter::~SnapshotWriter() = default;

absl::StatusOr<std::unique_ptr<SnapshotWriter>> SnapshotWriter::Create(const std::string& folder,
                                                                       std::vector<Tag> tags) {
  MILLRACE_RETURN_IF_ERROR(CheckTags(tags));
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<WorkFolder> work, WorkFolder::Create(folder));
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<SectionFile> file,
                            SectionFile::Create(absl::StrCat(work->path(), "/", Impl::kFileName)));
  return std::unique_ptr<SnapshotWriter>(
      new SnapshotWriter(std::make_unique<Impl>(folder, std::move(tags), std::move(work), std::move(file))));
}

void SnapshotWriter::SetFacts(DatasetFacts facts) { impl_->SetFacts(std::move(facts)); }
absl::Status SnapshotWriter::Add(const Post& post) { return impl_->Add(post); }
absl::StatusOr<WrittenSnapshot> SnapshotWriter::Finish() { return impl_->Finish(); }

}  // namespace millrace
