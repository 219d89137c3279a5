// Goal: block order reads each block within one window, keeps neighbours near, and still visits every member once.
// Method: many shapes, among them blocks and windows larger than the split, against the definition in
// docs/plan-specification.md laid out in full; the stated bound on every stretch.
#include "core/plan/order_block.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/plan/permutation.h"
#include "tests/core/plan/order_support.h"

namespace millrace {
namespace {

struct Shape {
  int64_t block_rows;
  int64_t window_blocks;
  int64_t member_count;
};

std::vector<Shape> Shapes() {
  std::vector<Shape> shapes = {
      {1, 1, 1},   {1, 1, 50},  {1, 7, 50},   {7, 1, 50},       {5, 4, 100},          {5, 4, 101},
      {5, 4, 119}, {5, 4, 120}, {100, 3, 99}, {100, 3, 100},    {100, 3, 101},        {3, 2000, 5000},
      {40, 30, 1}, {64, 16, 9}, {2, 3, 2999}, {1000, 2, 12345}, {2147483647, 1, 500}, {1, 2147483647, 3000}};
  std::mt19937_64 random(50);
  for (int i = 0; i < 200; ++i) {
    shapes.push_back({static_cast<int64_t>(1 + random() % 40), static_cast<int64_t>(1 + random() % 20),
                      static_cast<int64_t>(1 + random() % 3000)});
  }
  return shapes;
}

// The definition, with everything laid out. The number of each window's samples goes to `window_sizes`.
Members Definition(const Shape& shape, uint64_t seed, int64_t epoch, std::vector<int64_t>* window_sizes) {
  const int64_t block_count = (shape.member_count + shape.block_rows - 1) / shape.block_rows;
  const PermutationKey key = LabelledKey("millrace.v1.blocks", seed, "train", static_cast<uint64_t>(epoch));
  const Permutation blocks = Permutation::Create(block_count, key).value();
  Members result;
  for (int64_t first = 0, window = 0; first < block_count; first += shape.window_blocks, ++window) {
    Members laid_out;
    for (int64_t i = first; i < std::min(first + shape.window_blocks, block_count); ++i) {
      const int64_t start = blocks.At(i) * shape.block_rows;
      const int64_t end = std::min(start + shape.block_rows, shape.member_count);
      for (int64_t member = start; member < end; ++member) laid_out.push_back(member);
    }
    const int64_t size = static_cast<int64_t>(laid_out.size());
    const Permutation order = Permutation::Create(size, SubKey(key, static_cast<uint64_t>(window))).value();
    for (int64_t j = 0; j < size; ++j) result.push_back(laid_out[static_cast<size_t>(order.At(j))]);
    window_sizes->push_back(size);
  }
  return result;
}

// The most blocks that any stretch of `length` samples reads.
int64_t BlocksOfStretchesMax(const Members& members, const Shape& shape, int64_t length) {
  std::vector<int64_t> uses(static_cast<size_t>(shape.member_count / shape.block_rows + 1));
  int64_t block_count = 0, largest = 0;
  for (int64_t i = 0; i < shape.member_count; ++i) {
    const auto block_of = [&](int64_t sample) {
      return static_cast<size_t>(members[static_cast<size_t>(sample)] / shape.block_rows);
    };
    block_count += uses[block_of(i)]++ == 0;
    if (i >= length) block_count -= --uses[block_of(i - length)] == 0;
    largest = std::max(largest, block_count);
  }
  return largest;
}

TEST_CASE("an epoch is what the definition lays out") {
  for (const Shape& shape : Shapes()) {
    for (const int64_t epoch : {0, 1}) {
      CAPTURE(shape.block_rows, shape.window_blocks, shape.member_count, epoch);
      std::vector<int64_t> window_sizes;
      const Members expected = Definition(shape, 42, epoch, &window_sizes);
      const auto order = MakeOrder(BlockSpec(shape.block_rows, shape.window_blocks), shape.member_count);
      REQUIRE(order->sample_count() == shape.member_count);
      REQUIRE(EpochOf(*order, epoch) == expected);
    }
  }
}

TEST_CASE("every member comes once, each block within one window, and stretches read few blocks") {
  for (const Shape& shape : Shapes()) {
    CAPTURE(shape.block_rows, shape.window_blocks, shape.member_count);
    std::vector<int64_t> window_sizes;
    Definition(shape, 42, 2, &window_sizes);
    const Members members =
        EpochOf(*MakeOrder(BlockSpec(shape.block_rows, shape.window_blocks), shape.member_count), 2);
    CHECK(std::set<int64_t>(members.begin(), members.end()).size() == members.size());
    CHECK(*std::min_element(members.begin(), members.end()) == 0);
    CHECK(*std::max_element(members.begin(), members.end()) == shape.member_count - 1);
    std::set<int64_t> earlier;
    size_t sample = 0;
    for (const int64_t size : window_sizes) {
      std::set<int64_t> here;
      for (int64_t i = 0; i < size; ++i) here.insert(members[sample++] / shape.block_rows);
      for (const int64_t block : here) REQUIRE(earlier.insert(block).second);
      REQUIRE(static_cast<int64_t>(here.size()) <= shape.window_blocks);
    }
    const int64_t window_rows = shape.block_rows * shape.window_blocks;
    const bool has_smaller_block = shape.member_count % shape.block_rows != 0;
    CHECK(BlocksOfStretchesMax(members, shape, window_rows) <= (has_smaller_block ? 3 : 2) * shape.window_blocks);
    // No window but the last is short of a whole block, so that this many samples meet two windows at most.
    CHECK(BlocksOfStretchesMax(members, shape, window_rows - shape.block_rows + 2) <= 2 * shape.window_blocks);
  }
}

TEST_CASE("the bound on stretches fails for an order that knows no blocks") {
  const Shape shape = {5, 4, 1000};
  const Members members = EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch), shape.member_count), 0);
  CHECK(BlocksOfStretchesMax(members, shape, 20) > 16);
}

TEST_CASE("epochs and seeds lay blocks and members out in another order") {
  const Shape shape = {10, 4, 1000};
  const Members members = EpochOf(*MakeOrder(BlockSpec(10, 4), 1000), 0);
  for (const Members& other :
       {EpochOf(*MakeOrder(BlockSpec(10, 4), 1000), 1), EpochOf(*MakeOrder(BlockSpec(10, 4, 43), 1000), 0)}) {
    CHECK(other != members);
    std::set<int64_t> first_blocks, first_blocks_here;
    for (size_t i = 0; i < 40; ++i) {
      first_blocks.insert(members[i] / shape.block_rows);
      first_blocks_here.insert(other[i] / shape.block_rows);
    }
    CHECK(first_blocks != first_blocks_here);
  }
}

}  // namespace
}  // namespace millrace
