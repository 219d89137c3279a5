// Goal: whatever pages and imports come in whatever order, posts are those that were told last and every count is that
// of a recount; a page that cannot be written changes nothing. Method: random pages and imports by name and by id
// against a model that is a map; a limit on the size of files stands for a full disk.
#include "core/catalog/page_writer.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "core/catalog/checkpointer.h"
#include "tests/core/catalog/page_fixture.h"

namespace millrace {
namespace {

TEST_CASE_METHOD(PageFixture, "posts and counts are as told last, after any pages and imports") {
  std::mt19937 random(GENERATE(1, 2, 3, 4));
  const bool has_list = random() % 2 == 0;
  if (has_list) ImportTags({{77, "tag7", TagCategory::kMeta}, {78, "tag8", TagCategory::kArtist}});
  const auto tags = [&] {
    std::vector<NamedTag> drawn;
    for (int i = 0; i < 6; ++i) {
      drawn.push_back({"tag" + std::to_string(random() % 40), static_cast<TagCategory>(random() % 4)});
    }
    return drawn;
  };
  std::map<int64_t, std::set<std::string>> told;  // the names of each post's tags
  const auto note = [&](int64_t id, const std::vector<NamedTag>& drawn) {
    told[id].clear();
    for (const NamedTag& tag : drawn) told[id].insert(tag.name);
  };
  for (int round = 0; round < 15; ++round) {
    if (round % 4 == 3) {
      std::vector<NamedPost> posts;
      for (int64_t id = 1; id <= 30; ++id) {
        if (random() % 3 == 0) posts.push_back({id, tags()}), note(id, posts.back().tags);
      }
      ImportNamed(posts);
    } else {
      std::vector<PagePost> posts;
      RefreshCounts expected;
      for (int64_t id = 1; id <= 30; ++id) {
        if (random() % 2 == 0) continue;
        ++(told.contains(id) ? expected.updated_post_count : expected.new_post_count);
        const std::vector<NamedTag> drawn = tags();
        PagePost& post = posts.emplace_back(NamedPagePost(id, drawn));
        post.post.score = static_cast<int32_t>(round);
        post.post.rating = static_cast<Rating>(random() % kRatingCount);
        post.post.file_ext = random() % 2 == 0 ? "png" : "jpg";
        note(id, drawn);
      }
      const PageWrite page = PageOf(posts);
      const RefreshCounts counts = Take(catalog->sources().WritePage(page));
      CHECK(counts.new_post_count == expected.new_post_count);
      CHECK(counts.updated_post_count == expected.updated_post_count);
      // The same page again says nothing new.
      const Stats before = Take(catalog->GetStats(kDataset));
      const RefreshCounts again = Take(catalog->sources().WritePage(page));
      CHECK(again.unchanged_post_count == static_cast<int64_t>(posts.size()));
      CHECK(Take(catalog->GetStats(kDataset)) == before);
    }
    CheckCounts();
    std::map<int64_t, std::string> name_by_id;
    for (const Tag& tag : AllTags()) name_by_id[tag.id] = tag.name;
    std::map<int64_t, std::set<std::string>> read;
    for (const Post& post : AllPosts()) {
      read[post.id];
      for (const int64_t tag_id : post.tag_ids) read[post.id].insert(name_by_id[tag_id]);
    }
    CHECK(read == told);
  }
}

TEST_CASE_METHOD(PageFixture, "pages give the same dataset as an import of their posts") {
  std::mt19937 random(5);
  std::vector<NamedPost> posts;
  for (int64_t id = 1; id <= 120; ++id) {
    posts.push_back({id, {}});
    for (int i = 0; i < 6; ++i) posts.back().tags.push_back({"tag" + std::to_string(random() % 60)});
  }
  ImportNamed(posts, "imported");
  std::shuffle(posts.begin(), posts.end(), random);
  for (size_t begin = 0; begin < posts.size(); begin += 20) {
    std::vector<PagePost> page;
    for (size_t i = begin; i < begin + 20; ++i) page.push_back(NamedPagePost(posts[i].id, posts[i].tags));
    Take(catalog->sources().WritePage(PageOf(page)));
  }
  CHECK(AllPosts() == AllPosts("imported"));
  CHECK(Take(catalog->GetStats(kDataset)) == Take(catalog->GetStats("imported")));
  const std::vector<Tag> tags = AllTags();
  const std::vector<Tag> imported = AllTags("imported");
  REQUIRE(tags.size() == imported.size());
  for (size_t i = 0; i < tags.size(); ++i) {
    CHECK(tags[i].id == imported[i].id);
    CHECK(tags[i].name == imported[i].name);
    CHECK(tags[i].post_count == imported[i].post_count);
  }
}

// The least of all threads of this process: 0 unless one hurries (core/base/thread_priority.h) or was made to.
int LeastNiceness() {
  int least = 20;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    least = std::min(least, getpriority(PRIO_PROCESS, static_cast<id_t>(std::stoi(thread.path().filename()))));
  }
  return least;
}

TEST_CASE_METHOD(PageFixture, "behind pages no thread hurries, nor does one that they began") {
  const int before = LeastNiceness();
  for (int64_t id = 1; id <= Checkpointer::kPagesPerCheckpoint; ++id) {
    Take(catalog->sources().WritePage(PageOf({NamedPagePost(id, {{"solo"}})})));
  }
  CHECK(LeastNiceness() == before);
}

TEST_CASE_METHOD(PageFixture, "a page that the disk has no room for changes nothing, and can be written again") {
  Take(catalog->sources().WritePage(PageOf({NamedPagePost(1, {{"solo"}, {"old"}})})));
  const std::vector<Post> posts = AllPosts();
  const Stats stats = Take(catalog->GetStats(kDataset));
  std::vector<PagePost> large = {NamedPagePost(1, {{"solo"}, {"new"}})};
  for (int64_t id = 2; id < 200; ++id) {
    large.push_back(NamedPagePost(id, {{"solo"}, {"tag" + std::to_string(id)}}));
    large.back().post.source = std::string(8'000, 'x');
  }
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small = {1 << 20, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const absl::Status failed = catalog->sources().WritePage(PageOf(large)).status();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK(ReasonOf(failed) == Reason::kIoError);
  CHECK(AllPosts() == posts);
  CHECK(Take(catalog->GetStats(kDataset)) == stats);
  CHECK(Take(catalog->sources().Get("source")).position == 1);

  const RefreshCounts counts = Take(catalog->sources().WritePage(PageOf(large)));
  CHECK(counts.new_post_count == 198);
  CHECK(counts.updated_post_count == 1);
  CHECK(Take(catalog->FindTagsByName(kDataset, "old", 1)).empty());
  CheckCounts();
}

}  // namespace
}  // namespace millrace
