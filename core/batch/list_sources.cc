// Columns with a list a post (CSR): "NAME.offsets" and "NAME.values".
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/batch/column_source.h"

namespace millrace {

absl::Status CheckValueCount(std::string_view name, uint64_t value_count) {
  if (value_count <= static_cast<uint64_t>(std::numeric_limits<int32_t>::max())) return absl::OkStatus();
  return FieldError("projection.fields",
                    absl::StrCat("column ", std::string(name), " of this batch would have ", value_count,
                                 " values, more than its offsets can tell; ask for more ranks, or a smaller batch"));
}

namespace {

// Where a list column's two parts are in the layout, and the writing of the first.
struct ListPlaces {
  size_t offsets = 0;
  size_t values = 0;
};

template <typename List>
void FillOffsets(absl::Span<const List> lists, absl::Span<int32_t> offsets) {
  int32_t end = 0;
  for (size_t i = 0; i < lists.size(); ++i) {
    offsets[i] = end;
    end += static_cast<int32_t>(lists[i].size());
  }
  offsets[lists.size()] = end;
}

template <typename Value, typename List>
absl::StatusOr<ListPlaces> LayLists(std::string_view offsets_name, std::string_view values_name,
                                    absl::Span<const List> lists, ColumnLayout* layout) {
  uint64_t value_count = 0;
  for (const List& list : lists) value_count += list.size();
  MILLRACE_RETURN_IF_ERROR(CheckValueCount(values_name, value_count));
  ListPlaces places;
  places.offsets = layout->Add<int32_t>(offsets_name, {static_cast<int64_t>(lists.size()) + 1});
  places.values = layout->Add<Value>(values_name, {static_cast<int64_t>(value_count)});
  return places;
}

// The tags: by the source's ids.
class TagSource final : public ColumnSource {
 public:
  explicit TagSource(absl::Span<const int64_t> tag_ids) : tag_ids_(tag_ids) {}

  bool needs_tags() const override { return true; }
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    MILLRACE_ASSIGN_OR_RETURN(places_, LayLists<int64_t>("tags.offsets", "tags.values", batch.tags, layout));
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    FillOffsets(batch.tags, body.Column<int32_t>(places_.offsets));
    int64_t* out = body.Column<int64_t>(places_.values).data();
    for (const absl::Span<const uint32_t> list : batch.tags) {
      for (const uint32_t tag_index : list) *out++ = tag_ids_[tag_index];
    }
    return absl::OkStatus();
  }

 private:
  const absl::Span<const int64_t> tag_ids_;
  ListPlaces places_;
};

// The tags: by the snapshot's numbers, as they lie there.
class TagIndexSource final : public ColumnSource {
 public:
  bool needs_tags() const override { return true; }
  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    MILLRACE_ASSIGN_OR_RETURN(places_,
                              LayLists<int32_t>("tag_indexes.offsets", "tag_indexes.values", batch.tags, layout));
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    FillOffsets(batch.tags, body.Column<int32_t>(places_.offsets));
    int32_t* out = body.Column<int32_t>(places_.values).data();
    for (const absl::Span<const uint32_t> list : batch.tags) {
      if (!list.empty()) std::memcpy(out, list.data(), list.size() * sizeof(uint32_t));
      out += list.size();
    }
    return absl::OkStatus();
  }

 private:
  ListPlaces places_;
};

// Lists of ids that lie in the snapshot as they are sent.
class IdListSource : public ColumnSource {
 public:
  explicit IdListSource(PostField field)
      : offsets_name_(std::string(PostFieldName(field)) + ".offsets"),
        values_name_(std::string(PostFieldName(field)) + ".values"),
        field_(field) {}

  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    lists_.resize(batch.rows.size());
    const absl::Span<absl::Span<const int64_t>> lists = absl::MakeSpan(lists_);
    MILLRACE_RETURN_IF_ERROR(field_ == PostField::kPools ? batch.gather->PoolIds(lists)
                                                         : batch.gather->FavoriteUserIds(lists));
    MILLRACE_ASSIGN_OR_RETURN(places_, LayLists<int64_t>(offsets_name_, values_name_,
                                                         absl::Span<const absl::Span<const int64_t>>(lists_), layout));
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    FillOffsets(absl::Span<const absl::Span<const int64_t>>(lists_), body.Column<int32_t>(places_.offsets));
    int64_t* out = body.Column<int64_t>(places_.values).data();
    for (const absl::Span<const int64_t> list : lists_) out = std::copy(list.begin(), list.end(), out);
    return absl::OkStatus();
  }

 private:
  const std::string offsets_name_;
  const std::string values_name_;
  const PostField field_;
  std::vector<absl::Span<const int64_t>> lists_;
  ListPlaces places_;
};

// Pools, and the source's word for the kind of each: "pools.kind.offsets" and "pools.kind.bytes", a text a pool.
class PoolSource final : public IdListSource {
 public:
  PoolSource() : IdListSource(PostField::kPools) {}

  absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) override {
    MILLRACE_RETURN_IF_ERROR(IdListSource::Lay(batch, layout));
    MILLRACE_RETURN_IF_ERROR(batch.gather->PoolKinds(&kinds_));
    MILLRACE_ASSIGN_OR_RETURN(kind_places_, LayLists<uint8_t>("pools.kind.offsets", "pools.kind.bytes",
                                                              absl::Span<const std::string_view>(kinds_), layout));
    return absl::OkStatus();
  }
  absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) override {
    MILLRACE_RETURN_IF_ERROR(IdListSource::Fill(batch, body));
    FillOffsets(absl::Span<const std::string_view>(kinds_), body.Column<int32_t>(kind_places_.offsets));
    uint8_t* out = body.Column<uint8_t>(kind_places_.values).data();
    for (const std::string_view kind : kinds_) out = std::copy(kind.begin(), kind.end(), out);
    return absl::OkStatus();
  }

 private:
  std::vector<std::string_view> kinds_;
  ListPlaces kind_places_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ColumnSource>> MakeListSource(PostField field, const Snapshot& snapshot) {
  switch (field) {
    case PostField::kTags: {
      MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> tag_ids, snapshot.TagIds());
      return std::make_unique<TagSource>(tag_ids);
    }
    case PostField::kTagIndexes:
      return std::make_unique<TagIndexSource>();
    case PostField::kPools:
      return std::make_unique<PoolSource>();
    case PostField::kFavoriteUserIds:
      return std::make_unique<IdListSource>(field);
    default:
      return nullptr;
  }
}

}  // namespace millrace
