// Goal: what runs say of fields is what their rows say. Method: runs in which all rows, some or none have a field, and
// ranges of rows that lie in one run or over several; asked from several threads at once.
#include "core/snapshot/field_runs.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using snapshot_file::Column;
using snapshot_file::Field;
using snapshot_file::FieldPresence;
using snapshot_file::FieldRuns;
using snapshot_file::kRunRows;
using snapshot_file::PostColumns;

constexpr uint64_t kRowCount = 3 * kRunRows + 100;

// Scores: all rows of the first run, none of the second, one of the third, all but one of the rest. Lengths of videos,
// which the other section tells of: one in the rest.
testing::Content SomeRuns() {
  testing::Content content = testing::RandomContent(5, kRowCount, 10);
  for (uint64_t row = 0; row < kRowCount; ++row) {
    Post& post = content.posts[row];
    const bool has_score = row < kRunRows || row == 2 * kRunRows + 77 || (row >= 3 * kRunRows && row + 1 != kRowCount);
    post.score = has_score ? std::optional<int32_t>(3) : std::nullopt;
    post.duration_us = row == kRowCount - 7 ? std::optional<int64_t>(9) : std::nullopt;
  }
  return content;
}

FieldPresence Ask(const FieldRuns& runs, const PostColumns& columns, Field field, uint64_t first, uint64_t end) {
  FieldPresence presence;
  const absl::Status status =
      runs.Get(columns.PresenceOf(field), PostColumns::PresenceBit(field), first, end, &presence);
  if (!status.ok()) throw std::runtime_error(std::string(status.message()));
  return presence;
}

TEST_CASE("runs say which fields all of their rows have, and which none") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), SomeRuns());
  const PostColumns& columns = snapshot->columns();
  const FieldRuns& runs = snapshot->field_runs();
  struct Expected {
    Field field;
    uint64_t first;
    uint64_t end;
    bool all;
    bool none;
  };
  // Twice: as read, and as kept.
  for (int time = 0; time < 2; ++time) {
    for (const Expected& expected : std::vector<Expected>{
             {Field::kScore, 0, kRunRows, true, false},
             {Field::kScore, 5, 6, true, false},
             {Field::kScore, kRunRows, 2 * kRunRows, false, true},
             {Field::kScore, kRunRows - 1, kRunRows + 1, false, false},
             {Field::kScore, 2 * kRunRows, 3 * kRunRows, false, false},
             {Field::kScore, 3 * kRunRows, kRowCount, false, false},
             {Field::kScore, 0, kRowCount, false, false},
             {Field::kDurationUs, 0, 3 * kRunRows, false, true},
             {Field::kDurationUs, 3 * kRunRows, kRowCount, false, false},
             {Field::kDurationUs, 0, kRowCount, false, false},
         }) {
      CAPTURE(time, static_cast<int>(expected.field), expected.first, expected.end);
      const FieldPresence presence = Ask(runs, columns, expected.field, expected.first, expected.end);
      CHECK(presence.all == expected.all);
      CHECK(presence.none == expected.none);
    }
  }
}

TEST_CASE("several fields are all there, or one of them is nowhere") {
  testing::TempFolder folder;
  testing::Content content = testing::RandomContent(6, 300, 10);
  for (Post& post : content.posts) {
    post.score = 1;
    post.up_score = 2;
    post.down_score = std::nullopt;
  }
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const PostColumns& columns = snapshot->columns();
  const uint32_t score = PostColumns::PresenceBit(Field::kScore);
  FieldPresence presence;
  REQUIRE(snapshot->field_runs()
              .Get(columns.presence(), score | PostColumns::PresenceBit(Field::kUpScore), 0, 300, &presence)
              .ok());
  CHECK(presence.all);
  CHECK_FALSE(presence.none);
  REQUIRE(snapshot->field_runs()
              .Get(columns.presence(), score | PostColumns::PresenceBit(Field::kDownScore), 0, 300, &presence)
              .ok());
  CHECK_FALSE(presence.all);
  CHECK(presence.none);
}

TEST_CASE("who asks for runs at the same time finds the same") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), SomeRuns());
  std::vector<std::vector<bool>> found(4);
  std::vector<std::thread> threads;
  for (std::vector<bool>& each : found) {
    threads.emplace_back([&] {
      for (uint64_t first = 0; first < kRowCount; first += 1000) {
        const FieldPresence presence =
            Ask(snapshot->field_runs(), snapshot->columns(), Field::kScore, first, std::min(first + 1500, kRowCount));
        each.push_back(presence.all);
        each.push_back(presence.none);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<bool>& each : found) CHECK(each == found.front());
  CHECK(std::count(found.front().begin(), found.front().end(), true) > 10);
}

}  // namespace
}  // namespace millrace
