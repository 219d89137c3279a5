// Goal: tags are looked up in the snapshot, and one that it lacks is reported with those that may have been meant.
// Method: a snapshot with a few tags, some of which share names and beginnings.
#include "core/query/bound_query.h"

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// Tag i is on the first counts[i] posts.
testing::Content ContentWith(const std::vector<std::pair<std::string, int64_t>>& tags) {
  testing::Content content;
  content.posts.resize(10);
  for (size_t i = 0; i < content.posts.size(); ++i) content.posts[i].id = static_cast<int64_t>(i) + 1;
  for (const auto& [name, post_count] : tags) {
    const int64_t id = 10 * static_cast<int64_t>(content.tags.size()) + 3;
    content.tags.push_back({id, name, TagCategory::kGeneral, post_count});
    for (int64_t post = 0; post < post_count; ++post) content.posts[static_cast<size_t>(post)].tag_ids.push_back(id);
  }
  return content;
}

absl::StatusOr<BoundQuery> Bind(const std::string& text, const Snapshot& snapshot) {
  return BoundQuery::Bind(*Query::Parse(text), snapshot, TagReading::kAsSaid);
}

TEST_CASE("tags become all indexes of their name, beside terms on numbers") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({{"sky", 2}, {"sea", 1}, {"sky", 5}}));
  const BoundQuery query = *Bind("-sky score:>3 s*a rating:s", *snapshot);
  REQUIRE(query.terms().size() == 4);
  CHECK(query.terms()[0].tag_indexes == std::vector<uint32_t>{0, 2});
  CHECK(query.terms()[0].tag_use_count == 7);
  CHECK(query.terms()[1].intervals[0].first == 4);
  CHECK(query.terms()[2].tag_indexes == std::vector<uint32_t>{1});
  CHECK(query.root().children[0].kind == QueryNode::Kind::kNot);
}

TEST_CASE("a tag that the snapshot lacks is refused with its place and up to three of its neighbours") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(
      folder.path(),
      ContentWith({{"blue_eyes", 9}, {"blue_hair", 7}, {"blue_sky", 8}, {"blue_sea", 2}, {"red_sky", 10}, {"x", 1}}));
  const auto message = [&](const std::string& text) {
    const absl::Status status = Bind(text, *snapshot).status();
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK(MetadataOf(status).contains("char_offset"));
    return std::string(status.message());
  };
  CHECK_THAT(message("red_sky blue_eyed"), Catch::Contains("\"blue_eyed\" at character 8"));
  CHECK_THAT(message("red_sky blue_eyed"), Catch::Contains("Did you mean \"blue_eyes\"?"));
  CHECK_THAT(message("-blue_s"), Catch::Contains("Did you mean \"blue_sky\" or \"blue_sea\"?"));
  CHECK_THAT(message("blue_"), Catch::Contains("Did you mean \"blue_eyes\", \"blue_sky\" or \"blue_hair\"?"));
  // Nothing begins like half of it.
  CHECK_THAT(message("xylophone"), !Catch::Contains("Did you mean"));
  CHECK_THAT(message("Blue_sky"), Catch::Contains("Did you mean \"blue_sky\"?"));
}

TEST_CASE("what a word may have been meant for is said") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({{"sky", 9}}));
  const auto message = [&](const std::string& text) {
    CAPTURE(text);
    const absl::Status status = Bind(text, *snapshot).status();
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK(MetadataOf(status).contains("char_offset"));
    return std::string(status.message());
  };
  CHECK_THAT(message("scroe:>5"), Catch::Contains("Did you mean the metatag score:?"));
  CHECK_THAT(message("fav:somebody"), Catch::Contains("snapshots do not hold what it asks for"));
  CHECK_THAT(message("sky OR sky"), Catch::Contains("\"or\" and \"and\" are written small"));
  CHECK_THAT(message("sea*"), Catch::Contains("matches no tag") && !Catch::Contains("Nearest"));
  CHECK_THAT(message("score > 5"), Catch::Contains("Did you mean the metatag score:? Its value stands right behind"));
  CHECK_THAT(message("width>=512"), Catch::Contains("Did you mean \"width:>=512\"?"));
  CHECK_THAT(message("Rating==g"), Catch::Contains("Did you mean \"rating:g\"?"));
  CHECK_THAT(message("depth>=512"), !Catch::Contains("Did you mean"));
  CHECK_THAT(message("\"width>=512\""), !Catch::Contains("Did you mean"));
  CHECK_THAT(message("artist:wlop"), Catch::Contains("Tags are written without their category: \"wlop\"."));
  CHECK_THAT(message("sky )"), Catch::Contains("No group is open that it could close."));
  CHECK_THAT(message("SCORE:5"), Catch::Contains("Did you mean the metatag score:?"));
  // Of a newer metatag, once no tag has that name.
  CHECK_THAT(message("sky md5:x"), Catch::Contains("\"md5:x\" at character 4 (from 0) has no MD5 sum"));
  CHECK_THAT(message("filesize:1t"), Catch::Contains("N is a number of bytes"));
  CHECK_THAT(message("status:gone"), Catch::Contains("write one of active, any"));
}

