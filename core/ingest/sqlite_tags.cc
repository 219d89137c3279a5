#include "core/ingest/sqlite_tags.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/sqlite_cells.h"

namespace millrace {
namespace {

// How many rows are read between two looks at the flag.
constexpr int64_t kRowsPerCheck = 256;

}  // namespace

absl::Status SqliteTags::ReadTags(const OnTag& on_tag) {
  MILLRACE_ASSIGN_OR_RETURN(Statement row, database_->Prepare(tables_->tags_sql));
  for (int64_t count = 1;; ++count) {
    if (count % kRowsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return absl::OkStatus();
    std::string field;
    TagFact tag;
    std::optional<std::string> fault = ReadTag(row, &field, &tag);
    if (!fault.has_value() && on_tag) fault = ReadOthers(row, &field, &tag);
    if (fault.has_value()) {
      MILLRACE_RETURN_IF_ERROR(Reject(field, *fault));
    } else if (on_tag) {
      MILLRACE_RETURN_IF_ERROR(on_tag(tag));
    }
  }
}

std::optional<std::string> SqliteTags::ReadTag(Statement& row, std::string* field, TagFact* tag) {
  const ScalarValue id_cell = Cell(row, 0), name = Cell(row, 1), category = Cell(row, 2);
  *field = tables_->id_field;
  if (auto fault = ParseTagId(id_cell, &tag->id)) return fault;
  const std::string of_tag = absl::StrCat(" (tag ", tag->id, ")");
  *field = tables_->name_field;
  if (auto fault = CheckUtf8(name)) return *fault + of_tag;
  if (auto fault = CheckTagName(name.text)) return *fault + of_tag;
  tag->name = std::string(name.text);
  if (!category.text.empty()) {
    const auto known = tables_->parse_category(category.text);
    if (!known.has_value()) {
      *field = tables_->category_field;
      return absl::StrCat("is ", Show(category), "; expected ", tables_->category_words, of_tag);
    }
    tag->category = *known;
  }
  if (tag_infos_.emplace(tag->id, TagInfo{tag->name, tag->category}).second) return std::nullopt;
  *field = tables_->id_field;
  return absl::StrCat("is ", tag->id, ", which another row has too");
}

std::optional<std::string> SqliteTags::ReadOthers(Statement& row, std::string* field, TagFact* tag) const {
  constexpr int kCategory = 2, kCount = 3, kFirstExtra = 4;
  JsonMembers extra;
  const auto keep = [&](const std::string& key, int column) {
    auto fault = AddMember(key, Cell(row, column), &extra);
    if (fault.has_value())
      *field = absl::StrCat(tables_->tags_table, ".", key), *fault += absl::StrCat(" (tag ", tag->id, ")");
    return fault;
  };
  if (auto fault = keep(tables_->category_key, kCategory)) return fault;
  int64_t count = 0;
  if (ParseWhole(Cell(row, kCount).text, INT64_MIN, INT64_MAX, &count) == NumberFault::kNone) {
    tag->source_post_count = count;
  } else if (auto fault = keep(tables_->count_key, kCount)) {
    return fault;
  }
  for (size_t i = 0; i < tables_->extra_columns.size(); ++i) {
    if (auto fault = keep(tables_->extra_columns[i], kFirstExtra + static_cast<int>(i))) return fault;
  }
  if (extra.empty()) return std::nullopt;
  *field = tables_->tags_table;
  return AppendJsonObject(&extra, &tag->extra_json);
}

absl::Status SqliteTags::OpenReferences() {
  MILLRACE_ASSIGN_OR_RETURN(references_, database_->Prepare(tables_->references_sql));
  return StepReference();
}

absl::Status SqliteTags::GoToPost(int64_t key) {
  // Two posts of one key share its tags; the second is rejected later, as a repeated id.
  if (key_ == key) return absl::OkStatus();
  key_ = key;
  tag_ids_.clear();
  fault_.reset();
  while (has_reference_ && references_->Int64(0) < key) {
    ++stray_count_;
    MILLRACE_RETURN_IF_ERROR(StepReference());
  }
  while (has_reference_ && references_->Int64(0) == key) {
    int64_t tag_id = 0;
    if (auto fault = ParseId(Cell(*references_, 1), &tag_id)) {
      fault_ = std::move(fault);
    } else {
      tag_ids_.push_back(tag_id);
    }
    MILLRACE_RETURN_IF_ERROR(StepReference());
  }
  return absl::OkStatus();
}

absl::Status SqliteTags::StepReference() {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(has_reference_, references_->Step());
    if (!has_reference_ || !references_->IsNull(0)) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(Reject(
        tables_->reference_field, absl::StrCat("is null; it must name the post of tag ", Show(Cell(*references_, 1)))));
  }
}

absl::Status SqliteTags::RejectStrayReferences(std::string_view posts_table) {
  while (has_reference_) {
    if (++stray_count_ % kRowsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
    MILLRACE_RETURN_IF_ERROR(StepReference());
  }
  if (stray_count_ == 0) return absl::OkStatus();
  return Reject(tables_->reference_field, absl::StrCat("names, in ", stray_count_, " rows, posts that the table ",
                                                       std::string(posts_table), " does not have"));
}

bool SqliteTags::AddTags(TagCollector* tags, std::string* field, std::string* reason) const {
  *field = tables_->tag_field;
  if (fault_.has_value()) {
    *reason = *fault_;
    return false;
  }
  for (const int64_t tag_id : tag_ids_) {
    const auto info = tag_infos_.find(tag_id);
    if (info == tag_infos_.end()) {
      *reason = absl::StrCat("is ", tag_id, ", which the table ", tables_->tags_table, " does not have");
      return false;
    }
    tags->Add({tag_id, info->second.name, info->second.category});
  }
  return true;
}

absl::Status SqliteTags::Reject(std::string_view field, std::string_view reason) {
  RejectedRecord rejected;
  rejected.field = field;
  rejected.reason = reason;
  return sink_->OnRejected(std::move(rejected));
}

}  // namespace millrace
