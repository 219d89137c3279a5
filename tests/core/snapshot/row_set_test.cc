// Goal: row sets are sets, and bytes that are none are refused in silence. Method: random rows against std::set; bytes
// cut off and changed.
#include "core/snapshot/row_set.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <string>

#include "core/snapshot/row_containers.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::vector<uint32_t> RandomRows(std::mt19937& random, uint32_t limit, uint32_t gap_max) {
  std::vector<uint32_t> rows;
  for (uint32_t row = random() % gap_max; row < limit; row += 1 + random() % gap_max) rows.push_back(row);
  return rows;
}

TEST_CASE("row sets meet, unite and part as sets do") {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const std::vector<uint32_t> a = RandomRows(random, 200'000, 1u << (random() % 14));
    const std::vector<uint32_t> b = RandomRows(random, 200'000, 1u << (random() % 14));
    const RowSet right = RowSet::FromAscending(b);
    const auto check = [&](auto combine, auto method) {
      std::vector<uint32_t> expected;
      combine(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(expected));
      RowSet rows = RowSet::FromAscending(a);
      (rows.*method)(right);
      CHECK(rows.ToVector() == expected);
      CHECK(rows.Count() == expected.size());
      CHECK(rows.IsEmpty() == expected.empty());
      const std::optional<RowSet> parsed = RowSet::Parse(rows.Serialise());
      REQUIRE(parsed.has_value());
      CHECK(parsed->ToVector() == expected);
      const std::vector<uint32_t> slice = rows.Slice(10, 100);
      const size_t first = std::min<size_t>(10, expected.size());
      const size_t end = std::min<size_t>(110, expected.size());
      CHECK(slice == std::vector<uint32_t>(expected.begin() + static_cast<ptrdiff_t>(first),
                                           expected.begin() + static_cast<ptrdiff_t>(end)));
      std::vector<uint32_t> read;
      std::vector<uint32_t> buffer(1 + random() % 3000);
      RowSet::Reader reader(rows);
      while (const size_t count = reader.Read(absl::MakeSpan(buffer))) {
        read.insert(read.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(count));
      }
      CHECK(read == expected);
    };
    const auto intersection = [](auto... args) { std::set_intersection(args...); };
    const auto united = [](auto... args) { std::set_union(args...); };
    const auto difference = [](auto... args) { std::set_difference(args...); };
    check(intersection, &RowSet::And);
    check(united, &RowSet::Or);
    check(difference, &RowSet::AndNot);
  }
}

TEST_CASE("ranges, single rows, and bytes that are no set") {
  CHECK(RowSet::Range(5, 5).IsEmpty());
  CHECK(RowSet::Range(6, 5).IsEmpty());
  CHECK(RowSet::Range(65'530, 65'540).Count() == 10);
  CHECK(RowSet::Range(0xFFFFFFFF, uint64_t{1} << 32).Contains(0xFFFFFFFF));
  CHECK(!RowSet::Range(0, 10).Contains(10));
  RowSet rows = RowSet::Range(0, 3);
  CHECK(rows.Clone().ToVector() == rows.ToVector());
  CHECK(!RowSet::Parse("").has_value());
  CHECK(!RowSet::Parse("nonsense").has_value());
  const std::string bytes = RowSet::Range(0, 100'000).Serialise();
  CHECK(!RowSet::Parse(bytes.substr(0, bytes.size() - 1)).has_value());
}

// What `act` writes to standard error, in bytes.
template <typename Act>
long StandardErrorOf(Act act) {
  std::FILE* const written = std::tmpfile();
  REQUIRE(written != nullptr);
  std::fflush(stderr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(::fileno(written), STDERR_FILENO);
  act();
  std::fflush(stderr);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  std::fseek(written, 0, SEEK_END);
  const long size = std::ftell(written);
  std::fclose(written);
  return size;
}

TEST_CASE("bytes that are no set are refused, and nobody writes about them") {
  std::mt19937 random(9);
  // Lists, bitmaps and runs, with and without a table of offsets.
  std::vector<std::string> files = {RowSet().Serialise(), RowSet::Range(10, 90'000).Serialise(),
                                    RowSet::Range(10, 400'000).Serialise()};
  for (const uint32_t gap_max : {3u, 40u, 9000u}) {
    files.push_back(RowSet::FromAscending(RandomRows(random, 500'000, gap_max)).Serialise());
  }
  int refused_count = 0;
  const auto parse = [&](const std::string& bytes) {
    const bool is_set = AreRowContainers({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    refused_count += is_set ? 0 : 1;
    return RowSet::Parse(bytes).has_value() == is_set;
  };
  bool agrees = true;
  CHECK(StandardErrorOf([&] { std::fputs("heard", stderr); }) == 5);
  const long written_bytes = StandardErrorOf([&] {
    for (const std::string& file : files) {
      agrees = agrees && parse(file);
      for (size_t size = 0; size < file.size(); size += 1 + size / 8) {
        agrees = agrees && parse(file.substr(0, size)) && !RowSet::Parse(file.substr(0, size)).has_value();
      }
      for (int round = 0; round < 200; ++round) {
        std::string changed = file;
        changed[random() % std::min<size_t>(changed.size(), 64)] ^= static_cast<char>(1u << random() % 8);
        agrees = agrees && parse(changed);
      }
    }
  });
  CHECK(agrees);
  CHECK(written_bytes == 0);
  CHECK(refused_count > 200);
}

}  // namespace
}  // namespace millrace
