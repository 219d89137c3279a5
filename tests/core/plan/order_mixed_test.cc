// Goal: a mix keeps its proportions exactly, goes through each part whole before beginning again, and is computed by
// index.
// Method: random parts and shares against the definition in docs/plan-specification.md, written down directly; the two
// promises checked on every deck and every round.
#include "core/plan/order_mixed.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "core/plan/permutation.h"
#include "core/plan/plan_input.h"
#include "tests/core/plan/order_support.h"

namespace millrace {
namespace {

using Parts = std::vector<uint8_t>;

std::unique_ptr<const SplitOrder> Make(const PlanSpec& spec, const Parts& parts) {
  return MakeOrder(spec, static_cast<int64_t>(parts.size()), {.weights = {}, .mix_parts = parts});
}

std::vector<Members> MembersOf(const Parts& parts, size_t part_count) {
  std::vector<Members> result(part_count);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != kNoMixPart) result[parts[i]].push_back(static_cast<int64_t>(i));
  }
  return result;
}

// An epoch by the definition, sample by sample.
Members Definition(const std::vector<int64_t>& shares, const Parts& parts, uint64_t seed, int64_t epoch,
                   int64_t sample_count) {
  const std::vector<Members> members = MembersOf(parts, shares.size());
  int64_t divisor = 0;
  for (const int64_t share : shares) divisor = std::gcd(divisor, share);
  std::vector<size_t> part_of_card;
  for (size_t part = 0; part < shares.size(); ++part) {
    part_of_card.insert(part_of_card.end(), static_cast<size_t>(shares[part] / divisor), part);
  }
  const int64_t deck_size = static_cast<int64_t>(part_of_card.size());
  const PermutationKey key = LabelledKey("millrace.v1.mix", seed, "train", static_cast<uint64_t>(epoch));
  const Permutation deck = Permutation::Create(deck_size, key).value();
  Members result;
  for (int64_t i = 0; i < sample_count; ++i) {
    const auto part_at = [&](int64_t place) { return part_of_card[static_cast<size_t>(deck.At(place))]; };
    const size_t part = part_at(i % deck_size);
    int64_t before = 0;
    for (int64_t place = 0; place < i % deck_size; ++place) before += part_at(place) == part;
    const int64_t t = i / deck_size * (shares[part] / divisor) + before;
    const int64_t size = static_cast<int64_t>(members[part].size());
    const Permutation round =
        Permutation::Create(size, SubKey(SubKey(key, part), static_cast<uint64_t>(t / size))).value();
    result.push_back(members[part][static_cast<size_t>(round.At(t % size))]);
  }
  return result;
}

struct Case {
  std::vector<int64_t> shares;
  Parts parts;
};

Case RandomCase(std::mt19937_64& random) {
  Case result;
  const size_t part_count = 2 + random() % 5;
  for (size_t part = 0; part < part_count; ++part) {
    result.shares.push_back(static_cast<int64_t>(1 + random() % 12));
    result.parts.push_back(static_cast<uint8_t>(part));
  }
  const size_t more = random() % 200;
  for (size_t i = 0; i < more; ++i) {
    const size_t part = random() % (part_count + 1);
    result.parts.push_back(part == part_count ? kNoMixPart : static_cast<uint8_t>(part * part / part_count));
  }
  std::shuffle(result.parts.begin(), result.parts.end(), random);
  return result;
}

TEST_CASE("an epoch is that of the definition") {
  std::mt19937_64 random(70);
  for (int run = 0; run < 200; ++run) {
    const Case mix = RandomCase(random);
    const uint64_t seed = random();
    const int64_t drawable =
        std::count_if(mix.parts.begin(), mix.parts.end(), [](uint8_t p) { return p != kNoMixPart; });
    const int64_t epoch_samples = run % 3 == 0 ? 0 : static_cast<int64_t>(1 + random() % 400);
    const auto order = Make(MixedSpec(mix.shares, epoch_samples, seed), mix.parts);
    const int64_t count = epoch_samples == 0 ? drawable : epoch_samples;
    REQUIRE(order->sample_count() == count);
    REQUIRE(EpochOf(*order, run) == Definition(mix.shares, mix.parts, seed, run, count));
  }
}

