// Goal: keys depend on everything they are made of, and on nothing else. Method: the specification's worked example,
// and pairs that a careless encoding would confuse.
#include "core/plan/key.h"

#include <set>

#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("keys and words are those of the specification's example") {
  const PermutationKey key = EpochKey(42, "train", 0);
  CHECK(HexEncode(key) == "c949a17ae62d38e30fd04a7bf7378797021026955ca4b32f559214b92f592d86");
  CHECK(HexEncode(SelectionKey(42)) == "05f2b7d84272f17b7cbe1ba15918ec442618aff23e3b3b3a37839438baa1b6a3");
  CHECK(ExpandKey(key, 5)[0] == 0x75ed0f9du);
  CHECK(ExpandKey(key, 1000000)[0] == 0x6d140b75u);
}

TEST_CASE("labelled keys and parts of keys are those computed from the specification") {
  CHECK(LabelledKey("millrace.v1.epoch", 42, "train", 0) == EpochKey(42, "train", 0));
  const PermutationKey key = LabelledKey("millrace.v1.hash", 42, "", 0);
  CHECK(HexEncode(key) == "ec811ca1f43409607b101e28264e6ba50cee3d599d612802acb549ad8555f5eb");
  CHECK(HexEncode(SubKey(key, 7)) == "cdc4359382294db20d7afdd822eaedab919d4ba77595590363fcbd662690ea67");
}

TEST_CASE("no two seeds, splits and epochs share a key") {
  std::set<PermutationKey> keys;
  size_t count = 0;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{42}, uint64_t{43}, uint64_t{1} << 32, ~uint64_t{0}}) {
    keys.insert(SelectionKey(seed));
    ++count;
    for (const char* split : {"train", "trai", "test", "a", "aa", "0"}) {
      for (const int64_t epoch : {int64_t{0}, int64_t{1}, int64_t{110}, int64_t{1} << 30}) {
        keys.insert(EpochKey(seed, split, epoch));
        ++count;
      }
    }
  }
  CHECK(keys.size() == count);
}

}  // namespace
}  // namespace millrace
