// Goal: members are the same in whichever form they are kept. Method: the three forms over random elements, compared
// with the vector of elements.
#include "core/plan/split_members.h"

#include <algorithm>

#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

void CheckFinds(const SplitMembers& members, const std::vector<int64_t>& elements, int64_t size) {
  for (int64_t element = -1; element <= size; ++element) {
    const auto expected = std::find(elements.begin(), elements.end(), element);
    const std::optional<int64_t> member = members.Find(element);
    REQUIRE(member.has_value() == (expected != elements.end()));
    if (member.has_value()) REQUIRE(*member == expected - elements.begin());
  }
}

TEST_CASE("dealt members are a stretch of the permutation, and nothing is stored for them") {
  for (const int64_t size : {1, 7, 1000, 5000}) {
    const Permutation dealt = Permutation::Create(size, SelectionKey(4)).value();
    std::vector<int64_t> all(static_cast<size_t>(size));
    dealt.Fill(0, absl::MakeSpan(all));
    for (const int64_t start : {int64_t{0}, size / 3}) {
      const SplitMembers members = SplitMembers::Dealt(dealt, start, size / 2);
      const std::vector<int64_t> expected(all.begin() + start, all.begin() + start + size / 2);
      CHECK(members.size() == size / 2);
      CHECK(ElementsOf(members) == expected);
      CheckFinds(members, expected, size);
      CHECK(members.memory_bytes() <= 2048);
    }
  }
}

TEST_CASE("ascending and listed members are what they were made of") {
  std::mt19937_64 random(90);
  std::vector<uint32_t> elements;
  for (uint32_t element = 0; element < 2000; ++element) {
    if (random() % 3 == 0) elements.push_back(element);
  }
  const SplitMembers ascending = SplitMembers::Ascending(RowList::FromAscending(elements, 2000));
  const std::vector<int64_t> sorted(elements.begin(), elements.end());
  CHECK(ElementsOf(ascending) == sorted);
  CheckFinds(ascending, sorted, 2000);
  CHECK(ascending.memory_bytes() < elements.size());

  std::shuffle(elements.begin(), elements.end(), random);
  const SplitMembers listed = SplitMembers::Listed(elements);
  const std::vector<int64_t> shuffled(elements.begin(), elements.end());
  CHECK(listed.size() == static_cast<int64_t>(elements.size()));
  CHECK(ElementsOf(listed) == shuffled);
  CheckFinds(listed, shuffled, 2000);
  CHECK(listed.memory_bytes() >= 4 * elements.size());
}

TEST_CASE("a split may have no members") {
  const Permutation dealt = Permutation::Create(10, SelectionKey(4)).value();
  for (const SplitMembers& members :
       {SplitMembers::Dealt(dealt, 10, 0), SplitMembers::Ascending(RowList()), SplitMembers::Listed({})}) {
    CHECK(members.size() == 0);
    CHECK(!members.Find(3).has_value());
    CHECK(ElementsOf(members).empty());
  }
}

}  // namespace
}  // namespace millrace
