#include "core/plan/key.h"

#include <string>

namespace millrace {
namespace {

void AppendLittleEndian(uint64_t value, std::string* bytes) {
  for (int shift = 0; shift < 64; shift += 8) bytes->push_back(static_cast<char>(value >> shift & 0xff));
}

void AppendShortText(std::string_view text, std::string* bytes) {
  bytes->push_back(static_cast<char>(text.size()));
  bytes->append(text);
}

}  // namespace

PermutationKey LabelledKey(std::string_view label, uint64_t seed, std::string_view name, uint64_t number) {
  std::string bytes;
  AppendShortText(label, &bytes);
  AppendLittleEndian(seed, &bytes);
  AppendShortText(name, &bytes);
  AppendLittleEndian(number, &bytes);
  return Sha256Of(bytes);
}

PermutationKey SubKey(const PermutationKey& key, uint64_t number) {
  std::string bytes(key.begin(), key.end());
  AppendLittleEndian(number, &bytes);
  return Sha256Of(bytes);
}

PermutationKey SelectionKey(uint64_t seed) { return LabelledKey("millrace.v1.selection", seed, "", 0); }

PermutationKey EpochKey(uint64_t seed, std::string_view split_name, int64_t epoch) {
  return LabelledKey("millrace.v1.epoch", seed, split_name, static_cast<uint64_t>(epoch));
}

RoundWords ExpandKey(const PermutationKey& key, int64_t size) {
  constexpr size_t kWordsPerDigest = sizeof(Sha256Bytes) / sizeof(uint32_t);
  std::string prefix(key.begin(), key.end());
  AppendLittleEndian(static_cast<uint64_t>(size), &prefix);
  RoundWords words;
  for (size_t block = 0; block < kRoundWordCount / kWordsPerDigest; ++block) {
    const Sha256Bytes digest = Sha256Of(prefix + static_cast<char>(block));
    for (size_t i = 0; i < kWordsPerDigest; ++i) {
      const uint8_t* bytes = digest.data() + 4 * i;
      words[block * kWordsPerDigest + i] = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t{bytes[3]} << 24;
    }
  }
  return words;
}

}  // namespace millrace
