// The bytes of a row set as others wrote them, container by container (RoaringFormatSpec).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace millrace {

// A file without runs begins with this number, and containers of at most so many rows are lists.
inline constexpr uint32_t kRoaringCookie = 12346;
inline constexpr uint32_t kRoaringListRowsMax = 4096;
inline constexpr size_t kRoaringBitsBytes = 8192;

// Of a container of a file without runs.
constexpr size_t RoaringContainerBytes(uint32_t row_count) {
  return row_count <= kRoaringListRowsMax ? row_count * sizeof(uint16_t) : kRoaringBitsBytes;
}

// Some of the rows number * 65536 + place, with place from 0 to 65535.
struct RowContainer {
  enum class Kind {
    kList,  // `count` places of 16 bits, ascending
    kBits,  // a bit a place, 8,192 bytes
    kRuns,  // `count` pairs of 16 bits: the first place, and how many follow it
  };
  Kind kind = Kind::kList;
  uint32_t number = 0;
  uint32_t count = 0;
  const uint8_t* bytes = nullptr;  // as many as kind and count say; aligned to nothing
};

// Reads the containers of a file in its order. Borrows the bytes.
class RowContainerReader {
 public:
  explicit RowContainerReader(absl::Span<const uint8_t> bytes);

  // False at the end, and when the bytes are not such a file: too short for what they say, or with containers that are
  // out of order. The places in a container are as they are. Bytes behind the last container do not matter.
  bool Next(RowContainer* container);
  bool is_malformed() const { return is_malformed_; }

 private:
  bool ReadHeader();
  bool ReadContainer(RowContainer* container);

  const absl::Span<const uint8_t> bytes_;
  bool is_malformed_ = false;
  size_t container_count_ = 0;
  size_t next_ = 0;                     // the number of the next container
  size_t sizes_begin_ = 0;              // where each container's number and size stand
  const uint8_t* run_flags_ = nullptr;  // a bit a container; null: none has runs
  size_t offset_ = 0;                   // of the next container
  uint32_t least_number_ = 0;           // that the next container may have
};

// Whether the bytes are such a file. CRoaring refuses others, too, but says so on standard error.
bool AreRowContainers(absl::Span<const uint8_t> bytes);

}  // namespace millrace