TEST_CASE("a group that ends within a name is told") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({{"sky", 9}, {"owo:)", 1}}));
  const auto message = [&](const std::string& text) { return std::string(Bind(text, *snapshot).status().message()); };
  CHECK_THAT(message("(owo:) or sky)"), Catch::Contains("In a group, a name with a \")\" that its own"));
  CHECK_THAT(message("(owo or sky)"), !Catch::Contains("In a group"));
  CHECK(Bind("(\"owo:)\" or sky)", *snapshot).ok());
}

TEST_CASE("a newer metatag that no post has a value for is refused, but not whether they have one") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({{"sky", 9}}));
  for (const char* const text :
       {"favcount:>3", "ratio:1:1", "mpixels:2",  "filesize:>1m", "filetype:png",
        "duration:>3", "date:2021", "age:<2w",    "source:x",     "pixiv:5",
        "parent:5",    "child:5",   "pool:5",     "pool:series",  "status:deleted",
        "is:active",   "user:5",    "approver:5", "-source:x",    "md5:00000000000000000000000000000000"}) {
    CAPTURE(text);
    const absl::Status status = Bind(text, *snapshot).status();
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK_THAT(std::string(status.message()), Catch::Contains("asks for what no post of snapshot"));
  }
  for (const char* const text :
       {"ratio:any", "filesize:none", "filetype:any", "date:none", "has:source", "pixiv:none", "parent:any",
        "is:parent", "pool:none", "status:any", "user:none", "score:>5", "gentags:>0", "tagcount:1"}) {
    CAPTURE(text);
    CHECK(Bind(text, *snapshot).ok());
  }
}

TEST_CASE("words of a small vocabulary are those that the snapshot has") {
  testing::TempFolder folder;
  testing::Content content = ContentWith({{"sky", 9}});
  content.posts[0].file_ext = "jpg";
  content.posts[1].file_ext = "PNG";
  content.posts[2].pools = {{7, "series"}, {8, "jpg"}};
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  CHECK(Bind("filetype:JPEG", *snapshot)->terms()[0].codes == std::vector<uint32_t>{1});
  CHECK(Bind("ext:png,jpg", *snapshot)->terms()[0].codes == std::vector<uint32_t>{2, 1});
  CHECK_THAT(std::string(Bind("filetype:gif", *snapshot).status().message()),
             Catch::Contains("names \"gif\"") && Catch::Contains("write one of jpg, png"));
  CHECK(Bind("pool:series", *snapshot).ok());
  CHECK(Bind("pool:SERIES,Jpg", *snapshot).ok());
  CHECK(ReasonOf(Bind("pool:jpeg", *snapshot).status()) == Reason::kQueryInvalid);  // not what files are called
  CHECK_THAT(std::string(Bind("pool:collection", *snapshot).status().message()),
             Catch::Contains("write one of series") && Catch::Contains("or the pool's id"));
  const absl::Status gif = Bind("sky filetype:png,gif", *snapshot).status();
  CHECK(MetadataOf(gif)["char_offset"] == "17");
  CHECK_THAT(std::string(gif.message()), Catch::Contains("by its \"gif\" at character 17"));
  content.posts[3].file_ext = "jpeg";
  const auto both = testing::WriteAndOpen(folder.path(), content);
  CHECK_THAT(std::string(Bind("filetype:gif", *both).status().message()), Catch::EndsWith("write one of jpg, png"));
}

TEST_CASE("without tags every tag is refused, and other terms are not") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), ContentWith({}));
  CHECK(ReasonOf(Bind("sky", *snapshot).status()) == Reason::kQueryInvalid);
  CHECK(Bind("id:3 -score:>1", *snapshot).ok());
  CHECK(Bind("", *snapshot).ok());
}

}  // namespace
}  // namespace millrace
