#include "core/snapshot/row_containers.h"

#include <cstring>

namespace millrace {
namespace {

// In the lower half; the upper one holds the number of containers less one.
constexpr uint32_t kCookieWithRuns = 12347;
// Files with runs and fewer containers do not say where each begins.
constexpr size_t kOffsetsContainersMin = 4;

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

RowContainerReader::RowContainerReader(absl::Span<const uint8_t> bytes) : bytes_(bytes) {
  is_malformed_ = !ReadHeader();
}

bool RowContainerReader::ReadHeader() {
  if (bytes_.size() < 4) return false;
  const uint32_t cookie = Load<uint32_t>(bytes_.data());
  if (cookie == kRoaringCookie) {
    if (bytes_.size() < 8) return false;
    container_count_ = Load<uint32_t>(bytes_.data() + 4);
    sizes_begin_ = 8;
  } else if ((cookie & 0xFFFF) == kCookieWithRuns) {
    container_count_ = (cookie >> 16) + size_t{1};
    run_flags_ = bytes_.data() + 4;
    sizes_begin_ = 4 + (container_count_ + 7) / 8;
  } else {
    return false;
  }
  if (container_count_ > 65536) return false;
  const bool has_offsets = run_flags_ == nullptr || container_count_ >= kOffsetsContainersMin;
  offset_ = sizes_begin_ + (has_offsets ? 8 : 4) * container_count_;
  return offset_ <= bytes_.size();
}

bool RowContainerReader::Next(RowContainer* container) {
  if (is_malformed_ || next_ == container_count_) return false;
  is_malformed_ = !ReadContainer(container);
  return !is_malformed_;
}

bool RowContainerReader::ReadContainer(RowContainer* container) {
  using Kind = RowContainer::Kind;
  const uint8_t* const head = bytes_.data() + sizes_begin_ + 4 * next_;
  const bool is_runs = run_flags_ != nullptr && (run_flags_[next_ / 8] >> (next_ % 8) & 1) != 0;
  container->number = Load<uint16_t>(head);
  container->count = Load<uint16_t>(head + 2) + uint32_t{1};
  container->kind = is_runs ? Kind::kRuns : container->count <= kRoaringListRowsMax ? Kind::kList : Kind::kBits;
  if (container->number < least_number_) return false;
  size_t left = bytes_.size() - offset_;
  if (is_runs) {
    if (left < 2) return false;
    container->count = Load<uint16_t>(bytes_.data() + offset_);
    offset_ += 2;
    left -= 2;
  }
  const size_t size_bytes = container->kind == Kind::kBits ? kRoaringBitsBytes : container->count * (is_runs ? 4 : 2);
  if (left < size_bytes) return false;
  container->bytes = bytes_.data() + offset_;
  offset_ += size_bytes;
  least_number_ = container->number + 1;
  ++next_;
  return true;
}

bool AreRowContainers(absl::Span<const uint8_t> bytes) {
  RowContainerReader reader(bytes);
  RowContainer container;
  while (reader.Next(&container)) {
  }
  return !reader.is_malformed();
}

}  // namespace millrace
