// Streams with random damage: whatever comes, there is a batch or an error, and every element that a batch gives can be
// looked at. Worth most under AddressSanitizer.
#include <google/protobuf/stubs/logging.h>

#include <numeric>
#include <random>
#include <string>

#include "clients/cpp/batch_assembler.h"
#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::client {
namespace {

// Reads everything that the batch has under any of the names there are.
uint64_t LookAtAll(const ColumnBatch& batch) {
  uint64_t sum = std::accumulate(batch.ids().begin(), batch.ids().end(), uint64_t{0});
  const auto add_all = [&](const auto& values) {
    for (const auto value : values) sum += static_cast<uint64_t>(value);
  };
  const auto add_lists = [&](const auto& lists) {
    if (!lists.ok()) return;
    for (size_t i = 0; i < lists->size(); ++i) add_all((*lists)[i]);
  };
  for (const v1::Column& column : batch.head().columns()) {
    const std::string& name = column.name();
    add_all(batch.BytesOf(column));
    if (const auto values = batch.Values<int32_t>(name); values.ok()) add_all(*values);
    if (const auto values = batch.Values<int64_t>(name); values.ok()) add_all(*values);
    if (const auto rows = batch.Rows<uint8_t>(name); rows.ok()) {
      for (size_t i = 0; i < batch.size(); ++i) add_all((*rows)[i]);
    }
    if (const auto bits = batch.Presence(name); bits.ok()) {
      for (size_t i = 0; i < batch.size(); ++i) sum += (*bits)[i] ? 1 : 0;
    }
    const std::string field = name.substr(0, name.rfind('.'));
    add_lists(batch.Lists<int64_t>(field));
    add_lists(batch.Lists<int32_t>(field));
    add_lists(batch.Texts(field));
  }
  return sum;
}

void Damage(std::string& message, std::mt19937& random) {
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  // Sizes, offsets and shapes lie in front; a body seldom breaks anything.
  const size_t end = random() % 4 == 0 ? message.size() : std::min<size_t>(message.size(), 700);
  switch (random() % 6) {
    case 0:
      message.resize(below(message.size() + 1));
      return;
    case 1:
      message.insert(below(end + 1), 1, static_cast<char>(random()));
      return;
    case 2:
      if (!message.empty()) message.erase(below(end), 1 + below(4));
      return;
    case 3:
      for (size_t i = 0, at = below(end); i < 4 && at + i < message.size(); ++i) message[at + i] = '\xff';
      return;
    default:
      if (!message.empty()) message[below(end)] ^= static_cast<char>(1 << random() % 8);
      return;
  }
}

TEST_CASE("damaged streams give errors or batches, never more than they have") {
  const google::protobuf::LogSilencer quiet;  // it tells of every name that is no UTF-8
  const unsigned seed = 20261126;
  std::mt19937 random(seed);
  const MadeBatch made = ThreePosts();
  const std::vector<std::vector<std::string>> streams = {
      {made.Message()}, made.Messages(64), made.Messages(500), {made.Message(), made.Message()}};
  int batch_count = 0, error_count = 0;
  uint64_t sum = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> messages = streams[random() % streams.size()];
    for (unsigned i = 0, count = 1 + random() % 3; i < count; ++i) Damage(messages[random() % messages.size()], random);
    if (random() % 8 == 0) messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(random() % messages.size()));
    BatchAssembler assembler({.body_size_bytes_max = 1 << 20});
    for (const std::string& message : messages) {
      // A heap block of exactly this size, so that a sanitizer sees one byte too many.
      const std::vector<char> exact(message.begin(), message.end());
      const auto batch = assembler.AddBorrowed(AsBytes({exact.data(), exact.size()}));
      if (!batch.ok()) {
        CHECK_FALSE(batch.status().message().empty());
        ++error_count;
        break;
      }
      if (!batch->has_value()) continue;
      ++batch_count;
      sum += LookAtAll(**batch);
    }
  }
  CHECK(batch_count > 1000);
  CHECK(error_count > 1000);
  CHECK(sum != 0);
}

}  // namespace
}  // namespace millrace::client
