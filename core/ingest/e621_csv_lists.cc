// e621's tables of tags, tag aliases, tag implications and pools.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/ingest/e621_csv_table.h"
#include "core/ingest/e621_csv_values.h"

namespace millrace {
namespace {

class Tags : public E621CsvTable {
 public:
  Tags(std::vector<std::string> columns, RecordSink* sink)
      : E621CsvTable(std::move(columns), sink),
        id_(FindColumn("id")),
        name_(FindColumn("name")),
        category_(FindColumn("category")),
        post_count_(FindColumn("post_count")) {
    // The category is kept, too, in the source's own number.
    KeepOthers({"id", "name", "post_count"}, {"category"});
  }

  absl::Status OnRecord(absl::Span<const CsvField> fields, int64_t line) override {
    TagFact tag;
    if (const auto fault = ParseTagId(CsvValue(fields[id_]), &tag.id)) return Reject(line, "id", *fault);
    tag.name = std::string(fields[name_].text);
    if (const auto fault = CheckTagName(tag.name)) return Reject(line, "name", *fault);
    const ScalarValue category = CsvValue(fields[category_]);
    if (!category.text.empty()) {
      const auto known = ParseE621Category(category.text);
      if (!known.has_value()) {
        return Reject(line, "category", absl::StrCat("is ", Show(category), "; expected a number from 0 to 8"));
      }
      tag.category = *known;
    }
    const ScalarValue post_count = CsvValue(fields[post_count_]);
    if (!post_count.text.empty()) {
      int64_t count = 0;
      // The board's own counts slip below zero now and then, and are given back as they are.
      if (ParseWhole(post_count.text, INT64_MIN, INT64_MAX, &count) != NumberFault::kNone) {
        return Reject(line, "post_count", absl::StrCat("is ", Show(post_count), "; a whole number was expected"));
      }
      tag.source_post_count = count;
    }
    FormatExtra(fields, &tag.extra_json);
    return sink_->OnTag(tag, line);
  }

 private:
  const size_t id_, name_, category_, post_count_;
};

class Relations : public E621CsvTable {
 public:
  Relations(std::vector<std::string> columns, TagRelationKind kind, RecordSink* sink)
      : E621CsvTable(std::move(columns), sink),
        kind_(kind),
        antecedent_(FindColumn("antecedent_name")),
        consequent_(FindColumn("consequent_name")),
        status_(FindColumn("status")) {
    KeepOthers({"antecedent_name", "consequent_name", "status"}, {"id"});
  }

  absl::Status OnRecord(absl::Span<const CsvField> fields, int64_t line) override {
    relation_.kind = kind_;
    for (const size_t index : {antecedent_, consequent_}) {
      if (const auto fault = CheckTagName(fields[index].text)) return Reject(line, columns_[index], *fault);
    }
    relation_.antecedent = fields[antecedent_].text;
    relation_.consequent = fields[consequent_].text;
    relation_.status = fields[status_].text;
    FormatExtra(fields, &relation_.extra_json);
    return sink_->OnTagRelation(relation_, line);
  }

 private:
  const TagRelationKind kind_;
  const size_t antecedent_, consequent_, status_;
  TagRelation relation_;
};

class Pools : public E621CsvTable {
 public:
  Pools(std::vector<std::string> columns, RecordSink* sink)
      : E621CsvTable(std::move(columns), sink),
        id_(FindColumn("id")),
        name_(FindColumn("name")),
        category_(FindColumn("category")),
        post_ids_(FindColumn("post_ids")) {
    KeepOthers({"id", "name", "category", "post_ids"}, {"creator_id"});
  }

  absl::Status OnRecord(absl::Span<const CsvField> fields, int64_t line) override {
    if (const auto fault = ParseId(CsvValue(fields[id_]), &pool_.id)) return Reject(line, "id", *fault);
    pool_.name = fields[name_].text;
    pool_.kind = category_ == kNone ? std::string_view() : fields[category_].text;
    if (const auto fault = SetE621Ids(CsvValue(fields[post_ids_]), &pool_.post_ids)) {
      return Reject(line, "post_ids", *fault);
    }
    FormatExtra(fields, &pool_.extra_json);
    return sink_->OnPool(pool_, line);
  }

 private:
  const size_t id_, name_, category_, post_ids_;
  PoolFact pool_;
};

}  // namespace

std::unique_ptr<E621CsvTable> MakeE621CsvTags(std::vector<std::string> columns, RecordSink* sink) {
  return std::make_unique<Tags>(std::move(columns), sink);
}
std::unique_ptr<E621CsvTable> MakeE621CsvRelations(std::vector<std::string> columns, TagRelationKind kind,
                                                   RecordSink* sink) {
  return std::make_unique<Relations>(std::move(columns), kind, sink);
}
std::unique_ptr<E621CsvTable> MakeE621CsvPools(std::vector<std::string> columns, RecordSink* sink) {
  return std::make_unique<Pools>(std::move(columns), sink);
}

}  // namespace millrace
