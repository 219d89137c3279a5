// Goal: uses are added to the tag that is meant, or to none. Method: tags that the table has otherwise, which only an
// error of ours could ask for.
#include "core/catalog/tag_writer.h"

#include "core/catalog/connections.h"
#include "core/catalog/tag_rows.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

class TagWriterFixture {
 public:
  TagWriterFixture() {
    Take(Write([&](TagWriter& writer) { return writer.Put(std::nullopt, solo); }));
  }

  // In a dataset that there is.
  absl::Status Write(const std::function<absl::Status(TagWriter&)>& work) {
    return connections->Write([&](Database& database) -> absl::Status {
      MILLRACE_RETURN_IF_ERROR(database.Execute("INSERT OR IGNORE INTO datasets (id, name) VALUES (1, 'board')"));
      change = Stats();
      MILLRACE_ASSIGN_OR_RETURN(TagWriter writer, TagWriter::Create(database, 1, connections->recent_tags(), &change));
      return work(writer);
    });
  }
  int64_t PostCount() {
    int64_t count = -1;
    Take(connections->Read([&](Database& database) -> absl::Status {
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, ReadTag(database, 1, solo.id));
      count = tag.value().post_count;
      return absl::OkStatus();
    }));
    return count;
  }

  const Tag solo{7, "solo", TagCategory::kGeneral, 5};
  TempFolder folder;
  std::unique_ptr<Connections> connections = Take(Connections::Open(folder.File("catalog.sqlite3"), 1 << 20, 0));
  Stats change;
};

TEST_CASE_METHOD(TagWriterFixture, "uses are added, and counted for the category") {
  Take(Write([](TagWriter& writer) { return writer.AddUses("solo", {7, TagCategory::kGeneral}, 3); }));
  CHECK(PostCount() == 8);
  CHECK(change.category_tag_use_counts[static_cast<size_t>(TagCategory::kGeneral)] == 3);
  CHECK(change.category_tag_counts[static_cast<size_t>(TagCategory::kGeneral)] == 0);
}

TEST_CASE_METHOD(TagWriterFixture, "a tag that the table has otherwise is not counted for") {
  struct Wrong {
    std::string name;
    RecentTag tag;
  };
  const Wrong wrong = GENERATE(Wrong{"solo", {8, TagCategory::kGeneral}}, Wrong{"duo", {7, TagCategory::kGeneral}},
                               Wrong{"solo", {7, TagCategory::kMeta}});
  const absl::Status status = Write([&](TagWriter& writer) { return writer.AddUses(wrong.name, wrong.tag, 3); });
  CHECK_FALSE(status.ok());
  CHECK(ReasonOf(status) == Reason::kInternal);
  CHECK(PostCount() == 5);
}

}  // namespace
}  // namespace millrace
