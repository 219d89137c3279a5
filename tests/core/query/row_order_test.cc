// Goal: pages of a search are in the order that was asked for, and together hold every post once. Method: random posts,
// sorted by hand.
#include "core/query/row_order.h"

#include <algorithm>

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

absl::StatusOr<RowOrder> OrderOf(const std::string& text) {
  SearchTerms search;
  REQUIRE(Query::ParseSearch(text, &search).ok());
  return RowOrder::Of(search);
}

TEST_CASE("words name orders, and their directions") {
  const auto check = [](const std::string& text, Metatag key, bool is_descending) {
    const auto order = OrderOf(text);
    REQUIRE(order.ok());
    CHECK(order->key == key);
    CHECK(order->is_descending == is_descending);
  };
  check("", Metatag::kId, false);
  check("order:id", Metatag::kId, false);
  check("order:id_desc", Metatag::kId, true);
  check("order:score", Metatag::kScore, true);
  check("order:score_asc", Metatag::kScore, false);
  check("order:mpixels_desc", Metatag::kMegapixels, true);
  const absl::Status status = OrderOf("a order:scores").status();
  CHECK(ReasonOf(status) == Reason::kQueryInvalid);
  CHECK(MetadataOf(status)["char_offset"] == "2");
  CHECK_THAT(std::string(status.message()), Catch::Contains("Did you mean order:score?"));
  check("order:favcount", Metatag::kFavoriteCount, true);
  check("order:duration_asc", Metatag::kDuration, false);
}

TEST_CASE("orders that only boards have are told what to write instead") {
  const auto check = [](const std::string& text, const std::string& what) {
    const absl::Status status = OrderOf("a " + text).status();
    CHECK(ReasonOf(status) == Reason::kQueryInvalid);
    CHECK(MetadataOf(status)["char_offset"] == "2");
    CHECK_THAT(std::string(status.message()), Catch::Contains(what) && !Catch::Contains("Did you mean"));
  };
  check("order:random", "draw posts with SamplePosts");
  check("order:created_at_asc", "write order:date");
  check("order:landscape", "write order:ratio");
  check("order:comment", "snapshots do not hold");
}

TEST_CASE("pages follow the order, and hold every row once") {
  testing::TempFolder folder;
  const testing::Content content = testing::RandomContent(3, 700, 20);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < 700; row += 1 + row % 3) rows.push_back(row);
  const auto check = [&](const std::string& text, auto value_of, bool is_descending) {
    std::vector<uint32_t> expected = rows;
    std::stable_sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
      const std::optional<int64_t> x = value_of(content.posts[a]);
      const std::optional<int64_t> y = value_of(content.posts[b]);
      if (!x.has_value() || !y.has_value()) return x.has_value() && !y.has_value();
      return is_descending ? *x > *y : *x < *y;
    });
    std::vector<uint32_t> found;
    while (true) {
      const auto page = RowsInOrder(RowSet::FromAscending(rows), *OrderOf(text), found.size(), 37, *snapshot);
      REQUIRE(page.ok());
      if (page->empty()) break;
      found.insert(found.end(), page->begin(), page->end());
    }
    CHECK(found == expected);
  };
  using Value = std::optional<int64_t>;
  check(
      "order:id", [](const Post& post) { return Value(post.id); }, false);
  check(
      "order:id_desc", [](const Post& post) { return Value(post.id); }, true);
  check(
      "order:score", [](const Post& post) { return Value(post.score); }, true);
  check(
      "order:score_asc", [](const Post& post) { return Value(post.score); }, false);
  check(
      "order:date", [](const Post& post) { return post.created_at_us; }, true);
  check(
      "order:filesize_asc", [](const Post& post) { return post.file_size_bytes; }, false);
  check(
      "order:favcount", [](const Post& post) { return Value(post.favorite_count); }, true);
  check(
      "order:favcount_asc", [](const Post& post) { return Value(post.favorite_count); }, false);
  check(
      "order:duration", [](const Post& post) { return post.duration_us; }, true);
  check(
      "order:duration_asc", [](const Post& post) { return post.duration_us; }, false);
  check(
      "order:tagcount", [](const Post& post) { return Value(post.tag_ids.size()); }, true);
}

}  // namespace
}  // namespace millrace