TEST_CASE("every deck has the exact proportions, and a part is gone through whole, each time in another order") {
  std::mt19937_64 random(71);
  const std::vector<int64_t> shares = {50, 30, 20, 5};  // 10 : 6 : 4 : 1
  const std::vector<int64_t> cards = {10, 6, 4, 1};
  Parts parts(1000);
  for (uint8_t& part : parts) {
    const uint64_t draw = random() % 20;
    part = draw < 1 ? 0 : draw < 10 ? 1 : draw < 18 ? 2 : draw < 19 ? 3 : kNoMixPart;
  }
  const std::vector<Members> members = MembersOf(parts, 4);
  const Members epoch = EpochOf(*Make(MixedSpec(shares, 21 * 400), parts), 3);
  std::vector<Members> drawn(4);
  for (size_t deck = 0; deck < 400; ++deck) {
    std::vector<int64_t> counts(4);
    for (size_t i = 0; i < 21; ++i) {
      const int64_t member = epoch[deck * 21 + i];
      const uint8_t part = parts[static_cast<size_t>(member)];
      REQUIRE(part != kNoMixPart);
      ++counts[part];
      drawn[part].push_back(member);
    }
    REQUIRE(counts == cards);
  }
  for (size_t part = 0; part < 4; ++part) {
    const size_t size = members[part].size();
    std::set<Members> rounds;
    size_t round_count = 0;
    for (size_t start = 0; start + size <= drawn[part].size(); start += size, ++round_count) {
      Members round(drawn[part].begin() + static_cast<int64_t>(start),
                    drawn[part].begin() + static_cast<int64_t>(start + size));
      rounds.insert(round);
      std::sort(round.begin(), round.end());
      REQUIRE(round == members[part]);
    }
    CHECK(round_count >= (part == 0 ? 10u : 1u));
    CHECK(rounds.size() == round_count);
  }
}

TEST_CASE("epochs, seeds and splits are mixed differently") {
  Parts parts(100);
  for (size_t i = 0; i < parts.size(); ++i) parts[i] = i % 3 == 0;
  const auto part_of = [&parts](const Members& members) {
    Parts result;
    for (const int64_t member : members) result.push_back(parts[static_cast<size_t>(member)]);
    return result;
  };
  PlanSpec other = MixedSpec({7, 5});
  other.splits[0].name = "other";
  const Members first = EpochOf(*Make(MixedSpec({7, 5}), parts), 0);
  for (const Members& members : {EpochOf(*Make(MixedSpec({7, 5}), parts), 1),
                                 EpochOf(*Make(MixedSpec({7, 5}, 0, 43), parts), 0), EpochOf(*Make(other, parts), 0)}) {
    CHECK(members != first);
    CHECK(part_of(members) != part_of(first));  // the deck, too
  }
}

TEST_CASE("only the shares' proportions matter") {
  const Parts parts = {0, 0, 1, 1, 1, 0, 1};
  CHECK(EpochOf(*Make(MixedSpec({2, 3}, 50), parts), 1) == EpochOf(*Make(MixedSpec({200, 300}, 50), parts), 1));
  CHECK(EpochOf(*Make(MixedSpec({2, 3}, 50), parts), 1) != EpochOf(*Make(MixedSpec({3, 2}, 50), parts), 1));
}

TEST_CASE("the largest deck, parts of one member and the longest epochs") {
  const Parts parts = {0, 1, kNoMixPart, 1};
  const auto order = Make(MixedSpec({65535, 1}, kEpochSamplesMax), parts);
  const auto epoch = std::move(order->OpenEpoch(0)).value();
  for (const int64_t first : {int64_t{0}, int64_t{65536 * 1000 - 17}, kEpochSamplesMax - 65536}) {
    const Members members = Stretch(*epoch, first, 65536);
    CHECK(std::count(members.begin(), members.end(), 0) == 65535);
    CHECK(std::count(members.begin(), members.end(), 2) == 0);
  }
}

}  // namespace
}  // namespace millrace
